"""Exact optimal transport between two small sets of sites: a network simplex.

Masses are whole numbers, so flows are exact and the leaving arc is never in doubt; strongly
feasible trees keep the method from cycling.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numba
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agglo.core.typing import FloatArray, IntArray

__all__ = ["costs_between", "transport", "whole_masses"]

_UNITS = 1 << 44
# rows of arcs that are priced before the best of them enters
_ROWS = 2
# numbers are finite: what the compiler must know to take several at a time
_FINITE = {"nnan", "ninf", "nsz"}


def whole_masses(a: FloatArray, b: FloatArray) -> tuple[IntArray, IntArray]:
    """Two vectors of weights as whole numbers of one total, shares to 1e-13."""
    out = []
    for w in (a, b):
        share = w / w.sum()
        edges = np.rint(np.cumsum(share) * _UNITS).astype(np.int64)
        edges[-1] = _UNITS
        out.append(np.diff(edges, prepend=0))
    return out[0], out[1]


@numba.njit(cache=True, nogil=True)
def costs_between(a: FloatArray, b: FloatArray, power: float) -> FloatArray:
    """Distance to a power for every pair of sites."""
    out = np.empty((a.shape[0], b.shape[0]))
    x, y = b[:, 0].copy(), b[:, 1].copy()
    for i in range(a.shape[0]):
        for j in range(x.size):
            dx = a[i, 0] - x[j]
            dy = a[i, 1] - y[j]
            out[i, j] = dx * dx + dy * dy
    if power == 1.0:
        return np.sqrt(out)
    if power != 2.0:
        return out ** (power / 2.0)
    return out


class _Tree(NamedTuple):
    """Basis: a tree over sources, sinks and a root; children of a node are chained.

    The arc of a node and its parent carries `flow`; `up` when it runs to the parent.
    """

    parent: IntArray
    flow: IntArray
    up: NDArray[np.bool_]
    price: FloatArray
    depth: IntArray
    first: IntArray
    after: IntArray
    before: IntArray


@numba.njit(cache=True, nogil=True)
def _start(cost: FloatArray, supply: IntArray, demand: IntArray) -> _Tree:
    """Tree of artificial arcs: every node hangs on the root, sinks at a high price."""
    n = supply.size
    root = n + demand.size
    parent = np.full(root + 1, root)
    parent[root] = -1
    flow = np.zeros(root + 1, dtype=np.int64)
    flow[:n] = supply
    flow[n:root] = demand
    up = np.zeros(root + 1, dtype=np.bool_)
    up[:n] = True
    price = np.zeros(root + 1)
    price[n:root] = 1.0 + cost.max() * root
    depth = np.ones(root + 1, dtype=np.int64)
    depth[root] = 0
    first = np.full(root + 1, -1)
    first[root] = 0
    after = np.arange(1, root + 2)
    after[root - 1] = -1
    after[root] = -1
    before = np.arange(-1, root)
    before[root] = -1
    return _Tree(parent, flow, up, price, depth, first, after, before)


@numba.njit(cache=True, nogil=True, fastmath=_FINITE)
def _least(cost: FloatArray, price: FloatArray) -> float:
    """Least difference of two vectors, several entries at a time."""
    best = np.inf
    for j in range(cost.size):
        gap = cost[j] - price[j]
        best = min(gap, best)
    return best


@numba.njit(cache=True, nogil=True)
def _entering(
    cost: FloatArray, price: FloatArray, row: int, slack: float
) -> tuple[int, float, int]:
    """Most negative arc of the next two rows that have one: arc, reduced cost, next row.

    The arc is -1 where none is negative. Whole rows, because their least entry is found
    without a branch.
    """
    n, m = cost.shape
    sinks = price[n : n + m]
    best = -slack
    found = -1
    for k in range(n):
        reduced = _least(cost[row], sinks) + price[row]
        if reduced < best:
            best = reduced
            found = row
        row = row + 1 if row + 1 < n else 0
        if k % _ROWS == _ROWS - 1 and found >= 0:
            break
    if found < 0:
        return -1, 0.0, row
    column = 0
    least = np.inf
    for j in range(m):
        gap = cost[found, j] - sinks[j]
        if gap < least:
            least = gap
            column = j
    return found * m + column, least + price[found], row


@numba.njit(cache=True, nogil=True)
def _apex(tree: _Tree, u: int, v: int) -> int:
    """Lowest common ancestor."""
    while u != v:
        if tree.depth[u] >= tree.depth[v]:
            u = tree.parent[u]
        else:
            v = tree.parent[v]
    return u


@numba.njit(cache=True, nogil=True)
def _leaving(tree: _Tree, u: int, v: int, apex: int) -> tuple[int, bool, np.int64]:
    """Last blocking arc from the apex on: its lower node, whether on u's side, its flow.

    Mass turns around the cycle from u to v, up to the apex and down to u.
    """
    least = np.int64(9223372036854775807)
    leave = -1
    on_u = True
    a = u
    while a != apex:
        if tree.up[a] and tree.flow[a] < least:
            least = tree.flow[a]
            leave = a
        a = tree.parent[a]
    a = v
    while a != apex:
        if not tree.up[a] and tree.flow[a] <= least:
            least = tree.flow[a]
            leave = a
            on_u = False
        a = tree.parent[a]
    return leave, on_u, least


@numba.njit(cache=True, nogil=True)
def _push(tree: _Tree, u: int, v: int, apex: int, amount: np.int64) -> None:
    """Turn `amount` around the cycle."""
    while u != apex:
        tree.flow[u] += -amount if tree.up[u] else amount
        u = tree.parent[u]
    while v != apex:
        tree.flow[v] += amount if tree.up[v] else -amount
        v = tree.parent[v]


@numba.njit(cache=True, nogil=True)
def _hang(tree: _Tree, low: int, high: int, leave: int, path: IntArray) -> None:
    """Cut the arc above `leave` and hang its part of the tree by `low` on `high`."""
    count = 0
    a = low
    while True:
        path[count] = a
        count += 1
        if a == leave:
            break
        a = tree.parent[a]
    for k in range(count - 1, -1, -1):
        a = path[k]
        if tree.before[a] >= 0:
            tree.after[tree.before[a]] = tree.after[a]
        else:
            tree.first[tree.parent[a]] = tree.after[a]
        if tree.after[a] >= 0:
            tree.before[tree.after[a]] = tree.before[a]
    for k in range(count - 1, 0, -1):
        tree.flow[path[k]] = tree.flow[path[k - 1]]
        tree.up[path[k]] = not tree.up[path[k - 1]]
    for k in range(count):
        a = path[k]
        p = high if k == 0 else path[k - 1]
        tree.parent[a] = p
        tree.before[a] = -1
        tree.after[a] = tree.first[p]
        if tree.first[p] >= 0:
            tree.before[tree.first[p]] = a
        tree.first[p] = a


@numba.njit(cache=True, nogil=True)
def _reprice(tree: _Tree, low: int, shift: float, stack: IntArray) -> None:
    """Shift the prices of all below `low`, and set their depths."""
    stack[0] = low
    top = 1
    while top > 0:
        top -= 1
        a = stack[top]
        tree.price[a] += shift
        tree.depth[a] = tree.depth[tree.parent[a]] + 1
        c = tree.first[a]
        while c >= 0:
            stack[top] = c
            top += 1
            c = tree.after[c]


@numba.njit(cache=True, nogil=True)
def transport(
    cost: FloatArray, supply: IntArray, demand: IntArray
) -> tuple[float, FloatArray]:
    """Least cost of moving `supply` to `demand`, in units of mass, and node potentials.

    Potentials are (n + m,): cost[i, j] >= price[n + j] - price[i], equal where mass moves.
    Masses are above 0 and of one total.
    """
    n = supply.size
    m = demand.size
    tree = _start(cost, supply, demand)
    work = np.empty(n + m + 1, dtype=np.int64)
    slack = 1e-12 * (cost.max() + 1e-300)
    at = 0
    while True:
        arc, reduced, at = _entering(cost, tree.price, at, slack)
        if arc < 0:
            break
        u = arc // m
        v = n + arc % m
        apex = _apex(tree, u, v)
        leave, on_u, amount = _leaving(tree, u, v, apex)
        if amount > 0:
            _push(tree, u, v, apex, amount)
        low = u if on_u else v
        _hang(tree, low, v if on_u else u, leave, work)
        tree.flow[low] = amount
        tree.up[low] = on_u
        _reprice(tree, low, -reduced if on_u else reduced, work)
    total = 0.0
    for w in range(n + m):
        p = tree.parent[w]
        if p < n + m:
            between = cost[w, p - n] if w < n else cost[p, w - n]
            total += tree.flow[w] * between
    return total, tree.price[: n + m].copy()
