"""A density surface."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from agglo.concentration._kernels import density as kernels
from agglo.core.options import check_number
from agglo.core.results import ColumnData, Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from agglo.core.typing import FloatArray

__all__ = ["DensityGrid"]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class DensityGrid(Result):
    """Weight per km² on a grid of square cells.

    Attributes
    ----------
    x_km, y_km
        Centres of the columns and rows.
    values
        Density, (n_rows, n_columns).
    bandwidth_km
        Standard deviation of the kernel per axis, before any local factor.
    adaptive
        Whether the bandwidth varies with the density.
    weight, n
        Total weight and number of points.
    """

    x_km: FloatArray
    y_km: FloatArray
    values: FloatArray
    bandwidth_km: tuple[float, float]
    adaptive: bool
    weight: float
    n: int

    @property
    def cell_km2(self) -> float:
        """Area of a cell."""
        return float(np.diff(self.x_km[:2])[0] ** 2)

    def contours(self, shares: tuple[float, ...] = (0.5, 0.9)) -> dict[float, float]:
        """Give the density level above which the densest cells hold each share.

        Parameters
        ----------
        shares
            Shares of the mass on the grid, in (0, 1).

        Returns
        -------
        dict
            Share to density.
        """
        for share in shares:
            check_number("shares", share, minimum=0, maximum=1, open_ends=True)
        return {s: kernels.level_of_share(self.values, s) for s in shares}

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per cell."""
        return {
            "x_km": np.tile(self.x_km, self.y_km.size),
            "y_km": np.repeat(self.y_km, self.x_km.size),
            "value": self.values.ravel(),
        }

    def summary(self) -> str:
        """Give bandwidth, grid and how much of the weight the grid holds."""
        held = float(self.values.sum() * self.cell_km2 / self.weight)
        kind = "adaptive, pilot " if self.adaptive else ""
        return (
            f"Kernel density of {self.n} points: {kind}bandwidth "
            f"{self.bandwidth_km[0]:.1f} × {self.bandwidth_km[1]:.1f} km, grid "
            f"{self.x_km.size} × {self.y_km.size} cells of {self.cell_km2:.3g} km²\n"
            f"{held:.1%} of the weight lies on the grid"
        )

    def _draw(self, ax: Axes) -> None:
        levels = sorted(self.contours().values())
        ax.pcolormesh(
            self.x_km, self.y_km, self.values, cmap="cividis", shading="nearest"
        )
        ax.contour(self.x_km, self.y_km, self.values, levels=levels, colors="white")
        ax.set(aspect="equal", xlabel="km east", ylabel="km north")
