"""Skewness, kurtosis, Winsorising and logarithms of one indicator."""

from __future__ import annotations

import math

import numpy as np

from agglo.core.typing import FloatArray, IntArray

__all__ = ["logarithm", "passes", "shape_of", "winsorise"]


def shape_of(x: FloatArray) -> tuple[float, float]:
    """Sample skewness and excess kurtosis; NaN for fewer than 4 or equal values."""
    x = x[~np.isnan(x)]
    n = x.size
    if n < 4 or np.ptp(x) == 0:
        return math.nan, math.nan
    d = x - x.mean()
    m2 = np.sum(d**2)
    skew = math.sqrt(n) * np.sum(d**3) / m2**1.5 * math.sqrt(n * (n - 1)) / (n - 2)
    flat = n * np.sum(d**4) / m2**2 - 3
    kurtosis = ((n + 1) * flat + 6) * (n - 1) / ((n - 2) * (n - 3))
    return float(skew), float(kurtosis)


def passes(x: FloatArray, max_skew: float, max_kurtosis: float) -> bool:
    """Whether skewness or kurtosis is within its limit; NaN passes."""
    skew, kurtosis = shape_of(x)
    return math.isnan(skew) or abs(skew) < max_skew or kurtosis < max_kurtosis


def winsorise(
    x: FloatArray, winmax: int, max_skew: float, max_kurtosis: float
) -> tuple[FloatArray, IntArray]:
    """Pull in the extreme points until the shape passes.

    Gives the new values and where they were high (1) or low (-1).
    """
    out = x.copy()
    touched = np.zeros(x.size, dtype=np.int64)
    while (
        not passes(out, max_skew, max_kurtosis) and np.count_nonzero(touched) < winmax
    ):
        high = shape_of(out)[0] >= 0
        edge = np.nanmax(out) if high else np.nanmin(out)
        at = out == edge
        rest = out[~at & ~np.isnan(out)]
        out[at] = rest.max() if high else rest.min()
        touched[at] = 1 if high else -1
    return out, touched


def logarithm(x: FloatArray, method: str, lam: float) -> FloatArray:
    """Logarithm of a column in one of the five forms; keeps the order."""
    low, high = np.nanmin(x), np.nanmax(x)
    span = high - low
    if method == "log_gii":
        out = np.log((high - 1) * (x - low) / span + 1)
    elif method == "log_orig":
        out = np.log(x - low + 1)
    elif method == "boxcox":
        out = np.log(x) if lam == 0 else (x**lam - 1) / lam
    elif method == "log_ct_plus" and shape_of(x)[0] <= 0:
        out = -np.log(high + 0.01 * span - x)
    else:
        out = np.log(x - low + 0.01 * span)
    return np.asarray(out, dtype=np.float64)
