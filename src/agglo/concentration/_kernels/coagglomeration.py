"""Pairs of activities on arrays: EGK, Howard's colocation, locational correlation.

All matrices are (n_regions, n_activities); a column with NaN concerns only itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from agglo.concentration._kernels.agglomeration import ONE_AREA

if TYPE_CHECKING:
    from agglo.core.typing import BoolArray, FloatArray


def area_shares(values: FloatArray, col_total: FloatArray) -> FloatArray:
    """Share of each activity that lies in each region; 0/0 is NaN."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return values / col_total


def spread_of(x: FloatArray) -> float:
    """1 - sum x^2, which is 0 when one region is everything."""
    return float(1.0 - np.sum(x**2))


def egk(shares: FloatArray, x: FloatArray) -> FloatArray:
    """All pairs in one symmetric product: sum_m (s_i - x)(s_k - x) / (1 - sum x^2).

    `shares` are complete columns (no NaN). O(n_regions x n_activities^2).
    """
    spread = spread_of(x)
    n_activities = shares.shape[1]
    if not spread > ONE_AREA:
        return np.full((n_activities, n_activities), np.nan)
    centred = shares - x[:, None]
    return centred.T @ centred / spread


def spread_out(block: FloatArray, where: BoolArray) -> FloatArray:
    """Put a matrix of the defined activities into the full one; the rest is NaN."""
    if where.all():
        return block
    full = np.full((where.size, where.size), np.nan)
    full[np.ix_(where, where)] = block
    return full


def correlation(values: FloatArray) -> FloatArray:
    """Pearson correlation of complete columns; a constant column is NaN."""
    centred = values - values.mean(axis=0)
    # a column of equal numbers may leave rounding dust after centring
    constant = values.max(axis=0) == values.min(axis=0)
    norm = np.sqrt(np.einsum("ij,ij->j", centred, centred))
    with np.errstate(divide="ignore", invalid="ignore"):
        centred /= np.where(constant, np.nan, norm)
    out = np.clip(centred.T @ centred, -1.0, 1.0)
    np.fill_diagonal(out, np.where(constant, np.nan, 1.0))
    return out


@dataclass(frozen=True, slots=True)
class Colocation:
    """Howard's index and its exact null moments, one shape for all fields."""

    value: FloatArray
    expected: FloatArray
    sd: FloatArray


def howard_pair(first: FloatArray, second: FloatArray) -> Colocation:
    """Colocation of two activities from their plant counts by region, O(n_regions)."""
    pooled = first + second
    n_pooled = pooled.sum()
    n_a, n_b = first.sum(), second.sum()
    return _colocation(
        cross=np.asarray(first @ second),
        n_a=np.asarray(n_a),
        n_b=np.asarray(n_b),
        pooled2=np.asarray(pooled @ pooled),
        pooled3=np.asarray(np.sum(pooled**3)),
        pooled=np.asarray(n_pooled),
    )


def howard_all(counts: FloatArray) -> Colocation:
    """Colocation of all pairs in two products, shape (n_activities, n_activities).

    The pooled sums come from sum (a + b)^2 and sum (a + b)^3; counts are whole numbers,
    so they are exact in float64 up to 2^53. O(n_regions x n_activities^2).
    """
    square = counts**2
    n = counts.sum(axis=0)
    second, third = square.sum(axis=0), (square * counts).sum(axis=0)
    cross = counts.T @ counts
    mixed = square.T @ counts
    return _colocation(
        cross=cross,
        n_a=np.broadcast_to(n[:, None], cross.shape),
        n_b=np.broadcast_to(n[None, :], cross.shape),
        pooled2=second[:, None] + second[None, :] + 2.0 * cross,
        pooled3=third[:, None] + third[None, :] + 3.0 * (mixed + mixed.T),
        pooled=n[:, None] + n[None, :],
    )


def _colocation(
    *,
    cross: FloatArray,
    n_a: FloatArray,
    n_b: FloatArray,
    pooled2: FloatArray,
    pooled3: FloatArray,
    pooled: FloatArray,
) -> Colocation:
    """Moments under reshuffled labels of the pooled plants (kernel "same area")."""
    with np.errstate(divide="ignore", invalid="ignore"):
        pairs = n_a * n_b
        value = cross / pairs
        ordered = pooled * (pooled - 1.0)
        mean = (pooled2 - pooled) / ordered
        same = (pooled2 - pooled) / 2.0
        q_a = same * (1.0 - mean) ** 2 + (ordered / 2.0 - same) * mean**2
        # sum N_m (N_m - shift)^2 with shift = 1 + (N - 1) mean
        shift = 1.0 + (pooled - 1.0) * mean
        q_b = pooled3 - 2.0 * shift * pooled2 + shift**2 * pooled - 2.0 * q_a
        p_pair = pairs / ordered
        # with fewer than four plants no two pairs are disjoint
        disjoint = ordered * (pooled - 2.0) * (pooled - 3.0)
        p_four = np.where(
            disjoint > 0, 4.0 * pairs * (n_a - 1.0) * (n_b - 1.0) / disjoint, 0.0
        )
        variance = (2.0 * p_pair - p_four) * q_a + (p_pair - p_four) * q_b
        sd = np.sqrt(np.maximum(variance, 0.0)) / pairs
    empty = (n_a < 1) | (n_b < 1)
    return Colocation(
        value=np.where(empty, np.nan, value),
        expected=np.where(empty, np.nan, mean),
        sd=np.where(empty, np.nan, sd),
    )


def leave_one_out(values: FloatArray) -> FloatArray:
    """Sum of each row without each of its own entries, without subtracting.

    Subtracting a dominant entry from its row's total would lose the rest to rounding.
    """
    before = np.zeros_like(values)
    np.cumsum(values[:, :-1], axis=1, out=before[:, 1:])
    after = np.zeros_like(values)
    after[:, :-1] = np.cumsum(values[:, :0:-1], axis=1)[:, ::-1]
    return before + after


def inverse_concentration(values: FloatArray) -> FloatArray:
    """Reciprocal Herfindahl index of each row without each entry; 0/0 is NaN."""
    rest = leave_one_out(values)
    with np.errstate(divide="ignore", invalid="ignore"):
        return rest**2 / leave_one_out(values**2)
