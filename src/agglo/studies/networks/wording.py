"""What stages note in English, as a Chinese reader is told it."""

from __future__ import annotations

import re
from collections.abc import Mapping

__all__ = ["CHOICES", "LABELS", "VALUES", "lacking_zh"]

# what is missing: the names of tables and columns stay, what is said of them does not
_LACKING: Mapping[str, str] = {
    "activity (four industries and regions or more)": "activity（至少四个产业和四个地区）",
    "activity (no row of the regions)": "activity（没有这些地区的行）",
    "activity of an earlier period": "较早时期的 activity",
    "a second group of industries (one group only)": "第二个产业群组（仅有一个）",
    "a second layer (branches and patents)": "第二层联系（分支机构与专利）",
    "link_events or patents with an industry at both ends": "两端均有产业的 link_events 或 patents",
    "links between industries and districts with activity": "有活动的产业与区县之间的联系",
    "link_events (layer branch) or establishments": "link_events（branch 层）或 establishments",
    "patents (or link_events, layer copatent)": "patents（或 link_events 的 copatent 层）",
    "patents with two located applicants": "有两个已定位申请人的 patents",
    "patents.size (two classes or more)": "patents.size（至少两类）",
    "industries.technology_class, or patents.class": "industries.technology_class 或 patents.class",
    "regions (five cities or more)": "regions（至少五个城市）",
    "input_output or definitions": "input_output 或 definitions",
    "input_output (codes of the activity, or concordances)": "input_output（采用 activity 的代码，或有 concordances）",
}
_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"^links dated (.+) or before$"), r" \1 年及以前的联系"),
    (re.compile(r"^link_events \(layer (.+)\)$"), r"link_events（\1 层）"),
    (
        re.compile(r"^patents with two located applicants \(.*\)$"),
        "有两个已定位申请人的 patents",
    ),
)
# names of tables and columns are the same in both languages
_CODE = re.compile(r"^[a-z_]+(\.[a-z_]+)?(, [a-z_]+(\.[a-z_]+)?)*$")

# choices of the sensitivity grid and their values
CHOICES: Mapping[str, tuple[str, str]] = {
    "groups": ("number of groups", "群组数"),
    "counting": ("counting of applicants", "申请人计数方式"),
    "min_gap": ("smallest gap", "最小间隔"),
    "max_cores": ("most cores", "最多核心数"),
    "branch_weight": ("weight of a branch", "分支机构权重"),
    "level": ("level", "层级"),
    "without": ("without the strongest place", "去掉最强的地区"),
}
VALUES: Mapping[str, tuple[str, str]] = {
    "fractional": ("fractional", "分数计数"),
    "newman": ("Newman", "Newman"),
    "full": ("full", "全计数"),
    "district": ("districts", "区县"),
    "count": ("count", "数量"),
    "employment": ("employment", "就业"),
    "log1p_capital": ("ln(1 + capital)", "ln(1 + 资本)"),
}

# names of numbers in estimates, nulls and truths
LABELS: Mapping[str, str] = {
    "verdict": "判断",
    "cores": "核心",
    "tiers": "层级数",
    "tiers_as_planted": "层级与预设一致",
    "districts_in_their_tier": "位于预设层级的区县占比",
    "as_planted": "与预设一致",
    "branch_as_planted": "分支机构层与预设一致",
    "copatent_as_planted": "合作专利层与预设一致",
    "same_cores_in_resamples": "重抽中核心相同的占比",
    "consistent": "两个尺度一致",
    "layers": "两层比较",
    "spearman": "秩相关",
    "layers_differ_share": "重抽中两层不同的占比",
    "pair": "城市对",
    "odds_ratio": "优势比",
    "large_with_small": "大型与较小企业联系占比",
    "complementary_pair": "预设的互补城市对",
    "advantage_high": "高技术优势城市",
    "verdicts": "各类判断",
    "verdicts_as_planted": "各类判断与预设一致",
    "advantage_as_planted": "优势城市与预设一致",
    "auc_within_regions": "地区内 AUC",
    "auc_pooled": "合并 AUC",
    "auc_complexity": "复杂度 AUC",
    "auc_ubiquity": "普遍度 AUC",
    "auc_external": "伙伴互补 AUC",
    "auc_value_chain": "本地上下游 AUC",
    "auc_together": "综合评分 AUC",
    "auc_chosen": "剔除不利部分后的 AUC",
    "auc_permuted_industries": "打乱产业后的 AUC",
    "base_rate": "基准比率",
    "parts": "各部分",
    "ranked_by": "排序依据",
    "gain": "增益",
    "beyond_auc": "相关密度之外的 AUC",
    "beyond_null": "相关密度之外的零假设 AUC",
    "beyond_p": "相关密度之外的 p 值",
    "shuffled": "打乱对象",
    "partners": "伙伴",
    "partners_as_planted": "伙伴作用与预设一致",
    "industries": "产业",
    "branches_on_copatents": "分支机构对合作专利的系数",
    "elasticity": "距离弹性",
    "elasticity_branch": "分支机构的距离弹性",
    "t_of_permuted_nodes": "节点置换的 t 值",
    "correlation": "相关系数",
    "scores": "验证得分",
    "score": "得分",
    "random": "随机",
    "clusters": "集群数",
    "agreement": "一致性",
    "one": "其一",
    "other": "另一",
    "clusters_one": "其一的集群数",
    "clusters_other": "另一的集群数",
    "adjusted_rand": "调整兰德指数",
    "mutual_information": "归一化互信息",
    "p_pareto": "p（帕累托）",
    "not_computable": "无法计算",
    "not_tested": "未检验",
    "yes": "是",
    "no": "否",
}


def lacking_zh(text: str) -> str:
    """Say what is missing in Chinese; names of tables and columns stay.

    Parameters
    ----------
    text
        What a stage noted.

    Returns
    -------
    str
        Its Chinese. A message of a method that could not be applied is replaced by that fact.
    """
    if text in _LACKING:
        return _LACKING[text]
    for pattern, words in _PATTERNS:
        if pattern.match(text):
            return pattern.sub(words, text)
    return text if _CODE.match(text) else "可用于该方法的数据（方法无法应用）"
