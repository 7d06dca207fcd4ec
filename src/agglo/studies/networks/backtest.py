"""How well a ranking of options foresaw which of them were taken up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from agglo.core.parallel import monte_carlo

if TYPE_CHECKING:
    from agglo.core.typing import BoolArray, FloatArray

__all__ = ["Backtest", "backtest", "external_complementarity", "region_auc"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Backtest:
    """Of one score: mean AUC within regions with interval and null, precision, base rate.

    `p` compares the AUC with that of relatedness whose industries are permuted; NaN for
    scores that do not rest on it.
    """

    score: str
    auc: float
    lower: float
    upper: float
    null: float
    p: float
    pooled_auc: float
    precision: Mapping[int, float]
    base: float
    n_regions: int
    n_options: int
    n_entries: int


def region_auc(score: FloatArray, options: BoolArray, entries: BoolArray) -> FloatArray:
    """Give the AUC of every region; NaN without an entry, or with nothing but entries."""
    from scipy.stats import rankdata

    masked = np.where(options, score, np.inf)
    rank = rankdata(masked, axis=1)
    taken = options & entries
    m, n = taken.sum(axis=1), options.sum(axis=1)
    above = np.where(taken, rank, 0.0).sum(axis=1) - m * (m + 1) / 2.0
    with np.errstate(divide="ignore", invalid="ignore"):
        out: FloatArray = above / (m * (n - m))
    return out


def external_complementarity(
    held: FloatArray, phi: FloatArray, links: FloatArray
) -> FloatArray:
    """Give what is related to an option, missing at home, and present at partners.

    Parameters
    ----------
    held
        Presence, (regions, industries).
    phi
        Proximity, zero diagonal, (industries, industries).
    links
        Flows between regions, zero diagonal, (regions, regions).

    Returns
    -------
    numpy.ndarray of float64
        In [0, 1]; 0 for a region without links.
    """
    total = links.sum(axis=1, keepdims=True)
    share = np.divide(links, total, out=np.zeros_like(links), where=total > 0)
    abroad = (1.0 - held) * (share @ held)
    near = phi.sum(axis=0)
    out = abroad @ phi
    return np.divide(out, near, out=np.zeros_like(out), where=near > 0)


def backtest(
    scores: Mapping[str, FloatArray],
    held: FloatArray,
    later: FloatArray,
    phi: FloatArray,
    *,
    top: Sequence[int],
    draws: int,
    seed: int,
    level: float,
) -> list[Backtest]:
    """Compare scores made before with the entries after.

    Parameters
    ----------
    scores
        Name to score of every region and industry, from data before only; ``"density"``
        is tested against permuted industries.
    held, later
        Presence before and after, (regions, industries).
    phi
        Proximity before, zero diagonal.
    top
        Numbers of options whose precision is asked.
    draws
        Resamples of regions, and permutations of the industries.
    seed, level
        Seed, coverage of the interval.

    Returns
    -------
    list of Backtest
        One per score.
    """
    options: BoolArray = held < 0.5
    entries: BoolArray = options & (later >= 0.5)
    permuted = _permuted(held, phi, options, entries, draws, seed)
    out = []
    for k, (name, score) in enumerate(scores.items()):
        auc = region_auc(score, options, entries)
        known = auc[np.isfinite(auc)]
        low, high = _interval(known, draws, seed, k, level)
        mean = float(known.mean()) if known.size else float("nan")
        tested = name == "density" and permuted.size > 0
        p = (1.0 + (permuted >= mean - 1e-12).sum()) / (1.0 + permuted.size)
        out.append(
            Backtest(
                score=name,
                auc=mean,
                lower=low,
                upper=high,
                null=float(permuted.mean()) if tested else 0.5,
                p=float(p) if tested and known.size else float("nan"),
                pooled_auc=_pooled(score, options, entries),
                precision={n: _precision(score, options, entries, n) for n in top},
                base=float(entries.sum() / max(options.sum(), 1)),
                n_regions=int(known.size),
                n_options=int(options.sum()),
                n_entries=int(entries.sum()),
            )
        )
    return out


def _permuted(
    held: FloatArray,
    phi: FloatArray,
    options: BoolArray,
    entries: BoolArray,
    draws: int,
    seed: int,
) -> FloatArray:
    """Give the mean AUC of densities whose industries are permuted in the proximity."""
    if not entries.any():
        return np.zeros(0)

    def draw(rng: np.random.Generator, size: int) -> FloatArray:
        out = np.empty(size)
        for d in range(size):
            order = rng.permutation(phi.shape[0])
            turned = phi[np.ix_(order, order)]
            near = turned.sum(axis=0)
            density = np.divide(
                held @ turned, near, out=np.zeros_like(held), where=near > 0
            )
            out[d] = np.nanmean(region_auc(density, options, entries))
        return out

    return monte_carlo(draw, n=draws, seed=seed, stream=99)


def _interval(
    auc: FloatArray, draws: int, seed: int, stream: int, level: float
) -> tuple[float, float]:
    if auc.size < 2:
        return float("nan"), float("nan")

    def draw(rng: np.random.Generator, size: int) -> FloatArray:
        chosen = rng.integers(0, auc.size, (size, auc.size))
        return np.asarray(auc[chosen].mean(axis=1))

    means = monte_carlo(draw, n=max(draws, 199), seed=seed, stream=stream)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def _pooled(score: FloatArray, options: BoolArray, entries: BoolArray) -> float:
    flat = region_auc(
        score.reshape(1, -1), options.reshape(1, -1), entries.reshape(1, -1)
    )
    return float(flat[0])


def _precision(
    score: FloatArray, options: BoolArray, entries: BoolArray, n: int
) -> float:
    """Give the mean share of entries among the first n options of every region."""
    enough = options.sum(axis=1) >= n
    if not enough.any():
        return float("nan")
    # ties go to the first label, as everywhere
    order = np.argsort(-np.where(options, score, -np.inf), axis=1, kind="stable")[:, :n]
    hit = np.take_along_axis(entries, order, axis=1)
    return float(hit[enough].mean())
