"""The policy study: what a corridor did here, next door, when and how far out."""

from agglo.studies.policy.study import STUDY

__all__ = ["STUDY"]
