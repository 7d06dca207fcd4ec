"""Match designated places with observed ones, and ask whether chance would do as well."""

from agglo.matching._lookup import CityMatch
from agglo.matching.gazetteer import Gazetteer, as_gazetteer
from agglo.matching.industries import IndustryTree, as_industry_tree
from agglo.matching.label_audit import apply_audit
from agglo.matching.labels import (
    LabelDictionary,
    as_label_dictionary,
    map_label,
    map_labels,
)
from agglo.matching.lists import match_designations
from agglo.matching.match_results import Matching
from agglo.matching.names import normalise_cities, normalise_city
from agglo.matching.node_relations import NodeRelations, Relation, relate, relate_nodes
from agglo.matching.null_results import HypergeometricCurve, NotApplicable, NullResult
from agglo.matching.place_lists import PlaceList, as_belts, as_designations
from agglo.matching.places import matching_null
from agglo.matching.rate_results import Rates
from agglo.matching.rates import matching_rates
from agglo.matching.results import (
    CityAudit,
    LabelMapping,
    LabelSuggestions,
    SuggestionQuality,
)
from agglo.matching.sensitivity import MatchingSensitivity, matching_sensitivity
from agglo.matching.text import suggest_nodes, suggestion_quality
from agglo.matching.universe import hypergeometric_curve, size_strata

__all__ = [
    "CityAudit",
    "CityMatch",
    "Gazetteer",
    "HypergeometricCurve",
    "IndustryTree",
    "LabelDictionary",
    "LabelMapping",
    "LabelSuggestions",
    "Matching",
    "MatchingSensitivity",
    "NodeRelations",
    "NotApplicable",
    "NullResult",
    "PlaceList",
    "Rates",
    "Relation",
    "SuggestionQuality",
    "apply_audit",
    "as_belts",
    "as_designations",
    "as_gazetteer",
    "as_industry_tree",
    "as_label_dictionary",
    "hypergeometric_curve",
    "map_label",
    "map_labels",
    "match_designations",
    "matching_null",
    "matching_rates",
    "matching_sensitivity",
    "normalise_cities",
    "normalise_city",
    "relate",
    "relate_nodes",
    "size_strata",
    "suggest_nodes",
    "suggestion_quality",
]
