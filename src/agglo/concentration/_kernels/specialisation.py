"""Specialisation and diversity of regions on arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from agglo.concentration._kernels.inequality import absolute_difference, herfindahl

if TYPE_CHECKING:
    from agglo.core.typing import BoolArray, FloatArray, IntArray

# below this, sum |s - r| is rounding error of a region that equals its reference
EQUAL = 1e-12


@dataclass(frozen=True, slots=True)
class Specialised:
    """Measures per region, (n_regions,) each.

    Attributes
    ----------
    zi, rzi
        Largest share; largest share over reference share.
    zi_part, rzi_part
        Which part is the largest; -1 where undefined.
    rzi_reference
        Reference share of that part.
    di, rdi
        1/sum s^2; 1/sum |s - r|, NaN where the region equals its reference.
    ksi
        sum |s - r|.
    """

    zi: FloatArray
    zi_part: IntArray
    rzi: FloatArray
    rzi_part: IntArray
    rzi_reference: FloatArray
    di: FloatArray
    rdi: FloatArray
    ksi: FloatArray


def specialised(s: FloatArray, r: FloatArray, eligible: BoolArray) -> Specialised:
    """Measure every row.

    Parameters
    ----------
    s, r
        Shares and reference shares, (n_regions, n_parts); NaN is left out.
    eligible
        Cells that may hold the largest quotient.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        quotient = np.where(eligible & (r > 0), s / r, np.nan)
        zi, zi_part = _largest(s)
        rzi, rzi_part = _largest(quotient)
        ksi = absolute_difference(s, r)
        ksi = np.where(ksi <= EQUAL, 0.0, ksi)
        rdi = np.where(ksi > 0.0, 1.0 / ksi, np.nan)
        di = 1.0 / herfindahl(s)
    rows = np.arange(s.shape[0])
    at = np.where(rzi_part >= 0, rzi_part, 0)
    reference = np.where(rzi_part >= 0, r[rows, at], np.nan)
    return Specialised(zi, zi_part, rzi, rzi_part, reference, di, rdi, ksi)


def winsorised(values: FloatArray, share: float) -> FloatArray:
    """Pull values beyond the `share` and 1 - `share` quantiles in to them; NaN stays."""
    known = values[np.isfinite(values)]
    if known.size == 0:
        return values
    low, high = np.quantile(known, [share, 1.0 - share])
    return np.clip(values, low, high)


def _largest(v: FloatArray) -> tuple[FloatArray, IntArray]:
    """Largest value per row and its first place; NaN and -1 where there is none."""
    filled = np.where(np.isfinite(v), v, -np.inf)
    part = filled.argmax(axis=1).astype(np.int64)
    top = filled[np.arange(v.shape[0]), part]
    there = np.isfinite(top)
    return np.where(there, top, np.nan), np.where(there, part, -1)
