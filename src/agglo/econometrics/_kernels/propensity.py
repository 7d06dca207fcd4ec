"""Logit by iteratively reweighted least squares, and matching on its linear score."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from agglo.core.typing import BoolArray, FloatArray

__all__ = ["logit", "match_shares"]

_ROUNDS = 60
# beyond this linear score a probability is 0 or 1 in double precision: separation
_LARGEST = 30.0


def logit(x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray, str]:
    """Give coefficients, linear scores and ``""``, ``"separation"`` or ``"collinear"``."""
    b = np.zeros(x.shape[1])
    if np.linalg.matrix_rank(x) < x.shape[1]:
        return b, x @ b, "collinear"
    for _ in range(_ROUNDS):
        score = x @ b
        if np.abs(score).max() > _LARGEST:
            return b, score, "separation"
        p = 1.0 / (1.0 + np.exp(-score))
        weight = p * (1.0 - p)
        move = np.linalg.solve(x.T @ (weight[:, None] * x), x.T @ (y - p))
        b = b + move
        if np.abs(move).max() < 1e-11:
            return b, x @ b, ""
    return b, x @ b, "separation"


def match_shares(
    treated: FloatArray, controls: FloatArray, *, width: float, nearest: int | None
) -> FloatArray:
    """Give the share of every control in the match of every treated; zero rows: none.

    `nearest` controls within `width`, ties in the order of the controls; or None for
    Epanechnikov weights that end at `width`.
    """
    gap = np.abs(treated[:, None] - controls[None, :])
    inside: BoolArray = gap <= width
    if nearest is None:
        raw = np.where(inside, 1.0 - (gap / width) ** 2, 0.0)
    else:
        order = np.argsort(gap, axis=1, kind="stable")[:, :nearest]
        raw = np.zeros(gap.shape)
        np.put_along_axis(raw, order, 1.0, axis=1)
        raw *= inside
    total = raw.sum(axis=1, keepdims=True)
    shares: FloatArray = np.divide(raw, total, out=np.zeros(raw.shape), where=total > 0)
    return shares
