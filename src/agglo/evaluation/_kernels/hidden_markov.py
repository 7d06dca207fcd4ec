"""Gaussian hidden Markov model of many short sequences: arrays in, arrays out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from agglo.core.typing import FloatArray, IntArray

__all__ = ["expectation", "viterbi"]

_LOG_2PI = float(np.log(2.0 * np.pi))
_TINY = 1e-300


@njit(cache=True)
def _log_density(x: FloatArray, mean: FloatArray, var: FloatArray) -> FloatArray:
    n, d = x.shape
    k = mean.shape[0]
    out = np.empty((n, k))
    for j in range(k):
        base = 0.0
        for a in range(d):
            base -= 0.5 * (_LOG_2PI + np.log(var[j, a]))
        for i in range(n):
            total = base
            for a in range(d):
                total -= 0.5 * (x[i, a] - mean[j, a]) ** 2 / var[j, a]
            out[i, j] = total
    return out


@njit(cache=True)
def expectation(  # noqa: PLR0912  one solver loop
    x: FloatArray,
    start: IntArray,
    first: FloatArray,
    move: FloatArray,
    mean: FloatArray,
    var: FloatArray,
) -> tuple[float, FloatArray, FloatArray, FloatArray, FloatArray, FloatArray]:
    """Run forward and backward over all sequences (Rabiner 1989, scaled).

    Gives the log-likelihood and the expected counts: first states (k,), moves (k, k),
    visits (k,), sums (k, d) and sums of squares (k, d).
    """
    n, d = x.shape
    k = mean.shape[0]
    density = _log_density(x, mean, var)
    begun, moved = np.zeros(k), np.zeros((k, k))
    visits, sums, squares = np.zeros(k), np.zeros((k, d)), np.zeros((k, d))
    alpha, scale, emit = np.empty((n, k)), np.empty(n), np.empty((n, k))
    beta, older = np.empty(k), np.empty(k)
    likelihood = 0.0
    for q in range(start.size - 1):
        lo, hi = start[q], start[q + 1]
        for t in range(lo, hi):
            top = density[t].max()
            total = 0.0
            for j in range(k):
                emit[t, j] = np.exp(density[t, j] - top)
                reach = first[j]
                if t > lo:
                    reach = 0.0
                    for i in range(k):
                        reach += alpha[t - 1, i] * move[i, j]
                alpha[t, j] = reach * emit[t, j]
                total += alpha[t, j]
            scale[t] = max(total, _TINY)
            for j in range(k):
                alpha[t, j] /= scale[t]
            likelihood += np.log(scale[t]) + top
        beta[:] = 1.0
        for t in range(hi - 1, lo - 1, -1):
            if t < hi - 1:
                for i in range(k):
                    older[i] = 0.0
                    for j in range(k):
                        part = move[i, j] * emit[t + 1, j] * beta[j] / scale[t + 1]
                        older[i] += part
                        moved[i, j] += alpha[t, i] * part
                beta[:] = older
            for j in range(k):
                weight = alpha[t, j] * beta[j]
                visits[j] += weight
                for a in range(d):
                    sums[j, a] += weight * x[t, a]
                    squares[j, a] += weight * x[t, a] * x[t, a]
                if t == lo:
                    begun[j] += weight
    return likelihood, begun, moved, visits, sums, squares


@njit(cache=True)
def viterbi(
    x: FloatArray,
    start: IntArray,
    first: FloatArray,
    move: FloatArray,
    mean: FloatArray,
    var: FloatArray,
) -> IntArray:
    """Give the most probable states, (n,)."""
    density = _log_density(x, mean, var)
    n, k = density.shape
    path = np.empty(n, dtype=np.int64)
    back = np.empty((n, k), dtype=np.int64)
    best, new = np.empty(k), np.empty(k)
    log_first, log_move = np.log(first + _TINY), np.log(move + _TINY)
    for q in range(start.size - 1):
        lo, hi = start[q], start[q + 1]
        for t in range(lo, hi):
            for j in range(k):
                if t == lo:
                    new[j] = log_first[j] + density[t, j]
                    continue
                top = 0
                for i in range(1, k):
                    if best[i] + log_move[i, j] > best[top] + log_move[top, j]:
                        top = i
                back[t, j] = top
                new[j] = best[top] + log_move[top, j] + density[t, j]
            best[:] = new
        path[hi - 1] = np.argmax(best)
        for t in range(hi - 1, lo, -1):
            path[t - 1] = back[t, path[t]]
    return path
