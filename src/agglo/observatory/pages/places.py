"""Pages about places and industries: map, region, industry, cluster, compare."""

from __future__ import annotations

from agglo.observatory.page import Page, Reference, Selector, Text, View
from agglo.observatory.pages.columns import columns

__all__ = ["CLUSTER", "COMPARE", "INDUSTRY", "MAP", "REGION"]

_LQ = Text(
    "location quotient (1 = as in the whole country)", "区位商（1 表示与全国相同）"
)
_JOBS = Text("jobs", "人")
_AVERAGE = Reference(value=1.0, label=Text("as in the whole country", "与全国相同"))
_CELLS = "concentration.region_industries"
_LQ_INTERVAL = Text(
    "95 % interval from plant sizes; it covers 1 where the value is not distinguishable "
    "from the country's",
    "区间为 95%，由企业规模推得；区间包含 1 时与全国水平无法区分",
)
_REGION = Selector(
    id="region", label=Text("Region", "地区"), table=_CELLS, column="region"
)
_INDUSTRY = Selector(
    id="industry", label=Text("Industry", "产业"), table=_CELLS, column="industry"
)
_EMPTY = Text(
    "No concentration results yet. It needs the table activity or establishments "
    "(columns region, industry, employment): agglo import, then agglo run.",
    "尚无集聚结果。需要 activity 或 establishments 表（含 region、industry、employment 列）："
    "先 agglo import，再 agglo run。",
)
_QUOTIENT = columns(
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
    selectors=(_INDUSTRY,),
    empty=_EMPTY,
    views=(
        View(
            id="map.quotient",
            title=Text("Location quotient by region", "各地区区位商"),
            table=_CELLS,
            chart="map",
            encode={
                "lon": "lon", "lat": "lat", "value": "lq", "label": "region",
                "size": "employment", "lo": "lq_lower", "hi": "lq_upper",
            },
            columns=_QUOTIENT,
            labels={"region": "regions", "industry": "industries"},
            place=("region",),
            filters={"industry": "industry"},
            order="-lq",
            unit=_LQ,
            uncertainty=_LQ_INTERVAL,
            reference=_AVERAGE,
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
    selectors=(_REGION,),
    empty=_EMPTY,
    views=(
        View(
            id="region.structure",
            title=Text("Jobs by industry", "各产业就业"),
            table=_CELLS,
            chart="treemap",
            encode={"label": "industry", "size": "employment", "color": "lq"},
            columns=_QUOTIENT,
            labels={"region": "regions", "industry": "industries"},
            filters={"region": "region"},
            order="-employment",
            unit=_JOBS,
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
            table=_CELLS,
            chart="dot",
            encode={
                "label": "industry", "value": "lq", "lo": "lq_lower", "hi": "lq_upper",
            },
            columns=_QUOTIENT,
            labels={"region": "regions", "industry": "industries"},
            filters={"region": "region"},
            order="-lq",
            top=15,
            unit=_LQ,
            uncertainty=_LQ_INTERVAL,
            reference=_AVERAGE,
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
            unit=_LQ,
            reference=_AVERAGE,
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
            unit=_JOBS,
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
    selectors=(_INDUSTRY,),
    empty=_EMPTY,
    views=(
        View(
            id="industry.regions",
            title=Text("Regions with the largest quotients", "区位商最高的地区"),
            table=_CELLS,
            chart="dot",
            encode={
                "label": "region", "value": "lq", "lo": "lq_lower", "hi": "lq_upper",
            },
            columns=_QUOTIENT,
            labels={"region": "regions", "industry": "industries"},
            filters={"industry": "industry"},
            order="-lq",
            top=20,
            unit=_LQ,
            uncertainty=_LQ_INTERVAL,
            reference=_AVERAGE,
            method="location-quotient",
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
    ),
)  # fmt: skip

CLUSTER = Page(
    id="cluster",
    question=Text("How strong is this cluster?", "这个集群有多强"),
    lead=Text(
        "Where a cluster is strong, by how many criteria, and how firm that is.",
        "某一集群在哪里较强、满足几项标准、结论有多稳固。",
    ),
    study="",
    selectors=(
        Selector(
            id="cluster",
            label=Text("Cluster", "集群"),
            table="concentration.clusters",
            column="cluster",
        ),
    ),
    empty=Text(
        "No cluster definitions yet: import a table definitions (industry, cluster), then "
        "agglo run --study concentration.",
        "尚无集群定义：导入 definitions 表（industry、cluster），再运行 agglo run --study "
        "concentration。",
    ),
    views=(
        View(
            id="cluster.where",
            title=Text("Where the cluster is strong", "集群在哪里较强"),
            table="concentration.clusters",
            chart="map",
            encode={
                "lon": "lon", "lat": "lat", "value": "lq", "label": "region",
                "size": "employment", "group": "stars",
            },
            columns=columns(
                "region", "cluster", "kind", "employment", "lq", "stars", "p_strong"
            ),
            labels={"region": "regions"},
            place=("region",),
            filters={"cluster": "cluster"},
            order="-lq",
            unit=_LQ,
            reference=_AVERAGE,
            uncertainty=Text(
                "P(strong): share of redraws of the plants in which it stays strong",
                "强集群概率：重抽样中仍为强集群的比例",
            ),
            method="strong-clusters",
        ),
    ),
)  # fmt: skip

COMPARE = Page(
    id="compare",
    question=Text("How do we compare?", "我们与谁相比"),
    lead=Text(
        "How regions differ in size, specialisation and variety, and what of it is chance.",
        "各地区在规模、专业化与多样性上的差异，以及其中的偶然成分。",
    ),
    study="",
    empty=_EMPTY,
    views=(
        View(
            id="compare.specialisation",
            title=Text("Size and specialisation", "规模与专业化"),
            table="concentration.regions",
            chart="scatter",
            encode={"x": "employment", "y": "ksi", "label": "region"},
            columns=columns(
                "region", "employment", "ksi", "ksi_chance", "ksi_chance_upper",
                "entropy", "related_variety", "unrelated_variety", "status",
            ),
            labels={"region": "regions"},
            order="-employment",
            uncertainty=Text(
                "small regions are specialised by chance: compare with the chance columns",
                "小地区会因偶然显得专业化：请与随机期望列比较",
            ),
            method="specialisation",
        ),
        View(
            id="compare.growth",
            title=Text("Growth beyond country and industries", "超出全国与产业结构的增长"),
            table="concentration.growth_regions",
            chart="bar",
            encode={"label": "region", "value": "regional"},
            columns=columns(
                "region", "start", "end", "change", "national", "industry_mix", "regional"
            ),
            labels={"region": "regions"},
            order="-regional",
            top=30,
            unit=_JOBS,
            uncertainty=Text(
                "none: an identity of published numbers", "无：公布数据的恒等分解"
            ),
            method="shift-share",
        ),
    ),
)  # fmt: skip
