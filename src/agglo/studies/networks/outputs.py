"""The files of the study beside its page: CSV, figures, graphs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np

from agglo.networks import flow_matrix
from agglo.studies.facts import number_of
from agglo.studies.networks.facts import TABLES
from agglo.studies.networks.graph_files import Graph, Value, to_gexf, to_graphml
from agglo.studies.networks.integration import hierarchy_table
from agglo.studies.networks.layers import rows_of
from agglo.studies.outputs import csv_files, hashed, svg_bytes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from agglo.core.typing import Json
    from agglo.networks import FlowMatrix
    from agglo.studies.contract import StageInputs
    from agglo.studies.networks.facts import NetworkFacts
    from agglo.studies.outputs import Drawn

__all__ = ["city_flows", "study_files"]


def city_flows(inputs: StageInputs, facts: NetworkFacts) -> dict[str, FlowMatrix]:
    """Give the flows between cities, layer by layer."""
    names = facts.names("coverage", "layers")
    events = inputs.result("prepare", "events")
    regions = hierarchy_table(inputs)
    return {
        layer: flow_matrix(rows_of(events, layer), level="city", regions=regions)
        for layer in names
    }


def study_files(
    inputs: StageInputs,
    facts: NetworkFacts,
    figures: Sequence[Drawn],
    flows: Mapping[str, FlowMatrix],
) -> tuple[dict[str, bytes], dict[str, Json]]:
    """Write tables and figures as CSV and SVG, networks as GraphML and GEXF.

    Parameters
    ----------
    inputs
        Inputs of the last stage.
    facts
        What the stages left.
    figures
        The figures of the page.
    flows
        Flows between cities, by layer.

    Returns
    -------
    tuple
        File name to bytes, and the provenance of every file with its hash.
    """
    stamp = inputs.provenance()
    tables = {n: inputs.result(s, n) for n, s in TABLES.items()}
    tables |= {f"figure_{drawn.name}": drawn.data for drawn in figures}
    files = csv_files(tables, stamp)
    files |= {f"figure_{drawn.name}.svg": svg_bytes(drawn, stamp) for drawn in figures}
    said = json.dumps(stamp, sort_keys=True, ensure_ascii=False)
    for graph in (*_flow_graphs(facts, flows), *_space_graph(facts)):
        files[f"{graph.name}.graphml"] = to_graphml(graph, description=said)
        files[f"{graph.name}.gexf"] = to_gexf(graph, description=said)
    return files, hashed(files, stamp)


def _flow_graphs(facts: NetworkFacts, flows: Mapping[str, FlowMatrix]) -> list[Graph]:
    out = []
    for layer, found in flows.items():
        rows = {
            str(r["node"]): r
            for r in facts.rows("hierarchy", layer=layer, scale="city")
        }
        verdict = {
            str(r["region"]): str(r["verdict"])
            for r in facts.rows("integration", layer=layer)
        }
        nodes: dict[str, Mapping[str, Value]] = {
            str(code): {
                "name": facts.place(str(code)),
                "strength": number_of(rows.get(str(code), {}), "value"),
                "tier": number_of(rows.get(str(code), {}), "tier"),
                "core": str(rows.get(str(code), {}).get("is_core")),
                "pattern": verdict.get(str(code), ""),
            }
            for code in found.label
        }
        values = found.values if found.directed else np.triu(found.values, 1)
        a, b = np.nonzero(values - np.diag(np.diag(values)))
        edges = [
            (str(found.label[i]), str(found.label[j]), float(values[i, j]))
            for i, j in zip(a, b, strict=True)
        ]
        out.append(
            Graph(
                name=f"cities_{layer}",
                directed=found.directed,
                nodes=nodes,
                edges=edges,
            )
        )
    return out


def _space_graph(facts: NetworkFacts) -> list[Graph]:
    if not facts.tables["product_space"]:
        return []
    nodes: dict[str, Mapping[str, Value]] = {
        str(r["industry"]): {
            "group": str(r["group"]),
            "x": number_of(r, "x"),
            "y": number_of(r, "y"),
        }
        for r in facts.tables["product_space"]
    }
    edges = [
        (str(r["industry_a"]), str(r["industry_b"]), number_of(r, "proximity"))
        for r in facts.tables["product_links"]
    ]
    return [Graph(name="product_space", directed=False, nodes=nodes, edges=edges)]
