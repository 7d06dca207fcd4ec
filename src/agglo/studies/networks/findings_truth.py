"""What was planted in generated data, beside what was found."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agglo.core.typing import Json
    from agglo.studies.facts import Row
    from agglo.studies.networks.facts import NetworkFacts

__all__ = ["complement_truth", "cores_truth", "crossing_truth", "integration_truth"]


def integration_truth(facts: NetworkFacts, found: dict[str, Json]) -> Json:
    """Compare integrated and bounded cities with the planted ones."""
    planted = {
        word: sorted(
            item
            for (quantity, item), (_, label) in facts.truth.items()
            if quantity == "integration" and label == word
        )
        for word in ("integrated", "bounded")
    }
    if not any(quantity == "integration" for quantity, _ in facts.truth):
        return None
    out: dict[str, Json] = {k: list(v) for k, v in planted.items()}
    for layer, part in found.items():
        if isinstance(part, dict):
            out[f"{layer}_as_planted"] = all(
                sorted(map(str, _list(part.get(w)))) == v for w, v in planted.items()
            )
    return out


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


def cores_truth(facts: NetworkFacts, layer: str, found: dict[str, Json]) -> Json:
    """Compare verdict, cores and tiers with the planted ones."""
    verdict = facts.planted("core_verdict", layer)
    if verdict is None:
        return None
    cores = (facts.planted("core_cities", layer) or "").split()
    city, district = found.get("city"), found.get("district")
    out: dict[str, Json] = {"verdict": verdict, "cores": list(cores)}
    if isinstance(city, dict):
        out["as_planted"] = city.get("verdict") == verdict and (
            sorted(map(str, _list(city.get("cores")))) == sorted(cores)
        )
    tiers = facts.truth.get(("tiers", layer))
    if tiers is not None and isinstance(district, dict):
        out["tiers"] = tiers[0]
        out["tiers_as_planted"] = district.get("tiers") == tiers[0]
        out["districts_in_their_tier"] = _tier_share(facts, layer)
    return out


def _tier_share(facts: NetworkFacts, layer: str) -> float:
    """Give the share of districts whose tier is the planted one."""
    rows = facts.rows("hierarchy", layer=layer, scale="district")
    right = [
        facts.truth.get((f"tier_{layer}", str(r["node"])), (0.0, ""))[0] == r["tier"]
        for r in rows
    ]
    return sum(right) / len(right) if right else float("nan")


def complement_truth(facts: NetworkFacts, found: dict[str, Json]) -> Json:
    """Compare the pair and its verdict with the planted one."""
    planted = facts.planted("complementary_pair", "cities")
    if planted is None:
        return None
    pair = sorted(map(str, _list(found.get("pair"))))
    judged = found.get("verdict") == "complementary"
    right = judged and pair == sorted(planted.split())
    return {
        "complementary_pair": planted or "none",
        "as_planted": right if planted else not judged,
    }


def crossing_truth(
    facts: NetworkFacts, found: dict[str, Row], places: list[str]
) -> Json:
    """Compare the verdicts of the classes and the cities with an advantage."""
    planted = {
        item: label
        for (quantity, item), (_, label) in facts.truth.items()
        if quantity == "crossing"
    }
    if not planted:
        return None
    cities = (facts.planted("advantage", "high") or "").split()
    verdicts: dict[str, Json] = dict(planted)
    return {
        "verdicts": verdicts,
        "advantage_high": list(cities),
        "verdicts_as_planted": all(
            str(found[c]["verdict"]) == v for c, v in planted.items() if c in found
        ),
        "advantage_as_planted": sorted(places) == sorted(cities),
    }
