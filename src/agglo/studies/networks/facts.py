"""What the stages left, as the findings and the page read it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from agglo.studies.facts import StudyFacts
from agglo.studies.networks.options import NetworksOptions

if TYPE_CHECKING:
    from agglo.studies.contract import StageInputs

__all__ = ["TABLES", "NetworkFacts", "facts_of"]

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
    "portfolio": "portfolio",
    "backtest": "portfolio",
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
        pair = _WORDS.get(name)
        return name.replace("_", " ") if pair is None else self.say(*pair)


_WORDS: Mapping[str, tuple[str, str]] = {
    "branch": ("branches", "分支机构"),
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
    "ubiquity": ("ubiquity", "普遍度"),
}


def facts_of(inputs: StageInputs) -> NetworkFacts:
    """Collect what the stages left."""
    return NetworkFacts.collect(inputs, NetworksOptions, tables=TABLES, notes=_NOTES)
