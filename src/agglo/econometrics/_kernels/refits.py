"""Many maxima of the lag likelihood at once: the same y, other columns in each draw.

Each draw is a matrix of cross products of [y, Wy, Z] after the effects. With A, B, C the
residual products of y and Wy given Z, the concentrated likelihood is
-(n/2) ln(A - 2 rho B + rho^2 C) + T (ln|I - rho W| - ln(1 - rho)): three numbers a draw.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scipy.sparse import csr_array

    from agglo.core.typing import BoolArray, FloatArray, IntArray
    from agglo.econometrics._kernels.logdet import LogDet

__all__ = ["Refits", "draw_products", "maximise_many"]

_COARSE = 9
_STEPS = 60
_TOLERANCE = 1e-12


class Refits(NamedTuple):
    """Coefficients (n, k), their covariance at that rho, rho, and whether it was found."""

    b: FloatArray
    covariance: FloatArray
    rho: FloatArray
    found: BoolArray


def _within(a: FloatArray, *, unit: bool, period: bool) -> FloatArray:
    """Remove the means of (n, T, N) draws."""
    if unit:
        a = a - a.mean(axis=1, keepdims=True)
    if period:
        a = a - a.mean(axis=2, keepdims=True)
    return a


def draw_products(
    gram: FloatArray,
    x: FloatArray,
    starts: IntArray,
    columns: Sequence[tuple[int, csr_array | None]],
    *,
    unit: bool,
    period: bool,
) -> FloatArray:
    """Give the cross products of every draw, (n, m, m).

    `gram` (m, m) and `x` (T, N, m) are those of the fit after the effects, `starts` (n, N)
    the first treated period of each region. `columns` are the columns that change and the
    weights that lag the treatment in them (None: the treatment itself).
    """
    t, n, m = x.shape
    size = starts.shape[0]
    d = (np.arange(t)[None, :, None] >= starts[:, None, :]).astype(np.float64)
    by_region = d.reshape(size * t, n).T
    made = []
    for _, w in columns:
        raw = d if w is None else np.asarray(w @ by_region).T.reshape(size, t, n)
        made.append(_within(raw, unit=unit, period=period).reshape(size, t * n))
    changed = np.stack(made, axis=1)
    at = np.array([c for c, _ in columns])
    out = np.repeat(gram[None], size, axis=0)
    # the fixed columns are without effects already: their products with the new ones are
    # those of the new ones without effects
    cross = changed.reshape(-1, t * n) @ x.reshape(t * n, m)
    cross = cross.reshape(size, len(columns), m)
    out[:, at, :] = cross
    out[:, :, at] = cross.transpose(0, 2, 1)
    out[:, at[:, None], at[None, :]] = changed @ changed.transpose(0, 2, 1)
    return out


def maximise_many(
    gram: FloatArray,
    logdet: LogDet | None,
    *,
    t_star: float,
    n_star: float,
    minus_one: bool,
    bounds: tuple[float, float],
) -> Refits:
    """Maximise the likelihood of every draw, (n, m, m) cross products of [y, Wy, Z].

    Where the score does not change sign inside the bracket, `found` is False.
    """
    length = 1.0 / np.sqrt(np.einsum("njj->nj", gram[:, 2:, 2:]))
    scaled = gram[:, 2:, 2:] * length[:, :, None] * length[:, None, :]
    right = gram[:, 2:, :2] * length[:, :, None]
    inverse = np.linalg.inv(scaled)
    solved = (inverse @ right) * length[:, :, None]
    inverse = inverse * length[:, :, None] * length[:, None, :]
    left = gram[:, :2, :2] - gram[:, :2, 2:] @ solved
    a, b, c = left[:, 0, 0], left[:, 0, 1], left[:, 1, 1]
    if logdet is None:
        rho, found = np.zeros(a.size), np.ones(a.size, dtype=bool)
    else:
        search = _Search(a, b, c, logdet, t_star, n_star, minus_one)
        rho, found = search.maximum(bounds)
    s2 = (a - 2.0 * rho * b + rho**2 * c) / n_star
    return Refits(
        b=solved[:, :, 0] - rho[:, None] * solved[:, :, 1],
        covariance=inverse * s2[:, None, None],
        rho=rho,
        found=found,
    )


class _Search(NamedTuple):
    a: FloatArray
    b: FloatArray
    c: FloatArray
    logdet: LogDet
    t_star: float
    n_star: float
    minus_one: bool

    def values(self, grid: FloatArray) -> FloatArray:
        """Give the likelihood of every draw on a grid, (n, points)."""
        det = np.array([self.logdet.value(float(x)) for x in grid])
        if self.minus_one:
            det = det - np.log1p(-grid)
        ssr = self.a[:, None] - 2.0 * grid * self.b[:, None] + grid**2 * self.c[:, None]
        out: FloatArray = -0.5 * self.n_star * np.log(ssr) + self.t_star * det
        return out

    def score(self, rho: FloatArray, at: IntArray) -> tuple[FloatArray, FloatArray]:
        """Give score and slope of the draws `at`, each at its own rho."""
        det = np.array([self.logdet.at(float(x))[1:] for x in rho]).reshape(-1, 2)
        if self.minus_one:
            det = det + np.stack([1.0 / (1.0 - rho), 1.0 / (1.0 - rho) ** 2], axis=1)
        a, b, c = self.a[at], self.b[at], self.c[at]
        ssr, half = a - 2.0 * rho * b + rho**2 * c, b - rho * c
        score = self.n_star * half / ssr + self.t_star * det[:, 0]
        slope = self.n_star * (2.0 * half**2 / ssr - c) / ssr + self.t_star * det[:, 1]
        return score, slope

    def maximum(self, bounds: tuple[float, float]) -> tuple[FloatArray, BoolArray]:
        """Bracket on a grid, then Newton steps on the score, halving where they leave."""
        width = bounds[1] - bounds[0]
        grid = np.linspace(bounds[0] + 1e-5 * width, bounds[1] - 1e-5 * width, _COARSE)
        best = self.values(grid).argmax(axis=1)
        low, high = grid[np.maximum(best - 1, 0)], grid[np.minimum(best + 1, 8)]
        everyone = np.arange(self.a.size)
        found = (self.score(low, everyone)[0] > 0.0) & (
            self.score(high, everyone)[0] < 0.0
        )
        rho = grid[best].copy()
        at = np.flatnonzero(found)
        for _ in range(_STEPS):
            if at.size == 0:
                break
            now = rho[at]
            score, slope = self.score(now, at)
            low[at] = np.where(score > 0.0, now, low[at])
            high[at] = np.where(score > 0.0, high[at], now)
            new = now - score / np.where(slope < 0.0, slope, -np.inf)
            outside = (slope >= 0.0) | (new <= low[at]) | (new >= high[at])
            # a step of zero is an end, not a way out of the bracket
            outside &= score != 0.0
            new = np.where(outside, 0.5 * (low[at] + high[at]), new)
            rho[at] = new
            at = at[np.abs(new - now) > _TOLERANCE]
        found[at] = False
        return rho, found
