"""Result of the K-densities of all pairs of industries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from agglo.core.errors import AlignmentError, OptionError
from agglo.core.results import ColumnData, Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from agglo.core.typing import FloatArray, IntArray

__all__ = ["PairDensities"]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class PairDensities(Result):
    """K-densities of all pairs of industries.

    Attributes
    ----------
    industries
        Sorted names, (n_industries,).
    r_km
        Distances, (n_distances,).
    values
        Density per km, (n_distances, n_industries, n_industries), symmetric; own pairs on
        the diagonal; NaN where there are none.
    n
        Plants per industry.
    bandwidth_km
        Standard deviation of the kernel.
    method
        ``"fft"`` or ``"hist"``.
    error
        Largest difference to exact counts over the peak, on up to five pairs; 0 for
        ``"hist"``.
    """

    industries: NDArray[np.str_]
    r_km: FloatArray
    values: NDArray[np.float32]
    n: IntArray
    bandwidth_km: float
    method: str
    error: float

    def pair(self, a: str, b: str) -> FloatArray:
        """Give the curve of one pair.

        Parameters
        ----------
        a, b
            Industries; the same one twice for its own pairs.

        Returns
        -------
        numpy.ndarray
            Density per km, (n_distances,).
        """
        known = self.industries.tolist()
        for name in (a, b):
            if name not in known:
                msg = f"{name!r} is none of the {len(known)} industries."
                raise AlignmentError(msg)
        return self.values[:, known.index(a), known.index(b)].astype(np.float64)

    def near(self, within_km: float) -> FloatArray:
        """Share of the pairs that lie within a distance, for every two industries.

        Parameters
        ----------
        within_km
            Distance, at most the last one.

        Returns
        -------
        numpy.ndarray
            (n_industries, n_industries).
        """
        rows = self.r_km <= within_km
        if rows.sum() < 2:
            msg = f"within_km={within_km!r} covers fewer than two distances."
            raise OptionError(msg)
        return np.asarray(
            np.trapezoid(self.values[rows], self.r_km[rows], axis=0), dtype=np.float64
        )

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per unordered pair and distance."""
        a, b = np.triu_indices(self.industries.size)
        size = self.r_km.size
        return {
            "a": np.repeat(self.industries[a], size),
            "b": np.repeat(self.industries[b], size),
            "r_km": np.tile(self.r_km, a.size),
            "value": self.values[:, a, b].T.ravel().astype(np.float64),
        }

    def summary(self) -> str:
        """Give what was measured, and how exactly."""
        k = self.industries.size
        said = f" (error {self.error:.1e} of the peak)" if self.method == "fft" else ""
        return (
            f"K-densities of {k * (k + 1) // 2} pairs of {k} industries, "
            f"{int(self.n.sum())} plants, {self.r_km.size} distances up to "
            f"{self.r_km[-1]:g} km, bandwidth {self.bandwidth_km:g} km, method "
            f"{self.method}{said}"
        )

    def _draw(self, ax: Axes) -> None:
        """Draw the density at the first distance as a heat map."""
        ax.imshow(self.values[0], cmap="viridis")
        ax.set(xlabel="industry", ylabel="industry")
