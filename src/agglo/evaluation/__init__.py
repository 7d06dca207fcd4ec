"""How good is a cluster, by many indicators? The composite-indicator engine."""

from agglo.evaluation.coin import CoinTables, as_coin_tables
from agglo.evaluation.composite import AGGREGATIONS, composite_index
from agglo.evaluation.correlation_weighting import correlation_weights
from agglo.evaluation.indicators import Indicators, as_indicators
from agglo.evaluation.normalisation import NORMALISATIONS, normalise
from agglo.evaluation.preparation import (
    denominate,
    impute,
    screen_units,
    treat_outliers,
)
from agglo.evaluation.results import (
    CompositeIndex,
    IndicatorWeights,
    PreparedIndicators,
    ScreenedUnits,
)
from agglo.evaluation.robustness import (
    Choices,
    rank_sensitivity,
    rank_uncertainty,
    removal_effect,
)
from agglo.evaluation.robustness_results import (
    ElementRemoval,
    RankSensitivity,
    RankUncertainty,
)
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
from agglo.evaluation.weighting import (
    WEIGHTINGS,
    JudgementWeights,
    indicator_weights,
    judgement_weights,
)

__all__ = [
    "AGGREGATIONS",
    "NORMALISATIONS",
    "WEIGHTINGS",
    "Choices",
    "CoinTables",
    "CompositeIndex",
    "ElementRemoval",
    "IndicatorCorrelations",
    "IndicatorImportance",
    "IndicatorStatistics",
    "IndicatorWeights",
    "Indicators",
    "JudgementWeights",
    "PreparedIndicators",
    "RankSensitivity",
    "RankUncertainty",
    "ScreenedUnits",
    "StrengthsAndWeaknesses",
    "as_coin_tables",
    "as_indicators",
    "composite_index",
    "correlation_weights",
    "denominate",
    "impute",
    "indicator_correlations",
    "indicator_importance",
    "indicator_statistics",
    "indicator_weights",
    "judgement_weights",
    "normalise",
    "rank_sensitivity",
    "rank_uncertainty",
    "removal_effect",
    "screen_units",
    "strengths_and_weaknesses",
    "treat_outliers",
]
