"""What several areas compute on arrays: modularity and local moving on compressed rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from agglo.core.typing import FloatArray, IntArray

__all__ = ["louvain", "modularity", "seeded"]


@njit(cache=True)
def seeded(seed: int) -> None:
    """Seed the generator of compiled code."""
    np.random.seed(seed)  # noqa: NPY002  numba's own state


@njit(cache=True)
def modularity(
    indptr: IntArray,
    indices: IntArray,
    weight: FloatArray,
    label: IntArray,
    resolution: float,
) -> float:
    """Sum over communities of inside/W − resolution × out × in / W², A as it stands."""
    n = indptr.size - 1
    k = label.max() + 1
    out, into = np.zeros(k), np.zeros(k)
    inside = 0.0
    total = 0.0
    for a in range(n):
        for e in range(indptr[a], indptr[a + 1]):
            w = weight[e]
            total += w
            out[label[a]] += w
            into[label[indices[e]]] += w
            if label[a] == label[indices[e]]:
                inside += w
    if total == 0.0:
        return np.nan
    expected = 0.0
    for c in range(k):
        expected += out[c] * into[c]
    return inside / total - resolution * expected / (total * total)


@njit(cache=True)
def _move(
    indptr: IntArray,
    indices: IntArray,
    weight: FloatArray,
    out: FloatArray,
    into: FloatArray,
    total: float,
    label: IntArray,
    resolution: float,
) -> bool:
    """Move nodes, in random order, to the neighbouring community that gains most.

    `weight` is A + A' without its diagonal, so that both directions count once.
    """
    n = indptr.size - 1
    sum_out, sum_in = np.zeros(n), np.zeros(n)
    for a in range(n):
        sum_out[label[a]] += out[a]
        sum_in[label[a]] += into[a]
    near = np.zeros(n)
    seen = np.empty(n, np.int64)
    queue = np.random.permutation(n)  # noqa: NPY002
    waiting = np.ones(n, np.bool_)
    head, length = 0, n
    moved = False
    while length > 0:
        a = queue[head]
        head = (head + 1) % n
        length -= 1
        waiting[a] = False
        home = label[a]
        count = 1
        seen[0] = home
        for e in range(indptr[a], indptr[a + 1]):
            c = label[indices[e]]
            if near[c] == 0.0 and c != home:
                seen[count] = c
                count += 1
            near[c] += weight[e]
        sum_out[home] -= out[a]
        sum_in[home] -= into[a]
        best, most = home, -np.inf
        for i in range(count):
            c = seen[i]
            gain = near[c] - resolution / total * (
                out[a] * sum_in[c] + into[a] * sum_out[c]
            )
            # the home is seen first: others must gain more, by more than rounding
            if gain > most + 1e-12 * total:
                best, most = c, gain
        for i in range(count):
            near[seen[i]] = 0.0
        sum_out[best] += out[a]
        sum_in[best] += into[a]
        if best != home:
            label[a] = best
            moved = True
            for e in range(indptr[a], indptr[a + 1]):
                b = indices[e]
                if label[b] != best and not waiting[b]:
                    queue[(head + length) % n] = b
                    length += 1
                    waiting[b] = True
    return moved


@njit(cache=True)
def _renumbered(label: IntArray) -> tuple[IntArray, int]:
    """Give labels the numbers 0, 1, ... by first appearance."""
    new = np.full(label.max() + 1, -1, np.int64)
    out = np.empty_like(label)
    k = 0
    for i in range(label.size):
        if new[label[i]] < 0:
            new[label[i]] = k
            k += 1
        out[i] = new[label[i]]
    return out, k


@njit(cache=True)
def _connected(indptr: IntArray, indices: IntArray, label: IntArray) -> IntArray:
    """Split every community into its connected parts."""
    n = label.size
    part = np.full(n, -1, np.int64)
    stack = np.empty(n, np.int64)
    k = 0
    for s in range(n):
        if part[s] >= 0:
            continue
        part[s] = k
        stack[0] = s
        depth = 1
        while depth > 0:
            depth -= 1
            a = stack[depth]
            for e in range(indptr[a], indptr[a + 1]):
                b = indices[e]
                if part[b] < 0 and label[b] == label[s]:
                    part[b] = k
                    stack[depth] = b
                    depth += 1
        k += 1
    return part


@njit(cache=True)
def _merged(
    indptr: IntArray, indices: IntArray, weight: FloatArray, label: IntArray, k: int
) -> tuple[IntArray, IntArray, FloatArray]:
    """Sum the ties between communities, without those inside."""
    n = label.size
    order = np.argsort(label, kind="mergesort")
    start = np.zeros(k + 1, np.int64)
    for a in range(n):
        start[label[a] + 1] += 1
    start = np.cumsum(start)
    ptr = np.zeros(k + 1, np.int64)
    ends = np.empty(indices.size, np.int64)
    sums = np.empty(indices.size)
    near = np.zeros(k)
    there = np.full(k, -1, np.int64)
    seen = np.empty(k, np.int64)
    filled = 0
    for c in range(k):
        count = 0
        for i in range(start[c], start[c + 1]):
            a = order[i]
            for e in range(indptr[a], indptr[a + 1]):
                d = label[indices[e]]
                if d == c:
                    continue
                if there[d] != c:
                    there[d] = c
                    near[d] = 0.0
                    seen[count] = d
                    count += 1
                near[d] += weight[e]
        for i in range(count):
            ends[filled] = seen[i]
            sums[filled] = near[seen[i]]
            filled += 1
        ptr[c + 1] = filled
    return ptr, ends[:filled].copy(), sums[:filled].copy()


@njit(cache=True)
def louvain(
    indptr: IntArray,
    indices: IntArray,
    weight: FloatArray,
    out: FloatArray,
    into: FloatArray,
    total: float,
    resolution: float,
) -> IntArray:
    """Find communities by local moving, splitting into connected parts, and merging.

    `weight` is A + A' without its diagonal; `out`, `into`, `total` are of A with it.
    Rounds start from the last answer until nothing moves.
    """
    n = indptr.size - 1
    label = np.arange(n)
    for _ in range(20):
        before = label.copy()
        _move(indptr, indices, weight, out, into, total, label, resolution)
        label, k = _renumbered(_connected(indptr, indices, label))
        while True:
            ptr, ends, sums = _merged(indptr, indices, weight, label, k)
            outs, ins = np.zeros(k), np.zeros(k)
            for a in range(n):
                outs[label[a]] += out[a]
                ins[label[a]] += into[a]
            upper = np.arange(k)
            if not _move(ptr, ends, sums, outs, ins, total, upper, resolution):
                break
            upper, fewer = _renumbered(upper)
            for a in range(n):
                label[a] = upper[label[a]]
            k = fewer
        label, k = _renumbered(label)
        if np.array_equal(before, label):
            break
    return label
