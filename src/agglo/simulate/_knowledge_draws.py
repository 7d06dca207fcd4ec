"""Who moved towards whom, and what everyone knows: the random parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from agglo.core.typing import FloatArray, IntArray

__all__ = [
    "LINKS",
    "Draws",
    "count_from",
    "draw_links",
    "draw_shift_share",
    "fed_back",
    "ring_weights",
    "stationary",
]

LINKS = ("io", "technology")
N_OFFSETS = 6
_LEVEL, _MOST, _LOST = 3.0, 12.0, 0.15


@dataclass(frozen=True, slots=True)
class Draws:
    """Weights [anchor, mover] by class, knowledge and the error that moves weights."""

    base: Mapping[str, FloatArray]
    domestic: Mapping[str, FloatArray]
    foreign: Mapping[str, FloatArray]
    knowledge: FloatArray
    error: FloatArray

    def pools(
        self, weights: Mapping[str, FloatArray] | None = None
    ) -> dict[tuple[str, str], FloatArray]:
        """Give log pools (I, T) by direction and class."""
        out: dict[tuple[str, str], FloatArray] = {}
        chosen = self.domestic if weights is None else weights
        for link, w in chosen.items():
            k = self.knowledge
            full = w if w.ndim == 3 else np.broadcast_to(w, (k.shape[1], *w.shape))
            active = np.einsum("tki,kt->it", full, k, optimize=True)
            passive = np.einsum("tik,kt->it", full, k, optimize=True)
            out["active", link] = np.log(active)
            out["passive", link] = np.log(passive)
        return out


def stationary(
    rng: np.random.Generator, n: int, t: int, rho: float, sd: float
) -> FloatArray:
    """Draw AR(1) paths (n, t) with standard deviation `sd`."""
    out = np.empty((n, t))
    out[:, 0] = rng.normal(0.0, sd, n)
    shock = sd * np.sqrt(1.0 - rho**2)
    for s in range(1, t):
        out[:, s] = rho * out[:, s - 1] + rng.normal(0.0, shock, n)
    return out


def ring_weights(
    rng: np.random.Generator,
    n: int,
    links: Sequence[str],
    n_offsets: int,
    *,
    one_way: bool = False,
) -> dict[str, FloatArray]:
    """Place industries on a random circle; the anchors of a mover lie at fixed offsets.

    Offsets of classes differ, so that no ordered pair is in two classes; with `one_way`
    no two industries follow each other, so that no unordered pair is in two.
    """
    circle = rng.permutation(n)
    place = np.argsort(circle)
    choice = np.arange(1, (n - 1) // 2 + 1 if one_way else n)
    offsets = rng.choice(choice, n_offsets * len(links), replace=False)
    if one_way:
        offsets = offsets * rng.choice([-1, 1], offsets.size)
    out: dict[str, FloatArray] = {}
    for g, link in enumerate(links):
        w = np.zeros((n, n))
        for o in offsets[g * n_offsets : (g + 1) * n_offsets]:
            anchor = circle[(place + o) % n]
            w[anchor, np.arange(n)] = rng.gamma(2.0, 0.5, n)
        out[link] = w
    return out


def draw_links(
    rng: np.random.Generator, n: int, t: int, links: Sequence[str], noise: float
) -> Draws:
    """Draw weights, knowledge and errors."""
    base = ring_weights(rng, n, links, N_OFFSETS)
    knowledge = np.exp(
        rng.normal(3.0, 1.0, (n, 1)) + np.cumsum(rng.normal(0.08, 0.35, (n, t)), axis=1)
    )
    error = stationary(rng, n, t, 0.5, 0.3)
    domestic, foreign = {}, {}
    for link, w in base.items():
        moved = 0.3 * error.T[:, None, :] + 0.15 * error.T[:, :, None]
        own = moved + 0.3 * rng.normal(size=(t, n, n))
        domestic[link] = w[None] * np.exp(own)
        foreign[link] = w * np.exp(noise * rng.normal(size=(n, n)))
    return Draws(base, domestic, foreign, knowledge, error)


def count_from(rng: np.random.Generator, level: FloatArray) -> IntArray:
    """Draw counts whose log mean is the level, moved to 3 on average."""
    return rng.poisson(np.exp(np.minimum(level - level.mean() + _LEVEL, _MOST)))


def fed_back(
    rng: np.random.Generator, rest: FloatArray, elasticity: float, first: FloatArray
) -> tuple[FloatArray, FloatArray, IntArray]:
    """Let own knowledge grow from own patents: outcome, log knowledge and patents.

    The level of every period is moved to 3, which an effect of the period takes up.
    """
    stock = first.copy()
    level, own = np.empty_like(rest), np.empty_like(rest)
    patents = np.zeros(rest.shape, dtype=np.int64)
    for s in range(rest.shape[1]):
        own[:, s] = np.log(stock)
        level[:, s] = rest[:, s] + elasticity * own[:, s]
        patents[:, s] = count_from(rng, level[:, s])
        stock = (1.0 - _LOST) * stock + patents[:, s]
    return level, own, patents


def draw_shift_share(
    rng: np.random.Generator, n: int, t: int
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Draw shares [unit, shift], shifts, their pool and an outcome disturbed by shift."""
    shares = rng.gamma(0.5, 1.0, (n, n)) * np.arange(1, n + 1) ** -0.5
    np.fill_diagonal(shares, 0.0)
    shares /= shares.sum(axis=1, keepdims=True)
    shifts = np.cumsum(rng.normal(0.05, 0.2, (n, t)), axis=1)
    noise = np.cumsum(rng.normal(0.0, 0.2, (n, t)), axis=1)
    pool = shares @ shifts
    output = 0.5 * pool + shares @ noise + 0.05 * rng.normal(size=(n, t))
    output += rng.normal(0.0, 0.5, (n, 1)) + rng.normal(0.0, 0.2, t)
    return shares, shifts, pool, output
