"""The other choices that a reader could have made: neighbours and specifications."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from agglo.core.errors import InvalidTableError
from agglo.core.weights_kinds import build_economic, build_nested
from agglo.econometrics import (
    DriscollKraay,
    Observed,
    Specification,
    distance_weights,
)

if TYPE_CHECKING:
    from agglo.core.weights import SpatialWeights
    from agglo.core.weights_kinds import Rings
    from agglo.studies.policy.model import Setup

__all__ = ["choices_of", "lags_of", "other_weights"]

_MOST_CORRIDORS = 12
_WINSOR = 0.01


def other_weights(setup: Setup) -> dict[str, SpatialWeights]:
    """Give the main neighbours and the others that the outcome could be lagged by."""
    at, o = setup.positions, setup.options
    most = len(at) - 1
    k = min(o.neighbours, most)
    made = [
        setup.weights,
        distance_weights(at, kind="knn", k=k),
        distance_weights(at, kind="knn", k=min(2 * k, most)),
        distance_weights(at, cutoff_km=o.cutoff_km),
        distance_weights(at, cutoff_km=o.cutoff_km, power=2.0),
        distance_weights(at, kind="band", cutoff_km=o.cutoff_km),
        *([] if setup.contiguity is None else [setup.contiguity]),
        *_economic(setup),
    ]
    # the main ones come first, and once
    out: dict[str, SpatialWeights] = {}
    for w in made:
        out.setdefault(w.kind, w)
    return out


def _economic(setup: Setup) -> list[SpatialWeights]:
    """Give economic, mixed and nested weights, where the size of every region is known."""
    if not setup.economy:
        return []
    o = setup.options
    ids = sorted(setup.economy)
    xy = np.array([setup.positions[i] for i in ids])
    size = [setup.economy[i] for i in ids]
    of = o.economy_column or "employment"
    out = []
    try:
        alike = build_economic(size, ids).standardised("row")
        out.append(replace(alike, kind=f"alike in {of}"))
        for alpha, label in ((0.5, "half near, half alike in"), (None, "near times")):
            w = build_nested(
                xy[:, 0], xy[:, 1], size, ids, alpha=alpha, coordinates="degrees"
            )
            out.append(replace(w.standardised("row"), kind=f"{label} {of}"))
    except InvalidTableError:
        # two regions of the same size or none: such weights do not exist
        return out
    return out


def lags_of(setup: Setup) -> dict[str, SpatialWeights | Rings] | None:
    """Give what treatment and covariates are lagged by, apart from the outcome's own."""
    if setup.exposure is None:
        return None
    main = setup.weights
    return {f"ring {', '.join(setup.exposure.names)}": setup.exposure, main.kind: main}


def choices_of(setup: Setup) -> list[Specification]:
    """List the specifications that stand beside the main one."""
    o = setup.options
    out = [
        Specification(name="no lag of the outcome (SLX)", model="slx"),
        Specification(name="lagged error (SDEM)", model="sdem"),
        Specification(name="no lag of the treatment (SAR)", model="sar"),
        Specification(name="no bias correction", bias="none"),
        Specification(name="region effects only", effects=("region",)),
        Specification(name="period effects only", effects=("period",)),
        Specification(name="model errors", vcov=Observed()),
        Specification(name="Driscoll-Kraay errors", vcov=DriscollKraay(lags=2)),
        Specification(name="starts a period later", shift=1),
        Specification(name="starts a period earlier", shift=-1),
        Specification(name="outcome pulled in at 1 and 99 %", winsor=_WINSOR),
    ]
    if o.covariates:
        out.append(Specification(name="no covariates", covariates=()))
    if setup.exposure is not None:
        out.append(
            Specification(
                name="treatment lagged by the same neighbours", durbin_weights="same"
            )
        )
    if o.until:
        late = tuple(p for p in setup.periods if p > o.until)
        out.append(Specification(name=f"until {o.until}", drop_periods=late))
    if o.also_without:
        out.append(
            Specification(
                name="without the listed regions", drop_regions=o.also_without
            )
        )
    out += [
        Specification(name=f"outcome {other}", outcome=other)
        for other in o.other_outcomes
    ]
    names = sorted(set(setup.corridors.values()))
    if 1 < len(names) <= _MOST_CORRIDORS:
        out += [
            Specification(
                name=f"without {name}",
                drop_regions=tuple(r for r, c in setup.corridors.items() if c == name),
            )
            for name in names
        ]
    return out
