"""How are places tied? Branch and co-patent links, and what their pattern says."""

from agglo.networks.backbones import (
    Backbone,
    backbone,
)
from agglo.networks.branches import (
    branch_events,
)
from agglo.networks.centrality import (
    Centralities,
    RichClub,
    centralities,
    rich_club,
)
from agglo.networks.class_results import (
    Classes,
)
from agglo.networks.classes import (
    CLASS_RULES,
    size_class,
    technology_class,
)
from agglo.networks.communities import (
    Communities,
    PartitionAgreement,
    communities,
    compare_partitions,
)
from agglo.networks.copatents import (
    copatent_events,
)
from agglo.networks.core_periphery import (
    CorePeriphery,
    core_periphery,
)
from agglo.networks.cores import (
    core_count,
    core_count_bootstrap,
)
from agglo.networks.decomposition import (
    mixing,
)
from agglo.networks.decomposition_results import (
    BoundaryIndex,
    IntegrationPattern,
    Mixing,
)
from agglo.networks.dyads import (
    Dyads,
    build_dyads,
)
from agglo.networks.event_results import (
    BranchEvents,
    CopatentEvents,
    EventTable,
)
from agglo.networks.events import (
    LinkEvents,
    as_link_events,
)
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
from agglo.networks.flow_results import (
    FlowMatrix,
    LinkTable,
)
from agglo.networks.flows import (
    build_links,
    flow_matrix,
)
from agglo.networks.gravity import (
    gravity_ppml,
)
from agglo.networks.gravity_results import (
    Gravity,
)
from agglo.networks.hierarchy import (
    dominant_flow,
    strength_distribution,
    theil_nested,
    tiers,
)
from agglo.networks.hierarchy_results import (
    CoreCount,
    CoreFrequencies,
    DominantFlow,
    NestedTheil,
    StrengthDistribution,
    Tiers,
)
from agglo.networks.integration import (
    boundary_index,
    integration_pattern,
)
from agglo.networks.layers import (
    LayerComparison,
    compare_layers,
)
from agglo.networks.nested import (
    NestedHierarchy,
    Scale,
    nested_hierarchy,
)
from agglo.networks.profile_results import (
    Complementarity,
    PairCrosstab,
    Profiles,
)
from agglo.networks.profiles import (
    complementarity,
    pair_crosstab,
    profiles,
)
from agglo.networks.propensity import (
    advantage,
    cross_regional_propensity,
)
from agglo.networks.propensity_results import (
    CrossRegionalPropensity,
    TechnologyAdvantage,
)
from agglo.networks.quadratic_assignment import (
    mrqap,
    qap_correlation,
)
from agglo.networks.quadratic_results import (
    MatrixCorrelation,
    MatrixRegression,
)

__all__ = [
    "CLASS_RULES",
    "SERVICE_RULE",
    "Backbone",
    "BoundaryIndex",
    "BranchEvents",
    "Centralities",
    "Classes",
    "Communities",
    "Complementarity",
    "CopatentEvents",
    "CoreCount",
    "CoreFrequencies",
    "CorePeriphery",
    "CrossRegionalPropensity",
    "DominantFlow",
    "Dyads",
    "EventTable",
    "FlowMatrix",
    "Gravity",
    "IntegrationPattern",
    "InterlockingNetwork",
    "LayerComparison",
    "LinkEvents",
    "LinkTable",
    "MatrixCorrelation",
    "MatrixRegression",
    "Mixing",
    "NestedHierarchy",
    "NestedTheil",
    "PairCrosstab",
    "PartitionAgreement",
    "Profiles",
    "RichClub",
    "Scale",
    "ServiceValues",
    "StrengthDistribution",
    "TechnologyAdvantage",
    "Tiers",
    "TwoModeProjection",
    "advantage",
    "as_link_events",
    "backbone",
    "boundary_index",
    "branch_events",
    "build_dyads",
    "build_links",
    "centralities",
    "communities",
    "compare_layers",
    "compare_partitions",
    "complementarity",
    "copatent_events",
    "core_count",
    "core_count_bootstrap",
    "core_periphery",
    "cross_regional_propensity",
    "dominant_flow",
    "flow_matrix",
    "gravity_ppml",
    "integration_pattern",
    "interlocking_network",
    "mixing",
    "mrqap",
    "nested_hierarchy",
    "pair_crosstab",
    "profiles",
    "qap_correlation",
    "rich_club",
    "service_values",
    "size_class",
    "strength_distribution",
    "technology_class",
    "theil_nested",
    "tiers",
    "two_mode_projection",
]
