"""Clusters on arrays: aggregation, quotients, cuts, criteria.

Matrices are (n_regions, n_clusters) or (n_regions, n_activities); NaN is unknown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agglo.core.typing import BoolArray, FloatArray


def aggregate(values: FloatArray, weights: FloatArray) -> FloatArray:
    """Sum activities to clusters; a cluster is unknown where one of its members is.

    `weights` is (n_activities, n_clusters).
    """
    unknown = np.isnan(values)
    if not unknown.any():
        return values @ weights
    known = np.where(unknown, 0.0, values) @ weights
    touched = unknown.astype(np.float64) @ (weights > 0).astype(np.float64)
    return np.where(touched > 0, np.nan, known)


def location_quotient(
    x: FloatArray, row_total: FloatArray, col_total: FloatArray, total: float
) -> FloatArray:
    """Local share over national share; 0/0 is NaN."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return (x / row_total[:, None]) / (col_total / total)


def ratio(numerator: FloatArray, denominator: FloatArray) -> FloatArray:
    """Divide; anything over zero is NaN."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(denominator > 0, numerator / denominator, np.nan)


def top_cut(values: FloatArray, among: BoolArray, share: float) -> FloatArray:
    """Smallest value of the top `share` of the rows in `among`, per column.

    With n rows the top holds ceil(share x n) of them, at least one; all rows that tie with
    the last one are at the cut. NaN where no row is in `among`.
    """
    among = among & np.isfinite(values)
    cut = np.full(values.shape[1], np.nan)
    # column by column: a partition of what is there beats sorting the whole matrix
    for column in np.flatnonzero(among.any(axis=0)):
        there = values[among[:, column], column]
        # 0.1 x 30 is a hair above 3
        last = there.size - max(int(np.ceil(share * there.size - 1e-9)), 1)
        cut[column] = np.partition(there, last)[last]
    return cut


def criterion_met(values: FloatArray, cut: FloatArray, size: FloatArray) -> FloatArray:
    """1 where the value reaches the cut, 0 where not or where the cluster is absent.

    NaN where it cannot be known.
    """
    known = np.isfinite(values) & np.isfinite(cut)
    met = np.where(known, (values >= cut).astype(np.float64), np.nan)
    return np.where(size == 0, 0.0, met)


def verdict(met: Sequence[FloatArray], needed: int) -> FloatArray:
    """1 where at least `needed` criteria are met, 0 where they cannot be, NaN between."""
    stacked = np.stack(list(met))
    sure = np.sum(stacked == 1.0, axis=0)
    possible = sure + np.sum(np.isnan(stacked), axis=0)
    return np.where(sure >= needed, 1.0, np.where(possible < needed, 0.0, np.nan))
