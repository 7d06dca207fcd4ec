"""Chinese words for the data that indicators take, where pages name them."""

from __future__ import annotations

import re
from collections.abc import Mapping

__all__ = ["INPUTS_ZH", "NAMES", "WORDS", "chinese"]

INPUTS_ZH: Mapping[str, str] = {
    "employment": "就业",
    "establishments": "企业数",
    "payroll": "工资总额",
    "value added": "增加值",
    "plant sizes": "企业规模",
    "output, area": "产出与面积",
    "four periods": "四期数据",
    "six periods": "六期数据",
    "entries": "新进入企业",
    "patents": "专利",
    "R&D": "研发",
    "lists": "名录",
    "ties": "合作联系",
    "sub-industries": "细分行业",
    "input-output": "投入产出表",
    "answers": "问卷",
    "funds": "资金",
    "digital study": "线上产业带研究",
    "energy": "能源",
    "survey": "调查",
    "a shock": "冲击时期",
    "endowments of the region": "地区禀赋",
    "employment of the first year": "首年就业",
    "ten years of employment": "十年就业",
    "dated events": "带日期的事件",
    "events and a comparison group": "事件与对照组",
    "employment, plant sizes": "就业与企业规模",
    "an input-output table": "投入产出表",
    "value added and output": "增加值与产出",
    "entries and exits": "企业进入与退出",
    "two years of sub-industries": "两年细分行业数据",
    "relatedness, two years": "相关度与两年数据",
    "sub-industries in groups": "分组细分行业",
    "founders of firms": "企业创始人",
    "ten years": "十年数据",
    "patent classes": "专利分类",
    "co-patents of members": "成员合作专利",
    "citations": "引用",
    "lists of designations": "认定名单",
    "support funds": "支持资金",
    "an outcome panel": "结果面板",
    "questionnaire": "问卷",
    "registers": "登记资料",
    "ownership and survival of firms": "企业所有权与存活",
    "computed": "已计算",
    "proxy": "替代指标",
}

# verdicts, kinds, results of tests and stages
WORDS: Mapping[str, tuple[str, str]] = {
    "cluster": ("cluster", "集群"),
    "not_a_cluster": ("not a cluster", "非集群"),
    "not_testable": ("not testable", "无法检验"),
    "agglomeration": ("agglomeration", "集聚区"),
    "co_located_network": ("co-located network", "同地网络"),
    "virtual_cluster": (
        "virtual cluster / value-chain network",
        "虚拟集群（价值链网络）",
    ),
    "park": ("park", "园区"),
    "dispersed_industry": ("dispersed industry", "分散产业"),
    "association_network": ("association network", "协会网络"),
    "none": ("none of the kinds", "均不属于"),
    "pass": ("passes", "通过"),
    "fail": ("fails", "未通过"),
    "proximity": ("geographic proximity", "地理邻近"),
    "connection": ("industrial connection", "产业关联"),
    "cooperation": ("interactive cooperation", "互动合作"),
    "emergence": ("emergence", "萌芽"),
    "growth": ("growth", "成长"),
    "sustainment": ("sustainment", "成熟"),
    "decline": ("decline", "衰退"),
    "renewal": ("renewal", "更新"),
    "latent": ("latent", "潜在"),
    "mixed": ("mixed", "混合"),
    "not_assessed": ("not assessed", "未评估"),
}

