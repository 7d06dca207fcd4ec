"""What the figures of the study share: colours, graticule, table twins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from agglo.core.geo import Projection
    from agglo.core.typing import FloatArray

__all__ = [
    "BELTS",
    "COLOURS",
    "KINDS",
    "frame_of",
    "graticule",
    "widened",
]

# Okabe and Ito's colours, told apart by colour-blind readers
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
BELTS = "#222222"
KINDS: Mapping[str, str] = {
    "identical": "#1f5c99",
    "similar": "#8fb8de",
    "none": "#dcdcdc",
    "unmapped": "#f3e2b3",
}
_WIDE_DEGREES = 25.0


def frame_of(x: FloatArray, y: FloatArray, pad: float = 150.0) -> tuple[float, ...]:
    """Give the ends of a map around points: west, east, south, north in kilometres."""
    return (
        float(x.min()) - pad,
        float(x.max()) + pad,
        float(y.min()) - pad,
        float(y.max()) + pad,
    )


def widened(ends: tuple[float, ...], ratio: float = 1.7) -> tuple[float, ...]:
    """Stretch a map to the width of the page; nothing is cut off."""
    west, east, south, north = ends
    missing = ratio * (north - south) - (east - west)
    half = max(missing, 0.0) / 2
    return (west - half, east + half, south, north)


def graticule(ax: Axes, projection: Projection, ends: Sequence[float]) -> None:
    """Draw meridians and parallels every ten (or five) degrees, with their labels."""
    west, east, south, north = ends
    corner_x = np.linspace(west, east, 9)
    corner_y = np.linspace(south, north, 9)
    grid = np.meshgrid(corner_x, corner_y)
    lon, lat = projection.inverse(grid[0].ravel(), grid[1].ravel())
    step = 10.0 if np.ptp(lat) > _WIDE_DEGREES else 5.0
    lons, lats = (
        np.arange(np.floor(v.min() / step), np.ceil(v.max() / step) + 1) * step
        for v in (lon, lat)
    )
    along_lat = np.linspace(max(lats.min(), -89.0), min(lats.max(), 89.0), 60)
    along_lon = np.linspace(lons.min(), lons.max(), 60)
    for value in lons:
        x, y = projection.forward(np.full(60, value), along_lat)
        ax.plot(x, y, color="#d7dde6", linewidth=0.6, zorder=0)
        _label(ax, x, y, f"{value:g}°", south, ends, vertical=True)
    for value in lats:
        x, y = projection.forward(along_lon, np.full(60, value))
        ax.plot(x, y, color="#d7dde6", linewidth=0.6, zorder=0)
        _label(ax, x, y, f"{value:g}°", west, ends, vertical=False)
    ax.set_xlim(west, east)
    ax.set_ylim(south, north)
    ax.set_aspect("equal")
    ax.set_xticks([])
    ax.set_yticks([])
    for side in ("left", "bottom"):
        ax.spines[side].set_visible(False)


def _label(
    ax: Axes,
    x: FloatArray,
    y: FloatArray,
    text: str,
    edge: float,
    ends: Sequence[float],
    *,
    vertical: bool,
) -> None:
    """Write the degree where the line crosses the lower or left edge."""
    along, across = (y, x) if vertical else (x, y)
    low, high = (ends[0], ends[1]) if vertical else (ends[2], ends[3])
    order = np.argsort(along)
    if not along[order[0]] <= edge <= along[order[-1]]:
        return
    place = float(np.interp(edge, along[order], across[order]))
    if not low <= place <= high:
        return
    at = (place, edge) if vertical else (edge, place)
    offset = (0, -10) if vertical else (-4, -3)
    ax.annotate(
        text,
        at,
        xytext=offset,
        textcoords="offset points",
        ha="center" if vertical else "right",
        fontsize=7,
        color="#6b7585",
        annotation_clip=False,
    )
