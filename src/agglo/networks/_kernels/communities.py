"""Rewiring of networks on arrays; modularity and local moving stand in core."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from agglo.core._kernels import louvain, modularity, seeded

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agglo.core.typing import IntArray

__all__ = ["louvain", "modularity", "rewired", "seeded"]


@njit(cache=True)
def _flip(bits: NDArray[np.uint8], key: int) -> None:
    bits[key >> 3] ^= np.uint8(1 << (key & 7))


@njit(cache=True)
def _known(bits: NDArray[np.uint8], key: int) -> bool:
    return bits[key >> 3] & np.uint8(1 << (key & 7)) != 0


@njit(cache=True)
def rewired(
    origin: IntArray, destination: IntArray, n: int, swaps: int, directed: bool
) -> tuple[IntArray, IntArray]:
    """Swap ends of pairs of ties; degrees stay, no tie is doubled, no loop appears.

    Ties keep their weight by staying in place: entry e moves, its weight with it. Which
    pairs are tied is held as one bit per pair, n²/8 bytes.
    """
    a, b = origin.copy(), destination.copy()
    m = a.size
    bits = np.zeros(n * n // 8 + 1, np.uint8)
    for e in range(m):
        _flip(bits, a[e] * n + b[e])
    for _ in range(swaps):
        i, j = np.random.randint(m), np.random.randint(m)  # noqa: NPY002
        if i == j:
            continue
        p, q, r, s = a[i], b[i], a[j], b[j]
        if not directed and np.random.random() < 0.5:  # noqa: NPY002
            r, s = s, r
        if p in (s, r) or q in (r, s):
            continue
        one, two = p * n + s, r * n + q
        if not directed:
            one = min(p, s) * n + max(p, s)
            two = min(r, q) * n + max(r, q)
        if _known(bits, one) or _known(bits, two):
            continue
        _flip(bits, a[i] * n + b[i])
        _flip(bits, a[j] * n + b[j])
        _flip(bits, one)
        _flip(bits, two)
        a[i], b[i] = one // n, one % n
        a[j], b[j] = two // n, two % n
    return a, b
