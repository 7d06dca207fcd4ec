"""Secondary suppression: which further cells must be hidden so that none can be worked out."""

from __future__ import annotations

from collections import deque

import numpy as np
from scipy import sparse

from agglo.core.errors import NotIdentifiedError, Problem
from agglo.core.parallel import Progress
from agglo.core.typing import BoolArray, FloatArray, IntArray
from agglo.store.disclosure._reach import Reach
from agglo.store.disclosure.audit import (
    Breach,
    Scene,
    find_breaches,
    knowledge_of,
    router_over,
)

__all__ = ["complementary_cells"]

_HIDDEN_COST = 1e-3


def complementary_cells(
    scene: Scene,
    *,
    earlier: BoolArray,
    public: BoolArray,
    progress: Progress | None = None,
) -> tuple[BoolArray, int]:
    """Choose the cells to hide: unsafe ones and the cheapest companions that protect them.

    Parameters
    ----------
    scene
        The table and its rules.
    earlier
        Cells hidden in earlier releases; preferred.
    public
        Cells known to everybody; never hidden.
    progress
        Told how far each audit is.

    Returns
    -------
    tuple
        Hidden or not, by cell; and against how many attackers the last audit held.

    Raises
    ------
    NotIdentifiedError
        When a cell cannot be protected: nothing may be released then.

    Notes
    -----
    First pass: relation by relation, the smallest companion whose value covers what is
    needed. Then audit and repair in turn: for every breach the attacker's program over
    all cells, where moving a cell that is not hidden yet costs its value; what it moves
    is hidden too. Every round hides at least one cell more, so it ends.
    """
    lost = np.flatnonzero(scene.unsafe & public)
    if lost.size:
        msg = "Unsafe cells are public already: they cannot be protected."
        raise NotIdentifiedError(
            msg,
            [_hopeless(scene, int(c), "it is public already") for c in lost],
        )
    size = np.abs(scene.cells.total)
    allowed = (size > 0) & ~public
    price = (1.0 + size) * np.where(earlier, 0.1, 1.0)
    hidden = _walk(scene, allowed, price)
    router: Reach | None = None
    place: IntArray = np.empty(0, np.int64)
    breaches: list[Breach] | None = None
    while True:
        breaches, n_attackers = find_breaches(scene, hidden, progress, breaches)
        if not breaches:
            return hidden, n_attackers
        if router is None:
            cost = np.where(hidden, _HIDDEN_COST, price)
            router, place = router_over(scene, allowed, cost)
        _repair(scene, breaches, hidden, router, place)


def _repair(
    scene: Scene,
    breaches: list[Breach],
    hidden: BoolArray,
    router: Reach,
    place: IntArray,
) -> None:
    """Hide what the cheapest route around each breach needs; `hidden` is filled."""
    movable = np.flatnonzero(place >= 0)
    knowledge = knowledge_of(scene, hidden)
    failed: set[int] = set()
    for breach in breaches:
        attacker = knowledge.attacker(breach.members)
        needed = (scene.upper if breach.direction > 0 else scene.lower)[breach.cell]
        route = router.route(
            int(place[breach.cell]),
            breach.direction * float(needed),
            held=place[attacker.cells],
            fall=attacker.fall,
        )
        if route is None:
            failed.add(breach.cell)
            continue
        fresh = movable[route.cells]
        fresh = fresh[~hidden[fresh]]
        if fresh.size:
            hidden[fresh] = True
            router.make_cheap(place[fresh], _HIDDEN_COST)
    if failed:
        msg = "No pattern of suppressed cells protects this table."
        raise NotIdentifiedError(
            msg,
            [_hopeless(scene, c, "no other cells can hide it") for c in sorted(failed)],
        )


def _hopeless(scene: Scene, cell: int, why: str) -> Problem:
    return Problem(
        code="cannot_protect",
        what=f"cell {scene.cells.label(cell)} cannot be protected: {why}",
        where=scene.cells.measure,
        fix="merge categories, publish a coarser table, or relax the policy",
    )


def _walk(scene: Scene, allowed: BoolArray, price: FloatArray) -> BoolArray:
    """First pass: give every relation with a hidden cell enough company."""
    rows = scene.matrix
    columns = sparse.csc_array(rows)
    hidden = scene.unsafe.copy()
    need = np.maximum(scene.upper, scene.lower)
    lone = scene.cells.contributors == 1
    size = np.abs(scene.cells.total)
    touched = np.unique(_rows_of(columns, np.flatnonzero(hidden)))
    queue, queued = deque(touched.tolist()), set(touched.tolist())
    while queue:
        row = queue.popleft()
        queued.discard(row)
        members = rows.indices[rows.indptr[row] : rows.indptr[row + 1]].astype(np.int64)
        for cell, amount in _company(members, hidden, need, size, lone, allowed, price):
            hidden[cell] = True
            need[cell] = max(need[cell], amount)
            for other in _rows_of(columns, np.array([cell])).tolist():
                if other != row and other not in queued:
                    queue.append(other)
                    queued.add(other)
    return hidden


def _rows_of(columns: sparse.csc_array, cells: IntArray) -> IntArray:
    parts = [columns.indices[columns.indptr[c] : columns.indptr[c + 1]] for c in cells]
    return np.concatenate(parts) if parts else np.empty(0, np.int64)


def _company(
    members: IntArray,
    hidden: BoolArray,
    need: FloatArray,
    size: FloatArray,
    lone: BoolArray,
    allowed: BoolArray,
    price: FloatArray,
) -> list[tuple[int, float]]:
    """Cells to add to one relation until its neediest hidden cell is covered."""
    inside = members[hidden[members]]
    free = members[allowed[members] & ~hidden[members]]
    room = float(size[members].sum())
    added: list[tuple[int, float]] = []
    while inside.size:
        missing = _missing(size[inside], lone[inside], np.minimum(need[inside], room))
        worst = int(np.argmax(missing))
        if missing[worst] <= 1e-9 * max(room, 1.0) or not free.size:
            break  # covered, or the programs of the audit decide
        enough = size[free] >= missing[worst]
        # the cheapest that covers alone, else the largest; ties by position
        rank = np.where(enough, price[free], np.inf)
        pick = int(np.argmin(rank)) if enough.any() else int(np.argmax(size[free]))
        added.append((int(free[pick]), float(need[inside[worst]])))
        inside, free = np.append(inside, free[pick]), np.delete(free, pick)
    return added


def _missing(gives: FloatArray, lone: BoolArray, need: FloatArray) -> FloatArray:
    """Give what each hidden cell lacks if the best informed contributor attacks."""
    known = np.where(lone, gives, 0.0)
    first = int(np.argmax(known))
    others = np.delete(known, first)
    most = np.full(gives.size, known[first])
    most[first] = others.max(initial=0.0)
    missing: FloatArray = need - (gives.sum() - gives - most)
    return missing
