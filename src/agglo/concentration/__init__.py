"""How concentrated, specialised and diversified: areal measures and coagglomeration."""

from agglo.concentration.agglomeration import ellison_glaeser, maurel_sedillot
from agglo.concentration.agglomeration_groups import devereux, ellison_glaeser_group
from agglo.concentration.coagglomeration import (
    coagglomeration,
    howard_colocation,
    locational_correlation,
)
from agglo.concentration.externalities import externalities

__all__ = [
    "coagglomeration",
    "devereux",
    "ellison_glaeser",
    "ellison_glaeser_group",
    "externalities",
    "howard_colocation",
    "locational_correlation",
]
