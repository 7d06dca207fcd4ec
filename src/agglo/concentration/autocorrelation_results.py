"""Results of spatial autocorrelation."""

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

__all__ = ["LocalMoran", "Moran"]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Moran(Result):
    """Moran's I of a map.

    Attributes
    ----------
    i
        The index; NaN for constant values.
    expectation, sd_normal, z_normal
        Moments under normality and the score; no score for two variables.
    p
        Permutation p-value.
    simulated
        I of the permutations, (n_draws,).
    n, n_draws
        Places and permutations.
    alternative
        Side of p.
    weights_kind
        How the neighbours were chosen.
    lagged
        The other variable, empty for one variable.
    """

    i: float
    expectation: float
    sd_normal: float
    z_normal: float
    p: float
    simulated: FloatArray
    n: int
    n_draws: int
    alternative: str
    weights_kind: str
    lagged: str

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row."""
        return {
            "value": [self.i],
            "expectation": [self.expectation],
            "sd_normal": [self.sd_normal],
            "z_normal": [self.z_normal],
            "p": [self.p],
            "n": [self.n],
            "n_draws": [self.n_draws],
        }

    def summary(self) -> str:
        """Give index, expectation and p-value."""
        what = f" against the lag of {self.lagged}" if self.lagged else ""
        return (
            f"Moran's I{what}: {self.i:.4f} (expected {self.expectation:.4f})\n"
            f"p = {self.p:.4g} ({self.alternative}, {self.n_draws} permutations), "
            f"{self.n} places, neighbours: {self.weights_kind}"
        )

    def _draw(self, ax: Axes) -> None:
        ax.hist(self.simulated[np.isfinite(self.simulated)], bins=30, color="#9CA3AF")
        ax.axvline(self.i, color="#D55E00")
        ax.set(xlabel="Moran's I of permuted maps", ylabel="maps")


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class LocalMoran(Result):
    """Local Moran statistics.

    Attributes
    ----------
    region
        Places.
    i
        Local index; NaN for islands.
    value, lag
        Value of the place (transformed) and mean of its neighbours in standard scores.
    quadrant
        ``high-high``, ``low-low``, ``high-low``, ``low-high``, empty where undefined.
    p, q
        Two-sided permutation p-value and its false discovery rate.
    n_draws
        Permutations.
    weights_kind
        How the neighbours were chosen.
    """

    region: NDArray[np.str_]
    i: FloatArray
    value: FloatArray
    lag: FloatArray
    quadrant: NDArray[np.str_]
    p: FloatArray
    q: FloatArray
    n_draws: int
    weights_kind: str

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per place."""
        return {
            "region": self.region,
            "value": self.i,
            "level": self.value,
            "lag": self.lag,
            "quadrant": self.quadrant,
            "p": self.p,
            "q": self.q,
        }

    def summary(self) -> str:
        """Count the places that stand out."""
        found = self.q <= 0.05
        counts = [
            f"{name} {int((found & (self.quadrant == name)).sum())}"
            for name in ("high-high", "low-low", "high-low", "low-high")
        ]
        return (
            f"Local Moran: {int(found.sum())} of {int(np.isfinite(self.p).sum())} places "
            f"with q ≤ 0.05: {', '.join(counts)}\n"
            f"{self.n_draws} conditional permutations, neighbours: {self.weights_kind}"
        )

    def _draw(self, ax: Axes) -> None:
        for name in ("high-high", "low-low", "high-low", "low-high"):
            at = self.quadrant == name
            ax.scatter(self.value[at], self.lag[at], s=14, label=name)
        ax.axhline(0.0, color="#9CA3AF", lw=0.8)
        ax.set(xlabel="value", ylabel="neighbours, standard score")
        ax.legend(frameon=False)
