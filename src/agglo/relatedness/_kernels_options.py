"""What a region could take up, on arrays. m (n_regions, n), phi (n, n)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from agglo.core.typing import BoolArray, FloatArray, IntArray


def complementarity(m: FloatArray, phi: FloatArray, links: FloatArray) -> FloatArray:
    """Share of the neighbourhood of p that partners have and r lacks; NaN without one."""
    total = links.sum(axis=1)
    share = np.divide(
        links, total[:, None], out=np.zeros_like(links), where=total[:, None] > 0
    )
    around = phi.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        out = ((1.0 - m) * (share @ m)) @ phi / around
    out[:, ~(around > 0)] = np.nan
    return np.clip(out, 0.0, 1.0)


def split_at(
    values: FloatArray, among: BoolArray, how: str, by_row: bool
) -> FloatArray:
    """Median or mean of the options, one per row; NaN without options."""
    out = np.full(values.shape[0], np.nan)
    centre = np.median if how == "median" else np.mean
    if not by_row:
        if among.any():
            out[:] = centre(values[among])
        return out
    for r in np.flatnonzero(among.any(axis=1)):
        out[r] = centre(values[r, among[r]])
    return out


def diffusion(
    near: BoolArray,
    active: BoolArray,
    base: float,
    exponent: float,
    strategy: str,
    rng: np.random.Generator,
) -> tuple[IntArray, FloatArray]:
    """Order in which activities are taken up, and the chance of each in its period.

    Only what has an active neighbour can be next: anything else would take for ever.
    """
    degree = near.sum(axis=1).astype(np.float64)
    held = active.copy()
    count = near[:, held].sum(axis=1).astype(np.float64)
    order: list[int] = []
    chance: list[float] = []
    while True:
        options = np.flatnonzero(~held & (count > 0))
        if not options.size:
            return np.array(order, dtype=np.int64), np.array(chance)
        share = count[options] / degree[options]
        if strategy == "random":
            pick = int(rng.integers(options.size))
        else:
            score = {
                "greedy": share,
                "majority": count[options],
                "high_degree": degree[options],
                "low_degree": -degree[options],
            }[strategy]
            pick = int(np.argmax(score))
        chosen = int(options[pick])
        order.append(chosen)
        chance.append(base * share[pick] ** exponent)
        held[chosen] = True
        count += near[:, chosen]


def within_percentiles(values: FloatArray) -> FloatArray:
    """Percentile of every value in its row, 0 to 1, ties in the mean; NaN stays."""
    from scipy.stats import rankdata

    rank = rankdata(values, axis=1, nan_policy="omit")
    n = np.isfinite(values).sum(axis=1)[:, None]
    out = np.where(n > 1, (rank - 1.0) / np.maximum(n - 1.0, 1.0), 0.5)
    return np.where(np.isfinite(values), out, np.nan)


def alignment(score: FloatArray, weight: FloatArray) -> FloatArray:
    """Weighted mean of the scores of row r over the weights of row s, (n, n)."""
    known = np.isfinite(score)
    top = np.nan_to_num(score) @ weight.T
    bottom = known.astype(np.float64) @ weight.T
    with np.errstate(divide="ignore", invalid="ignore"):
        out: FloatArray = np.where(bottom > 0, top / bottom, np.nan)
    return out
