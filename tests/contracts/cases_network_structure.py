"""One small valid call for every measure of the structure of networks."""

from __future__ import annotations

from collections.abc import Mapping

from agglo.core.errors import AlignmentError
from agglo.core.options import Bootstrap, MonteCarlo, Permutation
from tests.contracts.case import Case, Wrong

CHECKED = "an option object that checks itself"
YES_NO = "yes or no"
# ties of nine districts in three cities, one event each
_ENDS = [
    ("a1", "a2"),
    ("a1", "b1"),
    ("a1", "c1"),
    ("a1", "b2"),
    ("a2", "a1"),
    ("a2", "a3"),
    ("b1", "a1"),
    ("b1", "b2"),
    ("b2", "b3"),
    ("c1", "a1"),
    ("c1", "c2"),
    ("c2", "c3"),
    ("c3", "a1"),
    ("a3", "b3"),
]
_WEIGHTS = [9.0, 7.0, 6.0, 5.0, 8.0, 2.0, 7.0, 3.0, 2.0, 5.0, 3.0, 2.0, 1.0, 1.0]
TIES = {
    "origin": [a for a, _ in _ENDS],
    "destination": [b for _, b in _ENDS],
    "weight": _WEIGHTS,
    "event": [f"e{i:02d}" for i in range(len(_ENDS))],
    "layer": ["branch"] * 7 + ["copatent"] * 7,
}
_NODES = [f"{c}{i}" for c in "abc" for i in (1, 2, 3)]
REGIONS = {
    "region": _NODES,
    "parent": [n[0] for n in _NODES],
    "lon": [119.0 + 0.1 * i for i in range(9)],
    "lat": [32.0 + 0.05 * (i % 4) for i in range(9)],
}
_PAIRS = [(a, b) for a in range(6) for b in range(6) if a != b]
DYADS = {
    "origin": [f"n{a}" for a, _ in _PAIRS],
    "destination": [f"n{b}" for _, b in _PAIRS],
    "flow": [float((a + 1) * (b + 2) % 7) for a, b in _PAIRS],
    "distance_km": [10.0 * abs(a - b) + (a * b) % 3 for a, b in _PAIRS],
    "border": [float(abs(a - b) == 1) for a, b in _PAIRS],
    "block": [f"g{(a + b) % 3}" for a, b in _PAIRS],
}
PARTS = {"one": list("aabbcc"), "other": list("xxyyyz")}

_TIE = ("origin", "destination", "weight")
_NODE = Wrong(value=["a1"], error=AlignmentError)
_SIZES = {
    "nodes": _NODE,
    "direction": Wrong(value="both"),
}
_FREE = {"directed": YES_NO, "self_loops": YES_NO}
_RULE = {"k_max": Wrong(value=0), "min_gap": Wrong(value=-1.0)}
_NULL = MonteCarlo(n=99, seed=1)
_DRAWS = Bootstrap(n=20, seed=1)

