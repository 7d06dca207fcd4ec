"""Results of what a region could take up: options, partners, paths, declarations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from agglo.core.results import ColumnData, Result
from agglo.relatedness.relatedness_results import grid

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from agglo.core.typing import BoolArray, FloatArray
    from agglo.relatedness.backtest import EntryBacktest

__all__ = [
    "ComplementarityDensity",
    "DeclaredPriorities",
    "DiffusionPath",
    "OptimalEntries",
    "Portfolio",
]

_BLUE = "#3b6ea5"


@dataclass(frozen=True, eq=False, kw_only=True)
class Portfolio(Result):
    """Options of the regions, one row each, by cost and benefit.

    Parameters
    ----------
    region, activity
        Labels of the rows, shape (n,): what the region lacks.
    density, complexity
        How near (low cost) and how complex (high benefit) it is.
    quadrant
        ``"high_road"``, ``"slow_road"``, ``"casino"``, ``"dead_end"`` or ``"unscored"``.
    certainty
        Share of redrawn tables in which the option falls in this quadrant; NaN when not
        redrawn.
    size, growth
        As given per activity; NaN without.
    density_split, complexity_split
        Where low ends and high begins, per row.
    backtest
        How density did out of time; ``None`` when not tested.
    """

    region: NDArray[np.str_]
    activity: NDArray[np.str_]
    density: FloatArray
    complexity: FloatArray
    quadrant: NDArray[np.str_]
    certainty: FloatArray
    size: FloatArray
    growth: FloatArray
    density_split: FloatArray
    complexity_split: FloatArray
    backtest: EntryBacktest | None

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per region and option."""
        return {
            "region": self.region,
            "industry": self.activity,
            "density": self.density,
            "complexity": self.complexity,
            "quadrant": self.quadrant,
            "certainty": self.certainty,
            "size": self.size,
            "growth": self.growth,
            "density_split": self.density_split,
            "complexity_split": self.complexity_split,
        }

    def summary(self) -> str:
        """Count the quadrants and say how density did out of time."""
        names, count = np.unique(self.quadrant, return_counts=True)
        parts = [f"{c} {n}" for n, c in zip(names, count, strict=True)]
        tested = "not back-tested: density has not been shown to foretell entry here"
        if self.backtest is not None:
            b = self.backtest
            tested = (
                f"back-test {b.trained} to {b.tested}: AUC within regions "
                f"{b.auc_within[0]:.3f} ({b.low[0]:.3f} to {b.high[0]:.3f})"
            )
        return "\n".join(
            [
                f"{self.activity.size} options in {np.unique(self.region).size} regions"
                + (f": {', '.join(parts)}" if parts else ""),
                tested,
                "Source: Balland et al. 2019, doi:10.1080/00343404.2018.1437900",
            ]
        )

    def _draw(self, ax: Axes) -> None:
        for name in np.unique(self.quadrant):
            here = self.quadrant == name
            ax.scatter(self.density[here], self.complexity[here], s=10, label=name)
        ax.set_xlabel("relatedness density")
        ax.set_ylabel("complexity")
        if self.quadrant.size:
            ax.legend()


@dataclass(frozen=True, eq=False, kw_only=True)
class ComplementarityDensity(Result):
    """Related capabilities that partners have and the region lacks.

    Parameters
    ----------
    region, activity
        Labels, shapes (n_regions,) and (n_activities,).
    values
        Shape (n_regions, n_activities), 0 to 1.
    has_links
        Whether the region has a partner, shape (n_regions,); without, the values are 0.
    """

    region: NDArray[np.str_]
    activity: NDArray[np.str_]
    values: FloatArray
    has_links: BoolArray

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per region and activity."""
        return {
            **grid(self.region, self.activity),
            "value": self.values.ravel(),
            "has_links": np.repeat(self.has_links, self.activity.size),
        }

    def summary(self) -> str:
        """Say how much partners offer."""
        known = self.values[self.has_links]
        known = known[np.isfinite(known)]
        mean = known.mean() if known.size else float("nan")
        return "\n".join(
            [
                f"complementarity of {self.activity.size} activities in "
                f"{self.region.size} regions, {int(self.has_links.sum())} with partners: "
                f"mean {mean:.4f}",
                *(f"note: {w}" for w in self.provenance.warnings),
            ]
        )

    def _draw(self, ax: Axes) -> None:
        ax.hist(self.values[np.isfinite(self.values)], bins=40, color=_BLUE)
        ax.set_xlabel("complementarity density")


@dataclass(frozen=True, eq=False, kw_only=True)
class DiffusionPath(Result):
    """Order in which activities are taken up, and how long it takes.

    Parameters
    ----------
    activity
        In the order in which they are taken up, shape (n,).
    chance
        Chance per period when its turn comes.
    expected_periods
        1 / chance.
    unreachable
        Activities no path leads to.
    strategy
        How the next was chosen.
    """

    activity: NDArray[np.str_]
    chance: FloatArray
    expected_periods: FloatArray
    unreachable: NDArray[np.str_]
    strategy: str

    @property
    def total_periods(self) -> float:
        """Expected time until everything that can be reached is there, in periods."""
        return float(self.expected_periods.sum())

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per step."""
        return {
            "step": np.arange(1, self.activity.size + 1),
            "industry": self.activity,
            "chance": self.chance,
            "expected_periods": self.expected_periods,
        }

    def summary(self) -> str:
        """Say how long the path takes."""
        return (
            f"'{self.strategy}': {self.activity.size} activities in "
            f"{self.total_periods:.2f} expected periods, {self.unreachable.size} "
            "unreachable"
        )

    def _draw(self, ax: Axes) -> None:
        ax.step(
            np.cumsum(self.expected_periods),
            np.arange(1, self.activity.size + 1),
            where="post",
        )
        ax.set_xlabel("expected periods")
        ax.set_ylabel("activities taken up")


