"""Stage `report`: findings, cards, CSV files and the page."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from agglo.studies.bilingual import bilingual
from agglo.studies.contract import StageOutput
from agglo.studies.formation.cards import card, card_name, card_pdf, grid
from agglo.studies.formation.columns import number, table_of
from agglo.studies.formation.findings import all_findings
from agglo.studies.formation.framework import framework_figure
from agglo.studies.formation.method import limit_notes, method_notes, origin_notes
from agglo.studies.formation.view import TABLES, View, in_chinese, view_of
from agglo.studies.outputs import csv_files, hashed
from agglo.studies.report import (
    Figure,
    FindingList,
    KeyFigures,
    Notes,
    Report,
    bar_chart,
    interval_chart,
)

if TYPE_CHECKING:
    import pyarrow as pa

    from agglo.core.typing import Json
    from agglo.studies.contract import StageInputs
    from agglo.studies.formation.columns import Row
    from agglo.studies.report import Block, DataTable

__all__ = ["report"]

_MOST_CARDS = 60
_SHOWN = 25
# tables written as CSV, under the names of the specification
_FILES = {
    "gate": "gate",
    "elements": "elements",
    "gate_sensitivity": "gate_sensitivity",
    "stages": "stages",
    "lock_in": "lock_in",
    "resilience": "resilience",
    "mechanisms": "mechanisms",
    "indicators": "indicators",
    "stars": "stars",
    "breaks": "breaks",
    "period_indicators": "period_indicators",
    "alerts": "alerts",
    "alert_history": "alert_history",
    "alert_rates": "alert_rates",
    "questionnaire": "questionnaire",
    "peers": "peers",
    "registry": "registry",
}


def report(inputs: StageInputs) -> StageOutput:
    """Answer the questions of the study, write its page and the cards.

    Parameters
    ----------
    inputs
        What the earlier stages left; optional table ``truth`` of generated data.

    Returns
    -------
    StageOutput
        Documents ``findings``, ``hmm``, ``recommendations`` and ``provenance``; files
        ``report.html``, a card per cluster and CSV files.
    """
    view = view_of(inputs)
    found = bilingual(lambda lang: all_findings(replace(view, lang=lang)), in_chinese)
    files: dict[str, bytes] = {}
    for cluster in view.clusters[:_MOST_CARDS]:
        made, name = card(view, cluster), card_name(cluster)
        files[name] = made.to_bytes()
        if view.options.pdf_cards:
            files[f"{name.removesuffix('.html')}.pdf"] = card_pdf(made)
    tables = {
        name: inputs.result(TABLES[table], table) for table, name in _FILES.items()
    }
    stamp = inputs.provenance()
    files.update(csv_files({**tables, "evaluation": _evaluation(view)}, stamp))
    fires: list[Json] = [
        {k: _plain(v) for k, v in r.items()}
        for r in view.tables["recommendations"]
        if r["state"] != "does not fire"
    ]
    return StageOutput(
        documents={
            "findings": found,
            "hmm": view.note("life_notes", "hmm") or {},
            "recommendations": fires,
            "provenance": hashed(files, stamp),
        },
        files={"report.html": _page(view, found, inputs).to_bytes(), **files},
    )


def _evaluation(view: View) -> pa.Table:
    """Give index, pillars and rank with its interval, one row per ranked cluster."""
    nodes = sorted({str(r["node"]) for r in view.tables["scores"]})
    rows = []
    for r in view.tables["ranks"]:
        scores = {
            str(s["node"]): s["value"]
            for s in view.rows("scores", cluster=r["cluster"])
        }
        row = {**scores, "rank": r["value"], "cluster": r["cluster"]}
        rows.append({**row, **{k: r[k] for k in ("lower", "upper", "top_share")}})
    columns = {"cluster": "s", **dict.fromkeys(nodes, "f")}
    tail = dict.fromkeys(("rank", "lower", "upper", "top_share"), "f")
    return table_of(rows, {**columns, **tail})


def _plain(value: object) -> Json:
    if isinstance(value, float):
        return value if np.isfinite(value) else None
    return value if value is None or isinstance(value, (str, int)) else str(value)


def _page(view: View, found: list[Json], inputs: StageInputs) -> Report:
    say = view.say
    title = say("Formation and evaluation of clusters", "集群的形成与评价")
    page = view.page(
        title,
        say(
            "Is this really a cluster, what formed it, where is it in its life, how good is "
            "it?",
            "这真的是集群吗？如何形成？处于何种阶段？质量如何？",
        ),
    )
    page = page.section(say("In short", "要点")).add(_key_figures(view))
    page = page.add(
        FindingList(
            findings=tuple(_worded(view, f) for f in found if isinstance(f, dict))
        )
    )
    parts: tuple[tuple[str, tuple[Block, ...]], ...] = (
        (say("Verdicts", "三要素结论"), (_kinds(view), _gate_table(view))),
        (say("Life cycle", "生命周期"), (_stage_figure(view), _hmm_table(view))),
        (
            say("Evaluation", "综合评价"),
            (framework_figure(view), *_ranks(view)),
        ),
        (say("Mechanisms", "形成机制"), (_mechanisms(view),)),
        (say("Alerts", "预警"), (_alert_table(view),)),
        (say("Recommendations", "建议"), (_rules(view),)),
        (say("Rules and choices", "规则与选择"), (Notes(items=method_notes(view)),)),
        (say("Limits", "局限"), (Notes(items=limit_notes(view)),)),
        (say("Data", "数据"), (Notes(items=origin_notes(view, inputs)),)),
    )
    return page.add_sections(parts).footer(*view.footer(inputs))


def _worded(view: View, finding: dict[str, Json]) -> dict[str, Json]:
    """Name kinds and stages on the page; the file keeps the codes."""
    estimate = finding.get("estimate")
    if not isinstance(estimate, dict):
        return finding
    return {**finding, "estimate": {view.word(k): v for k, v in estimate.items()}}


def _key_figures(view: View) -> KeyFigures:
    verdicts = Counter(str(r["verdict"]) for r in view.tables["gate"])
    say = view.say
    return KeyFigures(
        items=(
            (str(len(view.clusters)), say("clusters looked at", "个集群")),
            (
                str(verdicts.get("cluster", 0)),
                say("have all three elements", "个三要素齐备"),
            ),
            (
                str(verdicts.get("not_testable", 0)),
                say("cannot be tested", "个无法检验"),
            ),
            (str(len(view.tables["alerts"])), say("alerts", "条预警")),
            (
                str(len(view.rows("recommendations", state="fires"))),
                say("recommendations", "条建议"),
            ),
        )
    )


def _kinds(view: View) -> Figure:
    counts = Counter(str(r["kind"]) for r in view.tables["gate"]).most_common()
    names = [view.word(k) for k, _ in counts]
    values = np.array([float(n) for _, n in counts])
    caption = view.say("Clusters by kind", "各类型数量")
    table = grid(
        view,
        caption,
        [{"kind": n, "n": v} for n, v in zip(names, values, strict=True)],
        (("kind", "Kind", "类型", "text"), ("n", "Clusters", "数量", "count")),
    )
    svg = bar_chart("kinds", names, values, label=view.say("clusters", "集群数"))
    return Figure(svg=svg, caption=caption, alt=caption, table=table)


def _gate_table(view: View) -> DataTable:
    rows = [
        {
            "name": view.name(str(r["cluster"])),
            **{e: view.word(r[e]) for e in ("proximity", "connection", "cooperation")},
            "kind": view.word(r["kind"]),
            "value": r["value"],
            "agreement": r["agreement"],
            "missing": view.reason(r["missing"]),
        }
        for r in view.tables["gate"]
    ]
    return grid(
        view,
        view.say("The three elements of every cluster", "各集群三要素"),
        rows,
        (
            ("name", "Cluster", "集群", "text"),
            ("proximity", "Proximity", "邻近", "text"),
            ("connection", "Connection", "关联", "text"),
            ("cooperation", "Cooperation", "合作", "text"),
            ("kind", "Kind", "类型", "text"),
            ("value", "Strength", "强度", "number"),
            ("agreement", "Settings that agree", "一致设定占比", "share"),
            ("missing", "Missing", "缺失", "text"),
        ),
    )


def _stage_figure(view: View) -> Figure:
    told = [
        str(view.last_stage(c).get("stage") or "not_assessed") for c in view.clusters
    ]
    counts = Counter(told).most_common()
    names = [view.word(k) for k, _ in counts]
    values = np.array([float(n) for _, n in counts])
    caption = view.say("Stage in the last period", "最近一期阶段")
    table = grid(
        view,
        caption,
        [{"stage": n, "n": v} for n, v in zip(names, values, strict=True)],
        (("stage", "Stage", "阶段", "text"), ("n", "Clusters", "数量", "count")),
    )
    svg = bar_chart("stages", names, values, label=view.say("clusters", "集群数"))
    return Figure(svg=svg, caption=caption, alt=caption, table=table)


def _hmm_table(view: View) -> DataTable:
    means = view.note("life_notes", "hmm", "means")
    dwell = view.note("life_notes", "hmm", "dwell")
    matched = view.note("life_notes", "hmm", "matched")
    rows: list[Row] = []
    if (
        isinstance(means, list)
        and isinstance(dwell, list)
        and isinstance(matched, list)
    ):
        for k, (m, d, name) in enumerate(zip(means, dwell, matched, strict=True), 1):
            if isinstance(m, list):
                row = {"state": str(k), "size": m[0], "growth": m[1], "change": m[2]}
                rows.append({**row, "dwell": d, "stage": view.word(name)})
    return grid(
        view,
        view.say("Hidden states, without rules", "隐状态（不用规则）"),
        rows,
        (
            ("state", "State", "状态", "text"),
            ("stage", "Stands for", "对应阶段", "text"),
            ("size", "Size (z)", "规模 z", "number"),
            ("growth", "Growth beyond the nation's", "相对增长", "number"),
            ("change", "Change of diversity", "多样性变化", "number"),
            ("dwell", "Stays (periods)", "停留期数", "number"),
        ),
        note=view.say(
            "Agreement with the rules: adjusted Rand {r}, Cramér's V {v}.",
            "与规则的一致性：调整兰德指数 {r}，Cramér V {v}。",
            r=view.show(view.note("life_notes", "hmm", "adjusted_rand")),
            v=view.show(view.note("life_notes", "hmm", "cramer")),
        ),
    )


def _ranks(view: View) -> tuple[Block, ...]:
    mine = [r for c in view.clusters for r in view.rows("ranks", cluster=c)]
    mine.sort(key=lambda r: number(r["value"]))
    rows = [
        {
            **r,
            "name": view.name(str(r["cluster"])),
            "stars": view.one("stars", cluster=r["cluster"]).get("stars"),
        }
        for r in mine
    ]
    caption = view.say(
        "Ranks among {n} peers with their intervals",
        "在 {n} 个同类中的名次及区间",
        n=len(view.tables["ranks"]),
    )
    table = grid(
        view,
        caption,
        rows,
        (
            ("name", "Cluster", "集群", "text"),
            ("value", "Rank", "名次", "count"),
            ("lower", "From", "下界", "count"),
            ("upper", "To", "上界", "count"),
            ("top_share", "Among the first ten", "进入前十占比", "share"),
            ("stars", "Stars", "星级", "count"),
        ),
    )
    first = rows[:_SHOWN]
    if not first:
        return (table,)
    values, lower, upper = (
        np.array([number(r[k]) for r in first]) for k in ("value", "lower", "upper")
    )
    svg = interval_chart(
        "ranks",
        [str(r["name"]) for r in first],
        values,
        lower,
        upper,
        label=view.say("rank", "名次"),
    )
    return (Figure(svg=svg, caption=caption, alt=caption, table=table),)


def _mechanisms(view: View) -> DataTable:
    rows = view.tables["mechanisms"]
    known: dict[str, list[float]] = {}
    for r in rows:
        known.setdefault(str(r["indicator"]), []).append(number(r["value"]))
    needs = {str(r["indicator"]): str(r["needs"]) for r in rows if r["needs"]}
    shown = [
        {
            "indicator": k,
            "known": float(np.isfinite(v).sum()),
            "median": float(np.nanmedian(v)) if np.isfinite(v).any() else None,
            "needs": view.data(needs.get(k, "")),
        }
        for k, v in ((k, np.array(x)) for k, x in sorted(known.items()))
    ]
    return grid(
        view,
        view.say("Indicators of the six mechanisms", "六大机制指标"),
        shown,
        (
            ("indicator", "Indicator", "指标", "text"),
            ("known", "Clusters with a value", "有值集群数", "count"),
            ("median", "Median", "中位数", "number"),
            ("needs", "Needs", "所需数据", "text"),
        ),
        note=view.say(
            "What was not computed needs data; nothing is filled in. Values per cluster are "
            "in mechanisms.csv.",
            "未计算者缺数据，不作填补。逐集群数值见 mechanisms.csv。",
        ),
    )


def _alert_table(view: View) -> DataTable:
    rows = [
        {
            **r,
            "name": view.name(str(r["cluster"])),
            "level": view.reason(r["level"]),
            "evidence": view.evidence(r),
        }
        for r in view.tables["alerts"]
    ]
    return grid(
        view,
        view.say("Alerts", "预警"),
        rows,
        (
            ("name", "Cluster", "集群", "text"),
            ("alert", "Alert", "预警", "text"),
            ("level", "Level", "级别", "text"),
            ("first_seen", "First seen", "首次出现", "text"),
            ("evidence", "Evidence", "证据", "text"),
        ),
        note=_rates(view),
    )


def _rates(view: View) -> str:
    """Say how often calm clusters raise an alert."""
    known = [r for r in view.tables["alert_rates"] if r["upper"] is not None]
    if not known:
        return ""
    listed = view.say("; ", "；").join(
        f"{r['alert']} {view.show(r['rate'], 'share')} (≤ {view.show(r['upper'], 'share')})"
        for r in known
    )
    return view.say(
        "Expected false alarms, share of calm cluster-periods (upper end of the bootstrap): "
        "{x}. An alert is closed when it is false twice in a row.",
        "平稳集群的预期误报率（自助法上限）：{x}。连续两期不成立即关闭。",
        x=listed,
    )


def _rules(view: View) -> DataTable:
    rows = [
        {
            **r,
            "name": view.name(str(r["unit"])) if r["unit"] else view.say("all", "全部"),
        }
        for r in view.rows("recommendations", state="fires")
    ]
    order = {"national": 0, "local": 1, "cluster": 2}
    rows.sort(key=lambda r: (order[str(r["level"])], -number(r["priority"])))
    rows = [
        {
            **r,
            "level": view.reason(r["level"]),
            "text": view.say(str(r["text"]), str(r["text_zh"])),
            "evidence": view.say(str(r["evidence"]), str(r["evidence_zh"])),
            "indicative": view.reason(r["indicative"]),
        }
        for r in rows
    ]
    return grid(
        view,
        view.say("Rules that fire, with their evidence", "触发的规则及证据"),
        rows,
        (
            ("rule", "Rule", "规则", "text"),
            ("level", "Level", "层面", "text"),
            ("name", "For", "对象", "text"),
            ("text", "Recommendation", "建议", "text"),
            ("evidence", "Evidence", "证据", "text"),
            ("indicative", "Status", "状态", "text"),
        ),
    )
