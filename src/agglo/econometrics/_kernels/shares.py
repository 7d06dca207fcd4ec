"""Standard errors of shift-share regressors: scores summed by shift, not by unit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from agglo.econometrics._kernels.moments import cluster_sums

if TYPE_CHECKING:
    from scipy.sparse import csr_array

    from agglo.core.typing import FloatArray, IntArray

__all__ = ["Exposure", "exposure", "null_interval", "scale_of", "shift_score"]


@dataclass(frozen=True, slots=True)
class Exposure:
    """Residualised outcome, instrument and regressor, and the shifts behind them."""

    y: FloatArray
    z: FloatArray
    x: FloatArray
    shifts: FloatArray
    shares: csr_array
    cluster: IntArray

    @property
    def b(self) -> float:
        """Give Z'y / Z'x."""
        return float(self.z @ self.y / (self.z @ self.x))


def _without(values: FloatArray, controls: FloatArray) -> FloatArray:
    if controls.shape[1] == 0:
        return values
    found = np.linalg.lstsq(controls, values, rcond=None)[0]
    out: FloatArray = values - controls @ found
    return out


def exposure(
    columns: tuple[FloatArray, FloatArray, FloatArray],
    shares: csr_array,
    controls: FloatArray,
    cluster: IntArray,
    shifts: FloatArray | None = None,
) -> Exposure:
    """Prepare y, instrument, regressor; shifts are fitted when they are not given."""
    y, z, x = (_without(c, controls) for c in columns)
    if shifts is None:
        dense = shares.toarray()
        shifts = np.asarray(np.linalg.lstsq(dense, z, rcond=None)[0], np.float64)
    return Exposure(y, z, x, shifts, shares, cluster)


def shift_score(data: Exposure, values: FloatArray) -> FloatArray:
    """Give g_k sum_i w_ik v_i, summed within shift clusters."""
    per_shift = data.shifts * (data.shares.T @ values)
    return cluster_sums(per_shift[:, None], data.cluster)[:, 0]


def scale_of(data: Exposure, known: bool) -> float:
    """Give |Z'x|, or the same sum over the known shifts."""
    if known:
        return float(abs(np.sum(data.shifts * (data.shares.T @ data.x))))
    return float(abs(data.z @ data.x))


def null_interval(
    a: FloatArray, b: FloatArray, centre: float, scale: float, critical: float
) -> tuple[tuple[float, float], ...]:
    """Collect the b0 that a null-imposed test does not reject; a union of intervals."""
    q = scale**2 / critical**2 - float(b @ b)
    shift = float(a @ b) / q
    inner = shift**2 + float(a @ a) / q
    middle = centre - shift
    if q > 0:
        half = float(np.sqrt(inner))
        return ((float(middle - half), float(middle + half)),)
    if inner > 0:
        half = float(np.sqrt(inner))
        return ((-np.inf, middle - half), (middle + half, np.inf))
    return ((-np.inf, np.inf),)
