"""F2 and F3: cores and tiers of the branch layer, of the innovation layer, and how they differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agglo.studies.contract import Finding
from agglo.studies.facts import known, number_of
from agglo.studies.networks.findings_truth import cores_truth
from agglo.studies.networks.layers import BRANCH, COPATENT
from agglo.studies.networks.readings import grid_line, not_computable

if TYPE_CHECKING:
    from agglo.core.typing import Json
    from agglo.studies.networks.facts import NetworkFacts

__all__ = ["branch_cores", "innovation_cores"]

_NOTE = "hierarchy_notes"


def branch_cores(facts: NetworkFacts) -> Finding:
    """Answer F2."""
    question = facts.say(
        "Where are the cores of the branch network, among cities and among districts, and "
        "how many tiers are there?",
        "分支机构网络的核心在哪里（城市与区县两个尺度），有几个层级？",
    )
    if facts.note(_NOTE, BRANCH) is None:
        missing = str(facts.note("coverage", "missing", BRANCH) or "link_events")
        return not_computable(facts, "F2", question, missing)
    estimate = _estimate(facts, BRANCH)
    return Finding(
        id="F2",
        question=question,
        answer=_answer(facts, BRANCH),
        estimate=estimate,
        null={"p_pareto": facts.number(_NOTE, BRANCH, "city", "p_pareto")},
        p=_p(facts, BRANCH),
        reading=_reading(facts, BRANCH, "F2"),
        evidence=("hierarchy.csv", "core_sets.csv", "distribution.csv"),
        truth=cores_truth(facts, BRANCH, estimate),
    )


def innovation_cores(facts: NetworkFacts) -> Finding:
    """Answer F3."""
    named = facts.options.joint_layer != COPATENT
    question = facts.say(
        "Where are the cores of {network}, and do the two layers differ?",
        "{network}的核心在哪里，两层网络是否不同？",
        network=facts.word(COPATENT)
        if named
        else facts.say("the innovation network", "创新网络"),
    )
    if facts.note(_NOTE, COPATENT) is None:
        missing = str(facts.note("coverage", "missing", COPATENT) or "patents")
        return not_computable(facts, "F3", question, missing)
    estimate = _estimate(facts, COPATENT)
    answer = _answer(facts, COPATENT)
    for row in facts.tables["layer_comparison"]:
        verdict = str(row["verdict"])
        estimate["layers"] = verdict
        estimate["spearman"] = row["spearman"]
        estimate["layers_differ_share"] = row["differ_share"]
        answer += facts.say(
            " Beside branches, {verdict}: other cores in {share} of {draws} joint "
            "resamples, rank correlation of strengths {rho}.",
            "与分支机构层相比，{verdict}：{draws} 次联合重抽中 {share} 的核心不同，强度秩相关 {rho}。",
            verdict=facts.word(verdict),
            share=facts.show(row["differ_share"], "share"),
            draws=facts.show(facts.options.bootstrap_draws, "count"),
            rho=facts.show(number_of(row, "spearman")),
        )
    return Finding(
        id="F3",
        question=question,
        answer=answer,
        estimate=estimate,
        null={"p_pareto": facts.number(_NOTE, COPATENT, "city", "p_pareto")},
        p=_p(facts, COPATENT),
        reading=_reading(facts, COPATENT, "F3"),
        evidence=("hierarchy.csv", "core_sets.csv", "layer_comparison.csv"),
        truth=cores_truth(facts, COPATENT, estimate),
    )


def _estimate(facts: NetworkFacts, layer: str) -> dict[str, Json]:
    out: dict[str, Json] = {}
    for scale in ("city", "district"):
        if facts.note(_NOTE, layer, scale) is None:
            continue
        out[scale] = {
            "verdict": facts.note(_NOTE, layer, scale, "verdict"),
            "cores": list(facts.names(_NOTE, layer, scale, "cores")),
            "tiers": facts.note(_NOTE, layer, scale, "n_tiers"),
            "same_cores_in_resamples": _agreement(facts, layer, scale),
        }
    out["consistent"] = facts.note(_NOTE, layer, "consistent")
    return out


def _agreement(facts: NetworkFacts, layer: str, scale: str) -> float:
    """Give the share of resamples with the very cores of the data."""
    cores = ", ".join(sorted(facts.names(_NOTE, layer, scale, "cores")))
    rows = facts.rows("core_sets", layer=layer, scale=scale, core_set=cores)
    return number_of(rows[0], "value") if rows else 0.0


def _answer(facts: NetworkFacts, layer: str) -> str:
    parts = []
    for scale in ("city", "district"):
        if facts.note(_NOTE, layer, scale) is None:
            continue
        cores = facts.names(_NOTE, layer, scale, "cores")
        parts.append(
            facts.say(
                "Among {scale}: {verdict} ({cores}), {tiers} tier(s); the same cores in "
                "{share} of {draws} resamples of whole events.",
                "{scale}：{verdict}（{cores}），{tiers} 个层级；对完整事件重抽 {draws} 次，{share} 得到相同核心。",
                scale=facts.word(scale),
                verdict=facts.word(str(facts.note(_NOTE, layer, scale, "verdict"))),
                cores=facts.places(cores),
                tiers=facts.show(facts.number(_NOTE, layer, scale, "n_tiers"), "count"),
                share=facts.show(_agreement(facts, layer, scale), "share"),
                draws=facts.show(facts.number(_NOTE, layer, scale, "n_draws"), "count"),
            )
        )
    return facts.say(" ", "").join(parts)


def _p(facts: NetworkFacts, layer: str) -> float | None:
    value = facts.number(_NOTE, layer, "city", "p_lognormal")
    return value if known(value) else None


def _reading(facts: NetworkFacts, layer: str, finding: str) -> str:
    note = facts.note(_NOTE, layer, "consistent")
    agree = {True: ("yes", "是"), False: ("no", "否")}.get(
        note if isinstance(note, bool) else None,  # type: ignore[arg-type]
        ("nothing to compare", "无可比较"),
    )
    return facts.say(
        "Cores stand above the largest gap of log strengths, if that gap is larger than "
        "structureless (lognormal) strengths give: T = {t}, p = {p}; Pareto strengths would "
        "give it with p = {pareto} ({draws} draws). All district cores in core cities: "
        "{agree}. The rule is ours. {grid}",
        "核心为对数强度最大间隔之上的节点，且该间隔须大于无结构（对数正态）强度所能给出的：T = {t}，p = {p}；若强度为"
        "帕累托分布，p = {pareto}（{draws} 次抽样）。区县核心均位于核心城市：{agree}。规则由我们制定。{grid}",
        t=facts.show(facts.number(_NOTE, layer, "city", "t")),
        p=facts.show(facts.number(_NOTE, layer, "city", "p_lognormal"), "p"),
        pareto=facts.show(facts.number(_NOTE, layer, "city", "p_pareto"), "p"),
        draws=facts.show(facts.options.core_draws, "count"),
        agree=facts.say(*agree),
        grid=grid_line(facts, finding),
    )
