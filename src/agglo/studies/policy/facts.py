"""What the stages left, as the findings and the page read it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from agglo.studies.facts import StudyFacts
from agglo.studies.policy.options import PolicyOptions
from agglo.studies.policy.words import WORDS, in_chinese

if TYPE_CHECKING:
    from agglo.studies.contract import StageInputs

__all__ = ["TABLES", "PolicyFacts", "facts_of"]

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
    "staggered": "robust",
    "anticipation": "robust",
    "honest": "robust",
    "matching": "robust",
    "balance": "robust",
}
_NOTES: Mapping[str, str] = {
    "scope": "prepare",
    "effect_notes": "effects",
    "dynamic_notes": "dynamics",
    "distance_notes": "distance",
    "group_notes": "groups",
    "robust_notes": "robust",
}
_NAMES: Mapping[str, tuple[str, str]] = {
    "ln_rzi": ("relative specialisation (ln RZI)", "相对专业化（ln RZI）"),
    "rzi": ("relative specialisation (RZI)", "相对专业化（RZI）"),
    "ln_rdi": ("relative diversity (ln RDI)", "相对多样化（ln RDI）"),
    "rdi": ("relative diversity (RDI)", "相对多样化（RDI）"),
    "ln_ksi": ("Krugman specialisation (ln KSI)", "克鲁格曼专业化（ln KSI）"),
    "ksi": ("Krugman specialisation (KSI)", "克鲁格曼专业化（KSI）"),
    "ln_zi": ("specialisation (ln ZI)", "专业化（ln ZI）"),
    "ln_di": ("diversity (ln DI)", "多样化（ln DI）"),
    "entropy": ("diversity (entropy, bits)", "多样化（熵，比特）"),
    "related_variety": ("related variety (bits)", "相关多样化（比特）"),
    "unrelated_variety": ("unrelated variety (bits)", "非相关多样化（比特）"),
}


class PolicyFacts(StudyFacts[PolicyOptions]):
    """Tables, notes, names and truth in one place."""

    def say(self, en: str, zh: str, **values: object) -> str:
        """Give the text of the project's language with its values filled in."""
        return super().say(en, zh, **values).replace("p = < ", "p < ")

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
        listed = self.say(", ", "、").join(
            f"{self.word(k)} {v}" for k, v in unsure.items()
        )
        return self.say(
            "Not every start is documented ({x}): a test of the software, not a finding.",
            "并非所有开始时间均有依据（{x}）：仅用于检验软件，不构成结论。",
            x=listed,
        )


def facts_of(inputs: StageInputs) -> PolicyFacts:
    """Collect what the stages left."""
    return PolicyFacts.collect(inputs, PolicyOptions, tables=TABLES, notes=_NOTES)
