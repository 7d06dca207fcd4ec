"""Results of presence, proximity, density and complexity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from agglo.core.results import ColumnData, Result, frozen_array

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from agglo.core.tables import RegionActivity
    from agglo.core.typing import FloatArray
    from agglo.relatedness.convention import Convention

__all__ = [
    "Cooccurrence",
    "Presence",
    "Proximity",
    "RelatednessDensity",
    "RelativeRelatedness",
    "Trimming",
]

_STATES = ("known", "missing", "confidential")
_BLUE = "#3b6ea5"


def sealed(values: FloatArray) -> FloatArray:
    """Make an array that nobody else holds read-only, without the copy of a large one."""
    values.setflags(write=False)
    return frozen_array(values)


def grid(region: NDArray[np.str_], activity: NDArray[np.str_]) -> dict[str, ColumnData]:
    """Give the label columns of a regions x activities table in row order."""
    rows = pa.array(np.repeat(np.arange(region.size), activity.size))
    columns = pa.array(np.tile(np.arange(activity.size), region.size))
    return {
        "region": pa.array(region.tolist(), pa.string()).take(rows),
        "industry": pa.array(activity.tolist(), pa.string()).take(columns),
    }


@dataclass(frozen=True, eq=False, kw_only=True)
class Presence(Result):
    """Which activity is present in which region.

    Parameters
    ----------
    region, activity
        Labels, shapes (n_regions,) and (n_activities,).
    values
        Presence in [0, 1], shape (n_regions, n_activities); NaN where the cell is unknown.
    advantage
        The quotient behind it (per inhabitant with ``"rpop"``, the given values with
        ``"manual"``); NaN where it is 0/0 or unknown.
    state
        0 known, 1 missing, 2 confidential, per cell.
    diversity
        Sum of the presence of a region; NaN with an unknown cell.
    ubiquity
        Sum of the presence of an activity; NaN with an unknown cell.
    convention
        The convention it was made under.
    """

    region: NDArray[np.str_]
    activity: NDArray[np.str_]
    values: FloatArray
    advantage: FloatArray
    state: NDArray[np.int8]
    diversity: FloatArray
    ubiquity: FloatArray
    convention: Convention

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per region and activity."""
        words = pa.array(_STATES, pa.string())
        return {
            **grid(self.region, self.activity),
            "value": self.values.ravel(),
            "advantage": self.advantage.ravel(),
            "state": words.take(pa.array(self.state.ravel())),
        }

    def summary(self) -> str:
        """Say how much is present and how much is unknown."""
        known = self.values[np.isfinite(self.values)]
        unknown = self.values.size - known.size
        share = 100 * known.mean() if known.size else float("nan")
        return "\n".join(
            [
                f"presence of {self.activity.size} activities in {self.region.size} "
                f"regions by '{self.convention.presence}': {share:.1f} % of "
                f"{known.size} known cells, {unknown} unknown",
                f"diversity {_span(self.diversity)}; ubiquity {_span(self.ubiquity)}",
                *(f"note: {w}" for w in self.provenance.warnings),
            ]
        )

    def _draw(self, ax: Axes) -> None:
        ax.scatter(self.diversity, self._mean_ubiquity(), s=12, color=_BLUE)
        ax.set_xlabel("diversity of a region")
        ax.set_ylabel("mean ubiquity of what it has")

    def _mean_ubiquity(self) -> FloatArray:
        known = np.nan_to_num(self.values)
        held = known.sum(axis=1)
        with np.errstate(invalid="ignore"):
            out: FloatArray = known @ np.nan_to_num(self.ubiquity) / held
        return out


def _span(values: FloatArray) -> str:
    known = values[np.isfinite(values)]
    if not known.size:
        return "undefined"
    return f"{known.min():g} to {known.max():g} (mean {known.mean():g})"


