"""Profiles of places by class, how far they differ, and what shuffled classes give."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from agglo.core.typing import FloatArray, IntArray

__all__ = ["cosine_distance", "half_difference", "random_tables", "shares"]


def shares(counts: FloatArray) -> FloatArray:
    """Give row shares; a row without ends is NaN."""
    with np.errstate(divide="ignore", invalid="ignore"):
        out: FloatArray = counts / counts.sum(axis=-1, keepdims=True)
    return out


def half_difference(p: FloatArray, q: FloatArray) -> FloatArray:
    """Give half the sum of absolute differences of all rows of p and q, shape (..., n, n)."""
    out = np.zeros((*p.shape[:-1], q.shape[-2]))
    for s in range(p.shape[-1]):
        # class by class: no array of all pairs times all classes
        out += np.abs(p[..., :, None, s] - q[..., None, :, s])
    return out / 2.0


def cosine_distance(p: FloatArray, q: FloatArray) -> FloatArray:
    """Give one minus the cosine of all rows of p and q."""
    length_p = np.sqrt((p * p).sum(axis=-1))
    length_q = np.sqrt((q * q).sum(axis=-1))
    with np.errstate(divide="ignore", invalid="ignore"):
        out: FloatArray = 1.0 - (p @ q.T) / np.outer(length_p, length_q)
    return out


def random_tables(
    rng: np.random.Generator, rows: IntArray, columns: IntArray, size: int
) -> FloatArray:
    """Draw tables with given margins as permuted labels give them, (size, rows, columns)."""
    out = np.zeros((size, rows.size, columns.size))
    left = np.tile(columns.astype(np.int64), (size, 1))
    for a, n in enumerate(rows.tolist()):
        need = np.full(size, n, dtype=np.int64)
        rest = left.sum(axis=1)
        for s in range(columns.size):
            rest = rest - left[:, s]
            taken = rng.hypergeometric(left[:, s], rest, need)
            out[:, a, s] = taken
            left[:, s] -= taken
            need = need - taken
    return out
