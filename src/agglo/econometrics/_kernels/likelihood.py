"""Concentrated Gaussian likelihood of (I - lam M)((I - rho W) y - Z b) = e with effects.

Everything the search needs are cross products of X0 = [y, Wy, Z] and X1 = M X0 after the
effects are removed: with v = (1, -rho, -b) the residual sum of squares is v'K(lam)v,
K = K00 - lam (K01 + K10) + lam^2 K11. Lagging comes first, removing effects last.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.optimize import brentq, minimize, minimize_scalar

if TYPE_CHECKING:
    from agglo.core.typing import FloatArray
    from agglo.econometrics._kernels.logdet import LogDet

__all__ = ["Likelihood", "Optimum", "cross_products"]

_COARSE = 9
_TOLERANCE = 1e-13
_SETTLED = 1e-7


@dataclass(frozen=True, slots=True)
class Optimum:
    """Parameters at the maximum, how the search went, and the bounds it used."""

    b: FloatArray
    rho: float
    lam: float
    s2: float
    loglik: float
    at_bound: bool
    trace: tuple[tuple[float, float], ...]
    settled: bool = True


def cross_products(
    x0: FloatArray, x1: FloatArray | None
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Give K00, K01 and K11 from (n, k + 2) arrays; zero without an error lag."""
    k00 = x0.T @ x0
    if x1 is None:
        zero = np.zeros_like(k00)
        return k00, zero, zero
    return k00, x0.T @ x1, x1.T @ x1


