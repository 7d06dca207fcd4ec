"""Which industries belong together, and where the clusters they form are strong."""

from agglo.relatedness.advantage import AdvantageIntervals, advantage_intervals
from agglo.relatedness.aggregation import aggregate_clusters
from agglo.relatedness.backtest import EntryBacktest, backtest_entries
from agglo.relatedness.candidate_scores import CandidateScores, score_candidates
from agglo.relatedness.candidates import CandidateDefinitions, candidate_definitions
from agglo.relatedness.complexity import complexity, fitness, reflections
from agglo.relatedness.complexity_results import (
    Complexity,
    ComplexityOutlook,
    Fitness,
    Reflections,
)
from agglo.relatedness.convention import CONVENTIONS, Convention
from agglo.relatedness.cooccurrence import cooccurrence_relatedness
from agglo.relatedness.crossing import (
    CrossProximity,
    Recombination,
    cross_proximity,
    recombination,
)
from agglo.relatedness.declared import declared_vs_revealed
from agglo.relatedness.definitions import ClusterDefinitions, as_cluster_definitions
from agglo.relatedness.density import relatedness_density, relative_relatedness
from agglo.relatedness.entry import EntryExit, entry_exit
from agglo.relatedness.entry_model import EntryModel, fit_entry_model
from agglo.relatedness.income import IncomeContent, income_content
from agglo.relatedness.intervals import ComplexityIntervals, complexity_intervals
from agglo.relatedness.local_complexity import (
    SubnationalComplexity,
    Supermodularity,
    complexity_subnational,
    log_supermodularity,
)
from agglo.relatedness.mixture import em_clusters
from agglo.relatedness.mixture_results import EMClusters
from agglo.relatedness.option_results import (
    ComplementarityDensity,
    DeclaredPriorities,
    DiffusionPath,
    OptimalEntries,
    Portfolio,
)
from agglo.relatedness.outlook import complexity_outlook
from agglo.relatedness.paths import diffusion_path, optimise_complexity
from agglo.relatedness.periods import PeriodResults
from agglo.relatedness.portfolio import complementarity_density, portfolio
from agglo.relatedness.presence import presence
from agglo.relatedness.product_space import ProductSpace, product_space
from agglo.relatedness.proximity import proximity, region_similarity
from agglo.relatedness.reassignment import Reassignments, propose_reassignments
from agglo.relatedness.relatedness_results import (
    Cooccurrence,
    Presence,
    Proximity,
    RelatednessDensity,
    RelativeRelatedness,
    Trimming,
)
from agglo.relatedness.results import ClusterActivity, ClusterStrength, StrongClusters
from agglo.relatedness.schemes import STRENGTH_SCHEMES, Criterion, StrengthScheme
from agglo.relatedness.scores import (
    DefinitionAgreement,
    DefinitionScores,
    compare_definitions,
    score_definitions,
)
from agglo.relatedness.similarity import SimilarityMatrices, similarity_matrices
from agglo.relatedness.strength import cluster_strength, strong_clusters
from agglo.relatedness.traded import (
    ClusterLinkages,
    TradedLocal,
    cluster_linkages,
    traded_local,
)
from agglo.relatedness.trimming import trim

__all__ = [
    "CONVENTIONS",
    "STRENGTH_SCHEMES",
    "AdvantageIntervals",
    "CandidateDefinitions",
    "CandidateScores",
    "ClusterActivity",
    "ClusterDefinitions",
    "ClusterLinkages",
    "ClusterStrength",
    "ComplementarityDensity",
    "Complexity",
    "ComplexityIntervals",
    "ComplexityOutlook",
    "Convention",
    "Cooccurrence",
    "Criterion",
    "CrossProximity",
    "DeclaredPriorities",
    "DefinitionAgreement",
    "DefinitionScores",
    "DiffusionPath",
    "EMClusters",
    "EntryBacktest",
    "EntryExit",
    "EntryModel",
    "Fitness",
    "IncomeContent",
    "OptimalEntries",
    "PeriodResults",
    "Portfolio",
    "Presence",
    "ProductSpace",
    "Proximity",
    "Reassignments",
    "Recombination",
    "Reflections",
    "RelatednessDensity",
    "RelativeRelatedness",
    "SimilarityMatrices",
    "StrengthScheme",
    "StrongClusters",
    "SubnationalComplexity",
    "Supermodularity",
    "TradedLocal",
    "Trimming",
    "advantage_intervals",
    "aggregate_clusters",
    "as_cluster_definitions",
    "backtest_entries",
    "candidate_definitions",
    "cluster_linkages",
    "cluster_strength",
    "compare_definitions",
    "complementarity_density",
    "complexity",
    "complexity_intervals",
    "complexity_outlook",
    "complexity_subnational",
    "cooccurrence_relatedness",
    "cross_proximity",
    "declared_vs_revealed",
    "diffusion_path",
    "em_clusters",
    "entry_exit",
    "fit_entry_model",
    "fitness",
    "income_content",
    "log_supermodularity",
    "optimise_complexity",
    "portfolio",
    "presence",
    "product_space",
    "propose_reassignments",
    "proximity",
    "recombination",
    "reflections",
    "region_similarity",
    "relatedness_density",
    "relative_relatedness",
    "score_candidates",
    "score_definitions",
    "similarity_matrices",
    "strong_clusters",
    "traded_local",
    "trim",
]
