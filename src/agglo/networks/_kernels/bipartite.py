"""Places and firms: the null with both degree sequences fixed in expectation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from agglo.core.typing import BoolArray, FloatArray, IntArray

__all__ = ["fit_degrees", "poisson_binomial_tails", "poisson_tails"]

_MAX_ITERATIONS = 20_000
_TOLERANCE = 1e-10


def fit_degrees(present: BoolArray) -> tuple[FloatArray, bool]:
    """Give the probability of every cell under the maximum-entropy null, and whether it settled.

    Rows and columns that are empty or full have probabilities 0 or 1 and are peeled off
    first; the others are fitted by their degrees.
    """
    p = np.zeros(present.shape)
    row, column = _peel(present, p)
    core = present[np.ix_(row, column)]
    if not core.size:
        return p, True
    inner, settled = _fit(core.sum(axis=1) * 1.0, core.sum(axis=0) * 1.0)
    p[np.ix_(row, column)] = inner
    return p, settled


def _peel(present: BoolArray, p: FloatArray) -> tuple[IntArray, IntArray]:
    row, column = np.arange(present.shape[0]), np.arange(present.shape[1])
    while row.size and column.size:
        core = present[np.ix_(row, column)]
        by_row, by_column = core.mean(axis=1), core.mean(axis=0)
        fixed_row = (by_row == 0) | (by_row == 1)
        fixed_column = (by_column == 0) | (by_column == 1)
        if not (fixed_row.any() or fixed_column.any()):
            break
        p[np.ix_(row[fixed_row], column)] = by_row[fixed_row][:, None]
        rest = row[~fixed_row]
        p[np.ix_(rest, column[fixed_column])] = by_column[fixed_column][None, :]
        row, column = rest, column[~fixed_column]
    return row, column


def _fit(rows: FloatArray, columns: FloatArray) -> tuple[FloatArray, bool]:
    """Solve sum_j x_i y_j / (1 + x_i y_j) = degree for distinct degrees only."""
    k, which_row, n_row = np.unique(rows, return_inverse=True, return_counts=True)
    h, which_column, n_column = np.unique(
        columns, return_inverse=True, return_counts=True
    )
    total = rows.sum()
    x, y = k / np.sqrt(total), h / np.sqrt(total)
    settled = False
    for _ in range(_MAX_ITERATIONS):
        xy = np.outer(x, y)
        p = xy / (1.0 + xy)
        miss = max(
            float(np.abs(p @ n_column - k).max()), float(np.abs(n_row @ p - h).max())
        )
        if miss <= _TOLERANCE * max(float(k.max()), float(h.max())):
            settled = True
            break
        x = k / ((y / (1.0 + xy)) @ n_column)
        xy = np.outer(x, y)
        y = h / (n_row @ (x[:, None] / (1.0 + xy)))
    xy = np.outer(x, y)
    p = xy / (1.0 + xy)
    return p[np.ix_(which_row.reshape(-1), which_column.reshape(-1))], settled


@njit(cache=True)
def poisson_binomial_tails(
    p: FloatArray, one: IntArray, other: IntArray, observed: IntArray
) -> FloatArray:
    """Give P(V >= observed) for each pair of rows; V sums independent joint presences."""
    n_pairs, n_firms = one.size, p.shape[1]
    out = np.ones(n_pairs)
    for e in range(n_pairs):
        k = observed[e]
        if k <= 0:
            continue
        below = np.zeros(k)
        below[0] = 1.0
        for f in range(n_firms):
            q = p[one[e], f] * p[other[e], f]
            if q == 0.0:
                continue
            top = min(f + 1, k - 1)
            for v in range(top, 0, -1):
                below[v] = below[v] * (1.0 - q) + below[v - 1] * q
            below[0] *= 1.0 - q
        out[e] = min(1.0, max(0.0, 1.0 - below.sum()))
    return out


def poisson_tails(expected: FloatArray, observed: IntArray) -> FloatArray:
    """Give P(V >= observed) for a Poisson with that mean."""
    from scipy.special import pdtrc

    with np.errstate(invalid="ignore"):
        tail = pdtrc(observed - 1.0, expected)
    out: FloatArray = np.where(observed <= 0, 1.0, tail)
    return out