@dataclass(frozen=True, slots=True)
class Likelihood:
    """What the likelihood depends on.

    ``t_star`` counts log-determinants, ``n_star`` the observations after the effects;
    ``minus_one`` takes ln(1 - rho) off each determinant (transformed period effects).
    """

    k00: FloatArray
    k01: FloatArray
    k11: FloatArray
    logdet: LogDet | None
    error_logdet: LogDet | None
    t_star: float
    n_star: float
    minus_one: bool

    def gram(self, lam: float) -> FloatArray:
        """Give K(lam)."""
        return self.k00 - lam * (self.k01 + self.k01.T) + lam * lam * self.k11

    def profile(self, rho: float, lam: float) -> tuple[FloatArray, FloatArray]:
        """Give v = (1, -rho, -b) at the best b, and K(lam)."""
        k = self.gram(lam)
        target = k[2:, 0] - rho * k[2:, 1]
        b = _solve(k[2:, 2:], target)
        return np.concatenate([[1.0, -rho], -b]), k

    def value(self, rho: float, lam: float) -> float:
        """Give the concentrated log-likelihood."""
        v, k = self.profile(rho, lam)
        s2 = float(v @ k @ v) / self.n_star
        out = -0.5 * self.n_star * (np.log(2.0 * np.pi) + 1.0 + np.log(s2))
        for det, x in ((self.logdet, rho), (self.error_logdet, lam)):
            if det is not None:
                out += self.t_star * (det.value(x) - self._one(x)[0])
        return float(out)

    def _one(self, x: float) -> tuple[float, float, float]:
        """Give ln(1 - x) with derivatives, or zeros."""
        if not self.minus_one:
            return 0.0, 0.0, 0.0
        return float(np.log1p(-x)), -1.0 / (1.0 - x), -1.0 / (1.0 - x) ** 2

    def determinant(self, which: str, x: float) -> tuple[float, float, float]:
        """Give P, P' and P'' of one determinant, corrected for the period effects."""
        det = self.logdet if which == "lag" else self.error_logdet
        if det is None:
            return 0.0, 0.0, 0.0
        p, p1, p2 = det.at(x)
        q, q1, q2 = self._one(x)
        return p - q, p1 - q1, p2 - q2

    def gradient(self, rho: float, lam: float) -> FloatArray:
        """Give the concentrated score in (rho, lam)."""
        v, k = self.profile(rho, lam)
        ssr = float(v @ k @ v)
        slope = -(self.k01 + self.k01.T) + 2.0 * lam * self.k11
        d_rho = self.n_star * float(k[1] @ v) / ssr
        d_lam = -0.5 * self.n_star * float(v @ slope @ v) / ssr
        d_rho += self.t_star * self.determinant("lag", rho)[1]
        d_lam += self.t_star * self.determinant("error", lam)[1]
        return np.array([d_rho, d_lam])

    def maximise(self, bounds: tuple[float, float]) -> Optimum:
        """Find the maximum: none, one or two spatial parameters."""
        trace: list[tuple[float, float]] = []
        settled = True
        if self.logdet is not None and self.error_logdet is not None:
            rho, lam, settled = self._search_plane(bounds, trace)
        elif self.logdet is not None:
            rho, lam = self._search_line("lag", bounds, trace), 0.0
        elif self.error_logdet is not None:
            rho, lam = 0.0, self._search_line("error", bounds, trace)
        else:
            rho = lam = 0.0
        v, k = self.profile(rho, lam)
        edge = 1e-4
        at_bound = any(
            det is not None and not bounds[0] + edge < x < bounds[1] - edge
            for det, x in ((self.logdet, rho), (self.error_logdet, lam))
        )
        return Optimum(
            b=-v[2:],
            rho=rho,
            lam=lam,
            s2=float(v @ k @ v) / self.n_star,
            loglik=self.value(rho, lam),
            at_bound=at_bound,
            trace=tuple(trace),
            settled=settled or at_bound,
        )

    def _search_line(
        self, which: str, bounds: tuple[float, float], trace: list[tuple[float, float]]
    ) -> float:
        def objective(x: float) -> float:
            out = self.value(x, 0.0) if which == "lag" else self.value(0.0, x)
            trace.append((x, out))
            return out

        def score(x: float) -> float:
            pair = (x, 0.0) if which == "lag" else (0.0, x)
            return float(self.gradient(*pair)[0 if which == "lag" else 1])

        width = bounds[1] - bounds[0]
        grid = np.linspace(bounds[0] + 1e-5 * width, bounds[1] - 1e-5 * width, _COARSE)
        best = int(np.argmax([objective(float(x)) for x in grid]))
        left, right = float(grid[max(best - 1, 0)]), float(grid[min(best + 1, 8)])
        near = minimize_scalar(
            lambda x: -objective(float(x)),
            bounds=(left, right),
            method="bounded",
            options={"xatol": 2e-3},
        ).x
        # the score, not the value, decides: a minimiser stalls near 2e-8
        left, right = max(near - 0.01, left), min(near + 0.01, right)
        if score(left) <= 0.0:
            left = max(left - 0.05, float(grid[0]))
        if score(right) >= 0.0:
            right = min(right + 0.05, float(grid[-1]))
        low, high = score(left), score(right)
        if low <= 0.0 or high >= 0.0:
            # ends of the grid: at the bound itself the determinant can be infinite
            return float(grid[0] if low <= 0.0 else grid[-1])
        return float(brentq(score, left, right, xtol=_TOLERANCE, rtol=8.9e-16))

    def _search_plane(
        self, bounds: tuple[float, float], trace: list[tuple[float, float]]
    ) -> tuple[float, float, bool]:
        edge = 1e-5 * (bounds[1] - bounds[0])
        box = [(bounds[0] + edge, bounds[1] - edge)] * 2

        def objective(x: FloatArray) -> tuple[float, FloatArray]:
            return -self.value(x[0], x[1]), -self.gradient(x[0], x[1])

        best, at = np.inf, np.zeros(2)
        for start in ((0.0, 0.0), (0.4, -0.3), (-0.3, 0.4), (0.4, 0.4)):
            found = minimize(
                objective, start, jac=True, bounds=box, method="L-BFGS-B", tol=1e-12
            )
            trace.append((float(found.x[0]), -float(found.fun)))
            if found.fun < best:
                best, at = float(found.fun), found.x
        return self._polish(at, box[0])

    def _polish(
        self, x: FloatArray, box: tuple[float, float], *, h: float = 1e-5
    ) -> tuple[float, float, bool]:
        """Newton steps on the score: the line search stalls near 1e-8.

        Also says whether the last step was negligible.
        """
        last = np.inf
        for _ in range(8):
            if not (box[0] + h < x).all() or not (x < box[1] - h).all():
                break
            g = self.gradient(x[0], x[1])
            jac = np.column_stack(
                [
                    (self.gradient(*(x + step)) - self.gradient(*(x - step))) / (2 * h)
                    for step in (np.array([h, 0.0]), np.array([0.0, h]))
                ]
            )
            move = np.linalg.solve(jac, g)
            last = float(np.abs(move).max())
            if last > 0.05:
                break
            x = x - move
            if last < _TOLERANCE:
                break
        return float(x[0]), float(x[1]), last < _SETTLED

    def observed(self, optimum: Optimum) -> FloatArray:
        """Give the negative Hessian in (b, rho, lam, s2); absent parameters stay in place."""
        v, k = self.profile(optimum.rho, optimum.lam)
        v = np.concatenate([[1.0, -optimum.rho], -optimum.b])
        slope = -(self.k01 + self.k01.T) + 2.0 * optimum.lam * self.k11
        size, s2 = optimum.b.size, optimum.s2
        at = np.concatenate([np.arange(2, size + 2), [1]])
        info = np.zeros((size + 3, size + 3))
        info[: size + 1, : size + 1] = k[np.ix_(at, at)] / s2
        info[size, size] -= self.t_star * self.determinant("lag", optimum.rho)[2]
        cross = -(slope @ v)[at] / s2
        info[: size + 1, size + 1] = info[size + 1, : size + 1] = cross
        info[size + 1, size + 1] = float(v @ self.k11 @ v) / s2
        info[size + 1, size + 1] -= (
            self.t_star * self.determinant("error", optimum.lam)[2]
        )
        with_s2 = np.concatenate([(k @ v)[at], [-0.5 * float(v @ slope @ v)]]) / s2**2
        info[: size + 2, size + 2] = info[size + 2, : size + 2] = with_s2
        ssr = float(v @ k @ v)
        info[size + 2, size + 2] = ssr / s2**3 - self.n_star / (2.0 * s2**2)
        return info


def _solve(gram: FloatArray, target: FloatArray) -> FloatArray:
    """Solve normal equations after scaling the columns to length one."""
    if target.size == 0:
        return target
    scale = 1.0 / np.sqrt(np.diag(gram))
    factor = cho_factor(gram * scale[:, None] * scale[None, :])
    out: FloatArray = scale * cho_solve(factor, scale * target)
    return out
