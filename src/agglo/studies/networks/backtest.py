"""How well a ranking of options foresaw which of them were taken up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from agglo.core.parallel import monte_carlo
from agglo.studies.networks.scores import percentile, related_share

if TYPE_CHECKING:
    from agglo.core.typing import BoolArray, FloatArray

__all__ = ["Backtest", "backtest", "region_auc"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Backtest:
    """Of one score: mean AUC within regions with interval and null, precision, base rate.

    `null` and `p` are those of relatedness whose industries are permuted; 0.5 and NaN for
    scores that do not rest on relatedness. `average_precision` is the mean over regions.
    """

    score: str
    auc: float
    lower: float
    upper: float
    null: float
    p: float
    pooled_auc: float
    average_precision: float
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


def backtest(
    scores: Mapping[str, FloatArray],
    held: FloatArray,
    later: FloatArray,
    phi: FloatArray,
    *,
    bases: Mapping[str, FloatArray],
    top: Sequence[int],
    draws: int,
    seed: int,
    level: float,
    weights: Mapping[str, FloatArray] | None = None,
    wholes: Mapping[str, Sequence[str]] | None = None,
) -> list[Backtest]:
    """Compare scores made before with the entries after.

    Parameters
    ----------
    scores
        Name to score of every region and industry, from data before only.
    held, later
        Presence before and after, (regions, industries).
    phi
        Proximity before, as the density weighs it.
    bases
        Score to what is multiplied with `phi` to give it: these are tested against permuted
        industries.
    top
        Numbers of options whose precision is asked.
    draws
        Resamples of regions, and permutations of the industries.
    seed, level
        Seed, coverage of the interval.
    weights
        Instead of `phi`, for the scores named.
    wholes
        Score to the parts whose mean place it is, tested likewise; default ``"together"``
        of the bases and complexity.

    Returns
    -------
    list of Backtest
        One per score.
    """
    options: BoolArray = held < 0.5
    entries: BoolArray = options & (later >= 0.5)
    near = {k: (weights or {}).get(k, phi) for k in bases}
    if wholes is None:
        wholes = {"together": (*bases, "complexity")} if "together" in scores else {}
    null = _permuted(scores, bases, near, wholes, held, entries, draws, seed)
    out = []
    for k, (name, score) in enumerate(scores.items()):
        auc = region_auc(score, options, entries)
        known = auc[np.isfinite(auc)]
        low, high = _interval(known, draws, seed, k, level)
        mean = float(known.mean()) if known.size else float("nan")
        drawn = null.get(name, np.zeros(0))
        p = (1.0 + (drawn >= mean - 1e-12).sum()) / (1.0 + drawn.size)
        out.append(
            Backtest(
                score=name,
                auc=mean,
                lower=low,
                upper=high,
                null=float(drawn.mean()) if drawn.size else 0.5,
                p=float(p) if drawn.size and known.size else float("nan"),
                pooled_auc=_pooled(score, options, entries),
                average_precision=_average_precision(score, options, entries),
                precision={n: _precision(score, options, entries, n) for n in top},
                base=float(entries.sum() / max(options.sum(), 1)),
                n_regions=int(known.size),
                n_options=int(options.sum()),
                n_entries=int(entries.sum()),
            )
        )
    return out


def _permuted(
    scores: Mapping[str, FloatArray],
    bases: Mapping[str, FloatArray],
    near: Mapping[str, FloatArray],
    wholes: Mapping[str, Sequence[str]],
    held: FloatArray,
    entries: BoolArray,
    draws: int,
    seed: int,
) -> dict[str, FloatArray]:
    """Give the mean AUC of scores whose industries are permuted in what is near."""
    if not entries.any() or not bases:
        return {}
    options: BoolArray = held < 0.5
    names = [*bases, *wholes]
    used = {p for parts in wholes.values() for p in parts}
    fixed = {p: percentile(scores[p], held) for p in used if p not in bases}

    def draw(rng: np.random.Generator, size: int) -> FloatArray:
        out = np.empty((size, len(names)))
        for d in range(size):
            order = rng.permutation(held.shape[1])
            turned = np.ix_(order, order)
            found = {k: related_share(b, near[k][turned]) for k, b in bases.items()}
            place = fixed | {
                k: percentile(v, held) for k, v in found.items() if k in used
            }
            for whole, parts in wholes.items():
                found[whole] = np.mean([place[p] for p in parts], axis=0)
            out[d] = [np.nanmean(region_auc(found[k], options, entries)) for k in names]
        return out

    drawn = monte_carlo(draw, n=draws, seed=seed, stream=99)
    return {k: drawn[:, j] for j, k in enumerate(names)}


def _average_precision(
    score: FloatArray, options: BoolArray, entries: BoolArray
) -> float:
    """Give the mean over regions of the precision at each entry, ties by label."""
    order = np.argsort(-np.where(options, score, -np.inf), axis=1, kind="stable")
    hit = np.take_along_axis(options & entries, order, axis=1)
    place = np.arange(1, hit.shape[1] + 1)
    precision = np.where(hit, np.cumsum(hit, axis=1) / place, 0.0).sum(axis=1)
    n = hit.sum(axis=1)
    return float((precision[n > 0] / n[n > 0]).mean()) if n.any() else float("nan")


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
