"""A tree as rings: branches inside, leaves outside, shade for how much is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from agglo.studies.report.charts import draw_svg

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["sunburst_chart"]

_BRANCHES = ("#1f5c99", "#b8540b", "#3c7a3f", "#7a4a9c", "#8a6d1d", "#2f7f86")
_EMPTY = "#eef1f5"
_HOLE, _RING, _LEAF = 0.28, 0.36, 0.46
_FAINT = 0.18


def sunburst_chart(
    name: str, tree: Mapping[str, Sequence[tuple[str, float]]], *, label: str
) -> str:
    """Draw a tree of two levels as rings.

    Parameters
    ----------
    name
        As in `draw_svg`.
    tree
        Branch to its leaves, each a label and a share between 0 and 1 that shades it; NaN
        and 0 leave it empty. Branches are equally wide, and so are leaves of a branch.
    label
        What the tree is, in its middle.

    Returns
    -------
    str
        SVG.
    """

    def draw(ax: Axes) -> None:
        from matplotlib.patches import Wedge

        width = 360.0 / max(len(tree), 1)
        for k, (branch, leaves) in enumerate(tree.items()):
            end = 90.0 - k * width
            colour = _BRANCHES[k % len(_BRANCHES)]
            inside = Wedge((0, 0), _HOLE + _RING, end - width, end, width=_RING)
            inside.set(facecolor=colour, edgecolor="white", linewidth=1.2)
            ax.add_patch(inside)
            _write(ax, branch, end - width / 2, _HOLE + _RING / 2, colour="white")
            part = width / max(len(leaves), 1)
            for j, (leaf, share) in enumerate(leaves):
                top = end - j * part
                shade = float(np.nan_to_num(share))
                outside = Wedge(
                    (0, 0), _HOLE + _RING + _LEAF, top - part, top, width=_LEAF
                )
                outside.set(facecolor=_EMPTY, edgecolor="white", linewidth=0.8)
                ax.add_patch(outside)
                if shade > 0:
                    known = Wedge(
                        (0, 0), _HOLE + _RING + _LEAF, top - part, top, width=_LEAF
                    )
                    known.set(facecolor=colour, edgecolor="white", linewidth=0.8)
                    known.set_alpha(_FAINT + (0.6 - _FAINT) * shade)
                    ax.add_patch(known)
                _write(ax, leaf, top - part / 2, _HOLE + _RING + 0.03, ray=True)
        ax.text(0, 0, label, ha="center", va="center", fontsize=8)
        ax.set_xlim(-1.15, 1.15)
        ax.set_ylim(-1.15, 1.15)
        ax.set_aspect("equal")
        ax.set_axis_off()

    return draw_svg(name, draw, height=7.4, width=7.6, left=0.2)


def _write(
    ax: Axes,
    text: str,
    angle: float,
    radius: float,
    *,
    ray: bool = False,
    colour: str = "#1c2330",
) -> None:
    """Write along the ray for leaves, across it for branches; never upside down."""
    turned = angle if ray else angle - 90.0
    x, y = (radius * f(np.deg2rad(angle)) for f in (np.cos, np.sin))
    flipped = 90.0 < turned % 360.0 < 270.0
    side = "right" if flipped else "left"
    ax.text(
        float(x),
        float(y),
        text,
        rotation=turned + 180.0 * flipped,
        rotation_mode="anchor",
        ha=side if ray else "center",
        va="center",
        fontsize=6.5 if ray else 7.5,
        color=colour,
    )
