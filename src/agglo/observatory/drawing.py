"""Views drawn without a browser: for briefs and for the figure of a zip.

The same rows give the same bytes. What a table says better has no drawing.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from agglo.core.typing import FloatArray, IntArray, Json, Lang
from agglo.observatory.page import Text, View
from agglo.observatory.pages import VIEWS
from agglo.studies.report import (
    bar_chart,
    histogram,
    interval_chart,
    scatter_chart,
)
from agglo.studies.report.charts import draw_svg

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from agglo.observatory.api.stock import Stock

__all__ = ["draw_view", "named", "numbers", "worded"]

_MOST_BARS = 25
_LINE_OF_TEXT = 0.14  # inches between two names
_MOST_SERIES = 8
_MOST_LINES = 400
_NAMED = 12
_INK, _PALE, _FLOW = "#1f5c99", "#c8cdd6", "#b8540b"
_COLOURS = ("#1f5c99", "#b8540b", "#3b7d3f", "#7a4fa3", "#8a6d00", "#0f7c85", "#a33b5c",
            "#555f6e")  # fmt: skip
_TRUTH: Mapping[Lang, tuple[str, str]] = {"en": ("no", "yes"), "zh": ("否", "是")}
_NOT_STATED = "not stated"  # as the release says it
_Draw: TypeAlias = Callable[["_Asked"], str]
# matplotlib keeps its settings for the whole process
_LOCK = threading.Lock()


class _Asked:
    """One view with its rows, ready to be drawn."""

    def __init__(self, stock: Stock, view: View, rows: pa.Table, lang: Lang) -> None:
        self.stock, self.view, self.rows, self.lang = stock, view, rows, lang
        self.name = view.id.replace(".", "-").replace("_", "-")
        self.unit = _say(view.unit, lang)

    def numbers(self, role: str) -> FloatArray:
        return numbers(self.rows, self.view.encode.get(role))

    def words(self, role: str) -> list[str]:
        column = self.view.encode[role]
        return [str(v) for v in named(self.rows, column, self.lang)]

    def label(self, role: str) -> str:
        column = self.view.encode[role]
        known = {c.name: _say(c.label, self.lang) for c in self.view.columns}
        return known.get(column, column)

    def series(self) -> list[tuple[str, IntArray]]:
        """Give the name and rows of every series; the first ones where there are many."""
        if "series" not in self.view.encode:
            return [("", np.arange(self.rows.num_rows))]
        words = np.array(self.words("series"), dtype=object)
        names = list(dict.fromkeys(words.tolist()))[:_MOST_SERIES]
        return [(name, np.flatnonzero(words == name)) for name in names]


def draw_view(stock: Stock, view: View, rows: pa.Table, lang: Lang) -> str:
    """Draw a view.

    Parameters
    ----------
    stock
        The release: boundaries and nodes come from it.
    view
        The view.
    rows
        Its rows, as for its table.
    lang
        Language of labels.

    Returns
    -------
    str
        An ``<svg>`` element; empty for tables, trees and where no row has a number.
    """
    draw = _KINDS.get(view.chart)
    if draw is None or not rows.num_rows:
        return ""
    with _LOCK:
        return draw(_Asked(stock, view, worded(stock, rows), lang))


def worded(stock: Stock, rows: pa.Table) -> pa.Table:
    """Give codes that have words in both languages columns of names, as places have.

    Parameters
    ----------
    stock
        The release; its catalogue holds the words.
    rows
        Rows of a view.

    Returns
    -------
    pyarrow.Table
        With ``<column>_en`` and ``<column>_zh``; a code without words stays as it is.
    """
    known = stock.release.catalogue["words"]
    for name in rows.column_names:
        words = known.get(name) if isinstance(known, dict) else None
        if not isinstance(words, dict) or not pa.types.is_string(rows[name].type):
            continue
        absent = [v for v in ("en", "zh") if f"{name}_{v}" not in rows.column_names]
        codes = rows[name].to_pylist() if absent else []
        for lang in absent:
            said = [None if c is None else _word_of(words, c, lang) for c in codes]
            column = pa.array(said, pa.string())
            rows = rows.append_column(f"{name}_{lang}", column)
    return rows


def _word_of(words: Mapping[str, Json], code: str, lang: str) -> str:
    both = words.get(code)
    return str(both.get(lang) or code) if isinstance(both, dict) else code


def named(rows: pa.Table, name: str, lang: Lang) -> list[str | float | int | None]:
    """Give the values of a column, names instead of codes where there are some."""
    words = f"{name}_{lang}"
    column = words if words in rows.column_names else name
    values = rows[column].to_pylist()
    if pa.types.is_boolean(rows[column].type):
        return [None if v is None else _TRUTH[lang][v] for v in values]
    return [
        v if isinstance(v, (str, float, int)) or v is None else str(v) for v in values
    ]


def numbers(rows: pa.Table, name: str | None) -> FloatArray:
    """Give a column as numbers; NaN where there is none."""
    if name is None or name not in rows.column_names:
        return np.full(rows.num_rows, np.nan)
    found: list[float] = []
    for value in rows[name].to_pylist():
        try:
            found.append(np.nan if value is None else float(value))
        except ValueError:  # years and quarters as text, but also words
            found.append(np.nan)
    return np.array(found, dtype=float)


def _say(text: Text | None, lang: Lang) -> str:
    return "" if text is None else (text.zh if lang == "zh" else text.en)


def _bars(asked: _Asked) -> str:
    view, role = asked.view, asked.view.encode
    most = min(view.top or _MOST_BARS, _MOST_BARS)
    top = _Asked(asked.stock, view, asked.rows.slice(0, most), asked.lang)
    values = top.numbers("value" if "value" in role else "size")
    if not np.isfinite(values).any():
        return ""
    labels = top.words("label")
    # the same name several times: what tells the rows apart stands beside it
    if "group" in role and (view.chart == "differences" or _twice(labels)):
        groups = top.words("group")
        labels = [f"{a}, {b}" for a, b in zip(labels, groups, strict=True)]
    elif _twice(labels):
        labels = _told_apart(top, labels)
    if "lo" in role:
        line = view.reference.value if view.reference else None
        return interval_chart(
            top.name, labels, values, top.numbers("lo"), top.numbers("hi"),
            label=top.unit, line=line,
        )  # fmt: skip
    return bar_chart(top.name, labels, values, label=top.unit)


def _twice(labels: list[str]) -> bool:
    return len(set(labels)) < len(labels)


def _told_apart(asked: _Asked, labels: list[str]) -> list[str]:
    """Put the first column of words beside the names under which no name stands twice."""
    for column in asked.view.columns:
        name = column.name
        if name in asked.rows.column_names and pa.types.is_string(
            asked.rows[name].type
        ):
            words = named(asked.rows, name, asked.lang)
            both = [f"{a}, {b}" for a, b in zip(labels, words, strict=True)]
            if not _twice(both):
                return both
    return labels


def _sankey(asked: _Asked) -> str:
    weights = asked.numbers("weight")
    order = np.argsort(-np.nan_to_num(weights), kind="stable")[:_MOST_BARS]
    pairs = list(zip(asked.words("source"), asked.words("target"), strict=True))
    labels = [f"{pairs[k][0]} → {pairs[k][1]}" for k in order]
    return bar_chart(asked.name, labels, weights[order], label=asked.unit)


def _scatter(asked: _Asked) -> str:
    labels = asked.words("label")
    return scatter_chart(
        asked.name, asked.numbers("x"), asked.numbers("y"),
        label_x=asked.label("x"), label_y=asked.label("y"),
        named=[(i, labels[i]) for i in range(min(_NAMED, len(labels)))],
    )  # fmt: skip


def _rank_size(asked: _Asked) -> str:
    values = asked.numbers("value")
    good = np.flatnonzero(np.nan_to_num(values) > 0)
    if not good.size:
        return ""
    order = good[np.argsort(-values[good], kind="stable")]
    labels = asked.words("label")
    rank = "位次" if asked.lang == "zh" else "rank"
    return scatter_chart(
        asked.name, np.arange(1.0, order.size + 1), values[order],
        label_x=rank, label_y=asked.label("value"), log_x=True, log_y=True,
        named=[(i, labels[order[i]]) for i in range(min(_NAMED, order.size))],
    )  # fmt: skip


def _histogram(asked: _Asked) -> str:
    values = asked.numbers("value")
    if not np.isfinite(values).any():
        return ""
    counted = asked.numbers("count")
    if np.isfinite(counted).any():
        values = np.repeat(values, np.nan_to_num(counted).astype(int))
    count = "次数" if asked.lang == "zh" else "count"
    return histogram(
        asked.name, values, label=asked.unit or asked.label("value"), count_label=count,
        line=_against(asked),
    )  # fmt: skip


def _against(asked: _Asked) -> float | None:
    """Give the one number that is looked for among the drawn ones."""
    if "observed" in asked.view.encode:
        own = asked.numbers("observed")
        own = own[np.isfinite(own)]
        return float(own[0]) if own.size else None
    other = VIEWS.get(asked.view.encode.get("against", ""))
    if other is None or other.table not in asked.stock.release:
        return None
    table = asked.stock.table(other.table)
    for column in other.filters.values():
        if {column} <= set(table.column_names) & set(asked.rows.column_names):
            value = str(asked.rows[column][0].as_py())
            table = table.filter(pc.equal(table[column].cast(pa.string()), value))
    known = numbers(table, asked.view.encode["value"])
    return float(known[0]) if known.size and np.isfinite(known[0]) else None


def _positions(words: list[str]) -> tuple[FloatArray, list[str]]:
    """Place values on an axis: as numbers where all are, else in their order."""
    try:
        return np.array([float(word) for word in words]), []
    except ValueError:
        at, names = _positions_of(words)
        return at.astype(np.float64), names


def _lines(asked: _Asked) -> str:
    from matplotlib.ticker import MaxNLocator

    x, names = _positions(asked.words("x"))
    y, lo, hi = (asked.numbers(role) for role in ("y", "lo", "hi"))
    if not np.isfinite(y).any():
        return ""

    def draw(ax: Axes) -> None:
        for (name, rows), colour in zip(asked.series(), _COLOURS, strict=False):
            order = rows[np.argsort(x[rows], kind="stable")]
            if np.isfinite(lo[order]).any():
                ax.fill_between(
                    x[order],
                    lo[order],
                    hi[order],
                    color=colour,
                    alpha=0.15,
                    linewidth=0,
                )
            ax.plot(x[order], y[order], color=colour, marker=".", label=name or None)
        if asked.view.reference is not None:
            ax.axhline(asked.view.reference.value, color=_PALE, linewidth=1)
        if names:
            ax.set_xticks(range(len(names)), names, rotation=30)
        elif np.array_equal(x, np.round(x)):
            # years have no half
            ax.xaxis.set_major_locator(MaxNLocator("auto", integer=True))
        ax.set_xlabel(asked.label("x"))
        ax.set_ylabel(asked.unit or asked.label("y"))
        if "series" in asked.view.encode:
            ax.legend(frameon=False, fontsize=8)

    return draw_svg(asked.name, draw)


def _slope(asked: _Asked) -> str:
    """Draw one line per label: through two columns, or through all periods of one."""
    names, value = asked.words("label"), asked.numbers("y")
    if not pa.types.is_string(asked.rows[asked.view.encode["x"]].type):
        level = np.column_stack([asked.numbers("x"), value])[:_MOST_BARS]
        level[~np.isfinite(level).all(axis=1)] = np.nan
        return _tracks(asked, names, [asked.label("x"), asked.label("y")], level)
    periods = asked.words("x")
    stops = sorted(set(periods))
    lines = list(dict.fromkeys(names))[: asked.view.top or _MOST_BARS]
    level = np.full((len(lines), len(stops)), np.nan)
    for name, period, y in zip(names, periods, value.tolist(), strict=True):
        if name in lines:
            level[lines.index(name), stops.index(period)] = y
    return _tracks(asked, lines, stops, level)


def _tracks(
    asked: _Asked, names: list[str], stops: list[str], level: FloatArray
) -> str:
    """Draw rows as lines over stops; broken where a number is not known."""
    drawn = np.flatnonzero(np.isfinite(level).any(axis=1))
    if not drawn.size:
        return ""
    ends = np.array([row[np.isfinite(row)][-1] for row in level[drawn]])
    height = max(3.6, _LINE_OF_TEXT * drawn.size + 0.6)
    gap = float(np.ptp(level[np.isfinite(level)]) or 1.0) * _LINE_OF_TEXT
    beside = _spread(ends, gap / (height - 0.6))
    last = len(stops) - 1

    def draw(ax: Axes) -> None:
        for k, end, at in zip(drawn, ends.tolist(), beside.tolist(), strict=True):
            ax.plot(range(len(stops)), level[k], color=_INK, marker="o", alpha=0.7)
            ax.plot([last, last + 0.08], [end, at], color=_PALE, linewidth=0.7)
            ax.annotate(names[k], (last + 0.1, at), fontsize=7, va="center")
        ax.set_xticks(range(len(stops)), stops)
        ax.set_xlim(-0.1, last + 0.7 * max(last, 1))
        ax.set_ylabel(asked.unit)

    return draw_svg(asked.name, draw, height=height)


def _spread(level: FloatArray, gap: float) -> FloatArray:
    """Move names apart until none stands on another, around where they were."""
    order = np.argsort(level, kind="stable")
    rank = np.arange(level.size) * gap
    pushed = np.maximum.accumulate(level[order] - rank) + rank
    found = np.empty_like(level)
    found[order] = pushed - float(np.mean(pushed - level[order]))
    return found


def _lorenz(asked: _Asked) -> str:
    value, share = asked.numbers("value"), np.nan_to_num(asked.numbers("share"))
    order = np.argsort(np.nan_to_num(value), kind="stable")
    mass = share[order]
    # a region's share of all jobs is its share of the industry over its quotient
    base = np.where(
        value[order] > 0, mass / np.where(value[order] > 0, value[order], 1), 0
    )
    x = np.r_[0, np.cumsum(base) / max(base.sum(), 1e-300)]
    y = np.r_[0, np.cumsum(mass) / max(mass.sum(), 1e-300)]

    def draw(ax: Axes) -> None:
        ax.plot(x, y, color=_INK)
        ax.plot([0, 1], [0, 1], color=_PALE, linewidth=1)
        ax.set_ylabel(asked.label("share"))

    return draw_svg(asked.name, draw)


def _heatmap(asked: _Asked) -> str:
    (x, xs), (y, ys) = (_positions_of(asked.words(role)) for role in ("x", "y"))
    grid = np.full((len(ys), len(xs)), np.nan)
    grid[y, x] = asked.numbers("value")
    if not np.isfinite(grid).any():
        return ""
    top = float(np.nanmax(np.abs(grid))) or 1.0
    signed = bool(np.nanmin(grid) < 0)

    def draw(ax: Axes) -> None:
        # a picture of cells: thousands of rectangles would weigh megabytes
        ax.imshow(
            np.ma.masked_invalid(grid), cmap="PuOr" if signed else "Blues",
            vmin=-top if signed else 0.0, vmax=top, aspect="auto",
            interpolation="nearest",
        )  # fmt: skip
        for axis, words in ((ax.xaxis, xs), (ax.yaxis, ys)):
            step = max(1, len(words) // 30)
            axis.set_ticks(np.arange(len(words))[::step], words[::step])
            axis.set_tick_params(labelsize=6)
        ax.xaxis.set_tick_params(rotation=90)

    return draw_svg(asked.name, draw, height=6.0, left=1.6)


def _positions_of(words: list[str]) -> tuple[IntArray, list[str]]:
    names = list(dict.fromkeys(words))
    at = {name: k for k, name in enumerate(names)}
    return np.array([at[word] for word in words], dtype=np.int64), names


def _map(asked: _Asked) -> str:
    lon, lat, value = (asked.numbers(role) for role in ("lon", "lat", "value"))
    if not (np.isfinite(lon) & np.isfinite(lat)).any():
        return ""
    size = asked.numbers("size")
    area = np.full(len(lon), 18.0)
    if np.isfinite(size).any():
        area = 4.0 + 160.0 * np.nan_to_num(size) / max(float(np.nanmax(size)), 1e-300)

    def draw(ax: Axes) -> None:
        _ground(ax, asked, lat)
        known = np.isfinite(value)
        ax.scatter(lon[~known], lat[~known], s=12, facecolors="none", edgecolors=_PALE)
        dots = ax.scatter(
            lon[known], lat[known], c=value[known], s=area[known], cmap="viridis",
            edgecolors="white", linewidths=0.4,
        )  # fmt: skip
        if known.any():
            bar = ax.figure.colorbar(dots, ax=ax, shrink=0.7)
            bar.set_label(asked.unit or asked.label("value"))

    return draw_svg(asked.name, draw, height=5.0)


def _flow_map(asked: _Asked) -> str:
    ends = [asked.numbers(role) for role in ("lon", "lat", "lon2", "lat2")]
    weight = np.nan_to_num(asked.numbers("weight"))
    if not np.isfinite(ends[0]).any():
        return ""
    order = np.argsort(-weight, kind="stable")[: asked.view.top or 60]
    top = max(float(weight.max()), 1e-300)

    def draw(ax: Axes) -> None:
        _ground(ax, asked, ends[1])
        for k in order:
            ax.plot(
                [ends[0][k], ends[2][k]], [ends[1][k], ends[3][k]], color=_FLOW,
                linewidth=0.3 + 4.0 * weight[k] / top, alpha=0.5,
            )  # fmt: skip

    return draw_svg(asked.name, draw, height=5.0)


def _ground(ax: Axes, asked: _Asked, lat: FloatArray) -> None:
    """Draw boundaries with what must be said beside them, at true width."""
    facts = asked.stock.release.catalogue["boundaries"]
    for feature in json.loads(asked.stock.release.geometry)["features"]:
        shape = feature["geometry"]
        parts = shape["coordinates"]
        for polygon in parts if shape["type"] == "MultiPolygon" else [parts]:
            for ring in polygon:
                ax.plot(*zip(*ring, strict=True), color=_PALE, linewidth=0.5)
    ax.set_aspect(1.0 / max(float(np.cos(np.radians(np.nanmean(lat)))), 0.1))
    said = _boundary_line(facts, asked.lang)
    ax.set_xlabel(said)


def _boundary_line(facts: Json, lang: Lang) -> str:
    zh = lang == "zh"
    found: Mapping[str, Json] = facts if isinstance(facts, dict) else {}
    source = found.get("source", "未绘制" if zh else "none drawn")
    approval, date = (str(found.get(k, _NOT_STATED)) for k in ("approval", "date"))
    if zh:
        said = ["未注明" if v == _NOT_STATED else v for v in (approval, date)]
        return f"边界：{source}；审图号：{said[0]}；参考日期：{said[1]}"
    return (
        f"Boundaries: {source}; map approval number: {approval}; reference date: {date}"
    )


def _network(asked: _Asked) -> str:
    at = _node_places(asked)
    weight = np.nan_to_num(asked.numbers("weight"))
    codes = [
        [str(v) for v in asked.rows[asked.view.encode[role]].to_pylist()]
        for role in ("source", "target")
    ]
    top = max(float(weight.max(initial=0.0)), 1e-300)
    order = np.argsort(-weight, kind="stable").tolist()
    pairs = [
        (at[codes[0][k]], at[codes[1][k]], weight[k] / top)
        for k in order
        if codes[0][k] in at and codes[1][k] in at and weight[k] > 0
    ][:_MOST_LINES]
    if not pairs:
        return ""

    def draw(ax: Axes) -> None:
        for a, b, share in pairs:
            ax.plot(
                [a[0], b[0]], [a[1], b[1]], color=_INK,
                linewidth=0.2 + 2.5 * share, alpha=0.1 + 0.5 * share,
            )  # fmt: skip
        for code, (x, y) in at.items():
            ax.annotate(code, (x, y), fontsize=6, ha="center", va="center")
        ax.set_axis_off()

    return draw_svg(asked.name, draw, height=6.0, left=0.2)


def _node_places(asked: _Asked) -> dict[str, tuple[float, float]]:
    """Give where the nodes stand: their stored layout, else their place on the map."""
    from agglo.observatory.api.rows import ViewQuery, frame, row_numbers
    from agglo.observatory.pages import VIEWS

    view = VIEWS.get(asked.view.encode.get("nodes", ""))
    if view is None or view.table not in asked.stock.release:
        return {}
    rows = frame(asked.stock, view, row_numbers(asked.stock, view, ViewQuery()))
    x, y = ("x", "y") if "x" in rows.column_names else ("lon", "lat")
    key = view.encode.get("label") or rows.column_names[0]
    places = zip(rows[key].to_pylist(), numbers(rows, x), numbers(rows, y), strict=True)
    return {
        str(code): (float(a), float(b))
        for code, a, b in places
        if np.isfinite(a) and np.isfinite(b)
    }


_KINDS: Mapping[str, _Draw] = {
    "bar": _bars,
    "differences": _bars,
    "dot": _bars,
    "event": _lines,
    "flowmap": _flow_map,
    "gauge": _bars,
    "heatmap": _heatmap,
    "histogram": _histogram,
    "line": _lines,
    "lorenz": _lorenz,
    "map": _map,
    "network": _network,
    "ranksize": _rank_size,
    "sankey": _sankey,
    "scatter": _scatter,
    "slope": _slope,
    "treemap": _bars,
}
