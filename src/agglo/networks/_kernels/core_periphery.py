"""Core and periphery of a network: arrays in, arrays out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from agglo.core.typing import BoolArray, FloatArray, IntArray

__all__ = ["best_core", "best_prefix", "coreness", "fit_of_coreness"]


@njit(cache=True)
def _fit(
    marked: float, k: int, n: int, total: float, squares: float, either: bool
) -> float:
    """Correlation of the n(n-1) cells with the ideal pattern of a core of k.

    `marked` is the weight where the pattern is 1; NaN where either side is constant.
    """
    cells = n * (n - 1.0)
    ones = k * (k - 1.0)
    if either:
        ones = cells - (n - k) * (n - k - 1.0)
    mean_a, mean_d = total / cells, ones / cells
    var_a = squares / cells - mean_a * mean_a
    var_d = mean_d - mean_d * mean_d
    if var_a <= 1e-15 * max(squares / cells, 1e-300) or var_d <= 0.0:
        return np.nan
    found: float = (marked / cells - mean_a * mean_d) / np.sqrt(var_a * var_d)
    return found


@njit(cache=True)
def _climb(
    indptr: IntArray,
    indices: IntArray,
    weight: FloatArray,
    core: BoolArray,
    total: float,
    squares: float,
    either: bool,
) -> float:
    """Flip the node that gains most until none gains; `core` is changed in place.

    `weight` is A + A' without its diagonal.
    """
    n = core.size
    # what each node has with the set that decides: the periphery or the core
    near = np.zeros(n)
    k = 0
    inside = 0.0
    for a in range(n):
        k += core[a]
        for e in range(indptr[a], indptr[a + 1]):
            if core[indices[e]] != either:
                near[a] += weight[e]
    for a in range(n):
        if core[a] != either:
            inside += near[a] / 2.0
    marked = total - inside if either else inside
    now = _fit(marked, k, n, total, squares, either)
    for _ in range(20 * n):
        best, most = -1, now if not np.isnan(now) else -2.0
        smaller = False
        for a in range(n):
            step = -1 if core[a] else 1
            gain = near[a] if step > 0 else -near[a]
            value = _fit(marked + gain, k + step, n, total, squares, either)
            if np.isnan(value):
                continue
            if value > most + 1e-12:
                best, most, smaller = a, value, step < 0
            elif step < 0 and value > most - 1e-12 and not smaller:
                # as good with a smaller core
                best, most, smaller = a, value, True
        if best < 0:
            break
        step = -1 if core[best] else 1
        marked += near[best] if step > 0 else -near[best]
        k += step
        core[best] = step > 0
        joins = core[best] != either
        for e in range(indptr[best], indptr[best + 1]):
            near[indices[e]] += weight[e] if joins else -weight[e]
        now = most
    return now


@njit(cache=True)
def best_core(
    indptr: IntArray,
    indices: IntArray,
    weight: FloatArray,
    total: float,
    squares: float,
    either: bool,
    n_starts: int,
    seed: int,
) -> tuple[BoolArray, float]:
    """Climb from the strongest nodes and from random cores; keep the best, then smallest."""
    np.random.seed(seed)  # noqa: NPY002  numba's own state
    n = indptr.size - 1
    strength = np.zeros(n)
    for a in range(n):
        strength[a] = weight[indptr[a] : indptr[a + 1]].sum()
    order = np.argsort(-strength, kind="mergesort")
    best = np.zeros(n, np.bool_)
    most, size = np.nan, n + 1
    for start in range(n_starts):
        core = np.zeros(n, np.bool_)
        if start == 0:
            core[order[: max(1, n // 10)]] = True
        else:
            share = np.random.random()  # noqa: NPY002
            for a in range(n):
                core[a] = np.random.random() < share  # noqa: NPY002
        value = _climb(indptr, indices, weight, core, total, squares, either)
        k = core.sum()
        if np.isnan(value):
            continue
        better = np.isnan(most) or value > most + 1e-12
        if better or (value > most - 1e-12 and k < size):
            best, most, size = core, value, k
    return best, most


@njit(cache=True)
def best_prefix(
    indptr: IntArray,
    indices: IntArray,
    weight: FloatArray,
    c: FloatArray,
    total: float,
    squares: float,
    either: bool,
) -> BoolArray:
    """Cut the nodes, ordered by `c`, where the discrete pattern fits best."""
    n = c.size
    order = np.argsort(-c, kind="mergesort")
    core = np.zeros(n, np.bool_)
    marked = 0.0
    best, most = 0, -2.0
    for k in range(1, n):
        a = order[k - 1]
        for e in range(indptr[a], indptr[a + 1]):
            if core[indices[e]] != either:
                marked += weight[e]
        core[a] = True
        value = _fit(marked, k, n, total, squares, either)
        if not np.isnan(value) and value > most + 1e-12:
            best, most = k, value
    out = np.zeros(n, np.bool_)
    out[order[:best]] = True
    return out


@njit(cache=True)
def coreness(
    indptr: IntArray,
    indices: IntArray,
    weight: FloatArray,
    tolerance: float,
    max_steps: int,
) -> tuple[FloatArray, bool]:
    """Minimise the squares of B − c c' off the diagonal, one c at a time, c >= 0.

    `weight` is (A + A')/2 without its diagonal. Every step is the exact minimum over one
    c, so the sum of squares never rises; it settles even where c itself drifts (a star).
    """
    n = indptr.size - 1
    c = np.zeros(n)
    for a in range(n):
        c[a] = weight[indptr[a] : indptr[a + 1]].sum()
    total = c.sum()
    if total <= 0.0:
        return np.full(n, np.nan), True
    c /= np.sqrt(total)
    squares = (c * c).sum()
    for _ in range(max_steps):
        gained = 0.0
        for a in range(n):
            rest = squares - c[a] * c[a]
            along = 0.0
            for e in range(indptr[a], indptr[a + 1]):
                along += weight[e] * c[indices[e]]
            new = max(along / rest, 0.0) if rest > 0.0 else 0.0
            gained += 2.0 * rest * (new - c[a]) ** 2
            squares = rest + new * new
            c[a] = new
        if gained <= tolerance * (weight**2).sum():
            return c, True
    return c, False


@njit(cache=True)
def fit_of_coreness(
    indptr: IntArray,
    indices: IntArray,
    weight: FloatArray,
    c: FloatArray,
    total: float,
    squares: float,
) -> float:
    """Correlation of the off-diagonal cells with c c'; `weight` is A + A'."""
    n = c.size
    cells = n * (n - 1.0)
    s1, s2, s4 = c.sum(), (c**2).sum(), (c**4).sum()
    mean_d = (s1 * s1 - s2) / cells
    var_d = (s2 * s2 - s4) / cells - mean_d * mean_d
    mean_a = total / cells
    var_a = squares / cells - mean_a * mean_a
    if (
        var_a <= 1e-15 * max(squares / cells, 1e-300)
        or var_d <= 1e-15 * s2 * s2 / cells
    ):
        return np.nan
    cross = 0.0
    for a in range(n):
        for e in range(indptr[a], indptr[a + 1]):
            cross += weight[e] * c[a] * c[indices[e]] / 2.0
    found: float = (cross / cells - mean_a * mean_d) / np.sqrt(var_a * var_d)
    return found
