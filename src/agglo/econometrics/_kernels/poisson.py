"""Poisson pseudo-likelihood with absorbed effects, and the search for separated rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from agglo.econometrics._kernels.absorb import absorb

if TYPE_CHECKING:
    from agglo.core.typing import BoolArray, FloatArray, IntArray

__all__ = ["PoissonFit", "fit_poisson", "separated", "suspicious"]

_FAR = 18.0


@dataclass(frozen=True, slots=True)
class PoissonFit:
    """What the iteration found; `x` are the columns without effects at the last weights."""

    b: FloatArray
    mean: FloatArray
    x: FloatArray
    deviance: float
    rounds: int
    settled: bool


def deviance_of(y: FloatArray, mean: FloatArray, weights: FloatArray | float) -> float:
    """Give twice the gap to the saturated likelihood; 0 ln 0 is 0."""
    ratio = np.where(y > 0, y, 1.0) / mean
    gap = np.where(y > 0, y * np.log(ratio), 0.0) - (y - mean)
    return float(2.0 * np.sum(weights * gap))


def fit_poisson(
    y: FloatArray,
    x: FloatArray,
    codes: IntArray,
    *,
    tolerance: float = 1e-10,
    limit: int = 200,
    start: FloatArray | None = None,
    weights: FloatArray | float = 1.0,
) -> PoissonFit:
    """Solve the score equations by weighted least squares with the effects removed.

    `weights` are how often a row counts, 0 included.
    """
    mean = (y + y.mean()) / 2.0 if start is None else start
    eta = np.log(mean)
    last = np.inf
    b, clean = np.zeros(x.shape[1]), x
    for step in range(1, limit + 1):
        working = eta + (y - mean) / mean
        both, ok = absorb(np.column_stack([working, x]), codes, weights * mean)
        target, clean = both[:, 0], both[:, 1:]
        root = np.sqrt(weights * mean)
        b = np.linalg.lstsq(clean * root[:, None], target * root, rcond=None)[0]
        eta = working - (target - clean @ b)
        mean = np.exp(np.clip(eta, -60.0, 60.0))
        found = deviance_of(y, mean, weights)
        if abs(last - found) <= tolerance * (0.1 + abs(found)) and ok:
            # covariances need the regressors at the final weights
            clean = absorb(x, codes, weights * mean)[0]
            return PoissonFit(b, mean, clean, found, step, True)
        last = found
    return PoissonFit(b, mean, clean, last, limit, False)


def separated(y: FloatArray, x: FloatArray, codes: IntArray) -> BoolArray:
    """Find zeros that a combination of regressors and effects predicts perfectly.

    Iterative rectifier: a combination that is 0 where y > 0 and at least 0 elsewhere,
    above 0 somewhere, means that the likelihood has no maximum with those rows.
    """
    zero = y == 0
    none = np.zeros(y.size, dtype=bool)
    if not zero.any():
        return none
    weights = np.where(zero, 1.0, max(1e6, 1e3 * zero.sum()))
    u = zero.astype(np.float64)
    for _ in range(500):
        both, _ok = absorb(
            np.column_stack([u, x]), codes, weights, tolerance=1e-9, limit=3000
        )
        root = np.sqrt(weights)
        b = np.linalg.lstsq(both[:, 1:] * root[:, None], both[:, 0] * root, rcond=None)[
            0
        ]
        fitted = u - (both[:, 0] - both[:, 1:] @ b)
        fitted[np.abs(fitted) < 1e-4] = 0.0
        if (fitted[zero] >= 0).all():
            return zero & (fitted > 0)
        u = np.where(zero, np.maximum(fitted, 0.0), 0.0)
    return none


def suspicious(y: FloatArray, fit: PoissonFit) -> bool:
    """Say whether a fitted mean of a zero runs away from all others."""
    zero = y == 0
    if not zero.any():
        return False
    level = np.log(np.median(fit.mean[~zero]))
    return bool(np.log(fit.mean[zero]).min() < level - _FAR) or not fit.settled
