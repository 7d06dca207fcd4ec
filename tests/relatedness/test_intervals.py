"""Intervals of complexity: schemes, indices, presence, quadrants, coverage."""

from __future__ import annotations

import dataclasses

import numpy as np
import pyarrow as pa
import pytest

from agglo.core.errors import (
    AlignmentError,
    InvalidTableError,
    NumericsWarning,
    OptionError,
)
from agglo.core.tables import RegionActivity
from agglo.relatedness import (
    CONVENTIONS,
    Convention,
    complexity,
    complexity_intervals,
    complexity_outlook,
    fitness,
    portfolio,
    presence,
    reflections,
    relatedness_density,
)
from agglo.relatedness import _kernels_complexity as kernels
from agglo.relatedness._kernels_ranks import joint_ranks
from tests.relatedness.test_product_space import nested

TABLE = RegionActivity.from_arrays(nested(np.random.default_rng(1)))
QUICK = {"n": 112, "seed": 1, "n_jobs": 1}


def test_presence_share_is_the_chance_of_reaching_the_threshold():
    """A cell whose quotient is far above 1 is always there, one at 1 about half."""
    got = complexity_intervals(TABLE, **QUICK)
    held = presence(TABLE)
    assert got.present_share.shape == held.values.shape
    assert got.present_share[held.advantage > 3].min() > 0.9
    assert (got.present_share[TABLE.values == 0] == 0).all()
    near = np.abs(held.advantage - 1) < 0.05
    assert 0.3 < got.present_share[near].mean() < 0.7
    rows = got.cells()
    assert rows.num_rows == held.values.size
    assert rows.column_names == ["region", "industry", "present_share"]


@pytest.mark.parametrize("index", ["reflections", "fitness", "density", "outlook"])
def test_the_base_of_other_indices_is_that_of_their_function(index):
    got = complexity_intervals(TABLE, index=index, **QUICK)
    regions = got.index[got.kind == "region"]
    near = relatedness_density(TABLE)
    if index == "fitness":
        expected = fitness(TABLE).fitness
    elif index == "reflections":
        expected = kernels.standardised(reflections(TABLE).k_region[:, 18], 0)
    elif index == "density":
        options = np.where(near.presence == 0, near.values, np.nan)
        expected = np.nanmean(options, axis=1)
    else:
        own = complexity(TABLE, convention=Convention(scaling="own_ddof0"))
        expected = complexity_outlook(
            near, own, standardise=False, index="scaled"
        ).outlook
    np.testing.assert_allclose(regions, expected, atol=1e-8)
    assert got.kind_of_index == index
    known = np.isfinite(got.low) & np.isfinite(got.index)
    assert (got.low[known] <= got.high[known]).all()
    assert got.agreement > 0.3


def units(rng: np.random.Generator) -> pa.Table:
    """2,000 patents of regions, one or two classes each, nested."""
    able = np.linspace(-2, 2, 12)[:, None] - np.linspace(-2, 2, 15)
    chance = 1 / (1 + np.exp(-3 * able))
    region = rng.integers(12, size=2000)
    rows = []
    for u, r in enumerate(region):
        p = chance[r] / chance[r].sum()
        rows += [(u, r, a) for a in set(rng.choice(15, size=1 + u % 2, p=p).tolist())]
    u, r, a = np.array(rows).T
    return pa.table(
        {
            "patent": [f"p{k:04d}" for k in u],
            "region": [f"r{k:02d}" for k in r],
            "class": [f"c{k:02d}" for k in a],
        }
    )


def test_whole_units_are_redrawn():
    table = units(np.random.default_rng(1))
    names = {"unit": "patent", "activity": "class", "value": None}
    got = complexity_intervals(table, scheme="units", **names, **QUICK)
    assert got.agreement > 0.8
    assert (got.kind == "region").sum() == 12
    # two classes that are only ever together are always there together
    twin = pa.table(
        {
            "patent": [*table["patent"].to_pylist(), *(["q1", "q1"] + ["q2"] * 2)],
            "region": [*table["region"].to_pylist(), *(["r03"] * 4)],
            "class": [*table["class"].to_pylist(), *(["x", "y"] * 2)],
        }
    )
    both = complexity_intervals(twin, scheme="units", **names, **QUICK)
    at = [both.activity.tolist().index(c) for c in "xy"]
    shares = both.present_share[:, at]
    np.testing.assert_array_equal(shares[:, 0], shares[:, 1])
    assert 0.7 < shares.max() < 0.95  # neither of two patents is drawn in 1 of 7
    dropped = dict(zip(both.label.tolist(), both.dropped_share.tolist(), strict=True))
    assert dropped["x"] == dropped["y"] > 0.05
    assert both.dropped_draws >= dropped["x"]
    # pairs apart would be another thing: amounts of units add up
    with pytest.raises(OptionError, match="unit="):
        complexity_intervals(table, scheme="units", activity="class", **QUICK)
    bad = table.append_column("n", pa.array([-1.0] * table.num_rows))
    with pytest.raises(InvalidTableError, match="at least 0"):
        complexity_intervals(
            bad, scheme="units", unit="patent", activity="class", value="n", **QUICK
        )


