"""Intervals of shares."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from agglo.core.typing import FloatArray

__all__ = ["wilson"]


def wilson(count: ArrayLike, n: ArrayLike, z: float) -> tuple[FloatArray, FloatArray]:
    """Give Wilson's score interval of count / n.

    Parameters
    ----------
    count, n
        Successes and trials, of shapes that broadcast.
    z
        Normal quantile of the level, 1.96 for 95 %.

    Returns
    -------
    tuple of numpy.ndarray
        Lower and upper ends within [0, 1]; NaN where `n` is 0.

    References
    ----------
    Wilson 1927, doi:10.1080/01621459.1927.10502953.

    Examples
    --------
    >>> low, high = wilson(72, 79, 1.96)
    >>> round(float(low), 3)
    0.828
    """
    c, m = np.asarray(count, dtype=np.float64), np.asarray(n, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        p = c / m
        scale = 1.0 + z * z / m
        centre = (p + z * z / (2.0 * m)) / scale
        half = z * np.sqrt(p * (1.0 - p) / m + z * z / (4.0 * m * m)) / scale
    # at 0 and n the interval touches the end exactly; rounding must not cross it
    return np.clip(centre - half, 0.0, 1.0), np.clip(centre + half, 0.0, 1.0)
