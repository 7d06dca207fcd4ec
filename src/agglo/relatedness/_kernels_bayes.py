"""Variational mixtures of normals with a Dirichlet prior on the shares, on arrays.

Every component has a normal-Wishart prior (full), or normal-gamma priors per axis (diag).
Components that the data do not need empty out, so the number of groups is found and not
chosen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import digamma, gammaln

if TYPE_CHECKING:
    from agglo.core.typing import FloatArray

_TINY = 10 * np.finfo(np.float64).eps


@dataclass(frozen=True, slots=True, kw_only=True)
class Prior:
    """Concentration of the shares; mean and its precision; degrees of freedom; scale."""

    concentration: float
    mean: FloatArray
    mean_precision: float
    freedom: float
    scale: FloatArray
    regularisation: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Posterior:
    """What the variational posterior says; `bound` up to a constant of the data."""

    membership: FloatArray
    concentration: FloatArray
    mean: FloatArray
    covariance: FloatArray
    bound: float
    steps: int
    converged: bool


def prior_of(
    x: FloatArray, weight: FloatArray, k: int, reg: float, *, full: bool
) -> Prior:
    """Give weak priors: mean and spread of the data, 1/k items of weight per share."""
    total = weight.sum()
    mean = weight @ x / total
    apart = x - mean
    if full:
        spread = (weight[:, None] * apart).T @ apart / (total - 1)
    else:
        spread = weight @ apart**2 / (total - 1)
    return Prior(
        concentration=1.0 / k,
        mean=mean,
        mean_precision=1.0,
        freedom=float(x.shape[1]),
        scale=spread,
        regularisation=reg,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Components:
    concentration: FloatArray
    mean: FloatArray
    mean_precision: FloatArray
    freedom: FloatArray
    covariance: FloatArray


def _maximise(x: FloatArray, q: FloatArray, prior: Prior, *, full: bool) -> _Components:
    size = q.sum(axis=0) + _TINY
    mean = (q.T @ x) / size[:, None]
    precision = prior.mean_precision + size
    shift = mean - prior.mean
    pull = size * prior.mean_precision / precision
    freedom = prior.freedom + size
    cov: FloatArray
    if full:
        apart = x[None] - mean[:, None]
        spread = np.einsum("ik,kia,kib->kab", q, apart, apart, optimize=True)
        spread += size[:, None, None] * prior.regularisation * np.eye(x.shape[1])
        moved = pull[:, None, None] * (shift[:, :, None] * shift[:, None, :])
        cov = np.asarray(prior.scale + spread + moved, np.float64)
        cov /= freedom[:, None, None]
    else:
        second = (q.T @ (x * x)) / size[:, None] - mean**2
        second = np.maximum(second, 0.0) + prior.regularisation
        moved = pull[:, None] * shift**2
        cov = np.asarray(prior.scale + size[:, None] * second + moved, np.float64)
        cov /= freedom[:, None]
    return _Components(
        concentration=prior.concentration + size,
        mean=(prior.mean_precision * prior.mean + size[:, None] * mean)
        / precision[:, None],
        mean_precision=precision,
        freedom=freedom,
        covariance=cov,
    )


def _log_precision(found: _Components, *, full: bool) -> FloatArray:
    """Half of the log-determinant of every precision, without the freedom."""
    if full:
        out: FloatArray = -0.5 * np.linalg.slogdet(found.covariance)[1]
        return out
    return -0.5 * np.log(found.covariance).sum(axis=1)


def _distance(x: FloatArray, found: _Components, *, full: bool) -> FloatArray:
    if full:
        inverse = np.linalg.inv(found.covariance)
        apart = x[None] - found.mean[:, None]
        out = np.einsum("kia,kab,kib->ik", apart, inverse, apart, optimize=True)
    else:
        sharp = 1.0 / found.covariance
        out = (x * x) @ sharp.T - 2 * x @ (found.mean * sharp).T
        out = out + (found.mean**2 * sharp).sum(axis=1)
    return np.asarray(out, np.float64)


def _expect(
    x: FloatArray, found: _Components, *, full: bool
) -> tuple[FloatArray, FloatArray]:
    """Give memberships and their logarithms."""
    d = x.shape[1]
    # the scale matrix is the covariance times the freedom
    logs = (
        -0.5 * d * np.log(2 * np.pi)
        - 0.5 * _distance(x, found, full=full)
        + _log_precision(found, full=full)
        - 0.5 * d * np.log(found.freedom)
    )
    half = 0.5 * (found.freedom - np.arange(d)[:, None])
    spread = digamma(half).sum(axis=0) + d * np.log(2.0)
    logs += 0.5 * (spread - d / found.mean_precision)
    total = found.concentration.sum()
    logs += digamma(found.concentration) - digamma(total)
    logs -= logs.max(axis=1, keepdims=True)
    logs -= np.log(np.exp(logs).sum(axis=1, keepdims=True))
    return np.exp(logs), logs


def _bound(
    q: FloatArray,
    logs: FloatArray,
    weight: FloatArray,
    found: _Components,
    d: int,
    *,
    full: bool,
) -> float:
    """Give the evidence lower bound, up to what does not change between steps."""
    log_precision = _log_precision(found, full=full) - 0.5 * d * np.log(found.freedom)
    half = 0.5 * (found.freedom - np.arange(d)[:, None])
    wishart = -(
        found.freedom * (log_precision + 0.5 * d * np.log(2.0))
        + gammaln(half).sum(axis=0)
    )
    shares = gammaln(found.concentration.sum()) - gammaln(found.concentration).sum()
    return float(
        -weight @ (q * logs).sum(axis=1)
        - wishart.sum()
        - shares
        - 0.5 * d * np.log(found.mean_precision).sum()
    )


def fit(
    x: FloatArray,
    weight: FloatArray,
    start: FloatArray,
    prior: Prior,
    *,
    full: bool,
    tol: float,
    max_iter: int,
) -> Posterior:
    """Iterate from memberships (n, k) until the bound per item rises by less than `tol`."""
    q, value, steps, settled = start, -np.inf, 0, False
    times = weight[:, None]
    found = _maximise(x, times * q, prior, full=full)
    while steps < max_iter and not settled:
        steps += 1
        q, logs = _expect(x, found, full=full)
        found = _maximise(x, times * q, prior, full=full)
        bound = _bound(q, logs, weight, found, x.shape[1], full=full)
        before, value = value, bound
        settled = abs(value - before) <= tol * weight.sum()
    q, _ = _expect(x, found, full=full)
    return Posterior(
        membership=q,
        concentration=found.concentration,
        mean=found.mean,
        covariance=found.covariance,
        bound=value,
        steps=steps,
        converged=settled,
    )
