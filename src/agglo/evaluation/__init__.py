"""Is it a cluster, where is it in its life, how good is it? The gate and the indices."""

from agglo.evaluation.coin import CoinTables, as_coin_tables, as_coin_tool
from agglo.evaluation.coin_log import Coin, CoinStep, as_coin
from agglo.evaluation.comparison import RankComparison, compare_indices
from agglo.evaluation.composite import AGGREGATIONS, composite_index
from agglo.evaluation.correlation_weighting import correlation_weights
from agglo.evaluation.element_results import ElementTest, GateVerdicts
from agglo.evaluation.elements import (
    connection_test,
    cooperation_test,
    proximity_test,
)
from agglo.evaluation.gate import three_element_test
from agglo.evaluation.hidden_stages import hidden_stages
from agglo.evaluation.indicators import Indicators, as_indicators
from agglo.evaluation.lifecycle import STAGES, life_cycle
from agglo.evaluation.lifecycle_results import (
    HiddenStages,
    LifeCycle,
    LockIn,
    Resilience,
)
from agglo.evaluation.local_supply import local_supply_share, related_entry
from agglo.evaluation.mechanism_registry import MECHANISMS
from agglo.evaluation.mechanism_results import (
    LocalSupply,
    MechanismProfile,
    RelatedEntry,
    StructuralBreaks,
)
from agglo.evaluation.mechanisms import mechanism_profile
from agglo.evaluation.normalisation import NORMALISATIONS, normalise
from agglo.evaluation.preparation import (
    denominate,
    impute,
    screen_units,
)
from agglo.evaluation.resilience import lock_in, resilience
from agglo.evaluation.results import (
    CompositeIndex,
    IndicatorWeights,
    PreparedIndicators,
    ScreenedUnits,
)
from agglo.evaluation.robustness import (
    Choices,
    Vary,
    rank_sensitivity,
    rank_uncertainty,
    removal_effect,
)
from agglo.evaluation.robustness_results import (
    ElementRemoval,
    RankSensitivity,
    RankUncertainty,
)
from agglo.evaluation.stars import STAR_PRESETS, StarRatings, star_ratings
from agglo.evaluation.statistics import (
    indicator_correlations,
    indicator_importance,
    indicator_statistics,
    strengths_and_weaknesses,
)
from agglo.evaluation.statistics_results import (
    IndicatorCorrelations,
    IndicatorImportance,
    IndicatorStatistics,
    StrengthsAndWeaknesses,
)
from agglo.evaluation.structural_breaks import structural_breaks
from agglo.evaluation.structure import (
    DataAvailability,
    DenominatorCorrelations,
    PillarComponents,
    data_availability,
    denominator_correlations,
    pillar_components,
)
from agglo.evaluation.treatment import treat_outliers
from agglo.evaluation.trends import IndicatorTrends, indicator_trends
from agglo.evaluation.weighting import (
    WEIGHTINGS,
    JudgementWeights,
    indicator_weights,
    judgement_weights,
)

__all__ = [
    "AGGREGATIONS",
    "MECHANISMS",
    "NORMALISATIONS",
    "STAGES",
    "STAR_PRESETS",
    "WEIGHTINGS",
    "Choices",
    "Coin",
    "CoinStep",
    "CoinTables",
    "CompositeIndex",
    "DataAvailability",
    "DenominatorCorrelations",
    "ElementRemoval",
    "ElementTest",
    "GateVerdicts",
    "HiddenStages",
    "IndicatorCorrelations",
    "IndicatorImportance",
    "IndicatorStatistics",
    "IndicatorTrends",
    "IndicatorWeights",
    "Indicators",
    "JudgementWeights",
    "LifeCycle",
    "LocalSupply",
    "LockIn",
    "MechanismProfile",
    "PillarComponents",
    "PreparedIndicators",
    "RankComparison",
    "RankSensitivity",
    "RankUncertainty",
    "RelatedEntry",
    "Resilience",
    "ScreenedUnits",
    "StarRatings",
    "StrengthsAndWeaknesses",
    "StructuralBreaks",
    "Vary",
    "as_coin",
    "as_coin_tables",
    "as_coin_tool",
    "as_indicators",
    "compare_indices",
    "composite_index",
    "connection_test",
    "cooperation_test",
    "correlation_weights",
    "data_availability",
    "denominate",
    "denominator_correlations",
    "hidden_stages",
    "impute",
    "indicator_correlations",
    "indicator_importance",
    "indicator_statistics",
    "indicator_trends",
    "indicator_weights",
    "judgement_weights",
    "life_cycle",
    "local_supply_share",
    "lock_in",
    "mechanism_profile",
    "normalise",
    "pillar_components",
    "proximity_test",
    "rank_sensitivity",
    "rank_uncertainty",
    "related_entry",
    "removal_effect",
    "resilience",
    "screen_units",
    "star_ratings",
    "strengths_and_weaknesses",
    "structural_breaks",
    "three_element_test",
    "treat_outliers",
]
