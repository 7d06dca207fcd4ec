"""Results of the statistics of indicators."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from agglo.core.results import ColumnData, Result
from agglo.evaluation.results import draw_bars

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from agglo.core.typing import BoolArray, FloatArray, IntArray

__all__ = [
    "IndicatorCorrelations",
    "IndicatorImportance",
    "IndicatorStatistics",
    "StrengthsAndWeaknesses",
]


@dataclass(frozen=True, eq=False, kw_only=True)
class IndicatorStatistics(Result):
    """Location, shape and completeness of every indicator.

    Parameters
    ----------
    indicator
        Names; everything below has their length.
    known_share, nonzero_share, unique_share
        Known values over rows; values other than zero and different values over known ones.
    minimum, median, mean, maximum, sd
        In the indicator's own unit; sd with n - 1.
    skewness, kurtosis
        Sample skewness and excess kurtosis.
    flags
        Remarks, separated by semicolons.
    """

    indicator: tuple[str, ...]
    known_share: FloatArray
    nonzero_share: FloatArray
    unique_share: FloatArray
    minimum: FloatArray
    median: FloatArray
    mean: FloatArray
    maximum: FloatArray
    sd: FloatArray
    skewness: FloatArray
    kurtosis: FloatArray
    flags: tuple[str, ...]

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per indicator."""
        return {
            "indicator": list(self.indicator),
            "known_share": self.known_share,
            "nonzero_share": self.nonzero_share,
            "unique_share": self.unique_share,
            "minimum": self.minimum,
            "median": self.median,
            "mean": self.mean,
            "maximum": self.maximum,
            "sd": self.sd,
            "skewness": self.skewness,
            "kurtosis": self.kurtosis,
            "flags": list(self.flags),
        }

    def summary(self) -> str:
        """Say how many indicators are flagged, and which."""
        marked = [
            f"  {n}: {f}" for n, f in zip(self.indicator, self.flags, strict=True) if f
        ]
        head = f"{len(self.indicator)} indicators, {len(marked)} flagged"
        return "\n".join([head, *marked[:20]])

    def _draw(self, ax: Axes) -> None:
        draw_bars(ax, self.indicator, self.known_share, "share of values known")


@dataclass(frozen=True, eq=False, kw_only=True)
class IndicatorCorrelations(Result):
    """How pairs of indicators go together.

    Parameters
    ----------
    first, second
        The pair; everything below has their length.
    same_pillar
        Whether both have the same parent.
    correlation, p, n
        On oriented values; two-sided p-value; rows used.
    flag
        ``"high"``, ``"negative"`` (within a pillar), or empty.
    alpha
        Pillar to Cronbach's alpha of its indicators, where there are two or more.
    method
        As asked.
    """

    first: NDArray[np.str_]
    second: NDArray[np.str_]
    same_pillar: BoolArray
    correlation: FloatArray
    p: FloatArray
    n: IntArray
    flag: NDArray[np.str_]
    alpha: Mapping[str, float]
    method: str

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per pair; `value` is the correlation."""
        return {
            "first": self.first,
            "second": self.second,
            "same_pillar": self.same_pillar,
            "value": self.correlation,
            "p": self.p,
            "n": self.n,
            "flag": self.flag,
        }

    def summary(self) -> str:
        """Count flagged pairs and give alpha by pillar."""
        high = int(np.count_nonzero(self.flag == "high"))
        negative = int(np.count_nonzero(self.flag == "negative"))
        lines = [
            f"{self.first.size} pairs ({self.method}): {high} high, {negative} negative "
            "within a pillar."
        ]
        lines += [f"  alpha of {n}: {a:.3f}" for n, a in self.alpha.items()]
        return "\n".join(lines)

    def _draw(self, ax: Axes) -> None:
        names = sorted({*self.first.tolist(), *self.second.tolist()})
        at = {n: i for i, n in enumerate(names)}
        grid = np.eye(len(names))
        for a, b, r in zip(self.first, self.second, self.correlation, strict=True):
            grid[at[a], at[b]] = grid[at[b], at[a]] = r
        ax.imshow(grid, vmin=-1, vmax=1, cmap="RdBu_r")
        ax.set_xticks(range(len(names)), names, rotation=90, fontsize=6)
        ax.set_yticks(range(len(names)), names, fontsize=6)


@dataclass(frozen=True, eq=False, kw_only=True)
class IndicatorImportance(Result):
    """What the weights say, and what the index follows.

    Parameters
    ----------
    node
        Indicators and pillars; everything below has their length.
    level
        1 for indicators, more for pillars.
    weight
        Effective weight.
    importance, share
        Squared correlation with the index, and its share within the level.
    correlation
        With the index.
    """

    node: tuple[str, ...]
    level: IntArray
    weight: FloatArray
    importance: FloatArray
    share: FloatArray
    correlation: FloatArray

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per node; `value` is the squared correlation."""
        return {
            "node": list(self.node),
            "level": self.level,
            "weight": self.weight,
            "value": self.importance,
            "share": self.share,
            "correlation": self.correlation,
        }

    def summary(self) -> str:
        """Name the node whose share differs most from its weight."""
        gap = np.abs(self.share - self.weight)
        if np.isnan(gap).all():
            return f"{len(self.node)} nodes, none of which varies with the index."
        at = int(np.nanargmax(gap))
        return (
            f"{len(self.node)} nodes: {self.node[at]} differs most, effective weight "
            f"{self.weight[at]:.3f}, share of importance {self.share[at]:.3f}."
        )

    def _draw(self, ax: Axes) -> None:
        ax.scatter(self.weight, self.share)
        ax.axline((0, 0), slope=1, color="0.7")
        ax.set_xlabel("effective weight")
        ax.set_ylabel("share of importance")


@dataclass(frozen=True, eq=False, kw_only=True)
class StrengthsAndWeaknesses(Result):
    """Where a unit is best and worst placed.

    Parameters
    ----------
    unit, period
        Who.
    indicator
        Names, best first; everything below has their length.
    side
        ``"strength"`` or ``"weakness"``.
    rank, ahead_share
        Rank among the units, and the share of the others that it is ahead of.
    score
        Normalised value.
    """

    unit: str
    period: str
    indicator: tuple[str, ...]
    side: tuple[str, ...]
    rank: FloatArray
    ahead_share: FloatArray
    score: FloatArray

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per indicator; `value` is the normalised score."""
        return {
            "indicator": list(self.indicator),
            "side": list(self.side),
            "rank": self.rank,
            "ahead_share": self.ahead_share,
            "value": self.score,
        }

    def summary(self) -> str:
        """Name both ends."""
        lines = [
            f"{self.unit} {self.period}".strip() + f", {len(self.side)} indicators"
        ]
        lines += [
            f"  {s}: {n}, rank {r:.0f}"
            for s, n, r in zip(self.side, self.indicator, self.rank, strict=True)
        ]
        return "\n".join(lines)

    def _draw(self, ax: Axes) -> None:
        draw_bars(ax, self.indicator, self.ahead_share, "share of others behind")
