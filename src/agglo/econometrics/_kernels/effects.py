"""Average and realised effects of a spatial lag model, with their derivatives.

S = (I - rho W)^-1. An effect matrix is S (b_0 E_0 + b_1 E_1 + ...) with exposures E_m:
the identity, W, distance rings. Per exposure two numbers matter: the mean of the diagonal
of S E_m (direct) and the mean of its row sums (total).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.linalg import lu_factor, lu_solve
from scipy.sparse import csc_array, csr_array, eye_array
from scipy.sparse.linalg import splu

if TYPE_CHECKING:
    from agglo.core.typing import FloatArray
    from agglo.econometrics._kernels.logdet import LogDet

__all__ = ["ExposureMeans", "exposure_means", "exposure_paths", "solver"]

_DENSE_SHARE = 0.10
_ROW_SUM = 1e-12

Solve = Callable[["FloatArray", bool], "FloatArray"]


@dataclass(frozen=True, slots=True)
class ExposureMeans:
    """Means per exposure, (m,), and their derivatives in rho."""

    direct: FloatArray
    total: FloatArray
    d_direct: FloatArray
    d_total: FloatArray


def solver(w: csr_array, rho: float) -> Solve:
    """Give x -> S x (or S'x with the flag), factorised once."""
    n = w.shape[0]
    if rho == 0.0:
        return lambda x, _transposed: x
    if w.nnz > _DENSE_SHARE * n * n:
        factor = lu_factor(np.eye(n) - rho * w.toarray())
        return lambda x, transposed: np.asarray(
            lu_solve(factor, x, trans=1 if transposed else 0)
        )
    lu = splu(csc_array(eye_array(n, format="csr") - rho * w))
    return lambda x, transposed: np.asarray(
        lu.solve(np.ascontiguousarray(x), "T")  # type: ignore[call-overload]
        if transposed
        else lu.solve(np.ascontiguousarray(x))
    )


def _diagonal_means(
    w: csr_array, others: Sequence[csr_array], rho: float
) -> tuple[list[float], list[float]]:
    """Give tr(S E)/N and tr(SWS E)/N for exposures other than the identity and W."""
    if not others:
        return [], []
    n = w.shape[0]
    s = np.linalg.inv(np.eye(n) - rho * w.toarray())
    sws = s @ (w @ s)
    links = [e.tocoo() for e in others]
    first = [float((s[e.col, e.row] * e.data).sum()) / n for e in links]
    second = [float((sws[e.col, e.row] * e.data).sum()) / n for e in links]
    return first, second


def _row_means(
    w: csr_array, rho: float, others: Sequence[csr_array]
) -> tuple[FloatArray, FloatArray]:
    """Give 1'S E 1/N and its derivative for the identity, W and the others."""
    n = w.shape[0]
    sums = w.sum(axis=1)
    if not others and np.abs(sums - 1.0).max() < _ROW_SUM:
        # S keeps constants: no factorisation is needed
        s = 1.0 / (1.0 - rho)
        return np.array([s, s]), np.array([s * s, s * s])
    solve = solver(w, rho)
    left = solve(np.ones(n), True)
    # S'W'S'1, the left vector of d/drho of 1'S
    left2 = solve(w.T @ left, True)
    right = [np.ones(n), sums, *(e.sum(axis=1) for e in others)]
    total = np.array([float(left @ r) / n for r in right])
    return total, np.array([float(left2 @ r) / n for r in right])


def exposure_means(
    w: csr_array,
    logdet: LogDet | None,
    rho: float,
    others: Sequence[csr_array],
) -> ExposureMeans:
    """Give the means for the identity, W, and the `others`, in that order."""
    n = w.shape[0]
    g = g2 = 0.0
    if logdet is not None:
        _, p1, p2 = logdet.at(rho)
        g, g2 = -p1 / n, -p2 / n
    total, d_total = _row_means(w, rho, others)
    more, more2 = (
        _diagonal_means(w, others, rho)
        if rho != 0.0 or logdet is not None
        else ([0.0] * len(others), [0.0] * len(others))
    )
    return ExposureMeans(
        direct=np.array([1.0 + rho * g, g, *more]),
        total=total,
        d_direct=np.array([g + rho * g2, g2, *more2]),
        d_total=d_total,
    )


def exposure_paths(
    w: csr_array, logdet: LogDet, others: Sequence[csr_array], rho: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Give direct and total means for many rho, (n_draws, m), through Chebyshev nodes."""
    from numpy.polynomial import chebyshev

    low, high = float(rho.min()), float(rho.max())
    half = max((high - low) / 2.0, 1e-9)
    nodes = np.cos(np.pi * (np.arange(12) + 0.5) / 12)
    at = [
        exposure_means(w, logdet, float((low + high) / 2.0 + half * x), others)
        for x in nodes
    ]
    scaled = (rho - (low + high) / 2.0) / half
    fit_direct = chebyshev.chebfit(nodes, np.array([m.direct for m in at]), 11)
    fit_total = chebyshev.chebfit(nodes, np.array([m.total for m in at]), 11)
    direct = chebyshev.chebval(scaled, fit_direct).T
    total = chebyshev.chebval(scaled, fit_total).T
    return np.asarray(direct, np.float64), np.asarray(total, np.float64)
