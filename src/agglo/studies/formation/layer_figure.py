"""The four layers of a cluster as one figure: point, line, surface, network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from agglo.studies.formation.columns import number
from agglo.studies.report.charts import draw_svg

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from agglo.core.typing import FloatArray
    from agglo.studies.formation.columns import Row
    from agglo.studies.formation.view import View

__all__ = ["LAYERS", "layer_svg"]

LAYERS = {
    "point": ("Point", "点"),
    "line": ("Line", "线"),
    "surface": ("Surface", "面"),
    "network": ("Network", "网"),
}
_BLUE, _ORANGE, _GREY, _PALE = "#1f5c99", "#b8540b", "#9aa3b0", "#eef2f7"
_SKEW, _HIGH, _STEP = 0.25, 0.75, 1.0
_MOST_LINKS = 12
_BAR = (1.36, 0.3)


def layer_svg(name: str, view: View, cluster: str) -> str:
    """Draw the layers of a cluster one above the other, each with its completeness.

    Parameters
    ----------
    name
        Name of the figure, unique in its page.
    view
        What the stages left.
    cluster
        Id.

    Returns
    -------
    str
        SVG; a layer without data is grey and names the table to fill.
    """
    complete = {
        str(r["layer"]): r for r in view.rows("layer_completeness", cluster=cluster)
    }
    sites = view.rows("layer_sites", cluster=cluster)
    links = view.rows("layer_line", cluster=cluster)[:_MOST_LINKS]
    ties = view.rows("layer_ties", cluster=cluster)

    def draw(ax: Axes) -> None:
        for k, (layer, words) in enumerate(LAYERS.items()):
            row = complete.get(layer, {})
            share = number(row.get("completeness"))
            known = np.isfinite(share) and share > 0
            y = k * _STEP
            _plane(ax, y, known=bool(known))
            ax.text(-0.04, y + _HIGH / 2, view.say(*words), ha="right", va="center")
            _bar(ax, y, share if known else 0.0)
            if not known:
                what = view.reason(row.get("template"))
                ax.text(
                    0.62, y + _HIGH / 2, what, ha="center", va="center", color=_GREY
                )
            elif layer == "line":
                _line(ax, y, links)
            elif layer == "network":
                _network(ax, y, sites, ties)
            else:
                _places(ax, y, sites, spread=layer == "surface")
        ax.set_xlim(-0.25, 1.75)
        ax.set_ylim(-0.1, len(LAYERS) * _STEP)
        ax.set_axis_off()

    return draw_svg(name, draw, height=5.2)


def _on(x: FloatArray, y: FloatArray, base: float) -> tuple[FloatArray, FloatArray]:
    """Lay places of the unit square on a plane that leans to the right."""
    return x + _SKEW * y, base + _HIGH * y


def _plane(ax: Axes, base: float, *, known: bool) -> None:
    corner = np.array([0.0, 1.0, 1.0, 0.0]), np.array([0.0, 0.0, 1.0, 1.0])
    x, y = _on(*corner, base)
    colour = _PALE if known else "#f6f6f6"
    ax.fill(x, y, facecolor=colour, edgecolor=_GREY, linewidth=0.8)


def _bar(ax: Axes, base: float, share: float) -> None:
    left, width = _BAR
    y = base + _HIGH / 2
    ax.plot([left, left + width], [y, y], color="#dfe5ec", linewidth=6)
    if share > 0:
        ax.plot([left, left + width * share], [y, y], color=_BLUE, linewidth=6)
    ax.text(left, y + 0.12, f"{share:.0%}", fontsize=8, color=_GREY)


def _scaled(sites: Sequence[Row]) -> tuple[FloatArray, FloatArray, FloatArray]:
    x, y, size = (
        np.array([number(s[k]) for s in sites]) for k in ("x", "y", "employment")
    )
    return x, y, size


def _places(ax: Axes, base: float, sites: Sequence[Row], *, spread: bool) -> None:
    """Draw members, by size; for the surface their ellipse and lines of equal density."""
    x, y, size = _scaled(sites)
    held = np.isfinite(x + y)
    x, y, size = x[held], y[held], size[held]
    if not x.size:
        return
    most = np.nanmax(size) if np.isfinite(size).any() else 1.0
    area = 4.0 + 60.0 * np.where(np.isfinite(size), size, 0.0) / most
    ax.scatter(*_on(x, y, base), s=4.0 if spread else area, color=_BLUE, linewidths=0)
    if spread and x.size > 2 and np.ptp(x) > 0 and np.ptp(y) > 0:
        _density(ax, x, y, base)
        turn = np.linspace(0, 2 * np.pi, 73)
        values, axes = np.linalg.eigh(np.cov(x, y))
        ring = axes @ (
            np.sqrt(np.maximum(values, 0.0))[:, None] * [np.cos(turn), np.sin(turn)]
        )
        ex = np.clip(x.mean() + np.sqrt(2.0) * ring[0], 0, 1)
        ey = np.clip(y.mean() + np.sqrt(2.0) * ring[1], 0, 1)
        ax.plot(*_on(ex, ey, base), color=_ORANGE, linewidth=1.4)


def _density(ax: Axes, x: FloatArray, y: FloatArray, base: float) -> None:
    """Draw two lines of equal kernel density, with Scott's bandwidth."""
    grid = np.linspace(0, 1, 41)
    gx, gy = np.meshgrid(grid, grid)
    h = np.array([x.std(), y.std()]) * x.size ** (-1.0 / 6.0)
    gap = ((gx[..., None] - x) / h[0]) ** 2 + ((gy[..., None] - y) / h[1]) ** 2
    density = np.exp(-0.5 * gap).sum(axis=2)
    levels = sorted({float(q) for q in np.array([0.25, 0.6]) * density.max()})
    ax.contour(
        *_on(gx, gy, base), density, levels=levels, colors=[_GREY], linewidths=0.8
    )


