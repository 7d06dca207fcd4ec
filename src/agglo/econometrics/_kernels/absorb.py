"""Removing any number of fixed effects from columns, by alternating projections."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from agglo.core.typing import BoolArray, FloatArray, IntArray

__all__ = ["absorb", "components", "not_singletons"]


@njit(cache=True)
def _sweep(
    x: FloatArray,
    codes: IntArray,
    weights: FloatArray,
    totals: FloatArray,
    sums: FloatArray,
) -> None:
    for f in range(codes.shape[0]):
        sums[:] = 0.0
        for i in range(x.size):
            sums[codes[f, i]] += weights[i] * x[i]
        for g in range(sums.size):
            if totals[f, g] > 0.0:
                sums[g] /= totals[f, g]
        for i in range(x.size):
            x[i] -= sums[codes[f, i]]


@njit(cache=True)
def _absorb_one(
    x: FloatArray,
    codes: IntArray,
    weights: FloatArray,
    totals: FloatArray,
    tolerance: float,
    limit: int,
) -> int:
    """Demean one column in place; the number of rounds, or -1 when it did not settle.

    Irons-Tuck extrapolation: the sweep is linear, so an extrapolated point differs from
    the column by effects only and the fixed point is the same.
    """
    sums = np.empty(totals.shape[1])
    scale = np.sqrt(np.mean(x * x))
    if scale == 0.0:
        return 0
    for step in range(limit):
        before = x.copy()
        _sweep(x, codes, weights, totals, sums)
        if codes.shape[0] == 1:
            return 1
        once = x.copy()
        _sweep(x, codes, weights, totals, sums)
        second = x - once
        if np.max(np.abs(second)) <= tolerance * scale:
            return step + 1
        bend = second - (once - before)
        size = np.dot(bend, bend)
        if size > 0.0:
            x -= np.dot(second, bend) / size * second
    return -1


def absorb(
    values: FloatArray,
    codes: IntArray,
    weights: FloatArray | None = None,
    *,
    tolerance: float = 1e-11,
    limit: int = 20_000,
) -> tuple[FloatArray, bool]:
    """Give columns (n, k) without the effects `codes` (F, n), and whether all settled."""
    out = np.array(values, dtype=np.float64, order="F", copy=True)
    if codes.shape[0] == 0:
        return out, True
    w = np.ones(out.shape[0]) if weights is None else np.ascontiguousarray(weights)
    totals = np.zeros((codes.shape[0], int(codes.max()) + 1))
    for f in range(codes.shape[0]):
        counted = np.bincount(codes[f], weights=w)
        totals[f, : counted.size] = counted
    settled = True
    for j in range(out.shape[1]):
        column = np.ascontiguousarray(out[:, j])
        settled &= _absorb_one(column, codes, w, totals, tolerance, limit) >= 0
        out[:, j] = column
    return out, settled


@njit(cache=True)
def _keep(codes: IntArray, kept: BoolArray, size: int) -> None:
    changed = True
    counts = np.empty(size, dtype=np.int64)
    while changed:
        changed = False
        for f in range(codes.shape[0]):
            counts[:] = 0
            for i in range(kept.size):
                if kept[i]:
                    counts[codes[f, i]] += 1
            for i in range(kept.size):
                if kept[i] and counts[codes[f, i]] == 1:
                    kept[i] = False
                    changed = True


def not_singletons(codes: IntArray) -> BoolArray:
    """Say which rows stay when levels with a single row are dropped again and again."""
    kept = np.ones(codes.shape[1], dtype=np.bool_)
    if codes.size:
        _keep(codes, kept, int(codes.max()) + 1)
    return kept


def components(one: IntArray, other: IntArray) -> int:
    """Count the connected parts of two effects: redundant levels of the second."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    n, m = int(one.max()) + 1, int(other.max()) + 1
    graph = coo_array(
        (np.ones(one.size), (one, other + n)), shape=(n + m, n + m)
    ).tocsr()
    return int(connected_components(graph, directed=False)[0])
