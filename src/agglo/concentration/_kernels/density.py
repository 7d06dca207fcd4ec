"""Kernel density on a grid: arrays in, arrays out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from agglo.core.typing import FloatArray

__all__ = ["abramson", "density", "left_out_likelihood", "level_of_share", "silverman"]

_ROOT = np.sqrt(2.0 * np.pi)
_BLOCK = 4_000_000


def silverman(at: FloatArray, w: FloatArray) -> FloatArray:
    """Give the bandwidth per axis, weighted standard deviation times n_eff^(-1/6)."""
    total = w.sum()
    mean = (w[:, None] * at).sum(axis=0) / total
    sd = np.sqrt((w[:, None] * (at - mean) ** 2).sum(axis=0) / total)
    effective = total**2 / (w**2).sum()
    out: FloatArray = sd * effective ** (-1.0 / 6.0)
    return out


def _bell(away: FloatArray, h: FloatArray) -> FloatArray:
    out: FloatArray = np.exp(-0.5 * (away / h) ** 2) / (_ROOT * h)
    return out


def density(
    x: FloatArray,
    y: FloatArray,
    at: FloatArray,
    w: FloatArray,
    h: FloatArray,
    local: FloatArray,
) -> FloatArray:
    """Give weight per km², shape (len(y), len(x)); `local` scales h per point."""
    out = np.zeros((y.size, x.size))
    # a product kernel on a grid is a matrix product; blocks bound the memory
    step = max(_BLOCK // max(x.size, y.size), 1)
    for start in range(0, w.size, step):
        part = slice(start, start + step)
        h_x, h_y = h[0] * local[part], h[1] * local[part]
        columns = _bell(x[:, None] - at[part, 0], h_x)
        rows = _bell(y[:, None] - at[part, 1], h_y)
        out += (rows * w[part]) @ columns.T
    return out


def _at_points(
    at: FloatArray, w: FloatArray, h: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Give the density at every point, and what the point itself adds to it."""
    out = np.empty(w.size)
    step = max(_BLOCK // w.size, 1)
    for start in range(0, w.size, step):
        part = slice(start, start + step)
        columns = _bell(at[part, 0, None] - at[:, 0], h[0])
        out[part] = (columns * _bell(at[part, 1, None] - at[:, 1], h[1])) @ w
    own = w / (2.0 * np.pi * h[0] * h[1])
    return out, own


def left_out_likelihood(at: FloatArray, w: FloatArray, h: FloatArray) -> float:
    """Give the weighted log likelihood of every point under the others."""
    everything, own = _at_points(at, w, h)
    others = np.maximum(everything - own, 0.0) / np.maximum(w.sum() - w, 1e-300)
    with np.errstate(divide="ignore"):
        return float((w * np.log(others)).sum())


def abramson(at: FloatArray, w: FloatArray, h: FloatArray) -> FloatArray:
    """Give the factor of every point's bandwidth."""
    pilot, _ = _at_points(at, w, h)
    middle = np.exp((w * np.log(pilot)).sum() / w.sum())
    out: FloatArray = (pilot / middle) ** -0.5
    return out


def level_of_share(values: FloatArray, share: float) -> float:
    """Give the density above which the densest cells hold a share of the total."""
    ordered = np.sort(values.ravel())[::-1]
    held = np.cumsum(ordered)
    return float(ordered[np.searchsorted(held, share * held[-1])])
