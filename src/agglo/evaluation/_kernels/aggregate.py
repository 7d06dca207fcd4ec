"""Aggregation of normalised columns with weights; missing values renormalise them."""

from __future__ import annotations

import numpy as np

from agglo.core.typing import FloatArray, IntArray

__all__ = [
    "benefit_of_the_doubt",
    "copeland",
    "mazziotta_pareto",
    "place",
    "power_mean",
    "topsis",
    "vikor",
]


def power_mean(x: FloatArray, w: FloatArray, p: float) -> FloatArray:
    """Weighted mean of order `p` over the known values; 0 is geometric.

    NaN where nothing is known, or where `p` < 1 meets a value that is not positive.
    """
    known = ~np.isnan(x)
    if p == 1 and known.all():
        return np.asarray(x @ (w / w.sum()), dtype=np.float64)
    share = np.where(known, w, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = share / share.sum(axis=1, keepdims=True)
        y = np.where(known, x, 1.0)
        if p != 1:
            y = np.where(y > 0, y, np.nan)
        if p == 0:
            out = np.exp((share * np.log(y)).sum(axis=1))
        else:
            out = (share * y**p).sum(axis=1) ** (1 / p)
    return np.asarray(out, dtype=np.float64)


def copeland(x: FloatArray, w: FloatArray) -> FloatArray:
    """Pairwise contests won minus lost; NaN in any column takes the row out.

    A contest is won with more than half of the weight, ties counting half.
    """
    out = np.full(x.shape[0], np.nan)
    known = ~np.isnan(x).any(axis=1)
    y = x[known]
    share = w / w.sum()
    score = np.empty(y.shape[0])
    for i in range(y.shape[0]):
        wins = ((y[i] > y) + 0.5 * (y[i] == y)) @ share
        # rounded: shares such as 1/3 must be able to give an exact half
        score[i] = np.sign(np.round(wins - 0.5, 12)).sum()
    out[known] = score
    return out


def mazziotta_pareto(x: FloatArray, w: FloatArray, penalty: float) -> FloatArray:
    """Mean of z = 100 + 10 (x - mean) / sd, plus `penalty` times its variance over it."""
    sd = np.nanstd(x, axis=0)
    z = 100 + 10 * (x - np.nanmean(x, axis=0)) / np.where(sd > 0, sd, np.nan)
    share = w / w.sum()
    mean = z @ share
    variance = ((z - mean[:, None]) ** 2) @ share
    return np.asarray(mean + penalty * variance / mean, dtype=np.float64)


def topsis(x: FloatArray, w: FloatArray) -> FloatArray:
    """Give closeness to the best point on vector-normalised weighted columns."""
    norm = np.sqrt(np.nansum(x**2, axis=0))
    v = x / np.where(norm > 0, norm, np.nan) * (w / w.sum())
    far = np.sqrt(((v - np.nanmin(v, axis=0)) ** 2).sum(axis=1))
    near = np.sqrt(((v - np.nanmax(v, axis=0)) ** 2).sum(axis=1))
    apart = far + near
    return np.asarray(far / np.where(apart > 0, apart, np.nan), dtype=np.float64)


def vikor(x: FloatArray, w: FloatArray, v: float) -> FloatArray:
    """Compromise between group utility and individual regret; lower is better."""
    best, worst = np.nanmax(x, axis=0), np.nanmin(x, axis=0)
    width = np.where(best > worst, best - worst, np.nan)
    loss = (best - x) / width * (w / w.sum())
    utility, regret = loss.sum(axis=1), loss.max(axis=1)
    if np.isnan(utility).all():  # a column without spread
        return np.full(x.shape[0], np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        s = (utility - np.nanmin(utility)) / np.ptp(utility[~np.isnan(utility)])
        r = (regret - np.nanmin(regret)) / np.ptp(regret[~np.isnan(regret)])
    return np.asarray(v * s + (1 - v) * r, dtype=np.float64)


def benefit_of_the_doubt(
    x: FloatArray, bounds: tuple[float, float] | None
) -> FloatArray:
    """Best score every row can give itself when nobody may exceed one.

    `bounds` limit each column's share of the row's own score. NaN where a value is missing
    or the bounds cannot be met.
    """
    from scipy.optimize import linprog

    known = ~np.isnan(x).any(axis=1)
    peers = x[known]
    out = np.full(x.shape[0], np.nan)
    for k in np.flatnonzero(known):
        rows, limit = peers, np.ones(peers.shape[0])
        if bounds is not None:
            own = np.diag(x[k])
            low, high = bounds[0] * x[k] - own, own - bounds[1] * x[k]
            rows = np.vstack([peers, low, high])
            limit = np.concatenate([limit, np.zeros(2 * x.shape[1])])
        found = linprog(-x[k], A_ub=rows, b_ub=limit, method="highs")
        if found.status == 0:
            out[k] = x[k] @ found.x
    return out


def place(score: FloatArray, group: IntArray) -> FloatArray:
    """1 for the highest score of every group, ties the best rank, NaN has none."""
    n = score.size
    one = n == 0 or (group[0] == group[-1] and not np.any(group != group[0]))
    # NaN sorts last either way
    order = np.argsort(-score) if one else np.lexsort((-score, group))
    s, g = score[order], group[order]
    starts = np.empty(n, dtype=bool)
    starts[:1] = True
    starts[1:] = g[1:] != g[:-1]
    fresh = starts.copy()
    fresh[1:] |= s[1:] != s[:-1]
    at = np.arange(n)
    first = np.maximum.accumulate(np.where(fresh, at, 0))
    base = np.maximum.accumulate(np.where(starts, at, 0))
    out = np.empty(n)
    out[order] = first - base + 1.0
    out[np.isnan(score)] = np.nan
    return out
