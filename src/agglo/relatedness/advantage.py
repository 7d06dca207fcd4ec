"""How sure one quotient is, from the number of units behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from agglo.core.errors import InvalidTableError
from agglo.core.options import check_number
from agglo.core.results import ColumnData, Provenance, Result, Undefined, frozen_array
from agglo.core.tables import RegionActivity, as_region_activity
from agglo.relatedness import _kernels_presence as kernels
from agglo.relatedness._inputs import not_empty
from agglo.relatedness.periods import by_period
from agglo.relatedness.relatedness_results import grid, sealed

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from agglo.core.typing import FloatArray, IntoFrame

__all__ = ["AdvantageIntervals", "advantage_intervals"]


@dataclass(frozen=True, eq=False, kw_only=True)
class AdvantageIntervals(Result):
    """Quotients with intervals, and how sure it is that they reach the threshold.

    Parameters
    ----------
    region, activity
        Labels, shapes (n_regions,) and (n_activities,).
    values, low, high
        Quotient and the ends of its interval, shape (n_regions, n_activities).
    deviation
        Standard deviation of the logarithm of the quotient; NaN for an empty cell.
    level
        Coverage asked for.
    units
        Independent units that the whole table counts for.
    """

    region: NDArray[np.str_]
    activity: NDArray[np.str_]
    values: FloatArray
    low: FloatArray
    high: FloatArray
    deviation: FloatArray
    level: float
    units: float

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per region and activity."""
        return {
            **grid(self.region, self.activity),
            "value": self.values.ravel(),
            "lo": self.low.ravel(),
            "hi": self.high.ravel(),
            "deviation": self.deviation.ravel(),
        }

    def summary(self) -> str:
        """Say how many quotients are above or below 1 beyond doubt."""
        known = int(np.isfinite(self.values).sum())
        with np.errstate(invalid="ignore"):
            above, below = int((self.low > 1).sum()), int((self.high < 1).sum())
        return (
            f"{known} quotients with {self.level:.0%} intervals from {self.units:g} "
            f"units: {above} above 1, {below} below 1, {known - above - below} open"
        )

    def _draw(self, ax: Axes) -> None:
        order = np.argsort(self.values, axis=None)
        place = np.arange(order.size)
        ax.vlines(place, self.low.ravel()[order], self.high.ravel()[order], color="0.8")
        ax.plot(place, self.values.ravel()[order], ".", ms=2)
        ax.axhline(1.0, color="0.6", lw=0.8)
        ax.set_ylabel("quotient")


@by_period
def advantage_intervals(
    data: IntoFrame | RegionActivity,
    *,
    level: float = 0.9,
    effective_n: float | None = None,
    region: str = "region",
    activity: str = "industry",
    value: str = "employment",
    period: str | None = None,
) -> AdvantageIntervals:
    r"""Give every revealed comparative advantage an interval from sampling of counts.

    Also: interval of RCA, of the location quotient. Use to see which presences hang on a
    few units; for tests that count establishments and their sizes see
    `agglo.concentration.location_quotient_test`.

    Parameters
    ----------
    data
        Activity table of counts of independent units (firms, plants, patents), or
        `RegionActivity`; values at least 0.
    level
        Coverage in (0, 1).
    effective_n
        Independent units behind the whole table, when values are not such units: the
        number of establishments where they are jobs. The table is scaled to it.
    region, activity, value
        Columns of a frame.
    period
        Which period of a frame of several; default each by itself: `PeriodResults`.

    Returns
    -------
    AdvantageIntervals
        Quotients, intervals and deviations, shape (n_regions, n_activities).

    Raises
    ------
    InvalidTableError
        If the table breaks its schema or a cell is unknown.
    OptionError
        If a number is out of range.

    Notes
    -----
    With counts n from one multinomial draw, by the delta method,

    .. math:: \operatorname{Var}(\ln LQ_{rp}) = \frac1{n_{rp}} - \frac1{n_{r\cdot}}
        - \frac1{n_{\cdot p}} + \frac{2 LQ_{rp} - 1}{n_{\cdot\cdot}}

    and the interval is :math:`\exp(\ln LQ \pm z\,s)`. An empty cell has the lower end 0;
    its upper end is the exact binomial bound on :math:`n_{rp} / n_{r\cdot}`, with half of
    1 - level above it, over the share of the activity. The formula is ours; a simulation
    test holds it to the deviation of redrawn tables. Empty regions and activities are
    NaN, listed. O(n_regions n_activities).

    References
    ----------
    Balassa 1965, doi:10.1111/j.1467-9957.1965.tb00050.x (the quotient).

    See Also
    --------
    complexity_intervals : How sure an index is that all quotients go into.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from agglo.relatedness import advantage_intervals
    >>> firms = pa.table({"region": list("aabb"), "industry": list("xyxy"),
    ...     "employment": [30.0, 10.0, 20.0, 40.0]})
    >>> found = advantage_intervals(firms)
    >>> found.low[0].round(3).tolist(), found.high[0].round(3).tolist()
    ([1.291, 0.34], [1.743, 0.735])
    """
    from scipy.stats import norm

    check_number("level", level, minimum=0.0, maximum=1.0, open_ends=True)
    if effective_n is not None:
        check_number("effective_n", effective_n, minimum=1.0)
    table = not_empty(
        as_region_activity(
            data, region=region, activity=activity, value=value, period=period
        )
    )
    if table.n_unknown:
        msg = f"{table.n_unknown} cells are unknown, and every quotient hangs on them."
        raise InvalidTableError(msg)
    scale = 1.0 if effective_n is None else effective_n / table.total
    n = table.values * scale
    quotient = kernels.revealed_advantage(
        table.values, table.row_total, table.col_total, table.total
    )
    deviation = kernels.log_deviation(
        n, quotient, table.row_total * scale, table.col_total * scale, n.sum()
    )
    z = float(norm.ppf((1 + level) / 2))
    with np.errstate(invalid="ignore"):
        low = np.where(n > 0, quotient * np.exp(-z * deviation), 0.0)
        high = quotient * np.exp(z * deviation)
    bound = kernels.empty_share_bound(table.row_total * scale, (1 - level) / 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        most = bound[:, None] / (table.col_total / table.total)
    high = np.where(n > 0, high, most)
    undefined = np.isnan(quotient)
    low[undefined] = high[undefined] = np.nan
    return AdvantageIntervals(
        provenance=Provenance.of(
            advantage_intervals,
            table,
            parameters={"level": level, "effective_n": effective_n},
        ),
        frame_kind=table.frame_kind,
        undefined=(
            *(
                Undefined(reason="the region is empty", region=str(r))
                for r in table.region[table.row_total == 0]
            ),
            *(
                Undefined(reason="the activity is empty", activity=str(a))
                for a in table.activity[table.col_total == 0]
            ),
        ),
        region=table.region,
        activity=table.activity,
        values=sealed(quotient),
        low=frozen_array(low),
        high=frozen_array(high),
        deviation=frozen_array(deviation),
        level=float(level),
        units=float(n.sum()),
    )
