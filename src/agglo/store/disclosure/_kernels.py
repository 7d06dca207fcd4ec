"""Searches for swaps and flows of hidden cells, compiled."""

from __future__ import annotations

import numpy as np
from numba import njit

from agglo.core.typing import BoolArray, FloatArray, IntArray

__all__ = ["search_flow", "search_swaps"]

# leaves looked at below a cell and beside it, and crossings tried for each cell
_BELOW, _BESIDE, _TRIES = 16, 512, 4_096
# ways around that one move may be parted between
_PARTS = 64


@njit(cache=True)
def _can(
    cell: int, falls: bool, amount: float, movable: BoolArray, down: FloatArray
) -> bool:
    """Say whether a cell is hidden and has room for an outsider."""
    return bool(movable[cell] and (not falls or down[cell] >= amount))


@njit(cache=True)
def _below(  # noqa: PLR0917  compiled: no keywords
    node: int,
    start: int,
    stride: int,
    falls: bool,
    amount: float,
    paths: IntArray,
    first: IntArray,
    leaves: IntArray,
    movable: BoolArray,
    down: FloatArray,
    out: IntArray,
) -> int:
    """Collect leaves below a node from which every cell up to it can move."""
    n = 0
    for i in range(first[node], first[node + 1]):
        good, step = True, 0
        while good and paths[leaves[i], step] != node:
            at = start + paths[leaves[i], step] * stride
            good = _can(at, falls, amount, movable, down)
            step += 1
        if good:
            out[n] = leaves[i]
            n += 1
            if n == out.size:
                break
    return n


@njit(cache=True)
def _beside(  # noqa: PLR0917  compiled: no keywords
    node: int,
    start: int,
    stride: int,
    falls: bool,
    amount: float,
    paths: IntArray,
    first: IntArray,
    leaves: IntArray,
    movable: BoolArray,
    down: FloatArray,
    out: IntArray,
) -> int:
    """Collect leaves not below a node, near ones first, that can take up its move."""
    n, below = 0, node
    for level in range(1, paths.shape[1]):
        above = paths[node, level]
        if above < 0:
            break
        for i in range(first[above], first[above + 1]):
            good, step = True, 0
            while good and paths[leaves[i], step] != above:
                other = paths[leaves[i], step]
                good = other != below and _can(
                    start + other * stride, not falls, amount, movable, down
                )
                step += 1
            if good:
                out[n] = leaves[i]
                n += 1
                if n == out.size:
                    return n
        below = above
        # further up the node above moves, too
        if above == 0 or not _can(start + above * stride, falls, amount, movable, down):
            break
    return n


@njit(cache=True)
def _parted(paths: IntArray, one: int, two: int, nodes: IntArray) -> int:
    """Write the nodes above `one` that are not above `two`; give their number."""
    n = 0
    for i in range(paths.shape[1]):
        node = paths[one, i]
        if node < 0:
            break
        for j in range(paths.shape[1]):
            if paths[two, j] == node:
                return n
        nodes[n] = node
        n += 1
    return n


@njit(cache=True)
def _cross(  # noqa: PLR0917  compiled: no keywords
    cell: int,
    up: bool,
    amount: float,
    stride: int,
    rows: IntArray,
    n_rows: IntArray,
    columns: IntArray,
    n_columns: IntArray,
    movable: BoolArray,
    down: FloatArray,
    fall: FloatArray,
    holder: IntArray,
    found: IntArray,
) -> int:
    """Let the crossings move; give how many holders stop it, -1 if it cannot be."""
    n, own = 0, holder[cell]
    for i in range(2):
        for j in range(2):
            falls = up if i != j else not up
            for x in range(n_rows[i]):
                for y in range(n_columns[j]):
                    at = rows[i, x] * stride + columns[j, y]
                    if not _can(at, falls, amount, movable, down):
                        return -1
                    who = holder[at]
                    if at == cell or who < 0 or who == own:
                        continue
                    if fall[at] > 0.0 and not (falls and fall[at] < amount):
                        continue
                    known = False
                    for k in range(n):
                        known = known or found[k] == who
                    if known:
                        continue
                    if n == found.size:
                        return -1
                    found[n] = who
                    n += 1
    return n


