"""Correlations with p-values, and the consistency of several columns."""

from __future__ import annotations

import numpy as np
from scipy.special import stdtr
from scipy.stats import rankdata

from agglo.core.typing import FloatArray, IntArray

__all__ = ["consistency", "correlation", "pairwise"]


def correlation(x: FloatArray, y: FloatArray) -> float:
    """Pearson correlation over the rows that have both; NaN without spread."""
    both = ~np.isnan(x) & ~np.isnan(y)
    a, b = x[both], y[both]
    if a.size < 3 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return float("nan")
    a, b = a - a.mean(), b - b.mean()
    return float(np.clip(a @ b / np.sqrt((a @ a) * (b @ b)), -1, 1))


def pairwise(
    x: FloatArray, *, by_rank: bool
) -> tuple[IntArray, IntArray, FloatArray, FloatArray, IntArray]:
    """Columns i < j, their correlation, its two-sided p-value and the rows used."""
    i, j = np.triu_indices(x.shape[1], 1)
    r, n = np.full(i.size, np.nan), np.zeros(i.size, dtype=np.int64)
    for at, (a, b) in enumerate(zip(i, j, strict=True)):
        both = ~np.isnan(x[:, a]) & ~np.isnan(x[:, b])
        n[at] = both.sum()
        pair = x[both][:, [a, b]]
        if by_rank and n[at]:
            pair = np.column_stack([rankdata(pair[:, 0]), rankdata(pair[:, 1])])
        r[at] = correlation(pair[:, 0], pair[:, 1])
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.abs(r) * np.sqrt((n - 2) / (1 - r**2))
    return i.astype(np.int64), j.astype(np.int64), r, 2 * stdtr(n - 2, -t), n


def consistency(x: FloatArray) -> float:
    """Cronbach's alpha of complete columns: k^2 mean covariance over total covariance."""
    k = x.shape[1]
    covariance = np.cov(x, rowvar=False)
    total = covariance.sum()
    between = (total - np.trace(covariance)) / (k * (k - 1))
    return float(k**2 * between / total) if total > 0 else float("nan")
