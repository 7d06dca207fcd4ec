"""Expected information, score contributions and covariance matrices of a fit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from agglo.econometrics._kernels.within import demean

if TYPE_CHECKING:
    from agglo.core.typing import FloatArray, IntArray

__all__ = [
    "Fitted",
    "bartlett_meat",
    "clustered_meat",
    "conley_meat",
    "expected_information",
    "score_contributions",
    "spatial_multiplier",
]

_EARTH_KM = 6371.0088


@dataclass(frozen=True, slots=True)
class Fitted:
    """Arrays of a fit after the effects: residuals e, regressors z, lag of the outcome.

    ``which`` is ``"lag"``, ``"error"`` or ``""``; z is filtered by I - lam M for error
    models. ``transformed`` says that period effects were rotated out.
    """

    e: FloatArray
    z: FloatArray
    wy: FloatArray | None
    which: str
    parameter: float
    s2: float
    t_star: float
    n_star: float
    unit: bool
    period: bool
    transformed: bool


def spatial_multiplier(w: FloatArray, rho: float) -> FloatArray:
    """Give G = W (I - rho W)^-1, dense; W and the inverse commute."""
    out = np.linalg.solve(np.eye(w.shape[0]) - rho * w, w)
    return np.asarray(out, dtype=np.float64)


def _spread(g: FloatArray, e: FloatArray) -> FloatArray:
    """Apply G to every period of e (T, N); G is (N, N), or (T, N, N) if it changes."""
    out: FloatArray = e @ g.T if g.ndim == 2 else np.einsum("tij,tj->ti", g, e)
    return out


def _centred(fit: Fitted, g: FloatArray) -> FloatArray:
    """Give JGJ where period effects were rotated out, else G."""
    if not fit.transformed:
        return g
    half = g - g.mean(axis=0, keepdims=True)
    centred: FloatArray = half - half.mean(axis=1, keepdims=True)
    return centred


def _systematic(fit: Fitted, g: FloatArray) -> FloatArray:
    """Give q, the part of the lagged outcome that is not noise, demeaned after G."""
    if fit.wy is None:
        return np.zeros_like(fit.e)
    return fit.wy - demean(_spread(g, fit.e), unit=fit.unit, period=fit.period)


def expected_information(fit: Fitted, g: FloatArray) -> FloatArray:
    """Give the information in (b, spatial parameter, s2)."""
    n, k, s2 = fit.e.shape[1], fit.z.shape[2], fit.s2
    z = fit.z.reshape(-1, k)
    one = 1.0 / (1.0 - fit.parameter) if fit.transformed else 0.0
    tr_g = float(np.trace(g, axis1=-2, axis2=-1).sum()) - one
    tr_gg = float((g * np.swapaxes(g, -2, -1)).sum()) - one**2
    tr_g2 = float((g * g).sum())
    if fit.transformed:
        column = g.sum(axis=0)
        tr_g2 -= float(column @ column) / n
    q = _systematic(fit, g).ravel()
    info = np.zeros((k + 2, k + 2))
    info[:k, :k] = z.T @ z / s2
    info[:k, k] = info[k, :k] = z.T @ q / s2
    info[k, k] = fit.t_star * (tr_gg + tr_g2) + float(q @ q) / s2
    info[k, k + 1] = info[k + 1, k] = fit.t_star * tr_g / s2
    info[k + 1, k + 1] = fit.n_star / (2.0 * s2**2)
    return info


def score_contributions(fit: Fitted, g: FloatArray | None) -> FloatArray:
    """Give scores of every cell, (T, N, k + 2) or (T, N, k + 1) without a spatial lag.

    The quadratic part is written as a martingale difference over units: raw products
    e (Wy) would be correlated across units and under-cover.
    """
    e, s2 = fit.e, fit.s2
    t, n = e.shape
    parts = [fit.z * e[:, :, None] / s2]
    if g is not None:
        gt = _centred(fit, g)
        own = np.diagonal(gt, axis1=-2, axis2=-1)
        before = _spread(np.tril(gt + np.swapaxes(gt, -2, -1), -1), e)
        rho = (_systematic(fit, g) * e + e * before + own * e**2) / s2
        share = 1.0 if gt.ndim == 3 else fit.t_star / t
        parts.append((rho - share * own)[:, :, None])
    variance = (e**2 - fit.n_star / (n * t) * s2) / (2.0 * s2**2)
    parts.append(variance[:, :, None])
    return np.concatenate(parts, axis=2)


def clustered_meat(scores: FloatArray, cluster: IntArray | None) -> FloatArray:
    """Give N/(N-1) g'g with g summed over clusters of units; None: every cell apart."""
    if cluster is None:
        g = scores.reshape(-1, scores.shape[2])
    else:
        by_unit = scores.sum(axis=0)
        g = np.zeros((int(cluster.max()) + 1, by_unit.shape[1]))
        np.add.at(g, cluster, by_unit)
    meat: FloatArray = g.shape[0] / (g.shape[0] - 1.0) * (g.T @ g)
    return meat


def bartlett_meat(scores: FloatArray, lags: int) -> FloatArray:
    """Give the meat of Driscoll and Kraay: period sums with Bartlett weights."""
    h = scores.sum(axis=1)
    meat: FloatArray = h.T @ h
    for step in range(1, lags + 1):
        cross = h[step:].T @ h[:-step]
        meat = meat + (1.0 - step / (lags + 1.0)) * (cross + cross.T)
    return meat


def conley_meat(
    scores: FloatArray, kernel: FloatArray, lags: int
) -> tuple[FloatArray, int]:
    """Give the meat over space (kernel, (N, N)) and own past; count clipped eigenvalues."""
    t = scores.shape[0]
    p = scores.shape[2]
    meat = np.zeros((p, p))
    for now in scores:
        meat += now.T @ kernel @ now
    for step in range(1, min(lags, t - 1) + 1):
        cross = np.einsum("tip,tiq->pq", scores[step:], scores[:-step])
        meat += (1.0 - step / (lags + 1.0)) * (cross + cross.T)
    values, vectors = np.linalg.eigh((meat + meat.T) / 2.0)
    bad = int((values < 0).sum())
    if bad:
        meat = (vectors * np.clip(values, 0.0, None)) @ vectors.T
    return meat, bad
