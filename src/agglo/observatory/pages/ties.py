"""Pages about ties: the industry space with its options, and the networks of places."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from agglo.observatory.page import Page, Reference, Selector, Text, View
from agglo.observatory.pages.columns import columns
from agglo.observatory.pages.looks import BACKBONE, THRESHOLD

__all__ = ["NETWORKS", "SPACE"]

_LAYER = Selector(
    id="layer",
    label=Text("Layer", "网络层"),
    table="networks.integration",
    column="layer",
)
_SCALE = Selector(
    id="scale", label=Text("Scale", "尺度"), table="networks.hierarchy", column="scale"
)
_BY_LAYER = {"layer": "layer", "scale": "scale"}
_ENDS: Mapping[str, Literal["regions", "industries"]] = {
    "origin": "regions",
    "destination": "regions",
}
_TIES = columns("layer", "scale", "origin", "destination", "weight", "share")
_COUNTS = Text(
    "none: counts of ties; what chance gives stands in the figures of groups",
    "无：联系计数；随机期望见产业组各图",
)
_EMPTY = Text(
    "No network results yet. They need link_events, ownership or patents: agglo import, "
    "then agglo run --study networks.",
    "尚无网络结果。需要 link_events、ownership 或 patents 表：先 agglo import，"
    "再 agglo run --study networks。",
)

_OPTION = columns(
    "region", "industry", "density", "complexity", "external", "score", "quadrant"
)
_OPEN = Text(
    "none per option; how well such rankings foresaw later entries stands below",
    "单个选择无区间；此类排序的事后检验见下图",
)

# one convention of several; the table names them, the usual one first
_PRESET = Selector(
    id="preset",
    label=Text("Convention", "约定"),
    table="networks.presets",
    column="preset",
    optional=True,
)
_BY_PRESET = {"region": "region", "preset": "preset"}
_CONVENTION = Text(
    "By the convention chosen above; the table of conventions says what it is, also which "
    "way complexity rises.",
    "按上方所选约定；其内容及复杂度的方向见约定表。",
)

SPACE = Page(
    id="space",
    question=Text("What could come next?", "下一步可以发展什么"),
    lead=Text(
        "Which industries are near to what a region has, and which of them add complexity.",
        "哪些产业接近该地区已有的产业，其中哪些能提升复杂度。",
    ),
    study="",
    selectors=(
        Selector(
            id="region",
            label=Text("Region", "地区"),
            table="networks.portfolio",
            column="region",
        ),
        _PRESET,
    ),
    empty=_EMPTY,
    views=(
        View(
            id="space.best",
            title=Text("The options that rank highest", "位次最高的选择"),
            table="networks.options_by_preset",
            chart="bar",
            encode={"label": "industry", "value": "score", "group": "quadrant"},
            columns=_OPTION,
            labels={"region": "regions", "industry": "industries"},
            filters=_BY_PRESET,
            order="-score",
            top=10,
            unit=Text("mean place among the options, 0 to 1", "在各选择中的平均位次（0–1）"),
            uncertainty=_OPEN,
            method="networks-study",
            note=Text(
                "Industries the region lacks; near to what it has, and what the back-test "
                "showed to help, counts.",
                "该地区尚缺的产业；计入与已有产业的接近程度及回测证明有用的部分。",
            ),
        ),
        View(
            id="space.options",
            title=Text("Options of the region", "该地区的选择"),
            table="networks.options_by_preset",
            chart="scatter",
            encode={
                "x": "density", "y": "complexity", "label": "industry",
                "size": "score", "group": "quadrant",
            },
            columns=_OPTION,
            labels={"region": "regions", "industry": "industries"},
            filters=_BY_PRESET,
            order="-score",
            uncertainty=_OPEN,
            method="relatedness-density",
            note=Text(
                f"Right: near to what is there. Up: more complex. {_CONVENTION.en}",
                f"越靠右越接近已有产业，越靠上越复杂。{_CONVENTION.zh}",
            ),
        ),
        View(
            id="space.backtest",
            title=Text("Did such rankings foresee entries?", "此类排序能否预见进入"),
            table="networks.backtest_by_preset",
            chart="dot",
            encode={"label": "score", "value": "auc", "lo": "lower", "hi": "upper"},
            columns=columns(
                "preset", "score", "auc", "lower", "upper", "average_precision", "base"
            ),
            filters={"preset": "preset"},
            reference=Reference(value=0.5, label=Text("a coin", "随机")),
            uncertainty=Text("95 % interval over regions", "按地区重抽样的 95% 区间"),
            method="networks-study",
        ),
        View(
            id="space.entries",
            title=Text("What it entered since, and how that had ranked", "此后进入了哪些产业及其当时的位次"),
            table="networks.entries_by_preset",
            chart="scatter",
            encode={
                "x": "density", "y": "complexity", "label": "industry",
                "group": "entered",
            },
            columns=columns(
                "region", "industry", "rank", "entered", "density", "complexity"
            ),
            labels={"region": "regions", "industry": "industries"},
            filters=_BY_PRESET,
            order="rank",
            uncertainty=Text(
                "none per option; AUC with its interval over all regions stands above",
                "单个选择无区间；全部地区的 AUC 及其区间见上图",
            ),
            method="networks-study",
            note=Text(
                "Options of the earlier period, placed by what was known then; rank 1 was "
                "the best. Good rankings have the entries to the right.",
                "较早时期的选择，按当时信息排列；位次 1 为最优。好的排序应使进入者偏右。",
            ),
        ),
        View(
            id="space.graph",
            title=Text("Industry space", "产业空间"),
            table="networks.links_by_preset",
            chart="network",
            encode={
                "source": "industry_a", "target": "industry_b", "weight": "proximity",
                "nodes": "space.nodes", "shade": "space.quotients",
            },
            labels={"industry_a": "industries", "industry_b": "industries"},
            note=Text(
                "Colour: quotient of the region chosen above; paper: not there. Places are "
                f"those of the usual convention. {_CONVENTION.en}",
                "颜色：上方所选地区的区位商；底色：该地区没有此产业。位置取自通常的约定。"
                f"{_CONVENTION.zh}",
            ),
            filters={"preset": "preset"},
            uncertainty=Text(
                "the strongest proximities; the layout is fixed and has no scale",
                "仅画最强的接近度；布局固定，无比例尺",
            ),
            method="proximity",
            looks=(THRESHOLD,),
        ),
        View(
            id="space.quotients",
            title=Text("What the region has", "该地区已有的产业"),
            table="networks.quotients",
            chart="dot",
            encode={"label": "industry", "value": "lq"},
            columns=columns("region", "industry", "lq"),
            labels={"region": "regions", "industry": "industries"},
            filters={"region": "region"},
            order="-lq",
            top=20,
            reference=Reference(value=1.0, label=Text("as in the whole country", "与全国相同")),
            uncertainty=Text(
                "none here: intervals of quotients stand on the page of the region",
                "此处无区间：区位商的区间见地区页",
            ),
            method="location-quotient",
        ),
        View(
            id="space.presets",
            title=Text("What the conventions are", "各约定的内容"),
            table="networks.presets",
            chart="table",
            columns=columns(
                "preset", "presence_rule", "threshold", "proximity_kind",
                "self_in_density", "complexity_index", "complexity_scaling",
                "sign_anchor", "source",
            ),
            uncertainty=Text("none: rules", "无：规则"),
            method="complexity",
            note=Text(
                "Presence says which industries a region has, proximity which are near; "
                "the index says how complex they are. Compare conventions by how well "
                "they foresaw entries.",
                "存在度说明地区有哪些产业，接近度说明哪些相近，指数说明其复杂程度。可按预见进入的程度比较各约定。",
            ),
        ),
        View(
            id="space.nodes",
            title=Text("Industries of the space", "空间中的产业"),
            table="networks.product_space",
            chart="table",
            labels={"industry": "industries"},
            uncertainty=Text("none: a layout", "无：布局坐标"),
            method="proximity",
        ),
    ),
)  # fmt: skip

_FLOWS = View(
    id="networks.flows",
    title=Text("The strongest ties on the map", "地图上最强的联系"),
    table="networks.ties",
    chart="flowmap",
    encode={
        "lon": "lon", "lat": "lat", "lon2": "lon2", "lat2": "lat2",
        "weight": "weight", "source": "origin", "target": "destination",
    },
    columns=_TIES,
    labels=_ENDS,
    place=("origin", "destination"),
    filters=_BY_LAYER,
    order="-weight",
    top=60,
    uncertainty=_COUNTS,
    method="networks-study",
    looks=(BACKBONE,),
    note=Text(
        "Thick: more. Arcs bend to the right of their direction.",
        "线越粗联系越多；弧线向行进方向右侧弯曲。",
    ),
)  # fmt: skip
_OUTWARD = View(
    id="networks.from_place",
    title=Text("Ties of the chosen place, outward", "所选地方的联系：对外"),
    table="networks.ties",
    chart="bar",
    encode={"label": "destination", "value": "weight"},
    columns=_TIES,
    labels=_ENDS,
    filters={**_BY_LAYER, "place": "origin"},
    order="-weight",
    top=15,
    uncertainty=_COUNTS,
    method="networks-study",
    note=Text("Choose a place of the chosen scale above. In a layer without direction a pair stands once, in either figure.", "请在上方选择该尺度的地方。无方向的层中每对只出现在两图之一。"),
)  # fmt: skip

NETWORKS = Page(
    id="networks",
    question=Text("Who is tied to whom?", "谁与谁相连"),
    lead=Text(
        "Who commands and who cooperates: cores, tiers, and whether industries stay apart.",
        "谁指挥、谁合作：核心、层级，以及产业之间是否分隔。",
    ),
    study="networks",
    selectors=(
        _LAYER,
        _SCALE,
        Selector(
            id="place",
            label=Text("Place", "地方"),
            table="networks.hierarchy",
            column="node",
            within=_SCALE.id,
        ),
    ),
    empty=_EMPTY,
    views=(
        View(
            id="networks.integration",
            title=Text("Integrated or bounded, by city", "各城市一体化或分隔程度"),
            table="networks.integration",
            chart="dot",
            encode={"label": "region", "value": "kappa", "lo": "lower", "hi": "upper"},
            columns=columns("layer", "region", "kappa", "lower", "upper", "weight", "p", "verdict"),
            labels={"region": "regions"},
            filters={"layer": "layer"},
            order="kappa",
            uncertainty=Text(
                "95 % interval from resampling events; p against permuted groups",
                "95% 区间由事件重抽样得到；p 对照置换的分组",
            ),
            method="networks-study",
            note=Text(
                "0: ties as if groups did not matter. 1: ties only within groups.",
                "0：与分组无关；1：只在组内联系。",
            ),
        ),
        View(
            id="networks.hierarchy",
            title=Text("Strength of places", "各地联系强度"),
            table="networks.hierarchy",
            chart="map",
            encode={
                "lon": "lon", "lat": "lat", "value": "value", "label": "node",
                "size": "value", "group": "tier",
            },
            columns=columns("layer", "scale", "node", "value", "is_core", "tier", "parent"),
            labels={"node": "regions", "parent": "regions"},
            place=("node",),
            filters={"layer": "layer", "scale": "scale"},
            order="-value",
            uncertainty=Text(
                "how often resampled events give the same cores stands in the next figure",
                "重抽样得到同样核心的频率见下图",
            ),
            method="networks-study",
        ),
        _FLOWS,
        replace(
            _FLOWS,
            id="networks.flows_by_period",
            title=Text("The strongest ties, period by period", "各时期最强的联系"),
            table="networks.ties_by_period",
            encode={**_FLOWS.encode, "period": "period"},
            columns=columns(
                "layer", "scale", "period", "origin", "destination", "weight", "share"
            ),
            looks=(),
            note=Text(
                "Ties dated to the period, at most the 200 strongest of each; widths mean "
                "the same in every period. Share: of all ties of the period.",
                "属于该时期的联系，每期至多最强的 200 条；线宽在各期含义相同。份额：占当期全部联系。",
            ),
        ),
        _OUTWARD,
        replace(
            _OUTWARD,
            id="networks.to_place",
            title=Text("Ties of the chosen place, inward", "所选地方的联系：对内"),
            encode={"label": "origin", "value": "weight"},
            filters={**_BY_LAYER, "place": "destination"},
            note=Text("Who reaches this place.", "谁联系到该地方。"),
        ),
        View(
            id="networks.graph",
            title=Text("Places and ties", "地方与联系"),
            table="networks.ties",
            chart="network",
            encode={
                "source": "origin", "target": "destination", "weight": "weight",
                "nodes": "networks.hierarchy",
            },
            columns=_TIES,
            labels=_ENDS,
            filters=_BY_LAYER,
            order="-weight",
            uncertainty=_COUNTS,
            method="networks-study",
            looks=(BACKBONE,),
            note=Text(
                "Places stand where they are on the map; signs and colours are tiers.",
                "各地按地图位置排列；符号与颜色表示层级。",
            ),
        ),
        View(
            id="networks.adjacency",
            title=Text("Every pair of places", "全部地方对"),
            table="networks.ties",
            chart="heatmap",
            encode={"x": "destination", "y": "origin", "value": "weight"},
            columns=_TIES,
            labels=_ENDS,
            filters=_BY_LAYER,
            order="origin",
            uncertainty=_COUNTS,
            method="networks-study",
        ),
        View(
            id="networks.tree",
            title=Text("Who depends on whom: dominant flows", "依附关系：主导流"),
            table="networks.hierarchy",
            chart="tree",
            encode={"label": "node", "parent": "parent", "value": "value"},
            columns=columns("layer", "scale", "node", "value", "is_core", "tier", "parent"),
            labels={"node": "regions", "parent": "regions"},
            filters=_BY_LAYER,
            order="-value",
            uncertainty=_COUNTS,
            method="networks-study",
        ),
        View(
            id="networks.rank_size",
            title=Text("Rank and size", "位序与规模"),
            table="networks.hierarchy",
            chart="ranksize",
            encode={"value": "value", "label": "node", "group": "tier"},
            columns=columns("layer", "scale", "node", "value", "is_core", "tier", "parent"),
            labels={"node": "regions", "parent": "regions"},
            filters=_BY_LAYER,
            order="-value",
            uncertainty=Text(
                "slope and its standard error stand in the next table",
                "斜率及其标准误见下表",
            ),
            method="networks-study",
        ),
        View(
            id="networks.distribution",
            title=Text("How unequal the places are", "各地有多不均"),
            table="networks.distribution",
            chart="table",
            columns=columns("layer", "scale", "statistic", "value", "se"),
            filters=_BY_LAYER,
            uncertainty=Text("standard error where there is one", "有标准误者列出"),
            method="networks-study",
        ),
        View(
            id="networks.cores",
            title=Text("How firm the cores are", "核心有多稳固"),
            table="networks.core_sets",
            chart="bar",
            encode={"label": "core_set", "value": "value"},
            filters={"layer": "layer", "scale": "scale"},
            order="-value",
            uncertainty=Text("share of resamples of whole events", "整体事件重抽样的比例"),
            method="networks-study",
        ),
        View(
            id="networks.mixing",
            title=Text("Ties between groups of industries", "产业组之间的联系"),
            table="networks.mixing",
            chart="heatmap",
            encode={"x": "destination_group", "y": "origin_group", "value": "log_odds"},
            filters={"layer": "layer"},
            reference=Reference(value=0.0, label=Text("as expected", "与期望相同")),
            uncertainty=Text("z-scores in the table", "表中附 z 值"),
            method="networks-study",
        ),
        View(
            id="networks.sizes",
            title=Text("Large and small firms of pairs of cities", "城市对的企业规模互补"),
            table="networks.complementarity",
            chart="heatmap",
            encode={"x": "region_b", "y": "region_a", "value": "difference"},
            labels={"region_a": "regions", "region_b": "regions"},
            order="-difference",
            uncertainty=Text("p against permuted sizes", "p 对照置换的规模"),
            method="networks-study",
        ),
        View(
            id="networks.layers",
            title=Text("Do the layers differ", "各层是否不同"),
            table="networks.layer_comparison",
            chart="table",
            columns=columns("one", "other", "spearman", "correlation", "overlap", "jaccard", "cores_one", "cores_other", "differ_share", "verdict"),
            uncertainty=Text(
                "share of joint resamples in which the cores differ",
                "联合重抽样中核心不同的比例",
            ),
            method="networks-study",
        ),
        View(
            id="networks.gravity",
            title=Text("How ties fall with distance", "联系随距离衰减"),
            table="networks.gravity",
            chart="table",
            columns=columns("layer", "term", "value", "se", "z", "p"),
            uncertainty=Text("standard errors of the estimates", "估计的标准误"),
            method="networks-study",
        ),
        View(
            id="networks.propensity",
            title=Text("Joint patents that cross cities, by technology", "跨城市联合专利倾向"),
            table="networks.propensity",
            chart="dot",
            encode={"label": "class", "value": "share", "lo": "lower", "hi": "upper", "group": "adjust"},
            uncertainty=Text("95 % Wilson interval; p adjusted by Holm", "95% Wilson 区间；p 经 Holm 校正"),
            method="networks-study",
        ),
    ),
)  # fmt: skip
