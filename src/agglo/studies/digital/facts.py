"""What the stages left, as the findings and the page read it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from agglo.studies.digital.options import DigitalOptions
from agglo.studies.facts import Row, StudyFacts, known

if TYPE_CHECKING:
    from agglo.studies.contract import StageInputs

__all__ = ["TABLES", "DigitalFacts", "facts_of"]

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
        names = {
            "identical": ("identical", "相同"),
            "similar": ("similar", "相似"),
            "matched": ("matched", "匹配"),
            "none": ("none", "无匹配"),
            "unmapped": ("label unknown", "名称未知"),
            "coexistence": ("co-existence", "共存"),
            "degree": ("degree index", "匹配度指数"),
        }
        return self.say(*names[word]) if word in names else word

    def set_name(self, word: str) -> str:
        """Name a set of places."""
        if word == "clusters":
            return self.say("all clusters", "全部集群")
        return self.say("belts", "产业带") if word == "belts" else word

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
