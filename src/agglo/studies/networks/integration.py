"""Stage `integration`: how integrated or bounded the industry network of each city is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from agglo.core.options import Permutation
from agglo.networks import integration_pattern, mixing
from agglo.studies.columns import result_table, text_of, texts
from agglo.studies.contract import StageOutput
from agglo.studies.networks.columns import among, stacked, with_column
from agglo.studies.networks.layers import rows_of
from agglo.studies.networks.options import NetworksOptions

if TYPE_CHECKING:
    from agglo.core.typing import Json
    from agglo.networks import IntegrationPattern
    from agglo.studies.contract import StageInputs

__all__ = [
    "comparable",
    "groups_of",
    "hierarchy_table",
    "integration",
    "layers_with_industries",
    "pattern_of",
]

_PATTERN = {"layer": pa.string(), "region": pa.string(), "verdict": pa.string()}
_MIXING = {"layer": pa.string(), "origin_group": pa.string()}
_GLOBAL = ("ei", "r", "q")


def integration(inputs: StageInputs) -> StageOutput:
    """Compare the cities by how sealed the groups of industries are inside them.

    Parameters
    ----------
    inputs
        With the stages ``prepare`` and ``groups``.

    Returns
    -------
    StageOutput
        Tables ``integration`` (city and layer), ``mixing`` (pairs of groups) and
        ``mixing_indices``; document ``integration_notes``.
    """
    options = inputs.options_as(NetworksOptions)
    notes: dict[str, Json] = {"missing": _missing(inputs), "verdicts": {}}
    patterns, mixed, indices = [], [], []
    of = groups_of(inputs)
    verdicts: dict[str, Json] = {}
    lost: dict[str, Json] = {}
    for layer in [] if notes["missing"] else layers_with_industries(inputs):
        whole_layer = rows_of(inputs.result("prepare", "events"), layer)
        events = comparable(inputs, whole_layer, of)
        lost[layer] = whole_layer.num_rows - _with_groups(events)
        if not _with_groups(events):
            continue
        found = pattern_of(
            inputs, events, of, Permutation(n=options.label_draws, seed=inputs.seed)
        )
        patterns.append(result_table(found, layer=layer))
        verdicts[layer] = {
            w: list(found.named(w)) for w in ("integrated", "bounded", "insufficient")
        }
        whole = mixing(
            events,
            groups=of,
            inference=Permutation(n=options.label_draws, seed=inputs.seed),
        )
        mixed.append(result_table(whole, layer=layer))
        indices += [
            {
                "layer": layer,
                "index": name,
                "value": getattr(whole, name),
                "null_mean": float(whole.null_mean[k]),
                "null_sd": float(whole.null_sd[k]),
                "z": float(whole.null_z[k]),
                "p": float(whole.p[k]),
            }
            for k, name in enumerate(_GLOBAL)
        ]
    notes["verdicts"] = verdicts
    notes["left_out"] = lost
    if not verdicts and not notes["missing"]:
        notes["missing"] = "links between industries and districts with activity"
    return StageOutput(
        tables={
            "integration": stacked(patterns, _PATTERN),
            "mixing": stacked(mixed, _MIXING),
            "mixing_indices": pa.Table.from_pylist(indices)
            if indices
            else pa.table({"layer": texts([]), "index": texts([])}),
        },
        documents={"integration_notes": notes},
    )


def pattern_of(
    inputs: StageInputs,
    events: pa.Table,
    of: dict[str, str],
    inference: Permutation | None,
) -> IntegrationPattern:
    """Give the pattern of integration of one layer, at the level of the cities."""
    options = inputs.options_as(NetworksOptions)
    return integration_pattern(
        events,
        activity=inputs.result("prepare", "activity_now"),
        regions=hierarchy_table(inputs),
        level="city",
        groups=of,
        value="amount",
        min_events=options.min_events,
        alpha=options.alpha,
        inference=inference,
    )


def comparable(inputs: StageInputs, events: pa.Table, of: dict[str, str]) -> pa.Table:
    """Keep links of districts with activity; industries without a group are unknown.

    Industries that no district holds in the period of the activity have no group, and
    without a district's activity there is no chance to compare its links with.
    """
    made = set(text_of(inputs.result("prepare", "activity_now"), "region"))
    events = among(among(events, "origin", made), "destination", made)
    for end in ("origin", "destination"):
        name = f"{end}_industry"
        words = [w if w in of else "unknown" for w in text_of(events, name)]
        events = with_column(events, name, words)
    return events


def _with_groups(events: pa.Table) -> int:
    """Count the links whose ends both have a group."""
    one, other = (
        np.array(text_of(events, f"{end}_industry"))
        for end in ("origin", "destination")
    )
    return int(((one != "unknown") & (other != "unknown")).sum())


def groups_of(inputs: StageInputs) -> dict[str, str]:
    """Give industry to group."""
    table = inputs.result("groups", "industry_groups")
    return dict(zip(text_of(table, "industry"), text_of(table, "group"), strict=True))


def hierarchy_table(inputs: StageInputs) -> pa.Table:
    """Give districts and cities as a table of regions; a city above one name apart."""
    places = inputs.result("prepare", "places")
    rows = places.to_pylist()
    districts = {r["region"] for r in rows if r["scale"] == "district"}
    out = []
    for r in rows:
        # where nothing lies above, city and district are one region
        if r["scale"] == "city" and r["region"] in districts:
            continue
        is_city = r["scale"] == "city" or r["city"] == r["region"]
        parent = None if is_city else r["city"]
        level = "city" if is_city else "district"
        out.append({"region": r["region"], "level": level, "parent": parent})
    return pa.table(
        {
            "region": texts([str(r["region"]) for r in out]),
            "level": texts([str(r["level"]) for r in out]),
            "parent": pa.array([r["parent"] for r in out], pa.string()),
        }
    )


def layers_with_industries(inputs: StageInputs) -> list[str]:
    """Give the layers whose links have industries at both ends."""
    events = inputs.result("prepare", "events")
    if "origin_industry" not in events.column_names:
        return []
    out = []
    for layer in sorted(set(text_of(events, "layer"))):
        rows = rows_of(events, layer)
        one, other = (
            np.array(text_of(rows, f"{end}_industry"))
            for end in ("origin", "destination")
        )
        if ((one != "unknown") & (other != "unknown")).any():
            out.append(layer)
    return out


def _missing(inputs: StageInputs) -> str:
    coverage = inputs.document("prepare", "coverage")
    groups = inputs.document("groups", "group_notes")
    lacking = coverage.get("missing") if isinstance(coverage, dict) else {}
    if isinstance(lacking, dict) and lacking.get("activity"):
        return str(lacking["activity"])
    if isinstance(groups, dict) and groups.get("missing"):
        return str(groups["missing"])
    if not layers_with_industries(inputs):
        return "link_events or patents with an industry at both ends"
    return ""