def _line(ax: Axes, base: float, links: Sequence[Row]) -> None:
    """Draw the links of the chain in order of their quotient; gaps are hollow."""
    n = len(links)
    if not n:
        return
    x = (np.arange(n) + 0.5) / n
    y = np.full(n, 0.45)
    px, py = _on(x, y, base)
    ax.plot(px, py, color=_GREY, linewidth=1.2, zorder=1)
    share = np.array([number(r["share"]) for r in links])
    area = 18.0 + 160.0 * np.where(np.isfinite(share), share, 0.0)
    gap = np.array([bool(r["gap"]) for r in links])
    ax.scatter(px[~gap], py[~gap], s=area[~gap], color=_BLUE, zorder=2)
    ax.scatter(
        px[gap], py[gap], s=area[gap], facecolors="white", edgecolors=_ORANGE, zorder=2
    )
    for r, at, up in zip(links, px, py, strict=True):
        name = str(r["link"])
        ax.text(at, up - 0.28, name[:9], ha="center", fontsize=6.5)


def _network(ax: Axes, base: float, sites: Sequence[Row], ties: Sequence[Row]) -> None:
    """Draw members on a ring with the ties among them; ties to outside leave the ring."""
    n = len(sites)
    if not n:
        return
    turn = 2 * np.pi * np.arange(n) / n
    x, y = 0.5 + 0.38 * np.cos(turn), 0.5 + 0.42 * np.sin(turn)
    px, py = _on(x, y, base)
    ox, oy = _on(0.5 + 0.47 * np.cos(turn), 0.5 + 0.52 * np.sin(turn), base)
    at = {str(s["member"]): k for k, s in enumerate(sites)}
    ends = [(at.get(str(t["origin"])), at.get(str(t["destination"]))) for t in ties]
    inside = [
        [(px[a], py[a]), (px[b], py[b])]
        for a, b in ends
        if a is not None and b is not None
    ]
    alone = sorted(
        {a if a is not None else b for a, b in ends if (a is None) != (b is None)}
    )  # type: ignore[type-var]
    outward = [[(px[k], py[k]), (ox[k], oy[k])] for k in alone if k is not None]
    _segments(ax, inside, _BLUE, 0.4)
    _segments(ax, outward, _ORANGE, 0.8)
    ax.scatter(px, py, s=8, color=_BLUE, zorder=3)


def _segments(
    ax: Axes, lines: list[list[tuple[float, float]]], colour: str, width: float
) -> None:
    from matplotlib.collections import LineCollection

    ax.add_collection(LineCollection(lines, colors=colour, linewidths=width))
