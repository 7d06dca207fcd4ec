"""Spatial panel econometrics: what a policy does here, next door and how far out."""

from agglo.econometrics.ar_region import (
    AndersonRubinRegion,
    AndersonRubinTest,
    anderson_rubin_region,
    anderson_rubin_test,
)
from agglo.econometrics.checklist import Checklist, referee_checklist
from agglo.econometrics.cohort_saturated import CohortSaturated, fit_cohort_saturated
from agglo.econometrics.comparisons import Comparisons, staggered_comparisons
from agglo.econometrics.control_function import fit_control_function
from agglo.econometrics.cross_section import fit_spatial
from agglo.econometrics.crosswalk import CrosswalkedPairs, crosswalk_pairs
from agglo.econometrics.diagnostics import SpatialTests, lm_tests, model_tests
from agglo.econometrics.did_results import Realised, SpatialDID
from agglo.econometrics.distance_weights import distance_weights
from agglo.econometrics.dynamic import DynamicPanelFit, fit_dynamic_panel
from agglo.econometrics.event_means import EventMeans, event_means
from agglo.econometrics.event_results import LeadTest, SpatialEventStudy
from agglo.econometrics.event_study import EventWindow, fit_spatial_event_study
from agglo.econometrics.first_stage import FirstStage, first_stage
from agglo.econometrics.heterogeneity import GroupEffects, group_effects
from agglo.econometrics.honest import HonestBounds, honest_bounds
from agglo.econometrics.hypotheses import (
    Hypothesis,
    SpilloverHypotheses,
    spillover_hypotheses,
)
from agglo.econometrics.imputation_sdm import ImputationSDM, fit_imputation_sdm
from agglo.econometrics.iv import anderson_rubin, fit_iv, weak_instruments
from agglo.econometrics.iv_results import AndersonRubin, WeakInstruments
from agglo.econometrics.knowledge import (
    KnowledgePools,
    KnowledgeStock,
    knowledge_pools,
    knowledge_stock,
)
from agglo.econometrics.link_classes import LinkClasses, link_classes
from agglo.econometrics.linkages import Linkage, flow_linkage, profile_linkage
from agglo.econometrics.matched import fit_matched_did
from agglo.econometrics.mechanism import fit_mechanism
from agglo.econometrics.moran_periods import MoranPeriods, moran_by_period
from agglo.econometrics.negative_binomial import fit_negative_binomial
from agglo.econometrics.panel import fit_spatial_panel
from agglo.econometrics.patent_counts import PatentCounts, patent_counts
from agglo.econometrics.placebo import Placebo, placebo_test
from agglo.econometrics.pool_permutation import PoolPermutation, pool_permutation
from agglo.econometrics.propensity import (
    PropensityMatch,
    fit_weighted_did,
    match_controls,
)
from agglo.econometrics.random_effects import RandomEffectsFit, fit_random_panel
from agglo.econometrics.random_lm import random_lm_tests
from agglo.econometrics.random_tests import fixed_or_random
from agglo.econometrics.regression import fit_linear, fit_poisson
from agglo.econometrics.regression_results import Combination, RegressionFit
from agglo.econometrics.regression_vcov import (
    ClusteredBy,
    ClusterJackknife,
    Dyadic,
    Homoskedastic,
)
from agglo.econometrics.results import Impacts, SpatialPanelFit, Wald
from agglo.econometrics.ring_panel import RingPanel, fit_ring_panel
from agglo.econometrics.rings import RingDID, choose_rings, fit_ring_did
from agglo.econometrics.sensitivity import WeightsSensitivity, weights_sensitivity
from agglo.econometrics.shift_share_errors import ExposureErrors, exposure_errors
from agglo.econometrics.spatial_did import fit_spatial_did
from agglo.econometrics.specifications import (
    Specification,
    SpecificationTable,
    specification_table,
)
from agglo.econometrics.staggered import StaggeredDID, staggered_did
from agglo.econometrics.sweep import DistanceSweep, distance_sweep
from agglo.econometrics.vcov import (
    Clustered,
    Conley,
    DriscollKraay,
    Expected,
    Observed,
    Robust,
)
from agglo.econometrics.wild_bootstrap import WildBootstrap, wild_bootstrap

__all__ = [
    "AndersonRubin",
    "AndersonRubinRegion",
    "AndersonRubinTest",
    "Checklist",
    "ClusterJackknife",
    "Clustered",
    "ClusteredBy",
    "CohortSaturated",
    "Combination",
    "Comparisons",
    "Conley",
    "CrosswalkedPairs",
    "DistanceSweep",
    "DriscollKraay",
    "Dyadic",
    "DynamicPanelFit",
    "EventMeans",
    "EventWindow",
    "Expected",
    "ExposureErrors",
    "FirstStage",
    "GroupEffects",
    "Homoskedastic",
    "HonestBounds",
    "Hypothesis",
    "Impacts",
    "ImputationSDM",
    "KnowledgePools",
    "KnowledgeStock",
    "LeadTest",
    "LinkClasses",
    "Linkage",
    "MoranPeriods",
    "Observed",
    "PatentCounts",
    "Placebo",
    "PoolPermutation",
    "PropensityMatch",
    "RandomEffectsFit",
    "Realised",
    "RegressionFit",
    "RingDID",
    "RingPanel",
    "Robust",
    "SpatialDID",
    "SpatialEventStudy",
    "SpatialPanelFit",
    "SpatialTests",
    "Specification",
    "SpecificationTable",
    "SpilloverHypotheses",
    "StaggeredDID",
    "Wald",
    "WeakInstruments",
    "WeightsSensitivity",
    "WildBootstrap",
    "anderson_rubin",
    "anderson_rubin_region",
    "anderson_rubin_test",
    "choose_rings",
    "crosswalk_pairs",
    "distance_sweep",
    "distance_weights",
    "event_means",
    "exposure_errors",
    "first_stage",
    "fit_cohort_saturated",
    "fit_control_function",
    "fit_dynamic_panel",
    "fit_imputation_sdm",
    "fit_iv",
    "fit_linear",
    "fit_matched_did",
    "fit_mechanism",
    "fit_negative_binomial",
    "fit_poisson",
    "fit_random_panel",
    "fit_ring_did",
    "fit_ring_panel",
    "fit_spatial",
    "fit_spatial_did",
    "fit_spatial_event_study",
    "fit_spatial_panel",
    "fit_weighted_did",
    "fixed_or_random",
    "flow_linkage",
    "group_effects",
    "honest_bounds",
    "knowledge_pools",
    "knowledge_stock",
    "link_classes",
    "lm_tests",
    "match_controls",
    "model_tests",
    "moran_by_period",
    "patent_counts",
    "placebo_test",
    "pool_permutation",
    "profile_linkage",
    "random_lm_tests",
    "referee_checklist",
    "specification_table",
    "spillover_hypotheses",
    "staggered_comparisons",
    "staggered_did",
    "weak_instruments",
    "weights_sensitivity",
    "wild_bootstrap",
]
