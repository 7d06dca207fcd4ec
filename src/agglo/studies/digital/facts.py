"""What the stages left, as the findings and the page read it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from agglo.studies.digital.options import DigitalOptions
from agglo.studies.facts import Row, StudyFacts, known

if TYPE_CHECKING:
    from agglo.studies.contract import StageInputs

__all__ = ["TABLES", "DigitalFacts", "facts_of", "in_chinese"]

# stage of every table that the page reads or that becomes a CSV file
TABLES: Mapping[str, str] = {
    "cities": "prepare",
    "clusters": "prepare",
    "city_audit": "prepare",
    "label_audit": "prepare",
    "left_out": "prepare",
    "tree": "prepare",
    "matches": "match",
    "match_audit": "match",
    "unmatched": "match",
    "unmapped_labels": "match",
    "sankey": "match",
    "city_counts": "match",
    "rates": "rates",
    "degree": "rates",
    "nulls": "nulls",
    "null_draws": "nulls",
    "hypergeometric": "nulls",
    "sensitivity": "sensitivity",
    "ellipses": "centres",
    "ellipse_rings": "centres",
    "overlaps": "centres",
    "shifts": "centres",
    "spatial": "spatial",
    "cross_k": "spatial",
}
_NOTES: Mapping[str, str] = {
    "coverage": "prepare",
    "match_notes": "match",
    "rate_notes": "rates",
    "null_notes": "nulls",
    "centre_notes": "centres",
    "spatial_notes": "spatial",
}


_KINDS: Mapping[str, tuple[str, str]] = {
    "identical": ("identical", "相同"),
    "similar": ("similar", "相似"),
    "matched": ("matched", "匹配"),
    "none": ("none", "无匹配"),
    "unmapped": ("label unknown", "名称未知"),
    "coexistence": ("co-existence", "共存"),
    "degree": ("degree index", "匹配度指数"),
}
_NULLS: Mapping[str, tuple[str, str]] = {
    "N2 by size": ("N2 by size", "N2（按规模抽取）")
}
# names of the numbers in findings
_COUNTED: Mapping[str, str] = {
    "identical_other_containment": "相同（对包含关系另作处理）",
    "weighted_by_belt_size": "按产业带规模加权",
    "clusters_judged": "已判定集群数",
    "kind_as_planted": "匹配类型与预设一致的占比",
    "misses": "判定不一致数",
    "misses_with_an_audit_row": "其中有审核记录者",
    "clusters_left_out_or_unknown": "未纳入或名称未知的集群数",
    "planted_matched_share": "预设匹配占比",
    "share_if_labels_were_dealt_out": "名称随机分配时的匹配占比",
    "found_above_chance": "检验显示高于随机水平",
    "jaccard": "杰卡德重叠系数",
    "spatial_difference_index": "空间差异指数",
    "centre_distance_km": "中心距离（公里）",
    "centre_bearing": "中心方位角（°）",
    "shift_km": "中心移动距离（公里）",
    "shift_bearing": "中心移动方位角（°）",
    "shift_grid_bearing": "中心移动的网格方位角（°）",
}


def in_chinese(name: str) -> str:
    """Give the Chinese of a kind, a null or a number; what is not known stays."""
    for words in (_KINDS, _NULLS):
        if name in words:
            return words[name][1]
    null, _, kind = name.rpartition(" ")
    if null and kind in _KINDS:
        return f"{in_chinese(null)} {_KINDS[kind][1]}"
    return _COUNTED.get(name, name)


class DigitalFacts(StudyFacts[DigitalOptions]):
    """Tables, notes, names and truth in one place."""

    def rate(
        self,
        measure: str,
        *,
        by: str = "",
        group: str = "",
        variant: str = "main",
        s: float | None = None,
    ) -> Row:
        """Give one rate in full counting; empty when there is none."""
        for r in self.rows(
            "rates",
            measure=measure,
            by=by,
            group=group,
            variant=variant,
            counting="full",
        ):
            if s is None or r["s"] == s:
                return r
        return {}

    def null(self, name: str, statistic: str, group: str = "") -> Row:
        """Give one statistic under one null; empty when it does not apply."""
        found = self.rows("nulls", null=name, statistic=statistic, group=group)
        usable = [r for r in found if known(r.get("p_upper"))]
        return usable[0] if usable else {}

    @property
    def null_names(self) -> list[str]:
        """The nulls that were drawn, in order."""
        return list(dict.fromkeys(str(r["null"]) for r in self.tables["nulls"]))

    @property
    def partial(self) -> bool:
        """Whether every number must say that the list of belts is partial."""
        return not self.generated and not self.options.complete_belts

    @property
    def caveat(self) -> str:
        """The caption of everything computed on a partial list; else empty."""
        if not self.partial:
            return ""
        return self.say(
            "Partial belt list, not a finding.", "产业带名单不完整，不构成结论。"
        )

    def captioned(self, text: str) -> str:
        """Add the caveat to a caption."""
        if not self.caveat:
            return text.strip()
        stop = self.say(". ", "。")
        joint = "" if text.strip().endswith(("。", "！")) else stop
        if text.strip().endswith("."):
            joint = " "
        return f"{text.strip()}{joint}{self.caveat}"

    def kind(self, word: str) -> str:
        """Name a kind of match."""
        return self.say(*_KINDS[word]) if word in _KINDS else word

    def null_name(self, word: str) -> str:
        """Name a null model."""
        return self.say(*_NULLS[word]) if word in _NULLS else word

    def set_name(self, word: str) -> str:
        """Name a set of places."""
        if word == "clusters":
            return self.say("all clusters", "全部集群")
        return self.say("belts", "产业带") if word == "belts" else word

    @property
    def projection(self) -> str:
        """Name the projection of distances and ellipses."""
        name = str(self.note("centre_notes", "projection") or "")
        if self.lang == "en":
            return name
        return re.sub(
            r"^Albers equal area, parallels (\S+) and (\S+), origin (\S+) N (\S+) E, ",
            r"阿尔伯斯等积投影，标准纬线 \1 与 \2，原点北纬 \3、东经 \4，",
            name,
        )

    def city(self, code: str) -> str:
        """Give a city as a reader knows it."""
        for r in self.rows("cities", region=code):
            first, second = ("name_zh", "name_en")
            if self.lang == "en":
                first, second = second, first
            return str(r[first] or r[second] or code)
        return code

    def node(self, code: str) -> str:
        """Give a node of the tree with its name."""
        for r in self.rows("tree", industry=code):
            name = r["name_zh"] if self.lang == "zh" else r["name_en"]
            return f"{name or ''} ({code})".strip()
        return self.kind(code)


def facts_of(inputs: StageInputs) -> DigitalFacts:
    """Collect what the stages left."""
    facts = DigitalFacts.collect(inputs, DigitalOptions, tables=TABLES, notes=_NOTES)
    # the rows of the list; "belts" is the name of the set
    belts = inputs.result("prepare", "belts").to_pylist()
    return replace(facts, tables={**facts.tables, "belt_rows": belts})
