"""Charts of chance: null histograms, the exact curve of co-existence, cross-K."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from agglo.studies.columns import texts
from agglo.studies.digital.charts import drawn, value_of
from agglo.studies.digital.drawing import COLOURS
from agglo.studies.outputs import Drawn
from agglo.studies.report.charts import draw_svg

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from agglo.studies.digital.facts import DigitalFacts
    from agglo.studies.facts import Row
    from agglo.studies.report import NumberKind

__all__ = ["cross_k_chart", "hypergeometric_chart", "null_histograms"]


def null_histograms(facts: DigitalFacts, statistics: Sequence[str]) -> Drawn | None:
    """Draw the distribution of each rate under each null with the observed value."""
    names = [n for n in facts.null_names if n in ("N1", "N2", "N3")]
    panels = [(name, statistic) for statistic in statistics for name in names]
    across, down = len(names), len(statistics)

    def draw(ax: Axes) -> None:
        figure = ax.figure
        ax.remove()
        axes = np.atleast_1d(figure.subplots(down, across, squeeze=False)).ravel()
        figure.subplots_adjust(
            hspace=0.62, wspace=0.2, left=0.03, right=0.985, top=0.94, bottom=0.06
        )
        for panel, (name, statistic) in zip(axes, panels, strict=True):
            _panel(facts, panel, name, statistic)

    caption = facts.captioned(
        facts.say(
            "What chance would give (blue) and what is observed (line), in numbers of "
            "cities or clusters. Titles: observed / expected, p-value. N1: belt cities "
            "relocated; N2: within classes of city size; N3: labels dealt out anew.",
            "随机情况下的分布（蓝色）与观测值（竖线），单位为城市数或集群数。标题：观测值 / 期望值，p 值。N1：产业带城市"
            "重新安置；N2：在城市规模组内；N3：名称重新分配。",
        )
    )
    used = [p for p in panels if facts.null(*p)]
    rows = [facts.null(name, statistic) for name, statistic in used]
    numbers = ("observed", "expected", "q05", "q95", "ratio", "p_upper")
    data = pa.table(
        {
            "null": texts([p[0] for p in used]),
            "statistic": texts([facts.kind(p[1]) for p in used]),
            **{k: [value_of(r, k) for r in rows] for k in numbers},
        }
    )
    heads = {
        "statistic": facts.say("Rate", "比率"),
        "null": facts.say("Null", "零假设"),
        "observed": facts.say("Observed", "观测值"),
        "expected": facts.say("Expected", "期望值"),
        "q05": "5 %",
        "q95": "95 %",
        "ratio": facts.say("Ratio", "比值"),
        "p_upper": facts.say("p-value", "p 值"),
    }
    kinds: dict[str, NumberKind] = dict.fromkeys(numbers, "number")
    kinds |= {"observed": "count", "p_upper": "p"}
    svg = draw_svg("nulls", draw, height=0.6 + 1.75 * down, left=0.5)
    return drawn("nulls", svg, caption, caption, data, heads, kinds)


def _panel(facts: DigitalFacts, panel: Axes, name: str, statistic: str) -> None:
    """Draw one distribution, or say that the null does not apply."""
    row = facts.null(name, statistic)
    panel.set_yticks([])
    if not row:
        panel.set_axis_off()
        panel.text(
            0.0,
            0.5,
            facts.say(
                "{a}, {b}: not applicable",
                "{a}，{b}：不适用",
                a=facts.kind(statistic),
                b=name,
            ),
            fontsize=8,
            color="#6b7585",
        )
        return
    rows = facts.rows("null_draws", null=name, statistic=statistic)
    values = np.array([value_of(r, "value") for r in rows])
    weight = np.array([value_of(r, "draws") for r in rows])
    observed = value_of(row, "observed")
    low, high = min(values.min(), observed), max(values.max(), observed)
    # counts: every bin holds the same number of whole numbers
    wide = max(1, int(np.ceil((high - low + 1) / 40)))
    edges = np.arange(low - 0.5, high + wide + 0.5, wide)
    panel.hist(values, edges.tolist(), weights=weight, color="#9db7d1")
    panel.axvline(observed, color=COLOURS[1], linewidth=1.8)
    panel.set_title(
        f"{facts.kind(statistic)}, {name}: {facts.show(observed, 'count')} / "
        f"{facts.show(row['expected'])}, p {facts.show(row['p_upper'], 'p')}",
        fontsize=8,
        loc="left",
    )
    panel.locator_params(axis="x", nbins=5)


def _curve_lines(
    ax: Axes,
    facts: DigitalFacts,
    curves: Mapping[str, Sequence[Row]],
    hosts: float,
) -> None:
    """Draw both curves, the level, and where the lists are."""
    own = curves["own"][0]
    words = {
        "published": facts.say(
            "published headline: 72 of 79", "已发表结果：79 个中的 72 个"
        ),
        "own": facts.say(
            "these lists: {a} of {b}",
            "本名单：{b} 个中的 {a} 个",
            a=own["overlap"],
            b=own["cluster_cities"],
        ),
    }
    for (name, rows), colour in zip(curves.items(), COLOURS, strict=False):
        ax.plot(
            [value_of(r, "hosts") for r in rows],
            [value_of(r, "p") for r in rows],
            color=colour,
            linewidth=1.8,
            label=words[name],
        )
    ax.axhline(1.0 - facts.options.level, color="#6b7585", lw=1.0, ls="--")
    ax.plot([hosts], [0.0], "^", color=COLOURS[1], markersize=8, clip_on=False)
    ax.set_ylim(0, 1)
    ax.set_xlabel(facts.say("cities that host belts", "拥有产业带的城市数"))
    ax.set_ylabel(facts.say("p (exact)", "p（精确）"))
    ax.legend(loc="center", frameon=False, fontsize=8)


def hypergeometric_chart(facts: DigitalFacts) -> Drawn:
    """Draw how surprising an overlap is by the number of cities with belts."""
    curves = {
        name: facts.rows("hypergeometric", headline=name)
        for name in ("published", "own")
    }
    hosts = facts.number("null_notes", "n_hosts")
    published, own = (curves[k][0] for k in ("published", "own"))

    def draw(ax: Axes) -> None:
        _curve_lines(ax, facts, curves, hosts)

    caption = facts.say(
        "Probability of at least as many common cities by chance. The published 72 of 79 "
        "in a universe of 337 is informative only while at most {limit} cities host belts: "
        "the abstract does not say how many. The triangle marks the {hosts} cities with "
        "belts of these lists, whose own overlap stays informative up to {own}.",
        "随机情况下共有城市不少于观测值的概率。已发表的 79 个中 72 个（全域 337 个）仅在拥有产业带的城市不超过 "
        "{limit} 个时才有信息量：摘要未说明数量。三角标出本名单中 {hosts} 个产业带城市，其自身重叠在 {own} 个以内"
        "有信息量。",
        limit=facts.show(published["informative_below"], "count"),
        hosts=facts.show(hosts, "count"),
        own=facts.show(own["informative_below"], "count"),
    )
    rows = [
        r
        for name in ("published", "own")
        for r in curves[name]
        if value_of(r, "hosts") % 25 == 0
        or r["hosts"] == r["informative_below"]
        or value_of(r, "hosts") == value_of(r, "informative_below") + 1
    ]
    data = pa.table(
        {
            "headline": texts([str(r["headline"]) for r in rows]),
            **{k: [value_of(r, k) for r in rows] for k in ("hosts", "expected", "p")},
        }
    )
    heads = {
        "headline": facts.say("Lists", "名单"),
        "hosts": facts.say("Cities with belts", "产业带城市"),
        "expected": facts.say("Expected overlap", "期望重叠"),
        "p": "p",
    }
    svg = draw_svg("curve", draw, height=3.4, left=0.8)
    return drawn(
        "hypergeometric",
        svg,
        caption,
        caption,
        data,
        heads,
        {"hosts": "count", "expected": "number", "p": "p"},
    )


def cross_k_chart(facts: DigitalFacts) -> Drawn | None:
    """Draw how many belts lie around clusters, beside relocated belts."""
    rows = facts.tables["cross_k"]
    if not rows or "value" not in rows[0]:
        return None
    r_km = [value_of(r, "r_km") for r in rows]

    def draw(ax: Axes) -> None:
        low, high = (
            [value_of(r, f"global_{e}") for r in rows] for e in ("lower", "upper")
        )
        ax.fill_between(
            r_km,
            low,
            high,
            color="#dfe6ee",
            label=facts.say("chance (global band)", "随机（整体区间）"),
        )
        ax.plot(
            r_km,
            [value_of(r, "value") for r in rows],
            "o-",
            color=COLOURS[0],
            ms=4,
            label=facts.say("observed", "观测"),
        )
        ax.axhline(1.0, color="#6b7585", lw=1.0, ls="--")
        ax.set_xlabel(facts.say("distance (km)", "距离（公里）"))
        ax.set_ylabel(facts.say("observed over expected", "观测/期望"))
        ax.legend(frameon=False, fontsize=8)

    caption = facts.captioned(
        facts.say(
            "Belts within a distance of clusters over what belts in random cities would "
            "give; 0 km is the same city. The band holds the whole curve in 95 of 100 "
            "draws.",
            "集群一定距离内的产业带数与产业带随机落入城市时之比；0 公里即同一城市。灰带在 100 次抽样中有 95 次包含整条"
            "曲线。",
        )
    )
    numbers = ("r_km", "observed", "expected", "value", "global_lower", "global_upper")
    data = pa.table({k: [value_of(r, k) for r in rows] for k in numbers})
    heads = {
        "r_km": facts.say("Distance (km)", "距离（公里）"),
        "observed": facts.say("Pairs", "对数"),
        "expected": facts.say("Expected", "期望值"),
        "value": facts.say("Ratio", "比值"),
        "global_lower": facts.say("Band from", "区间下限"),
        "global_upper": facts.say("to", "上限"),
    }
    svg = draw_svg("cross-k", draw, height=3.4, left=0.8)
    kinds: dict[str, NumberKind] = dict.fromkeys(numbers, "number")
    kinds |= {"r_km": "count", "observed": "count"}
    return drawn("cross_k", svg, caption, caption, data, heads, kinds)
