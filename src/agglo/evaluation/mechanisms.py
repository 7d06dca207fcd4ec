"""What formed a cluster: six mechanisms as indicators, computed or said to be missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from scipy.stats import rankdata

from agglo.core.checks import flag_rows, repeated
from agglo.core.errors import (
    AlignmentError,
    suggest,
)
from agglo.core.frames import float_column, frame_kind, string_column
from agglo.core.results import Provenance, Undefined, frozen_array
from agglo.evaluation._element_input import labels, raise_all, read_table
from agglo.evaluation.mechanism_registry import MECHANISMS
from agglo.evaluation.mechanism_results import (
    MechanismProfile,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agglo.core.typing import FloatArray, IntArray, IntoFrame

__all__ = ["mechanism_profile"]

_STATUSES = ("computed", "proxy", "suppressed")


def mechanism_profile(
    data: IntoFrame,
    *,
    cluster: str = "cluster",
    indicator: str = "indicator",
    value: str = "value",
    status: str | None = None,
    category: str | None = None,
) -> MechanismProfile:
    """Lay out the indicators of the six mechanisms, and say which are not known.

    Nothing is filled in: an indicator without a row is ``needs_data``, with the data that
    it would take. Use it to see what is known about a formation, not to rank clusters.

    Parameters
    ----------
    data
        One row per cluster and indicator that was computed; ids as in `MECHANISMS`.
    cluster, indicator, value
        Columns. A null value is suppressed.
    status
        Column of ``computed``, ``proxy`` or ``suppressed``; default computed.
    category
        Column of the category within which percentiles are taken.

    Returns
    -------
    MechanismProfile
        All indicators of all clusters.

    Raises
    ------
    ColumnNotFoundError
        If a column is absent.
    InvalidTableError
        Listing duplicate_key, not_allowed, null_key, empty_table.
    AlignmentError
        If an indicator is not in `MECHANISMS`.

    Notes
    -----
    Percentiles are mean ranks over n + 1. A mechanism is summarised
    (``MechanismProfile.assessed``) only if two of its indicators are computed. Numbers for
    the mechanisms are our operational choice. O(clusters).

    References
    ----------
    The six mechanisms are those of the CCID study of national clusters of the contest that
    began in 2019 (Hou and Zhang), which has no numbers.

    See Also
    --------
    structural_breaks, local_supply_share, related_entry : Three of the indicators.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from agglo.evaluation import mechanism_profile
    >>> made = pa.table({"cluster": ["a", "b"], "indicator": ["M2.1"] * 2, "value": [3.0, 1]})
    >>> found = mechanism_profile(made)
    >>> int((found.status == "needs_data").sum())
    54
    """
    asked = {
        "cluster": cluster,
        "indicator": indicator,
        "value": value,
        "status": status,
        "category": category,
    }
    table, problems = read_table(data, "data", asked)
    raise_all(problems, "data")
    names, c = labels(table, cluster, "data")
    given, g = labels(table, indicator, "data")
    known = np.array([m.id for m in MECHANISMS])
    _refuse_unknown(given, known)
    at = np.searchsorted(known, given)[g]
    words = _words(table, status, "computed")
    problems += flag_rows(
        repeated(c * known.size + at),
        code="duplicate_key",
        what="the same cluster and indicator occurs more than once",
        where="data",
        fix="choose one period",
    )
    problems += flag_rows(
        ~np.isin(words, _STATUSES),
        code="not_allowed",
        what=f"column '{status}' is not one of {list(_STATUSES)}",
        where="data",
        column=status or "",
        fix="leave out what was not computed",
    )
    raise_all(problems, "data")
    values, states = _laid_out(
        float_column(table, value), words, c, at, (names.size, known.size)
    )
    kinds = np.full(names.size, "", dtype=object)
    kinds[c] = _words(table, category, "")
    needs = np.array([m.needs for m in MECHANISMS])
    missing = np.isnan(values)
    return MechanismProfile(
        cluster=frozen_array(np.repeat(names, known.size)),
        mechanism=frozen_array(np.tile([m.mechanism for m in MECHANISMS], names.size)),
        indicator=frozen_array(np.tile(known, names.size)),
        value=frozen_array(values.ravel()),
        percentile=frozen_array(_percentiles(values, kinds.astype(np.str_)).ravel()),
        status=frozen_array(states.ravel()),
        needs=frozen_array(np.where(missing, needs[None, :], "").ravel()),
        unit=frozen_array(np.tile([m.unit for m in MECHANISMS], names.size)),
        direction=frozen_array(np.tile([m.direction for m in MECHANISMS], names.size)),
        frame_kind=frame_kind(data),
        undefined=tuple(
            Undefined(reason=f"needs {m.needs}", item=m.id, n=int(missing[:, j].sum()))
            for j, m in enumerate(MECHANISMS)
            if missing[:, j].any()
        ),
        provenance=Provenance.of(
            mechanism_profile, names, values, states, parameters={"category": category}
        ),
    )


def _refuse_unknown(given: NDArray[np.str_], known: NDArray[np.str_]) -> None:
    lost = [str(x) for x in given[~np.isin(given, known)]]
    if lost:
        hint = suggest(lost[0], known.tolist())
        msg = f"{lost[:10]} are no indicators of MECHANISMS. {hint}".rstrip()
        raise AlignmentError(msg)


def _laid_out(
    given: FloatArray,
    words: NDArray[np.str_],
    cluster: IntArray,
    indicator: IntArray,
    shape: tuple[int, int],
) -> tuple[FloatArray, NDArray[np.str_]]:
    """Give values and statuses of all clusters and indicators; null is suppressed."""
    words = np.where(np.isnan(given), "suppressed", words)
    values, states = np.full(shape, np.nan), np.full(shape, "needs_data", dtype="<U10")
    values[cluster, indicator] = np.where(words == "suppressed", np.nan, given)
    states[cluster, indicator] = words
    return values, states


def _words(table: pa.Table, name: str | None, default: str) -> NDArray[np.str_]:
    if name is None:
        return np.full(table.num_rows, default)
    column = string_column(table, name)
    return np.array([default if v is None else v for v in column], dtype=np.str_)


def _percentiles(values: FloatArray, kinds: NDArray[np.str_]) -> FloatArray:
    out = np.full(values.shape, np.nan)
    for kind in np.unique(kinds):
        rows = np.flatnonzero(kinds == kind)
        for j in range(values.shape[1]):
            held = rows[~np.isnan(values[rows, j])]
            out[held, j] = rankdata(values[held, j]) / (held.size + 1)
    return out
