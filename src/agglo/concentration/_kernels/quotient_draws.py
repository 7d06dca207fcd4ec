"""Simulated and resampled shares of single activities."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

if TYPE_CHECKING:
    from agglo.core.typing import FloatArray, IntArray

# sums of the same plants in another order differ by rounding: they are ties
TIE = 1e-12


@numba.njit(cache=True, nogil=True)
def dartboard_counts(
    rng: np.random.Generator,
    n_draws: int,
    share: FloatArray,
    cumulative: FloatArray,
    slot: IntArray,
    observed: FloatArray,
) -> tuple[IntArray, IntArray]:
    """Throw plants at regions and count draws at least and at most as large as observed.

    Parameters
    ----------
    rng
        Generator of the block.
    n_draws
        Throws of all plants.
    share
        Share of every plant in its activity, (n_plants,).
    cumulative
        Cumulated reference shares, (n_regions,); below 1 at the end when the reference
        has further regions.
    slot
        Position in `observed` of every region, -1 for regions not watched.
    observed
        Shares to compare with, (n_watched,).

    Returns
    -------
    at_least, at_most
        (n_watched,) each. O(n_draws (n_plants log n_regions + n_watched)).
    """
    n_watched = observed.size
    last = cumulative.size - 1
    at_least = np.zeros(n_watched, dtype=np.int64)
    at_most = np.zeros(n_watched, dtype=np.int64)
    drawn = np.zeros(n_watched)
    for _ in range(n_draws):
        drawn[:] = 0.0
        for j in range(share.size):
            m = np.searchsorted(cumulative, rng.random(), side="right")
            # beyond the last: a region that only the reference has
            if m <= last and slot[m] >= 0:
                drawn[slot[m]] += share[j]
        for k in range(n_watched):
            if drawn[k] >= observed[k] - TIE:
                at_least[k] += 1
            if drawn[k] <= observed[k] + TIE:
                at_most[k] += 1
    return at_least, at_most


@numba.njit(cache=True, nogil=True)
def bootstrap_shares(
    rng: np.random.Generator,
    n_draws: int,
    size: FloatArray,
    slot: IntArray,
    n_watched: int,
) -> FloatArray:
    """Resample the plants of an activity; share of every watched region per draw.

    A resample without any size is NaN. O(n_draws n_plants).
    """
    n = size.size
    out = np.zeros((n_draws, n_watched))
    for d in range(n_draws):
        total = 0.0
        for _ in range(n):
            j = min(int(rng.random() * n), n - 1)
            out[d, slot[j]] += size[j]
            total += size[j]
        for k in range(n_watched):
            out[d, k] = out[d, k] / total if total > 0.0 else np.nan
    return out
