"""Choices of how rows are looked at: one declaration for all pages that offer them."""

from __future__ import annotations

from agglo.observatory.page import Look, Pick, Text

__all__ = [
    "BACKBONE",
    "BANDS",
    "DISTANCE",
    "INDUSTRIES",
    "MODEL",
    "REFERENCE",
    "SIMILAR_WEIGHT",
    "SPECIALISATION",
    "SPECIFICATION",
    "STRUCTURE",
    "TEXT_THRESHOLD",
    "THRESHOLD",
]

_MEASURE = Text("Measure", "度量")
_REGISTER = Text(
    "none: a complete register has no sampling error", "无：全面登记数据，无抽样误差"
)

STRUCTURE = Look(
    id="measure",
    label=_MEASURE,
    kind="measure",
    picks=(
        Pick(value="lq", label=Text("location quotient", "区位商")),
        Pick(
            value="country",
            label=Text("share of the country's industry", "占全国该产业的份额"),
            encode={"color": "share_of_industry"},
            unit=Text(
                "size: jobs; colour: share of the country's industry",
                "面积：就业；颜色：占全国该产业的份额",
            ),
            uncertainty=_REGISTER,
            compared=False,
        ),
        Pick(
            value="top",
            label=Text("chance of the top ten", "进入前十的概率"),
            encode={"color": "rank_p_top"},
            unit=Text(
                "size: jobs; colour: share of redraws in which it is among the ten largest",
                "面积：就业；颜色：重抽样中进入前十的比例",
            ),
            uncertainty=Text(
                "the colour is itself a share of redraws of the plants",
                "颜色本身即为企业重抽样的比例",
            ),
            compared=False,
        ),
    ),
)
"""What colours the composition of a region."""

SPECIALISATION = Look(
    id="measure",
    label=_MEASURE,
    kind="measure",
    picks=(
        Pick(value="lq", label=Text("location quotient", "区位商")),
        Pick(
            value="jobs",
            label=Text("jobs", "就业"),
            encode={"value": "employment", "lo": "", "hi": ""},
            order="-employment",
            unit=Text("jobs", "人"),
            uncertainty=_REGISTER,
            compared=False,
        ),
        Pick(
            value="share",
            label=Text("share of the region", "占本地区份额"),
            encode={"value": "share_of_region", "lo": "", "hi": ""},
            order="-share_of_region",
            unit=Text("share of the region's jobs", "占本地区就业的份额"),
            uncertainty=_REGISTER,
            compared=False,
        ),
        Pick(
            value="country",
            label=Text("share of the country's industry", "占全国该产业的份额"),
            encode={"value": "share_of_industry", "lo": "", "hi": ""},
            order="-share_of_industry",
            unit=Text("share of the country's industry", "占全国该产业的份额"),
            uncertainty=_REGISTER,
            compared=False,
        ),
    ),
)
"""By what the industries of a region are ranked: relatively or absolutely."""

BANDS = Look(
    id="bands",
    label=Text("Band", "置信带"),
    kind="measure",
    picks=(
        Pick(value="global", label=Text("global (whole curve)", "全局（整条曲线）")),
        Pick(
            value="local",
            label=Text("local (each distance)", "局部（逐距离）"),
            encode={"lo": "lower", "hi": "upper"},
        ),
    ),
)
"""Which envelope stands behind a curve."""

DISTANCE = Look(
    id="dist",
    label=Text("Up to (km)", "最远距离（公里）"),
    kind="at_most",
    column="r_km",
)
"""How far out a curve is drawn."""

INDUSTRIES = Look(
    id="inds", label=Text("Industries", "产业"), kind="several", column="industry"
)
"""Which industries regions are compared in."""

REFERENCE = Look(
    id="ref",
    label=Text("Compared with", "比较对象"),
    kind="against",
    column="region",
    picks=(Pick(value="mean", label=Text("the mean of the others", "其他地区的均值")),),
)
"""What every region is compared with; at first the chosen one is, with every other."""

THRESHOLD = Look(
    id="thr",
    label=Text("Proximity at least", "接近度下限"),
    kind="at_least",
    column="proximity",
    picks=tuple(Pick(value=f"0.{k}") for k in (3, 4, 5, 6, 7, 8)),
)
"""From which proximity on two industries are tied."""

TEXT_THRESHOLD = Look(
    id="thr",
    label=Text("Likeness of names at least", "名称相似度下限"),
    kind="at_least",
    column="text_score",
    picks=tuple(Pick(value=f"0.{k}") for k in (1, 2, 3, 5, 7)),
)
"""How alike the closest name of an unmatched entry is."""

BACKBONE = Look(
    id="backbone",
    label=Text("Strongest ties", "最强联系"),
    kind="heaviest",
    column="weight",
    picks=(Pick(value="25"), Pick(value="50"), Pick(value="75"), Pick(value="90")),
)
"""The strongest ties that carry a share of all weight."""

SIMILAR_WEIGHT = Look(
    id="weight",
    label=Text("Weight of “similar”", "“相近”的权重"),
    kind="one",
    column="s",
    blank=True,
    default="0.5",
)
"""What a similar match counts for, where an identical one counts 1."""

MODEL = Look(id="model", label=Text("Model", "模型"), kind="one", column="estimator")
"""One estimator of several."""

SPECIFICATION = Look(
    id="spec", label=Text("Specification", "设定"), kind="one", column="specification"
)
"""One specification of several."""
