"""Normalisation of oriented indicators: affine maps and ranks, column by column."""

from __future__ import annotations

import numpy as np

from agglo.core.typing import FloatArray

__all__ = ["affine", "range_of", "ranks"]


def range_of(x: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Smallest and largest value per column, missing ones left out."""
    return np.nanmin(x, axis=0), np.nanmax(x, axis=0)


def affine(
    x: FloatArray, origin: FloatArray, width: FloatArray, factor: float, shift: float
) -> FloatArray:
    """(x - origin) / width * factor + shift; a column without positive width is NaN."""
    safe = np.where(width > 0, width, np.nan)
    return np.asarray((x - origin) / safe * factor + shift, dtype=np.float64)


def ranks(x: FloatArray) -> FloatArray:
    """1 for the lowest of every column, ties get the lowest rank, NaN has none."""
    out = np.full(x.shape, np.nan)
    for j in range(x.shape[1]):
        known = ~np.isnan(x[:, j])
        column = x[known, j]
        out[known, j] = np.searchsorted(np.sort(column), column, side="left") + 1.0
    return out
