"""The eight findings: localized, near, direction, and what it does to innovation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agglo.studies.coagglomeration.mechanism_years import WITHIN_PAIRS
from agglo.studies.coagglomeration.words import (
    HYPOTHESES,
    LAYERS,
    VERDICTS,
    note_of,
    reason,
    said,
)
from agglo.studies.contract import Finding
from agglo.studies.facts import known, number_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from agglo.core.typing import Json
    from agglo.studies.coagglomeration.facts import CoagglomerationFacts
    from agglo.studies.facts import Row

__all__ = ["all_findings"]


def all_findings(facts: CoagglomerationFacts) -> tuple[Finding, ...]:
    """Give F1 to F8 in the order of the report.

    Parameters
    ----------
    facts
        What the stages left.

    Returns
    -------
    tuple of Finding
        Localized industries, pairs, direction, active above passive, mutual gain,
        parasitism, strength of instruments, citations.
    """
    return (
        _localized(facts),
        _pairs(facts),
        _direction(facts),
        _active(facts),
        _linked(facts, "io", "mutual gain", "F5"),
        _linked(facts, "technology", "parasitism, strong", "F6"),
        _strength(facts),
        _citations(facts),
    )


def _localized(facts: CoagglomerationFacts) -> Finding:
    rows = [r for r in facts.tables["localization"] if r.get("status") == "ok"]
    found = [r for r in rows if number_of(r, "q_localized") <= facts.options.level]
    share = len(found) / len(rows) if rows else float("nan")
    return Finding(
        id="F1",
        question=facts.say("Which industries are localized?", "哪些行业在空间上集聚？"),
        answer=facts.say(
            "{k} of {n} industries lie closer together than plants of any kind at some "
            "distance up to {r} km (false discovery rate {a}).",
            "{n} 个行业中有 {k} 个在 {r} 公里以内的某一距离上比一般企业更集聚（错误发现率 {a}）。",
            k=len(found),
            n=len(rows),
            r=facts.show(facts.options.max_km),
            a=facts.show(facts.options.level),
        ),
        estimate=share,
        null=facts.options.level,
        reading=facts.say(
            "Against random sites of the pool of all plants, {n} draws; localization says "
            "nothing about who locates near whom.",
            "与全部企业位置随机抽取相比，抽样 {n} 次；集聚不说明谁靠近谁。",
            n=facts.show(facts.options.localization_draws, "count"),
        ),
        evidence=("localization.csv",),
    )


def _pairs(facts: CoagglomerationFacts) -> Finding:
    rows = facts.rows("pairs", measure=facts.measure)
    ok = [r for r in rows if known(number_of(r, "q"))]
    found = [r for r in ok if number_of(r, "q") < facts.options.level]
    best = max(found, key=lambda r: number_of(r, "effect"), default={})
    cut = note_of(facts, facts.note("pair_notes", "reductions"))
    shortened = facts.say("; ", "；").join(cut)
    planted = facts.planted("follows")
    truth: Json = None
    if planted:
        hit = {f"{r['mover']}->{r['anchor']}" for r in found}
        beside = hit - set(planted)
        truth = {
            "planted_pairs": len(planted),
            "planted_found": len(hit & set(planted)),
            "found_beside": len(beside),
            # who follows the same industry, or a follower, does settle near
            "of_these_in_two_planted_steps": len(beside & _two_steps(planted)),
        }
    return Finding(
        id="F2",
        question=facts.say(
            "Which industries settle near which others?", "哪些行业靠近哪些其他行业？"
        ),
        answer=facts.say(
            "{k} of {n} ordered pairs lie nearer than chance after correction ({m}). "
            "{best}",
            "校正后 {n} 个有序配对中有 {k} 个比随机更近（{m}）。{best}",
            k=len(found),
            n=len(ok),
            m=_measure(facts),
            best=_best(facts, best),
        ),
        estimate=len(found) / len(ok) if ok else float("nan"),
        null=facts.options.level,
        reading=facts.say(
            "Effect: 1 minus mean distance to the nearest anchor plant over what chance "
            "gives. Common causes bring both directions. {r}",
            "效应：1 减去到最近锚定企业的平均距离与随机值之比。共同原因会使两个方向都显著。{r}",
            r=facts.say("Reductions: {x}.", "缩减：{x}。", x=shortened)
            if shortened
            else "",
        ),
        evidence=(
            "pairs.csv",
            "regional.csv",
            "transport.csv",
            "curves.csv",
            "robustness.csv",
            "areal.csv",
        ),
        truth=truth,
    )


def _two_steps(planted: Mapping[str, float]) -> set[str]:
    """Give pairs that two planted steps bring together, whichever way they point."""
    near: dict[str, set[str]] = {}
    for pair in planted:
        mover, _, anchor = pair.partition("->")
        near.setdefault(mover, set()).add(anchor)
        near.setdefault(anchor, set()).add(mover)
    return {
        f"{a}->{b}"
        for a, first in near.items()
        for k in first
        for b in near[k]
        if a != b
    }


def _measure(facts: CoagglomerationFacts) -> str:
    if facts.measure == "entrants":
        return facts.say("entrants against incumbents", "新进入企业对在位企业")
    return facts.say("all plants, rarefied anchors", "全部企业，锚定方稀释")


def _best(facts: CoagglomerationFacts, row: Row) -> str:
    if not row:
        return ""
    return facts.say(
        "Strongest: {mover} towards {anchor}, effect {e} (q {q}).",
        "最强：{mover} 靠近 {anchor}，效应 {e}（q {q}）。",
        mover=facts.industry(str(row["mover"])),
        anchor=facts.industry(str(row["anchor"])),
        e=facts.show(number_of(row, "effect")),
        q=facts.show(number_of(row, "q"), "p"),
    )


def _direction(facts: CoagglomerationFacts) -> Finding:
    words = [str(r["verdict"]) for r in facts.tables["verdicts"]]
    one_way = sum("only" in w for w in words)
    both = words.count("both")
    planted = facts.planted("follows")
    truth: Json = None
    if planted:
        right = wrong = 0
        for r in facts.tables["verdicts"]:
            if "only" not in str(r["verdict"]):
                continue
            pair = (str(r["a"]), str(r["b"]))
            way = pair if str(r["verdict"]).startswith("a") else pair[::-1]
            right += "->".join(way) in planted
            wrong += "->".join(way[::-1]) in planted
        truth = {"planted_way": right, "opposite_way": wrong}
    return Finding(
        id="F3",
        question=facts.say("Who moves towards whom?", "谁向谁靠近？"),
        answer=facts.say(
            "{one} pairs are significant one way only, {both} both ways, of {n}.",
            "{n} 个配对中，{one} 个仅单向显著，{both} 个双向显著。",
            one=one_way,
            both=both,
            n=len(words),
        ),
        estimate={"one_way": one_way, "both": both, "pairs": len(words)},
        null=facts.say("neither way", "双向均不显著"),
        reading=facts.say(
            "Anchors are rarefied to equal numbers. 'Only' means significant one way, not "
            "significantly larger; without opening dates direction is weak evidence.",
            "锚定方已稀释为等量。“仅单向”指单向显著，不代表显著更大；缺少开业时间时，方向证据较弱。",
        ),
        evidence=("verdicts.csv",),
        truth=truth,
    )


def _model(facts: CoagglomerationFacts) -> str:
    names = {
        "iv": (
            "two-stage least squares, foreign weights",
            "两阶段最小二乘，外国权重为工具",
        ),
        "control_function": (
            "Poisson with a control function, foreign weights",
            "控制函数泊松回归，外国权重为工具",
        ),
        "main": ("Poisson with fixed effects", "固定效应泊松回归"),
    }
    return facts.say(*names[facts.headline])


def _why_not(facts: CoagglomerationFacts) -> str:
    why = reason(facts, str(facts.note("innovation_notes", "reason") or "–"))
    return facts.say("Undetermined: {r}.", "无法判断：{r}。", r=why)


def _estimates(facts: CoagglomerationFacts) -> dict[str, Row]:
    rows = facts.rows("estimates", specification=facts.headline, status="ok")
    return {str(r["term"]): r for r in rows}


def _active(facts: CoagglomerationFacts) -> Finding:
    row = facts.one(
        "hypotheses", model=facts.headline, hypothesis="active above passive"
    )
    planted = facts.planted("elasticity")
    truth: Json = None
    if planted and row:
        gap = sum(v for k, v in planted.items() if k.startswith("active"))
        gap -= sum(v for k, v in planted.items() if k.startswith("passive"))
        truth = {
            "difference": gap / 2,
            "sign_as_planted": (number_of(row, "value") > 0) == (gap > 0),
        }
    p = number_of(row, "p")
    answer = _why_not(facts)
    if row:
        answer = facts.say(
            "Mean elasticity of active less passive pools: {v} (one-sided p {p}; {m}).",
            "主动与被动知识池的平均弹性之差：{v}（单侧 p {p}；{m}）。",
            v=facts.show(number_of(row, "value")),
            p=facts.show(p, "p"),
            m=_model(facts),
        )
    return Finding(
        id="F4",
        question=facts.say(
            "Does an industry gain more from those it moves to than from those that come?",
            "行业从其靠近的行业获益是否多于从靠近它的行业获益？",
        ),
        answer=answer,
        estimate=number_of(row, "value") if row else None,
        null=0.0,
        p=p if known(p) else None,
        reading=_innovation_reading(facts),
        evidence=("estimates.csv", "hypotheses.csv", "regressions.html"),
        truth=truth,
    )


def _innovation_reading(facts: CoagglomerationFacts) -> str:
    few = facts.note("innovation_notes", "few_clusters") is True
    return facts.say(
        "One-sided test named in advance; the opposite has its own name. Weights are "
        "estimated: a pair may be missed or found by chance. Errors leave out one industry "
        "at a time, those of the control function resample industries. {few}{caveat}",
        "检验方向事先确定，相反结果亦有其名。权重为估计值：配对可能被遗漏或偶然发现。标准误逐一剔除行业，"
        "控制函数则对行业重抽样。{few}{caveat}",
        few=facts.say(
            "Fewer than 30 clusters: read wild.csv first. ",
            "聚类少于 30：请先看 wild.csv。",
        )
        if few
        else "",
        caveat=facts.caveat,
    )


def _linked(
    facts: CoagglomerationFacts, link: str, hypothesis: str, name: str
) -> Finding:
    row = facts.one(
        "hypotheses", model=facts.headline, hypothesis=hypothesis, link=link
    )
    terms = _estimates(facts)
    values = {d: terms.get(f"{d}_{link}", {}) for d in ("active", "passive")}
    p = number_of(row, "p")
    answer = _why_not(facts)
    if row:
        answer = facts.say(
            "Verdict: {verdict}. Mover {a} [{al}, {ah}], host {b} [{bl}, {bh}]; p of "
            "{h} {p} ({m}).",
            "结论：{verdict}。移动方 {a} [{al}, {ah}]，受访方 {b} [{bl}, {bh}]；{h} 的 p 值 {p}（{m}）。",
            verdict=said(facts, VERDICTS, str(row["verdict"])),
            a=facts.show(number_of(values["active"], "value")),
            al=facts.show(number_of(values["active"], "lower")),
            ah=facts.show(number_of(values["active"], "upper")),
            b=facts.show(number_of(values["passive"], "value")),
            bl=facts.show(number_of(values["passive"], "lower")),
            bh=facts.show(number_of(values["passive"], "upper")),
            h=said(facts, HYPOTHESES, hypothesis),
            p=facts.show(p, "p"),
            m=_model(facts),
        )
    return Finding(
        id=name,
        question=facts.say(*_QUESTIONS[link]),
        answer=answer,
        estimate={d: number_of(v, "value") for d, v in values.items()} if row else None,
        null=0.0,
        p=p if known(p) else None,
        reading=_innovation_reading(facts),
        evidence=("estimates.csv", "hypotheses.csv", "links.csv", "wild.csv"),
        truth=_linked_truth(facts, link, values),
    )


def _linked_truth(
    facts: CoagglomerationFacts, link: str, values: dict[str, Row]
) -> Json:
    planted = facts.planted("elasticity")
    if f"active_{link}" not in planted:
        return None
    out: dict[str, Json] = {}
    for d, row in values.items():
        value = planted[f"{d}_{link}"]
        low, high = number_of(row, "lower"), number_of(row, "upper")
        out[d] = value
        out[f"{d}_inside_interval"] = low <= value <= high if known(low) else None
    return out


def _strength(facts: CoagglomerationFacts) -> Finding:
    row = facts.one("weak", model="iv", statistic="Kleibergen-Paap F")
    weak = facts.note("innovation_notes", "weak_instruments")
    value = number_of(row, "value")
    answer = facts.say(
        "Nothing is instrumented: there is no foreign coagglomeration, or no pool.",
        "未使用工具变量：没有外国共集聚数据，或没有知识池。",
    )
    if known(value):
        answer = facts.say(
            "Kleibergen-Paap F {f}: {w}.",
            "Kleibergen-Paap F {f}：{w}。",
            f=facts.show(value),
            w=facts.say(
                "weak, read the Anderson-Rubin sets (ar_sets.csv) and not the t-intervals",
                "较弱，请看 Anderson-Rubin 集（ar_sets.csv）而非 t 区间",
            )
            if weak
            else facts.say("not weak by the rule of 10", "按 10 的规则不弱"),
        )
    return Finding(
        id="F7",
        question=facts.say("How strong are the instruments?", "工具变量有多强？"),
        answer=answer,
        estimate=value if known(value) else None,
        null=10.0,
        reading=facts.say(
            "Identification comes from foreign weights only; the same domestic knowledge "
            "stands behind pools and instruments.",
            "识别仅来自外国权重；知识池与工具变量使用同一国内知识存量。",
        ),
        evidence=(
            "weak.csv",
            "ar_sets.csv",
            "first_stage.csv",
            "instrument_checks.csv",
        ),
    )


def _citations(facts: CoagglomerationFacts) -> Finding:
    rows = [r for r in facts.tables["mechanism"] if r["term"] == "direction"]
    first = next(iter(rows), {})
    layer, words = str(first.get("outcome") or ""), first.get("effects")
    to, back = (
        facts.one("mechanism", outcome=layer, term=t, effects=words)
        for t in ("moved_to", "came_from")
    )
    p, planted = number_of(first, "p"), facts.planted("citations")
    answer = facts.say(
        "Not asked: there are no citations, joint patents or moves between industries.",
        "未检验：没有行业间的引用、合作专利或人员流动数据。",
    )
    if first:
        answer = facts.say(
            "Logs of {layer} per unit of weight: mover to anchor {a}, anchor to mover {b}; "
            "difference {d} [{dl}, {dh}].",
            "每单位权重的{layer}（对数）：移动方对锚定方 {a}，锚定方对移动方 {b}；差异 {d} [{dl}, {dh}]。",
            layer=said(facts, LAYERS, layer),
            a=facts.show(number_of(to, "value")),
            b=facts.show(number_of(back, "value")),
            d=facts.show(number_of(first, "value")),
            dl=facts.show(number_of(first, "lower")),
            dh=facts.show(number_of(first, "upper")),
        )
    truth: Json = None
    if planted and first:
        gap = planted.get("moved_to", 0.0) - planted.get("came_from", 0.0)
        truth = {
            "log_ratio": gap,
            "sign_as_planted": number_of(first, "value") * gap > 0,
        }
        within = _by_year(facts)
        if within:
            truth["within_pairs_as_planted"] = number_of(within, "value") * gap > 0
    return Finding(
        id="F8",
        question=facts.say(
            "Does knowledge follow the mover?", "知识流动是否追随移动方？"
        ),
        answer=answer,
        estimate=number_of(first, "value") if first else None,
        null=0.0,
        p=p if known(p) else None,
        reading=facts.say(
            "Poisson on pairs with effects of both industries; errors allow for pairs that "
            "share one. What a pair has in common moves both directions alike: read the "
            "difference. Years are added up; within pairs by year: {w} An outcome of "
            "nearness, never a control of the regressions above.",
            "对配对作泊松回归，含双方行业效应；标准误允许共享行业的配对相关。配对的共同点对两个方向影响相同："
            "请看差异。各年合并；配对内逐年：{w}它是邻近的结果，不作为上述回归的控制变量。",
            w=_within(facts),
        ),
        evidence=("mechanism.csv", "linkages.csv"),
        truth=truth,
    )


def _by_year(facts: CoagglomerationFacts) -> Row:
    """Give the first layer in which the same pairs are seen before and after a move."""
    rows = facts.rows("mechanism", effects=WITHIN_PAIRS, term="direction")
    return next(iter(rows), {})


def _within(facts: CoagglomerationFacts) -> str:
    """Say what the same pairs show before and after a move, or why nothing."""
    row = _by_year(facts)
    if not row:
        rows = facts.rows("mechanism", effects=WITHIN_PAIRS)
        why = str(next(iter(rows), {}).get("status") or "no_dates")
        return facts.say("{w}.", "{w}。", w=reason(facts, why))
    return facts.say(
        "{layer}, difference {d} [{a}, {b}].",
        "{layer}，差异 {d} [{a}, {b}]。",
        layer=said(facts, LAYERS, str(row["outcome"])),
        d=facts.show(number_of(row, "value")),
        a=facts.show(number_of(row, "lower")),
        b=facts.show(number_of(row, "upper")),
    )


_QUESTIONS = {
    "io": (
        "Do both gain where industries are linked by inputs?",
        "投入产出关联的行业，双方是否都获益？",
    ),
    "technology": (
        "Does the mover gain at the host's cost where technology links them?",
        "技术关联的行业，移动方是否以受访方为代价获益？",
    ),
}
