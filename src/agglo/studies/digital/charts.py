"""Charts: kinds by programme and division, cities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from agglo.studies.columns import texts
from agglo.studies.digital.drawing import KINDS
from agglo.studies.outputs import Drawn, twin
from agglo.studies.report import Figure
from agglo.studies.report.charts import draw_svg

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from agglo.core.typing import FloatArray
    from agglo.studies.digital.facts import DigitalFacts
    from agglo.studies.facts import Row
    from agglo.studies.report import NumberKind

__all__ = ["city_bubbles", "drawn", "stacked_bars", "value_of"]

_NAMED = 15


def value_of(row: Row, key: str) -> float:
    """Give a number of a row, NaN where there is none."""
    value = row.get(key)
    return float(value) if isinstance(value, (int, float)) else float("nan")


def drawn(
    name: str,
    svg: str,
    caption: str,
    alt: str,
    data: pa.Table,
    heads: Mapping[str, str],
    kinds: Mapping[str, NumberKind],
) -> Drawn:
    """Put a drawing together with its words and its table."""
    figure = Figure(
        svg=svg, caption=caption, alt=alt, table=twin(caption, data, heads, kinds)
    )
    return Drawn(name=name, figure=figure, data=data)


def _bars(
    ax: Axes,
    facts: DigitalFacts,
    names: Sequence[str],
    parts: Mapping[str, Sequence[float]],
    n: FloatArray,
) -> None:
    """Draw the shares, the first group on top."""
    place = np.arange(len(names))[::-1]
    left = np.zeros(len(names))
    for kind, values in parts.items():
        share = np.array(values) / n
        label = facts.kind(kind)
        ax.barh(place, share, left=left, color=KINDS[kind], label=label, height=0.72)
        left += share
    for y, total in zip(place, n, strict=True):
        ax.text(1.01, y, f"N = {total:,.0f}", va="center", fontsize=8)
    ax.set_yticks(place, [t if len(t) < 44 else t[:42] + "…" for t in names])
    ax.set_xlim(0, 1.13)
    ax.set_xticks([0, 0.25, 0.5, 0.75, 1.0], ["0 %", "25 %", "50 %", "75 %", "100 %"])
    ax.set_ylim(-0.7, len(names) - 0.3 + 0.9)
    ax.legend(loc="upper left", ncols=3, frameon=False, fontsize=8)
    ax.spines["left"].set_visible(False)
    ax.tick_params(axis="y", length=0)


def stacked_bars(facts: DigitalFacts, by: str, most: int = 30) -> Drawn | None:
    """Draw identical, similar and none of every group, with N on the bar."""
    rows = facts.rows(
        "rates", variant="main", by=by, measure="matched", counting="full"
    )
    rows = sorted(
        (r for r in rows if value_of(r, "n") > 0), key=lambda r: -value_of(r, "n")
    )
    rows = rows[:most]
    if not rows:
        return None
    names = [
        facts.node(str(r["group"])) if by == "industry" else str(r["group"] or "–")
        for r in rows
    ]
    parts = {
        k: [
            value_of(facts.rate(k, by=by, group=str(r["group"])), "count") for r in rows
        ]
        for k in ("identical", "similar")
    }
    n = np.array([value_of(r, "n") for r in rows])
    parts["none"] = (
        n - np.array(parts["identical"]) - np.array(parts["similar"])
    ).tolist()

    def draw(ax: Axes) -> None:
        _bars(ax, facts, names, parts, n)

    what = facts.say("by division", "按大类")
    if by == "programme":
        what = facts.say("by programme", "按计划")
    caption = facts.captioned(
        facts.say(
            "Clusters with an identical, a similar or no belt in their cities, {what}. "
            "Groups with fewer than five clusters say little.",
            "集群在其城市中有相同、相似或无产业带的比例，{what}。少于五个集群的组参考意义有限。",
            what=what,
        )
    )
    data = pa.table(
        {
            "group": texts(names),
            "n": n,
            **{k: parts[k] for k in ("identical", "similar", "none")},
        }
    )
    shown = ("identical", "similar", "none")
    heads = {"group": facts.say("Group", "分组"), "n": "N"}
    heads |= {k: facts.kind(k) for k in shown}
    width = max(len(t) * (1.8 if facts.lang == "zh" else 1.0) for t in names)
    svg = draw_svg(
        f"kinds-{by}",
        draw,
        height=1.1 + 0.27 * max(len(rows), 3),
        left=min(3.6, 0.35 + 0.078 * min(width, 44)),
    )
    counts: dict[str, NumberKind] = dict.fromkeys(
        ("n", "identical", "similar", "none"), "count"
    )
    return drawn(f"kinds_{by}", svg, caption, caption, data, heads, counts)


def city_bubbles(facts: DigitalFacts) -> Drawn | None:
    """Draw clusters against belts of every city, coloured by the matched share."""
    rows = [r for r in facts.tables["city_counts"] if value_of(r, "clusters") > 0]
    if not rows:
        return None
    rows.sort(
        key=lambda r: (-value_of(r, "clusters") - value_of(r, "belts"), str(r["city"]))
    )
    groups: dict[tuple[float, float], list[Row]] = {}
    for r in rows:
        groups.setdefault((value_of(r, "clusters"), value_of(r, "belts")), []).append(r)
    named = [str(r["city"]) for r in rows[:_NAMED]]

    def draw(ax: Axes) -> None:
        _bubbles(ax, facts, groups)
        _name_cities(ax, facts, groups, named)

    caption = facts.captioned(
        facts.say(
            "Every city with clusters: its clusters against its belts, coloured by the "
            "matched share of its clusters. Larger dots stand "
            "for several cities with the same counts; the {n} cities with most of both are "
            "named where there is room.",
            "各集群城市的集群数与产业带数，颜色为集群匹配占比。较大的点代表数量相同的多个城市；在空间允许处标出二者最多的 {n} 个城市。",
            n=min(_NAMED, len(rows)),
        )
    )
    data = pa.table(
        {
            "city": texts([str(r["city"]) for r in rows]),
            "name": texts([facts.city(str(r["city"])) for r in rows]),
            **{
                k: [value_of(r, k) for r in rows]
                for k in ("clusters", "belts", "mapped", "identical", "similar")
            },
        }
    )
    heads = {
        "name": facts.say("City", "城市"),
        "clusters": facts.say("Clusters", "集群"),
        "belts": facts.say("Belts", "产业带"),
        "identical": facts.kind("identical"),
        "similar": facts.kind("similar"),
    }
    counts: dict[str, NumberKind] = dict.fromkeys(list(heads)[1:], "count")
    svg = draw_svg("cities", draw, height=4.6, left=0.8)
    return drawn("cities", svg, caption, caption, data, heads, counts)


def _bubbles(
    ax: Axes,
    facts: DigitalFacts,
    groups: Mapping[tuple[float, float], Sequence[Row]],
) -> None:
    """Draw one dot per pair of counts, coloured by the matched share."""
    keys = list(groups)
    matched = [
        sum(value_of(r, "identical") + value_of(r, "similar") for r in groups[k])
        / max(sum(value_of(r, "mapped") for r in groups[k]), 1.0)
        for k in keys
    ]
    dots = ax.scatter(
        [k[1] for k in keys],
        [k[0] for k in keys],
        s=[26.0 * len(groups[k]) ** 0.7 + 14.0 for k in keys],
        c=matched,
        cmap="cividis_r",
        vmin=0.0,
        vmax=1.0,
        edgecolors="#444444",
        linewidths=0.5,
    )
    ax.margins(x=0.14, y=0.12)
    # counts are whole numbers
    ax.locator_params(integer=True)
    ax.figure.subplots_adjust(right=0.93)
    bar = ax.figure.colorbar(dots, ax=ax, pad=0.02, fraction=0.04)
    bar.ax.yaxis.set_major_formatter(lambda v, _: f"{100 * v:.0f} %")
    ax.set_xlabel(facts.say("belts in the city", "城市中的产业带数"))
    ax.set_ylabel(facts.say("clusters in the city", "城市中的集群数"))
    ax.grid(color="#e3e8ef", linewidth=0.7)
    ax.set_axisbelow(True)


def _name_cities(
    ax: Axes,
    facts: DigitalFacts,
    groups: Mapping[tuple[float, float], Sequence[Row]],
    named: Sequence[str],
) -> None:
    """Name the largest; a name that would cover an earlier one is left out."""
    ax.figure.canvas.draw()
    taken: list[tuple[float, float, float]] = []
    middle = float(np.mean(ax.get_xlim()))
    for key, held in groups.items():
        mine = [str(r["city"]) for r in held if str(r["city"]) in named]
        if not mine:
            continue
        text = facts.say(", ", "、").join(facts.city(c) for c in mine[:2])
        if len(held) > 2 or len(mine) < len(held):
            text += f" +{len(held) - min(len(mine), 2)}"
        x, y = ax.transData.transform((key[1], key[0]))
        width = (9.0 if facts.lang == "zh" else 5.2) * len(text)
        right = key[1] > middle
        left = x - width - 8 if right else x + 8
        if any(
            abs(y - h) < 13 and left < end and begin < left + width
            for begin, end, h in taken
        ):
            continue
        taken.append((left, left + width, y))
        ax.annotate(
            text,
            (key[1], key[0]),
            xytext=(-7 if right else 7, 4),
            textcoords="offset points",
            ha="right" if right else "left",
            fontsize=7.5,
        )
