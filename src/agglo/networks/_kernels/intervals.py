"""Intervals of shares and odds ratios, and corrections for several of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtr, ndtri

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from agglo.core.typing import FloatArray

__all__ = ["holm", "jeffreys", "log_odds_ratio", "two_sided", "z_of"]


def z_of(level: float) -> float:
    """Give the normal quantile of a two-sided interval."""
    return float(ndtri(0.5 + level / 2.0))


def two_sided(z: ArrayLike) -> FloatArray:
    """Give the two-sided normal p-value of z."""
    out: FloatArray = 2.0 * ndtr(-np.abs(np.asarray(z, dtype=np.float64)))
    return out


def jeffreys(
    count: ArrayLike, n: ArrayLike, level: float
) -> tuple[FloatArray, FloatArray]:
    """Give the equal-tailed interval under Jeffreys' prior; ends exact at 0 and n."""
    from scipy.special import betaincinv

    c, m = np.asarray(count, dtype=np.float64), np.asarray(n, dtype=np.float64)
    tail = (1.0 - level) / 2.0
    with np.errstate(invalid="ignore"):
        lower = betaincinv(c + 0.5, m - c + 0.5, tail)
        upper = betaincinv(c + 0.5, m - c + 0.5, 1.0 - tail)
    lower = np.where(c == 0, 0.0, lower)
    upper = np.where(c == m, 1.0, upper)
    none = ~(m > 0)
    return np.where(none, np.nan, lower), np.where(none, np.nan, upper)


def log_odds_ratio(table: FloatArray) -> tuple[float, float]:
    """Give ln of the odds ratio of a 2 x 2 table and its error; 0.5 added if a cell is 0."""
    cells = table + 0.5 if (table == 0).any() else table
    (a, b), (c, d) = cells
    return float(np.log(a * d / (b * c))), float(np.sqrt((1.0 / cells).sum()))


def holm(p: FloatArray) -> FloatArray:
    """Adjust p-values by Holm's step-down rule; NaN stays NaN and is not counted."""
    out = np.full(p.shape, np.nan)
    known = np.flatnonzero(~np.isnan(p))
    order = known[np.argsort(p[known], kind="stable")]
    steps = p[order] * np.arange(order.size, 0, -1)
    out[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return out
