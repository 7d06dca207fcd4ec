"""The page about designated clusters and on-line belts."""

from __future__ import annotations

from agglo.observatory.page import Column, Page, Reference, Selector, Text, View
from agglo.observatory.pages.columns import columns
from agglo.observatory.pages.looks import (
    BANDS,
    DISTANCE,
    SIMILAR_WEIGHT,
    TEXT_THRESHOLD,
)

__all__ = ["DIGITAL"]

_RATE = Column(name="statistic", label=Text("Rate", "指标"))
_SINCE = Column(name="start", label=Text("From (year)", "起始年份"), decimals=0)
_UNTIL = Column(name="end", label=Text("To (year)", "终止年份"), decimals=0)
_BY_NULL = {"null": "null", "statistic": "statistic"}
# a table whose rows are drawn as ellipses on the map of the page
_OVAL = {
    "cx": "lon", "cy": "lat", "a": "long_km", "b": "short_km", "angle": "theta",
    "label": "label",
}  # fmt: skip

DIGITAL = Page(
    id="digital",
    question=Text("How digital are our clusters?", "集群数字化程度"),
    lead=Text(
        "Which designated clusters have an on-line belt of the same or a similar industry, "
        "and whether that is more than chance.",
        "哪些认定集群拥有相同或相近产业的线上产业带，以及是否超出偶然。",
    ),
    study="digital",
    selectors=(
        Selector(
            id="programme",
            label=Text("Programme", "计划"),
            table="digital.matches",
            column="programme",
        ),
        Selector(
            id="statistic",
            label=Text("Rate", "指标"),
            table="digital.null_draws",
            column="statistic",
        ),
        Selector(
            id="null",
            label=Text("Null model", "零模型"),
            table="digital.null_draws",
            column="null",
        ),
    ),
    empty=Text(
        "No matching yet. It needs the tables designations, belts and regions: agglo "
        "import, then agglo run --study digital.",
        "尚无匹配结果。需要 designations、belts、regions 表：先 agglo import，再 agglo run "
        "--study digital。",
    ),
    views=(
        View(
            id="digital.nulls",
            title=Text("Rates beside what chance would give", "匹配率与随机期望"),
            table="digital.nulls",
            chart="dot",
            encode={"label": "statistic", "value": "ratio", "group": "null"},
            reference=Reference(value=1.0, label=Text("as by chance", "与随机相同")),
            columns=(
                *columns("null"), _RATE,
                *columns("observed", "expected", "ratio", "p_upper"),
            ),
            keep={"group": ""},
            uncertainty=Text(
                "5 to 95 % of the permutations in the table", "表中列出置换的 5%–95% 范围"
            ),
            method="matching-nulls",
        ),
        View(
            id="digital.flow",
            title=Text("From lists to matches", "从名录到匹配"),
            table="digital.sankey",
            chart="sankey",
            encode={"source": "source", "target": "target", "weight": "value"},
            uncertainty=Text("none: counts of the lists", "无：名录计数"),
            method="matching",
        ),
        View(
            id="digital.map",
            title=Text("Clusters and belts by city", "各城市的集群与产业带"),
            table="digital.city_counts",
            chart="map",
            encode={
                "lon": "lon", "lat": "lat", "value": "clusters", "label": "city",
                "size": "belts", "ellipses": "digital.ellipses",
            },
            labels={"city": "regions"},
            order="-clusters",
            unit=Text("clusters", "集群数"),
            uncertainty=Text("none: counts of the lists", "无：名录计数"),
            method="digital-study",
            note=Text(
                "Colour: designated clusters. Size: on-line belts. Ellipses: clusters, "
                "belts and the programme chosen above.",
                "颜色：认定集群数；大小：线上产业带数。椭圆：集群、产业带与上方所选计划。",
            ),
        ),
        View(
            id="digital.ellipses",
            title=Text("Where the sets lie: deviational ellipses", "各组分布：标准差椭圆"),
            table="digital.ellipses",
            chart="table",
            columns=columns(
                "label", "scale", "n", "lon", "lat", "long_km", "long_km_lower",
                "long_km_upper", "short_km", "short_km_lower", "short_km_upper", "theta",
                "area_km2", "area_km2_lower", "area_km2_upper", "inside_share",
            ),
            encode=_OVAL,
            filters={"sets": "label"},
            uncertainty=Text(
                "95 % intervals from resampling the members", "对成员重抽样的 95% 区间"
            ),
            method="ellipses",
            note=Text(
                "Half axes in km at the number of standard deviations named in the table; "
                "bearing of the long axis clockwise from north.",
                "半轴单位为公里，按表中所列标准差倍数；长轴方位角自北顺时针。",
            ),
        ),
        View(
            id="digital.draws",
            title=Text("What chance gave, draw by draw", "随机抽样的分布"),
            table="digital.null_draws",
            chart="histogram",
            encode={"value": "value", "count": "draws", "against": "digital.observed"},
            columns=(*columns("null"), _RATE, *columns("value", "draws")),
            filters=_BY_NULL,
            uncertainty=Text(
                "all draws of the null model; the line is the observed value",
                "零模型的全部抽样；竖线为实际值",
            ),
            method="matching-nulls",
        ),
        View(
            id="digital.observed",
            title=Text("Observed beside expected", "实际与期望"),
            table="digital.nulls",
            chart="table",
            columns=(
                *columns("null"), _RATE,
                *columns("n", "observed", "expected", "q05", "q95", "ratio", "p_upper"),
            ),
            filters=_BY_NULL,
            keep={"group": ""},
            uncertainty=Text("5 to 95 % of the draws", "抽样的 5%–95%"),
            method="matching-nulls",
        ),
        View(
            id="digital.rates",
            title=Text("Rates with their intervals", "匹配率及其区间"),
            table="digital.rates",
            chart="dot",
            encode={"label": "measure", "value": "value", "lo": "lower", "hi": "upper"},
            columns=columns("measure", "s", "count", "n", "value", "lower", "upper"),
            keep={"variant": "main", "counting": "full", "by": ""},
            uncertainty=Text("95 % Wilson interval", "95% Wilson 区间"),
            method="digital-study",
            looks=(SIMILAR_WEIGHT,),
        ),
        View(
            id="digital.sensitivity",
            title=Text("Under other weights of \u201csimilar\u201d", "“相近”取其他权重时"),
            table="digital.sensitivity",
            chart="line",
            encode={"x": "s", "y": "degree", "series": "containment"},
            columns=columns(
                "containment", "city_rule", "s", "n", "identical_share", "similar_share",
                "matched_share", "degree", "degree_expected_n1", "degree_p_n1",
                "degree_expected_n3", "degree_p_n3",
            ),
            keep={"city_rule": "any"},
            order="s",
            uncertainty=Text(
                "expected degrees and p of two null models in the table",
                "表中列出两种零模型的期望与 p 值",
            ),
            method="digital-study",
        ),
        View(
            id="digital.around",
            title=Text("Belts around clusters, by distance", "集群周围的产业带：按距离"),
            table="digital.cross_k",
            chart="line",
            encode={
                "x": "r_km", "y": "value", "lo": "global_lower", "hi": "global_upper",
            },
            columns=columns(
                "r_km", "value", "lower", "upper", "global_lower", "global_upper", "observed",
                "expected",
            ),
            note=Text(
                "1 is as by chance. Above the band: more belts than chance puts there.",
                "1 表示与随机相同；高于带：产业带多于随机。",
            ),
            uncertainty=Text(
                "95 % envelope of the null, global unless chosen otherwise",
                "零模型的 95% 包络，默认为全局",
            ),
            method="digital-study",
            looks=(BANDS, DISTANCE),
        ),
        View(
            id="digital.shifts",
            title=Text("How the centre moved", "重心如何移动"),
            table="digital.shifts",
            chart="table",
            columns=(
                *columns("set", "basis"), _SINCE, _UNTIL,
                *columns("distance_km", "bearing",
                "speed_km_per_year", "distance_lower", "distance_upper", "p"),
            ),
            uncertainty=Text("95 % interval where it was drawn", "已抽样者列出 95% 区间"),
            method="ellipses",
        ),
        View(
            id="digital.matches",
            title=Text("Every match with its evidence", "每一匹配及其依据"),
            table="digital.matches",
            chart="table",
            columns=columns(
                "cluster", "programme", "label", "kind", "belt", "belt_label", "via", "city", "status"
            ),
            labels={"city": "regions"},
            filters={"programme": "programme"},
            uncertainty=Text(
                "status says which rows of the lists are unverified",
                "状态列标明未经核实的名录条目",
            ),
            method="matching",
        ),
        View(
            id="digital.unmatched",
            title=Text("Clusters without a match", "未匹配的集群"),
            table="digital.unmatched",
            chart="table",
            columns=columns(
                "cluster", "programme", "label", "kind", "status", "n_belts",
                "closest_label", "text_score", "closest_belt", "cities", "belts",
            ),
            filters={"programme": "programme"},
            uncertainty=Text("none: a list", "无：清单"),
            method="matching",
            looks=(TEXT_THRESHOLD,),
        ),
    ),
)  # fmt: skip
