"""How are places tied? Branch and co-patent links, and what their pattern says."""

from agglo.networks.branches import branch_events
from agglo.networks.copatents import copatent_events
from agglo.networks.decomposition import mixing
from agglo.networks.decomposition_results import (
    BoundaryIndex,
    IntegrationPattern,
    Mixing,
)
from agglo.networks.event_results import BranchEvents, CopatentEvents, EventTable
from agglo.networks.events import LinkEvents, as_link_events
from agglo.networks.firm_network_results import (
    InterlockingNetwork,
    ServiceValues,
    TwoModeProjection,
)
from agglo.networks.firm_networks import (
    SERVICE_RULE,
    interlocking_network,
    service_values,
    two_mode_projection,
)
from agglo.networks.flow_results import FlowMatrix, LinkTable
from agglo.networks.flows import build_links, flow_matrix
from agglo.networks.integration import boundary_index, integration_pattern

__all__ = [
    "SERVICE_RULE",
    "BoundaryIndex",
    "BranchEvents",
    "CopatentEvents",
    "EventTable",
    "FlowMatrix",
    "IntegrationPattern",
    "InterlockingNetwork",
    "LinkEvents",
    "LinkTable",
    "Mixing",
    "ServiceValues",
    "TwoModeProjection",
    "as_link_events",
    "boundary_index",
    "branch_events",
    "build_links",
    "copatent_events",
    "flow_matrix",
    "integration_pattern",
    "interlocking_network",
    "mixing",
    "service_values",
    "two_mode_projection",
]
