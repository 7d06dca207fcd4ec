"""Poisson pseudo-likelihood with many effects: arrays in, arrays out.

Effects are columns of a sparse 0/1 matrix; they are projected out by conjugate gradients,
never estimated as dummies.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from scipy.sparse import csr_array

    from agglo.core.typing import BoolArray, FloatArray, IntArray

__all__ = [
    "PoissonFit",
    "clustered_meat",
    "dyadic_meat",
    "effect_matrix",
    "fit_poisson",
    "projector",
    "separated",
]

_DENSE_LEVELS = 3_000
_RIDGE = 1e-8
_CG_TOLERANCE = 1e-12
_CG_STEPS = 2_000


def effect_matrix(blocks: list[list[IntArray]], n_levels: list[int]) -> csr_array:
    """Build one column per level; a block with two codes per row sums both ends."""
    from scipy.sparse import csr_array

    rows, columns, offset = [], [], 0
    n = blocks[0][0].size if blocks else 0
    for codes, levels in zip(blocks, n_levels, strict=True):
        for code in codes:
            rows.append(np.arange(n))
            columns.append(code + offset)
        offset += levels
    if not blocks:
        return csr_array((0, 0))
    row, column = np.concatenate(rows), np.concatenate(columns)
    return csr_array((np.ones(row.size), (row, column)), shape=(n, offset))


def projector(
    effects: csr_array, weight: FloatArray
) -> Callable[[FloatArray], FloatArray]:
    """Give the function that leaves the weighted residual of columns on the effects."""
    if effects.shape[1] == 0:
        return lambda x: x
    from scipy.sparse import diags_array

    weighted = diags_array(weight) @ effects
    normal = (effects.T @ weighted).tocsr()
    scale = 1.0 / np.sqrt(np.maximum(normal.diagonal(), 1e-300))
    precondition = _preconditioner(normal, scale)

    def residual(x: FloatArray) -> FloatArray:
        out = np.empty_like(x)
        for k in range(x.shape[1]):
            target = weighted.T @ x[:, k]
            out[:, k] = x[:, k] - effects @ _solve(normal, target, precondition)
        return out

    return residual


def _preconditioner(
    normal: csr_array, scale: FloatArray
) -> Callable[[FloatArray], FloatArray]:
    if scale.size > _DENSE_LEVELS:
        return lambda r: r * scale * scale
    from scipy.linalg import cho_factor, cho_solve

    unit = normal.toarray() * scale[:, None] * scale[None, :]
    unit[np.diag_indices_from(unit)] += _RIDGE
    factor = cho_factor(unit, lower=True, overwrite_a=True, check_finite=False)
    return lambda r: scale * cho_solve(factor, scale * r, check_finite=False)


def _solve(
    normal: csr_array,
    target: FloatArray,
    precondition: Callable[[FloatArray], FloatArray],
) -> FloatArray:
    """Preconditioned conjugate gradients for a consistent semi-definite system."""
    x = np.zeros_like(target)
    r = target.copy()
    z = precondition(r)
    d = z.copy()
    now = float(r @ z)
    goal = _CG_TOLERANCE**2 * max(now, 1e-300)
    for _ in range(_CG_STEPS):
        if now <= goal:
            break
        q = normal @ d
        curve = float(d @ q)
        if curve <= 0.0:
            break
        x += now / curve * d
        r -= now / curve * q
        z = precondition(r)
        before, now = now, float(r @ z)
        d = z + now / before * d
    return x


@dataclass(frozen=True, slots=True, kw_only=True)
class PoissonFit:
    """What the pseudo-likelihood gives.

    Attributes
    ----------
    beta
        Coefficients.
    mu
        Fitted flows.
    x
        Regressors without the effects, under the final weights.
    deviance, steps, settled
        Deviance, rounds, and whether it settled.
    """

    beta: FloatArray
    mu: FloatArray
    x: FloatArray
    deviance: float
    steps: int
    settled: bool


def deviance(y: FloatArray, mu: FloatArray) -> float:
    """Twice the distance of the log-likelihood from its maximum."""
    with np.errstate(divide="ignore", invalid="ignore"):
        term = np.where(y > 0, y * np.log(y / mu), 0.0)
    return float(2.0 * (term - (y - mu)).sum())


def fit_poisson(
    y: FloatArray,
    x: FloatArray,
    effects: csr_array,
    *,
    tolerance: float = 1e-12,
    max_steps: int = 200,
) -> PoissonFit:
    """Iterate weighted least squares until deviance and coefficients settle."""
    mu = (y + y.mean()) / 2.0
    eta = np.log(mu)
    last = deviance(y, mu)
    beta = np.zeros(x.shape[1])
    moved = x
    for step in range(1, max_steps + 1):
        working = eta + (y - mu) / mu
        both = projector(effects, mu)(np.column_stack([x, working]))
        moved, target = both[:, :-1], both[:, -1]
        root = np.sqrt(mu)[:, None]
        new = np.linalg.lstsq(moved * root, target * root[:, 0], rcond=None)[0]
        eta = working - (target - moved @ new)
        # exp must not overflow in a first wild step
        eta = np.clip(eta, -700.0, 700.0)
        mu = np.exp(eta)
        now = deviance(y, mu)
        still = abs(now - last) <= tolerance * max(abs(now), 1.0)
        close = np.abs(new - beta).max(initial=0.0) <= 1e-9 * max(
            1.0, np.abs(new).max(initial=0.0)
        )
        beta, last = new, now
        if still and close:
            return PoissonFit(
                beta=beta, mu=mu, x=moved, deviance=now, steps=step, settled=True
            )
    return PoissonFit(
        beta=beta, mu=mu, x=moved, deviance=last, steps=max_steps, settled=False
    )


def separated(
    y: FloatArray, x: FloatArray, effects: csr_array, *, max_steps: int = 100
) -> BoolArray:
    """Find zeros that a combination of regressors and effects predicts perfectly.

    The iterative rectifier: regress what is left of the zeros with a huge weight on the
    positive flows, keep the positive part, until no part is negative.
    """
    zero = y <= 0
    if not zero.any():
        return np.zeros(y.size, dtype=bool)
    weight = np.where(zero, 1.0, 1e6)
    project = projector(effects, weight)
    root = np.sqrt(weight)
    moved = project(x) * root[:, None] if x.shape[1] else x
    u = zero.astype(np.float64)
    for _ in range(max_steps):
        target = project(u[:, None])[:, 0]
        rest = target
        if x.shape[1]:
            b = np.linalg.lstsq(moved, target * root, rcond=None)[0]
            rest = target - (moved @ b) / root
        fitted = u - rest
        fitted[np.abs(fitted) < 1e-3] = 0.0
        fitted[~zero] = 0.0
        if (fitted >= 0.0).all():
            return fitted > 0.0
        u = np.maximum(fitted, 0.0)
    return np.zeros(y.size, dtype=bool)


def clustered_meat(scores: FloatArray, group: IntArray) -> FloatArray:
    """Sum over groups of the outer product of summed scores."""
    sums = np.column_stack([np.bincount(group, s) for s in scores.T]).astype(np.float64)
    return np.asarray(sums.T @ sums, dtype=np.float64)


def dyadic_meat(scores: FloatArray, a: IntArray, b: IntArray, n: int) -> FloatArray:
    """Sum over pairs of observations that share a node, each counted once."""
    apart = a != b
    at = np.zeros((n, scores.shape[1]))
    for k in range(scores.shape[1]):
        at[:, k] = np.bincount(a, scores[:, k], minlength=n)
        at[:, k] += np.bincount(b[apart], scores[apart, k], minlength=n)
    pair = np.minimum(a, b) * n + np.maximum(a, b)
    _, inside = np.unique(pair, return_inverse=True)
    # pairs of observations of one dyad met at both of its nodes
    twice = clustered_meat(np.where(apart[:, None], scores, 0.0), inside.reshape(-1))
    return at.T @ at - twice
