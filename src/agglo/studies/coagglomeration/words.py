"""What a reader sees for every code of the study, in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agglo.core.typing import Json
    from agglo.studies.coagglomeration.facts import CoagglomerationFacts

__all__ = [
    "CELLS",
    "CHECKS",
    "HYPOTHESES",
    "LAYERS",
    "MODELS",
    "OUTCOMES",
    "VERDICTS",
    "WAYS",
    "chinese",
    "note_of",
    "reason",
    "said",
    "shown",
    "specification",
    "term",
    "way",
    "weights_word",
]

Words = Mapping[str, tuple[str, str]]

MODELS: Words = {
    "main": ("Poisson", "泊松"),
    "main_all": ("Poisson, one class", "泊松，不分类"),
    "linear": ("OLS, log", "OLS，对数"),
    "negative_binomial": ("Negative binomial", "负二项"),
    "log1p": ("OLS, log(1 + patents)", "OLS，log(1 + 专利)"),
    "quality": ("Poisson, citations", "泊松，被引"),
    "iv": ("2SLS, log", "2SLS，对数"),
    "iv_all": ("2SLS, one class", "2SLS，不分类"),
    "iv_log1p": ("2SLS, log(1 + patents)", "2SLS，log(1 + 专利)"),
    "control_function": ("Poisson, control function", "泊松，控制函数"),
    "sector periods": ("Poisson, sector by period", "泊松，门类乘时期效应"),
    "stacked": ("Poisson, both outcomes", "泊松，两种结果合并"),
    "moderated": ("Poisson, interactions", "泊松，交互项"),
}
HYPOTHESES: Words = {
    "pools matter": ("pools matter", "知识池有作用"),
    "active above passive": ("active above passive", "主动大于被动"),
    "mutual gain": ("mutual gain", "互利"),
    "parasitism, strong": ("parasitism, strong", "寄生（强）"),
    "parasitism, weak": ("parasitism, weak", "寄生（弱）"),
    "scale above quality": ("scale above quality", "数量大于质量"),
    "heterogeneity": ("changes with the moderator", "随调节变量变化"),
}
VERDICTS: Words = {
    "mutualism": ("mutual gain", "互利共生"),
    "parasitism": ("parasitism", "寄生"),
    "commensalism": ("the mover gains, the host is untouched", "偏利共生"),
    "amensalism": ("the host loses, the mover is untouched", "偏害共生"),
    "competition": ("both lose", "竞争"),
    "undetermined": ("undetermined", "无法判断"),
}
CHECKS: Words = {
    "correlation": ("Correlation with foreign weights", "与外国权重的相关"),
    "drop_one": (
        "One industry left out, pools and instruments rebuilt",
        "逐一剔除行业，重建知识池与工具变量",
    ),
    "placebo": (
        "Shuffled foreign weights: share of first-stage F below 4",
        "打乱外国权重：第一阶段 F 低于 4 的比例",
    ),
    "before": ("Outcome before anybody moved", "移动之前的结果"),
}
LAYERS: Words = {
    "citation": ("citations", "专利引用"),
    "copatent": ("joint patents", "合作专利"),
    "mobility": ("moves of people", "人员流动"),
}
OUTCOMES: Words = {"effect": ("effect", "效应"), "z": ("z", "z"), **LAYERS}
CELLS: Words = {
    "nearest": ("nearest anchor plant", "最近的锚定方企业"),
    "wasserstein": ("Wasserstein", "Wasserstein"),
    "exclude_anchor": ("everybody but the anchor", "锚定方以外的全部企业"),
    "same_sector": ("the mover's sector", "移动方所在门类"),
    "equal": ("equal", "等权"),
    "employment": ("employment", "就业人数"),
}
WAYS: Words = {
    "permutation": ("knowledge shuffled over industries", "在行业间打乱知识"),
    "bhj": ("errors by shift, null imposed", "按冲击的标准误，施加零假设"),
}
_PARTS: Words = {
    "active": ("active", "主动"),
    "passive": ("passive", "被动"),
}
_LINKS: Words = {
    "io": ("inputs", "投入产出"),
    "technology": ("technology", "技术"),
    "both": ("both links", "双重关联"),
    "none": ("no link", "无关联"),
    "all": ("all pairs", "全部"),
    "linear": ("linear pool", "线性知识池"),
}
_TERMS: Words = {
    "own": ("own knowledge", "自身知识"),
    "presample": ("first knowledge x trend", "初始知识乘趋势"),
    "rd": ("research", "研发"),
    "moved_to": ("source moved to target", "来源方靠近目标方"),
    "came_from": ("target moved to source", "目标方靠近来源方"),
    "direction": ("first less second", "前者减后者"),
    "io": ("inputs", "投入产出"),
    "technology": ("technology", "技术"),
    "labour": ("occupations", "职业"),
    "size_gap": ("size gap (logs of plants)", "规模差距（企业数对数）"),
    "same_sector": ("same sector", "同一门类"),
    "competition_anchor": ("competition in the anchor", "锚定方竞争"),
    "competition_mover": ("competition in the mover", "移动方竞争"),
    "weights": ("weights", "权重"),
    "share_f_below_4": ("first stage", "第一阶段"),
}
_CHOICES: Words = {
    "control": ("a covariate", "作为控制变量"),
    "presample": ("first value x trend", "初值乘趋势"),
    "drop": ("left out", "不含"),
    "effect_sig": ("effect where significant", "显著的效应"),
    "z_plus": ("positive z", "正的 z"),
    "centred": ("percentile less one half", "百分位减二分之一"),
}
_REASONS: Words = {
    "no_pool": ("no pair has a weight, or no pool moves", "没有配对权重或知识池不变动"),
    "collinear": ("columns are collinear", "变量共线"),
    "too_few_instruments": (
        "fewer instruments than endogenous pools",
        "工具变量少于内生知识池",
    ),
    "too_few_clusters": ("too few industries", "行业（聚类）过少"),
    "too_few_observations": ("more parameters than rows", "参数多于观测"),
    "one_cluster": ("a single industry", "只有一个行业"),
    "one_cluster_decides": ("a single industry decides", "由单个行业决定"),
    "all_zero": ("the outcome is 0", "结果恒为 0"),
    "bootstrap_failed": ("resamples have no estimate", "重抽样本无估计"),
    "no_convergence": ("the estimate did not settle", "估计未收敛"),
    "no_dates": ("no opening dates", "没有开业时间"),
    "no_change": (
        "nobody moves while flows are seen: the weights do not change",
        "流动可见期间无人移动：权重不变",
    ),
    "too_many_rows": (
        "more than 3 million pairs and years",
        "配对与年份超过三百万行",
    ),
    "no_period_before": ("fewer than three years before", "此前不足三年"),
    "no_sectors": ("no sectors", "没有门类"),
    "no_employment": ("no employment", "没有就业人数"),
    "no_weight": ("no pair has a weight", "没有配对权重"),
    "no_variation": ("nothing varies", "没有变化"),
    "no_estimate": ("no estimate", "无估计值"),
    "no_input_output": ("no table input_output", "没有 input_output 表"),
    "no_flows_or_classes": (
        "no flows or classes of these industries",
        "没有这些行业的流量或专利分类",
    ),
    "no table patents": ("no table patents", "没有 patents 表"),
}


_SHOWN: Words = {
    "planted_pairs": ("planted pairs", "设定的配对"),
    "planted_found": ("planted and found", "其中被发现"),
    "found_beside": ("found beside them", "额外发现"),
    "of_these_in_two_planted_steps": (
        "of these two planted steps apart",
        "其中相隔两步",
    ),
    "planted_way": ("the planted way", "方向与设定一致"),
    "opposite_way": ("the opposite way", "方向相反"),
    "one_way": ("one way", "单向"),
    "both": ("both ways", "双向"),
    "pairs": ("pairs", "配对"),
    "difference": ("difference", "差异"),
    "log_ratio": ("logs per step", "对数差"),
    "sign_as_planted": ("sign as planted", "符号与设定一致"),
    "within_pairs_as_planted": (
        "within pairs by year as planted",
        "配对内逐年与设定一致",
    ),
    "active": ("active", "主动"),
    "passive": ("passive", "被动"),
    "active_inside_interval": ("active inside the interval", "主动在区间内"),
    "passive_inside_interval": ("passive inside the interval", "被动在区间内"),
}
_WAYS_OF_PAIRS: Words = {
    "a→b only": ("a to b only", "仅 a 向 b"),
    "b→a only": ("b to a only", "仅 b 向 a"),
    "both": ("both", "双向"),
    "none": ("neither", "均不显著"),
}


def way(facts: CoagglomerationFacts, verdict: str) -> str:
    """Give the verdict on a pair in words."""
    return said(facts, _WAYS_OF_PAIRS, verdict)


def shown(facts: CoagglomerationFacts, finding: Mapping[str, Json]) -> dict[str, Json]:
    """Give a finding for the page: keys of numbers in its language."""
    out = dict(finding)
    for part in ("truth", "estimate"):
        value = out.get(part)
        if isinstance(value, dict):
            out[part] = {
                said(facts, _SHOWN, k): _yes(facts, v) for k, v in value.items()
            }
    return out


def chinese(name: str) -> str:
    """Give the Chinese of a name inside a finding; what is unknown stays."""
    for words in (_SHOWN, VERDICTS, HYPOTHESES, LAYERS):
        if name in words:
            return words[name][1]
    return name


def _yes(facts: CoagglomerationFacts, value: Json) -> Json:
    return (
        facts.say("yes", "是")
        if value is True
        else (facts.say("no", "否") if value is False else value)
    )


def said(facts: CoagglomerationFacts, words: Words, code: str) -> str:
    """Give a code's words; the code itself where there are none."""
    pair = words.get(code)
    return code if pair is None else facts.say(*pair)


