"""The attacker audit: what can be worked out about every hidden cell."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from agglo.core.typing import BoolArray, FloatArray, IntArray
from agglo.store.disclosure._reach import Reach
from agglo.store.disclosure._rectangles import PROVEN, RESTED, rectangle_proofs
from agglo.store.disclosure._routes import Ranges, Route
from agglo.store.disclosure.cells import NOBODY, CellTable
from agglo.store.disclosure.hierarchy import relations
from agglo.store.disclosure.policy import DisclosurePolicy

__all__ = ["Attacker", "Breach", "Scene", "attackers_of", "find_breaches", "prove_safe"]

OUTSIDER = -1


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
    """

    cells: CellTable
    policy: DisclosurePolicy
    matrix: sparse.csr_array
    unsafe: BoolArray
    upper: FloatArray
    lower: FloatArray
    down: FloatArray
    up: FloatArray

    @classmethod
    def of(cls, cells: CellTable, policy: DisclosurePolicy) -> Scene:
        """Judge every cell and lay out the relations."""
        unsafe, upper = cells.unsafe(policy)
        size = np.abs(cells.total)
        signed = bool((cells.total < 0).any())
        far = np.full(size.size, 2.0 * float(size.max(initial=0.0)) + 1.0)
        down = far if signed else size
        return cls(
            cells=cells,
            policy=policy,
            matrix=relations(cells.dimensions),
            unsafe=unsafe,
            upper=upper,
            lower=np.minimum(_whole(policy.lower_ratio * upper, cells.whole), down),
            down=down,
            up=far,
        )


def _whole(level: FloatArray, whole: bool) -> FloatArray:
    return np.ceil(level - 1e-9) if whole else level


@dataclass(frozen=True, eq=False)
class Attacker:
    """A contributor who knows its own part of some hidden cells.

    Parameters
    ----------
    holder
        Which holding; -1 for an outsider.
    cells
        Hidden cells it takes part in as the largest.
    fall
        How far these can fall in its eyes: the rest that is not its own.
    """

    holder: int
    cells: IntArray
    fall: FloatArray


@dataclass(frozen=True)
class Breach:
    """A cell that an attacker comes too close to."""

    cell: int
    direction: int
    attacker: int


def attackers_of(scene: Scene, hidden: BoolArray) -> list[Attacker]:
    """List the outsider and every holding that is first in a hidden cell.

    Parameters
    ----------
    scene
        The table and its rules.
    hidden
        Suppressed cells.

    Returns
    -------
    list of Attacker
        The outsider first, then by holding.
    """
    cells = scene.cells
    known = np.flatnonzero(hidden & (cells.first_holder != NOBODY))
    if cells.largest is None:
        own = np.where(cells.contributors[known] == 1, cells.total[known], 0.0)
    else:
        own = cells.largest[known, 0]
    fall = np.maximum(scene.down[known] - np.abs(own), 0.0)
    # a sole contributor knows the cell; sums of its parts must not leave a crumb
    fall[cells.contributors[known] == 1] = 0.0
    order = np.argsort(cells.first_holder[known], kind="stable")
    holders, starts = np.unique(cells.first_holder[known][order], return_index=True)
    parts = np.split(order, starts[1:])
    found = [Attacker(OUTSIDER, np.empty(0, np.int64), np.empty(0))]
    for holder, part in zip(holders.tolist(), parts, strict=False):
        found.append(Attacker(int(holder), known[part], fall[part]))
    return found


def prove_safe(
    scene: Scene, hidden: BoolArray
) -> Iterator[tuple[Breach, Route | None]]:
    """Ask, for every unsafe cell, direction and attacker, for a proof that it is safe.

    Rectangles of hidden cells prove most of it. What is left goes to the linear program;
    a route found for the outsider serves every attacker who knows nothing about the
    cells that move along it, so only the others ask for a program of their own.

    Parameters
    ----------
    scene
        The table and its rules.
    hidden
        Suppressed cells.

    Yields
    ------
    tuple
        The question put to a linear program, and the route or ``None`` for a breach.
    """
    router, place = router_over(scene, hidden, np.ones(hidden.size))
    attackers = {a.holder: a for a in attackers_of(scene, hidden)}
    fall = np.full(hidden.size, np.inf)
    for attacker in attackers.values():
        fall[attacker.cells] = attacker.fall
    asked = np.flatnonzero(scene.unsafe)
    for direction, level in ((1, scene.upper), (-1, scene.lower)):
        state, rest = rectangle_proofs(
            scene.cells, asked, level[asked], up=direction > 0,
            hidden=hidden, down=scene.down, fall=fall,
        )  # fmt: skip
        for k in np.flatnonzero(state != PROVEN).tolist():
            holders = (
                rest[k][rest[k] != NOBODY].tolist() if state[k] == RESTED else None
            )
            yield from _programs(
                int(asked[k]), direction, float(level[asked[k]]),
                holders, attackers, scene, router, place,
            )  # fmt: skip


def _programs(
    cell: int,
    direction: int,
    amount: float,
    holders: list[int] | None,
    attackers: dict[int, Attacker],
    scene: Scene,
    router: Reach,
    place: IntArray,
) -> Iterator[tuple[Breach, Route | None]]:
    """Ask the linear program: the outsider first unless only some holders are left."""
    start = int(place[cell])
    if holders is None:
        route = router.route(start, direction * amount)
        yield Breach(cell, direction, OUTSIDER), route
        if route is None:
            return
        touched = np.flatnonzero(place >= 0)[route.cells]
        met = set(scene.cells.first_holder[touched].tolist()) & set(attackers)
        holders = [
            h
            for h in sorted(met - {OUTSIDER, int(scene.cells.first_holder[cell])})
            if not _satisfies(route, place, attackers[h])
        ]
    for holder in holders:
        attacker = attackers[holder]
        yield (
            Breach(cell, direction, holder),
            router.route(
                start,
                direction * amount,
                held=place[attacker.cells],
                fall=attacker.fall,
            ),
        )


def _satisfies(route: Route, place: IntArray, attacker: Attacker) -> bool:
    """Say whether a route respects what the attacker knows."""
    where = {
        int(place[c]): float(f)
        for c, f in zip(attacker.cells, attacker.fall, strict=True)
    }
    for cell, move in zip(route.cells.tolist(), route.deviation.tolist(), strict=True):
        fall = where.get(cell)
        if fall is not None and (move < -fall or fall == 0.0):
            return False
    return True


def find_breaches(scene: Scene, hidden: BoolArray) -> tuple[list[Breach], int]:
    """Run the audit: every unsafe cell, both directions, every attacker.

    Parameters
    ----------
    scene
        The table and its rules.
    hidden
        Suppressed cells.

    Returns
    -------
    tuple
        Breaches (empty when the pattern is safe) and the number of attackers.
    """
    bare = scene.unsafe & ~hidden
    open_cells = [
        Breach(int(c), d, OUTSIDER) for c in np.flatnonzero(bare) for d in (1, -1)
    ]
    if open_cells:
        return open_cells, 1
    breaches = [b for b, route in prove_safe(scene, hidden) if route is None]
    return breaches, len(attackers_of(scene, hidden))


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
