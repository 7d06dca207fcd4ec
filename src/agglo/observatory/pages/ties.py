"""Pages about ties: the industry space with its options, and the networks of places."""

from __future__ import annotations

from agglo.observatory.page import Page, Reference, Selector, Text, View
from agglo.observatory.pages.columns import columns

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
_EMPTY = Text(
    "No network results yet. They need link_events, ownership or patents: agglo import, "
    "then agglo run --study networks.",
    "尚无网络结果。需要 link_events、ownership 或 patents 表：先 agglo import，"
    "再 agglo run --study networks。",
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
    ),
    empty=_EMPTY,
    views=(
        View(
            id="space.options",
            title=Text("Options of the region", "该地区的选择"),
            table="networks.portfolio",
            chart="scatter",
            encode={
                "x": "density", "y": "complexity", "label": "industry",
                "size": "score", "group": "quadrant",
            },
            columns=columns(
                "region", "industry", "density", "complexity", "external", "score", "quadrant"
            ),
            labels={"region": "regions", "industry": "industries"},
            filters={"region": "region"},
            order="-score",
            uncertainty=Text(
                "none per option; how well such rankings foresaw later entries stands below",
                "单个选择无区间；此类排序的事后检验见下图",
            ),
            method="relatedness-density",
            note=Text(
                "Right: near to what is there. Up: more complex.",
                "越靠右越接近已有产业，越靠上越复杂。",
            ),
        ),
        View(
            id="space.backtest",
            title=Text("Did such rankings foresee entries?", "此类排序能否预见进入"),
            table="networks.backtest",
            chart="dot",
            encode={"label": "score", "value": "auc", "lo": "lower", "hi": "upper"},
            reference=Reference(value=0.5, label=Text("a coin", "随机")),
            uncertainty=Text("95 % interval over regions", "按地区重抽样的 95% 区间"),
            method="networks-study",
        ),
        View(
            id="space.graph",
            title=Text("Industry space", "产业空间"),
            table="networks.product_links",
            chart="network",
            encode={
                "source": "industry_a", "target": "industry_b", "weight": "proximity",
                "nodes": "space.nodes",
            },
            labels={"industry_a": "industries", "industry_b": "industries"},
            uncertainty=Text(
                "the strongest proximities; the layout is fixed and has no scale",
                "仅画最强的接近度；布局固定，无比例尺",
            ),
            method="proximity",
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

NETWORKS = Page(
    id="networks",
    question=Text("Who is tied to whom?", "谁与谁相连"),
    lead=Text(
        "Who commands and who cooperates: cores, tiers, and whether industries stay apart.",
        "谁指挥、谁合作：核心、层级，以及产业之间是否分隔。",
    ),
    study="networks",
    selectors=(_LAYER, _SCALE),
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
            chart="bar",
            encode={"label": "region_a", "value": "difference", "group": "region_b"},
            labels={"region_a": "regions", "region_b": "regions"},
            order="-difference",
            top=20,
            uncertainty=Text("p against permuted sizes", "p 对照置换的规模"),
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
