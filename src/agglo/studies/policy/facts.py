"""What the stages left, as the findings and the page read it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agglo.studies.policy.options import PolicyOptions
from agglo.studies.policy.words import WORDS, in_chinese
from agglo.studies.report import NumberKind, format_number

if TYPE_CHECKING:
    from agglo.core.typing import Json, Lang
    from agglo.studies.contract import StageInputs

__all__ = ["TABLES", "PolicyFacts", "Row", "facts_of", "number_of"]

Row = Mapping[str, "str | float | bool | None"]

# stage of every table that the page reads and that becomes a CSV file
TABLES: Mapping[str, str] = {
    "starts": "prepare",
    "excluded": "prepare",
    "coefficients": "effects",
    "impacts": "effects",
    "realised": "effects",
    "map": "effects",
    "tests": "effects",
    "comparisons": "effects",
    "moran": "effects",
    "event_study": "dynamics",
    "leads": "dynamics",
    "spans": "dynamics",
    "placebo": "dynamics",
    "placebo_draws": "dynamics",
    "weights_sensitivity": "dynamics",
    "specification": "dynamics",
    "referee_checklist": "dynamics",
    "bands": "distance",
    "ring_did": "distance",
    "sweep": "distance",
    "groups": "groups",
}
_NOTES: Mapping[str, str] = {
    "scope": "prepare",
    "effect_notes": "effects",
    "dynamic_notes": "dynamics",
    "distance_notes": "distance",
    "group_notes": "groups",
}
_NAMES: Mapping[str, tuple[str, str]] = {
    "ln_rzi": ("relative specialisation (ln RZI)", "相对专业化（ln RZI）"),
    "rzi": ("relative specialisation (RZI)", "相对专业化（RZI）"),
    "ln_rdi": ("relative diversity (ln RDI)", "相对多样化（ln RDI）"),
    "rdi": ("relative diversity (RDI)", "相对多样化（RDI）"),
    "ln_ksi": ("Krugman specialisation (ln KSI)", "克鲁格曼专业化（ln KSI）"),
    "ksi": ("Krugman specialisation (KSI)", "克鲁格曼专业化（KSI）"),
    "entropy": ("diversity (entropy, bits)", "多样化（熵，比特）"),
    "related_variety": ("related variety (bits)", "相关多样化（比特）"),
    "unrelated_variety": ("unrelated variety (bits)", "非相关多样化（比特）"),
}


def number_of(row: Row, key: str) -> float:
    """Give a number of a row; NaN is unknown."""
    value = row.get(key)
    return float(value) if isinstance(value, (int, float)) else float("nan")


@dataclass(frozen=True, kw_only=True)
class PolicyFacts:
    """Tables, notes, names and truth in one place."""

    lang: Lang
    title: str
    generated: bool
    options: PolicyOptions
    tables: Mapping[str, Sequence[Row]]
    notes: Mapping[str, Mapping[str, Json]]
    truth: Mapping[tuple[str, str], float]

    def say(self, en: str, zh: str, **values: object) -> str:
        """Give the text of the project's language with its values filled in."""
        text = (zh if self.lang == "zh" else en).format(**values)
        return text.replace("p = < ", "p < ")

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

    def outcome(self, name: str) -> str:
        """Name an outcome."""
        return self.say(*_NAMES[name]) if name in _NAMES else name

    def word(self, name: str) -> str:
        """Name an effect, a kind or a status of the tables; others are given as they are."""
        if self.lang == "zh":
            return in_chinese(name)
        return WORDS[name][0] if name in WORDS else name

    def ring(self, name: str) -> str:
        """Name a group of the realised effects."""
        if name == "treated":
            return self.say("treated", "处理组")
        if name == "untreated":
            return self.say("untreated", "未处理")
        return name.replace("km", self.say("km", "公里"))

    @property
    def model_words(self) -> str:
        """Say which neighbours, errors and estimator stand behind a sentence, and caveats."""
        words = self.say(
            "Spatial Durbin DID with region and period effects; W: {w}; W of the "
            "treatment: {x}; errors clustered by region.",
            "空间杜宾双重差分，含地区与时期固定效应；W：{w}；处理变量的 W：{x}；标准误按地区聚类。",
            w=self.word(str(self.note("effect_notes", "weights", "outcome"))),
            x=self.word(str(self.note("effect_notes", "weights", "treatment"))),
        )
        return f"{words} {self.caveat}".strip()

    @property
    def identified(self) -> bool:
        """Whether there are enough treated regions for timing and reach."""
        return self.note("effect_notes", "identified") is True

    @property
    def caveat(self) -> str:
        """What every page on undocumented starts must say; else empty."""
        status = self.note("scope", "status")
        if self.generated or not isinstance(status, dict):
            return ""
        unsure = {k: v for k, v in status.items() if k != "sourced"}
        if not unsure:
            return ""
        listed = ", ".join(f"{k} {v}" for k, v in unsure.items())
        return self.say(
            "Not every start is documented ({x}): a test of the software, not a finding.",
            "并非所有开始时间均有依据（{x}）：仅用于检验软件，不构成结论。",
            x=listed,
        )


def facts_of(inputs: StageInputs) -> PolicyFacts:
    """Collect what the stages left.

    Parameters
    ----------
    inputs
        Inputs of the last stage.

    Returns
    -------
    PolicyFacts
        Everything that findings and page need.
    """
    notes: dict[str, Mapping[str, Json]] = {}
    for name, stage in _NOTES.items():
        document = inputs.document(stage, name)
        notes[name] = document if isinstance(document, dict) else {}
    truth: dict[tuple[str, str], float] = {}
    if inputs.project.generated and inputs.has("truth"):
        for r in inputs.table("truth").to_pylist():
            if isinstance(r.get("value"), (int, float)):
                truth[str(r["quantity"]), str(r["item"])] = float(r["value"])
    return PolicyFacts(
        lang=inputs.project.language,
        title=inputs.project.title,
        generated=inputs.project.generated,
        options=inputs.options_as(PolicyOptions),
        tables={
            name: inputs.result(stage, name).to_pylist()
            for name, stage in TABLES.items()
        },
        notes=notes,
        truth=truth,
    )


def known(value: object) -> bool:
    """Say whether a value is a finite number."""
    return isinstance(value, (int, float)) and math.isfinite(value)
