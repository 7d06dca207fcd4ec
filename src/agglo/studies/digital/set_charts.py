"""Charts of sets and sizes: programmes over cities (UpSet), rank against size."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from agglo.concentration import rank_size
from agglo.studies.columns import texts
from agglo.studies.digital.charts import drawn, value_of
from agglo.studies.digital.drawing import BELTS, COLOURS
from agglo.studies.outputs import Drawn
from agglo.studies.report.charts import draw_svg

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from agglo.concentration.rank_size import RankSize
    from agglo.studies.digital.facts import DigitalFacts

__all__ = ["rank_chart", "upset_chart"]

_MOST = 18
_FEWEST = 3
_Sets = tuple[tuple[str, ...], int]


def upset_chart(facts: DigitalFacts) -> Drawn | None:
    """Draw in how many cities each combination of programmes and belts stands."""
    held: dict[str, set[str]] = {}
    for r in facts.tables["clusters"]:
        name = str(r["programme"] or facts.set_name("clusters"))
        held.setdefault(str(r["city"]), set()).add(name)
    programmes = sorted({p for own in held.values() for p in own})
    if not programmes:
        return None
    belts = facts.set_name("belts")
    for r in facts.tables["belt_rows"]:
        held.setdefault(str(r["city"]), set()).add(belts)
    names = [*programmes, belts]
    counts: dict[tuple[str, ...], int] = {}
    for own in held.values():
        key = tuple(n for n in names if n in own)
        counts[key] = counts.get(key, 0) + 1
    order = sorted(counts.items(), key=lambda kv: (-kv[1], len(kv[0]), kv[0]))
    shown = order[:_MOST]
    totals = {n: sum(c for k, c in order if n in k) for n in names}
    colours = {n: COLOURS[i % len(COLOURS)] for i, n in enumerate(programmes)}
    colours[belts] = BELTS

    def draw(ax: Axes) -> None:
        _upset(ax, facts, names, shown, totals, colours)

    rest = len(order) - len(shown)
    caption = facts.captioned(
        facts.say(
            "Cities by the programmes (and belts) that they hold: each column is one "
            "combination, its bar the number of cities with exactly these; bars on the left "
            "count all cities of a programme.{rest}",
            "按所含计划（及产业带）划分的城市：每列为一种组合，柱高为恰好具有该组合的城市数；左侧条形为各计划的城市总数。{rest}",
            rest=facts.say(
                " {n} rarer combinations are in the table.",
                "另有 {n} 种较少见的组合见表。",
                n=rest,
            )
            if rest
            else "",
        )
    )
    joint = facts.say(" + ", " + ")
    data = pa.table(
        {
            "combination": texts([joint.join(k) for k, _ in order]),
            "cities": [c for _, c in order],
        }
    )
    heads = {
        "combination": facts.say("Combination", "组合"),
        "cities": facts.say("Cities", "城市"),
    }
    svg = draw_svg("upset", draw, height=3.0 + 0.3 * len(names), left=0.1)
    return drawn("upset", svg, caption, caption, data, heads, {"cities": "count"})


def _upset(
    ax: Axes,
    facts: DigitalFacts,
    names: list[str],
    shown: list[_Sets],
    totals: dict[str, int],
    colours: dict[str, str],
) -> None:
    ax.set_axis_off()
    low = 0.1 + 0.075 * len(names)
    bars = ax.inset_axes((0.34, low + 0.04, 0.66, 0.96 - low))
    grid = ax.inset_axes((0.34, 0.02, 0.66, low - 0.02))
    sides = ax.inset_axes((0.0, 0.02, 0.16, low - 0.02))
    place = np.arange(len(shown))
    bars.bar(place, [c for _, c in shown], color="#4d5666", width=0.66)
    for x, (_, count) in zip(place, shown, strict=True):
        bars.annotate(
            f"{count}",
            (x, count),
            xytext=(0, 2),
            textcoords="offset points",
            ha="center",
            fontsize=8,
        )
    bars.set_xticks([])
    bars.set_ylabel(facts.say("cities", "城市数"))
    rows = {n: len(names) - 1 - i for i, n in enumerate(names)}
    for n, y in rows.items():
        grid.axhspan(y - 0.42, y + 0.42, color="#f3f5f8" if y % 2 else "white", lw=0)
        grid.plot(place, np.full(place.size, y), "o", color="#d7dde6", markersize=6)
        sides.barh(y, totals[n], color=colours[n], height=0.62)
        sides.annotate(
            f"{totals[n]}",
            (totals[n], y),
            xytext=(-2, 0),
            textcoords="offset points",
            ha="right",
            va="center",
            fontsize=7.5,
        )
    for x, (key, _) in zip(place, shown, strict=True):
        ys = [rows[n] for n in key]
        grid.plot([x, x], [min(ys), max(ys)], color="#1c2330", linewidth=1.4)
        for n in key:
            grid.plot(x, rows[n], "o", color=colours[n], markersize=6.5)
    for inner in (grid, sides):
        inner.set_ylim(-0.6, len(names) - 0.4)
        inner.set_xticks([])
        for side in inner.spines.values():
            side.set_visible(False)
    grid.set_yticks([rows[n] for n in names], [n[:26] for n in names])
    grid.tick_params(axis="y", length=0)
    sides.set_yticks([])
    sides.set_xlim(1.35 * max(totals.values()), 0)
    bars.set_xlim(-0.6, len(shown) - 0.4)
    grid.set_xlim(-0.6, len(shown) - 0.4)


def rank_chart(facts: DigitalFacts) -> Drawn | None:
    """Draw rank against size of the cities of both lists, with the fitted lines."""
    fits: dict[str, RankSize] = {}
    for name, column in (("clusters", "clusters_fractional"), ("belts", "belts")):
        sizes = np.array([value_of(r, column) for r in facts.tables["city_counts"]])
        sizes = sizes[sizes > 0]
        if sizes.size >= _FEWEST and np.unique(sizes).size > 1:
            fits[name] = rank_size(pa.table({"value": sizes}))
    if not fits:
        return None

    def draw(ax: Axes) -> None:
        _ranks(ax, facts, fits)

    said = facts.say("; ", "；").join(
        facts.say(
            "{name}: exponent {zeta} ± {se}, {n} cities, {k} distinct counts",
            "{name}：指数 {zeta} ± {se}，{n} 个城市，{k} 个不同计数",
            name=facts.set_name(name),
            zeta=facts.show(fit.zeta),
            se=facts.show(fit.se),
            n=fit.n,
            k=fit.n_distinct,
        )
        for name, fit in fits.items()
    )
    caption = facts.captioned(
        facts.say(
            "Rank and size of the cities, joint clusters by their share, with the lines of "
            "Gabaix and Ibragimov ({said}). Counts tie heavily; this is no proof of a power law.",
            "城市的位次—规模关系，联合集群按份额计，直线按 Gabaix 与 Ibragimov 拟合（{said}）。计数大量相同；这并非幂律的证明。",
            said=said,
        )
    )
    data = pa.table(
        {
            "set": texts([facts.set_name(n) for n, f in fits.items() for _ in f.rank]),
            "rank": np.concatenate([f.rank for f in fits.values()]),
            "size": np.concatenate([f.values for f in fits.values()]),
        }
    )
    heads = {
        "set": facts.say("Set", "集合"),
        "rank": facts.say("Rank", "位次"),
        "size": facts.say("Size", "规模"),
    }
    svg = draw_svg("rank-size", draw, height=3.8, left=0.8)
    return drawn(
        "rank_size",
        svg,
        caption,
        said,
        data,
        heads,
        {"rank": "count", "size": "number"},
    )


def _ranks(ax: Axes, facts: DigitalFacts, fits: dict[str, RankSize]) -> None:
    """Draw both lists on logarithmic axes, each with its line."""
    colours = {"clusters": COLOURS[0], "belts": BELTS}
    for name, fit in fits.items():
        mark = "o" if name == "clusters" else "s"
        ax.loglog(
            fit.values,
            fit.rank - 0.5,
            mark,
            markersize=4.5,
            markerfacecolor="none" if name == "belts" else colours[name],
            markeredgecolor=colours[name],
            label=facts.set_name(name),
        )
        ends = np.array([fit.values.min(), fit.values.max()])
        line = np.exp(fit.intercept - fit.zeta * np.log(ends))
        style = "--" if name == "belts" else "-"
        ax.plot(ends, line, style, color=colours[name], lw=1.2)
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_formatter(lambda v, _: f"{v:g}")
        axis.set_minor_formatter(lambda *_: "")
    ax.set_xlabel(facts.say("clusters or belts in the city", "城市的集群或产业带数"))
    ax.set_ylabel(facts.say("rank − ½", "位次 − ½"))
    ax.legend(frameon=False, fontsize=8)
    ax.grid(color="#e3e8ef", linewidth=0.7)
    ax.set_axisbelow(True)
