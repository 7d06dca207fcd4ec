"""The figures of the study: effects by year and distance, map, placebos, choices."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from agglo.studies.facts import known, number_of
from agglo.studies.report import DataTable, Figure
from agglo.studies.report.charts import draw_svg

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from agglo.core.typing import FloatArray
    from agglo.studies.facts import Row
    from agglo.studies.policy.facts import PolicyFacts
    from agglo.studies.report import NumberKind

__all__ = [
    "distance_chart",
    "effect_map",
    "event_chart",
    "placebo_chart",
    "specification_chart",
    "sweep_chart",
]

_BLUE, _ORANGE, _GREY = "#0072b2", "#d55e00", "#6b7585"


def _column(rows: Sequence[Row], name: str) -> FloatArray:
    return np.array([number_of(r, name) for r in rows], dtype=np.float64)


def _slug(outcome: str) -> str:
    letters = "".join(
        c if c.isalnum() and c.isascii() else "-" for c in outcome.lower()
    )
    return letters.strip("-") or "outcome"


def _twin(
    facts: PolicyFacts,
    rows: Sequence[Row],
    heads: dict[str, str],
    text: tuple[str, ...],
) -> DataTable:
    kinds: dict[str, NumberKind] = {
        head: "number" for name, head in heads.items() if name not in text
    }
    return DataTable(
        caption=facts.say("Numbers of the figure", "图中数据"),
        columns={
            head: [
                _text(facts, name, r) if name in text else number_of(r, name)
                for r in rows
            ]
            for name, head in heads.items()
        },
        kinds=kinds,
        most=60,
    )


def _text(facts: PolicyFacts, name: str, row: Row) -> str:
    """Give a cell of text in the words of the page."""
    value = str(row.get(name))
    return facts.ring(value) if name == "ring" else facts.word(value)


def _effect_heads(facts: PolicyFacts, first: dict[str, str]) -> dict[str, str]:
    say = facts.say
    return {
        **first,
        "value": say("Effect", "效应"),
        "lower": say("Lower", "下限"),
        "upper": say("Upper", "上限"),
        "p": "p",
    }


def event_chart(facts: PolicyFacts, outcome: str) -> Figure | None:
    """Draw direct and indirect effects by year since the start, beside each other."""
    rows = facts.rows("event_study", outcome=outcome)
    if not rows:
        return None
    shown = [r for r in rows if r["effect"] in ("direct", "indirect")]
    names = {
        "direct": facts.say("direct", "直接效应"),
        "indirect": facts.say("indirect", "间接效应"),
    }

    def draw(ax: Axes) -> None:
        for i, (effect, colour) in enumerate(
            (("direct", _BLUE), ("indirect", _ORANGE))
        ):
            mine = [r for r in shown if r["effect"] == effect]
            k, value = _column(mine, "k"), _column(mine, "value")
            reach = np.vstack(
                [value - _column(mine, "lower"), _column(mine, "upper") - value]
            )
            ax.fill_between(
                k,
                _column(mine, "band_lower"),
                _column(mine, "band_upper"),
                color=colour,
                alpha=0.15,
                linewidth=0,
            )
            ax.errorbar(
                k + 0.16 * (i - 0.5),
                value,
                yerr=reach,
                fmt="o",
                markersize=4,
                color=colour,
                label=names[effect],
            )
        ax.axhline(0.0, color=_GREY, linewidth=0.8)
        ax.axvline(-0.5, color=_GREY, linewidth=0.8, linestyle=":")
        ax.set_xlabel(facts.say("years since the start", "距开始的年数"))
        ax.set_ylabel(facts.say("effect", "效应"))
        ax.legend(frameon=False, fontsize=8)

    heads = {"k": "k", "effect": facts.say("Kind", "类别")}
    return Figure(
        svg=draw_svg(f"event-{_slug(outcome)}", draw, height=3.8),
        caption=facts.say(
            "{y} by year since the start: dots with pointwise intervals, bands that hold "
            "for all years at once ({n} draws, {level} %). {m}",
            "{y}按开始后年数：点与逐点区间，阴影为所有年份同时成立的置信带（{n} 次抽样，{level} %）。{m}",
            y=facts.outcome(outcome),
            n=facts.show(facts.options.band_draws, "count"),
            level=f"{100 * facts.options.level:g}",
            m=facts.model_words,
        ),
        alt=facts.say(
            "Direct and indirect effects by year since the start",
            "按开始后年数的直接与间接效应",
        ),
        table=_twin(facts, shown, _effect_heads(facts, heads), ("effect",)),
    )


def distance_chart(facts: PolicyFacts, outcome: str) -> Figure | None:
    """Draw realised means by ring of distance to the nearest treated region."""
    rows = facts.rows("bands", outcome=outcome, kind="realised")
    if not rows:
        rows = [
            {**r, "ring": r["group"]}
            for r in facts.rows("realised", outcome=outcome, period="all")
        ]
    shown = [r for r in rows if known(number_of(r, "value"))]
    if not shown:
        return None
    labels = [facts.ring(str(r["ring"])) for r in shown]

    def draw(ax: Axes) -> None:
        place, value = np.arange(len(shown)), _column(shown, "value")
        reach = np.vstack(
            [value - _column(shown, "lower"), _column(shown, "upper") - value]
        )
        ax.errorbar(place, value, yerr=reach, fmt="o", color=_BLUE, markersize=4)
        ax.axhline(0.0, color=_GREY, linewidth=0.8)
        ax.set_xticks(place, labels, rotation=15, fontsize=8)
        ax.set_ylabel(facts.say("realised effect", "实际效应"))

    heads = {"ring": facts.say("Group", "组别")}
    return Figure(
        svg=draw_svg(f"distance-{_slug(outcome)}", draw, height=3.4),
        caption=facts.say(
            "{y}: mean effect inside the model by distance to the nearest treated region; "
            "the treatment of others enters ring by ring.",
            "{y}：模型内平均效应，按与最近处理地区的距离；他地处理按圈层分别进入模型。",
            y=facts.outcome(outcome),
        ),
        alt=facts.say("Realised effects by distance", "按距离的实际效应"),
        table=_twin(facts, shown, _effect_heads(facts, heads), ("ring",)),
    )


def sweep_chart(facts: PolicyFacts, outcome: str) -> Figure:
    """Draw effects by the reach of the weights."""
    rows = [
        r
        for r in facts.rows("sweep", outcome=outcome)
        if r["effect"] in ("direct", "indirect")
    ]

    def draw(ax: Axes) -> None:
        for effect, colour in (("direct", _BLUE), ("indirect", _ORANGE)):
            mine = [r for r in rows if r["effect"] == effect]
            value = _column(mine, "value")
            reach = np.vstack(
                [value - _column(mine, "lower"), _column(mine, "upper") - value]
            )
            ax.errorbar(
                _column(mine, "cutoff_km"),
                value,
                yerr=reach,
                fmt="o-",
                markersize=4,
                color=colour,
                label=facts.say(effect, {"direct": "直接", "indirect": "间接"}[effect]),
            )
        ax.axhline(0.0, color=_GREY, linewidth=0.8)
        ax.set_xlabel(facts.say("reach of the weights, km", "空间权重的范围（公里）"))
        ax.set_ylabel(facts.say("effect", "效应"))
        ax.legend(frameon=False, fontsize=8)

    heads = {
        "cutoff_km": facts.say("Reach, km", "范围（公里）"),
        "effect": facts.say("Kind", "类别"),
        "rho": "rho",
        "islands": facts.say("Islands", "孤岛"),
    }
    return Figure(
        svg=draw_svg(f"sweep-{_slug(outcome)}", draw, height=3.4),
        caption=facts.say(
            "{y}: the same model with inverse-distance weights up to growing reaches; "
            "islands are tied to their nearest.",
            "{y}：同一模型，反距离权重的范围逐步扩大；孤岛与其最近地区相连。",
            y=facts.outcome(outcome),
        ),
        alt=facts.say("Effects by the reach of the weights", "按空间权重范围的效应"),
        table=_twin(facts, rows, _effect_heads(facts, heads), ("effect",)),
    )


def effect_map(facts: PolicyFacts, outcome: str) -> Figure:
    """Draw the effect inside the model on every region in the last period."""
    rows = facts.rows("map", outcome=outcome)
    lon, lat, value = (_column(rows, n) for n in ("lon", "lat", "value"))
    treated = np.array([r["treated"] is True for r in rows])
    most = float(np.abs(value).max()) or 1.0

    def draw(ax: Axes) -> None:
        for mark, mask in (("s", treated), ("o", ~treated)):
            found = ax.scatter(
                lon[mask],
                lat[mask],
                c=value[mask],
                cmap="RdBu_r",
                vmin=-most,
                vmax=most,
                marker=mark,
                s=np.where(mask, 34.0, 34.0)[mask],
                edgecolors=_GREY,
                linewidths=0.5,
            )
        ax.figure.colorbar(found, ax=ax, shrink=0.8)
        ax.set_aspect(1.0 / float(np.cos(np.radians(lat.mean()))))
        ax.set_xlabel(facts.say("longitude", "经度"))
        ax.set_ylabel(facts.say("latitude", "纬度"))

    heads = {
        "region": facts.say("Region", "地区"),
        "treated": facts.say("Treated", "处理"),
        "value": facts.say("Effect", "效应"),
    }
    order = sorted(rows, key=lambda r: -abs(number_of(r, "value")))
    return Figure(
        svg=draw_svg(f"map-{_slug(outcome)}", draw, height=4.6),
        caption=facts.say(
            "{y} in {t}: what the model attributes to the policy in every region; squares "
            "are treated. Positions only, no boundaries. {c}",
            "{t} 年{y}：模型归因于政策的效应；方块为处理地区。仅示位置，不含边界。{c}",
            y=facts.outcome(outcome),
            t=rows[0]["period"] if rows else "–",
            c=facts.caveat,
        ),
        alt=facts.say("Map of realised effects", "实际效应地图"),
        table=_twin(facts, order, heads, ("region", "treated")),
    )


def placebo_chart(facts: PolicyFacts, outcome: str) -> Figure:
    """Draw the placebos of moved corridors with the estimate."""
    rows = facts.rows("placebo_draws", outcome=outcome, kind="spatial", effect="direct")
    row = facts.one("placebo", outcome=outcome, kind="spatial", effect="direct")
    values = _column(rows, "value")

    def draw(ax: Axes) -> None:
        ax.hist(values, bins=40, color="#9ca3af", edgecolor="white", linewidth=0.4)
        ax.axvline(number_of(row, "value"), color=_ORANGE, linewidth=1.6)
        ax.set_xlabel(facts.say("direct effect of placebos", "安慰剂的直接效应"))
        ax.set_ylabel(facts.say("placebos", "次数"))

    table = DataTable(
        caption=facts.say("Placebos", "安慰剂"),
        columns={
            facts.say("Kind", "类别"): [
                facts.word(str(r["kind"]))
                for r in facts.rows("placebo", outcome=outcome)
            ],
            facts.say("Effect", "效应"): [
                facts.word(str(r["effect"]))
                for r in facts.rows("placebo", outcome=outcome)
            ],
            **{
                head: [
                    number_of(r, name) for r in facts.rows("placebo", outcome=outcome)
                ]
                for name, head in (
                    ("value", facts.say("Estimate", "估计值")),
                    ("placebo_lower", "2.5 %"),
                    ("placebo_upper", "97.5 %"),
                    ("p", "p"),
                    ("n", facts.say("Draws", "次数")),
                )
            },
        },
        kinds={
            facts.say("Estimate", "估计值"): "number",
            "2.5 %": "number",
            "97.5 %": "number",
            "p": "p",
            facts.say("Draws", "次数"): "count",
        },
    )
    return Figure(
        svg=draw_svg(f"placebo-{_slug(outcome)}", draw, height=3.2, left=0.9),
        caption=facts.say(
            "{y}: direct effects of {n} corridors moved elsewhere, and the estimate.",
            "{y}：{n} 次移动走廊的直接效应与估计值。",
            y=facts.outcome(outcome),
            n=facts.show(values.size, "count"),
        ),
        alt=facts.say("Histogram of placebo effects", "安慰剂效应直方图"),
        table=table,
    )


def specification_chart(facts: PolicyFacts, outcome: str) -> Figure:
    """Draw the direct effect of every specification, sorted."""
    rows = [
        r
        for r in facts.rows("specification", outcome=outcome, effect="direct")
        if known(number_of(r, "value"))
    ]
    rows.sort(key=lambda r: number_of(r, "value"))
    labels = [facts.word(str(r["specification"])) for r in rows]

    def draw(ax: Axes) -> None:
        place = np.arange(len(rows))
        value = _column(rows, "value")
        reach = np.vstack(
            [value - _column(rows, "lower"), _column(rows, "upper") - value]
        )
        ax.errorbar(value, place, xerr=reach, fmt="o", markersize=4, color=_BLUE)
        ax.axvline(0.0, color=_GREY, linewidth=0.8)
        ax.set_yticks(place, labels, fontsize=8)
        ax.set_xlabel(facts.say("direct effect", "直接效应"))

    heads = {"specification": facts.say("Specification", "设定"), "rho": "rho"}
    return Figure(
        svg=draw_svg(
            f"choices-{_slug(outcome)}",
            draw,
            height=0.9 + 0.24 * max(len(rows), 2),
            left=3.2,
        ),
        caption=facts.say(
            "{y}: the direct effect under every listed choice, sorted.",
            "{y}：各设定下的直接效应，按大小排列。",
            y=facts.outcome(outcome),
        ),
        alt=facts.say("Specification curve", "设定曲线"),
        table=_twin(facts, rows, _effect_heads(facts, heads), ("specification",)),
    )
