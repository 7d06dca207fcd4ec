"""Stage `hierarchy`: cores, tiers and dominant flows of both layers at both scales."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from agglo.core.options import Bootstrap, MonteCarlo
from agglo.networks import (
    as_link_events,
    compare_layers,
    core_count,
    core_count_bootstrap,
    dominant_flow,
    nested_hierarchy,
    strength_distribution,
    tiers,
)
from agglo.studies.columns import result_table, text_of
from agglo.studies.contract import StageOutput
from agglo.studies.networks.columns import stacked
from agglo.studies.networks.integration import hierarchy_table
from agglo.studies.networks.layers import BRANCH, rows_of
from agglo.studies.networks.options import NetworksOptions

if TYPE_CHECKING:
    from agglo.core.typing import Json
    from agglo.networks import (
        CoreCount,
        CoreFrequencies,
        DominantFlow,
        LayerComparison,
        NestedHierarchy,
        Tiers,
    )
    from agglo.studies.contract import StageInputs

__all__ = ["city_events", "core_verdict", "hierarchy"]

_NODES = {
    "layer": pa.string(),
    "scale": pa.string(),
    "node": pa.string(),
    "value": pa.float64(),
    "is_core": pa.bool_(),
    "tier": pa.int64(),
    "parent": pa.string(),
    "level": pa.int64(),
}
_SETS = {
    "layer": pa.string(),
    "scale": pa.string(),
    "core_set": pa.string(),
    "k": pa.int64(),
    "value": pa.float64(),
}
_MEASURES = {
    "layer": pa.string(),
    "scale": pa.string(),
    "statistic": pa.string(),
    "value": pa.float64(),
    "se": pa.float64(),
}
_TIES = {
    "layer": pa.string(),
    "scale": pa.string(),
    "origin": pa.string(),
    "destination": pa.string(),
    "weight": pa.float64(),
    "share": pa.float64(),
}
_YEARLY = {
    "layer": pa.string(),
    "scale": pa.string(),
    "period": pa.string(),
    "origin": pa.string(),
    "destination": pa.string(),
    "weight": pa.float64(),
    "share": pa.float64(),
}
# ties of one period, layer and scale that are kept: a map has no room for more
_MOST_YEARLY = 200
_LAYERS = {"one": pa.string(), "other": pa.string(), "verdict": pa.string()}


def hierarchy(inputs: StageInputs) -> StageOutput:
    """Find cores and tiers of every layer, for cities and for districts.

    Parameters
    ----------
    inputs
        With the stage ``prepare``.

    Returns
    -------
    StageOutput
        Tables ``hierarchy`` (nodes), ``ties`` (pairs of places), ``ties_by_period`` (the
        strongest of each period), ``core_sets`` (frequencies), ``distribution``, ``layer_comparison``; document ``hierarchy_notes`` with the verdicts.
    """
    events = inputs.result("prepare", "events")
    regions = hierarchy_table(inputs)
    nodes: list[pa.Table] = []
    sets: list[pa.Table] = []
    measures: list[pa.Table] = []
    pairs: list[pa.Table] = []
    yearly: list[pa.Table] = []
    notes: dict[str, Json] = {}
    names = sorted(set(text_of(events, "layer")))
    for layer in names:
        rows = rows_of(events, layer)
        part: dict[str, Json] = {}
        scales, nested = _scales(inputs, rows, regions, layer)
        for scale, found in scales.items():
            nodes.append(_nodes(layer, scale, found))
            sets.append(result_table(found[3], layer=layer, scale=scale))
            measures.append(_measures(rows, regions, layer, scale))
            pairs.append(_ties(rows, regions, layer, scale))
            yearly += _by_period(rows, regions, layer, scale)
            part[scale] = core_verdict(found[0], found[1], found[2], found[3])
        part.update(_nesting(nested))
        notes[layer] = part
    compared = []
    if len(names) > 1:
        found_layers = _compared(inputs, events, regions)
        compared.append(result_table(found_layers))
    return StageOutput(
        tables={
            "hierarchy": stacked(nodes, _NODES),
            "ties": stacked(pairs, _TIES),
            "ties_by_period": stacked(yearly, _YEARLY),
            "core_sets": stacked(sets, _SETS),
            "distribution": stacked(measures, _MEASURES),
            "layer_comparison": stacked(compared, _LAYERS),
        },
        documents={"hierarchy_notes": notes},
    )


_Found = tuple["CoreCount", "Tiers", "DominantFlow", "CoreFrequencies"]


def _scales(
    inputs: StageInputs, rows: pa.Table, regions: pa.Table, layer: str
) -> tuple[dict[str, _Found], NestedHierarchy | None]:
    """Give cores, tiers, flows and frequencies, per scale that there is."""
    options = inputs.options_as(NetworksOptions)
    null = MonteCarlo(n=options.core_draws, seed=inputs.seed)
    resample = Bootstrap(n=options.bootstrap_draws, seed=inputs.seed)
    directed = layer == BRANCH
    pairs = _districts(regions)
    if pairs.num_rows:
        nested = nested_hierarchy(
            rows,
            pairs,
            directed=directed,
            # branches point away from the seats that direct them
            transpose=layer == BRANCH and options.branch_layer == BRANCH,
            k_max=options.max_cores,
            min_gap=options.min_gap,
            null=null,
            inference=resample,
        )
        both = (nested.city, nested.district)
        return {
            s.name: (s.cores, s.tiers, s.flow, s.frequencies)
            for s in both
            if s.frequencies is not None
        }, nested
    labels = text_of(regions, "region")
    cores = core_count(
        rows,
        directed=directed,
        nodes=labels,
        k_max=options.max_cores,
        min_gap=options.min_gap,
        inference=null,
    )
    strength = dict(zip(cores.nodes.tolist(), cores.strength.tolist(), strict=True))
    one = {
        "city": (
            cores,
            tiers(strength, k_max=options.max_cores),
            dominant_flow(
                rows,
                directed=directed,
                nodes=labels,
                transpose=directed and options.branch_layer == BRANCH,
            ),
            core_count_bootstrap(
                rows,
                nodes=labels,
                k_max=options.max_cores,
                min_gap=options.min_gap,
                null=null,
                inference=resample,
            ),
        )
    }
    return one, None


def core_verdict(
    cores: CoreCount, levels: Tiers, flow: DominantFlow, sets: CoreFrequencies
) -> dict[str, Json]:
    """Give the answer of one scale as plain values."""
    modal, share = sets.modal
    return {
        "verdict": cores.verdict,
        "cores": list(cores.cores),
        "gap": cores.gap,
        "k_gap": cores.k_gap,
        "t": cores.t,
        "p_lognormal": cores.p_lognormal,
        "p_pareto": cores.p_pareto,
        "n_tiers": levels.n_tiers,
        "silhouette": float(levels.silhouette.max())
        if levels.silhouette.size
        else None,
        "silhouette_floor": levels.floor,
        "roots": list(flow.roots),
        "depth": flow.depth,
        "modal_cores": modal,
        "modal_share": share,
        "n_events": sets.n_events,
        "n_draws": sets.n_draws,
    }


def _nodes(layer: str, scale: str, found: _Found) -> pa.Table:
    cores, levels, flow, _ = found
    table = result_table(cores, layer=layer, scale=scale)
    at = {str(n): i for i, n in enumerate(levels.nodes)}
    order = [at[str(n)] for n in cores.nodes]
    to = {str(n): i for i, n in enumerate(flow.nodes)}
    here = [to[str(n)] for n in cores.nodes]
    table = table.append_column("tier", pa.array(levels.tier[order]))
    parents = [str(flow.nodes[flow.parent[i]]) for i in here]
    table = table.append_column("parent", pa.array(parents, pa.string()))
    return table.append_column("level", pa.array(flow.level[here]))


def _measures(rows: pa.Table, regions: pa.Table, layer: str, scale: str) -> pa.Table:
    if scale == "city" and _districts(regions).num_rows:
        rows = as_link_events(rows).at_level(regions, "city").to_arrow()
    found = strength_distribution(rows, directed=layer == BRANCH)
    table = result_table(found, layer=layer, scale=scale)
    return table.select(list(_MEASURES))


def _ties(rows: pa.Table, regions: pa.Table, layer: str, scale: str) -> pa.Table:
    """Give the weight of every pair of places that is tied, heaviest first.

    A layer without direction has each pair once, the smaller code first.
    """
    if scale == "city" and _districts(regions).num_rows:
        rows = as_link_events(rows).at_level(regions, "city").to_arrow()
    ends = np.array([text_of(rows, "origin"), text_of(rows, "destination")])
    if layer != BRANCH:
        ends = np.sort(ends, axis=0)
    found = (
        pa.table({"origin": ends[0], "destination": ends[1], "weight": rows["weight"]})
        .group_by(["origin", "destination"])
        .aggregate([("weight", "sum")])
        .sort_by(
            [
                ("weight_sum", "descending"),
                ("origin", "ascending"),
                ("destination", "ascending"),
            ]
        )
    )
    weight = found["weight_sum"].to_numpy()
    total = float(weight.sum())
    return pa.table(
        {
            "layer": pa.array([layer] * found.num_rows, pa.string()),
            "scale": pa.array([scale] * found.num_rows, pa.string()),
            "origin": found["origin"].cast(pa.string()),
            "destination": found["destination"].cast(pa.string()),
            "weight": pa.array(weight, pa.float64()),
            "share": pa.array(weight / total if total > 0 else weight, pa.float64()),
        }
    )


def _by_period(
    rows: pa.Table, regions: pa.Table, layer: str, scale: str
) -> list[pa.Table]:
    """Give the strongest ties of every period with their share in all of that period.

    Events without a period are left out; a single period says no more than all do.
    """
    of = np.array(text_of(rows, "period"))
    periods = sorted(p for p in set(of.tolist()) if p)
    found: list[pa.Table] = []
    for period in periods if len(periods) > 1 else ():
        ties = _ties(rows.filter(pa.array(of == period)), regions, layer, scale)
        ties = ties.slice(0, _MOST_YEARLY)
        word = pa.array([period] * ties.num_rows, pa.string())
        found.append(ties.add_column(2, "period", word))
    return found


def _nesting(found: NestedHierarchy | None) -> dict[str, Json]:
    if found is None:
        return {"nested": False}
    first = zip(
        found.city.cores.nodes.tolist(), found.first_share.tolist(), strict=True
    )
    shares: dict[str, Json] = {str(k): float(v) for k, v in first}
    return {
        "nested": True,
        "consistent": found.consistent,
        "theil_between": found.theil_between,
        "theil_within": found.theil_within,
        "first_district_share": shares,
    }


def _compared(
    inputs: StageInputs, events: pa.Table, regions: pa.Table
) -> LayerComparison:
    options = inputs.options_as(NetworksOptions)
    return compare_layers(
        city_events(events, regions),
        k_max=options.max_cores,
        min_gap=options.min_gap,
        null=MonteCarlo(n=options.core_draws, seed=inputs.seed),
        inference=Bootstrap(n=options.bootstrap_draws, seed=inputs.seed),
    )


def city_events(events: pa.Table, regions: pa.Table) -> pa.Table:
    """Give all links between cities."""
    return as_link_events(events).at_level(regions, "city").to_arrow()


def _districts(regions: pa.Table) -> pa.Table:
    """Give the regions that lie in another one."""
    return regions.filter(regions["parent"].is_valid())
