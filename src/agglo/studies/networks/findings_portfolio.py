"""F6: what each region could take up next, and what such rankings foresaw."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agglo.studies.contract import Finding
from agglo.studies.networks.readings import ends, not_computable

if TYPE_CHECKING:
    from agglo.core.typing import Json
    from agglo.studies.networks.facts import NetworkFacts

__all__ = ["portfolio"]


def portfolio(facts: NetworkFacts) -> Finding:
    """Answer F6."""
    question = facts.say(
        "What could each region take up next, and how well did such rankings foresee what "
        "was taken up before?",
        "各地区下一步可以发展什么？此类排序对以往新进入产业的预见性如何？",
    )
    note = "portfolio_notes"
    missing = str(facts.note(note, "missing") or "")
    if missing:
        return not_computable(facts, "F6", question, missing)
    untested = str(facts.note(note, "backtest_missing") or "")
    if untested:
        return Finding(
            id="F6",
            question=question,
            answer=facts.say(
                "{n} options are ranked; the ranking is not tested: {missing} is missing.",
                "共排序 {n} 个选项；缺少 {missing}，未能检验排序。",
                n=facts.show(len(facts.tables["portfolio"]), "count"),
                missing=untested,
            ),
            estimate="not_tested",
            evidence=("portfolio.csv",),
        )
    return _tested_portfolio(facts, question, note)


def _tested_portfolio(facts: NetworkFacts, question: str, note: str) -> Finding:
    def number(*keys: str) -> float:
        return facts.number(note, "density", *keys)

    first = facts.options.horizon_top[0]
    return Finding(
        id="F6",
        question=question,
        answer=facts.say(
            "{n} options of {regions} regions are ranked. From {before} to {now}, "
            "relatedness told entries from other options of the same region with an AUC of "
            "{auc} ({low} to {high}; permuted industries {null}); of the first {k} options "
            "{precision} were taken up, against {base} of all.",
            "对 {regions} 个地区的 {n} 个选项排序。{before} 至 {now} 年间，相关密度在同一地区内区分新进入产业与其他选项的 "
            "AUC 为 {auc}（{low} 至 {high}；打乱产业为 {null}）；前 {k} 个选项中 {precision} 被采纳，总体为 {base}。",
            n=facts.show(len(facts.tables["portfolio"]), "count"),
            regions=facts.show(
                len({r["region"] for r in facts.tables["portfolio"]}), "count"
            ),
            before=facts.note("coverage", "activity_before"),
            now=facts.note("coverage", "activity_period"),
            auc=facts.show(number("auc")),
            low=facts.show(number("lower")),
            high=facts.show(number("upper")),
            null=facts.show(number("null")),
            k=first,
            precision=facts.show(number("precision", str(first)), "share"),
            base=facts.show(number("base"), "share"),
        )
        + _partners(facts, note),
        estimate=_estimate(facts, note),
        interval=ends(number("lower"), number("upper")),
        null={"auc_permuted_industries": number("null")},
        p=number("p"),
        reading=_reading(facts, note),
        evidence=("portfolio.csv", "backtest.csv"),
    )


def _partners(facts: NetworkFacts, note: str) -> str:
    """Say how what partners have, and the whole score, did out of time."""
    missing = str(facts.note(note, "external_missing") or "")
    if missing:
        return facts.say(
            " What partners have is not tested: there are no {missing}.",
            "伙伴互补部分未检验：缺少{missing}。",
            missing=missing
            if facts.lang == "en"
            else f" {facts.note('coverage', 'activity_before')} 年及以前的联系",
        )
    parts = []
    for score in ("external", "together"):
        if facts.note(note, score) is None:
            continue
        parts.append(
            facts.say(
                " {score}: {auc} ({low} to {high}; permuted industries {null}).",
                "{score}：{auc}（{low} 至 {high}；打乱产业为 {null}）。",
                score=facts.word(score).capitalize(),
                **{
                    name: facts.show(facts.number(note, score, key))
                    for name, key in (
                        ("auc", "auc"),
                        ("low", "lower"),
                        ("high", "upper"),
                        ("null", "null"),
                    )
                },
            )
        )
    return "".join(parts)


def _estimate(facts: NetworkFacts, note: str) -> dict[str, Json]:
    def number(*keys: str) -> float:
        return facts.number(note, "density", *keys)

    first = facts.options.horizon_top[0]
    estimate: dict[str, Json] = {
        "auc_within_regions": number("auc"),
        "auc_pooled": number("pooled_auc"),
        "base_rate": number("base"),
        "auc_complexity": facts.number(note, "complexity", "auc"),
        "auc_ubiquity": facts.number(note, "ubiquity", "auc"),
    }
    for score in ("external", "together"):
        if facts.note(note, score) is None:
            continue
        estimate[f"auc_{score}"] = facts.number(note, score, "auc")
        estimate[f"p_{score}"] = facts.number(note, score, "p")
        estimate[f"precision_at_{first}_{score}"] = facts.number(
            note, score, "precision", str(first)
        )
    for k in facts.options.horizon_top:
        estimate[f"precision_at_{k}"] = number("precision", str(k))
    return estimate


def _reading(facts: NetworkFacts, note: str) -> str:
    doubt = str(facts.note(note, "complexity_note") or "")
    return facts.say(
        "Scores are made from {before} alone and compared with what was present in {now}; "
        "the AUC is within regions, because across regions diversity alone would do well "
        "({draws} permutations and resamples of regions). The whole score adds complexity "
        "and what partners have that is related and missing at home; a score that does "
        "worse than relatedness alone is no reason to follow it. {doubt}",
        "评分仅用 {before} 年数据，与 {now} 年的实际情况比较；AUC 为地区内指标，因为跨地区时仅凭多样性即可得高分"
        "（打乱与重抽各 {draws} 次）。综合评分另加复杂度，以及伙伴地区拥有、与本地相关而本地缺少的产业；若综合评分不如"
        "仅用相关密度，则无理由采用。{doubt}",
        before=facts.note("coverage", "activity_before"),
        now=facts.note("coverage", "activity_period"),
        draws=facts.show(facts.options.backtest_draws, "count"),
        doubt=facts.say("Complexity: {text}.", "复杂度：{text}。", text=doubt)
        if doubt
        else "",
    )
