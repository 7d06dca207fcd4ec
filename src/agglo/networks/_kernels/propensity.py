"""Odds of crossing a border: weighted 2 x 2 tables, pooled over strata, or with effects."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from agglo.core.typing import BoolArray, FloatArray, IntArray

__all__ = ["clustered_log_odds", "logit_with_effects", "mantel_haenszel"]

_MAX_ITERATIONS = 200
_TOLERANCE = 1e-9
_LARGEST = 25.0


def clustered_log_odds(y: FloatArray, w: FloatArray) -> tuple[float, float]:
    """Give ln OR of a class (membership w in [0, 1]) and its error over units.

    With whole memberships the error is Woolf's; 0.5 is added if a cell is 0.
    """
    n = 1.0 - w
    cells = np.array([w @ y, w @ (1.0 - y), n @ y, n @ (1.0 - y)])
    if (cells <= 1e-12).any():
        cells = cells + 0.5
        return _log_odds(cells), float(np.sqrt((1.0 / cells).sum()))
    a, b, c, d = cells
    influence = y * (w / a - n / c) - (1.0 - y) * (w / b - n / d)
    return _log_odds(cells), float(np.sqrt(influence @ influence))


def _log_odds(cells: FloatArray) -> float:
    a, b, c, d = cells
    return float(np.log(a * d / (b * c)))


def mantel_haenszel(
    y: FloatArray, w: FloatArray, stratum: IntArray, n_strata: int
) -> tuple[float, float]:
    """Give the pooled ln OR and its error (Robins, Breslow and Greenland)."""
    n = 1.0 - w
    a, b, c, d = (
        np.bincount(stratum, v, n_strata)
        for v in (w * y, w * (1.0 - y), n * y, n * (1.0 - y))
    )
    total = a + b + c + d
    ok = total > 0
    a, b, c, d, total = a[ok], b[ok], c[ok], d[ok], total[ok]
    r, s = a * d / total, b * c / total
    top, bottom = r.sum(), s.sum()
    if top <= 0 or bottom <= 0:
        return np.nan, np.nan
    p, q = (a + d) / total, (b + c) / total
    variance = (
        (p @ r) / (2.0 * top**2)
        + (p @ s + q @ r) / (2.0 * top * bottom)
        + (q @ s) / (2.0 * bottom**2)
    )
    return float(np.log(top / bottom)), float(np.sqrt(variance))


def logit_with_effects(
    y: FloatArray, x: FloatArray, region: IntArray, n_regions: int
) -> tuple[FloatArray, FloatArray, BoolArray, bool]:
    """Fit P(y) = logistic(effect of the region + x b); errors clustered by region.

    Gives b, its covariance, the regions used (those in which y varies) and whether it
    settled. The effects are eliminated exactly by weighted demeaning in each step.
    """
    ones = np.bincount(region, y, n_regions)
    number = np.bincount(region, minlength=n_regions)
    varies = (ones > 0) & (ones < number)
    keep = varies[region]
    y, x = y[keep], x[keep]
    code = (np.cumsum(varies) - 1)[region[keep]]
    n = int(varies.sum())
    k = x.shape[1]
    none = np.full(k, np.nan), np.full((k, k), np.nan), varies, False
    if n < 2 or y.size <= k + n:
        return none
    share = np.clip(np.bincount(code, y, n) / np.bincount(code, minlength=n), 1e-6, 1)
    effect = np.log(share / np.maximum(1.0 - share, 1e-6))
    b = np.zeros(k)
    for _ in range(_MAX_ITERATIONS):
        eta = np.clip(effect[code] + x @ b, -_LARGEST, _LARGEST)
        mu = 1.0 / (1.0 + np.exp(-eta))
        v = mu * (1.0 - mu)
        work = eta + (y - mu) / v
        within, mean_x, mean_z = _demeaned(x, work, v, code, n)
        xs, zs = within
        gram = xs.T @ (v[:, None] * xs)
        if np.linalg.matrix_rank(gram) < k:
            return none
        step = np.linalg.solve(gram, xs.T @ (v * zs))
        new = mean_z - mean_x @ step
        change = max(float(np.abs(step - b).max()), float(np.abs(new - effect).max()))
        b, effect = step, new
        if change < _TOLERANCE:
            return b, _sandwich(y, x, b, effect, code, n), varies, True
    return none


def _demeaned(
    x: FloatArray, z: FloatArray, v: FloatArray, code: IntArray, n: int
) -> tuple[tuple[FloatArray, FloatArray], FloatArray, FloatArray]:
    total = np.bincount(code, v, n)
    mean_z = np.bincount(code, v * z, n) / total
    mean_x = np.column_stack(
        [np.bincount(code, v * x[:, j], n) / total for j in range(x.shape[1])]
    )
    return (x - mean_x[code], z - mean_z[code]), mean_x, mean_z


def _sandwich(
    y: FloatArray,
    x: FloatArray,
    b: FloatArray,
    effect: FloatArray,
    code: IntArray,
    n: int,
) -> FloatArray:
    mu = 1.0 / (1.0 + np.exp(-(effect[code] + x @ b)))
    v = mu * (1.0 - mu)
    (xs, _), _, _ = _demeaned(x, y, v, code, n)
    bread = np.linalg.inv(xs.T @ (v[:, None] * xs))
    score = xs * (y - mu)[:, None]
    by_region = np.column_stack(
        [np.bincount(code, score[:, j], n) for j in range(x.shape[1])]
    )
    meat = by_region.T @ by_region * (n / (n - 1.0))
    return np.asarray(bread @ meat @ bread)
