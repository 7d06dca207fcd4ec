"""Errors from leaving clusters out: closed forms, nothing is estimated again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from agglo.core.errors import NotIdentifiedError, OptionError, Problem

if TYPE_CHECKING:
    from agglo.core.typing import FloatArray, IntArray
    from agglo.econometrics.regression_results import Design

__all__ = ["jackknife_covariance"]


def jackknife_covariance(design: Design, method: str, b: FloatArray) -> FloatArray:
    """Give (G - 1) / G times the sum of squared moves of the coefficients.

    Least squares and two stages are solved exactly without each cluster, from sums of
    products per cluster; means of counts take one Newton step from all rows.
    """
    code = design.spread.clusters[0]
    groups = int(code.max()) + 1
    if method == "2sls":
        moves = _two_stages(design, code, groups) - b
    elif method in ("least squares", "poisson", "negative binomial"):
        moves = _one_step(design, code, groups)
    else:
        msg = f"vcov: leaving clusters out is not defined for a fit by {method}."
        raise OptionError(msg)
    if not np.isfinite(moves).all():
        msg = "Without one of the clusters the coefficients are not identified."
        raise NotIdentifiedError(
            msg,
            [
                Problem(
                    code="one_cluster_decides",
                    what="a regressor moves in a single cluster only",
                    fix="use ClusteredBy, or leave that regressor out",
                )
            ],
        )
    return np.asarray((groups - 1.0) / groups * (moves.T @ moves), dtype=np.float64)


def _products(
    one: FloatArray, two: FloatArray, code: IntArray, groups: int
) -> FloatArray:
    """Give one'two per cluster, (G, k, l)."""
    out = np.empty((groups, one.shape[1], two.shape[1]))
    for i in range(one.shape[1]):
        for j in range(two.shape[1]):
            out[:, i, j] = np.bincount(code, one[:, i] * two[:, j], groups)
    return out


def _solved(matrix: FloatArray, right: FloatArray) -> FloatArray:
    """Solve per cluster; NaN where a matrix has no inverse."""
    size = np.linalg.cond(matrix)
    good = np.isfinite(size) & (size < 1e12)
    out = np.full(right.shape, np.nan)
    out[good] = np.linalg.solve(matrix[good], right[good][..., None])[..., 0]
    return out


def _one_step(design: Design, code: IntArray, groups: int) -> FloatArray:
    """Move by -(H - H_g)^-1 s_g, which is exact where the mean is linear."""
    x, curved = design.x, design.curvature
    weighted = x if curved is None else x * curved[:, None]
    per = _products(x, weighted, code, groups)
    score = _products(design.projected, design.residual[:, None], code, groups)[..., 0]
    return -_solved(per.sum(axis=0) - per, score)


def _two_stages(design: Design, code: IntArray, groups: int) -> FloatArray:
    """Give the estimates of both stages without each cluster."""
    assert design.z is not None  # noqa: S101  two stages have instruments
    k = design.n_endogenous
    z = np.column_stack([design.z, design.x[:, k:]])
    cross = _products(z, design.x, code, groups)
    inner = _products(z, z, code, groups)
    right = _products(z, design.y[:, None], code, groups)
    cross, inner, right = (v.sum(axis=0) - v for v in (cross, inner, right))
    size = np.linalg.cond(inner)
    inner[~(size < 1e12)] = np.nan
    first = np.full(cross.shape, np.nan)
    good = np.isfinite(inner).all(axis=(1, 2))
    first[good] = np.linalg.solve(inner[good], cross[good])
    turned = np.swapaxes(first, 1, 2)
    square = np.where(np.isfinite(turned @ cross), turned @ cross, 0.0)
    return _solved(square, (turned @ right)[..., 0])
