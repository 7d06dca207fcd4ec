"""Breaks of a series by least squares: arrays in, arrays out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from agglo.core.typing import FloatArray, IntArray

__all__ = ["find_breaks"]

_FLOOR = 1e-12


@njit(cache=True)
def _segments(y: FloatArray, least: int, trend: bool) -> FloatArray:
    """Sum of squares of every segment [i, j), infinite where it is too short."""
    n = y.size
    out = np.full((n + 1, n + 1), np.inf)
    for i in range(n):
        m, st, sy, stt, sty, syy = 0, 0.0, 0.0, 0.0, 0.0, 0.0
        for j in range(i, n):
            t, v = float(j - i), y[j]
            m += 1
            st += t
            sy += v
            stt += t * t
            sty += t * v
            syy += v * v
            if m < least:
                continue
            total = syy - sy * sy / m
            spread = stt - st * st / m
            if trend and spread > 0:
                total -= (sty - st * sy / m) ** 2 / spread
            out[i, j + 1] = max(total, 0.0)
    return out


@njit(cache=True)
def find_breaks(
    y: FloatArray, least: int, most: int, trend: bool
) -> tuple[IntArray, FloatArray]:
    """First position of every later segment for each number of breaks, and its BIC.

    Row m of the first array has m positions, then -1; the number of breaks is the row with
    the smallest BIC.
    """
    n = y.size
    cost = _segments(y, least, trend)
    best = np.full((most + 1, n + 1), np.inf)
    cut = np.zeros((most + 1, n + 1), dtype=np.int64)
    best[0] = cost[0]
    for m in range(1, most + 1):
        for j in range(1, n + 1):
            for i in range(1, j):
                total = best[m - 1, i] + cost[i, j]
                if total < best[m, j]:
                    best[m, j] = total
                    cut[m, j] = i
    where = np.full((most + 1, most), -1, dtype=np.int64)
    bic = np.full(most + 1, np.inf)
    scale = max(cost[0, n] / n, _FLOOR)
    for m in range(most + 1):
        if not np.isfinite(best[m, n]):
            continue
        free = (m + 1) * (2 if trend else 1) + m
        bic[m] = n * np.log(max(best[m, n] / n, _FLOOR * scale)) + free * np.log(n)
        end = n
        for k in range(m, 0, -1):
            end = cut[k, end]
            where[m, k - 1] = end
    return where, bic
