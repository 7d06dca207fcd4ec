"""Which industries belong together, and where the clusters they form are strong."""

from agglo.relatedness.aggregation import aggregate_clusters
from agglo.relatedness.convention import CONVENTIONS, Convention
from agglo.relatedness.definitions import ClusterDefinitions, as_cluster_definitions
from agglo.relatedness.presence import presence
from agglo.relatedness.relatedness_results import Presence
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
    "Criterion",
    "Presence",
    "StrengthScheme",
    "StrongClusters",
    "aggregate_clusters",
    "as_cluster_definitions",
    "cluster_strength",
    "presence",
    "strong_clusters",
]
