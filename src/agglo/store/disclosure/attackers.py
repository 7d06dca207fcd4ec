"""Who attacks a suppressed table, and what each of them knows beforehand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from agglo.core.typing import BoolArray, FloatArray, IntArray
from agglo.store.disclosure.cells import NOBODY, CellTable

__all__ = ["Attacker", "Knowledge"]


@dataclass(frozen=True, eq=False)
class Attacker:
    """Contributors who know their own part of some hidden cells.

    Parameters
    ----------
    members
        The holdings; empty for an outsider.
    cells
        Hidden cells they take part in, in rising order.
    fall
        How far these can fall in their eyes: the rest that is not their own.
    """

    members: tuple[int, ...]
    cells: IntArray
    fall: FloatArray


@dataclass(frozen=True, eq=False)
class Knowledge:
    """What contributors know about the hidden cells of a table.

    Parameters
    ----------
    table
        The table.
    hidden
        Suppressed cells.
    down
        How far every cell may fall for an outsider.
    size
        How many contributors may act together: 1, or 2. In pairs they know their parts of
        cells in which they are second, too.
    """

    table: CellTable
    hidden: BoolArray
    down: FloatArray
    size: int

    @cached_property
    def _parts(self) -> tuple[IntArray, IntArray, FloatArray]:
        """Holder, cell and own part, sorted by holder, then cell."""
        table = self.table
        known = np.flatnonzero(self.hidden & (table.first_holder != NOBODY))
        if table.largest is None:
            lone = table.contributors[known] == 1
            own = np.where(lone, np.abs(table.total[known]), 0.0)
        else:
            own = table.largest[known, 0]
        holder, cell = table.first_holder[known], known
        if self.size > 1 and table.second_holder is not None:
            more = np.flatnonzero(self.hidden & (table.second_holder != NOBODY))
            part = np.zeros(more.size)
            if table.largest is not None:
                part = table.largest[more, 1]
            holder = np.r_[holder, table.second_holder[more]]
            cell, own = np.r_[cell, more], np.r_[own, part]
        order = np.lexsort((cell, holder))
        return holder[order], cell[order], own[order]

    @cached_property
    def holders(self) -> IntArray:
        """Every holding that takes part, in rising order."""
        return np.unique(self._parts[0])

    @property
    def n_attackers(self) -> int:
        """Outsider, contributors, and pairs of them where these attack."""
        n = int(self.holders.size)
        return 1 + n + (n * (n - 1) // 2 if self.size > 1 else 0)

    def attacker(self, members: Sequence[int]) -> Attacker:
        """Give what some holdings know together.

        Parameters
        ----------
        members
            Holdings; none for an outsider.

        Returns
        -------
        Attacker
            Whoever knows all contributors but none knows the cell: it does not move.
        """
        holder, cell, own = self._parts
        spans = [
            np.arange(*np.searchsorted(holder, (m, m + 1))) for m in sorted(members)
        ]
        at = np.concatenate(spans) if spans else np.empty(0, np.int64)
        cells, group = np.unique(cell[at], return_inverse=True)
        together = np.bincount(group, weights=own[at], minlength=cells.size)
        fall = np.maximum(self.down[cells] - together, 0.0)
        # sums of parts must not leave a crumb of a cell that is all theirs
        all_known = np.bincount(group, minlength=cells.size)
        fall[all_known >= self.table.contributors[cells]] = 0.0
        return Attacker(tuple(sorted(members)), cells, fall)

    @cached_property
    def _falls(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """How far each cell falls for its first, its second holder, and for both."""
        holder, cell, own = self._parts
        first = holder == self.table.first_holder[cell]
        parts = np.zeros((2, self.down.size))
        parts[0, cell[first]], parts[1, cell[~first]] = own[first], own[~first]
        known = (parts[0], parts[1], parts.sum(axis=0))
        falls = []
        for amount, n in zip(known, (1, 1, 2), strict=True):
            fall = np.maximum(self.down - amount, 0.0)
            fall[n >= self.table.contributors] = 0.0
            falls.append(fall)
        return falls[0], falls[1], falls[2]

    def stopped_by(
        self, cells: IntArray, deviation: FloatArray, own: int
    ) -> set[frozenset[int]]:
        """Name the least sets of holdings for whom a route is impossible.

        Parameters
        ----------
        cells, deviation
            Hidden cells that move along the route, and how far.
        own
            The holding whose cell is asked about; it does not attack.

        Returns
        -------
        set of frozenset
            Single holdings, and pairs of which neither stops it alone.
        """
        one = self.table.first_holder[cells]
        two = np.full(cells.size, NOBODY)
        if self.size > 1 and self.table.second_holder is not None:
            two = self.table.second_holder[cells]
        alone: set[int] = set()
        for who, known in zip((one, two), self._falls[:2], strict=True):
            stops = (who != NOBODY) & _impossible(deviation, known[cells])
            alone |= set(who[stops].tolist())
        both = (one != NOBODY) & (two != NOBODY)
        both &= _impossible(deviation, self._falls[2][cells])
        pairs = {
            frozenset(pair)
            for pair in zip(one[both].tolist(), two[both].tolist(), strict=True)
            if not alone & set(pair)
        }
        return {s for s in ({frozenset([a]) for a in alone} | pairs) if own not in s}

    @cached_property
    def of_cell(self) -> tuple[FloatArray, BoolArray]:
        """How far each cell falls for the best informed attacker, and whether it moves."""
        table = self.table
        rest = self.down.astype(float).copy()
        if table.largest is not None:
            top = min(self.size, table.largest.shape[1])
            rest -= table.largest[:, :top].sum(axis=1)
        moves = (table.contributors > self.size) | ~self.hidden
        return np.where(moves, np.maximum(rest, 0.0), 0.0), moves


def _impossible(deviation: FloatArray, fall: FloatArray) -> BoolArray:
    """Say which cells cannot move so for somebody in whose eyes they fall by `fall`."""
    stops: BoolArray = (deviation < -fall) | (fall == 0.0)
    return stops
