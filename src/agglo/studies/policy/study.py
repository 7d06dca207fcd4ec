"""The stages of the policy study, in order."""

from __future__ import annotations

from agglo.studies.contract import Stage, Study
from agglo.studies.deferred import deferred
from agglo.studies.policy.options import PolicyOptions

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
            run=deferred("agglo.studies.policy.prepare:prepare"),
            tables=("treatments", "regions"),
            optional=("activity", "industries", "panel", "boundaries"),
        ),
        Stage(
            name="effects",
            run=deferred("agglo.studies.policy.effects:effects"),
            after=_FIRST,
        ),
        Stage(
            name="dynamics",
            run=deferred("agglo.studies.policy.dynamics:dynamics"),
            after=_FIRST,
        ),
        Stage(
            name="distance",
            run=deferred("agglo.studies.policy.distance:distance"),
            after=_FIRST,
        ),
        Stage(
            name="groups",
            run=deferred("agglo.studies.policy.groups:groups"),
            after=_FIRST,
        ),
        Stage(
            name="robust",
            run=deferred("agglo.studies.policy.robust:robust"),
            after=_FIRST,
        ),
        Stage(
            name="report",
            run=deferred("agglo.studies.policy.page:report"),
            optional=("truth",),
            after=(*_FIRST, *_MEASURES),
        ),
    ),
    demo=deferred("agglo.studies.policy.demo:demo"),
    alternatives=(("panel",), ("activity",)),
)
