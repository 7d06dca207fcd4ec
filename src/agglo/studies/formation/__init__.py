"""The formation study: is it a cluster, what formed it, where is it in its life."""

from agglo.studies.formation.options import FormationOptions
from agglo.studies.formation.study import STUDY

__all__ = ["STUDY", "FormationOptions"]
