"""Pages about places and industries: map, region, industry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from agglo.observatory.page import Column, Page, Reference, Selector, Text, View
from agglo.observatory.pages.chance import NULL, NULL_VIEWS
from agglo.observatory.pages.columns import columns
from agglo.observatory.pages.levels import INDUSTRY_ONLY, LEVEL, coarser
from agglo.observatory.pages.looks import BANDS, DISTANCE, SPECIALISATION, STRUCTURE

__all__ = [
    "BY_RULE",
    "CELLS",
    "DEFINITION",
    "EMPTY",
    "IDENTITY",
    "INDUSTRY",
    "JOBS",
    "JUDGED_BY",
    "LQ",
    "LQ_INTERVAL",
    "MAP",
    "OWN_REGION",
    "PEERS",
    "QUOTIENT",
    "REGION",
    "RULES",
    "SCHEME",
    "WHOLE_COUNTRY",
]

LQ = Text(
    "location quotient (1 = as in the whole country)", "区位商（1 表示与全国相同）"
)
JOBS = Text("jobs", "人")
WHOLE_COUNTRY = Reference(
    value=1.0, label=Text("as in the whole country", "与全国相同")
)
CELLS = "concentration.region_industries"
LQ_INTERVAL = Text(
    "95 % interval from plant sizes; it covers 1 where the value is not distinguishable "
    "from the country's",
    "区间为 95%，由企业规模推得；区间包含 1 时与全国水平无法区分",
)
IDENTITY = Text("none: an identity of published numbers", "无：公布数据的恒等分解")
_GROWTH = "concentration.growth_cells"
_CELL_NAMES: Mapping[str, Literal["regions", "industries"]] = {
    "region": "regions",
    "industry": "industries",
}
_REGION = Selector(
    id="region", label=Text("Region", "地区"), table=CELLS, column="region"
)
OWN_REGION = Selector(
    id="region", label=Text("My region", "我的地区"), table=CELLS, column="region"
)
PEERS = Selector(
    id="peers",
    label=Text("Peer group", "可比地区"),
    table="concentration.peers",
    column="kind",
    default="size",
)
_INDUSTRY = Selector(
    id="industry", label=Text("Industry", "产业"), table=CELLS, column="industry"
)
SCHEME = Selector(
    id="scheme",
    label=Text("Rule for strong", "强集群规则"),
    table="concentration.clusters",
    column="scheme",
    optional=True,
)
DEFINITION = Selector(
    id="def",
    label=Text("Definitions of clusters", "集群定义"),
    table="concentration.clusters",
    column="definition",
    optional=True,
)
BY_RULE = {"scheme": "scheme", "def": "definition"}
# the table of levels calls by this name what is counted
JUDGED_BY = (
    Column(name="definition", label=Text("Definitions", "集群定义")),
    Column(name="scheme", label=Text("Rule for strong", "强集群规则")),
)
_SITED = Selector(
    id="sited",
    label=Text("Industry (plants with coordinates)", "产业（有坐标的企业）"),
    table="coagglomeration.industry_curves",
    column="industry",
)
EMPTY = Text(
    "No concentration results yet. It needs the table activity or establishments "
    "(columns region, industry, employment): agglo import, then agglo run.",
    "尚无集聚结果。需要 activity 或 establishments 表（含 region、industry、employment 列）："
    "先 agglo import，再 agglo run。",
)
RULES = Text(
    "Every rule sets its own bar: compare clusters under one rule, not the numbers of "
    "clusters that rules find. Rules that the data do not allow are not offered. A group "
    "of industries belongs to one set of definitions.",
    "各规则标准不同：应在同一规则下比较集群，而非比较各规则所得集群数。数据不支持的规则不列出。每个产业组只属于一套定义。",
)
QUOTIENT = columns(
    "region", "industry", "employment", "establishments", "share_of_region",
    "share_of_industry", "lq", "lq_lower", "lq_upper", "q", "rank", "rank_lower", "rank_upper", "rank_p_top",
    "status",
)  # fmt: skip

_QUOTIENTS = View(
    id="map.quotient",
    title=Text("Location quotient by region", "各地区区位商"),
    table=CELLS,
    chart="map",
    encode={
        "lon": "lon", "lat": "lat", "value": "lq", "label": "region",
        "size": "employment", "lo": "lq_lower", "hi": "lq_upper",
    },
    columns=QUOTIENT,
    labels={"region": "regions", "industry": "industries"},
    place=("region",),
    filters={"industry": "industry"},
    order="-lq",
    unit=LQ,
    uncertainty=LQ_INTERVAL,
    reference=WHOLE_COUNTRY,
    method="location-quotient",
    note=Text(
        "Size: jobs. Hatched: the interval covers 1.",
        "圆的大小表示就业人数；斜线：区间包含 1。",
    ),
)  # fmt: skip
_MAUP = View(
    id="map.maup",
    title=Text(
        "The same industry at other levels: concentrated beyond plants",
        "同一产业在其他层级：超出企业规模的集中",
    ),
    table="concentration.levels",
    chart="dot",
    encode={"label": "level", "value": "value", "group": "definition"},
    columns=columns(
        "industry", "family", "definition", "level", "n_regions", "value", "p"
    ),
    labels={"industry": "industries"},
    filters={"industry": "industry"},
    keep={"family": "gamma"},
    unit=Text("Ellison–Glaeser γ", "埃利森—格莱泽 γ"),
    reference=Reference(value=0.0, label=Text("as by chance", "与随机相同")),
    uncertainty=Text(
        "definition: how far the answer depends on borders; p against plants placed at "
        "random stands in the table",
        "定义不确定性：结果对边界的依赖；p 值（企业随机布局）见表",
    ),
    method="concentration-study",
    note=Text(
        "A measure that holds at one level only says as much of the borders as of the "
        "industry (modifiable areal units). Measures by distance need no borders: see "
        "the page of the industry.",
        "只在一个层级成立的结果，反映边界与反映产业一样多（可变面元问题）。按距离的度量不依赖边界：见产业页。",
    ),
)  # fmt: skip
MAP = Page(
    id="map",
    question=Text("Where is it?", "它在哪里"),
    lead=Text(
        "Where an industry is strong, and where that is more than the lumpiness of plants.",
        "某一产业在哪里较强，以及这是否超出企业规模不均带来的偶然。",
    ),
    study="",
    selectors=(_INDUSTRY, OWN_REGION, PEERS),
    empty=EMPTY,
    views=(
        _QUOTIENTS,
        View(
            id="map.variety",
            title=Text("How specialised the regions are", "各地区专业化程度"),
            table="concentration.regions",
            chart="map",
            encode={
                "lon": "lon", "lat": "lat", "value": "ksi", "label": "region",
                "size": "employment",
            },
            columns=columns(
                "region", "employment", "ksi", "ksi_chance", "ksi_chance_upper",
                "entropy", "related_variety", "unrelated_variety", "status",
            ),
            labels={"region": "regions"},
            place=("region",),
            order="-ksi",
            uncertainty=Text(
                "beside each index what chance alone gives for a region of this size",
                "各指数旁列出同等规模地区的随机期望",
            ),
            method="specialisation",
        ),
        View(
            id="map.over_time",
            title=Text("Specialisation over the years", "历年专业化程度"),
            table="policy.outcomes",
            chart="map",
            encode={
                "lon": "lon", "lat": "lat", "value": "ksi", "label": "region",
                "period": "period",
            },
            columns=columns(
                "region", "period", "ksi", "zi", "rzi", "di", "rdi", "entropy",
                "related_variety", "unrelated_variety",
            ),
            labels={"region": "regions"},
            place=("region",),
            order="-ksi",
            uncertainty=Text(
                "none: indices of complete tables, one per year",
                "无：由完整表格逐年计算的指数",
            ),
            method="specialisation",
            note=Text(
                "Colours mean the same in every year. From the tables of the policy study.",
                "各年颜色含义相同。取自政策研究的表。",
            ),
        ),
        _MAUP,
        replace(
            _MAUP,
            id="map.maup_gini",
            title=Text(
                "At other levels and definitions: unevenness", "其他层级与定义：不均程度"
            ),
            keep={"family": "gini"},
            unit=Text("locational Gini", "区位基尼系数"),
            reference=None,
            uncertainty=Text(
                "definition: jobs or plants, regions or provinces, industry or its group; "
                "no sampling error in a complete register",
                "定义不确定性：就业或企业、地区或上级地区、产业或产业组；全面登记无抽样误差",
            ),
            note=Text(
                "Coarser regions always look more even: compare industries at one level.",
                "地区越粗看起来越均匀：请在同一层级比较产业。",
            ),
        ),
    ),
)  # fmt: skip

_STRUCTURE = View(
    id="region.structure",
    title=Text("Jobs by industry", "各产业就业"),
    table=CELLS,
    chart="treemap",
    encode={"label": "industry", "size": "employment", "color": "lq"},
    columns=QUOTIENT,
    labels={"region": "regions", "industry": "industries"},
    filters={"region": "region"},
    when=INDUSTRY_ONLY,
    order="-employment",
    unit=JOBS,
    uncertainty=Text(
        "a register: no sampling error; colours are quotients, whose intervals "
        "stand in the next figure",
        "全面登记数据，无抽样误差；颜色为区位商，其区间见下图",
    ),
    method="location-quotient",
    looks=(STRUCTURE,),
    note=Text(
        "Size: jobs. Colour: location quotient, or the measure chosen above.",
        "面积为就业，颜色为区位商或上方所选度量。",
    ),
)
_SPECIALISATIONS = View(
    id="region.specialisations",
    title=Text("Strongest specialisations", "最强的专业化产业"),
    table=CELLS,
    chart="dot",
    encode={
        "label": "industry",
        "value": "lq",
        "lo": "lq_lower",
        "hi": "lq_upper",
    },
    columns=QUOTIENT,
    labels={"region": "regions", "industry": "industries"},
    filters={"region": "region"},
    when=INDUSTRY_ONLY,
    order="-lq",
    top=15,
    unit=LQ,
    uncertainty=LQ_INTERVAL,
    reference=WHOLE_COUNTRY,
    method="location-quotient",
    looks=(SPECIALISATION,),
    note=Text(
        "Few large plants make quotients jump: see the number of plants.",
        "企业少而大时区位商波动大：请看企业数。",
    ),
)
REGION = Page(
    id="region",
    question=Text("What is my region good at?", "我的地区擅长什么"),
    lead=Text(
        "What the region is specialised in, absolutely and relatively, and how that moved.",
        "该地区在哪些产业上具有绝对和相对优势，以及其变化。",
    ),
    study="concentration",
    selectors=(_REGION, LEVEL, PEERS, DEFINITION, SCHEME),
    empty=EMPTY,
    views=(
        _STRUCTURE,
        coarser(_STRUCTURE),
        _SPECIALISATIONS,
        coarser(_SPECIALISATIONS),
        View(
            id="region.clusters",
            title=Text("Clusters of the region, and how strong", "该地区的集群及其强度"),
            table="concentration.clusters",
            chart="bar",
            encode={"label": "cluster", "value": "lq", "group": "kind"},
            columns=(
                *JUDGED_BY,
                *columns(
                    "region", "cluster", "kind", "employment", "lq", "stars", "p_strong"
                ),
            ),
            labels={"region": "regions"},
            filters={"region": "region", **BY_RULE},
            order="-lq",
            top=15,
            unit=LQ,
            reference=WHOLE_COUNTRY,
            uncertainty=Text(
                "share of redraws of the plants in which the cluster stays strong: P(strong)",
                "重抽样中仍为强集群的比例：强集群概率",
            ),
            method="strong-clusters",
            note=RULES,
        ),
        View(
            id="region.growth",
            title=Text("Growth and what explains it", "增长及其来源"),
            table="concentration.growth_regions",
            chart="table",
            columns=columns(
                "region", "start", "end", "change", "national", "industry_mix", "regional"
            ),
            labels={"region": "regions"},
            filters={"region": "region"},
            unit=JOBS,
            uncertainty=IDENTITY,
            method="shift-share",
        ),
        View(
            id="region.slope",
            title=Text("How the specialisations moved", "专业化程度的变化"),
            table="concentration.growth_periods",
            chart="slope",
            encode={"x": "period", "y": "lq", "label": "industry"},
            columns=columns("region", "industry", "place", "period", "employment", "lq"),
            labels=_CELL_NAMES,
            filters={"region": "region"},
            order="place",
            top=12,
            unit=LQ,
            reference=WHOLE_COUNTRY,
            uncertainty=Text(
                "none here: few large plants make quotients jump; intervals of the last "
                "period stand above",
                "此处无区间：企业少而大时区位商波动大；最近一期的区间见上图",
            ),
            method="location-quotient",
            note=Text(
                "All periods of the data; the twelve industries with most jobs in the last "
                "one. A gap is a period in which the quotient is not known.",
                "数据的全部时期；末期就业最多的十二个产业。断开处为区位商未知的时期。",
            ),
        ),
        View(
            id="region.growth_industries",
            title=Text("Where it grew by its own strength", "哪些产业凭自身优势增长"),
            table=_GROWTH,
            chart="bar",
            encode={"label": "industry", "value": "regional"},
            columns=columns(
                "region", "industry", "start", "end", "change", "national",
                "industry_mix", "regional",
            ),
            labels=_CELL_NAMES,
            filters={"region": "region"},
            order="-regional",
            top=20,
            unit=JOBS,
            uncertainty=IDENTITY,
            method="shift-share",
            note=Text(
                "Change = national part + part of the industry + regional part; drawn is "
                "the last, what neither the country nor the industry explains.",
                "变化由全国部分、产业部分与区域部分相加；图中为区域部分，即全国与产业都不能解释的部分。",
            ),
        ),
        View(
            id="region.priorities",
            title=Text(
                "Declared priorities beside revealed strengths", "宣布的重点产业与显示的优势"
            ),
            table="concentration.priorities",
            chart="dot",
            encode={
                "label": "industry", "value": "lq", "lo": "lq_lower", "hi": "lq_upper",
                "group": "revealed",
            },
            columns=columns(
                "region", "industry", "revealed", "lq", "lq_lower", "lq_upper", "rank",
                "source",
            ),
            labels=_CELL_NAMES,
            filters={"region": "region"},
            order="-lq",
            unit=LQ,
            reference=WHOLE_COUNTRY,
            uncertainty=LQ_INTERVAL,
            method="concentration-study",
            note=Text(
                "From the table priorities of the project. An industry without jobs is a "
                "true zero.",
                "取自项目的 priorities 表。没有就业的产业为真零。",
            ),
        ),
    ),
)  # fmt: skip

INDUSTRY = Page(
    id="industry",
    question=Text("Where does this industry gather?", "这个产业集聚在哪"),
    lead=Text(
        "Where the industry sits and whether it is concentrated beyond its plants.",
        "该产业分布在哪里，是否超出企业规模本身带来的集中。",
    ),
    study="concentration",
    selectors=(_INDUSTRY, OWN_REGION, PEERS, _SITED, NULL),
    empty=EMPTY,
    views=(
        View(
            id="industry.regions",
            title=Text("Regions with the largest quotients", "区位商最高的地区"),
            table=CELLS,
            chart="dot",
            encode={
                "label": "region", "value": "lq", "lo": "lq_lower", "hi": "lq_upper",
            },
            columns=QUOTIENT,
            labels={"region": "regions", "industry": "industries"},
            filters={"industry": "industry"},
            order="-lq",
            top=20,
            unit=LQ,
            uncertainty=LQ_INTERVAL,
            reference=WHOLE_COUNTRY,
            method="location-quotient",
        ),
        replace(
            _QUOTIENTS, id="industry.map", title=Text("Where it is", "分布在哪里")
        ),
        View(
            id="industry.lorenz",
            title=Text("How unevenly it is spread", "分布有多不均"),
            table=CELLS,
            chart="lorenz",
            encode={"value": "lq", "share": "share_of_industry", "label": "region"},
            columns=QUOTIENT,
            labels={"region": "regions", "industry": "industries"},
            filters={"industry": "industry"},
            order="lq",
            uncertainty=Text(
                "none: a complete register; the locational Gini stands in the next figure",
                "无：完整登记数据；区位基尼系数见下图的表",
            ),
            method="location-quotient",
            note=Text(
                "Regions without the industry come first; hidden cells are left out.",
                "没有该产业的地区排在最前；隐藏单元不计入。",
            ),
        ),
        View(
            id="industry.ranking",
            title=Text("All industries by concentration", "各产业集中程度"),
            table="concentration.industries",
            chart="dot",
            encode={
                "label": "industry", "value": "gamma",
                "lo": "gamma_lower", "hi": "gamma_upper",
            },
            columns=columns(
                "industry", "employment", "establishments", "gamma", "gamma_lower",
                "gamma_upper", "p", "q", "locational_gini", "largest_region",
                "largest_region_share", "status",
            ),
            labels={"industry": "industries", "largest_region": "regions"},
            order="-gamma",
            top=30,
            uncertainty=Text("95 % interval; q over all industries", "95% 区间；q 值覆盖所有产业"),
            reference=Reference(
                value=0.05, label=Text("highly concentrated above", "高度集中界限")
            ),
            method="ellison-glaeser",
        ),
        *NULL_VIEWS,
        View(
            id="industry.curve",
            title=Text("At which distance it gathers", "在何种距离上集聚"),
            table="coagglomeration.industry_curves",
            chart="line",
            encode={
                "x": "r_km", "y": "value", "lo": "global_lower", "hi": "global_upper",
            },
            columns=columns(
                "industry", "r_km", "value", "lower", "upper", "global_lower",
                "global_upper",
            ),
            labels={"industry": "industries"},
            filters={"sited": "industry"},
            order="r_km",
            unit=Text("density of distances per km", "每公里的距离密度"),
            uncertainty=Text(
                "band: 95 % envelope of plants drawn at random from all sites, global "
                "unless chosen otherwise; both stand in the table. Draws: next table",
                "带：从全部企业位置随机抽取的 95% 包络，默认为全局；两种包络均见表。抽样次数见下表",
            ),
            method="k-density",
            looks=(BANDS, DISTANCE),
            note=Text(
                "Above the band: nearer to each other than chance, at that distance.",
                "曲线高于带：在该距离上比随机更靠近。",
            ),
        ),
        View(
            id="industry.distance",
            title=Text("Localised beyond chance, and at which distance", "是否超出随机地集聚、在何距离"),
            table="coagglomeration.localization",
            chart="table",
            columns=columns(
                "industry", "n", "localized", "dispersed", "gamma", "peak_km",
                "p_localized", "p_dispersed", "q_localized", "n_draws", "status",
            ),
            labels={"industry": "industries"},
            order="-gamma",
            uncertainty=Text(
                "global envelope of the draws named in the table; p is never 0",
                "表中所列抽样次数的全局包络；p 不为 0",
            ),
            method="k-density",
        ),
    ),
)  # fmt: skip
