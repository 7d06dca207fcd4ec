"""One small valid call for the functions that stand around a spatial policy study."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import numpy as np

from agglo.core.errors import AggloError, AlignmentError
from agglo.core.options import Bootstrap, MonteCarlo, Permutation
from agglo.econometrics import (
    ClusteredBy,
    EventWindow,
    Homoskedastic,
    KnowledgeStock,
    RegressionFit,
    SpatialDID,
    SpatialEventStudy,
    Specification,
    fit_iv,
    fit_linear,
    fit_spatial_did,
    fit_spatial_event_study,
    knowledge_pools,
    knowledge_stock,
)
from agglo.simulate import CorridorCountry, simulate_corridors, simulate_knowledge
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


@cache
def _knowledge() -> Mapping[str, list]:
    made = simulate_knowledge(seed=4, n_industries=26, n_periods=6, variant="two_pool")
    return made.panel.to_pydict()


def _by_instruments(kind: str) -> RegressionFit:
    return fit_iv(
        frame(_knowledge(), kind),
        outcome="log_output",
        endogenous=["active_io", "passive_io"],
        instruments=["z_active_io", "z_passive_io"],
        covariates=["own"],
        effects=["industry", "period"],
        vcov=ClusteredBy(("industry",)),
    )


_NAMES = [f"i{k}" for k in range(8)]
_PAIRS = {"anchor": list(np.roll(_NAMES, 3)), "mover": _NAMES, "weight": [1.0] * 8}


@cache
def _stock() -> KnowledgeStock:
    return knowledge_stock(frame(_patents(), "pyarrow"), growth="pooled")


def _patents() -> Mapping[str, list]:
    drawn = np.random.default_rng(3).lognormal(3.0, 1.0, 48)
    return {
        "industry": np.repeat(_NAMES, 6).tolist(),
        "period": np.tile(range(6), 8).tolist(),
        "patents": drawn.tolist(),
    }


def _on_a_pool(kind: str) -> RegressionFit:
    pools = knowledge_pools(frame(_PAIRS, "pyarrow"), _stock(), lag=0)
    pool = np.log(pools.values["active", "all"]).ravel()
    noise = np.random.default_rng(4).normal(size=48)
    columns = {**_patents(), "pool": pool.tolist(), "y": (pool + noise).tolist()}
    return fit_linear(
        frame(columns, kind),
        outcome="y",
        covariates=["pool"],
        effects=["industry", "period"],
    )


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
    "first_stage": Case(data=(_by_instruments,)),
    "anderson_rubin_region": Case(
        data=(_by_instruments,),
        options={"size": 20},
        wrong={
            "level": Wrong(value=1.5),
            "size": Wrong(value=1),
            "width": Wrong(value=-1.0),
            "form": Wrong(value="lagrange"),
        },
    ),
    "anderson_rubin_test": Case(
        data=(_by_instruments,),
        wrong={
            "null": Wrong(value={"active": 0.0}),
            "form": Wrong(value="lagrange"),
        },
    ),
    "patent_counts": Case(
        data=(
            {
                "patent": ["p", "p", "q", "r"],
                "industry": ["a", "b", "a", "b"],
                "period": ["2001", "2001", "2001", "2002"],
                "citations": [3.0, 3.0, 0.0, 1.0],
                "part": [0.25, 0.75, 1.0, 1.0],
            },
        ),
        options={"weight": "part"},
        columns=("patent", "industry", "period", "weight"),
    ),
    "pool_permutation": Case(
        data=(_on_a_pool, lambda kind: frame(_PAIRS, kind), lambda _: _stock()),
        options={
            "term": "pool",
            "direction": "active",
            "lag": 0,
            "inference": Permutation(n=99, seed=1),
        },
        columns=("anchor", "mover", "weight"),
        wrong={
            "term": Wrong(value="pools"),
            "direction": Wrong(value="both"),
            "link": Wrong(value="io"),
            "lag": Wrong(value=9),
        },
    ),
    "fit_negative_binomial": Case(
        data=(_knowledge(),),
        options={"outcome": "patents", "covariates": ["active_io"]},
        columns=("outcome",),
        wrong={"vcov": Wrong(value=Homoskedastic())},
    ),
}
