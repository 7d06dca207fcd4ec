"""One small valid call for every public measure: `area.name` to case.

A new measure gets one entry here: what to call it with, which options name columns, and a
wrong value for every other option.
"""

from __future__ import annotations

from collections.abc import Mapping

from agglo.concentration.ellipses import Ellipse, standard_deviational_ellipse
from agglo.core.errors import AggloError, AlignmentError, ColumnNotFoundError
from agglo.core.options import Bootstrap, MonteCarlo, Permutation
from agglo.relatedness import (
    ClusterStrength,
    Complexity,
    Convention,
    RelatednessDensity,
    cluster_strength,
    complexity,
    proximity,
    relatedness_density,
)
from tests.contracts.case import Case, Wrong, frame
from tests.contracts.cases_coagglomeration import COAGGLOMERATION
from tests.contracts.cases_evaluation import EVALUATION
from tests.contracts.cases_flows import FLOWS
from tests.contracts.cases_formation import FORMATION
from tests.contracts.cases_network_structure import NETWORK_STRUCTURE
from tests.contracts.cases_relatedness import RELATEDNESS
from tests.contracts.samples import (
    ACTIVITY,
    AREA,
    CELL,
    CLUSTERS,
    HELD,
    HIDDEN,
    INCOME,
    LATER,
    PLANT,
    PLANTS,
    POINTS,
    POPULATION,
    RING,
    SITES,
    SIZES,
    TYPED,
    VALUES,
)

MISSING = Wrong(value="zeros")
SIDE = Wrong(value="bigger")
REFERENCE = Wrong(value={"a": 1.0}, error=AlignmentError)
UNIT = Wrong(value="regions")
TOTALS = Wrong(value="disclose")
NATIONAL = Wrong(value="nation")
CHECKED = "a frozen option object: its own fields are checked when it is made"

_EG = {
    "reference": REFERENCE,
    "herfindahl": Wrong(value="plant"),
    "missing": MISSING,
}
_EG_FREE = {"establishments": "only read with herfindahl='cell_means'"}
_UNITS = {"by": UNIT, "margins": TOTALS}
_ELLIPSE = {
    "crs": Wrong(value="mercator"),
    "divisor": Wrong(value="n-3"),
    "scale": Wrong(value=-1.0),
    "coverage": Wrong(value=1.5),
}


def _ellipse(kind: str) -> Ellipse:
    return standard_deviational_ellipse(frame(POINTS, kind))


_PERIOD = Wrong(value="1999", error=ColumnNotFoundError)
_HOLDS = {
    "convention": Wrong(value="atlass"),
    "margins": TOTALS,
    "period": _PERIOD,
}


def _density(kind: str) -> RelatednessDensity:
    return relatedness_density(frame(HELD, kind))


def _complexity(kind: str) -> Complexity:
    return complexity(frame(HELD, kind))


def _strength(kind: str) -> ClusterStrength:
    given = frame(ACTIVITY, kind), frame(CLUSTERS, kind)
    return cluster_strength(*given, scheme="lq")


