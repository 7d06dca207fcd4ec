"""Exact moments of sums over pairs of sampled plants, instead of simulation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numba
import numpy as np
from scipy.spatial.distance import cdist

from agglo.concentration._kernels.distance_local import by_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agglo.core.typing import FloatArray

__all__ = [
    "PairMoments",
    "held_field",
    "matrix_moments",
    "pool_moments",
    "sample_covariance",
    "split_covariance",
    "weighted_covariance",
]


@dataclass(frozen=True, eq=False, kw_only=True)
class PairMoments:
    """What the moments need of a pool and a symmetric kernel k(d) of pairs.

    `mean` over all pairs, (n_distances,); `same` mean of k(d) k(d') over pairs and
    `shared` over pairs of pairs with one plant in common, both of the kernel less its mean,
    (n_distances, n_distances). `n` plants in the pool.
    """

    n: int
    mean: FloatArray
    same: FloatArray
    shared: FloatArray


def pool_moments(
    at: FloatArray, matrix: FloatArray, width: float, n: int
) -> PairMoments:
    """Moments of a kernel of distance over all pairs of the plants in `at`.

    `matrix` has one row per bin of distance as in `pair_histogram`, the last bin left out;
    beyond it the kernel is 0. `at` may be a sample that stands for a pool of n.
    """
    size = len(at)
    middle = at.mean(axis=0)
    near = ((at - middle) / width).astype(np.float32)
    x, y = np.ascontiguousarray(near[:, 0]), np.ascontiguousarray(near[:, 1])
    n_bins = len(matrix) - 1
    rows = np.zeros((size, matrix.shape[1]))
    counts = np.zeros((-(-size // _ROWS), n_bins + 2))

    def run(first: int, last: int) -> None:
        found = _row_counts(x, y, first, last, n_bins)
        rows[first:last] = found[:, :-1] @ matrix
        counts[first // _ROWS] = found.sum(axis=0)

    by_rows(run, size, threaded=True, rows=_ROWS)
    return _moments_of(rows, counts.sum(axis=0)[:-1] / 2.0, matrix, n)


def matrix_moments(
    distances: FloatArray, matrix: FloatArray, width: float, n: int
) -> PairMoments:
    """Do as `pool_moments` with the distances between all plants, (n_plants, n_plants)."""
    size = len(distances)
    rows = np.zeros((size, matrix.shape[1]))
    counts = np.zeros((-(-size // _ROWS), len(matrix) + 1))

    def run(first: int, last: int) -> None:
        found = _row_histograms(distances[first:last], width, len(matrix))
        found[:, 0] -= 1.0  # itself
        rows[first:last] = found[:, :-1] @ matrix
        counts[first // _ROWS] = found.sum(axis=0)

    by_rows(run, size, threaded=True, rows=_ROWS)
    return _moments_of(rows, counts.sum(axis=0)[:-1] / 2.0, matrix, n)


def _row_histograms(
    gap: FloatArray, width: float, beyond: int, mass: FloatArray | None = None
) -> FloatArray:
    """Count, or weigh, the distances of every row by bin; all from bin `beyond` on there."""
    bins = np.minimum(np.ceil(gap / width), beyond).astype(np.int64)
    at = np.arange(len(gap))[:, None] * (beyond + 1) + bins
    weights = None if mass is None else np.broadcast_to(mass, bins.shape).ravel()
    counts = np.bincount(at.ravel(), weights, len(gap) * (beyond + 1))
    return counts.reshape(len(gap), beyond + 1).astype(np.float64)


def _moments_of(
    rows: FloatArray, pairs: FloatArray, matrix: FloatArray, n: int
) -> PairMoments:
    """Moments from the kernel sums of every plant and the number of pairs per bin."""
    size = len(rows)
    total = size * (size - 1) / 2.0
    mean = pairs @ matrix / total
    same = (matrix * pairs[:, None]).T @ matrix / total - np.outer(mean, mean)
    centred = rows - (size - 1) * mean
    triples = float(size) * (size - 1) * max(size - 2, 1)
    shared = (centred.T @ centred - 2.0 * same * total) / triples
    return PairMoments(n=n, mean=mean, same=same, shared=shared)


_ROWS = 250


@numba.njit(cache=True, nogil=True, fastmath=True)
def _row_counts(
    x: NDArray[np.float32], y: NDArray[np.float32], first: int, last: int, n_bins: int
) -> FloatArray:
    """Count every plant's neighbours by distance, itself left out."""
    out = np.zeros((last - first, n_bins + 2))
    bins = np.empty(x.size, dtype=np.int32)
    top = np.float32(n_bins + 1)
    for i in range(first, last):
        for j in range(x.size):
            dx = x[j] - x[i]
            dy = y[j] - y[i]
            bins[j] = np.int32(min(np.ceil(np.sqrt(dx * dx + dy * dy)), top))
        for j in range(x.size):
            out[i - first, bins[j]] += 1.0
        out[i - first, 0] -= 1.0
    return out


def _falling(n: float, k: int) -> float:
    out = 1.0
    for i in range(k):
        out *= n - i
    return out


def sample_covariance(moments: PairMoments, n: int) -> FloatArray:
    """Covariance of the mean of k over the pairs of n plants drawn without replacement."""
    pool = moments.n
    p = [_falling(n, q) / _falling(pool, q) if pool >= q else 0.0 for q in (2, 3, 4)]
    qa, qb = _sums(moments)
    found = (p[0] - p[2]) * qa + (p[1] - p[2]) * qb
    return found / (n * (n - 1) / 2.0) ** 2


def _sums(moments: PairMoments) -> tuple[FloatArray, FloatArray]:
    """Give sums over pairs, and over ordered pairs of pairs with one plant in common."""
    n = float(moments.n)
    return moments.same * n * (n - 1) / 2.0, moments.shared * n * (n - 1) * (n - 2)


def weighted_covariance(moments: PairMoments, weights: FloatArray) -> FloatArray:
    """Covariance of the weighted mean over pairs, weights dealt to the drawn plants."""
    w = weights / weights.sum()
    p1, p2, p3, p4 = (float((w**q).sum()) for q in (1, 2, 3, 4))
    e2 = (p2**2 - p4) / 2.0
    t = p1**2 * p2 - 2 * p1 * p3 - p2**2 + 2 * p4
    u = ((p1**2 - p2) / 2.0) ** 2 - e2 - t
    qa, qb = _sums(moments)
    n = float(moments.n)
    found = e2 * 2 * qa / _falling(n, 2) + t * qb / _falling(n, 3)
    if moments.n >= 4:
        found = found - u * 4 * (qa + qb) / _falling(n, 4)
    out: FloatArray = found / ((p1**2 - p2) / 2.0) ** 2
    return out


def split_covariance(moments: PairMoments, n_a: int, n_b: int) -> FloatArray:
    """Covariance of the mean over pairs of a and b, both drawn from the pool.

    When the two fill the pool this is that of shuffled labels.
    """
    n = moments.n
    q2 = 2.0 * n_a * n_b / _falling(n, 2)
    q3 = n_a * n_b * (n_a + n_b - 2.0) / _falling(n, 3) if n >= 3 else 0.0
    q4 = 4.0 * _falling(n_a, 2) * _falling(n_b, 2) / _falling(n, 4) if n >= 4 else 0.0
    qa, qb = _sums(moments)
    out: FloatArray = ((q2 - q4) * qa + (q3 - q4) * qb) / (float(n_a) * n_b) ** 2
    return out


def held_field(
    a: FloatArray,
    weights: FloatArray,
    pool: FloatArray,
    matrix: FloatArray,
    width: float,
    distances: FloatArray | None = None,
) -> FloatArray:
    """Weighted mean of the kernel between every plant of the pool and those of a.

    `matrix` as in `pool_moments`; `distances` (n_pool, n_a) in place of those between the
    positions; gives (n_pool, n_distances).
    """
    share = weights / weights.sum()
    out = np.zeros((len(pool), matrix.shape[1]))
    beyond = np.vstack([matrix, np.zeros((1, matrix.shape[1]))])

    def run(first: int, last: int) -> None:
        part = slice(first, last)
        gap = cdist(pool[part], a) if distances is None else distances[part]
        out[first:last] = _row_histograms(gap, width, len(matrix), share) @ beyond

    step = max(1, min(_ROWS, 4_000_000 // max(len(a), 1)))
    by_rows(run, len(pool), threaded=True, rows=step)
    return out
