"""Wild cluster bootstrap of one coefficient: restricted, for least squares and 2SLS.

A draw changes signs of whole clusters, and removing effects is linear: what a draw does to
the scores is a matrix of responses (cluster by cluster) times its signs. The responses are
computed once, so a draw costs a product of small matrices whatever the number of rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from agglo.econometrics._kernels.absorb import absorb
from agglo.econometrics._kernels.moments import cluster_sums

if TYPE_CHECKING:
    from agglo.core.typing import FloatArray, IntArray

__all__ = ["Cleaner", "InstrumentSetup", "LinearSetup", "at_null", "signs"]

FEW = 12
_WEBB = np.sqrt([0.5, 1.0, 1.5])
_COLUMNS, _DRAWS = 64, 512


def signs(rng: np.random.Generator, size: int, n_clusters: int) -> FloatArray:
    """Draw (size, G) weights: plus or minus 1, six points when clusters are few."""
    side = rng.integers(0, 2, size=(size, n_clusters)) * 2.0 - 1.0
    if n_clusters < FEW:
        side = side * _WEBB[rng.integers(0, 3, size=(size, n_clusters))]
    return np.asarray(side, dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Cleaner:
    """Removes effects and the columns of an orthonormal basis from columns of rows."""

    basis: FloatArray
    codes: IntArray
    root: FloatArray
    cluster: IntArray

    @property
    def n_clusters(self) -> int:
        """Count clusters."""
        return int(self.cluster.max()) + 1

    def clean(self, columns: FloatArray) -> FloatArray:
        """Give columns (n, k) without effects and basis."""
        raw = columns / self.root[:, None]
        out = absorb(raw, self.codes, self.root**2)[0] * self.root[:, None]
        return np.asarray(out - self.basis @ (self.basis.T @ out), dtype=np.float64)

    def responses(self, column: FloatArray, z: FloatArray) -> FloatArray:
        """Give (G, G, L): scores of cluster g on z when only cluster h has the column."""
        groups, width = self.n_clusters, z.shape[1]
        out = np.empty((groups, groups, width))
        for start in range(0, groups, _COLUMNS):
            chosen = np.arange(start, min(start + _COLUMNS, groups))
            alone = np.where(self.cluster[:, None] == chosen, column[:, None], 0.0)
            clean = self.clean(alone)
            for k in range(width):
                out[:, chosen, k] = cluster_sums(clean * z[:, k : k + 1], self.cluster)
        return out


@dataclass(frozen=True, slots=True)
class LinearSetup:
    """Residual `e` of the full fit, regressor `x` without all others, no effects left."""

    e: FloatArray
    x: FloatArray
    cleaner: Cleaner

    def parts(self, v: FloatArray) -> FloatArray:
        """Give (draws, 5): t*^2 at a null d below the estimate is a ratio of quadratics.

        y* = (fit under the null) + v (e + d x), so coefficient and scores are linear in
        d: (a0 + a1 d)^2 / (q0 + 2 q1 d + q2 d^2).
        """
        size = float(self.x @ self.x)
        z = self.x[:, None]
        one, two = (self.cleaner.responses(c, z)[:, :, 0] for c in (self.e, self.x))
        own = cluster_sums(
            np.column_stack([self.x * self.e, self.x * self.x]), self.cleaner.cluster
        )
        a = v @ own / size
        s0, s1 = v @ one.T, v @ two.T
        q = [(s0 * s0).sum(axis=1), (s0 * s1).sum(axis=1), (s1 * s1).sum(axis=1)]
        return np.column_stack([a, np.column_stack(q) / size**2])

    def variance(self) -> float:
        """Give the variance of the estimate without its factor."""
        s = cluster_sums((self.x * self.e)[:, None], self.cleaner.cluster)[:, 0]
        return float(s @ s) / float(self.x @ self.x) ** 2


def at_null(parts: FloatArray, gap: float) -> FloatArray:
    """Give t*^2 of every draw when the null lies `gap` below the estimate."""
    top = (parts[:, 0] + parts[:, 1] * gap) ** 2
    below = parts[:, 2] + 2.0 * gap * parts[:, 3] + gap**2 * parts[:, 4]
    with np.errstate(divide="ignore", invalid="ignore"):
        out: FloatArray = np.where(below > 0, top / below, np.inf)
    return out


@dataclass(frozen=True, slots=True)
class InstrumentSetup:
    """Partialled outcome, one endogenous column, instruments, and their responses.

    `moments` (2 + L, G, L) are own scores of y, x and every instrument, `responses`
    (2 + L, G, G, L) those of draws.
    """

    y: FloatArray
    x: FloatArray
    z: FloatArray
    moments: FloatArray
    responses: FloatArray

    @classmethod
    def build(
        cls, y: FloatArray, x: FloatArray, z: FloatArray, cleaner: Cleaner
    ) -> InstrumentSetup:
        """Compute responses once."""
        columns = np.column_stack([y, x, z])
        own = np.stack(
            [cluster_sums(z * c[:, None], cleaner.cluster) for c in columns.T]
        )
        drawn = np.stack([cleaner.responses(c, z) for c in columns.T])
        return cls(y, x, z, own, drawn)

    def observed(self, null: float) -> float:
        """Give t^2 of the data at a null, without its factor."""
        e0 = self.moments[0] - null * self.moments[1]
        return float(self._statistic(e0[None], self.moments[1][None])[0])

    def _statistic(self, e0: FloatArray, x: FloatArray) -> FloatArray:
        """Give (b - b0)^2 over its clustered variance from scores (draws, G, L)."""
        pi = np.linalg.solve(self.z.T @ self.z, x.sum(axis=1).T).T
        size = (x.sum(axis=1) * pi).sum(axis=1)
        gap = (e0.sum(axis=1) * pi).sum(axis=1) / size
        s = np.einsum("bgl,bl->bg", e0 - gap[:, None, None] * x, pi, optimize=True)
        out: FloatArray = (gap * size) ** 2 / (s * s).sum(axis=1)
        return out

    def draws(self, v: FloatArray, null: float) -> FloatArray:
        """Give t*^2 with the null imposed and an efficient first stage, per draw."""
        u = self.y - self.x * null
        b = np.linalg.lstsq(np.column_stack([self.z, u]), self.x, rcond=None)[0][:-1]
        fitted = np.tensordot(b, self.moments[2:], axes=1)
        error = self.responses[0] - null * self.responses[1]
        second = self.responses[1] - np.tensordot(b, self.responses[2:], axes=1)
        groups, _, width = error.shape
        # (h, g * L): one product per block of draws
        flat = [
            np.ascontiguousarray(np.swapaxes(r, 0, 1)).reshape(groups, -1)
            for r in (error, second)
        ]
        out = np.empty(v.shape[0])
        for start in range(0, v.shape[0], _DRAWS):
            part = v[start : start + _DRAWS]
            e0, moved = ((part @ r).reshape(part.shape[0], groups, width) for r in flat)
            out[start : start + _DRAWS] = self._statistic(e0, fitted + moved)
        return out
