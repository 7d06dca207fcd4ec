"""One small valid call for every public measure of clusters: elements, life cycle, ..."""

from __future__ import annotations

from collections.abc import Mapping

from agglo.core.errors import AlignmentError, ColumnNotFoundError, NotIdentifiedError
from agglo.core.options import Permutation
from agglo.evaluation import (
    ElementTest,
    LifeCycle,
    connection_test,
    cooperation_test,
    life_cycle,
    proximity_test,
)
from tests.contracts.case import Case, Wrong, frame

CHECKED = "an option object that checks itself"
SITES = {
    "cluster": ["c"] * 4 + ["d"] * 4,
    "x_km": [0.0, 1.0, 0.5, 0.2, 0.0, 30.0, 70.0, 11.0],
    "y_km": [0.0, 0.3, 0.9, 0.4, 80.0, 3.0, 44.0, 95.0],
    "size": ["a", "b", "a", "b"] * 2,
    "jobs": [5.0, 2.0, 1.0, 8.0, 3.0, 3.0, 2.0, 4.0],
}
POOL = {
    "x_km": [float(7 * k % 100) for k in range(40)],
    "y_km": [float(13 * k % 90) for k in range(40)],
    "size": ["a", "b"] * 20,
    "jobs": [1.0 + k % 5 for k in range(40)],
}
HELD = {
    "cluster": ["c", "c", "c", "d", "d", "d"],
    "industry": ["i", "j", "k", "i", "m", "o"],
    "jobs": [10.0, 20.0, 5.0, 4.0, 4.0, 9.0],
}
PAIRS = {
    "origin": ["i", "j", "k", "l", "m", "n", "i"],
    "destination": ["j", "k", "l", "m", "n", "o", "k"],
    "value": [0.9, 0.8, 0.1, 0.2, 0.1, 0.3, 0.7],
}
TIES = {
    "origin": ["a", "b", "c", "d", "e", "f", "c"],
    "destination": ["b", "c", "a", "e", "f", "d", "d"],
    "weight": [1.0, 2.0, 1.0, 1.0, 3.0, 1.0, 1.0],
}
MEMBERS = {"cluster": ["c"] * 3 + ["d"] * 3, "member": list("abcdef")}
# twelve regions with one group of two sub-industries, ten years
_CELLS = [(r, i, t) for r in range(12) for i in range(2) for t in range(10)]
PANEL = {
    "region": [f"r{r:02d}" for r, _, _ in _CELLS],
    "group": ["g"] * len(_CELLS),
    "industry": [f"i{i}" for _, i, _ in _CELLS],
    "period": [str(2010 + t) for _, _, t in _CELLS],
    "employment": [
        100.0 + 40 * r + (r - 5) * t * (1 + i) + 7 * ((3 * r + 5 * t + i) % 4)
        for r, i, t in _CELLS
    ],
}
DRAWS = Permutation(n=99, seed=7)


def _near(kind: str) -> ElementTest:
    return proximity_test(
        frame(SITES, kind), frame(POOL, kind), min_sites=3, inference=DRAWS
    )


def _related(kind: str) -> ElementTest:
    return connection_test(frame(HELD, kind), frame(PAIRS, kind), inference=DRAWS)


def _tied(kind: str) -> ElementTest:
    return cooperation_test(
        frame(TIES, kind), frame(MEMBERS, kind), min_ties=1, inference=DRAWS
    )


def _life(kind: str) -> LifeCycle:
    return life_cycle(frame(PANEL, kind))


SERIES = {
    "cluster": ["c"] * 12 + ["d"] * 12,
    "period": [str(2000 + k) for k in range(12)] * 2,
    "value": [0.1 * (k % 3) + 2.0 * (k > 5) for k in range(12)]
    + [0.1 * (k % 2) for k in range(12)],
}
PROFILED = {
    "cluster": ["c", "d", "c"],
    "indicator": ["M2.1", "M2.1", "M6.1"],
    "value": [3.0, 1.5, 2.0],
    "status": ["computed", "computed", "proxy"],
    "category": ["k", "k", "k"],
}
CELLS = {
    "region": ["a", "a", "b", "b"],
    "industry": ["x", "y", "x", "y"],
    "employment": [20.0, 30.0, 480.0, 400.0],
}
FLOWS = {
    "seller": ["x", "y"],
    "buyer": ["y", "y"],
    "direct_requirement": [0.5, 0.1],
}
ENTRIES = {
    "entered": [0.0, 0.0, 1.0, 0.0, 1.0, 1.0],
    "density": [0.1, 0.2, 0.3, 0.4, 0.5, 0.6],
}
_KEYS = ("region", "group", "activity", "period", "value")

