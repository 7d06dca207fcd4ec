"""Location quotients on arrays.

Notation: v = region × activity sizes (NaN unknown), x = reference share of every region.
Totals are arguments: a kernel that sums for itself turns the whole table into NaN through
the grand total as soon as one cell is unknown.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import special, stats

if TYPE_CHECKING:
    from agglo.core.typing import BoolArray, FloatArray

# scipy's Shapiro-Wilk p-value is calibrated up to this many values
SHAPIRO_MOST = 5000
STANDARDISED_LEAST = 8


def location_quotient(
    v: FloatArray, x: FloatArray, col_total: FloatArray
) -> FloatArray:
    """Share of the activity in a region over the region's reference share; 0/0 is NaN."""
    with np.errstate(divide="ignore", invalid="ignore"):
        quotient = v / col_total / x[:, None]
    # a region outside the reference has no expected share to compare with
    quotient[np.isinf(quotient)] = np.nan
    return quotient


def excess_jobs(v: FloatArray, x: FloatArray, col_total: FloatArray) -> FloatArray:
    """Size above the activity's total times the reference share, in the unit of v."""
    return v - x[:, None] * col_total


def log_quotient(quotient: FloatArray) -> FloatArray:
    """Natural logarithm; zero quotients are NaN."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(quotient > 0, np.log(quotient), np.nan)


def symmetric_quotient(quotient: FloatArray) -> FloatArray:
    """(LQ - 1)/(LQ + 1), in [-1, 1)."""
    return (quotient - 1.0) / (quotient + 1.0)


@dataclass(frozen=True, slots=True)
class Standardised:
    """z-scores of ln LQ, and per activity what supports them.

    Attributes
    ----------
    z
        (n_regions, n_activities).
    n_positive
        Regions with LQ > 0, (n_activities,).
    shapiro_p
        P-value of the Shapiro-Wilk test that ln LQ is normal, (n_activities,).
    """

    z: FloatArray
    n_positive: FloatArray
    shapiro_p: FloatArray


def standardised_quotient(quotient: FloatArray) -> Standardised:
    """Standardise ln LQ per activity over the regions where it is positive (ddof 1)."""
    logs = log_quotient(quotient)
    there = np.isfinite(logs)
    n = there.sum(axis=0).astype(np.float64)
    filled = np.where(there, logs, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = filled.sum(axis=0) / n
        square = np.where(there, (logs - mean) ** 2, 0.0).sum(axis=0)
        sd = np.sqrt(square / (n - 1.0))
        # equal values leave rounding error, not variation
        flat = sd <= 1e-12 * np.maximum(1.0, np.abs(mean))
        z = (logs - mean) / np.where(flat | (n < STANDARDISED_LEAST), np.nan, sd)
    p = np.full(n.size, np.nan)
    for i in np.flatnonzero(~flat & (n >= STANDARDISED_LEAST) & (n <= SHAPIRO_MOST)):
        p[i] = stats.shapiro(logs[there[:, i], i]).pvalue
    return Standardised(z, n, p)


def shrunk_quotient(counts: FloatArray, x: FloatArray) -> FloatArray:
    """Marshall's global empirical-Bayes rate of plant counts, per activity over regions.

    Unknown counts stay NaN and are left out of the moments of their activity.
    """
    known = np.isfinite(counts) & (x[:, None] > 0)
    n = np.where(known, counts, 0.0)
    # expected counts of the known regions add up to the known plants
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(known, x[:, None], 0.0)
        expected = share / share.sum(axis=0) * n.sum(axis=0)
        total = expected.sum(axis=0)
        mean = n.sum(axis=0) / total
        raw = n / expected
        spread = np.where(known, expected * (raw - mean) ** 2, 0.0).sum(axis=0) / total
        between = np.maximum(spread - mean / (total / known.sum(axis=0)), 0.0)
        weight = between / (between + mean / expected)
        return np.where(known, mean + weight * (raw - mean), np.nan)


@dataclass(frozen=True, slots=True)
class NationalTotals:
    """Totals of employment and plants per activity, of area and of population."""

    size: FloatArray
    plants: FloatArray
    area: float
    population: float


def cluster_index(
    v: FloatArray,
    plants: FloatArray,
    area: FloatArray,
    population: FloatArray,
    whole: NationalTotals,
) -> FloatArray:
    """Litzenberger-Sternberg index: density times stock, over relative plant size."""
    with np.errstate(divide="ignore", invalid="ignore"):
        density = (v / area[:, None]) / (whole.size / whole.area)
        stock = (v / population[:, None]) / (whole.size / whole.population)
        plant_size = (v / plants) / (whole.size / whole.plants)
        index = density * stock / plant_size
    index[np.isinf(index)] = np.nan
    return index


@dataclass(frozen=True, slots=True)
class Tested:
    """Interval and p-values per cell, (n_regions, n_activities) each."""

    lower: FloatArray
    upper: FloatArray
    p_greater: FloatArray
    p_less: FloatArray


def binomial_test(
    counts: FloatArray, n_plants: FloatArray, x: FloatArray, level: float
) -> Tested:
    """n_im ~ Bin(n_i, x_m): Clopper-Pearson interval of n_im/n_i over x_m, exact tails."""
    n = np.maximum(n_plants, np.nan_to_num(counts))
    share = np.broadcast_to(x[:, None], counts.shape)
    tail = (1.0 - level) / 2.0
    with np.errstate(divide="ignore", invalid="ignore"):
        # P(Bin >= k) = I_x(k, n - k + 1); the ends have no beta distribution
        greater = np.where(
            counts > 0,
            special.betainc(np.maximum(counts, 1.0), n - counts + 1.0, share),
            1.0,
        )
        less = np.where(
            counts < n,
            special.betaincc(counts + 1.0, np.maximum(n - counts, 1.0), share),
            1.0,
        )
        low = np.where(
            counts > 0,
            special.betaincinv(np.maximum(counts, 1.0), n - counts + 1.0, tail),
            0.0,
        )
        high = np.where(
            counts < n,
            special.betaincinv(counts + 1.0, np.maximum(n - counts, 1.0), 1.0 - tail),
            1.0,
        )
        lower, upper = low / share, high / share
    return _where(
        (n > 0) & (share > 0) & np.isfinite(counts),
        Tested(lower, upper, greater, less),
    )


def dartboard_test(
    s: FloatArray, x: FloatArray, herfindahl: FloatArray, level: float
) -> Tested:
    """E s_m = x_m, Var s_m = H x_m (1 - x_m), normal; the interval inverts the same test."""
    h = np.broadcast_to(herfindahl, s.shape)
    share = np.broadcast_to(x[:, None], s.shape)
    with np.errstate(divide="ignore", invalid="ignore"):
        z = (s - share) / np.sqrt(h * share * (1.0 - share))
        greater, less = special.ndtr(-z), special.ndtr(z)
        # |s - t| <= q sqrt(H t (1 - t)) solved for t: Wilson's interval with n = 1/H
        q = special.ndtri(0.5 + level / 2.0) ** 2 * h
        centre = (s + q / 2.0) / (1.0 + q)
        half = np.sqrt(q * s * (1.0 - s) + q * q / 4.0) / (1.0 + q)
        lower = np.maximum(centre - half, 0.0) / share
        upper = np.minimum(centre + half, 1.0) / share
    return _where((share > 0) & np.isfinite(h), Tested(lower, upper, greater, less))


def two_sided(greater: FloatArray, less: FloatArray) -> FloatArray:
    """Twice the smaller tail, at most 1."""
    return np.minimum(1.0, 2.0 * np.minimum(greater, less))


def _where(defined: BoolArray, found: Tested) -> Tested:
    return Tested(
        np.where(defined, found.lower, np.nan),
        np.where(defined, found.upper, np.nan),
        np.where(defined, found.p_greater, np.nan),
        np.where(defined, found.p_less, np.nan),
    )
