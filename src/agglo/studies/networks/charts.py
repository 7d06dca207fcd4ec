"""Figures of the study: groups, boundaries, ranks, profiles, odds, portfolio."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from agglo.studies.facts import number_of
from agglo.studies.networks.drawing import COLOURS, GREY, figure_of
from agglo.studies.outputs import Drawn
from agglo.studies.report import interval_chart
from agglo.studies.report.charts import draw_svg

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from agglo.core.typing import FloatArray
    from agglo.studies.facts import Row
    from agglo.studies.networks.facts import NetworkFacts

__all__ = [
    "backtest_chart",
    "boundary_chart",
    "mixing_chart",
    "odds_chart",
    "portfolio_chart",
    "profile_chart",
    "rank_chart",
    "space_chart",
]


def _column(rows: Sequence[Row], name: str) -> FloatArray:
    return np.array([number_of(r, name) for r in rows], dtype=np.float64)


def _words(rows: Sequence[Row], name: str) -> list[str]:
    return [str(r[name]) for r in rows]


def space_chart(facts: NetworkFacts) -> Drawn | None:
    """Draw the product space, coloured by group."""
    nodes = facts.tables["product_space"]
    if not nodes:
        return None
    x, y = _column(nodes, "x"), _column(nodes, "y")
    at = {str(r["industry"]): i for i, r in enumerate(nodes)}
    group = _words(nodes, "group")
    names = sorted(set(group) - {""})

    def draw(ax: Axes) -> None:
        for r in facts.tables["product_links"]:
            a, b = at[str(r["industry_a"])], at[str(r["industry_b"])]
            ax.plot([x[a], x[b]], [y[a], y[b]], color="#d5dbe3", lw=0.8, zorder=1)
        for g, name in enumerate(names):
            here = np.array([k == name for k in group])
            colour = COLOURS[g % len(COLOURS)]
            ax.plot(x[here], y[here], "o", ms=6, color=colour, label=name, zorder=2)
        ax.set_xticks([])
        ax.set_yticks([])
        if names:
            ax.legend(frameon=False, fontsize=8, ncol=2)

    caption = facts.say(
        "Product space: industries near each other are present in the same regions; lines are "
        "the strongest proximities, colours the groups.",
        "产品空间：相近产业常出现在同一地区；连线为最强邻近关系，颜色为产业群组。",
    )
    data = pa.Table.from_pylist([dict(r) for r in nodes])
    heads = {
        "industry": facts.say("industry", "产业"),
        "group": facts.say("group", "群组"),
        "x": "x",
        "y": "y",
    }
    svg = draw_svg("space", draw, height=4.6, left=0.3)
    return figure_of("space", svg, caption, data, heads, {"x": "number", "y": "number"})


def boundary_chart(facts: NetworkFacts, layer: str) -> Drawn | None:
    """Draw the boundary index of every city with its interval."""
    rows = [r for r in facts.rows("integration", layer=layer) if r["kappa"] is not None]
    rows.sort(key=lambda r: number_of(r, "kappa"))
    if not rows:
        return None
    labels = [facts.place(str(r["region"])) for r in rows]
    middle = float(np.nanmedian(_column(rows, "kappa")))
    svg = interval_chart(
        f"boundary-{layer}",
        labels,
        _column(rows, "kappa"),
        _column(rows, "lower"),
        _column(rows, "upper"),
        label=facts.say(
            "boundary index (0 random, 1 sealed)", "边界指数（0 随机，1 封闭）"
        ),
        line=middle,
    )
    caption = facts.say(
        "Boundary index of the industry network of every city, {layer}; dashed: median.",
        "各城市产业网络的边界指数，{layer}；虚线为中位数。",
        layer=facts.word(layer),
    )
    data = pa.Table.from_pylist([dict(r) for r in rows])
    heads = {
        "region": facts.say("city", "城市"),
        "kappa": facts.say("index", "指数"),
        "lower": facts.say("lower", "下界"),
        "upper": facts.say("upper", "上界"),
        "ei": "E-I",
        "verdict": facts.say("verdict", "判断"),
    }
    kinds = dict.fromkeys(("kappa", "lower", "upper", "ei"), "number")
    return figure_of(f"boundary_{layer}", svg, caption, data, heads, kinds)  # type: ignore[arg-type]  # words of NumberKind


def mixing_chart(facts: NetworkFacts, layer: str) -> Drawn | None:
    """Draw how much more often groups are tied than their size makes likely."""
    rows = facts.rows("mixing", layer=layer)
    if not rows:
        return None
    names = sorted({str(r["origin_group"]) for r in rows})
    odds = _column(rows, "log_odds").reshape(len(names), len(names))
    top = max(float(np.nanmax(np.abs(odds))), 0.1)

    def draw(ax: Axes) -> None:
        drawn = ax.pcolormesh(
            odds, cmap="RdBu_r", vmin=-top, vmax=top, rasterized=False
        )
        place = np.arange(len(names)) + 0.5
        ax.set_xticks(place, names)
        ax.set_yticks(place, names)
        ax.invert_yaxis()
        ax.set_xlabel(facts.say("destination", "终点"))
        ax.set_ylabel(facts.say("origin", "起点"))
        ax.figure.colorbar(drawn, ax=ax, label="ln(observed / expected)")

    caption = facts.say(
        "Links between groups of industries, {layer}: natural logarithm of observed over "
        "expected weight.",
        "产业群组之间的联系，{layer}：实际权重与期望权重之比的自然对数。",
        layer=facts.word(layer),
    )
    data = pa.Table.from_pylist([dict(r) for r in rows])
    heads = {
        "origin_group": facts.say("origin", "起点"),
        "destination_group": facts.say("destination", "终点"),
        "weight": facts.say("weight", "权重"),
        "log_odds": facts.say("log odds", "对数比"),
    }
    svg = draw_svg(f"mixing-{layer}", draw, height=4.2)
    kinds = dict.fromkeys(("weight", "log_odds"), "number")
    return figure_of(f"mixing_{layer}", svg, caption, data, heads, kinds)  # type: ignore[arg-type]  # words of NumberKind


def rank_chart(facts: NetworkFacts, layer: str) -> Drawn | None:
    """Draw strengths by rank at both scales; cores stand out."""
    rows = [
        r for r in facts.rows("hierarchy", layer=layer) if number_of(r, "value") > 0
    ]
    if not rows:
        return None
    rows.sort(key=lambda r: (str(r["scale"]), -number_of(r, "value"), str(r["node"])))

    def draw(ax: Axes) -> None:
        for k, scale in enumerate(("city", "district")):
            part = [r for r in rows if r["scale"] == scale]
            if not part:
                continue
            value = _column(part, "value")
            rank = np.arange(1, value.size + 1)
            core = np.array([bool(r["is_core"]) for r in part])
            label = facts.word(scale)
            ax.plot(rank, value, "-", color=COLOURS[k], lw=0.8, label=label)
            ax.plot(rank[~core], value[~core], "o", ms=3, color=COLOURS[k])
            ax.plot(rank[core], value[core], "D", ms=6, color=COLOURS[k])
        ax.set_xscale("log")
        ax.set_yscale("log")
        ax.xaxis.set_major_formatter(lambda v, _: f"{v:g}")
        ax.yaxis.set_major_formatter(lambda v, _: f"{v:g}")
        ax.yaxis.set_minor_formatter(lambda _v, _p: "")
        ax.set_xlabel(facts.say("rank", "位次"))
        ax.set_ylabel(facts.say("strength", "强度"))
        ax.legend(frameon=False, fontsize=8)

    caption = facts.say(
        "Strength by rank, {layer}; diamonds are cores.",
        "强度位次图，{layer}；菱形为核心。",
        layer=facts.word(layer),
    )
    data = pa.Table.from_pylist([dict(r) for r in rows])
    heads = {
        "scale": facts.say("scale", "尺度"),
        "node": facts.say("region", "地区"),
        "value": facts.say("strength", "强度"),
        "tier": facts.say("tier", "层级"),
    }
    svg = draw_svg(f"rank-{layer}", draw, height=4.0)
    kinds = {"value": "number", "tier": "count"}
    return figure_of(f"rank_{layer}", svg, caption, data, heads, kinds)  # type: ignore[arg-type]  # words of NumberKind


def profile_chart(facts: NetworkFacts) -> Drawn | None:
    """Draw the sizes of the firms that invent together, city by city."""
    rows = facts.tables["size_profiles"]
    if not rows or "class" not in rows[0]:
        return None
    classes = list(dict.fromkeys(_words(rows, "class")))
    usual = ("large", "medium", "small", "micro")
    order: list[str] = [c for c in usual if c in classes]
    order += [c for c in classes if c not in usual]
    cities = sorted(set(_words(rows, "region")))
    share = {(str(r["region"]), str(r["class"])): number_of(r, "share") for r in rows}

    def draw(ax: Axes) -> None:
        place = np.arange(len(cities))[::-1]
        left = np.zeros(len(cities))
        for k, name in enumerate(order):
            width = np.nan_to_num(
                np.array([share.get((c, name), np.nan) for c in cities])
            )
            colour = COLOURS[k % len(COLOURS)]
            ax.barh(place, width, left=left, color=colour, label=facts.word(name))
            left = left + width
        ax.set_yticks(place, [facts.place(c) for c in cities])
        ax.set_ylim(-0.6, len(cities) + 0.6)
        ax.set_xlim(0, 1)
        ax.set_xlabel(
            facts.say("share of applicants in joint patents", "合作申请人占比")
        )
        ax.legend(frameon=False, fontsize=8, ncol=4, loc="upper center")

    caption = facts.say(
        "Size classes of the applicants of joint patents; each counts once per patent.",
        "合作专利申请人的规模类别；每件专利中每个申请人只计一次。",
    )
    data = pa.Table.from_pylist([dict(r) for r in rows])
    heads = {
        "region": facts.say("city", "城市"),
        "class": facts.say("class", "类别"),
        "ends": facts.say("applicants", "申请人"),
        "share": facts.say("share", "占比"),
    }
    svg = draw_svg("profiles", draw, height=1.2 + 0.26 * len(cities), left=2.0)
    kinds = {"ends": "count", "share": "share"}
    return figure_of("profiles", svg, caption, data, heads, kinds)  # type: ignore[arg-type]  # words of NumberKind


def odds_chart(facts: NetworkFacts) -> Drawn | None:
    """Draw the odds ratios of crossing cities, without and with adjustment."""
    rows = [r for r in facts.tables["propensity"] if r.get("odds_ratio") is not None]
    rows = [r for r in rows if np.isfinite(number_of(r, "odds_ratio"))]
    if not rows:
        return None
    rows.sort(key=lambda r: (str(r["class"]), str(r["adjust"])))
    labels = [
        f"{facts.word(str(r['class']))} ({facts.word(str(r['adjust']))})" for r in rows
    ]
    logs = [np.log(_column(rows, f"odds_{k}")) for k in ("ratio", "lower", "upper")]
    svg = interval_chart(
        "odds",
        labels,
        *logs,
        label=facts.say(
            "ln odds ratio of crossing cities (0: as the others)",
            "跨城市的对数优势比（0：与其他类别相同）",
        ),
        line=0.0,
    )
    caption = facts.say(
        "Odds of crossing cities, each class against all others; in brackets what is held "
        "constant.",
        "各类别相对其他类别跨城市合作的优势比；括号内为控制方式。",
    )
    data = pa.Table.from_pylist([dict(r) for r in rows])
    heads = {
        "class": facts.say("class", "类别"),
        "adjust": facts.say("adjusted", "控制"),
        "share": facts.say("share", "占比"),
        "odds_ratio": facts.say("odds ratio", "优势比"),
        "p_holm": "p (Holm)",
        "verdict": facts.say("verdict", "判断"),
    }
    kinds = {"share": "share", "odds_ratio": "number", "p_holm": "p"}
    return figure_of("odds", svg, caption, data, heads, kinds)  # type: ignore[arg-type]  # words of NumberKind


def portfolio_chart(facts: NetworkFacts) -> Drawn | None:
    """Draw the options of the strongest district: near against complex."""
    rows = facts.tables["portfolio"]
    if not rows or "density" not in rows[0]:
        return None
    known = {str(r["region"]) for r in rows}
    strong = [
        r
        for r in facts.tables["hierarchy"]
        if r["scale"] == "district" and r["node"] in known
    ]
    chosen = (
        str(max(strong, key=lambda r: number_of(r, "value"))["node"])
        if strong
        else min(known)
    )
    part = [r for r in rows if r["region"] == chosen]

    def draw(ax: Axes) -> None:
        x, y = _column(part, "density"), _column(part, "complexity")
        external = _column(part, "external")
        size = 20 + 160 * external / max(float(external.max()), 1e-9)
        ax.scatter(x, y, s=size, color=COLOURS[0], alpha=0.6, linewidth=0)
        for r in part[:6]:
            at = (number_of(r, "density"), number_of(r, "complexity"))
            ax.annotate(
                str(r["industry"]), at, xytext=(5, 4), textcoords="offset points"
            )
        ax.axvline(float(np.nanmedian(x)), color=GREY, lw=0.8, ls="--")
        ax.axhline(float(np.nanmedian(y)), color=GREY, lw=0.8, ls="--")
        ax.set_xlabel(facts.word("density"))
        ax.set_ylabel(facts.word("complexity"))

    caption = facts.say(
        "Options of {place}: relatedness (how near) against complexity; larger dots are held "
        "by partners. The six first are named.",
        "{place} 的选项：相关密度与复杂度；圆点越大，伙伴地区拥有越多。标注前六项。",
        place=facts.place(chosen),
    )
    data = pa.Table.from_pylist([dict(r) for r in part])
    heads = {
        "industry": facts.say("industry", "产业"),
        "density": facts.word("density"),
        "complexity": facts.word("complexity"),
        "external": facts.say("at partners", "伙伴拥有"),
        "quadrant": facts.say("quadrant", "象限"),
    }
    kinds = dict.fromkeys(("density", "complexity", "external"), "number")
    svg = draw_svg("portfolio", draw, height=4.4)
    return figure_of("portfolio", svg, caption, data, heads, kinds)  # type: ignore[arg-type]  # words of NumberKind


def backtest_chart(facts: NetworkFacts) -> Drawn | None:
    """Draw the AUC of every score within regions."""
    rows = facts.tables["backtest"]
    if not rows or "auc" not in rows[0]:
        return None
    svg = interval_chart(
        "backtest",
        [facts.word(str(r["score"])) for r in rows],
        _column(rows, "auc"),
        _column(rows, "lower"),
        _column(rows, "upper"),
        label=facts.say("AUC within regions (0.5: chance)", "地区内 AUC（0.5 为随机）"),
        line=0.5,
    )
    caption = facts.say(
        "Back-test: how well scores of the earlier period foresaw entries.",
        "回测：早期评分对新进入产业的预见性。",
    )
    data = pa.Table.from_pylist([dict(r) for r in rows])
    heads = {
        "score": facts.say("score", "评分"),
        "auc": "AUC",
        "lower": facts.say("lower", "下界"),
        "upper": facts.say("upper", "上界"),
        "null": facts.say("chance", "随机"),
    }
    kinds = dict.fromkeys(("auc", "lower", "upper", "null"), "number")
    return figure_of("backtest", svg, caption, data, heads, kinds)  # type: ignore[arg-type]  # words of NumberKind