FORMATION: Mapping[str, Case] = {
    "evaluation.proximity_test": Case(
        data=(SITES, POOL),
        options={
            "min_sites": 3,
            "weight": "jobs",
            "stratum": "size",
            "inference": DRAWS,
        },
        columns=("cluster", "x", "y", "weight", "stratum"),
        wrong={
            "statistic": Wrong(value="distance"),
            "radius_km": Wrong(value=-1.0),
            "min_sites": Wrong(value=1),
            "alpha": Wrong(value=0.0),
        },
        free={"inference": CHECKED},
    ),
    "evaluation.connection_test": Case(
        data=(HELD, PAIRS),
        options={"weight": "jobs", "inference": DRAWS},
        columns=("cluster", "activity", "weight", "origin", "destination", "value"),
        wrong={
            "q": Wrong(value=1.0),
            "present": Wrong(
                value=frame({"cluster": ["c"], "industry": ["i"]}, "pyarrow"),
                error=AlignmentError,
            ),
        },
        free={"inference": CHECKED},
    ),
    "evaluation.cooperation_test": Case(
        data=(TIES, MEMBERS),
        options={"weight": "weight", "min_ties": 1, "inference": DRAWS},
        columns=("origin", "destination", "weight", "cluster", "member"),
        wrong={
            "ei_max": Wrong(value=2.0),
            "min_ties": Wrong(value=0),
            "min_coverage": Wrong(value=2.0),
            "alpha": Wrong(value=1.0),
        },
        free={"inference": CHECKED},
    ),
    "evaluation.three_element_test": Case(
        data=(_near, _related, _tied),
        wrong={
            "alpha": Wrong(value=0.0),
            "q": Wrong(value=1.0),
            "ei_max": Wrong(value=-2.0),
            "sources": Wrong(value={"io": _near("pyarrow")}),
        },
    ),
    "evaluation.life_cycle": Case(
        data=(PANEL,),
        columns=_KEYS,
        wrong={
            "k": Wrong(value=0),
            "delta": Wrong(value=-0.1),
            "min_size": Wrong(value=-1.0),
            "new_min": Wrong(value=2.0),
            "entry": Wrong(
                value="entrants", error=ColumnNotFoundError, says="entrants"
            ),
            "firms": Wrong(value="establishments"),
            "missing": Wrong(value="drop"),
        },
    ),
    "evaluation.hidden_stages": Case(
        data=(_life,),
        options={"n_states": (2,), "n_init": 2},
        wrong={
            "n_states": Wrong(value=(1,)),
            "n_init": Wrong(value=0),
            "seed": Wrong(value=-1),
        },
    ),
    "evaluation.resilience": Case(
        data=(PANEL,),
        options={"before": "2012", "trough": "2014"},
        columns=_KEYS,
        wrong={
            "before": Wrong(value="1999"),
            "trough": Wrong(value="1999"),
            "after": Wrong(value="1999"),
            "missing": Wrong(value="drop"),
        },
    ),
    "evaluation.lock_in": Case(
        data=(PANEL,),
        columns=_KEYS,
        wrong={
            "window": Wrong(value=20, error=NotIdentifiedError),
            "missing": Wrong(value="drop"),
        },
        free={"inference": CHECKED},
    ),
    "evaluation.mechanism_profile": Case(
        data=(PROFILED,),
        options={"status": "status", "category": "category"},
        columns=("cluster", "indicator", "value", "status", "category"),
    ),
    "evaluation.structural_breaks": Case(
        data=(SERIES,),
        columns=("cluster", "period", "value"),
        wrong={
            "min_segment": Wrong(value=1),
            "tolerance": Wrong(value=-1),
            "events": Wrong(
                value=frame({"cluster": []}, "pyarrow"), error=ColumnNotFoundError
            ),
        },
        free={"trend": "yes or no"},
    ),
    "evaluation.local_supply_share": Case(
        data=(CELLS, FLOWS),
        columns=("region", "activity", "value", "seller", "buyer", "coefficient"),
        wrong={"delta": Wrong(value=2.0)},
    ),
    "evaluation.related_entry": Case(data=(ENTRIES,), columns=("entered", "density")),
}
