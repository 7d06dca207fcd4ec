"""How are places tied? Branch and co-patent links, and what their pattern says."""

from agglo.networks.events import LinkEvents, as_link_events
from agglo.networks.flow_results import FlowMatrix, LinkTable
from agglo.networks.flows import build_links, flow_matrix

__all__ = [
    "FlowMatrix",
    "LinkEvents",
    "LinkTable",
    "as_link_events",
    "build_links",
    "flow_matrix",
]
