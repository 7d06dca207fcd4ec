"""Ellipses: arrays in, arrays out. Axes in kilometres, angles in radians unless named."""

from __future__ import annotations

import numpy as np

from agglo.core.typing import FloatArray, IntArray

__all__ = [
    "axes_of",
    "covariance_of_sums",
    "overlap_area",
    "sums_by_unit",
]

_ROUND = 1e-9
# below this share of the large variance the small one is only rounding of the products:
# collinear points, of whatever slope (a ratio of axes below 3e-7)
_FLAT = 1e-13


def sums_by_unit(
    x: FloatArray, y: FloatArray, w: FloatArray, unit: IntArray, n_units: int
) -> FloatArray:
    """Give n, Σw, Σwx, Σwy, Σwxx, Σwyy, Σwxy per unit, shape (n_units, 7)."""
    parts = (np.ones_like(w), w, w * x, w * y, w * x * x, w * y * y, w * x * y)
    return np.column_stack([np.bincount(unit, p, minlength=n_units) for p in parts])


def covariance_of_sums(
    sums: FloatArray, lost: float
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray]:
    """Give centre and covariance from sums (..., 7); divisor Σw·(n − lost)/n."""
    n, w, wx, wy, wxx, wyy, wxy = np.moveaxis(sums, -1, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        cx, cy = wx / w, wy / w
        keep = n / np.where(n > lost, n - lost, np.nan)
        sxx = (wxx / w - cx * cx) * keep
        syy = (wyy / w - cy * cy) * keep
        sxy = (wxy / w - cx * cy) * keep
    return cx, cy, np.maximum(sxx, 0.0), np.maximum(syy, 0.0), sxy


def axes_of(
    sxx: FloatArray, syy: FloatArray, sxy: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Give long and short standard deviation and the bearing of the long axis.

    The bearing is in degrees clockwise from north in [0, 180), NaN for a circle.
    """
    half = 0.5 * (sxx + syy)
    # hypot keeps the small eigenvalue's digits where a difference of squares would not
    spread = np.hypot(0.5 * (sxx - syy), sxy)
    long = np.sqrt(half + spread)
    with np.errstate(divide="ignore", invalid="ignore"):
        determinant = sxx * syy - sxy * sxy
        small = np.where(half + spread > 0, determinant / (half + spread), 0.0)
    small = np.where(small > _FLAT * (half + spread), small, 0.0)
    short = np.sqrt(small)
    bearing = np.degrees(0.5 * np.arctan2(2.0 * sxy, syy - sxx)) % 180.0
    circle = long - short <= _ROUND * long
    return long, short, np.where(circle, np.nan, bearing)


def overlap_area(a: FloatArray, b: FloatArray) -> float:
    """Give the exact area that two ellipses share.

    `a` and `b` hold centre x, centre y, long, short, bearing in degrees (NaN for a
    circle). The plane is mapped so that `a` becomes the unit circle; the crossings with
    the image of `b` are the unit roots of a quartic; arcs are summed by Green's theorem.
    """
    to_unit = _to_unit(a)
    frame = _frame(b) @ np.diag([b[2], b[3]])
    image = to_unit @ frame
    # the image of an ellipse is an ellipse: its axes are the singular vectors
    u, axis, _ = np.linalg.svd(image)
    if np.linalg.det(u) < 0:
        u = u @ np.diag([1.0, -1.0])
    h, k = u.T @ (to_unit @ (b[:2] - a[:2]))
    area = _unit_circle_and_ellipse(float(h), float(k), float(axis[0]), float(axis[1]))
    return float(area * a[2] * a[3])


def _frame(e: FloatArray) -> FloatArray:
    """Give the unit vectors of long and short axis as columns."""
    bearing = 0.0 if np.isnan(e[4]) else np.radians(e[4])
    east, north = np.sin(bearing), np.cos(bearing)
    return np.array([[east, -north], [north, east]])


def _to_unit(e: FloatArray) -> FloatArray:
    return np.diag([1.0 / e[2], 1.0 / e[3]]) @ _frame(e).T


def _unit_circle_and_ellipse(h: float, k: float, p: float, q: float) -> float:
    """Give the area shared by the unit circle and an ellipse with axes p, q at (h, k)."""
    t = _crossings(h, k, p, q)
    arcs = np.concatenate([t, [t[0] + 2 * np.pi]])
    middle = 0.5 * (arcs[1:] + arcs[:-1])
    x, y = h + p * np.cos(middle), k + q * np.sin(middle)
    # a boundary that both share is counted once, here
    inside = x * x + y * y <= 1.0 + _ROUND
    px, py = h + p * np.cos(arcs), k + q * np.sin(arcs)
    pieces = p * q * np.diff(arcs) + h * np.diff(py) - k * np.diff(px)
    area = 0.5 * pieces[inside].sum()

    phi = np.sort(np.arctan2(py[:-1], px[:-1]) % (2 * np.pi))
    turns = np.concatenate([phi, [phi[0] + 2 * np.pi]])
    middle = 0.5 * (turns[1:] + turns[:-1])
    x, y = (np.cos(middle) - h) / p, (np.sin(middle) - k) / q
    within = x * x + y * y < 1.0 - _ROUND
    return max(float(area + 0.5 * np.diff(turns)[within].sum()), 0.0)


def _crossings(h: float, k: float, p: float, q: float) -> FloatArray:
    """Give the angles at which the ellipse meets the circle, at least one angle."""
    outer = 0.25 * (p * p - q * q)
    middle = h * h + k * k - 1.0 + 0.5 * (p * p + q * q)
    z = np.roots([outer, complex(h * p, -k * q), middle, complex(h * p, k * q), outer])
    z = z[np.abs(z) > 0.5]
    t = np.angle(z[np.abs(np.abs(z) - 1.0) < 1e-5])
    for _ in range(4):
        x, y = h + p * np.cos(t), k + q * np.sin(t)
        slope = 2.0 * (-x * p * np.sin(t) + y * q * np.cos(t))
        with np.errstate(divide="ignore", invalid="ignore"):
            step = (x * x + y * y - 1.0) / slope
        # at a touching point the slope vanishes and the angle is good as it is
        t = t - np.where(np.isfinite(step) & (np.abs(step) < 1e-3), step, 0.0)
    return np.sort(t) if t.size else np.zeros(1)
