"""The page about formation: is it a cluster, what formed it, where does it stand."""

from __future__ import annotations

from agglo.observatory.page import Column, Page, Selector, Text, View
from agglo.observatory.pages.columns import columns

__all__ = ["ELEMENTS", "FORMATION"]

_LIST = Text("none: a list", "无：清单")
_FIRST_ORDER = Column(name="first", label=Text("First order", "一阶效应"), decimals=3)
_NOMINAL = Column(name="weight", label=Text("Nominal weight", "名义权重"), decimals=3)
_EFFECTIVE = Column(
    name="share",
    label=Text("Share in what drives the index", "对总指数的作用份额"),
    decimals=3,
)
_BREAKS = Column(name="value", label=Text("Breaks", "突变数"), decimals=0)
_FOR = Column(name="unit", label=Text("For", "对象"))
_BY_CLUSTER = {"cluster": "cluster"}

ELEMENTS = View(
    id="formation.elements",
    title=Text("Is it a cluster: three elements", "是否为集群：三要素"),
    table="formation.elements",
    chart="gauge",
    encode={"label": "element", "value": "score", "state": "status"},
    columns=columns(
        "cluster", "element", "value", "expected", "lower", "upper", "ratio",
        "score", "percentile", "p", "size", "status", "reason",
    ),
    filters=_BY_CLUSTER,
    uncertainty=Text(
        "what chance gives, with its 95 % range, and p stand in the table",
        "表中列出随机期望、其 95% 范围与 p 值",
    ),
    method="three-elements",
    note=Text(
        "Bar: share of chance draws on the far side. Cooperation also needs no more "
        "ties outside than inside (E-I index). Pass, fail or not testable; the "
        "reason says which table is missing.",
        "条形：落在另一侧的随机抽样比例。互动合作还要求对外联系不多于内部联系（E-I 指数）。"
        "通过、未通过或无法检验；原因列说明缺少哪张表。",
    ),
)  # fmt: skip

