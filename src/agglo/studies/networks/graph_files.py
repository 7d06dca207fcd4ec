"""Networks as GraphML and GEXF, for the programs that draw and analyse graphs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias
from xml.etree.ElementTree import Element, SubElement, indent, tostring

__all__ = ["Graph", "Value", "to_gexf", "to_graphml"]

Value: TypeAlias = "str | float | int"
_DOUBLE, _TEXT = "double", "string"


@dataclass(frozen=True, kw_only=True)
class Graph:
    """Nodes and edges with their attributes.

    Attributes
    ----------
    name
        What it is.
    directed
        Whether edges have a direction.
    nodes
        Id to attributes; every node has the same ones.
    edges
        Source, target, weight.
    """

    name: str
    directed: bool
    nodes: Mapping[str, Mapping[str, Value]]
    edges: Sequence[tuple[str, str, float]]

    @property
    def attributes(self) -> dict[str, str]:
        """Give name and kind of the attributes of nodes."""
        out: dict[str, str] = {}
        for values in self.nodes.values():
            for key, value in values.items():
                out.setdefault(key, _TEXT if isinstance(value, str) else _DOUBLE)
        return out


def _bytes(root: Element) -> bytes:
    indent(root)
    text: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def to_graphml(graph: Graph, *, description: str = "") -> bytes:
    """Write GraphML (http://graphml.graphdrawing.org)."""
    root = Element("graphml", xmlns="http://graphml.graphdrawing.org/xmlns")
    if description:
        SubElement(root, "desc").text = description
    for name, kind in graph.attributes.items():
        keys = {"id": name, "for": "node", "attr.name": name, "attr.type": kind}
        SubElement(root, "key", keys)
    weight = {"id": "weight", "for": "edge", "attr.name": "weight"}
    SubElement(root, "key", {**weight, "attr.type": _DOUBLE})
    way = "directed" if graph.directed else "undirected"
    body = SubElement(root, "graph", id=graph.name, edgedefault=way)
    for node, values in graph.nodes.items():
        place = SubElement(body, "node", id=node)
        for key, value in values.items():
            SubElement(place, "data", key=key).text = str(value)
    for k, (source, target, value) in enumerate(graph.edges):
        edge = SubElement(body, "edge", id=f"e{k}", source=source, target=target)
        SubElement(edge, "data", key="weight").text = repr(float(value))
    return _bytes(root)


def to_gexf(graph: Graph, *, description: str = "") -> bytes:
    """Write GEXF 1.3 (https://gexf.net)."""
    root = Element("gexf", xmlns="http://gexf.net/1.3", version="1.3")
    if description:
        meta = SubElement(root, "meta")
        SubElement(meta, "creator").text = "agglo"
        SubElement(meta, "description").text = description
    way = "directed" if graph.directed else "undirected"
    body = SubElement(root, "graph", defaultedgetype=way, mode="static")
    kinds = SubElement(body, "attributes", {"class": "node"})
    for name, kind in graph.attributes.items():
        SubElement(kinds, "attribute", id=name, title=name, type=kind)
    nodes = SubElement(body, "nodes")
    for node, values in graph.nodes.items():
        label = str(values.get("name", node))
        place = SubElement(nodes, "node", id=node, label=label)
        held = SubElement(place, "attvalues")
        for key, value in values.items():
            SubElement(held, "attvalue", {"for": key, "value": str(value)})
    edges = SubElement(body, "edges")
    for k, (source, target, value) in enumerate(graph.edges):
        ends = {"id": str(k), "source": source, "target": target}
        SubElement(edges, "edge", {**ends, "weight": repr(float(value))})
    return _bytes(root)
