"""The page about what a policy did: when, how much, how far out, and how sure."""

from __future__ import annotations

from dataclasses import replace

from agglo.observatory.page import Page, Reference, Selector, Text, View
from agglo.observatory.pages.columns import columns
from agglo.observatory.pages.looks import MODEL, SPECIFICATION

__all__ = ["POLICY"]

_METHOD = "spatial-did"
_ZERO = Reference(value=0.0, label=Text("no effect", "无效应"))
_LN = Text("change of the logarithm", "对数变化")
_INTERVAL = Text(
    "95 % interval, standard errors clustered as stated in the findings",
    "95% 区间，标准误的聚类方式见结论",
)
_BY_OUTCOME = {"outcome": "outcome"}
_BY_EFFECT = {"outcome": "outcome", "effect": "effect"}
_BY_DRAW = {**_BY_EFFECT, "kind": "kind"}
_ESTIMATE = ("value", "se", "lower", "upper", "p")

_BY_EFFECT_DOTS = View(
    id="policy.groups",
    title=Text("Which industries", "哪些产业"),
    table="policy.groups",
    chart="dot",
    encode={
        "label": "group", "value": "value", "lo": "lower", "hi": "upper",
        "group": "effect",
    },
    columns=columns("outcome", "group", "kind", "effect", *_ESTIMATE),
    filters=_BY_OUTCOME,
    unit=_LN,
    reference=_ZERO,
    uncertainty=_INTERVAL,
    method=_METHOD,
)  # fmt: skip

