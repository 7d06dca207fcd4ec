"""Tests against simulated data: p-values that are never 0, envelopes, false discoveries."""

from agglo.core.inference.envelopes import (
    Envelope,
    global_envelope,
    pointwise_envelope,
)
from agglo.core.inference.families import Discoveries, discoveries, fdr
from agglo.core.inference.intervals import wilson
from agglo.core.inference.pvalues import (
    Sequential,
    known_draws,
    mc_pvalue,
    sequential_pvalue,
)

__all__ = [
    "Discoveries",
    "Envelope",
    "Sequential",
    "discoveries",
    "fdr",
    "global_envelope",
    "known_draws",
    "mc_pvalue",
    "pointwise_envelope",
    "sequential_pvalue",
    "wilson",
]
