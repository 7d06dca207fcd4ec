"""One small valid call for every public measure of links, mixing, profiles and propensity."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa

from agglo.core.errors import AlignmentError, InvalidTableError
from agglo.core.options import Permutation
from agglo.networks import Profiles, profiles
from tests.contracts.case import Case, Wrong, frame

CHECKED = "an option object that checks itself"
ANY_LABEL = "any label is a label"
EVENTS = {
    "layer": ["copatent"] * 8,
    "period": ["2020"] * 4 + ["2021"] * 4,
    "event": ["p1", "p2", "p3", "p4", "p5", "p6", "p7", "p8"],
    "origin": ["a1", "a1", "a2", "b1", "c1", "d1", "b1", "c1"],
    "destination": ["a2", "b1", "a1", "b1", "c1", "d1", "c1", "d1"],
    "origin_industry": ["x", "x", "y", "y", "x", "y", "z", "z"],
    "destination_industry": ["x", "y", "y", "z", "x", "y", "x", "y"],
    "origin_size": ["large", "large", "small", "small", "large", "small"] * 1
    + ["large", "small"],
    "destination_size": ["small"] * 5 + ["large"] * 3,
    "weight": [1.0, 2.0, 1.0, 3.0, 1.0, 2.0, 1.0, 1.0],
}
BRANCHES = {**EVENTS, "layer": ["branch"] * 8}
REGIONS = pa.table(
    {
        "region": ["a1", "a2", "b1", "c1", "d1", "A", "B", "C", "D"],
        "level": ["district"] * 5 + ["city"] * 4,
        "parent": ["A", "A", "B", "C", "D", None, None, None, None],
    }
)
ACTIVITY = pa.table(
    {
        "region": [r for r in ("a1", "a2", "b1", "c1", "d1") for _ in "xyz"],
        "industry": list("xyz") * 5,
        "establishments": [float(3 + (7 * k) % 5) for k in range(15)],
    }
)
GROUPS = {"x": "g", "y": "g", "z": "h"}
REGISTER = {
    "establishment": list("abcdef"),
    "firm": ["f", "f", "f", "g", "g", "h"],
    "region": ["a1", "b1", "b1", "b1", "a1", "c1"],
    "is_hq": [True, False, False, True, False, True],
    "employment": [100.0, 20.0, 5.0, 50.0, 8.0, 1.0],
}
CIRCLE = pa.table({"child": ["f", "g"], "parent": ["g", "f"]})
PATENTS = {
    "patent": ["1", "1", "2", "2", "3", "3", "4", "4", "5", "5", "6", "6"],
    "applicant": ["s", "t", "s", "u", "t", "v", "s", "v", "u", "v", "t", "u"],
    "region": ["a1", "a2", "a1", "b1", "a2", "c1", "a1", "c1", "b1", "c1", "a2", "b1"],
    "period": ["2020"] * 6 + ["2021"] * 6,
    "class": ["h"] * 6 + ["l"] * 6,
    "size": ["large", "small"] * 6,
}
SERVICES = {
    "firm": ["f", "f", "g", "g", "h"],
    "region": ["a", "b", "a", "b", "c"],
    "service": [5.0, 2.0, 3.0, 4.0, 2.0],
}
_DRAWS = Permutation(n=49, seed=7)
_PLACED = {
    "layer": Wrong(value="brnch", error=InvalidTableError),
    "period": Wrong(value="1999", error=InvalidTableError),
    "level": Wrong(value="ciity"),
    "regions": Wrong(value=REGIONS.slice(5), error=AlignmentError),
}
_LAYERED = {k: _PLACED[k] for k in ("layer", "period")}
_BY_CITY = {"level": "city", "regions": REGIONS}


def _profiles(kind: str) -> Profiles:
    return profiles(frame(EVENTS, kind))


_OTHER = profiles(pa.table(EVENTS), by=("group",))

FLOWS: Mapping[str, Case] = {
    "networks.build_links": Case(
        data=(EVENTS,),
        options=_BY_CITY,
        wrong={
            "by": Wrong(value=("region", "sze")),
            "level": _PLACED["level"],
            "regions": _PLACED["regions"],
        },
    ),
    "networks.flow_matrix": Case(
        data=(EVENTS,),
        options=_BY_CITY,
        wrong={**_PLACED, "nodes": Wrong(value="firm")},
    ),
    "networks.branch_events": Case(
        data=(REGISTER,),
        wrong={
            "model": Wrong(value="indirect"),
            "ownership": Wrong(value=CIRCLE, error=InvalidTableError),
            "weight": Wrong(value="jobs"),
            "on_missing_hq": Wrong(value="drop"),
        },
        options={
            "model": "ultimate",
            "ownership": pa.table({"child": ["g"], "parent": ["f"]}),
        },
        free={"split": "yes or no", "period": ANY_LABEL},
    ),
    "networks.copatent_events": Case(
        data=(PATENTS,),
        wrong={
            "counting": Wrong(value="half"),
            "unit": Wrong(value="firm"),
            "located": Wrong(value="some"),
            "window": Wrong(value=0),
            "entities": Wrong(value="firm"),
            "max_applicants": Wrong(value=1),
        },
    ),
    "networks.service_values": Case(
        data=(REGISTER,),
        columns=("firm", "region", "headquarters", "regional"),
    ),
    "networks.interlocking_network": Case(
        data=(SERVICES,), columns=("firm", "region", "value")
    ),
    "networks.two_mode_projection": Case(
        data=(SERVICES,),
        columns=("firm", "region"),
        wrong={
            "method": Wrong(value="normal"),
            "alpha": Wrong(value=0.0),
            "correction": Wrong(value="holm"),
        },
    ),
    "networks.mixing": Case(
        data=(EVENTS,),
        options={"groups": GROUPS, "inference": _DRAWS, "regions": REGIONS},
        wrong={
            **_LAYERED,
            "level": _PLACED["level"],
            "groups": Wrong(value={"x": "g"}, error=AlignmentError),
            "of": Wrong(value="firm"),
            "null": Wrong(value="rewiring"),
        },
        free={"inference": CHECKED, "regions": "read only with level"},
    ),
    "networks.boundary_index": Case(
        data=(EVENTS,),
        options={"activity": ACTIVITY},
        columns=("value",),
        wrong={
            **_LAYERED,
            "activity": Wrong(value=ACTIVITY.slice(3), error=AlignmentError),
            "groups": Wrong(value={"x": "g"}, error=AlignmentError),
            "min_events": Wrong(value=1),
            "confidence": Wrong(value=1.0),
        },
    ),
    "networks.integration_pattern": Case(
        data=(EVENTS,),
        options={
            "activity": ACTIVITY,
            "groups": GROUPS,
            "inference": _DRAWS,
            "min_events": 2,
            **_BY_CITY,
        },
        columns=("value",),
        wrong={
            **_PLACED,
            "activity": Wrong(value=ACTIVITY.slice(3), error=AlignmentError),
            "groups": Wrong(value={"x": "g"}, error=AlignmentError),
            "ends": Wrong(value="one"),
            "min_events": Wrong(value=1),
            "alpha": Wrong(value=1.0),
        },
        free={"inference": CHECKED},
    ),
    "networks.size_class": Case(
        data=(REGISTER,),
        options={"rule": "eu_employees"},
        columns=("employment", "revenue"),
        wrong={"rule": Wrong(value="eu_employes")},
        ordered="one class per row, in the order of the rows",
    ),
    "networks.technology_class": Case(
        data=({"code": ["C26", "10.1"]},),
        options={"industry": "code"},
        columns=("industry",),
        wrong={"rule": Wrong(value="nace")},
        ordered="one class per row, in the order of the rows",
    ),
    "networks.profiles": Case(
        data=(EVENTS,),
        options=_BY_CITY,
        wrong={
            **_PLACED,
            "by": Wrong(value=("sizes",)),
            "direction": Wrong(value="out"),
            "confidence": Wrong(value=0.0),
        },
        free={"groups": "read only with 'group' in by"},
    ),
    "networks.complementarity": Case(
        data=(_profiles,),
        options={"inference": _DRAWS},
        wrong={"other": Wrong(value=_OTHER, error=AlignmentError)},
        free={"inference": CHECKED},
    ),
    "networks.pair_crosstab": Case(
        data=(EVENTS,),
        options={"place_a": "A", "place_b": "B", **_BY_CITY},
        wrong={
            **_PLACED,
            "place_a": Wrong(value="B"),
            "place_b": Wrong(value="Q", error=AlignmentError),
            "large": Wrong(value="large"),
            "confidence": Wrong(value=0.0),
        },
    ),
    "networks.cross_regional_propensity": Case(
        data=(PATENTS,),
        options=_BY_CITY,
        columns=("by",),
        wrong={
            "level": _PLACED["level"],
            "regions": _PLACED["regions"],
            "adjust": Wrong(value="logistic"),
            "interval": Wrong(value="wald"),
            "confidence": Wrong(value=1.0),
            "alpha": Wrong(value=0.0),
        },
    ),
    "networks.advantage": Case(
        data=(PATENTS,),
        options=_BY_CITY,
        columns=("by",),
        wrong={
            "level": _PLACED["level"],
            "regions": _PLACED["regions"],
            "confidence": Wrong(value=1.0),
        },
    ),
}
