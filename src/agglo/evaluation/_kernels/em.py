"""Missing values of a multivariate normal table: expectation and maximisation."""

from __future__ import annotations

import numpy as np

from agglo.core.typing import BoolArray, FloatArray

__all__ = ["normal_em"]

_STEPS = 2000
_TOLERANCE = 1e-9


def normal_em(x: FloatArray) -> tuple[FloatArray, bool]:
    """Give missing cells their expectation by the known ones of the row, and convergence.

    Columns are standardised inside; rows without any known value keep the means.
    """
    known = ~np.isnan(x)
    centre, spread = np.nanmean(x, axis=0), np.nanstd(x, axis=0)
    z = (x - centre) / np.where(spread > 0, spread, 1.0)
    patterns, row = np.unique(known, axis=0, return_inverse=True)
    rows = [np.flatnonzero(row.ravel() == g) for g in range(patterns.shape[0])]
    mean, cov = np.zeros(x.shape[1]), np.eye(x.shape[1])
    filled = np.where(known, z, 0.0)
    done = False
    for _ in range(_STEPS):
        extra = _expect(z, filled, patterns, rows, mean, cov)
        new = filled.mean(axis=0)
        gap = filled - new
        new_cov = (gap.T @ gap + extra) / x.shape[0]
        moved = max(np.abs(new - mean).max(), np.abs(new_cov - cov).max())
        mean, cov = new, new_cov
        if moved < _TOLERANCE:
            done = True
            break
    out = filled * np.where(spread > 0, spread, 1.0) + centre
    return np.where(known, x, out), done


def _expect(
    z: FloatArray,
    filled: FloatArray,
    patterns: BoolArray,
    rows: list[np.ndarray[tuple[int], np.dtype[np.int64]]],
    mean: FloatArray,
    cov: FloatArray,
) -> FloatArray:
    """Fill in place, pattern by pattern; give the sum of conditional covariances."""
    extra = np.zeros_like(cov)
    for pattern, at in zip(patterns, rows, strict=True):
        lost = ~pattern
        if not lost.any():
            continue
        slope = np.linalg.lstsq(
            cov[np.ix_(pattern, pattern)], cov[np.ix_(pattern, lost)], rcond=1e-10
        )[0]
        filled[np.ix_(at, lost)] = (
            mean[lost] + (z[np.ix_(at, pattern)] - mean[pattern]) @ slope
        )
        rest = cov[np.ix_(lost, lost)] - cov[np.ix_(lost, pattern)] @ slope
        extra[np.ix_(lost, lost)] += at.size * rest
    return extra
