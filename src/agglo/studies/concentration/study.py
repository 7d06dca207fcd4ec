"""The stages of the profile, in order."""

from __future__ import annotations

from agglo.studies.concentration.options import ConcentrationOptions
from agglo.studies.contract import Stage, Study
from agglo.studies.deferred import deferred

__all__ = ["STUDY"]

_PLANTS = ("establishments",)
_FIRST = ("prepare",)
_MEASURES = (
    "quotients",
    "agglomeration",
    "nulls",
    "specialisation",
    "clusters",
    "growth",
)

STUDY = Study(
    name="concentration",
    title={"en": "Concentration profile", "zh": "集聚概况"},
    question={
        "en": "Which industries are concentrated, which regions specialised, where are "
        "clusters strong, and how sure is that?",
        "zh": "哪些行业集聚、哪些地区专业化、集群在哪里强，这些结论有多可靠？",
    },
    options=ConcentrationOptions,
    stages=(
        Stage(
            name="prepare",
            run=deferred("agglo.studies.concentration.prepare:prepare"),
            tables=("activity",),
            optional=("regions", "industries", "definitions", "establishments"),
        ),
        Stage(
            name="quotients",
            run=deferred("agglo.studies.concentration.quotients:quotients"),
            optional=_PLANTS,
            after=_FIRST,
        ),
        Stage(
            name="agglomeration",
            run=deferred("agglo.studies.concentration.agglomeration:agglomeration"),
            optional=_PLANTS,
            after=_FIRST,
        ),
        Stage(
            name="nulls",
            run=deferred("agglo.studies.concentration.nulls:nulls"),
            optional=_PLANTS,
            after=_FIRST,
        ),
        Stage(
            name="specialisation",
            run=deferred(
                "agglo.studies.concentration.specialisation:specialised_regions"
            ),
            optional=_PLANTS,
            after=_FIRST,
        ),
        Stage(
            name="clusters",
            run=deferred(
                "agglo.studies.concentration.clusters:strong_clusters_of_regions"
            ),
            optional=("definitions", "activity"),
            after=_FIRST,
        ),
        Stage(
            name="peers",
            run=deferred("agglo.studies.concentration.peers:peers"),
            optional=("regions",),
            after=_FIRST,
        ),
        Stage(
            name="levels",
            run=deferred("agglo.studies.concentration.levels:levels"),
            optional=_PLANTS,
            after=_FIRST,
        ),
        Stage(
            name="industry_levels",
            run=deferred("agglo.studies.concentration.industry_levels:industry_levels"),
            optional=_PLANTS,
            after=_FIRST,
        ),
        Stage(
            name="priorities",
            run=deferred("agglo.studies.concentration.priorities:priorities"),
            optional=("priorities",),
            after=("quotients",),
        ),
        Stage(
            name="growth",
            run=deferred("agglo.studies.concentration.growth:growth"),
            tables=("activity",),
            after=_FIRST,
        ),
        Stage(
            name="report",
            run=deferred("agglo.studies.concentration.page:report"),
            optional=("truth",),
            after=(*_FIRST, *_MEASURES),
        ),
    ),
    demo=deferred("agglo.studies.concentration.demo:demo"),
)