@dataclass(frozen=True, eq=False, kw_only=True)
class OptimalEntries(Result):
    """Cheapest set of options that lifts a region's mean complexity to a target.

    Parameters
    ----------
    activity
        What to take up, shape (n,); empty when the target is already met.
    cost, complexity
        Of each.
    total_cost
        Sum of `cost`.
    start, reached, target
        Mean complexity before and after, and the one asked for.
    region
        Which region.
    """

    activity: NDArray[np.str_]
    cost: FloatArray
    complexity: FloatArray
    total_cost: float
    start: float
    reached: float
    target: float
    region: str

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per chosen option."""
        return {
            "industry": self.activity,
            "cost": self.cost,
            "complexity": self.complexity,
        }

    def summary(self) -> str:
        """Say what is chosen and what it reaches."""
        return (
            f"{self.region}: {self.activity.size} entries at cost {self.total_cost:.4f} "
            f"lift the mean complexity from {self.start:.4f} to {self.reached:.4f} "
            f"(target {self.target:g})"
        )

    def _draw(self, ax: Axes) -> None:
        ax.scatter(self.cost, self.complexity, s=14, color=_BLUE)
        ax.set_xlabel("cost")
        ax.set_ylabel("complexity")


@dataclass(frozen=True, eq=False, kw_only=True)
class DeclaredPriorities(Result):
    """How far declared priorities are where a region's scores are high.

    Parameters
    ----------
    region
        Regions of the scores, shape (n_regions,).
    criterion
        Names of the scores, length n_criteria.
    alignment
        Mean percentile (0 to 1) within the region of what it declares, shape
        (n_criteria, n_regions); NaN without a declaration.
    percentile
        Share of exchanged declarations that do worse (ties a half), same shape.
    p_value
        One-sided, of an alignment at least as high, same shape.
    overall, overall_p
        Mean over regions, shape (n_criteria,), and its p-value.
    unmatched
        Domains without an activity of the scores.
    """

    region: NDArray[np.str_]
    criterion: tuple[str, ...]
    alignment: FloatArray
    percentile: FloatArray
    p_value: FloatArray
    overall: FloatArray
    overall_p: FloatArray
    unmatched: NDArray[np.str_]

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per criterion and region."""
        n = self.region.size
        words = pa.array(self.region.tolist(), pa.string())
        return {
            "criterion": np.repeat(np.array(self.criterion), n),
            "region": words.take(pa.array(np.tile(np.arange(n), len(self.criterion)))),
            "alignment": self.alignment.ravel(),
            "percentile": self.percentile.ravel(),
            "p_value": self.p_value.ravel(),
        }

    def summary(self) -> str:
        """Give the mean alignment of every criterion."""
        some = int(np.isfinite(self.alignment).any(axis=0).sum())
        lines = [
            f"{c}: mean alignment {a:.3f}, p {p:.3f}"
            for c, a, p in zip(
                self.criterion, self.overall, self.overall_p, strict=True
            )
        ]
        return "\n".join(
            [
                f"declared priorities of {some} of {self.region.size} regions; "
                f"{self.unmatched.size} domains without an activity",
                *lines,
            ]
        )

    def _draw(self, ax: Axes) -> None:
        for k, name in enumerate(self.criterion):
            known = self.alignment[k][np.isfinite(self.alignment[k])]
            ax.hist(known, bins=20, alpha=0.6, label=name)
        ax.set_xlabel("mean percentile of what is declared")
        ax.legend()
