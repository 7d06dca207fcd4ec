"""Search for rectangles of hidden cells, compiled."""

from __future__ import annotations

import numpy as np
from numba import njit

from agglo.core.typing import BoolArray, FloatArray, IntArray

__all__ = ["search_rectangles"]


@njit(cache=True)
def _blocks(
    cell: int,
    falls: bool,
    amount: float,
    fall: FloatArray,
    holder: IntArray,
    own: int,
    found: IntArray,
    n: int,
) -> int:
    """Add the holder for whom this corner cannot move; give the new count."""
    who = holder[cell]
    if who < 0 or who == own:
        return n
    if fall[cell] == 0.0 or (falls and fall[cell] < amount):
        found[n] = who
        return n + 1
    return n


@njit(cache=True)
def _narrow(rest: IntArray, found: IntArray, n: int) -> int:
    """Keep the holders that this rectangle does not answer either."""
    left = 0
    for i in range(rest.size):
        if rest[i] < 0:
            continue
        stays = False
        for j in range(n):
            stays = stays or found[j] == rest[i]
        if stays:
            rest[left] = rest[i]
            left += 1
    for i in range(left, rest.size):
        rest[i] = -1
    return left


@njit(cache=True)
def search_rectangles(  # noqa: PLR0912, PLR0917  compiled: no keywords
    asked: IntArray,
    amounts: FloatArray,
    up: bool,
    shape: IntArray,
    strides: IntArray,
    one: int,
    two: int,
    order1: IntArray,
    start1: IntArray,
    parent1: IntArray,
    order2: IntArray,
    start2: IntArray,
    parent2: IntArray,
    hidden: BoolArray,
    down: FloatArray,
    fall: FloatArray,
    holder: IntArray,
    state: IntArray,
    rest: IntArray,
) -> None:
    """Search the siblings of every asked cell; `state` and `rest` are filled."""
    found = np.empty(3, np.int64)
    for k in range(asked.size):
        cell, amount = asked[k], amounts[k]
        a = cell // strides[one] % shape[one]
        b = cell // strides[two] % shape[two]
        if state[k] == 2 or parent1[a] < 0 or parent2[b] < 0:
            continue
        if not up and down[cell] < amount:
            continue
        own = holder[cell]
        for x in range(start1[parent1[a]], start1[parent1[a] + 1]):
            c = order1[x]
            same_column = cell + (c - a) * strides[one]
            if c == a or not hidden[same_column]:
                continue
            if up and down[same_column] < amount:
                continue
            for y in range(start2[parent2[b]], start2[parent2[b] + 1]):
                d = order2[y]
                same_row = cell + (d - b) * strides[two]
                corner = same_column + (d - b) * strides[two]
                if d == b or not hidden[same_row] or not hidden[corner]:
                    continue
                if up and down[same_row] < amount:
                    continue
                if not up and down[corner] < amount:
                    continue
                n = _blocks(same_column, up, amount, fall, holder, own, found, 0)
                n = _blocks(same_row, up, amount, fall, holder, own, found, n)
                n = _blocks(corner, not up, amount, fall, holder, own, found, n)
                if state[k] == 0:
                    state[k] = 1
                    for i in range(3):
                        rest[k, i] = found[i] if i < n else -1
                    left = n
                else:
                    left = _narrow(rest[k], found, n)
                if left == 0:
                    state[k] = 2
                    break
            if state[k] == 2:
                break
