"""Results of complexity: the eigenvector index, reflections, fitness."""

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

    from agglo.core.typing import FloatArray
    from agglo.relatedness.convention import Convention

__all__ = ["Complexity", "ComplexityOutlook", "Fitness", "Reflections"]


def rank(values: FloatArray) -> FloatArray:
    """Rank from 1 for the highest; ties share the best rank, NaN has none."""
    out = np.full(values.size, np.nan)
    known = np.isfinite(values)
    ordered = np.sort(-values[known])
    out[known] = np.searchsorted(ordered, -values[known], side="left") + 1.0
    return out


def _two_sided(
    region: NDArray[np.str_], activity: NDArray[np.str_]
) -> dict[str, ColumnData]:
    words = pa.array(["region", "industry"], pa.string())
    sides = np.repeat([0, 1], [region.size, activity.size])
    return {
        "kind": words.take(pa.array(sides)),
        "label": pa.array([*region.tolist(), *activity.tolist()], pa.string()),
    }


def _top(label: NDArray[np.str_], values: FloatArray, n: int = 3) -> str:
    order = np.argsort(-values, kind="stable")[: min(n, int(np.isfinite(values).sum()))]
    return ", ".join(f"{label[k]} {values[k]:.3f}" for k in order)


@dataclass(frozen=True, eq=False, kw_only=True)
class Complexity(Result):
    """Complexity of regions (ECI) and of activities (PCI).

    Parameters
    ----------
    region, activity
        Labels, shapes (n_regions,) and (n_activities,).
    eci, pci
        The indices; NaN for what was left out.
    raw_eci, raw_pci
        The same before scaling, the sign already fixed.
    diversity, ubiquity
        Sums of the presence.
    eigenvalues
        The largest (the trivial 1 first); empty for other indices.
    anchor
        What fixed the sign; empty for other indices.
    anchor_correlation
        Correlation of the regions' and of the activities' vector with the anchor, sign
        already fixed; NaN where the anchor does not speak of them.
    convention
        The convention.
    """

    region: NDArray[np.str_]
    activity: NDArray[np.str_]
    eci: FloatArray
    pci: FloatArray
    raw_eci: FloatArray
    raw_pci: FloatArray
    diversity: FloatArray
    ubiquity: FloatArray
    eigenvalues: FloatArray
    anchor: str
    anchor_correlation: tuple[float, float]
    convention: Convention

    @property
    def gap(self) -> float:
        """Second less third eigenvalue; near 0 the second vector is not unique."""
        if self.eigenvalues.size < 2:
            return float("nan")
        third = self.eigenvalues[2] if self.eigenvalues.size > 2 else 0.0
        return float(self.eigenvalues[1] - third)

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per region and per activity; rank 1 is the most complex."""
        return {
            **_two_sided(self.region, self.activity),
            "value": np.concatenate([self.eci, self.pci]),
            "rank": np.concatenate([rank(self.eci), rank(self.pci)]),
            "degree": np.concatenate([self.diversity, self.ubiquity]),
        }

    def summary(self) -> str:
        """Say who leads, how the index is scaled and what fixed its sign."""
        rule = self.convention
        lines = [
            f"complexity ('{rule.index}') of {int(np.isfinite(self.eci).sum())} of "
            f"{self.region.size} regions and {int(np.isfinite(self.pci).sum())} of "
            f"{self.activity.size} activities",
            f"most complex regions: {_top(self.region, self.eci)}",
            f"most complex activities: {_top(self.activity, self.pci)}",
        ]
        if self.eigenvalues.size:
            one, other = self.anchor_correlation
            lines.append(
                f"scaling '{rule.scaling}'; second eigenvalue {self.eigenvalues[1]:.4f}, "
                f"{self.gap:.4f} above the third; "
                f"sign by '{self.anchor}' (correlation {one:.3f}, {other:.3f})"
            )
        lines += [f"note: {w}" for w in self.provenance.warnings]
        return "\n".join(lines)

    def _draw(self, ax: Axes) -> None:
        ax.scatter(self.diversity, self.eci, s=12, color="#3b6ea5")
        ax.set_xlabel("diversity")
        ax.set_ylabel("complexity of the region")


@dataclass(frozen=True, eq=False, kw_only=True)
class Reflections(Result):
    """Iterated averages of diversity and ubiquity.

    Parameters
    ----------
    region, activity
        Labels, shapes (n_regions,) and (n_activities,).
    k_region
        Orders 0 (diversity) to n - 1, shape (n_regions, n); NaN for the empty.
    k_activity
        Orders 0 (ubiquity) to n - 1, shape (n_activities, n).
    """

    region: NDArray[np.str_]
    activity: NDArray[np.str_]
    k_region: FloatArray
    k_activity: FloatArray

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per region or activity and order."""
        n = self.k_region.shape[1]
        sides = _two_sided(self.region, self.activity)
        at = pa.array(np.repeat(np.arange(self.region.size + self.activity.size), n))
        return {
            **{k: pa.array(v).take(at) for k, v in sides.items()},
            "order": np.tile(np.arange(n), at.__len__() // n),
            "value": np.concatenate([self.k_region.ravel(), self.k_activity.ravel()]),
        }

    def summary(self) -> str:
        """Say how many orders there are."""
        n = self.k_region.shape[1]
        return (
            f"reflections of order 0 to {n - 1}: {self.region.size} regions, "
            f"{self.activity.size} activities; even orders of regions and odd orders of "
            "activities are the complexity-like ones"
        )

    def _draw(self, ax: Axes) -> None:
        low, high = self.k_region[:, 0], self.k_region[:, 1]
        ax.scatter(low, high, s=12, color="#3b6ea5")
        ax.set_xlabel("diversity (order 0)")
        ax.set_ylabel("mean ubiquity of what is present (order 1)")


@dataclass(frozen=True, eq=False, kw_only=True)
class Fitness(Result):
    """Fitness of regions and quality of activities, each with mean 1.

    Parameters
    ----------
    region, activity
        Labels, shapes (n_regions,) and (n_activities,).
    fitness, quality
        The fixed point, or where the iteration stopped; NaN for the empty.
    diversity, ubiquity
        Sums of the presence.
    steps
        Iterations made.
    change
        Largest relative change of the last one.
    n_vanishing
        Values below 1e-12: they tend to 0 and have no order among themselves.
    """

    region: NDArray[np.str_]
    activity: NDArray[np.str_]
    fitness: FloatArray
    quality: FloatArray
    diversity: FloatArray
    ubiquity: FloatArray
    steps: int
    change: float
    n_vanishing: int

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per region and per activity; rank 1 is the fittest."""
        return {
            **_two_sided(self.region, self.activity),
            "value": np.concatenate([self.fitness, self.quality]),
            "rank": np.concatenate([rank(self.fitness), rank(self.quality)]),
            "degree": np.concatenate([self.diversity, self.ubiquity]),
        }

    def summary(self) -> str:
        """Say who is fittest and how far the iteration came."""
        return "\n".join(
            [
                f"fitness of {self.region.size} regions after {self.steps} steps: "
                f"{_top(self.region, self.fitness)}",
                f"last relative change {self.change:.2g}; {self.n_vanishing} values "
                "below 1e-12",
            ]
        )

    def _draw(self, ax: Axes) -> None:
        ax.scatter(self.diversity, self.fitness, s=12, color="#3b6ea5")
        ax.set_xlabel("diversity")
        ax.set_ylabel("fitness")


@dataclass(frozen=True, eq=False, kw_only=True)
class ComplexityOutlook(Result):
    """Complexity near a region, and what each activity would open.

    Parameters
    ----------
    region, activity
        Labels, shapes (n_regions,) and (n_activities,).
    outlook
        Complexity of what a region lacks, weighted by density, shape (n_regions,).
    gain
        What taking up an activity opens, shape (n_regions, n_activities).
    presence
        The presence it was measured with.
    kind
        Which gain.
    """

    region: NDArray[np.str_]
    activity: NDArray[np.str_]
    outlook: FloatArray
    gain: FloatArray
    presence: FloatArray
    kind: str

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per region and activity; the outlook repeats over activities."""
        return {
            **grid(self.region, self.activity),
            "value": self.gain.ravel(),
            "presence": self.presence.ravel(),
            "outlook": np.repeat(self.outlook, self.activity.size),
        }

    def summary(self) -> str:
        """Say which regions have the best outlook."""
        return "\n".join(
            [
                f"complexity outlook of {self.region.size} regions: "
                f"{_top(self.region, self.outlook)}; gain '{self.kind}'",
                *(f"note: {w}" for w in self.provenance.warnings),
            ]
        )

    def _draw(self, ax: Axes) -> None:
        order = np.argsort(-self.outlook, kind="stable")[:25][::-1]
        ax.barh(np.arange(order.size), self.outlook[order], color="#3b6ea5")
        ax.set_yticks(np.arange(order.size), [str(self.region[k]) for k in order])
        ax.set_xlabel("complexity outlook")
