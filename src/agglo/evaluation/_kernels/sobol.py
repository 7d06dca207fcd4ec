"""First-order and total effects from a Saltelli design."""

from __future__ import annotations

import numpy as np

from agglo.core.typing import FloatArray

__all__ = ["effects"]


def effects(y: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Effects from outputs of A, B and AB_1 ... AB_d, columns of (n, d + 2)."""
    a, b, mixed = y[:, :1], y[:, 1:2], y[:, 2:]
    variance = y[:, :2].var()
    if variance == 0:
        nothing = np.full(mixed.shape[1], np.nan)
        return nothing, nothing
    first = ((b - y[:, :2].mean()) * (mixed - a)).mean(axis=0) / variance
    total = ((a - mixed) ** 2).mean(axis=0) / (2 * variance)
    return first, total
