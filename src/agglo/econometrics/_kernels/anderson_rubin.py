"""Anderson-Rubin statistics over many null values at once, and their sets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import brentq, minimize, minimize_scalar

from agglo.econometrics._kernels.instruments import first_stage
from agglo.econometrics._kernels.moments import cluster_sums, intersections

if TYPE_CHECKING:
    from agglo.core.typing import FloatArray, IntArray

__all__ = ["Statistic", "confidence_set", "prepare", "profile", "projected_set"]

Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Statistic:
    """Moments of [y X] on Z (L, 1 + K) and meats of every pair of them (.., L, L)."""

    moment: FloatArray
    meat: FloatArray

    def at(self, values: FloatArray) -> FloatArray:
        """Give q' S^-1 q at null values (m, K): residuals are linear in them."""
        mix = np.column_stack([np.ones(values.shape[0]), -values])
        q = mix @ self.moment.T
        s = np.einsum("ma,mb,abij->mij", mix, mix, self.meat, optimize=True)
        out: FloatArray = np.einsum(
            "mi,mi->m", q, np.linalg.solve(s, q[..., None])[..., 0]
        )
        return out

    def far(self) -> float:
        """Give the limit at plus or minus infinity for one regressor."""
        q, s = self.moment[:, 1], self.meat[1, 1]
        return float(q @ np.linalg.solve(s, q))


def prepare(
    y: FloatArray, x: FloatArray, z: FloatArray, codes: Sequence[IntArray], form: str
) -> Statistic:
    """Reduce the data to what the statistic needs; `form` score or wald."""
    both = np.column_stack([y, x])
    moment = z.T @ both
    scored = both - z @ first_stage(z, both) if form == "wald" else both
    # Wald form: gamma' (W S W)^-1 gamma is q' S^-1 q with S from the residuals; W cancels
    size, n = both.shape[1], z.shape[1]
    meat = np.zeros((size, size, n, n))
    rows = (scored[:, :, None] * z[:, None, :]).reshape(z.shape[0], -1)
    sets: list[tuple[float, IntArray | None]] = [(1.0, None)]
    if codes:
        sets = list(intersections(codes))
    for sign, code in sets:
        sums = rows if code is None else cluster_sums(rows, code)
        parts = sums.reshape(-1, size, n)
        meat += sign * np.einsum("gai,gbj->abij", parts, parts, optimize=True)
    return Statistic(moment=moment, meat=meat)


def _grid(centre: float, width: float) -> FloatArray:
    near = np.linspace(-10.0, 10.0, 801)
    tail = np.geomspace(10.0, 1e6, 400)
    return centre + width * np.concatenate([-tail[::-1], near, tail])


