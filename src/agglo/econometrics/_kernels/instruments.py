"""Instrumental variables after effects and controls are removed: estimates and ranks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import ncx2

from agglo.econometrics._kernels.moments import cross, crossed_meat

if TYPE_CHECKING:
    from agglo.core.typing import FloatArray, IntArray

__all__ = [
    "EffectiveF",
    "RankTest",
    "conditional_f",
    "cragg_donald",
    "effective_degrees",
    "effective_f",
    "exogeneity",
    "first_stage",
    "hansen",
    "homoskedastic",
    "k_class",
    "liml_kappa",
    "rank_test",
    "wald_of",
]


@dataclass(frozen=True, slots=True)
class RankTest:
    """Kleibergen-Paap rank statistic and the p-free parts of it."""

    wald: float
    lm: float
    df: int


@dataclass(frozen=True, slots=True)
class EffectiveF:
    """Effective F without the finite-sample factor, and its effective degrees by bias."""

    value: float
    degrees: FloatArray
    critical: FloatArray


def first_stage(z: FloatArray, x: FloatArray) -> FloatArray:
    """Give Pi (L, K) = (Z'Z)^-1 Z'X."""
    return np.asarray(np.linalg.solve(z.T @ z, z.T @ x), dtype=np.float64)


def liml_kappa(y: FloatArray, x: FloatArray, z: FloatArray) -> float:
    """Give the smallest root of |Y'Y - kappa Y'M_Z Y| with Y = [y X]."""
    both = np.column_stack([y, x])
    away = both - z @ first_stage(z, both)
    values = np.linalg.eigvals(np.linalg.solve(away.T @ away, both.T @ both))
    return float(np.real(values).min())


def k_class(
    y: FloatArray, x: FloatArray, z: FloatArray, kappa: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Give coefficients, (X'(I - kappa M_Z)X)^-1 and the projected regressors."""
    away = x - z @ first_stage(z, x)
    projected = x - kappa * away
    bread = np.asarray(np.linalg.inv(projected.T @ x), dtype=np.float64)
    b: FloatArray = bread @ (projected.T @ y)
    return b, bread, projected


def _per_row(z: FloatArray, v: FloatArray) -> FloatArray:
    """Give vec(z_n v_n') for every row, columns of v outermost."""
    out: FloatArray = (v[:, :, None] * z[:, None, :]).reshape(z.shape[0], -1)
    return out


def _rank_statistic(
    x: FloatArray, z: FloatArray, v: FloatArray, codes: Sequence[IntArray]
) -> float:
    n, k = x.shape
    zz, pi = z.T @ z, first_stage(z, x)
    g = np.linalg.cholesky(zz / n).T
    f = np.linalg.inv(np.linalg.cholesky(x.T @ x / n).T)
    theta = g @ pi @ f
    u, _, vt = np.linalg.svd(theta)
    a, b = u[:, k - 1 :], vt.T[:, k - 1 :]
    part = (a.T @ theta @ b).ravel(order="F")
    left = np.kron(np.eye(k), np.linalg.inv(zz))
    omega = left @ crossed_meat(_per_row(z, v), codes) @ left
    turn = np.kron(b.T, a.T) @ np.kron(f.T, g)
    return float(part @ np.linalg.solve(turn @ omega @ turn.T, part))


def rank_test(x: FloatArray, z: FloatArray, codes: Sequence[IntArray]) -> RankTest:
    """Test that Pi has not full rank: Wald form from V, LM form from X itself."""
    v = x - z @ first_stage(z, x)
    return RankTest(
        wald=_rank_statistic(x, z, v, codes),
        lm=_rank_statistic(x, z, x, codes),
        df=z.shape[1] - x.shape[1] + 1,
    )


def cragg_donald(x: FloatArray, z: FloatArray) -> float:
    """Give the smallest eigenvalue of the first-stage F matrix, N - L degrees."""
    fitted = z @ first_stage(z, x)
    v = x - fitted
    sigma = v.T @ v / (x.shape[0] - z.shape[1])
    values = np.linalg.eigvals(np.linalg.solve(sigma, fitted.T @ fitted))
    return float(np.real(values).min() / z.shape[1])


def effective_degrees(w: FloatArray, bias: float) -> tuple[float, float]:
    """Give effective degrees and the 5 % critical value (Patnaik) for a relative bias."""
    x0, trace = 1.0 / bias, float(np.trace(w))
    largest = float(np.linalg.eigvalsh(w).max())
    below = float(np.trace(w @ w)) + 2.0 * x0 * trace * largest
    degrees = trace**2 * (1.0 + 2.0 * x0) / below
    return degrees, float(ncx2.ppf(0.95, degrees, x0 * degrees) / degrees)


def effective_f(
    x: FloatArray, z: FloatArray, codes: Sequence[IntArray], biases: Sequence[float]
) -> EffectiveF:
    """Give the effective F of one endogenous regressor (n,), no factor applied."""
    w = np.linalg.inv(z.T @ z)
    moment = z.T @ x
    v = x - z @ (w @ moment)
    s = crossed_meat(z * v[:, None], codes)
    values, vectors = np.linalg.eigh(w)
    root = (vectors * np.sqrt(values)) @ vectors.T
    found = [effective_degrees(root @ s @ root, bias) for bias in biases]
    return EffectiveF(
        value=float(moment @ w @ moment / np.trace(s @ w)),
        degrees=np.array([d for d, _ in found]),
        critical=np.array([c for _, c in found]),
    )


def conditional_f(
    x: FloatArray, z: FloatArray, j: int, codes: Sequence[IntArray]
) -> float:
    """Give the F of instruments for regressor j given the others, no factor applied."""
    others = np.delete(x, j, axis=1)
    if others.shape[1] == 0:
        basis, residual = z, x[:, j]
    else:
        fitted = z @ first_stage(z, others)
        b = np.linalg.solve(fitted.T @ others, fitted.T @ x[:, j])
        residual = x[:, j] - others @ b
        q = np.linalg.qr(np.column_stack([fitted, z]))[0]
        basis = q[:, others.shape[1] : z.shape[1]]
    return wald_of(residual, basis, codes) / basis.shape[1]


def wald_of(y: FloatArray, z: FloatArray, codes: Sequence[IntArray]) -> float:
    """Give the robust Wald statistic of all coefficients of y on Z, no factor."""
    w = np.linalg.inv(z.T @ z)
    b = w @ (z.T @ y)
    s = crossed_meat(z * (y - z @ b)[:, None], codes)
    return float(b @ np.linalg.solve(w @ s @ w, b))


def hansen(
    y: FloatArray, x: FloatArray, z: FloatArray, codes: Sequence[IntArray]
) -> tuple[float, float]:
    """Give the robust J of two-step moments and the homoskedastic Sargan statistic."""
    b = k_class(y, x, z, 1.0)[0]
    e = y - x @ b
    weight = np.linalg.inv(crossed_meat(z * e[:, None], codes))
    zx, zy = z.T @ x, z.T @ y
    second = np.linalg.solve(zx.T @ weight @ zx, zx.T @ weight @ zy)
    moment = zy - zx @ second
    fitted = z @ np.linalg.solve(z.T @ z, z.T @ e)
    return float(moment @ weight @ moment), float(y.size * (fitted @ e) / (e @ e))


def exogeneity(
    y: FloatArray, x: FloatArray, z: FloatArray, codes: Sequence[IntArray]
) -> float:
    """Give the Wald statistic of first-stage residuals added to least squares."""
    v = x - z @ first_stage(z, x)
    both = np.column_stack([x, v])
    bread = np.linalg.inv(both.T @ both)
    b = bread @ (both.T @ y)
    cov = bread @ crossed_meat(both * (y - both @ b)[:, None], codes) @ bread
    k = x.shape[1]
    return float(b[k:] @ np.linalg.solve(cov[k:, k:], b[k:]))


def homoskedastic(e: FloatArray, x: FloatArray, df: int) -> FloatArray:
    """Give the meat s^2 X'X of equal variances."""
    out: FloatArray = (e @ e) / df * cross(x, None)
    return out
