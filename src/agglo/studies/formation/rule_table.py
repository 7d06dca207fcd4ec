"""The rule table of the recommendations: level, condition in words, template, inputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["RULES", "RULES_VERSION", "Rule"]

RULES_VERSION = "3"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One line of the table; text comes from the templates and from nowhere else.

    Parameters
    ----------
    id
        For example ``"C5"``.
    level
        ``"national"``, ``"local"`` or ``"cluster"``.
    fires_if
        The condition in words.
    fires_if_zh
        The same in Chinese.
    needs
        Facts without which it is not evaluable.
    en, zh
        Templates; the fields are filled with the evidence. A part in square brackets is
        left out where one of its fields is not known.
    """

    id: str
    level: str
    fires_if: str
    fires_if_zh: str
    needs: tuple[str, ...]
    en: str
    zh: str


_ROWS: tuple[tuple[str, str, tuple[str, ...], str, str], ...] = (
    (
        "N1",
        "the five provinces with most designations hold more than half of them",
        ("province_share",),
        "{province_share} of designations lie in {provinces}: review the national layout.",
        "{province_share} 的认定集中在{provinces}：建议审视全国布局。",
    ),
    (
        "N2",
        "more than 30 % of the designated clusters fail or cannot be tested",
        ("failed_share",),
        "{failed} of {n} fail or cannot be tested[ ({missing})]: require the three elements "
        "and the data at entry.",
        "{n} 个中有 {failed} 个不满足或无法检验[（{missing}）]：建议在遴选时要求三要素及其数据。",
    ),
    (
        "N3",
        "at least 10 % of city-industry pairs carry two programmes",
        ("double_share",),
        "{double} pairs carry several labels: align programmes.",
        "{double} 个城市—行业被多个计划重复认定：建议统筹各类计划。",
    ),
    (
        "N4",
        "an industry designated in more than ten cities, most of them without specialisation",
        ("crowded",),
        "{crowded}: designations without specialisation: check for duplication.",
        "{crowded}：存在缺乏专业化基础的认定，建议核查重复布局。",
    ),
    (
        "N5",
        "the median rank interval is wider than a quarter of the clusters",
        ("rank_width",),
        "Ranks are uncertain (median interval {rank_width}): publish bands, not ranks.",
        "名次不确定（区间中位宽度 {rank_width}）：建议发布档次而非名次。",
    ),
    (
        "N6",
        "a designated cluster is in decline for three periods in a row",
        ("declining",),
        "{declining}: put under dynamic adjustment.",
        "{declining}：建议纳入动态调整。",
    ),
    (
        "L1",
        "proximity passes, connection fails",
        ("proximity", "connection"),
        "Firms are close but industries unrelated[ (score {connection_score})]: build links"
        "[ to {bridges}].",
        "企业邻近但行业关联弱[（得分 {connection_score}）]：建议补链[：{bridges}]。",
    ),
    (
        "L2",
        "connection passes, cooperation fails",
        ("connection", "cooperation"),
        "Related firms with few ties[ (E-I {ei})]: support an intermediary and joint "
        "platforms.",
        "行业关联但合作不足[（E-I {ei}）]：建议培育中介组织与共性平台。",
    ),
    (
        "L3",
        "an absent industry with relatedness density in the top tenth",
        ("entries",),
        "Closest entries: {entries}.",
        "最接近的进入方向：{entries}。",
    ),
    (
        "L4",
        "local supply below the median of the peers, interval excluded",
        ("local_supply", "local_supply_low", "leakages"),
        "Main leakages: {leakages}.",
        "主要外溢环节：{leakages}。",
    ),
    (
        "L5",
        "no on-line belt for a consumer good",
        ("belt", "consumer_good"),
        "No on-line belt[ in {city}]: test a sales channel with peers that have one.",
        "[{city}]无线上产业带：可向已有产业带的同类学习，试点销售渠道。",
    ),
    (
        "L6",
        "payroll per employee below the interval of the median of the peers",
        ("pay", "pay_low"),
        "Productivity (payroll per employee) {pay}[ against {pay_median} for the peers].",
        "人均工资 {pay}[，同类中位数 {pay_median}]。",
    ),
    (
        "L7",
        "support above the third quartile of the peers and growth far below",
        ("support", "support_high", "relative_growth"),
        "Support is high and growth is {relative_growth}: review instruments.",
        "支持力度高而增长为 {relative_growth}：建议评估政策工具。",
    ),
    (
        "L8",
        "energy per output above the third quartile of the peers",
        ("energy", "energy_high"),
        "Energy per output {energy}, third quartile of the peers {energy_high}.",
        "单位产出能耗 {energy}，同类上四分位 {energy_high}。",
    ),
    (
        "C1",
        "one firm has more than 40 % of employment, or the firm Herfindahl is above 0.25",
        ("key_firm", "firm_herfindahl"),
        "Dependence on few firms[: the largest has {key_firm} of the jobs]"
        "[; firm Herfindahl {firm_herfindahl}]. Widen suppliers and customers.",
        "依赖少数企业[：最大企业占就业 {key_firm}][；企业赫芬达尔指数 {firm_herfindahl}]。"
        "建议拓展供应商与客户。",
    ),
    (
        "C2",
        "rigid: concentration rises and diversity falls",
        ("rigid",),
        "Concentration up[ by {rise}], diversity down[ ({fall})]: open search"
        "[, related entry into {entries}].",
        "集中度上升[ {rise}]，多样性下降[（{fall}）]：建议开放式搜寻[，相关进入：{entries}]。",
    ),
    (
        "C3",
        "organisation score below 2, or no promotion body among the members",
        ("organisation", "no_body"),
        "No effective promotion body[ (score {organisation})]: set one up (duties: "
        "spokesperson, network record, self-discipline).",
        "缺乏有效的促进机构[（得分 {organisation}）]：建议设立（代言、联络、自律）。",
    ),
    (
        "C4",
        "fewer than 10 % of ties go outside",
        ("outside_share",),
        "Ties are inward[ (E-I {ei})]: seek partners outside[, first in {related_regions}].",
        "联系偏内向[（E-I {ei}）]：建议加强对外合作[，首选{related_regions}]。",
    ),
    (
        "C5",
        "chain completeness below one half",
        ("chain",),
        "The chain has gaps[: {missing_links}]. Weigh cost: completeness is not a goal in "
        "itself.",
        "链条有缺失环节[：{missing_links}]。请权衡成本，链条完整本身不是目标。",
    ),
    (
        "C6",
        "resistance below −0.25",
        ("resistance",),
        "Jobs fell by more than expected[ in {shock}] (resistance {resistance}): prepare a "
        "stress plan.",
        "[{shock} 年间]就业降幅超出预期（抗冲击指数 {resistance}）：建议制定压力预案。",
    ),
    (
        "C7",
        "renewal, or more than 10 % of employment in new sub-industries",
        ("stage",),
        "The cluster renews itself[ in {new_industries}]: shift support there.",
        "集群正在更新[（{new_industries}）]：建议支持向其倾斜。",
    ),
    (
        "C8",
        "more than 30 % of the indicators are missing",
        ("missing_share",),
        "Observation gap: {missing_list}.",
        "观测缺口：{missing_list}。",
    ),
)
_WHEN_ZH: Mapping[str, str] = {
    "N1": "认定数最多的五省合计超过一半",
    "N2": "超过 30% 的认定集群不满足或无法检验",
    "N3": "至少 10% 的城市—行业被两个以上计划认定",
    "N4": "某行业在十个以上城市获认定，且其中多数缺乏专业化",
    "N5": "名次区间中位宽度超过集群数的四分之一",
    "N6": "认定集群连续三期处于衰退",
    "L1": "邻近通过、关联未通过",
    "L2": "关联通过、合作未通过",
    "L3": "存在关联密度居前十分之一的缺失行业",
    "L4": "本地供给低于同类中位数，且在其区间之外",
    "L5": "消费品集群无线上产业带",
    "L6": "人均工资低于同类中位数的区间",
    "L7": "支持强度高于同类上四分位，且增长远低于全国",
    "L8": "单位产出能耗高于同类上四分位",
    "C1": "单一企业占就业 40% 以上，或企业赫芬达尔指数高于 0.25",
    "C2": "锁定：集中度上升且多样性下降",
    "C3": "组织得分低于 2，或成员中无促进机构",
    "C4": "对外联系不足 10%",
    "C5": "链条完整度低于一半",
    "C6": "抗冲击指数低于 −0.25",
    "C7": "处于更新阶段，或新细分行业就业占比超过 10%",
    "C8": "超过 30% 的指标缺失",
}
_LEVELS: Mapping[str, str] = {"N": "national", "L": "local", "C": "cluster"}

RULES: Mapping[str, Rule] = {
    code: Rule(
        id=code,
        level=_LEVELS[code[0]],
        fires_if=when,
        fires_if_zh=_WHEN_ZH[code],
        needs=needs,
        en=en,
        zh=zh,
    )
    for code, when, needs, en, zh in _ROWS
}
