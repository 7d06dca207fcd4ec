"""Stage `match`: what each cluster found, with the evidence for every pair."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from agglo.studies.columns import result_table, text_of, texts
from agglo.studies.contract import StageOutput
from agglo.studies.digital.model import PREPARED, matching_of
from agglo.studies.digital.options import DigitalOptions

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agglo.core.typing import Json
    from agglo.matching import Matching, PlaceList
    from agglo.studies.contract import StageInputs

__all__ = ["match"]


def match(inputs: StageInputs) -> StageOutput:
    """Match the lists, and say for every cluster and pair why.

    Parameters
    ----------
    inputs
        With the stage ``prepare``; optional tables ``node_links``, ``match_decisions``.

    Returns
    -------
    StageOutput
        Tables ``matches``, ``match_audit``, ``unmatched``, ``unmapped_labels``,
        ``bipartite``, ``sankey``, ``city_counts``; document ``match_notes``.

    Raises
    ------
    AlignmentError
        If a decision names an unknown cluster or belt.
    InvalidTableError
        With every problem of the links.
    """
    options = inputs.options_as(DigitalOptions)
    found = matching_of(inputs)
    other = matching_of(
        inputs,
        containment="similar" if options.containment == "identical" else "identical",
    )
    matches = result_table(found)
    moved = texts(other.kind)
    matches = matches.append_column("kind_other_containment", moved)
    notes: dict[str, Json] = {
        "counts": dict(found.counts),
        "counts_other_containment": dict(other.counts),
        "containment": options.containment,
        "n_clusters": int(found.clusters.item.size),
        "n_belts": int(found.belts.item.size),
        "decisions": len(found.overrides.kinds),
        "links": bool(options.use_links and inputs.has("node_links")),
        "reviewed": _reviewed(found),
        "outside": _outside(found, inputs),
        "summary": found.summary(),
    }
    return StageOutput(
        tables={
            "matches": matches,
            "match_audit": found.audit_table(),
            "unmatched": found.unmatched_table(),
            "unmapped_labels": found.unmapped_labels(),
            "bipartite": found.bipartite_links(),
            "sankey": found.sankey_links(level=2),
            "city_counts": _city_counts(found, inputs),
        },
        documents={"match_notes": notes},
    )


def _reviewed(found: Matching) -> dict[str, Json]:
    return {
        name: {"items": int(side.own.size), "reviewed": int(side.n_reviewed)}
        for name, side in zip(("clusters", "belts"), found.sets, strict=True)
    }


def _outside(found: Matching, inputs: StageInputs) -> list[Json]:
    cities = inputs.result(PREPARED, "cities")
    inside = text_of(cities.filter(cities["in_universe"]), "region")
    used = np.union1d(found.clusters.city, found.belts.city)
    return [str(c) for c in np.setdiff1d(used, inside)]


def _city_counts(found: Matching, inputs: StageInputs) -> pa.Table:
    """Count clusters, belts and matches of every city, also of those without any."""
    cities = inputs.result(PREPARED, "cities")
    codes = np.array(text_of(cities, "region"))
    ours, theirs = found.clusters, found.belts
    mapped = (found.kind_code >= 0)[ours.link_item]
    held = found.link_kind * (found.kind_code > 0)[ours.link_item]
    return pa.table(
        {
            "city": texts(codes),
            "name_zh": cities["name_zh"],
            "name_en": cities["name_en"],
            "lon": cities["lon"],
            "lat": cities["lat"],
            "in_universe": cities["in_universe"],
            "clusters": _sum(ours, np.ones(mapped.size), codes),
            "clusters_fractional": _sum(ours, ours.weight, codes),
            "mapped": _sum(ours, mapped * 1.0, codes),
            "identical": _sum(ours, (held == 2) * 1.0, codes),
            "similar": _sum(ours, (held == 1) * 1.0, codes),
            "belts": _sum(theirs, np.ones(theirs.link_item.size), codes),
        }
    )


def _sum(
    places: PlaceList, value: NDArray[np.floating], codes: NDArray[np.str_]
) -> pa.Array:
    total = np.bincount(places.link_city, weights=value, minlength=places.city.size)
    at = {str(c): i for i, c in enumerate(places.city)}
    return pa.array([float(total[at[c]]) if c in at else 0.0 for c in codes.tolist()])
