"""The profile of concentration: regions, industries and clusters of a country."""

from agglo.studies.concentration.options import ConcentrationOptions
from agglo.studies.concentration.study import STUDY

__all__ = ["STUDY", "ConcentrationOptions"]
