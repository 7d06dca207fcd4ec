"""Stage `report`: findings, and the page that a county economist would forward."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from agglo.studies.bilingual import bilingual
from agglo.studies.concentration.facts import facts_of
from agglo.studies.concentration.findings import all_findings
from agglo.studies.concentration.lookup import region_lookup
from agglo.studies.concentration.method import method_notes, origin_notes
from agglo.studies.concentration.sections import (
    cluster_blocks,
    growth_blocks,
    industry_blocks,
    key_figures,
    quotient_blocks,
    region_blocks,
)
from agglo.studies.concentration.words import in_chinese
from agglo.studies.contract import StageOutput
from agglo.studies.facts import changed_options
from agglo.studies.report import FindingList, Notes, Report

if TYPE_CHECKING:
    from agglo.core.typing import Json
    from agglo.studies.concentration.facts import Facts
    from agglo.studies.contract import StageInputs
    from agglo.studies.report import Block

__all__ = ["report"]


def report(inputs: StageInputs) -> StageOutput:
    """Answer the questions of the study and write its page.

    Parameters
    ----------
    inputs
        What the earlier stages left; optional table ``truth`` of generated data.

    Returns
    -------
    StageOutput
        Document ``findings``, file ``report.html``.
    """
    facts = facts_of(inputs)
    found = bilingual(lambda lang: all_findings(replace(facts, lang=lang)), in_chinese)
    page = _page(facts, found, inputs)
    return StageOutput(
        documents={"findings": found}, files={"report.html": page.to_bytes()}
    )


def _page(facts: Facts, found: list[Json], inputs: StageInputs) -> Report:
    say = facts.say
    title = say("Concentration profile", "集聚概况")
    page = Report(
        f"{facts.title}: {title}" if facts.title else title,
        subtitle=say(
            "Which industries are concentrated, which regions specialised, where are "
            "clusters strong, and how sure is that?",
            "哪些行业集聚、哪些地区专业化、集群在哪里强，这些结论有多可靠？",
        ),
        lang=facts.lang,
        generated=facts.generated,
    )
    page = page.section(say("In short", "要点")).add(key_figures(facts))
    page = page.add(
        FindingList(findings=tuple(f for f in found if isinstance(f, dict)))
    )
    sections: tuple[tuple[str, tuple[Block, ...]], ...] = (
        (say("Look up a region", "查询地区"), (region_lookup(facts),)),
        (say("Industries", "行业"), industry_blocks(facts)),
        (say("Regions", "地区"), region_blocks(facts)),
        (say("Specialisations", "专业化单元"), quotient_blocks(facts)),
        (say("Strong clusters", "强集群"), cluster_blocks(facts)),
        (say("Growth", "增长"), growth_blocks(facts)),
        (say("Method", "方法"), (Notes(items=method_notes(facts)),)),
        (say("Data", "数据"), (Notes(items=origin_notes(facts, inputs)),)),
    )
    page = page.add_sections(sections)
    return page.footer(*_provenance(facts, inputs))


def _provenance(facts: Facts, inputs: StageInputs) -> tuple[tuple[str, str], ...]:
    scope = facts.coverage.get("scope")
    codes = scope if isinstance(scope, dict) else {}
    return (
        (facts.say("Seed", "随机种子"), str(inputs.seed)),
        (
            facts.say("Options that differ from the defaults", "与默认值不同的选项"),
            changed_options(facts.options) or facts.say("none", "无"),
        ),
        (
            facts.say("Codes", "代码版本"),
            ", ".join(f"{k}: {v}" for k, v in codes.items() if v),
        ),
    )
