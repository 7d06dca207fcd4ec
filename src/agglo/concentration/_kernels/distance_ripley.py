"""Ripley's K in a window: pairs by distance with edge corrections; polygons."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

from agglo.concentration._kernels.distance_local import Cells, by_rows

if TYPE_CHECKING:
    from agglo.core.typing import BoolArray, FloatArray, IntArray

__all__ = ["distance_to_boundary", "inside", "polygon_area", "weighted_pairs"]

CORRECTIONS = {"none": 0, "border": 0, "translate": 1, "isotropic": 2}


@numba.njit(cache=True, nogil=True)
def _fraction(x: float, y: float, d: float, box: FloatArray) -> float:
    """Share of the circle of radius d around (x, y) that lies in the rectangle."""
    if d == 0.0:
        return 1.0
    # left, right, bottom, top: distance to the edge, and to the two edges beside it
    gap = (x - box[0], box[1] - x, y - box[2], box[3] - y)
    outside = 0.0
    for k in range(4):
        e = gap[k]
        if d <= e:
            continue
        reach = np.arccos(e / d)
        for q in range(2):
            f = gap[(2 if k < 2 else 0) + q]
            # in a corner both are 0: half of a right angle for each of the two edges
            corner = np.arctan2(f, e) if f > 0 or e > 0 else np.pi / 4.0
            outside += min(reach, corner)
    return 1.0 - outside / (2.0 * np.pi)


@numba.njit(cache=True, nogil=True)
def _pair_rows(  # noqa: PLR0917  compiled: no keywords
    own: IntArray,
    at: FloatArray,
    counted: BoolArray,
    start: IntArray,
    low: FloatArray,
    cell: float,
    n_columns: int,
    n_rows: int,
    r: FloatArray,
    box: FloatArray,
    correction: int,
    first: int,
    last: int,
    out: FloatArray,
) -> None:
    reach = r[-1]
    wide = box[1] - box[0]
    high = box[3] - box[2]
    for a in range(first, last):
        i = own[a]
        x = at[i, 0]
        y = at[i, 1]
        left = min(max(int((x - reach - low[0]) / cell), 0), n_columns - 1)
        right = min(max(int((x + reach - low[0]) / cell), 0), n_columns - 1)
        below = min(max(int((y - reach - low[1]) / cell), 0), n_rows - 1)
        above = min(max(int((y + reach - low[1]) / cell), 0), n_rows - 1)
        for row in range(below, above + 1):
            begin = start[row * n_columns + left]
            for j in range(begin, start[row * n_columns + right + 1]):
                if j == i or not counted[j]:
                    continue
                dx = at[j, 0] - x
                dy = at[j, 1] - y
                d = np.sqrt(dx * dx + dy * dy)
                if d > reach:
                    continue
                weight = 1.0
                if correction == 1:
                    seen = (wide - abs(dx)) * (high - abs(dy))
                    weight = wide * high / seen if seen > 0.0 else np.nan
                elif correction == 2:
                    weight = 1.0 / _fraction(x, y, d, box)
                out[a, np.searchsorted(r, d)] += weight
        for k in range(1, r.size):
            out[a, k] += out[a, k - 1]


def weighted_pairs(
    cells: Cells,
    own: IntArray,
    counted: BoolArray,
    r: FloatArray,
    box: FloatArray,
    correction: str,
) -> FloatArray:
    """Sum the edge weights of the `counted` points around `own`, (n_own, n_distances)."""
    out = np.zeros((own.size, r.size))
    places = cells.place[own]
    marked = np.ascontiguousarray(counted[cells.order])
    code = CORRECTIONS[correction]

    def run(first: int, last: int) -> None:
        _pair_rows(
            places,
            cells.at,
            marked,
            cells.start,
            cells.low,
            cells.cell,
            cells.n_columns,
            cells.n_rows,
            r,
            box,
            code,
            first,
            last,
            out,
        )

    by_rows(run, own.size, threaded=True)
    return out


def polygon_area(corners: FloatArray) -> float:
    """Area of a simple polygon, corners (n, 2) in either direction."""
    after = np.roll(corners, -1, axis=0)
    twice = np.sum(corners[:, 0] * after[:, 1] - after[:, 0] * corners[:, 1])
    return float(abs(twice) / 2.0)


def inside(at: FloatArray, corners: FloatArray) -> BoolArray:
    """Whether points lie in a polygon (its boundary may count either way)."""
    odd = np.zeros(len(at), dtype=bool)
    for one, two in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        crosses = (one[1] > at[:, 1]) != (two[1] > at[:, 1])
        if one[1] != two[1]:
            slope = (two[0] - one[0]) / (two[1] - one[1])
            odd ^= crosses & (at[:, 0] < one[0] + slope * (at[:, 1] - one[1]))
    return odd


def distance_to_boundary(at: FloatArray, corners: FloatArray) -> FloatArray:
    """Distance of points to the nearest edge of a polygon."""
    nearest = np.full(len(at), np.inf)
    for one, two in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        along = two - one
        length = float(along @ along)
        share = np.zeros(len(at))
        if length > 0:
            share = np.clip((at - one) @ along / length, 0.0, 1.0)
        foot = one + share[:, None] * along
        nearest = np.minimum(nearest, np.hypot(*(at - foot).T))
    return nearest
