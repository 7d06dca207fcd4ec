"""Charts: kinds by programme and division, cities, nulls, curve, flows, cross-K."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from agglo.studies.digital.columns import texts
from agglo.studies.digital.drawing import COLOURS, KINDS, Drawn, twin
from agglo.studies.report import Figure
from agglo.studies.report.charts import draw_svg

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from agglo.studies.digital.facts import DigitalFacts, Row
    from agglo.studies.report import NumberKind

__all__ = [
    "city_bubbles",
    "cross_k_chart",
    "hypergeometric_chart",
    "null_histograms",
    "stacked_bars",
]

_NAMED = 15


def _value(row: Row, key: str) -> float:
    value = row.get(key)
    return float(value) if isinstance(value, (int, float)) else float("nan")


def _drawn(
    name: str,
    svg: str,
    caption: str,
    alt: str,
    data: pa.Table,
    heads: Mapping[str, str],
    kinds: Mapping[str, NumberKind],
) -> Drawn:
    figure = Figure(
        svg=svg, caption=caption, alt=alt, table=twin(caption, data, heads, kinds)
    )
    return Drawn(name=name, figure=figure, data=data)


def stacked_bars(facts: DigitalFacts, by: str, most: int = 30) -> Drawn | None:
    """Draw identical, similar and none of every group, with N on the bar."""
    rows = facts.rows(
        "rates", variant="main", by=by, measure="matched", counting="full"
    )
    rows = sorted(
        (r for r in rows if _value(r, "n") > 0), key=lambda r: -_value(r, "n")
    )
    rows = rows[:most]
    if not rows:
        return None
    names = [
        facts.node(str(r["group"])) if by == "industry" else str(r["group"] or "–")
        for r in rows
    ]
    parts = {
        k: [_value(facts.rate(k, by=by, group=str(r["group"])), "count") for r in rows]
        for k in ("identical", "similar")
    }
    n = np.array([_value(r, "n") for r in rows])
    parts["none"] = (
        n - np.array(parts["identical"]) - np.array(parts["similar"])
    ).tolist()
    place = np.arange(len(rows))[::-1]

    def draw(ax: Axes) -> None:
        left = np.zeros(len(rows))
        for kind, values in parts.items():
            share = np.array(values) / n
            ax.barh(
                place,
                share,
                left=left,
                color=KINDS[kind],
                label=facts.kind(kind),
                height=0.72,
            )
            left += share
        for y, total in zip(place, n, strict=True):
            ax.text(1.01, y, f"N = {total:,.0f}", va="center", fontsize=8)
        ax.set_yticks(place, [t if len(t) < 44 else t[:42] + "…" for t in names])
        ax.set_xlim(0, 1.13)
        ax.set_xticks(
            [0, 0.25, 0.5, 0.75, 1.0], ["0 %", "25 %", "50 %", "75 %", "100 %"]
        )
        ax.set_ylim(-0.7, len(rows) - 0.3 + 0.9)
        ax.legend(loc="upper left", ncols=3, frameon=False, fontsize=8)
        ax.spines["left"].set_visible(False)
        ax.tick_params(axis="y", length=0)

    what = {
        "programme": facts.say("by programme", "按计划"),
        "industry": facts.say("by division", "按大类"),
    }[by]
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
    heads = {
        "group": facts.say("Group", "分组"),
        "n": "N",
        **{k: facts.kind(k) for k in ("identical", "similar", "none")},
    }
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
    return _drawn(f"kinds_{by}", svg, caption, caption, data, heads, counts)


def city_bubbles(facts: DigitalFacts) -> Drawn | None:
    """Draw clusters against belts of every city, coloured by the matched share."""
    rows = [r for r in facts.tables["city_counts"] if _value(r, "clusters") > 0]
    if not rows:
        return None
    rows.sort(
        key=lambda r: (-_value(r, "clusters") - _value(r, "belts"), str(r["city"]))
    )
    groups: dict[tuple[float, float], list[Row]] = {}
    for r in rows:
        groups.setdefault((_value(r, "clusters"), _value(r, "belts")), []).append(r)
    matched = {
        key: sum(_value(r, "identical") + _value(r, "similar") for r in held)
        / max(sum(_value(r, "mapped") for r in held), 1.0)
        for key, held in groups.items()
    }
    named = [str(r["city"]) for r in rows[:_NAMED]]

    def draw(ax: Axes) -> None:
        keys = list(groups)
        dots = ax.scatter(
            [k[1] for k in keys],
            [k[0] for k in keys],
            s=[26.0 * len(groups[k]) ** 0.7 + 14.0 for k in keys],
            c=[matched[k] for k in keys],
            cmap="cividis_r",
            vmin=0.0,
            vmax=1.0,
            edgecolors="#444444",
            linewidths=0.5,
        )
        ax.margins(x=0.14, y=0.12)
        _name_cities(ax, facts, groups, named)
        bar = ax.figure.colorbar(dots, ax=ax, pad=0.02, fraction=0.04)
        bar.ax.yaxis.set_major_formatter(lambda v, _: f"{100 * v:.0f} %")
        ax.set_xlabel(facts.say("belts in the city", "城市中的产业带数"))
        ax.set_ylabel(facts.say("clusters in the city", "城市中的集群数"))
        ax.grid(color="#e3e8ef", linewidth=0.7)
        ax.set_axisbelow(True)

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
                k: [_value(r, k) for r in rows]
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
    return _drawn("cities", svg, caption, caption, data, heads, counts)


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
            **{k: [_value(r, k) for r in rows] for k in numbers},
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
    return _drawn("nulls", svg, caption, caption, data, heads, kinds)


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
    values = np.array([_value(r, "value") for r in rows])
    weight = np.array([_value(r, "draws") for r in rows])
    observed = _value(row, "observed")
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


def hypergeometric_chart(facts: DigitalFacts) -> Drawn:
    """Draw how surprising an overlap is by the number of cities with belts."""
    curves = {
        name: facts.rows("hypergeometric", headline=name)
        for name in ("published", "own")
    }
    hosts = facts.count("null_notes", "n_hosts")
    published, own = (curves[k][0] for k in ("published", "own"))

    def draw(ax: Axes) -> None:
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
                [_value(r, "hosts") for r in rows],
                [_value(r, "p") for r in rows],
                color=colour,
                linewidth=1.8,
                label=words[name],
            )
        ax.axhline(1.0 - facts.options.level, color="#6b7585", lw=1.0, ls="--")
        ax.plot([hosts], [0.0], "^", color=COLOURS[1], markersize=8, clip_on=False)
        ax.set_ylim(0, 1)
        ax.set_xlabel(facts.say("cities that host belts", "拥有产业带的城市数"))
        ax.set_ylabel(facts.say("p (exact)", "p（精确）"))
        ax.legend(loc="upper left", frameon=False, fontsize=8)

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
        if _value(r, "hosts") % 25 == 0
        or r["hosts"] == r["informative_below"]
        or _value(r, "hosts") == _value(r, "informative_below") + 1
    ]
    data = pa.table(
        {
            "headline": texts([str(r["headline"]) for r in rows]),
            **{k: [_value(r, k) for r in rows] for k in ("hosts", "expected", "p")},
        }
    )
    heads = {
        "headline": facts.say("Lists", "名单"),
        "hosts": facts.say("Cities with belts", "产业带城市"),
        "expected": facts.say("Expected overlap", "期望重叠"),
        "p": "p",
    }
    svg = draw_svg("curve", draw, height=3.4, left=0.8)
    return _drawn(
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
    r_km = [_value(r, "r_km") for r in rows]

    def draw(ax: Axes) -> None:
        low, high = (
            [_value(r, f"global_{e}") for r in rows] for e in ("lower", "upper")
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
            [_value(r, "value") for r in rows],
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
    data = pa.table({k: [_value(r, k) for r in rows] for k in numbers})
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
    return _drawn("cross_k", svg, caption, caption, data, heads, kinds)
