"""What the stages left, as the findings and the page read it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from agglo.studies.coagglomeration.options import CoagglomerationOptions
from agglo.studies.facts import StudyFacts

if TYPE_CHECKING:
    from agglo.studies.contract import StageInputs

__all__ = ["TABLES", "CoagglomerationFacts", "facts_of"]

# stage of every table that the page reads and that becomes a CSV file
TABLES: Mapping[str, str] = {
    "industries": "prepare",
    "localization": "pairs",
    "pairs": "pairs",
    "regional": "pairs",
    "transport": "pairs",
    "verdicts": "pairs",
    "weights": "pairs",
    "curves": "pairs",
    "robustness": "pairs",
    "areal": "pairs",
    "yearly_weights": "pairs",
    "links": "pools",
    "panel": "pools",
    "estimates": "innovation",
    "hypotheses": "innovation",
    "weak": "innovation",
    "ar_sets": "innovation",
    "wild": "innovation",
    "first_stage": "checks",
    "instrument_checks": "checks",
    "exposure": "checks",
    "mechanism": "mechanism",
    "linkages": "mechanism",
}
_NOTES: Mapping[str, str] = {
    "scope": "prepare",
    "pair_notes": "pairs",
    "pool_notes": "pools",
    "innovation_notes": "innovation",
}


class CoagglomerationFacts(StudyFacts[CoagglomerationOptions]):
    """Tables, notes, names and truth in one place."""

    def industry(self, code: str) -> str:
        """Give an industry as a reader knows it."""
        row = self.one("industries", industry=code)
        name = row.get("name_zh" if self.lang == "zh" else "name_en")
        return f"{name} ({code})" if name else code

    def planted(self, quantity: str) -> dict[str, float]:
        """Give item to planted value; empty for data that are not generated."""
        return {i: v for (q, i), (v, _) in self.truth.items() if q == quantity}

    @property
    def measure(self) -> str:
        """Name the measure behind weights and findings."""
        return str(self.note("pair_notes", "measure") or "nearest")

    @property
    def headline(self) -> str:
        """Name the model that is read: by instruments where they are not weak."""
        weak = self.note("innovation_notes", "weak_instruments") is not False
        if weak:
            return "main"
        # its intervals hold what they promise; the linear ones stand beside
        done = self.rows("estimates", specification="control_function", status="ok")
        return "control_function" if done else "iv"

    @property
    def caveat(self) -> str:
        """Say what stands above every number on innovation."""
        return self.say(
            "Equations and labels are our reading of an abstract (Chen and Liu 2025); its "
            "full text was not available. Active: the industry is the mover; passive: it is "
            "the anchor. {n} specifications were run.",
            "方程与术语系根据摘要推断（Chen and Liu 2025），未能取得全文。主动：该行业为移动方；被动：该行业为锚定方。"
            "共运行 {n} 个设定。",
            n=self.show(self.note("innovation_notes", "specifications"), "count"),
        )


def facts_of(inputs: StageInputs) -> CoagglomerationFacts:
    """Collect what the stages left."""
    return CoagglomerationFacts.collect(
        inputs, CoagglomerationOptions, tables=TABLES, notes=_NOTES
    )