@dataclass(frozen=True, eq=False, kw_only=True)
class Proximity(Result):
    """How close activities (or regions) are, all pairs.

    Parameters
    ----------
    by
        ``"activity"`` or ``"region"``: what is compared.
    label
        Labels, shape (n,).
    values
        Shape (n, n), row given column order of `label`; NaN where undefined.
    prevalence
        Ubiquity of an activity, or diversity of a region, shape (n,).
    kind
        How the pairs are measured.
    """

    by: str
    label: NDArray[np.str_]
    values: FloatArray
    prevalence: FloatArray
    kind: str

    @property
    def symmetric(self) -> bool:
        """Whether a pair has one value in both directions."""
        return self.kind != "asymmetric"

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per pair; both directions when they differ."""
        a, b = self._pairs()
        words = pa.array(self.label.tolist(), pa.string())
        name = "region" if self.by == "region" else "industry"
        return {
            f"{name}_a": words.take(pa.array(a)),
            f"{name}_b": words.take(pa.array(b)),
            "value": self.values[a, b],
        }

    def _pairs(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        n = self.label.size
        if self.symmetric:
            return np.triu_indices(n)
        a, b = np.indices((n, n))
        return a.ravel(), b.ravel()

    def summary(self) -> str:
        """Say how close pairs are and which pair is closest."""
        a, b = self._pairs()
        a, b = a[a != b], b[a != b]
        known = np.isfinite(self.values[a, b])
        a, b = a[known], b[known]
        what = "activities" if self.by == "activity" else "regions"
        first = f"proximity '{self.kind}' of {self.label.size} {what}: "
        if not a.size:
            return first + "no pair is defined"
        pairs = self.values[a, b]
        top = int(np.argmax(pairs))
        return "\n".join(
            [
                f"{first}mean {pairs.mean():.4f} over {pairs.size} pairs, highest "
                f"{pairs[top]:.4f} ({self.label[a[top]]}-{self.label[b[top]]})",
                *(f"note: {w}" for w in self.provenance.warnings),
            ]
        )

    def _draw(self, ax: Axes) -> None:
        a, b = self._pairs()
        pairs = self.values[a, b][a != b]
        pairs = pairs[np.isfinite(pairs)]
        ax.hist(pairs, bins=min(60, max(5, pairs.size // 5)), color=_BLUE)
        ax.set_xlabel(f"proximity '{self.kind}'")
        ax.set_ylabel("pairs")


@dataclass(frozen=True, eq=False, kw_only=True)
class Cooccurrence(Proximity):
    """Relatedness of activities that occur in the same units.

    Parameters
    ----------
    counts
        Units in which both occur (or fractions of them), zero diagonal, shape (n, n).
    units
        Number of units looked at.
    """

    counts: FloatArray
    units: int

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per pair, with the count behind it."""
        a, b = self._pairs()
        return {**super().columns(), "count": self.counts[a, b]}

    def _pairs(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        return np.triu_indices(self.label.size, 1)


@dataclass(frozen=True, eq=False, kw_only=True)
class RelatednessDensity(Result):
    """How much of what is near an activity a region already has.

    Parameters
    ----------
    region, activity
        Labels, shapes (n_regions,) and (n_activities,).
    values
        Shape (n_regions, n_activities), 0 to 1 (or to 100); NaN where undefined.
    presence
        The presence it was measured with.
    weights
        Weight of the neighbour q (row) in the density of p (column).
    scale
        1 or 100.
    convention
        The convention.
    """

    region: NDArray[np.str_]
    activity: NDArray[np.str_]
    values: FloatArray
    presence: FloatArray
    weights: FloatArray
    scale: int
    convention: Convention

    @property
    def distance(self) -> FloatArray:
        """One (or a hundred) minus the density."""
        return self.scale - self.values

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per region and activity."""
        return {
            **grid(self.region, self.activity),
            "value": self.values.ravel(),
            "distance": self.distance.ravel(),
            "presence": self.presence.ravel(),
        }

    def summary(self) -> str:
        """Say how near regions are to what they have and to what they lack."""
        held, lacking = self.values[self.presence > 0], self.values[self.presence == 0]
        own = "counts" if self.convention.self_in_density else "does not count"
        return "\n".join(
            [
                f"relatedness density of {self.region.size} regions and "
                f"{self.activity.size} activities: mean {_mean(held):.4f} of what is "
                f"present, {_mean(lacking):.4f} of what is absent",
                f"an activity {own} as its own neighbour; scale 0 to {self.scale}",
                *(f"note: {w}" for w in self.provenance.warnings),
            ]
        )

    def _draw(self, ax: Axes) -> None:
        for chosen, name in (
            (self.presence > 0, "present"),
            (self.presence == 0, "absent"),
        ):
            known = self.values[chosen & np.isfinite(self.values)]
            if known.size:
                ax.hist(known, bins=40, density=True, alpha=0.6, label=name)
        ax.set_xlabel("relatedness density")
        ax.legend()


@dataclass(frozen=True, eq=False, kw_only=True)
class RelativeRelatedness(Result):
    """Density against the other options of the region.

    Parameters
    ----------
    region, activity
        Labels, shapes (n_regions,) and (n_activities,).
    values
        Standard deviations above the mean of the region's options; NaN where undefined
        or, with `options_only`, where the activity is present.
    n_options
        Activities that a region lacks and whose density is known, shape (n_regions,).
    ddof
        0 or 1.
    """

    region: NDArray[np.str_]
    activity: NDArray[np.str_]
    values: FloatArray
    n_options: NDArray[np.int64]
    ddof: int

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per region and activity."""
        return {**grid(self.region, self.activity), "value": self.values.ravel()}

    def summary(self) -> str:
        """Say for how many regions there are options to compare."""
        some = int(np.sum(np.isfinite(self.values).any(axis=1)))
        return (
            f"relative relatedness in {some} of {self.region.size} regions, "
            f"{self.activity.size} activities, ddof {self.ddof}"
        )

    def _draw(self, ax: Axes) -> None:
        ax.hist(self.values[np.isfinite(self.values)], bins=40, color=_BLUE)
        ax.set_xlabel("standard deviations above the mean option")


def _mean(values: FloatArray) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else float("nan")


@dataclass(frozen=True, eq=False, kw_only=True)
class Trimming(Result):
    """What was left out before measuring, and the table that is left.

    Parameters
    ----------
    table
        The table that is left.
    kind, label
        ``"region"`` or ``"industry"`` and its label, one per dropped one.
    turn
        Round in which it was dropped; 1 is by totals.
    reason
        Why.
    size
        Its total in the whole table.
    kept_share
        Share of the total that is left.
    """

    table: RegionActivity
    kind: NDArray[np.str_]
    label: NDArray[np.str_]
    turn: NDArray[np.int64]
    reason: NDArray[np.str_]
    size: FloatArray
    kept_share: float

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per dropped region or activity; empty when nothing was dropped."""
        return {
            "kind": self.kind,
            "label": self.label,
            "round": self.turn,
            "reason": self.reason,
            "total": self.size,
        }

    def summary(self) -> str:
        """Say how much is left."""
        regions = int(np.sum(self.kind == "region"))
        return (
            f"{self.table.region.size} regions and {self.table.activity.size} activities "
            f"left with {100 * self.kept_share:.1f} % of the total; dropped {regions} "
            f"regions and {self.kind.size - regions} activities"
        )

    def _draw(self, ax: Axes) -> None:
        reasons, count = np.unique(self.reason, return_counts=True)
        if not reasons.size:
            ax.text(0.5, 0.5, "nothing was dropped", ha="center", va="center")
            return
        ax.barh(np.arange(reasons.size), count, color=_BLUE)
        ax.set_yticks(np.arange(reasons.size), reasons.tolist())
        ax.set_xlabel("dropped")
