"""Stage `report`: findings, files and the page."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from agglo.studies.bilingual import bilingual
from agglo.studies.contract import StageOutput
from agglo.studies.networks import charts, maps, sections
from agglo.studies.networks.facts import facts_of, label_zh
from agglo.studies.networks.findings import all_findings
from agglo.studies.networks.method import limit_notes, method_notes, origin_notes
from agglo.studies.networks.outputs import city_flows, study_files
from agglo.studies.networks.sections_linkage import linkage_tables, part_tables
from agglo.studies.networks.sections_structure import removal_chart, structure_tables
from agglo.studies.report import FindingList, Notes, Report

if TYPE_CHECKING:
    from collections.abc import Mapping

    from agglo.core.typing import Json
    from agglo.networks import FlowMatrix
    from agglo.studies.contract import StageInputs
    from agglo.studies.networks.facts import NetworkFacts
    from agglo.studies.outputs import Drawn
    from agglo.studies.report import Block

__all__ = ["report"]

_LAYERS = ("branch", "copatent")


def report(inputs: StageInputs) -> StageOutput:
    """Answer the questions of the study and write its page.

    Parameters
    ----------
    inputs
        What the earlier stages left; optional table ``truth`` of generated data.

    Returns
    -------
    StageOutput
        Documents ``findings`` and ``provenance``, files ``report.html``, tables as CSV,
        figures as SVG, networks as GraphML and GEXF.
    """
    facts = facts_of(inputs)
    flows = city_flows(inputs, facts)
    figures = _figures(facts, flows)
    found = bilingual(lambda lang: all_findings(replace(facts, lang=lang)), label_zh)
    page = _page(facts, found, figures, inputs)
    files, provenance = study_files(inputs, facts, list(figures.values()), flows)
    return StageOutput(
        documents={"findings": found, "provenance": provenance},
        files={"report.html": page.to_bytes(), **files},
    )


def _figures(facts: NetworkFacts, flows: Mapping[str, FlowMatrix]) -> dict[str, Drawn]:
    drawn: dict[str, Drawn | None] = {"space": charts.space_chart(facts)}
    for layer in _LAYERS:
        if layer in flows:
            drawn[f"flows_{layer}"] = maps.flow_map(facts, layer, flows[layer])
        drawn[f"boundary_{layer}"] = charts.boundary_chart(facts, layer)
        drawn[f"mixing_{layer}"] = charts.mixing_chart(facts, layer)
        drawn[f"rank_{layer}"] = charts.rank_chart(facts, layer)
        drawn[f"tiers_{layer}"] = maps.tier_map(facts, layer)
    drawn["removal"] = removal_chart(facts)
    drawn["removal_district"] = removal_chart(facts, "district")
    drawn["profiles"] = charts.profile_chart(facts)
    drawn["odds"] = charts.odds_chart(facts)
    drawn["portfolio"] = charts.portfolio_chart(facts)
    drawn["backtest"] = charts.backtest_chart(facts)
    return {k: v for k, v in drawn.items() if v is not None}


def _page(
    facts: NetworkFacts,
    found: list[Json],
    figures: Mapping[str, Drawn],
    inputs: StageInputs,
) -> Report:
    say = facts.say
    title = say("Networks of places and industries", "地区与产业网络")
    page = facts.page(
        title,
        say(
            "How are industries and places tied, where are the cores, and what could each "
            "place take up next?",
            "产业与城市如何相互联系，核心在哪里，各地下一步可以发展什么？",
        ),
    )
    page = page.section(say("In short", "要点")).add(sections.key_figures(facts))
    page = page.add(
        FindingList(findings=tuple(f for f in found if isinstance(f, dict)))
    )
    page = page.add_sections(_sections(facts, figures, inputs))
    return page.footer(*_foot(facts, inputs))


def _sections(
    facts: NetworkFacts, figures: Mapping[str, Drawn], inputs: StageInputs
) -> tuple[tuple[str, tuple[Block, ...]], ...]:
    say = facts.say

    def show(*names: str) -> tuple[Block, ...]:
        return tuple(figures[n].figure for n in names if n in figures)

    def both(name: str) -> tuple[Block, ...]:
        return show(*(f"{name}_{layer}" for layer in _LAYERS))

    return (
        (
            say("Industries that belong together", "相关产业"),
            (*show("space"), sections.group_table(facts)),
        ),
        (say("Ties between cities", "城市之间的联系"), both("flows")),
        (
            say("Integrated or bounded", "融合或边界"),
            (*both("boundary"), *both("mixing"), sections.pattern_table(facts)),
        ),
        (
            say("Cores and tiers", "核心与层级"),
            (
                sections.core_table(facts),
                *both("rank"),
                *both("tiers"),
                sections.distribution_table(facts),
            ),
        ),
        (
            say("Structure of ties", "联系的结构"),
            (*structure_tables(facts), *show("removal", "removal_district")),
        ),
        (say("Sizes of firms", "企业规模"), show("profiles")),
        (say("Crossing cities", "跨城市合作"), show("odds")),
        (say("What explains links", "联系的解释"), sections.dyad_tables(facts)),
        (
            say("Space and trade", "区位与投入产出"),
            linkage_tables(facts),
        ),
        (
            say("What next", "下一步"),
            (
                *show("portfolio", "backtest"),
                *part_tables(facts),
                *sections.portfolio_lookup(facts),
            ),
        ),
        (say("Sensitivity", "敏感性"), (sections.sensitivity_table(facts),)),
        (say("Rules", "规则"), (Notes(items=method_notes(facts)),)),
        (say("Limits", "局限"), (Notes(items=limit_notes(facts)),)),
        (say("Data", "数据"), (Notes(items=origin_notes(facts, inputs)),)),
    )


def _foot(facts: NetworkFacts, inputs: StageInputs) -> tuple[tuple[str, str], ...]:
    return (
        *facts.footer(inputs),
        (
            facts.say("Levels", "层级"),
            f"{facts.note('coverage', 'levels', 'district')} < "
            f"{facts.note('coverage', 'levels', 'city') or '–'}",
        ),
    )
