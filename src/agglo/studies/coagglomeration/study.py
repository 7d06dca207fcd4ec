"""The stages of the coagglomeration study, in order."""

from __future__ import annotations

from agglo.studies.coagglomeration.checks import checks
from agglo.studies.coagglomeration.demo import demo
from agglo.studies.coagglomeration.innovation import innovation
from agglo.studies.coagglomeration.mechanism import mechanism
from agglo.studies.coagglomeration.options import CoagglomerationOptions
from agglo.studies.coagglomeration.page import report
from agglo.studies.coagglomeration.pairs import pairs
from agglo.studies.coagglomeration.pools import pools
from agglo.studies.coagglomeration.prepare import prepare
from agglo.studies.contract import Stage, Study

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
            run=prepare,
            tables=("establishments",),
            optional=("industries", "regions"),
        ),
        Stage(name="pairs", run=pairs, after=("prepare",)),
        Stage(
            name="pools",
            run=pools,
            optional=_BEHIND_POOLS,
            after=("prepare", "pairs"),
        ),
        Stage(
            name="innovation",
            run=innovation,
            optional=_BEHIND_POOLS,
            after=("prepare", "pairs", "pools"),
        ),
        Stage(
            name="checks",
            run=checks,
            optional=_BEHIND_POOLS,
            after=("prepare", "pairs", "pools"),
        ),
        Stage(
            name="mechanism",
            run=mechanism,
            optional=("links", "patents", "input_output", "industry_links"),
            after=("prepare", "pairs"),
        ),
        Stage(
            name="report",
            run=report,
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
    demo=demo,
)
