"""Ties inside clusters in networks rewired with their degrees kept: arrays in, arrays out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from agglo.evaluation._kernels.draws import below

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agglo.core.typing import FloatArray, IntArray

__all__ = ["inside", "inside_draws"]

_BURN_IN = 5
_BETWEEN = 1


@njit(cache=True)
def inside(
    u: IntArray, v: IntArray, w: FloatArray, groups: IntArray, start: IntArray, n: int
) -> FloatArray:
    """Weight of the ties with both ends in a cluster, per cluster.

    `groups` lists the clusters of every node in ascending order, `start` bounds the nodes.
    """
    out = np.zeros(n)
    for e in range(u.size):
        i, j = start[u[e]], start[v[e]]
        while i < start[u[e] + 1] and j < start[v[e] + 1]:
            if groups[i] == groups[j]:
                out[groups[i]] += w[e]
                i += 1
                j += 1
            elif groups[i] < groups[j]:
                i += 1
            else:
                j += 1
    return out


@njit(cache=True)
def _tied(ends: IntArray, first: IntArray, a: int, b: int) -> bool:
    if first[a + 1] - first[a] > first[b + 1] - first[b]:
        a, b = b, a
    for k in range(first[a], first[a + 1]):  # noqa: SIM110  numba knows no any()
        if ends[k] == b:
            return True
    return False


@njit(cache=True)
def _slots(
    u: IntArray, v: IntArray, n: int
) -> tuple[IntArray, IntArray, IntArray, IntArray]:
    """List the other ends at every node, and where each tie stands in these lists."""
    first = np.zeros(n + 1, dtype=np.int64)
    for e in range(u.size):
        first[u[e] + 1] += 1
        first[v[e] + 1] += 1
    first = np.cumsum(first)
    fill = first.copy()
    ends = np.empty(2 * u.size, dtype=np.int64)
    at_u, at_v = np.empty(u.size, dtype=np.int64), np.empty(u.size, dtype=np.int64)
    for e in range(u.size):
        at_u[e], at_v[e] = fill[u[e]], fill[v[e]]
        ends[fill[u[e]]] = v[e]
        fill[u[e]] += 1
        ends[fill[v[e]]] = u[e]
        fill[v[e]] += 1
    return first, ends, at_u, at_v


@njit(cache=True)
def _swap(
    state: NDArray[np.uint64],
    u: IntArray,
    v: IntArray,
    first: IntArray,
    ends: IntArray,
    at_u: IntArray,
    at_v: IntArray,
    times: int,
) -> None:
    """Try swaps a-b, c-d to a-d, c-b; loops and double ties are refused."""
    m = u.size
    for _ in range(times):
        e, f = below(state, m), below(state, m)
        if below(state, 2):  # the other way round, so that every partner is reachable
            u[f], v[f] = v[f], u[f]
            at_u[f], at_v[f] = at_v[f], at_u[f]
        a, b, c, d = u[e], v[e], u[f], v[f]
        if a in (c, d) or b in (c, d):
            continue
        if _tied(ends, first, a, d) or _tied(ends, first, c, b):
            continue
        v[e], v[f] = d, b
        ends[at_u[e]], ends[at_u[f]] = d, b
        # the lists of b and d keep their places; their other ends change hands
        ends[at_v[e]], ends[at_v[f]] = c, a
        at_v[e], at_v[f] = at_v[f], at_v[e]


@njit(cache=True)
def inside_draws(
    seeds: NDArray[np.uint64],
    u: IntArray,
    v: IntArray,
    w: FloatArray,
    groups: IntArray,
    start: IntArray,
    n: int,
) -> FloatArray:
    """Weight inside every cluster in rewired networks, (n_draws, n_clusters).

    One chain per call: five sweeps of swaps before the first draw, one between draws.
    """
    out = np.empty((seeds.size, n))
    u, v = u.copy(), v.copy()
    first, ends, at_u, at_v = _slots(u, v, start.size - 1)
    state = np.empty(1, dtype=np.uint64)
    for r in range(seeds.size):
        state[0] = seeds[r]
        sweeps = _BURN_IN if r == 0 else _BETWEEN
        _swap(state, u, v, first, ends, at_u, at_v, sweeps * u.size)
        out[r] = inside(u, v, w, groups, start, n)
    return out
