"""One small valid call for every public measure of the evaluation area."""

from __future__ import annotations

from collections.abc import Mapping

from agglo.core.errors import AggloError, AlignmentError
from agglo.core.options import MonteCarlo
from agglo.evaluation import Choices, CompositeIndex, composite_index
from tests.contracts.case import Case, Wrong, frame

CHECKED = "an option object that checks itself"
# five units, three indicators in two pillars, one of them negative
INDICATORS = {
    "unit": list("abcde") * 3,
    "indicator": ["x"] * 5 + ["y"] * 5 + ["z"] * 5,
    "value": [
        *[10.0, 20.0, 25.0, 40.0, 12.0],
        *[4.0, 9.0, 2.0, 6.0, 5.0],
        *[0.2, 0.1, 0.4, 0.2, 0.35],
    ],
    "direction": ["positive"] * 10 + ["negative"] * 5,
    "pillar": ["p"] * 10 + ["q"] * 5,
}
GAPS = {**INDICATORS, "value": [None, *INDICATORS["value"][1:]]}
PANEL = {
    **{k: v * 2 for k, v in INDICATORS.items()},
    "period": ["2020"] * 15 + ["2022"] * 15,
}
CELLS = {
    "cluster": [f"c{k:02d}" for k in range(12)],
    "group": ["g"] * 12,
    "employment": [float(10 * k) for k in range(12)],
    "quotient": [0.2 * k for k in range(12)],
}
AMOUNTS = {"unit": list("abcde"), "people": [2.0, 4.0, 5.0, 8.0, 3.0]}
JUDGED = {
    "item": ["a", "b", "c"],
    "a": [1.0, 1 / 3, 1 / 5],
    "b": [3.0, 1.0, 1 / 2],
    "c": [5.0, 2.0, 1.0],
}
_INDEX = {
    "normalisation": Wrong(value="min-max"),
    "scale": Wrong(value=(100.0, 1.0)),
    "weights": Wrong(value="entropie"),
    "aggregation": Wrong(value="aritmetic"),
    "min_known": Wrong(value=0.0),
}
_RUNS = {
    "choices": Choices(weight_noise=0.9, aggregation=("arithmetic", "geometric")),
    "inference": MonteCarlo(n=60, seed=7),
}


def _index(kind: str) -> CompositeIndex:
    return composite_index(frame(INDICATORS, kind))


def _indices(kind: str) -> Mapping[str, CompositeIndex]:
    table = frame(INDICATORS, kind)
    return {
        "equal": composite_index(table),
        "x": composite_index(table, weights={"y": 0}),
    }


