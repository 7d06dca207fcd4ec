"""Trees, thresholds and a layout of a proximity, on arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from agglo.core._kernels import louvain, modularity, seeded

if TYPE_CHECKING:
    from agglo.core.typing import BoolArray, FloatArray, IntArray


def pairs_of(phi: FloatArray) -> tuple[IntArray, IntArray, FloatArray]:
    """Give the pairs with a positive proximity, each once, by position."""
    a, b = np.nonzero(np.triu(np.nan_to_num(phi), 1) > 0)
    return a, b, phi[a, b]


def tree_pairs(a: IntArray, b: IntArray, weight: FloatArray, n: int) -> BoolArray:
    """Mark the pairs of the maximum spanning forest; ties to the smaller pair.

    The order of pairs is made a strict one first, so any algorithm finds the same tree.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import minimum_spanning_tree

    order = np.lexsort((b, a, -weight))
    rank = np.empty(order.size)
    rank[order] = np.arange(1, order.size + 1)
    tree = minimum_spanning_tree(coo_array((rank, (a, b)), shape=(n, n))).tocoo()
    keep = np.zeros(order.size, dtype=bool)
    keep[order[tree.data.astype(np.int64) - 1]] = True
    return keep


def parts_of(a: IntArray, b: IntArray, n: int) -> IntArray:
    """Give the connected part of every node."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    graph = coo_array((np.ones(a.size), (a, b)), shape=(n, n))
    return connected_components(graph, directed=False)[1].astype(np.int64)


def average_degree_threshold(
    weight: FloatArray, n: int, target: float, step: float
) -> float:
    """Give the first multiple of `step` above which the mean degree is at most `target`.

    NaN when there is none below 1. The multiple is not added up: many proximities are
    simple fractions, and rounding would change which of them are above.
    """
    for k in range(int(np.ceil(1 / step - 1e-9))):
        threshold = round(k * step, 12)
        if 2 * np.sum(weight > threshold) / n <= target:
            return threshold
    return float("nan")


def significant(
    a: IntArray, b: IntArray, weight: FloatArray, n: int, level: float
) -> BoolArray:
    """Mark pairs that stand out at either end (disparity filter)."""
    strength = np.bincount(a, weight, n) + np.bincount(b, weight, n)
    degree = np.bincount(a, minlength=n) + np.bincount(b, minlength=n)
    keep = np.zeros(a.size, dtype=bool)
    for end in (a, b):
        share = weight / strength[end]
        keep |= (degree[end] > 1) & ((1 - share) ** (degree[end] - 1) < level)
    return keep


def spring_layout(
    a: IntArray, b: IntArray, n: int, rng: np.random.Generator, rounds: int = 150
) -> FloatArray:
    """Place nodes so that pairs are near and others apart; centred, within one."""
    if n == 1:
        return np.zeros((1, 2))
    place = rng.uniform(-1, 1, (n, 2))
    near = 1.0 / np.sqrt(n)
    for heat in np.linspace(0.2, 0.002, rounds):
        gap = place[:, None, :] - place[None, :, :]
        square = np.maximum((gap * gap).sum(axis=2), 1e-6)
        push = (gap * (near * near / square)[:, :, None]).sum(axis=1)
        along = place[a] - place[b]
        pull = along * (np.sqrt((along * along).sum(axis=1)) / near)[:, None]
        for end, sign in ((a, -1.0), (b, 1.0)):
            for axis in (0, 1):
                push[:, axis] += sign * np.bincount(end, pull[:, axis], n)
        # parts that nothing ties together must not drift away
        push -= 0.05 * place
        length = np.maximum(np.sqrt((push * push).sum(axis=1)), 1e-9)
        place += push * (np.minimum(length, heat) / length)[:, None]
    place -= place.mean(axis=0)
    out: FloatArray = place / np.abs(place).max()
    return out


def compressed(
    a: IntArray, b: IntArray, weight: FloatArray, n: int
) -> tuple[IntArray, IntArray, FloatArray]:
    """Give the symmetric matrix of pairs as compressed rows."""
    from scipy.sparse import coo_array

    ends = np.concatenate([a, b]), np.concatenate([b, a])
    rows = coo_array((np.tile(weight, 2), ends), shape=(n, n)).tocsr()
    rows.sort_indices()
    return rows.indptr.astype(np.int64), rows.indices.astype(np.int64), rows.data


def communities(
    rows: tuple[IntArray, IntArray, FloatArray], seed: int
) -> tuple[IntArray, float]:
    """Run Louvain once; labels, and their modularity with weights."""
    indptr, indices, weight = rows
    strength = np.add.reduceat(
        np.append(weight, 0.0), np.minimum(indptr[:-1], weight.size)
    )
    strength[np.diff(indptr) == 0] = 0.0
    seeded(seed)
    # `louvain` takes A + A' without its diagonal, here twice A
    label = louvain(
        indptr, indices, 2.0 * weight, strength, strength, float(weight.sum()), 1.0
    )
    return label, float(modularity(indptr, indices, weight, label, 1.0))
