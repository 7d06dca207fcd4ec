"""The coagglomeration study: who locates near whom, who moves, and does it raise innovation."""

from agglo.studies.coagglomeration.options import CoagglomerationOptions
from agglo.studies.coagglomeration.study import STUDY

__all__ = ["STUDY", "CoagglomerationOptions"]
