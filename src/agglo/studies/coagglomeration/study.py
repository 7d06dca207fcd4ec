"""The stages of the coagglomeration study, in order."""

from __future__ import annotations

from agglo.studies.coagglomeration.options import CoagglomerationOptions
from agglo.studies.contract import Stage, Study
from agglo.studies.deferred import deferred

__all__ = ["STUDY"]

_BEHIND_POOLS = ("patents", "input_output", "industry_links", "panel")

STUDY = Study(
    name="coagglomeration",
    title={"en": "Who moves towards whom", "zh": "谁向谁靠近"},
    question={
        "en": "Which industries settle near which others, in which direction, and does it "
        "raise innovation?",
        "zh": "哪些行业靠近哪些行业，方向如何，是否促进创新？",
    },
    options=CoagglomerationOptions,
    stages=(
        Stage(
            name="prepare",
            run=deferred("agglo.studies.coagglomeration.prepare:prepare"),
            tables=("establishments",),
            optional=("industries", "regions"),
        ),
        Stage(
            name="pairs",
            run=deferred("agglo.studies.coagglomeration.pairs:pairs"),
            after=("prepare",),
        ),
        Stage(
            name="pools",
            run=deferred("agglo.studies.coagglomeration.pools:pools"),
            optional=_BEHIND_POOLS,
            after=("prepare", "pairs"),
        ),
        Stage(
            name="innovation",
            run=deferred("agglo.studies.coagglomeration.innovation:innovation"),
            optional=_BEHIND_POOLS,
            after=("prepare", "pairs", "pools"),
        ),
        Stage(
            name="checks",
            run=deferred("agglo.studies.coagglomeration.checks:checks"),
            optional=_BEHIND_POOLS,
            after=("prepare", "pairs", "pools"),
        ),
        Stage(
            name="mechanism",
            run=deferred("agglo.studies.coagglomeration.mechanism:mechanism"),
            optional=("links", "patents", "input_output", "industry_links"),
            after=("prepare", "pairs"),
        ),
        Stage(
            name="report",
            run=deferred("agglo.studies.coagglomeration.page:report"),
            optional=("truth",),
            after=(
                "prepare",
                "pairs",
                "pools",
                "innovation",
                "checks",
                "mechanism",
            ),
        ),
    ),
    demo=deferred("agglo.studies.coagglomeration.demo:demo"),
)
