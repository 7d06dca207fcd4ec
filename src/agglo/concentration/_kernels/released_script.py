"""The colocation index as a released script computes it, slip included."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

from agglo.concentration._kernels.transport_draws import deal

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agglo.core.typing import FloatArray

__all__ = ["LARGEST", "SLIP", "script_cost", "script_draws"]

# the script writes ten, caret, minus three; in Python the caret is exclusive or: 10 ^ -3 = -9
SLIP = float(10 ^ -3)
# beyond this cost over 9 the kernel overflows
LARGEST = 600.0
_ROUNDS = 1_000
_CLOSE = 1e-9


@numba.njit(cache=True, nogil=True)
def script_cost(a: FloatArray, b: FloatArray) -> float:
    """Sinkhorn's transport cost with uniform masses, squared degrees and regularisation -9."""
    n = a.shape[0]
    m = b.shape[0]
    cost = np.empty((n, m))
    for i in range(n):
        for j in range(m):
            cost[i, j] = (a[i, 0] - b[j, 0]) ** 2 + (a[i, 1] - b[j, 1]) ** 2
    kernel = np.exp(-cost / SLIP)
    u = np.full(n, 1.0 / n)
    v = np.full(m, 1.0 / m)
    for _ in range(_ROUNDS):
        v = (1.0 / m) / (u @ kernel)
        u = (1.0 / n) / (kernel @ v)
        wrong = v * (u @ kernel) - 1.0 / m
        if np.sqrt((wrong**2).sum()) < _CLOSE:
            break
    return float(u @ (kernel * cost) @ v)


@numba.njit(cache=True, nogil=True)
def script_draws(
    a: FloatArray, everybody: FloatArray, n: int, seeds: NDArray[np.uint64]
) -> FloatArray:
    """Give the same for n plants drawn from everybody, (n_draws,)."""
    order = np.arange(everybody.shape[0])
    undo = np.empty(everybody.shape[0], dtype=np.int64)
    stratum = np.zeros(everybody.shape[0], dtype=np.int64)
    start = np.array([0, n])
    rows = np.empty(n, dtype=np.int64)
    out = np.empty(seeds.size)
    for r in range(seeds.size):
        deal(seeds[r], stratum, start, order, undo, rows)
        out[r] = script_cost(a, everybody[rows])
    return out
