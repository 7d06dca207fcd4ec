"""What a fitted model says a policy did to every region and period."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from agglo.econometrics._kernels.effects import solver

if TYPE_CHECKING:
    from scipy.sparse import csr_array

    from agglo.core.typing import FloatArray

__all__ = ["nearest_treated", "realised"]


def realised(
    w: csr_array, rho: float, columns: FloatArray, b: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Give tau (T, N), d tau / d b (k, T, N) and d tau / d rho (T, N).

    `columns` are the treatment columns with their lags, (T, N, k): one factorisation and
    T k solves.
    """
    t, n, k = columns.shape
    solve = solver(w, rho)
    if w.shape[0] == t * n and t > 1:
        # one block of weights per period
        each = solve(columns.reshape(t * n, k), False)
        slopes = np.moveaxis(each.reshape(t, n, k), 2, 0)
        tau = np.tensordot(b, slopes, axes=1)
        return tau, slopes, solve(w @ tau.ravel(), False).reshape(t, n)
    flat = np.moveaxis(columns, 1, 0).reshape(n, t * k)
    slopes = np.moveaxis(solve(flat, False).reshape(n, t, k), (0, 1, 2), (2, 1, 0))
    tau = np.tensordot(b, slopes, axes=1)
    by_rho = solve(np.ascontiguousarray(w @ tau.T), False).T
    return tau, slopes, by_rho


def nearest_treated(distance: FloatArray, d: FloatArray) -> FloatArray:
    """Give the distance to the nearest region treated by then, (T, N); inf before any."""
    out = np.full(d.shape, np.inf)
    for t, now in enumerate(d):
        on = now > 0
        if on.any():
            out[t] = distance[:, on].min(axis=1)
    return out
