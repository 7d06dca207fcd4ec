"""Routes in large tables: near the cell first, in all that hangs together with it at last.

A cell that can move while only some cells near to it move is safe, whatever the rest of
the table does: a small linear program proves it. Only a cell without such a proof is put
to the program of its whole component, the cells that relations tie to it, which is exact.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from agglo.core.typing import BoolArray, FloatArray, IntArray
from agglo.store.disclosure._routes import Route, Router

__all__ = ["Reach"]

# cells of a component above which nearness pays; relations of the neighbourhoods, and
# how many cells of each lead on
_SMALL = 20_000
_NEAR = ((48, 12), (400, 40), (1_600, 150))


class Reach:
    """Finds routes for hidden cells, each in the smallest part of the table that has one.

    Parameters
    ----------
    matrix
        Relations by cells (the movable ones only).
    down, up
        How far each cell may fall and rise.
    cost
        Price of moving a cell by one.
    whole
        Whether cells move by whole numbers only.
    """

    def __init__(
        self,
        matrix: sparse.csr_array,
        down: FloatArray,
        up: FloatArray,
        cost: FloatArray,
        *,
        whole: bool = False,
    ) -> None:
        self._whole = whole
        self._rows, self._columns = matrix, sparse.csc_array(matrix)
        self._down, self._up, self._cost = down, up, cost.copy()
        self._degree = np.diff(self._columns.indptr)
        self._part = _components(matrix)
        self._size = np.bincount(self._part)
        self._routers: dict[int, tuple[Router, IntArray]] = {}

    def make_cheap(self, cells: IntArray, cost: float) -> None:
        """Set the price of cells that are hidden from now on."""
        self._cost[cells] = cost
        for part in np.unique(self._part[cells]).tolist():
            if part in self._routers:
                router, inside = self._routers[part]
                mine = cells[self._part[cells] == part]
                router.make_cheap(np.searchsorted(inside, mine), cost)

    def route(
        self,
        cell: int,
        amount: float,
        *,
        held: IntArray | None = None,
        fall: FloatArray | None = None,
    ) -> Route | None:
        """Move `cell` by `amount` (negative: down), or say that it cannot be done.

        Parameters
        ----------
        cell
            Position among the movable cells.
        amount
            How far it must move.
        held, fall
            Cells that an attacker knows about, and how far they may fall for this
            attacker; a cell that may not fall at all does not rise either.

        Returns
        -------
        Route or None
            The cells that move with it. ``None`` is exact: no route exists.

        Notes
        -----
        In a component of more than 20,000 cells the route is the cheapest of the first
        neighbourhood that has one, else the cheapest of all.
        """
        known = np.empty(0, np.int64) if held is None else held
        room = np.empty(0) if fall is None else fall
        if not self._has_room(cell, amount, known, room):
            return None
        part = int(self._part[cell])
        if part not in self._routers and self._size[part] > _SMALL:
            for inside in self._neighbourhoods(cell):
                found = self._within(
                    self._router(inside), inside, cell, amount, known, room
                )
                if found is not None:
                    return found
        if part not in self._routers:
            inside = np.flatnonzero(self._part == part)
            self._routers[part] = self._router(inside), inside
        router, inside = self._routers[part]
        return self._within(router, inside, cell, amount, known, room)

    def _has_room(
        self, cell: int, amount: float, known: IntArray, room: FloatArray
    ) -> bool:
        """Say whether every relation of the cell can take up what it moves by."""
        order = np.argsort(known)
        known, room = known[order], room[order]
        if amount < 0 and self._down[cell] < -amount:
            return False
        start, end = self._columns.indptr[cell : cell + 2]
        for row, sign in zip(
            self._columns.indices[start:end],
            self._columns.data[start:end],
            strict=True,
        ):
            first, last = self._rows.indptr[row : row + 2]
            members, signs = self._rows.indices[first:last], self._rows.data[first:last]
            others = members != cell
            # the others must together move by the opposite of it
            falls = (signs[others] > 0) == (sign * amount > 0)
            met = members[others]
            down, up = self._down[met], self._up[met]
            at, seen = _places(known, met)
            down[seen] = room[at[seen]]
            up[seen] = np.where(down[seen] > 0, up[seen], 0.0)
            can = float(down[falls].sum() + up[~falls].sum())
            if can < abs(amount) * (1 - 1e-9):
                return False
        return True

    def _neighbourhoods(self, cell: int) -> Iterator[IntArray]:
        """Give growing sets of cells whose relations all lie near."""
        size = 0
        for n_rows, leading in _NEAR:
            rows = self._near(cell, n_rows, leading)
            members = np.concatenate([self._members(r) for r in rows])
            met = np.bincount(members, minlength=self._degree.size)
            inside = np.flatnonzero((met == self._degree) & (met > 0))
            if inside.size > size:
                size = inside.size
                yield inside

    def _near(self, cell: int, n_rows: int, leading: int) -> list[int]:
        """Walk relations outward from a cell, over the cells with the most room."""
        taken: dict[int, None] = {}
        frontier = [cell]
        while frontier and len(taken) < n_rows:
            start = len(taken)
            for at in frontier:
                first, last = self._columns.indptr[at : at + 2]
                for row in self._columns.indices[first:last].tolist():
                    taken.setdefault(row)
            fresh = list(taken)[start:]
            met = [self._leading(row, leading) for row in fresh]
            frontier = list(dict.fromkeys(np.concatenate(met).tolist())) if met else []
        return list(taken)[: max(n_rows, self._degree[cell])]

    def _members(self, row: int) -> IntArray:
        members = self._rows.indices[
            self._rows.indptr[row] : self._rows.indptr[row + 1]
        ]
        return members.astype(np.int64)

    def _leading(self, row: int, n: int) -> IntArray:
        members = self._members(row)
        order = np.lexsort((members, -self._down[members], self._cost[members]))
        return members[order[:n]]

    def _router(self, inside: IntArray) -> Router:
        part = sparse.csr_array(self._columns[:, inside])
        bound = np.flatnonzero(np.diff(part.indptr))
        return Router(
            sparse.csr_array(part[bound]),
            self._down[inside],
            self._up[inside],
            self._cost[inside],
            whole=self._whole,
        )

    def _within(
        self,
        router: Router,
        inside: IntArray,
        cell: int,
        amount: float,
        known: IntArray,
        room: FloatArray,
    ) -> Route | None:
        """Ask the program of some cells; positions in and out are those of all cells."""
        at, there = _places(inside, known)
        found = router.route(
            int(np.searchsorted(inside, cell)),
            amount,
            held=at[there],
            fall=room[there],
        )
        return None if found is None else Route(inside[found.cells], found.deviation)


def _places(sorted_cells: IntArray, wanted: IntArray) -> tuple[IntArray, BoolArray]:
    """Give the place of every wanted cell, and whether it is there."""
    at = np.searchsorted(sorted_cells, wanted)
    there = at < sorted_cells.size
    there[there] = sorted_cells[at[there]] == wanted[there]
    return at, there


def _components(matrix: sparse.csr_array) -> IntArray:
    """Give the component of every cell: cells that share a relation hang together."""
    n_rows, n_cells = matrix.shape
    links = sparse.coo_array(matrix)
    ends = (links.row, links.col + n_rows)
    size = n_rows + n_cells
    graph = sparse.csr_array((np.ones(links.nnz, np.int8), ends), shape=(size, size))
    labels = connected_components(graph, directed=False)[1]
    return np.asarray(labels[n_rows:], dtype=np.int64)
