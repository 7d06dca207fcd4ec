"""Stage `structure`: communities, one core, backbone, positions, clusters and firms."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from agglo.core.options import MonteCarlo
from agglo.networks import (
    as_link_events,
    backbone,
    centralities,
    communities,
    core_count,
    core_periphery,
    flow_matrix,
)
from agglo.networks.events import UNKNOWN
from agglo.studies.columns import result_table, text_of, texts
from agglo.studies.contract import StageOutput
from agglo.studies.facts import finite
from agglo.studies.networks.columns import stacked
from agglo.studies.networks.firms import entity_pairs, firm_tables
from agglo.studies.networks.integration import (
    groups_of,
    hierarchy_table,
    layers_with_industries,
)
from agglo.studies.networks.layers import BRANCH, rows_of
from agglo.studies.networks.options import NetworksOptions

if TYPE_CHECKING:
    from agglo.core.typing import FloatArray, Json
    from agglo.networks import FlowMatrix
    from agglo.studies.contract import StageInputs

__all__ = ["removal_curve", "structure"]

_POSITIONS = {
    "layer": pa.string(),
    "node": pa.string(),
    "community": pa.int64(),
    "support": pa.float64(),
    "in_core": pa.bool_(),
    "degree": pa.int64(),
    "betweenness": pa.float64(),
    "closeness": pa.float64(),
    "eigenvector": pa.float64(),
    "page_rank": pa.float64(),
    "core_number": pa.int64(),
}
_BACKBONE = {
    "layer": pa.string(),
    "origin": pa.string(),
    "destination": pa.string(),
    "weight": pa.float64(),
    "p": pa.float64(),
    "kept": pa.bool_(),
}
_CLUSTERS = {
    "layer": pa.string(),
    "city": pa.string(),
    "group": pa.string(),
    "strength": pa.float64(),
    "inside": pa.float64(),
    "is_core": pa.bool_(),
}
_REMOVAL = {
    "layer": pa.string(),
    "scale": pa.string(),
    "removed": pa.int64(),
    "node": pa.string(),
    "weight_left": pa.float64(),
    "at_random": pa.float64(),
}


def structure(inputs: StageInputs) -> StageOutput:
    """Describe every layer of cities beyond strengths, and the clusters in them.

    Parameters
    ----------
    inputs
        With the stages ``prepare`` and ``groups``; optional ``establishments``, ``patents``.

    Returns
    -------
    StageOutput
        Tables ``positions`` (city and layer), ``backbone`` (tie), ``cluster_nodes`` (city
        and group of industries), ``removal`` (what stays without the strongest places, at both scales),
        ``interlocking``, ``shared_firms`` (from a register with firms), ``entity_pairs``;
        document ``structure_notes``.
    """
    options = inputs.options_as(NetworksOptions)
    events = inputs.result("prepare", "events")
    regions = hierarchy_table(inputs)
    notes: dict[str, Json] = {}
    parts: dict[str, list[pa.Table]] = {
        k: [] for k in ("positions", "backbone", "cluster_nodes", "removal")
    }
    grouped = layers_with_industries(inputs)
    # without regions above, the districts are the cities
    nested = bool(regions["parent"].is_valid().to_numpy().any())
    for layer in sorted(set(text_of(events, "layer"))):
        rows = rows_of(events, layer)
        flows = flow_matrix(rows, level="city", regions=regions)
        places, ties, note = _described(flows, layer, options, inputs.seed)
        parts["positions"].append(places)
        parts["backbone"].append(ties)
        parts["removal"].append(removal_curve(flows, layer))
        if nested:
            fine = flow_matrix(rows)
            parts["removal"].append(removal_curve(fine, layer, "district"))
        if layer in grouped:
            table, word = _cluster_nodes(inputs, rows, regions, layer)
            parts["cluster_nodes"].append(table)
            note["cluster_cores"] = word
        notes[layer] = note
    firms, told = firm_tables(inputs, options)
    pairs, kinds = entity_pairs(inputs)
    return StageOutput(
        tables={
            "positions": stacked(parts["positions"], _POSITIONS),
            "backbone": stacked(parts["backbone"], _BACKBONE),
            "cluster_nodes": stacked(parts["cluster_nodes"], _CLUSTERS),
            "removal": stacked(parts["removal"], _REMOVAL),
            **firms,
            "entity_pairs": pairs,
        },
        documents={"structure_notes": {**notes, **told, "entities": kinds}},
    )


def _ties(flows: FlowMatrix) -> pa.Table:
    """Give the ties between different cities, each undirected pair once."""
    values = flows.values - np.diag(np.diag(flows.values))
    a, b = np.nonzero(values if flows.directed else np.triu(values))
    return pa.table(
        {
            "origin": texts(flows.label[a]),
            "destination": texts(flows.label[b]),
            "weight": pa.array(values[a, b], pa.float64()),
        }
    )


def _described(
    flows: FlowMatrix, layer: str, options: NetworksOptions, seed: int
) -> tuple[pa.Table, pa.Table, dict[str, Json]]:
    ties, names = _ties(flows), flows.label.tolist()
    directed = flows.directed
    null = MonteCarlo(n=options.structure_draws, seed=seed)
    found = communities(ties, directed=directed, nodes=names, seed=seed, inference=null)
    core = core_periphery(
        ties, directed=directed, nodes=names, seed=seed, inference=null
    )
    kept = backbone(ties, directed=directed, nodes=names, alpha=options.alpha)
    where = centralities(ties, directed=directed, nodes=names)
    table = result_table(where, layer=layer)
    # all four list the nodes in one order
    table = table.append_column("community", pa.array(found.label))
    table = table.append_column("support", pa.array(found.support))
    table = table.append_column("in_core", pa.array(core.is_core))
    note: dict[str, Json] = {
        "communities": found.n_communities,
        "modularity": finite(found.modularity),
        "modularity_p": finite(found.p),
        "stability": finite(found.stability),
        "core": list(core.core),
        "rho": finite(core.rho),
        "core_p": finite(core.p),
        "draws": options.structure_draws,
        "ties": int(kept.weight.size),
        "ties_kept": kept.edges_kept,
        "weight_kept": finite(kept.weight_share),
        "isolated": len(kept.isolated),
        "components": int(where.component.max()),
    }
    return (
        table.select(list(_POSITIONS)),
        result_table(kept, layer=layer).select(list(_BACKBONE)),
        note,
    )


def removal_curve(flows: FlowMatrix, layer: str, scale: str = "city") -> pa.Table:
    """Give the share of weight that stays as the strongest places are taken away.

    `at_random` is what stays, on average, when as many places are taken at random. A curve of
    ours: it describes dependence on few places and is no measure of resilience.
    """
    values = flows.values - np.diag(np.diag(flows.values))
    strength = values.sum(axis=0) + values.sum(axis=1)
    order = np.lexsort((flows.label, -strength))
    n, total = order.size, float(values.sum())
    values = values[np.ix_(order, order)]
    # what goes with the k-th place: its links with those that are still there
    lost = np.triu(values).sum(axis=1) + np.tril(values, -1).sum(axis=0)
    left: FloatArray = np.cumsum(lost[::-1])[::-1]
    left = left / total if total > 0 else np.full(n, np.nan)
    gone = np.arange(n)
    names = np.concatenate([[""], flows.label[order[:-1]]])
    return pa.table(
        {
            "layer": texts([layer] * n),
            "scale": texts([scale] * n),
            "removed": pa.array(gone),
            "node": texts(names),
            "weight_left": pa.array(left),
            "at_random": pa.array((n - gone) * (n - gone - 1) / max(n * (n - 1), 1)),
        }
    )


def _cluster_nodes(
    inputs: StageInputs, rows: pa.Table, regions: pa.Table, layer: str
) -> tuple[pa.Table, str]:
    """Give the strength of every pair of city and group of industries, and its cores."""
    options = inputs.options_as(NetworksOptions)
    of = groups_of(inputs)
    used = {
        i
        for end in ("origin", "destination")
        for i in text_of(rows, f"{end}_industry")
        if i != "unknown"
    }
    if not used & set(of):
        return stacked([], _CLUSTERS), ""
    # industries without a group make one node of the city, "unknown"
    known = {**dict.fromkeys(used, UNKNOWN), **of}
    events = as_link_events(rows).at_level(regions, "city").with_groups(known)
    flows = flow_matrix(events, nodes="cluster")
    inside = np.diag(flows.values)
    values = flows.values - np.diag(inside)
    strength = values.sum(axis=1) + (values.sum(axis=0) if flows.directed else 0.0)
    names = flows.label.tolist()
    found = core_count(
        dict(zip(names, strength.tolist(), strict=True)),
        k_max=options.max_cores,
        min_gap=options.min_gap,
        inference=MonteCarlo(n=options.core_draws, seed=inputs.seed),
    )
    core = dict(zip(found.nodes.tolist(), found.is_core.tolist(), strict=True))
    words = [name.rsplit("|", 1) for name in names]
    table = pa.table(
        {
            "layer": texts([layer] * len(names)),
            "city": texts([w[0] for w in words]),
            "group": texts([w[1] for w in words]),
            "strength": pa.array(strength),
            "inside": pa.array(inside / (1.0 if layer == BRANCH else 2.0)),
            "is_core": pa.array([core[n] for n in names], pa.bool_()),
        }
    )
    order = [("strength", "descending"), ("city", "ascending"), ("group", "ascending")]
    return table.sort_by(order), found.verdict
