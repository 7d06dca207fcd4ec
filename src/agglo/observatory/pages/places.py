"""Pages about places and industries: map, region, industry."""

from __future__ import annotations

from agglo.observatory.page import Page, Reference, Selector, Text, View
from agglo.observatory.pages.columns import columns

__all__ = [
    "CELLS",
    "EMPTY",
    "INDUSTRY",
    "JOBS",
    "LQ",
    "LQ_INTERVAL",
    "MAP",
    "OWN_REGION",
    "PEERS",
    "QUOTIENT",
    "REGION",
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
EMPTY = Text(
    "No concentration results yet. It needs the table activity or establishments "
    "(columns region, industry, employment): agglo import, then agglo run.",
    "尚无集聚结果。需要 activity 或 establishments 表（含 region、industry、employment 列）："
    "先 agglo import，再 agglo run。",
)
QUOTIENT = columns(
    "region", "industry", "employment", "establishments", "share_of_region",
    "lq", "lq_lower", "lq_upper", "q", "rank", "rank_lower", "rank_upper", "status",
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
        View(
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
        ),
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
    ),
)  # fmt: skip

REGION = Page(
    id="region",
    question=Text("What is my region good at?", "我的地区擅长什么"),
    lead=Text(
        "What the region is specialised in, absolutely and relatively, and how that moved.",
        "该地区在哪些产业上具有绝对和相对优势，以及其变化。",
    ),
    study="concentration",
    selectors=(_REGION, PEERS),
    empty=EMPTY,
    views=(
        View(
            id="region.structure",
            title=Text("Jobs by industry", "各产业就业"),
            table=CELLS,
            chart="treemap",
            encode={"label": "industry", "size": "employment", "color": "lq"},
            columns=QUOTIENT,
            labels={"region": "regions", "industry": "industries"},
            filters={"region": "region"},
            order="-employment",
            unit=JOBS,
            uncertainty=Text(
                "a register: no sampling error; colours are quotients, whose intervals "
                "stand in the next figure",
                "全面登记数据，无抽样误差；颜色为区位商，其区间见下图",
            ),
            method="location-quotient",
            note=Text(
                "Size: jobs. Colour: location quotient.", "面积为就业，颜色为区位商。"
            ),
        ),
        View(
            id="region.specialisations",
            title=Text("Strongest specialisations", "最强的专业化产业"),
            table=CELLS,
            chart="dot",
            encode={
                "label": "industry", "value": "lq", "lo": "lq_lower", "hi": "lq_upper",
            },
            columns=QUOTIENT,
            labels={"region": "regions", "industry": "industries"},
            filters={"region": "region"},
            order="-lq",
            top=15,
            unit=LQ,
            uncertainty=LQ_INTERVAL,
            reference=WHOLE_COUNTRY,
            method="location-quotient",
            note=Text(
                "Few large plants make quotients jump: see the number of plants.",
                "企业少而大时区位商波动大：请看企业数。",
            ),
        ),
        View(
            id="region.clusters",
            title=Text("Strong clusters", "强集群"),
            table="concentration.clusters",
            chart="bar",
            encode={"label": "cluster", "value": "lq", "group": "kind"},
            columns=columns(
                "region", "cluster", "kind", "employment", "lq", "stars", "p_strong"
            ),
            labels={"region": "regions"},
            filters={"region": "region"},
            order="-lq",
            top=15,
            unit=LQ,
            reference=WHOLE_COUNTRY,
            uncertainty=Text(
                "share of redraws of the plants in which the cluster stays strong: P(strong)",
                "重抽样中仍为强集群的比例：强集群概率",
            ),
            method="strong-clusters",
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
            uncertainty=Text(
                "none: an identity of published numbers", "无：公布数据的恒等分解"
            ),
            method="shift-share",
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
    selectors=(_INDUSTRY, OWN_REGION, PEERS),
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
        View(
            id="industry.map",
            title=Text("Where it is", "分布在哪里"),
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