@njit(cache=True)
def _narrow(rest: IntArray, found: IntArray, n: int) -> int:
    """Keep the holders that this crossing does not answer either."""
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
def search_swaps(  # noqa: PLR0917  compiled: no keywords
    asked: IntArray,
    amounts: FloatArray,
    up: bool,
    stride: int,
    paths1: IntArray,
    first1: IntArray,
    leaves1: IntArray,
    paths2: IntArray,
    first2: IntArray,
    leaves2: IntArray,
    movable: BoolArray,
    down: FloatArray,
    fall: FloatArray,
    holder: IntArray,
    state: IntArray,
    rest: IntArray,
) -> None:
    """Search swaps along both axes for every asked cell; `state` and `rest` are filled."""
    found = np.empty(rest.shape[1], np.int64)
    own1, own2 = np.empty(_BELOW, np.int64), np.empty(_BELOW, np.int64)
    other1, other2 = np.empty(_BESIDE, np.int64), np.empty(_BESIDE, np.int64)
    rows = np.empty((2, paths1.shape[1]), np.int64)
    columns = np.empty((2, paths2.shape[1]), np.int64)
    n_rows, n_columns = np.empty(2, np.int64), np.empty(2, np.int64)
    for k in range(asked.size):
        cell, amount = asked[k], amounts[k]
        a, b = cell // stride, cell % stride
        if a == 0 or b == 0 or not _can(cell, not up, amount, movable, down):
            continue
        line = a * stride
        n_own1 = _below(a, b, stride, not up, amount, paths1, first1, leaves1,
                        movable, down, own1)  # fmt: skip
        n_own2 = _below(b, line, 1, not up, amount, paths2, first2, leaves2,
                        movable, down, own2)  # fmt: skip
        n_other1 = _beside(a, b, stride, not up, amount, paths1, first1, leaves1,
                           movable, down, other1)  # fmt: skip
        n_other2 = _beside(b, line, 1, not up, amount, paths2, first2, leaves2,
                           movable, down, other2)  # fmt: skip
        tries = n_own1 * n_own2 * n_other1 * n_other2
        for t in range(min(tries, _TRIES)):
            y = other2[t % n_other2]
            x = other1[t // n_other2 % n_other1]
            b0 = own2[t // (n_other2 * n_other1) % n_own2]
            a0 = own1[t // (n_other2 * n_other1 * n_own2)]
            n_rows[0] = _parted(paths1, a0, x, rows[0])
            n_rows[1] = _parted(paths1, x, a0, rows[1])
            n_columns[0] = _parted(paths2, b0, y, columns[0])
            n_columns[1] = _parted(paths2, y, b0, columns[1])
            n = _cross(cell, up, amount, stride, rows, n_rows, columns, n_columns,
                       movable, down, fall, holder, found)  # fmt: skip
            if n < 0:
                continue
            if state[k] == 0:
                state[k] = 1
                rest[k, :n] = found[:n]
                left = n
            else:
                left = _narrow(rest[k], found, n)
            if left == 0:
                state[k] = 2
                break


@njit(cache=True)
def search_flow(  # noqa: PLR0912, PLR0917  compiled: no keywords
    asked: int,
    amount: float,
    up: bool,
    first: IntArray,
    second: IntArray,
    starts: IntArray,
    order: IntArray,
    room: FloatArray,
    rise: FloatArray,
) -> tuple[bool, FloatArray]:
    """Send the move of the asked edge from one of its sums around to the other one.

    Breadth first, along ways with room for all of it where there are any, else in parts.
    From a sum along the first axis the next cell moves against the asked one, from one
    along the second axis with it. Gives whether all of it comes around, and the moves.
    """
    n_nodes = starts.size - 1
    moved = np.zeros(first.size)
    came, queue = np.empty(n_nodes, np.int64), np.empty(n_nodes, np.int64)
    goal, left = second[asked], amount
    crumb = 1e-9 * amount
    whole_way = True
    for _ in range(_PARTS):
        need = left if whole_way else crumb
        came[:] = -1
        queue[0], head, tail = first[asked], 0, 1
        came[first[asked]] = asked
        while head < tail and came[goal] < 0:
            node = queue[head]
            head += 1
            for i in range(starts[node], starts[node + 1]):
                edge = order[i]
                along = first[edge] == node
                other = second[edge] if along else first[edge]
                if edge == asked or came[other] >= 0:
                    continue
                if along == up:
                    has = moved[edge] + room[edge]
                else:
                    has = rise[edge] - moved[edge]
                if has < need or has <= 0.0:
                    continue
                came[other] = edge
                queue[tail] = other
                tail += 1
        if came[goal] < 0:
            if not whole_way:
                return False, moved
            whole_way = False
            continue
        part, node = left, goal
        for step in range(2):
            node = goal
            while node != first[asked]:
                edge = came[node]
                along = second[edge] == node
                if step == 0:
                    has = (
                        moved[edge] + room[edge]
                        if along == up
                        else rise[edge] - moved[edge]
                    )
                    part = min(part, has)
                else:
                    moved[edge] += -part if along == up else part
                node = first[edge] if along else second[edge]
        left -= part
        if left <= crumb:
            moved[asked] = amount if up else -amount
            return True, moved
    return False, moved