FORMATION = Page(
    id="formation",
    question=Text("Is it forming, mature, declining?", "集群处于什么阶段"),
    lead=Text(
        "Whether it is a cluster by three elements, which stage it is in, how good it is, "
        "and what to watch.",
        "按三要素判断是否为集群、所处阶段、质量如何、需关注什么。",
    ),
    study="formation",
    selectors=(
        Selector(
            id="cluster",
            label=Text("Cluster", "集群"),
            table="formation.clusters",
            column="cluster",
        ),
        Selector(
            id="group",
            label=Text("Group of industries", "产业组"),
            table="formation.stages",
            column="group",
        ),
    ),
    empty=Text(
        "No formation results yet. They need the table cluster_panel, or activity with "
        "definitions, and members and edges for two of the three elements: agglo import, "
        "then agglo run --study formation.",
        "尚无形成与评价结果。需要 cluster_panel 表，或 activity 与 definitions 表；三要素中的"
        "两项还需要 members 与 edges：先 agglo import，再 agglo run --study formation。",
    ),
    views=(
        ELEMENTS,
        View(
            id="formation.gate",
            title=Text("All candidates by kind", "各候选集群的类型"),
            table="formation.gate",
            chart="table",
            columns=columns(
                "cluster", "kind", "verdict", "proximity", "connection", "cooperation",
                "missing", "agreement",
            ),
            uncertainty=Text(
                "agreement: share of thresholds under which the kind stays the same",
                "一致性：不同阈值下类型保持不变的比例",
            ),
            method="three-elements",
        ),
        View(
            id="formation.pillars",
            title=Text("How good: the pillars", "质量：各支柱"),
            table="formation.scores",
            chart="bar",
            encode={"label": "node", "value": "value"},
            columns=columns("cluster", "node", "level", "value", "rank"),
            filters=_BY_CLUSTER,
            unit=Text("score, 0 to 100", "得分（0–100）"),
            uncertainty=Text(
                "how far ranks move under other weights stands in the next figure",
                "权重改变时位次的变动见下图",
            ),
            method="composite-indicators",
        ),
        View(
            id="formation.ranks",
            title=Text("Ranks under thousands of weightings", "多种权重下的位次"),
            table="formation.ranks",
            chart="dot",
            encode={
                "label": "cluster", "value": "median", "lo": "lower", "hi": "upper",
            },
            columns=columns("cluster", "value", "median", "lower", "upper", "top_share"),
            order="median",
            top=30,
            unit=Text("rank (1 is best)", "位次（1 为最优）"),
            uncertainty=Text(
                "90 % of weightings, normalisations and aggregations; share in the top",
                "90% 的权重、标准化与合成方式；前列比例见表",
            ),
            method="composite-indicators",
        ),
        View(
            id="formation.own_weights",
            title=Text("Ranks under your own weights", "按自定权重的位次"),
            table="formation.scores",
            chart="scoreboard",
            encode={
                "label": "cluster", "group": "node", "value": "value", "level": "level",
            },
            columns=columns("cluster", "node", "level", "value", "rank"),
            order="cluster",
            top=30,
            unit=Text("index of the pillars, by the weights set here", "按此处权重合成的支柱指数"),
            uncertainty=Text(
                "none: a choice, not an estimate; how far ranks move over thousands of "
                "choices stands in the figure before",
                "无：属于选择而非估计；数千种选择下位次的变动见上图",
            ),
            method="composite-indicators",
            note=Text(
                "Computed in the page from the released scores of the pillars. The files "
                "of this figure hold what is shown.",
                "由已发布的支柱得分在页面内计算；本图文件与所示一致。",
            ),
        ),
        View(
            id="formation.choices",
            title=Text("Which choice moves the ranks most", "哪项选择最影响位次"),
            table="formation.rank_choices",
            chart="bar",
            encode={"label": "input", "value": "value", "lo": "lower", "hi": "upper"},
            columns=(
                *columns("input", "value", "lower", "upper"),
                _FIRST_ORDER,
                *columns("first_lower", "first_upper"),
            ),
            order="-value",
            unit=Text(
                "total effect: share of the variance of rank changes (Sobol)",
                "总效应：位次变动方差的份额（Sobol）",
            ),
            uncertainty=Text(
                "95 % bootstrap interval of both effects", "两种效应的 95% 自助区间"
            ),
            method="composite-indicators",
            note=Text(
                "Total: alone and together with the others; first order: alone.",
                "总效应含与其他选择的共同作用；一阶效应仅为单独作用。",
            ),
        ),
        View(
            id="formation.weights",
            title=Text("What the weights say and what they do", "名义权重与实际作用"),
            table="formation.index_weights",
            chart="slope",
            encode={"x": "weight", "y": "share", "label": "node"},
            columns=(
                *columns("node"), _NOMINAL, _EFFECTIVE,
                *columns("correlation"),
            ),
            keep={"level": "1"},
            order="-share",
            uncertainty=Text(
                "none: computed from all clusters; the linear part of the correlation "
                "ratio",
                "无：由全部集群计算；相关比的线性部分",
            ),
            method="composite-indicators",
            note=Text(
                "Equal weights do not mean equal say: an indicator that hardly varies, or "
                "goes against the others, moves the index little.",
                "权重相等不等于作用相等：变化小或与其他指标相背的指标对总指数影响小。",
            ),
        ),
        View(
            id="formation.periods",
            title=Text("Indicators over time", "指标随时间变化"),
            table="formation.period_indicators",
            chart="line",
            encode={"x": "period", "y": "value", "series": "indicator"},
            columns=columns("cluster", "period", "indicator", "value", "status"),
            filters=_BY_CLUSTER,
            keep={"indicator": "quotient"},
            uncertainty=Text(
                "none: computed from complete tables; breaks stand below",
                "无：由完整表格计算；结构突变见下",
            ),
            method="life-cycle",
        ),
        View(
            id="formation.breaks",
            title=Text("Breaks in the course", "发展中的突变"),
            table="formation.breaks",
            chart="table",
            columns=(
                *columns("cluster"), _BREAKS,
                *columns("periods", "bic_gain", "events", "hits", "p"),
            ),
            filters=_BY_CLUSTER,
            uncertainty=Text(
                "p: known events met by breaks no oftener than by chance",
                "p：突变与已知事件吻合程度不超过随机",
            ),
            method="life-cycle",
        ),
        View(
            id="formation.stages",
            title=Text("Stages by region and group", "各地区各产业组的阶段"),
            table="formation.stages",
            chart="table",
            encode={"period": "period"},
            filters={"group": "group"},
            columns=columns(
                "region", "group", "period", "stage", "size", "growth", "diversity",
                "margin", "employment",
            ),
            labels={"region": "regions"},
            order="-employment",
            uncertainty=Text(
                "margin: distance from the next stage; small ones are unsure",
                "边距：与相邻阶段的距离，小则不确定",
            ),
            method="life-cycle",
        ),
        View(
            id="formation.mechanisms",
            title=Text("Which mechanisms are visible", "可见的形成机制"),
            table="formation.mechanisms",
            chart="bar",
            encode={"label": "indicator", "value": "percentile", "group": "mechanism"},
            columns=columns(
                "cluster", "mechanism", "indicator", "value", "percentile", "unit",
                "direction", "status", "needs",
            ),
            filters=_BY_CLUSTER,
            unit=Text("percentile among all clusters", "在所有集群中的百分位"),
            uncertainty=Text(
                "none: a place in the distribution; needs says which data are missing",
                "无：分布中的位置；缺少的数据见“所需数据”列",
            ),
            method="mechanisms",
        ),
        View(
            id="formation.peers",
            title=Text("Most similar clusters", "最相似的集群"),
            table="formation.peers",
            chart="bar",
            encode={"label": "peer", "value": "distance"},
            columns=columns("cluster", "peer", "distance", "place", "shared", "closest"),
            filters=_BY_CLUSTER,
            order="place",
            uncertainty=Text(
                "shared indicators: those both clusters have", "共有指标数：双方都有的指标"
            ),
            method="composite-indicators",
        ),
        View(
            id="formation.alerts",
            title=Text("What to watch", "预警"),
            table="formation.alerts",
            chart="table",
            columns=columns("cluster", "alert", "level", "first_seen", "evidence"),
            filters=_BY_CLUSTER,
            uncertainty=_LIST,
            method="formation-study",
        ),
        View(
            id="formation.recommendations",
            title=Text("Rules that fire, and those that cannot be told", "触发的建议规则"),
            table="formation.recommendations",
            chart="table",
            columns=(
                *columns("rule", "level"), _FOR,
                *columns("state", "text", "fires_if", "evidence", "missing", "priority",
                         "indicative"),
            ),
            order="-priority",
            uncertainty=Text(
                "marked as indicative: rules that rest on proxies", "“仅供参考”标明依据替代指标的规则"
            ),
            method="formation-study",
        ),
    ),
)  # fmt: skip
