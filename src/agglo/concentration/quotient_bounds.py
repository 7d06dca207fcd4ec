"""What confidential cells allow a location quotient to be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from agglo.concentration._kernels import bounds as kernels
from agglo.concentration.quotient_results import QuotientBounds, cell_reasons
from agglo.core.errors import InvalidTableError, OptionError
from agglo.core.options import check_choice
from agglo.core.results import Provenance, frozen_array
from agglo.core.tables import Margins, RegionActivity, as_region_activity

if TYPE_CHECKING:
    from agglo.core.typing import FloatArray, IntoFrame

__all__ = ["location_quotient_bounds"]

_MOST_PROGRAMS = 3000


def location_quotient_bounds(
    data: IntoFrame | RegionActivity,
    *,
    method: Literal["propagated", "exact"] = "propagated",
    region: str = "region",
    activity: str = "industry",
    value: str = "employment",
    margins: Literal["disclosed"] | Margins = "disclosed",
) -> QuotientBounds:
    r"""Measure between which limits the location quotient of hidden cells must lie.

    Use when cells are confidential or missing: instead of filling them, say what is certain.
    Not an estimate and no confidence interval.

    Parameters
    ----------
    data
        Activity table (absent row = zero, null = unknown) or `RegionActivity`. Columns
        ``<value>_lower`` and ``<value>_upper`` bound unknown cells; without them a cell
        lies between 0 and what the margins leave.
    method
        Only with published margins: ``"propagated"`` tightens cells by rows and columns
        in turn, any size; ``"exact"`` solves two linear programs per unknown cell, up to
        3,000 of them.
    region, activity, value
        Columns of a frame.
    margins
        ``"disclosed"``: totals contain the unknown cells, so they are unknown too; or
        `Margins` with the published totals.

    Returns
    -------
    QuotientBounds
        ``lower`` and ``upper`` of shape (n_regions, n_activities), dimensionless; equal
        where nothing hidden matters, ``inf`` where nothing bounds the hidden figures.

    Raises
    ------
    InvalidTableError
        If the table breaks its schema, or bounds and margins contradict one another.
    OptionError
        If an option has no such choice, or ``"exact"`` has too many cells.

    Notes
    -----
    Published margins: the quotient is the cell times a constant, so the bounds are those
    of the cell, ``max(l, M - sum of the others' upper bounds)`` and
    ``min(u, M - sum of the others' lower bounds)`` for its row and column, repeated.
    They always contain the truth; they are the sharpest ones if the unknown cells form no
    cycle of rows and columns, else ``"exact"`` can be narrower. A margin is taken as
    the sum of its cells if the other margins add up to the total, else as their limit
    (a table that lists part of the economy). Disclosed: with t the cell, a and b the
    rest of its region and activity and T the total, :math:`LQ = tT/((t+a)(t+b))` falls in
    a and b, rises in the rest, and has one top in t: closed form, attained. Known cells
    are open too then. O(n_regions n_activities) per round.

    References
    ----------
    Dobra and Fienberg 2000, doi:10.1073/pnas.97.22.11885 (bounds of cells from margins).

    See Also
    --------
    location_quotient : With ``margins="disclosed"``, relative to what is disclosed.

    Examples
    --------
    >>> import pyarrow as pa, agglo as ag
    >>> jobs = pa.table({"region": list("aabb"), "industry": list("xyxy"),
    ...                  "employment": [30.0, 10.0, None, 40.0],
    ...                  "employment_lower": [None, None, 10.0, None],
    ...                  "employment_upper": [None, None, 20.0, None]})
    >>> found = ag.location_quotient_bounds(jobs)
    >>> [round(float(v), 6) for v in (found.lower[1, 0], found.upper[1, 0])]
    [0.45, 0.666667]
    """
    check_choice("method", method, ("propagated", "exact"))
    if not isinstance(margins, Margins):
        check_choice("margins", margins, ("disclosed",))
    table = as_region_activity(
        data, region=region, activity=activity, value=value, margins=margins
    )
    low, high = _cell_bounds(table)
    if table.margins == "published":
        low, high = _by_margins(table, low, high, method)
        with np.errstate(divide="ignore", invalid="ignore"):
            factor = table.total / table.row_total[:, None] / table.col_total
            factor[~np.isfinite(factor)] = np.nan
            lower, upper = low * factor, high * factor
    else:
        lower, upper = kernels.quotient_bounds(low, high)
    lacking = np.isnan(lower)
    return QuotientBounds(
        region=table.region,
        activity=table.activity,
        status=frozen_array(
            np.where(lacking & (table.status == 0), 3, table.status).astype(np.int8)
        ),
        lower=frozen_array(lower),
        upper=frozen_array(upper),
        size_lower=frozen_array(low),
        size_upper=frozen_array(high),
        method=method,
        margins=table.margins,
        provenance=Provenance.of(
            location_quotient_bounds,
            table,
            parameters={"method": method, "margins": table.margins},
        ),
        frame_kind=table.frame_kind,
        undefined=cell_reasons(
            table.region,
            table.activity,
            [(lacking, "the region or the activity is empty: 0/0")],
        ),
    )


def _cell_bounds(table: RegionActivity) -> tuple[FloatArray, FloatArray]:
    hidden = table.status != 0
    low = np.where(hidden, 0.0, table.values)
    high = np.where(hidden, np.inf, table.values)
    if table.lower is not None:
        low = np.where(hidden, table.lower, low)
    if table.upper is not None:
        high = np.where(hidden, table.upper, high)
    return low, high


def _by_margins(
    table: RegionActivity, low: FloatArray, high: FloatArray, method: str
) -> tuple[FloatArray, FloatArray]:
    """Tighten the unknown cells by the published totals."""
    row, col = np.nonzero(table.status)
    if row.size == 0:
        return low, high
    known = np.nan_to_num(table.values)
    slack = kernels.ROUNDING * (table.region.size + table.activity.size)
    found_open = kernels.Open(
        row=row,
        col=col,
        lower=low[row, col],
        upper=high[row, col],
        row_left=np.maximum(table.row_total - known.sum(axis=1), 0.0),
        col_left=np.maximum(table.col_total - known.sum(axis=0), 0.0),
        rows_add_up=bool(abs(table.col_total.sum() - table.total) <= slack),
        cols_add_up=bool(abs(table.row_total.sum() - table.total) <= slack),
    )
    if method == "exact":
        if row.size > _MOST_PROGRAMS:
            msg = (
                f"method='exact' solves linear programs for {row.size} unknown cells; the "
                f"most is {_MOST_PROGRAMS}. Use method='propagated'."
            )
            raise OptionError(msg)
        exact = kernels.exact(found_open)
        if exact is None:
            msg = "No table fits the bounds of the cells and the published margins."
            raise InvalidTableError(msg)
        tight = exact
    else:
        tight = kernels.propagated(found_open)
    crossed = tight[0] - tight[1]
    if (crossed > slack).any():
        k = int(np.argmax(crossed))
        msg = (
            "The bounds of the cells contradict the published margins, for example in "
            f"region '{table.region[row[k]]}', activity '{table.activity[col[k]]}': at "
            f"least {tight[0][k]:g}, at most {tight[1][k]:g}."
        )
        raise InvalidTableError(msg)
    # a contradiction of rounding size: both ends are as good
    low[row, col] = np.minimum(tight[0], np.maximum(tight[1], 0.0))
    high[row, col] = np.maximum(tight[1], low[row, col])
    return low, high
