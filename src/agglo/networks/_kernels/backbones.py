"""How surprising every weight is: arrays in, arrays out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from agglo.core.typing import BoolArray, FloatArray, IntArray

__all__ = ["disparity", "noise_corrected", "spanning_forest"]


def disparity(end: IntArray, weight: FloatArray, n: int) -> FloatArray:
    """(1 − w/s)^(k − 1) at one end of every tie; 1 where the end has one tie only."""
    s = np.bincount(end, weight, minlength=n)[end]
    k = np.bincount(end, minlength=n)[end]
    rest = np.clip(1.0 - weight / s, 0.0, 1.0)
    return np.where(k == 1, 1.0, rest ** (k - 1.0))


def noise_corrected(
    weight: FloatArray,
    strength: tuple[FloatArray, FloatArray],
    total: float,
    *,
    strict: bool,
) -> FloatArray:
    """P(X ≥ w), X binomial(total, s_a s_b / total²); P(X > w) when `strict`."""
    from scipy.stats import binom

    chance = np.minimum(strength[0] * strength[1] / total**2, 1.0)
    tail = binom.sf(weight if strict else weight - 1.0, total, chance)
    return np.asarray(tail, dtype=np.float64)


@njit(cache=True)
def _root(parent: IntArray, a: int) -> int:
    while parent[a] != a:
        parent[a] = parent[parent[a]]
        a = parent[a]
    return a


@njit(cache=True)
def spanning_forest(
    origin: IntArray, destination: IntArray, order: IntArray, n: int
) -> BoolArray:
    """Keep the ties, taken in `order`, that join two parts (Kruskal)."""
    parent = np.arange(n)
    keep = np.zeros(origin.size, np.bool_)
    for e in order:
        a, b = _root(parent, origin[e]), _root(parent, destination[e])
        if a != b:
            parent[a] = b
            keep[e] = True
    return keep
