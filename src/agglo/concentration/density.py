"""Density of points on the plane, and the regions that hold most of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from agglo.concentration._kernels import density as kernels
from agglo.concentration.density_results import DensityGrid
from agglo.core.errors import InvalidTableError, OptionError
from agglo.core.options import check_choice, check_number
from agglo.core.results import Provenance, frozen_array
from agglo.core.tables import Points, as_points

if TYPE_CHECKING:
    from agglo.core.geo import Projection
    from agglo.core.typing import FloatArray, IntoFrame

__all__ = ["kernel_density"]

Bandwidth: TypeAlias = "Literal['silverman', 'cv'] | float | tuple[float, float]"

_FACTORS = np.geomspace(0.2, 2.0, 19)


def kernel_density(
    data: IntoFrame | Points,
    *,
    x: str = "x_km",
    y: str = "y_km",
    weight: str | None = None,
    crs: str | Projection | None = None,
    bandwidth: Bandwidth = "silverman",
    adaptive: bool = False,
    cells: int = 128,
    margin: float = 3.5,
) -> DensityGrid:
    r"""Smooth points into a surface of weight per km².

    Use to draw where something is; peaks follow the bandwidth, so no peak is a finding by
    itself (see `site_cross_k`, `local_moran`).

    Parameters
    ----------
    data
        One row per point, or `Points`; zero weights are left out.
    x, y, weight, crs
        As in :func:`standard_deviational_ellipse`.
    bandwidth
        ``"silverman"``, ``"cv"`` (leave-one-out likelihood over factors 0.2 to 2 of
        Silverman's), kilometres, or one number per axis.
    adaptive
        Narrow the kernel where points are dense (Abramson).
    cells
        Cells along the longer side of the grid, 16 to 1024.
    margin
        How many bandwidths the grid extends beyond the points.

    Returns
    -------
    DensityGrid
        Weight per km² on a grid; ``contours`` gives the level that holds a share of it.

    Raises
    ------
    InvalidTableError
        If there is no positive weight, or all points lie at one place or on a line along
        an axis and no bandwidth is given.
    OptionError
        If a number is out of range.

    Notes
    -----
    Gaussian product kernel; Silverman for two dimensions: :math:`h_j = \sigma_j
    n_{eff}^{-1/6}` with :math:`n_{eff} = (\sum w)^2/\sum w^2`. Adaptive: :math:`h_i = h
    (f(x_i)/g)^{-1/2}`, g the geometric mean of the pilot density at the points. The grid
    holds the total weight within 1 %. Cost O(points × cells) for a fixed bandwidth, which
    is a product of two matrices, and O(points × cells²) adaptive.

    References
    ----------
    Silverman 1986, Density Estimation, ISBN 0412246201; Abramson 1982,
    doi:10.1214/aos/1176345986.

    See Also
    --------
    standard_deviational_ellipse : One number for centre, spread and direction.

    Examples
    --------
    >>> import pyarrow as pa, agglo as ag
    >>> rows = pa.table({"x_km": [0.0, 10.0, 0.0], "y_km": [0.0, 0.0, 10.0]})
    >>> surface = ag.kernel_density(rows, bandwidth=5.0)
    >>> round(float(surface.values.sum() * surface.cell_km2), 2)
    3.0
    """
    check_number("cells", cells, minimum=16, maximum=1024, integer=True)
    check_number("margin", margin, minimum=0)
    points = as_points(data, x=x, y=y, weight=weight, crs=crs)
    use = points.weight > 0
    if not use.any():
        msg = "No point has a positive weight: there is no density."
        raise InvalidTableError(msg)
    at = np.column_stack([points.x_km[use], points.y_km[use]])
    w = points.weight[use]
    h = _bandwidth(at, w, bandwidth)
    local = kernels.abramson(at, w, h) if adaptive else np.ones(w.size)
    grid_x, grid_y = _grid(at, h * max(float(local.max()), 1.0), int(cells), margin)
    values = kernels.density(grid_x, grid_y, at, w, h, local)
    return DensityGrid(
        x_km=frozen_array(grid_x),
        y_km=frozen_array(grid_y),
        values=frozen_array(values),
        bandwidth_km=(float(h[0]), float(h[1])),
        adaptive=adaptive,
        weight=float(w.sum()),
        n=int(use.sum()),
        frame_kind=points.frame_kind,
        provenance=Provenance.of(
            kernel_density,
            points,
            parameters={
                "bandwidth": bandwidth,
                "adaptive": adaptive,
                "cells": cells,
                "margin": margin,
            },
        ),
    )


def _bandwidth(at: FloatArray, w: FloatArray, wanted: Bandwidth) -> FloatArray:
    if isinstance(wanted, str):
        check_choice("bandwidth", wanted, ("silverman", "cv"))
        h = kernels.silverman(at, w)
        if not (h > 0).all():
            msg = (
                "All points share a place, or lie on a line along an axis: no bandwidth "
                "follows from them. Give bandwidth= in km."
            )
            raise InvalidTableError(msg)
        if wanted == "silverman":
            return h
        scores = [kernels.left_out_likelihood(at, w, h * f) for f in _FACTORS]
        out: FloatArray = h * _FACTORS[int(np.argmax(scores))]
        return out
    both = np.broadcast_to(np.asarray(wanted, dtype=np.float64), (2,))
    if not (np.isfinite(both).all() and (both > 0).all()):
        msg = f"bandwidth={wanted!r} must be above 0 km."
        raise OptionError(msg)
    return both.copy()


def _grid(
    at: FloatArray, h: FloatArray, cells: int, margin: float
) -> tuple[FloatArray, FloatArray]:
    low, high = at.min(axis=0) - margin * h, at.max(axis=0) + margin * h
    # a margin of zero on points of one column or row would leave no grid
    high = np.maximum(high, low + h)
    step = float((high - low).max()) / cells
    axes = [
        low[j] + step * (np.arange(np.ceil((high[j] - low[j]) / step)) + 0.5)
        for j in (0, 1)
    ]
    return axes[0], axes[1]
