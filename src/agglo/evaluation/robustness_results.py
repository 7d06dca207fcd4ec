"""Results of the robustness analysis: rank intervals, sensitivities, removals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from agglo.core.results import ColumnData, Result
from agglo.evaluation.results import draw_bars, row_labels

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from agglo.core.typing import FloatArray, IntArray

__all__ = ["ElementRemoval", "RankSensitivity", "RankUncertainty"]


@dataclass(frozen=True, eq=False, kw_only=True)
class RankUncertainty(Result):
    """Ranks over many defensible choices.

    Parameters
    ----------
    unit, period
        Labels of the rows; every array below has their shape.
    nominal
        Rank with the first of every choice; 1 is best.
    mean, median, lower, upper
        Over the runs; `lower` and `upper` hold the middle `level` of them.
    top_share
        Share of the runs that have the row among the first `top`.
    level, top
        As asked.
    n_runs, n_failed
        Runs made, and runs that were impossible (left out of the numbers above).
    """

    unit: NDArray[np.str_]
    period: NDArray[np.str_]
    nominal: FloatArray
    mean: FloatArray
    median: FloatArray
    lower: FloatArray
    upper: FloatArray
    top_share: FloatArray
    level: float
    top: int
    n_runs: int
    n_failed: int

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per unit and period; `value` is the nominal rank."""
        return {
            "unit": self.unit,
            "period": self.period,
            "value": self.nominal,
            "mean": self.mean,
            "median": self.median,
            "lower": self.lower,
            "upper": self.upper,
            "top_share": self.top_share,
        }

    def summary(self) -> str:
        """Say how wide the intervals are, and show the first five."""
        width = np.nanmedian(self.upper - self.lower)
        lines = [
            f"Ranks of {self.unit.size} rows over {self.n_runs} runs "
            f"({self.n_failed} impossible); the median interval of {self.level:.0%} "
            f"spans {width:.1f} ranks."
        ]
        labels = row_labels(self.unit, self.period)
        lines += [
            f"  {labels[i]}: {self.nominal[i]:.0f} "
            f"[{self.lower[i]:.0f}, {self.upper[i]:.0f}]"
            for i in np.argsort(self.nominal, kind="stable")[:5]
            if not np.isnan(self.nominal[i])
        ]
        return "\n".join(lines)

    def _draw(self, ax: Axes) -> None:
        order = [i for i in np.argsort(self.nominal) if not np.isnan(self.nominal[i])][
            :40
        ]
        at = np.arange(len(order))
        ax.vlines(at, self.lower[order], self.upper[order], color="0.6")
        ax.plot(at, self.nominal[order], "o", markersize=4)
        labels = row_labels(self.unit, self.period)
        ax.set_xticks(at, [labels[i] for i in order], rotation=90, fontsize=7)
        ax.invert_yaxis()
        ax.set_ylabel("rank")


@dataclass(frozen=True, eq=False, kw_only=True)
class RankSensitivity(Result):
    """Which choice moves the ranks.

    Parameters
    ----------
    inputs
        Choices that vary; every array below has their shape.
    first, first_lower, first_upper
        Share of the variance due to the choice alone, with a bootstrap interval.
    total, total_lower, total_upper
        Share due to the choice and its interactions.
    mean_shift, variance
        Mean absolute rank change against the nominal index: its mean and variance.
    n_base, n_failed
        Base samples, and those left out because a run was impossible.
    """

    inputs: tuple[str, ...]
    first: FloatArray
    first_lower: FloatArray
    first_upper: FloatArray
    total: FloatArray
    total_lower: FloatArray
    total_upper: FloatArray
    mean_shift: float
    variance: float
    n_base: int
    n_failed: int

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per choice; `value` is the total effect."""
        return {
            "input": list(self.inputs),
            "first": self.first,
            "first_lower": self.first_lower,
            "first_upper": self.first_upper,
            "value": self.total,
            "lower": self.total_lower,
            "upper": self.total_upper,
        }

    def summary(self) -> str:
        """Name the choice that matters most."""
        runs = self.n_base * (len(self.inputs) + 2)
        at = int(np.argmax(self.total))
        return (
            f"{runs} runs: ranks move by {self.mean_shift:.2f} on average; "
            f"{self.inputs[at]} matters most, total effect {self.total[at]:.2f} "
            f"[{self.total_lower[at]:.2f}, {self.total_upper[at]:.2f}]. "
            f"{self.n_failed} of {self.n_base} base samples were impossible."
        )

    def _draw(self, ax: Axes) -> None:
        at = np.arange(len(self.inputs))
        ax.bar(at - 0.2, self.first, 0.4, label="first")
        ax.bar(at + 0.2, self.total, 0.4, label="total")
        ax.set_xticks(at, list(self.inputs), rotation=45, ha="right")
        ax.set_ylabel("share of variance")
        ax.legend()


@dataclass(frozen=True, eq=False, kw_only=True)
class ElementRemoval(Result):
    """What happens to the ranks when one node is left out.

    Parameters
    ----------
    node
        Indicators and pillars; every array below has their shape.
    level
        1 for indicators, more for pillars.
    shift
        Mean absolute rank change; NaN where nothing would be left.
    largest
        Largest absolute rank change.
    """

    node: tuple[str, ...]
    level: IntArray
    shift: FloatArray
    largest: FloatArray

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per node; `value` is the mean absolute rank change."""
        return {
            "node": list(self.node),
            "level": self.level,
            "value": self.shift,
            "largest": self.largest,
        }

    def summary(self) -> str:
        """Name the node whose removal matters most."""
        if np.isnan(self.shift).all():
            return f"{len(self.node)} nodes, none of which can be removed."
        at = int(np.nanargmax(self.shift))
        return (
            f"{len(self.node)} nodes: without {self.node[at]} ranks move most, by "
            f"{self.shift[at]:.2f} on average."
        )

    def _draw(self, ax: Axes) -> None:
        draw_bars(ax, self.node, self.shift, "mean absolute rank change")
