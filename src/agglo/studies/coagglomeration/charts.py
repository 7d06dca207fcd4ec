"""The figures of the study: matrix, graph, curves with bands, coefficients, there and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from agglo.studies.coagglomeration.words import specification, term, way
from agglo.studies.facts import number_of
from agglo.studies.report import DataTable, Figure
from agglo.studies.report.charts import draw_svg, interval_chart

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes

    from agglo.core.typing import FloatArray
    from agglo.studies.coagglomeration.facts import CoagglomerationFacts
    from agglo.studies.facts import Row
    from agglo.studies.report import NumberKind

__all__ = [
    "PAIR_KINDS",
    "coefficient_chart",
    "curve_charts",
    "graph_chart",
    "matrix_chart",
    "numbers_below",
    "pair_heads",
    "specification_chart",
]

_BLUE, _ORANGE, _GREY = "#0072b2", "#d55e00", "#6b7585"
_MOST_EDGES = 120


def numbers_below(
    facts: CoagglomerationFacts,
    rows: Sequence[Row],
    heads: Mapping[str, str],
    kinds: Mapping[str, NumberKind],
) -> DataTable:
    """Give the plotted numbers below a figure."""
    return DataTable(
        caption=facts.say("Numbers of the figure", "图中数据"),
        columns={
            h: [number_of(r, n) if n in kinds else _word(facts, r, n) for r in rows]
            for n, h in heads.items()
        },
        kinds={heads[n]: k for n, k in kinds.items()},
        most=60,
    )


def _word(facts: CoagglomerationFacts, row: Row, name: str) -> str:
    """Give a cell of a figure's table in the language of the page."""
    value = str(row.get(name))
    say = {"term": term, "specification": specification, "verdict": way}.get(name)
    return value if say is None else say(facts, value)


def pair_heads(facts: CoagglomerationFacts) -> dict[str, str]:
    """Give the columns of a table of pairs in words."""
    return {
        "mover": facts.say("Mover", "移动方"),
        "anchor": facts.say("Anchor", "锚定方"),
        "effect": facts.say("Effect", "效应"),
        "z": "z",
        "q": "q",
    }


PAIR_KINDS: Mapping[str, NumberKind] = {"effect": "number", "z": "number", "q": "p"}


def _significant(facts: CoagglomerationFacts) -> list[Row]:
    rows = [
        r
        for r in facts.rows("pairs", measure=facts.measure)
        if number_of(r, "q") < facts.options.level
    ]
    return sorted(rows, key=lambda r: -number_of(r, "z"))


def _order(names: list[str], matrix: FloatArray) -> list[int]:
    """Order industries so that close ones are neighbours (average linkage)."""
    from scipy.cluster.hierarchy import leaves_list, linkage
    from scipy.spatial.distance import squareform

    if len(names) < 3:
        return list(range(len(names)))
    near = np.nan_to_num(matrix + matrix.T)
    apart = near.max() - near
    np.fill_diagonal(apart, 0.0)
    tree = linkage(squareform((apart + apart.T) / 2, checks=False), "average")
    return [int(i) for i in leaves_list(tree)]


