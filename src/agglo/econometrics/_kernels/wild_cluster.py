"""Wild cluster bootstrap of one coefficient: restricted, for least squares and 2SLS."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array

from agglo.econometrics._kernels.absorb import absorb

if TYPE_CHECKING:
    from agglo.core.typing import FloatArray, IntArray

__all__ = ["InstrumentSetup", "LinearSetup", "at_null", "signs"]

FEW = 12
_WEBB = np.sqrt([0.5, 1.0, 1.5])


def signs(rng: np.random.Generator, size: int, n_clusters: int) -> FloatArray:
    """Draw (size, G) weights: plus or minus 1, six points when clusters are few."""
    side = rng.integers(0, 2, size=(size, n_clusters)) * 2.0 - 1.0
    if n_clusters < FEW:
        side = side * _WEBB[rng.integers(0, 3, size=(size, n_clusters))]
    return np.asarray(side, dtype=np.float64)


def _members(cluster: IntArray) -> csr_array:
    n = cluster.size
    return csr_array((np.ones(n), (cluster, np.arange(n))))


@dataclass(frozen=True, slots=True)
class LinearSetup:
    """Residual `e` of the full fit, regressor `x` without all others, `basis` of all.

    Everything has no effects left; `basis` is orthonormal and contains x.
    """

    e: FloatArray
    x: FloatArray
    basis: FloatArray
    codes: IntArray
    root: FloatArray
    cluster: IntArray

    def _clean(self, draws: FloatArray) -> FloatArray:
        raw = draws / self.root[:, None]
        out = absorb(raw, self.codes, self.root**2)[0] * self.root[:, None]
        clean: FloatArray = out - self.basis @ (self.basis.T @ out)
        return clean

    def parts(self, rng: np.random.Generator, size: int) -> FloatArray:
        """Give (size, 5): t*^2 at a null d below the estimate is a ratio of quadratics.

        y* = (fit under the null) + v (e + d x), so coefficient and scores are linear in
        d: (a0 + a1 d)^2 / (q0 + 2 q1 d + q2 d^2).
        """
        groups = _members(self.cluster)
        v = signs(rng, size, groups.shape[0])[:, self.cluster].T
        one, two = v * self.e[:, None], v * self.x[:, None]
        a = np.column_stack([self.x @ one, self.x @ two]) / (self.x @ self.x)
        s0 = groups @ (self.x[:, None] * self._clean(one))
        s1 = groups @ (self.x[:, None] * self._clean(two))
        scale = (self.x @ self.x) ** 2
        q = [(s0 * s0).sum(axis=0), (s0 * s1).sum(axis=0), (s1 * s1).sum(axis=0)]
        return np.column_stack([a, np.column_stack(q) / scale])

    def observed(self) -> tuple[float, float]:
        """Give x'e-free pieces: the variance of the estimate without its factor."""
        s = _members(self.cluster) @ (self.x * self.e)
        return float(self.x @ self.x), float(s @ s) / float(self.x @ self.x) ** 2


def at_null(parts: FloatArray, gap: float) -> FloatArray:
    """Give t*^2 of every draw when the null lies `gap` below the estimate."""
    top = (parts[:, 0] + parts[:, 1] * gap) ** 2
    below = parts[:, 2] + 2.0 * gap * parts[:, 3] + gap**2 * parts[:, 4]
    with np.errstate(divide="ignore", invalid="ignore"):
        out: FloatArray = np.where(below > 0, top / below, np.inf)
    return out


@dataclass(frozen=True, slots=True)
class InstrumentSetup:
    """Partialled outcome, one endogenous column, instruments; controls as a basis."""

    y: FloatArray
    x: FloatArray
    z: FloatArray
    basis: FloatArray
    codes: IntArray
    root: FloatArray
    cluster: IntArray

    def _clean(self, draws: FloatArray) -> FloatArray:
        raw = draws / self.root[:, None]
        out = absorb(raw, self.codes, self.root**2)[0] * self.root[:, None]
        clean: FloatArray = out - self.basis @ (self.basis.T @ out)
        return clean

    def statistic(self, e0: FloatArray, x: FloatArray) -> FloatArray:
        """Give (b - b0)^2 over its clustered variance for columns of e0 and x."""
        q = np.linalg.qr(self.z)[0]
        hat = q @ (q.T @ x)
        size = (hat * x).sum(axis=0)
        gap = (hat * e0).sum(axis=0) / size
        s = _members(self.cluster) @ (hat * (e0 - x * gap))
        out: FloatArray = (gap * size) ** 2 / (s * s).sum(axis=0)
        return out

    def draw(self, rng: np.random.Generator, size: int, null: float) -> FloatArray:
        """Give t*^2 with the null imposed and an efficient first stage, (size,)."""
        u = self.y - self.x * null
        both = np.column_stack([self.z, u])
        b = np.linalg.lstsq(both, self.x, rcond=None)[0]
        fitted = self.z @ b[:-1]
        v2 = self.x - fitted
        groups = int(self.cluster.max()) + 1
        v = signs(rng, size, groups)[:, self.cluster].T
        e0 = self._clean(v * u[:, None])
        x = fitted[:, None] + self._clean(v * v2[:, None])
        return self.statistic(e0, x)
