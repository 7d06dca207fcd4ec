"""Intervals of shares."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from agglo.core.typing import FloatArray

__all__ = ["block_ratios", "settled"]

# what weights of one cluster may miss 1 by when they are read
_SLACK = 1e-9


def settled(total: FloatArray) -> FloatArray:
    """Give sums of shares, those within the slack of a whole number as that number.

    Thirds have no exact binary form, so three of them may add up to 0.999…; weights are
    accepted when they add up to 1 within the same slack, nothing finer is known of them.
    """
    near = np.rint(total)
    close = np.abs(total - near) <= _SLACK * np.maximum(np.abs(near), 1.0)
    out: FloatArray = np.where(close, near, total)
    return out


def block_ratios(
    rng: np.random.Generator, size: int, top: FloatArray, bottom: FloatArray
) -> FloatArray:
    """Ratios of resampled sums, shape (size, measures).

    `top` and `bottom` (blocks, measures) are the blocks' contributions; blocks are drawn
    with replacement, as many as there are.
    """
    blocks = top.shape[0]
    times = rng.multinomial(blocks, np.full(blocks, 1.0 / blocks), size=size)
    below = times @ bottom
    out = np.full(below.shape, np.nan)
    np.divide(times @ top, below, out=out, where=below > 0)
    return out
