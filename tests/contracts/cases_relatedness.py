"""One small valid call for every public measure of industry groups and product spaces."""

from __future__ import annotations

import math
from collections.abc import Mapping

from agglo.core.errors import AggloError, AlignmentError, ColumnNotFoundError
from agglo.relatedness import (
    CandidateDefinitions,
    Complexity,
    Convention,
    Presence,
    Proximity,
    RelatednessDensity,
    SimilarityMatrices,
    candidate_definitions,
    complexity,
    presence,
    proximity,
    relatedness_density,
    similarity_matrices,
)
from tests.contracts.case import Case, Wrong, frame

_GRID = [(r, i) for r in "abcdef" for i in "uvwxyz"]
# six regions, six industries in two groups of three
COUNTS = {
    "region": [r for r, _ in _GRID],
    "industry": [i for _, i in _GRID],
    "employment": [
        float(
            (60 if (r in "abc") == (i in "uvw") else 6)
            + 7 * (("abcdef".index(r) * 5 + "uvwxyz".index(i) * 3) % 6)
        )
        for r, i in _GRID
    ],
}
# abler regions are relatively better at harder activities
ORDERED = {
    "region": [r for r in "abcdef" for _ in "uvwxyz"],
    "industry": [i for _ in "abcdef" for i in "uvwxyz"],
    "employment": [math.exp(0.16 * r * i) for r in range(6) for i in range(6)],
}
_CELL = ("region", "activity", "value")
GROUPS = {"industry": list("uvwxyz"), "cluster": list("AABBBA")}
OTHER = {"industry": list("uvwxyz"), "cluster": list("AAABBB")}
_OTHER_TABLE = "another table, checked like the first"
_NAMES = Wrong(value=["LC-Emo"])
_PERIOD = Wrong(value="1999", error=ColumnNotFoundError)


WAVES = {
    "period": ["1"] * 36 + ["2"] * 36,
    "region": COUNTS["region"] * 2,
    "industry": COUNTS["industry"] * 2,
    "employment": [
        *COUNTS["employment"],
        *(
            float(5 + (11 * "abcdef".index(r) + 17 * "uvwxyz".index(i)) % 23)
            for r, i in _GRID
        ),
    ],
}
# two waves of ten by ten, mixed enough that everything is connected
MIXED = {
    "period": ["1"] * 100 + ["2"] * 100,
    "region": [f"r{r}" for r in range(10) for _ in range(10)] * 2,
    "industry": [f"a{i}" for _ in range(10) for i in range(10)] * 2,
    "employment": [
        float(3 + (11 * r + 17 * i + 7 * r * i + 5 * t * (r + 2 * i)) % 29)
        for t in range(2)
        for r in range(10)
        for i in range(10)
    ],
}
# nested and large: no draw loses a region
CLEAR = {
    **COUNTS,
    "employment": [
        float(9_000 if "abcdef".index(r) >= "uvwxyz".index(i) else 100)
        for r, i in _GRID
    ],
}


def _near(kind: str) -> Proximity:
    return proximity(frame(COUNTS, kind), convention=Convention(phi="cosine"))


LINKS = {
    "origin": list("aabd"),
    "destination": list("bdcf"),
    "weight": [1.0, 2.0, 3.0, 1.0],
}


def _held(kind: str) -> Presence:
    return presence(frame(CLEAR, kind))


def _density(kind: str) -> RelatednessDensity:
    return relatedness_density(_held(kind))


def _index(kind: str) -> Complexity:
    return complexity(_held(kind))


def _ordered(kind: str) -> Presence:
    return presence(frame(ORDERED, kind))


def _order(kind: str) -> Complexity:
    return complexity(_ordered(kind))


def _matrices(kind: str) -> SimilarityMatrices:
    return similarity_matrices(frame(COUNTS, kind))


def _candidates(kind: str) -> CandidateDefinitions:
    return candidate_definitions(
        _matrices(kind), k=(2, 3), functions=("ward", "average"), seed=1
    )