def term(facts: CoagglomerationFacts, name: str) -> str:
    """Give a coefficient's words: direction and link, or what the column is."""
    if name in _TERMS:
        return facts.say(*_TERMS[name])
    for head, words in (
        ("zero_", ("no pool: {x}", "知识池为零：{x}")),
        ("z_", ("instrument: {x}", "工具变量：{x}")),
    ):
        if name.startswith(head):
            return facts.say(*words, x=term(facts, name.removeprefix(head)))
    if name.startswith("residual("):
        return facts.say("residual: {x}", "残差：{x}", x=term(facts, name[9:-1]))
    way, _, link = name.partition("_")
    if way in _PARTS and link in _LINKS:
        return facts.say("{d}, {k}", "{d}，{k}", **_direction(facts, way, link))
    return name


def _direction(facts: CoagglomerationFacts, way: str, link: str) -> dict[str, str]:
    return {"d": facts.say(*_PARTS[way]), "k": facts.say(*_LINKS[link])}


def specification(facts: CoagglomerationFacts, name: str) -> str:
    """Give a specification's words."""
    if name in MODELS:
        return facts.say(*MODELS[name])
    head, _, value = name.partition(": ")
    pair = {
        "own stock": ("own knowledge: {x}", "自身知识：{x}"),
        "weights": ("weights: {x}", "权重：{x}"),
        "depreciation": ("depreciation {x}", "折旧 {x}"),
        "lag": ("lag {x}", "滞后 {x}"),
    }.get(head)
    word = said(facts, _CHOICES, value)
    return name if pair is None else facts.say(*pair, x=word)


def weights_word(facts: CoagglomerationFacts, kind: str) -> str:
    """Give the words of a kind of excess weights."""
    return said(facts, _CHOICES, kind)


def reason(facts: CoagglomerationFacts, status: str) -> str:
    """Give why there is no number; the library's own message in English."""
    code, _, message = status.partition(": ")
    pair = _REASONS.get(code)
    if facts.lang == "zh":
        return code if pair is None else pair[1]
    return message or (code if pair is None else pair[0])


def note_of(facts: CoagglomerationFacts, value: Json) -> list[str]:
    """Read notes kept as ``{"en": ..., "zh": ...}`` in the language of the page."""
    if not isinstance(value, list):
        return []
    return [str(v.get(facts.lang) or "") for v in value if isinstance(v, dict)]