def matrix_chart(facts: CoagglomerationFacts) -> Figure | None:
    """Draw the effects as a matrix, anchors in rows, movers in columns."""
    rows = facts.rows("pairs", measure=facts.measure)
    names = sorted({str(r["anchor"]) for r in rows} | {str(r["mover"]) for r in rows})
    if not names:
        return None
    at = {n: i for i, n in enumerate(names)}
    matrix = np.full((len(names), len(names)), np.nan)
    for r in rows:
        matrix[at[str(r["anchor"])], at[str(r["mover"])]] = number_of(r, "effect")
    order = _order(names, matrix)
    shown = matrix[np.ix_(order, order)]
    most = float(np.nanmax(np.abs(shown))) if np.isfinite(shown).any() else 1.0

    def draw(ax: Axes) -> None:
        found = ax.imshow(shown, cmap="RdBu_r", vmin=-most, vmax=most, aspect="equal")
        ax.figure.colorbar(found, ax=ax, shrink=0.8)
        labels = [names[i] for i in order]
        ax.set_xticks(range(len(names)), labels, rotation=90, fontsize=6)
        ax.set_yticks(range(len(names)), labels, fontsize=6)
        ax.set_xlabel(facts.say("mover", "移动方"))
        ax.set_ylabel(facts.say("anchor", "锚定方"))

    return Figure(
        svg=draw_svg("matrix", draw, height=6.6),
        caption=facts.say(
            "Effect of every ordered pair, C[anchor, mover], industries ordered by "
            "closeness: above 0 nearer than chance, below 0 farther.",
            "各有序配对的效应 C[锚定方, 移动方]，行业按接近程度排列：大于 0 比随机更近，小于 0 更远。",
        ),
        alt=facts.say("Matrix of effects", "效应矩阵"),
        table=numbers_below(
            facts,
            sorted(rows, key=lambda r: -np.nan_to_num(number_of(r, "z"), nan=-9e9)),
            pair_heads(facts),
            PAIR_KINDS,
        ),
    )


def graph_chart(facts: CoagglomerationFacts) -> Figure | None:
    """Draw who moves towards whom as arrows on a circle."""
    rows = _significant(facts)[:_MOST_EDGES]
    if not rows:
        return None
    names = sorted({str(r[k]) for r in rows for k in ("anchor", "mover")})
    angle = 2 * np.pi * np.arange(len(names)) / len(names)
    place = {n: (np.cos(a), np.sin(a)) for n, a in zip(names, angle, strict=True)}
    largest = max(number_of(r, "effect") for r in rows)

    def draw(ax: Axes) -> None:
        for r in rows:
            width = 0.4 + 1.8 * max(number_of(r, "effect"), 0.0) / largest
            ax.annotate(
                "",
                xy=place[str(r["anchor"])],
                xytext=place[str(r["mover"])],
                arrowprops={
                    "arrowstyle": "-|>",
                    "color": _BLUE,
                    "alpha": 0.6,
                    "linewidth": width,
                    "shrinkA": 6,
                    "shrinkB": 6,
                    "connectionstyle": "arc3,rad=0.12",
                },
            )
        for n, (x, y) in place.items():
            ax.plot(x, y, "o", color=_ORANGE, markersize=4)
            ax.text(1.08 * x, 1.08 * y, n, ha="center", va="center", fontsize=7)
        ax.set_xlim(-1.3, 1.3)
        ax.set_ylim(-1.2, 1.2)
        ax.set_aspect("equal")
        ax.axis("off")

    return Figure(
        svg=draw_svg("graph", draw, height=6.2),
        caption=facts.say(
            "Arrows from mover to anchor for the pairs with q below {a} (the {n} with the "
            "largest z); wider is a larger effect.",
            "箭头由移动方指向锚定方，仅示 q 小于 {a} 的配对（z 最大的 {n} 个）；越粗效应越大。",
            a=facts.show(facts.options.level),
            n=len(rows),
        ),
        alt=facts.say("Directed graph of industries", "行业有向图"),
        table=numbers_below(facts, rows, pair_heads(facts), PAIR_KINDS),
    )


def curve_charts(facts: CoagglomerationFacts) -> tuple[Figure, ...]:
    """Draw K-densities of the strongest pairs with their global bands."""
    keys = dict.fromkeys(
        (str(r["anchor"]), str(r["mover"])) for r in facts.tables["curves"]
    )
    return tuple(_curve(facts, k, *pair) for k, pair in enumerate(keys))


