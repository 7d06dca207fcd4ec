"""The Sankey figure: programme, division, kind of match."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from agglo.studies.columns import texts
from agglo.studies.digital.drawing import COLOURS, KINDS
from agglo.studies.outputs import Drawn, twin
from agglo.studies.report import Figure
from agglo.studies.report.charts import draw_svg

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from agglo.studies.digital.facts import DigitalFacts

__all__ = ["sankey_chart"]

_GAP = 0.012
_BAR = 0.02
_STAGES = (0.0, 0.5, 1.0)
_KIND_ORDER = ("identical", "similar", "none", "unmapped")
_Flow = tuple[str, str, float]
_Box = tuple[float, float]


def sankey_chart(facts: DigitalFacts, most: int = 14) -> Drawn | None:
    """Draw the flows; small divisions are put together."""
    rows = facts.tables["sankey"]
    first = [_flow(r) for r in rows if r["step"] == "programme"]
    second = [_flow(r) for r in rows if r["step"] == "industry"]
    if not first:
        return None
    rest = facts.say("other divisions", "其他大类")
    kept = _largest(second, most)
    first = _merged([(a, b if b in kept else rest, v) for a, b, v in first])
    second = _merged([(a if a in kept else rest, b, v) for a, b, v in second])
    columns = [
        sorted({a for a, _, _ in first}),
        [k for k in (*kept, rest) if any(k in (a, b) for a, b, _ in (*first, *second))],
        [k for k in _KIND_ORDER if any(b == k for _, b, _ in second)],
    ]
    total = sum(v for _, _, v in first)
    boxes = [
        _boxes(columns[0], first, 0, total),
        _boxes(columns[1], second, 0, total),
        _boxes(columns[2], second, 1, total),
    ]
    colour = {p: COLOURS[k % len(COLOURS)] for k, p in enumerate(columns[0])}

    def draw(ax: Axes) -> None:
        _ribbons(ax, first, boxes[0], boxes[1], (0, 1), total, colour, by_source=True)
        _ribbons(ax, second, boxes[1], boxes[2], (1, 2), total, KINDS, by_source=False)
        _nodes(ax, facts, boxes, colour, rest)

    caption = facts.captioned(
        facts.say(
            "From programme over division of the industry tree to the kind of match; "
            "widths are numbers of clusters, a cluster of two industries is shared.",
            "从计划经行业大类到匹配类型；宽度为集群数，跨两个行业的集群均分。",
        )
    )
    flows = [*first, *second]
    data = pa.table(
        {
            "source": texts([f[0] for f in flows]),
            "target": texts([f[1] for f in flows]),
            "clusters": [f[2] for f in flows],
        }
    )
    heads = {
        "source": facts.say("From", "自"),
        "target": facts.say("To", "至"),
        "clusters": facts.say("Clusters", "集群"),
    }
    figure = Figure(
        svg=draw_svg("sankey", draw, height=5.4, left=0.15),
        caption=caption,
        alt=caption,
        table=twin(caption, data, heads, {"clusters": "number"}),
    )
    return Drawn(name="sankey", figure=figure, data=data)


def _largest(flows: list[_Flow], most: int) -> list[str]:
    """Give the sources with most clusters."""
    size: dict[str, float] = {}
    for node, _, value in flows:
        size[node] = size.get(node, 0.0) + value
    return sorted(size, key=lambda k: (-size[k], k))[:most]


def _nodes(
    ax: Axes,
    facts: DigitalFacts,
    boxes: list[dict[str, _Box]],
    colour: dict[str, str],
    rest: str,
) -> None:
    """Draw the bars with their names."""
    half = _BAR / 2
    for k, held in enumerate(boxes):
        for name, (low, high) in held.items():
            fill = colour.get(name, KINDS.get(name, "#4d5666"))
            at = [_STAGES[k] - half, _STAGES[k] + half]
            ax.fill_between(at, low, high, color=fill, lw=0)
            _label(ax, facts, k, name, (low + high) / 2, rest)
    ax.set_xlim(-0.28, 1.2)
    ax.set_ylim(-0.02, 1.0 + _GAP * 16)
    ax.invert_yaxis()
    ax.set_axis_off()


def _flow(row: object) -> _Flow:
    if not isinstance(row, dict):
        msg = "a flow is a row"
        raise TypeError(msg)
    return (str(row["source"]) or "–", str(row["target"]), float(row["value"]))


def _merged(flows: list[_Flow]) -> list[_Flow]:
    held: dict[tuple[str, str], float] = {}
    for a, b, v in flows:
        held[a, b] = held.get((a, b), 0.0) + v
    return [(a, b, v) for (a, b), v in held.items()]


def _boxes(
    names: list[str], flows: list[_Flow], end: int, total: float
) -> dict[str, _Box]:
    out: dict[str, _Box] = {}
    gap = _GAP * 16 / max(len(names) - 1, 1) if len(names) > 1 else 0.0
    at = 0.0
    for name in names:
        height = sum(f[2] for f in flows if f[end] == name) / total
        out[name] = (at, at + height)
        at += height + gap
    return out


def _ribbons(
    ax: Axes,
    flows: list[_Flow],
    left: dict[str, _Box],
    right: dict[str, _Box],
    stages: tuple[int, int],
    total: float,
    colour: object,
    *,
    by_source: bool,
) -> None:
    start = {k: v[0] for k, v in left.items()}
    stop = {k: v[0] for k, v in right.items()}
    order = {k: i for i, k in enumerate(right)}
    first = {k: i for i, k in enumerate(left)}
    t = np.linspace(0.0, 1.0, 40)
    ease = t * t * (3.0 - 2.0 * t)
    x = (
        _STAGES[stages[0]]
        + _BAR / 2
        + t * (_STAGES[stages[1]] - _STAGES[stages[0]] - _BAR)
    )
    colours = colour if isinstance(colour, dict) else dict(KINDS)
    for a, b, value in sorted(flows, key=lambda f: (first[f[0]], order[f[1]])):
        height = value / total
        y = start[a] + (stop[b] - start[a]) * ease
        ax.fill_between(
            x,
            y,
            y + height,
            color=colours.get(a if by_source else b, "#999999"),
            alpha=0.45,
            lw=0,
        )
        start[a] += height
        stop[b] += height


def _label(
    ax: Axes, facts: DigitalFacts, stage: int, name: str, height: float, rest: str
) -> None:
    text = name
    if stage == 1 and name != rest:
        text = facts.node(name)
    if stage == 2:
        text = facts.kind(name)
    text = text if len(text) < 40 else text[:38] + "…"
    side = "right" if stage == 0 else "left"
    shift = -0.018 if stage == 0 else 0.018
    ax.text(
        _STAGES[stage] + shift,
        height,
        text,
        ha=side,
        va="center",
        fontsize=7.5,
        zorder=5,
    )