# measures by which peers are compared, and facts that rules read: English, Chinese
NAMES: Mapping[str, tuple[str, str]] = {
    "quotient": ("location quotient", "区位商"),
    "focus": ("share of the region", "占地区就业"),
    "pay": ("payroll per employee", "人均工资"),
    "mean_size": ("mean size of firms", "平均企业规模"),
    "growth": ("growth", "增长"),
    "diversity": ("diversity", "多样性"),
    "province_share": ("share of five provinces", "前五省占比"),
    "failed_share": ("share that fails", "未通过占比"),
    "double_share": ("share with several labels", "重复认定占比"),
    "crowded": ("crowded industries", "重复布局行业"),
    "rank_width": ("median rank interval", "名次区间中位宽度"),
    "declining": ("in decline", "持续衰退"),
    "proximity": ("proximity", "邻近"),
    "connection": ("connection", "关联"),
    "cooperation": ("cooperation", "合作"),
    "entries": ("closest entries", "最近进入方向"),
    "local_supply": ("local supply", "本地配套率"),
    "local_supply_low": ("lower end of the peers", "同类区间下限"),
    "leakages": ("leakages", "外溢环节"),
    "belt": ("on-line belt", "线上产业带"),
    "consumer_good": ("consumer good", "消费品"),
    "pay_low": ("lower end of the peers", "同类区间下限"),
    "support": ("support", "支持强度"),
    "support_high": ("third quartile of the peers", "同类上四分位"),
    "relative_growth": ("relative growth", "相对增长"),
    "energy": ("energy per output", "单位能耗"),
    "energy_high": ("third quartile of the peers", "同类上四分位"),
    "key_firm": ("largest firm", "最大企业占比"),
    "firm_herfindahl": ("firm Herfindahl", "企业赫芬达尔指数"),
    "rigid": ("rigid", "锁定"),
    "organisation": ("organisation score", "组织得分"),
    "no_body": ("no promotion body", "无促进机构"),
    "outside_share": ("outside ties", "对外联系占比"),
    "chain": ("chain completeness", "链条完整度"),
    "resistance": ("resistance", "抵抗力"),
    "stage": ("stage", "阶段"),
    "missing_share": ("missing indicators", "缺失指标占比"),
}

# sentences of the methods that reach a page: pattern, Chinese
_PHRASES: tuple[tuple[str, str], ...] = (
    (
        r"no members: the inside of a region cannot be seen",
        "无成员数据，无法观察地区内部分布",
    ),
    (r"members have no coordinates", "成员缺少坐标"),
    (r"no relatedness of industries", "缺少行业相关度"),
    (
        r"no industry of the clusters has a relatedness",
        "集群行业均无相关度数据",
    ),
    (r"no cooperation links", "无合作联系数据"),
    (r"members, relatedness and ties", "成员、相关度与合作联系"),
    (r"all members at one place", "所有成员位于同一地点"),
    (r"fewer than (\d+) members", r"成员少于 \1 个"),
    (r"fewer than (\d+) ties", r"联系少于 \1 条"),
    (r"a cluster of one member", "仅一个成员"),
    (r"no other industry to draw", "无其他行业可供抽取"),
    (r"one industry: use finer codes", "仅一个行业：请用更细的代码"),
    (r"ties known for too few members", "有联系数据的成员过少"),
    (r"no data", "无数据"),
    (r"missing for more than a third", "超过三分之一的集群缺失"),
    (r"the same for all", "取值全部相同"),
    (r"alone in its pillar", "所在维度仅此一项"),
    (r"fewer than ten regions in the category", "该类别地区少于十个"),
    (
        r"(\d+) periods are too few: with k=(\d+) a stage needs (\d+)\.?",
        r"期数过少（\1 期）：k=\2 时判定阶段至少需要 \3 期。",
    ),
    (
        r"The periods are not evenly spaced.*",
        "各期间隔不等，无法计算固定期数的增长。",
    ),
    (r"members: cluster, member, role, employment", "members：集群、成员、角色、就业"),
    (
        r"cluster_panel or activity with definitions",
        "cluster_panel，或 activity 加集群定义",
    ),
    (r"members: x_km, y_km or lon, lat", "members：x_km、y_km 或经纬度"),
    (
        r"edges: origin, destination, kind, period, weight",
        "edges：两端、类型、时期、权重",
    ),
    (r"^(\d+) clusters or more$", r"至少 \1 个集群"),
    (r"indicative", "仅供参考"),
    (r"\bproximity\b", "邻近"),
    (r"\bconnection\b", "关联"),
    (r"\bcooperation\b", "合作"),
    (r"\bwarning\b", "警示"),
    (r"\bwatch\b", "关注"),
    (r"\bdata\b", "数据"),
    (r"\bnational\b", "国家"),
    (r"\blocal\b", "地方"),
    (r"\bcluster\b", "集群"),
)


def chinese(text: str) -> str:
    """Give a sentence of the methods in Chinese; what is not known stays as it is.

    Parameters
    ----------
    text
        Reason, status or template in English.

    Returns
    -------
    str
        The sentence.
    """
    for pattern, words in _PHRASES:
        text = re.sub(pattern, words, text)
    return text.replace("; ", "；").replace(": ", "：")
