"""What intervals of ellipses share: conventions, units, BCa, axial angles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from agglo.concentration._kernels import ellipses as kernels
from agglo.core.errors import AlignmentError, InvalidTableError, OptionError
from agglo.core.options import check_number

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from agglo.core.tables import Points
    from agglo.core.typing import FloatArray, IntArray

__all__ = [
    "LOST",
    "STATISTICS",
    "Divisor",
    "acceleration",
    "axial",
    "bca",
    "refuse_weightless",
    "scale_of",
    "statistics_of",
    "units_of",
]

Divisor: TypeAlias = Literal["n", "n-1", "n-2"]

LOST: Mapping[str, float] = {"n": 0.0, "n-1": 1.0, "n-2": 2.0}
STATISTICS = ("x_km", "y_km", "long_km", "short_km", "area_km2", "theta")


def scale_of(scale: float | None, coverage: float | None) -> float:
    """Give the factor of the axes that scale or coverage ask for."""
    if scale is not None and coverage is not None:
        msg = "Give scale= or coverage=, not both."
        raise OptionError(msg)
    if coverage is not None:
        share = check_number("coverage", coverage, minimum=0, maximum=1, open_ends=True)
        return float(np.sqrt(-2.0 * np.log1p(-share)))
    if scale is None:
        return 1.0
    return check_number("scale", scale, minimum=0, open_ends=True)


def refuse_weightless(points: Points, label: str) -> None:
    """Refuse points that weigh nothing together."""
    if not (points.weight > 0).any():
        msg = f"No point of {label} has a positive weight: there is no centre."
        raise InvalidTableError(msg)


def units_of(unit: ArrayLike | None, n: int) -> tuple[IntArray, int]:
    """Give every unit a number; every point is its own where none are given."""
    if unit is None:
        return np.arange(n, dtype=np.int64), n
    labels = np.asarray(unit).astype(np.str_)
    if labels.shape != (n,):
        msg = f"unit has {labels.shape} labels for {n} points."
        raise AlignmentError(msg)
    known, code = np.unique(labels, return_inverse=True)
    return code.astype(np.int64), known.size


def statistics_of(sums: FloatArray, lost: float, scale: float) -> FloatArray:
    """Give centre, axes, area and bearing from sums, shape (..., 6)."""
    cx, cy, sxx, syy, sxy = kernels.covariance_of_sums(sums, lost)
    long, short, theta = kernels.axes_of(sxx, syy, sxy)
    area = np.pi * long * short * scale**2
    return np.column_stack([cx, cy, long * scale, short * scale, area, theta])


def acceleration(*jackknife: FloatArray) -> float:
    """Give the acceleration of one statistic from its leave-one-out values, per sample.

    One sample: Efron (1987), equation 4.4. Several: the samples' influences are pooled,
    each over the number of its units.
    """
    top = bottom = 0.0
    for given in jackknife:
        # without one unit an ellipse may be degenerate
        values = given[np.isfinite(given)]
        if values.size == 0:
            continue
        influence = (values.mean() - values) * (values.size - 1) / values.size
        top += float((influence**3).sum())
        bottom += float((influence**2).sum())
    return top / (6.0 * bottom**1.5) if bottom > 0 else 0.0


def bca(
    draws: FloatArray, estimate: float, speed: float, tail: float
) -> tuple[float, float]:
    """Give the bias-corrected accelerated interval (Efron 1987, equation 2.3)."""
    from scipy.special import ndtr, ndtri

    known = draws[np.isfinite(draws)]
    if known.size == 0 or not np.isfinite(estimate):
        return np.nan, np.nan
    below = np.mean(known < estimate) + 0.5 * np.mean(known == estimate)
    if not 0.0 < below < 1.0:
        return np.nan, np.nan
    bias = ndtri(below)
    z = bias + ndtri(np.array([tail, 1.0 - tail]))
    level = ndtr(bias + z / (1.0 - speed * z))
    low, high = np.quantile(known, level)
    return float(low), float(high)


def axial(theta: FloatArray, tail: float) -> tuple[tuple[float, float], float]:
    """Give the interval of an axial angle around its mean, and the resultant length."""
    known = theta[np.isfinite(theta)]
    if known.size == 0:
        return (np.nan, np.nan), np.nan
    turn = np.exp(2j * np.radians(known))
    middle = turn.mean()
    concentration = float(abs(middle))
    if concentration < 0.5:
        return (np.nan, np.nan), concentration
    centre = np.degrees(np.angle(middle)) / 2.0
    away = (known - centre + 90.0) % 180.0 - 90.0
    low, high = np.quantile(away, [tail, 1.0 - tail]) + centre
    # kept around the mean, so that an interval across north reads as one piece
    turn_back = 180.0 * np.floor(centre / 180.0)
    return (float(low - turn_back), float(high - turn_back)), concentration
