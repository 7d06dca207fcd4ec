"""How far two partitions of the same items agree."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from agglo.core.typing import FloatArray, IntArray


def joint_counts(one: IntArray, other: IntArray) -> FloatArray:
    """Items by label in `one` and label in `other`."""
    k = int(other.max()) + 1
    counts = np.bincount(one * k + other, minlength=(int(one.max()) + 1) * k)
    return counts.reshape(-1, k).astype(np.float64)


def adjusted_rand(table: FloatArray) -> float:
    """Rand index above chance (Hubert and Arabie); 1 for the same partition."""
    n = table.sum()
    pairs = (table * (table - 1)).sum() / 2
    rows, columns = table.sum(axis=1), table.sum(axis=0)
    a, b = (rows * (rows - 1)).sum() / 2, (columns * (columns - 1)).sum() / 2
    whole = n * (n - 1) / 2
    if whole == 0:
        return 1.0
    expected, largest = a * b / whole, (a + b) / 2
    return (
        1.0 if largest == expected else float((pairs - expected) / (largest - expected))
    )


def mutual_information(table: FloatArray) -> float:
    """Mutual information over the mean entropy; 1 for the same partition."""
    p = table / table.sum()
    rows, columns = p.sum(axis=1), p.sum(axis=0)
    there = p > 0
    shared = float((p[there] * np.log(p[there] / np.outer(rows, columns)[there])).sum())
    mean = (_entropy(rows) + _entropy(columns)) / 2
    return 1.0 if mean == 0 else shared / mean


def _entropy(p: FloatArray) -> float:
    p = p[p > 0]
    return float(-(p * np.log(p)).sum())


def pairs_together(one: IntArray, other: IntArray) -> float:
    """Share of the pairs together in either that are together in both; NaN without any."""
    table = joint_counts(one, other)
    both = (table * (table - 1)).sum() / 2
    a = table.sum(axis=1)
    b = table.sum(axis=0)
    either = (a * (a - 1)).sum() / 2 + (b * (b - 1)).sum() / 2 - both
    return float(both / either) if either > 0 else float("nan")


def by_size(label: IntArray) -> IntArray:
    """Give numbers to groups from 0, the largest first; equal sizes by first member."""
    _, first, inverse, size = np.unique(
        label, return_index=True, return_inverse=True, return_counts=True
    )
    order = np.lexsort((first, -size))
    rank = np.empty(order.size, dtype=np.int64)
    rank[order] = np.arange(order.size)
    return rank[inverse.reshape(-1)]
