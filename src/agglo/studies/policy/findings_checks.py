"""Findings on what stands for and against the effect: leads, reach, groups, weights, placebo."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agglo.studies.contract import Finding
from agglo.studies.facts import known, number_of
from agglo.studies.policy.findings_truth import planted_realised

if TYPE_CHECKING:
    from agglo.core.typing import Json
    from agglo.studies.facts import Row
    from agglo.studies.policy.facts import PolicyFacts

__all__ = ["checks", "not_identified"]


def checks(facts: PolicyFacts, outcome: str) -> list[Finding]:
    """Give F6 to F10."""
    return [
        _leads(facts, outcome),
        _reach(facts, outcome),
        _groups(facts, outcome),
        _weights(facts, outcome),
        _placebo(facts, outcome),
    ]


def not_identified(
    facts: PolicyFacts, fid: str, outcome: str, question: str
) -> Finding:
    """Say that these data cannot answer."""
    why = facts.note("dynamic_notes", "not_identified", outcome) or "–"
    return Finding(
        id=fid,
        question=question,
        answer=facts.say(
            "Not identified in these data: {w}.",
            "这些数据无法识别：{w}。",
            w=facts.word(str(why)),
        ),
        reading=facts.say(
            "Nothing is said on timing or reach; more treated regions or more periods after "
            "the start are needed.",
            "不对时间与范围作任何判断；需要更多处理地区或更长的实施后时期。",
        ),
    )


def _leads(facts: PolicyFacts, outcome: str) -> Finding:
    question = facts.say(
        "Did anything differ before the start ({y})?",
        "开始之前是否已有差异（{y}）？",
        y=facts.outcome(outcome),
    )
    row = facts.one("leads", outcome=outcome, tested="joint")
    if not row:
        return not_identified(facts, f"F6.{outcome}", outcome, question)
    p = number_of(row, "p")
    rejected = p < 1.0 - facts.options.level
    doubt = rejected or row.get("drift_doubt") is True
    return Finding(
        id=f"F6.{outcome}",
        question=question,
        answer=facts.say(
            "Joint test of own and neighbours' leads p = {p} ({method}); a linear drift to "
            "half the largest effect would be found with chance {power}. The leads drift to "
            "{drift} (t {t}), the largest effect is {most} in size. {judge} {m}",
            "平行趋势检验：自身与邻近地区事前各期系数的联合检验 p = {p}（{method}）；若存在升至最大效应一半的线性漂移，"
            "被发现的概率为 {power}。事前各期系数漂移至 {drift}（t {t}），最大效应的绝对值为 {most}。{judge}{m}",
            drift=facts.show(number_of(row, "drift")),
            t=facts.show(
                number_of(row, "drift") / number_of(row, "drift_se"), "number"
            ),
            most=facts.show(number_of(row, "largest")),
            p=facts.show(p, "p"),
            method=facts.word(str(row.get("method"))),
            power=facts.show(number_of(row, "power"), "share"),
            judge=facts.say("This is a pre-trend doubt.", "平行趋势存疑。")
            if doubt
            else facts.say("No lead is shown.", "未发现违背平行趋势的证据。"),
            m=facts.model_words,
        ),
        estimate=number_of(row, "statistic"),
        null=facts.say("no effect before the start", "开始前无效应"),
        p=p,
        reading=facts.say(
            "A test that finds nothing is worth what its power is worth. A doubt is stated "
            "where the joint test rejects, or where a line through the leads reaches a fifth "
            "of the largest effect and 1.28 of its errors.",
            "检验未发现差异，其意义取决于检验功效。若联合检验拒绝，或提前期的拟合直线达到最大效应的五分之一且不小于其标准误的 1.28 "
            "倍，即视为存疑。",
        ),
        evidence=("leads.csv", "event_study.csv"),
        truth={"planted_leads": 0.0, "rejected": bool(rejected)}
        if facts.truth
        else None,
    )


def _reach(facts: PolicyFacts, outcome: str) -> Finding:
    question = facts.say(
        "How far out does the policy reach ({y})?",
        "政策影响可达多远（{y}）？",
        y=facts.outcome(outcome),
    )
    rows = facts.rows("bands", outcome=outcome, kind="realised")
    rings = [r for r in rows if r["ring"] not in ("treated", "untreated")]
    if not rings:
        return not_identified(facts, f"F7.{outcome}", outcome, question)
    shown = [r for r in rings if _excludes_zero(r)]
    last = facts.ring(str(shown[-1]["ring"])) if shown else facts.say("none", "无")
    beyond = facts.note("distance_notes", outcome, "beyond")
    far = ""
    if isinstance(beyond, dict):
        far = facts.say(
            " Spillover coefficients beyond {km} km: p = {p}.",
            "{km} 公里以外的溢出系数：p = {p}。",
            km=facts.show(beyond.get("from_km")),
            p=facts.show(beyond.get("p"), "p"),
        )
    planted: dict[str, Json] = {}
    for r in facts.rows("realised", outcome=outcome, period="all"):
        value = planted_realised(facts, outcome, str(r["group"]))
        if known(value) and "km" in str(r["group"]):
            planted[str(r["group"])] = value
    return Finding(
        id=f"F7.{outcome}",
        question=question,
        answer=facts.say(
            "Last ring whose realised mean differs from 0: {last}.{far}{sign} {m}",
            "实际效应均值异于 0 的最远圈层：{last}。{far}{sign}{m}",
            last=last,
            far=far,
            sign=_agreement(facts, outcome),
            m=facts.model_words,
        ),
        estimate={str(r["ring"]): number_of(r, "value") for r in rings},
        null=0.0,
        p=_p_beyond(beyond),
        reading=facts.say(
            "Rings are tested one by one: of many rings one may stand out by chance. The "
            "p-value is that of all coefficients beyond the named distance.",
            "各圈层逐一检验：圈层较多时，个别显著可能出于偶然。p 值为指定距离以外全部系数的联合检验。",
        ),
        evidence=("bands.csv", "ring_did.csv", "sweep.csv"),
        truth=planted or None,
    )


def _p_beyond(beyond: Json) -> float | None:
    value = beyond.get("p") if isinstance(beyond, dict) else None
    return value if isinstance(value, float) else None


def _excludes_zero(row: Row) -> bool:
    low, high = number_of(row, "lower"), number_of(row, "upper")
    return known(low) and known(high) and (low > 0 or high < 0)


def _agreement(facts: PolicyFacts, outcome: str) -> str:
    """Say so when the ring model and the spatial model differ in sign on the treated."""
    ring = facts.one("ring_did", outcome=outcome, stages="2", term="treated")
    if not ring:
        ring = facts.one("ring_did", outcome=outcome, stages="1", term="treated")
    main = facts.one("realised", outcome=outcome, group="treated", period="all")
    if not ring or not main:
        return ""
    a, b = number_of(ring, "value"), number_of(main, "value")
    if a * b < 0:
        return facts.say(
            " Rings without a lagged outcome and the spatial model differ in sign on the "
            "treated: not settled.",
            "不含空间滞后的圈层模型与空间模型对处理地区的符号相反：尚无定论。",
        )
    return facts.say(
        " Rings without a lagged outcome agree in sign on the treated.",
        "不含空间滞后的圈层模型对处理地区的符号一致。",
    )


def _groups(facts: PolicyFacts, outcome: str) -> Finding:
    question = facts.say(
        "Did groups of sectors answer differently ({y})?",
        "不同行业组的反应是否不同（{y}）？",
        y=facts.outcome(outcome),
    )
    rows = facts.rows("groups", outcome=outcome, kind="difference", effect="direct")
    if not rows:
        why = facts.note("group_notes", outcome) or facts.say(
            "no groups are given", "未提供分组"
        )
        return Finding(
            id=f"F8.{outcome}",
            question=question,
            answer=facts.say(
                "Not asked: {w}.", "未作分析：{w}。", w=facts.word(str(why))
            )
            + _left_out(facts, outcome),
        )
    parts = [
        facts.say(
            "{g}: {v} ({a} to {b}, p = {p})",
            "{g}：{v}（{a} 至 {b}，p = {p}）",
            g=facts.word(str(r["group"])),
            v=facts.show(number_of(r, "value")),
            a=facts.show(number_of(r, "lower")),
            b=facts.show(number_of(r, "upper")),
            p=facts.show(number_of(r, "p"), "p"),
        )
        for r in rows
    ]
    best = min(number_of(r, "p") for r in rows)
    return Finding(
        id=f"F8.{outcome}",
        question=question,
        answer=facts.say(
            "Differences of direct effects from {n} resamples of years: {x}. {m}",
            "直接效应之差（按年份重抽 {n} 次）：{x}。{m}",
            n=facts.show(facts.options.group_draws, "count"),
            x=facts.say("; ", "；").join(parts),
            m=facts.model_words,
        )
        + _left_out(facts, outcome),
        estimate={str(r["group"]): number_of(r, "value") for r in rows},
        null=0.0,
        p=min(1.0, best * len(rows)),
        reading=facts.say(
            "p is the smallest of the differences times their number. Groups are those of "
            "the column {c}; no grouping of industries is canonical.",
            "p 为各差异最小 p 值乘以差异个数。分组取自列 {c}；行业分组并无唯一标准。",
            c=facts.options.group_column,
        ),
        evidence=("groups.csv",),
    )


def _left_out(facts: PolicyFacts, outcome: str) -> str:
    """Say which groups have no outcome everywhere, and why."""
    lost = facts.note("group_notes", f"{outcome}@left_out")
    if not isinstance(lost, dict) or not lost:
        return ""
    listed = facts.say(", ", "、").join(
        facts.say("{g} ({n})", "{g}（{n}）", g=facts.word(g), n=facts.show(n, "count"))
        for g, n in lost.items()
    )
    return facts.say(
        " Left out, with the number of region-years without a value: {g}. There is none where "
        "a region has no job in the group, or the same shares inside it as the reference.",
        "未纳入的组（括号内为无值的地区-年份数）：{g}。若地区在该组内无就业，或组内份额与参照完全相同，则无定义。",
        g=listed,
    )


def _weights(facts: PolicyFacts, outcome: str) -> Finding:
    rows = facts.rows("weights_sensitivity", outcome=outcome, effect="direct")
    main = facts.one("impacts", outcome=outcome, variable="treatment", effect="direct")
    sign = number_of(main, "value")
    agree = [
        r for r in rows if number_of(r, "value") * sign > 0 and number_of(r, "p") < 0.05
    ]
    specs = [
        r
        for r in facts.rows("specification", outcome=outcome, effect="direct")
        if known(number_of(r, "se"))
    ]
    same = [
        r
        for r in specs
        if number_of(r, "value") * sign > 0 and number_of(r, "p") < 0.05
    ]
    return Finding(
        id=f"F9.{outcome}",
        question=facts.say(
            "Does the direct effect hang on the neighbours or on another choice ({y})?",
            "直接效应是否取决于空间权重或其他设定（{y}）？",
            y=facts.outcome(outcome),
        ),
        answer=facts.say(
            "{a} of {n} sets of weights and {b} of {k} specifications give the same sign "
            "with p < 0.05. {m}",
            "{n} 组权重中 {a} 组、{k} 种设定中 {b} 种给出相同符号且 p < 0.05。{m}",
            a=len(agree),
            n=len(rows),
            b=len(same),
            k=len(specs),
            m=facts.model_words,
        ),
        estimate={
            "weights": len(agree) / len(rows) if rows else float("nan"),
            "specifications": len(same) / len(specs) if specs else float("nan"),
        },
        reading=facts.say(
            "The list is no sample: the share is no probability.",
            "所列设定并非样本：该比例不是概率。",
        ),
        evidence=("weights_sensitivity.csv", "specification.csv"),
    )


def _placebo(facts: PolicyFacts, outcome: str) -> Finding:
    row = facts.one("placebo", outcome=outcome, kind="spatial", effect="direct")
    beside = [
        facts.show(
            number_of(
                facts.one("placebo", outcome=outcome, kind="spatial", effect=effect),
                "p",
            ),
            "p",
        )
        for effect in ("indirect", "total")
    ]
    low, high = number_of(row, "placebo_lower"), number_of(row, "placebo_upper")
    return Finding(
        id=f"F10.{outcome}",
        question=facts.say(
            "Would corridors that never were have shown the same ({y})?",
            "虚构的走廊是否也会得到同样的结果（{y}）？",
            y=facts.outcome(outcome),
        ),
        answer=facts.say(
            "Direct effect {v}; 95 % of {n} corridors moved elsewhere lie in {a} to {b}, "
            "p = {p} (indirect effect p = {i}, total p = {t}). Other placebos of the direct "
            "effect: {o}. {m}",
            "直接效应 {v}；{n} 次移动走廊的安慰剂中 95 % 位于 {a} 至 {b}，p = {p}"
            "（间接效应 p = {i}，总效应 p = {t}）。直接效应的其他安慰剂：{o}。{m}",
            v=facts.show(number_of(row, "value")),
            n=facts.show(number_of(row, "n"), "count"),
            a=facts.show(low),
            b=facts.show(high),
            p=facts.show(number_of(row, "p"), "p"),
            i=beside[0],
            t=beside[1],
            o=_other_placebos(facts, outcome) or "–",
            m=facts.model_words,
        ),
        estimate=number_of(row, "value"),
        null=[low, number_of(row, "placebo_median"), high],
        p=number_of(row, "p"),
        reading=facts.say(
            "p compares effects over their errors at each place: elsewhere an effect may be "
            "seen more or less precisely. Placebos that ignore space reject a true null far "
            "too often where noise is alike among neighbours; moved corridors keep size, "
            "start and shape. One coefficient for effects that first fall and then rise may "
            "not stand out.",
            "p 比较的是各地效应与其标准误之比：不同地点的估计精度不同。若噪声在邻近地区间相似，"
            "忽略空间的安慰剂会过度拒绝真实的零假设；移动走廊保留其规模、开始时间与形状。"
            "先降后升的效应用单一系数衡量时可能不显著。",
        ),
        evidence=("placebo.csv", "placebo_draws.csv"),
    )


def _other_placebos(facts: PolicyFacts, outcome: str) -> str:
    return facts.say("; ", "；").join(
        facts.say(
            "{k} p = {p} ({n})",
            "{k} p = {p}（{n} 次）",
            k=facts.word(str(r["kind"])),
            p=facts.show(number_of(r, "p"), "p"),
            n=facts.show(number_of(r, "n"), "count"),
        )
        for r in facts.rows("placebo", outcome=outcome)
        if r["kind"] != "spatial" and r["effect"] == "direct"
    )
