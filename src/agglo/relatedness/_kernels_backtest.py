"""Rankings of options against what was taken up, on arrays (n_regions, n_activities)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agglo.core.typing import BoolArray, FloatArray

_STEPS = 50


def auc_by_row(entry: FloatArray, score: FloatArray) -> FloatArray:
    """Share of pairs of an entry and another option in the right order, ties a half.

    NaN in `entry` is no option; a row without both kinds is NaN.
    """
    from scipy.stats import rankdata

    options = np.isfinite(entry)
    rank = rankdata(np.where(options, np.nan_to_num(score), np.inf), axis=1)
    hits = np.nansum(entry, axis=1)
    n = options.sum(axis=1)
    above = np.where(entry == 1, rank, 0.0).sum(axis=1) - hits * (hits + 1) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        out: FloatArray = above / (hits * (n - hits))
    return np.where((hits > 0) & (hits < n), out, np.nan)


def judged(entry: FloatArray, score: FloatArray, at: Sequence[int]) -> FloatArray:
    """AUC, precision at every k of `at`, average precision, (n_regions, 2 + len(at)).

    Options of equal score keep the order of the activities.
    """
    options = np.isfinite(entry)
    order = np.argsort(
        np.where(options, -np.nan_to_num(score), np.inf), axis=1, kind="stable"
    )
    hits = np.take_along_axis(np.nan_to_num(entry), order, axis=1)
    found = np.cumsum(hits, axis=1)
    place = np.arange(1, entry.shape[1] + 1)
    n, total = options.sum(axis=1), hits.sum(axis=1)
    columns = [auc_by_row(entry, score)]
    with np.errstate(divide="ignore", invalid="ignore"):
        for k in at:
            reach = np.minimum(k, n)
            last = np.maximum(reach - 1, 0)
            columns.append(found[np.arange(n.size), last] / reach)
        columns.append((hits * found / place).sum(axis=1) / total)
    return np.stack(columns, axis=1)


def logit_slope(
    entry: FloatArray, score: FloatArray, used: BoolArray
) -> tuple[float, float]:
    """Slope of the log-odds of entry per deviation of the score, error by region.

    Intercept and slope by Newton steps; the sandwich sums scores over regions. NaN when
    the score does not vary, or tells entries apart without exception.
    """
    row, _ = np.nonzero(used)
    y, z = entry[used], np.nan_to_num(score[used])
    sd = z.std()
    if not sd > 1e-12 or not 0 < y.sum() < y.size:
        return float("nan"), float("nan")
    x = np.column_stack([np.ones(z.size), (z - z.mean()) / sd])
    beta = np.array([np.log(y.mean() / (1 - y.mean())), 0.0])
    for _ in range(_STEPS):
        p = 1.0 / (1.0 + np.exp(-np.clip(x @ beta, -500, 500)))
        bread = x.T @ (x * (p * (1 - p))[:, None])
        if not np.linalg.cond(bread) < 1e12:
            return float("nan"), float("nan")
        step = np.linalg.solve(bread, x.T @ (y - p))
        beta = beta + step
        if np.abs(step).max() < 1e-10:
            break
    else:
        return float("nan"), float("nan")
    score_sum = np.zeros((entry.shape[0], 2))
    np.add.at(score_sum, row, x * (y - p)[:, None])
    inverse = np.linalg.inv(bread)
    variance = inverse @ (score_sum.T @ score_sum) @ inverse
    return float(beta[1]), float(np.sqrt(variance[1, 1]))