NETWORK_STRUCTURE: Mapping[str, Case] = {
    "networks.strength_distribution": Case(
        data=(TIES,),
        columns=_TIE,
        wrong={**_SIZES, "top": Wrong(value=1)},
        free=_FREE,
    ),
    "networks.theil_nested": Case(
        data=(TIES, REGIONS),
        columns=(*_TIE, "region", "parent"),
        wrong=_SIZES,
        free=_FREE,
    ),
    "networks.dominant_flow": Case(
        data=(TIES,),
        columns=_TIE,
        wrong={"nodes": _NODE, "size": Wrong(value="largest")},
        free={"directed": YES_NO, "transpose": YES_NO},
    ),
    "networks.tiers": Case(
        data=(TIES,),
        options={"inference": _NULL},
        columns=_TIE,
        wrong={**_SIZES, "k_max": Wrong(value=1)},
        free={**_FREE, "inference": CHECKED},
    ),
    "networks.core_count": Case(
        data=(TIES,),
        options={"inference": _NULL},
        columns=_TIE,
        wrong={**_SIZES, **_RULE},
        free={**_FREE, "inference": CHECKED},
    ),
    "networks.core_count_bootstrap": Case(
        data=(TIES,),
        options={"null": _NULL, "inference": _DRAWS},
        columns=(*_TIE, "event"),
        wrong={**_SIZES, **_RULE, "count": Wrong(value="weight")},
        free={"self_loops": YES_NO, "null": CHECKED, "inference": CHECKED},
    ),
    "networks.nested_hierarchy": Case(
        data=(TIES, REGIONS),
        options={"null": _NULL, "inference": _DRAWS},
        columns=(*_TIE, "event", "region", "parent"),
        wrong={
            "direction": Wrong(value="both"),
            "k_max": Wrong(value=1),
            "min_gap": Wrong(value=-1.0),
        },
        free={
            **_FREE,
            "transpose": YES_NO,
            "null": CHECKED,
            "inference": CHECKED,
        },
    ),
    "networks.compare_layers": Case(
        data=(TIES,),
        options={
            "null": _NULL,
            "inference": _DRAWS,
            "permutation": Permutation(n=19, seed=1),
        },
        columns=(*_TIE, "layer", "event"),
        wrong={"nodes": _NODE, **_RULE},
        free={
            **_FREE,
            "null": CHECKED,
            "permutation": CHECKED,
            "inference": CHECKED,
        },
    ),
    "networks.backbone": Case(
        data=(TIES,),
        columns=_TIE,
        wrong={
            "nodes": _NODE,
            "method": Wrong(value="disparty"),
            "alpha": Wrong(value=0.0),
            "keep": Wrong(value="any"),
            "correction": Wrong(value="holm"),
            "preset": Wrong(value="netbones"),
        },
        free={"directed": YES_NO},
    ),
    "networks.communities": Case(
        data=(TIES,),
        options={"seed": 1, "n_restarts": 4, "inference": MonteCarlo(n=19, seed=1)},
        columns=_TIE,
        wrong={
            "nodes": _NODE,
            "resolution": Wrong(value=0.0),
            "n_restarts": Wrong(value=0),
            "seed": Wrong(value=-1),
        },
        free={**_FREE, "inference": CHECKED},
    ),
    "networks.compare_partitions": Case(data=(PARTS,), columns=("one", "other")),
    "networks.core_periphery": Case(
        data=(TIES,),
        options={"seed": 1, "n_starts": 4, "inference": MonteCarlo(n=19, seed=1)},
        columns=_TIE,
        wrong={
            "nodes": _NODE,
            "method": Wrong(value="borgatti"),
            "pattern": Wrong(value="both"),
            "n_starts": Wrong(value=0),
            "seed": Wrong(value=-1),
        },
        free={"directed": YES_NO, "inference": CHECKED},
    ),
    "networks.centralities": Case(
        data=(TIES,),
        columns=_TIE,
        wrong={
            "nodes": _NODE,
            "paths": Wrong(value="weights"),
            "damping": Wrong(value=1.0),
        },
        free={"directed": YES_NO},
    ),
    "networks.rich_club": Case(
        data=(TIES,),
        options={"inference": MonteCarlo(n=19, seed=1)},
        columns=_TIE,
        wrong={"nodes": _NODE},
        free={"inference": CHECKED},
    ),
    "networks.mrqap": Case(
        data=(DYADS,),
        options={
            "outcome": "flow",
            "covariates": ["distance_km"],
            "inference": Permutation(n=49, seed=1),
        },
        columns=("outcome", "origin", "destination"),
        wrong={
            "covariates": Wrong(value=["flow"]),
            "method": Wrong(value="dps"),
            "missing": Wrong(value="listwise"),
        },
        free={"directed": YES_NO, "inference": CHECKED},
    ),
    "networks.qap_correlation": Case(
        data=(DYADS,),
        options={
            "one": "flow",
            "other": "distance_km",
            "inference": Permutation(n=49, seed=1),
        },
        columns=("one", "other", "origin", "destination"),
        wrong={"missing": Wrong(value="listwise")},
        free={"directed": YES_NO, "inference": CHECKED},
    ),
    "networks.build_dyads": Case(
        data=(TIES, REGIONS),
        columns=_TIE,
        wrong={"min_km": Wrong(value=-1.0)},
        free={"directed": YES_NO},
    ),
    "networks.gravity_ppml": Case(
        data=(DYADS,),
        options={"covariates": ["border"]},
        columns=("flow", "distance", "origin", "destination", "cluster"),
        wrong={
            "covariates": Wrong(value=["no_such"], error=KeyError),
            "fixed_effects": Wrong(value=["origin", "origin"]),
            "vcov": Wrong(value="dyad"),
        },
        free={"directed": YES_NO, "self_pairs": YES_NO},
    ),
}
