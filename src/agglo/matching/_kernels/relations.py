"""Relations of nodes and of sets of nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agglo.core.typing import BoolArray, IntArray

__all__ = ["ancestors", "best_pairs", "lca_level", "on_cycle", "relate"]

# positions in industries.VIA
_RELATED, _IO, _DIVISION, _ANCESTOR, _SAME = 1, 2, 3, 4, 5


def on_cycle(parent: IntArray) -> BoolArray:
    """Say which nodes never reach a root (parent -1) by following their parents."""
    reached = parent.copy()
    for _ in range(int(parent.size).bit_length() + 1):
        # doubling: after k rounds the pointer is 2**k steps up
        reached = np.where(reached >= 0, reached[reached], -1)
    stuck: BoolArray = reached >= 0
    # only those on the circle itself, not what hangs below it
    current = np.flatnonzero(stuck)
    above = np.zeros(parent.size, dtype=bool)
    for _ in range(parent.size):
        if current.size == 0:
            break
        counted = np.bincount(parent[current], minlength=parent.size)
        keep = current[counted[current] > 0]
        if keep.size == current.size:
            break
        current = keep
    above[current] = True
    return above


def ancestors(parent: IntArray, level: IntArray) -> IntArray:
    """Row of the ancestor at levels 1, 2, ..., shape (n, depth); -1 below the node."""
    n, depth = parent.size, int(level.max())
    out = np.full((n, depth), -1, dtype=np.int64)
    current = np.arange(n)
    for _ in range(depth):
        alive = np.flatnonzero(current >= 0)
        out[alive, level[current[alive]] - 1] = current[alive]
        current = np.where(current >= 0, parent[current], -1)
    return out


def lca_level(line: IntArray) -> IntArray:
    """Level of the lowest common ancestor of every pair, 0 when there is none."""
    depth = np.zeros((line.shape[0], line.shape[0]), dtype=np.int64)
    for k in range(line.shape[1]):
        column = line[:, k]
        depth += (column[:, None] == column[None, :]) & (column >= 0)[:, None]
    return depth


def relate(
    lca: IntArray,
    level: IntArray,
    *,
    division: int,
    contained: int,
    io: BoolArray,
    related: BoolArray,
) -> tuple[NDArray[np.int8], NDArray[np.int8]]:
    """Kind (0, 1, 2) and reason of every pair; the strongest reason wins."""
    n = level.size
    kind = np.zeros((n, n), dtype=np.int8)
    via = np.zeros((n, n), dtype=np.int8)
    inside = (lca == np.minimum(level[:, None], level[None, :])) & (lca >= division)
    rules = (
        (related, 1, _RELATED),
        (io, 1, _IO),
        (lca >= division, 1, _DIVISION),
        (inside, contained, _ANCESTOR),
        (np.eye(n, dtype=bool), 2, _SAME),
    )
    for mask, value, reason in rules:
        kind[mask] = value
        via[mask] = reason
    return kind, via


def best_pairs(
    rank: NDArray[np.int8], left: IntArray, right: IntArray
) -> tuple[NDArray[np.int8], NDArray[np.int16], NDArray[np.int16]]:
    """Best rank over node pairs of two lists of node sets, and the pair that gives it.

    `left` (s, a) and `right` (t, b) hold node rows padded with -1; `rank` (n, n) is 0 for
    unrelated. The first pair in the order of the sets wins ties.
    """
    s, t = left.shape[0], right.shape[0]
    best = np.zeros((s, t), dtype=np.int8)
    one = np.full((s, t), -1, dtype=np.int16)
    other = np.full((s, t), -1, dtype=np.int16)
    for i in range(left.shape[1]):
        for j in range(right.shape[1]):
            a, b = left[:, i], right[:, j]
            known = (a >= 0)[:, None] & (b >= 0)[None, :]
            value = np.where(known, rank[a[:, None], b[None, :]], 0).astype(np.int8)
            better = known & ((value > best) | (one < 0))
            best[better] = value[better]
            one[better] = np.broadcast_to(a[:, None], better.shape)[better]
            other[better] = np.broadcast_to(b[None, :], better.shape)[better]
    return best, one, other
