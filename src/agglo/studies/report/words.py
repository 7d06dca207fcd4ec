"""The report's own words in English and Chinese."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agglo.core.typing import Lang

__all__ = ["WORDS", "word"]

WORDS: Mapping[str, tuple[str, str]] = {
    "skip": ("Skip to the text", "跳到正文"),
    "contents": ("Contents", "目录"),
    "generated": (
        "Generated data: no number on this page is about a real place.",
        "生成数据：本页数字均不涉及任何真实地区。",
    ),
    "table_twin": ("The numbers of this figure", "本图数据"),
    "rows_left_out": ("{shown} of {all} rows shown.", "共 {all} 行，显示 {shown} 行。"),
    "estimate": ("Estimate", "估计值"),
    "interval": ("Interval", "区间"),
    "null": ("By chance", "随机基准"),
    "p": ("p-value", "p 值"),
    "reading": ("How to read it", "如何解读"),
    "truth": ("Planted answer", "预设真值"),
    "evidence": ("Evidence", "依据"),
    "none": ("none", "无"),
    "yes": ("yes", "是"),
    "no": ("no", "否"),
    "search": ("Search for a name or code", "按名称或代码查找"),
    "results": (
        "{n} found; the first {shown} are listed.",
        "找到 {n} 个，列出前 {shown} 个。",
    ),
    "no_results": ("Nothing found.", "没有找到。"),
    "no_script": (
        "The look-up needs JavaScript; the same numbers are in the result tables.",
        "查询功能需要 JavaScript；相同的数字也在结果表中。",
    ),
    "provenance": ("Where the number comes from", "数字的来源"),
    "undefined": ("Undefined values", "未定义的值"),
    "made_by": ("Made with agglo {version}", "由 agglo {version} 生成"),
    "about": ("About this page", "关于本页"),
}


def word(key: str, lang: Lang, **values: object) -> str:
    """Give one of the report's own texts in the language of the page."""
    text = WORDS[key][1 if lang == "zh" else 0]
    return text.format(**values) if values else text
