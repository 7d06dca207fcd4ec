"""The page of one cluster: is it a cluster, of what kind, how strong, how sure."""

from __future__ import annotations

from dataclasses import replace

from agglo.observatory.page import Column, Page, Reference, Selector, Text, View
from agglo.observatory.pages.columns import columns
from agglo.observatory.pages.places import (
    BY_RULE,
    DEFINITION,
    JUDGED_BY,
    LQ,
    RULES,
    SCHEME,
    WHOLE_COUNTRY,
)
from agglo.observatory.pages.stages import ELEMENTS

__all__ = ["CLUSTER"]

_BY_PROFILE = {"profile": "cluster"}
_LINK = Column(name="link", label=Text("Link of the chain", "链条环节"))
_REGISTER = Text("none: counted from complete tables", "无：由完整表格计数")

_LINKED = Column(name="linked_to", label=Text("Hangs on", "挂在"))
_STRENGTH = Column(
    name="strength", label=Text("Strength of the link", "联系强度"), decimals=3
)
# the table of thresholds calls it q, as tables of tests call the false discovery rate
_QUANTILE = Column(
    name="q", label=Text("Quantile asked of the connection", "对产业关联要求的分位数")
)
_STRONG = (
    *JUDGED_BY,
    *columns("region", "cluster", "kind", "employment", "lq", "stars", "p_strong"),
)
_PATH = View(
    id="cluster.size_path",
    title=Text("Life-cycle path: jobs", "生命周期路径：就业"),
    table="formation.period_indicators",
    chart="line",
    encode={"x": "period", "y": "value", "series": "indicator"},
    columns=columns("cluster", "period", "indicator", "value", "status"),
    filters=_BY_PROFILE,
    keep={"indicator": "employment"},
    order="period",
    uncertainty=_REGISTER,
    method="life-cycle",
)

