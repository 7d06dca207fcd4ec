"""The stages of the digital study, in order."""

from __future__ import annotations

from agglo.studies.contract import Stage, Study
from agglo.studies.digital.centres import centres
from agglo.studies.digital.demo import demo
from agglo.studies.digital.match import match
from agglo.studies.digital.nulls import nulls
from agglo.studies.digital.options import DigitalOptions
from agglo.studies.digital.page import report
from agglo.studies.digital.prepare import prepare
from agglo.studies.digital.rates import rates
from agglo.studies.digital.sensitivity import sensitivity
from agglo.studies.digital.spatial import spatial

__all__ = ["STUDY"]

_FIRST = ("prepare",)
_RULES = ("node_links", "match_decisions")
_MEASURES = ("match", "rates", "nulls", "sensitivity", "centres", "spatial")

STUDY = Study(
    name="digital",
    title={"en": "Clusters and on-line belts", "zh": "集群与线上产业带"},
    question={
        "en": "How far are designated clusters matched by on-line industrial belts, and "
        "what would chance give?",
        "zh": "认定集群在多大程度上有线上产业带与之匹配，随机情况下又会如何？",
    },
    options=DigitalOptions,
    stages=(
        Stage(
            name="prepare",
            run=prepare,
            tables=("designations", "belts"),
            optional=("regions", "industries", "labels", "aliases"),
        ),
        Stage(name="match", run=match, optional=_RULES, after=_FIRST),
        Stage(name="rates", run=rates, optional=_RULES, after=_FIRST),
        Stage(name="nulls", run=nulls, optional=(*_RULES, "activity"), after=_FIRST),
        Stage(
            name="sensitivity",
            run=sensitivity,
            optional=("node_links",),
            after=_FIRST,
        ),
        Stage(name="centres", run=centres, after=_FIRST),
        Stage(name="spatial", run=spatial, optional=("activity",), after=_FIRST),
        Stage(
            name="report",
            run=report,
            optional=("truth", "boundaries"),
            after=(*_FIRST, *_MEASURES),
        ),
    ),
    demo=demo,
)
