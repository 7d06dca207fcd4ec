"""F7: whether branches explain joint patents, and how links fall with distance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agglo.studies.contract import Finding
from agglo.studies.facts import known
from agglo.studies.networks.readings import ends, not_computable

if TYPE_CHECKING:
    from agglo.core.typing import Json
    from agglo.studies.networks.facts import NetworkFacts

__all__ = ["explained"]

_NOTE = "dyad_notes"
_WIDE = 1.959963984540054


def explained(facts: NetworkFacts) -> Finding:
    """Answer F7."""
    question = facts.say(
        "Do branches explain which cities invent together, beyond distance, and how do "
        "links fall with distance?",
        "除距离外，分支机构能否解释哪些城市共同创新？联系随距离如何衰减？",
    )
    missing = str(facts.note(_NOTE, "missing") or "")
    decay = _decay(facts)
    if missing and not decay:
        return not_computable(facts, "F7", question, missing)
    estimate: dict[str, Json] = dict(decay)
    p = None
    if not missing:
        p = facts.number(_NOTE, "regression", "p")
        estimate["branches_on_copatents"] = facts.number(
            _NOTE, "regression", "coefficient"
        )
    return Finding(
        id="F7",
        question=question,
        answer=_answer(facts, decay, regressed=not missing),
        estimate=estimate,
        interval=_interval(decay),
        null={
            "t_of_permuted_nodes": [
                facts.number(_NOTE, "regression", "null_low"),
                facts.number(_NOTE, "regression", "null_high"),
            ]
        }
        if not missing
        else None,
        p=p if known(p) else None,
        reading=facts.say(
            "Pairs of cities share nodes: p comes from permuting nodes (double "
            "semi-partialling, {draws} draws), not from least squares. Elasticities are of "
            "Poisson pseudo-likelihood over all pairs, zeros included, with effects of both "
            "ends; the interval is that of branches. Association, not cause.",
            "城市对共享节点：p 值来自节点置换（双重半偏，{draws} 次），而非最小二乘。弹性由泊松伪似然估计，包含零值，"
            "并控制两端效应；区间为分支机构层的。仅为关联，并非因果。",
            draws=facts.show(facts.number(_NOTE, "regression", "n_draws"), "count"),
        ),
        evidence=("regression.csv", "gravity.csv"),
        truth=_truth(facts, decay),
    )


def _answer(facts: NetworkFacts, decay: dict[str, Json], *, regressed: bool) -> str:
    def number(key: str) -> float:
        return facts.number(_NOTE, "regression", key)

    parts = []
    if regressed:
        parts.append(
            facts.say(
                "One log point more branches between two cities goes with {b} log points more "
                "joint patents, {held} (p {p}; least squares alone would claim {naive}).",
                "{held}，两城市间分支机构每增加一个对数点，合作专利增加 {b} 个对数点（p {p}；仅用最小二乘则为 "
                "{naive}）。",
                held=_held(facts),
                b=facts.show(number("coefficient")),
                p=facts.show(number("p"), "p"),
                naive=facts.show(number("p_ols"), "p"),
            )
        )
    for layer, part in decay.items():
        if isinstance(part, dict):
            parts.append(
                facts.say(
                    "Elasticity of {layer} to distance: {value} ({low} to {high}).",
                    "{layer}对距离的弹性：{value}（{low} 至 {high}）。",
                    layer=facts.word(layer),
                    value=facts.show(part["elasticity"]),
                    low=facts.show(part["lower"]),
                    high=facts.show(part["upper"]),
                )
            )
    return facts.say(" ", "").join(parts)


def _held(facts: NetworkFacts) -> str:
    """Say what is held constant: distance where places have positions, likeness and size."""
    terms = {str(r["term"]) for r in facts.tables["regression"]}
    held = [
        facts.say(*words)
        for term, words in {
            "ln_distance": ("distance", "距离"),
            "alike": ("likeness of industries", "产业相似度"),
            "ln_size": ("size", "规模"),
        }.items()
        if term in terms
    ]
    if not held:
        return facts.say("distance not known", "距离未知时")
    text = facts.say(
        "{list} held constant",
        "控制{list}后",
        list=facts.say(", ", "、").join(held),
    )
    if "ln_distance" in terms:
        return text
    return facts.say("distance not known, {text}", "距离未知，{text}", text=text)


def _decay(facts: NetworkFacts) -> dict[str, Json]:
    """Give the elasticity of every layer with its interval."""
    out: dict[str, Json] = {}
    for layer in ("branch", "copatent"):
        value = facts.number(_NOTE, f"gravity_{layer}", "elasticity")
        se = facts.number(_NOTE, f"gravity_{layer}", "se")
        if known(value) and known(se):
            out[layer] = {
                "elasticity": value,
                "lower": value - _WIDE * se,
                "upper": value + _WIDE * se,
            }
    return out


def _interval(decay: dict[str, Json]) -> tuple[float, float] | None:
    part = decay.get("branch")
    if not isinstance(part, dict):
        return None
    low, high = part["lower"], part["upper"]
    if isinstance(low, float) and isinstance(high, float):
        return ends(low, high)
    return None


def _truth(facts: NetworkFacts, decay: dict[str, Json]) -> Json:
    planted = facts.truth.get(("distance_elasticity", "branch"))
    interval = _interval(decay)
    if planted is None or interval is None:
        return None
    inside = interval[0] <= planted[0] <= interval[1]
    return {"elasticity_branch": planted[0], "inside_interval": inside}