def _refined(
    f: Callable[[float], float], points: FloatArray, gap: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Add turning points that come closest to crossing between grid points."""
    low = (gap[1:-1] < gap[:-2]) & (gap[1:-1] < gap[2:]) & (gap[1:-1] > 0)
    high = (gap[1:-1] > gap[:-2]) & (gap[1:-1] > gap[2:]) & (gap[1:-1] < 0)
    added = []
    for i in np.flatnonzero(low | high)[:50] + 1:
        sign = 1.0 if gap[i] > 0 else -1.0
        found = minimize_scalar(
            lambda t, s=sign: s * f(t),
            bounds=(points[i - 1], points[i + 1]),
            method="bounded",
        )
        added.append(float(found.x))
    if not added:
        return points, gap
    both = np.sort(np.concatenate([points, added]))
    return both, np.array([f(t) for t in both])


def confidence_set(
    f: Callable[[FloatArray], FloatArray],
    far: float,
    critical: float,
    centre: float,
    width: float,
) -> tuple[Interval, ...]:
    """Collect where f is at most `critical`: intervals, ends possibly infinite."""

    def one(t: float) -> float:
        return float(f(np.array([t]))[0] - critical)

    points = _grid(centre, width)
    points, gap = _refined(one, points, f(points) - critical)
    inside = gap <= 0
    edges: list[float] = [-np.inf] if inside[0] and far <= critical else []
    if inside[0] and far > critical:
        edges = [float(points[0])]
    for i in np.flatnonzero(inside[1:] != inside[:-1]):
        edges.append(
            float(brentq(one, points[i], points[i + 1], xtol=1e-12, rtol=1e-13))
        )
    if inside[-1]:
        edges.append(np.inf if far <= critical else float(points[-1]))
    out = [(edges[i], edges[i + 1]) for i in range(0, len(edges), 2)]
    if far <= critical and not inside[0]:
        out.insert(0, (-np.inf, _edge(one, points[0], -width)))
    if far <= critical and not inside[-1]:
        out.append((_edge(one, points[-1], width), np.inf))
    return tuple(out)


def _edge(f: Callable[[float], float], start: float, step: float) -> float:
    """Find where a tail that ends inside the set begins, beyond the grid."""
    reach = abs(step) * 1e6
    for power in range(1, 40):
        far = start + np.sign(step) * reach * 10.0**power
        if f(far) <= 0:
            return float(brentq(f, start, far))
    return float(np.sign(step) * np.inf)


def _profile_of_two(
    statistic: Statistic, j: int, values: FloatArray, start: FloatArray
) -> FloatArray:
    """Minimise over one other coefficient: a grid of angles, then a search around it.

    Angles reach the far tails, where the statistic of a weakly moved coefficient is low.
    """
    angle = np.linspace(-np.pi / 2, np.pi / 2, 203)[1:-1]
    scale = 1.0 + float(np.abs(start).max())
    out = np.empty(values.size)
    for i, value in enumerate(values):

        def f(theta: FloatArray, at: float = float(value)) -> FloatArray:
            free = start[1 - j] + (scale + abs(at - start[j])) * np.tan(theta)
            full = np.empty((theta.size, 2))
            full[:, j], full[:, 1 - j] = at, free
            return statistic.at(full)

        found = f(angle)
        k = int(np.argmin(found))
        ends = (angle[max(k - 1, 0)], angle[min(k + 1, angle.size - 1)])
        near = minimize_scalar(
            lambda t, g=f: float(g(np.array([t]))[0]), bounds=ends, method="bounded"
        )
        out[i] = min(float(near.fun), float(found[k]))
    return out


def profile(
    statistic: Statistic, j: int, values: FloatArray, start: FloatArray
) -> FloatArray:
    """Minimise the statistic over all other coefficients at each value of the j-th."""
    if start.size == 2:
        return _profile_of_two(statistic, j, values, start)
    order = np.argsort(np.abs(values - start[j]), kind="stable")
    others = np.delete(np.arange(start.size), j)
    out = np.empty(values.size)
    best = {1: start[others], -1: start[others]}
    for i in order:
        side = 1 if values[i] >= start[j] else -1

        def f(free: FloatArray, at: float = float(values[i])) -> float:
            full = np.empty(start.size)
            full[j], full[others] = at, free
            return float(statistic.at(full[None])[0])

        tried = [
            minimize(f, x0, method="BFGS", options={"gtol": 1e-7})
            for x0 in (best[side], start[others])
        ]
        found = min(tried, key=lambda r: float(r.fun))
        best[side], out[i] = found.x, found.fun
    return out


def projected_set(
    statistic: Statistic,
    j: int,
    start: FloatArray,
    width: float,
    critical: float,
    null: float,
) -> tuple[tuple[Interval, ...], float]:
    """Collect values of the j-th coefficient that some value of the others allows."""
    near = np.linspace(-10.0, 10.0, 81)
    tail = np.geomspace(12.0, 1e6, 30)
    points = start[j] + width * np.concatenate([-tail[::-1], near, tail])
    gap = profile(statistic, j, points, start) - critical

    def one(t: float) -> float:
        return float(profile(statistic, j, np.array([t]), start)[0] - critical)

    inside = gap <= 0
    edges: list[float] = [-np.inf] if inside[0] else []
    for i in np.flatnonzero(inside[1:] != inside[:-1]):
        low, high = float(points[i]), float(points[i + 1])
        changed = one(low) * one(high) < 0
        middle = low if inside[i] else high
        edges.append(float(brentq(one, low, high, xtol=1e-8)) if changed else middle)
    if inside[-1]:
        edges.append(np.inf)
    pairs = tuple((edges[i], edges[i + 1]) for i in range(0, len(edges), 2))
    return pairs, one(null) + critical
