"""F6: what each region could take up next, and what such rankings foresaw."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agglo.studies.contract import Finding
from agglo.studies.facts import known
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
                missing=facts.lacking(untested),
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
        + _partners(facts, note)
        + _scores(facts, note)
        + _parts(facts, note),
        estimate=_estimate(facts, note),
        interval=ends(number("lower"), number("upper")),
        null={"auc_permuted_industries": number("null")},
        p=number("p"),
        reading=_reading(facts, note),
        evidence=("portfolio.csv", "backtest.csv", "backtest_parts.csv"),
        truth=_truth(facts, note),
    )


def _partners(facts: NetworkFacts, note: str) -> str:
    """Say that what partners have is not tested, where no link is dated early enough."""
    missing = str(facts.note(note, "external_missing") or "")
    if missing:
        return facts.say(
            " What partners have is not tested: there are no {missing}.",
            "伙伴互补部分未检验：缺少{missing}。",
            missing=facts.lacking(missing),
        )
    return ""


_TESTED = ("external", "value_chain", "together", "chosen")


def _scores(facts: NetworkFacts, note: str) -> str:
    """Say how every other score did out of time."""
    parts = []
    for score in _TESTED:
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


def _parts(facts: NetworkFacts, note: str) -> str:
    """Say which parts helped the whole score, which hurt it, and what is used."""
    adds = facts.note(note, "adds")
    if not isinstance(adds, dict) or not adds:
        return ""
    words = {
        verdict: [
            facts.word(part)
            for part in adds
            if facts.note(note, "adds", part, "verdict") == verdict
        ]
        for verdict in ("helps", "hurts", "undecided")
    }
    used = [facts.word(p) for p in facts.names(note, "score_of")]
    text = facts.say(
        " Parts of the whole score that helped: {helps}; that made it worse: {hurts}; "
        "undecided: {open}. Options are ranked by {used}.",
        "综合评分中，有利的部分：{helps}；不利的部分：{hurts}；未能确定：{open}。选项按{used}排序。",
        helps=_listed(facts, words["helps"]),
        hurts=_listed(facts, words["hurts"]),
        open=_listed(facts, words["undecided"]),
        used=_listed(facts, used),
    )
    return text + "".join(_beyond(facts, note, part) for part in adds)


def _listed(facts: NetworkFacts, words: list[str]) -> str:
    return facts.say(", ", "、").join(words) or facts.say("none", "无")


def _beyond(facts: NetworkFacts, note: str, part: str) -> str:
    """Say what a part told beyond relatedness at home."""
    p = facts.number(note, "adds", part, "beyond_p")
    if not known(p):
        return ""
    shuffled = str(facts.note(note, "adds", part, "shuffled"))
    other = {
        "partners": facts.say("the partners of other regions", "其他地区的伙伴"),
        "industries": facts.say("permuted industries", "打乱的产业"),
    }[shuffled]
    told = p <= facts.options.alpha
    return facts.say(
        " Among options alike in relatedness, {part} {told} (AUC {auc}; {other}: {null}; "
        "p {p}).",
        "在相关密度相近的选项中，{part}{told}（AUC {auc}；{other}为 {null}；p {p}）。",
        part=facts.word(part),
        told=facts.say("told entries", "能区分新进入产业")
        if told
        else facts.say("did not tell entries", "不能区分新进入产业"),
        auc=facts.show(facts.number(note, "adds", part, "beyond_auc")),
        other=other,
        null=facts.show(facts.number(note, "adds", part, "beyond_null")),
        p=facts.show(p, "p"),
    )


def _truth(facts: NetworkFacts, note: str) -> Json:
    """Compare what partners told with what was planted."""
    planted = facts.planted("partners", "entries")
    p = facts.number(note, "adds", "external", "beyond_p")
    if planted is None or not known(p):
        return None
    found = "yes" if p <= facts.options.alpha else "no"
    return {"partners": planted, "partners_as_planted": found == planted}


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
    for score in _TESTED:
        if facts.note(note, score) is None:
            continue
        estimate[f"auc_{score}"] = facts.number(note, score, "auc")
        estimate[f"p_{score}"] = facts.number(note, score, "p")
        estimate[f"precision_at_{first}_{score}"] = facts.number(
            note, score, "precision", str(first)
        )
    for k in facts.options.horizon_top:
        estimate[f"precision_at_{k}"] = number("precision", str(k))
    adds = facts.note(note, "adds")
    if isinstance(adds, dict) and adds:
        estimate["parts"] = adds
        estimate["ranked_by"] = list(facts.names(note, "score_of"))
    return estimate


def _reading(facts: NetworkFacts, note: str) -> str:
    doubt = str(facts.note(note, "complexity_note") or "")
    return facts.say(
        "Scores are made from {before} alone and compared with what was present in {now}; "
        "the AUC is within regions, because across regions diversity alone would do well "
        "({draws} permutations and resamples of regions). The whole score is the mean place "
        "of its parts, equally weighted; a part hurts when the whole without it did better "
        "(interval over regions, all parts together), the worst taken out first. Parts that "
        "hurt are left out of the ranking, chosen by this very test, so that its AUC flatters a little; the score of "
        "all parts stands beside it. Complexity says what an entry would be worth, not how "
        "likely it is. What partners have counts only where the region lacks it, so that it "
        "falls as relatedness rises and its own AUC lies below one half by construction: what "
        "it says is judged among options alike in relatedness, against the partners of regions "
        "with about as many links. Partners are often neighbours: what neighbours have in "
        "common shows there too. {doubt}",
        "评分仅用 {before} 年数据，与 {now} 年的实际情况比较；AUC 为地区内指标，因为跨地区时仅凭多样性即可得高分"
        "（打乱与重抽各 {draws} 次）。综合评分为各部分位次的等权平均；若去掉某部分后表现更好（对地区重抽，区间对全部部分"
        "同时成立），则该部分不利，最不利者先去掉。不利部分不用于排序，但它们正是由此检验选出，因此所得 AUC 略偏乐观；包含全部部分的评分"
        "一并列出。复杂度说明新进入产业的价值，而非其可能性。伙伴互补只在本地缺少时计入，因而随相关密度上升而下降，其自身 "
        "AUC 按定义低于一半：应在相关密度相近的选项之间判断，并与联系数相近地区的伙伴比较。伙伴往往是邻近地区，邻近地区的共同点也会显现。{doubt}",
        before=facts.note("coverage", "activity_before"),
        now=facts.note("coverage", "activity_period"),
        draws=facts.show(facts.options.backtest_draws, "count"),
        doubt=facts.say(
            "Complexity: {text}.",
            "复杂度：计算时有警告（见 portfolio_notes.json）。",
            text=doubt,
        )
        if doubt
        else "",
    )
