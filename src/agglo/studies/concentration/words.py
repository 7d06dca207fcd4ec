"""Chinese for the words that the stages of the profile leave: notes, reasons, names."""

from __future__ import annotations

import re
from collections.abc import Mapping

__all__ = ["in_chinese", "note_in_chinese"]

# names of the numbers in findings, and of null models
_NAMES: Mapping[str, str] = {
    "jobs_shown": "已显示就业",
    "hidden_cells": "未公布单元数",
    "hidden_share": "未公布单元占比",
    "expected_p_below_level": "p 值低于显著性水平的期望个数",
    "p_below_level": "p 值低于显著性水平的个数",
    "p_below_level_expected": "p 值低于显著性水平的期望个数",
    "plants choose regions with the shares of all employment": (
        "企业按全部就业份额随机选择地区"
    ),
    "plants of the region choose industries with the national shares": (
        "地区内企业按全国份额随机选择行业"
    ),
    "dartboard": "飞镖模型",
    "planted_above_0.02": "预设集聚指数高于 0.02 的行业数",
    "of_these_found": "其中被检出",
    "correlation_with_planted": "与预设值的相关系数",
    "median_error": "误差中位数",
    "intervals_that_cover": "置信区间覆盖预设值的占比",
    "of_this_industry": "该行业的预设值",
    "largest_planted": "预设值最大的行业",
    "largest_planted_value": "最大预设值",
    "planted_one_plant_towns": "预设的单一企业城镇数",
    "quotient_above_10": "区位商高于 10 者",
    "called_beyond_chance": "判为超出随机者",
    "krugman_index": "克鲁格曼指数",
    "krugman_index_by_chance": "随机水平下的克鲁格曼指数",
    "upper_end_by_chance": "随机水平上限",
    "main_industry_found": "主导行业判断正确数",
    "planted_towns": "预设城镇数",
    "rank_of_planted_towns": "预设城镇的位次",
    "median_index_by_chance": "随机水平下的指数中位数",
    "rdi": "相对多样化指数",
    "regions_called_top_by_rule": "按规则入选的地区占比",
    "planted_home_clusters": "预设的本地集群数",
    "of_these_strong": "其中判为强集群",
    "of_these_sure": "其中可靠的强集群",
    "traded_called_strong": "判为强集群的贸易型集群数",
    "regional_part": "地区自身部分",
    "rate": "增长率",
    "industries": "行业数",
    "largest_error_of_yearly_growth": "年增长率最大误差",
    "withheld_figures": "被隐去的数字",
    "inside_the_bounds": "落在界限之内",
    "quotient": "区位商",
    "size_share": "规模份额",
    "establishments_share": "企业数份额",
    "employment": "就业",
    "establishments": "企业数",
    "size": "规模",
    "focus": "集中度",
    "specialisation": "专业化",
    "productivity": "生产率",
    "growth": "增长",
    "us_strong": "美国强集群规则（us_strong）",
    "lq": "区位商规则（lq）",
    "panorama": "欧洲集群全景规则（panorama）",
    "eco_stars": "欧洲集群观察站星级（eco_stars）",
    "the project has no cluster definitions": "项目中没有集群定义",
    "no cell is disclosed": "没有已公布的单元",
    "no industry of the table is in the cluster definitions": (
        "表中没有任何行业属于集群定义"
    ),
    "there is only one period": "只有一个时期",
    "nothing is known in both periods": "没有两期均已知的单元",
    "no plant counts: there is nothing that could fall elsewhere": (
        "没有企业数：没有可另行落点的企业"
    ),
}

# sentences of the methods: pattern, Chinese
_NOTES: tuple[tuple[str, str], ...] = (
    (
        r"no plant counts: scheme 'lq' instead of 'us_strong'",
        "没有企业数：以区位商规则代替美国强集群规则",
    ),
    (r"\b(us_strong|eco_stars|panorama|lq): ", r"\1："),
    (r"no plant counts, no earlier period", "没有企业数，也没有早期数据"),
    (
        r"no payroll or value added, no earlier period",
        "没有薪酬或增加值，也没有早期数据",
    ),
    (r"no payroll or value added(?!:)", "没有薪酬或增加值"),
    (r"no earlier period(?!:)", "没有早期数据"),
    (r"no plant counts$", "没有企业数"),
    (
        r"no plant counts: quotients have no interval",
        "没有企业数：区位商没有置信区间",
    ),
    (
        r"no plant counts: nothing to compare the specialisation with",
        "没有企业数：专业化没有可比较的随机水平",
    ),
    (r"no region has a known number of plants", "没有企业数已知的地区"),
    (
        r"plants are taken as equal within their cell, so H is a lower bound: intervals "
        r"are too narrow and p-values too small",
        "同一单元内的企业视为等规模，H 为下界：区间偏窄，p 值偏小",
    ),
    (
        r"plants are taken as equal within their cell, so draws vary too little and "
        r"p-values are too small",
        "同一单元内的企业视为等规模，抽样变动偏小，p 值偏小",
    ),
    (
        r"(\d+) cells are unknown and not tested",
        r"\1 个单元未知，未作检验",
    ),
    (r"(\d+) plants without a size were left out", r"剔除 \1 个规模未知的企业"),
    (
        r"(\d+) unknown cells counted as empty(?: \(missing='zero'\))?",
        r"\1 个未知单元按空单元处理",
    ),
    (
        r"(\d+) unknown cells are left out of their units[^;]*",
        r"\1 个未知单元不计入所属单位",
    ),
    (r"(\d+) regions stand in the reference only", r"\1 个地区仅出现在参照中"),
    (
        r"(\d+) clusters are present in fewer than (\d+) regions: their top shares are "
        r"unstable",
        r"\1 个集群分布的地区少于 \2 个：其前列占比不稳定",
    ),
    (r"\w+: output is unknown", "缺少产出数据"),
    (r"\w+: (?:earlier|growth) is unknown", "缺少早期数据"),
    (r"\w+: establishments is unknown", "缺少企业数"),
    (
        r"(\d+) labels appeared between the periods and count as zero before or after: "
        r"check that this is no change of codes",
        r"两期之间新增 \1 个代码，前期按零处理：请核对是否为代码变更",
    ),
    (
        r"(\d+) labels vanished between the periods and count as zero before or after: "
        r"check that this is no change of codes",
        r"两期之间消失 \1 个代码，后期按零处理：请核对是否为代码变更",
    ),
    (
        r"growth rates rest on the (\d+) cells known in both periods",
        r"增长率依据两期均已知的 \1 个单元",
    ),
)


def in_chinese(name: str) -> str:
    """Give the Chinese of a number, model, criterion or reason; codes stay as they are.

    Parameters
    ----------
    name
        Name in English.

    Returns
    -------
    str
        Its Chinese, or the name itself.
    """
    return _NAMES.get(name, name)


def note_in_chinese(note: str) -> str:
    """Give a sentence of the methods in Chinese, as far as it is known.

    Parameters
    ----------
    note
        One sentence or several.

    Returns
    -------
    str
        The sentence.
    """
    if note in _NAMES:
        return _NAMES[note]
    for pattern, words in _NOTES:
        note = re.sub(pattern, words, note)
    return note
