"""The null of many K-densities: exact moments, drawn constants of the global bands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from agglo.concentration import _kdensity_curve as curves
from agglo.concentration._distance_input import check_bandwidth
from agglo.concentration._kernels import distance_kdensity as density
from agglo.concentration._kernels import pair_moments as kernels
from agglo.core.errors import NotIdentifiedError, OptionError
from agglo.core.inference import fdr
from agglo.core.parallel import generator, monte_carlo

if TYPE_CHECKING:
    from agglo.core.typing import BoolArray, FloatArray, IntArray

__all__ = [
    "SAMPLE",
    "CurveNull",
    "curve_of",
    "fixed_bandwidth",
    "null_of",
    "pool_moments",
    "verdict",
]

SAMPLE = 20_000
# real draws at all sizes below, fewer of them above, none beyond
_REAL = 500
_LAST = 5_000
_FEW_DRAWS = 200
_SIZES = 30


def fixed_bandwidth(bandwidth_km: object) -> float:
    h = check_bandwidth(bandwidth_km)
    if h is None:
        msg = "bandwidth_km must be kilometres: one for all curves."
        raise OptionError(msg)
    return h


def curve_of(
    at: FloatArray,
    rows: IntArray,
    r: FloatArray,
    h: float,
    *,
    other: IntArray | None = None,
    weights: FloatArray | None = None,
) -> FloatArray:
    both = None if weights is None else (weights, weights)
    subject = curves.Subject(pool=at, rows=rows, other=other, weights=both)
    curve = curves.curve_for(subject, r, h, "auto", added=False)
    return curve(*subject.places(), subject.weights, threaded=True)


def pool_moments(
    pool: FloatArray, r: FloatArray, h: float
) -> tuple[kernels.PairMoments, float]:
    """Moments of the pool, and the relative error that a sample of it makes in the sd."""
    smoother = density.smoother_for(r, h, SAMPLE**2)
    if len(pool) <= SAMPLE:
        return kernels.pool_moments(
            pool, smoother.matrix, smoother.width, len(pool)
        ), 0.0
    # a fixed sample, so that the moments depend on the data alone
    some = generator(0, 1).permutation(len(pool))[:SAMPLE]
    n = len(pool)
    halves = [
        kernels.pool_moments(pool[part], smoother.matrix, smoother.width, n)
        for part in (some[::2], some[1::2])
    ]
    found = kernels.pool_moments(pool[some], smoother.matrix, smoother.width, n)
    sds = [np.sqrt(np.diag(kernels.sample_covariance(m, _REAL))) for m in halves]
    gap = np.abs(sds[0] - sds[1]) / (sds[0] + sds[1])
    return found, float(gap.mean())


@dataclass(frozen=True, eq=False, kw_only=True)
class CurveNull:
    """Moments of the pool, and extremes of standardised null curves by size.

    `highest` and `lowest` hold, for every size drawn, the sorted largest and the largest
    negative standardised points of its curves.
    """

    moments: kernels.PairMoments
    sizes: IntArray
    highest: tuple[FloatArray, ...]
    lowest: tuple[FloatArray, ...]
    sd_error: float

    def sd(self, n: int) -> FloatArray:
        covariance = kernels.sample_covariance(self.moments, n)
        return np.asarray(np.sqrt(np.maximum(np.diag(covariance), 0.0)))

    def nearest(self, n: IntArray) -> IntArray:
        gap = np.abs(np.log(np.maximum(n, 1))[:, None] - np.log(self.sizes))
        return np.asarray(gap.argmin(axis=1))

    def draws_at(self, n: IntArray) -> IntArray:
        return np.array([self.highest[k].size for k in self.nearest(n)])

    def constants(self, which: tuple[FloatArray, ...], level: float) -> FloatArray:
        """Critical constants at the sizes drawn, smoothed over them."""
        found = np.array([np.quantile(v, 1.0 - level) for v in which])
        if self.sizes.size < 6:
            return found
        x = self.sizes**-0.5
        design = np.column_stack([np.ones(x.size), x, x**2])
        weight = np.sqrt([v.size for v in which])
        fit = np.linalg.lstsq(design * weight[:, None], found * weight, rcond=None)[0]
        return np.asarray(design @ fit)


def null_of(
    at: FloatArray, r: FloatArray, h: float, sizes: IntArray, draws: int, seed: int
) -> CurveNull:
    moments, error = pool_moments(at, r, h)
    drawn = _grid_of_sizes(sizes, len(at))
    ends = [_extremes(at, moments, int(n), r, h, draws, seed) for n in drawn]
    return CurveNull(
        moments=moments,
        sizes=drawn,
        highest=tuple(np.sort(e[:, 0]) for e in ends),
        lowest=tuple(np.sort(e[:, 1]) for e in ends),
        sd_error=error,
    )


def _grid_of_sizes(sizes: IntArray, pool: int) -> IntArray:
    """Sizes to draw: all of few, else up to 30 spread evenly in logarithms."""
    top = min(int(sizes.max()), _LAST, max(pool - 1, 2))
    kept = np.unique(np.minimum(sizes, top))
    if kept.size <= _SIZES:
        return kept
    spread = np.geomspace(int(kept[0]), top, _SIZES)
    return np.unique(np.rint(spread).astype(np.int64))


def _extremes(
    at: FloatArray,
    moments: kernels.PairMoments,
    n: int,
    r: FloatArray,
    h: float,
    draws: int,
    seed: int,
) -> FloatArray:
    """Largest standardised points above and below the mean of drawn curves."""
    sd = np.sqrt(np.maximum(np.diag(kernels.sample_covariance(moments, n)), 0.0))
    varies = sd > 1e-12 * moments.mean
    if not varies.any():
        msg = "All plants share one place, or one industry: nothing varies under the null."
        raise NotIdentifiedError(msg)
    subject = curves.Subject(pool=at, rows=np.arange(n), other=None, weights=None)
    curve = curves.curve_for(subject, r, h, "hist", added=False)

    def draw(rng: np.random.Generator, size: int) -> FloatArray:
        out = np.empty((size, 2))
        for k in range(size):
            rows = rng.choice(len(at), n, replace=False, shuffle=False)
            z = (curve(at[rows], None, None) - moments.mean)[varies] / sd[varies]
            out[k] = z.max(), -z.min()
        return out

    few = draws if n < _REAL else min(draws, _FEW_DRAWS)
    return monte_carlo(draw, n=few, seed=seed, stream=n)


def verdict(
    null: CurveNull, values: FloatArray, count: IntArray, ok: BoolArray, level: float
) -> dict[str, FloatArray]:
    """Bands, and p-values against the draws of the nearest size."""
    k = count.size
    sd = np.full(values.shape, np.nan)
    for i in np.flatnonzero(ok):
        sd[i] = null.sd(int(count[i]))
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where(
            sd > 1e-12 * null.moments.mean, (values - null.moments.mean) / sd, 0.0
        )
    nearest = null.nearest(count)
    at = np.maximum(count, 1.0) ** -0.5
    order = np.argsort(null.sizes**-0.5)
    out: dict[str, FloatArray] = {"null_sd": sd}
    for side, which, sign in (
        ("upper", null.highest, 1.0),
        ("lower", null.lowest, -1.0),
    ):
        constant = null.constants(which, level)
        out[f"{side}_constant"] = np.interp(
            at, (null.sizes**-0.5)[order], constant[order]
        )
        p = np.full(k, np.nan)
        for i in np.flatnonzero(ok):
            draws = which[nearest[i]]
            beyond = draws.size - np.searchsorted(draws, (sign * z[i]).max())
            p[i] = (1.0 + beyond) / (1.0 + draws.size)
        out["p_localized" if sign > 0 else "p_dispersed"] = p
    out["q_localized"] = fdr(out["p_localized"])
    return out