def test_quadrants_and_presence_share_all_draws():
    got = complexity_intervals(TABLE, quadrants=True, **QUICK)
    assert got.quadrant_share.shape == (4, *TABLE.values.shape)
    total = got.quadrant_share.sum(axis=0) + got.present_share
    assert total.max() <= 1 + 1e-9
    assert total.mean() > 0.95
    near, index = relatedness_density(TABLE), complexity(TABLE)
    options = portfolio(near, index, intervals=got)
    assert ((options.certainty >= 0) & (options.certainty <= 1)).all()
    # the quadrant of the table is the likeliest one, on the whole
    assert options.certainty.mean() > 0.4
    assert "p_high_road" in got.cells().column_names
    sharp = complexity_intervals(
        RegionActivity.from_arrays(1e6 * TABLE.values), quadrants=True, **QUICK
    )
    clear = portfolio(near, index, intervals=sharp)
    assert clear.certainty.mean() > 0.9
    assert np.isnan(portfolio(near, index).certainty).all()
    with pytest.raises(OptionError, match="quadrants=True"):
        portfolio(near, index, intervals=complexity_intervals(TABLE, **QUICK))
    with pytest.raises(OptionError, match="split='median'"):
        portfolio(near, index, split="mean", intervals=got)
    fewer = dataclasses.replace(got, region=got.region[1:])
    with pytest.raises(AlignmentError):
        portfolio(near, index, intervals=fewer)


def test_empty_cells_move_with_a_prior_only():
    x = np.where(TABLE.values < 3, 0.0, TABLE.values)
    table = RegionActivity.from_arrays(x)
    stays = complexity_intervals(table, **QUICK)
    moves = complexity_intervals(table, prior=0.5, **QUICK)
    assert (stays.present_share[x == 0] == 0).all()
    assert moves.present_share[x == 0].max() > 0


def test_continuous_presence_and_other_conventions():
    got = complexity_intervals(TABLE, convention="atlas2026", **QUICK)
    assert 0 < got.present_share.max() < 1
    assert (
        complexity_intervals(
            TABLE, convention="r_economiccomplexity", **QUICK
        ).kind_of_index
        == "fitness"
    )
    with pytest.raises(OptionError, match="presence"):
        complexity_intervals(TABLE, convention=Convention(presence="manual"), **QUICK)
    with pytest.raises(OptionError, match="cooccurrence"):
        complexity_intervals(TABLE, convention=CONVENTIONS["econgeo"], **QUICK)


def test_what_is_mostly_absent_has_no_interval():
    x = TABLE.values.copy()
    x[:, 4] = 0.0
    got = complexity_intervals(RegionActivity.from_arrays(x), **QUICK)
    lost = str(TABLE.activity[4])
    assert lost in got.label[np.isnan(got.low)].tolist()
    assert lost in {u.item for u in got.undefined}