CLUSTER = Page(
    id="cluster",
    question=Text("How strong is this cluster?", "这个集群有多强"),
    lead=Text(
        "Whether it is a cluster by three elements, who belongs to it, how it has moved, "
        "and where clusters of its kind are strong.",
        "按三要素是否为集群、由哪些产业构成、如何演变，以及同类集群在哪里较强。",
    ),
    study="",
    selectors=(
        Selector(
            id="profile",
            label=Text("Cluster", "集群"),
            table="formation.clusters",
            column="cluster",
        ),
        DEFINITION,
        SCHEME,
        Selector(
            id="cluster",
            label=Text("Group of industries", "产业组"),
            table="concentration.clusters",
            column="cluster",
            within=DEFINITION.id,
        ),
    ),
    empty=Text(
        "No clusters yet: import a table definitions (industry, cluster) for "
        "agglo run --study concentration, or cluster_panel for --study formation.",
        "尚无集群：导入 definitions 表（industry、cluster）后运行 agglo run --study "
        "concentration，或导入 cluster_panel 后运行 --study formation。",
    ),
    views=(
        replace(
            ELEMENTS,
            id="cluster.elements",
            filters=_BY_PROFILE,
        ),
        View(
            id="cluster.kind",
            title=Text("Which kind under other thresholds", "其他阈值下的类型"),
            table="formation.gate_sensitivity",
            chart="table",
            columns=(
                *columns("cluster", "alpha"), _QUANTILE, *columns("ei_max", "kind")
            ),
            filters=_BY_PROFILE,
            uncertainty=Text(
                "a row per set of thresholds: how often the kind stays the same",
                "每组阈值一行：类型保持不变的频率",
            ),
            method="three-elements",
        ),
        View(
            id="cluster.members",
            title=Text("Industries of the cluster and gaps in its chain", "集群产业与链条缺口"),
            table="formation.layer_line",
            chart="bar",
            encode={"label": "link", "value": "employment", "group": "gap"},
            columns=(_LINK, *columns("employment", "share", "quotient", "gap")),
            filters=_BY_PROFILE,
            order="-employment",
            unit=Text("jobs", "人"),
            uncertainty=_REGISTER,
            method="formation-study",
        ),
        View(
            id="cluster.chain",
            title=Text("The chain as a tree, with its gaps", "价值链树与缺口"),
            table="formation.layer_chain",
            chart="tree",
            encode={
                "label": "link", "parent": "linked_to", "value": "employment",
                "group": "gap",
            },
            columns=(
                _LINK, _LINKED, _STRENGTH, *columns("quotient", "employment", "gap"),
            ),
            filters=_BY_PROFILE,
            order="-employment",
            unit=Text("jobs", "人"),
            uncertainty=_REGISTER,
            method="formation-study",
            note=Text(
                "A link hangs on the one it exchanges most with (input-output or given "
                "links). Hatched: a gap, where the region has no more of the link than the "
                "nation, or no member in an industry that the members are tied to.",
                "每个环节挂在与其交换最多的环节下（投入产出或所给联系）。斜线：缺口，即本地该环节不高于全国水平，"
                "或成员所联系的产业没有成员。",
            ),
        ),
        View(
            id="cluster.ego",
            title=Text("Members and their ties", "成员及其联系"),
            table="formation.layer_ties",
            chart="network",
            encode={
                "source": "origin", "target": "destination", "weight": "weight",
                "nodes": "cluster.sites",
            },
            columns=columns("cluster", "origin", "destination", "kind", "weight"),
            filters=_BY_PROFILE,
            order="-weight",
            uncertainty=Text(
                "none: listed ties; the density over chance stands in the table of who "
                "ties it together",
                "无：所列联系；与随机之比见“由谁联结”表",
            ),
            method="formation-study",
            note=Text(
                "Members and their partners around a circle. Larger: more jobs; signs and "
                "colours are roles; partners from outside are small.",
                "成员及其伙伴沿圆周排列。越大就业越多；符号与颜色表示角色；外部伙伴较小。",
            ),
        ),
        View(
            id="cluster.sites",
            title=Text("The members", "成员"),
            table="formation.layer_sites",
            chart="table",
            columns=columns("cluster", "member", "role", "employment"),
            filters=_BY_PROFILE,
            order="-employment",
            uncertainty=Text("none: a list", "无：清单"),
            method="formation-study",
        ),
        _PATH,
        replace(
            _PATH,
            id="cluster.growth_path",
            title=Text("Life-cycle path: growth beside the nation", "生命周期路径：相对全国增长"),
            keep={"indicator": "relative_growth"},
            reference=Reference(value=0.0, label=Text("as the nation", "与全国相同")),
        ),
        View(
            id="cluster.ties",
            title=Text("Who ties it together", "由谁联结"),
            table="formation.layer_network",
            chart="table",
            columns=columns(
                "cluster", "kind", "inside", "outside", "density_over_chance", "brokers"
            ),
            filters=_BY_PROFILE,
            uncertainty=Text(
                "density over what the same numbers of ties give at random",
                "与同等联系数随机网络之比",
            ),
            method="formation-study",
        ),
        View(
            id="cluster.rated",
            title=Text("Stars by the European rule", "欧洲规则的星级"),
            table="formation.stars",
            chart="table",
            columns=columns(
                "cluster", "stars", "size", "specialisation", "focus", "size_cut",
                "focus_cut", "reason",
            ),
            filters=_BY_PROFILE,
            uncertainty=Text(
                "cut-offs beside each criterion; how firm stars are stands in the next figure",
                "各标准旁列出界限；星级的稳固程度见下图",
            ),
            method="strong-clusters",
        ),
        View(
            id="cluster.where",
            title=Text("Where clusters of the group are strong", "该产业组的集群在哪里较强"),
            table="concentration.clusters",
            chart="map",
            encode={
                "lon": "lon", "lat": "lat", "value": "lq", "label": "region",
                "size": "employment", "group": "stars",
            },
            columns=_STRONG,
            labels={"region": "regions"},
            place=("region",),
            filters={"cluster": "cluster", **BY_RULE},
            order="-lq",
            unit=LQ,
            reference=WHOLE_COUNTRY,
            uncertainty=Text(
                "P(strong): share of redraws of the plants in which it stays strong",
                "强集群概率：重抽样中仍为强集群的比例",
            ),
            method="strong-clusters",
            note=RULES,
        ),
        View(
            id="cluster.firm",
            title=Text("How firm the stars are", "星级有多稳固"),
            table="concentration.clusters",
            chart="dot",
            encode={"label": "region", "value": "p_strong", "group": "stars"},
            columns=_STRONG,
            labels={"region": "regions"},
            filters={"cluster": "cluster", **BY_RULE},
            order="-p_strong",
            top=20,
            uncertainty=Text(
                "the value is itself the probability that the cluster survives resampling",
                "数值即该集群在重抽样中仍成立的概率",
            ),
            method="strong-clusters",
        ),
    ),
)  # fmt: skip
