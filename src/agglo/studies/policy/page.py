"""Stage `report`: findings, CSV files and the page."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from agglo.studies.bilingual import bilingual
from agglo.studies.contract import StageOutput
from agglo.studies.facts import number_of
from agglo.studies.outputs import csv_files, hashed
from agglo.studies.policy.charts import (
    distance_chart,
    effect_map,
    event_chart,
    placebo_chart,
    specification_chart,
    sweep_chart,
)
from agglo.studies.policy.facts import TABLES, facts_of
from agglo.studies.policy.findings import all_findings
from agglo.studies.policy.method import limit_notes, method_notes, origin_notes
from agglo.studies.policy.words import in_chinese
from agglo.studies.report import DataTable, FindingList, KeyFigures, Notes, Report

if TYPE_CHECKING:
    from agglo.core.typing import Json
    from agglo.studies.contract import StageInputs
    from agglo.studies.policy.facts import PolicyFacts
    from agglo.studies.report import Block, NumberKind

__all__ = ["report"]

_TEXT = {
    "outcome",
    "variable",
    "effect",
    "group",
    "weights",
    "durbin_weights",
    "specification",
    "item",
    "status",
    "evidence",
    "test",
    "kind",
    "treated",
    "control",
    "term",
    "period",
    "region",
    "reason",
    "estimator",
    "design",
    "base",
    "span",
    "restriction",
    "covariate",
    "stages",
}
_COUNTS = {"cells", "nobs", "df", "islands", "unmatched"}
_PVALUES = {"p", "q", "leads_p"}


def report(inputs: StageInputs) -> StageOutput:
    """Answer the questions of the study and write its page.

    Parameters
    ----------
    inputs
        What the earlier stages left; optional table ``truth`` of generated data.

    Returns
    -------
    StageOutput
        Documents ``findings`` and ``provenance``, files ``report.html`` and the CSV files.
    """
    facts = facts_of(inputs)
    found = bilingual(lambda lang: all_findings(replace(facts, lang=lang)), in_chinese)
    files, provenance = _files(inputs)
    return StageOutput(
        documents={"findings": found, "provenance": provenance},
        files={"report.html": _page(facts, found, inputs).to_bytes(), **files},
    )


def _files(inputs: StageInputs) -> tuple[dict[str, bytes], dict[str, Json]]:
    """Write the tables as CSV; their provenance lies beside, as CSV on the Web has it."""
    stamp = inputs.provenance()
    tables = {name: inputs.result(stage, name) for name, stage in TABLES.items()}
    files = csv_files(tables, stamp)
    return files, hashed(files, stamp)


def _page(facts: PolicyFacts, found: list[Json], inputs: StageInputs) -> Report:
    say = facts.say
    title = say("What a corridor did", "走廊政策效应")
    page = facts.page(
        title,
        say(
            "Did the policy change specialisation and diversification, here and next door, "
            "when, and how far out?",
            "政策是否改变了本地与邻近地区的专业化与多样化？何时显现、影响多远？",
        ),
    )
    page = page.section(say("In short", "要点"), facts.caveat)
    page = page.add(_key_figures(facts)).add(
        FindingList(findings=tuple(f for f in found if isinstance(f, dict)))
    )
    page = page.add_sections(_sections(facts, inputs))
    return page.footer(*facts.footer(inputs))


def _key_figures(facts: PolicyFacts) -> KeyFigures:
    say = facts.say
    items = [
        (facts.show(facts.note("scope", "regions"), "count"), say("regions", "地区")),
        (
            facts.show(facts.note("effect_notes", "treated"), "count"),
            say("treated", "处理地区"),
        ),
    ]
    for outcome in facts.options.outcomes:
        row = facts.one("realised", outcome=outcome, group="treated", period="all")
        items.append(
            (
                facts.show(number_of(row, "value")),
                say(
                    "realised effect on the treated, {y}",
                    "处理地区的实际效应，{y}",
                    y=facts.outcome(outcome),
                ),
            )
        )
    return KeyFigures(items=tuple(items))


_EFFECT = ("outcome", "effect", "value", "se", "lower", "upper", "p")
_Section = tuple[str, tuple["Block | None", ...]]


def _sections(facts: PolicyFacts, inputs: StageInputs) -> tuple[_Section, ...]:
    say = facts.say
    return (
        *_result_sections(facts),
        *_check_sections(facts),
        (say("Rules", "规则"), (Notes(items=method_notes(facts)),)),
        (say("Limits", "局限"), (Notes(items=limit_notes(facts)),)),
        (say("Data", "数据"), (Notes(items=origin_notes(facts, inputs)),)),
    )


def _result_sections(facts: PolicyFacts) -> tuple[_Section, ...]:
    """Give effects, by year, by distance, by group."""
    say, outcomes = facts.say, facts.options.outcomes
    averages = _table(
        facts,
        "impacts",
        say("Average effects of the treatment", "处理的平均效应"),
        _EFFECT,
        variable="treatment",
    )
    told = _table(
        facts,
        "realised",
        say("Realised effects of this policy", "该政策的实际效应"),
        ("outcome", "group", "cells", *_EFFECT[2:]),
        period="all",
    )
    rings = _table(
        facts,
        "ring_did",
        say("Rings without a lagged outcome", "不含空间滞后的圈层模型"),
        ("outcome", "stages", "term", "cells", *_EFFECT[2:]),
    )
    groups = _table(
        facts,
        "groups",
        say("Effects by group, and differences", "分组效应及差异"),
        ("outcome", "group", *_EFFECT[1:]),
    )
    return (
        (
            say("Effects", "效应"),
            (averages, told, *(effect_map(facts, o) for o in outcomes)),
        ),
        (say("By year", "分年"), tuple(event_chart(facts, o) for o in outcomes)),
        (
            say("By distance", "按距离"),
            (
                *(distance_chart(facts, o) for o in outcomes),
                rings,
                *(sweep_chart(facts, o) for o in outcomes),
            ),
        ),
        (say("Groups of sectors", "行业分组"), (groups,)),
    )


def _check_sections(facts: PolicyFacts) -> tuple[_Section, ...]:
    """Give placebos, other choices, tests, and what was left out."""
    say, outcomes = facts.say, facts.options.outcomes
    choices = _table(
        facts,
        "specification",
        say("Direct effect under other choices", "其他设定下的直接效应"),
        ("outcome", "specification", *_EFFECT[2:], "rho", "nobs"),
        effect="direct",
    )
    weights = _table(
        facts,
        "weights_sensitivity",
        say("Effects under other weights", "其他空间权重下的效应"),
        ("outcome", "weights", "durbin_weights", *_EFFECT[1:], "rho"),
    )
    curves = tuple(specification_chart(facts, o) for o in outcomes)
    return (
        (say("Chance", "随机水平"), tuple(placebo_chart(facts, o) for o in outcomes)),
        (say("Other choices", "其他设定"), (*curves, choices, weights)),
        (
            say("Starts, anticipation, matched regions", "批次、预期与匹配地区"),
            _robust_tables(facts),
        ),
        (say("Tests", "检验"), _test_tables(facts)),
        (
            say("Left out", "剔除"),
            (
                _table(
                    facts,
                    "excluded",
                    say("Regions left out", "剔除的地区"),
                    ("region", "reason"),
                ),
            ),
        ),
    )


def _robust_tables(facts: PolicyFacts) -> tuple[Block | None, ...]:
    say = facts.say
    tables = (
        (
            "staggered",
            say("Estimators by start, mean effects", "分批次估计量的平均效应"),
            ("outcome", "estimator", "group", "cells", *_EFFECT[2:]),
        ),
        (
            "anticipation",
            say("Effects when the base is earlier", "以更早年份为基期的效应"),
            ("outcome", "base", "span", *_EFFECT[1:], "leads_p"),
        ),
        (
            "honest",
            say(
                "Mean direct effect when trends may differ by m times the largest change "
                "before the start",
                "趋势可偏离（开始前最大变化的 m 倍）时的平均直接效应",
            ),
            ("outcome", "m", "bound_lower", "bound_upper", "lower", "upper"),
        ),
        (
            "matching",
            say("Matched regions", "匹配地区"),
            ("outcome", "design", *_EFFECT[1:]),
        ),
        (
            "balance",
            say("Standardised differences before and after", "匹配前后的标准化差异"),
            ("outcome", "covariate", "before", "after", "unmatched"),
        ),
    )
    return tuple(_table(facts, n, caption, columns) for n, caption, columns in tables)


def _test_tables(facts: PolicyFacts) -> tuple[Block | None, ...]:
    say = facts.say
    tables = (
        (
            "tests",
            say("Which spatial model", "空间模型选择"),
            ("outcome", "test", "kind", "value", "df", "p"),
        ),
        (
            "moran",
            say("Moran's I by year", "各年莫兰指数"),
            ("outcome", "kind", "period", "value", "p", "q"),
        ),
        (
            "comparisons",
            say("Comparisons behind one coefficient", "单一系数背后的比较"),
            ("outcome", "treated", "control", "kind", "weight", "estimate"),
        ),
        (
            "referee_checklist",
            say("Referee checklist", "审稿清单"),
            ("outcome", "item", "status", "value", "bound", "evidence"),
        ),
    )
    return tuple(_table(facts, n, caption, columns) for n, caption, columns in tables)


def _table(
    facts: PolicyFacts,
    name: str,
    caption: str,
    columns: tuple[str, ...],
    **where: object,
) -> Block | None:
    rows = facts.rows(name, **where)
    if not rows:
        return None
    kinds: dict[str, NumberKind] = {
        c: "p" if c in _PVALUES else "count" if c in _COUNTS else "number"
        for c in columns
        if c not in _TEXT
    }
    shown = {
        c: [
            facts.outcome(str(r[c]))
            if c == "outcome"
            else _word(facts, c, str(r.get(c) or ""))
            if c in _TEXT
            else number_of(r, c)
            for r in rows
        ]
        for c in columns
    }
    heads = {c: _head(facts, c) for c in columns}
    return DataTable(
        caption=caption,
        columns={heads[c]: v for c, v in shown.items()},
        kinds={heads[c]: k for c, k in kinds.items()},
    )


def _word(facts: PolicyFacts, column: str, name: str) -> str:
    """Name a cell of text; columns that were matched on may be outcomes."""
    return facts.outcome(name) if column == "covariate" else facts.word(name)


_HEADS = {
    "outcome": ("Outcome", "结果变量"),
    "effect": ("Effect", "效应"),
    "value": ("Value", "数值"),
    "se": ("Error", "标准误"),
    "lower": ("Lower", "下限"),
    "upper": ("Upper", "上限"),
    "group": ("Group", "组别"),
    "cells": ("Cells", "单元数"),
    "term": ("Term", "项"),
    "weights": ("Weights", "空间权重"),
    "durbin_weights": ("Treatment lagged by", "处理的滞后权重"),
    "specification": ("Specification", "设定"),
    "nobs": ("Rows", "观测数"),
    "test": ("Test", "检验"),
    "kind": ("Kind", "类别"),
    "period": ("Period", "时期"),
    "treated": ("Treated from", "处理起始"),
    "control": ("Controls from", "对照起始"),
    "weight": ("Weight", "权重"),
    "item": ("Question", "问题"),
    "status": ("Answer", "回答"),
    "bound": ("Bound", "界限"),
    "evidence": ("Evidence", "依据"),
    "region": ("Region", "地区"),
    "reason": ("Reason", "原因"),
    "df": ("df", "自由度"),
    "estimate": ("Effect", "效应"),
    "estimator": ("Estimator", "估计量"),
    "design": ("Design", "设计"),
    "base": ("Base", "基期"),
    "span": ("Years since the start", "距开始年数"),
    "leads_p": ("Leads, p", "提前期 p"),
    "bound_lower": ("Bound from", "界限下端"),
    "bound_upper": ("Bound to", "界限上端"),
    "covariate": ("Matched on", "匹配变量"),
    "before": ("Before", "匹配前"),
    "after": ("After", "匹配后"),
    "unmatched": ("Treated without match", "未匹配处理地区"),
    "stages": ("Stages", "阶段"),
}


def _head(facts: PolicyFacts, column: str) -> str:
    return facts.say(*_HEADS[column]) if column in _HEADS else column
