"""Intervals by leaving out groups of regions in turn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from agglo.core.typing import BoolArray, FloatArray

__all__ = ["jackknife_interval", "region_groups"]


def region_groups(size: FloatArray, n_groups: int) -> tuple[BoolArray, ...]:
    """Deal regions into groups of like total, the largest first.

    Parameters
    ----------
    size
        Size of every region.
    n_groups
        Number of groups; at most the number of regions.

    Returns
    -------
    tuple of numpy.ndarray of bool
        One mask per group; together they are all regions.
    """
    order = np.argsort(-size, kind="stable")
    n = min(n_groups, size.size)
    place = np.arange(size.size)
    # there and back: the first group does not get the larger one every time
    turn = np.where((place // n) % 2 == 0, place % n, n - 1 - place % n)
    group = np.empty(size.size, dtype=np.int64)
    group[order] = turn
    return tuple(group == g for g in range(n))


def jackknife_interval(
    estimate: FloatArray, parts: Sequence[FloatArray], level: float
) -> tuple[FloatArray, FloatArray]:
    """Give the delete-a-group interval of an estimate.

    Parameters
    ----------
    estimate
        With all regions.
    parts
        The same without one group each.
    level
        Coverage.

    Returns
    -------
    lower, upper : numpy.ndarray of float64
        NaN with fewer than three parts, or where a part is undefined.
    """
    n = len(parts)
    if n < 3:
        blank = np.full(estimate.shape, np.nan)
        return blank, blank.copy()
    from scipy import stats

    stacked = np.stack(parts)
    spread = ((stacked - stacked.mean(axis=0)) ** 2).sum(axis=0)
    error = np.sqrt((n - 1.0) / n * spread)
    reach = float(stats.t.ppf((1.0 + level) / 2.0, n - 1)) * error
    return estimate - reach, estimate + reach
