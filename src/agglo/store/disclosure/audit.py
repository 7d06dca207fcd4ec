"""The attacker audit: what can be worked out about every hidden cell."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy import sparse

from agglo.core.parallel import Progress
from agglo.core.typing import BoolArray, FloatArray, IntArray
from agglo.store.disclosure._reach import Reach
from agglo.store.disclosure._routes import Ranges, Remembered, Route
from agglo.store.disclosure._swaps import (
    MOST_BLOCKERS,
    OPEN,
    PROVEN,
    RESTED,
    Flows,
    swap_proofs,
)
from agglo.store.disclosure.attackers import Knowledge
from agglo.store.disclosure.cells import NOBODY, CellTable
from agglo.store.disclosure.hierarchy import relations
from agglo.store.disclosure.policy import DisclosurePolicy

__all__ = [
    "Breach",
    "Scene",
    "exact_ranges",
    "find_breaches",
    "knowledge_of",
    "router_over",
]


@dataclass(frozen=True, eq=False)
class Scene:
    """What is hidden, what must be protected, and how far every cell can move.

    Parameters
    ----------
    cells
        The table.
    policy
        The rules.
    matrix
        All relations by all cells.
    unsafe
        Cells the rules forbid.
    upper, lower
        Protection each of them needs.
    down
        How far a cell may fall: to zero, because everybody knows that.
    up
        How far a cell may rise: to the grand total and beyond.
    tied
        Cells in sums that are known beside those of the dimensions.
    """

    cells: CellTable
    policy: DisclosurePolicy
    matrix: sparse.csr_array
    unsafe: BoolArray
    upper: FloatArray
    lower: FloatArray
    down: FloatArray
    up: FloatArray
    tied: BoolArray

    @classmethod
    def of(
        cls,
        cells: CellTable,
        policy: DisclosurePolicy,
        sums: sparse.csr_array | None = None,
    ) -> Scene:
        """Judge every cell and lay out the relations, with `sums` that are known too."""
        unsafe, upper = cells.unsafe(policy)
        size = np.abs(cells.total)
        signed = bool((cells.total < 0).any())
        far = np.full(size.size, 2.0 * float(size.max(initial=0.0)) + 1.0)
        down = far if signed else size
        if policy.prior_ratio is not None:
            far = policy.prior_ratio * size
            down = np.minimum(down, far)
        matrix = relations(cells.dimensions)
        tied = np.zeros(size.size, bool)
        if sums is not None:
            matrix = sparse.csr_array(sparse.vstack([matrix, sums]))
            tied[sums.indices] = True
        return cls(
            cells=cells,
            policy=policy,
            matrix=matrix,
            unsafe=unsafe,
            upper=upper,
            lower=np.minimum(_whole(policy.lower_ratio * upper, cells.whole), down),
            down=down,
            up=far,
            tied=tied,
        )

    def without(self, waived: BoolArray) -> Scene:
        """Take cells off the list of those the rules forbid."""
        unsafe = self.unsafe & ~waived
        return replace(
            self,
            unsafe=unsafe,
            upper=np.where(unsafe, self.upper, 0.0),
            lower=np.where(unsafe, self.lower, 0.0),
        )


def _whole(level: FloatArray, whole: bool) -> FloatArray:
    return np.ceil(level - 1e-9) if whole else level


@dataclass(frozen=True)
class Breach:
    """A cell that an attacker comes too close to; no members: an outsider."""

    cell: int
    direction: int
    members: tuple[int, ...] = ()


def _prove_safe(
    audit: _Audit, again: Collection[Breach] | None, progress: Progress | None
) -> Iterator[tuple[Breach, Route | None]]:
    """Ask, for every unsafe cell, direction and attacker, for a proof that it is safe.

    Swaps of hidden cells prove most of it. What is left is sent along a flow or to the
    linear program; a route found for the outsider serves every attacker who knows nothing
    about the cells that move along it, so only the others ask for a route of their own,
    and pairs of contributors only when they stop every route found for anybody. Gives
    the question that no swap answers, and the route or ``None`` for a breach.
    """
    scene = audit.scene
    for turn, direction in enumerate((1, -1)):
        asked = np.flatnonzero(scene.unsafe)
        if again is not None:
            broken = {b.cell for b in again if b.direction == direction}
            asked = np.array(sorted(broken), np.int64)
        level = scene.upper if direction > 0 else scene.lower
        state, rest = _short_proofs(audit, asked, level[asked], up=direction > 0)
        for k in np.flatnonzero(state != PROVEN).tolist():
            if progress is not None:
                progress(turn * asked.size + k, 2 * asked.size)
            cell, amount = int(asked[k]), direction * float(level[asked[k]])
            if state[k] == RESTED:
                for holder in rest[k][rest[k] != NOBODY].tolist():
                    yield audit.ask(cell, amount, (holder,))
            else:
                yield from audit.ask_all(cell, amount)


def _short_proofs(
    audit: _Audit, asked: IntArray, amount: FloatArray, *, up: bool
) -> tuple[IntArray, IntArray]:
    """Prove what swaps of hidden cells can prove."""
    scene, hidden = audit.scene, audit.hidden & ~audit.scene.tied
    if scene.policy.prior_ratio is not None:
        # a cell that rises has limits then, which the search does not look at
        return np.full(asked.size, OPEN), np.full((asked.size, MOST_BLOCKERS), NOBODY)
    fall, moves = audit.knowledge.of_cell
    if scene.policy.coalition > 1:
        # only what nobody, alone or in a pair, can stop counts as a proof
        hidden, down = hidden & moves & (fall > 0), fall
        fall = np.full(hidden.size, np.inf)
    else:
        down = scene.down
        named = hidden & (scene.cells.first_holder != NOBODY)
        fall = np.where(named, fall, np.inf)
    return swap_proofs(
        scene.cells, asked, amount, up=up, movable=hidden, down=down, fall=fall
    )


@dataclass(frozen=True, eq=False)
class _Audit:
    """One pattern under attack."""

    scene: Scene
    hidden: BoolArray
    knowledge: Knowledge
    router: Reach
    place: IntArray
    movable: IntArray

    @classmethod
    def of(cls, scene: Scene, hidden: BoolArray) -> _Audit:
        router, place = router_over(scene, hidden, np.ones(hidden.size))
        knowledge = knowledge_of(scene, hidden)
        return cls(scene, hidden, knowledge, router, place, np.flatnonzero(place >= 0))

    @cached_property
    def flows(self) -> Flows:
        """Cells that stand in two sums each."""
        scene = self.scene
        return Flows(scene.cells, self.hidden & ~scene.tied, scene.down, scene.up)

    @cached_property
    def remembered(self) -> Remembered:
        """Routes that programs found."""
        scene = self.scene
        return Remembered(scene.down, scene.up, whole=scene.cells.whole)

    def ask(
        self, cell: int, amount: float, members: tuple[int, ...]
    ) -> tuple[Breach, Route | None]:
        """Look for a flow that answers one question, else put it to the program."""
        attacker = self.knowledge.attacker(members)
        question = Breach(cell, 1 if amount > 0 else -1, members)
        known = attacker.cells, attacker.fall
        flow = self.flows.around(cell, amount, *known)
        if flow is not None:
            return question, Route(*flow)
        found = self.remembered.recall(cell, amount, *known)
        if found is None:
            found = self.router.route(
                int(self.place[cell]),
                amount,
                held=self.place[attacker.cells],
                fall=attacker.fall,
            )
            if found is not None:
                found = Route(self.movable[found.cells], found.deviation)
                self.remembered.keep(found)
        return question, found

    def ask_all(
        self, cell: int, amount: float
    ) -> Iterator[tuple[Breach, Route | None]]:
        """Ask for the outsider, then for whoever stops every route found so far.

        `standing` holds the least sets of contributors that stop all of them: whoever
        else attacks is answered by a route already. Every set is asked about once.
        """
        limit = self.scene.policy.coalition
        own = int(self.scene.cells.first_holder[cell])
        standing: set[frozenset[int]] = {frozenset()}
        done: set[frozenset[int]] = set()
        lost: set[frozenset[int]] = set()
        while standing:
            members = min(standing, key=lambda m: (len(m), sorted(m)))
            question, route = self.ask(cell, amount, tuple(sorted(members)))
            yield question, route
            done.add(members)
            if route is None and not members:
                return  # an outsider already breaks it
            if route is None:
                # whoever knows more breaks it too
                lost.add(members)
            else:
                stops = self.knowledge.stopped_by(route.cells, route.deviation, own)
                standing = _still_standing(standing, stops, members, limit)
            standing = {m for m in standing - done if not _holds(lost, m)}


def _still_standing(
    standing: set[frozenset[int]],
    stops: set[frozenset[int]],
    answered: frozenset[int],
    limit: int,
) -> set[frozenset[int]]:
    """Give the least sets that stop one more route as well as all before it."""
    found = set()
    for members in standing:
        if members != answered and _holds(stops, members):
            found.add(members)
        else:
            joined = (members | s for s in stops)
            found |= {m for m in joined if len(m) <= limit}
    return {
        m for m in found if len(m) == 1 or not any(frozenset((a,)) in found for a in m)
    }


def _holds(sets: set[frozenset[int]], members: frozenset[int]) -> bool:
    """Say whether some contributors, or one of them alone, are among the sets."""
    return members in sets or any(frozenset((a,)) in sets for a in members)


def knowledge_of(scene: Scene, hidden: BoolArray) -> Knowledge:
    """Lay out what the contributors of hidden cells know.

    Parameters
    ----------
    scene
        The table and its rules.
    hidden
        Suppressed cells.

    Returns
    -------
    Knowledge
        By holding.
    """
    return Knowledge(scene.cells, hidden, scene.down, scene.policy.coalition)


def find_breaches(
    scene: Scene,
    hidden: BoolArray,
    progress: Progress | None = None,
    again: Collection[Breach] | None = None,
) -> tuple[list[Breach], int]:
    """Run the audit: every unsafe cell, both directions, every attacker.

    Parameters
    ----------
    scene
        The table and its rules.
    hidden
        Suppressed cells.
    progress
        Told how many of the questions have been put, and how many there are.
    again
        Breaches of an audit of fewer hidden cells: only these cells and directions are
        asked about. What could move then can still, for none of its cells has been
        published since; who knows of the new cells alone stops no route along the old.

    Returns
    -------
    tuple
        Breaches (empty when the pattern is safe) and the number of attackers.
    """
    bare = scene.unsafe & ~hidden
    open_cells = [Breach(int(c), d) for c in np.flatnonzero(bare) for d in (1, -1)]
    if open_cells:
        return open_cells, 1
    audit = _Audit.of(scene, hidden)
    proofs = _prove_safe(audit, again, progress)
    breaches = [b for b, route in proofs if route is None]
    return breaches, audit.knowledge.n_attackers


def router_over(
    scene: Scene, movable: BoolArray, cost: FloatArray
) -> tuple[Reach, IntArray]:
    """Build the router over some cells, and the position of every cell in it."""
    columns = np.flatnonzero(movable)
    place = np.full(movable.size, -1, np.int64)
    place[columns] = np.arange(columns.size)
    router = Reach(
        _bound_rows(scene.matrix, columns),
        scene.down[columns],
        scene.up[columns],
        cost[columns],
        whole=scene.cells.whole,
    )
    return router, place


def exact_ranges(
    scene: Scene, hidden: BoolArray
) -> tuple[IntArray, FloatArray, FloatArray]:
    """Give, for every unsafe cell, the least and greatest value an outsider can exclude.

    Parameters
    ----------
    scene
        The table and its rules.
    hidden
        Suppressed cells.

    Returns
    -------
    tuple of numpy.ndarray
        Cells, smallest and largest deviation from the true total.
    """
    columns = np.flatnonzero(hidden)
    place = np.full(hidden.size, -1, np.int64)
    place[columns] = np.arange(columns.size)
    found = np.flatnonzero(scene.unsafe & hidden)
    if not found.size:
        return found, np.zeros(0), np.zeros(0)
    program = Ranges(
        _bound_rows(scene.matrix, columns), scene.down[columns], scene.up[columns]
    )
    ends = np.array([program.of(int(place[c])) for c in found])
    return found, ends[:, 0], ends[:, 1]


def _bound_rows(matrix: sparse.csr_array, columns: IntArray) -> sparse.csr_array:
    """Keep the relations that bind at least one of the cells."""
    part = sparse.csr_array(sparse.csc_array(matrix)[:, columns])
    return sparse.csr_array(part[np.flatnonzero(np.diff(part.indptr))])
