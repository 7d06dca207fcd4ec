"""Presence on arrays: quotients, thresholds. (n_regions, n_activities); NaN is unknown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from agglo.core.typing import BoolArray, FloatArray

# a quotient that is 1 on paper may be one rounding below it
_TIE = 1e-12


def revealed_advantage(
    x: FloatArray, row_total: FloatArray, col_total: FloatArray, total: float
) -> FloatArray:
    """Local share over overall share; 0/0 is NaN."""
    with np.errstate(divide="ignore", invalid="ignore"):
        out = x / row_total[:, None]
        out /= col_total / total
    out[~np.isfinite(out)] = np.nan
    return out


def population_quotient(
    x: FloatArray, col_total: FloatArray, population: FloatArray
) -> FloatArray:
    """Share of the activity over share of the population; 0/0 is NaN."""
    with np.errstate(divide="ignore", invalid="ignore"):
        out = x / col_total
        out /= (population / population.sum())[:, None]
    out[~np.isfinite(out)] = np.nan
    return out


def at_least(quotient: FloatArray, threshold: float) -> BoolArray:
    """Whether the quotient reaches the threshold; NaN does not."""
    with np.errstate(invalid="ignore"):
        out: BoolArray = quotient >= threshold * (1.0 - _TIE)
    return out


def saturating(quotient: FloatArray) -> FloatArray:
    """Map [0, inf) to [0, 1): q / (1 + q); NaN becomes 0."""
    return np.nan_to_num(quotient / (1.0 + quotient), nan=0.0)


def log_deviation(
    n: FloatArray,
    quotient: FloatArray,
    row_total: FloatArray,
    col_total: FloatArray,
    total: float,
) -> FloatArray:
    """Deviation of ln of the quotient when n is one multinomial draw; NaN for n = 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = 1.0 / n - (1.0 / row_total)[:, None] - 1.0 / col_total
        variance += (2.0 * quotient - 1.0) / total
    return np.where(n > 0, np.sqrt(np.maximum(variance, 0.0)), np.nan)


def empty_share_bound(units: FloatArray, tail: float) -> FloatArray:
    """Largest share of which none of `units` draws is seen with a chance of `tail`."""
    with np.errstate(divide="ignore"):
        out: FloatArray = 1.0 - tail ** (1.0 / units)
    return out
