"""Recommendations from evidence: rules, the values behind them, and nothing else."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from agglo.studies.formation.rule_table import RULES, RULES_VERSION
from agglo.studies.formation.words import NAMES, WORDS, chinese
from agglo.studies.report import format_number

if TYPE_CHECKING:
    from agglo.core.typing import Lang

__all__ = ["Facts", "fired", "recommend"]

Facts: TypeAlias = Mapping[str, object]
_NATIONAL_LEAST = 20
_EITHER = ("C1", "C3")
_SHARES = (
    "province_share",
    "failed_share",
    "double_share",
    "key_firm",
    "outside_share",
    "missing_share",
)
_COUNTS = ("n", "failed", "double", "ranked")
_YES_OR_NO = ("consumer_good", "rigid", "no_body")
_BELT = {"none": ("none", "无"), "some": ("there is one", "有")}
# a part of a template that is left out where one of its fields is not known
_PART = re.compile(r"\[([^]]*)\]")
_FIELD = re.compile(r"\{(\w+)\}")


def _n(facts: Facts, name: str) -> float:
    value = facts.get(name)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    return math.nan


# how far beyond its threshold a rule is: positive fires
_BEYOND: Mapping[str, Callable[[Facts], float]] = {
    "N1": lambda f: _n(f, "province_share") - 0.5,
    "N2": lambda f: _n(f, "failed_share") - 0.3,
    "N3": lambda f: _n(f, "double_share") - 0.1 + 1e-12,
    "N4": lambda f: 1.0 if f.get("crowded") else -1.0,
    "N5": lambda f: _n(f, "rank_width") / max(_n(f, "ranked"), 1.0) - 0.25,
    "N6": lambda f: 1.0 if f.get("declining") else -1.0,
    "L1": lambda f: _passes(f, "proximity", "connection"),
    "L2": lambda f: _passes(f, "connection", "cooperation"),
    "L3": lambda f: 1.0 if f.get("entries") else -1.0,
    "L4": lambda f: _n(f, "local_supply_low") - _n(f, "local_supply"),
    "L5": lambda f: (
        1.0 if f.get("belt") == "none" and _n(f, "consumer_good") > 0 else -1.0
    ),
    "L6": lambda f: (_n(f, "pay_low") - _n(f, "pay")) / max(_n(f, "pay_low"), 1e-9),
    "L7": lambda f: min(
        _n(f, "support") - _n(f, "support_high"),
        -_n(f, "delta") - _n(f, "relative_growth"),
    ),
    "L8": lambda f: _n(f, "energy") - _n(f, "energy_high"),
    "C1": lambda f: float(
        np.fmax(_n(f, "key_firm") - 0.4, _n(f, "firm_herfindahl") - 0.25)
    ),
    "C2": lambda f: _n(f, "rigid") - 0.5,
    "C3": lambda f: float(np.fmax(2.0 - _n(f, "organisation"), _n(f, "no_body"))),
    "C4": lambda f: 0.1 - _n(f, "outside_share"),
    "C5": lambda f: 0.5 - _n(f, "chain"),
    "C6": lambda f: -0.25 - _n(f, "resistance"),
    "C7": lambda f: (
        1.0 if f.get("stage") == "renewal" else np.nan_to_num(_n(f, "new_share")) - 0.1
    ),
    "C8": lambda f: _n(f, "missing_share") - 0.3,
}


def _passes(facts: Facts, one: str, other: str) -> float:
    return 1.0 if facts[one] == "pass" and facts[other] == "fail" else -1.0


def recommend(
    national: Facts, clusters: Mapping[str, Facts]
) -> list[dict[str, object]]:
    """Evaluate every rule of the table.

    Parameters
    ----------
    national
        Facts about all clusters together.
    clusters
        Cluster to its facts; absent or NaN facts are missing inputs. ``indicative`` names
        facts that are proxies or unverified. Of a fact in words or codes, ``<name>_en``
        and ``<name>_zh`` hold what readers are told, where it differs.

    Returns
    -------
    list of dict
        rule, version, level, unit, state (``fires``, ``does not fire``, ``not evaluable``),
        fires_if, facts (JSON), evidence (the same in words), missing, text, priority,
        indicative; conditions, evidence, what is missing and texts in Chinese beside it
        (``<name>_zh``). Priority is the distance
        beyond the threshold over the interquartile range of that distance.
    """
    rows: list[dict[str, object]] = []
    for code, rule in RULES.items():
        units = {"": national} if rule.level == "national" else clusters
        beyond = {u: _judged(code, f) for u, f in units.items()}
        spread = _range([b for b, _ in beyond.values() if math.isfinite(b)])
        for unit, facts in units.items():
            distance, missing = beyond[unit]
            fires = not missing and distance > 0
            state = "fires" if fires else "does not fire"
            rows.append(
                {
                    "rule": code,
                    "version": RULES_VERSION,
                    "level": rule.level,
                    "unit": unit,
                    "state": "not evaluable" if missing else state,
                    "fires_if": rule.fires_if,
                    "fires_if_zh": rule.fires_if_zh,
                    "facts": _facts(rule.needs, facts),
                    "evidence": _evidence(rule.needs, facts),
                    "evidence_zh": _evidence(rule.needs, facts, "zh"),
                    "missing": ", ".join(_fact_en(m) for m in missing),
                    "missing_zh": "、".join(_fact_zh(m) for m in missing),
                    "text": _text(rule.en, facts) if fires else "",
                    "text_zh": _text(rule.zh, facts, "zh") if fires else "",
                    "priority": distance / spread if fires else None,
                    "indicative": _indicative(rule.needs, facts),
                }
            )
    return rows


def fired(
    rows: Sequence[Mapping[str, object]], unit: str
) -> list[Mapping[str, object]]:
    """Give the rules that fire for a unit, the most pressing first."""
    mine = [r for r in rows if r["unit"] == unit and r["state"] == "fires"]
    return sorted(mine, key=lambda r: -float(str(r["priority"])))


def _judged(code: str, facts: Facts) -> tuple[float, list[str]]:
    rule = RULES[code]
    missing = [n for n in rule.needs if _absent(facts.get(n))]
    if code in _EITHER and len(missing) == 1:  # one of the two is enough
        missing = []
    if rule.level == "national" and _n(facts, "n") < _NATIONAL_LEAST:
        missing = [*missing, f"{_NATIONAL_LEAST} clusters or more"]
    if code == "C5" and facts.get("connection") == "not_testable":
        missing = [*missing, "connection"]
    if missing:
        return math.nan, missing
    return float(_BEYOND[code](facts)), []


def _absent(value: object) -> bool:
    if value is None or value in ("", "not_testable", "not_assessed"):
        return True
    return isinstance(value, float) and math.isnan(value)


def _range(values: Sequence[float]) -> float:
    if len(values) < 4:
        return 1.0
    low, high = np.quantile(values, [0.25, 0.75])
    return float(high - low) or 1.0


def _facts(needs: Sequence[str], facts: Facts) -> str:
    held = {n: facts.get(n) for n in needs}
    plain = {k: None if _absent(v) else v for k, v in held.items()}
    return json.dumps(plain, ensure_ascii=False, sort_keys=True, default=str)


def _evidence(needs: Sequence[str], facts: Facts, lang: Lang = "en") -> str:
    """Say the facts behind a rule: name and value; what is not known is left out."""
    zh = lang == "zh"
    told = [
        f"{NAMES[n][zh] if n in NAMES else n}{'：' if zh else ': '}{value}"
        for n in needs
        if (value := _told(n, facts, lang))
    ]
    return ("；" if zh else "; ").join(told)


def _told(name: str, facts: Facts, lang: Lang) -> str:
    """Write a fact for a reader; empty where it is not known."""
    value = facts.get(f"{name}_{lang}", facts.get(name))
    zh = lang == "zh"
    if value is False:
        return "无" if zh else "none"
    if _absent(value):
        return ""
    if isinstance(value, (int, float)):
        if name in _YES_OR_NO:
            return ("是" if zh else "yes") if value > 0 else ("否" if zh else "no")
        kind = "share" if name in _SHARES else "number"
        kind = "count" if name in _COUNTS else kind
        return format_number(float(value), kind)  # type: ignore[arg-type]
    if name == "belt":
        return _BELT[str(value)][zh]
    return WORDS[str(value)][zh] if str(value) in WORDS else str(value)


def _indicative(needs: Sequence[str], facts: Facts) -> str:
    weak = facts.get("indicative")
    names = weak if isinstance(weak, (list, tuple)) else ()
    return "indicative" if any(n in names for n in needs) else ""


def _fact_en(name: str) -> str:
    return NAMES[name][0] if name in NAMES else name.replace("_", " ")


def _fact_zh(name: str) -> str:
    """Name a fact that is missing; a number of clusters too few has words of its own."""
    if name in NAMES:
        return NAMES[name][1]
    return chinese(name.replace("_", " "))


def _text(template: str, facts: Facts, lang: Lang = "en") -> str:
    """Fill a template; a bracketed part stands only where all its fields are known."""

    def part(found: re.Match[str]) -> str:
        names = _FIELD.findall(found[1])
        return found[1] if all(_shown(n, facts, lang) for n in names) else ""

    kept = _PART.sub(part, template)
    return _FIELD.sub(lambda found: _shown(found[1], facts, lang), kept)


def _shown(name: str, facts: Facts, lang: Lang) -> str:
    return "" if facts.get(name) is False else _told(name, facts, lang)
