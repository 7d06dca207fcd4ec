"""A small random generator for compiled loops, seeded from outside."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["below", "seeds_of", "uniform"]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_A = np.uint64(0xBF58476D1CE4E5B9)
_MIX_B = np.uint64(0x94D049BB133111EB)
_S30, _S27, _S31, _S11 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11)
_UNIT = 1.0 / 9007199254740992.0


def seeds_of(rng: np.random.Generator, size: int) -> NDArray[np.uint64]:
    """Draw one seed per replicate."""
    return rng.integers(0, 2**63, size=size, dtype=np.int64).astype(np.uint64)


@njit(cache=True)
def uniform(state: NDArray[np.uint64]) -> float:
    """Give the next number in [0, 1) and move the state (splitmix64, Steele et al. 2014)."""
    state[0] += _GOLDEN
    z = state[0]
    z = (z ^ (z >> _S30)) * _MIX_A
    z = (z ^ (z >> _S27)) * _MIX_B
    z = z ^ (z >> _S31)
    return float(z >> _S11) * _UNIT


@njit(cache=True)
def below(state: NDArray[np.uint64], n: int) -> int:
    """Give a whole number in [0, n)."""
    return int(uniform(state) * n)
