"""The stages of the policy study, in order."""

from __future__ import annotations

from agglo.studies.contract import Stage, Study
from agglo.studies.policy.demo import demo
from agglo.studies.policy.distance import distance
from agglo.studies.policy.dynamics import dynamics
from agglo.studies.policy.effects import effects
from agglo.studies.policy.groups import groups
from agglo.studies.policy.options import PolicyOptions
from agglo.studies.policy.page import report
from agglo.studies.policy.prepare import prepare
from agglo.studies.policy.robust import robust

__all__ = ["STUDY"]

_FIRST = ("prepare",)
_MEASURES = ("effects", "dynamics", "distance", "groups", "robust")

STUDY = Study(
    name="policy",
    title={"en": "What a corridor did", "zh": "走廊政策效应"},
    question={
        "en": "Did the policy change specialisation and diversification, here and next "
        "door, when, and how far out?",
        "zh": "政策是否改变了本地与邻近地区的专业化与多样化？何时显现、影响多远？",
    },
    options=PolicyOptions,
    stages=(
        Stage(
            name="prepare",
            run=prepare,
            tables=("treatments", "regions"),
            optional=("activity", "industries", "panel", "boundaries"),
        ),
        Stage(name="effects", run=effects, after=_FIRST),
        Stage(name="dynamics", run=dynamics, after=_FIRST),
        Stage(name="distance", run=distance, after=_FIRST),
        Stage(name="groups", run=groups, after=_FIRST),
        Stage(name="robust", run=robust, after=_FIRST),
        Stage(
            name="report",
            run=report,
            optional=("truth",),
            after=(*_FIRST, *_MEASURES),
        ),
    ),
    demo=demo,
    alternatives=(("panel",), ("activity",)),
)
