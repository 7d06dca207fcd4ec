"""Ranks that hold for all items at once, from redrawn scores, on arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from agglo.core.typing import FloatArray

# differences that are this small are rounding
_SAME = 1e-9


@njit(cache=True)  # type: ignore[untyped-decorator]
def _largest(base: FloatArray, sims: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Give the spread of the difference of two items, and each draw's largest root."""
    n, draws = sims.shape
    spread = np.zeros((n, n))
    largest = np.zeros(draws)
    root = np.empty(draws)
    for i in range(n):
        for j in range(i + 1, n):
            apart = base[i] - base[j]
            count, total, square = 0, 0.0, 0.0
            for b in range(draws):
                d = sims[i, b] - sims[j, b] - apart
                root[b] = d
                if np.isfinite(d):
                    count += 1
                    total += d
                    square += d * d
            if count < 2:
                spread[i, j] = spread[j, i] = np.nan
                continue
            variance = (square - total * total / count) / (count - 1)
            sd = np.sqrt(max(variance, 0.0))
            spread[i, j] = spread[j, i] = sd
            if sd <= _SAME:
                continue
            for b in range(draws):
                if np.isfinite(root[b]):
                    largest[b] = max(largest[b], abs(root[b]) / sd)
    return spread, largest


def joint_ranks(
    base: FloatArray, sims: FloatArray, level: float
) -> tuple[FloatArray, FloatArray]:
    """Give the lowest and highest rank (1 the highest score) of every item, all at once.

    `sims` (draws, n) are redrawn scores. An item is below another where the interval of
    their difference, of one width in standard deviations for all pairs, excludes 0.
    """
    spread, largest = _largest(base, np.ascontiguousarray(sims.T))
    critical = float(np.quantile(largest, level, method="higher"))
    apart = base[None, :] - base[:, None]
    above = apart > critical * spread + _SAME
    low = 1.0 + above.sum(axis=1)
    high = base.size - above.sum(axis=0).astype(np.float64)
    return low, high
