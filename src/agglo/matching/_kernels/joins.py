"""Joins of two lists on their cities, without a loop over pairs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from agglo.core.typing import FloatArray, IntArray

__all__ = ["best_of_group", "city_pairs", "distinct_per_group", "group_max"]


def city_pairs(
    left: IntArray, right: IntArray, n_cities: int
) -> tuple[IntArray, IntArray]:
    """Positions of all pairs of links in the same city, in the order of `left`."""
    order = np.argsort(right, kind="stable")
    count = np.bincount(right, minlength=n_cities)
    start = np.concatenate([[0], np.cumsum(count)])[:-1]
    each = count[left]
    one = np.repeat(np.arange(left.size), each)
    # position within the run of each left link
    offset = np.arange(one.size) - np.repeat(np.cumsum(each) - each, each)
    return one, order[start[left[one]] + offset]


def group_max(value: IntArray, group: IntArray, n: int, *, empty: int = 0) -> IntArray:
    """Maximum per group; `group` is sorted."""
    out = np.full(n, empty, dtype=np.int64)
    if value.size:
        start = np.flatnonzero(np.r_[True, group[1:] != group[:-1]])
        out[group[start]] = np.maximum.reduceat(value, start)
    return out


def distinct_per_group(group: IntArray, key: IntArray, n: int) -> IntArray:
    """Count the distinct keys per group."""
    width = int(key.max(initial=0)) + 1
    pairs = np.unique(group * width + key)
    return np.bincount(pairs // width, minlength=n)


def best_of_group(
    group: IntArray, score: FloatArray, tie: IntArray, n: int
) -> IntArray:
    """Position of the highest score per group, ties to the smallest `tie`; -1 if none."""
    order = np.lexsort((tie, -score, group))
    sorted_group = group[order]
    out = np.full(n, -1, dtype=np.int64)
    if order.size:
        start = np.flatnonzero(np.r_[True, sorted_group[1:] != sorted_group[:-1]])
        out[sorted_group[start]] = order[start]
    return out
