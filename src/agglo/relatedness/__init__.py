"""Which industries belong together, and where the clusters they form are strong."""

from agglo.relatedness.aggregation import aggregate_clusters
from agglo.relatedness.convention import CONVENTIONS, Convention
from agglo.relatedness.cooccurrence import cooccurrence_relatedness
from agglo.relatedness.definitions import ClusterDefinitions, as_cluster_definitions
from agglo.relatedness.density import relatedness_density, relative_relatedness
from agglo.relatedness.presence import presence
from agglo.relatedness.proximity import proximity
from agglo.relatedness.relatedness_results import (
    Cooccurrence,
    Presence,
    Proximity,
    RelatednessDensity,
    RelativeRelatedness,
)
from agglo.relatedness.results import ClusterActivity, ClusterStrength, StrongClusters
from agglo.relatedness.schemes import STRENGTH_SCHEMES, Criterion, StrengthScheme
from agglo.relatedness.strength import cluster_strength, strong_clusters

__all__ = [
    "CONVENTIONS",
    "STRENGTH_SCHEMES",
    "ClusterActivity",
    "ClusterDefinitions",
    "ClusterStrength",
    "Convention",
    "Cooccurrence",
    "Criterion",
    "Presence",
    "Proximity",
    "RelatednessDensity",
    "RelativeRelatedness",
    "StrengthScheme",
    "StrongClusters",
    "aggregate_clusters",
    "as_cluster_definitions",
    "cluster_strength",
    "cooccurrence_relatedness",
    "presence",
    "proximity",
    "relatedness_density",
    "relative_relatedness",
    "strong_clusters",
]
