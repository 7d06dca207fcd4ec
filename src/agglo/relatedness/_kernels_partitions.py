"""Groups of the same items: pairs in common, numbers by size."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from agglo.core.partitions import joint_counts

if TYPE_CHECKING:
    from agglo.core.typing import IntArray


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
