"""Weight inside and between groups, and what permuted labels would give."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from agglo.core.typing import FloatArray, IntArray

__all__ = [
    "assortativity",
    "group_matrix",
    "label_draws",
    "log_odds",
    "rewired_draws",
    "symmetrised",
]


def group_matrix(
    origin: IntArray, destination: IntArray, weight: FloatArray, n: int
) -> FloatArray:
    """Sum weights by group of origin and of destination, shape (n, n)."""
    total = np.bincount(origin * n + destination, weight, n * n)
    return np.asarray(total, dtype=np.float64).reshape(n, n)


def symmetrised(matrix: FloatArray, directed: bool) -> FloatArray:
    """Give A of an undirected layer: both directions, the diagonal twice."""
    out: FloatArray = matrix if directed else matrix + matrix.T
    return out


def assortativity(matrix: FloatArray) -> tuple[float, float]:
    """Give r and Q of a (symmetrised) matrix of weights between groups."""
    total = matrix.sum()
    if total <= 0:
        return np.nan, np.nan
    e = matrix / total
    chance = float(e.sum(axis=1) @ e.sum(axis=0))
    q = float(np.trace(e)) - chance
    # one group only (or one on each side): no mixing to speak of
    return (q / (1.0 - chance) if 1.0 - chance > 1e-12 else np.nan), q


def log_odds(matrix: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Give expected weight, ln(observed/expected) and its z; empty cells get 0.5."""
    total = matrix.sum()
    expected = np.outer(matrix.sum(axis=1), matrix.sum(axis=0)) / total
    shown = np.where(matrix == 0, 0.5, matrix)
    with np.errstate(divide="ignore", invalid="ignore"):
        odds = np.log(shown / expected)
    odds[expected == 0] = np.nan
    return expected, odds, odds * np.sqrt(shown)


@njit(cache=True)
def label_draws(
    origin: IntArray,
    destination: IntArray,
    weight: FloatArray,
    group: IntArray,
    n_groups: int,
    directed: bool,
) -> FloatArray:
    """Give between share, r and Q for every row of permuted labels, shape (draws, 3)."""
    draws = group.shape[0]
    out = np.empty((draws, 3))
    for d in range(draws):
        labels = group[d]
        within, total = 0.0, 0.0
        row, column = np.zeros(n_groups), np.zeros(n_groups)
        for i in range(weight.size):
            a, b, w = labels[origin[i]], labels[destination[i]], weight[i]
            total += w
            if a == b:
                within += w
            row[a] += w
            column[b] += w
        if not directed:
            for k in range(n_groups):
                row[k] = column[k] = (row[k] + column[k]) / 2.0
        chance = 0.0
        for k in range(n_groups):
            chance += row[k] * column[k]
        chance /= total * total
        q = within / total - chance
        out[d, 0] = 1.0 - within / total
        out[d, 1] = q / (1.0 - chance) if 1.0 - chance > 1e-12 else np.nan
        out[d, 2] = q
    return out


@njit(cache=True)
def rewired_draws(
    one: IntArray,
    other: IntArray,
    weight: FloatArray,
    shuffled: IntArray,
    directed: bool,
) -> FloatArray:
    """Give the within weight when ends meet at random, one value per shuffle.

    `shuffled` (draws, ends) are orders of the destinations, or of all ends where the layer
    is undirected (then consecutive ends meet).
    """
    draws, n = shuffled.shape[0], weight.size
    out = np.zeros(draws)
    for d in range(draws):
        order = shuffled[d]
        for i in range(n):
            if directed:
                same = one[i] == other[order[i]]
            else:
                a, b = order[2 * i], order[2 * i + 1]
                left = one[a] if a < n else other[a - n]
                right = one[b] if b < n else other[b - n]
                same = left == right
            if same:
                out[d] += weight[i]
    return out
