"""Weight around every point by distance, found through cells: arrays in, arrays out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numba
import numpy as np

from agglo.core.parallel import in_threads

if TYPE_CHECKING:
    from collections.abc import Callable

    from agglo.core.typing import FloatArray, IntArray

__all__ = [
    "Cells",
    "Travel",
    "by_rows",
    "cells_of",
    "local_sums",
    "relative_concentration",
]

# the Gaussian kernel ends here: exp(-32) of its peak
_REACH = 8.0
_ROWS = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Cells:
    """Points sorted by square cell: those of cell c are `start[c]` to `start[c + 1]`.

    `place` is where a point went in the sorted order.
    """

    at: FloatArray
    order: IntArray
    place: IntArray
    start: IntArray
    low: FloatArray
    cell: float
    n_columns: int
    n_rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Travel:
    """A matrix of distances in place of positions."""

    distances: FloatArray


def cells_of(at: FloatArray, reach: float) -> Cells:
    """Sort points into cells of a third of `reach`, at most about one per point."""
    low = at.min(axis=0)
    extent = np.maximum(np.ptp(at, axis=0), 1e-12)
    least = float(np.sqrt(extent[0] * extent[1] / len(at)))
    cell = max(reach / 3.0, least, float(extent.max()) / 4096.0)
    n_columns, n_rows = (int(e / cell) + 1 for e in extent)
    column, row = ((at - low) / cell).astype(np.int64).T
    code = row * n_columns + column
    order = np.argsort(code, kind="stable")
    start = np.searchsorted(code[order], np.arange(n_columns * n_rows + 1))
    place = np.empty(len(at), dtype=np.int64)
    place[order] = np.arange(len(at))
    return Cells(
        at=np.ascontiguousarray(at[order]),
        order=order,
        place=place,
        start=start,
        low=low,
        cell=cell,
        n_columns=n_columns,
        n_rows=n_rows,
    )


def by_rows(
    run: Callable[[int, int], object], n: int, *, threaded: bool, rows: int = _ROWS
) -> None:
    """Call `run(first, last)` for slices of n rows, each of which writes its own part."""
    spans = [(k, min(k + rows, n)) for k in range(0, n, rows)]
    in_threads(lambda span: run(*span), spans, threaded=threaded)


@numba.njit(cache=True, nogil=True)
def _sum_rows(  # noqa: PLR0917  compiled: no keywords
    own: IntArray,
    at: FloatArray,
    top: FloatArray,
    bottom: FloatArray,
    start: IntArray,
    low: FloatArray,
    cell: float,
    n_columns: int,
    n_rows: int,
    r: FloatArray,
    h: float,
    first: int,
    last: int,
    near: FloatArray,
    all_near: FloatArray,
) -> None:
    """Sum within balls (h = 0) or under Gaussian rings of width h around distance r."""
    reach = r[-1] + _REACH * h
    for a in range(first, last):
        i = own[a]
        x = at[i, 0]
        y = at[i, 1]
        left = max(int((x - reach - low[0]) / cell), 0)
        right = min(int((x + reach - low[0]) / cell), n_columns - 1)
        below = max(int((y - reach - low[1]) / cell), 0)
        above = min(int((y + reach - low[1]) / cell), n_rows - 1)
        for row in range(below, above + 1):
            begin = start[row * n_columns + left]
            for j in range(begin, start[row * n_columns + right + 1]):
                if j == i or (top[j] == 0.0 and bottom[j] == 0.0):
                    continue
                d = np.sqrt((at[j, 0] - x) ** 2 + (at[j, 1] - y) ** 2)
                if d > reach:
                    continue
                if h == 0.0:
                    k = np.searchsorted(r, d)
                    near[a, k] += top[j]
                    all_near[a, k] += bottom[j]
                    continue
                for k in range(r.size):
                    away = (r[k] - d) / h
                    if abs(away) <= _REACH:
                        weight = np.exp(-0.5 * away * away)
                        near[a, k] += weight * top[j]
                        all_near[a, k] += weight * bottom[j]
        if h == 0.0:
            for k in range(1, r.size):
                near[a, k] += near[a, k - 1]
                all_near[a, k] += all_near[a, k - 1]


def _sums_of_matrix(
    travel: Travel,
    own: IntArray,
    top: FloatArray,
    bottom: FloatArray,
    r: FloatArray,
    h: float,
) -> tuple[FloatArray, FloatArray]:
    """Sum over the rows of a matrix, distance by distance."""
    d = travel.distances[own].copy()
    d[np.arange(own.size), own] = np.inf
    both = np.column_stack([top, bottom])
    near = np.empty((own.size, r.size))
    all_near = np.empty((own.size, r.size))
    for k, at in enumerate(r):
        if h == 0.0:
            weight = (d <= at).astype(np.float64)
        else:
            away = (at - d) / h
            weight = np.where(np.abs(away) <= _REACH, np.exp(-0.5 * away**2), 0.0)
        near[:, k], all_near[:, k] = (weight @ both).T
    return near, all_near


def local_sums(
    cells: Cells | Travel,
    own: IntArray,
    top: FloatArray,
    bottom: FloatArray,
    r: FloatArray,
    h: float,
    *,
    threaded: bool,
) -> tuple[FloatArray, FloatArray]:
    """Sum `top` and `bottom` around the points `own`, without the point itself.

    With ``h=0`` over all points up to each distance, else with Gaussian weights around it;
    two arrays (n_own, n_distances).
    """
    if isinstance(cells, Travel):
        return _sums_of_matrix(cells, own, top, bottom, r, h)
    near = np.zeros((own.size, r.size))
    all_near = np.zeros((own.size, r.size))
    places = cells.place[own]
    sums = np.ascontiguousarray(top[cells.order])
    totals = np.ascontiguousarray(bottom[cells.order])

    def run(first: int, last: int) -> None:
        _sum_rows(
            places,
            cells.at,
            sums,
            totals,
            cells.start,
            cells.low,
            cells.cell,
            cells.n_columns,
            cells.n_rows,
            r,
            h,
            first,
            last,
            near,
            all_near,
        )

    by_rows(run, own.size, threaded=threaded)
    return near, all_near


def relative_concentration(
    near: FloatArray, all_near: FloatArray, everywhere: FloatArray
) -> tuple[FloatArray, IntArray]:
    """Mean local share over mean share everywhere, and how many points it rests on.

    Points with nobody near are left out of both means; NaN where nobody is left.
    """
    used = all_near > 0
    with np.errstate(divide="ignore", invalid="ignore"):
        local = np.where(used, near / all_near, 0.0).sum(axis=0)
        expected = np.where(used, everywhere[:, None], 0.0).sum(axis=0)
        out: FloatArray = local / expected
    return out, used.sum(axis=0)
