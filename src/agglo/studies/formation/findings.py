"""The five findings: element verdicts, stages, ranks, resilience, alerts and rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from agglo.studies.contract import Finding
from agglo.studies.formation.alerts import ALERTS
from agglo.studies.formation.columns import number

if TYPE_CHECKING:
    from agglo.core.typing import Json
    from agglo.studies.formation.view import View

__all__ = ["all_findings"]

_FOR: Mapping[str, tuple[str, str]] = {
    "national": ("for the nation", "国家层面"),
    "local": ("for places", "地方层面"),
    "cluster": ("for clusters", "集群层面"),
}


def all_findings(view: View) -> tuple[Finding, ...]:
    """Give the findings in the order of the report.

    Parameters
    ----------
    view
        What the stages left.

    Returns
    -------
    tuple of Finding
        F1 to F5.
    """
    return (verdicts(view), stages(view), ranks(view), resilience(view), rules(view))


def _counted(view: View, words: list[str]) -> str:
    counts = Counter(words).most_common()
    return view.say("; ", "；").join(f"{view.word(w)} {n}" for w, n in counts)


def _bracketed(view: View, counts: list[tuple[str, int]]) -> str:
    """List names with their counts in brackets; nothing for none."""
    listed = view.say("; ", "；").join(f"{n} × {name}" for name, n in counts)
    return view.say(" ({x})", "（{x}）", x=listed) if listed else ""


def verdicts(view: View) -> Finding:
    """Answer F1."""
    rows = view.tables["gate"]
    kinds = [str(r["kind"]) for r in rows]
    found = Counter(str(r["verdict"]) for r in rows)
    truth: Json = None
    planted = {
        i: label for (q, i), (_, label) in view.truth.items() if q == "formation_kind"
    }
    if planted:
        right = [planted.get(str(r["cluster"])) == r["kind"] for r in rows]
        truth = {
            "clusters": sum(v == "cluster" for v in planted.values()),
            "named_right": float(np.mean(right)),
        }
    estimate: dict[str, Json] = dict(Counter(kinds))
    missing = view.say("; ", "；").join(
        sorted({view.reason(r["missing"]) for r in rows if r["missing"]})[:3]
    )
    return Finding(
        id="F1",
        question=view.say(
            "Which of the clusters are clusters: near each other, related and tied?",
            "哪些集群同时具备地理邻近、产业关联和互动合作三要素？",
        ),
        answer=view.say(
            "Of {n}, {yes} have all three elements, {no} lack one, {open} cannot be tested. "
            "Kinds: {kinds}.",
            "{n} 个中，{yes} 个三要素齐备，{no} 个缺少要素，{open} 个无法检验。类型：{kinds}。",
            n=len(rows),
            yes=found.get("cluster", 0),
            no=found.get("not_a_cluster", 0),
            open=found.get("not_testable", 0),
            kinds=_counted(view, kinds),
        ),
        estimate=estimate,
        null=view.say(
            "an absent element passes by chance in {a} (proximity, cooperation) or {q} "
            "(connection) of the cases",
            "不存在的要素偶然通过的比例：邻近与合作 {a}，关联 {q}",
            a=view.show(view.options.alpha, "share"),
            q=view.show(1 - view.options.q, "share"),
        ),
        reading=view.say(
            "A gate, not an average. Not testable means that data are missing, not that the "
            "element is{missing}. Statistics and thresholds are our operational choice; "
            "gate_sensitivity.csv shows which verdicts hang on them.",
            "三要素是准入门槛，而非加权平均。无法检验表示缺少数据，并不表示要素缺失{missing}。统计量与阈值为本软件的操作性选择，"
            "敏感性见 gate_sensitivity.csv。",
            missing=view.say(": ", "：") + missing if missing else "",
        ),
        evidence=("gate.csv", "elements.csv", "gate_sensitivity.csv"),
        truth=truth,
    )


def stages(view: View) -> Finding:
    """Answer F2."""
    last = [view.last_stage(c) for c in view.clusters]
    told = [str(r.get("stage") or "not_assessed") for r in last]
    rand = view.note("life_notes", "hmm", "adjusted_rand")
    planted = {
        i: label for (q, i), (_, label) in view.truth.items() if q == "formation_stage"
    }
    truth: Json = None
    if planted:
        pairs = [
            (planted[key], str(r["stage"]))
            for r in view.tables["stages"]
            for key in (f"{r['region']}|{r['group']}|{r['period']}",)
            if key in planted and r["stage"] != "not_assessed"
        ]
        truth = {"stages_right": float(np.mean([a == b for a, b in pairs]))}
    why = view.reason(view.note("life_notes", "not_assessed"))
    return Finding(
        id="F2",
        question=view.say(
            "Where are the clusters in their life?", "各集群处于生命周期的哪个阶段？"
        ),
        answer=view.say(
            "In the last period: {told}.{why}",
            "最近一期：{told}。{why}",
            told=_counted(view, told),
            why=f" {why}" if why else "",
        ),
        estimate=dict(Counter(told)),
        null=view.say(
            "a hidden Markov model without rules agrees with them to {rand} (adjusted Rand; "
            "0 is chance)",
            "不用规则的隐马尔可夫模型与规则的一致性为 {rand}（调整兰德指数，0 为随机）",
            rand=view.show(rand),
        ),
        reading=view.say(
            "Rules with thresholds of ours; the margins to them are in stages.csv. With "
            "fewer than about ten periods describe and do not classify.",
            "规则与阈值为本软件设定，距阈值的余量见 stages.csv。期数少于约十期时只宜描述，不宜归类。",
        ),
        evidence=("stages.csv", "lock_in.csv"),
        truth=truth,
    )


def ranks(view: View) -> Finding:
    """Answer F3."""
    mine = {c: view.one("ranks", cluster=c) for c in view.clusters}
    known = {c: r for c, r in mine.items() if r}
    best = sorted(known, key=lambda c: number(known[c]["value"]))[:5]
    widths = [number(r["upper"]) - number(r["lower"]) for r in view.tables["ranks"]]
    listed = view.say("; ", "；").join(
        view.say(
            "{name}, rank {rank} [{low}, {high}]",
            "{name} 第 {rank} 位（{low} 至 {high}）",
            name=view.name(c),
            rank=view.show(known[c]["value"], "count"),
            low=view.show(known[c]["lower"], "count"),
            high=view.show(known[c]["upper"], "count"),
        )
        for c in best
    )
    total = len(view.tables["ranks"])
    interval = None
    if best:
        first = known[best[0]]
        interval = (number(first["lower"]), number(first["upper"]))
    return Finding(
        id="F3",
        question=view.say(
            "How good are the clusters by many indicators, and how sure are the ranks?",
            "按多项指标衡量集群质量如何？名次有多可靠？",
        ),
        answer=view.say(
            "Among {n} peers: {listed}."
            if best
            else "No cluster has enough data for a rank.",
            "在 {n} 个同类中：{listed}。" if best else "数据不足，无法排名。",
            n=total,
            listed=listed,
        ),
        estimate={view.name(c): number(known[c]["value"]) for c in best},
        interval=interval,
        null=view.say(
            "the median interval of {level} spans {w} ranks of {n}",
            "{level} 区间的中位宽度为 {w} 位（共 {n}）",
            level=view.show(view.options.level, "share"),
            w=view.show(float(np.nanmedian(widths)) if widths else None),
            n=total,
        ),
        reading=view.say(
            "The interval is over choices of normalisation, weights and indicators, not over "
            "sampling; where it is wide publish bands. Missing indicators are left out and "
            "listed, never filled in.",
            "区间反映标准化、权重与指标选择的不确定性，而非抽样误差；区间较宽时宜发布档次。缺失指标不填补，只列出。",
        ),
        evidence=("evaluation.csv", "stars.csv", "indicators.csv"),
    )


def resilience(view: View) -> Finding:
    """Answer F4."""
    rows = {f"{r['region']}|{r['group']}": r for r in view.tables["resilience"]}
    mine = [rows[c] for c in view.clusters if c in rows]
    values = np.array([number(r["resistance_mix"]) for r in mine])
    known = values[np.isfinite(values)]
    shock = f"{view.options.shock_before}–{view.options.shock_trough}"
    return Finding(
        id="F4",
        question=view.say(
            "How did the clusters go through the shock?", "集群在冲击中的韧性如何？"
        ),
        answer=view.say(
            "From {shock} {n} clusters: median resistance {m} (0 is what their mix leads to "
            "expect), {k} did worse.",
            "{shock} 期间 {n} 个集群：抵抗力中位数 {m}（0 为按自身结构的预期），{k} 个低于预期。",
            shock=shock,
            n=known.size,
            m=view.show(float(np.median(known))),
            k=int((known < 0).sum()),
        )
        if known.size
        else view.say(
            "No shock is dated: set shock_before and shock_trough.",
            "未设定冲击时期：请设置 shock_before 与 shock_trough。",
        ),
        estimate=float(np.median(known)) if known.size else None,
        null=0.0,
        reading=view.say(
            "Expected change is that of the cluster's own sub-industries at national rates; "
            "the dates are the user's.",
            "预期变化按集群细分行业的全国增速计算；冲击时期由用户设定。",
        ),
        evidence=("resilience.csv",),
    )


def rules(view: View) -> Finding:
    """Answer F5."""
    fires = view.rows("recommendations", state="fires")
    alerts = view.tables["alerts"]
    open_ = view.rows("recommendations", state="not evaluable")
    kinds = Counter(str(r["alert"]) for r in alerts).most_common()
    levels = Counter(str(r["level"]) for r in fires).most_common()
    return Finding(
        id="F5",
        question=view.say(
            "Which alerts and recommendations follow from the evidence?",
            "由证据得出哪些预警和建议？",
        ),
        answer=view.say(
            "{a} alerts{kinds}; {f} recommendations fire{levels}, {o} are not evaluable.",
            "{a} 条预警{kinds}；{f} 条建议触发{levels}，{o} 条无法评估。",
            a=len(alerts),
            kinds=_bracketed(view, [(view.say(*ALERTS[k][:2]), n) for k, n in kinds]),
            f=len(fires),
            levels=_bracketed(view, [(view.say(*_FOR[k]), n) for k, n in levels]),
            o=len(open_),
        ),
        estimate={"alerts": len(alerts), "fires": len(fires)},
        null=view.say(
            "the alert of growth far below the nation's (A5) fires in at most {rate} of calm "
            "clusters",
            "平稳集群中“增长远低于全国”（A5）的误报率至多 {rate}",
            rate=view.show(view.note("platform_notes", "false_alarm_rate_A5"), "share"),
        ),
        reading=view.say(
            "Texts come from a fixed table of rules with numbers filled in; every line names "
            "its evidence, and what could not be evaluated is listed with what is missing.",
            "文本仅来自固定规则表并填入数值；每条均注明证据，无法评估者列出所缺数据。",
        ),
        evidence=("recommendations.json", "alerts.csv"),
    )
