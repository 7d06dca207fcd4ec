"""Stage `report`: findings, files and the page."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from agglo.studies.bilingual import bilingual
from agglo.studies.coagglomeration.charts import (
    coefficient_chart,
    curve_charts,
    graph_chart,
    matrix_chart,
    specification_chart,
)
from agglo.studies.coagglomeration.facts import TABLES, facts_of
from agglo.studies.coagglomeration.findings import all_findings
from agglo.studies.coagglomeration.matrices import matrix_tables
from agglo.studies.coagglomeration.method import limit_notes, method_notes, origin_notes
from agglo.studies.coagglomeration.page_tables import (
    check_table,
    exposure_table,
    first_stage_table,
    hypothesis_table,
    linkage_table,
    mechanism_table,
    own_stock_table,
    regression_table,
    robustness_table,
)
from agglo.studies.coagglomeration.pair_charts import (
    areal_chart,
    direction_chart,
    volcano_chart,
)
from agglo.studies.coagglomeration.regression_files import regression_files
from agglo.studies.coagglomeration.words import chinese, note_of, shown
from agglo.studies.contract import StageOutput
from agglo.studies.outputs import csv_files, hashed
from agglo.studies.report import FindingList, KeyFigures, Notes, Report

if TYPE_CHECKING:
    from agglo.core.typing import Json
    from agglo.studies.coagglomeration.facts import CoagglomerationFacts
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
        Documents ``findings`` and ``provenance``, files ``report.html``, the CSV files and
        the regression tables as HTML, LaTeX and Word.
    """
    facts = facts_of(inputs)
    found = bilingual(lambda lang: all_findings(replace(facts, lang=lang)), chinese)
    files, provenance = _files(inputs, facts)
    return StageOutput(
        documents={"findings": found, "provenance": provenance},
        files={"report.html": _page(facts, found, inputs).to_bytes(), **files},
    )


def _files(
    inputs: StageInputs, facts: CoagglomerationFacts
) -> tuple[dict[str, bytes], dict[str, Json]]:
    """Write the tables as CSV; their provenance lies beside, as CSV on the Web has it."""
    stamp = inputs.provenance()
    tables = {name: inputs.result(stage, name) for name, stage in TABLES.items()}
    files = csv_files({**tables, **matrix_tables(facts)}, stamp)
    files |= regression_files(facts)
    return files, hashed(files, stamp)


def _page(
    facts: CoagglomerationFacts, found: list[Json], inputs: StageInputs
) -> Report:
    say = facts.say
    title = say("Who moves towards whom", "谁向谁靠近")
    page = facts.page(
        title,
        say(
            "Which industries settle near which others, in which direction, and does it "
            "raise innovation?",
            "哪些行业靠近哪些行业，方向如何，是否促进创新？",
        ),
    )
    page = page.section(say("In short", "要点"), facts.caveat)
    page = page.add(_key_figures(facts)).add(
        FindingList(
            findings=tuple(shown(facts, f) for f in found if isinstance(f, dict))
        )
    )
    page = page.add_sections(_sections(facts, inputs))
    return page.footer(*facts.footer(inputs))


def _key_figures(facts: CoagglomerationFacts) -> KeyFigures:
    say = facts.say
    items = (
        (facts.show(facts.note("scope", "plants"), "count"), say("plants", "企业")),
        (
            facts.show(len(facts.tables["industries"]), "count"),
            say("industries", "行业"),
        ),
        (
            facts.show(facts.note("pair_notes", "n_pairs"), "count"),
            say("ordered pairs", "有序配对"),
        ),
        (
            facts.show(facts.note("pool_notes", "patents"), "count"),
            say("patents", "专利"),
        ),
    )
    return KeyFigures(items=items)


def _sections(
    facts: CoagglomerationFacts, inputs: StageInputs
) -> tuple[tuple[str, tuple[Block | None, ...]], ...]:
    say = facts.say
    return (
        (
            say("Near and far", "远近"),
            (
                matrix_chart(facts),
                volcano_chart(facts),
                *curve_charts(facts),
                areal_chart(facts),
                robustness_table(facts),
            ),
        ),
        (
            say("Who moves towards whom", "谁向谁靠近"),
            (graph_chart(facts), direction_chart(facts)),
        ),
        (
            say("Innovation", "创新"),
            (
                coefficient_chart(facts),
                regression_table(facts),
                hypothesis_table(facts),
                own_stock_table(facts),
                specification_chart(facts),
            ),
        ),
        (
            say("How far to trust it", "可信程度"),
            (first_stage_table(facts), check_table(facts), exposure_table(facts)),
        ),
        (
            say("Mechanism and linkages", "机制与关联"),
            (mechanism_table(facts), linkage_table(facts)),
        ),
        (say("Inputs", "输入"), (Notes(items=_scope(facts)),)),
        (say("Rules", "规则"), (Notes(items=method_notes(facts)),)),
        (say("Limits", "局限"), (Notes(items=limit_notes(facts)),)),
        (say("Data", "数据"), (Notes(items=origin_notes(facts, inputs)),)),
    )


def _scope(facts: CoagglomerationFacts) -> tuple[tuple[str, str], ...]:
    say = facts.say
    labels = {
        "rows": say("Rows of establishments", "企业记录"),
        "without_place": say("Without a place", "无位置"),
        "without_industry_or_region": say("Without industry or region", "无行业或地区"),
        "far_away": say("Too far away to be right", "位置异常"),
        "in_small_industries": say("In industries with few plants", "小行业企业"),
        "places_of_regions": say("At the seat of their region", "以地区驻地为位置"),
    }
    out = [(h, facts.show(facts.note("scope", k), "count")) for k, h in labels.items()]
    small = facts.note("scope", "small_industries")
    if isinstance(small, list) and small:
        out.append(
            (say("Industries left out", "未纳入行业"), ", ".join(map(str, small)))
        )
    for key, head in (
        ("without_patents", say("Industries without a patent", "没有专利的行业")),
    ):
        none = facts.note("pool_notes", key)
        if isinstance(none, list) and none:
            out.append((head, ", ".join(map(str, none))))
    gone = facts.note("innovation_notes", "left_out")
    if isinstance(gone, list) and gone:
        head = say("Without a row in the main model", "主模型中没有观测的行业")
        out.append((head, ", ".join(map(str, gone))))
    for key, head in (
        ("joint_patents", say("Patents of several industries", "跨行业专利")),
        ("patents_without_industry", say("Patents without industry", "行业未知的专利")),
    ):
        if facts.note("pool_notes", key):
            out.append((head, facts.show(facts.note("pool_notes", key), "count")))
    cut = note_of(facts, facts.note("pair_notes", "reductions"))
    if cut:
        out.append((say("Reductions", "缩减"), say("; ", "；").join(cut)))
    return tuple(out)
