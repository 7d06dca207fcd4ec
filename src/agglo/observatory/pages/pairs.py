"""The page about pairs of industries: who locates near whom, who follows, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from agglo.observatory.page import Column, Page, Reference, Selector, Text, View
from agglo.observatory.pages.columns import columns
from agglo.observatory.pages.looks import DISTANCE

__all__ = ["COAGGLOMERATION"]

_METHOD = "directed-coagglomeration"
_NAMED: Mapping[str, Literal["regions", "industries"]] = {
    "anchor": "industries",
    "mover": "industries",
}
_ANCHOR = {"anchor": "anchor"}
_PAIR = columns(
    "measure", "anchor", "mover", "n_anchor", "n_mover", "observed_km", "null_mean",
    "effect", "z", "p", "q", "status", "orientation_note",
)  # fmt: skip
_Z = Text("z against sites drawn at random", "相对于随机选址的 z 值")
_CHANCE = Reference(value=0.0, label=Text("as by chance", "与随机相同"))
_STRENGTH = Column(
    name="strength", label=Text("Strength of the link", "联系强度"), decimals=2
)
_FDR = Text(
    "q: false discovery rate over all pairs; small industries have little power",
    "q：所有产业对的错误发现率；小产业检验力低",
)
_DIRECTION = Text(
    "Anchor: held at its sites. Mover: its sites are redrawn; its choice is tested. One "
    "cross-section is weak evidence of direction.",
    "锚定产业：位置固定；移动产业：位置重抽，检验其选址。仅凭一个截面判断方向，证据较弱。",
)

_THIS_PAIR = View(
    id="coagglomeration.pair",
    title=Text("This pair, this way", "该产业对：此方向"),
    table="coagglomeration.pairs",
    chart="dot",
    encode={"label": "measure", "value": "z"},
    columns=_PAIR,
    labels=_NAMED,
    filters={"anchor": "anchor", "mover": "mover"},
    unit=_Z,
    reference=_CHANCE,
    uncertainty=_FDR,
    method=_METHOD,
    note=_DIRECTION,
)

COAGGLOMERATION = Page(
    id="coagglomeration",
    question=Text("Which industries locate together, and why?", "哪些产业共聚"),
    lead=Text(
        "Which industries choose the same places, who follows whom, and which link explains "
        "it.",
        "哪些产业选择相同的地点、谁跟随谁、由何种联系解释。",
    ),
    study="coagglomeration",
    selectors=(
        Selector(
            id="anchor",
            label=Text("Anchor industry", "锚定产业"),
            table="coagglomeration.weights",
            column="anchor",
        ),
        Selector(
            id="mover",
            label=Text("Second industry", "另一产业"),
            table="coagglomeration.weights",
            column="mover",
        ),
        Selector(
            id="family",
            label=Text("Kind of measure", "度量类型"),
            table="coagglomeration.pairs",
            column="measure",
            default="nearest",
        ),
        Selector(
            id="spec",
            label=Text("Specification", "设定"),
            table="coagglomeration.estimates",
            column="specification",
            default="main",
        ),
    ),
    empty=Text(
        "No coagglomeration results yet. They need establishments with coordinates: agglo "
        "import, then agglo run --study coagglomeration.",
        "尚无共聚结果。需要带坐标的 establishments 表：先 agglo import，再 agglo run --study "
        "coagglomeration。",
    ),
    views=(
        View(
            id="coagglomeration.matrix",
            title=Text("Who is near whom", "谁靠近谁"),
            table="coagglomeration.weights",
            chart="heatmap",
            encode={"x": "mover", "y": "anchor", "value": "z_plus"},
            columns=columns("anchor", "mover", "effect", "z", "q", "weight", "z_plus"),
            labels=_NAMED,
            unit=_Z,
            uncertainty=Text(
                "z and q over all ordered pairs in the table",
                "表中列出所有有序产业对的 z 值与 q 值",
            ),
            method=_METHOD,
            note=_DIRECTION,
        ),
        View(
            id="coagglomeration.movers",
            title=Text("Who comes near this industry", "谁靠近该产业"),
            table="coagglomeration.pairs",
            chart="dot",
            encode={"label": "mover", "value": "z", "group": "measure"},
            columns=_PAIR,
            labels=_NAMED,
            filters={**_ANCHOR, "family": "measure"},
            order="-z",
            top=20,
            unit=_Z,
            reference=_CHANCE,
            uncertainty=_FDR,
            method=_METHOD,
            note=_DIRECTION,
        ),
        View(
            id="coagglomeration.curves",
            title=Text("At which distance", "在何种距离上"),
            table="coagglomeration.curves",
            chart="line",
            encode={
                "x": "r_km", "y": "value", "lo": "global_lower", "hi": "global_upper",
                "series": "mover",
            },
            columns=columns(
                "anchor", "mover", "r_km", "value", "global_lower", "global_upper"
            ),
            labels=_NAMED,
            filters=_ANCHOR,
            unit=Text("density of distances", "距离密度"),
            uncertainty=Text("global 95 % envelope of the null", "零模型的 95% 全局包络"),
            method="k-density",
            looks=(DISTANCE,),
            note=Text(
                "For the pairs that are near most clearly.", "仅含邻近最明显的产业对。"
            ),
        ),
        _THIS_PAIR,
        replace(
            _THIS_PAIR,
            id="coagglomeration.pair_back",
            title=Text("This pair, the other way", "该产业对：反方向"),
            filters={"anchor": "mover", "mover": "anchor"},
        ),
        View(
            id="coagglomeration.where",
            title=Text("Where the plants of the pair are", "该产业对的企业分布"),
            table="coagglomeration.plants",
            chart="scatter",
            encode={"x": "x_km", "y": "y_km", "label": "industry", "group": "industry"},
            columns=columns("industry", "region", "x_km", "y_km", "opened", "closed"),
            labels={"industry": "industries"},
            filters={"pair": "industry"},
            uncertainty=Text("none: sites of single plants", "无：单个企业的位置"),
            method=_METHOD,
        ),
        View(
            id="coagglomeration.linked",
            title=Text("How the pair is linked", "该产业对的联系"),
            table="coagglomeration.links",
            chart="table",
            columns=columns("first", "second", "link", "weight"),
            labels={"first": "industries", "second": "industries"},
            filters={"anchor": "first", "mover": "second"},
            uncertainty=Text("none: as defined by the study", "无：按研究定义"),
            method="externalities",
        ),
        View(
            id="coagglomeration.strength",
            title=Text("Does a stronger link mean nearer", "联系越强是否越近"),
            table="coagglomeration.link_strength",
            chart="scatter",
            encode={"x": "strength", "y": "z", "label": "mover", "group": "link"},
            columns=(
                *columns("anchor", "mover", "link"), _STRENGTH,
                *columns("effect", "z", "q"),
            ),
            labels=_NAMED,
            filters=_ANCHOR,
            order="-z",
            unit=_Z,
            reference=_CHANCE,
            uncertainty=_FDR,
            method="externalities",
            note=Text(
                "Every pair of the anchor industry: strength of the linkage in standard "
                "deviations over all pairs, against how near the mover comes.",
                "锚定产业的每一产业对：联系强度（以全部产业对的标准差计）与移动产业靠近程度。",
            ),
        ),
        View(
            id="coagglomeration.verdicts",
            title=Text("Who follows whom", "谁跟随谁"),
            table="coagglomeration.verdicts",
            chart="table",
            columns=columns(
                "region", "period", "a", "b", "effect_a_to_b", "effect_b_to_a",
                "q_a_to_b", "q_b_to_a", "verdict",
            ),
            labels={"a": "industries", "b": "industries"},
            order="q_a_to_b",
            uncertainty=Text("q over all ordered pairs", "q 值覆盖所有有序产业对"),
            method=_METHOD,
            note=_DIRECTION,
        ),
        View(
            id="coagglomeration.localization",
            title=Text("Is the industry itself localised", "产业自身是否集聚"),
            table="coagglomeration.localization",
            chart="bar",
            encode={"label": "industry", "value": "gamma", "group": "localized"},
            columns=columns(
                "industry", "n", "localized", "dispersed", "gamma", "peak_km",
                "p_localized", "p_dispersed", "q_localized", "n_draws", "status",
            ),
            labels={"industry": "industries"},
            order="-gamma",
            top=30,
            uncertainty=Text(
                "against the global envelope; p from the draws named in the table",
                "对照全局包络；p 值的抽样次数见表",
            ),
            method="k-density",
        ),
        View(
            id="coagglomeration.links",
            title=Text("Which link carries knowledge", "何种联系传递知识"),
            table="coagglomeration.estimates",
            chart="dot",
            encode={"label": "term", "value": "value", "lo": "lower", "hi": "upper"},
            columns=columns(
                "specification", "estimator", "term", "value", "se", "p", "lower",
                "upper", "n", "n_groups", "status",
            ),
            filters={"spec": "specification"},
            reference=Reference(value=0.0, label=Text("no effect", "无效应")),
            uncertainty=Text(
                "95 % interval, clustered by industry", "95% 区间，按产业聚类"
            ),
            method="externalities",
        ),
        View(
            id="coagglomeration.hypotheses",
            title=Text("What the links say together", "关于联系的假设检验"),
            table="coagglomeration.hypotheses",
            chart="table",
            columns=columns(
                "model", "hypothesis", "link", "value", "statistic", "p", "q",
                "supported", "verdict",
            ),
            uncertainty=Text("p, and q over all hypotheses", "p 值与覆盖所有假设的 q 值"),
            method="externalities",
        ),
    ),
)  # fmt: skip
