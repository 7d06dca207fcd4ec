"""Test of the Ellison-Glaeser raw concentration against plants thrown at random."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from agglo.concentration._kernels import agglomeration as kernels
from agglo.core.errors import OptionError

if TYPE_CHECKING:
    from agglo.concentration._agglomeration_input import AgglomerationInput
    from agglo.core.options import MonteCarlo
    from agglo.core.typing import Alternative, BoolArray, FloatArray, IntArray

# simulated and observed sums run in different orders, so equal ones differ in the last bits
_TIE = 1e-12
# draws of millions of plants take seconds each: few in a block, so that all cores work
_BLOCK = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class DartboardTest:
    """Moments under the null and the p-value, one per activity."""

    mean: FloatArray
    sd: FloatArray
    z: FloatArray
    p: FloatArray
    method: str
    seed: int | None


def dartboard_test(
    known: AgglomerationInput,
    seen: kernels.Reference,
    raw: FloatArray,
    defined: BoolArray,
    alternative: Alternative,
    inference: MonteCarlo | None,
) -> DartboardTest:
    """Compare G with its null distribution, by moments or by draws."""
    h, fourth = known.moments.herfindahl, known.moments.fourth
    if known.herfindahl_kind == "given":
        fourth = kernels.widest_fourth(h, seen.x2, seen.x3)
    mean, sd = kernels.dartboard_moments(h, fourth, seen.x2, seen.x3)
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where(sd > 0, (raw - mean) / sd, np.nan)
    if inference is None:
        p = _gamma_p(raw, mean, sd, alternative)
        return DartboardTest(mean=mean, sd=sd, z=z, p=p, method="gamma", seed=None)
    single_plants(known)
    from agglo.core.inference import mc_pvalue
    from agglo.core.parallel import entropy_of

    seed = entropy_of(inference.seed)
    p = np.full(raw.size, np.nan)
    used = np.flatnonzero(defined)
    if used.size:
        draws = thrown(known, seen.x2[used], used, inference.n, seed)
        draws = tied(raw[used], draws, seen.x2[used])
        p[used] = mc_pvalue(raw[used], draws, alternative)
    return DartboardTest(mean=mean, sd=sd, z=z, p=p, method="monte_carlo", seed=seed)


def _gamma_p(
    raw: FloatArray, mean: FloatArray, sd: FloatArray, alternative: Alternative
) -> FloatArray:
    """P-value from the gamma distribution with the mean and variance of G."""
    from scipy.special import gammainc, gammaincc

    with np.errstate(divide="ignore", invalid="ignore"):
        shape, scaled = (mean / sd) ** 2, np.maximum(raw, 0.0) * mean / sd**2
        upper, lower = gammaincc(shape, scaled), gammainc(shape, scaled)
    if alternative == "greater":
        p = upper
    elif alternative == "less":
        p = lower
    else:
        p = np.minimum(1.0, 2.0 * np.minimum(upper, lower))
    return np.where(sd > 0, p, np.nan)


def single_plants(known: AgglomerationInput) -> tuple[IntArray, FloatArray]:
    """Give activity and size of every plant; refuse where only H is known."""
    plants = known.plants()
    if plants is None:
        msg = (
            "Monte Carlo throws single plants, but only H per activity was given. Leave "
            "inference=None, or give plants or cell means."
        )
        raise OptionError(msg)
    return plants


def thrown(
    known: AgglomerationInput, x2: FloatArray, used: IntArray, n: int, seed: int
) -> FloatArray:
    """Throw the plants of the activities in `used` and give G, shape (n, used.size)."""
    from agglo.concentration._kernels.dartboard import alias_tables, dartboard_draws
    from agglo.core.parallel import monte_carlo

    activity, size = single_plants(known)
    # by size within an activity: the order of the rows does not matter
    order = np.lexsort((size, activity))
    order = order[np.isin(activity[order], used) & (size[order] > 0)]
    start = np.searchsorted(activity[order], used, side="left")
    start = np.append(start, order.size)
    share = size[order] / known.moments.total[activity[order]]
    x = _area_probabilities(known, used)
    keep, alias = alias_tables(x)

    def draw(rng: np.random.Generator, count: int) -> FloatArray:
        return np.asarray(dartboard_draws(rng, count, start, share, x, x2, keep, alias))

    return monte_carlo(draw, n=n, seed=seed, block_size=_BLOCK)


def dealt(
    known: AgglomerationInput, sites: IntArray, used: IntArray, n: int, seed: int
) -> FloatArray:
    """Deal all plants to the `sites` and give G of those in `used`, (n, used.size).

    `sites` holds the region of every plant, in the order of the plants. A reference that
    is the sum of the plants is dealt along with them: kept as it is, it would be closer to
    what was observed than to any draw.
    """
    from agglo.concentration._kernels.dartboard import permutation_draws
    from agglo.core.parallel import monte_carlo

    activity, size = single_plants(known)
    order = np.lexsort((sites, size, activity))
    order = order[size[order] > 0]
    start = np.searchsorted(activity[order], np.arange(known.activity.size + 1))
    size, sites = size[order], sites[order]
    # a shuffle jumps about in memory: the less there is, the faster
    few = known.row_total.size <= np.iinfo(np.uint16).max
    deck = sites.astype(np.uint16 if few else np.int32)
    if known.x is None:
        moved = np.bincount(sites, size, minlength=known.row_total.size)
        base, weight = np.maximum(known.row_total - moved, 0.0), 1.0
    else:
        base, weight = known.x, 0.0
    without = known.reference == "others"

    def draw(rng: np.random.Generator, count: int) -> FloatArray:
        found = permutation_draws(rng, count, start, size, deck, base, weight, without)
        return np.asarray(found[:, used])

    return monte_carlo(draw, n=n, seed=seed, block_size=_BLOCK)


def tied(observed: FloatArray, draws: FloatArray, x2: FloatArray) -> FloatArray:
    """Give the draws, those that differ from the observed by rounding only made equal."""
    same = np.abs(draws - observed) <= _TIE * np.maximum(observed, x2)
    return np.where(same, observed, draws)


def _area_probabilities(known: AgglomerationInput, used: IntArray) -> FloatArray:
    """Give the reference shares, one row for all activities or one for each in `used`."""
    if known.x is not None:
        return known.x[None, :]
    if known.reference == "all":
        return (known.row_total / known.total)[None, :]
    own = np.zeros((known.cells.n_activities, known.row_total.size))
    own[known.cells.activity, known.cells.region] = known.cells.value
    rest = np.maximum(known.row_total[None, :] - own[used], 0.0)
    return rest / rest.sum(axis=1, keepdims=True)
