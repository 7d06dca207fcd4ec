"""Tests and intervals of location quotients."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from agglo.concentration._kernels import quotient_draws as draws
from agglo.concentration._kernels import quotients as kernels
from agglo.concentration._quotient_input import RegionReference
from agglo.concentration._quotient_plants import PlantTable, quotient_test_input
from agglo.concentration._units import MarginChoice
from agglo.concentration.quotient_results import QuotientTests, cell_reasons
from agglo.concentration.quotients import cell_status, empty_masks
from agglo.core.errors import OptionError
from agglo.core.inference import fdr as adjust
from agglo.core.options import Bootstrap, MonteCarlo, check_choice, check_number
from agglo.core.parallel import entropy_of, generator
from agglo.core.results import Provenance, frozen_array

if TYPE_CHECKING:
    from agglo.core.tables import Plants, RegionActivity
    from agglo.core.typing import (
        Alternative,
        BoolArray,
        FloatArray,
        IntoFrame,
    )

__all__ = ["location_quotient_test"]

QuotientTestMethod: TypeAlias = Literal["binomial", "dartboard", "bootstrap"]
METHODS = ("binomial", "dartboard", "bootstrap")
ALTERNATIVES = ("greater", "less", "two-sided")
# fewer equivalent plants than this: the normal approximation is not used
NORMAL_LEAST = 30.0
_BLOCK = 256
_MANY = MonteCarlo(n=9999)


def location_quotient_test(
    data: IntoFrame | Plants | RegionActivity,
    *,
    method: QuotientTestMethod = "binomial",
    reference: RegionReference = "national",
    alternative: Alternative = "two-sided",
    level: float = 0.95,
    inference: MonteCarlo | Bootstrap | None = None,
    fdr: Literal["bh", "by"] = "bh",
    region: str = "region",
    activity: str = "industry",
    value: str = "employment",
    establishments: str | RegionActivity | None = None,
    margins: MarginChoice = "refuse",
) -> QuotientTests:
    r"""Test which location quotients differ from 1, with intervals and false discoveries.

    Use before naming a region specialised: a quotient of 3 can be one plant. Not for the
    concentration of an activity as a whole (see `ellison_glaeser`).

    Parameters
    ----------
    data
        One row per plant (region, activity, size) or `Plants`; or, with `establishments`,
        an activity table; or a `RegionActivity` of plant counts. Absent row = zero,
        sizes at least 0.
    method
        ``"binomial"``: plant counts; ``"dartboard"``: employment, plants choose regions
        at random; ``"bootstrap"``: employment, plants of the activity are resampled.
    reference
        ``"national"``: every region's share in all plants (binomial) or all employment;
        or a mapping region → weight.
    alternative
        Side of the p-value behind `q`: ``"greater"`` tests for LQ > 1.
    level
        Coverage of the intervals, in (0, 1). A `Bootstrap` brings its own.
    inference
        ``MonteCarlo`` for the dartboard (default 9,999 draws, used where the activity has
        fewer than 30 equivalent plants), ``Bootstrap`` for the bootstrap (default 999).
    fdr
        ``"bh"`` or ``"by"`` adjustment over all cells tested.
    region, activity, value
        Columns of a frame; `value` is the size.
    establishments
        Column or `RegionActivity` of plant counts when rows are cells; ``None`` when rows
        are plants.
    margins
        As in `as_region_activity`, for cells.

    Returns
    -------
    QuotientTests
        Arrays of shape (n_regions, n_activities): quotient, interval, ``p_greater``,
        ``p_less``, ``p_two_sided``, ``q``; p in (0, 1].

    Raises
    ------
    InvalidTableError
        If the table breaks its schema or counts have fractions (code ``not_whole``).
    AlignmentError
        If a given reference lacks a region.
    OptionError
        If an option has no such choice, or `inference` does not fit `method`.

    Warns
    -----
    NumericsWarning
        If the draws are too few for the number of tests.

    Notes
    -----
    Reference shares x are taken as fixed. Binomial: :math:`n_{im} \sim Bin(n_i, x_m)`,
    Clopper-Pearson interval of the share over x. Dartboard: :math:`E s_{im} = x_m`,
    :math:`Var\,s_{im} = H_i x_m (1 - x_m)`, normal, interval by inverting that test
    (Wilson with 1/H plants); where 1/H < 30 the p-values are simulated, except the exact
    (1 - x)^n of an empty cell. Bootstrap: percentile interval; p = share of resamples on
    the other side of 1; empty cells and activities of one plant are undefined. With cell
    means instead of plants H is a lower bound, said so in the result. Every activity has
    its own random stream. O(cells), O(draws plants) where simulated.

    References
    ----------
    Billings and Johnson 2012, doi:10.1016/j.regsciurbeco.2012.03.003 (the idea); Clopper
    and Pearson 1934, doi:10.1093/biomet/26.4.404; dartboard moments derived here.

    See Also
    --------
    shrink_location_quotient : A better estimate where plants are few.

    Examples
    --------
    >>> import pyarrow as pa, agglo as ag
    >>> plants = pa.table({"region": list("aaaaab") + ["b"] * 6,
    ...                    "industry": list("xxxxyx") + ["y"] * 6, "employment": [1] * 12})
    >>> found = ag.location_quotient_test(plants, alternative="greater")
    >>> round(float(found.p_greater[0, 0]), 6)
    0.100469
    """
    check_choice("method", method, METHODS)
    check_choice("alternative", alternative, ALTERNATIVES)
    check_choice("fdr", fdr, ("bh", "by"))
    check_number("level", level, minimum=0.0, maximum=1.0, open_ends=True)
    inference = _fitting(method, inference)
    level = inference.level if isinstance(inference, Bootstrap) else level
    known = quotient_test_input(
        data,
        method=method,
        reference=reference,
        region=region,
        activity=activity,
        value=value,
        establishments=establishments,
        margins=margins,
    )
    outcome = _compute(known, method, inference, level)
    return _wrap(
        known,
        outcome,
        method=method,
        alternative=alternative,
        level=level,
        fdr=fdr,
        reference=reference,
    )


@dataclass(frozen=True, slots=True)
class _Outcome:
    ratio: FloatArray
    tested: kernels.Tested
    seed: int | None = None
    n_draws: int = 0
    one_plant: BoolArray | None = None


def _fitting(
    method: str, inference: MonteCarlo | Bootstrap | None
) -> MonteCarlo | Bootstrap | None:
    """Give the draws of the method, or refuse those of another one."""
    default: MonteCarlo | Bootstrap | None
    if method == "binomial":
        default, fits, need = None, inference is None, "None"
    elif method == "dartboard":
        default, fits, need = _MANY, isinstance(inference, MonteCarlo), "MonteCarlo"
    else:
        default, fits, need = Bootstrap(), isinstance(inference, Bootstrap), "Bootstrap"
    if inference is not None and not fits:
        msg = f"inference={inference!r} does not fit method={method!r}: use {need}."
        raise OptionError(msg)
    return default if inference is None else inference


def _compute(
    known: PlantTable,
    method: str,
    inference: MonteCarlo | Bootstrap | None,
    level: float,
) -> _Outcome:
    if inference is None:
        ratio = kernels.location_quotient(known.counts, known.x, known.n_plants)
        tested = kernels.binomial_test(known.counts, known.n_plants, known.x, level)
        return _Outcome(ratio, tested)
    ratio = kernels.location_quotient(known.size, known.x, known.total)
    entropy = entropy_of(inference.seed)
    if method == "dartboard":
        with np.errstate(divide="ignore", invalid="ignore"):
            share = known.size / known.total
            lumpy = 1.0 / known.herfindahl < NORMAL_LEAST
        tested = kernels.dartboard_test(share, known.x, known.herfindahl, level)
        simulated = _simulate_dartboard(known, tested, lumpy, inference.n, entropy)
        if not simulated:
            return _Outcome(ratio, tested)
        return _Outcome(ratio, tested, entropy, inference.n)
    tested, single = _resample(known, inference.n, level, entropy)
    return _Outcome(ratio, tested, entropy, inference.n, single)


def _simulate_dartboard(
    known: PlantTable,
    tested: kernels.Tested,
    lumpy: BoolArray,
    n: int,
    entropy: int,
) -> bool:
    """Replace the p-values of activities with few equivalent plants; say if any."""
    cumulative = np.cumsum(np.nan_to_num(known.x))
    if cumulative[-1] > 1.0 - draws.TIE:  # all there is, up to rounding
        cumulative = cumulative / cumulative[-1]
    for i, rows in known.plants_by_activity(lumpy):
        size = known.plant_size[rows]
        size = size[size > 0]
        watched = np.flatnonzero(np.nan_to_num(known.size[:, i]) > 0)
        slot = np.full(known.region.size, -1, dtype=np.int64)
        slot[watched] = np.arange(watched.size)
        observed = known.size[watched, i] / known.total[i]
        at_least, at_most = np.zeros((2, watched.size), dtype=np.int64)
        for rng, count in _blocks(entropy, str(known.activity[i]), n):
            more, less = draws.dartboard_counts(
                rng, count, size / known.total[i], cumulative, slot, observed
            )
            at_least += more
            at_most += less
        tested.p_greater[watched, i] = (1.0 + at_least) / (n + 1.0)
        tested.p_less[watched, i] = (1.0 + at_most) / (n + 1.0)
        # no plant comes: known without drawing
        empty = np.flatnonzero((known.size[:, i] == 0.0) & (known.x > 0))
        tested.p_greater[empty, i] = 1.0
        tested.p_less[empty, i] = (1.0 - known.x[empty]) ** size.size
    return bool(lumpy.any())


def _resample(
    known: PlantTable, n: int, level: float, entropy: int
) -> tuple[kernels.Tested, BoolArray]:
    """Percentile intervals and p-values of the cells with plants; who has one plant."""
    blank = [np.full(known.size.shape, np.nan) for _ in range(4)]
    tested = kernels.Tested(*blank)
    single: BoolArray = known.n_plants < 2
    ends = [(1.0 - level) / 2.0, (1.0 + level) / 2.0]
    for i, rows in known.plants_by_activity(~single & (known.total > 0)):
        watched, slot = np.unique(known.plant_region[rows], return_inverse=True)
        found = np.concatenate(
            [
                draws.bootstrap_shares(
                    rng, count, known.plant_size[rows], slot, watched.size
                )
                for rng, count in _blocks(entropy, str(known.activity[i]), n)
            ]
        )
        found = found[np.isfinite(found[:, 0])]
        x = known.x[watched]
        with np.errstate(divide="ignore", invalid="ignore"):
            low, high = np.quantile(found, ends, axis=0) / x
        there = (x > 0) & (known.size[watched, i] > 0)
        at = watched[there]
        tested.lower[at, i], tested.upper[at, i] = low[there], high[there]
        below = (found <= x + draws.TIE).sum(axis=0)
        above = (found >= x - draws.TIE).sum(axis=0)
        tested.p_greater[at, i] = (1.0 + below[there]) / (len(found) + 1.0)
        tested.p_less[at, i] = (1.0 + above[there]) / (len(found) + 1.0)
    return tested, single


def _blocks(entropy: int, label: str, n: int) -> list[tuple[np.random.Generator, int]]:
    """Seed blocks by activity label: the answer does not depend on what else is there."""
    stream = zlib.crc32(label.encode("utf-8"))
    return [
        (generator(entropy, stream, block), min(_BLOCK, n - block * _BLOCK))
        for block in range(-(-n // _BLOCK))
    ]


def _wrap(
    known: PlantTable,
    outcome: _Outcome,
    *,
    method: str,
    alternative: Alternative,
    level: float,
    fdr: Literal["bh", "by"],
    reference: RegionReference,
) -> QuotientTests:
    tested = outcome.tested
    both = kernels.two_sided(tested.p_greater, tested.p_less)
    sides = {"greater": tested.p_greater, "less": tested.p_less, "two-sided": both}
    q = adjust(sides[alternative], method=fdr, n_draws=outcome.n_draws or None)
    lacking = np.isnan(both)
    masks = [
        *empty_masks(known.x, known.total),
        (known.status > 0, "the cell is missing or confidential"),
    ]
    if outcome.one_plant is not None:
        masks += [
            (outcome.one_plant[None, :], "one plant: resampling shows no variation"),
            (known.size == 0.0, "no plant of the activity to resample in the region"),
        ]
    else:
        masks.append((lacking, "the plants behind the employment are unknown"))
    return QuotientTests(
        region=known.region,
        activity=known.activity,
        status=cell_status(known.status, lacking),
        values=frozen_array(outcome.ratio),
        lower=frozen_array(tested.lower),
        upper=frozen_array(tested.upper),
        p_greater=frozen_array(tested.p_greater),
        p_less=frozen_array(tested.p_less),
        p_two_sided=frozen_array(both),
        q=frozen_array(q),
        n_plants=frozen_array(known.counts),
        method=method,
        alternative=alternative,
        fdr=fdr,
        level=level,
        n_draws=outcome.n_draws,
        provenance=Provenance.of(
            location_quotient_test,
            *known.sources,
            parameters={
                "method": method,
                "reference": reference,
                "alternative": alternative,
                "level": level,
                "fdr": fdr,
                "n_draws": outcome.n_draws,
            },
            seed=outcome.seed,
            warnings=known.notes,
        ),
        frame_kind=known.frame_kind,
        undefined=cell_reasons(
            known.region, known.activity, [(m & lacking, r) for m, r in masks]
        ),
    )
