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
from agglo.core.inference import fdr, global_envelope
from agglo.core.options import Permutation
from agglo.core.parallel import generator, monte_carlo
from agglo.core.results import frozen_array

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agglo.core.typing import BoolArray, FloatArray, IntArray

__all__ = [
    "SAMPLE",
    "Study",
    "Verdict",
    "curve_of",
    "fixed_bandwidth",
    "held_moments",
    "pool_moments",
    "study_of",
    "verdict_by_size",
    "verdict_by_weights",
    "verdict_within_strata",
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
    second: FloatArray | None = None,
    distances: FloatArray | None = None,
) -> FloatArray:
    both = None if weights is None else (weights, weights if second is None else second)
    subject = curves.Subject(
        pool=at, rows=rows, other=other, weights=both, distances=distances
    )
    curve = curves.curve_for(subject, r, h, "auto", added=False)
    return curve(*subject.places(), subject.weights, threaded=True)


def pool_moments(
    pool: FloatArray, r: FloatArray, h: float, distances: FloatArray | None = None
) -> tuple[kernels.PairMoments, float]:
    """Moments of the pool, and the relative error that a sample of it makes in the sd."""
    smoother = density.smoother_for(r, h, min(len(pool), SAMPLE) ** 2 // 2)
    n = len(pool)

    def moments(part: FloatArray) -> kernels.PairMoments:
        if distances is None:
            return kernels.pool_moments(part, smoother.matrix, smoother.width, n)
        gap = curves.between(distances, part, None)
        return kernels.matrix_moments(gap, smoother.matrix, smoother.width, n)

    if n <= SAMPLE:
        return moments(pool), 0.0
    # a fixed sample, so that the moments depend on the data alone
    some = generator(0, 1).permutation(n)[:SAMPLE]
    halves = [moments(pool[part]) for part in (some[::2], some[1::2])]
    found = moments(pool[some])
    sds = [np.sqrt(np.diag(kernels.sample_covariance(m, _REAL))) for m in halves]
    gap = np.abs(sds[0] - sds[1]) / (sds[0] + sds[1])
    return found, float(gap.mean())


def held_moments(
    a: FloatArray,
    weights: FloatArray,
    pool: FloatArray,
    dealt: FloatArray,
    r: FloatArray,
    h: float,
    distances: FloatArray | None = None,
) -> tuple[FloatArray, FloatArray]:
    """Mean and covariance of the cross curve when a is held and the other type is drawn.

    The curve is linear in the drawn sites. Beyond 20,000 a sample of the pool stands for it.
    """
    n = len(pool)
    if n > SAMPLE:
        pool = pool[generator(0, 1).permutation(n)[:SAMPLE]]
    smoother = density.smoother_for(r, h, len(a) * len(pool))
    gap = None if distances is None else curves.between(distances, pool, a)
    how = smoother.matrix, smoother.width, gap
    field = kernels.held_field(a, weights, pool, *how)
    share = float((dealt**2).sum() / dealt.sum() ** 2) - 1.0 / n
    covariance = max(share, 0.0) * np.atleast_2d(np.cov(field, rowvar=False))
    return field.mean(axis=0), np.asarray(covariance)


@dataclass(frozen=True, eq=False, kw_only=True)
class Drawn:
    """Null curves in standard deviations from the mean, (n_draws, n_distances)."""

    z: FloatArray

    def ends(self, level: float, *, ranks: bool) -> FloatArray:
        """How far the band lies above and below the mean, (2, n_distances)."""
        if ranks:
            band = global_envelope(self.z[0], self.z, kind="do", level=level)
            return np.stack([band.upper, -band.lower])
        both = self.z.max(axis=1), (-self.z).max(axis=1)
        ends = [np.quantile(v, 1.0 - level) for v in both]
        return np.repeat(np.array(ends)[:, None], self.z.shape[1], axis=1)

    def p(self, z: FloatArray) -> tuple[float, float]:
        """P-values of the highest and of the lowest point of a curve."""
        n = len(self.z)
        above = int((self.z.max(axis=1) >= z.max()).sum())
        below = int((self.z.min(axis=1) <= z.min()).sum())
        return (1.0 + above) / (1.0 + n), (1.0 + below) / (1.0 + n)


@dataclass(frozen=True, eq=False, kw_only=True)
class Verdict:
    """Null mean (one, or by industry), and by industry: its sd, bands in it, p, draws."""

    null_mean: FloatArray
    null_sd: FloatArray
    upper_constant: FloatArray
    lower_constant: FloatArray
    p_localized: FloatArray
    p_dispersed: FloatArray
    n_draws: IntArray

    def fields(self) -> dict[str, FloatArray]:
        """Name the fields of a result."""
        names = [f for f in self.__dataclass_fields__ if f != "n_draws"]
        out = {name: frozen_array(getattr(self, name)) for name in names}
        return {**out, "q_localized": frozen_array(fdr(self.p_localized))}


@dataclass(frozen=True, eq=False, kw_only=True)
class Study:
    """Pool, distances and bandwidth of a study, moments of the pool, how to draw."""

    at: FloatArray
    r: FloatArray
    h: float
    moments: kernels.PairMoments
    sd_error: float
    draws: int
    seed: int
    level: float
    ranks: bool
    distances: FloatArray | None = None

    def sd(self, n: int, weights: FloatArray | None = None) -> FloatArray:
        """Exact standard deviation of the curve of n plants, weights dealt to them."""
        if weights is None:
            covariance = kernels.sample_covariance(self.moments, n)
        else:
            covariance = kernels.weighted_covariance(self.moments, weights)
        return np.asarray(np.sqrt(np.maximum(np.diag(covariance), 0.0)))

    def standardised(self, values: FloatArray, sd: FloatArray) -> FloatArray:
        """Curves in standard deviations from the mean; 0 where nothing varies."""
        return _standardised(values, self.moments.mean, sd)

    def drawn(self, n: int, weights: FloatArray | None, stream: int) -> Drawn:
        """Draw curves of n plants of the pool."""
        sd = self.sd(n, weights)
        if not (sd > 1e-12 * self.moments.mean).any():
            msg = "All plants share one place, or one industry: nothing varies under the null."
            raise NotIdentifiedError(msg)
        both = None if weights is None else (weights, weights)
        subject = curves.Subject(
            pool=self.at,
            rows=np.arange(n),
            other=None,
            weights=both,
            distances=self.distances,
        )
        curve = curves.curve_for(subject, self.r, self.h, "hist", added=False)

        def draw(rng: np.random.Generator, size: int) -> FloatArray:
            out = np.empty((size, self.r.size))
            for k in range(size):
                rows = rng.choice(len(self.at), n, replace=False, shuffle=False)
                dealt = None
                if weights is not None:
                    dealt = (rng.permutation(weights),) * 2
                out[k] = self.standardised(curve(self.at[rows], None, dealt), sd)
            return out

        # ranks need all draws at any size
        few = self.draws if n < _REAL or self.ranks else min(self.draws, _FEW_DRAWS)
        return Drawn(z=monte_carlo(draw, n=few, seed=self.seed, stream=stream))


def study_of(
    at: FloatArray,
    r: FloatArray,
    h: float,
    *,
    draws: tuple[int, int],
    level: float,
    ranks: bool,
    distances: FloatArray | None = None,
) -> Study:
    """Take the moments of the pool; `draws` are their number and seed."""
    moments, error = pool_moments(at, r, h, distances)
    return Study(
        at=at,
        r=r,
        h=h,
        moments=moments,
        sd_error=error,
        draws=draws[0],
        seed=draws[1],
        level=level,
        ranks=ranks,
        distances=distances,
    )


def _standardised(values: FloatArray, mean: FloatArray, sd: FloatArray) -> FloatArray:
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where(sd > 1e-12 * mean, (values - mean) / sd, 0.0)
    return np.asarray(z)


def _grid_of_sizes(sizes: IntArray, pool: int) -> IntArray:
    """Sizes to draw: all of few, else up to 30 spread evenly in logarithms."""
    top = min(int(sizes.max()), _LAST, max(pool - 1, 2))
    kept = np.unique(np.minimum(sizes, top))
    if kept.size <= _SIZES:
        return kept
    spread = np.geomspace(int(kept[0]), top, _SIZES)
    return np.unique(np.rint(spread).astype(np.int64))


def verdict_by_size(
    study: Study, values: FloatArray, count: IntArray, ok: BoolArray
) -> Verdict:
    """Bands that depend on the number of plants only; p from the draws of the nearest size."""
    sizes = _grid_of_sizes(np.unique(count[ok]), len(study.at))
    drawn = [study.drawn(int(n), None, int(n)) for n in sizes]
    ends = np.array([d.ends(study.level, ranks=study.ranks) for d in drawn])
    number = np.array([len(d.z) for d in drawn])
    if sizes.size >= 6:
        ends = _smoothed(sizes, ends, np.sqrt(number))
    out = _nothing(values.shape, study.moments.mean)
    order = np.argsort(sizes**-0.5)
    at = np.maximum(count, 1.0) ** -0.5
    for side, into in enumerate((out.upper_constant, out.lower_constant)):
        for d in range(study.r.size):
            into[:, d] = np.interp(at, (sizes**-0.5)[order], ends[:, side, d][order])
    gap = np.abs(np.log(np.maximum(count, 1))[:, None] - np.log(sizes))
    nearest = gap.argmin(axis=1)
    for i in np.flatnonzero(ok):
        out.null_sd[i] = study.sd(int(count[i]))
        z = study.standardised(values[i], out.null_sd[i])
        out.p_localized[i], out.p_dispersed[i] = drawn[nearest[i]].p(z)
        out.n_draws[i] = number[nearest[i]]
    return out


def _smoothed(sizes: IntArray, ends: FloatArray, weight: FloatArray) -> FloatArray:
    """Fit the ends by a quadratic of 1/sqrt(n)."""
    x = sizes**-0.5
    design = np.column_stack([np.ones(x.size), x, x**2])
    flat = ends.reshape(x.size, -1)
    fit = np.linalg.lstsq(design * weight[:, None], flat * weight[:, None], rcond=None)
    return np.asarray((design @ fit[0]).reshape(ends.shape))


def verdict_by_weights(
    study: Study,
    values: FloatArray,
    weights: Sequence[FloatArray],
    streams: Sequence[int],
    ok: BoolArray,
) -> Verdict:
    """Bands of every industry from its own weights, dealt to the drawn plants."""
    out = _nothing(values.shape, study.moments.mean)
    for i in np.flatnonzero(ok).tolist():
        own = weights[i]
        out.null_sd[i] = study.sd(own.size, own)
        some = own
        if own.size > _LAST:  # the constants hardly change beyond
            rows = generator(study.seed, streams[i], 1).permutation(own.size)
            some = own[rows[:_LAST]]
        drawn = study.drawn(some.size, some, streams[i])
        ends = drawn.ends(study.level, ranks=study.ranks)
        out.upper_constant[i], out.lower_constant[i] = ends
        z = study.standardised(values[i], out.null_sd[i])
        out.p_localized[i], out.p_dispersed[i] = drawn.p(z)
        out.n_draws[i] = len(drawn.z)
    return out


def verdict_within_strata(
    study: Study,
    values: FloatArray,
    members: Sequence[IntArray],
    weights: Sequence[FloatArray | None],
    stratum: IntArray,
    streams: Sequence[int],
    ok: BoolArray,
) -> Verdict:
    """Bands of every industry from draws that keep how many of its plants each stratum has.

    Mean and standard deviation are those of the draws.
    """
    out = _nothing(values.shape, np.full(values.shape, np.nan))
    for i in np.flatnonzero(ok).tolist():
        own = weights[i]
        subject = curves.Subject(
            pool=study.at,
            rows=members[i],
            other=None,
            weights=None if own is None else (own, own),
            distances=study.distances,
            stratum=stratum,
        )
        curve = curves.curve_for(subject, study.r, study.h, "hist", added=False)
        draws = Permutation(n=study.draws)
        simulated = curves.null_curves(
            subject, curve, "all_sites", draws, study.seed, stream=streams[i]
        )
        mean, sd = simulated.mean(axis=0), simulated.std(axis=0, ddof=1)
        drawn = Drawn(z=_standardised(simulated, mean, sd))
        out.null_mean[i], out.null_sd[i] = mean, sd
        ends = drawn.ends(study.level, ranks=study.ranks)
        out.upper_constant[i], out.lower_constant[i] = ends
        z = _standardised(values[i], mean, sd)
        out.p_localized[i], out.p_dispersed[i] = drawn.p(z)
        out.n_draws[i] = len(drawn.z)
    return out


def _nothing(shape: tuple[int, ...], null_mean: FloatArray) -> Verdict:
    industries = shape[0]
    return Verdict(
        null_mean=null_mean,
        null_sd=np.full(shape, np.nan),
        upper_constant=np.full(shape, np.nan),
        lower_constant=np.full(shape, np.nan),
        p_localized=np.full(industries, np.nan),
        p_dispersed=np.full(industries, np.nan),
        n_draws=np.zeros(industries, dtype=np.int64),
    )
