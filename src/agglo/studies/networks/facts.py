"""What the stages left, as the findings and the page read it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from agglo.studies.facts import StudyFacts
from agglo.studies.networks.options import NetworksOptions
from agglo.studies.networks.wording import CHOICES, LABELS, VALUES, lacking_zh

if TYPE_CHECKING:
    from agglo.studies.contract import StageInputs

__all__ = ["TABLES", "WORDS", "NetworkFacts", "facts_of", "label_zh"]

# stage of every table that the page reads or that becomes a CSV file
TABLES: Mapping[str, str] = {
    "places": "prepare",
    "industry_groups": "groups",
    "group_selection": "groups",
    "product_space": "groups",
    "product_links": "groups",
    "integration": "integration",
    "mixing": "integration",
    "mixing_indices": "integration",
    "hierarchy": "hierarchy",
    "core_sets": "hierarchy",
    "distribution": "hierarchy",
    "layer_comparison": "hierarchy",
    "size_profiles": "complement",
    "size_group_profiles": "complement",
    "complementarity": "complement",
    "size_crosstab": "complement",
    "propensity": "crossing",
    "advantage": "crossing",
    "gravity": "dyads",
    "regression": "dyads",
    "positions": "structure",
    "backbone": "structure",
    "cluster_nodes": "structure",
    "removal": "structure",
    "interlocking": "structure",
    "shared_firms": "structure",
    "entity_pairs": "structure",
    "value_chain": "linkage",
    "validation": "linkage",
    "agreement": "linkage",
    "own_definition": "linkage",
    "portfolio": "portfolio",
    "backtest": "portfolio",
    "backtest_parts": "portfolio",
    "sensitivity": "sensitivity",
}
_NOTES: Mapping[str, str] = {
    "coverage": "prepare",
    "group_notes": "groups",
    "integration_notes": "integration",
    "hierarchy_notes": "hierarchy",
    "complement_notes": "complement",
    "crossing_notes": "crossing",
    "dyad_notes": "dyads",
    "structure_notes": "structure",
    "linkage_notes": "linkage",
    "portfolio_notes": "portfolio",
}


class NetworkFacts(StudyFacts[NetworksOptions]):
    """Tables, notes, names and truth in one place."""

    def names(self, document: str, *keys: str) -> list[str]:
        """Give a list of words of a note; empty when it is not there."""
        value = self.note(document, *keys)
        return [str(v) for v in value] if isinstance(value, list) else []

    def place(self, code: str) -> str:
        """Give a region as a reader knows it."""
        for r in self.tables["places"]:
            if r["region"] == code:
                first, second = ("name_zh", "name_en")
                if self.lang == "en":
                    first, second = second, first
                name = str(r[first] or r[second] or "")
                return name if code in name else f"{name} ({code})".strip()
        return code

    def places(self, codes: Sequence[str]) -> str:
        """List regions; a dash for none."""
        joined = self.say(", ", "、").join(self.place(c) for c in codes)
        return joined or self.say("none", "无")

    def planted(self, quantity: str, item: str) -> str | None:
        """Give a planted label; ``None`` when nothing was planted."""
        found = self.truth.get((quantity, item))
        return None if found is None else found[1]

    def word(self, name: str) -> str:
        """Name a verdict, a layer or a class."""
        if name == "branch" and self.options.branch_layer != name:
            # another layer stands for branches: it is called by its own name
            name = self.options.branch_layer
        if name == "copatent" and self.options.joint_layer != name:
            name = self.options.joint_layer
        pair = WORDS.get(name)
        return name.replace("_", " ") if pair is None else self.say(*pair)

    def industry(self, code: str) -> str:
        """Give an industry as a reader knows it."""
        for r in self.tables["industry_groups"]:
            if r["industry"] == code:
                first, second = ("name_zh", "name_en")
                if self.lang == "en":
                    first, second = second, first
                name = str(r[first] or r[second] or "")
                return f"{name} ({code})".strip()
        return code

    def lacking(self, text: str) -> str:
        """Say what is missing."""
        return lacking_zh(text) if self.lang == "zh" else text

    def choice(self, text: str) -> str:
        """Name a choice of the sensitivity grid, with the layer or class it is about."""
        name, _, about = text.partition(" (")
        pair = CHOICES.get(name)
        said = name.replace("_", " ") if pair is None else self.say(*pair)
        if not about:
            return said
        return self.say("{a} ({b})", "{a}（{b}）", a=said, b=self.word(about[:-1]))

    def value(self, text: str) -> str:
        """Write the value of a choice."""
        pair = VALUES.get(text)
        return self.place(text) if pair is None else self.say(*pair)

    def verdict(self, text: str) -> str:
        """Write a verdict of the grid: a word, or cities of each pattern."""
        parts = []
        for part in text.split("; "):
            word, mark, listed = part.partition(": ")
            if not mark:
                parts.append(self.word(word))
                continue
            codes = [] if listed == "none" else listed.split(" ")
            parts.append(
                self.say(
                    "{a}: {b}", "{a}：{b}", a=self.word(word), b=self.places(codes)
                )
            )
        return self.say("; ", "；").join(parts)


def label_zh(name: str) -> str:
    """Give the Chinese of a name of a number, a verdict or a class; else the name."""
    found = re.fullmatch(r"precision_at_(\d+)(?:_(.+))?", name)
    if found:
        of = f"（{label_zh(found[2])}）" if found[2] else ""
        return f"前 {found[1]} 项命中率{of}"
    if name.startswith("p_") and name[2:] in WORDS:
        return f"p（{WORDS[name[2:]][1]}）"
    if " / " in name:
        return "与".join(label_zh(part) for part in name.split(" / "))
    if name in LABELS:
        return LABELS[name]
    return WORDS[name][1] if name in WORDS else name


WORDS: Mapping[str, tuple[str, str]] = {
    "branch": ("branches", "分支机构"),
    "shared_firm": ("shared firms", "共有企业"),
    "supply": ("supply links", "供应联系"),
    "copatent": ("co-patents", "合作专利"),
    "integrated": ("integrated", "融合型"),
    "intermediate": ("intermediate", "中间型"),
    "bounded": ("bounded", "边界型"),
    "insufficient": ("too few events", "事件不足"),
    "single_core": ("single core", "单核心"),
    "dual_core": ("dual core", "双核心"),
    "polycentric": ("polycentric", "多核心"),
    "graded": ("graded, no core", "渐变，无核心"),
    "undefined": ("undefined", "无法判定"),
    "layers_differ": ("the layers differ", "两层不同"),
    "layers_agree": ("the layers agree", "两层一致"),
    "complementary": ("complementary", "互补"),
    "similar": ("similar", "相似"),
    "undecided": ("undecided", "未定"),
    "above": ("more often", "更常跨城市"),
    "below": ("less often", "较少跨城市"),
    "high": ("high technology", "高技术"),
    "medium_high": ("medium-high technology", "中高技术"),
    "medium_low": ("medium-low technology", "中低技术"),
    "low": ("low technology", "低技术"),
    "large": ("large", "大型"),
    "medium": ("medium", "中型"),
    "small": ("small", "小型"),
    "micro": ("micro", "微型"),
    "no": ("not adjusted", "未控制"),
    "mantel_haenszel": ("Mantel-Haenszel", "Mantel-Haenszel"),
    "logit": ("logit", "logit"),
    "city": ("cities", "城市"),
    "district": ("districts", "区县"),
    "high_road": ("high road", "高路"),
    "slow_road": ("slow road", "慢路"),
    "casino": ("casino", "赌局"),
    "dead_end": ("dead end", "死路"),
    "density": ("relatedness density", "相关密度"),
    "complexity": ("complexity", "复杂度"),
    "unscored": ("unscored", "未评分"),
    "external": ("related at partners", "伙伴互补"),
    "together": ("whole score", "综合评分"),
    "value_chain": ("suppliers and customers at home", "本地上下游"),
    "chosen": ("score without the parts that hurt", "剔除不利部分的评分"),
    "offer": ("relatedness of partners", "伙伴的相关密度"),
    "helps": ("helps", "有利"),
    "hurts": ("hurts", "不利"),
    "colocation": ("co-location", "共同区位"),
    "trade": ("trade", "投入产出"),
    "both": ("co-location and trade", "共同区位与投入产出"),
    "study": ("groups of the study", "本研究的群组"),
    "VS-Cluster-avg": ("clusters, above average", "集群，高于平均"),
    "VS-Cluster-p95": ("clusters, above 95 %", "集群，高于 95%"),
    "VS-Industry-avg": ("industries, above average", "产业，高于平均"),
    "VS-Industry-p95": ("industries, above 95 %", "产业，高于 95%"),
    "own": ("own benchmark definition", "自建基准定义"),
    "ubiquity": ("ubiquity", "普遍度"),
}


def facts_of(inputs: StageInputs) -> NetworkFacts:
    """Collect what the stages left."""
    return NetworkFacts.collect(inputs, NetworksOptions, tables=TABLES, notes=_NOTES)
