"""What the stages left, as findings, cards and page read it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from agglo.studies.facts import Row, StudyFacts, planted_truth
from agglo.studies.formation.alerts import EVIDENCE
from agglo.studies.formation.columns import number
from agglo.studies.formation.fact_names import table_names
from agglo.studies.formation.options import FormationOptions
from agglo.studies.formation.words import INPUTS_ZH, NAMES, WORDS, chinese
from agglo.studies.report import NumberKind, format_number

if TYPE_CHECKING:
    from agglo.core.typing import Lang
    from agglo.studies.contract import StageInputs

__all__ = ["TABLES", "View", "in_chinese", "view_of"]

# stage of every table that pages read or that becomes a CSV file
TABLES: Mapping[str, str] = {
    "clusters": "prepare",
    "gate": "gate",
    "elements": "gate",
    "gate_sensitivity": "gate",
    "network": "gate",
    "stages": "life",
    "lock_in": "life",
    "resilience": "life",
    "breaks": "life",
    "indicators": "measures",
    "mechanisms": "measures",
    "scores": "measures",
    "ranks": "measures",
    "index_weights": "measures",
    "stars": "measures",
    "registry": "platform",
    "period_indicators": "platform",
    "alerts": "platform",
    "alert_history": "platform",
    "alert_rates": "platform",
    "questionnaire": "platform",
    "peers": "platform",
    "recommendations": "platform",
    "layer_point": "layers",
    "layer_line": "layers",
    "layer_surface": "layers",
    "layer_network": "layers",
    "layer_completeness": "layers",
    "layer_sites": "layers",
    "layer_ties": "layers",
}
_NOTES = {
    "coverage": "prepare",
    "gate_notes": "gate",
    "life_notes": "life",
    "measure_notes": "measures",
    "platform_notes": "platform",
}
# names of the numbers in findings
_COUNTED: Mapping[str, str] = {
    "clusters": "具备三要素的集群数",
    "named_right": "类型判断正确占比",
    "stages_right": "阶段判断正确占比",
    "alerts": "预警数",
    "fires": "触发的建议数",
}
_KEYS = ("cluster", "region", "unit")


def in_chinese(name: str) -> str:
    """Give the Chinese of a kind, stage or number; ids of clusters stay as they are."""
    if name in _COUNTED:
        return _COUNTED[name]
    # several kinds that fit are joined
    parts = name.split("|")
    if all(part in WORDS for part in parts):
        return "或".join(WORDS[part][1] for part in parts)
    return name


@dataclass(frozen=True, kw_only=True)
class View(StudyFacts[FormationOptions]):
    """Tables, notes, names and truth in one place."""

    industries: Mapping[Lang, Mapping[str, str]] = field(default_factory=dict)
    index: dict[tuple[str, str], Mapping[object, Sequence[Row]]] = field(
        default_factory=dict
    )

    def word(self, code: object) -> str:
        """Name a verdict, kind, status or stage; several kinds are joined."""
        parts = [p for p in str(code or "").split("|") if p]
        names = [self.say(*WORDS[p]) if p in WORDS else p for p in parts]
        return self.say(" or ", "或").join(names) or "–"

    def data(self, words: str) -> str:
        """Name the data that an indicator takes, or its status."""
        return INPUTS_ZH.get(words, words) if self.lang == "zh" else words

    def reason(self, words: object) -> str:
        """Give a sentence of the methods in the language of the page."""
        text = str(words or "")
        return chinese(text) if self.lang == "zh" else text

    def named(self, name: str) -> str:
        """Name a measure or fact."""
        return self.say(*NAMES[name]) if name in NAMES else name

    def evidence(self, alert: Row) -> str:
        """Say what an alert rests on."""
        en, zh = EVIDENCE[str(alert["alert"])]
        found = {"v": number(alert["value"]), "d": str(alert["detail"] or "")}
        return (zh if self.lang == "zh" else en).format(**found)

    @staticmethod
    def show(value: object, kind: NumberKind = "number") -> str:
        """Write a number."""
        return format_number(number(value), kind)

    def rows(self, table: str, **where: object) -> list[Row]:
        """Give the rows of a table with these values."""
        given: Sequence[Row] = self.tables[table]
        for key in _KEYS:
            if key in where:
                given = self._by(table, key).get(where[key], ())
                break
        return [r for r in given if all(r.get(k) == v for k, v in where.items())]

    def _by(self, table: str, key: str) -> Mapping[object, Sequence[Row]]:
        """Give the rows by one column, sorted out once."""
        if (table, key) not in self.index:
            found: dict[object, list[Row]] = {}
            for r in self.tables[table]:
                found.setdefault(r.get(key), []).append(r)
            self.index[table, key] = found
        return self.index[table, key]

    def name(self, cluster: str) -> str:
        """Give a cluster as a reader knows it."""
        row = self.one("clusters", cluster=cluster)
        return str(row.get(f"name_{self.lang}") or cluster)

    def industry(self, code: str) -> str:
        """Give an industry with its name, where it is known."""
        name = self.industries.get(self.lang, {}).get(code)
        return f"{code} {name}" if name else code

    @property
    def clusters(self) -> list[str]:
        """Ids of the chosen clusters."""
        return [str(r["cluster"]) for r in self.tables["clusters"]]

    def last_stage(self, cluster: str) -> Row:
        """Give the last row of the life cycle; empty when there is none."""
        region, _, group = cluster.partition("|")
        rows = self.rows("stages", region=region, group=group)
        return rows[-1] if rows else {}


def view_of(inputs: StageInputs) -> View:
    """Collect what the stages left."""
    view = View.collect(inputs, FormationOptions, tables=TABLES, notes=_NOTES)
    return replace(
        view, truth=planted_truth(inputs), industries=table_names(inputs, "industries")
    )
