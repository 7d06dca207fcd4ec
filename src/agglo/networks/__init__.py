"""How are places tied? Branch and co-patent links, and what their pattern says."""

from agglo.networks.branches import branch_events
from agglo.networks.class_results import Classes
from agglo.networks.classes import CLASS_RULES, size_class, technology_class
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
from agglo.networks.profile_results import Complementarity, PairCrosstab, Profiles
from agglo.networks.profiles import complementarity, pair_crosstab, profiles
from agglo.networks.propensity import advantage, cross_regional_propensity
from agglo.networks.propensity_results import (
    CrossRegionalPropensity,
    TechnologyAdvantage,
)

__all__ = [
    "CLASS_RULES",
    "SERVICE_RULE",
    "BoundaryIndex",
    "BranchEvents",
    "Classes",
    "Complementarity",
    "CopatentEvents",
    "CrossRegionalPropensity",
    "EventTable",
    "FlowMatrix",
    "IntegrationPattern",
    "InterlockingNetwork",
    "LinkEvents",
    "LinkTable",
    "Mixing",
    "PairCrosstab",
    "Profiles",
    "ServiceValues",
    "TechnologyAdvantage",
    "TwoModeProjection",
    "advantage",
    "as_link_events",
    "boundary_index",
    "branch_events",
    "build_links",
    "complementarity",
    "copatent_events",
    "cross_regional_propensity",
    "flow_matrix",
    "integration_pattern",
    "interlocking_network",
    "mixing",
    "pair_crosstab",
    "profiles",
    "service_values",
    "size_class",
    "technology_class",
    "two_mode_projection",
]
