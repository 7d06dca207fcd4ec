"""The stages of the networks study, in order."""

from __future__ import annotations

from agglo.studies.contract import Stage, Study
from agglo.studies.networks.complement import complement
from agglo.studies.networks.crossing import crossing
from agglo.studies.networks.demo import demo
from agglo.studies.networks.dyads import dyads
from agglo.studies.networks.groups import groups
from agglo.studies.networks.hierarchy import hierarchy
from agglo.studies.networks.integration import integration
from agglo.studies.networks.linkage import linkage
from agglo.studies.networks.options import NetworksOptions
from agglo.studies.networks.page import report
from agglo.studies.networks.portfolio import portfolio
from agglo.studies.networks.prepare import prepare
from agglo.studies.networks.sensitivity import sensitivity
from agglo.studies.networks.structure import structure

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
            run=prepare,
            tables=("regions",),
            optional=("industries", "activity", "concordances", *_LINKS),
        ),
        Stage(
            name="groups",
            run=groups,
            optional=("definitions", "industries"),
            after=("prepare",),
        ),
        Stage(name="integration", run=integration, after=("prepare", "groups")),
        Stage(name="hierarchy", run=hierarchy, after=("prepare",)),
        Stage(
            name="complement",
            run=complement,
            after=("prepare", "groups", "hierarchy"),
        ),
        Stage(name="crossing", run=crossing, after=("prepare",)),
        Stage(name="dyads", run=dyads, after=("prepare",)),
        Stage(
            name="structure",
            run=structure,
            optional=("establishments", "patents"),
            after=("prepare", "groups"),
        ),
        Stage(
            name="linkage",
            run=linkage,
            optional=("input_output", "concordances", "definitions"),
            after=("prepare", "groups"),
        ),
        Stage(name="portfolio", run=portfolio, after=("prepare", "linkage")),
        Stage(
            name="sensitivity",
            run=sensitivity,
            optional=_LINKS,
            after=("prepare", *_JUDGED),
        ),
        Stage(
            name="report",
            run=report,
            optional=("truth",),
            after=("prepare", *_MEASURES, "sensitivity"),
        ),
    ),
    demo=demo,
    alternatives=(("link_events",), ("ownership",), ("patents",)),
)
