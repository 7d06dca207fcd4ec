"""Charts as inline SVG: the same numbers always give the same bytes."""

from __future__ import annotations

import io
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from agglo.core.errors import OptionError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from agglo.core.typing import FloatArray

__all__ = ["bar_chart", "draw_svg", "histogram", "interval_chart", "scatter_chart"]

_BLUE, _ORANGE, _GREY = "#1f5c99", "#b8540b", "#6b7585"
_WIDTH = 8.0
_POINTS_PER_INCH = 72.0
_LETTER = 0.085  # inches of one letter at the size of the labels
_ID = re.compile(r'\bid="([^"]+)"')
_STYLE: Mapping[str, object] = {
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 9.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": _GREY,
    "axes.labelcolor": "#1c2330",
    "xtick.color": "#4d5666",
    "ytick.color": "#1c2330",
    "path.simplify": True,
    "text.parse_math": False,
}


def draw_svg(
    name: str,
    draw: Callable[[Axes], None],
    *,
    height: float = 3.6,
    left: float = 0.8,
    width: float = _WIDTH,
) -> str:
    """Draw on fresh axes and give the SVG for a page.

    Text stays text, so that it can be read, searched and shown in any script; positions
    do not depend on the fonts of the machine.

    Parameters
    ----------
    name
        Name of the figure, unique in its page: it goes into the ids.
    draw
        Draws on the axes.
    height, width, left
        Inches of the figure, and of its left margin.

    Returns
    -------
    str
        An ``<svg>`` element.

    Raises
    ------
    OptionError
        If `name` is not made of lower-case letters, digits and hyphens.
    """
    if not re.fullmatch(r"[a-z][a-z0-9-]*", name):
        msg = f"name={name!r} of a figure: use lower-case letters, digits and hyphens."
        raise OptionError(msg)
    import warnings

    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    buffer = io.BytesIO()
    with mpl.rc_context(), warnings.catch_warnings():
        for key, value in (*_STYLE.items(), ("svg.hashsalt", name)):
            mpl.rcParams[key] = value  # type: ignore[index]  # the stubs list the keys
        # the browser has the letters that the measuring font lacks
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure = Figure(figsize=(width, height))
        FigureCanvasSVG(figure)
        bottom, top = 0.55 / height, 1.0 - 0.15 / height
        figure.subplots_adjust(
            left=left / width, right=1.0 - 0.2 / width, bottom=bottom, top=top
        )
        draw(figure.subplots())
        nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        figure.savefig(buffer, format="svg", metadata=nothing)
    return _embed(buffer.getvalue().decode("utf-8"), name)


