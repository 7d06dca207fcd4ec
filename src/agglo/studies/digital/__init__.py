"""The digital study: how far designated clusters are matched by on-line belts."""

from agglo.studies.digital.options import DigitalOptions
from agglo.studies.digital.study import STUDY

__all__ = ["STUDY", "DigitalOptions"]