RELATEDNESS: Mapping[str, Case] = {
    "relatedness.em_clusters": Case(
        data=(COUNTS,),
        options={
            "method": "multinomial",
            "k": 2,
            "n_init": 4,
            "n_boot": 4,
            "seed": 1,
            "n_jobs": 1,
        },
        columns=_CELL,
        wrong={
            "method": Wrong(value="kmeans"),
            "items": Wrong(value="industry"),
            "direction": Wrong(value="outward"),
            "covariance": Wrong(value="VVV"),
            "regularisation": Wrong(value=-1.0),
            "k": Wrong(value=0),
            "k_range": Wrong(value=(5, 2)),
            "select": Wrong(value="aic"),
            "n_init": Wrong(value=0),
            "n_boot": Wrong(value=-1),
            "stability": Wrong(value="all"),
            "bayesian": Wrong(value=True),
            "resample": Wrong(value="items"),
            "tol": Wrong(value=-1.0),
            "max_iter": Wrong(value=0),
            "seed": Wrong(value=-1),
            "n_jobs": Wrong(value=0),
            "proximity": Wrong(value="near", error=AggloError),
        },
        free={
            "item": "a column that other methods read",
            "features": "columns that other methods read",
            "origin": "a column that other methods read",
            "destination": "a column that other methods read",
            "weight": "a column that may be absent",
            "x": "a column that other methods read",
            "y": "a column that other methods read",
            "directed": "yes or no",
        },
    ),
    "relatedness.similarity_matrices": Case(
        data=(COUNTS,),
        columns=_CELL,
        wrong={
            "period": _PERIOD,
            "of": Wrong(value="logs"),
            "base": Wrong(value="median"),
            "denominator": Wrong(value="output"),
        },
        free={
            "establishments": "a column, or a table checked like the first",
            "input_output": _OTHER_TABLE,
            "seller": "a column of another table",
            "buyer": "a column of another table",
            "flow": "a column of another table",
            "input_output_codes": "looked at with input_output only",
            "occupations": _OTHER_TABLE,
            "occupation": "a column of another table",
            "jobs": "a column of another table",
            "occupation_codes": "looked at with occupations only",
            "totals": "looked at with input_output only",
            "composites": "yes or no",
        },
    ),
    "relatedness.candidate_definitions": Case(
        data=(_matrices,),
        options={"k": (2, 3), "seed": 1},
        wrong={
            "k": Wrong(value=[7]),
            "functions": Wrong(value=["wards"]),
            "names": _NAMES,
            "on": Wrong(value="columns"),
            "start": Wrong(value="middle"),
            "n_starts": Wrong(value=0),
            "seed": Wrong(value=-1),
        },
        free={"progress": "called, not read"},
    ),
    "relatedness.score_candidates": Case(
        data=(_candidates, _matrices),
        wrong={"names": _NAMES, "singletons": Wrong(value="drop")},
        free={"progress": "called, not read"},
    ),
    "relatedness.score_definitions": Case(
        data=(GROUPS, _matrices),
        options={"n_random": 8, "seed": 1, "n_jobs": 1},
        wrong={
            "names": _NAMES,
            "singletons": Wrong(value="drop"),
            "unlabelled": Wrong(value="skip"),
            "n_random": Wrong(value=-1),
            "seed": Wrong(value=-1),
            "n_jobs": Wrong(value=0),
        },
    ),
    "relatedness.compare_definitions": Case(data=(GROUPS, OTHER)),
    "relatedness.propose_reassignments": Case(
        data=(GROUPS, _matrices),
        options={"min_matrices": 1},
        wrong={
            "names": _NAMES,
            "min_matrices": Wrong(value=0),
            "singletons": Wrong(value="drop"),
        },
    ),
    "relatedness.cluster_linkages": Case(
        data=(GROUPS, _matrices), wrong={"names": _NAMES}
    ),
    "relatedness.traded_local": Case(
        data=(COUNTS,),
        columns=_CELL,
        wrong={
            "period": _PERIOD,
            "population": Wrong(value=[1.0]),
            "method": Wrong(value="porter"),
            "min_concentrated": Wrong(value=1.5),
            "min_top": Wrong(value=-1.0),
            "min_gini": Wrong(value=-0.1),
        },
    ),
    "relatedness.product_space": Case(
        data=(_near,),
        wrong={
            "keep": Wrong(value="backbone"),
            "threshold": Wrong(value=-1.0),
            "average_links": Wrong(value=-1.0),
            "step": Wrong(value=0.0),
            "level": Wrong(value=2.0),
            "complexity": Wrong(value="high"),
            "layout": Wrong(value={"u": (0.0, 0.0)}, error=AlignmentError),
            "layout_seed": Wrong(value=-1),
            "n_restarts": Wrong(value=0),
            "seed": Wrong(value=-1),
            "total": Wrong(value=[1.0]),
        },
    ),
    "relatedness.income_content": Case(
        data=(COUNTS,),
        options={"income": {r: 10.0 + i for i, r in enumerate("abcdef")}},
        columns=_CELL,
        wrong={
            "period": _PERIOD,
            "income": Wrong(value={"a": -1.0}),
            "among": Wrong(value="some"),
            "threshold": Wrong(value=0.0),
        },
    ),
    "relatedness.advantage_intervals": Case(
        data=(COUNTS,),
        columns=_CELL,
        wrong={
            "period": _PERIOD,
            "level": Wrong(value=1.0),
            "effective_n": Wrong(value=0.0),
        },
    ),
    "relatedness.region_similarity": Case(
        data=(COUNTS,),
        columns=_CELL,
        wrong={
            "period": _PERIOD,
            "offset": Wrong(value=0.0),
            "convention": Wrong(value="stata"),
            "margins": Wrong(value="guess"),
        },
    ),
    "relatedness.complexity_intervals": Case(
        data=(CLEAR,),
        options={"n": 100, "seed": 1, "n_jobs": 1},
        columns=_CELL,
        wrong={
            "period": _PERIOD,
            "scheme": Wrong(value="poison"),
            "n": Wrong(value=1),
            "level": Wrong(value=1.0),
            "top": Wrong(value=0),
            "index": Wrong(value="diversity"),
            "convention": Wrong(value="stata"),
            "prior": Wrong(value=-1.0),
            "variation": Wrong(value=-1.0),
            "seed": Wrong(value=-1),
            "n_jobs": Wrong(value=0),
        },
        free={
            "quadrants": "yes or no",
            "simultaneous": "yes or no",
            "unit": "read by one scheme only",
        },
    ),
    "relatedness.entry_exit": Case(
        data=(WAVES,),
        columns=("period", *_CELL),
        wrong={"rule": Wrong(value="strict"), "threshold": Wrong(value=0.0)},
    ),
    "relatedness.backtest_entries": Case(
        data=(WAVES,),
        options={"n_boot": 20, "seed": 1, "n_jobs": 1},
        columns=("period", *_CELL),
        wrong={
            "train": Wrong(value="3"),
            "test": Wrong(value="1"),
            "threshold": Wrong(value=0.0),
            "n_boot": Wrong(value=-1),
            "n_permutations": Wrong(value=-1),
            "level": Wrong(value=1.0),
            "seed": Wrong(value=-1),
            "n_jobs": Wrong(value=0),
        },
        free={"self_in_density": "yes or no"},
    ),
    "relatedness.fit_entry_model": Case(
        data=(MIXED,),
        options={"effects": (), "cluster": ("region",), "interaction": False},
        columns=("period", *_CELL),
        wrong={
            "outcome": Wrong(value="entries"),
            "model": Wrong(value="probit"),
            "covariates": Wrong(value=["wage"]),
            "effects": Wrong(value=["country"]),
            "cluster": Wrong(value=[]),
            "rule": Wrong(value="strict"),
            "threshold": Wrong(value=0.0),
            "level": Wrong(value=1.0),
        },
        free={
            "interaction": "yes or no",
            "controls": _OTHER_TABLE,
            "dated": "looked at with controls only",
            "self_in_density": "yes or no",
        },
    ),
    "relatedness.portfolio": Case(
        data=(_density, _index),
        wrong={
            "split": Wrong(value="mode"),
            "scope": Wrong(value="country"),
            "size": Wrong(value=[1.0]),
            "growth": Wrong(value=[1.0]),
        },
        free={
            "backtest": "a result that is carried along",
            "intervals": "a result that is carried along",
        },
    ),
    "relatedness.complementarity_density": Case(
        data=(_density, LINKS),
        free={
            "origin": "a column of another table",
            "destination": "a column of another table",
            "weight": "a column of another table",
            "directed": "yes or no",
        },
    ),
    "relatedness.diffusion_path": Case(
        data=(_near, ["u"]),
        options={"threshold": 0.2},
        wrong={
            "threshold": Wrong(value=0.0),
            "base": Wrong(value=1.5),
            "exponent": Wrong(value=-1.0),
            "strategy": Wrong(value="fast"),
            "seed": Wrong(value=-1),
        },
    ),
    "relatedness.optimise_complexity": Case(
        data=(_density, _index),
        options={"target_region": "a", "target": -0.5},
        wrong={
            "target_region": Wrong(value="q", error=AlignmentError),
            "target": Wrong(value=float("nan")),
            "cost": Wrong(value=[1.0]),
        },
    ),
    "relatedness.declared_vs_revealed": Case(
        data=(
            {"region": list("ab"), "domain": ["food", "steel"]},
            {"domain": ["food", "steel"], "industry": list("uv")},
            _density,
        ),
        options={"n": 20, "seed": 1, "n_jobs": 1},
        wrong={
            "complexity": Wrong(value=[1.0]),
            "n": Wrong(value=0),
            "seed": Wrong(value=-1),
            "n_jobs": Wrong(value=0),
        },
        free={
            "external": "a result, checked to be of the same regions",
            "region": "a column of one table",
            "domain": "a column of two tables",
            "activity": "a column of another table",
            "weight": "a column of another table",
        },
    ),
    "relatedness.complexity_subnational": Case(
        data=(
            COUNTS,
            _index,
        ),
        columns=_CELL,
        wrong={
            "period": _PERIOD,
            "convention": Wrong(value="stata"),
            "margins": Wrong(value="guess"),
        },
    ),
    "relatedness.log_supermodularity": Case(
        data=(_ordered, _order),
        options={"n": 500, "seed": 1, "n_jobs": 1},
        wrong={
            "n": Wrong(value=0),
            "seed": Wrong(value=-1),
            "n_jobs": Wrong(value=0),
        },
    ),
    "relatedness.cross_proximity": Case(data=(_held, _held)),
    "relatedness.recombination": Case(
        wrong={"period": _PERIOD},
        data=({"patent": list("112234"), "industry": list("abbcbd")},),
        columns=("unit", "activity"),
        free={"value": "a column that may be absent"},
    ),
}
