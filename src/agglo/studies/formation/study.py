"""The stages of the formation study, in order."""

from __future__ import annotations

from agglo.studies.contract import Stage, Study
from agglo.studies.deferred import deferred
from agglo.studies.formation.options import FormationOptions

__all__ = ["STUDY"]

_FIRST = ("prepare",)
_DATA = (
    "cluster_panel",
    "activity",
    "definitions",
    "members",
    "regions",
    "edges",
    "events",
    "answers",
)

STUDY = Study(
    name="formation",
    title={"en": "Formation and evaluation of clusters", "zh": "集群的形成与评价"},
    question={
        "en": "Is this really a cluster, what formed it, where is it in its life, how good "
        "is it?",
        "zh": "这真的是集群吗？如何形成？处于何种阶段？质量如何？",
    },
    options=FormationOptions,
    stages=(
        Stage(
            name="prepare",
            run=deferred("agglo.studies.formation.prepare:prepare"),
            optional=_DATA,
        ),
        Stage(
            name="gate",
            run=deferred("agglo.studies.formation.gate:gate"),
            optional=(
                "members",
                "edges",
                "industry_links",
                "input_output",
                "concordances",
            ),
            after=_FIRST,
        ),
        Stage(
            name="life",
            run=deferred("agglo.studies.formation.life:life"),
            optional=("events",),
            after=_FIRST,
        ),
        Stage(
            name="measures",
            run=deferred("agglo.studies.formation.measures:measures"),
            optional=(
                "answers",
                "indicators",
                "designations",
                "members",
                "edges",
                "industry_links",
                "input_output",
                "concordances",
            ),
            after=(*_FIRST, "gate", "life"),
        ),
        Stage(
            name="platform",
            run=deferred("agglo.studies.formation.platform:platform"),
            optional=(
                "members",
                "edges",
                "answers",
                "indicators",
                "designations",
                "regions",
                "industries",
                "industry_links",
                "input_output",
                "concordances",
            ),
            after=(*_FIRST, "gate", "life", "measures"),
        ),
        Stage(
            name="layers",
            run=deferred("agglo.studies.formation.plsn:layers"),
            optional=(
                "members",
                "edges",
                "industry_links",
                "input_output",
                "concordances",
            ),
            after=(*_FIRST, "gate"),
        ),
        Stage(
            name="report",
            run=deferred("agglo.studies.formation.page:report"),
            optional=("truth", "industries"),
            after=(*_FIRST, "gate", "life", "measures", "platform", "layers"),
        ),
    ),
    demo=deferred("agglo.studies.formation.demo:demo"),
    alternatives=(("cluster_panel",), ("activity", "definitions")),
)
