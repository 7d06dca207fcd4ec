"""Simultaneous bands and lead tests of an event study."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from agglo.core.errors import NotIdentifiedError
from agglo.core.parallel import generator, monte_carlo
from agglo.econometrics._average import effect_jacobian
from agglo.econometrics._estimate import clusters
from agglo.econometrics._kernels.wild import (
    WildSetup,
    wald_statistics,
    wild_t,
    wild_wald,
)
from agglo.econometrics.event_results import LeadTest
from agglo.econometrics.vcov import Clustered

if TYPE_CHECKING:
    from agglo.core.typing import FloatArray, IntArray
    from agglo.econometrics.results import SpatialPanelFit

__all__ = ["Bands", "bands_of", "lead_tests"]

_BANDS, _LEADS = 0, 1


@dataclass(frozen=True, slots=True)
class Bands:
    """Critical values: pointwise (m, 3) and over all k (3,)."""

    pointwise: FloatArray
    joint: FloatArray
    method: str


def _setup(fit: SpatialPanelFit, vcov: Clustered) -> WildSetup:
    found = fit.estimate.fitted
    u = found.e + found.z @ fit.estimate.b
    return WildSetup(
        u=u,
        z=found.z,
        cluster=clusters(fit.design, vcov),
        unit=fit.design.unit,
        period=fit.design.period,
    )


def bands_of(fit: SpatialPanelFit, n_events: int, *, n: int, seed: int) -> Bands:
    """Give critical values by wild bootstrap under clustering, else by Gaussian draws.

    The first `n_events` variables of the design are the event times.
    """
    value, jac = effect_jacobian(fit.design, fit.estimate)
    jac = jac[:n_events]
    size = value[:n_events].shape
    if isinstance(fit.vcov, Clustered):
        setup = _setup(fit, fit.vcov)
        # given rho: the map from coefficients to effects
        maps = jac[:, :, : fit.estimate.b.size].reshape(-1, fit.estimate.b.size)
        t = monte_carlo(
            lambda rng, block: wild_t(setup, rng, block, maps),
            n=n,
            seed=seed,
            stream=_BANDS,
        )
        label = f"wild cluster bootstrap, {n} draws, seed {seed}"
    else:
        flat = jac.reshape(-1, jac.shape[2])
        cov = flat @ fit.cov @ flat.T
        scale = np.sqrt(np.diag(cov))
        values, vectors = np.linalg.eigh(cov / np.outer(scale, scale))
        root = vectors * np.sqrt(np.clip(values, 0.0, None))
        draws = generator(seed, _BANDS).standard_normal((max(n, 10_000), scale.size))
        t = np.abs(draws @ root.T)
        label = f"Gaussian, {draws.shape[0]} draws, seed {seed}"
    t = t.reshape(t.shape[0], *size)
    pointwise = np.quantile(t, fit.level, axis=0)
    joint = np.quantile(t.max(axis=1), fit.level, axis=0)
    return Bands(pointwise=pointwise, joint=joint, method=label)


def lead_tests(
    fit: SpatialPanelFit, leads: IntArray, distance: FloatArray, *, n: int, seed: int
) -> tuple[LeadTest, ...]:
    """Test the leads jointly and apart: own coefficients and those of neighbours.

    `leads` are positions of the event variables, `distance` how far each is from the base.
    """
    variables = [fit.design.variables[i] for i in leads]
    own = np.array([v.own for v in variables], dtype=np.int64)
    far = np.array([c for v in variables for _, c in v.lagged], dtype=np.int64)
    sets = [("own", own), ("neighbours", far), ("joint", np.concatenate([own, far]))]
    sets = [(name, at) for name, at in sets if at.size]
    if not isinstance(fit.vcov, Clustered):
        return tuple(
            LeadTest(
                tested=name,
                statistic=(w := _chi2(fit, at))[0],
                df=at.size,
                p=w[1],
                method="chi-square",
                power=_power(fit, at, own, distance),
            )
            for name, at in sets
        )
    setup = _setup(fit, fit.vcov)
    n_clusters = int(setup.cluster.max()) + 1
    if n_clusters <= max(at.size for _, at in sets):
        msg = (
            f"[too_few_observations] {n_clusters} clusters cannot test "
            f"{max(at.size for _, at in sets)} lead coefficients at once."
        )
        raise NotIdentifiedError(msg)
    bread = setup.bread
    out = []
    for number, (name, at) in enumerate(sets):
        free = np.ones(setup.z.shape[2], dtype=bool)
        free[at] = False
        observed, null, residual = wild_wald(setup, (at,), free)

        def draw(
            rng: np.random.Generator,
            block: int,
            null: FloatArray = null,
            residual: FloatArray = residual,
            at: IntArray = at,
        ) -> FloatArray:
            b, cov = setup.refit(setup.draws(rng, block, null, residual), bread)
            return wald_statistics(b, cov, (at,))[:, 0]

        drawn = monte_carlo(draw, n=n, seed=seed, stream=_LEADS + number)
        out.append(
            LeadTest(
                tested=name,
                statistic=float(observed[0]),
                df=at.size,
                p=(1.0 + float((drawn >= observed[0]).sum())) / (1.0 + n),
                method=f"wild cluster bootstrap, {n} draws",
                power=_power(fit, at, own, distance),
            )
        )
    return tuple(out)


def _chi2(fit: SpatialPanelFit, at: IntArray) -> tuple[float, float]:
    from scipy.stats import chi2

    b, cov = fit.value[at], fit.cov[np.ix_(at, at)]
    statistic = float(b @ np.linalg.solve(cov, b))
    return statistic, float(chi2.sf(statistic, at.size))


def _power(
    fit: SpatialPanelFit, at: IntArray, own: IntArray, distance: FloatArray
) -> float:
    """Give the power against own coefficients that drift linearly away from the base."""
    from scipy.stats import chi2, ncx2

    events = [v.own for v in fit.design.variables if v.name.startswith("k=")]
    largest = float(np.abs(fit.value[events]).max())
    drift = dict(
        zip(
            own.tolist(),
            (0.5 * largest * distance / distance.max()).tolist(),
            strict=True,
        )
    )
    shift = np.array([drift.get(int(i), 0.0) for i in at])
    if not shift.any():
        # neighbours alone: the same drift in their coefficients
        repeats = at.size // own.size
        shift = np.repeat(list(drift.values()), repeats)
    cov = fit.cov[np.ix_(at, at)]
    away = float(shift @ np.linalg.solve(cov, shift))
    return float(ncx2.sf(chi2.ppf(0.95, at.size), at.size, away))
