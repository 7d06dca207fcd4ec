"""What the words of the tables are called in Chinese: effects, kinds, weights, choices."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

__all__ = ["WORDS", "in_chinese"]

WORDS: Mapping[str, tuple[str, str]] = {
    "direct": ("direct", "直接"),
    "indirect": ("indirect", "间接"),
    "total": ("total", "总"),
    "spatial": ("corridors moved", "移动走廊"),
    "cohort": ("starts permuted", "打乱起始时间"),
    "iid": ("starts at random", "随机处理"),
    "treatment": ("treatment", "处理"),
    "treated": ("treated", "处理地区"),
    "untreated": ("untreated", "未处理地区"),
    "ok": ("fine", "无碍"),
    "doubt": ("doubtful", "存疑"),
    "note": ("note", "说明"),
    "coefficient": ("coefficient", "系数"),
    "realised": ("realised", "实际"),
    "level": ("level", "水平"),
    "difference": ("difference", "差异"),
    "main": ("main", "主设定"),
    "treated regions": ("treated regions", "处理地区数"),
    "controls": ("controls", "对照地区"),
    "clusters": ("clusters", "聚类数"),
    "staggered starts": ("staggered starts", "错时实施"),
    "weights of the outcome": ("weights of the outcome", "结果变量的空间权重"),
    "rho inside its bounds": ("rho inside its bounds", "rho 在界内"),
    "leads": ("leads", "提前期"),
    "power of the leads": ("power of the leads", "提前期检验的功效"),
    "cells per event time": ("cells per event time", "各事件期单元数"),
    "placebo": ("placebo", "安慰剂"),
    "weights": ("weights", "空间权重"),
    "specifications": ("specifications", "设定"),
    "average and realised effect": (
        "average and realised effect",
        "平均效应与实际效应",
    ),
    "region": ("region", "地区"),
    "not shown": ("not shown", "未提供"),
    "no lag of the outcome (SLX)": ("no lag of the outcome (SLX)", "结果不滞后（SLX）"),
    "lagged error (SDEM)": ("lagged error (SDEM)", "误差滞后（SDEM）"),
    "no lag of the treatment (SAR)": (
        "no lag of the treatment (SAR)",
        "处理不滞后（SAR）",
    ),
    "no bias correction": ("no bias correction", "不作偏差校正"),
    "model errors": ("model errors", "模型标准误"),
    "Driscoll-Kraay errors": ("Driscoll-Kraay errors", "Driscoll-Kraay 标准误"),
    "starts a period later": ("starts a period later", "推迟一期开始"),
    "starts a period earlier": ("starts a period earlier", "提前一期开始"),
    "outcome pulled in at 1 and 99 %": (
        "outcome pulled in at 1 and 99 %",
        "结果在 1 % 与 99 % 处缩尾",
    ),
    "no covariates": ("no covariates", "无协变量"),
    "region effects only": ("region effects only", "仅地区效应"),
    "period effects only": ("period effects only", "仅时期效应"),
    "without the listed regions": ("without the listed regions", "不含所列地区"),
    "national": ("national", "全国"),
    "leave_out": ("leave out", "剔除自身的全国"),
    "one coefficient": ("one coefficient", "单一系数"),
    "by cohort and year (experimental)": (
        "by cohort and year (experimental)",
        "按批次与年份（试验性）",
    ),
    "imputed (experimental)": ("imputed (experimental)", "插补（试验性）"),
    "Callaway and Sant'Anna, no spillovers": (
        "Callaway and Sant'Anna, no spillovers",
        "Callaway–Sant'Anna，不含溢出",
    ),
    "all regions": ("all regions", "全部地区"),
    "matched regions only": ("matched regions only", "仅匹配地区"),
    "all regions, matched weights, no lag": (
        "all regions, matched weights, no lag",
        "全部地区，匹配权重，无空间滞后",
    ),
    "own treatment": ("own treatment", "自身处理"),
    "exposure": ("exposure", "暴露"),
    "relative_magnitude": ("relative magnitude", "相对幅度"),
    "outcome": ("outcome", "结果变量"),
    "residual": ("after the effects", "剔除固定效应后"),
    "never": ("never", "从未处理"),
    "earlier": ("earlier", "更早处理"),
    "later": ("later", "更晚处理"),
    "lag": ("lag", "空间滞后"),
    "error": ("error", "空间误差"),
    "robust lag": ("robust lag", "稳健空间滞后"),
    "robust error": ("robust error", "稳健空间误差"),
    "region effects": ("region effects", "地区效应"),
    "period effects": ("period effects", "时期效应"),
    "region means": ("region means (Mundlak)", "地区均值（Mundlak）"),
    "fixed = random": ("fixed = random", "固定效应 = 随机效应"),
    "no region variance": ("no region variance", "无地区方差"),
    "drift of the leads": ("drift of the leads", "提前期的漂移"),
    "effects that differ by start": ("effects that differ by start", "效应因批次而异"),
    "smallest direct effect that would be found": (
        "smallest direct effect that would be found",
        "可检测的最小直接效应",
    ),
    "smallest indirect effect that would be found": (
        "smallest indirect effect that would be found",
        "可检测的最小间接效应",
    ),
    "labour": ("labour", "劳动密集"),
    "capital": ("capital", "资本密集"),
    "technology": ("technology", "技术密集"),
    "resource": ("resource", "资源密集"),
    "mean_planted_over_years_0_to_7": (
        "mean planted over years 0 to 7",
        "第 0–7 年预设效应均值",
    ),
    "planted_leads": ("planted leads", "预设提前期效应"),
    "rejected": ("rejected", "联合检验拒绝原假设"),
    "sourced": ("sourced", "有据可查"),
    "assumed": ("assumed", "系假定"),
    "unknown": ("unknown", "未注明"),
    "True": ("yes", "是"),
    "False": ("no", "否"),
    "no event study was given": ("no event study was given", "未提供事件研究"),
    "no placebo was given": ("no placebo was given", "未提供安慰剂"),
    "no such table was given": ("no such table was given", "未提供该表"),
    "no robust estimator was given": (
        "no robust estimator was given",
        "未提供稳健估计量",
    ),
    "no groups are given": ("no groups are given", "未提供分组"),
    "a cell without a value": ("a cell without a value", "有空白单元"),
    "not in every period": ("not in every period", "并非每期都有"),
    "left out by an option": ("left out by an option", "由选项剔除"),
    "no position: counts in national totals only": (
        "no position: counts in national totals only",
        "无坐标：仅计入全国合计",
    ),
    "an outcome or covariate is not known in every period": (
        "an outcome or covariate is not known in every period",
        "结果变量或协变量并非每期已知",
    ),
    "no two groups with known outcomes in every region and period": (
        "no two groups with known outcomes in every region and period",
        "没有两个组在每个地区与时期都有结果值",
    ),
    "realised mean on untreated regions beside the average indirect effect, which is the "
    "summed response to one region treated alone": (
        "realised mean on untreated regions beside the average indirect effect, which is the "
        "summed response to one region treated alone",
        "未处理地区的实际效应均值，与平均间接效应（单独处理一地区时的反应之和）并列",
    ),
    "treatment lagged by the same neighbours": (
        "treatment lagged by the same neighbours",
        "处理按相同邻接滞后",
    ),
}


# what an error of the econometrics is about: its code, in Chinese
_ERRORS: Mapping[str, str] = {
    "no_controls": "没有可用的对照地区或对照时期",
    "no_match": "没有可匹配的地区",
    "no_noise": "残差无变化",
    "no_unit_variance": "没有地区方差",
    "collinear": "变量共线，无法识别",
    "one_period": "只有一个时期",
    "rho_at_boundary": "空间自回归系数落在边界上",
    "size_limit": "规模超出可计算范围",
    "too_few_observations": "观测数过少",
    "too_few_periods": "时期数过少",
    "treatment_none": "没有处理地区",
    "treatment_reversal": "处理状态有逆转",
    "bias_unsupported": "该设定不支持偏差校正",
    "needs_row_standardised": "需要行标准化的空间权重",
    "not_converged": "估计未收敛",
    "panel_missing": "面板中有缺失或无限值",
    "weights_ids": "空间权重或坐标与地区不对应",
    "weights_islands": "空间权重中有孤岛",
    "weights_values": "空间权重取值无效",
}


def _error(found: re.Match[str]) -> str:
    """Name the error by its code; the words of the library are English."""
    return f"{_ERRORS.get(found[1], '模型无法估计')}（{found[1]}）"


def _difference(found: re.Match[str]) -> str:
    """Name the difference of two groups of sectors."""
    return f"{WORDS[found[1]][1]} − {in_chinese(found[2])}"


# parts of names that hold numbers or names of policies
_PARTS: tuple[tuple[str, str | Callable[[re.Match[str]], str]], ...] = (
    (r"^(labour|capital|technology|resource) - (.+)$", _difference),
    (r"^\[(\w+)\] .*$", _error),
    (r"^(\d+)-(\d+)$", r"第 \1–\2 年"),
    (r"^(\d+)\+$", r"第 \1 年起"),
    (r"^treated by '(.+)' but without outcomes$", r"受“\1”处理但无结果变量"),
    (r"^outcome (ln_\w+|\w+)$", r"结果变量 \1"),
    (r"^(\d+) regions are treated$", r"\1 个处理地区"),
    (r"^(\d+) regions are never treated$", r"\1 个从未处理地区"),
    (r"^(\d+) treated regions, fewer than (\d+)$", r"\1 个处理地区，少于 \2 个"),
    (r"^(\d+) treated regions$", r"\1 个处理地区"),
    (r"^(\d+) clusters$", r"\1 个聚类"),
    (r"^rho = (\S+)$", r"空间自回归系数 rho = \1"),
    (r"^>(\d+) km$", r"\1 公里以上"),
    (
        r"^([\d.]+%) of the comparisons use regions already treated as controls$",
        r"\1 的比较以已受处理地区为对照",
    ),
    (
        r"^([\d.]+%) keep the sign of the direct effect with p < 0.05$",
        r"\1 保持直接效应的符号且 p < 0.05",
    ),
    (r"^([\d.]+) standard errors; the estimate is (\S+)$", r"\1 倍标准误；估计值为 \2"),
    (
        r"^one coefficient says (\S+) on the treated, a robust one (\S+)$",
        r"处理地区：单一系数为 \1，稳健估计量为 \2",
    ),
    (
        r"^leads drift to (\S+) \((\S+)\); largest effect (\S+)$",
        r"提前期漂移至 \1（\2）；最大效应 \3",
    ),
    (
        r"^a linear drift to half the largest effect is found with chance (\S+)$",
        r"升至最大效应一半的线性漂移被发现的概率为 \1",
    ),
    (
        r"^the thinnest event time from the start on has (\d+) treated cells$",
        r"开始后单元最少的事件期有 \1 个处理单元",
    ),
    (
        r"^joint test of own and neighbours' leads, p = (\S+) \((.+)\)$",
        r"自身与邻近地区提前期联合检验，p = \1（\2）",
    ),
    (
        r"^direct effect beside (\d+) placebos \(spatial\), p = (\S+)$",
        r"直接效应与 \1 次移动走廊安慰剂相比，p = \2",
    ),
    (
        r", density ([\d.]+%), (\d+) islands, (\d+) components?$",
        r"，密度 \1，\2 个孤岛，\3 个连通分量",
    ),
    (r"^treated, (?=\d)", "处理地区，"),
    (r"\bcontiguity\b", "相邻"),
    (r"^without (.+)$", r"不含 \1"),
    (r"^until (.+)$", r"截至 \1"),
    (r"\b(\d+) nearest\b", r"最近 \1 个地区"),
    (r"\bring (?=\d)", "圈层 "),
    (r"\ball within ([\d.]+) km", r"\1 公里内全部地区"),
    (r" within ([\d.]+) km", r"（\1 公里内）"),
    (r", (\d+) islands tied to their nearest", r"，\1 个孤岛与最近地区相连"),
    (r"\bdistance\^", "距离^"),
    (r"\bhalf near, half alike in ", "半按距离、半按相似："),
    (r"\balike in ", "相似度："),
    (r"\bnear times ", "距离权重乘以"),
    # a word boundary is none between Chinese and Latin letters
    (r"(?<![A-Za-z_])employment(?![A-Za-z_])", "就业"),
    (r"\bwild cluster bootstrap, (\d+) draws", r"野聚类自助法，\1 次"),
    (r"(?<=\d) km\b", " 公里"),
)


def in_chinese(name: str) -> str:
    """Give the Chinese name of weights, a method or a specification, as far as known."""
    if name in WORDS:
        return WORDS[name][1]
    for pattern, words in _PARTS:
        name = re.sub(pattern, words, name)
    return name
