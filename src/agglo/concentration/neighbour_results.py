"""Results about nearest neighbours and pairs of two lists."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from agglo.core.results import ColumnData, Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from agglo.core.typing import FloatArray

__all__ = ["ColocationQuotient", "NearestNeighbourIndex", "SiteCrossK"]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class NearestNeighbourIndex(Result):
    """Mean distance to the nearest place beside what the null gives.

    Attributes
    ----------
    index
        Observed over expected; below 1 clustered, above 1 spread out.
    observed_km, expected_km
        Mean distances.
    z, p
        Score and two-sided p-value (normal for ``csr``, simulated for ``universe``).
    n_sites, n_points
        Places and points.
    null, n_draws
        What chance was, and draws from it.
    """

    index: float
    observed_km: float
    expected_km: float
    z: float
    p: float
    n_sites: int
    n_points: int
    null: str
    n_draws: int

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row."""
        return {
            "value": [self.index],
            "observed_km": [self.observed_km],
            "expected_km": [self.expected_km],
            "z": [self.z],
            "p": [self.p],
            "n_sites": [self.n_sites],
            "n_points": [self.n_points],
            "null": [self.null],
        }

    def summary(self) -> str:
        """Give index, distances and p-value."""
        drawn = f", {self.n_draws} draws" if self.n_draws else ""
        return (
            f"Nearest-neighbour index {self.index:.3f}: mean distance "
            f"{self.observed_km:.1f} km, expected {self.expected_km:.1f} km ({self.null})\n"
            f"z = {self.z:.2f}, p = {self.p:.4g}{drawn}; {self.n_sites} places, "
            f"{self.n_points} points"
        )

    def _draw(self, ax: Axes) -> None:
        ax.barh(["observed", "expected"], [self.observed_km, self.expected_km])
        ax.set_xlabel("mean distance to the nearest place, km")


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class ColocationQuotient(Result):
    """Whose nearest neighbour is of which type.

    Attributes
    ----------
    types
        Types, (n_types,).
    values
        Quotient from row to column, (n_types, n_types).
    z
        Score of the closed form, NaN on the diagonal.
    p
        Two-sided permutation p-value, NaN without permutations.
    nearest
        Points of the row's type whose nearest neighbour is of the column's (ties shared).
    null_mean, null_sd
        Of that number in closed form, the row's type fixed and all others dealt anew; NaN
        on the diagonal.
    p_closed
        Two-sided normal p-value of `z`.
    counts
        Points per type.
    duplicate_share
        Share of points that share their place.
    n_draws
        Permutations.
    """

    types: NDArray[np.str_]
    values: FloatArray
    z: FloatArray
    p: FloatArray
    nearest: FloatArray
    null_mean: FloatArray
    null_sd: FloatArray
    p_closed: FloatArray
    counts: FloatArray
    duplicate_share: float
    n_draws: int

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per ordered pair of types."""
        n = self.types.size
        return {
            "type_from": np.repeat(self.types, n),
            "type_to": np.tile(self.types, n),
            "value": self.values.ravel(),
            "z": self.z.ravel(),
            "p": self.p.ravel(),
            "nearest": self.nearest.ravel(),
            "null_mean": self.null_mean.ravel(),
            "null_sd": self.null_sd.ravel(),
            "p_closed": self.p_closed.ravel(),
        }

    def summary(self) -> str:
        """Give the largest quotient and how many differ from chance."""
        tested = np.isfinite(self.p)
        lines = [
            f"Colocation quotients of {self.types.size} types, {int(self.counts.sum())} points"
            f" ({self.duplicate_share:.0%} share their place)"
        ]
        if np.isfinite(self.values).any():
            a, b = np.unravel_index(np.nanargmax(self.values), self.values.shape)
            lines.append(
                f"largest: {self.types[a]} → {self.types[b]} {self.values[a, b]:.2f}; "
                f"p ≤ 0.05 in {int((self.p[tested] <= 0.05).sum())} of {int(tested.sum())}"
            )
        return "\n".join(lines)

    def _draw(self, ax: Axes) -> None:
        drawn = ax.imshow(self.values, cmap="cividis")
        ax.set_xticks(np.arange(self.types.size), self.types, rotation=45, ha="right")
        ax.set_yticks(np.arange(self.types.size), self.types)
        ax.set(xlabel="nearest neighbour", ylabel="point")
        ax.figure.colorbar(drawn, ax=ax)


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class SiteCrossK(Result):
    """Pairs of two lists within a distance, over what random places give.

    Attributes
    ----------
    r_km
        Distances.
    observed, expected
        Pairs, and their mean over the draws.
    ratio
        Observed over expected; NaN where none is expected.
    lower, upper
        Pointwise band of the ratio.
    global_lower, global_upper, p
        Global rank envelope of the ratio and its p-value.
    level, n_universe, n_draws
        Level of the bands, places that could have been chosen, draws.
    """

    r_km: FloatArray
    observed: FloatArray
    expected: FloatArray
    ratio: FloatArray
    lower: FloatArray
    upper: FloatArray
    global_lower: FloatArray
    global_upper: FloatArray
    p: float
    level: float
    n_universe: int
    n_draws: int

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per distance."""
        return {
            "r_km": self.r_km,
            "value": self.ratio,
            "lower": self.lower,
            "upper": self.upper,
            "global_lower": self.global_lower,
            "global_upper": self.global_upper,
            "observed": self.observed,
            "expected": self.expected,
        }

    def summary(self) -> str:
        """Give the ratio at the first and last distance and the global p-value."""
        return (
            f"Pairs within {self.r_km[0]:g} km: {self.ratio[0]:.2f} times chance; within "
            f"{self.r_km[-1]:g} km: {self.ratio[-1]:.2f} times\n"
            f"global p = {self.p:.4g} ({self.n_draws} draws over {self.n_universe} places)"
        )

    def _draw(self, ax: Axes) -> None:
        ax.fill_between(
            self.r_km, self.global_lower, self.global_upper, color="#E5E7EB"
        )
        ax.fill_between(self.r_km, self.lower, self.upper, color="#CBD5E1")
        ax.plot(self.r_km, self.ratio, color="#D55E00")
        ax.axhline(1.0, color="#6B7280", lw=0.8)
        ax.set(xlabel="distance, km", ylabel="pairs, times chance")
