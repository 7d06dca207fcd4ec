"""Complexity on arrays: m is (n_regions, n_activities) without empty rows or columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from agglo.core.typing import FloatArray, IntArray

_DENSE = 600
_WANTED = 4
_TINY = 1e-290


@dataclass(frozen=True, slots=True)
class Second:
    """Second eigenvector of the averages, unscaled, sign open.

    `eigenvalues` are the largest, the trivial 1 first.
    """

    region: FloatArray
    activity: FloatArray
    eigenvalues: FloatArray


def components(m: FloatArray) -> tuple[IntArray, IntArray]:
    """Give the connected component of every row and of every column."""
    from scipy import sparse
    from scipy.sparse import csgraph

    n, p = m.shape
    row, column = np.nonzero(m > 0)
    ties = sparse.coo_array(
        (np.ones(row.size), (row, n + column)), shape=(n + p, n + p)
    )
    _, label = csgraph.connected_components(ties, directed=False)
    return label[:n].astype(np.int64), label[n:].astype(np.int64)


def second_vector(m: FloatArray) -> Second:
    """Second singular pair of D_r^(-1/2) M D_p^(-1/2), mapped back to averages.

    The symmetric product over the shorter side is used: the same numbers, always real.
    """
    k_r, k_p = m.sum(axis=1), m.sum(axis=0)
    if m.shape[0] < m.shape[1]:
        found = second_vector(m.T)
        # K_r is the mean of K_p, not the other way round: the two differ by lambda_2
        return Second(_mean_over(m, found.region), found.region, found.eigenvalues)
    scaled = m / np.sqrt(k_r)[:, None]
    scaled /= np.sqrt(k_p)
    product = scaled.T @ scaled
    values, vectors = _largest(product, np.sqrt(k_p))
    activity = vectors[:, 1] / np.sqrt(k_p)
    return Second(_mean_over(m, activity), activity, values)


def _mean_over(m: FloatArray, values: FloatArray) -> FloatArray:
    """Mean of `values` over what is present in a row."""
    return (m @ values) / m.sum(axis=1)


def _largest(product: FloatArray, start: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Largest eigenvalues, descending, and their vectors."""
    from scipy import linalg
    from scipy.sparse import linalg as iterative

    n = product.shape[0]
    wanted = min(_WANTED, n)
    if n <= _DENSE:
        values, vectors = linalg.eigh(product, subset_by_index=[n - wanted, n - 1])
    else:
        # a fixed start makes the iteration repeatable; it must not be the first vector
        turned = start * np.random.default_rng(0).standard_normal(n)
        try:
            values, vectors = iterative.eigsh(product, k=wanted, v0=turned, tol=0.0)
        except iterative.ArpackNoConvergence:
            values, vectors = linalg.eigh(product, subset_by_index=[n - wanted, n - 1])
    order = np.argsort(-values, kind="stable")
    return np.clip(values[order], 0.0, 1.0), vectors[:, order]


def reflections(m: FloatArray, n: int) -> tuple[FloatArray, FloatArray]:
    """Iterate averages k_r, k_p of order 0 to n - 1, (n_regions, n), (n_activities, n)."""
    k_r, k_p = m.sum(axis=1), m.sum(axis=0)
    region, activity = np.empty((k_r.size, n)), np.empty((k_p.size, n))
    region[:, 0], activity[:, 0] = k_r, k_p
    for step in range(1, n):
        region[:, step] = (m @ activity[:, step - 1]) / k_r
        activity[:, step] = (region[:, step - 1] @ m) / k_p
    return region, activity


def orders(n: int) -> tuple[int, int]:
    """Highest even order for regions, highest odd order for activities, below n."""
    return (n - 1) - (n - 1) % 2, (n - 1) - n % 2


@dataclass(frozen=True, slots=True)
class Fixed:
    """Fitness and quality, mean 1; steps taken and the last largest relative change."""

    region: FloatArray
    activity: FloatArray
    steps: int
    change: float


def fitness(m: FloatArray, n: int, exponent: float, tolerance: float | None) -> Fixed:
    """Iterate fitness and quality from ones; `n` columns, the start included."""
    f, q = np.ones(m.shape[0]), np.ones(m.shape[1])
    change, made = np.inf, 0
    while made < n - 1 and not (tolerance is not None and change <= tolerance):
        new_f = m @ q
        # what has underflowed stays at the bottom instead of making 0 x inf
        inverse = np.minimum(np.maximum(f, _TINY) ** (-exponent), 1.0 / _TINY)
        new_q = (inverse @ m) ** (-1.0 / exponent)
        new_f, new_q = new_f / new_f.mean(), new_q / new_q.mean()
        change = max(_change(f, new_f), _change(q, new_q))
        f, q, made = new_f, new_q, made + 1
    return Fixed(f, q, made, change)


def _change(old: FloatArray, new: FloatArray) -> float:
    known = old > 0
    return float(np.max(np.abs(new[known] - old[known]) / old[known]))


def correlation(a: FloatArray, b: FloatArray) -> float:
    """Pearson correlation; NaN where one of both is constant."""
    a, b = a - a.mean(), b - b.mean()
    norm = np.sqrt((a @ a) * (b @ b))
    return float(a @ b / norm) if norm > 0 else float("nan")


def standardised(x: FloatArray, ddof: int) -> FloatArray:
    """Mean 0, standard deviation 1."""
    return (x - x.mean()) / x.std(ddof=ddof)
