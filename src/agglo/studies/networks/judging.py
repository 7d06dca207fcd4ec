"""What every part of a score adds: to the whole, and beyond relatedness at home."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from agglo.core.parallel import monte_carlo
from agglo.studies.networks.backtest import region_auc
from agglo.studies.networks.scores import (
    abroad,
    mean_place,
    percentile,
    related_share,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from agglo.core.typing import BoolArray, FloatArray, IntArray

__all__ = ["BeyondDensity", "PartGain", "beyond_density", "kept_parts", "part_gains"]

_STREAM = 200
_PER_CLASS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class PartGain:
    """AUC of the whole score minus that of the whole without the part.

    The whole is that of the parts which were left when it was compared.
    `verdict` is ``"helps"`` or ``"hurts"`` when the interval (over regions, simultaneous
    over the parts) excludes 0, else ``"undecided"``.
    """

    part: str
    gain: float
    lower: float
    upper: float
    verdict: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BeyondDensity:
    """AUC of a part among options that are alike in relatedness, and its null.

    `shuffled` says what was permuted: ``"partners"`` or ``"industries"``.
    """

    part: str
    auc: float
    null: float
    p: float
    shuffled: str


def part_gains(
    values: Mapping[str, FloatArray],
    parts: Sequence[str],
    held: FloatArray,
    later: FloatArray,
    *,
    draws: int,
    seed: int,
    level: float,
) -> list[PartGain]:
    """Take out of the whole score, one by one, the part that makes it worst.

    The whole is compared with the whole without each part, region by region; the part whose
    loss is largest among those that hurt is taken out, and what is left is asked again, until
    none hurts: beside a bad part an indifferent one looks good.

    Parameters
    ----------
    values
        Part to score, (regions, industries), from data before only.
    parts
        Parts of the whole score; with fewer than two there is nothing to leave out.
    held, later
        Presence before and after.
    draws, seed, level
        Resamples of regions, seed, coverage over all parts together (Bonferroni).

    Returns
    -------
    list of PartGain
        One per part, in the order given: of those taken out the gain when they were, of the
        others that beside each other.
    """
    options: BoolArray = held < 0.5
    entries: BoolArray = options & (later >= 0.5)
    tail = (1.0 - level) / (2.0 * max(len(parts), 1))
    left, found = list(parts), {}
    while len(left) > 1:
        whole = region_auc(mean_place(values, left, held), options, entries)
        known = np.isfinite(whole)
        for part in left:
            rest = [p for p in left if p != part]
            without = region_auc(mean_place(values, rest, held), options, entries)
            stream = parts.index(part)
            gap = (whole - without)[known]
            found[part] = _gain(part, gap, max(draws, 199), seed, stream, tail)
        worst = min(
            (found[p] for p in left if found[p].verdict == "hurts"),
            key=lambda g: g.gain,
            default=None,
        )
        if worst is None:
            break
        left.remove(worst.part)
    return [found[p] for p in parts if p in found]


def _gain(
    part: str, gap: FloatArray, draws: int, seed: int, stream: int, tail: float
) -> PartGain:
    low, high = _ends(gap, draws, seed, stream, tail)
    return PartGain(
        part=part,
        gain=float(gap.mean()) if gap.size else float("nan"),
        lower=low,
        upper=high,
        verdict="helps" if low > 0 else "hurts" if high < 0 else "undecided",
    )


def kept_parts(gains: Sequence[PartGain], parts: Sequence[str]) -> tuple[str, ...]:
    """Give the parts that did not hurt."""
    hurt = {g.part for g in gains if g.verdict == "hurts"}
    return tuple(p for p in parts if p not in hurt)


def beyond_density(
    values: Mapping[str, FloatArray],
    weights: Mapping[str, FloatArray],
    links: FloatArray,
    held: FloatArray,
    later: FloatArray,
    *,
    draws: int,
    seed: int,
) -> list[BeyondDensity]:
    """Test what partners and the value chain say at options alike in relatedness.

    What partners have counts only where the region lacks it, so that it falls as
    relatedness at home rises: its AUC alone is below one half even where partners matter.
    Here the place of an option by relatedness is taken out of its place by the part, within
    every region, and what is left is compared with the same under the partners of another
    region with about as many links (classes of ten), so that who is tied with many stays so,
    or under permuted industries of the value chain.

    Parameters
    ----------
    values
        Part to score, with ``density``; ``external`` and ``value_chain`` are tested where
        they are there.
    weights
        Part to its weights between industries.
    links
        Flows between the regions, symmetric.
    held, later
        Presence before and after.
    draws, seed
        Permutations, seed.

    Returns
    -------
    list of BeyondDensity
        One per part tested; the p-value is one-sided.
    """
    options: BoolArray = held < 0.5
    entries: BoolArray = options & (later >= 0.5)
    home = percentile(values["density"], held)

    alike = _alike(links.sum(axis=1))

    def partners(rng: np.random.Generator) -> FloatArray:
        # the partners of another region with about as many links, itself left out: who is
        # tied with many stays so, and few partners are not set against many
        turned = links[_within(alike, rng)]
        np.fill_diagonal(turned, 0.0)
        return related_share(abroad(held, turned), weights["external"])

    def industries(rng: np.random.Generator) -> FloatArray:
        phi = weights["value_chain"]
        order = rng.permutation(phi.shape[0])
        return related_share(held, phi[np.ix_(order, order)])

    ways: dict[str, tuple[str, Callable[[np.random.Generator], FloatArray]]] = {
        "external": ("partners", partners),
        "value_chain": ("industries", industries),
    }
    out = []
    for k, (part, (word, shuffle)) in enumerate(ways.items()):
        if part not in values or not entries.any():
            continue

        def auc(score: FloatArray) -> float:
            left = _residual(percentile(score, held), home, options)
            return float(np.nanmean(region_auc(left, options, entries)))

        def draw(
            rng: np.random.Generator,
            size: int,
            shuffle: Callable[[np.random.Generator], FloatArray] = shuffle,
        ) -> FloatArray:
            return np.array([auc(shuffle(rng)) for _ in range(size)])

        found = auc(values[part])
        null = monte_carlo(draw, n=draws, seed=seed, stream=_STREAM + 50 + k)
        out.append(
            BeyondDensity(
                part=part,
                auc=found,
                null=float(null.mean()),
                p=float((1.0 + (null >= found - 1e-12).sum()) / (1.0 + null.size)),
                shuffled=word,
            )
        )
    return out


def _alike(total: FloatArray) -> IntArray:
    """Give classes of about ten regions with about as many links."""
    n = total.size
    rank = np.empty(n, dtype=np.int64)
    rank[np.argsort(total, kind="stable")] = np.arange(n)
    return rank * max(n // _PER_CLASS, 1) // max(n, 1)


def _within(klass: IntArray, rng: np.random.Generator) -> IntArray:
    """Permute positions inside their classes."""
    order = np.lexsort((rng.random(klass.size), klass))
    out = np.empty(klass.size, dtype=np.int64)
    out[np.argsort(klass, kind="stable")] = order
    return out


def _residual(place: FloatArray, home: FloatArray, options: BoolArray) -> FloatArray:
    """Take the line in `home` out of a place, over the options of every region."""
    n = np.maximum(options.sum(axis=1, keepdims=True), 1)
    x = np.where(options, home, 0.0)
    y = np.where(options, place, 0.0)
    x = np.where(options, x - x.sum(axis=1, keepdims=True) / n, 0.0)
    y = np.where(options, y - y.sum(axis=1, keepdims=True) / n, 0.0)
    spread = (x * x).sum(axis=1, keepdims=True)
    slope = np.divide(
        (x * y).sum(axis=1, keepdims=True),
        spread,
        out=np.zeros_like(spread),
        where=spread > 0,
    )
    # rounding: equal places must stay ties
    out: FloatArray = np.round(y - slope * x, 12)
    return out


def _ends(
    gap: FloatArray, draws: int, seed: int, stream: int, tail: float
) -> tuple[float, float]:
    """Give the interval of a mean over regions; NaN with fewer than two."""
    if gap.size < 2:
        return float("nan"), float("nan")

    def draw(rng: np.random.Generator, size: int) -> FloatArray:
        chosen = rng.integers(0, gap.size, (size, gap.size))
        return np.asarray(gap[chosen].mean(axis=1))

    means = monte_carlo(draw, n=draws, seed=seed, stream=_STREAM + stream)
    low, high = np.quantile(means, [tail, 1.0 - tail])
    return float(low), float(high)
