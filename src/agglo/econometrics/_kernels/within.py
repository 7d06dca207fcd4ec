"""Removing fixed effects from time-major arrays: means of units, periods or both."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from scipy.sparse import csr_array

    from agglo.core.typing import FloatArray

__all__ = ["demean", "lag"]


def demean(a: FloatArray, *, unit: bool, period: bool) -> FloatArray:
    """Remove means of units and/or periods; shape (T, N) or (T, N, k) is kept."""
    out = a
    if unit:
        out = out - out.mean(axis=0, keepdims=True)
    if period:
        out = out - out.mean(axis=1, keepdims=True)
    return out


def lag(w: csr_array, a: FloatArray) -> FloatArray:
    """Apply W to every period at once; (T, N) or (T, N, k), never a Kronecker product.

    A matrix over all T N cells holds one block per period.
    """
    if w.shape[0] == a.shape[0] * a.shape[1] and a.shape[0] > 1:
        out: FloatArray = (w @ a.reshape(w.shape[0], -1)).reshape(a.shape)
        return out
    moved = np.moveaxis(a, 1, 0)
    flat = np.ascontiguousarray(moved).reshape(w.shape[0], -1)
    lagged: FloatArray = np.moveaxis((w @ flat).reshape(moved.shape), 0, 1)
    return lagged
