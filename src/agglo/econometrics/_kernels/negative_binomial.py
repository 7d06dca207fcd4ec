"""Negative binomial likelihood with absorbed effects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import brentq, minimize_scalar
from scipy.special import digamma, gammaln

from agglo.econometrics._kernels.absorb import absorb

if TYPE_CHECKING:
    from agglo.core.typing import FloatArray, IntArray

__all__ = ["NegativeBinomialFit", "fit_negative_binomial", "log_likelihood"]

# from hardly more than Poisson to a standard deviation of ten times the mean
_LEAST, _MOST = np.log(1e-8), np.log(1e2)
_LARGE = 1e4
_NEAR = 1e-4


@dataclass(frozen=True, slots=True)
class NegativeBinomialFit:
    """What the iteration found; `x` are the columns without effects at the last weights."""

    b: FloatArray
    mean: FloatArray
    x: FloatArray
    alpha: float
    likelihood: float
    rounds: int
    settled: bool


def log_likelihood(y: FloatArray, mean: FloatArray, alpha: float) -> float:
    """Give the log likelihood of variance mean + alpha mean^2."""
    size = 1.0 / alpha
    if size > _LARGE:
        # Stirling: the difference of two gammas loses all digits there
        grown = np.log1p(alpha * y)
        head = (size + y - 0.5) * grown - y
        head += (1.0 / (size + y) - 1.0 / size) / 12.0
    else:
        head = gammaln(y + size) - gammaln(size) + y * np.log(alpha)
    odds = np.log1p(alpha * mean)
    return float(np.sum(head + y * np.log(mean) - (size + y) * odds - gammaln(y + 1.0)))


def fit_negative_binomial(
    y: FloatArray,
    x: FloatArray,
    codes: IntArray,
    start: FloatArray,
    *,
    tolerance: float = 1e-12,
    limit: int = 500,
) -> NegativeBinomialFit:
    """Alternate between one weighted round for the mean and the best dispersion."""
    mean: FloatArray = start
    eta: FloatArray = np.log(start)
    alpha, last = _dispersion(y, mean), -np.inf
    b: FloatArray = np.zeros(x.shape[1])
    clean = x
    for step in range(1, limit + 1):
        weights = mean / (1.0 + alpha * mean)
        working = eta + (y - mean) / mean
        both, ok = absorb(np.column_stack([working, x]), codes, weights)
        target, clean = both[:, 0], both[:, 1:]
        root = np.sqrt(weights)
        left, right = clean * root[:, None], target * root
        b = np.asarray(np.linalg.lstsq(left, right, rcond=None)[0], dtype=np.float64)
        eta = np.asarray(working - (target - clean @ b), dtype=np.float64)
        mean = np.asarray(np.exp(np.clip(eta, -60.0, 60.0)), dtype=np.float64)
        alpha = _dispersion(y, mean)
        found = log_likelihood(y, mean, alpha)
        if abs(found - last) <= tolerance * (0.1 + abs(found)) and ok:
            clean = absorb(x, codes, mean / (1.0 + alpha * mean))[0]
            return NegativeBinomialFit(b, mean, clean, alpha, found, step, True)
        last = found
    return NegativeBinomialFit(b, mean, clean, alpha, last, limit, False)


def _dispersion(y: FloatArray, mean: FloatArray) -> float:
    """Give the dispersion with the largest likelihood at these means."""
    found = minimize_scalar(
        lambda log_alpha: -log_likelihood(y, mean, float(np.exp(log_alpha))),
        bounds=(_LEAST, _MOST),
        method="bounded",
        options={"xatol": 1e-10},
    )
    alpha = float(np.exp(found.x))
    # the likelihood is flat at its top: its slope tells the place to more digits
    near = (alpha * (1.0 - _NEAR), alpha * (1.0 + _NEAR))
    ends = [_slope(y, mean, a) for a in near]
    if 1.0 / alpha > _LARGE or ends[0] * ends[1] >= 0:
        return alpha
    return float(brentq(lambda a: _slope(y, mean, a), *near, xtol=1e-15))


def _slope(y: FloatArray, mean: FloatArray, alpha: float) -> float:
    """Give alpha^2 times the derivative of the likelihood by the dispersion."""
    size = 1.0 / alpha
    part = np.log1p(alpha * mean) - digamma(y + size) + digamma(size)
    return float(np.sum(part + alpha * (y - mean) / (1.0 + alpha * mean)))