CASES: Mapping[str, Case] = {
    **COAGGLOMERATION,
    **EVALUATION,
    **RELATEDNESS,
    **FORMATION,
    **NETWORK_STRUCTURE,
    **FLOWS,
    "concentration.ellison_glaeser": Case(
        data=(PLANTS,),
        columns=PLANT,
        wrong={**_EG, "alternative": SIDE},
        free={**_EG_FREE, "inference": CHECKED},
    ),
    "concentration.concentration_null": Case(
        data=(PLANTS,),
        options={"inference": MonteCarlo(n=99, seed=7)},
        columns=PLANT,
        wrong={**_EG, "alternative": SIDE, "null": Wrong(value="dartbord")},
        free={**_EG_FREE, "inference": CHECKED},
    ),
    "concentration.maurel_sedillot": Case(
        data=(PLANTS,), columns=PLANT, wrong=_EG, free=_EG_FREE
    ),
    "concentration.ellison_glaeser_group": Case(
        data=(PLANTS,),
        options={"groups": {"x": "one", "y": "one", "z": "two"}},
        columns=PLANT,
        wrong={**_EG, "groups": Wrong(value={"q": "one"}, error=AggloError, says="q")},
        free=_EG_FREE,
    ),
    "concentration.devereux": Case(
        data=(PLANTS,),
        columns=PLANT,
        wrong={
            "groups": Wrong(value={"q": "one"}, error=AggloError, says="q"),
            "herfindahl": _EG["herfindahl"],
            "missing": MISSING,
        },
        free=_EG_FREE,
    ),
    "concentration.coagglomeration": Case(
        data=(ACTIVITY,),
        columns=CELL,
        wrong={"reference": Wrong(value="totals"), "missing": MISSING},
    ),
    "concentration.howard_colocation": Case(
        data=(PLANTS,),
        columns=("region", "activity"),
        wrong={
            "pairs": Wrong(value=[("x", "q")], error=AlignmentError, says="q"),
            "alternative": SIDE,
        },
    ),
    "concentration.locational_correlation": Case(
        data=(ACTIVITY,),
        columns=CELL,
        wrong={"mode": Wrong(value="level"), "missing": MISSING},
    ),
    "concentration.externalities": Case(
        data=(ACTIVITY,),
        columns=(*CELL, "establishments"),
        wrong={"missing": MISSING},
    ),
    "concentration.location_quotient": Case(
        data=(ACTIVITY,),
        columns=CELL,
        wrong={
            "kind": Wrong(value="ratios"),
            "reference": NATIONAL,
            "margins": TOTALS,
        },
    ),
    "concentration.location_quotient_bounds": Case(
        data=(HIDDEN,),
        columns=CELL,
        wrong={"method": Wrong(value="exactly"), "margins": TOTALS},
    ),
    "concentration.location_quotient_test": Case(
        data=(ACTIVITY,),
        columns=CELL,
        wrong={
            "method": Wrong(value="binomal"),
            "reference": NATIONAL,
            "alternative": SIDE,
            "level": Wrong(value=1.5),
            "fdr": Wrong(value="bonferroni"),
            "margins": TOTALS,
        },
        free={
            "inference": CHECKED,
            "establishments": "only read by methods that count plants",
        },
    ),
    "concentration.specialisation": Case(
        data=(ACTIVITY,),
        columns=CELL,
        wrong={
            "reference": NATIONAL,
            "min_reference_share": Wrong(value=-0.1),
            "min_employment": Wrong(value=-1.0),
            "winsor": Wrong(value=0.9),
            "margins": TOTALS,
        },
        free={"log": "yes or no"},
    ),
    "concentration.shift_share": Case(
        data=(ACTIVITY, LATER),
        columns=CELL,
        wrong={"variant": Wrong(value="classic"), "margins": TOTALS},
    ),
    "concentration.shrink_location_quotient": Case(
        data=(ACTIVITY,),
        columns=("region", "activity", "establishments"),
        wrong={"reference": NATIONAL, "margins": TOTALS},
    ),
    "concentration.cluster_index": Case(
        data=(ACTIVITY,),
        options={"area_km2": AREA, "population": POPULATION},
        columns=(*CELL, "establishments"),
        wrong={
            "area_km2": Wrong(value={"a": 1.0}, error=AggloError),
            "population": Wrong(value={"a": 1.0}, error=AggloError),
            "margins": TOTALS,
        },
    ),
    "concentration.krugman": Case(
        data=(ACTIVITY,), columns=CELL, wrong={**_UNITS, "reference": NATIONAL}
    ),
    "concentration.hoover": Case(
        data=(ACTIVITY,), columns=CELL, wrong={**_UNITS, "reference": NATIONAL}
    ),
    "concentration.hachman": Case(
        data=(ACTIVITY,), columns=CELL, wrong={**_UNITS, "reference": NATIONAL}
    ),
    "concentration.gini": Case(
        data=(ACTIVITY,),
        columns=CELL,
        wrong={**_UNITS, "reference": NATIONAL, "of": Wrong(value="size")},
    ),
    "concentration.locational_gini": Case(
        data=(ACTIVITY,),
        columns=CELL,
        wrong={**_UNITS, "reference": NATIONAL, "scale": Wrong(value="raw")},
    ),
    "concentration.hhi": Case(
        data=(ACTIVITY,), columns=CELL, wrong=_UNITS, free={"normalised": "yes or no"}
    ),
    "concentration.entropy": Case(
        data=(ACTIVITY,), columns=CELL, wrong={**_UNITS, "base": Wrong(value=1.0)}
    ),
    "concentration.theil": Case(
        data=(ACTIVITY,),
        columns=CELL,
        wrong={
            **_UNITS,
            "groups": Wrong(value={"q": "one"}, error=AggloError),
            "kind": Wrong(value="U"),
        },
    ),
    "concentration.variety": Case(
        data=(ACTIVITY,),
        options={"group": {"x": "one", "y": "one", "z": "two"}},
        columns=CELL,
        wrong={
            "group": Wrong(value={"x": "one"}, error=AggloError),
            "margins": TOTALS,
        },
    ),
    "concentration.standard_deviational_ellipse": Case(
        data=(POINTS,),
        columns=("x", "y", "weight"),
        wrong=_ELLIPSE,
        free={"label": "any text"},
    ),
    "concentration.bootstrap_ellipse": Case(
        data=(POINTS,),
        options={"inference": Bootstrap(n=50, seed=7)},
        columns=("x", "y", "weight"),
        wrong={**_ELLIPSE, "unit": Wrong(value=["a"], error=AggloError)},
        free={"inference": CHECKED},
        ordered="points have no names: rows are drawn by position",
    ),
    "concentration.bootstrap_overlap": Case(
        data=(POINTS, POINTS),
        options={"inference": Bootstrap(n=50, seed=7)},
        columns=("x", "y", "weight"),
        wrong={
            **_ELLIPSE,
            "unit_a": Wrong(value=["a"], error=AggloError, says="unit"),
            "unit_b": Wrong(value=["a"], error=AggloError, says="unit"),
        },
        free={"inference": CHECKED},
        ordered="points have no names: rows are drawn by position",
    ),
    "concentration.overlap_test": Case(
        data=(POINTS, POINTS),
        options={"inference": Permutation(n=99, seed=7)},
        columns=("x", "y", "weight"),
        wrong={
            **_ELLIPSE,
            "unit_a": Wrong(value=["a"], error=AggloError, says="unit"),
            "unit_b": Wrong(value=["a"], error=AggloError, says="unit"),
        },
        free={"inference": CHECKED},
        ordered="points have no names: rows are dealt out by position",
    ),
    "concentration.moran": Case(
        data=(VALUES, RING),
        options={"inference": Permutation(n=99, seed=7)},
        columns=("region", "value", "lagged", "base"),
        wrong={"transform": Wrong(value="logs"), "alternative": SIDE},
        free={"inference": CHECKED},
    ),
    "concentration.local_moran": Case(
        data=(VALUES, RING),
        options={"inference": Permutation(n=99, seed=7)},
        columns=("region", "value", "base"),
        wrong={"transform": Wrong(value="logs"), "fdr": Wrong(value="bonferroni")},
        free={"inference": CHECKED},
    ),
    "concentration.colocation_quotient": Case(
        data=(TYPED,),
        options={"inference": Permutation(n=99, seed=7)},
        columns=("type", "x", "y"),
        wrong={
            "on_missing": Wrong(value="skip"),
            "errors": Wrong(value="ignore"),
            "strata": Wrong(value="no_such_column", error=AggloError),
            "crs": _ELLIPSE["crs"],
            "distances": Wrong(value=[[0.0]], error=AlignmentError),
            "symmetrise": Wrong(value="max"),
        },
        free={"inference": CHECKED},
        ordered="points have no names: types are dealt out by position",
    ),
    "concentration.nearest_neighbour_index": Case(
        data=(POINTS,),
        options={"area_km2": 200.0, "inference": MonteCarlo(n=99, seed=7)},
        columns=("x", "y"),
        wrong={
            "errors": Wrong(value="ignore"),
            "area_km2": Wrong(value=-1.0),
            "null": Wrong(value="poisson"),
            "crs": _ELLIPSE["crs"],
        },
        free={
            "universe": "another table, checked like the first",
            "inference": CHECKED,
        },
    ),
    "concentration.site_cross_k": Case(
        data=(POINTS, {k: POINTS[k][:5] for k in ("x_km", "y_km")}, SITES),
        options={"r_km": [2.0, 4.0, 6.0], "inference": MonteCarlo(n=999, seed=7)},
        columns=("x", "y"),
        wrong={
            "errors": Wrong(value="ignore"),
            "r_km": Wrong(value=[4.0, 2.0], error=AggloError),
            "level": Wrong(value=1.5),
            "crs": _ELLIPSE["crs"],
        },
        free={"inference": CHECKED},
    ),
    "concentration.duranton_overman": Case(
        data=(TYPED,),
        options={
            "activity": "x",
            "r_km": [0.0, 3.0, 6.0],
            "inference": Permutation(n=999, seed=7),
            "level": 0.2,
        },
        columns=("type", "x", "y", "weight"),
        wrong={
            "on_missing": Wrong(value="skip"),
            "errors": Wrong(value="ignore"),
            "activity": Wrong(value="q", error=AlignmentError),
            "neighbour": Wrong(value="q", error=AlignmentError),
            "r_km": Wrong(value=[4.0, 2.0]),
            "null": Wrong(value="sites"),
            "distances": Wrong(value=[[0.0]], error=AlignmentError),
            "symmetrise": Wrong(value="max"),
            "strata": Wrong(value="no_such_column", error=AggloError),
            "level": Wrong(value=1.5),
            "scheme": Wrong(value="mean"),
            "bandwidth": Wrong(value=-1.0),
            "bw_pairs": Wrong(value="some"),
            "method": Wrong(value="quick"),
            "crs": _ELLIPSE["crs"],
        },
        free={"inference": CHECKED},
    ),
    "concentration.marcon_puech": Case(
        data=(TYPED,),
        options={
            "activity": "x",
            "r_km": [3.0, 6.0, 9.0],
            "inference": Permutation(n=999, seed=7),
        },
        columns=("type", "x", "y", "weight"),
        wrong={
            "on_missing": Wrong(value="skip"),
            "errors": Wrong(value="ignore"),
            "activity": Wrong(value="q", error=AlignmentError),
            "neighbour": Wrong(value="q", error=AlignmentError),
            "controls": Wrong(value="q", error=AlignmentError),
            "r_km": Wrong(value=[4.0, 2.0]),
            "kind": Wrong(value="local"),
            "bandwidth": Wrong(value=-1.0),
            "null": Wrong(value="sites"),
            "distances": Wrong(value=[[0.0]], error=AlignmentError),
            "symmetrise": Wrong(value="max"),
            "strata": Wrong(value="no_such_column", error=AggloError),
            "level": Wrong(value=1.5),
            "crs": _ELLIPSE["crs"],
        },
        free={"inference": CHECKED},
    ),
    "concentration.ripley_k": Case(
        data=(TYPED,),
        options={"activity": "x", "r_km": [3.0, 6.0], "window": (-1, 13, -1, 9)},
        columns=("type", "x", "y"),
        wrong={
            "on_missing": Wrong(value="skip"),
            "errors": Wrong(value="ignore"),
            "strata": Wrong(value="no_such_column", error=AggloError),
            "activity": Wrong(value="q", error=AlignmentError),
            "neighbour": Wrong(value="q", error=AlignmentError),
            "r_km": Wrong(value=[4.0, 2.0]),
            "window": Wrong(value=(0, 1, 2)),
            "correction": Wrong(value="toroidal"),
            "null": Wrong(value="poisson"),
            "level": Wrong(value=1.5),
            "crs": _ELLIPSE["crs"],
            "distances": Wrong(value=[[0.0]], says="correction"),
            "symmetrise": Wrong(value="max"),
        },
        free={"inference": CHECKED},
    ),
    "concentration.ripley_d": Case(
        data=(TYPED,),
        options={
            "activity": "x",
            "r_km": [5.0, 9.0],
            "window": (-1, 13, -1, 9),
            "inference": Permutation(n=999, seed=7),
        },
        columns=("type", "x", "y"),
        wrong={
            "on_missing": Wrong(value="skip"),
            "errors": Wrong(value="ignore"),
            "strata": Wrong(value="no_such_column", error=AggloError),
            "activity": Wrong(value="q", error=AlignmentError),
            "controls": Wrong(value="q", error=AlignmentError),
            "r_km": Wrong(value=[4.0, 2.0]),
            "window": Wrong(value=(0, 1, 2)),
            "correction": Wrong(value="toroidal"),
            "level": Wrong(value=1.5),
            "crs": _ELLIPSE["crs"],
            "distances": Wrong(value=[[0.0]], says="correction"),
            "symmetrise": Wrong(value="max"),
        },
        free={"inference": CHECKED},
    ),
    "concentration.kernel_density": Case(
        data=(POINTS,),
        options={"cells": 16},
        columns=("x", "y", "weight"),
        wrong={
            "crs": _ELLIPSE["crs"],
            "bandwidth": Wrong(value="silverton"),
            "cells": Wrong(value=0),
            "margin": Wrong(value=-1.0),
        },
        free={"adaptive": "yes or no"},
    ),
    "concentration.rank_size": Case(
        data=(SIZES,),
        columns=("value",),
        wrong={"method": Wrong(value="zipf"), "top": Wrong(value=0)},
    ),
    "concentration.ellipse_overlap": Case(data=(_ellipse, _ellipse)),
    "concentration.centre_shift": Case(
        data=(lambda kind: [_ellipse(kind), _ellipse(kind)], [2019.0, 2021.0])
    ),
    "relatedness.aggregate_clusters": Case(
        data=(ACTIVITY, CLUSTERS), columns=CELL, wrong={"period": _PERIOD}
    ),
    "relatedness.cluster_strength": Case(
        data=(ACTIVITY, CLUSTERS),
        options={"scheme": "lq"},
        columns=CELL,
        wrong={"scheme": Wrong(value="us_stong"), "missing": MISSING},
        free={
            "establishments": "a column that may be absent: then its criteria do not apply",
            "output": "a column that may be absent: then its criteria do not apply",
            "earlier": "another table, checked like the first",
            "inference": CHECKED,
        },
    ),
    "relatedness.strong_clusters": Case(
        data=(_strength,),
        wrong={
            "kind": Wrong(value="trade"),
            "region": Wrong(value="q", error=AggloError),
        },
    ),
    "relatedness.presence": Case(
        data=(ACTIVITY,),
        options={"convention": Convention(presence="both"), "population": POPULATION},
        columns=CELL,
        wrong={**_HOLDS, "population": REFERENCE, "missing": MISSING},
    ),
    "relatedness.proximity": Case(
        data=(HELD,), columns=CELL, wrong={**_HOLDS, "by": Wrong(value="industry")}
    ),
    "relatedness.cooccurrence_relatedness": Case(
        data=(HELD,),
        columns=("unit", "activity", "value"),
        wrong={
            "method": Wrong(value="jaccards"),
            "period": _PERIOD,
            "weight": Wrong(value="full"),
            "binarise": Wrong(value="yes"),
        },
    ),
    "relatedness.relatedness_density": Case(
        data=(HELD,),
        columns=CELL,
        wrong={
            **_HOLDS,
            "proximity": Wrong(
                value=proximity(frame(HELD, "pyarrow"), by="region"),
                error=AlignmentError,
            ),
            "nearest": Wrong(value=0),
            "subset": Wrong(value="absent"),
        },
    ),
    "relatedness.relative_relatedness": Case(
        data=(_density,),
        wrong={"ddof": Wrong(value=2)},
        free={"options_only": "yes or no"},
    ),
    "relatedness.complexity": Case(
        data=(HELD,),
        options={"convention": Convention(sign="reference"), "reference": INCOME},
        columns=CELL,
        wrong={**_HOLDS, "reference": REFERENCE, "component": Wrong(value="biggest")},
    ),
    "relatedness.reflections": Case(
        data=(HELD,), columns=CELL, wrong={**_HOLDS, "steps": Wrong(value=1)}
    ),
    "relatedness.fitness": Case(
        data=(HELD,),
        columns=CELL,
        wrong={
            **_HOLDS,
            "steps": Wrong(value=1),
            "exponent": Wrong(value=0.0),
            "tolerance": Wrong(value=-1.0),
        },
    ),
    "relatedness.complexity_outlook": Case(
        data=(_density, _complexity),
        wrong={"gain": Wrong(value="source"), "index": Wrong(value="raw")},
        free={"standardise": "yes or no"},
    ),
    "relatedness.trim": Case(
        data=(ACTIVITY,),
        options={"min_region_total": 110.0},
        columns=CELL,
        wrong={
            "min_region_total": Wrong(value=-1.0),
            "period": _PERIOD,
            "min_activity_total": Wrong(value=-1.0),
            "min_diversity": Wrong(value=-1),
            "min_ubiquity": Wrong(value=-1),
            "top_regions": Wrong(value=1),
            "threshold": Wrong(value=0.0),
            "max_iter": Wrong(value=0),
        },
    ),
}
