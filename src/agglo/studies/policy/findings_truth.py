"""What was planted in generated corridors, in the units of the outcome."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agglo.studies.facts import known, number_of

if TYPE_CHECKING:
    from agglo.core.typing import Json
    from agglo.studies.facts import Row
    from agglo.studies.policy.facts import PolicyFacts

__all__ = ["planted_mean", "planted_realised", "planted_words", "span_truth"]

_SOURCE = {"ln_rzi": "specialisation", "ln_rdi": "diversification"}
_LAST = 7
_NOTHING = (float("nan"), "")


def _scale(facts: PolicyFacts, outcome: str) -> tuple[str, float]:
    """Give the generator's outcome and the factor to the study's."""
    name = _SOURCE.get(outcome, outcome)
    if outcome in _SOURCE:
        return name, facts.truth.get(("corridors.scale", name), _NOTHING)[0]
    return name, 1.0


def planted_mean(
    facts: PolicyFacts, outcome: str, effect: str, low: int, high: int
) -> float:
    """Give the mean planted average effect over years since the start; NaN if unknown."""
    name, factor = _scale(facts, outcome)
    ks = range(low, min(high, _LAST) + 1)
    values = [facts.truth.get((f"{name}.{effect}", str(k)), _NOTHING)[0] for k in ks]
    return factor * sum(values) / len(values) if values else float("nan")


def planted_realised(facts: PolicyFacts, outcome: str, group: str) -> float:
    """Give the planted mean effect on treated cells or on a ring; NaN if unknown."""
    name, factor = _scale(facts, outcome)
    key = ("realised_treated", "all")
    if group != "treated":
        key = ("realised_untreated", "all" if group == "untreated" else group)
    return factor * facts.truth.get((f"{name}.{key[0]}", key[1]), _NOTHING)[0]


def _inside(row: Row, value: float) -> bool:
    return number_of(row, "lower") <= value <= number_of(row, "upper")


def span_truth(
    facts: PolicyFacts, outcome: str, effect: str, spans: dict[str, tuple[int, int]]
) -> Json:
    """Compare means over spans with the planted ones."""
    out: dict[str, Json] = {}
    for span, (low, high) in spans.items():
        planted = planted_mean(facts, outcome, effect, low, high)
        row = facts.one("spans", outcome=outcome, span=span, effect=effect)
        if known(planted) and row:
            out[span] = {"planted": planted, "inside_interval": _inside(row, planted)}
    return out or None


def planted_words(facts: PolicyFacts, outcome: str, group: str, row: Row) -> Json:
    """Compare a realised mean with the planted one."""
    planted = planted_realised(facts, outcome, group)
    if not known(planted):
        return None
    return {"planted": planted, "inside_interval": _inside(row, planted)}
