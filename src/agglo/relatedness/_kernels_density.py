"""Relatedness density on arrays. m (n_regions, n), phi (n, n); NaN is unknown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from agglo.core.typing import BoolArray, FloatArray

_BLOCK = 512


def neighbours(
    phi: FloatArray, *, include_self: bool, nearest: int | None
) -> FloatArray:
    """Weights phi_qp of the neighbours q (rows) of p (columns); undefined pairs are 0."""
    weights = np.nan_to_num(phi, nan=0.0)
    if not include_self:
        np.fill_diagonal(weights, 0.0)
    n = weights.shape[0]
    if nearest is None or nearest >= n:
        return weights
    far = -weights
    if not include_self:
        # p is the last among equals, so that it never takes a neighbour's place
        np.fill_diagonal(far, np.inf)
    order = np.argsort(far, axis=0, kind="stable")
    kept = np.zeros(weights.shape, dtype=bool)
    np.put_along_axis(kept, order[:nearest], True, axis=0)
    return np.where(kept, weights, 0.0)


def density(m: FloatArray, weights: FloatArray) -> FloatArray:
    """Share of the neighbourhood of p that r has; NaN without neighbours."""
    total = weights.sum(axis=0, dtype=np.float64)
    out = _within(m, weights)
    with np.errstate(divide="ignore", invalid="ignore"):
        out /= total
    out[:, ~(total > 0)] = np.nan
    # a full neighbourhood is 1, whatever the order of the sums
    np.clip(out, 0.0, 1.0, out=out)
    return out


def _within(m: FloatArray, weights: FloatArray) -> FloatArray:
    """Product of presence and weights; narrow weights are never widened as a whole."""
    if weights.dtype == m.dtype:
        return m @ weights
    out = np.empty((m.shape[0], weights.shape[1]))
    narrow = m.astype(weights.dtype)
    for first in range(0, weights.shape[1], _BLOCK):
        b = slice(first, first + _BLOCK)
        out[:, b] = narrow @ weights[:, b]
    return out


def relative(density: FloatArray, options: BoolArray, ddof: int) -> FloatArray:
    """Density in standard deviations of the region's options above their mean."""
    among = options & np.isfinite(density)
    n = among.sum(axis=1)
    known = np.where(among, density, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = known.sum(axis=1) / n
        spread = np.where(among, density - mean[:, None], 0.0)
        sd = np.sqrt(np.einsum("ij,ij->i", spread, spread) / (n - ddof))
        out: FloatArray = (density - mean[:, None]) / sd[:, None]
    flat = (n < 2) | ~(sd > 1e-12 * np.maximum(np.abs(mean), 1e-300))
    out[flat] = np.nan
    return out
