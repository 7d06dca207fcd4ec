# ruff: noqa: F401  the imports for type checkers mirror the table below
"""agglo: find, measure, connect, match and evaluate industrial clusters.

The public API on one screen. A name is imported from its area when it is first used, so
``import agglo as ag`` costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agglo import (
        concentration,
        core,
        econometrics,
        evaluation,
        matching,
        networks,
        relatedness,
        runs,
        simulate,
        sources,
        store,
        studies,
    )
    from agglo.concentration import (
        bootstrap_ellipse,
        bootstrap_overlap,
        centre_shift,
        cluster_index,
        coagglomeration,
        colocation_quotient,
        devereux,
        duranton_overman,
        ellipse_overlap,
        ellison_glaeser,
        ellison_glaeser_group,
        entropy,
        externalities,
        gini,
        hachman,
        hhi,
        hoover,
        howard_colocation,
        kernel_density,
        krugman,
        local_moran,
        location_quotient,
        location_quotient_bounds,
        location_quotient_test,
        locational_correlation,
        locational_gini,
        marcon_puech,
        maurel_sedillot,
        moran,
        nearest_neighbour_index,
        overlap_test,
        rank_size,
        ripley_d,
        ripley_k,
        shift_share,
        shrink_location_quotient,
        site_cross_k,
        specialisation,
        standard_deviational_ellipse,
        theil,
        variety,
    )
    from agglo.core.classifications import (
        Concordance,
        as_concordance,
    )
    from agglo.core.errors import (
        AggloError,
        AggloWarning,
        AlignmentError,
        ColumnNotFoundError,
        ConvergenceError,
        DataWarning,
        InvalidTableError,
        MissingExtraError,
        NotIdentifiedError,
        NumericsWarning,
        OptionError,
        Problem,
        RunError,
        SourceError,
        StoreError,
    )
    from agglo.core.geo import (
        Albers,
        Equirectangular,
        LambertAzimuthal,
        project,
    )
    from agglo.core.inference import (
        fdr,
        global_envelope,
        mc_pvalue,
        pointwise_envelope,
    )
    from agglo.core.options import (
        Bootstrap,
        MonteCarlo,
        Permutation,
    )
    from agglo.core.outliers import (
        check_outliers,
    )
    from agglo.core.results import (
        Provenance,
        Result,
        Undefined,
    )
    from agglo.core.tables import (
        Links,
        Margins,
        Panel,
        Plants,
        Points,
        RegionActivity,
        Regions,
        as_links,
        as_panel,
        as_plants,
        as_points,
        as_region_activity,
        as_regions,
    )
    from agglo.core.weights import SpatialWeights
    from agglo.core.weights_kinds import Rings, build_economic, build_nested
    from agglo.econometrics import (
        Clustered,
        Conley,
        DriscollKraay,
        EventWindow,
        Expected,
        Observed,
        Robust,
        choose_rings,
        fit_ring_did,
        fit_spatial,
        fit_spatial_did,
        fit_spatial_event_study,
        fit_spatial_panel,
        lm_tests,
        model_tests,
        placebo_test,
        weights_sensitivity,
    )
    from agglo.evaluation import (
        Choices,
        as_coin_tables,
        as_indicators,
        composite_index,
        correlation_weights,
        denominate,
        impute,
        indicator_correlations,
        indicator_importance,
        indicator_statistics,
        indicator_weights,
        judgement_weights,
        normalise,
        rank_sensitivity,
        rank_uncertainty,
        removal_effect,
        screen_units,
        strengths_and_weaknesses,
        treat_outliers,
    )
    from agglo.matching import (
        as_belts,
        as_designations,
        as_gazetteer,
        as_industry_tree,
        as_label_dictionary,
        hypergeometric_curve,
        map_label,
        map_labels,
        match_designations,
        matching_null,
        matching_rates,
        matching_sensitivity,
        normalise_cities,
        normalise_city,
        suggest_nodes,
    )
    from agglo.networks import (
        as_link_events,
        boundary_index,
        branch_events,
        build_links,
        copatent_events,
        flow_matrix,
        integration_pattern,
        interlocking_network,
        mixing,
        service_values,
        two_mode_projection,
    )
    from agglo.relatedness import (
        STRENGTH_SCHEMES,
        ClusterDefinitions,
        Criterion,
        StrengthScheme,
        aggregate_clusters,
        as_cluster_definitions,
        cluster_strength,
        complexity,
        complexity_outlook,
        cooccurrence_relatedness,
        fitness,
        presence,
        proximity,
        reflections,
        relatedness_density,
        relative_relatedness,
        strong_clusters,
        trim,
    )
    from agglo.studies.report import (
        Report,
    )

_AREAS = (
    "concentration",
    "core",
    "econometrics",
    "evaluation",
    "matching",
    "networks",
    "relatedness",
    "runs",
    "simulate",
    "sources",
    "store",
    "studies",
)

_EXPORTS = {
    "agglo.concentration": (
        "bootstrap_ellipse",
        "bootstrap_overlap",
        "centre_shift",
        "cluster_index",
        "coagglomeration",
        "devereux",
        "ellipse_overlap",
        "ellison_glaeser",
        "ellison_glaeser_group",
        "entropy",
        "externalities",
        "gini",
        "hachman",
        "hhi",
        "hoover",
        "howard_colocation",
        "krugman",
        "location_quotient",
        "location_quotient_bounds",
        "location_quotient_test",
        "locational_correlation",
        "locational_gini",
        "local_moran",
        "maurel_sedillot",
        "moran",
        "duranton_overman",
        "marcon_puech",
        "ripley_k",
        "ripley_d",
        "kernel_density",
        "rank_size",
        "colocation_quotient",
        "nearest_neighbour_index",
        "overlap_test",
        "site_cross_k",
        "shift_share",
        "shrink_location_quotient",
        "specialisation",
        "standard_deviational_ellipse",
        "theil",
        "variety",
    ),
    "agglo.core.errors": (
        "AggloError",
        "AggloWarning",
        "AlignmentError",
        "ColumnNotFoundError",
        "ConvergenceError",
        "DataWarning",
        "InvalidTableError",
        "MissingExtraError",
        "NotIdentifiedError",
        "NumericsWarning",
        "OptionError",
        "Problem",
        "RunError",
        "SourceError",
        "StoreError",
    ),
    "agglo.core.geo": (
        "Albers",
        "Equirectangular",
        "LambertAzimuthal",
        "project",
    ),
    "agglo.core.inference": (
        "fdr",
        "global_envelope",
        "mc_pvalue",
        "pointwise_envelope",
    ),
    "agglo.core.options": (
        "Bootstrap",
        "MonteCarlo",
        "Permutation",
    ),
    "agglo.core.results": (
        "Provenance",
        "Result",
        "Undefined",
    ),
    "agglo.core.tables": (
        "Links",
        "Margins",
        "Panel",
        "Plants",
        "Points",
        "RegionActivity",
        "Regions",
        "as_links",
        "as_panel",
        "as_plants",
        "as_points",
        "as_region_activity",
        "as_regions",
    ),
    "agglo.networks": (
        "as_link_events",
        "build_links",
        "flow_matrix",
        "branch_events",
        "copatent_events",
        "service_values",
        "interlocking_network",
        "two_mode_projection",
        "mixing",
        "boundary_index",
        "integration_pattern",
    ),
    "agglo.relatedness": (
        "ClusterDefinitions",
        "Criterion",
        "STRENGTH_SCHEMES",
        "StrengthScheme",
        "aggregate_clusters",
        "as_cluster_definitions",
        "cluster_strength",
        "strong_clusters",
        "presence",
        "proximity",
        "cooccurrence_relatedness",
        "relatedness_density",
        "relative_relatedness",
        "complexity",
        "reflections",
        "fitness",
        "complexity_outlook",
        "trim",
    ),
    "agglo.core.weights": ("SpatialWeights",),
    "agglo.core.classifications": (
        "Concordance",
        "as_concordance",
    ),
    "agglo.core.outliers": ("check_outliers",),
    "agglo.studies.report": ("Report",),
    "agglo.matching": (
        "normalise_city",
        "normalise_cities",
        "as_gazetteer",
        "as_industry_tree",
        "as_label_dictionary",
        "map_label",
        "map_labels",
        "suggest_nodes",
        "as_designations",
        "as_belts",
        "match_designations",
        "matching_rates",
        "matching_sensitivity",
        "matching_null",
        "hypergeometric_curve",
    ),
    "agglo.evaluation": (
        "as_indicators",
        "as_coin_tables",
        "denominate",
        "screen_units",
        "impute",
        "treat_outliers",
        "normalise",
        "indicator_weights",
        "judgement_weights",
        "correlation_weights",
        "composite_index",
        "rank_uncertainty",
        "rank_sensitivity",
        "removal_effect",
        "indicator_statistics",
        "indicator_correlations",
        "indicator_importance",
        "strengths_and_weaknesses",
        "Choices",
    ),
    "agglo.econometrics": (
        "fit_spatial_panel",
        "fit_spatial",
        "fit_spatial_did",
        "fit_spatial_event_study",
        "fit_ring_did",
        "choose_rings",
        "placebo_test",
        "weights_sensitivity",
        "lm_tests",
        "model_tests",
        "Observed",
        "Expected",
        "Robust",
        "Clustered",
        "DriscollKraay",
        "Conley",
        "EventWindow",
    ),
    "agglo.core.weights_kinds": ("Rings", "build_economic", "build_nested"),
}

_WHERE = {name: module for module, names in _EXPORTS.items() for name in names}

__all__ = [  # noqa: PLE0604  built from the table above, sorted
    "__version__",
    *_AREAS,
    *sorted(_WHERE),
]


def __getattr__(name: str) -> object:
    """Import a public name from its area on first use."""
    if name in _AREAS:
        return import_module(f"agglo.{name}")
    if name in _WHERE:
        value: object = getattr(import_module(_WHERE[name]), name)
    elif name == "__version__":
        from agglo.core.results import version

        value = version()
    else:
        msg = f"module 'agglo' has no attribute '{name}'"
        raise AttributeError(msg)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names."""
    return sorted({*globals(), *__all__})
