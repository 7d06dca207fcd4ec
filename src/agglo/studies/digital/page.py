"""Stage `report`: findings, CSV files and the page."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from agglo.studies.bilingual import bilingual
from agglo.studies.contract import StageOutput
from agglo.studies.digital.charts import city_bubbles, stacked_bars
from agglo.studies.digital.city_maps import bivariate_map, sequence_map
from agglo.studies.digital.facts import facts_of, in_chinese
from agglo.studies.digital.findings import all_findings
from agglo.studies.digital.flows import sankey_chart
from agglo.studies.digital.maps import density_map, overlap_map, point_map
from agglo.studies.digital.method import limit_notes, method_notes, origin_notes
from agglo.studies.digital.null_charts import (
    cross_k_chart,
    hypergeometric_chart,
    null_histograms,
)
from agglo.studies.digital.outlines import boundaries_of
from agglo.studies.digital.outputs import study_files
from agglo.studies.digital.sections import (
    audit_blocks,
    city_blocks,
    headline_table,
    input_blocks,
    key_figures,
    null_table,
    sensitivity_blocks,
    shift_table,
    spatial_table,
)
from agglo.studies.digital.set_charts import rank_chart, upset_chart
from agglo.studies.digital.sites import plane_of, sites_of
from agglo.studies.report import FindingList, Notes, Report

if TYPE_CHECKING:
    from collections.abc import Mapping

    from agglo.core.typing import Json
    from agglo.studies.contract import StageInputs
    from agglo.studies.digital.facts import DigitalFacts
    from agglo.studies.outputs import Drawn
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
        Documents ``findings`` and ``provenance``, files ``report.html`` and the CSV files.
    """
    facts = facts_of(inputs)
    figures = _figures(facts, inputs)
    found = bilingual(lambda lang: all_findings(replace(facts, lang=lang)), in_chinese)
    page = _page(facts, found, figures, inputs)
    files, provenance = study_files(inputs, list(figures.values()))
    return StageOutput(
        documents={"findings": found, "provenance": provenance},
        files={"report.html": page.to_bytes(), **files},
    )


def _figures(facts: DigitalFacts, inputs: StageInputs) -> dict[str, Drawn]:
    plane = plane_of(inputs)
    lists, _ = sites_of(inputs, plane)
    outlines = boundaries_of(inputs, plane.projection)
    drawn: Mapping[str, Drawn | None] = {
        "map": point_map(facts, plane, lists, outlines),
        "density": density_map(facts, plane, lists, outlines),
        "overlap": overlap_map(facts, plane, outlines),
        "programmes": stacked_bars(facts, "programme"),
        "divisions": stacked_bars(facts, "industry"),
        "cities": city_bubbles(facts),
        "bivariate": bivariate_map(facts, plane, outlines),
        "upset": upset_chart(facts),
        "rank_size": rank_chart(facts),
        "sequence": sequence_map(facts, plane, outlines),
        "nulls": null_histograms(facts, ("coexistence", "identical", "matched")),
        "curve": hypergeometric_chart(facts),
        "sankey": sankey_chart(facts),
        "cross_k": cross_k_chart(facts),
    }
    return {k: v for k, v in drawn.items() if v is not None}


def _page(
    facts: DigitalFacts,
    found: list[Json],
    figures: Mapping[str, Drawn],
    inputs: StageInputs,
) -> Report:
    say = facts.say
    title = say("Clusters and on-line belts", "集群与线上产业带")
    page = facts.page(
        title,
        say(
            "How far are designated clusters matched by on-line industrial belts, and what "
            "would chance give?",
            "认定集群在多大程度上有线上产业带与之匹配，随机情况下又会如何？",
        ),
    )
    page = page.section(say("In short", "要点"), facts.caveat)
    page = page.add(key_figures(facts)).add(
        FindingList(findings=tuple(f for f in found if isinstance(f, dict)))
    )
    page = page.add_sections(_sections(facts, figures, inputs))
    return page.footer(*_foot(facts, inputs))


def _sections(
    facts: DigitalFacts, figures: Mapping[str, Drawn], inputs: StageInputs
) -> tuple[tuple[str, tuple[Block, ...]], ...]:
    say = facts.say

    def show(*names: str) -> tuple[Block, ...]:
        return tuple(figures[n].figure for n in names if n in figures)

    shift = shift_table(facts)
    shifts: tuple[Block, ...] = () if shift is None else (shift,)
    return (
        (say("Inputs", "输入"), input_blocks(facts)),
        (say("Where they are", "分布"), show("map")),
        (
            say("Rates and chance", "比率与随机水平"),
            (headline_table(facts), *show("nulls", "curve"), null_table(facts)),
        ),
        (
            say("Programmes and industries", "计划与行业"),
            show("programmes", "divisions", "sankey", "upset"),
        ),
        (
            say("Cities", "城市"),
            (*show("cities", "bivariate", "rank_size"), *city_blocks(facts)),
        ),
        (
            say("Space", "空间"),
            (
                *show("overlap", "sequence"),
                *shifts,
                *show("density", "cross_k"),
                spatial_table(facts),
            ),
        ),
        (say("Sensitivity", "敏感性"), sensitivity_blocks(facts)),
        (say("To look at by hand", "人工核对"), audit_blocks(facts)),
        (say("Rules", "规则"), (Notes(items=method_notes(facts)),)),
        (say("Limits", "局限"), (Notes(items=limit_notes(facts)),)),
        (say("Data", "数据"), (Notes(items=origin_notes(facts, inputs)),)),
    )


def _foot(facts: DigitalFacts, inputs: StageInputs) -> tuple[tuple[str, str], ...]:
    return (
        *facts.footer(inputs),
        (
            facts.say("City codes", "城市代码"),
            str(facts.note("coverage", "region_version") or "–"),
        ),
    )
