"""How are places tied? Branch and co-patent links, and what their pattern says."""

from agglo.networks.branches import branch_events
from agglo.networks.copatents import copatent_events
from agglo.networks.event_results import BranchEvents, CopatentEvents, EventTable
from agglo.networks.events import LinkEvents, as_link_events
from agglo.networks.flow_results import FlowMatrix, LinkTable
from agglo.networks.flows import build_links, flow_matrix

__all__ = [
    "BranchEvents",
    "CopatentEvents",
    "EventTable",
    "FlowMatrix",
    "LinkEvents",
    "LinkTable",
    "as_link_events",
    "branch_events",
    "build_links",
    "copatent_events",
    "flow_matrix",
]
