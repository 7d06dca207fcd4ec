"""What the codes in columns of released tables mean, in both languages.

A study names things once; its words are taken from there. What no study names in both
languages stands here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from agglo.concentration.directed_results import ORIENTATION
from agglo.evaluation.mechanism_registry import MECHANISM_NAMES, MECHANISMS
from agglo.observatory.page import Text
from agglo.studies import STUDIES
from agglo.studies.formation.alerts import ALERTS
from agglo.studies.formation.rule_table import RULES
from agglo.studies.formation.tree import INDICATORS, PILLARS
from agglo.studies.formation.words import INPUTS_ZH, NAMES
from agglo.studies.networks.conventions import PRESETS, RULE_WORDS
from agglo.studies.networks.facts import WORDS as NETWORK_WORDS
from agglo.studies.policy.words import WORDS as POLICY_WORDS
from agglo.studies.policy.words import in_chinese

__all__ = ["WORDED", "words_of"]

_PAIRS = Mapping[str, tuple[str, str]]

# columns whose values are names of an institution, a place or a label: never translated
_LAYERS: _PAIRS = {n: NETWORK_WORDS[n] for n in ("branch", "supply", "copatent")}
_SCALES: _PAIRS = {n: NETWORK_WORDS[n] for n in ("city", "district")}
_VERDICTS: _PAIRS = {
    "integrated": ("integrated", "融合型"),
    "intermediate": ("intermediate", "中间型"),
    "bounded": ("bounded", "边界型"),
    "insufficient": ("too few events", "事件不足"),
    "above": ("more often", "更常跨城市"),
    "below": ("less often", "较少跨城市"),
    "cluster": ("a cluster", "是集群"),
    "not_a_cluster": ("no cluster", "不是集群"),
    "not_testable": ("not testable", "无法检验"),
    "none": ("neither", "均无"),
    "both": ("both ways", "双向"),
    "a→b only": ("a to b only", "仅甲对乙"),
    "b→a only": ("b to a only", "仅乙对甲"),
    "mutualism": ("mutual gain", "互利"),
    "parasitism": ("one gains, one loses", "一方得利、一方受损"),
    "undetermined": ("undetermined", "未定"),
    "layers_differ": ("the layers differ", "两层不同"),
    "layers_agree": ("the layers agree", "两层一致"),
}
_KINDS: _PAIRS = {
    "size": ("similar size", "规模相近"),
    "structure": ("similar structure", "结构相近"),
    "level": ("same level", "同一层级"),
    "traded": ("traded", "可贸易型"),
    "local": ("local", "本地型"),
    "cluster": ("cluster", "集群"),
    "agglomeration": ("agglomeration", "集聚区"),
    "co_located_network": ("co-located network", "同地网络"),
    "virtual_cluster": ("virtual cluster", "虚拟集群"),
    "park": ("park", "园区"),
    "dispersed_industry": ("dispersed industry", "分散产业"),
    "association_network": ("association", "协会网络"),
    "none": ("none", "无"),
    "identical": ("identical", "相同"),
    "similar": ("similar", "相近"),
    "unmapped": ("label without an industry", "标签未归类"),
    "coefficient": ("coefficient", "系数"),
    "realised": ("realised", "实际"),
    "group": ("group", "组"),
    "difference": ("difference", "差异"),
    "outcome": ("outcome", "结果变量"),
    "residual": ("residuals of the model", "模型残差"),
    "spatial": ("corridors moved", "移动走廊"),
    "cohort": ("starts permuted", "打乱起始时间"),
    "iid": ("starts at random", "随机处理"),
    "project": ("joint projects", "合作项目"),
}
_STATES: _PAIRS = {
    "pass": ("pass", "通过"),
    "fail": ("fail", "未通过"),
    "not_testable": ("not testable", "无法检验"),
    "ok": ("fine", "正常"),
    "note": ("note", "说明"),
    "doubt": ("doubtful", "存疑"),
    "computed": ("computed", "已计算"),
    "proxy": ("by a proxy", "替代指标"),
    "needs_data": ("data are missing", "缺少数据"),
    "generated": ("generated", "生成"),
    "bounded": ("bounded", "有界"),
    "fires": ("fires", "触发"),
    "does not fire": ("does not fire", "未触发"),
    "not evaluable": ("cannot be told", "无法判断"),
    "confidential": ("confidential", "保密"),
}
_ELEMENTS: _PAIRS = {
    "proximity": ("proximity", "地理邻近"),
    "connection": ("industrial connection", "产业关联"),
    "cooperation": ("cooperation", "互动合作"),
}
_STAGES: _PAIRS = {
    "not_assessed": ("not assessed", "未评估"),
    "emergence": ("emergence", "萌芽"),
    "growth": ("growth", "成长"),
    "sustainment": ("sustainment", "成熟"),
    "latent": ("latent", "潜在"),
    "mixed": ("mixed", "混合"),
    "renewal": ("renewal", "更新"),
    "decline": ("decline", "衰退"),
}
_QUADRANTS: _PAIRS = {
    "high_road": ("near and complex", "近且复杂"),
    "slow_road": ("near, less complex", "近而较简单"),
    "casino": ("far and complex", "远而复杂"),
    "dead_end": ("far, less complex", "远且较简单"),
    "high-high": ("high among high", "高—高"),
    "low-low": ("low among low", "低—低"),
    "high-low": ("high among low", "高—低"),
    "low-high": ("low among high", "低—高"),
}
_STATISTICS: _PAIRS = {
    "coexistence": ("cities with both", "两者并存的城市"),
    "identical": ("identical matches", "相同匹配"),
    "similar": ("similar matches", "相近匹配"),
    "matched": ("matched at all", "有匹配"),
    "degree": ("degree of matching", "匹配度"),
    "rank_size": ("rank-size slope", "位序—规模斜率"),
    "intercept": ("intercept", "截距"),
    "primacy": ("primacy", "首位度"),
    "four_city": ("four-city index", "四城市指数"),
    "eleven_city": ("eleven-city index", "十一城市指数"),
    "gini": ("Gini", "基尼系数"),
    "herfindahl": ("Herfindahl", "赫芬达尔指数"),
    "theil": ("Theil", "泰尔指数"),
    "polycentricity": ("polycentricity", "多中心度"),
    "nearest_neighbour_index": ("nearest-neighbour index", "最近邻指数"),
    "rank_size_exponent": ("rank-size exponent", "位序—规模指数"),
    "colocation_quotient": ("co-location quotient", "同位商"),
    "cross_k": ("cross-K", "交叉 K 函数"),
    "moran": ("Moran's I", "莫兰指数"),
    "bivariate_moran": ("bivariate Moran's I", "双变量莫兰指数"),
    "moran_of_rates": ("Moran's I of rates", "比率的莫兰指数"),
}
_NULLS: _PAIRS = {
    "dartboard": (
        "plants fall where jobs are (dartboard)",
        "企业按就业比例随机落点（飞镖）",
    ),
    "permutation": (
        "plants dealt to all existing sites (permutation)",
        "企业在现有地点间重排（置换）",
    ),
    "N1": ("belts dealt to any city (N1)", "产业带在全部城市间重排（N1）"),
    "N2": ("belts dealt within strata (N2)", "产业带在层内（如省）重排（N2）"),
    "N2 by size": (
        "belts dealt among cities of one size (N2)",
        "产业带在同规模城市间重排（N2）",
    ),
    "N3": ("industries of the belts dealt anew (N3)", "产业带的产业重排（N3）"),
    "N4": ("cities and industries dealt anew (N4)", "城市与产业均重排（N4）"),
}
_OUTCOMES: _PAIRS = {
    "ln_rzi": ("relative specialisation (ln RZI)", "相对专业化（ln RZI）"),
    "ln_rdi": ("relative diversity (ln RDI)", "相对多样化（ln RDI）"),
}
_TERMS: _PAIRS = {
    "own": ("own knowledge stock", "自身知识存量"),
    "rd": ("research", "研发"),
    "active_io": ("moves towards suppliers and users", "主动：投入产出联系"),
    "passive_io": ("is approached by suppliers and users", "被动：投入产出联系"),
    "active_technology": ("moves towards alike technology", "主动：技术相近"),
    "passive_technology": ("is approached by alike technology", "被动：技术相近"),
    "active_none": ("moves towards others", "主动：无联系"),
    "passive_none": ("is approached by others", "被动：无联系"),
    "active_all": ("moves towards any", "主动：全部"),
    "passive_all": ("is approached by any", "被动：全部"),
    "presample": ("patents before the sample", "样本期前专利"),
    "ln_distance_km": ("logarithm of distance", "距离对数"),
    "treated": ("treated", "处理地区"),
}
_RESIDUALS: _PAIRS = {
    f"residual({k})": (f"residual: {en}", f"残差：{zh}")
    for k, (en, zh) in _TERMS.items()
    if k.startswith(("active_", "passive_"))
}
_REVEALED: _PAIRS = {
    "strong": ("strong", "优势明确"),
    "above": ("above 1, not certain", "高于 1，但不确定"),
    "below": ("below 1, not certain", "低于 1，但不确定"),
    "weak": ("weak", "明确较弱"),
    "absent": ("no jobs", "没有就业"),
    "hidden": ("confidential", "保密"),
}
_ROLES: _PAIRS = {
    "firm": ("firm", "企业"),
    "university": ("university", "大学"),
    "institute": ("research institute", "研究机构"),
    "research": ("research institute", "研究机构"),
    "agency": ("agency", "机构"),
    "association": ("association", "协会"),
    "bank": ("bank", "银行"),
    "government": ("government", "政府"),
}
_CHOICES: _PAIRS = {
    "normalisation": ("how indicators are scaled", "指标的标准化"),
    "weights": ("kind of weights", "权重类型"),
    "weight_noise": ("the weights themselves", "权重数值"),
    "aggregation": ("how scores are put together", "合成方式"),
    "leave_out": ("which indicator is left out", "剔除哪个指标"),
    "imputation": ("how gaps are filled", "缺失值处理"),
}
_LINKS: _PAIRS = {
    "labour": ("people", "劳动力"),
    "io": ("input-output", "投入产出"),
    "technology": ("technology", "技术"),
    "none": ("no link", "无联系"),
    "all": ("all", "全部"),
}
_HYPOTHESES: _PAIRS = {
    "pools matter": ("pools of knowledge matter", "知识池有作用"),
    "active above passive": ("active above passive", "主动大于被动"),
    "mutual gain": ("mutual gain", "互利"),
    "parasitism, strong": ("one gains, one loses (strong)", "寄生（强）"),
    "parasitism, weak": ("one gains, one loses (weak)", "寄生（弱）"),
    "scale above quality": ("scale above quality", "规模大于质量"),
}
_CLASSES: _PAIRS = {
    name: NETWORK_WORDS[name]
    for name in (
        "high",
        "medium_high",
        "medium_low",
        "low",
        "large",
        "medium",
        "small",
        "micro",
    )
}
_ADJUST: _PAIRS = {
    name: NETWORK_WORDS[name] for name in ("no", "mantel_haenszel", "logit")
}
_SCORES: _PAIRS = {
    **{
        name: NETWORK_WORDS[name]
        for name in (
            "density", "complexity", "external", "value_chain", "offer", "together",
            "chosen",
        )
        if name in NETWORK_WORDS
    },
    "ubiquity": ("ubiquity", "普遍度"),
}  # fmt: skip
_SETS: _PAIRS = {
    "clusters": ("designated clusters", "认定集群"),
    "belts": ("on-line belts", "线上产业带"),
    "mapped": ("with a known industry", "已归类"),
    "none": ("no match", "无匹配"),
    "identical": ("identical", "相同"),
    "similar": ("similar", "相近"),
    "unmapped": ("label without an industry", "标签未归类"),
}
_LEVELS: _PAIRS = {
    "national": ("national", "国家层面"),
    "local": ("local", "地方层面"),
    "cluster": ("cluster", "集群层面"),
    "region": ("these regions", "本级地区"),
    "parent": ("one level up", "上一级地区"),
    "top": ("the highest level", "最高一级地区"),
    "group": ("the group of the industry", "该产业所属产业组"),
    "watch": ("watch", "关注"),
    "warning": ("warning", "警示"),
}
_GROUPS: _PAIRS = {
    "capital": ("capital", "资本密集"),
    "labour": ("labour", "劳动密集"),
    "technology": ("technology", "技术密集"),
    "treated": ("treated", "处理地区"),
    "untreated": ("untreated", "未处理地区"),
}
_DIFFERENCES: _PAIRS = {
    f"{a} - {b}": (
        f"{_GROUPS[a][0]} − {_GROUPS[b][0]}",
        f"{_GROUPS[a][1]} − {_GROUPS[b][1]}",
    )
    for a in ("capital", "labour", "technology")
    for b in ("capital", "labour", "technology")
    if a != b
}
_DEFINITIONS: _PAIRS = {
    "jobs": ("jobs", "就业"),
    "plants": ("plants", "企业"),
    "generated_definition_1": ("generated clusters", "生成的集群"),
    "generated_sectors_1": (
        "sectors of the generated classification",
        "生成分类的大类",
    ),
}
_SCHEMES: _PAIRS = {
    "us_strong": ("US strong clusters", "美国强集群规则"),
    "eco_stars": ("European stars", "欧洲集群观察站星级"),
    "panorama": ("European panorama of clusters", "欧洲集群全景规则"),
    "lq": ("location quotient and size", "区位商与最小规模"),
}
_INDICATORS: _PAIRS = {
    **{m.id: (m.name_en, m.name_zh) for m in MECHANISMS},
    **{name: (one.label_en, one.label_zh) for name, one in INDICATORS.items()},
    "quotient": ("location quotient", "区位商"),
    "employment": ("employment", "就业"),
    "relative_growth": ("growth beside the nation", "相对全国增长"),
    "diversity": ("diversity", "多样性"),
    "rank": ("rank", "位次"),
}
_NODES: _PAIRS = {**PILLARS, "index": ("whole index", "总指数")}
_MODELS: _PAIRS = {
    "main": ("main", "主设定"),
    "main_all": ("main, all links together", "主设定（联系合并）"),
    "linear": ("linear", "线性"),
    "quality": ("quality of patents", "专利质量"),
    "iv": ("instrumented", "工具变量"),
    "iv_all": ("instrumented, all links together", "工具变量（联系合并）"),
    "control_function": ("control function", "控制函数"),
    "stacked": ("stacked", "堆叠"),
    "log1p": ("log(1 + patents)", "log(1 + 专利)"),
    "iv_log1p": ("instrumented, log(1 + patents)", "工具变量，log(1 + 专利)"),
    "negative_binomial": ("negative binomial", "负二项"),
    "own stock: drop": ("own knowledge left out", "不含自身知识"),
    "own stock: presample": (
        "own knowledge: first value x trend",
        "自身知识：初值乘趋势",
    ),
    "weights: z_plus": ("weights: positive z", "权重：正的 z"),
    "weights: centred": ("weights: percentile less one half", "权重：百分位减二分之一"),
}
_ESTIMATORS: _PAIRS = {
    "poisson": ("Poisson", "泊松"),
    "linear": ("least squares", "最小二乘"),
    "2sls": ("two-stage least squares", "两阶段最小二乘"),
    "control_function": ("Poisson, control function", "泊松，控制函数"),
    "negative_binomial": ("negative binomial", "负二项"),
}
_UNITS: _PAIRS = {
    "bits": ("bits", "比特"),
    "breaks": ("breaks", "突变次数"),
    "index": ("index", "指数"),
    "log points": ("log points", "对数点"),
    "persons": ("persons", "人"),
    "probability": ("probability", "概率"),
    "per 1000 firms": ("per 1000 firms", "每千家企业"),
    "points": ("points", "分"),
    "share": ("share", "占比"),
    "currency": ("currency", "货币单位"),
    "ratio": ("ratio", "比值"),
    "programmes": ("programmes", "计划数"),
    "events": ("events", "事件数"),
    "patents": ("patents", "专利数"),
}
_ORIENTATION: _PAIRS = {
    ORIENTATION: (
        ORIENTATION,
        "锚定方：保持其实际位置；移动方：在零假设下重新抽取其位置，检验的是移动方的选址。矩阵按 [锚定方, 移动方] 排列。"
        "文献中何者称为主动系推断。",
    )
}
_VIA: _PAIRS = {
    "same": ("the same industry", "同一产业"),
    "division": ("the same division", "同一大类"),
    "group": ("the same group", "同一中类"),
    "link": ("a listed link", "所列联系"),
}
_CITY_RULES: _PAIRS = {
    "any": ("any city", "任一城市"),
    "lead": ("the lead city", "牵头城市"),
    "all": ("all cities", "全部城市"),
}
_BASES: _PAIRS = {
    "of the year": ("of the year", "当年"),
    "up to the year": ("up to the year", "截至当年"),
}
_STUDIES: _PAIRS = {
    name: (study.title["en"], study.title["zh"]) for name, study in STUDIES.items()
}
_EFFECTS: _PAIRS = {
    k: POLICY_WORDS[k]
    for k in (
        "direct",
        "indirect",
        "total",
        "treated",
        "untreated",
        "own treatment",
        "exposure",
    )
}
_NEEDS: _PAIRS = {en: (en, zh) for en, zh in INPUTS_ZH.items()}
_CONDITIONS: _PAIRS = {r.fires_if: (r.fires_if, r.fires_if_zh) for r in RULES.values()}

_REACHED: _PAIRS = {"yes": ("yes", "是"), "no": ("no", "否")}
_BY_COLUMN: Mapping[str, _PAIRS] = {
    "size": _REACHED,
    "specialisation": _REACHED,
    "focus": _REACHED,
    "preset": PRESETS,
    **RULE_WORDS,
    "layer": _LAYERS,
    "scale": _SCALES,
    "verdict": _VERDICTS,
    "kind": _KINDS,
    "status": _STATES,
    "state": _STATES,
    "proximity": _STATES,
    "connection": _STATES,
    "cooperation": _STATES,
    "element": _ELEMENTS,
    "stage": _STAGES,
    "quadrant": _QUADRANTS,
    "statistic": _STATISTICS,
    "measure": {**_STATISTICS, "nearest": ("nearest sites", "最近邻"),
                "nearest_raw": ("nearest sites, numbers as they are", "最近邻（未稀释）"),
                "entrants": ("entrants", "新进入者"),
                "entrants_rarefied": ("entrants, equal numbers", "新进入者（等量）")},
    "null": _NULLS,
    "outcome": _OUTCOMES,
    "effect": _EFFECTS,
    "term": {**_TERMS, **_RESIDUALS},
    "link": {**_LINKS, "active_all": _TERMS["active_all"], "passive_all": _TERMS["passive_all"]},
    "model": _MODELS,
    "specification": _MODELS,
    "via": _VIA,
    "city_rule": _CITY_RULES,
    "containment": _KINDS,
    "basis": _BASES,
    "label": _SETS,
    "study": {**_STUDIES, "project": ("the project itself", "项目本身")},
    "one": _LAYERS,
    "other": _LAYERS,
    "hypothesis": _HYPOTHESES,
    "class": _CLASSES,
    "adjust": _ADJUST,
    "revealed": _REVEALED,
    "role": _ROLES,
    "input": _CHOICES,
    "family": {"gamma": ("Ellison–Glaeser γ", "埃利森—格莱泽 γ"), "gini": ("locational Gini", "区位基尼系数")},
    "definition": _DEFINITIONS,
    "scheme": _SCHEMES,
    "score": _SCORES,
    "source": _SETS,
    "target": _SETS,
    "set": _SETS,
    "level": _LEVELS,
    "industry_level": {
        "industry": ("industries", "产业"),
        "parent": ("groups, one level up", "上一级产业"),
        "top": ("sectors, the highest level", "最高一级产业"),
    },
    "group": {**_GROUPS, **_DIFFERENCES},
    "variable": {"treatment": ("treatment", "处理")},
    "indicative": {"indicative": ("indicative only", "仅供参考")},
    "step": {"programme": ("programme", "计划"), "industry": ("industry", "产业")},
    "indicator": _INDICATORS,
    "mechanism": MECHANISM_NAMES,
    "node": {**_INDICATORS, **_NODES},
    "alert": {k: (en, zh) for k, (en, zh, _) in ALERTS.items()},
    "needs": _NEEDS,
    "fires_if": _CONDITIONS,
    "tested": {"own": ("own leads", "自身提前期"), "neighbours": ("neighbours' leads", "邻近提前期"), "joint": ("both", "联合")},
    "gap": {"": ("there", "已有"), "gap": ("gap", "缺口")},
    "closest": {**NAMES, **_INDICATORS, **_NODES},
    "estimator": _ESTIMATORS,
    "unit": _UNITS,
    "orientation_note": _ORIENTATION,
}  # fmt: skip
# columns whose values hold numbers and names: translated part by part
_PATTERNED = frozenset(
    (
        "evidence",
        "specification",
        "weights",
        "durbin_weights",
        "method",
        "ring",
        "item",
        "span",
        "design",
        "estimator",
    )
)
# a choice that was changed, with its value
_CHANGED = re.compile(r"^(depreciation|lag): (\S+)$")
_CHANGED_WORDS: _PAIRS = {
    "depreciation": ("depreciation", "折旧率"),
    "lag": ("lag", "滞后期数"),
}
# a set of places as it was up to a year
_UNTIL = re.compile(r"^(.+) to (\d{4})$")
# names that a generator gives in English only; those of real institutions stay as they are
_GENERATED = re.compile(r"^Generated (cluster|local|sector|programme|corridor) (\S+)$")
_GENERATED_WORDS: Mapping[str, str] = {
    "cluster": "生成集群",
    "local": "生成本地集群",
    "sector": "生成部门",
    "programme": "生成计划",
    "corridor": "生成走廊",
}
_MADE_UP = frozenset(("cluster", "programme", "policy"))
WORDED = frozenset((*_BY_COLUMN, *_PATTERNED, *_MADE_UP))
"""Columns of which some values have words."""


def words_of(column: str, values: Iterable[str]) -> dict[str, Text]:
    """Give the words of those values that have some.

    Parameters
    ----------
    column
        Name of the column.
    values
        Its distinct values.

    Returns
    -------
    dict
        Value to its name in both languages; values without words are left out and are
        shown as they stand.
    """
    known = _BY_COLUMN.get(column, {})
    found = {v: Text(*known[v]) for v in values if v in known}
    if column == "label":
        for value in values:
            until = _UNTIL.match(value)
            if until and value not in found:
                name = _SETS[until[1]][1] if until[1] in _SETS else until[1]
                found[value] = Text(value, f"{name}（截至 {until[2]} 年）")
    if column == "specification":
        for value in values:
            changed = _CHANGED.match(value)
            if changed:
                en, zh = _CHANGED_WORDS[changed[1]]
                found[value] = Text(f"{en}: {changed[2]}", f"{zh}：{changed[2]}")
    if column in _MADE_UP:
        made_up = [m for m in map(_GENERATED.match, values) if m]
        found |= {m[0]: Text(m[0], _GENERATED_WORDS[m[1]] + m[2]) for m in made_up}
    if column in _PATTERNED:
        for value in values:
            chinese = in_chinese(value)
            if value and value not in found and chinese != value:
                found[value] = Text(POLICY_WORDS.get(value, (value,))[0], chinese)
    return found