EVALUATION: Mapping[str, Case] = {
    "evaluation.denominate": Case(
        data=(INDICATORS, AMOUNTS),
        options={"by": {"x": "people"}},
        columns=("unit", "period"),
        wrong={
            "by": Wrong(value={"xx": "people"}, error=AlignmentError),
            "scale": Wrong(value=-1.0),
            "operation": Wrong(value="division"),
        },
    ),
    "evaluation.screen_units": Case(
        data=(GAPS,),
        wrong={
            "by": Wrong(value="missng"),
            "min_known": Wrong(value=1.5),
            "min_nonzero": Wrong(value=-0.1),
            "include": Wrong(value=["f"], error=AlignmentError),
            "exclude": Wrong(value=["f"], error=AlignmentError),
        },
    ),
    "evaluation.impute": Case(
        data=(GAPS,),
        options={"method": "median"},
        wrong={
            "method": Wrong(value="average"),
            "group": Wrong(value={}),
            "max_periods": Wrong(value=0),
        },
    ),
    "evaluation.treat_outliers": Case(
        data=(INDICATORS,),
        wrong={
            "winmax": Wrong(value=-1),
            "max_skew": Wrong(value=-1.0),
            "max_kurtosis": Wrong(value="high"),
            "log": Wrong(value="log_cr"),
            "boxcox_lambda": Wrong(value="none"),
            "own": Wrong(value={"x": {"winmx": 0}}),
        },
        free={"combine": "yes or no"},
    ),
    "evaluation.normalise": Case(
        data=(INDICATORS,),
        wrong={
            "method": Wrong(value="min-max"),
            "scale": Wrong(value=(1.0, 1.0)),
            "targets": Wrong(value={"x": 1.0}),
            "goalposts": Wrong(value={"x": (0.0, 1.0)}),
            "reference": Wrong(value="a"),
            "panel": Wrong(value="pool"),
            "base_period": Wrong(value="2020"),
        },
        free={"cap": "yes or no"},
    ),
    "evaluation.indicator_weights": Case(
        data=(INDICATORS,),
        options={"method": "critic"},
        wrong={"method": Wrong(value="critics")},
    ),
    "evaluation.correlation_weights": Case(
        data=(INDICATORS,),
        wrong={
            **{k: v for k, v in _INDEX.items() if k != "weights"},
            "objective": Wrong(value="balanced"),
            "level": Wrong(value=9),
            "targets": Wrong(value={"p": 1.0}),
        },
    ),
    "evaluation.judgement_weights": Case(
        data=(JUDGED,),
        columns=("item",),
        wrong={
            "names": Wrong(value=["a", "b", "c"]),
            "max_ratio": Wrong(value=0.001, error=AggloError),
        },
    ),
    "evaluation.composite_index": Case(
        data=(INDICATORS,),
        wrong={
            **_INDEX,
            "power": Wrong(value=0.0),
            "share_bounds": Wrong(value=(0.9, 0.1)),
            "compromise": Wrong(value=1.5),
        },
    ),
    "evaluation.removal_effect": Case(data=(INDICATORS,), wrong=_INDEX),
    "evaluation.rank_uncertainty": Case(
        data=(INDICATORS,),
        options=_RUNS,
        wrong={
            "choices": Wrong(value="all"),
            "min_known": Wrong(value=2.0),
            "level": Wrong(value=1.0),
            "top": Wrong(value=0),
        },
        free={"inference": CHECKED},
    ),
    "evaluation.rank_sensitivity": Case(
        data=(INDICATORS,),
        options=_RUNS,
        wrong={
            "choices": Wrong(value="all"),
            "min_known": Wrong(value=2.0),
            "level": Wrong(value=1.0),
        },
        free={"inference": CHECKED, "by_weight": "yes or no"},
    ),
    "evaluation.indicator_statistics": Case(
        data=(INDICATORS,),
        wrong={
            "min_known": Wrong(value=1.5),
            "min_nonzero": Wrong(value=-0.5),
            "min_unique": Wrong(value="half"),
            "max_skew": Wrong(value=-1.0),
            "max_kurtosis": Wrong(value="high"),
        },
    ),
    "evaluation.indicator_correlations": Case(
        data=(INDICATORS,),
        wrong={"method": Wrong(value="person"), "high": Wrong(value=0.0)},
    ),
    "evaluation.indicator_importance": Case(data=(_index,)),
    "evaluation.compare_indices": Case(
        data=(_indices,),
        wrong={"node": Wrong(value="nowhere", error=AlignmentError)},
    ),
    "evaluation.star_ratings": Case(
        data=(CELLS,),
        options={"metrics": {"employment": (0.5, None), "quotient": (None, 1.0)}},
        columns=("unit", "category", "size"),
        wrong={
            "preset": Wrong(value="eco"),
            "metrics": Wrong(value={"quotient": (None, None)}),
            "how": Wrong(value="above"),
            "min_units": Wrong(value=0),
        },
    ),
    "evaluation.pillar_components": Case(data=(INDICATORS,)),
    "evaluation.data_availability": Case(
        data=(GAPS,), wrong={"group": Wrong(value={"a": "g"})}
    ),
    "evaluation.denominator_correlations": Case(
        data=(INDICATORS, AMOUNTS),
        options={"denominators": ["people"]},
        columns=("unit", "period"),
        wrong={
            "denominators": Wrong(value=[]),
            "high": Wrong(value=0.0),
        },
    ),
    "evaluation.indicator_trends": Case(data=(PANEL,)),
    "evaluation.strengths_and_weaknesses": Case(
        data=(_index,),
        options={"unit": "a", "n": 1},
        wrong={
            "unit": Wrong(value="f", error=AlignmentError),
            "period": Wrong(value="2020", error=AlignmentError),
            "n": Wrong(value=0),
        },
    ),
}
