"""Income content of activities and of what regions have: PRODY and EXPY."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from agglo.core.errors import AlignmentError, OptionError
from agglo.core.options import check_choice, check_number
from agglo.core.results import ColumnData, Provenance, Result, Undefined, frozen_array
from agglo.core.tables import RegionActivity, as_region_activity
from agglo.relatedness import _kernels_presence as thresholds
from agglo.relatedness._inputs import not_empty
from agglo.relatedness.periods import by_period

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from agglo.core.typing import FloatArray, IntoFrame

__all__ = ["IncomeContent", "income_content"]


@dataclass(frozen=True, eq=False, kw_only=True)
class IncomeContent(Result):
    """PRODY of activities and EXPY of regions, in the unit of the income.

    Parameters
    ----------
    region, activity
        Labels, shapes (n_regions,) and (n_activities,).
    prody
        Mean income of the regions that have the activity, by how much it is theirs.
    expy
        Mean PRODY of what a region has.
    income
        As given; NaN where it is not known.
    """

    region: NDArray[np.str_]
    activity: NDArray[np.str_]
    prody: FloatArray
    expy: FloatArray
    income: FloatArray

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per region, then one per activity."""
        n, p = self.region.size, self.activity.size
        return {
            "kind": np.repeat(["region", "industry"], [n, p]),
            "item": np.concatenate([self.region, self.activity]),
            "value": np.concatenate([self.expy, self.prody]),
        }

    def summary(self) -> str:
        """Give the ranges."""
        return (
            f"EXPY of {self.region.size} regions: {np.nanmin(self.expy):.6g} to "
            f"{np.nanmax(self.expy):.6g}; PRODY of {self.activity.size} activities: "
            f"{np.nanmin(self.prody):.6g} to {np.nanmax(self.prody):.6g}"
        )

    def _draw(self, ax: Axes) -> None:
        ax.scatter(self.income, self.expy, s=12)
        ax.set_xlabel("income")
        ax.set_ylabel("EXPY")


@by_period
def income_content(
    data: IntoFrame | RegionActivity,
    *,
    income: Mapping[str, float],
    among: Literal["all", "present"] = "all",
    threshold: float = 1.0,
    region: str = "region",
    activity: str = "industry",
    value: str = "employment",
    period: str | None = None,
) -> IncomeContent:
    r"""Measure the income level that activities and regions go with: PRODY and EXPY.

    Also, with ``among="present"`` and another number per region: the product Gini index
    (inequality) and the product emissions index. Not evidence that an activity makes a region rich: income is
    on both sides.

    Parameters
    ----------
    data
        Activity table or `RegionActivity`.
    income
        Region to income per inhabitant (or Gini, or emissions), above 0. Regions without
        one are left out, listed.
    among
        ``"all"``: every region counts by its share (PRODY); ``"present"``: only where the
        quotient reaches `threshold` (product Gini, product emissions).
    threshold
        Smallest quotient that counts as present.
    region, activity, value
        Columns of a frame.
    period
        Which period of a frame of several; default each by itself: `PeriodResults`.

    Returns
    -------
    IncomeContent
        ``prody`` (n_activities,) and ``expy`` (n_regions,), in the unit of `income`.

    Raises
    ------
    InvalidTableError
        If the table breaks its schema or a cell is unknown.
    AlignmentError
        If `income` has none of the regions.
    OptionError
        If `income` is no mapping or not above 0.

    Notes
    -----
    .. math:: PRODY_p = \sum_r \frac{x_{rp}/x_{r\cdot}}{\sum_s x_{sp}/x_{s\cdot}} y_r,
        \qquad EXPY_r = \sum_p \frac{x_{rp}}{x_{r\cdot}} PRODY_p

    These weights are those of the quotients, since the share of the whole cancels; with
    ``among="present"`` they are multiplied by the presence, formed on the whole table.
    Activities that no region with an income has are NaN, and regions without income or
    activity. O(n_regions n_activities).

    References
    ----------
    Hausmann, Hwang and Rodrik 2007, doi:10.1007/s10887-006-9009-4; Hartmann et al. 2017,
    doi:10.1016/j.worlddev.2016.12.020 (product Gini).

    See Also
    --------
    complexity : Without incomes.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from agglo.relatedness import income_content
    >>> trade = pa.table({"region": list("aabb"), "industry": list("xyxy"),
    ...     "employment": [8.0, 2.0, 1.0, 9.0]})
    >>> income_content(trade, income={"a": 10.0, "b": 20.0}).expy.round(6).tolist()
    [12.525253, 17.474747]
    """
    check_choice("among", among, ("all", "present"))
    check_number("threshold", threshold, minimum=1e-12)
    table = not_empty(
        as_region_activity(
            data, region=region, activity=activity, value=value, period=period
        )
    )
    y = _incomes(table, income)
    known = np.isfinite(y) & (table.row_total > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = table.values / table.row_total[:, None]
        held = share[known]
        if among == "present":
            quotient = thresholds.revealed_advantage(
                table.values, table.row_total, table.col_total, table.total
            )
            held = np.where(thresholds.at_least(quotient[known], threshold), held, 0.0)
        prody = (y[known] @ held) / held.sum(axis=0)
    expy = np.full(y.size, np.nan)
    expy[known] = share[known] @ np.nan_to_num(prody)
    return IncomeContent(
        provenance=Provenance.of(
            income_content,
            table,
            y,
            parameters={
                "regions": int(known.sum()),
                "among": among,
                "threshold": threshold,
            },
        ),
        frame_kind=table.frame_kind,
        undefined=(
            *(
                Undefined(reason="no income or no activity: left out", region=str(r))
                for r in table.region[~known]
            ),
            *(
                Undefined(reason="no region with an income has it", activity=str(a))
                for a in table.activity[np.isnan(prody)]
            ),
        ),
        region=table.region,
        activity=table.activity,
        prody=frozen_array(prody),
        expy=frozen_array(expy),
        income=frozen_array(y),
    )


def _incomes(table: RegionActivity, given: Mapping[str, float]) -> FloatArray:
    if not isinstance(given, Mapping):
        msg = "income= must be a mapping of regions to numbers."
        raise OptionError(msg)
    y = np.array([float(given.get(str(r), np.nan)) for r in table.region])
    if np.any(y <= 0):
        msg = f"income= must be above 0; it is not in {table.region[y <= 0][:5].tolist()}."
        raise OptionError(msg)
    if not np.isfinite(y).any():
        msg = f"`income` has none of the regions, for example {table.region[:5].tolist()}."
        raise AlignmentError(msg)
    return y
