"""How concentrated, specialised and diversified: areal measures and coagglomeration."""

from agglo.concentration.agglomeration import ellison_glaeser, maurel_sedillot
from agglo.concentration.agglomeration_groups import devereux, ellison_glaeser_group
from agglo.concentration.coagglomeration import (
    coagglomeration,
    howard_colocation,
    locational_correlation,
)
from agglo.concentration.dissimilarity import hachman, hoover, krugman
from agglo.concentration.externalities import externalities
from agglo.concentration.inequality import entropy, gini, hhi, locational_gini
from agglo.concentration.theil import theil
from agglo.concentration.variety import variety

__all__ = [
    "coagglomeration",
    "devereux",
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
    "locational_correlation",
    "locational_gini",
    "maurel_sedillot",
    "theil",
    "variety",
]
