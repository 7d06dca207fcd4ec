"""Wild cluster bootstrap of the linear part of a fit, given rho."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from agglo.econometrics._kernels.within import demean

if TYPE_CHECKING:
    from agglo.core.typing import BoolArray, FloatArray, IntArray

__all__ = ["WildSetup", "wald_statistics", "wild_t", "wild_wald"]


@dataclass(frozen=True, slots=True)
class WildSetup:
    """u = (I - rho W) y and z after the effects, (T, N) and (T, N, k); cluster per unit."""

    u: FloatArray
    z: FloatArray
    cluster: IntArray
    unit: bool
    period: bool

    @property
    def bread(self) -> FloatArray:
        """Give (Z'Z)^-1."""
        flat = self.z.reshape(-1, self.z.shape[2])
        return np.asarray(np.linalg.inv(flat.T @ flat), dtype=np.float64)

    def refit(
        self, draws: FloatArray, bread: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """Give coefficients (B, k) and cluster-robust covariances (B, k, k)."""
        size, k = draws.shape[0], self.z.shape[2]
        flat = self.z.reshape(-1, k)
        b = draws.reshape(size, -1) @ flat @ bread
        e = draws - (flat @ b.T).T.reshape(draws.shape)
        by_unit = np.einsum("tnk,btn->nbk", self.z, e, optimize=True)
        n_clusters = int(self.cluster.max()) + 1
        sums = np.zeros((n_clusters, size, k))
        np.add.at(sums, self.cluster, by_unit)
        g = np.moveaxis(sums, 0, 1)
        meat = np.swapaxes(g, 1, 2) @ g * (n_clusters / (n_clusters - 1.0))
        return b, bread @ meat @ bread

    def draws(
        self, rng: np.random.Generator, size: int, fit: FloatArray, residual: FloatArray
    ) -> FloatArray:
        """Give u* = fit + v residual with v = +-1 per cluster, effects removed again."""
        n_clusters = int(self.cluster.max()) + 1
        sign = rng.integers(0, 2, size=(size, n_clusters)) * 2.0 - 1.0
        noise = sign[:, self.cluster][:, None, :] * residual
        moved = np.moveaxis(noise, 0, 2)
        clean = demean(moved, unit=self.unit, period=self.period)
        out: FloatArray = fit + np.moveaxis(clean, 2, 0)
        return out


def wald_statistics(
    b: FloatArray, cov: FloatArray, tested: tuple[IntArray, ...]
) -> FloatArray:
    """Give a Wald statistic per draw and set of coefficients, (B, sets)."""
    out = np.empty((b.shape[0], len(tested)))
    for i, at in enumerate(tested):
        part, inner = b[:, at], cov[:, at[:, None], at[None, :]]
        out[:, i] = np.einsum(
            "bi,bi->b", part, np.linalg.solve(inner, part[..., None])[..., 0]
        )
    return out


def wild_wald(
    setup: WildSetup, tested: tuple[IntArray, ...], free: BoolArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Give the observed statistics, and fit and residual under the null.

    `free` marks the columns kept under the null.
    """
    bread = setup.bread
    b, cov = setup.refit(setup.u[None], bread)
    observed = wald_statistics(b, cov, tested)[0]
    k = setup.z.shape[2]
    kept = setup.z.reshape(-1, k)[:, free]
    part = np.linalg.lstsq(kept, setup.u.ravel(), rcond=None)[0]
    fit = (kept @ part).reshape(setup.u.shape)
    return observed, fit, setup.u - fit


def wild_t(
    setup: WildSetup, rng: np.random.Generator, size: int, maps: FloatArray
) -> FloatArray:
    """Give |t*| of linear maps of the coefficients, (B, rows of maps), unrestricted."""
    bread = setup.bread
    flat = setup.z.reshape(-1, setup.z.shape[2])
    b0 = bread @ (flat.T @ setup.u.ravel())
    fit = (flat @ b0).reshape(setup.u.shape)
    b, cov = setup.refit(setup.draws(rng, size, fit, setup.u - fit), bread)
    gap = (b - b0) @ maps.T
    variance = np.einsum("rk,bkl,rl->br", maps, cov, maps, optimize=True)
    out: FloatArray = np.abs(gap) / np.sqrt(variance)
    return out
