"""Plants thrown on areas or dealt to sites at random: draws of the raw concentration G.

Apart from the closed forms, because only draws need the compiler.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agglo.core.typing import FloatArray, IntArray


def alias_tables(x: FloatArray) -> tuple[FloatArray, IntArray]:
    """Walker's alias tables of each row of `x`, shape (n_rows, n_regions)."""
    keep = np.empty_like(x)
    alias = np.empty(x.shape, dtype=np.int64)
    for row in range(x.shape[0]):
        keep[row], alias[row] = _alias(x[row])
    return keep, alias


@numba.njit(cache=True, nogil=True)
def _alias(x: FloatArray) -> tuple[FloatArray, IntArray]:
    n = x.size
    scaled = x * n
    keep = np.ones(n)
    alias = np.arange(n)
    small = np.empty(n, dtype=np.int64)
    large = np.empty(n, dtype=np.int64)
    n_small = 0
    n_large = 0
    for k in range(n):
        if scaled[k] < 1.0:
            small[n_small] = k
            n_small += 1
        else:
            large[n_large] = k
            n_large += 1
    while n_small > 0 and n_large > 0:
        n_small -= 1
        low = small[n_small]
        high = large[n_large - 1]
        keep[low] = scaled[low]
        alias[low] = high
        scaled[high] -= 1.0 - scaled[low]
        if scaled[high] < 1.0:
            n_large -= 1
            small[n_small] = high
            n_small += 1
    # what is left is 1 up to rounding, but an empty area must never be drawn
    for k in range(n_small):
        if x[small[k]] == 0.0:
            keep[small[k]] = 0.0
            alias[small[k]] = np.argmax(x)
    return keep, alias


@numba.njit(cache=True, nogil=True)
def dartboard_draws(
    rng: np.random.Generator,
    n_draws: int,
    start: IntArray,
    share: FloatArray,
    x: FloatArray,
    x2: FloatArray,
    keep: FloatArray,
    alias: IntArray,
) -> FloatArray:
    """Throw the plants `n_draws` times and give G, shape (n_draws, n_activities).

    Activity i has the plant shares ``share[start[i]:start[i + 1]]``; `x`, `keep`, `alias`
    have one row for all activities or one row each. O(n_draws x plants).
    """
    n_activities = start.size - 1
    n_regions = x.shape[1]
    out = np.empty((n_draws, n_activities))
    filled = np.zeros(n_regions)
    landed = np.empty(max(1, np.max(start[1:] - start[:-1])), dtype=np.int64)
    for draw in range(n_draws):
        for i in range(n_activities):
            row = i if x.shape[0] > 1 else 0
            square = 0.0
            cross = 0.0
            for j in range(start[i], start[i + 1]):
                u = rng.random() * n_regions
                area = min(int(u), n_regions - 1)
                if u - area >= keep[row, area]:
                    area = alias[row, area]
                z = share[j]
                square += z * (2.0 * filled[area] + z)
                cross += z * x[row, area]
                filled[area] += z
                landed[j - start[i]] = area
            for j in range(start[i + 1] - start[i]):
                filled[landed[j]] = 0.0
            out[draw, i] = square - 2.0 * cross + x2[i]
    return out


@numba.njit(cache=True, nogil=True)
def permutation_draws(
    rng: np.random.Generator,
    n_draws: int,
    start: IntArray,
    size: FloatArray,
    sites: NDArray[np.uint16] | NDArray[np.int32],
    base: FloatArray,
    weight: float,
    without: bool,
) -> FloatArray:
    """Deal the sites anew to all plants and give G, shape (n_draws, n_activities).

    Activity i has the plants ``size[start[i]:start[i + 1]]``; `sites` holds the area of
    every plant. The reference is dealt along: it is `base`, what stays where it is, and
    `weight` times the sizes that fall on an area, `without` the activity's own if asked.
    O(n_draws x (plants + areas)).
    """
    n_activities = start.size - 1
    out = np.full((n_draws, n_activities), np.nan)
    filled = np.zeros(base.size)
    deck = sites.copy()
    for draw in range(n_draws):
        total = base.copy()
        for j in range(deck.size):
            # Fisher-Yates
            left = deck.size - j
            other = j + min(int(rng.random() * left), left - 1)
            area = deck[other]
            deck[other] = deck[j]
            deck[j] = area
            total[area] += weight * size[j]
        whole = total.sum()
        squares = np.sum(total**2)
        for i in range(n_activities):
            own = 0.0
            for j in range(start[i], start[i + 1]):
                filled[deck[j]] += size[j]
                own += size[j]
            rest = whole - own if without else whole
            if own <= 0.0 or rest <= 0.0:
                continue
            inside = 0.0
            apart = squares
            for j in range(start[i], start[i + 1]):
                area = deck[j]
                here = filled[area]
                if here > 0.0:
                    there = total[area] - here if without else total[area]
                    inside += (here / own - there / rest) ** 2
                    apart -= total[area] ** 2
                    filled[area] = 0.0
            out[draw, i] = inside + max(apart, 0.0) / rest**2
    return out
