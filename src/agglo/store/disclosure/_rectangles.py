"""Short proofs of safety: a hidden cell that moves along a rectangle of hidden cells.

Four hidden cells at the corners of a rectangle, siblings along both axes, can move in
turn up and down by the same amount while every published sum stays. Most cells are
proven safe so, without a linear program.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np

from agglo.core.typing import BoolArray, FloatArray, IntArray
from agglo.store.disclosure.cells import NOBODY, CellTable
from agglo.store.disclosure.hierarchy import Dimension

__all__ = ["OPEN", "PROVEN", "RESTED", "rectangle_proofs"]

OPEN, RESTED, PROVEN = 0, 1, 2
_CORNERS = 3


def rectangle_proofs(
    cells: CellTable,
    asked: IntArray,
    amount: FloatArray,
    *,
    up: bool,
    hidden: BoolArray,
    down: FloatArray,
    fall: FloatArray,
) -> tuple[IntArray, IntArray]:
    """Look for rectangles that let each asked cell move by its amount.

    Parameters
    ----------
    cells
        The table.
    asked
        Cells to be proven safe.
    amount
        How far each must be able to move.
    up
        Upwards or downwards.
    hidden
        Suppressed cells.
    down
        How far every cell may fall for an outsider.
    fall
        How far it may fall for its largest contributor; 0 when that one knows it.

    Returns
    -------
    tuple of numpy.ndarray
        ``PROVEN`` (against everybody), ``RESTED`` (against all but some contributors) or
        ``OPEN``; and these contributors, -1 where there are fewer than three.
    """
    # compiled code is loaded when there is something to prove
    from agglo.store.disclosure._kernels import search_rectangles

    state = np.full(asked.size, OPEN, np.int64)
    rest = np.full((asked.size, _CORNERS), NOBODY, np.int64)
    strides = np.array(
        [int(np.prod(cells.shape[axis + 1 :])) for axis in range(len(cells.shape))]
    )
    trees = [_siblings(d) for d in cells.dimensions]
    for one, two in combinations(range(len(cells.shape)), 2):
        search_rectangles(
            asked, amount, up,
            np.array(cells.shape), strides, one, two, *trees[one], *trees[two],
            hidden, down, fall, cells.first_holder, state, rest,
        )  # fmt: skip
    return state, rest


def _siblings(dimension: Dimension) -> tuple[IntArray, IntArray, IntArray]:
    """Children of every parent in a row, where they start, and everybody's parent."""
    child = np.flatnonzero(dimension.parent >= 0)
    order = child[np.argsort(dimension.parent[child], kind="stable")]
    counts = np.bincount(dimension.parent[child], minlength=dimension.size)
    return order, np.r_[0, np.cumsum(counts)], dimension.parent
