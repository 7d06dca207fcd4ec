"""K-densities of all pairs of industries at once, from the spectra of their grids."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from scipy.fft import next_fast_len, rfft2
from scipy.special import j0

from agglo.concentration._kernels.distance_fft import cloud_in_cell

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agglo.core.typing import FloatArray, IntArray

__all__ = ["Grid", "grid_for", "pair_sums"]

_CELL = 1.0 / 3.0
_HIGHEST = 4.5
_REACH = 6.0
_MOST_CELLS = 40_000_000
# entries of ring products held at once, 64 MB
_TOGETHER = 16_000_000
# phase of the longest distance within a ring of modes, radians
_PHASE = 0.05
_RINGS = (50, 8_000)


@dataclass(frozen=True, eq=False, kw_only=True)
class Grid:
    """Cells of h/3 with room for the largest distance, and the modes that are kept.

    Modes are sorted by frequency and cut into rings of equal width.
    """

    low: FloatArray
    cell: float
    shape: tuple[int, int]
    modes: IntArray
    frequency: FloatArray
    undo: NDArray[np.float32]
    edges: IntArray

    @property
    def n_modes(self) -> int:
        """Modes kept."""
        return self.modes.size


def grid_for(at: FloatArray, r_max: float, h: float) -> Grid | None:
    """Lay the grid; None where it would have too many cells."""
    cell = h * _CELL
    low = at.min(axis=0)
    extent = np.ptp(at, axis=0) + r_max + _REACH * h
    nx, ny = (next_fast_len(int(e / cell) + 3, real=True) for e in extent)
    if nx * ny > _MOST_CELLS:
        return None
    fx, fy = np.fft.rfftfreq(nx), np.fft.fftfreq(ny)
    k = np.hypot(fy[:, None], fx[None, :]) * 2 * np.pi / cell
    flat = k.ravel()
    kept = np.flatnonzero(flat < _HIGHEST / h)
    kept = kept[np.argsort(flat[kept], kind="stable")]
    undo = ((np.sinc(fy)[:, None] * np.sinc(fx)[None, :]) ** -2).ravel()[kept]
    column = kept % fx.size
    # the other half of the plane is the mirror image: its modes count through these
    twice = (column > 0) & ~((nx % 2 == 0) & (column == nx // 2))
    weight = undo * np.where(twice, np.sqrt(2.0), 1.0)
    return Grid(
        low=low,
        cell=cell,
        shape=(ny, nx),
        modes=kept,
        frequency=flat[kept],
        undo=weight.astype(np.float32),
        edges=_rings(flat[kept], r_max),
    )


def _passes(grid: Grid, industries: int, budget: int) -> list[tuple[int, int]]:
    """Cut the rings so that the spectra of every part fit into `budget` bytes.

    A part holds one ring at least.
    """
    most = max(budget // (8 * industries), 1)
    out, first = [], 0
    last = grid.edges.size - 1
    while first < last:
        fits = np.searchsorted(grid.edges, grid.edges[first] + most, side="right") - 1
        upto = min(max(int(fits), first + 1), last)
        out.append((first, upto))
        first = upto
    return out


def _spectra(
    grid: Grid, at: FloatArray, weight: FloatArray, starts: IntArray, part: slice
) -> NDArray[np.float32]:
    """Modes `part` of every industry, (n_industries, 2, n): all real, all imaginary."""
    ny, nx = grid.shape
    modes, undo = grid.modes[part], grid.undo[part]
    out = np.empty((starts.size - 1, 2, modes.size), dtype=np.float32)
    place = (at - grid.low) / grid.cell
    for i in range(starts.size - 1):
        rows = slice(int(starts[i]), int(starts[i + 1]))
        x, y = (np.ascontiguousarray(place[rows, k]) for k in (0, 1))
        field = cloud_in_cell(x, y, weight[rows], ny, nx)
        found = rfft2(field, workers=-1).ravel()[modes] * undo
        out[i, 0] = found.real
        out[i, 1] = found.imag
    return out


def _rings(frequency: FloatArray, r_max: float) -> IntArray:
    """Cut sorted modes into rings so narrow that no kernel turns within one."""
    wanted = int(np.ceil(frequency[-1] * r_max / _PHASE))
    count = min(max(wanted, _RINGS[0]), _RINGS[1])
    at = np.linspace(0.0, frequency[-1], count + 1)[1:-1]
    inner = np.searchsorted(frequency, at)
    return np.unique(np.concatenate([[0], inner, [frequency.size]])).astype(np.int64)


def _ring_kernels(grid: Grid, r: FloatArray, h: float) -> FloatArray:
    """Transform of the kernel around every distance, by ring, (n_distances, n_rings).

    The kernel depends on the length s of a lag only, so its transform at frequency k is
    the integral of 2 pi s J0(k s) [phi_h(s - r) + phi_h(s + r)] over s.
    """
    reach = float(r[-1]) + 8.5 * h
    width = h / 40.0
    s = (np.arange(int(np.ceil(reach / width))) + 0.5) * width
    bells = np.exp(-0.5 * ((s[:, None] - r) / h) ** 2)
    bells += np.exp(-0.5 * ((s[:, None] + r) / h) ** 2)
    bells *= (2 * np.pi * s * width)[:, None] / (np.sqrt(2 * np.pi) * h)
    middle = [float(grid.frequency[a:b].mean()) for a, b in pairwise(grid.edges)]
    out: FloatArray = (j0(np.outer(middle, s)) @ bells).T
    return out / (grid.shape[0] * grid.shape[1] * grid.cell**2)


def pair_sums(
    grid: Grid,
    at: FloatArray,
    weight: FloatArray,
    starts: IntArray,
    r: FloatArray,
    h: float,
    *,
    budget: int,
) -> NDArray[np.float32]:
    """Sum of the kernel over all pairs of plants of every two industries.

    Plants are sorted by industry, those of i from `starts[i]` to `starts[i + 1]`. Gives
    (n_distances, n_industries, n_industries); ordered pairs on the diagonal, every plant
    with itself left out. Spectra take `budget` bytes at most, in as many passes as that
    needs.
    """
    kernels = _ring_kernels(grid, r, h).astype(np.float32)
    n = starts.size - 1
    out = np.zeros((r.size, n * n), dtype=np.float32)
    for begin, end in _passes(grid, n, budget):
        part = slice(int(grid.edges[begin]), int(grid.edges[end]))
        spectra = _spectra(grid, at, weight, starts, part)
        _add_rings(out, spectra, kernels, grid.edges, (begin, end))
    squares = np.add.reduceat(weight**2, starts[:-1])
    own = np.outer(2 * np.exp(-0.5 * (r / h) ** 2) / (np.sqrt(2 * np.pi) * h), squares)
    found = out.reshape(r.size, n, n)
    found[:, np.arange(n), np.arange(n)] -= own.astype(np.float32)
    return found


def _add_rings(
    out: NDArray[np.float32],
    spectra: NDArray[np.float32],
    kernels: NDArray[np.float32],
    edges: IntArray,
    span: tuple[int, int],
) -> None:
    """Add the products of the rings from `span[0]` to `span[1]`, whose modes are given."""
    n = len(spectra)
    together = max(1, _TOGETHER // (n * n))
    for first in range(span[0], span[1], together):
        rings = range(first, min(first + together, span[1]))
        gram = np.empty((len(rings), n, n), dtype=np.float32)
        for k, ring in enumerate(rings):
            low, high = edges[ring] - edges[span[0]], edges[ring + 1] - edges[span[0]]
            modes = spectra[:, :, low:high].reshape(n, -1)
            np.matmul(modes, modes.T, out=gram[k])
        out += kernels[:, rings.start : rings.stop] @ gram.reshape(len(rings), -1)
