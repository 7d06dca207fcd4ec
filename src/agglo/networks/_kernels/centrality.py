"""Shortest paths, shells and rich clubs on compressed rows: arrays in, arrays out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from scipy.sparse import csr_array

    from agglo.core.typing import FloatArray, IntArray

__all__ = ["core_numbers", "eigenvector", "page_rank", "paths"]

# two ways are equally short when they differ by less, relatively
_TIE = 1e-12


@njit(cache=True)
def _push(key: FloatArray, item: IntArray, size: int, value: float, node: int) -> int:
    i = size
    while i > 0:
        up = (i - 1) // 2
        if key[up] <= value:
            break
        key[i], item[i] = key[up], item[up]
        i = up
    key[i], item[i] = value, node
    return size + 1


@njit(cache=True)
def _pop(key: FloatArray, item: IntArray, size: int) -> int:
    """Remove the smallest, which the caller has read, from the heap."""
    size -= 1
    value, node = key[size], item[size]
    i = 0
    while True:
        child = 2 * i + 1
        if child >= size:
            break
        if child + 1 < size and key[child + 1] < key[child]:
            child += 1
        if value <= key[child]:
            break
        key[i], item[i] = key[child], item[child]
        i = child
    key[i], item[i] = value, node
    return size


@njit(cache=True)
def paths(
    indptr: IntArray, indices: IntArray, length: FloatArray
) -> tuple[FloatArray, FloatArray, IntArray]:
    """Dependencies on every node, and distances towards it, over all sources.

    Gives betweenness of ordered pairs (not scaled), the sum of distances from all nodes
    that reach a node, and their number.
    """
    n = indptr.size - 1
    between, far = np.zeros(n), np.zeros(n)
    reach = np.zeros(n, np.int64)
    distance, ways, share = np.empty(n), np.empty(n), np.empty(n)
    done = np.empty(n, np.bool_)
    order = np.empty(n, np.int64)
    heap = np.empty(indices.size + 1)
    item = np.empty(indices.size + 1, np.int64)
    for source in range(n):
        distance[:] = np.inf
        ways[:] = 0.0
        share[:] = 0.0
        done[:] = False
        distance[source], ways[source] = 0.0, 1.0
        size = _push(heap, item, 0, 0.0, source)
        count = 0
        while size > 0:
            a, d = item[0], heap[0]
            size = _pop(heap, item, size)
            if done[a] or d > distance[a]:
                continue
            done[a] = True
            order[count] = a
            count += 1
            for e in range(indptr[a], indptr[a + 1]):
                b = indices[e]
                if done[b]:
                    continue
                new = distance[a] + length[e]
                if new < distance[b] * (1.0 - _TIE):
                    distance[b], ways[b] = new, ways[a]
                    size = _push(heap, item, size, new, b)
                elif new <= distance[b] * (1.0 + _TIE):
                    ways[b] += ways[a]
        for i in range(count - 1, 0, -1):
            b = order[i]
            far[b] += distance[b]
            reach[b] += 1
        for i in range(count - 1, -1, -1):
            a = order[i]
            for e in range(indptr[a], indptr[a + 1]):
                b = indices[e]
                new = distance[a] + length[e]
                if b != a and abs(new - distance[b]) <= _TIE * new:
                    share[a] += ways[a] / ways[b] * (1.0 + share[b])
            if a != source:
                between[a] += share[a]
    return between, far, reach


@njit(cache=True)
def core_numbers(indptr: IntArray, indices: IntArray) -> IntArray:
    """Largest k such that a node lies in a part whose nodes all have k neighbours in it."""
    n = indptr.size - 1
    degree = indptr[1:] - indptr[:-1]
    most = 0
    for a in range(n):
        most = max(most, degree[a])
    start = np.zeros(most + 2, np.int64)
    for a in range(n):
        start[degree[a] + 1] += 1
    start = np.cumsum(start)
    fill = start.copy()
    place, order = np.empty(n, np.int64), np.empty(n, np.int64)
    for a in range(n):
        place[a] = fill[degree[a]]
        order[place[a]] = a
        fill[degree[a]] += 1
    for i in range(n):
        a = order[i]
        for e in range(indptr[a], indptr[a + 1]):
            b = indices[e]
            if degree[b] <= degree[a]:
                continue
            # swap b with the first node of its degree, then lower its degree
            first = start[degree[b]]
            c = order[first]
            if b != c:
                order[first], order[place[b]] = b, c
                place[c], place[b] = place[b], first
            start[degree[b]] += 1
            degree[b] -= 1
    return degree


def eigenvector(
    a: csr_array, part: IntArray, *, tolerance: float = 1e-13, max_steps: int = 20_000
) -> FloatArray:
    """Leading eigenvector of A' in every part, of length 1 there; NaN if it drifts.

    Iterates I + A'/s, so that parts that are bipartite settle as well.
    """
    into = a.T.tocsr()
    peak = np.asarray(into.sum(axis=1)).max() if a.nnz else 0.0
    x = np.ones(a.shape[0])
    x /= np.sqrt(np.bincount(part, x * x))[part]
    if peak == 0:
        return np.full(x.size, np.nan)
    for _ in range(max_steps):
        new = x + into @ x / peak
        new /= np.sqrt(np.bincount(part, new * new))[part]
        moved = np.abs(new - x).max()
        x = new
        if moved < tolerance:
            return x
    return np.full(x.size, np.nan)


def page_rank(
    a: csr_array, damping: float, *, tolerance: float = 1e-14, max_steps: int = 5_000
) -> FloatArray:
    """Stationary shares of a walk that follows ties by weight and restarts at random."""
    n = a.shape[0]
    out = np.asarray(a.sum(axis=1), dtype=np.float64)
    dead = out == 0
    scale = np.where(dead, 0.0, 1.0 / np.where(dead, 1.0, out))
    into = a.T.tocsr()
    x = np.full(n, 1.0 / n)
    for _ in range(max_steps):
        lost = x[dead].sum()
        new = damping * (into @ (x * scale) + lost / n) + (1.0 - damping) / n
        moved = np.abs(new - x).sum()
        x = new
        if moved < tolerance:
            break
    return x / x.sum()
