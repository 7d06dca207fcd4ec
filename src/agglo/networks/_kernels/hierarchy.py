"""Ranks, gaps, classes and dominant flows of strengths: arrays in, arrays out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from agglo.core.typing import FloatArray, IntArray

__all__ = [
    "Gaps",
    "best_silhouettes",
    "class_fits",
    "classes",
    "dominant",
    "largest_gaps",
    "levels",
    "null_logs",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gaps:
    """Largest gap of sorted logarithms per row.

    Attributes
    ----------
    k
        Nodes above the gap.
    gap
        Its height in logarithms.
    t
        Gap over the spread below it; NaN where all are equal.
    """

    k: IntArray
    gap: FloatArray
    t: FloatArray


def null_logs(rng: np.random.Generator, size: int, n: int) -> FloatArray:
    """Logarithms without structure, descending: lognormal and Pareto, (size, 2, n)."""
    out = np.empty((size, 2, n))
    out[:, 0] = rng.standard_normal((size, n))
    out[:, 1] = rng.standard_exponential((size, n))
    out.sort(axis=2)
    return out[:, :, ::-1]


def largest_gaps(logs: FloatArray, k_max: int) -> Gaps:
    """Find the largest gap near the top of rows that descend, (rows, n) with n >= 4."""
    n = logs.shape[1]
    top = min(k_max, n - 3)
    gaps = logs[:, :top] - logs[:, 1 : top + 1]
    k = np.argmax(gaps, axis=1)
    rows = np.arange(logs.shape[0])
    gap = gaps[rows, k]
    # moments of what lies below each cut, about the smallest so that nothing cancels
    low = (logs - logs[:, -1:])[:, ::-1]
    count = np.arange(1.0, n + 1.0)
    mean = np.cumsum(low, axis=1) / count
    squares = np.cumsum(low * low, axis=1) - count * mean * mean
    below = n - 2 - k
    spread = np.sqrt(np.maximum(squares[rows, below], 0.0) / below)
    # equal on paper, not to the last bit
    spread = np.where(spread < 1e-9 * np.maximum(low[:, -1], 1e-300), 0.0, spread)
    with np.errstate(divide="ignore", invalid="ignore"):
        t = gap / spread
    return Gaps(k=(k + 1).astype(np.int64), gap=gap, t=t)


@njit(cache=True)
def _cost(sums: FloatArray, squares: FloatArray, i: int, j: int) -> float:
    """Squares about the mean of x[i:j]."""
    s = sums[j] - sums[i]
    found: float = squares[j] - squares[i] - s * s / (j - i)
    return max(found, 0.0)


@njit(cache=True)
def _partition(x: FloatArray, k_max: int) -> tuple[FloatArray, IntArray]:
    """Least squares of 1..k_max classes of sorted x, and where the last class starts.

    Divide and conquer: the best start of the last class never moves left as x grows.
    """
    n = x.size
    centred = x - x.mean()
    sums = np.zeros(n + 1)
    squares = np.zeros(n + 1)
    for i in range(n):
        sums[i + 1] = sums[i] + centred[i]
        squares[i + 1] = squares[i] + centred[i] * centred[i]
    best = np.full((k_max + 1, n + 1), np.inf)
    start = np.zeros((k_max + 1, n + 1), np.int64)
    for j in range(1, n + 1):
        best[1, j] = _cost(sums, squares, 0, j)
    stack = np.empty((4 * (n + 2), 4), np.int64)
    for k in range(2, k_max + 1):
        depth = 1
        # one number at a time: an array per entry would be allocated on the heap
        stack[0, 0], stack[0, 1], stack[0, 2], stack[0, 3] = k, n, k - 1, n - 1
        while depth > 0:
            depth -= 1
            low, high = stack[depth, 0], stack[depth, 1]
            first, last = stack[depth, 2], stack[depth, 3]
            if low > high:
                continue
            j = (low + high) // 2
            at = first
            value = np.inf
            for i in range(max(first, k - 1), min(last, j - 1) + 1):
                cost = best[k - 1, i] + _cost(sums, squares, i, j)
                if cost < value:
                    value, at = cost, i
            best[k, j] = value
            start[k, j] = at
            stack[depth, 0], stack[depth, 1] = low, j - 1
            stack[depth, 2], stack[depth, 3] = first, at
            stack[depth + 1, 0], stack[depth + 1, 1] = j + 1, high
            stack[depth + 1, 2], stack[depth + 1, 3] = at, last
            depth += 2
    return best[:, n].copy(), start


@njit(cache=True)
def _bounds(start: IntArray, k: int, n: int) -> IntArray:
    """Give the ends of the classes: class c is x[b[c]:b[c + 1]]."""
    out = np.zeros(k + 1, np.int64)
    out[k] = n
    for c in range(k, 1, -1):
        out[c - 1] = start[c, out[c]]
    return out


@njit(cache=True)
def _silhouette(x: FloatArray, bounds: IntArray) -> float:
    """Mean silhouette of classes of sorted x, by prefix sums: O(n k)."""
    n, k = x.size, bounds.size - 1
    sums = np.zeros(n + 1)
    for i in range(n):
        sums[i + 1] = sums[i] + x[i]
    total = 0.0
    for c in range(k):
        low, high = bounds[c], bounds[c + 1]
        size = high - low
        if size == 1:
            continue  # alone in its class: 0 by convention
        for i in range(low, high):
            left = x[i] * (i - low) - (sums[i] - sums[low])
            right = (sums[high] - sums[i]) - x[i] * (high - i)
            own = (left + right) / (size - 1)
            other = np.inf
            for d in range(k):
                if d == c:
                    continue
                a, b = bounds[d], bounds[d + 1]
                away = abs((sums[b] - sums[a]) / (b - a) - x[i])
                other = min(other, away)
            larger = max(own, other)
            if larger > 0.0:
                total += (other - own) / larger
    return total / n


@njit(cache=True)
def class_fits(x: FloatArray, k_max: int) -> tuple[FloatArray, FloatArray]:
    """Goodness of variance fit and mean silhouette of 2..k_max classes of ascending x."""
    best, start = _partition(x, k_max)
    fit = np.empty(k_max - 1)
    shape = np.empty(k_max - 1)
    for k in range(2, k_max + 1):
        fit[k - 2] = 1.0 - best[k] / best[1] if best[1] > 0 else np.nan
        shape[k - 2] = _silhouette(x, _bounds(start, k, x.size))
    return fit, shape


@njit(cache=True)
def best_silhouettes(rows: FloatArray, k_max: int) -> FloatArray:
    """Largest silhouette over 2..k_max classes, of every ascending row."""
    out = np.empty(rows.shape[0])
    for r in range(rows.shape[0]):
        _, shape = class_fits(rows[r], k_max)
        out[r] = shape.max()
    return out


@njit(cache=True)
def classes(x: FloatArray, k: int) -> IntArray:
    """Class of every ascending x under the best split into k; 1 holds the largest."""
    _, start = _partition(x, k)
    bounds = _bounds(start, k, x.size)
    out = np.empty(x.size, np.int64)
    for c in range(k):
        out[bounds[c] : bounds[c + 1]] = k - c
    return out


@njit(cache=True)
def dominant(
    indptr: IntArray, indices: IntArray, flow: FloatArray, size: FloatArray
) -> IntArray:
    """Largest destination of every node if that is larger than the node, else itself.

    Columns ascend within rows, so that a tie goes to the first label.
    """
    n = size.size
    out = np.empty(n, np.int64)
    for a in range(n):
        best, most = -1, 0.0
        for e in range(indptr[a], indptr[a + 1]):
            if indices[e] != a and flow[e] > most:
                best, most = indices[e], flow[e]
        out[a] = best if best >= 0 and size[best] > size[a] else a
    return out


@njit(cache=True)
def levels(parent: IntArray, size: FloatArray) -> tuple[IntArray, IntArray]:
    """Level (roots have 1) and root of every node of a forest whose parents are larger."""
    n = parent.size
    level = np.ones(n, np.int64)
    root = np.arange(n)
    for a in np.argsort(-size):
        if parent[a] != a:
            level[a] = level[parent[a]] + 1
            root[a] = root[parent[a]]
    return level, root
