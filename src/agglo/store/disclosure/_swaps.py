"""Short proofs of safety: two codes of one dimension are swapped, and two of the other.

Take a leaf of each of two codes, with the nodes above it that are not above the other:
one such path up by an amount and the other down keeps every sum of the dimension. Along
both dimensions of a table at once, the cells at the crossings move in turn up and down
and every published sum stays: four cells where all codes are siblings without children,
more where the path has several nodes. Most cells are proven safe so, or by a flow along
more cells, without a linear program.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from agglo.core.typing import BoolArray, FloatArray, IntArray
from agglo.store.disclosure.cells import NOBODY, CellTable
from agglo.store.disclosure.hierarchy import Dimension

__all__ = ["MOST_BLOCKERS", "OPEN", "PROVEN", "RESTED", "Flows", "swap_proofs"]

OPEN, RESTED, PROVEN = 0, 1, 2
MOST_BLOCKERS = 16
_FLAT = 2


def swap_proofs(
    cells: CellTable,
    asked: IntArray,
    amount: FloatArray,
    *,
    up: bool,
    movable: BoolArray,
    down: FloatArray,
    fall: FloatArray,
) -> tuple[IntArray, IntArray]:
    """Look for swaps that let each asked cell move by its amount.

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
    movable
        Suppressed cells that stand in no other sums than those of their dimensions.
    down
        How far every cell may fall for an outsider.
    fall
        How far it may fall for its largest contributor; 0 when that one knows it.

    Returns
    -------
    tuple of numpy.ndarray
        ``PROVEN`` (against everybody), ``RESTED`` (against all but some contributors) or
        ``OPEN``; and these contributors, -1 where there are fewer.

    Notes
    -----
    Tables of two dimensions only: others are left to the linear programs.
    """
    state = np.full(asked.size, OPEN, np.int64)
    rest = np.full((asked.size, MOST_BLOCKERS), NOBODY, np.int64)
    if len(cells.shape) == _FLAT and asked.size:
        # compiled code is loaded when there is something to prove
        from agglo.store.disclosure._kernels import search_swaps

        one, two = cells.dimensions
        search_swaps(
            asked, amount, up, cells.shape[1],
            one.paths, *_leaves(one), two.paths, *_leaves(two),
            movable, down, fall, cells.first_holder, state, rest,
        )  # fmt: skip
    return state, rest


def _leaves(dimension: Dimension) -> tuple[IntArray, IntArray]:
    """Where the leaves below every node start, and these leaves in a row."""
    leaf = np.setdiff1d(np.arange(dimension.size), dimension.inner)
    paths = dimension.paths[leaf]
    rows, steps = np.nonzero(paths >= 0)
    node = paths[rows, steps]
    order = np.lexsort((leaf[rows], node))
    counts = np.bincount(node, minlength=dimension.size)
    return np.r_[0, np.cumsum(counts)], leaf[rows[order]]


@dataclass(frozen=True, eq=False)
class Flows:
    """Longer proofs: the move of a cell without cells below comes around as a flow.

    Every cell of the lowest level stands in two sums, one along each dimension. So sums
    are the nodes of a graph and movable cells its edges; along a way from one sum of a
    cell to the other, cells move in turn against it and with it.

    Parameters
    ----------
    cells
        The table.
    movable
        As for `swap_proofs`.
    down, up
        How far every cell may fall and rise for an outsider.
    """

    cells: CellTable
    movable: BoolArray
    down: FloatArray
    up: FloatArray

    @cached_property
    def _edges(self) -> tuple[IntArray, IntArray, IntArray, IntArray, IntArray]:
        """Cells, sums at both ends of each, and the cells at every sum."""
        one, two = self.cells.dimensions
        cell = np.flatnonzero(self.movable)
        a, b = np.divmod(cell, two.size)
        low = ~np.isin(a, one.inner) & ~np.isin(b, two.inner)
        cell, a, b = cell[low], a[low], b[low]
        first = one.parent[a] * two.size + b
        second = one.size * two.size + a * two.size + two.parent[b]
        nodes, ends = np.unique(np.r_[first, second], return_inverse=True)
        order = np.argsort(ends, kind="stable")
        starts = np.r_[0, np.cumsum(np.bincount(ends, minlength=nodes.size))]
        at = order % max(cell.size, 1)
        return cell, ends[: cell.size], ends[cell.size :], starts, at

    @cached_property
    def _place(self) -> IntArray:
        place = np.full(self.movable.size, -1, np.int64)
        cell = self._edges[0]
        place[cell] = np.arange(cell.size)
        return place

    def around(
        self, cell: int, amount: float, held: IntArray, fall: FloatArray
    ) -> tuple[IntArray, FloatArray] | None:
        """Give cells that move with `cell` so that every published sum stays.

        Parameters
        ----------
        cell
            The cell asked about.
        amount
            How far it moves; negative: down.
        held, fall
            Cells an attacker knows about, and how far they may fall for this attacker; a
            cell that may not fall at all does not rise either.

        Returns
        -------
        tuple or None
            All cells that move, and how far; whole numbers where the table has them.
            ``None`` where no flow of such cells was found: that is no proof of a breach.
        """
        if len(self.cells.shape) != _FLAT:
            return None
        from agglo.store.disclosure._kernels import search_flow

        at = int(self._place[cell])
        size = abs(amount)
        if at < 0 or (amount < 0 and self.down[cell] < size):
            return None
        edges, first, second, starts, order = self._edges
        room, rise = self.down[edges].copy(), self.up[edges].copy()
        mine = self._place[held]
        there = mine >= 0
        known = mine[there]
        room[known] = np.minimum(room[known], fall[there])
        rise[known[fall[there] <= 0]] = 0.0
        if self.cells.whole:
            room, rise = np.floor(room), np.floor(rise)
        comes, moved = search_flow(at, size, amount > 0, first, second, starts, order,
                                   room, rise)  # fmt: skip
        if not comes:
            return None
        met = np.flatnonzero(moved)
        return edges[met], moved[met]
