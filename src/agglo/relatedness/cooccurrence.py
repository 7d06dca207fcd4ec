"""Co-occurrence: which activities, technologies or products share patents, firms, places."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from agglo.core.checks import flag_rows
from agglo.core.errors import InvalidTableError, OptionError
from agglo.core.frames import (
    encode_labels,
    float_column,
    frame_kind,
    require_columns,
    to_arrow,
)
from agglo.core.options import check_choice, check_number
from agglo.core.results import Provenance, Undefined, digest_of, frozen_array
from agglo.core.tables import RegionActivity
from agglo.relatedness import _kernels_proximity as kernels
from agglo.relatedness.periods import by_period, rows_of_period
from agglo.relatedness.relatedness_results import Cooccurrence, Presence

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy import sparse

    from agglo.core.typing import FloatArray, FrameKind, IntoFrame

__all__ = ["cooccurrence_relatedness"]

Method: TypeAlias = Literal[
    "probability", "association", "cosine", "jaccard", "z", "count"
]
_METHODS = ("probability", "association", "cosine", "jaccard", "z", "count")
_TIE = 1e-12


@dataclass(frozen=True, kw_only=True)
class _Incidence:
    """Zeros and ones, units x items."""

    unit: NDArray[np.str_]
    item: NDArray[np.str_]
    matrix: sparse.csr_array
    digest: str
    frame_kind: FrameKind


@by_period
def cooccurrence_relatedness(
    data: IntoFrame | RegionActivity | Presence,
    *,
    method: Method = "probability",
    weight: Literal["count", "fractional"] = "count",
    binarise: float | None = None,
    unit: str = "region",
    activity: str = "industry",
    value: str | None = None,
    period: str | None = None,
) -> Cooccurrence:
    r"""Measure how much more often activities share a unit than chance would have it.

    Also: co-classification, technological relatedness, knowledge space. Use for patents
    and their classes, firms and their products, or regions and what they have (a
    `Presence`); not for tables of sizes, which first need a presence.

    Parameters
    ----------
    data
        One row per unit and activity (a repeated row counts once); or `Presence` of zeros
        and ones; or `RegionActivity`, where any positive value counts.
    method
        ``"probability"`` (1 = as often as expected), ``"association"``, ``"cosine"``,
        ``"jaccard"``, ``"z"`` (standard deviations above chance), ``"count"``.
    weight
        ``"count"``: a unit counts 1 for each of its pairs; ``"fractional"``: a unit with
        m activities counts 1 over its number of pairs.
    binarise
        Values of at least this become 1, others 0; ``None`` leaves them.
    unit, activity
        Columns of a frame.
    value
        Column of amounts: rows with 0 are left out. ``None`` counts every row.
    period
        Which period of a frame of several; default each by itself: `PeriodResults`.

    Returns
    -------
    Cooccurrence
        ``values`` of shape (n_activities, n_activities), symmetric with zero diagonal
        (NaN for ``"z"``), and the ``counts``.

    Raises
    ------
    InvalidTableError
        If a label is null, an amount negative, infinite or unknown, or nothing occurs.
    ColumnNotFoundError
        If a column is absent.
    OptionError
        If a choice does not exist, ``"z"`` is asked of fractional counts, or the presence
        is not of zeros and ones.

    Notes
    -----
    With row sums :math:`S_i` of the counts C and :math:`T = \sum_i S_i`,

    .. math:: \text{association} = \frac{C_{ij} T}{S_i S_j}, \quad
        \text{probability} = \frac{C_{ij}}{\frac{T}{2}\left[\frac{S_i}{T}
        \frac{S_j}{T - S_i} + \frac{S_j}{T} \frac{S_i}{T - S_j}\right]}

    cosine :math:`C_{ij} / \sqrt{S_i S_j}`, jaccard :math:`C_{ij} / (S_i + S_j - C_{ij})`.
    ``"z"`` compares with the hypergeometric distribution given how many of the U units
    have either; in none or all of them it is NaN. An activity that shares no unit has a
    row of 0, listed; where none shares a unit with another all are NaN. One sparse
    product, O(sum of m^2 over units).

    References
    ----------
    van Eck and Waltman 2009, doi:10.1002/asi.21075; Steijn 2021,
    doi:10.1162/qss_a_00122; Teece et al. 1994, doi:10.1016/0167-2681(94)90094-9 (z).

    See Also
    --------
    proximity : Conditional probability of presence.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from agglo.relatedness import cooccurrence_relatedness
    >>> patents = pa.table({"patent": list("112234"), "class": list("abbcbd")})
    >>> found = cooccurrence_relatedness(patents, unit="patent", activity="class",
    ...     method="jaccard")
    >>> found.values[1].tolist()
    [0.5, 0.0, 0.5, 0.0]
    """
    check_choice("method", method, _METHODS)
    check_choice("weight", weight, ("count", "fractional"))
    if binarise is not None:
        check_number("binarise", binarise)
    if method == "z" and weight == "fractional":
        msg = "method='z' is defined for whole counts: pass weight='count'."
        raise OptionError(msg)
    rows = rows_of_period(data, period)
    found = _incidence(rows, unit=unit, activity=activity, value=value)
    counts = _counts(found.matrix, weight)
    n = np.asarray(found.matrix.sum(axis=0), dtype=np.float64)
    values = _values(method, counts, n, found.matrix.shape[0])
    if binarise is not None:
        reached = values >= binarise - _TIE * abs(binarise)
        values = np.where(np.isnan(values), np.nan, reached)
        np.fill_diagonal(values, 0.0)
    return Cooccurrence(
        provenance=Provenance.of(
            cooccurrence_relatedness,
            found.digest,
            parameters={"method": method, "weight": weight, "binarise": binarise},
        ),
        frame_kind=found.frame_kind,
        undefined=_alone(found.item, counts, values),
        by="activity",
        label=frozen_array(found.item),
        values=frozen_array(values),
        prevalence=frozen_array(n),
        kind=method,
        counts=frozen_array(counts),
        units=found.matrix.shape[0],
    )


def _values(method: str, counts: FloatArray, n: FloatArray, units: int) -> FloatArray:
    if method == "count":
        return counts
    if method == "z":
        return kernels.excess(counts, n, units)
    if not counts.any():
        # nothing ever occurs together: there is nothing to expect either
        return np.full(counts.shape, np.nan)
    return kernels.COOCCURRENCE[method](counts)


def _incidence(
    data: IntoFrame | RegionActivity | Presence,
    *,
    unit: str,
    activity: str,
    value: str | None,
) -> _Incidence:
    from scipy import sparse

    if not isinstance(data, (RegionActivity, Presence)):
        return incidence_of(data, unit, activity, value)
    unknown = int(np.isnan(data.values).sum())
    if unknown:
        msg = (
            f"{unknown} cells are unknown, so it is not known what occurs together; "
            "presence(..., missing='zero') counts them as absent."
        )
        raise InvalidTableError(msg)
    known = data.values
    if isinstance(data, Presence) and not np.all((known == 0) | (known == 1)):
        msg = "Co-occurrence needs a presence of zeros and ones, not a continuous one."
        raise OptionError(msg)
    digest = (
        data.digest
        if isinstance(data, RegionActivity)
        else digest_of(data.provenance.input_digest, data.values)
    )
    matrix = sparse.csr_array((known > 0).astype(np.float64))
    _refuse_empty(matrix)
    return _Incidence(
        unit=data.region,
        item=data.activity,
        matrix=matrix,
        digest=digest,
        frame_kind=data.frame_kind,
    )


def incidence_of(
    data: IntoFrame, unit: str, activity: str, value: str | None
) -> _Incidence:
    """Read one row per unit and activity; a repeated row counts once."""
    from scipy import sparse

    kind, table = frame_kind(data), to_arrow(data)
    wanted = {"unit": unit, "activity": activity}
    if value is not None:
        wanted["value"] = value
    require_columns(table, wanted)
    units, row = encode_labels(table, unit)
    items, column = encode_labels(table, activity)
    amount = np.ones(row.size)
    if value is not None:
        amount = float_column(table, value)
        problems = flag_rows(
            ~(np.isfinite(amount) & (amount >= 0)),
            code="negative_value",
            what=f"column '{value}' is negative, infinite or empty",
            where="data",
            column=value,
            fix="correct the rows or leave them out",
        )
        if problems:
            msg = "`data` has amounts that cannot be counted."
            raise InvalidTableError(msg, problems)
    there = amount > 0
    matrix = sparse.coo_array(
        (np.ones(int(there.sum())), (row[there], column[there])),
        shape=(units.size, items.size),
    ).tocsr()
    matrix.data[:] = 1.0
    _refuse_empty(matrix)
    matrix.sort_indices()
    digest = digest_of(units, items, matrix.indptr, matrix.indices)
    return _Incidence(
        unit=units, item=items, matrix=matrix, digest=digest, frame_kind=kind
    )


def _refuse_empty(matrix: sparse.csr_array) -> None:
    if not matrix.nnz:
        msg = "Nothing occurs anywhere: the table has no positive row."
        raise InvalidTableError(msg)


def _counts(matrix: sparse.csr_array, weight: str) -> FloatArray:
    from scipy import sparse

    left = matrix
    if weight == "fractional":
        m = np.diff(matrix.indptr).astype(np.float64)
        share = np.zeros(m.size)
        share[m > 1] = 2.0 / (m[m > 1] * (m[m > 1] - 1.0))
        left = sparse.csr_array(sparse.diags_array(share) @ matrix)
    counts = np.asarray((left.T @ matrix).todense(), dtype=np.float64)
    np.fill_diagonal(counts, 0.0)
    return counts


def _alone(
    item: NDArray[np.str_], counts: FloatArray, values: FloatArray
) -> tuple[Undefined, ...]:
    lonely = counts.sum(axis=1) == 0
    out = [
        Undefined(
            reason="shares no unit with another activity", activity=str(a), n=item.size
        )
        for a in item[lonely]
    ]
    off = np.isnan(values)
    np.fill_diagonal(off, val=False)
    out += [
        Undefined(
            reason="in every pair or in every unit: nothing to compare with",
            activity=str(a),
            n=item.size,
        )
        for a in item[off.all(axis=1, where=~np.eye(item.size, dtype=bool)) & ~lonely]
        if item.size > 1
    ]
    return tuple(out)
