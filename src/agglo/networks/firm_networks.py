"""Cities tied by the firms they share: interlocking, and two-mode projection with a null."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from agglo.core.checks import flag_rows
from agglo.core.errors import ConvergenceError, InvalidTableError, Problem
from agglo.core.frames import (
    as_text,
    encode_text,
    float_column,
    frame_kind,
    require_columns,
    to_arrow,
)
from agglo.core.inference import fdr
from agglo.core.options import check_choice, check_number
from agglo.core.results import Provenance, Undefined, frozen_array
from agglo.networks._kernels import bipartite
from agglo.networks.firm_network_results import (
    InterlockingNetwork,
    ServiceValues,
    TwoModeProjection,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agglo.core.typing import FloatArray, IntArray, IntoFrame

__all__ = [
    "SERVICE_RULE",
    "interlocking_network",
    "service_values",
    "two_mode_projection",
]

# what a firm's presence in a city is worth, from the counts of its establishments there
SERVICE_RULE = {
    "none": 0.0,
    "one_branch": 2.0,
    "several_branches": 3.0,
    "regional_headquarters": 4.0,
    "headquarters": 5.0,
}


def service_values(
    data: IntoFrame,
    *,
    firm: str = "firm",
    region: str = "region",
    headquarters: str = "is_hq",
    regional: str | None = None,
) -> ServiceValues:
    """Rate how much of a firm's service each of its cities has, from a register.

    Use where the offices of firms are known but nobody has rated them; for ratings see
    `interlocking_network` directly.

    Parameters
    ----------
    data
        One row per establishment.
    firm, region, headquarters
        Columns; `headquarters` is true or false.
    regional
        Column that says what regional headquarters are, if there is one.

    Returns
    -------
    ServiceValues
        One row per firm and region with an establishment, 2 to 5; nothing there is 0.

    Raises
    ------
    ColumnNotFoundError
        If a column is absent.
    InvalidTableError
        Listing empty_table, null_key, wrong_type.

    Notes
    -----
    One branch 2, several 3, regional headquarters 4, headquarters 5 (`SERVICE_RULE`); the
    highest counts. O(n log n).

    References
    ----------
    The scale 0 to 5 is that of Taylor 2001, doi:10.1111/j.1538-4632.2001.tb00443.x; the
    rule from counts is inferred.

    See Also
    --------
    interlocking_network : What follows from the values.

    Examples
    --------
    >>> import pyarrow as pa, agglo as ag
    >>> rows = pa.table({"firm": ["f", "f", "f"], "region": ["x", "y", "y"],
    ...                  "is_hq": [True, False, False]})
    >>> ag.service_values(rows).service.tolist()
    [5.0, 3.0]
    """
    table = to_arrow(data, where="establishments")
    columns = {"firm": firm, "region": region, "headquarters": headquarters}
    require_columns(table, {**columns, "regional": regional}, where="establishments")
    problems: list[Problem] = []
    firms, f = _labels(table, firm, problems)
    regions, r = _labels(table, region, problems)
    seat = _flags(table, headquarters, problems)
    half = None if regional is None else _flags(table, regional, problems)
    _refuse(problems, "establishments")
    cell, inverse, count = np.unique(
        f * regions.size + r, return_inverse=True, return_counts=True
    )
    inverse = inverse.reshape(-1)
    rule = SERVICE_RULE
    value = np.where(count > 1, rule["several_branches"], rule["one_branch"])
    if half is not None:
        has = np.bincount(inverse, half, cell.size) > 0
        value = np.where(has, rule["regional_headquarters"], value)
    value = np.where(
        np.bincount(inverse, seat, cell.size) > 0, rule["headquarters"], value
    )
    return ServiceValues(
        provenance=Provenance.of(
            service_values, cell, seat, firms, regions, parameters={"rule": rule}
        ),
        frame_kind=frame_kind(data),
        firm=frozen_array(firms[cell // regions.size]),
        region=frozen_array(regions[cell % regions.size]),
        service=frozen_array(value),
    )


def interlocking_network(
    data: IntoFrame | ServiceValues,
    *,
    firm: str = "firm",
    region: str = "region",
    value: str = "service",
) -> InterlockingNetwork:
    r"""Measure how strongly cities are tied by the offices that service firms have in them.

    Use for firms whose headquarters do not direct every branch (advanced producer
    services); flows from headquarters are those of `branch_events`.

    Parameters
    ----------
    data
        One row per firm and region with the service value there (0 to 5), or
        `ServiceValues`. An absent row is 0.
    firm, region, value
        Columns.

    Returns
    -------
    InterlockingNetwork
        Ties of all pairs, connectivity of each region and its share of the largest.

    Raises
    ------
    ColumnNotFoundError
        If a column is absent.
    InvalidTableError
        Listing empty_table, null_key, duplicate_key, out_of_range, missing_value.

    Notes
    -----
    .. math:: r_{ab} = \sum_j v_{aj} v_{bj}, \qquad G_a = \sum_{b \ne a} r_{ab}

    The diagonal is kept but no part of G. Where every G is 0 the shares are NaN.
    O(nonzero values × regions).

    References
    ----------
    Taylor 2001, doi:10.1111/j.1538-4632.2001.tb00443.x.

    See Also
    --------
    service_values : Values from a register.
    two_mode_projection : Which ties exceed chance.

    Examples
    --------
    >>> import pyarrow as pa, agglo as ag
    >>> rows = pa.table({"firm": list("fgfg"), "region": list("xxyy"),
    ...                  "service": [5.0, 2.0, 3.0, 4.0]})
    >>> ag.interlocking_network(rows).connectivity.tolist()
    [23.0, 23.0]
    """
    table = data.to_arrow() if isinstance(data, ServiceValues) else to_arrow(data)
    if isinstance(data, ServiceValues):
        firm, region, value = "firm", "region", "service"
    require_columns(table, {"firm": firm, "region": region, "value": value})
    problems: list[Problem] = []
    firms, f = _labels(table, firm, problems)
    regions, r = _labels(table, region, problems)
    v = float_column(table, value)
    problems += flag_rows(
        ~((v >= 0) & (v <= 5)),
        code="out_of_range",
        what=f"column '{value}' is not a number between 0 and 5",
        where="data",
        column=value,
        fix="rate offices from 0 to 5, or use service_values()",
    )
    problems += _repeats(f * max(regions.size, 1) + r, "firm and region")
    _refuse(problems, "data")
    from scipy.sparse import coo_array

    held = coo_array((v, (r, f)), shape=(regions.size, firms.size)).tocsr()
    values = (held @ held.T).toarray()
    total = values.sum(axis=1) - np.diag(values)
    top = total.max()
    share = total / top if top > 0 else np.full(total.size, np.nan)
    kind = data.frame_kind if isinstance(data, ServiceValues) else frame_kind(data)
    return InterlockingNetwork(
        provenance=Provenance.of(interlocking_network, held.data, firms, regions),
        frame_kind=kind,
        undefined=()
        if top > 0
        else (Undefined(reason="no firm is in two regions", item="share"),),
        label=frozen_array(regions),
        values=frozen_array(np.asarray(values, dtype=np.float64)),
        connectivity=frozen_array(np.asarray(total, dtype=np.float64)),
        share=frozen_array(np.asarray(share, dtype=np.float64)),
        n_firms=firms.size,
    )


def two_mode_projection(
    data: IntoFrame,
    *,
    firm: str = "firm",
    region: str = "region",
    method: Literal["exact", "poisson"] = "exact",
    alpha: float = 0.05,
    correction: Literal["bh", "by"] | None = "bh",
) -> TwoModeProjection:
    r"""Say which pairs of regions share more firms than their sizes make likely.

    Use to keep the ties of a projection that mean something; not as a strength.

    Parameters
    ----------
    data
        One row per establishment, or per firm and region; repeats count once.
    firm, region
        Columns.
    method
        Distribution of the number of shared firms: ``"exact"`` (Poisson-binomial), or
        ``"poisson"`` for very many pairs.
    alpha
        Level of the ties that are kept.
    correction
        False discovery rate over all pairs (``"bh"``, ``"by"``), or ``None``.

    Returns
    -------
    TwoModeProjection
        Shared firms, their expectation, p, q and whether the tie is kept, per pair.

    Raises
    ------
    ColumnNotFoundError
        If a column is absent.
    InvalidTableError
        Listing empty_table, null_key.
    ConvergenceError
        If the null cannot be fitted.
    OptionError
        If a choice does not exist.

    Notes
    -----
    Cell (a, j) is present with probability :math:`p_{aj} = x_a y_j / (1 + x_a y_j)`, fitted
    so that the number of firms of each region and of regions of each firm are those
    observed in expectation. The number of shared firms is then a sum of independent
    :math:`p_{aj} p_{bj}`; p is its upper tail, one-sided. Fewer than two regions: no pair.
    Exact: O(pairs × firms × shared firms).

    References
    ----------
    Saracco et al. 2017, doi:10.1088/1367-2630/aa6b38; Neal 2014,
    doi:10.1016/j.socnet.2014.06.001.

    See Also
    --------
    interlocking_network : Strength of the ties.

    Examples
    --------
    >>> import pyarrow as pa, agglo as ag
    >>> rows = pa.table({"firm": list("aabbccdde"), "region": list("xyxyxyzwz")})
    >>> ag.two_mode_projection(rows).shared[1, 2].item()
    3
    """
    check_choice("method", method, ("exact", "poisson"))
    if correction is not None:
        check_choice("correction", correction, ("bh", "by"))
    check_number("alpha", alpha, minimum=0, maximum=1, open_ends=True)
    table = to_arrow(data)
    require_columns(table, {"firm": firm, "region": region})
    problems: list[Problem] = []
    firms, f = _labels(table, firm, problems)
    regions, r = _labels(table, region, problems)
    _refuse(problems, "data")
    present = np.zeros((regions.size, firms.size), dtype=np.bool_)
    present[r, f] = True
    chance, settled = bipartite.fit_degrees(present)
    if not settled:
        msg = "The null with fixed degrees did not settle."
        raise ConvergenceError(msg)
    shared, expected, p = _tails(present, chance, method)
    upper = np.triu_indices(regions.size, 1)
    q = np.full(p.shape, np.nan)
    q[upper] = p[upper] if correction is None else fdr(p[upper], method=correction)
    q.T[upper] = q[upper]
    return TwoModeProjection(
        provenance=Provenance.of(
            two_mode_projection,
            present,
            regions,
            firms,
            parameters={"method": method, "alpha": alpha, "correction": correction},
        ),
        frame_kind=frame_kind(data),
        label=frozen_array(regions),
        shared=frozen_array(shared),
        expected=frozen_array(expected),
        p=frozen_array(p),
        q=frozen_array(q),
        alpha=alpha,
        n_firms=firms.size,
    )


def _tails(
    present: NDArray[np.bool_], chance: FloatArray, method: str
) -> tuple[IntArray, FloatArray, FloatArray]:
    held = present.astype(np.float64)
    shared = np.rint(held @ held.T).astype(np.int64)
    expected = chance @ chance.T
    one, other = (x.astype(np.int64) for x in np.triu_indices(present.shape[0], 1))
    seen = shared[one, other]
    tail = (
        bipartite.poisson_binomial_tails(chance, one, other, seen)
        if method == "exact"
        else bipartite.poisson_tails(expected[one, other], seen)
    )
    p = np.full(expected.shape, np.nan)
    p[one, other] = p[other, one] = tail
    return shared, expected, p


def _labels(
    table: pa.Table, name: str, problems: list[Problem]
) -> tuple[NDArray[np.str_], IntArray]:
    if table.num_rows == 0 and not problems:
        problems.append(
            Problem(code="empty_table", what="the table has no row", where="data")
        )
    column = as_text(table[name])
    lost = pc.fill_null(pc.equal(pc.utf8_trim_whitespace(column), ""), True)
    problems += flag_rows(
        np.asarray(lost.to_numpy(zero_copy_only=False), dtype=np.bool_),
        code="null_key",
        what=f"column '{name}' has no label",
        where="data",
        column=name,
        fix="drop these rows or give them a label",
    )
    return encode_text(pc.fill_null(column, ""))


def _flags(table: pa.Table, name: str, problems: list[Problem]) -> NDArray[np.bool_]:
    column = table[name]
    if not pa.types.is_boolean(column.type):
        problems.append(
            Problem(
                code="wrong_type",
                what=f"column '{name}' is {column.type}, expected true or false",
                where="establishments",
                column=name,
                fix="use true and false",
            )
        )
        return np.zeros(table.num_rows, dtype=np.bool_)
    filled = pc.fill_null(column, False).to_numpy(zero_copy_only=False)
    return np.asarray(filled, dtype=np.bool_)


def _repeats(key: IntArray, what: str) -> list[Problem]:
    _, inverse, count = np.unique(key, return_inverse=True, return_counts=True)
    return flag_rows(
        np.asarray(count[inverse.reshape(-1)] > 1),
        code="duplicate_key",
        what=f"the same {what} occurs more than once",
        where="data",
        fix="keep one value per firm and region",
    )


def _refuse(problems: list[Problem], where: str) -> None:
    if problems:
        msg = (
            f"`{where}` has {len(problems)} problem{'s' if len(problems) > 1 else ''}."
        )
        raise InvalidTableError(msg, problems)