def test_joint_ranks_by_hand():
    """Two that differ by far more than they move, and two that cannot be told apart."""
    rng = np.random.default_rng(1)
    base = np.array([3.0, 0.05, 0.0, -3.0])
    sims = base + rng.normal(0, 0.2, (400, 4))
    low, high = joint_ranks(base, sims, 0.9)
    assert low.tolist() == [1, 2, 2, 4]
    assert high.tolist() == [1, 3, 3, 4]
    # a wider level can only widen the sets
    wide = joint_ranks(base, sims, 0.999)
    assert (wide[0] <= low).all()
    assert (wide[1] >= high).all()
    # the critical value is that of the largest root of all six pairs, by its definition
    pairs = np.triu_indices(4, 1)
    roots = (sims[:, pairs[0]] - sims[:, pairs[1]]) - (base[pairs[0]] - base[pairs[1]])
    spread = roots.std(axis=0, ddof=1)
    critical = np.quantile(np.abs(roots / spread).max(axis=1), 0.9, method="higher")
    near = base.copy()
    near[1] = near[2] + 1.001 * critical * spread[3]
    moved = sims + (near - base)
    apart = joint_ranks(near, moved, 0.9)
    assert apart[1].tolist() == [1, 2, 3, 4]
    near[1] = near[2] + 0.999 * critical * spread[3]
    assert joint_ranks(near, sims + (near - base), 0.9)[1].tolist() == [1, 3, 3, 4]
    # without any movement every difference counts, and equals stay together
    still = joint_ranks(
        np.array([2.0, 1.0, 1.0]), np.tile([2.0, 1.0, 1.0], (5, 1)), 0.9
    )
    assert [x.tolist() for x in still] == [[1, 2, 2], [1, 3, 3]]


def small_world(seed: int) -> tuple[RegionActivity, np.ndarray]:
    """12 regions of random ability and size, 24 activities, Poisson counts; true ranks."""
    rng = np.random.default_rng(seed)
    able = np.sort(rng.normal(0, 1, 12))[:, None] - np.linspace(-2, 2, 24)
    mean = 20 * rng.lognormal(0, 0.5, 12)[:, None] / (1 + np.exp(-2 * able))
    eci = complexity(RegionActivity.from_arrays(mean)).eci
    drawn = rng.poisson(mean).astype(float)
    return RegionActivity.from_arrays(drawn), 1 + np.argsort(np.argsort(-eci))


@pytest.mark.filterwarnings("ignore::agglo.core.errors.NumericsWarning")
def test_rank_intervals_cover_planted_ranks_at_their_level():
    """60 worlds: by itself 90 %, all at once 90 %; narrow ones and other ranks do not."""
    inside, narrow, all_joint, all_single, other, width = [], [], [], [], [], []
    for seed in range(60):
        table, truth = small_world(seed)
        options = {"n": 112, "seed": 1, "n_jobs": 1}
        got = complexity_intervals(table, simultaneous=True, **options)
        here = got.kind == "region"
        low, high = got.rank_low[here], got.rank_high[here]
        hit = (low <= truth) & (truth <= high)
        inside.append(hit.mean())
        all_single.append(hit.all())
        width.append((high - low).mean())
        all_joint.append(
            ((got.joint_low[here] <= truth) & (truth <= got.joint_high[here])).all()
        )
        other.append(((low <= 13 - truth) & (13 - truth <= high)).mean())
        if seed < 20:
            few = complexity_intervals(table, level=0.3, **options)
            low, high = few.rank_low[here], few.rank_high[here]
            narrow.append(((low <= truth) & (truth <= high)).mean())
    # binomial band of 60 worlds around 0.9 from below; redrawing is conservative
    assert np.mean(inside) > 0.9 - 2 * np.std(inside) / np.sqrt(60)
    assert np.mean(width) < 5
    assert np.mean(narrow) < 0.8
    assert np.mean(other) < 0.35
    assert np.mean(all_joint) >= 0.9 - 2 * np.sqrt(0.09 / 60)
    assert np.mean(all_single) < np.mean(all_joint)


@pytest.mark.slow
def test_rank_intervals_cover_the_true_ranks():
    """Spec 10 (V): nested 30 x 60 economy, nominal 90 % covered 96.6 %, width 3.1."""
    hits, widths = [], []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        able = np.linspace(-2, 2, 30)[:, None] - np.linspace(-2, 2, 60)
        mean = 200 / (1 + np.exp(-3 * able))
        truth = complexity_intervals(
            RegionActivity.from_arrays(np.round(1e6 * mean)), n=100, seed=1
        )
        drawn = RegionActivity.from_arrays(rng.poisson(mean).astype(float))
        got = complexity_intervals(drawn, n=200, seed=1)
        here = got.kind == "region"
        inside = (got.rank_low <= truth.rank) & (truth.rank <= got.rank_high)
        hits.append(inside[here].mean())
        widths.append((got.rank_high - got.rank_low)[here].mean())
    assert np.mean(hits) >= 0.88
    assert np.mean(widths) < 8


def test_few_draws_warn():
    with pytest.warns(NumericsWarning, match="fewer than 100"):
        complexity_intervals(TABLE, n=20, seed=1, n_jobs=1)
