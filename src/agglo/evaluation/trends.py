"""How indicators move over time: growth rates, and values between observations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from agglo.core.errors import OptionError
from agglo.core.results import ColumnData, Provenance, Result, Undefined, frozen_array
from agglo.evaluation.indicators import Indicators, as_indicators
from agglo.evaluation.results import draw_bars

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from agglo.core.typing import FloatArray, IntoFrame

__all__ = ["IndicatorTrends", "indicator_trends"]


@dataclass(frozen=True, eq=False, kw_only=True)
class IndicatorTrends(Result):
    """Trends of units by indicator.

    Parameters
    ----------
    unit, indicator
        Labels of the rows, (n_rows,).
    first, last
        First and last period with a value.
    n
        Known values.
    growth
        Compound growth per unit of time, as a share.
    slope
        Least-squares slope per unit of time, in the unit of the indicator.
    change
        Change along the fitted line from first to last, as a share of its start.
    """

    unit: NDArray[np.str_]
    indicator: NDArray[np.str_]
    first: NDArray[np.str_]
    last: NDArray[np.str_]
    n: FloatArray
    growth: FloatArray
    slope: FloatArray
    change: FloatArray

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per unit and indicator; value is compound growth."""
        return {
            "unit": self.unit,
            "indicator": self.indicator,
            "first": self.first,
            "last": self.last,
            "n": self.n,
            "value": self.growth,
            "slope": self.slope,
            "change": self.change,
        }

    def summary(self) -> str:
        """Say the median growth of every indicator."""
        lines = [f"Trends of {np.unique(self.unit).size} units"]
        for name in np.unique(self.indicator).tolist():
            own = self.growth[self.indicator == name]
            own = own[~np.isnan(own)]
            middle = f"{np.median(own):+.2%}" if own.size else "undefined"
            lines.append(f"  {name}: median growth {middle} ({own.size} units)")
        return "\n".join(lines)

    def _draw(self, ax: Axes) -> None:
        names = [f"{u} {i}" for u, i in zip(self.unit, self.indicator, strict=True)]
        draw_bars(ax, names, self.growth, "compound growth")


def indicator_trends(data: IntoFrame | Indicators) -> IndicatorTrends:
    r"""Measure how fast the indicators of every unit grow.

    Use for a panel. For values between observations see `impute` with ``"linear"``; never
    read trends from values normalised period by period.

    Parameters
    ----------
    data
        Long table as in `as_indicators` (with ``period``), or `Indicators` of two periods
        or more. Missing values are left out.

    Returns
    -------
    IndicatorTrends
        Compound growth and regression change, per unit and indicator; shares, 0.1 = 10 %.

    Raises
    ------
    OptionError
        If there are fewer than two periods.

    Notes
    -----
    .. math:: CAGR = (x_T / x_0)^{1/(t_T - t_0)} - 1, \qquad
              change = \hat b (t_T - t_0) / (\hat a + \hat b t_0)

    between the first and last known value; periods that are whole numbers count as such,
    others as equally spaced. CAGR needs positive ends, the change a positive start of the
    line; otherwise undefined, with two values or more. O(cells).

    References
    ----------
    Becker et al. 2022, doi 10.21105/joss.04567 (get_trends, CAGR and prc_change of COINr).

    Examples
    --------
    >>> import pyarrow as pa
    >>> from agglo.evaluation import as_indicators, indicator_trends
    >>> rows = pa.table({"unit": ["a"] * 3, "indicator": ["x"] * 3, "value": [100.0, 110, 121],
    ...     "period": ["2019", "2020", "2021"]})
    >>> panel = as_indicators(rows, period="period", direction=None, pillar=None)
    >>> round(float(indicator_trends(panel).growth[0]), 6)
    0.1
    """
    table = _panel(data)
    labels, code = np.unique(table.period, return_inverse=True)
    if labels.size < 2:
        msg = "`data` has fewer than two periods: there is no trend."
        raise OptionError(msg)
    whole = all(p.isdigit() for p in labels.tolist())
    t = labels.astype(np.int64).astype(np.float64) if whole else np.arange(labels.size)
    units, u = np.unique(table.unit, return_inverse=True)
    block = np.full((units.size, labels.size, len(table.names)), np.nan)
    block[u, code] = table.values
    x = block.transpose(0, 2, 1).reshape(-1, labels.size)
    found = _measured(x, np.asarray(t, dtype=np.float64))
    ends = [labels[found[k]] for k in ("first", "last")]
    some = found["n"] > 0
    lost = int(np.isnan(found["growth"]).sum())
    return IndicatorTrends(
        unit=frozen_array(np.repeat(units, len(table.names))),
        indicator=frozen_array(np.tile(np.array(table.names), units.size)),
        first=frozen_array(np.where(some, ends[0], "")),
        last=frozen_array(np.where(some, ends[1], "")),
        n=frozen_array(found["n"].astype(np.float64)),
        growth=frozen_array(found["growth"]),
        slope=frozen_array(found["slope"]),
        change=frozen_array(found["change"]),
        undefined=(
            Undefined(reason="fewer than two values, or an end not positive", n=lost),
        )
        if lost
        else (),
        frame_kind=table.frame_kind,
        provenance=Provenance.of(indicator_trends, table),
    )


def _panel(data: IntoFrame | Indicators) -> Indicators:
    if isinstance(data, Indicators):
        return data
    return as_indicators(data, period="period")


def _measured(x: FloatArray, t: FloatArray) -> dict[str, np.ndarray]:
    """Measure ends, growth, slope and change of every row of (n_series, n_periods)."""
    known = ~np.isnan(x)
    n = known.sum(axis=1)
    row = np.arange(x.shape[0])
    first = known.argmax(axis=1)
    last = x.shape[1] - 1 - known[:, ::-1].argmax(axis=1)
    span = t[last] - t[first]
    with np.errstate(divide="ignore", invalid="ignore"):
        a, b = x[row, first], x[row, last]
        usable = (n > 1) & (a > 0) & (b > 0)
        growth = np.where(usable, b / a, np.nan) ** (1.0 / span) - 1.0
        mean_t = np.where(known, t, 0.0).sum(axis=1) / n
        mean_x = np.where(known, x, 0.0).sum(axis=1) / n
        gap = np.where(known, t - mean_t[:, None], 0.0)
        slope = (gap * np.nan_to_num(x)).sum(axis=1) / (gap**2).sum(axis=1)
        slope = np.where(n > 1, slope, np.nan)
        start = mean_x + slope * (t[first] - mean_t)
        change = np.where(start > 0, slope * span / start, np.nan)
    return {
        "first": first,
        "last": last,
        "n": n,
        "growth": np.where(usable, growth, np.nan),
        "slope": slope,
        "change": change,
    }
