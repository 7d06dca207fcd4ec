"""The stages of the digital study, in order."""

from __future__ import annotations

from agglo.studies.contract import Stage, Study
from agglo.studies.deferred import deferred
from agglo.studies.digital.options import DigitalOptions

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
            run=deferred("agglo.studies.digital.prepare:prepare"),
            tables=("designations", "belts"),
            optional=("regions", "industries", "labels", "aliases"),
        ),
        Stage(
            name="match",
            run=deferred("agglo.studies.digital.match:match"),
            optional=_RULES,
            after=_FIRST,
        ),
        Stage(
            name="rates",
            run=deferred("agglo.studies.digital.rates:rates"),
            optional=_RULES,
            after=_FIRST,
        ),
        Stage(
            name="nulls",
            run=deferred("agglo.studies.digital.nulls:nulls"),
            optional=(*_RULES, "activity"),
            after=_FIRST,
        ),
        Stage(
            name="sensitivity",
            run=deferred("agglo.studies.digital.sensitivity:sensitivity"),
            optional=("node_links",),
            after=_FIRST,
        ),
        Stage(
            name="centres",
            run=deferred("agglo.studies.digital.centres:centres"),
            after=_FIRST,
        ),
        Stage(
            name="spatial",
            run=deferred("agglo.studies.digital.spatial:spatial"),
            optional=("activity",),
            after=_FIRST,
        ),
        Stage(
            name="report",
            run=deferred("agglo.studies.digital.page:report"),
            optional=("truth", "boundaries"),
            after=(*_FIRST, *_MEASURES),
        ),
    ),
    demo=deferred("agglo.studies.digital.demo:demo"),
)
