"""The ten questions of the study, per outcome."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agglo.studies.contract import Finding
from agglo.studies.facts import known, number_of
from agglo.studies.policy.findings_checks import checks, not_identified
from agglo.studies.policy.findings_truth import (
    planted_mean,
    planted_words,
    span_truth,
)

if TYPE_CHECKING:
    from agglo.core.typing import Json
    from agglo.studies.facts import Row
    from agglo.studies.policy.facts import PolicyFacts

__all__ = ["all_findings", "estimate_words", "interval_of"]

# 2.8 standard errors are found at 5 % with a chance of 80 %
DETECTABLE = 2.8
OWN_SPANS = {"0-2": (0, 2), "3+": (3, 7)}
OTHER_SPANS = {"0-3": (0, 3), "4+": (4, 7)}


def all_findings(facts: PolicyFacts) -> tuple[Finding, ...]:
    """Give F1 to F10 for every outcome.

    Parameters
    ----------
    facts
        What the stages left.

    Returns
    -------
    tuple of Finding
        Ids ``F1.<outcome>`` to ``F10.<outcome>``.
    """
    out: list[Finding] = []
    for outcome in facts.options.outcomes:
        out += [
            _average(facts, outcome, "F1", "direct"),
            _average(facts, outcome, "F2", "indirect"),
            _realised(facts, outcome),
            _spans(facts, outcome, "F4", "direct"),
            _spans(facts, outcome, "F5", "indirect"),
            *checks(facts, outcome),
        ]
    return tuple(out)


def interval_of(row: Row) -> tuple[float, float] | None:
    """Give the interval of a row."""
    low, high = number_of(row, "lower"), number_of(row, "upper")
    return (low, high) if known(low) and known(high) else None


def estimate_words(facts: PolicyFacts, row: Row) -> str:
    """Write value, interval, p, and for a null result what would have been found."""
    se, p = number_of(row, "se"), number_of(row, "p")
    text = facts.say(
        "{v} ({level} % interval {a} to {b}, p = {p})",
        "{v}（{level} % 区间 {a} 至 {b}，p = {p}）",
        v=facts.show(number_of(row, "value")),
        level=f"{100 * facts.options.level:g}",
        a=facts.show(number_of(row, "lower")),
        b=facts.show(number_of(row, "upper")),
        p=facts.show(p, "p"),
    )
    if known(p) and p >= 1.0 - facts.options.level and known(se):
        text += facts.say(
            "; no effect is shown, smallest effect that would be found {m}",
            "；未显示效应，可检测的最小效应为 {m}",
            m=facts.show(DETECTABLE * se),
        )
    return text


def _average(facts: PolicyFacts, outcome: str, fid: str, effect: str) -> Finding:
    row = facts.one("impacts", outcome=outcome, variable="treatment", effect=effect)
    questions = {
        "direct": facts.say(
            "What does the policy do to {y} of a region that is treated alone?",
            "单独受处理的地区，其{y}受政策何种影响？",
            y=facts.outcome(outcome),
        ),
        "indirect": facts.say(
            "How do all others respond together when one region is treated ({y})?",
            "某一地区受处理时，其他所有地区合计作何反应（{y}）？",
            y=facts.outcome(outcome),
        ),
    }
    planted = planted_mean(facts, outcome, effect, 0, 7)
    truth: Json = None
    if known(planted):
        # one coefficient averages years with unequal weights: no interval is compared
        truth = {"mean_planted_over_years_0_to_7": planted}
    return Finding(
        id=f"{fid}.{outcome}",
        question=questions[effect],
        answer=facts.say(
            "Average {e} effect {x}. {m}",
            "平均{e}效应 {x}。{m}",
            e=facts.say(effect, {"direct": "直接", "indirect": "间接"}[effect]),
            x=estimate_words(facts, row),
            m=facts.model_words,
        ),
        estimate=number_of(row, "value"),
        interval=interval_of(row),
        null=0.0,
        p=number_of(row, "p"),
        reading=_average_reading(facts, effect),
        evidence=("impacts.csv", "coefficients.csv"),
        truth=truth,
    )


def _average_reading(facts: PolicyFacts, effect: str) -> str:
    share = facts.note("effect_notes", "forbidden_share")
    if effect == "direct":
        return facts.say(
            "One number for all starts and years. {s} of the comparisons behind it use "
            "regions already treated as controls: where effects grow or differ by start it "
            "is no average of them; read the effects by year beside it.",
            "此为所有开始时间与年份的单一数值。其背后 {s} 的比较以已受处理地区为对照："
            "若效应随时间增长或因批次而异，则它并非平均效应，应结合分年效应阅读。",
            s=facts.show(share, "share"),
        )
    return facts.say(
        "The summed response of all other regions to one region treated alone. It is not "
        "the effect on the neighbours of the treated; for that see the realised effects.",
        "这是某一地区单独受处理时其他所有地区反应之和，并非对处理地区邻近地区的效应；后者见实际效应。",
    )


def _realised(facts: PolicyFacts, outcome: str) -> Finding:
    rows = facts.rows("realised", outcome=outcome, period="all")
    by_group = {str(r["group"]): r for r in rows}
    treated, rest = by_group.get("treated", {}), by_group.get("untreated", {})
    rings = [
        f"{facts.ring(g)} {facts.show(number_of(r, 'value'))}"
        for g, r in by_group.items()
        if g not in ("treated", "untreated") and known(number_of(r, "value"))
    ]
    planted: dict[str, Json] = {}
    for group, row in by_group.items():
        found = planted_words(facts, outcome, group, row)
        if found is not None:
            planted[group] = found
    return Finding(
        id=f"F3.{outcome}",
        question=facts.say(
            "What did this policy, as it was, do to {y} of the treated and of the regions "
            "around them?",
            "该政策实际上对处理地区及其周边地区的{y}产生了什么影响？",
            y=facts.outcome(outcome),
        ),
        answer=facts.say(
            "Treated region-periods {a}; untreated ones {b}; by distance to the nearest "
            "treated region: {r}. {c}{m}",
            "处理单元 {a}；未处理单元 {b}；按与最近处理地区的距离：{r}。{c}{m}",
            a=estimate_words(facts, treated),
            b=estimate_words(facts, rest),
            r=facts.say("; ", "；").join(rings) or "–",
            c=_companions(facts, outcome),
            m=facts.model_words,
        ),
        estimate={
            g: number_of(r, "value")
            for g, r in by_group.items()
            if known(number_of(r, "value"))
        },
        interval=interval_of(treated),
        null=0.0,
        p=number_of(treated, "p"),
        reading=facts.say(
            "Means over region-periods of what the estimated model attributes to the "
            "policy, feedback included. They hold inside the model: if effects change over "
            "the years, one coefficient carries them only on average.",
            "为模型所归因于政策的效应（含反馈）在各地区—时期单元上的均值。仅在模型内成立："
            "若效应逐年变化，单一系数只能反映其平均。",
        ),
        evidence=("realised.csv", "staggered.csv", "map.csv"),
        truth=planted or None,
    )


def _companions(facts: PolicyFacts, outcome: str) -> str:
    """Say what estimators that let effects differ by start find on the treated."""
    rows = [
        r
        for r in facts.rows("staggered", outcome=outcome, group="treated")
        if r["estimator"] != "one coefficient"
    ]
    if not rows:
        return ""
    listed = facts.say("; ", "；").join(
        f"{facts.word(str(r['estimator']))} {facts.show(number_of(r, 'value'))}"
        for r in rows
    )
    return facts.say(
        "Estimators that let effects differ by start, on the treated: {x}. ",
        "允许效应因批次而异的估计量（处理地区）：{x}。",
        x=listed,
    )


def _spans(facts: PolicyFacts, outcome: str, fid: str, effect: str) -> Finding:
    """Answer F4 (own effects) and F5 (those of the others)."""
    spans = OWN_SPANS if effect == "direct" else OTHER_SPANS
    question = {
        "direct": facts.say(
            "Does {y} of the treated fall first and rise later?",
            "处理地区的{y}是否先降后升？",
            y=facts.outcome(outcome),
        ),
        "indirect": facts.say(
            "Do the others respond early or late ({y})?",
            "其他地区的反应是早还是晚（{y}）？",
            y=facts.outcome(outcome),
        ),
    }[effect]
    rows = {
        s: facts.one("spans", outcome=outcome, span=s, effect=effect) for s in spans
    }
    if not all(rows.values()):
        return not_identified(facts, f"{fid}.{outcome}", outcome, question)
    first, second = list(spans)
    return Finding(
        id=f"{fid}.{outcome}",
        question=question,
        answer=facts.say(
            "Mean {e} effect in years {s1} since the start {a}; in years {s2} {b}. {m}",
            "开始后{s1}平均{e}效应 {a}；{s2} {b}。{m}",
            e=facts.say(effect, {"direct": "直接", "indirect": "间接"}[effect]),
            s1=facts.word(first),
            s2=facts.word(second),
            a=estimate_words(facts, rows[first]),
            b=estimate_words(facts, rows[second]),
            m=facts.model_words,
        ),
        estimate={s: number_of(r, "value") for s, r in rows.items()},
        interval=interval_of(rows[second]),
        null=0.0,
        p=number_of(rows[second], "p"),
        reading=facts.say(
            "Plain means over years; interval and p are those of the later span. Late years "
            "rest on the regions that started early.",
            "为各年简单平均；区间与 p 值对应较晚时段。较晚年份仅依据较早开始的地区。",
        ),
        evidence=("spans.csv", "event_study.csv"),
        truth=span_truth(facts, outcome, effect, spans),
    )
