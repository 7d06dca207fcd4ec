"""Figures of pairs: strength against certainty, there and back, borders against distances."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import spearmanr

from agglo.studies.coagglomeration.charts import PAIR_KINDS, numbers_below, pair_heads
from agglo.studies.facts import known, number_of
from agglo.studies.report import Figure
from agglo.studies.report.charts import draw_svg, scatter_chart

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from agglo.core.typing import FloatArray
    from agglo.studies.coagglomeration.facts import CoagglomerationFacts
    from agglo.studies.facts import Row

__all__ = ["areal_chart", "direction_chart", "volcano_chart"]

_BLUE, _ORANGE, _GREY = "#0072b2", "#d55e00", "#6b7585"
_MOST_NAMED = 8
# q of 0 has no logarithm; normal tails end about here
_LEAST_Q = 1e-30


def volcano_chart(facts: CoagglomerationFacts) -> Figure | None:
    """Draw effect against -log10 q of every ordered pair."""
    rows = [
        r
        for r in facts.rows("pairs", measure=facts.measure)
        if known(number_of(r, "effect")) and known(number_of(r, "q"))
    ]
    if not rows:
        return None
    rows.sort(key=lambda r: (number_of(r, "q"), -number_of(r, "effect")))
    effect = np.array([number_of(r, "effect") for r in rows])
    q = np.array([number_of(r, "q") for r in rows])
    height = -np.log10(np.maximum(q, _LEAST_Q))
    line = -np.log10(facts.options.level)
    sure = np.flatnonzero(q < facts.options.level)
    named = _apart(effect, height, sure)

    def draw(ax: Axes) -> None:
        near = q < facts.options.level
        for mask, colour in ((~near, _GREY), (near, _BLUE)):
            ax.plot(
                effect[mask], height[mask], "o", color=colour, alpha=0.45, ms=4, mew=0
            )
        ax.axhline(line, color=_GREY, linewidth=1.0, linestyle="--")
        ax.axvline(0.0, color=_GREY, linewidth=0.8)
        for k in named:
            text = f"{rows[k]['mover']}→{rows[k]['anchor']}"
            ax.annotate(
                text,
                (effect[k], height[k]),
                xytext=(4, 2),
                textcoords="offset points",
                fontsize=7,
            )
        ax.set_xlabel(facts.say("effect", "效应"))
        ax.set_ylabel("-log10 q")

    return Figure(
        svg=draw_svg("volcano", draw, height=4.4),
        caption=facts.say(
            "Strength against certainty of every ordered pair: effect and -log10 of q; above "
            "the line q is below {a}. Named, mover→anchor: small q, as far as names fit.",
            "各有序配对的强度与确定性：效应与 -log10 q；虚线以上 q 小于 {a}。标注 q 较小者（移动方→锚定方），以不重叠为限。",
            a=facts.show(facts.options.level),
        ),
        alt=facts.say("Effect against -log10 q", "效应与 -log10 q"),
        table=numbers_below(facts, rows, pair_heads(facts), PAIR_KINDS),
    )


def _apart(x: FloatArray, y: FloatArray, candidates: np.ndarray) -> list[int]:
    """Give the first points whose names do not cover each other."""
    wide, high = 0.12 * max(np.ptp(x), 1e-9), 0.04 * max(np.ptp(y), 1e-9)
    out: list[int] = []
    for k in candidates.tolist():
        if all(abs(x[k] - x[j]) > wide or abs(y[k] - y[j]) > high for j in out):
            out.append(k)
        if len(out) == _MOST_NAMED:
            break
    return out


def _back(facts: CoagglomerationFacts, measure: str) -> dict[tuple[str, str], float]:
    """Give anchor and mover to effect."""
    return {
        (str(r["anchor"]), str(r["mover"])): number_of(r, "effect")
        for r in facts.rows("pairs", measure=measure)
    }


def _both_ways(
    effects: dict[tuple[str, str], float], rows: list[Row]
) -> tuple[FloatArray, FloatArray]:
    """Give the effects of a towards b and of b towards a."""
    nan = float("nan")
    there = [effects.get((str(r["b"]), str(r["a"])), nan) for r in rows]
    back = [effects.get((str(r["a"]), str(r["b"])), nan) for r in rows]
    return np.array(there), np.array(back)


def direction_chart(facts: CoagglomerationFacts) -> Figure | None:
    """Draw the two effects of every pair against each other, anchors raw and rarefied."""
    rows = [
        r
        for r in facts.tables["verdicts"]
        if known(number_of(r, "effect_a_to_b")) and known(number_of(r, "effect_b_to_a"))
    ]
    if not rows:
        return None
    rows.sort(key=lambda r: min(number_of(r, "q_a_to_b"), number_of(r, "q_b_to_a")))
    raw_name = "entrants" if facts.measure == "entrants" else "nearest_raw"
    raw = _both_ways(_back(facts, raw_name), rows)
    fair = tuple(
        np.array([number_of(r, c) for r in rows])
        for c in ("effect_a_to_b", "effect_b_to_a")
    )
    table = [
        {**r, "raw_a_to_b": float(a), "raw_b_to_a": float(b)}
        for r, a, b in zip(rows, *raw, strict=True)
    ]
    names = {
        "a": "a",
        "b": "b",
        "effect_a_to_b": facts.say("a towards b", "a 向 b"),
        "effect_b_to_a": facts.say("b towards a", "b 向 a"),
        "raw_a_to_b": facts.say("a towards b, raw", "a 向 b（未稀释）"),
        "raw_b_to_a": facts.say("b towards a, raw", "b 向 a（未稀释）"),
        "verdict": facts.say("Verdict", "结论"),
    }

    def draw(ax: Axes) -> None:
        for (x, y), colour, label in (
            (raw, _GREY, facts.say("anchors as they are", "锚定方未稀释")),
            (fair, _BLUE, facts.say("anchors rarefied", "锚定方已稀释")),
        ):
            ax.plot(x, y, "o", color=colour, alpha=0.4, ms=4, mew=0, label=label)
        seen = np.concatenate([*raw, *fair])
        ends = (float(np.nanmin(seen)), float(np.nanmax(seen)))
        ax.plot(ends, ends, color=_GREY, linewidth=0.8, linestyle="--")
        ax.legend(loc="upper left", frameon=False, fontsize=8)
        ax.set_xlabel(names["effect_a_to_b"])
        ax.set_ylabel(names["effect_b_to_a"])

    return Figure(
        svg=draw_svg("direction", draw, height=4.6),
        caption=facts.say(
            "Effects of the two directions of every pair. Raw effects depend on how many "
            "plants the anchor has; only rarefied ones (blue) may be compared there and back.",
            "每个配对两个方向的效应。未稀释的效应取决于锚定方企业数；只有稀释后的效应（蓝色）可作双向比较。",
        ),
        alt=facts.say("Effects there and back", "双向效应"),
        table=numbers_below(
            facts,
            table,
            names,
            dict.fromkeys(
                ("effect_a_to_b", "effect_b_to_a", "raw_a_to_b", "raw_b_to_a"), "number"
            ),
        ),
    )


def areal_chart(facts: CoagglomerationFacts) -> Figure | None:
    """Draw the areal index of every pair against its distance effects, for context."""
    rows = [
        {**r, "mean_effect": value}
        for r in facts.tables["areal"]
        for value in [
            (number_of(r, "effect_a_to_b") + number_of(r, "effect_b_to_a")) / 2.0
        ]
        if known(value) and known(number_of(r, "egk_plants"))
    ]
    if len(rows) < 3:
        return None
    rows.sort(key=lambda r: -number_of(r, "egk_plants"))
    x, y = (
        np.array([number_of(r, c) for r in rows]) for c in ("egk_plants", "mean_effect")
    )
    ranks = float(spearmanr(x, y).statistic) if np.ptp(x) > 0 and np.ptp(y) > 0 else 0.0
    heads = {
        "a": "a",
        "b": "b",
        "egk_plants": facts.say("Areal index, plants", "区域指数（企业数）"),
        "egk_jobs": facts.say("Areal index, jobs", "区域指数（就业）"),
        "colocation": facts.say("In the same region", "同地区占比"),
        "p_colocation": facts.say("p of the latter", "其 p 值"),
        "effect_a_to_b": facts.say("a towards b", "a 向 b"),
        "effect_b_to_a": facts.say("b towards a", "b 向 a"),
    }
    return Figure(
        svg=scatter_chart(
            "areal",
            x,
            y,
            label_x=facts.say(
                "Ellison-Glaeser-Kerr index", "Ellison-Glaeser-Kerr 指数"
            ),
            label_y=facts.say("mean distance effect", "平均距离效应"),
        ),
        caption=facts.say(
            "Context: what {n} regions see of every pair (Ellison, Glaeser and Kerr 2010, "
            "doi:10.1257/aer.100.3.1195) against the mean of its two distance effects, all "
            "plants; rank correlation {r}. Borders cut neighbours apart and have no direction.",
            "背景：{n} 个地区所见的配对共集聚（Ellison, Glaeser and Kerr 2010, "
            "doi:10.1257/aer.100.3.1195）与全部企业两个方向距离效应的均值；秩相关 {r}。行政边界割裂相邻企业，且无方向。",
            n=facts.show(number_of(rows[0], "n_regions"), "count"),
            r=facts.show(ranks),
        ),
        alt=facts.say("Areal index against distance", "区域指数与距离效应"),
        table=numbers_below(
            facts,
            rows,
            heads,
            {
                **dict.fromkeys(
                    ("egk_plants", "egk_jobs", "effect_a_to_b", "effect_b_to_a"),
                    "number",
                ),
                "colocation": "share",
                "p_colocation": "p",
            },
        ),
    )
