"""Nulls of proximity and of industrial connection: arrays in, arrays out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from agglo.evaluation._kernels.draws import below, uniform

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agglo.core.typing import FloatArray, IntArray

__all__ = [
    "connection",
    "connection_draws",
    "proximity",
    "proximity_draws",
]

_TRIES = 50


@njit(cache=True, fastmath=True)
def _spread(
    x: FloatArray, y: FloatArray, w: FloatArray, first: int, last: int, radius: float
) -> float:
    """Weighted mean distance of pairs, or with a radius the share of pairs beyond it."""
    total = 0.0
    mass = 0.0
    for i in range(first, last - 1):
        xi, yi, part, rest = x[i], y[i], 0.0, 0.0
        for j in range(i + 1, last):
            d = np.sqrt((xi - x[j]) ** 2 + (yi - y[j]) ** 2)
            if radius >= 0.0:
                d = 1.0 if d > radius else 0.0
            part += w[j] * d
            rest += w[j]
        total += w[i] * part
        mass += w[i] * rest
    return total / mass if mass > 0 else np.nan


@njit(cache=True)
def proximity(
    x: FloatArray, y: FloatArray, w: FloatArray, start: IntArray, radius: float
) -> FloatArray:
    """Spread of the sites of every cluster; `start` bounds the clusters, (n + 1,)."""
    n = start.size - 1
    out = np.empty(n)
    for c in range(n):
        out[c] = _spread(x, y, w, start[c], start[c + 1], radius)
    return out


@njit(cache=True)
def _pick(state: NDArray[np.uint64], cumulative: FloatArray, lo: int, hi: int) -> int:
    """Draw one candidate of [lo, hi) with chances proportional to its weight."""
    base = cumulative[lo - 1] if lo > 0 else 0.0
    goal = base + uniform(state) * (cumulative[hi - 1] - base)
    left, right = lo, hi - 1
    while left < right:
        middle = (left + right) // 2
        if cumulative[middle] > goal:
            right = middle
        else:
            left = middle + 1
    return left


@njit(cache=True)
def _free(
    state: NDArray[np.uint64], taken: IntArray, mark: int, lo: int, hi: int
) -> int:
    """Give a candidate that is still free, all alike; for when nearly all are taken."""
    at = lo + below(state, hi - lo)
    while taken[at] == mark:
        at = lo + (at - lo + 1) % (hi - lo)
    return at


@njit(cache=True)
def proximity_draws(
    seeds: NDArray[np.uint64],
    w: FloatArray,
    stratum: IntArray,
    start: IntArray,
    tested: NDArray[np.bool_],
    candidates: tuple[FloatArray, FloatArray, FloatArray, IntArray],
    radius: float,
) -> FloatArray:
    """Spread of as many candidates of the same strata, drawn without repetition.

    `candidates` are x, y, weights added up, and bounds of the strata they are sorted by; shape (n_draws, n_clusters), NaN for a cluster that is not tested.
    """
    cx, cy, cumulative, bounds = candidates
    n = start.size - 1
    out = np.full((seeds.size, n), np.nan)
    taken = np.full(cx.size, -1, dtype=np.int64)
    x, y = np.empty(w.size), np.empty(w.size)
    state = np.empty(1, dtype=np.uint64)
    mark = 0
    for r in range(seeds.size):
        state[0] = seeds[r]
        for c in range(n):
            if not tested[c]:
                continue
            mark += 1
            for i in range(start[c], start[c + 1]):
                lo, hi = bounds[stratum[i]], bounds[stratum[i] + 1]
                at = _pick(state, cumulative, lo, hi)
                tries = 0
                while taken[at] == mark and tries < _TRIES:
                    at = _pick(state, cumulative, lo, hi)
                    tries += 1
                if taken[at] == mark:
                    at = _free(state, taken, mark, lo, hi)
                taken[at] = mark
                x[i], y[i] = cx[at], cy[at]
            out[r, c] = _spread(x, y, w, start[c], start[c + 1], radius)
    return out


@njit(cache=True)
def _tie(
    phi: FloatArray, item: IntArray, w: FloatArray, first: int, last: int, offset: int
) -> float:
    total = 0.0
    mass = 0.0
    for i in range(first, last - 1):
        a = item[i - offset]
        for j in range(i + 1, last):
            pair = w[i] * w[j]
            total += pair * phi[a, item[j - offset]]
            mass += pair
    return total / mass if mass > 0 else np.nan


@njit(cache=True)
def connection(
    phi: FloatArray, item: IntArray, w: FloatArray, start: IntArray
) -> FloatArray:
    """Weighted mean relatedness over pairs of different industries of every cluster."""
    n = start.size - 1
    out = np.empty(n)
    for c in range(n):
        out[c] = _tie(phi, item, w, start[c], start[c + 1], 0)
    return out


@njit(cache=True)
def connection_draws(
    seeds: NDArray[np.uint64],
    phi: FloatArray,
    w: FloatArray,
    start: IntArray,
    tested: NDArray[np.bool_],
    pool: IntArray,
    pool_start: IntArray,
) -> FloatArray:
    """Mean relatedness of as many industries drawn from each cluster's pool."""
    n = start.size - 1
    out = np.full((seeds.size, n), np.nan)
    deck = pool.copy()
    state = np.empty(1, dtype=np.uint64)
    for r in range(seeds.size):
        state[0] = seeds[r]
        for c in range(n):
            if not tested[c]:
                continue
            lo, size = pool_start[c], pool_start[c + 1] - pool_start[c]
            # shuffling only the cards that are dealt keeps every set equally likely
            for k in range(start[c + 1] - start[c]):
                at = lo + k + below(state, size - k)
                deck[lo + k], deck[at] = deck[at], deck[lo + k]
            dealt = deck[lo : lo + start[c + 1] - start[c]]
            out[r, c] = _tie(phi, dealt, w, start[c], start[c + 1], start[c])
        deck[:] = pool
    return out
