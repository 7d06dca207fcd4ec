"""The public API as type checkers see it; ``__init__.py`` imports each name on first use."""

from agglo import (
    concentration as concentration,
)
from agglo import (
    core as core,
)
from agglo import (
    econometrics as econometrics,
)
from agglo import (
    evaluation as evaluation,
)
from agglo import (
    matching as matching,
)
from agglo import (
    networks as networks,
)
from agglo import (
    relatedness as relatedness,
)
from agglo import (
    runs as runs,
)
from agglo import (
    simulate as simulate,
)
from agglo import (
    sources as sources,
)
from agglo import (
    store as store,
)
from agglo import (
    studies as studies,
)
from agglo.concentration import (
    bootstrap_ellipse as bootstrap_ellipse,
)
from agglo.concentration import (
    bootstrap_overlap as bootstrap_overlap,
)
from agglo.concentration import (
    centre_shift as centre_shift,
)
from agglo.concentration import (
    cluster_index as cluster_index,
)
from agglo.concentration import (
    coagglomeration as coagglomeration,
)
from agglo.concentration import (
    colocation_quotient as colocation_quotient,
)
from agglo.concentration import (
    concentration_null as concentration_null,
)
from agglo.concentration import (
    devereux as devereux,
)
from agglo.concentration import (
    direction_intervals as direction_intervals,
)
from agglo.concentration import (
    duranton_overman as duranton_overman,
)
from agglo.concentration import (
    ellipse_overlap as ellipse_overlap,
)
from agglo.concentration import (
    ellison_glaeser as ellison_glaeser,
)
from agglo.concentration import (
    ellison_glaeser_group as ellison_glaeser_group,
)
from agglo.concentration import (
    entrant_coagglomeration as entrant_coagglomeration,
)
from agglo.concentration import (
    entropy as entropy,
)
from agglo.concentration import (
    externalities as externalities,
)
from agglo.concentration import (
    gini as gini,
)
from agglo.concentration import (
    hachman as hachman,
)
from agglo.concentration import (
    hhi as hhi,
)
from agglo.concentration import (
    hoover as hoover,
)
from agglo.concentration import (
    howard_colocation as howard_colocation,
)
from agglo.concentration import (
    kdensity_moments as kdensity_moments,
)
from agglo.concentration import (
    kernel_density as kernel_density,
)
from agglo.concentration import (
    krugman as krugman,
)
from agglo.concentration import (
    local_colocation_quotient as local_colocation_quotient,
)
from agglo.concentration import (
    local_moran as local_moran,
)
from agglo.concentration import (
    localization as localization,
)
from agglo.concentration import (
    location_quotient as location_quotient,
)
from agglo.concentration import (
    location_quotient_bounds as location_quotient_bounds,
)
from agglo.concentration import (
    location_quotient_test as location_quotient_test,
)
from agglo.concentration import (
    locational_correlation as locational_correlation,
)
from agglo.concentration import (
    locational_gini as locational_gini,
)
from agglo.concentration import (
    marcon_puech as marcon_puech,
)
from agglo.concentration import (
    maurel_sedillot as maurel_sedillot,
)
from agglo.concentration import (
    moran as moran,
)
from agglo.concentration import (
    nearest_coagglomeration as nearest_coagglomeration,
)
from agglo.concentration import (
    nearest_neighbour_index as nearest_neighbour_index,
)
from agglo.concentration import (
    overlap_test as overlap_test,
)
from agglo.concentration import (
    pair_densities as pair_densities,
)
from agglo.concentration import (
    rank_size as rank_size,
)
from agglo.concentration import (
    ripley_d as ripley_d,
)
from agglo.concentration import (
    ripley_k as ripley_k,
)
from agglo.concentration import (
    shift_share as shift_share,
)
from agglo.concentration import (
    shrink_location_quotient as shrink_location_quotient,
)
from agglo.concentration import (
    site_cross_k as site_cross_k,
)
from agglo.concentration import (
    specialisation as specialisation,
)
from agglo.concentration import (
    standard_deviational_ellipse as standard_deviational_ellipse,
)
from agglo.concentration import (
    theil as theil,
)
from agglo.concentration import (
    variety as variety,
)
from agglo.concentration import (
    wasserstein_coagglomeration as wasserstein_coagglomeration,
)
from agglo.core.classifications import (
    Concordance as Concordance,
)
from agglo.core.classifications import (
    as_concordance as as_concordance,
)
from agglo.core.errors import (
    AggloError as AggloError,
)
from agglo.core.errors import (
    AggloWarning as AggloWarning,
)
from agglo.core.errors import (
    AlignmentError as AlignmentError,
)
from agglo.core.errors import (
    ColumnNotFoundError as ColumnNotFoundError,
)
from agglo.core.errors import (
    ConvergenceError as ConvergenceError,
)
from agglo.core.errors import (
    DataWarning as DataWarning,
)
from agglo.core.errors import (
    InvalidTableError as InvalidTableError,
)
from agglo.core.errors import (
    MissingExtraError as MissingExtraError,
)
from agglo.core.errors import (
    NotIdentifiedError as NotIdentifiedError,
)
from agglo.core.errors import (
    NumericsWarning as NumericsWarning,
)
from agglo.core.errors import (
    OptionError as OptionError,
)
from agglo.core.errors import (
    Problem as Problem,
)
from agglo.core.errors import (
    RunError as RunError,
)
from agglo.core.errors import (
    SourceError as SourceError,
)
from agglo.core.errors import (
    StoreError as StoreError,
)
from agglo.core.geo import (
    Albers as Albers,
)
from agglo.core.geo import (
    Equirectangular as Equirectangular,
)
from agglo.core.geo import (
    LambertAzimuthal as LambertAzimuthal,
)
from agglo.core.geo import (
    project as project,
)
from agglo.core.inference import (
    fdr as fdr,
)
from agglo.core.inference import (
    global_envelope as global_envelope,
)
from agglo.core.inference import (
    mc_pvalue as mc_pvalue,
)
from agglo.core.inference import (
    pointwise_envelope as pointwise_envelope,
)
from agglo.core.options import (
    Bootstrap as Bootstrap,
)
from agglo.core.options import (
    MonteCarlo as MonteCarlo,
)
from agglo.core.options import (
    Permutation as Permutation,
)
from agglo.core.outliers import (
    check_outliers as check_outliers,
)
from agglo.core.results import (
    Provenance as Provenance,
)
from agglo.core.results import (
    Result as Result,
)
from agglo.core.results import (
    Undefined as Undefined,
)
from agglo.core.tables import (
    Links as Links,
)
from agglo.core.tables import (
    Margins as Margins,
)
from agglo.core.tables import (
    Panel as Panel,
)
from agglo.core.tables import (
    Plants as Plants,
)
from agglo.core.tables import (
    Points as Points,
)
from agglo.core.tables import (
    RegionActivity as RegionActivity,
)
from agglo.core.tables import (
    Regions as Regions,
)
from agglo.core.tables import (
    as_links as as_links,
)
from agglo.core.tables import (
    as_panel as as_panel,
)
from agglo.core.tables import (
    as_plants as as_plants,
)
from agglo.core.tables import (
    as_points as as_points,
)
from agglo.core.tables import (
    as_region_activity as as_region_activity,
)
from agglo.core.tables import (
    as_regions as as_regions,
)
from agglo.core.weights import SpatialWeights as SpatialWeights
from agglo.core.weights_contiguity import build_contiguity as build_contiguity
from agglo.core.weights_files import (
    from_libpysal as from_libpysal,
)
from agglo.core.weights_files import (
    read_weights as read_weights,
)
from agglo.core.weights_files import (
    to_libpysal as to_libpysal,
)
from agglo.core.weights_files import (
    weights_frame as weights_frame,
)
from agglo.core.weights_files import (
    weights_text as weights_text,
)
from agglo.core.weights_kinds import (
    Rings as Rings,
)
from agglo.core.weights_kinds import (
    build_economic as build_economic,
)
from agglo.core.weights_kinds import (
    build_nested as build_nested,
)
from agglo.econometrics import (
    Clustered as Clustered,
)
from agglo.econometrics import (
    ClusteredBy as ClusteredBy,
)
from agglo.econometrics import (
    ClusterJackknife as ClusterJackknife,
)
from agglo.econometrics import (
    Conley as Conley,
)
from agglo.econometrics import (
    DriscollKraay as DriscollKraay,
)
from agglo.econometrics import (
    Dyadic as Dyadic,
)
from agglo.econometrics import (
    EventWindow as EventWindow,
)
from agglo.econometrics import (
    Expected as Expected,
)
from agglo.econometrics import (
    Homoskedastic as Homoskedastic,
)
from agglo.econometrics import (
    Observed as Observed,
)
from agglo.econometrics import (
    Robust as Robust,
)
from agglo.econometrics import (
    Specification as Specification,
)
from agglo.econometrics import (
    anderson_rubin as anderson_rubin,
)
from agglo.econometrics import (
    anderson_rubin_region as anderson_rubin_region,
)
from agglo.econometrics import (
    anderson_rubin_test as anderson_rubin_test,
)
from agglo.econometrics import (
    choose_rings as choose_rings,
)
from agglo.econometrics import (
    crosswalk_pairs as crosswalk_pairs,
)
from agglo.econometrics import (
    distance_sweep as distance_sweep,
)
from agglo.econometrics import (
    distance_weights as distance_weights,
)
from agglo.econometrics import (
    event_means as event_means,
)
from agglo.econometrics import (
    exposure_errors as exposure_errors,
)
from agglo.econometrics import (
    first_stage as first_stage,
)
from agglo.econometrics import (
    fit_cohort_saturated as fit_cohort_saturated,
)
from agglo.econometrics import (
    fit_control_function as fit_control_function,
)
from agglo.econometrics import (
    fit_dynamic_panel as fit_dynamic_panel,
)
from agglo.econometrics import (
    fit_imputation_sdm as fit_imputation_sdm,
)
from agglo.econometrics import (
    fit_iv as fit_iv,
)
from agglo.econometrics import (
    fit_linear as fit_linear,
)
from agglo.econometrics import (
    fit_matched_did as fit_matched_did,
)
from agglo.econometrics import (
    fit_mechanism as fit_mechanism,
)
from agglo.econometrics import (
    fit_negative_binomial as fit_negative_binomial,
)
from agglo.econometrics import (
    fit_poisson as fit_poisson,
)
from agglo.econometrics import (
    fit_random_panel as fit_random_panel,
)
from agglo.econometrics import (
    fit_ring_did as fit_ring_did,
)
from agglo.econometrics import (
    fit_ring_panel as fit_ring_panel,
)
from agglo.econometrics import (
    fit_spatial as fit_spatial,
)
from agglo.econometrics import (
    fit_spatial_did as fit_spatial_did,
)
from agglo.econometrics import (
    fit_spatial_event_study as fit_spatial_event_study,
)
from agglo.econometrics import (
    fit_spatial_panel as fit_spatial_panel,
)
from agglo.econometrics import (
    fit_weighted_did as fit_weighted_did,
)
from agglo.econometrics import (
    fixed_or_random as fixed_or_random,
)
from agglo.econometrics import (
    flow_linkage as flow_linkage,
)
from agglo.econometrics import (
    group_effects as group_effects,
)
from agglo.econometrics import (
    honest_bounds as honest_bounds,
)
from agglo.econometrics import (
    knowledge_pools as knowledge_pools,
)
from agglo.econometrics import (
    knowledge_stock as knowledge_stock,
)
from agglo.econometrics import (
    link_classes as link_classes,
)
from agglo.econometrics import (
    lm_tests as lm_tests,
)
from agglo.econometrics import (
    match_controls as match_controls,
)
from agglo.econometrics import (
    model_tests as model_tests,
)
from agglo.econometrics import (
    moran_by_period as moran_by_period,
)
from agglo.econometrics import (
    patent_counts as patent_counts,
)
from agglo.econometrics import (
    placebo_test as placebo_test,
)
from agglo.econometrics import (
    pool_permutation as pool_permutation,
)
from agglo.econometrics import (
    profile_linkage as profile_linkage,
)
from agglo.econometrics import (
    random_lm_tests as random_lm_tests,
)
from agglo.econometrics import (
    referee_checklist as referee_checklist,
)
from agglo.econometrics import (
    specification_table as specification_table,
)
from agglo.econometrics import (
    spillover_hypotheses as spillover_hypotheses,
)
from agglo.econometrics import (
    staggered_comparisons as staggered_comparisons,
)
from agglo.econometrics import (
    staggered_did as staggered_did,
)
from agglo.econometrics import (
    weak_instruments as weak_instruments,
)
from agglo.econometrics import (
    weights_sensitivity as weights_sensitivity,
)
from agglo.econometrics import (
    wild_bootstrap as wild_bootstrap,
)
from agglo.evaluation import (
    Choices as Choices,
)
from agglo.evaluation import (
    Vary as Vary,
)
from agglo.evaluation import (
    as_coin as as_coin,
)
from agglo.evaluation import (
    as_coin_tables as as_coin_tables,
)
from agglo.evaluation import (
    as_coin_tool as as_coin_tool,
)
from agglo.evaluation import (
    as_indicators as as_indicators,
)
from agglo.evaluation import (
    compare_indices as compare_indices,
)
from agglo.evaluation import (
    composite_index as composite_index,
)
from agglo.evaluation import (
    connection_test as connection_test,
)
from agglo.evaluation import (
    cooperation_test as cooperation_test,
)
from agglo.evaluation import (
    correlation_weights as correlation_weights,
)
from agglo.evaluation import (
    data_availability as data_availability,
)
from agglo.evaluation import (
    denominate as denominate,
)
from agglo.evaluation import (
    denominator_correlations as denominator_correlations,
)
from agglo.evaluation import (
    hidden_stages as hidden_stages,
)
from agglo.evaluation import (
    impute as impute,
)
from agglo.evaluation import (
    indicator_correlations as indicator_correlations,
)
from agglo.evaluation import (
    indicator_importance as indicator_importance,
)
from agglo.evaluation import (
    indicator_statistics as indicator_statistics,
)
from agglo.evaluation import (
    indicator_trends as indicator_trends,
)
from agglo.evaluation import (
    indicator_weights as indicator_weights,
)
from agglo.evaluation import (
    judgement_weights as judgement_weights,
)
from agglo.evaluation import (
    life_cycle as life_cycle,
)
from agglo.evaluation import (
    local_supply_share as local_supply_share,
)
from agglo.evaluation import (
    lock_in as lock_in,
)
from agglo.evaluation import (
    mechanism_profile as mechanism_profile,
)
from agglo.evaluation import (
    normalise as normalise,
)
from agglo.evaluation import (
    pillar_components as pillar_components,
)
from agglo.evaluation import (
    proximity_test as proximity_test,
)
from agglo.evaluation import (
    rank_sensitivity as rank_sensitivity,
)
from agglo.evaluation import (
    rank_uncertainty as rank_uncertainty,
)
from agglo.evaluation import (
    related_entry as related_entry,
)
from agglo.evaluation import (
    removal_effect as removal_effect,
)
from agglo.evaluation import (
    resilience as resilience,
)
from agglo.evaluation import (
    screen_units as screen_units,
)
from agglo.evaluation import (
    star_ratings as star_ratings,
)
from agglo.evaluation import (
    strengths_and_weaknesses as strengths_and_weaknesses,
)
from agglo.evaluation import (
    structural_breaks as structural_breaks,
)
from agglo.evaluation import (
    three_element_test as three_element_test,
)
from agglo.evaluation import (
    treat_outliers as treat_outliers,
)
from agglo.matching import (
    as_belts as as_belts,
)
from agglo.matching import (
    as_designations as as_designations,
)
from agglo.matching import (
    as_gazetteer as as_gazetteer,
)
from agglo.matching import (
    as_industry_tree as as_industry_tree,
)
from agglo.matching import (
    as_label_dictionary as as_label_dictionary,
)
from agglo.matching import (
    hypergeometric_curve as hypergeometric_curve,
)
from agglo.matching import (
    map_label as map_label,
)
from agglo.matching import (
    map_labels as map_labels,
)
from agglo.matching import (
    match_designations as match_designations,
)
from agglo.matching import (
    matching_null as matching_null,
)
from agglo.matching import (
    matching_rates as matching_rates,
)
from agglo.matching import (
    matching_sensitivity as matching_sensitivity,
)
from agglo.matching import (
    normalise_cities as normalise_cities,
)
from agglo.matching import (
    normalise_city as normalise_city,
)
from agglo.matching import (
    suggest_nodes as suggest_nodes,
)
from agglo.networks import (
    advantage as advantage,
)
from agglo.networks import (
    as_link_events as as_link_events,
)
from agglo.networks import (
    backbone as backbone,
)
from agglo.networks import (
    boundary_index as boundary_index,
)
from agglo.networks import (
    branch_events as branch_events,
)
from agglo.networks import (
    build_dyads as build_dyads,
)
from agglo.networks import (
    build_links as build_links,
)
from agglo.networks import (
    centralities as centralities,
)
from agglo.networks import (
    communities as communities,
)
from agglo.networks import (
    compare_layers as compare_layers,
)
from agglo.networks import (
    compare_partitions as compare_partitions,
)
from agglo.networks import (
    complementarity as complementarity,
)
from agglo.networks import (
    copatent_events as copatent_events,
)
from agglo.networks import (
    core_count as core_count,
)
from agglo.networks import (
    core_count_bootstrap as core_count_bootstrap,
)
from agglo.networks import (
    core_periphery as core_periphery,
)
from agglo.networks import (
    cross_regional_propensity as cross_regional_propensity,
)
from agglo.networks import (
    dominant_flow as dominant_flow,
)
from agglo.networks import (
    flow_matrix as flow_matrix,
)
from agglo.networks import (
    gravity_ppml as gravity_ppml,
)
from agglo.networks import (
    integration_pattern as integration_pattern,
)
from agglo.networks import (
    interlocking_network as interlocking_network,
)
from agglo.networks import (
    mixing as mixing,
)
from agglo.networks import (
    mrqap as mrqap,
)
from agglo.networks import (
    nested_hierarchy as nested_hierarchy,
)
from agglo.networks import (
    pair_crosstab as pair_crosstab,
)
from agglo.networks import (
    profiles as profiles,
)
from agglo.networks import (
    qap_correlation as qap_correlation,
)
from agglo.networks import (
    rich_club as rich_club,
)
from agglo.networks import (
    service_values as service_values,
)
from agglo.networks import (
    size_class as size_class,
)
from agglo.networks import (
    strength_distribution as strength_distribution,
)
from agglo.networks import (
    technology_class as technology_class,
)
from agglo.networks import (
    theil_nested as theil_nested,
)
from agglo.networks import (
    tiers as tiers,
)
from agglo.networks import (
    two_mode_projection as two_mode_projection,
)
from agglo.relatedness import (
    STRENGTH_SCHEMES as STRENGTH_SCHEMES,
)
from agglo.relatedness import (
    ClusterDefinitions as ClusterDefinitions,
)
from agglo.relatedness import (
    Criterion as Criterion,
)
from agglo.relatedness import (
    StrengthScheme as StrengthScheme,
)
from agglo.relatedness import (
    advantage_intervals as advantage_intervals,
)
from agglo.relatedness import (
    aggregate_clusters as aggregate_clusters,
)
from agglo.relatedness import (
    as_cluster_definitions as as_cluster_definitions,
)
from agglo.relatedness import (
    backtest_entries as backtest_entries,
)
from agglo.relatedness import (
    candidate_definitions as candidate_definitions,
)
from agglo.relatedness import (
    cluster_linkages as cluster_linkages,
)
from agglo.relatedness import (
    cluster_strength as cluster_strength,
)
from agglo.relatedness import (
    compare_definitions as compare_definitions,
)
from agglo.relatedness import (
    complementarity_density as complementarity_density,
)
from agglo.relatedness import (
    complexity as complexity,
)
from agglo.relatedness import (
    complexity_intervals as complexity_intervals,
)
from agglo.relatedness import (
    complexity_outlook as complexity_outlook,
)
from agglo.relatedness import (
    complexity_subnational as complexity_subnational,
)
from agglo.relatedness import (
    cooccurrence_relatedness as cooccurrence_relatedness,
)
from agglo.relatedness import (
    cross_proximity as cross_proximity,
)
from agglo.relatedness import (
    declared_vs_revealed as declared_vs_revealed,
)
from agglo.relatedness import (
    diffusion_path as diffusion_path,
)
from agglo.relatedness import (
    em_clusters as em_clusters,
)
from agglo.relatedness import (
    entry_exit as entry_exit,
)
from agglo.relatedness import (
    fit_entry_model as fit_entry_model,
)
from agglo.relatedness import (
    fitness as fitness,
)
from agglo.relatedness import (
    income_content as income_content,
)
from agglo.relatedness import (
    log_supermodularity as log_supermodularity,
)
from agglo.relatedness import (
    optimise_complexity as optimise_complexity,
)
from agglo.relatedness import (
    portfolio as portfolio,
)
from agglo.relatedness import (
    presence as presence,
)
from agglo.relatedness import (
    product_space as product_space,
)
from agglo.relatedness import (
    propose_reassignments as propose_reassignments,
)
from agglo.relatedness import (
    proximity as proximity,
)
from agglo.relatedness import (
    recombination as recombination,
)
from agglo.relatedness import (
    reflections as reflections,
)
from agglo.relatedness import (
    region_similarity as region_similarity,
)
from agglo.relatedness import (
    relatedness_density as relatedness_density,
)
from agglo.relatedness import (
    relative_relatedness as relative_relatedness,
)
from agglo.relatedness import (
    score_candidates as score_candidates,
)
from agglo.relatedness import (
    score_definitions as score_definitions,
)
from agglo.relatedness import (
    similarity_matrices as similarity_matrices,
)
from agglo.relatedness import (
    strong_clusters as strong_clusters,
)
from agglo.relatedness import (
    traded_local as traded_local,
)
from agglo.relatedness import (
    trim as trim,
)
from agglo.studies.networks import (
    NetworksOptions as NetworksOptions,
)
from agglo.studies.networks import (
    NetworksReport as NetworksReport,
)
from agglo.studies.networks import (
    run_networks_study as run_networks_study,
)
from agglo.studies.report import (
    Report as Report,
)

__version__: str
