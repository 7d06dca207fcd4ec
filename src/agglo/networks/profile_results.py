"""Results of what kinds of firms tie places, and whether these complement each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from agglo.core.results import ColumnData, Result
from agglo.networks.flow_results import words

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from agglo.core.typing import FloatArray

__all__ = ["Complementarity", "PairCrosstab", "Profiles"]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Profiles(Result):
    """Shares of link ends by class.

    Attributes
    ----------
    region, klass
        Places and classes (of size, or size and group joined by ``"|"``), (n,) and (s,).
    counts
        Ends: applicants once per patent, or ends of directed links, (n, s).
    share, lower, upper
        Share of the ends of the place, with Wilson's interval, (n, s); NaN without ends.
    direction
        Which ends: ``both``, ``out`` or ``in``.
    layer, level
        Layer, and coverage of the intervals.
    """

    region: NDArray[np.str_]
    klass: NDArray[np.str_]
    counts: FloatArray
    share: FloatArray
    lower: FloatArray
    upper: FloatArray
    direction: str
    layer: str
    level: float

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per place and class."""
        a, b = np.indices(self.counts.shape).reshape(2, -1)
        return {
            "region": words(self.region, a),
            "class": words(self.klass, b),
            "ends": self.counts.ravel(),
            "share": self.share.ravel(),
            "lower": self.lower.ravel(),
            "upper": self.upper.ravel(),
        }

    def summary(self) -> str:
        """Give the shares of all ends together."""
        total = self.counts.sum(axis=0)
        whole = total.sum()
        parts = [
            f"{k} {c / whole:.1%}" for k, c in zip(self.klass, total, strict=True) if c
        ]
        return (
            f"layer {self.layer}: {whole:g} ends ({self.direction}) in "
            f"{self.region.size} places: " + ", ".join(parts[:8])
        )

    def _draw(self, ax: Axes) -> None:
        left = np.zeros(self.region.size)
        place = np.arange(self.region.size)[::-1]
        for s, name in enumerate(self.klass[:8]):
            width = np.nan_to_num(self.share[:, s])
            ax.barh(place, width, left=left, label=str(name))
            left = left + width
        ax.set_yticks(place, self.region.tolist())
        ax.set_xlabel("share of ends")
        ax.legend()


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Complementarity(Result):
    """How different the profiles of all pairs of places are.

    Attributes
    ----------
    region
        Places, (n,).
    difference
        K: half the sum of absolute differences, (n, n); NaN without ends.
    cosine_distance
        One minus the cosine, (n, n).
    rank
        1 for the pair that differs most, ties share the smallest rank, (n, n).
    p
        One-sided p against permuted classes, (n, n); NaN without draws.
    directional
        Whether rows are profiles of out-ends and columns of in-ends.
    n_pairs, n_draws
        Pairs that are ranked, draws.
    """

    region: NDArray[np.str_]
    difference: FloatArray
    cosine_distance: FloatArray
    rank: FloatArray
    p: FloatArray
    directional: bool
    n_pairs: int
    n_draws: int

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per pair, both directions when they differ."""
        a, b = self._pairs()
        return {
            "region_a": words(self.region, a),
            "region_b": words(self.region, b),
            "difference": self.difference[a, b],
            "cosine_distance": self.cosine_distance[a, b],
            "rank": self.rank[a, b],
            "p": self.p[a, b],
        }

    def _pairs(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        n = self.region.size
        if not self.directional:
            return np.triu_indices(n, 1)
        a, b = np.indices((n, n)).reshape(2, -1)
        return a[a != b], b[a != b]

    def summary(self) -> str:
        """Name the pair that differs most."""
        a, b = self._pairs()
        value = self.difference[a, b]
        if not np.isfinite(value).any():
            return "no two places have ends of links to compare"
        k = int(np.nanargmax(value))
        return (
            f"{self.n_pairs} pairs of places; most different: {self.region[a[k]]} and "
            f"{self.region[b[k]]}, K {value[k]:.3f}, p {self.p[a[k], b[k]]:.3g} "
            f"({self.n_draws} draws)"
        )

    def _draw(self, ax: Axes) -> None:
        drawn = ax.imshow(self.difference, cmap="cividis")
        ticks = np.arange(self.region.size)
        ax.set_xticks(ticks, self.region.tolist(), rotation=90)
        ax.set_yticks(ticks, self.region.tolist())
        ax.figure.colorbar(drawn, ax=ax, label="difference of profiles")


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class PairCrosstab(Result):
    """Classes of firms at both ends of the links between two places.

    Attributes
    ----------
    place_a, place_b
        The two places.
    klass
        Classes, (s,).
    weight, expected, ratio
        Weight of links with class k in a and l in b; what the layer's pooled ends give;
        observed over expected, NaN where nothing is expected, (s, s).
    large_with_small, large_with_small_expected
        Share of the weight that ties a large firm of a with a smaller one of b.
    odds_ratio, lower, upper, p
        Odds of a large end in a against b, its interval and two-sided p.
    ends
        Large and other ends (rows a, b) behind the odds ratio, (2, 2).
    events
        Distinct events between the two places.
    level
        Coverage of the interval.
    """

    place_a: str
    place_b: str
    klass: NDArray[np.str_]
    weight: FloatArray
    expected: FloatArray
    ratio: FloatArray
    large_with_small: float
    large_with_small_expected: float
    odds_ratio: float
    lower: float
    upper: float
    p: float
    ends: FloatArray
    events: int
    level: float

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per pair of classes."""
        a, b = np.indices(self.weight.shape).reshape(2, -1)
        return {
            "class_a": words(self.klass, a),
            "class_b": words(self.klass, b),
            "weight": self.weight.ravel(),
            "expected": self.expected.ravel(),
            "ratio": self.ratio.ravel(),
        }

    def summary(self) -> str:
        """Give the odds ratio and the share of large with smaller firms."""
        return (
            f"{self.place_a} and {self.place_b}: {self.events} events; odds of a large end "
            f"{self.odds_ratio:.2f} ({self.lower:.2f} to {self.upper:.2f}); large of "
            f"{self.place_a} with smaller of {self.place_b} {self.large_with_small:.1%}, "
            f"expected {self.large_with_small_expected:.1%}"
        )

    def _draw(self, ax: Axes) -> None:
        drawn = ax.imshow(self.ratio, cmap="RdBu_r", vmin=0.0, vmax=2.0)
        ticks = np.arange(self.klass.size)
        ax.set_xticks(ticks, self.klass.tolist())
        ax.set_yticks(ticks, self.klass.tolist())
        ax.set(xlabel=self.place_b, ylabel=self.place_a)
        ax.figure.colorbar(drawn, ax=ax, label="observed / expected")
