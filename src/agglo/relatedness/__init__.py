"""Which industries belong together, and where the clusters they form are strong."""

from agglo.relatedness.aggregation import aggregate_clusters
from agglo.relatedness.definitions import ClusterDefinitions, as_cluster_definitions
from agglo.relatedness.results import ClusterActivity, ClusterStrength, StrongClusters
from agglo.relatedness.schemes import STRENGTH_SCHEMES, Criterion, StrengthScheme
from agglo.relatedness.strength import cluster_strength, strong_clusters

__all__ = [
    "STRENGTH_SCHEMES",
    "ClusterActivity",
    "ClusterDefinitions",
    "ClusterStrength",
    "Criterion",
    "StrengthScheme",
    "StrongClusters",
    "aggregate_clusters",
    "as_cluster_definitions",
    "cluster_strength",
    "strong_clusters",
]
