"""What was planted in generated data, beside what was found."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from agglo.studies.facts import known

if TYPE_CHECKING:
    from agglo.core.typing import Json
    from agglo.studies.digital.facts import DigitalFacts
    from agglo.studies.facts import Row

__all__ = [
    "coexistence_truth",
    "degree_truth",
    "kinds_truth",
    "null_truth",
    "shift_truth",
]

_KINDS = ("identical", "similar", "none")


def _planted(facts: DigitalFacts, item: str) -> float:
    return facts.truth.get(("share", item), (float("nan"), ""))[0]


def _inside(row: Row, value: float, kind: str = "") -> bool:
    low, high = row.get(f"{kind}lower"), row.get(f"{kind}upper")
    return (
        isinstance(low, (int, float))
        and isinstance(high, (int, float))
        and low <= value <= high
    )


def coexistence_truth(facts: DigitalFacts, row: Row) -> Json:
    """Give the planted share of cluster cities with belts."""
    planted = _planted(facts, "coexistence")
    if not known(planted):
        return None
    return {"coexistence": planted, "inside_interval": _inside(row, planted)}


def kinds_truth(facts: DigitalFacts) -> Json:
    """Compare the kind of every cluster with the planted one; every miss must be explained.

    A miss is explained when the audit of cities shows why: one of the cluster's places, or
    a belt that may lie in one of its cities, could mean several cities.
    """
    planted = {
        item: label
        for (quantity, item), (_, label) in facts.truth.items()
        if quantity == "kind"
    }
    if not planted:
        return None
    judged = {
        str(r["cluster"]): str(r["kind"])
        for r in facts.tables["matches"]
        if r["kind"] != "unmapped"
    }
    right = sum(planted.get(c) == k for c, k in judged.items())
    misses = [c for c, k in judged.items() if planted.get(c) != k]
    explained = sum(c in _touched(facts) for c in misses)
    return {
        **{k: _planted(facts, k) for k in _KINDS},
        "clusters_judged": len(judged),
        "kind_as_planted": right / len(judged) if judged else float("nan"),
        "misses": len(misses),
        "misses_with_an_audit_row": explained,
        "clusters_left_out_or_unknown": len(planted) - len(judged),
    }


def _touched(facts: DigitalFacts) -> set[str]:
    """Give the clusters with an unknown place, or with an unplaced belt that may be near."""
    near = {
        city
        for r in facts.rows("city_audit", list="belts", city="")
        for city in str(r["candidates"]).split(";")
    }
    return {
        str(r["id"])
        for r in facts.rows("city_audit", list="clusters")
        if r["city"] == "" or r["city"] in near
    }


def degree_truth(facts: DigitalFacts, found: float) -> Json:
    """Give the planted degree index."""
    identical, similar = _planted(facts, "identical"), _planted(facts, "similar")
    if not (known(identical) and known(similar)):
        return None
    planted = identical + facts.options.s * similar
    return {"degree": planted, "difference": found - planted}


def null_truth(facts: DigitalFacts) -> Json:
    """Say that matches were planted by industry, and whether the null over labels sees it."""
    matched = _planted(facts, "matched")
    if not known(matched):
        return None
    row = facts.null("N3", "matched")
    p, n = row.get("p_upper"), row.get("n")
    expected = row.get("expected")
    if not (isinstance(p, float) and isinstance(n, (int, float))):
        return {"planted_matched_share": matched}
    share = float(expected) / float(n) if isinstance(expected, float) and n else None
    return {
        "planted_matched_share": matched,
        "share_if_labels_were_dealt_out": share,
        "found_above_chance": bool(p <= 1.0 - facts.options.level),
    }


def shift_truth(facts: DigitalFacts, shift: Row) -> Json:
    """Give the planted way of the centre between the same years."""
    start, end = (
        _centre(facts, str(int(v))) if isinstance(v, float) and known(v) else None
        for v in (shift.get("start"), shift.get("end"))
    )
    if start is None or end is None or shift.get("set") != "clusters":
        return None
    east, north = end[0] - start[0], end[1] - start[1]
    planted = math.hypot(east, north)
    if planted == 0.0:
        return {"shift_km": 0.0}
    return {
        "shift_km": planted,
        "shift_grid_bearing": math.degrees(math.atan2(east, north)) % 360.0,
        "inside_interval": _inside(shift, planted, "distance_"),
    }


def _centre(facts: DigitalFacts, year: str) -> tuple[float, float] | None:
    place = [facts.truth.get((f"centre_{a}_km", year)) for a in "xy"]
    if place[0] is None or place[1] is None:
        return None
    return place[0][0], place[1][0]
