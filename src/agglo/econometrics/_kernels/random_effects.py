"""Likelihood of spatial panels with random effects of units, concentrated in (b, s2).

With phi = s_e / sqrt(T s_mu^2 + s_e^2) the sum of squares is that of deviations from the
unit means plus phi^2 times that of the means, so cross products are formed once. Only the
form with the effect outside the filter needs a factorisation per step.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.optimize import minimize
from scipy.sparse import csc_array, csr_array, eye_array
from scipy.sparse.linalg import splu

if TYPE_CHECKING:
    from agglo.core.typing import FloatArray
    from agglo.econometrics._kernels.logdet import LogDet

__all__ = ["Profile", "Random", "RandomLikelihood", "random_covariance"]

Random: TypeAlias = Literal["lag", "kkp", "error"]
# below this phi the means have no weight; above its complement the unit variance is zero
PHI_MIN = 1e-4
_STEP = 2e-4
_GRID = (-0.4, 0.0, 0.4, 0.8)


@dataclass(frozen=True, slots=True)
class Profile:
    """Best b and s2 at one (spatial parameter, phi); log-likelihood; Gram matrix of Z."""

    b: FloatArray
    s2: float
    loglik: float
    gram: FloatArray


class RandomLikelihood:
    """What the likelihood depends on: raw [y, Wy, Z] of shape (T, N, k + 2) and W."""

    def __init__(
        self, raw: FloatArray, w: csr_array, logdet: LogDet, kind: Random
    ) -> None:
        self.t, self.n, self.size = raw.shape
        self.kind, self._w, self._det = kind, w, logdet
        means = raw.mean(axis=0)
        inner = raw - means
        self._means = [means]
        self._within = [_cross(inner, inner)]
        self._between = [self.t * means.T @ means]
        if kind != "lag":
            moved = np.moveaxis(inner, 1, 0)
            flat = np.ascontiguousarray(moved).reshape(self.n, -1)
            lagged = np.moveaxis((w @ flat).reshape(moved.shape), 0, 1)
            far = w @ means
            self._means.append(far)
            self._within += [_cross(inner, lagged), _cross(lagged, lagged)]
            self._between += [self.t * means.T @ far, self.t * far.T @ far]

    def _filtered(self, parts: list[FloatArray], lam: float) -> FloatArray:
        if len(parts) == 1:
            return parts[0]
        return parts[0] - lam * (parts[1] + parts[1].T) + lam * lam * parts[2]

    def cross(self, x: float, phi: float) -> tuple[FloatArray, float]:
        """Give cross products of the transformed columns and the log-Jacobian."""
        within = self._filtered(self._within, x)
        determinant = self.t * self._det.at(x)[0]
        if self.kind != "error":
            between = self._filtered(self._between, x)
            return within + phi**2 * between, determinant + self.n * np.log(phi)
        # V1^-1 = B'(I + c BB')^-1 B with c = T psi, so N x N inverses are never formed
        c = 1.0 / phi**2 - 1.0
        b = eye_array(self.n, format="csr") - x * self._w
        factor = splu(csc_array(eye_array(self.n, format="csr") + c * (b @ b.T)))
        outer = self._means[0] - x * self._means[1]
        between = self.t * outer.T @ factor.solve(outer)
        log_v = float(np.log(np.abs(factor.U.diagonal())).sum())
        return within + between, determinant - 0.5 * log_v

    def profile(self, x: float, phi: float) -> Profile:
        """Give the best coefficients at one point."""
        k, jacobian = self.cross(x, phi)
        v = np.zeros(self.size)
        v[0] = 1.0
        if self.kind == "lag":
            v[1] = -x
        gram = k[2:, 2:]
        scale = 1.0 / np.sqrt(np.diag(gram))
        factor = cho_factor(gram * scale[:, None] * scale)
        b = scale * cho_solve(factor, scale * (k[2:, :2] @ v[:2]))
        v[2:] = -b
        size = self.n * self.t
        s2 = float(v @ k @ v) / size
        loglik = jacobian - 0.5 * size * (np.log(2.0 * np.pi * s2) + 1.0)
        return Profile(b=b, s2=s2, loglik=float(loglik), gram=gram)

    def value(self, theta: FloatArray) -> float:
        """Give the concentrated log-likelihood at (spatial parameter, ln phi)."""
        return self.profile(float(theta[0]), float(np.exp(theta[1]))).loglik

    def maximise(self, bounds: tuple[float, float]) -> tuple[FloatArray, bool]:
        """Give (spatial parameter, ln phi) and whether the polish converged."""
        edge = 1e-3 * (bounds[1] - bounds[0])
        box = [(bounds[0] + edge, bounds[1] - edge), (float(np.log(PHI_MIN)), -1e-3)]
        grid = [np.array([x, np.log(phi)]) for x in _GRID for phi in (0.05, 0.2, 0.6)]
        start = max(grid, key=self.value)

        def loss(theta: FloatArray) -> float:
            return -self.value(theta)

        at: FloatArray = minimize(loss, start, bounds=box, method="L-BFGS-B").x
        last = np.inf
        for _ in range(12):
            slope, curvature = _derivatives(self.value, at)
            move = np.linalg.solve(curvature, slope)
            if np.abs(move).max() > 0.2:
                return at, False
            at = at - move
            at[1] = min(at[1], -20 * _STEP)
            # noise of the determinant stops the steps near 1e-9: no smaller step, no more
            if np.abs(move).max() < 1e-10 or np.abs(move).max() > 0.5 * last:
                break
            last = float(np.abs(move).max())
        return at, bool(np.abs(move).max() < 1e-6)


def random_covariance(likelihood: RandomLikelihood, theta: FloatArray) -> FloatArray:
    """Give the covariance of (b, spatial parameter, phi, s2) from the exact Hessian.

    The inverse of the profile's negative Hessian is the block of the whole inverse; the
    rest follows from how b and s2 move along the profile.
    """
    at = likelihood.profile(float(theta[0]), float(np.exp(theta[1])))
    curvature = _derivatives(likelihood.value, theta)[1]
    inner = np.linalg.inv(-curvature)
    k = at.b.size
    moves = np.zeros((k + 1, 2))
    for j in range(2):
        step = np.zeros(2)
        step[j] = _STEP
        high, low = (
            likelihood.profile(float(p[0]), float(np.exp(p[1])))
            for p in (theta + step, theta - step)
        )
        moves[:k, j] = (high.b - low.b) / (2 * _STEP)
        moves[k, j] = (high.s2 - low.s2) / (2 * _STEP)
    given = np.zeros((k + 1, k + 1))
    given[:k, :k] = at.s2 * np.linalg.inv(at.gram)
    given[k, k] = 2.0 * at.s2**2 / (likelihood.n * likelihood.t)
    jac = np.diag([1.0, float(np.exp(theta[1]))])
    out = np.zeros((k + 3, k + 3))
    own = np.array([*range(k), k + 2])
    spatial = np.array([k, k + 1])
    out[np.ix_(own, own)] = given + moves @ inner @ moves.T
    out[np.ix_(spatial, spatial)] = jac @ inner @ jac
    out[np.ix_(own, spatial)] = moves @ inner @ jac
    out[np.ix_(spatial, own)] = out[np.ix_(own, spatial)].T
    return out


def _cross(a: FloatArray, b: FloatArray) -> FloatArray:
    size = a.shape[2]
    out: FloatArray = a.reshape(-1, size).T @ b.reshape(-1, size)
    return out


def _derivatives(
    f: Callable[[FloatArray], float], x: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Give gradient and Hessian of a function of two numbers, fourth order in the step."""
    h, offsets = _STEP, (-2, -1, 1, 2)
    centre = f(x)
    slope, curvature = np.zeros(2), np.zeros((2, 2))
    for j in range(2):
        unit = np.zeros(2)
        unit[j] = h
        a, b, c, d = (f(x + o * unit) for o in offsets)
        slope[j] = (a - 8 * b + 8 * c - d) / (12 * h)
        wide = 8.0 * unit
        a, b, c, d = (f(x + o * wide) for o in offsets)
        curvature[j, j] = (-a + 16 * b - 30 * centre + 16 * c - d) / (12 * 64 * h * h)

    def mixed(g: float) -> float:
        corners = ((1, 1), (1, -1), (-1, 1), (-1, -1))
        return sum(s * r * f(x + g * np.array([s, r])) for s, r in corners) / (
            4 * g * g
        )

    curvature[0, 1] = curvature[1, 0] = (4 * mixed(8 * h) - mixed(16 * h)) / 3
    return slope, curvature
