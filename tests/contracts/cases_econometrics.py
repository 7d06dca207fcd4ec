"""One small valid call for the functions that stand around a spatial policy study."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from agglo.core.errors import AggloError, AlignmentError
from agglo.core.options import Bootstrap, MonteCarlo
from agglo.econometrics import (
    EventWindow,
    SpatialDID,
    SpatialEventStudy,
    Specification,
    fit_spatial_did,
    fit_spatial_event_study,
)
from agglo.simulate import CorridorCountry, simulate_corridors
from tests.contracts.case import Case, Wrong, frame


@cache
def world() -> CorridorCountry:
    """Corridors with known effects."""
    return simulate_corridors(seed=4)


def _rows() -> Mapping[str, list]:
    return world().panel.to_pydict()


def _fit(kind: str) -> SpatialDID:
    return fit_spatial_did(
        frame(_rows(), kind), outcome="specialisation", **_common(covariates=["x"])
    )


def _event(kind: str) -> SpatialEventStudy:
    return fit_spatial_event_study(
        frame(_rows(), kind),
        outcome="specialisation",
        **_common(covariates=["x"]),
        window=EventWindow(-3, 4),
        bands=Bootstrap(n=99, seed=1),
    )


def _common(**more: object) -> dict[str, object]:
    return {"start": world().starts, "weights": world().weights, **more}


_OUTCOME = {"outcome": "specialisation", "start": world().starts}
_MODEL: dict[str, Wrong] = {
    "model": Wrong(value="sdmm"),
    "effects": Wrong(value=("unit",)),
    "bias": Wrong(value="jackknife"),
}
_LABELS = ("region", "period")
_STARTS = Wrong(value={"nowhere": "2012"}, error=AlignmentError, says="nowhere")

ECONOMETRICS: Mapping[str, Case] = {
    "distance_sweep": Case(
        data=(_rows(),),
        options={
            **_OUTCOME,
            "positions": world().positions,
            "cutoffs_km": (200, 300),
        },
        columns=("outcome", *_LABELS),
        wrong={
            **_MODEL,
            "cutoffs_km": Wrong(value=()),
            "power": Wrong(value=-1.0),
            "coordinates": Wrong(value="miles"),
            "positions": Wrong(
                value={"a": (0.0, 0.0), "b": (0.0, 1.0)}, error=AlignmentError, says=""
            ),
            "start": _STARTS,
        },
    ),
    "specification_table": Case(
        data=(_rows(), [Specification(name="later", shift=1)]),
        options={"outcome": "specialisation", **_common()},
        columns=("outcome", *_LABELS),
        wrong={**_MODEL, "start": _STARTS},
    ),
    "group_effects": Case(
        data=(_rows(), lambda _: {"s": "specialisation", "d": "diversification"}),
        options={**_common(), "inference": Bootstrap(n=99, seed=1)},
        columns=_LABELS,
        wrong={**_MODEL, "block": Wrong(value=18), "start": _STARTS},
    ),
    "staggered_comparisons": Case(
        data=(_rows(),),
        options={"start": world().starts},
        columns=_LABELS,
        wrong={"start": _STARTS},
    ),
    "fit_imputation_sdm": Case(
        data=(_rows(),),
        options={
            **_OUTCOME,
            "covariates": ["x"],
            "weights": world().weights,
            "durbin_weights": world().exposure,
            "inference": Bootstrap(n=99, seed=1),
        },
        columns=("outcome", *_LABELS),
        wrong={
            "bias": Wrong(value="jackknife"),
            "ring_edges_km": Wrong(value=(0, 100)),
            "start": _STARTS,
        },
    ),
    "random_lm_tests": Case(
        data=(_rows(),),
        options={
            "outcome": "specialisation",
            "covariates": ["x"],
            "weights": world().weights,
        },
        columns=("outcome", *_LABELS),
        wrong={},
    ),
    "fit_ring_panel": Case(
        data=(_rows(),),
        options={
            **_OUTCOME,
            "positions": world().positions,
            "edges_km": (0, 100, 250),
        },
        columns=("outcome", *_LABELS),
        wrong={
            "edges_km": Wrong(value=(100, 50)),
            "coordinates": Wrong(value="miles"),
            "effects": Wrong(value=("unit",)),
            "start": _STARTS,
        },
    ),
    "weights_sensitivity": Case(
        data=(_rows(),),
        options={**_OUTCOME, "weights": {"main": world().weights}},
        columns=("outcome", *_LABELS),
        wrong={**_MODEL, "weights": Wrong(value={}), "start": _STARTS},
    ),
    "event_means": Case(data=(_event, lambda _: {"dip": (0, 2)})),
    "referee_checklist": Case(
        data=(_fit,), wrong={"level": Wrong(value=1.5, error=AggloError)}
    ),
    "placebo_test": Case(
        data=(_fit,),
        options={"kind": "cohort", "inference": MonteCarlo(n=99, seed=1)},
        wrong={
            "kind": Wrong(value="toroidal"),
            "effect": Wrong(value="own"),
            "statistic": Wrong(value="t"),
        },
    ),
}
