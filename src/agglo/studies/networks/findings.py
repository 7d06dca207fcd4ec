"""The findings: integration, cores of both layers, complementarity, crossing, portfolio."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agglo.studies.contract import Finding
from agglo.studies.facts import known, number_of
from agglo.studies.networks.findings_cores import branch_cores, innovation_cores
from agglo.studies.networks.findings_dyads import explained
from agglo.studies.networks.findings_linkage import linked
from agglo.studies.networks.findings_portfolio import portfolio
from agglo.studies.networks.findings_truth import (
    complement_truth,
    crossing_truth,
    integration_truth,
)
from agglo.studies.networks.readings import ends, grid_line, not_computable

if TYPE_CHECKING:
    from agglo.core.typing import Json
    from agglo.studies.facts import Row
    from agglo.studies.networks.facts import NetworkFacts

__all__ = ["all_findings"]


def all_findings(facts: NetworkFacts) -> tuple[Finding, ...]:
    """Give the findings in the order of the report.

    Parameters
    ----------
    facts
        What the stages left.

    Returns
    -------
    tuple of Finding
        F1 to F5 of the published design, F6, the portfolio, F7, what explains links, and
        F8, who trades with whom.
    """
    return (
        integration(facts),
        branch_cores(facts),
        innovation_cores(facts),
        complement(facts),
        crossing(facts),
        portfolio(facts),
        explained(facts),
        linked(facts),
    )


def integration(facts: NetworkFacts) -> Finding:
    """Answer F1."""
    question = facts.say(
        "Which cities have a closely integrated industry network, and which one with "
        "distinct boundaries between groups of industries?",
        "哪些城市的产业网络高度融合，哪些城市的产业群组之间边界分明？",
    )
    missing = str(facts.note("integration_notes", "missing") or "")
    if missing:
        return not_computable(facts, "F1", question, missing)
    layers = facts.note("integration_notes", "verdicts")
    names = list(layers) if isinstance(layers, dict) else []
    estimate: dict[str, Json] = {}
    parts = []
    for layer in names:
        integrated = facts.names("integration_notes", "verdicts", layer, "integrated")
        bounded = facts.names("integration_notes", "verdicts", layer, "bounded")
        estimate[layer] = {"integrated": list(integrated), "bounded": list(bounded)}
        parts.append(
            facts.say(
                "In {layer} {integrated} integrated and {bounded} bounded; the median "
                "boundary index is {median}.",
                "{layer}层：融合型为 {integrated}，边界型为 {bounded}，边界指数中位数 {median}。",
                layer=facts.word(layer),
                integrated=_with_kappa(facts, layer, integrated),
                bounded=_with_kappa(facts, layer, bounded),
                median=facts.show(_median(facts, layer)),
            )
        )
    smallest = [
        number_of(r, "p") for r in facts.tables["integration"] if known(r.get("p"))
    ]
    return Finding(
        id="F1",
        question=question,
        answer=facts.say(" ", "").join(parts),
        estimate=estimate,
        null={
            str(r["layer"]): r["null_mean"]
            for r in facts.rows("mixing_indices", index="ei")
        },
        p=min(smallest) if smallest else None,
        reading=facts.say(
            "The boundary index is 0 where links meet what the place makes at random and 1 "
            "where no link leaves its group of industries; a city stands out when it "
            "differs from the median of the others (Bonferroni, {alpha}). The null is the "
            "E-I index of permuted groups ({draws} draws). {groups} groups of industries "
            "({method}). Other groups would change this: {grid}",
            "边界指数为 0 表示联系对象与目的地产业构成随机一致，为 1 表示联系从不离开其产业群组；与其他城市中位数差异显著"
            "（Bonferroni，{alpha}）者为突出城市。零假设为打乱群组后的 E-I 指数（{draws} 次）。产业群组 {groups} 个"
            "（{method}）。改变群组会影响结论：{grid}",
            alpha=f"{facts.options.alpha:g}",
            draws=facts.show(facts.options.label_draws, "count"),
            groups=facts.show(facts.number("group_notes", "n_groups"), "count"),
            method=facts.say("EM, BIC", "EM，BIC")
            if facts.options.groups == "em"
            else facts.say("as given", "给定的定义"),
            grid=grid_line(facts, "F1"),
        ),
        evidence=("integration.csv", "mixing.csv", "industry_groups.csv"),
        truth=integration_truth(facts, estimate),
    )


def _with_kappa(facts: NetworkFacts, layer: str, codes: list[str]) -> str:
    shown = []
    for code in codes:
        rows = facts.rows("integration", layer=layer, region=code)
        row: Row = rows[0] if rows else {}
        shown.append(
            f"{facts.place(code)} ({facts.show(row.get('kappa'))}; "
            f"{facts.show(row.get('lower'))} – {facts.show(row.get('upper'))})"
        )
    verb = facts.say(" is" if len(shown) == 1 else " are", "")
    if not shown:
        return facts.say("no city is", "无")
    return facts.say(", ", "、").join(shown) + verb


def _median(facts: NetworkFacts, layer: str) -> float:
    values = sorted(
        number_of(r, "kappa")
        for r in facts.rows("integration", layer=layer)
        if known(r.get("kappa"))
    )
    if not values:
        return float("nan")
    half = len(values) // 2
    return values[half] if len(values) % 2 else (values[half - 1] + values[half]) / 2


def complement(facts: NetworkFacts) -> Finding:
    """Answer F4."""
    question = facts.say(
        "Do the firms of the two leading innovation cities complement each other in size?",
        "两个主要创新城市的企业规模是否互补？",
    )
    note = "complement_notes"
    missing = str(facts.note(note, "missing") or "")
    if missing or not facts.note(note, "verdict"):
        return not_computable(facts, "F4", question, missing or "patents")
    pair = facts.names(note, "pair")
    verdict = str(facts.note(note, "verdict"))

    def number(key: str) -> float:
        return facts.number(note, key)

    estimate: dict[str, Json] = {
        "verdict": verdict,
        "pair": list(pair),
        "odds_ratio": number("odds_ratio"),
        "difference": number("difference"),
        "rank": number("rank"),
        "large_with_small": number("large_with_small"),
    }
    return Finding(
        id="F4",
        question=question,
        answer=_complement_answer(facts, pair, verdict),
        estimate=estimate,
        interval=ends(number("odds_lower"), number("odds_upper")),
        null={"large_with_small": number("large_with_small_expected")},
        p=number("p"),
        reading=facts.say(
            "Complementary needs all of: an interval without 1, a difference among the tenth "
            "that is largest with p at most {alpha} ({draws} permutations of the classes), "
            "and more links of large with smaller firms than pooled ends give. An applicant "
            "counts once per patent. The pair is that of the {origin}. {grid}",
            "“互补”须同时满足：区间不含 1；差异位居前十分之一且 p 不超过 {alpha}（类别打乱 {draws} 次）；大型与较小企业"
            "之间的联系多于合并分布的期望。每件专利中每个申请人只计一次。城市对取自{origin}。{grid}",
            alpha=f"{facts.options.alpha:g}",
            draws=facts.show(number("n_draws"), "count"),
            origin=facts.say("cores of F3", "F3 的核心")
            if facts.note(note, "pair_from") == "cores"
            else facts.say(
                "two strongest cities (F3 has no two cores)", "两个最强城市"
            ),
            grid=grid_line(facts, "F4"),
        ),
        evidence=("complementarity.csv", "size_profiles.csv", "size_crosstab.csv"),
        truth=complement_truth(facts, estimate),
    )


def _complement_answer(facts: NetworkFacts, pair: list[str], verdict: str) -> str:
    def number(key: str) -> float:
        return facts.number("complement_notes", key)

    return facts.say(
        "{a} and {b}: {verdict}. The odds of a large firm are {ratio} times as high in "
        "{a} ({low} to {high}); of {pairs} pairs of cities theirs ranks {rank} by "
        "difference; {share} of their joint links tie a large firm of {a} with a "
        "smaller one of {b}, where {expected} would be expected.",
        "{a} 与 {b}：{verdict}。{a} 大型企业的优势比为 {ratio}（{low} 至 {high}）；在 {pairs} 对城市中按差异排名"
        "第 {rank}；其共同联系中 {share} 为 {a} 的大型企业与 {b} 的较小企业之间，期望值为 {expected}。",
        a=facts.place(pair[0]),
        b=facts.place(pair[1]),
        verdict=facts.word(verdict),
        ratio=facts.show(number("odds_ratio")),
        low=facts.show(number("odds_lower")),
        high=facts.show(number("odds_upper")),
        pairs=facts.show(number("n_pairs"), "count"),
        rank=facts.show(number("rank"), "count"),
        share=facts.show(number("large_with_small"), "share"),
        expected=facts.show(number("large_with_small_expected"), "share"),
    )


def crossing(facts: NetworkFacts) -> Finding:
    """Answer F5."""
    question = facts.say(
        "Which classes of technology cross cities more often, and which cities have an "
        "advantage in high technology?",
        "哪些技术类别更常跨城市合作，哪些城市具有高技术优势？",
    )
    note = "crossing_notes"
    missing = str(facts.note(note, "missing") or "")
    if missing:
        return not_computable(facts, "F5", question, missing)
    main = {str(r["class"]): r for r in facts.rows("propensity", adjust="no")}
    order = [c for c in facts.names(note, "order") if c in main] or sorted(main)
    places = facts.names(note, "advantage", "high")
    estimate: dict[str, Json] = {
        c: {
            "verdict": str(main[c]["verdict"]),
            "share": main[c]["share"],
            "odds_ratio": main[c]["odds_ratio"],
            "lower": main[c]["odds_lower"],
            "upper": main[c]["odds_upper"],
        }
        for c in order
    }
    estimate["advantage_high"] = list(places)
    listed = facts.say("; ", "；").join(
        f"{facts.word(c)} {facts.show(main[c]['share'], 'share')} "
        f"({facts.word(str(main[c]['verdict']))})"
        for c in order
    )
    smallest = facts.number(note, "smallest_p")
    return Finding(
        id="F5",
        question=question,
        answer=facts.say(
            "Of {n} patents with two located applicants {share} cross cities: {listed}. "
            "Advantage in high technology: {places}.",
            "{n} 件有两个以上已定位申请人的专利中，{share} 跨城市：{listed}。高技术优势城市：{places}。",
            n=facts.show(facts.number(note, "joint"), "count"),
            share=facts.show(facts.number(note, "share"), "share"),
            listed=listed,
            places=facts.places(places),
        ),
        estimate=estimate,
        null={"odds_ratio": 1.0},
        p=smallest if known(smallest) else None,
        reading=facts.say(
            "Given that a patent is joint; odds ratios against all other classes, Holm over "
            "the classes; p is the smallest of them. {same} of {all} verdicts stay when "
            "region and period are held constant (Mantel-Haenszel and logit). Advantage: "
            "share of the class in the city over its share in all, lower bound above 1 "
            "(simultaneous over cities). {none} patents have no class. {grid}",
            "以合作专利为条件；优势比相对其余各类，按 Holm 校正；p 为其中最小者。控制地区和时期（Mantel-Haenszel 与 "
            "logit）后，{all} 个判断中有 {same} 个不变。优势：该类在城市中的份额除以总体份额，下界大于 1（对全部城市同时"
            "成立）。{none} 件专利无类别。{grid}",
            **_adjusted(facts, main),
            grid=grid_line(facts, "F5"),
            none=facts.show(facts.number(note, "without_class"), "count"),
        ),
        evidence=("propensity.csv", "advantage.csv"),
        truth=crossing_truth(facts, main, places),
    )


def _adjusted(facts: NetworkFacts, main: dict[str, Row]) -> dict[str, str]:
    """Count the verdicts that stay when region and period are held constant."""
    others = [r for r in facts.tables["propensity"] if r["adjust"] != "no"]
    same = sum(main[str(r["class"])]["verdict"] == r["verdict"] for r in others)
    return {"same": str(same), "all": str(len(others))}
