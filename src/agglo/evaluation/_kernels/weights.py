"""Weights that follow from the data, and those of pairwise judgements."""

from __future__ import annotations

import numpy as np

from agglo.core.typing import FloatArray

__all__ = ["RANDOM_INDEX", "critic", "entropy", "judgements", "principal", "rotated"]

RANDOM_INDEX = (0.58, 0.90, 1.12, 1.24, 1.32, 1.41, 1.45, 1.49)  # for 3 to 10 items


def entropy(unit_range: FloatArray) -> FloatArray:
    """One minus the entropy of each column's shares; values in [0, 1], no NaN."""
    n = unit_range.shape[0]
    p = unit_range / unit_range.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(p > 0, p * np.log(p), 0.0)
    divergence = 1 + terms.sum(axis=0) / np.log(n)
    return np.asarray(divergence / divergence.sum(), dtype=np.float64)


def critic(unit_range: FloatArray) -> FloatArray:
    """Weigh by standard deviation times disagreement with the other columns; no NaN."""
    spread = unit_range.std(axis=0, ddof=1)
    conflict = (1 - np.corrcoef(unit_range, rowvar=False)).sum(axis=0)
    raw = spread * conflict
    return np.asarray(raw / raw.sum(), dtype=np.float64)


def principal(x: FloatArray) -> tuple[FloatArray, float]:
    """Give the loadings of the first component of the correlations, and its share of variance.

    The sign is that with a positive sum.
    """
    values, vectors = np.linalg.eigh(np.corrcoef(x, rowvar=False))
    first = vectors[:, -1]
    first = first if first.sum() >= 0 else -first
    return first, float(values[-1] / values.sum())


def rotated(x: FloatArray) -> tuple[FloatArray, int]:
    """Largest squared loading of each column after varimax; components kept.

    Kept are components of the correlations with an eigenvalue above one, at least one.
    """
    values, vectors = np.linalg.eigh(np.corrcoef(x, rowvar=False))
    kept = np.flatnonzero(values > 1.0 + 1e-9)
    kept = kept if kept.size else np.array([values.size - 1])
    loadings = vectors[:, kept] * np.sqrt(values[kept])
    largest = (_varimax(loadings) ** 2).max(axis=1)
    return np.asarray(largest / largest.sum(), dtype=np.float64), int(kept.size)


def _varimax(loadings: FloatArray, steps: int = 500) -> FloatArray:
    """Turn the axes until squared loadings vary most within them (Kaiser 1958)."""
    n, k = loadings.shape
    turn = np.eye(k)
    before = 0.0
    for _ in range(steps):
        now = loadings @ turn
        slope = loadings.T @ (now**3 - now * (now**2).sum(axis=0) / n)
        left, size, right = np.linalg.svd(slope)
        turn = left @ right
        if size.sum() <= before * (1 + 1e-12):
            break
        before = float(size.sum())
    return np.asarray(loadings @ turn, dtype=np.float64)


def judgements(matrix: FloatArray) -> tuple[FloatArray, float, float]:
    """Principal eigenvector of a reciprocal matrix, its eigenvalue, consistency ratio."""
    n = matrix.shape[0]
    values, vectors = np.linalg.eig(matrix)
    at = int(np.argmax(values.real))
    w = np.abs(vectors[:, at].real)
    largest = float(values[at].real)
    ratio = 0.0 if n < 3 else (largest - n) / ((n - 1) * RANDOM_INDEX[n - 3])
    return w / w.sum(), largest, ratio
