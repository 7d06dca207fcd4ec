"""What the words of the tables are called in Chinese: effects, kinds, weights, choices."""

from __future__ import annotations

import re
from collections.abc import Mapping

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
    "treatment lagged by the same neighbours": (
        "treatment lagged by the same neighbours",
        "处理按相同邻接滞后",
    ),
}

# parts of names that hold numbers or names of policies
_PARTS: tuple[tuple[str, str], ...] = (
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
    (r"\bnear times ", "距离乘以"),
    (r"\bemployment\b", "就业"),
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
