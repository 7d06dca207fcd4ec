"""One small valid call for every directed and all-pairs measure of places."""

from __future__ import annotations

from collections.abc import Mapping

from agglo.core.errors import AggloError, AlignmentError
from agglo.core.options import Bootstrap, Permutation
from tests.contracts.case import Case, Wrong

CHECKED = "an option object that checks itself"
# three industries of four plants each in two regions, every place on its own
PLANTS = {
    "x_km": [float(7 * i % 24) + 0.25 * i for i in range(24)],
    "y_km": [float(5 * i % 13) for i in range(24)],
    "industry": ["a", "b", "c"] * 8,
    "sector": ["s", "t", "t"] * 8,
    "region": ["p"] * 12 + ["q"] * 12,
    "period": ["2020"] * 24,
    "weight": [float(1 + i % 5) for i in range(24)],
    "plant": [f"plant {i:02d}" for i in range(24)],
    "opened": [2001.0, 2001.0, 2001.0, 2010.0, 2010.0, 2010.0] * 4,
    "closed": [None] * 23 + [2015.0],
}
_CRS = Wrong(value="mercator")
_MATRIX = Wrong(value=[[0.0, 1.0], [1.0, 0.0]], error=AlignmentError)
_ROLES = {
    "anchor": Wrong(value="q", error=AlignmentError),
    "mover": Wrong(value="q", error=AlignmentError),
    "fdr": Wrong(value="bonferroni"),
    "crs": _CRS,
}
_COLUMNS = ("type", "x", "y", "weight", "region")

