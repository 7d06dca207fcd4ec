"""Distances to the nearest plant of an industry, and their exact moments under a null."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numba
import numpy as np
from scipy.spatial import cKDTree
from scipy.special import gammainc, gammaincc, gammaln, ndtr

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agglo.core.typing import FloatArray, IntArray

__all__ = [
    "Moments",
    "code_sums",
    "drawn_means",
    "lower_tail",
    "nearest_field",
    "nearest_in_matrix",
    "null_moments",
    "rarefied_weights",
    "resampled_effects",
    "resampled_in_matrix",
    "weighted_in_matrix",
    "weighted_neighbours",
]

_CHUNK = 4_000_000


def nearest_field(anchor: FloatArray, sites: FloatArray) -> FloatArray:
    """Distance from every site to the nearest of the anchor's plants."""
    return np.asarray(cKDTree(anchor).query(sites, workers=-1)[0])


def rarefied_weights(n_anchor: int, n: int, left: float) -> FloatArray:
    """Weights of the nearest, second nearest, ... of n random ones among n_anchor.

    C(n_anchor - r, n - 1) / C(n_anchor, n), cut where less than `left` remains.
    """
    r = np.arange(1, n_anchor - n + 2)
    log = _log_choose(n_anchor - r, n - 1) - _log_choose(n_anchor, n)
    weights: FloatArray = np.exp(log)
    rest = 1.0 - np.cumsum(weights)
    few = int(np.searchsorted(-rest, -left, side="left")) + 1
    return weights[:few]


def _log_choose(n: IntArray | int, k: int) -> FloatArray:
    m = np.asarray(n, dtype=np.float64)
    out: FloatArray = gammaln(m + 1) - gammaln(k + 1.0) - gammaln(m - k + 1)
    return out