POLICY = Page(
    id="policy",
    question=Text("Did the policy work?", "政策有效吗"),
    lead=Text(
        "What a designation or programme changed, where, how far it spilled over, and how "
        "soon.",
        "某一认定或计划改变了什么、在哪里、外溢多远、多久显现。",
    ),
    study="policy",
    selectors=(
        Selector(
            id="outcome",
            label=Text("Outcome", "结果变量"),
            table="policy.impacts",
            column="outcome",
        ),
        Selector(
            id="effect",
            label=Text("Effect", "效应"),
            table="policy.placebo_draws",
            column="effect",
        ),
        Selector(
            id="kind",
            label=Text("Made-up policy", "安慰剂类型"),
            table="policy.placebo_draws",
            column="kind",
            default="spatial",
        ),
    ),
    empty=Text(
        "No policy results yet. They need the tables treatments, regions and activity or "
        "panel: agglo import, then agglo run --study policy.",
        "尚无政策评估结果。需要 treatments、regions 以及 activity 或 panel 表：先 agglo "
        "import，再 agglo run --study policy。",
    ),
    views=(
        View(
            id="policy.event_study",
            title=Text("Before and after the start", "政策实施前后"),
            table="policy.event_study",
            chart="event",
            encode={
                "x": "k", "y": "value", "lo": "band_lower", "hi": "band_upper",
                "series": "effect",
            },
            columns=columns(
                "outcome", "k", "effect", *_ESTIMATE, "band_lower", "band_upper", "cells"
            ),
            filters=_BY_OUTCOME,
            unit=_LN,
            reference=_ZERO,
            uncertainty=Text(
                "simultaneous 95 % band over all periods; pointwise intervals in the table",
                "所有时期的 95% 同时置信带；逐点区间见表",
            ),
            method=_METHOD,
            note=Text(
                "Left of 0 nothing should be seen: these are the years before the start.",
                "0 左侧为实施前各年，应无效应。",
            ),
        ),
        View(
            id="policy.impacts",
            title=Text("Here, next door, together", "本地、邻近与总效应"),
            table="policy.impacts",
            chart="dot",
            encode={
                "label": "effect", "value": "value", "lo": "lower", "hi": "upper",
                "group": "variable",
            },
            columns=columns("outcome", "variable", "effect", *_ESTIMATE),
            filters=_BY_OUTCOME,
            keep={"variable": "treatment"},
            unit=_LN,
            reference=_ZERO,
            uncertainty=_INTERVAL,
            method=_METHOD,
        ),
        View(
            id="policy.distance",
            title=Text("How far out", "影响多远"),
            table="policy.bands",
            chart="dot",
            encode={"label": "ring", "value": "value", "lo": "lower", "hi": "upper"},
            columns=columns("outcome", "ring", "kind", *_ESTIMATE, "cells"),
            filters=_BY_OUTCOME,
            keep={"kind": "realised"},
            unit=_LN,
            reference=_ZERO,
            uncertainty=_INTERVAL,
            method=_METHOD,
            note=Text(
                "Effect on places by their distance from the nearest treated one.",
                "按与最近受处理地区的距离分组的效应。",
            ),
        ),
        View(
            id="policy.map",
            title=Text("Where", "在哪里"),
            table="policy.map",
            chart="map",
            encode={
                "lon": "lon", "lat": "lat", "value": "value", "label": "region",
                "group": "treated",
            },
            columns=columns("outcome", "region", "period", "treated", "value"),
            labels={"region": "regions"},
            filters=_BY_OUTCOME,
            unit=_LN,
            reference=_ZERO,
            uncertainty=Text(
                "none per place: the model's realised effect; intervals of the means stand "
                "in the other figures",
                "单个地区无区间：模型的实现效应；均值的区间见其他图",
            ),
            method=_METHOD,
        ),
        _BY_EFFECT_DOTS,
        replace(
            _BY_EFFECT_DOTS,
            id="policy.specification",
            title=Text("Under other choices", "其他设定下"),
            table="policy.specification",
            encode={**_BY_EFFECT_DOTS.encode, "label": "specification"},
            columns=columns("outcome", "specification", "effect", *_ESTIMATE, "rho", "nobs"),
            looks=(SPECIFICATION,),
        ),
        View(
            id="policy.placebo",
            title=Text("Beside made-up policies", "安慰剂检验"),
            table="policy.placebo",
            chart="dot",
            encode={
                "label": "kind", "value": "placebo_median", "lo": "placebo_lower",
                "hi": "placebo_upper", "group": "effect",
            },
            columns=columns(
                "outcome", "kind", "effect", "value", "p", "placebo_lower",
                "placebo_median", "placebo_upper", "n",
            ),
            filters=_BY_OUTCOME,
            unit=_LN,
            uncertainty=Text(
                "bar: 2.5 to 97.5 % of the made-up policies; the estimate is in the table",
                "线段为安慰剂的 2.5%–97.5%；实际估计见表",
            ),
            method=_METHOD,
        ),
        View(
            id="policy.draws",
            title=Text("All made-up policies", "全部安慰剂"),
            table="policy.placebo_draws",
            chart="histogram",
            encode={"value": "value", "against": "policy.placebo_one"},
            columns=columns("outcome", "kind", "effect", "value"),
            filters=_BY_DRAW,
            unit=_LN,
            uncertainty=Text(
                "every draw is one made-up policy; the line is the estimate",
                "每次抽样为一项虚构政策；竖线为实际估计",
            ),
            method=_METHOD,
        ),
        View(
            id="policy.placebo_one",
            title=Text("The estimate among them", "实际估计的位置"),
            table="policy.placebo",
            chart="table",
            columns=columns(
                "outcome", "kind", "effect", "value", "p", "placebo_lower",
                "placebo_median", "placebo_upper", "n",
            ),
            filters=_BY_DRAW,
            unit=_LN,
            uncertainty=Text("p: share of draws at least as far out, never 0", "p：不近于实际值的抽样比例，不为 0"),
            method=_METHOD,
        ),
        replace(
            _BY_EFFECT_DOTS,
            id="policy.matched",
            title=Text("Beside regions that are alike", "与相似地区比较"),
            table="policy.matching",
            encode={**_BY_EFFECT_DOTS.encode, "label": "design"},
            columns=columns("outcome", "design", "effect", *_ESTIMATE),
        ),
        replace(
            _BY_EFFECT_DOTS,
            id="policy.staggered",
            title=Text("With one effect, and with one per start", "单一效应与按起始年份的效应"),
            table="policy.staggered",
            encode={**_BY_EFFECT_DOTS.encode, "label": "estimator", "group": "group"},
            columns=columns("outcome", "estimator", "group", *_ESTIMATE, "cells"),
            looks=(MODEL,),
        ),
        View(
            id="policy.weights",
            title=Text("Under other neighbours", "其他空间权重下"),
            table="policy.weights_sensitivity",
            chart="dot",
            encode={
                "label": "weights", "value": "value", "lo": "lower", "hi": "upper",
                "group": "durbin_weights",
            },
            columns=columns(
                "outcome", "weights", "durbin_weights", "effect", *_ESTIMATE, "rho", "n_links"
            ),
            filters=_BY_EFFECT,
            unit=_LN,
            reference=_ZERO,
            uncertainty=_INTERVAL,
            method=_METHOD,
        ),
        View(
            id="policy.sweep",
            title=Text("As neighbours reach farther", "邻接范围扩大时"),
            table="policy.sweep",
            chart="line",
            encode={"x": "cutoff_km", "y": "value", "lo": "lower", "hi": "upper"},
            columns=columns("outcome", "cutoff_km", "effect", *_ESTIMATE, "rho", "islands"),
            filters=_BY_EFFECT,
            order="cutoff_km",
            unit=_LN,
            reference=_ZERO,
            uncertainty=_INTERVAL,
            method=_METHOD,
        ),
        replace(
            _BY_EFFECT_DOTS,
            id="policy.spans",
            title=Text("Early and late", "早期与后期"),
            table="policy.spans",
            encode={**_BY_EFFECT_DOTS.encode, "label": "span"},
            columns=columns("outcome", "span", "effect", *_ESTIMATE),
        ),
        View(
            id="policy.leads",
            title=Text("Did anything differ before the start", "实施前有无差异"),
            table="policy.leads",
            chart="table",
            columns=columns("outcome", "tested", "statistic", "df", "p", "method", "power"),
            filters=_BY_OUTCOME,
            uncertainty=Text(
                "p, and the power to find a drift to half the largest effect",
                "p 值，以及发现达最大效应一半之趋势的功效",
            ),
            method=_METHOD,
        ),
        View(
            id="policy.moran",
            title=Text("Are neighbours alike", "邻近是否相似"),
            table="policy.moran",
            chart="line",
            encode={"x": "period", "y": "value", "series": "kind"},
            columns=columns("outcome", "kind", "period", "value", "z", "p", "q"),
            filters=_BY_OUTCOME,
            order="period",
            reference=Reference(value=0.0, label=Text("no pattern", "无空间格局")),
            uncertainty=Text("p by permutation in the table", "表中列出置换 p 值"),
            method=_METHOD,
        ),
        View(
            id="policy.checklist",
            title=Text("What a referee would ask", "审稿人清单"),
            table="policy.referee_checklist",
            chart="table",
            columns=columns("outcome", "item", "status", "value", "bound", "evidence"),
            filters=_BY_OUTCOME,
            uncertainty=Text("none: a list of checks", "无：检查清单"),
            method=_METHOD,
        ),
    ),
)  # fmt: skip
