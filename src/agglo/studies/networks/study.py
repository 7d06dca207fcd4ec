"""The stages of the networks study, in order."""

from __future__ import annotations

from agglo.studies.contract import Stage, Study
from agglo.studies.deferred import deferred
from agglo.studies.networks.options import NetworksOptions

__all__ = ["STUDY"]

_LINKS = ("link_events", "establishments", "ownership", "patents")
_JUDGED = ("groups", "integration", "hierarchy", "complement", "crossing")
_MEASURES = (*_JUDGED, "dyads", "structure", "linkage", "portfolio")

STUDY = Study(
    name="networks",
    title={"en": "Networks of places and industries", "zh": "地区与产业网络"},
    question={
        "en": "How are a region's industries and places tied, where are the cores, and what "
        "could each place take up next?",
        "zh": "地区的产业与城市如何相互联系，核心在哪里，各地下一步可以发展什么？",
    },
    options=NetworksOptions,
    stages=(
        Stage(
            name="prepare",
            run=deferred("agglo.studies.networks.prepare:prepare"),
            tables=("regions",),
            optional=("industries", "activity", "concordances", *_LINKS),
        ),
        Stage(
            name="groups",
            run=deferred("agglo.studies.networks.groups:groups"),
            optional=("definitions", "industries"),
            after=("prepare",),
        ),
        Stage(
            name="integration",
            run=deferred("agglo.studies.networks.integration:integration"),
            after=("prepare", "groups"),
        ),
        Stage(
            name="hierarchy",
            run=deferred("agglo.studies.networks.hierarchy:hierarchy"),
            after=("prepare",),
        ),
        Stage(
            name="complement",
            run=deferred("agglo.studies.networks.complement:complement"),
            after=("prepare", "groups", "hierarchy"),
        ),
        Stage(
            name="crossing",
            run=deferred("agglo.studies.networks.crossing:crossing"),
            after=("prepare",),
        ),
        Stage(
            name="dyads",
            run=deferred("agglo.studies.networks.dyads:dyads"),
            after=("prepare",),
        ),
        Stage(
            name="structure",
            run=deferred("agglo.studies.networks.structure:structure"),
            optional=("establishments", "patents"),
            after=("prepare", "groups"),
        ),
        Stage(
            name="linkage",
            run=deferred("agglo.studies.networks.linkage:linkage"),
            optional=("input_output", "concordances", "definitions"),
            after=("prepare", "groups"),
        ),
        Stage(
            name="portfolio",
            run=deferred("agglo.studies.networks.portfolio:portfolio"),
            after=("prepare", "linkage"),
        ),
        Stage(
            name="presets",
            run=deferred("agglo.studies.networks.presets:presets"),
            after=("prepare", "linkage", "portfolio"),
        ),
        Stage(
            name="sensitivity",
            run=deferred("agglo.studies.networks.sensitivity:sensitivity"),
            optional=_LINKS,
            after=("prepare", *_JUDGED),
        ),
        Stage(
            name="report",
            run=deferred("agglo.studies.networks.page:report"),
            optional=("truth",),
            after=("prepare", *_MEASURES, "sensitivity"),
        ),
    ),
    demo=deferred("agglo.studies.networks.demo:demo"),
    alternatives=(("link_events",), ("ownership",), ("patents",)),
)
