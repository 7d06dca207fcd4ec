"""What the stages left, as the findings and the page read it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agglo.studies.coagglomeration.options import CoagglomerationOptions
from agglo.studies.report import NumberKind, format_number

if TYPE_CHECKING:
    from agglo.core.typing import Json, Lang
    from agglo.studies.contract import StageInputs

__all__ = ["TABLES", "CoagglomerationFacts", "Row", "facts_of", "known", "number_of"]

Row = Mapping[str, "str | float | bool | None"]

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
    "links": "pools",
    "panel": "pools",
    "estimates": "innovation",
    "hypotheses": "innovation",
    "weak": "innovation",
    "ar_sets": "innovation",
    "wild": "innovation",
}
_NOTES: Mapping[str, str] = {
    "scope": "prepare",
    "pair_notes": "pairs",
    "pool_notes": "pools",
    "innovation_notes": "innovation",
}


def number_of(row: Row, key: str) -> float:
    """Give a number of a row; NaN is unknown."""
    value = row.get(key)
    return float(value) if isinstance(value, (int, float)) else float("nan")


def known(value: float) -> bool:
    """Say whether a value is a finite number."""
    return math.isfinite(value)


@dataclass(frozen=True, kw_only=True)
class CoagglomerationFacts:
    """Tables, notes, names and truth in one place."""

    lang: Lang
    title: str
    generated: bool
    options: CoagglomerationOptions
    tables: Mapping[str, Sequence[Row]]
    notes: Mapping[str, Mapping[str, Json]]
    truth: Mapping[tuple[str, str], tuple[float, str]]

    def say(self, en: str, zh: str, **values: object) -> str:
        """Give the text of the project's language with its values filled in."""
        return (zh if self.lang == "zh" else en).format(**values)

    @staticmethod
    def show(value: object, kind: NumberKind = "number") -> str:
        """Write a number."""
        number = float(value) if isinstance(value, (int, float)) else float("nan")
        return format_number(number, kind)

    def rows(self, table: str, **where: object) -> list[Row]:
        """Give the rows of a table with these values."""
        return [
            r
            for r in self.tables[table]
            if all(r.get(k) == v for k, v in where.items())
        ]

    def one(self, table: str, **where: object) -> Row:
        """Give the first of these rows; empty when there is none."""
        found = self.rows(table, **where)
        return found[0] if found else {}

    def note(self, document: str, *keys: str) -> Json:
        """Give a note; ``None`` when it is not there."""
        value: Json = dict(self.notes.get(document, {}))
        for key in keys:
            if not isinstance(value, Mapping) or key not in value:
                return None
            value = value[key]
        return value

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
        if self.note("innovation_notes", "weak_instruments") is False:
            return "iv"
        return "main"

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
    """Collect what the stages left.

    Parameters
    ----------
    inputs
        Inputs of the last stage.

    Returns
    -------
    CoagglomerationFacts
        Everything that findings and page need.
    """
    notes: dict[str, Mapping[str, Json]] = {}
    for name, stage in _NOTES.items():
        document = inputs.document(stage, name)
        notes[name] = document if isinstance(document, dict) else {}
    truth: dict[tuple[str, str], tuple[float, str]] = {}
    if inputs.project.generated and inputs.has("truth"):
        for r in inputs.table("truth").to_pylist():
            value = r.get("value")
            number = float(value) if isinstance(value, (int, float)) else float("nan")
            key = str(r["quantity"]), str(r["item"])
            truth[key] = (number, str(r.get("label") or ""))
    return CoagglomerationFacts(
        lang=inputs.project.language,
        title=inputs.project.title,
        generated=inputs.project.generated,
        options=inputs.options_as(CoagglomerationOptions),
        tables={n: inputs.result(s, n).to_pylist() for n, s in TABLES.items()},
        notes=notes,
        truth=truth,
    )
