"""Why tables of studies over single establishments stay at home, each with its own reason."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from agglo.observatory.page import Text

__all__ = ["WITHHELD", "why_withheld"]

WITHHELD: Mapping[str, Text] = MappingProxyType(
    {
        "single": Text(
            "its rows are single establishments, firms, inventions or ties; never "
            "released in public mode",
            "各行为单个企业、机构、专利或联系；公开模式一律不予发布",
        ),
        "derived": Text(
            "computed from cells that are not all released, and it would give them back",
            "由未全部发布的单元格计算而得，发布将使其可被推算",
        ),
        "unaudited": Text(
            "its rows are cells that no audit has seen",
            "各行为未经审计的单元格",
        ),
        "few": Text(
            "each row rests on the few firms of one place or cluster",
            "每行仅依据一地或一个集群内的少数企业",
        ),
        "solvable": Text(
            "as many numbers as hidden values that are free could be solved for them; "
            "what is released leaves something open",
            "若发布的数值不少于被抑制的自由未知量，便可据以求解；所发布者须留有余地",
        ),
        "uncounted": Text(
            "how many firms or places stand behind a row is not counted",
            "各行所依据的企业数或地区数未作统计",
        ),
    }
)
"""Kinds of reasons."""

_Reason = tuple[str, str, str]

_CONCENTRATION: Mapping[str, _Reason] = dict.fromkeys(
    ("nulls", "null_draws"),
    (
        "derived",
        "the concentration of an industry with all its plants, those of hidden cells "
        "among them; released cells do not say how many plants they hold",
        "产业全部企业的集中度，其中含被抑制单元格的企业；已发布的单元格不含企业数",
    ),
)

_COAGGLOMERATION: Mapping[str, _Reason] = {
    "plants": ("single", "plants with their places", "各厂及其位置"),
    "counts": ("unaudited", "plants of an industry in a region", "某地某产业的企业数"),
    "panel": (
        "unaudited",
        "patents and plants of a region, year by year",
        "某地逐年的专利与企业数",
    ),
    "areal": (
        "derived",
        "indices over the numbers of plants by region and industry",
        "按地区与产业企业数计算的指数",
    ),
    "yearly_weights": (
        "uncounted",
        "the weights of a year do not say how many plants they rest on",
        "各年权重未说明所依据的企业数",
    ),
}

_NETWORKS: Mapping[str, _Reason] = {
    "events": ("single", "ties between two firms or plants", "两企业或机构间的联系"),
    "inventions": ("single", "patents with their applicants", "专利及其申请人"),
    "shared_firms": ("single", "firms that two places share", "两地共有的企业"),
    "interlocking": (
        "single",
        "places through the firms they share",
        "由共有企业连接的地区",
    ),
    "entity_pairs": ("single", "applicants that invent together", "共同申请的主体"),
    "activity_before": (
        "unaudited",
        "activity by region and industry; its contributors are not kept by the study",
        "按地区与产业的活动量；研究未保留其贡献者",
    ),
    "activity_now": (
        "unaudited",
        "activity by region and industry; its contributors are not kept by the study",
        "按地区与产业的活动量；研究未保留其贡献者",
    ),
    "quotients": (
        "derived",
        "a location quotient times published totals is the activity of a cell",
        "区位商乘以公开合计即得单元格的活动量",
    ),
    "portfolio": (
        "derived",
        "which industries a region lacks follows from cells of its activity",
        "一地所缺产业由其活动量单元格推得",
    ),
    "entries": (
        "derived",
        "an entry says that a cell was small before and is not now",
        "进入表明某单元格此前较小而今不然",
    ),
    "options_by_preset": (
        "derived",
        "which industries a region lacks follows from cells of its activity",
        "一地所缺产业由其活动量单元格推得",
    ),
    "entries_by_preset": (
        "derived",
        "an entry says that a cell was small before and is not now",
        "进入表明某单元格此前较小而今不然",
    ),
    "ties_by_period": (
        "unaudited",
        "ties of one period, finer than the ties that are released",
        "单个时期的联系，较已发布的联系更细",
    ),
    "cluster_nodes": (
        "unaudited",
        "ties of an industry group in a city, finer than the ties that are released",
        "某市某产业组的联系，较已发布的联系更细",
    ),
    "core_sets": (
        "derived",
        "drawn from single ties again and again, hidden ones among them",
        "反复抽取单个联系而得，其中含被抑制者",
    ),
    "size_profiles": (
        "few",
        "shares of size classes; a city may have one large firm",
        "规模等级占比；一市可能仅有一家大企业",
    ),
    "size_group_profiles": (
        "few",
        "shares of size classes and industry groups in a city",
        "一市按规模等级与产业组的占比",
    ),
    "size_crosstab": (
        "few",
        "ties of two cities by the sizes of their firms",
        "两市按企业规模的联系",
    ),
    "complementarity": (
        "derived",
        "differences of size profiles of two cities, which are not released",
        "两市规模构成之差，而规模构成未予发布",
    ),
}

_POLICY: Mapping[str, _Reason] = {
    "outcomes": (
        "derived",
        "measures of one region over its industries, hidden cells among them",
        "一地基于其各产业的指标，其中含被抑制单元格",
    ),
}

_MEMBERS = ("few", "from the member firms of one cluster", "由一个集群的成员企业计算")
_TIES = (
    "few",
    "from ties between the member firms of one cluster",
    "由一个集群成员企业间的联系计算",
)
_CLUSTER = (
    "derived",
    "numbers of one cluster from employment, payroll and establishments; only its "
    "employment is audited",
    "由就业、薪酬与企业数计算的单个集群数值；仅就业经过审计",
)

_FORMATION: Mapping[str, _Reason] = {
    "layer_sites": ("single", "sites of member firms", "成员企业的位置"),
    "layer_ties": ("single", "ties between member firms", "成员企业间的联系"),
    "registry": ("single", "the register of members", "成员名录"),
    "gate": _TIES,
    "gate_sensitivity": _TIES,
    "elements": _TIES,
    "network": _TIES,
    "layer_network": _TIES,
    "layer_point": _MEMBERS,
    "layer_surface": _MEMBERS,
    "layer_line": (
        "derived",
        "employment of the links of a chain, hidden cells among them",
        "产业链各环节的就业，其中含被抑制单元格",
    ),
    "layer_chain": (
        "derived",
        "employment of the links of a chain, hidden cells among them",
        "产业链各环节的就业，其中含被抑制单元格",
    ),
    "questionnaire": (
        "few",
        "answers of the few people who were asked about one cluster",
        "就单个集群受访的少数人的回答",
    ),
    "indicators": _CLUSTER,
    "period_indicators": _CLUSTER,
    "mechanisms": (
        "derived",
        "indicators of one cluster, which are not released",
        "单个集群的指标，而指标未予发布",
    ),
    "stars": (
        "derived",
        "cut-offs are quantiles over all clusters: each is the number of one of them",
        "分界值为全部集群的分位数，每一分界即某一集群的数值",
    ),
    "scores": (
        "derived",
        "scores of one cluster from indicators that are not released",
        "单个集群的得分，其指标未予发布",
    ),
    "ranks": (
        "derived",
        "ranks of one cluster by indicators that are not released",
        "单个集群的位次，其指标未予发布",
    ),
    "peers": (
        "derived",
        "distances between the indicators of two clusters, which are not released",
        "两集群指标间的距离，而指标未予发布",
    ),
    "breaks": (
        "derived",
        "breaks in the share of one cluster, hidden years among them",
        "单个集群份额的突变，其中含被抑制年份",
    ),
    "alerts": (
        "derived",
        "warnings about one cluster with the number that set them off",
        "单个集群的预警及触发数值",
    ),
    "alert_history": (
        "derived",
        "warnings about one cluster with the number that set them off",
        "单个集群的预警及触发数值",
    ),
    "recommendations": (
        "derived",
        "advice for one cluster with the numbers it rests on",
        "针对单个集群的建议及其依据数值",
    ),
}

_REASONS: Mapping[str, Mapping[str, _Reason]] = MappingProxyType(
    {
        "concentration": _CONCENTRATION,
        "coagglomeration": _COAGGLOMERATION,
        "networks": _NETWORKS,
        "policy": _POLICY,
        "formation": _FORMATION,
    }
)


def why_withheld(study: str, table: str) -> Text | None:
    """Say why a table has no rule.

    Parameters
    ----------
    study, table
        Names.

    Returns
    -------
    Text or None
        Kind of reason and what the table holds; ``None`` for a table that nobody has
        judged yet.
    """
    found = _REASONS.get(study, {}).get(table)
    if found is None:
        return None
    kind, en, zh = found
    return Text(f"{WITHHELD[kind].en}: {en}", f"{WITHHELD[kind].zh}：{zh}")
