"""Inner products with rows and columns permuted together: arrays in, arrays out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from agglo.core.typing import BoolArray, FloatArray, IntArray

__all__ = ["gram_statistics", "permuted_gram", "permuted_products", "t_of_last"]


@njit(cache=True)
def permuted_products(
    fixed: FloatArray, moved: FloatArray, order: IntArray
) -> FloatArray:
    """Sum fixed[k] × moved[order][:, order] for every k and permutation, (perms, k)."""
    n, m = moved.shape[0], fixed.shape[0]
    out = np.zeros((order.shape[0], m))
    flat = np.ascontiguousarray(fixed).reshape(m, n * n)
    turned = np.empty((n, n))
    for s in range(order.shape[0]):
        p = order[s]
        for i in range(n):
            source = moved[p[i]]
            for j in range(n):
                turned[i, j] = source[p[j]]
        # one product of matrix and vector: a call per row costs more than the row
        out[s] = np.dot(flat, turned.reshape(n * n))
    return out


@njit(cache=True)
def permuted_gram(
    fixed: FloatArray,
    there: BoolArray,
    moved: FloatArray,
    moved_there: BoolArray,
    order: IntArray,
) -> tuple[FloatArray, IntArray]:
    """Gram matrices of fixed and permuted cells that both exist, and their number."""
    n, m = moved.shape[0], fixed.shape[0]
    out = np.zeros((order.shape[0], m + 1, m + 1))
    count = np.zeros(order.shape[0], np.int64)
    x = np.empty(m + 1)
    for s in range(order.shape[0]):
        p = order[s]
        for i in range(n):
            for j in range(n):
                if not there[i, j] or not moved_there[p[i], p[j]]:
                    continue
                count[s] += 1
                for k in range(m):
                    x[k] = fixed[k, i, j]
                x[m] = moved[p[i], p[j]]
                for k in range(m + 1):
                    for h in range(k + 1):
                        out[s, k, h] += x[k] * x[h]
        for k in range(m + 1):
            for h in range(k):
                out[s, h, k] = out[s, k, h]
    return out, count


def gram_statistics(
    gram: FloatArray, n: FloatArray, y: int, x: list[int]
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Coefficients, t and R² of y on x (x[0] is the intercept) from Gram matrices.

    Singular systems give NaN. Shapes (draws, len(x)), the same, (draws,).
    """
    inner = gram[:, x][:, :, x]
    target = gram[:, x, y]
    scale = np.sqrt(np.einsum("sii->si", inner))
    with np.errstate(divide="ignore", invalid="ignore"):
        unit = inner / scale[:, :, None] / scale[:, None, :]
        bad = ~np.isfinite(unit).all(axis=(1, 2))
        unit[bad] = np.eye(len(x))
        bad |= np.linalg.cond(unit) > 1e12
        unit[bad] = np.eye(len(x))
        inverse = np.linalg.inv(unit) / scale[:, :, None] / scale[:, None, :]
        beta = np.einsum("skl,sl->sk", inverse, target)
        rss = gram[:, y, y] - np.einsum("sk,sk->s", beta, target)
        variance = np.maximum(rss, 0.0) / (n - len(x))
        t = beta / np.sqrt(variance[:, None] * np.einsum("skk->sk", inverse))
        spread = gram[:, y, y] - gram[:, x[0], y] ** 2 / gram[:, x[0], x[0]]
        r2 = 1.0 - rss / spread
    for value in (beta, t, r2):
        value[bad] = np.nan
    return beta, t, r2


def t_of_last(
    products: FloatArray, moved_squares: float, target_squares: float, df: float
) -> FloatArray:
    """Give t of a permuted regressor from its products with an orthonormal basis.

    The last column of `products` is with the target, already orthogonal to the basis.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        left = moved_squares - (products[:, :-1] ** 2).sum(axis=1)
        left = np.where(left > 1e-12 * moved_squares, left, np.nan)
        beta = products[:, -1] / left
        rss = np.maximum(target_squares - beta**2 * left, 0.0)
        t: FloatArray = beta / np.sqrt(rss / df / left)
    return t
