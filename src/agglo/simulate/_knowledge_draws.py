"""Who moved towards whom, and what everyone knows: the random parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from agglo.core.typing import FloatArray

__all__ = ["LINKS", "Draws", "draw_links", "ring_weights", "stationary"]

LINKS = ("io", "technology")
N_OFFSETS = 6


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
