"""ln|I - rho W| and its first two derivatives, by size and density of W."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

import numpy as np
from numpy.polynomial import Chebyshev
from scipy.sparse import csc_array, csr_array, diags_array, eye_array
from scipy.sparse.csgraph import breadth_first_order, connected_components
from scipy.sparse.linalg import splu
from threadpoolctl import threadpool_limits

if TYPE_CHECKING:
    from agglo.core.typing import FloatArray

__all__ = ["EigenLogDet", "LogDet", "NodeLogDet", "build_logdet", "symmetriser"]

_EIGEN_LIMIT = 1_000
_DENSE_SHARE = 0.10
_NODES = 11
_WIDE = 0.3


class LogDet(ABC):
    """P(rho) = ln|I - rho W| with P' = -tr G and P'' = -tr GG, G = W (I - rho W)^-1."""

    n: int
    method: str
    bounds: tuple[float, float]

    @abstractmethod
    def value(self, rho: float) -> float:
        """Give P(rho), exactly."""

    @abstractmethod
    def at(self, rho: float) -> tuple[float, float, float]:
        """Give P, P' and P''."""


class EigenLogDet(LogDet):
    """From all eigenvalues, computed once."""

    method = "eigenvalues"

    def __init__(self, eigenvalues: FloatArray) -> None:
        self.n = eigenvalues.size
        self._w = eigenvalues
        real = eigenvalues.real[np.abs(eigenvalues.imag) < 1e-12]
        low = real.min() if real.size and real.min() < 0 else -1.0
        high = real.max() if real.size and real.max() > 0 else 1.0
        self.bounds = (float(1.0 / low), float(1.0 / high))

    def value(self, rho: float) -> float:
        return float(np.log(np.abs(1.0 - rho * self._w)).sum())

    def at(self, rho: float) -> tuple[float, float, float]:
        ratio = self._w / (1.0 - rho * self._w)
        first = -float(ratio.sum().real)
        second = -float((ratio * ratio).sum().real)
        return self.value(rho), first, second


class NodeLogDet(LogDet):
    """From values at Chebyshev nodes around rho; windows are kept for the next fit."""

    def __init__(self, w: csr_array) -> None:
        self.n = w.shape[0]
        self.bounds = (-1.0, 1.0)
        self._w = w
        scale = symmetriser(w)
        self._symmetric = scale is not None
        self._sparse = w.nnz <= _DENSE_SHARE * self.n**2
        if scale is not None:
            root = np.sqrt(scale)
            self._w = csr_array(diags_array(root) @ w @ diags_array(1.0 / root))
        self.method = "sparse LU" if self._sparse else "dense LU"
        self._one = eye_array(self.n, format="csr")
        self._row = float(abs(self._w).sum(axis=1).max()) if self._w.nnz else 0.0
        self._ordered = False
        self._values: dict[float, float] = {}
        self._windows: dict[float, tuple[Chebyshev, Chebyshev, Chebyshev]] = {}

    def value(self, rho: float) -> float:
        if rho not in self._values:
            self._values[rho] = self._factorise(rho)
        return self._values[rho]

    def at(self, rho: float) -> tuple[float, float, float]:
        centre, half = _window(rho)
        if centre not in self._windows:
            self._windows[centre] = self._fit(centre, half)
        p, p1, p2 = self._windows[centre]
        return float(p(rho)), float(p1(rho)), float(p2(rho))

    def _fit(
        self, centre: float, half: float
    ) -> tuple[Chebyshev, Chebyshev, Chebyshev]:
        nodes = np.cos(np.pi * (np.arange(_NODES) + 0.5) / _NODES)
        values = [self.value(float(centre + half * x)) for x in nodes]
        p = Chebyshev.fit(
            centre + half * nodes,
            values,
            deg=_NODES - 1,
            domain=[centre - half, centre + half],
        )
        return p, p.deriv(1), p.deriv(2)

    def _factorise(self, rho: float) -> float:
        if not self._sparse:
            dense = np.eye(self.n) - rho * self._w.toarray()
            return float(np.linalg.slogdet(dense)[1])
        matrix = csc_array(self._one - rho * self._w)
        # rows of |rho W| below 1: the diagonal dominates and needs no pivoting
        safe = self._symmetric or abs(rho) * self._row < 1.0
        lu = splu(
            matrix,
            permc_spec="NATURAL"
            if self._ordered
            else ("MMD_AT_PLUS_A" if self._symmetric else "COLAMD"),
            diag_pivot_thresh=0.0 if safe else 1.0,
            options={"SymmetricMode": self._symmetric},
        )
        if not self._ordered:
            # the pattern is that of every rho: its ordering, a third of the work, is kept
            order = np.argsort(lu.perm_c)
            self._w = csr_array(self._w[order][:, order])
            self._ordered = True
        return float(np.log(np.abs(lu.U.diagonal())).sum())


def _window(rho: float) -> tuple[float, float]:
    """Give a centre near rho and a half-width that keeps the pole at 1 four times off."""
    room = 1.0 - abs(rho)
    if room > _WIDE:
        centre = round(rho / 0.05) * 0.05
        return centre, min(0.075, (1.0 - abs(centre)) / 4.0)
    step = round(np.log(_WIDE / max(room, 1e-6)) / np.log(1.2))
    left = _WIDE * 1.2**-step
    return float(np.copysign(1.0 - left, rho)), left / 4.0


def symmetriser(w: csr_array) -> FloatArray | None:
    """Give d with diag(d) W symmetric, or None; row-standardised symmetric weights have one.

    d is carried along a spanning tree (d_j = d_i w_ij / w_ji) and then checked on all links.
    """
    pattern = csr_array((np.ones(w.nnz), w.indices, w.indptr), shape=w.shape)
    if abs(pattern - pattern.T).sum() != 0.0:
        return None
    n_parts, part = connected_components(w, directed=False)
    logs = np.zeros(w.shape[0])
    for start in np.unique(part, return_index=True)[1][:n_parts]:
        order, before = breadth_first_order(w, int(start), directed=False)
        order = order[1:]
        if order.size == 0:
            continue
        parent = before[order]
        ratio = np.log(np.asarray(w[parent, order]).ravel()) - np.log(
            np.asarray(w[order, parent]).ravel()
        )
        for node, up, step in zip(
            order.tolist(), parent.tolist(), ratio.tolist(), strict=True
        ):
            logs[node] = logs[up] + step
    d: FloatArray = np.exp(logs - logs.mean())
    balanced = csr_array(diags_array(d) @ w)
    gap = abs(balanced - balanced.T)
    return d if gap.nnz == 0 or gap.max() <= 1e-9 * abs(balanced).max() else None


def build_logdet(w: csr_array) -> LogDet:
    """Choose eigenvalues up to 1,000 units and for dense symmetric-similar W, else nodes."""
    n = w.shape[0]
    dense = w.nnz > _DENSE_SHARE * n**2
    scale = symmetriser(w) if n <= _EIGEN_LIMIT or dense else None
    if scale is not None:
        root = np.sqrt(scale)
        matrix = root[:, None] * w.toarray() / root[None, :]
        real = np.linalg.eigvalsh((matrix + matrix.T) / 2.0)
        return EigenLogDet(real.astype(np.complex128))
    if n <= _EIGEN_LIMIT:
        # the reduction to Hessenberg form loses a factor of 5 to 20 to waiting threads
        with threadpool_limits(limits=1, user_api="blas"):
            values = np.linalg.eigvals(w.toarray())
        return EigenLogDet(values.astype(np.complex128))
    return NodeLogDet(w)