COAGGLOMERATION: Mapping[str, Case] = {
    "concentration.nearest_coagglomeration": Case(
        data=(PLANTS,),
        columns=(*_COLUMNS, "period", "sector"),
        wrong={
            "on_missing": Wrong(value="skip"),
            "errors": Wrong(value="ignore"),
            **_ROLES,
            "pool": Wrong(value="anchor"),
            "rarefy": Wrong(value="small"),
            "min_n": Wrong(value=1),
            "seed": Wrong(value=-1),
            "distances": _MATRIX,
            "symmetrise": Wrong(value="both"),
            "strata": Wrong(value="sector"),
        },
    ),
    "concentration.wasserstein_coagglomeration": Case(
        data=(PLANTS,),
        options={"inference": Permutation(n=19, seed=7)},
        columns=(*_COLUMNS, "period", "sector"),
        wrong={
            "on_missing": Wrong(value="skip"),
            "errors": Wrong(value="ignore"),
            **_ROLES,
            "kind": Wrong(value="released"),
            "power": Wrong(value=0.5),
            "pool": Wrong(value="anchor"),
            "method": Wrong(value="quick"),
            "min_n": Wrong(value=0),
            "snap_km": Wrong(value=0.0),
            "anchor_cells": Wrong(value=1),
            "blur": Wrong(value=0.0),
            "distances": _MATRIX,
            "symmetrise": Wrong(value="both"),
            "strata": Wrong(value="sector"),
        },
        free={"inference": CHECKED},
    ),
    "concentration.entrant_coagglomeration": Case(
        data=(PLANTS,),
        options={"at": 2010, "min_n": 2},
        columns=(*_COLUMNS, "opened", "closed", "plant"),
        wrong={
            "on_missing": Wrong(value="skip"),
            "errors": Wrong(value="ignore"),
            "strata": Wrong(value="no_such_column", error=AggloError),
            "distances": _MATRIX,
            "symmetrise": Wrong(value="both"),
            **_ROLES,
            "at": Wrong(value=2010.5),
            "relocation_as_entry": Wrong(value=True),
            "rarefy": Wrong(value="small"),
            "min_n": Wrong(value=1),
            "seed": Wrong(value=-1),
        },
    ),
    "concentration.direction_intervals": Case(
        data=(PLANTS,),
        options={"inference": Bootstrap(n=19, seed=7), "min_n": 2, "at": 2010},
        columns=("type", "x", "y", "region", "opened", "closed", "plant"),
        wrong={
            "on_missing": Wrong(value="skip"),
            "errors": Wrong(value="ignore"),
            "distances": _MATRIX,
            "symmetrise": Wrong(value="both"),
            "industries": Wrong(value=["q"], error=AlignmentError),
            "at": Wrong(value=2010.5),
            "min_n": Wrong(value=1),
            "relocation_as_entry": Wrong(value=True),
            "period": Wrong(value="period"),
            "crs": _CRS,
        },
        free={"inference": CHECKED},
    ),
    "concentration.pair_densities": Case(
        data=(PLANTS,),
        options={"r_km": [0.0, 3.0, 6.0], "bandwidth_km": 2.0},
        columns=("type", "x", "y", "weight"),
        wrong={
            "on_missing": Wrong(value="skip"),
            "errors": Wrong(value="ignore"),
            "distances": _MATRIX,
            "symmetrise": Wrong(value="both"),
            "max_memory_gb": Wrong(value=0.0),
            "r_km": Wrong(value=[4.0, 2.0]),
            "bandwidth_km": Wrong(value=-1.0, says="bandwidth"),
            "industries": Wrong(value=["q"], error=AlignmentError),
            "crs": _CRS,
        },
    ),
    "concentration.localization": Case(
        data=(PLANTS,),
        options={
            "r_km": [0.0, 3.0, 6.0],
            "bandwidth_km": 2.0,
            "min_n": 5,
            "inference": Permutation(n=99, seed=7),
        },
        columns=("type", "x", "y", "weight"),
        wrong={
            "on_missing": Wrong(value="skip"),
            "errors": Wrong(value="ignore"),
            "strata": Wrong(value="no_such_column", error=AggloError),
            "distances": _MATRIX,
            "symmetrise": Wrong(value="both"),
            "r_km": Wrong(value=[4.0, 2.0]),
            "bandwidth_km": Wrong(value=-1.0, says="bandwidth"),
            "level": Wrong(value=0.5),
            "bands": Wrong(value="ranks"),
            "min_n": Wrong(value=1),
            "crs": _CRS,
        },
        free={"inference": CHECKED},
    ),
    "concentration.kdensity_moments": Case(
        data=(PLANTS,),
        options={
            "activity": "a",
            "r_km": [0.0, 3.0, 6.0],
            "bandwidth_km": 2.0,
            "type": "industry",
        },
        columns=("type", "x", "y", "weight"),
        wrong={
            "on_missing": Wrong(value="skip"),
            "errors": Wrong(value="ignore"),
            "distances": _MATRIX,
            "symmetrise": Wrong(value="both"),
            "activity": Wrong(value="q", error=AlignmentError),
            "neighbour": Wrong(value="q", error=AggloError),
            "r_km": Wrong(value=[4.0, 2.0]),
            "bandwidth_km": Wrong(value=-1.0, says="bandwidth"),
            "null": Wrong(value="sites"),
            "crs": _CRS,
        },
    ),
    "concentration.local_colocation_quotient": Case(
        data=(PLANTS,),
        options={
            "activity": "a",
            "neighbour": "b",
            "k": 3,
            "type": "industry",
            "inference": Permutation(n=99, seed=7),
        },
        columns=("type", "x", "y"),
        wrong={
            "on_missing": Wrong(value="skip"),
            "errors": Wrong(value="ignore"),
            "strata": Wrong(value="no_such_column", error=AggloError),
            "activity": Wrong(value="q", error=AlignmentError),
            "neighbour": Wrong(value="q", error=AlignmentError),
            "k": Wrong(value=0),
            "bandwidth_km": Wrong(value=0.0),
            "distances": _MATRIX,
            "symmetrise": Wrong(value="both"),
            "crs": _CRS,
        },
        free={"inference": CHECKED},
    ),
}
