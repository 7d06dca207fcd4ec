"""Sinkhorn's divergence between two small sets of sites, in the logarithmic domain."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

if TYPE_CHECKING:
    from agglo.core.typing import FloatArray

__all__ = ["divergence", "entropic_cost"]

_ROUNDS = 1_000
# change of the potentials, in units of the regularisation, at which to stop
_CLOSE = 1e-7


@numba.njit(cache=True, nogil=True)
def _soft_minimum(cost: FloatArray, g: FloatArray, log_mass: FloatArray) -> FloatArray:
    """-log sum_j exp(log_mass_j + g_j - cost_ij), all in units of the regularisation."""
    n, m = cost.shape
    out = np.empty(n)
    for i in range(n):
        top = -np.inf
        for j in range(m):
            top = max(top, log_mass[j] + g[j] - cost[i, j])
        total = 0.0
        for j in range(m):
            total += np.exp(log_mass[j] + g[j] - cost[i, j] - top)
        out[i] = -(top + np.log(total))
    return out


@numba.njit(cache=True, nogil=True)
def entropic_cost(cost: FloatArray, a: FloatArray, b: FloatArray, blur: float) -> float:
    """Entropic transport cost (relative entropy to the product of the masses)."""
    scaled = cost / blur
    turned = scaled.T.copy()
    log_a, log_b = np.log(a), np.log(b)
    f = np.zeros(a.size)
    g = np.zeros(b.size)
    for _ in range(_ROUNDS):
        before = f
        g = _soft_minimum(turned, f, log_a)
        f = _soft_minimum(scaled, g, log_b)
        if np.abs(f - before).max() < _CLOSE:
            break
    return float(blur * ((a * f).sum() + (b * g).sum()))


@numba.njit(cache=True, nogil=True)
def _self_cost(cost: FloatArray, a: FloatArray, blur: float) -> float:
    """Entropic cost of moving masses to themselves; the mean of two steps converges fast."""
    scaled = cost / blur
    log_a = np.log(a)
    f = np.zeros(a.size)
    for _ in range(_ROUNDS):
        step = _soft_minimum(scaled, f, log_a)
        change = np.abs(step - f).max()
        f = 0.5 * (f + step)
        if change < _CLOSE:
            break
    return float(2.0 * blur * (a * f).sum())


@numba.njit(cache=True, nogil=True)
def divergence(
    between: FloatArray,
    within_a: FloatArray,
    within_b: FloatArray,
    a: FloatArray,
    b: FloatArray,
    blur: float,
) -> float:
    """Entropic cost less half of that of either set to itself, at least 0."""
    found = entropic_cost(between, a, b, blur)
    found -= 0.5 * (_self_cost(within_a, a, blur) + _self_cost(within_b, b, blur))
    return max(found, 0.0)
