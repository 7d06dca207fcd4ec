"""How concentrated, specialised and diversified: areal and distance-based measures."""

from agglo.concentration.agglomeration import ellison_glaeser, maurel_sedillot
from agglo.concentration.agglomeration_groups import devereux, ellison_glaeser_group
from agglo.concentration.agglomeration_null import concentration_null
from agglo.concentration.autocorrelation import local_moran, moran
from agglo.concentration.coagglomeration import (
    coagglomeration,
    howard_colocation,
    locational_correlation,
)
from agglo.concentration.density import kernel_density
from agglo.concentration.direction import direction_intervals
from agglo.concentration.dissimilarity import hachman, hoover, krugman
from agglo.concentration.ellipse_comparison import bootstrap_overlap, overlap_test
from agglo.concentration.ellipses import (
    bootstrap_ellipse,
    centre_shift,
    ellipse_overlap,
    standard_deviational_ellipse,
)
from agglo.concentration.entrants import entrant_coagglomeration
from agglo.concentration.externalities import externalities
from agglo.concentration.inequality import entropy, gini, hhi, locational_gini
from agglo.concentration.kdensity import duranton_overman
from agglo.concentration.kdensity_moments import kdensity_moments
from agglo.concentration.local_colocation import local_colocation_quotient
from agglo.concentration.localization import localization
from agglo.concentration.marcon_puech import marcon_puech
from agglo.concentration.nearest_directed import nearest_coagglomeration
from agglo.concentration.neighbours import (
    colocation_quotient,
    nearest_neighbour_index,
    site_cross_k,
)
from agglo.concentration.pair_densities import pair_densities
from agglo.concentration.quotient_bounds import location_quotient_bounds
from agglo.concentration.quotient_tests import location_quotient_test
from agglo.concentration.quotients import (
    cluster_index,
    location_quotient,
    shrink_location_quotient,
)
from agglo.concentration.rank_size import rank_size
from agglo.concentration.ripley import ripley_d, ripley_k
from agglo.concentration.shift_share import shift_share
from agglo.concentration.specialisation import specialisation
from agglo.concentration.theil import theil
from agglo.concentration.variety import variety
from agglo.concentration.wasserstein import wasserstein_coagglomeration

__all__ = [
    "bootstrap_ellipse",
    "bootstrap_overlap",
    "centre_shift",
    "cluster_index",
    "coagglomeration",
    "colocation_quotient",
    "concentration_null",
    "devereux",
    "direction_intervals",
    "duranton_overman",
    "ellipse_overlap",
    "ellison_glaeser",
    "ellison_glaeser_group",
    "entrant_coagglomeration",
    "entropy",
    "externalities",
    "gini",
    "hachman",
    "hhi",
    "hoover",
    "howard_colocation",
    "kdensity_moments",
    "kernel_density",
    "krugman",
    "local_colocation_quotient",
    "local_moran",
    "localization",
    "location_quotient",
    "location_quotient_bounds",
    "location_quotient_test",
    "locational_correlation",
    "locational_gini",
    "marcon_puech",
    "maurel_sedillot",
    "moran",
    "nearest_coagglomeration",
    "nearest_neighbour_index",
    "overlap_test",
    "pair_densities",
    "rank_size",
    "ripley_d",
    "ripley_k",
    "shift_share",
    "shrink_location_quotient",
    "site_cross_k",
    "specialisation",
    "standard_deviational_ellipse",
    "theil",
    "variety",
    "wasserstein_coagglomeration",
]
