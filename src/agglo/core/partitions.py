"""How far two partitions of the same items agree, from their table of joint counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from agglo.core.typing import FloatArray, IntArray

__all__ = ["adjusted_rand", "joint_counts", "normalised_information"]


def joint_counts(one: IntArray, other: IntArray) -> FloatArray:
    """Count the items in every pair of parts; parts are numbered from 0."""
    rows, columns = int(one.max()) + 1, int(other.max()) + 1
    cells = np.bincount(one * columns + other, minlength=rows * columns)
    return cells.reshape(rows, columns).astype(np.float64)


def adjusted_rand(table: FloatArray) -> float:
    """Give Hubert and Arabie's index; 1 when both partitions are trivial and equal."""
    n = table.sum()
    pairs = (table * (table - 1.0)).sum() / 2.0
    rows, columns = table.sum(axis=1), table.sum(axis=0)
    a = (rows * (rows - 1.0)).sum() / 2.0
    b = (columns * (columns - 1.0)).sum() / 2.0
    every = n * (n - 1.0) / 2.0
    if every == 0:
        return 1.0
    expected = a * b / every
    most = (a + b) / 2.0
    return 1.0 if most == expected else float((pairs - expected) / (most - expected))


def normalised_information(table: FloatArray) -> float:
    """Give mutual information over the mean entropy; 1 when both are trivial."""
    p = table / table.sum()
    rows, columns = p.sum(axis=1), p.sum(axis=0)
    there = p > 0
    shared = float((p[there] * np.log(p[there] / np.outer(rows, columns)[there])).sum())
    mean = (_entropy(rows) + _entropy(columns)) / 2.0
    return 1.0 if mean == 0 else max(0.0, shared / mean)


def _entropy(p: FloatArray) -> float:
    some = p[p > 0]
    return float(-(some * np.log(some)).sum())
