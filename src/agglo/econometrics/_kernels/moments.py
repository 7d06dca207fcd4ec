"""Sums of scores by cluster, and covariances made of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from agglo.core.typing import FloatArray, IntArray

__all__ = [
    "cluster_sums",
    "cross",
    "crossed_meat",
    "dyadic_meat",
    "floored",
    "intersections",
]


@njit(cache=True)
def _sums(scores: FloatArray, code: IntArray, out: FloatArray) -> None:
    for i in range(code.size):
        for j in range(scores.shape[1]):
            out[code[i], j] += scores[i, j]


def cluster_sums(scores: FloatArray, code: IntArray) -> FloatArray:
    """Sum rows of scores (n, k) within clusters, (G, k)."""
    out = np.zeros((int(code.max()) + 1, scores.shape[1]))
    _sums(np.ascontiguousarray(scores), code, out)
    return out


def cross(scores: FloatArray, code: IntArray | None) -> FloatArray:
    """Give the sum over clusters of s_g s_g'; every row its own cluster when None."""
    sums = scores if code is None else cluster_sums(scores, code)
    out: FloatArray = sums.T @ sums
    return out


def intersections(codes: Sequence[IntArray]) -> list[tuple[float, IntArray]]:
    """Give sign and codes of every non-empty set of cluster variables."""
    out: list[tuple[float, IntArray]] = []
    for mask in range(1, 1 << len(codes)):
        chosen = [c for i, c in enumerate(codes) if mask >> i & 1]
        joint = chosen[0]
        for c in chosen[1:]:
            joint = np.unique(joint * (int(c.max()) + 1) + c, return_inverse=True)[1]
        out.append((1.0 if len(chosen) % 2 else -1.0, joint.astype(np.int64)))
    return out


def crossed_meat(scores: FloatArray, codes: Sequence[IntArray]) -> FloatArray:
    """Give the meat of one- or multi-way clustering; rows alone when there is no code."""
    if not codes:
        return cross(scores, None)
    total = np.zeros((scores.shape[1], scores.shape[1]))
    for sign, joint in intersections(codes):
        total += sign * cross(scores, joint)
    return total


def dyadic_meat(
    scores: FloatArray, first: IntArray, second: IntArray, n: int
) -> FloatArray:
    """Sum score products of all pairs of rows that share a member, O(rows k^2).

    v_d adds both orders and all periods of a pair; S_i adds the pairs of member i:
    sum_i S_i S_i' counts every dyad with itself twice, so one copy is taken off.
    """
    low, high = np.minimum(first, second), np.maximum(first, second)
    pair, inverse = np.unique(low * n + high, return_inverse=True)
    v = cluster_sums(scores, inverse.astype(np.int64))
    s = np.zeros((n, scores.shape[1]))
    _sums(v, (pair // n).astype(np.int64), s)
    _sums(v, (pair % n).astype(np.int64), s)
    out: FloatArray = s.T @ s - v.T @ v
    return out


def floored(cov: FloatArray) -> tuple[FloatArray, bool]:
    """Set negative eigenvalues to 0; whether there was one."""
    values, vectors = np.linalg.eigh((cov + cov.T) / 2.0)
    if values.min() >= -1e-12 * max(float(values.max()), 0.0):
        return cov, False
    fixed: FloatArray = (vectors * np.maximum(values, 0.0)) @ vectors.T
    return fixed, True
