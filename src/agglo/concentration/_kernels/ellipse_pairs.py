"""Areas that many pairs of ellipses share, all pairs at once."""

from __future__ import annotations

import numpy as np

from agglo.concentration._kernels.ellipses import overlap_area
from agglo.core.typing import BoolArray, FloatArray

__all__ = ["overlap_areas"]

_ROUND = 1e-9
_STEPS = 4


def overlap_areas(a: FloatArray, b: FloatArray) -> FloatArray:
    """Give the exact areas that pairs of ellipses share, shape (n,).

    `a` and `b` (n, 5) as in `ellipses.overlap_area`, of which this is the vectorised form:
    the quartic's roots are eigenvalues of companion matrices. Pairs whose image is a
    circle have no quartic and go through the scalar form. NaN where an axis is 0 or NaN.
    """
    out = np.full(len(a), np.nan)
    with np.errstate(invalid="ignore"):
        good = (a[:, 2:4] > 0).all(axis=1) & (b[:, 2:4] > 0).all(axis=1)
    rows = np.flatnonzero(good)
    if rows.size == 0:
        return out
    h, k, p, q = _as_unit_circle(a[rows], b[rows])
    circle = np.abs(p * p - q * q) <= 1e-7 * p * p
    plain = ~circle
    shared = np.empty(rows.size)
    shared[plain] = _shared(h[plain], k[plain], p[plain], q[plain])
    shared[plain] *= (a[rows, 2] * a[rows, 3])[plain]
    shared[circle] = [overlap_area(a[r], b[r]) for r in rows[circle]]
    out[rows] = shared
    return out


def _as_unit_circle(
    a: FloatArray, b: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Map `a` to the unit circle: centre and axes of the image of `b`."""
    to_unit = np.swapaxes(_frames(a), 1, 2) / a[:, 2:4, None]
    image = to_unit @ (_frames(b) * b[:, None, 2:4])
    u, axis, _ = np.linalg.svd(image)
    turned = np.linalg.det(u) < 0
    u[turned, :, 1] *= -1.0
    moved = np.einsum("nij,nj->ni", to_unit, b[:, :2] - a[:, :2])
    centre = np.einsum("nji,nj->ni", u, moved)
    return centre[:, 0], centre[:, 1], axis[:, 0], axis[:, 1]


def _frames(e: FloatArray) -> FloatArray:
    bearing = np.radians(np.nan_to_num(e[:, 4]))
    east, north = np.sin(bearing), np.cos(bearing)
    return np.stack([np.stack([east, -north], 1), np.stack([north, east], 1)], 1)


def _shared(h: FloatArray, k: FloatArray, p: FloatArray, q: FloatArray) -> FloatArray:
    t = _crossings(h, k, p, q)
    arcs = np.concatenate([t, t[:, :1] + 2 * np.pi], axis=1)
    middle = 0.5 * (arcs[:, 1:] + arcs[:, :-1])
    h, k, p, q = (v[:, None] for v in (h, k, p, q))
    inside = (h + p * np.cos(middle)) ** 2 + (k + q * np.sin(middle)) ** 2
    px, py = h + p * np.cos(arcs), k + q * np.sin(arcs)
    pieces = p * q * np.diff(arcs) + h * np.diff(py) - k * np.diff(px)
    area = 0.5 * np.where(inside <= 1.0 + _ROUND, pieces, 0.0).sum(axis=1)

    phi = np.sort(np.arctan2(py[:, :-1], px[:, :-1]) % (2 * np.pi), axis=1)
    turns = np.concatenate([phi, phi[:, :1] + 2 * np.pi], axis=1)
    middle = 0.5 * (turns[:, 1:] + turns[:, :-1])
    within: BoolArray = (
        ((np.cos(middle) - h) / p) ** 2 + ((np.sin(middle) - k) / q) ** 2
    ) < 1.0 - _ROUND
    arc = np.where(within, np.diff(turns), 0.0).sum(axis=1)
    return np.maximum(area + 0.5 * arc, 0.0)


def _crossings(
    h: FloatArray, k: FloatArray, p: FloatArray, q: FloatArray
) -> FloatArray:
    """Give four angles per pair, sorted; a missing one repeats another.

    Repeated angles bound arcs of length zero, which add nothing.
    """
    outer = 0.25 * (p * p - q * q)
    middle = h * h + k * k - 1.0 + 0.5 * (p * p + q * q)
    companion = np.zeros((h.size, 4, 4), dtype=np.complex128)
    companion[:, 0, 0] = -(h * p - 1j * k * q) / outer
    companion[:, 0, 1] = -middle / outer
    companion[:, 0, 2] = -(h * p + 1j * k * q) / outer
    companion[:, 0, 3] = -1.0
    companion[:, [1, 2, 3], [0, 1, 2]] = 1.0
    z = np.linalg.eigvals(companion)
    real = np.abs(np.abs(z) - 1.0) < 1e-5
    t = np.angle(z)
    hh, kk, pp, qq = (v[:, None] for v in (h, k, p, q))
    for _ in range(_STEPS):
        x, y = hh + pp * np.cos(t), kk + qq * np.sin(t)
        slope = 2.0 * (-x * pp * np.sin(t) + y * qq * np.cos(t))
        with np.errstate(divide="ignore", invalid="ignore"):
            step = (x * x + y * y - 1.0) / slope
        # at a touching point the slope vanishes and the angle is good as it is
        t = t - np.where(np.isfinite(step) & (np.abs(step) < 1e-3), step, 0.0)
    first = np.take_along_axis(t, real.argmax(axis=1)[:, None], axis=1)
    spare = np.where(real.any(axis=1)[:, None], first, 0.0)
    return np.sort(np.where(real, t, spare), axis=1)
