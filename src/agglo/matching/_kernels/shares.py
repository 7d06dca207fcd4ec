"""Intervals of shares."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from agglo.core.typing import FloatArray

__all__ = ["block_ratios", "wilson"]


def wilson(count: FloatArray, n: FloatArray, z: float) -> tuple[FloatArray, FloatArray]:
    """Wilson's score interval of count / n; NaN where n is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        p = count / n
        centre = (p + z * z / (2 * n)) / (1 + z * z / n)
        half = z * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    # at 0 and n the interval touches the end exactly; rounding must not cross it
    return np.clip(centre - half, 0.0, 1.0), np.clip(centre + half, 0.0, 1.0)


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
