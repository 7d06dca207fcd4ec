"""Complexity on arrays: m is (n_regions, n_activities) without empty rows or columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from agglo.core.parallel import one_thread

if TYPE_CHECKING:
    from agglo.core.typing import BoolArray, FloatArray, IntArray

_DENSE = 600
_WANTED = 4
_REACH = 3
_BLOCK = 4
_STEPS = 80
_EXACT = 2e-14
_ROUGH = 1e-6
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
    if _all_reached(m):
        return np.zeros(n, dtype=np.int64), np.zeros(p, dtype=np.int64)
    row, column = np.nonzero(m > 0)
    ties = sparse.coo_array(
        (np.ones(row.size), (row, n + column)), shape=(n + p, n + p)
    )
    _, label = csgraph.connected_components(ties, directed=False)
    return label[:n].astype(np.int64), label[n:].astype(np.int64)


def _all_reached(m: FloatArray) -> bool:
    """Whether a few steps from the first row reach everything; most tables do in three."""
    rows = np.zeros(m.shape[0])
    rows[0] = 1.0
    columns = np.zeros(m.shape[1])
    for _ in range(_REACH):
        columns = (rows @ m > 0).astype(np.float64)
        rows = (m @ columns > 0).astype(np.float64)
    return bool(rows.all() and columns.all())


def second_vector(m: FloatArray) -> Second:
    """Second singular pair of D_r^(-1/2) M D_p^(-1/2), mapped back to averages.

    The symmetric problem over the shorter side is used: the same numbers, always real.
    """
    if m.shape[0] < m.shape[1]:
        found = second_vector(m.T)
        # K_r is the mean of K_p, not the other way round: the two differ by lambda_2
        mean = (m @ found.region) / m.sum(axis=1)
        return Second(mean, found.region, found.eigenvalues)
    k_r, k_p = m.sum(axis=1), m.sum(axis=0)
    values, vectors = _largest(m, k_r, k_p)
    activity = vectors[:, 1] / np.sqrt(k_p)
    return Second((m @ activity) / k_r, activity, values)


def rounded_second_vectors(m: FloatArray, digits: int) -> Second:
    """Give the second eigenvector of either transition matrix, rounded before.

    Rounding makes the two disagree and the rows no longer sum to 1; a pair of complex
    vectors leaves its real part.
    """
    k_r, k_p = m.sum(axis=1), m.sum(axis=0)
    by_row, by_column = m / k_r[:, None], m / k_p
    region, values = _second_real(np.round(by_row @ by_column.T, digits))
    activity, _ = _second_real(np.round(by_column.T @ by_row, digits))
    return Second(region, activity, values)


def _second_real(transition: FloatArray) -> tuple[FloatArray, FloatArray]:
    values, vectors = np.linalg.eig(transition)
    order = np.argsort(-np.abs(values), kind="stable")[:_WANTED]
    second: FloatArray = vectors[:, order[1]].real
    return second, values[order].real


def _largest(
    m: FloatArray, k_r: FloatArray, k_p: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Largest eigenvalues of the symmetric product, descending, and their vectors."""
    from scipy import linalg

    n = k_p.size
    scaled = m / np.sqrt(k_r)[:, None]
    scaled /= np.sqrt(k_p)
    product = scaled.T @ scaled
    if n > _DENSE:
        # thin products: threads would spend their time waiting for each other
        with one_thread:
            found = _krylov(product, np.sqrt(k_p))
        if found is not None:
            return found
    wanted = min(_WANTED, n)
    values, vectors = linalg.eigh(product, subset_by_index=[n - wanted, n - 1])
    order = np.argsort(-values, kind="stable")
    return np.clip(values[order], 0.0, 1.0), vectors[:, order]


def _krylov(
    product: FloatArray, first: FloatArray
) -> tuple[FloatArray, FloatArray] | None:
    """Block Krylov method.

    `first`, the vector of the eigenvalue 1, is known and projected out. A block of
    several vectors finds a repeated eigenvalue, which one vector would not. None when
    the eigenvalues lie too close for `_STEPS` steps.
    """
    room = 1 + _STEPS * _BLOCK
    basis, images = np.empty((room, first.size)), np.empty((room, first.size))
    basis[0] = images[0] = first / np.linalg.norm(first)
    block = np.random.default_rng(0).standard_normal((_BLOCK, first.size))
    filled, check = 1, 8
    for step in range(1, _STEPS + 1):
        # twice is enough: the first pass leaves rounding of the size of what it removes
        for _ in range(2):
            block -= (block @ basis[:filled].T) @ basis[:filled]
            block = np.linalg.qr(block.T)[0].T.copy()
        image = block @ product
        basis[filled : filled + _BLOCK] = block
        images[filled : filled + _BLOCK] = image
        filled += _BLOCK
        if step in (check, _STEPS):
            check += max(2, check // 4)
            found = _ritz(basis[:filled], images[:filled])
            if found is not None:
                return found
        block = image
    return None


def _ritz(
    basis: FloatArray, images: FloatArray
) -> tuple[FloatArray, FloatArray] | None:
    """Best values and vectors within the basis; None when they are not yet exact."""
    from scipy import linalg

    inner = images @ basis.T
    n = inner.shape[0]
    values, small = linalg.eigh(
        (inner + inner.T) / 2.0, subset_by_index=[n - _WANTED, n - 1]
    )
    values, small = values[::-1], small[:, ::-1]
    vectors = small.T @ basis
    off = np.linalg.norm(small.T @ images - vectors * values[:, None], axis=1)
    # the error of an eigenvalue is the square of that of its vector
    if off[1] > _EXACT or off.max() > _ROUGH:
        return None
    return np.clip(values, 0.0, 1.0), vectors.T


def index_of_presence(m: FloatArray, base: FloatArray | None = None) -> FloatArray:
    """Regions' and activities' index in one row, z-scored (ddof 0) on the largest component.

    NaN where something has nothing or lies outside. The sign is that of diversity, or of
    `base`, an index of the same regions and activities.
    """
    n = m.shape[0]
    out = np.full(n + m.shape[1], np.nan)
    rows: BoolArray = m.sum(axis=1) > 0
    columns: BoolArray = m.sum(axis=0) > 0
    if rows.sum() < 2 or columns.sum() < 2:
        return out
    row, column = components(m[np.ix_(rows, columns)])
    largest = np.argmax(np.bincount(row))
    rows[rows] = row == largest
    columns[columns] = column == largest
    m = m[np.ix_(rows, columns)]
    if min(m.shape) < 2:
        return out
    found = second_vector(m)
    if not (found.region.std() > 0 and found.activity.std() > 0):
        return out
    region, activity = out[:n], out[n:]
    region[rows] = standardised(found.region, 0)
    activity[columns] = standardised(found.activity, 0)
    anchor = m.sum(axis=1) if base is None else base[:n][rows]
    known = np.isfinite(anchor)
    lead = correlation(region[rows][known], anchor[known])
    return -out if lead < 0 else out


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


def rank_correlation(a: FloatArray, b: FloatArray) -> float:
    """Spearman's correlation; NaN where one of both is constant."""
    from scipy.stats import rankdata

    # what differs by rounding only is a tie
    return correlation(rankdata(a.round(12)), rankdata(b.round(12)))


def standardised(x: FloatArray, ddof: int) -> FloatArray:
    """Mean 0, standard deviation 1."""
    return (x - x.mean()) / x.std(ddof=ddof)