def _curve(facts: CoagglomerationFacts, k: int, anchor: str, mover: str) -> Figure:
    rows = facts.rows("curves", anchor=anchor, mover=mover)
    columns = ("r_km", "value", "global_lower", "global_upper")
    r, value, low, high = (np.array([number_of(x, c) for x in rows]) for c in columns)

    def draw(ax: Axes) -> None:
        ax.fill_between(r, low, high, color=_GREY, alpha=0.25, linewidth=0)
        ax.plot(r, value, color=_BLUE)
        ax.set_xlabel(facts.say("distance, km", "距离（公里）"))
        ax.set_ylabel(facts.say("K-density per km", "K 密度（每公里）"))

    return Figure(
        svg=draw_svg(f"curve-{k}", draw, height=2.8),
        caption=facts.say(
            "Distances between {m} (mover) and {a} (anchor, held at its sites), with the "
            "global band of chance ({n} draws).",
            "{m}（移动方）与 {a}（锚定方，位置固定）之间的距离，及随机情形的全局带（{n} 次抽样）。",
            m=facts.industry(mover),
            a=facts.industry(anchor),
            n=facts.show(facts.options.curve_draws, "count"),
        ),
        alt=facts.say("K-density of a pair", "配对的 K 密度"),
        table=numbers_below(
            facts,
            rows,
            {
                "r_km": facts.say("Distance, km", "距离（公里）"),
                "value": facts.say("K-density", "K 密度"),
                "global_lower": facts.say("Band, lower", "全局带下限"),
                "global_upper": facts.say("Band, upper", "全局带上限"),
            },
            dict.fromkeys(columns, "number"),
        ),
    )


def _intervals(
    facts: CoagglomerationFacts,
    name: str,
    rows: Sequence[Row],
    labels: list[str],
    caption: str,
) -> Figure | None:
    if not rows:
        return None
    value, low, high = (
        np.array([number_of(r, c) for r in rows]) for c in ("value", "lower", "upper")
    )
    heads = {
        "specification": facts.say("Specification", "设定"),
        "term": facts.say("Pool", "知识池"),
        "value": facts.say("Elasticity", "弹性"),
        "lower": facts.say("Lower", "下限"),
        "upper": facts.say("Upper", "上限"),
    }
    return Figure(
        svg=interval_chart(
            name,
            labels,
            value,
            low,
            high,
            label=facts.say("elasticity", "弹性"),
            line=0.0,
        ),
        caption=caption,
        alt=caption,
        table=numbers_below(
            facts,
            rows,
            heads,
            {"value": "number", "lower": "number", "upper": "number"},
        ),
    )


def coefficient_chart(facts: CoagglomerationFacts) -> Figure | None:
    """Draw the pool elasticities of the models that are read together."""
    rows = [
        r
        for s in ("main", "iv", "control_function")
        for r in facts.rows("estimates", specification=s, status="ok")
        if str(r["term"]).startswith(("active_", "passive_"))
        and not str(r["term"]).endswith("_none")
    ]
    labels = [
        f"{term(facts, str(r['term']))} · {specification(facts, str(r['specification']))}"
        for r in rows
    ]
    caption = facts.say(
        "Elasticities of innovation to active and passive pools, 95 % intervals.",
        "创新对主动与被动知识池的弹性，95 % 区间。",
    )
    return _intervals(facts, "coefficients", rows, labels, caption)


def specification_chart(facts: CoagglomerationFacts) -> Figure | None:
    """Draw the active input-output (or total) pool under every specification."""
    chosen = ("active_io", "active_all")
    rows = [
        r
        for r in facts.tables["estimates"]
        if r["status"] == "ok" and r["term"] in chosen
    ]
    rows.sort(key=lambda r: number_of(r, "value"))
    labels = [
        f"{specification(facts, str(r['specification']))} ({term(facts, str(r['term']))})"
        for r in rows
    ]
    caption = facts.say(
        "The active pool under every specification that was run, sorted.",
        "所有已运行设定下的主动知识池系数，按大小排列。",
    )
    return _intervals(facts, "specifications", rows, labels, caption)
