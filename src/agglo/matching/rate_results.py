"""Results of matching rates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from agglo.core.results import ColumnData, Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from agglo.core.typing import BoolArray, FloatArray
    from agglo.matching.null_results import NullResult

__all__ = ["MEASURES", "Rates"]

# counts that a Wilson interval fits
MEASURES = ("coexistence", "identical", "similar", "matched")


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Rates(Result):
    """Shares of cities and clusters, one row per group and measure.

    Attributes
    ----------
    by
        Breakdown; empty for none.
    group
        Group of each row; empty without a breakdown.
    measure
        ``"coexistence"``, ``"identical"``, ``"similar"``, ``"matched"``, ``"degree"`` or
        ``"degree_weighted"``.
    s
        Weight of similar in a degree; NaN elsewhere.
    count, n, value
        Numerator, denominator, share.
    lower, upper
        Wilson interval; NaN for degrees.
    block_lower, block_upper
        City-block bootstrap interval.
    small
        Whether the group has fewer than five.
    level
        Coverage of the Wilson interval.
    n_before, n_after
        Clusters before and after those of several programmes were counted once.
    """

    by: str
    group: NDArray[np.str_]
    measure: NDArray[np.str_]
    s: FloatArray
    count: FloatArray
    n: FloatArray
    value: FloatArray
    lower: FloatArray
    upper: FloatArray
    block_lower: FloatArray
    block_upper: FloatArray
    small: BoolArray
    level: float
    n_before: int
    n_after: int

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per group and measure."""
        return {
            "by": [self.by] * self.value.size,
            "group": self.group,
            "measure": self.measure,
            "s": self.s,
            "count": self.count,
            "n": self.n,
            "value": self.value,
            "lower": self.lower,
            "upper": self.upper,
            "block_lower": self.block_lower,
            "block_upper": self.block_upper,
            "small": self.small,
        }

    def _at(self, measure: str, group: str, s: float | None) -> int:
        hit = (self.measure == measure) & (self.group == group)
        if s is not None:
            hit &= self.s == s
        rows = np.flatnonzero(hit)
        if rows.size == 0:
            msg = f"there is no row for measure={measure!r}, group={group!r}, s={s}"
            raise KeyError(msg)
        return int(rows[0])

    def row(
        self, measure: str, group: str = "", *, s: float | None = None
    ) -> Mapping[str, float]:
        """Give the numbers of one measure of one group."""
        at = self._at(measure, group, s)
        words = ("by", "group", "measure")
        return {
            k: float(np.asarray(v)[at])
            for k, v in self.columns().items()
            if k not in words
        }

    def degree_table(self) -> pa.Table:
        """Give D(s) by group and weight of similar."""
        rows = self.measure == "degree"
        return pa.table(
            {
                "group": self.group[rows].tolist(),
                "s": self.s[rows],
                "degree": self.value[rows],
                "block_lower": self.block_lower[rows],
                "block_upper": self.block_upper[rows],
                "n": self.n[rows],
            }
        )

    def line(
        self, measure: str, nulls: Sequence[NullResult] = (), *, group: str = ""
    ) -> str:
        """Print a rate beside its nulls.

        Parameters
        ----------
        measure
            Co-existence, identical, similar or matched.
        nulls
            Results of `matching_null` with that statistic.
        group
            Group of the rate.

        Returns
        -------
        str
            Count, share and interval; per null expected, ratio and p.
        """
        r = self.row(measure, group)
        text = (
            f"{r['count']:g}/{r['n']:g} = {r['value']:.1%} "
            f"({self.level:.0%} CI {r['lower']:.1%} to {r['upper']:.1%})"
        )
        for null in nulls:
            found = null.row(measure, group)
            if np.isnan(found["p_upper"]):
                text += f"; not applicable under {null.scheme}"
                continue
            text += (
                f"; expected {found['expected']:.1f} under {null.scheme}, "
                f"ratio {found['ratio']:.2f}, p {found['p_upper']:.4f}"
            )
        return text

    def summary(self) -> str:
        """Give the shares of every group with their intervals."""
        lines = [f"{self.n_after} clusters"]
        if self.n_after != self.n_before:
            lines[0] += f" ({self.n_before} before counting joint designations once)"
        for i in np.flatnonzero(np.isin(self.measure, MEASURES)):
            of = f" [{self.group[i]}]" if self.group[i] else ""
            mark = " (small)" if self.small[i] else ""
            lines.append(
                f"  {self.measure[i]}{of}: {self.count[i]:g}/{self.n[i]:g} = "
                f"{self.value[i]:.1%} (Wilson {self.lower[i]:.1%} to "
                f"{self.upper[i]:.1%}; city blocks {self.block_lower[i]:.1%} to "
                f"{self.block_upper[i]:.1%}){mark}"
            )
        return "\n".join(lines)

    def _draw(self, ax: Axes) -> None:
        rows = np.flatnonzero(self.measure == "matched")
        y = np.arange(rows.size)
        value = self.value[rows]
        low = np.nan_to_num(value - self.lower[rows])
        high = np.nan_to_num(self.upper[rows] - value)
        ax.errorbar(value, y, xerr=np.abs([low, high]), fmt="o", color="#4477aa")
        ax.set_yticks(y, [g or "all" for g in self.group[rows].tolist()])
        ax.set_xlim(0, 1)
        ax.invert_yaxis()
        ax.set_xlabel("matched share")
