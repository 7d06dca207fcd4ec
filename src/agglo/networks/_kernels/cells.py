"""Grouping of rows by several codes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from agglo.core.typing import FloatArray, IntArray

__all__ = ["Cells", "cell_table", "distinct_per_cell", "joint_key", "ordered_ends"]

_LARGEST = 2**62

Cells = tuple["IntArray", "IntArray"]


def joint_key(codes: Sequence[IntArray], sizes: Sequence[int]) -> IntArray:
    """Give one number per combination of codes, in the order of the combinations."""
    key: IntArray = np.zeros(codes[0].shape, dtype=np.int64)
    span = 1
    for code, size in zip(codes, sizes, strict=True):
        if span * max(size, 1) >= _LARGEST:
            # compact so that the product cannot overflow; the order stays
            packed = np.unique(key, return_inverse=True)[1]
            key = packed.reshape(-1).astype(np.int64)
            span = int(key.max(initial=0)) + 1
        key = key * max(size, 1) + code
        span *= max(size, 1)
    return key


def cell_table(key: IntArray) -> Cells:
    """Give each row's cell (numbered in key order) and the first row of every cell."""
    _, first, cell = np.unique(key, return_index=True, return_inverse=True)
    return cell.reshape(-1).astype(np.int64), first.astype(np.int64)


def distinct_per_cell(cell: IntArray, item: IntArray, n_cells: int) -> IntArray:
    """Count the distinct items in every cell."""
    n_items = int(item.max(initial=0)) + 1
    pairs = np.unique(cell * n_items + item)
    return np.bincount(pairs // n_items, minlength=n_cells).astype(np.int64)


def ordered_ends(
    one: Sequence[IntArray],
    other: Sequence[IntArray],
    swap_where: FloatArray | IntArray,
) -> tuple[list[IntArray], list[IntArray]]:
    """Put the lower end first, compared code by code, where `swap_where` is not zero."""
    later = np.zeros(one[0].shape, dtype=np.bool_)
    tied = np.ones(one[0].shape, dtype=np.bool_)
    for a, b in zip(one, other, strict=True):
        later |= tied & (a > b)
        tied &= a == b
    swap = later & (swap_where != 0)
    return (
        [np.where(swap, b, a) for a, b in zip(one, other, strict=True)],
        [np.where(swap, a, b) for a, b in zip(one, other, strict=True)],
    )
