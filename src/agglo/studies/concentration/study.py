"""The stages of the profile, in order."""

from __future__ import annotations

from agglo.studies.concentration.agglomeration import agglomeration
from agglo.studies.concentration.clusters import strong_clusters_of_regions
from agglo.studies.concentration.demo import demo
from agglo.studies.concentration.growth import growth
from agglo.studies.concentration.levels import levels
from agglo.studies.concentration.options import ConcentrationOptions
from agglo.studies.concentration.page import report
from agglo.studies.concentration.peers import peers
from agglo.studies.concentration.prepare import prepare
from agglo.studies.concentration.priorities import priorities
from agglo.studies.concentration.quotients import quotients
from agglo.studies.concentration.specialisation import specialised_regions
from agglo.studies.contract import Stage, Study

__all__ = ["STUDY"]

_PLANTS = ("establishments",)
_FIRST = ("prepare",)
_MEASURES = ("quotients", "agglomeration", "specialisation", "clusters", "growth")

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
            run=prepare,
            tables=("activity",),
            optional=("regions", "industries", "definitions", "establishments"),
        ),
        Stage(name="quotients", run=quotients, optional=_PLANTS, after=_FIRST),
        Stage(name="agglomeration", run=agglomeration, optional=_PLANTS, after=_FIRST),
        Stage(
            name="specialisation",
            run=specialised_regions,
            optional=_PLANTS,
            after=_FIRST,
        ),
        Stage(
            name="clusters",
            run=strong_clusters_of_regions,
            optional=("definitions", "activity"),
            after=_FIRST,
        ),
        Stage(name="peers", run=peers, optional=("regions",), after=_FIRST),
        Stage(name="levels", run=levels, optional=_PLANTS, after=_FIRST),
        Stage(
            name="priorities",
            run=priorities,
            optional=("priorities",),
            after=("quotients",),
        ),
        Stage(name="growth", run=growth, tables=("activity",), after=_FIRST),
        Stage(
            name="report",
            run=report,
            optional=("truth",),
            after=(*_FIRST, *_MEASURES),
        ),
    ),
    demo=demo,
)
