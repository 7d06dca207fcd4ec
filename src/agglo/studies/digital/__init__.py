"""The digital study: how far designated clusters are matched by on-line belts."""

from agglo.studies.digital.options import DigitalOptions

__all__ = ["DigitalOptions"]
