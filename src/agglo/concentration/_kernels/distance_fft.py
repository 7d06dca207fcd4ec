"""K-density of very many points: pair distances from the autocorrelation of a grid."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np
from scipy.fft import irfft2, next_fast_len, rfft2

from agglo.concentration._kernels.distance_kdensity import kernel_matrix
from agglo.concentration._kernels.distance_pairs import nrd0_of_counts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agglo.concentration._kernels.distance_kdensity import PairWeights
    from agglo.core.typing import FloatArray

__all__ = ["cloud_in_cell", "fft_fits", "fft_kdensity", "fft_nrd0"]

# cells and highest frequency in bandwidths: what is beyond has weight exp(-12.5)
_CELL = 1.0 / 3.0
_HIGHEST = 5.0
_REACH = 6.0
_RADIAL = 160.0
_COARSE = 768
_MOST_CELLS = 80_000_000


@numba.njit(cache=True, nogil=True)
def cloud_in_cell(
    x: FloatArray, y: FloatArray, w: FloatArray, ny: int, nx: int
) -> NDArray[np.float32]:
    """Spread every weight over the four nearest nodes; positions in cells."""
    grid = np.zeros((ny, nx))
    for k in range(x.size):
        i = int(y[k])
        j = int(x[k])
        up = y[k] - i
        right = x[k] - j
        grid[i, j] += w[k] * (1 - up) * (1 - right)
        grid[i + 1, j] += w[k] * up * (1 - right)
        grid[i, j + 1] += w[k] * (1 - up) * right
        grid[i + 1, j + 1] += w[k] * up * right
    return grid.astype(np.float32)


@numba.njit(cache=True, nogil=True)
def _by_distance(mass: NDArray[np.float32], per_cell: float, n_bins: int) -> FloatArray:
    """Sum the mass of signed lags by distance, entries as in `pair_histogram`."""
    ny, nx = mass.shape
    out = np.zeros(n_bins + 2)
    for i in range(ny):
        dy = min(i, ny - i)
        for j in range(nx):
            dx = min(j, nx - j)
            b = int(np.ceil(np.sqrt(dx * dx + dy * dy) * per_cell))
            out[min(b, n_bins + 1)] += mass[i, j]
    return out


def _correlation(
    a: FloatArray,
    b: FloatArray,
    w: FloatArray,
    v: FloatArray,
    cell: float,
    reach: float,
    highest: float | None,
) -> NDArray[np.float32]:
    """Mass of ordered pairs by lag, in cells; `highest` frequency undoes the spreading."""
    same = a is b
    low = np.minimum(a.min(axis=0), b.min(axis=0))
    nx, ny = _shape(a, b, cell, reach)

    def spectrum(at: FloatArray, mass: FloatArray) -> NDArray[np.complex64]:
        x, y = ((at[:, k] - low[k]) / cell for k in (0, 1))
        out: NDArray[np.complex64] = rfft2(
            cloud_in_cell(x, y, mass, ny, nx), workers=-1
        )
        return out

    first = spectrum(a, w)
    second = first if same and w is v else spectrum(b, v)
    product = first * np.conj(second)
    if highest is not None:
        fx = np.fft.rfftfreq(nx)
        fy = np.fft.fftfreq(ny)
        undo = (np.sinc(fy)[:, None] * np.sinc(fx)[None, :]) ** -4
        kept = np.hypot(fy[:, None], fx[None, :]) * 2 * np.pi / cell < highest
        product *= np.where(kept, undo, 0.0).astype(np.float32)
    out: NDArray[np.float32] = irfft2(product, s=(ny, nx), workers=-1)
    return out


def _shape(a: FloatArray, b: FloatArray, cell: float, reach: float) -> tuple[int, int]:
    """Columns and rows, with room for `reach` so that nothing wraps around."""
    low = np.minimum(a.min(axis=0), b.min(axis=0))
    extent = np.maximum(a.max(axis=0), b.max(axis=0)) - low
    nx, ny = (next_fast_len(int((e + reach) / cell) + 3, real=True) for e in extent)
    return nx, ny


def fft_fits(a: FloatArray, b: FloatArray | None, r_max: float, h: float) -> bool:
    """Whether the grid of `fft_kdensity` has at most 80 million cells (about 2 GB)."""
    other = a if b is None else b
    nx, ny = _shape(a, other, h * _CELL, r_max + _REACH * h)
    return nx * ny <= _MOST_CELLS


def fft_kdensity(
    a: FloatArray,
    b: FloatArray | None,
    weights: PairWeights,
    r: FloatArray,
    h: float,
    *,
    added: bool,
) -> FloatArray:
    """Sum of the kernel over all pairs, not yet divided by their weight."""
    other = a if b is None else b
    one, two = np.ones(len(a)), np.ones(len(other))
    if weights is None:
        parts = [(one, one if b is None else two)]
    elif added:  # ordered pairs of one set hold every sum once
        parts = [(weights[0], two)] + ([] if b is None else [(one, weights[1])])
    else:
        parts = [(weights[0], weights[0] if b is None else weights[1])]
    cell = h * _CELL
    reach = float(r[-1]) + _REACH * h
    n_bins = int(reach / h * _RADIAL)
    out = np.zeros(r.size)
    for w, v in parts:
        lags = _correlation(a, other, w, v, cell, reach, _HIGHEST / h)
        found = _by_distance(lags, _CELL * _RADIAL, n_bins)
        if b is None:
            found[0] -= float(w @ v)  # every point with itself
        out += found[:-1] @ kernel_matrix(r, h, h / _RADIAL, n_bins)
    if b is None and (weights is None or not added):
        out /= 2.0
    return out


def fft_nrd0(a: FloatArray, b: FloatArray | None, within: float) -> float:
    """Bandwidth as `nrd0` gives, from a grid of 768 cells along the longer side."""
    other = a if b is None else b
    both = np.vstack([a, other])
    cell = float(np.ptp(both, axis=0).max()) / _COARSE
    if cell == 0.0:
        return 0.0
    one, two = np.ones(len(a)), np.ones(len(other))
    longest = float(np.hypot(*np.ptp(both, axis=0)))
    lags = _correlation(a, other, one, one if b is None else two, cell, longest, None)
    n_bins = int(min(longest, within) / cell) + 1
    mass = _by_distance(lags, 1.0, n_bins)[:-1]
    if b is None:
        mass[:2] = np.maximum(mass[:2] - [len(a) * 4 / 9, len(a) * 5 / 9], 0.0)
        mass /= 2.0
    return nrd0_of_counts(mass, cell)