def weighted_neighbours(
    anchor: FloatArray, sites: FloatArray, weights: FloatArray
) -> FloatArray:
    """Weighted distances to the nearest neighbours, (n_sites, n_columns).

    `weights` has one row per neighbour, the nearest first.
    """
    k, columns = weights.shape
    tree = cKDTree(anchor)
    out = np.empty((len(sites), columns))
    step = max(1, _CHUNK // k)
    for first in range(0, len(sites), step):
        found = tree.query(sites[first : first + step], k=range(1, k + 1), workers=-1)
        out[first : first + step] = found[0] @ weights
    return out


def nearest_in_matrix(
    matrix: FloatArray, anchor: FloatArray, sites: FloatArray
) -> FloatArray:
    """Do as `nearest_field` with a matrix; positions carry its rows in place of x."""
    part = matrix[np.ix_(sites[:, 0].astype(np.int64), anchor[:, 0].astype(np.int64))]
    return np.asarray(part.min(axis=1))


def weighted_in_matrix(
    matrix: FloatArray, anchor: FloatArray, sites: FloatArray, weights: FloatArray
) -> FloatArray:
    """Do as `weighted_neighbours` with a matrix."""
    part = matrix[np.ix_(sites[:, 0].astype(np.int64), anchor[:, 0].astype(np.int64))]
    out: FloatArray = np.sort(part, axis=1)[:, : len(weights)] @ weights
    return out


@numba.njit(cache=True, nogil=True)
def code_sums(
    f: FloatArray,
    site: IntArray,
    code: IntArray,
    weight: FloatArray,
    middle: float,
    n_codes: int,
) -> FloatArray:
    """Give sums per industry, (n_codes, 4): weighted f, and f, f², f³ around `middle`."""
    out = np.zeros((n_codes, 4))
    for i in range(code.size):
        value = f[site[i]]
        c = code[i]
        away = value - middle
        out[c, 0] += weight[i] * value
        out[c, 1] += away
        out[c, 2] += away * away
        out[c, 3] += away * away * away
    return out


@dataclass(frozen=True, slots=True, kw_only=True)
class Moments:
    """Mean, standard deviation and skewness of a mean over drawn plants."""

    mean: FloatArray
    sd: FloatArray
    skewness: FloatArray


def null_moments(
    n: FloatArray, sums: FloatArray, middle: float, powers: FloatArray
) -> Moments:
    """Exact moments of a weighted mean over plants drawn without replacement.

    `n` are the sizes of the pools; `sums` (…, 3) their sums of f, f², f³ around `middle`;
    `powers` (…, 3) the sums of the weights, of their squares and of their cubes.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = sums[..., 0] / n
        second = sums[..., 1] / n - mean**2
        third = sums[..., 2] / n - 3 * mean * sums[..., 1] / n + 2 * mean**3
        p1, p2, p3 = powers[..., 0], powers[..., 1], powers[..., 2]
        scatter = np.maximum(second, 0.0) * n / (n - 1)
        share = np.maximum(p2 / p1**2 - 1 / n, 0.0)
        variance = scatter * share
        cube = (
            p3
            - 3 * (p1 * p2 - p3) / (n - 1)
            + 2 * (p1**3 - 3 * p1 * p2 + 2 * p3) / ((n - 1) * (n - 2))
        )
        sd = np.sqrt(variance)
        skewness = third * cube / p1**3 / sd**3
    return Moments(mean=mean + middle, sd=sd, skewness=skewness)


def lower_tail(z: FloatArray, skewness: FloatArray) -> FloatArray:
    """Probability below `z` of a standardised Pearson type III law."""
    bent = np.where(np.abs(skewness) > 1e-4, skewness, 1.0)
    shape = 4.0 / bent**2
    at = shape + np.sign(bent) * z * np.sqrt(shape)
    at = np.maximum(at, 0.0)
    law = np.where(bent > 0, gammainc(shape, at), gammaincc(shape, at))
    out: FloatArray = np.where(np.abs(skewness) > 1e-4, law, ndtr(z))
    return np.where(np.isnan(z) | np.isnan(skewness), np.nan, out)


@numba.njit(cache=True, nogil=True, fastmath={"nnan", "ninf", "nsz"})
def _nearest_square(x: FloatArray, y: FloatArray, at_x: float, at_y: float) -> float:
    best = np.inf
    for k in range(x.size):
        square = (x[k] - at_x) ** 2 + (y[k] - at_y) ** 2
        best = min(square, best)
    return best


@numba.njit(cache=True, nogil=True)
def _mean_nearest(x: FloatArray, y: FloatArray, at: FloatArray) -> float:
    total = 0.0
    for i in range(at.shape[0]):
        total += np.sqrt(_nearest_square(x, y, at[i, 0], at[i, 1]))
    return total / at.shape[0]


@numba.njit(cache=True, nogil=True)
def resampled_effects(
    anchor: FloatArray,
    mover: FloatArray,
    pool: FloatArray,
    anchor_rows: IntArray,
    mover_rows: IntArray,
) -> FloatArray:
    """1 - mean distance of the mover over that of the pool, one per resample."""
    out = np.empty(anchor_rows.shape[0])
    for r in range(out.size):
        held = anchor[anchor_rows[r]]
        x, y = held[:, 0].copy(), held[:, 1].copy()
        near = _mean_nearest(x, y, mover[mover_rows[r]])
        out[r] = 1.0 - near / _mean_nearest(x, y, pool)
    return out


@numba.njit(cache=True, nogil=True)
def _mean_of_rows(away: FloatArray, rows: IntArray, held: IntArray) -> float:
    total = 0.0
    for i in range(rows.size):
        best = np.inf
        for k in range(held.size):
            best = min(best, away[rows[i], held[k]])
        total += best
    return total / rows.size


@numba.njit(cache=True, nogil=True)
def resampled_in_matrix(
    from_mover: FloatArray,
    from_pool: FloatArray,
    anchor_rows: IntArray,
    mover_rows: IntArray,
) -> FloatArray:
    """Do as `resampled_effects` with distances to the anchor, one row per plant."""
    out = np.empty(anchor_rows.shape[0])
    everybody = np.arange(from_pool.shape[0])
    for r in range(out.size):
        near = _mean_of_rows(from_mover, mover_rows[r], anchor_rows[r])
        out[r] = 1.0 - near / _mean_of_rows(from_pool, everybody, anchor_rows[r])
    return out


def drawn_means(
    rng: np.random.Generator, f: FloatArray, weights: FloatArray, draws: int
) -> FloatArray:
    """Weighted means over few plants drawn without replacement, (draws,)."""
    n = weights.size
    rows: NDArray[np.int64] = rng.integers(f.size, size=(draws, n))
    while True:
        ordered = np.sort(rows, axis=1)
        again = (ordered[:, 1:] == ordered[:, :-1]).any(axis=1)
        if not again.any():
            break
        if 4 * n * n > f.size:  # repeats are the rule: deal whole orders
            rows[again] = rng.random((int(again.sum()), f.size)).argsort(axis=1)[:, :n]
            break
        rows[again] = rng.integers(f.size, size=(int(again.sum()), n))
    out: FloatArray = f[rows] @ weights / weights.sum()
    return out
