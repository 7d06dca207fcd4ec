"""Tests against simulated data: p-values that are never 0, envelopes, false discoveries."""

from agglo.core.inference.envelopes import (
    Envelope,
    global_envelope,
    pointwise_envelope,
)
from agglo.core.inference.pvalues import (
    Sequential,
    fdr,
    mc_pvalue,
    sequential_pvalue,
)

__all__ = [
    "Envelope",
    "Sequential",
    "fdr",
    "global_envelope",
    "mc_pvalue",
    "pointwise_envelope",
    "sequential_pvalue",
]
