"""Moran's I and its permutations: arrays in, arrays out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from agglo.core.typing import FloatArray

__all__ = [
    "conditional_lags",
    "cross_moran",
    "normal_moments",
    "permuted_moran",
    "quadrants",
    "rate_scores",
    "standard_scores",
]


def standard_scores(y: FloatArray) -> FloatArray:
    """Give deviations over the standard deviation; NaN for a constant."""
    away = y - y.mean()
    spread = np.sqrt((away**2).mean())
    # a constant that was computed is constant up to rounding only
    if spread <= 1e-12 * max(np.abs(y).max(), 1.0):
        return np.full(y.shape, np.nan)
    return away / spread


def rate_scores(count: FloatArray, base: FloatArray) -> FloatArray:
    """Give deviations of rates from the common rate over their own spread.

    Assunção and Reis (1999), section 3: the variance of a rate is that of the true rates,
    found by moments, and the sampling part b / base. Where the moments leave nothing the
    sampling part stands alone.
    """
    common = count.sum() / base.sum()
    rate = count / base
    spread = (base * (rate - common) ** 2).sum() / base.sum()
    between = spread - common / base.mean()
    sampling = common / base
    variance = between + sampling
    variance = np.where(variance > 0, variance, sampling)
    with np.errstate(divide="ignore", invalid="ignore"):
        return (rate - common) / np.sqrt(variance)


def cross_moran(z: FloatArray, u: FloatArray, w: csr_array) -> FloatArray:
    """Give I of scores z (n,) against the lags of u, (n,) or (n, draws)."""
    columns = u.reshape(z.size, -1)
    return z @ (w @ columns) / w.sum()


def permuted_moran(
    rng: np.random.Generator, size: int, z: FloatArray, u: FloatArray, w: csr_array
) -> FloatArray:
    """Give I of `size` random relabellings of the map."""
    order = rng.permuted(np.tile(np.arange(z.size), (size, 1)), axis=1)
    # with one variable its own values move; with two the pairing of z and W stays
    left = z[order] if u is z else np.broadcast_to(z, order.shape)
    lag = (w @ u[order].T).T
    return np.einsum("dn,dn->d", left, lag) / w.sum()


def normal_moments(w: csr_array) -> tuple[float, float]:
    """Give expectation and standard deviation of I under normality (Cliff and Ord)."""
    n = w.shape[0]
    s0 = float(w.sum())
    both = (w + w.T).tocsr()
    s1 = 0.5 * float((both.data**2).sum())
    sums = np.asarray(w.sum(axis=1)).ravel() + np.asarray(w.sum(axis=0)).ravel()
    s2 = float((sums**2).sum())
    expectation = -1.0 / (n - 1) if n > 1 else np.nan
    if s0 == 0 or n < 3:
        return expectation, np.nan
    variance = (n * n * s1 - n * s2 + 3 * s0**2) / (
        s0**2 * (n * n - 1)
    ) - expectation**2
    return expectation, float(np.sqrt(max(variance, 0.0)))


def conditional_lags(
    rng: np.random.Generator, size: int, z: FloatArray, w: csr_array
) -> FloatArray:
    """Give lags when every place keeps its value and its neighbours get others' values.

    One permutation of the other n − 1 places per draw is shared by all places: place i
    reads the first of it as its neighbours. Places are judged one by one, so only the
    distribution at each place matters.
    """
    n = z.size
    degree = np.diff(w.indptr)
    most = int(degree.max(initial=0))
    if most == 0:
        return np.zeros((size, n))
    row = np.repeat(np.arange(n), degree)
    place = np.arange(w.nnz) - np.repeat(w.indptr[:-1], degree)
    others = np.tile(np.arange(n - 1), (size, 1))
    drawn = rng.permuted(others, axis=1)[:, :most][:, place]
    # positions among the others: skip the place itself
    drawn += drawn >= row
    weighted = w.data * z[drawn]
    out = np.zeros((size, n))
    filled = np.flatnonzero(degree)
    out[:, filled] = np.add.reduceat(weighted, w.indptr[:-1][filled], axis=1)
    return out


def quadrants(z: FloatArray, lag: FloatArray) -> NDArray[np.str_]:
    """Name the quadrant of the Moran scatter plot; empty where undefined."""
    high, around = z > 0, lag > 0
    names = np.where(
        high,
        np.where(around, "high-high", "high-low"),
        np.where(around, "low-high", "low-low"),
    )
    return np.where(np.isnan(z), "", names)