def _embed(text: str, name: str) -> str:
    """Keep the element alone, with ids that no other figure of the page has."""
    svg = text[text.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>\s*", "", svg, flags=re.DOTALL)
    svg = re.sub(r"\s*<!--.*?-->", "", svg, flags=re.DOTALL)
    for found in sorted(set(_ID.findall(svg)), key=len, reverse=True):
        own = f"{name}-{found}"
        svg = svg.replace(f'id="{found}"', f'id="{own}"')
        svg = svg.replace(f"url(#{found})", f"url(#{own})")
        svg = svg.replace(f'href="#{found}"', f'href="#{own}"')
    return re.sub(r"\s*\n\s*", "\n", svg).strip()


def _letters(text: str) -> float:
    """Count letters; a Chinese one is as wide as two."""
    return sum(1.8 if unicodedata.east_asian_width(c) in "WF" else 1.0 for c in text)


def _short(text: str, most: float) -> str:
    if _letters(text) <= most:
        return text
    out = ""
    for letter in text:
        if _letters(out + letter) > most - 1:
            break
        out += letter
    return out.rstrip() + "…"


def _thousands(value: float, _: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:g}"


def _left_of(labels: Sequence[str]) -> float:
    return 0.25 + _LETTER * max((_letters(t) for t in labels), default=4.0)


def interval_chart(
    name: str,
    labels: Sequence[str],
    values: FloatArray,
    lower: FloatArray,
    upper: FloatArray,
    *,
    label: str,
    line: float | None = None,
) -> str:
    """Draw estimates with their intervals, the first on top.

    Parameters
    ----------
    name
        As in `draw_svg`.
    labels
        One per estimate.
    values, lower, upper
        Estimates and ends; a NaN end leaves the dot alone.
    label
        Label of the axis.
    line
        Where to draw a reference line.

    Returns
    -------
    str
        SVG.
    """
    shown = [_short(text, 46) for text in labels]
    place = np.arange(len(shown))[::-1]

    def draw(ax: Axes) -> None:
        there = np.isfinite(lower) & np.isfinite(upper)
        ax.hlines(place[there], lower[there], upper[there], color=_BLUE, linewidth=2.0)
        ax.plot(values, place, "o", color=_BLUE, markersize=5)
        if line is not None:
            ax.axvline(line, color=_GREY, linewidth=1.0, linestyle="--")
        ax.set_yticks(place, shown)
        ax.set_ylim(-0.7, len(shown) - 0.3)
        ax.set_xlabel(label)
        ax.grid(axis="x", color="#e3e8ef", linewidth=0.7)
        ax.set_axisbelow(True)

    height = 0.9 + 0.24 * max(len(shown), 2)
    return draw_svg(name, draw, height=height, left=_left_of(shown))


def bar_chart(
    name: str, labels: Sequence[str], values: FloatArray, *, label: str
) -> str:
    """Draw bars, the first on top.

    Parameters
    ----------
    name
        As in `draw_svg`.
    labels, values
        One per bar.
    label
        Label of the axis.

    Returns
    -------
    str
        SVG.
    """
    shown = [_short(text, 46) for text in labels]
    place = np.arange(len(shown))[::-1]

    def draw(ax: Axes) -> None:
        colours = [_BLUE if v >= 0 else _ORANGE for v in values]
        ax.barh(place, values, color=colours, height=0.7)
        ax.locator_params(axis="x", nbins=6)
        ax.xaxis.set_major_formatter(_thousands)
        ax.axvline(0.0, color=_GREY, linewidth=0.8)
        ax.set_yticks(place, shown)
        ax.set_ylim(-0.7, len(shown) - 0.3)
        ax.set_xlabel(label)
        ax.grid(axis="x", color="#e3e8ef", linewidth=0.7)
        ax.set_axisbelow(True)

    height = 0.9 + 0.24 * max(len(shown), 2)
    return draw_svg(name, draw, height=height, left=_left_of(shown))


def histogram(
    name: str,
    values: FloatArray,
    *,
    label: str,
    count_label: str,
    line: float | None = None,
    log: bool = False,
    bins: int = 40,
) -> str:
    """Draw how values are spread; what is not finite (not positive) is left out.

    Parameters
    ----------
    name
        As in `draw_svg`.
    values
        The values.
    label, count_label
        Labels of the axes.
    line
        Where to draw a reference line.
    log
        Whether the axis of the values is logarithmic.
    bins
        Number of bins.

    Returns
    -------
    str
        SVG.
    """
    known = values[np.isfinite(values) & ((values > 0) | (not log))]

    def draw(ax: Axes) -> None:
        if known.size:
            low, high = float(known.min()), float(known.max())
            if low == high:
                low, high = low * 0.9 - 0.01 * (not log), high * 1.1 + 0.01
            edges = (
                np.geomspace(low, high, bins) if log else np.linspace(low, high, bins)
            )
            ax.hist(
                known, edges.tolist(), color=_BLUE, edgecolor="white", linewidth=0.4
            )
        if log:
            ax.set_xscale("log")
            ax.xaxis.set_major_formatter(lambda v, _: f"{v:g}")
        if line is not None:
            ax.axvline(line, color=_ORANGE, linewidth=1.6)
        ax.yaxis.set_major_formatter(lambda v, _: f"{v:,.0f}")
        ax.set_xlabel(label)
        ax.set_ylabel(count_label)

    return draw_svg(name, draw, left=0.9)


def scatter_chart(
    name: str,
    x: FloatArray,
    y: FloatArray,
    *,
    label_x: str,
    label_y: str,
    named: Sequence[tuple[int, str]] = (),
    other: FloatArray | None = None,
    legend: tuple[str, str] = ("", ""),
    log_x: bool = False,
    log_y: bool = False,
) -> str:
    """Draw points and name a few of them.

    Parameters
    ----------
    name
        As in `draw_svg`.
    x, y
        Positions.
    label_x, label_y
        Labels of the axes.
    named
        ``(position in x, name)`` of the points to name; a name that would cover an
        earlier one is left out.
    other
        A second height for every point, drawn in grey: what chance gives.
    legend
        What the points and the grey points are.
    log_x, log_y
        Whether the axes are logarithmic.

    Returns
    -------
    str
        SVG.
    """
    seen = np.isfinite(x) & np.isfinite(y) & ((x > 0) | (not log_x))
    seen &= (y > 0) | (not log_y)

    def draw(ax: Axes) -> None:
        size = 3.2 if seen.sum() > 500 else 5.0
        drawn = [(y, _BLUE, 0.4, legend[0])]
        if other is not None:
            drawn.insert(0, (other, _GREY, 0.3, legend[1]))
        for height, colour, alpha, text in drawn:
            ax.plot(
                x[seen],
                height[seen],
                "o",
                color=colour,
                alpha=alpha,
                markersize=size,
                mew=0.0,
                label=text or None,
            )
        if log_x:
            ax.set_xscale("log")
            ax.xaxis.set_major_formatter(
                lambda v, _: f"{v:,.0f}" if v >= 1 else f"{v:g}"
            )
        if log_y:
            ax.set_yscale("log")
            ax.yaxis.set_major_formatter(lambda v, _: f"{v:g}")
        _name_points(ax, x, y, [pair for pair in named if seen[pair[0]]])
        if legend[0]:
            ax.legend(loc="upper right", frameon=False, fontsize=8, markerscale=2.0)
        ax.set_xlabel(label_x)
        ax.set_ylabel(label_y)
        ax.grid(color="#e3e8ef", linewidth=0.7)
        ax.set_axisbelow(True)

    return draw_svg(name, draw, height=4.4, left=0.8)


def _name_points(
    ax: Axes, x: FloatArray, y: FloatArray, named: Sequence[tuple[int, str]]
) -> None:
    taken: list[tuple[float, float, float]] = []
    for k, text in named:
        shown = _short(text, 30)
        ax.plot(x[k], y[k], "o", color=_ORANGE, markersize=5)
        at, height = ax.transData.transform((x[k], y[k]))
        right = at > 0.62 * _WIDTH * ax.figure.dpi
        width = _LETTER * _letters(shown) * ax.figure.dpi
        left = at - width if right else at
        if any(
            abs(height - h) < 14 and left < end and begin < left + width
            for begin, end, h in taken
        ):
            continue
        taken.append((left, left + width, height))
        ax.annotate(
            shown,
            (x[k], y[k]),
            xytext=(-6 if right else 6, 3),
            textcoords="offset points",
            ha="right" if right else "left",
            fontsize=8,
        )
