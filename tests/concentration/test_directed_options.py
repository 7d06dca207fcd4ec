"""Directed coagglomeration: strata, travel times, coarse anchors, Sinkhorn's divergence."""

import itertools

import numpy as np
import pyarrow as pa
import pytest
from scipy.spatial.distance import cdist

from agglo.concentration import (
    direction_intervals,
    entrant_coagglomeration,
    nearest_coagglomeration,
    wasserstein_coagglomeration,
)
from agglo.concentration._kernels import sinkhorn
from agglo.core.errors import (
    AlignmentError,
    InvalidTableError,
    NotIdentifiedError,
    OptionError,
)
from agglo.core.options import Bootstrap, Permutation


def plants(at, industry, **more):
    at = np.asarray(at, dtype=float)
    columns = {"x_km": at[:, 0], "y_km": at[:, 1], "industry": list(industry)}
    return pa.table({**columns, **more})


def positions(table):
    return np.column_stack([table["x_km"], table["y_km"]])


@pytest.fixture(scope="module")
def two_towns():
    """Industries a, b, c in two towns; b lies in the first only by the town it is in."""
    rng = np.random.default_rng(8)
    at = rng.uniform(0, 10, (16, 2))
    town = np.array(["p"] * 9 + ["q"] * 7)
    at[town == "q"] += 40
    kind = "aabbbcccc" + "abbcccc"
    return plants(at, kind, town=town, w=rng.lognormal(0, 1, 16))


def _draws_within_towns(table, weight):
    """All ways to deal b's plants to plants of the same town but a's: weights and rows."""
    kind, town = np.array(table["industry"]), np.array(table["town"])
    w = np.array(table["w"]) if weight else np.ones(kind.size)
    parts = []
    for t in "pq":
        own = np.flatnonzero((kind == "b") & (town == t))
        pool = np.flatnonzero((kind != "a") & (town == t))
        parts.append(
            [
                list(zip(some, w[own], strict=True))
                for some in itertools.permutations(pool, own.size)
            ]
        )
    return [one + two for one in parts[0] for two in parts[1]]


@pytest.mark.parametrize("weight", [None, "w"])
def test_strata_moments_equal_enumeration(two_towns, weight):
    found = nearest_coagglomeration(
        two_towns,
        anchor="a",
        mover="b",
        pool="strata",
        strata="town",
        weight=weight,
        rarefy=None,
    )
    at = positions(two_towns)
    f = cdist(at, at[np.array(two_towns["industry"]) == "a"]).min(axis=1)
    means = np.array(
        [
            sum(f[r] * w for r, w in some) / sum(w for _, w in some)
            for some in _draws_within_towns(two_towns, weight)
        ]
    )
    assert found.null_mean[0] == pytest.approx(means.mean())
    assert found.null_sd[0] == pytest.approx(means.std())
    assert found.n_pool[0] == 13
    share = np.mean(means <= found.observed_km[0] + 1e-12)
    assert found.p[0] == pytest.approx(share, abs=0.02)


def test_strata_skewness_of_many():
    # 10 movers or more: the Pearson law stands on the third moment over strata
    rng = np.random.default_rng(1)
    at = rng.lognormal(1, 1, (120, 2))
    town = rng.choice(list("pqr"), 120)
    table = plants(at, ["a"] * 10 + ["b"] * 20 + ["c"] * 90, town=town)
    given = {"anchor": "a", "mover": "b", "rarefy": None}
    found = nearest_coagglomeration(table, pool="strata", strata=["town"], **given)
    assert found.p_method[0] == "pearson_iii"
    f = cdist(at, at[:10]).min(axis=1)
    draws = np.zeros(20_000)
    for t in "pqr":
        own = (town[10:30] == t).sum()
        pool = f[10:][town[10:] == t]
        draws += [rng.choice(pool, own, replace=False).sum() for _ in range(20_000)]
    share = np.mean(draws / 20 <= found.observed_km[0])
    assert found.p[0] == pytest.approx(share, abs=0.015)


def test_strata_of_transport(two_towns):
    given = {"anchor": "a", "mover": "b", "inference": Permutation(n=4000, seed=1)}
    found = wasserstein_coagglomeration(
        two_towns, pool="strata", strata="town", weight="w", method="exact", **given
    )
    one_town = wasserstein_coagglomeration(
        two_towns, method="exact", weight="w", **given
    )
    # within towns the draws keep the split of weight between them, so they vary less
    assert found.null_sd[0] < one_town.null_sd[0]
    assert found.n_pool[0] == one_town.n_pool[0] == 13
    alone = two_towns.set_column(3, "town", pa.array(["z"] * 16))
    same = wasserstein_coagglomeration(
        alone, pool="strata", strata="town", weight="w", method="exact", **given
    )
    assert same.null_mean[0] == one_town.null_mean[0]


def test_strata_too_small_or_not_named(two_towns):
    apart = two_towns.set_column(3, "town", pa.array(list("ppqqqpppp") + ["p"] * 7))
    found = nearest_coagglomeration(
        apart, anchor="a", mover="b", pool="strata", strata="town"
    )
    assert found.status[0] == "ok"  # b in q can be drawn in one way only, in p in many
    gone = two_towns.set_column(3, "town", pa.array(["q"] * 2 + ["p"] * 14))
    for measure in (nearest_coagglomeration, wasserstein_coagglomeration):
        back = measure(gone, anchor="b", mover="a", pool="strata", strata="town")
        assert back.status[0] in ("small_pool", "ok", "too_few")
        with pytest.raises(OptionError, match="go together"):
            measure(two_towns, pool="strata")
        with pytest.raises(OptionError, match="go together"):
            measure(two_towns, strata="town")
    lone = plants(
        [[0, 0], [1, 0], [2, 0], [3, 0], [4, 0], [5, 1]], "aabbcc", s=list("xxyyxx")
    )
    found = nearest_coagglomeration(
        lone, anchor="a", mover="b", pool="strata", strata="s"
    )
    assert found.status[0] == "whole_pool"
    assert np.isnan(found.z[0])


# travel times


def test_a_matrix_of_distances_is_that_of_its_positions(two_towns):
    d = cdist(positions(two_towns), positions(two_towns))
    bare = two_towns.drop_columns(["x_km", "y_km"])
    for rarefy in (None, 2, "smaller"):
        here, there = (
            nearest_coagglomeration(t, rarefy=rarefy, min_n=2, **more)
            for t, more in ((two_towns, {}), (bare, {"distances": d}))
        )
        np.testing.assert_allclose(there.observed_km, here.observed_km)
        np.testing.assert_allclose(there.z, here.z)
    given = {"method": "exact", "inference": Permutation(n=2000, seed=1)}
    here = wasserstein_coagglomeration(two_towns, **given)
    there = wasserstein_coagglomeration(bare, distances=d, **given)
    np.testing.assert_allclose(there.observed_km, here.observed_km)
    np.testing.assert_allclose(there.effect, here.effect, atol=0.05)


def test_a_matrix_by_region(two_towns):
    d = cdist(positions(two_towns), positions(two_towns))
    bare = two_towns.drop_columns(["x_km", "y_km"])
    given = {"region": "town", "rarefy": None, "min_n": 2}
    here = nearest_coagglomeration(two_towns, **given)
    there = nearest_coagglomeration(bare, distances=d, **given)
    np.testing.assert_allclose(there.observed_km, here.observed_km)


def test_what_a_matrix_cannot_do(two_towns):
    d = cdist(positions(two_towns), positions(two_towns))
    d[0, 1] += 5
    with pytest.raises(InvalidTableError, match="there and back"):
        nearest_coagglomeration(two_towns, distances=d)
    mean = nearest_coagglomeration(two_towns, distances=d, symmetrise="mean")
    assert (mean.status == "ok").any()
    with pytest.raises(AlignmentError, match="shape"):
        nearest_coagglomeration(two_towns, distances=d[:3, :3])
    with pytest.raises(OptionError, match="surrogate"):
        wasserstein_coagglomeration(
            two_towns, distances=d, symmetrise="mean", method="surrogate"
        )
    with pytest.raises(OptionError, match="positions"):
        wasserstein_coagglomeration(
            two_towns, distances=d, symmetrise="mean", snap_km=1.0
        )


# coarse anchors


@pytest.mark.parametrize("power", [1.0, 2.0])
def test_coarse_anchors_change_the_distance_by_no_more_than_said(power):
    rng = np.random.default_rng(5)
    table = plants(rng.normal(50, 15, (400, 2)), ["a"] * 200 + ["b"] * 50 + ["c"] * 150)
    given = {
        "anchor": "a",
        "mover": "b",
        "power": power,
        "inference": Permutation(n=99, seed=1),
    }
    fine = wasserstein_coagglomeration(table, **given)
    coarse = wasserstein_coagglomeration(table, anchor_cells=30, **given)
    assert fine.error_km[0] == 0
    assert 0 < coarse.error_km[0] < 5
    assert abs(coarse.observed_km[0] - fine.observed_km[0]) <= coarse.error_km[0]
    same = wasserstein_coagglomeration(table, anchor_cells=200, **given)
    assert same.observed_km[0] == fine.observed_km[0]
    snapped = wasserstein_coagglomeration(table, snap_km=1.0, **given)
    assert snapped.error_km[0] == pytest.approx(np.sqrt(2))
    assert abs(snapped.observed_km[0] - fine.observed_km[0]) <= snapped.error_km[0]


# Sinkhorn's divergence


def test_entropic_cost_by_hand():
    # two points on either side, one mass each half: the plan has one free number t with
    # t² = exp(-2c/eps) (1/2 - t)², c the cost of crossing
    cost = np.array([[0.0, 1.0], [1.0, 0.0]])
    half = np.array([0.5, 0.5])
    eps = 0.7
    e = np.exp(-1.0 / eps)
    cross = 0.5 * e / (1 + e)
    plan = np.array([[0.5 - cross, cross], [cross, 0.5 - cross]])
    want = (plan * cost).sum() + eps * (plan * np.log(plan / 0.25)).sum()
    assert sinkhorn.entropic_cost(cost, half, half, eps) == pytest.approx(want)


def test_divergence_is_a_distance_near_the_exact_one():
    rng = np.random.default_rng(2)
    at = rng.uniform(0, 100, (260, 2))
    at[40:80] = at[:40] + 8.0
    table = plants(at, ["a"] * 40 + ["b"] * 40 + ["c"] * 180)
    # only the blurred p-value needs many draws
    given = {"anchor": "a", "inference": Permutation(n=19, seed=1), "power": 2}
    exact = wasserstein_coagglomeration(table, method="exact", **given)
    soft = wasserstein_coagglomeration(
        table,
        kind="sinkhorn_divergence",
        method="exact",
        **{**given, "inference": Permutation(n=79, seed=1)},
    )
    finer = wasserstein_coagglomeration(
        table, kind="sinkhorn_divergence", blur=0.005, method="exact", **given
    )
    assert soft.measure == "sinkhorn_divergence"
    # a shift by 8 in both directions moves everything by 11.3
    assert exact.observed_km[0] <= 11.4
    gap = [np.abs(f.observed_km - exact.observed_km).max() for f in (finer, soft)]
    assert gap[0] < gap[1]
    assert gap[0] < 0.5
    assert soft.p[0] <= 0.1  # a blurred statistic: less power, same side
    own = plants(np.vstack([at[:40], at[:40], at[80:]]), table["industry"].to_pylist())
    zero = wasserstein_coagglomeration(
        own, mover="b", kind="sinkhorn_divergence", **given
    )
    assert zero.observed_km[0] == pytest.approx(0.0, abs=1e-3)


# which direction is larger


def _economy(seed, follow, n=60):
    rng = np.random.default_rng(seed)
    a = rng.uniform(0, 100, (n, 2))
    b = rng.uniform(0, 100, (n, 2))
    if follow:
        b = a[rng.integers(0, n, n)] + rng.normal(0, 2, (n, 2))
    at = np.vstack([a, b, rng.uniform(0, 100, (150, 2))])
    return plants(at, ["a"] * n + ["b"] * n + ["c"] * 150)


def test_intervals_of_the_difference():
    given = {"industries": ["a", "b"], "inference": Bootstrap(n=199, seed=1)}
    true = [direction_intervals(_economy(s, follow=True), **given) for s in range(12)]
    null = [direction_intervals(_economy(s, follow=False), **given) for s in range(12)]
    assert sum(f.upper[0] < 0 for f in true) >= 8  # b goes to a: a → b is smaller
    assert sum(f.lower[0] > 0 for f in true) == 0
    assert sum(f.lower[0] > 0 or f.upper[0] < 0 for f in null) <= 3
    found = true[0]
    assert found.lower[0] <= found.difference[0] <= found.upper[0]
    assert found.difference[0] == pytest.approx(
        found.effect_a_to_b[0] - found.effect_b_to_a[0]
    )
    near = nearest_coagglomeration(_economy(0, follow=True)).matrix("effect")
    assert found.effect_b_to_a[0] == pytest.approx(near[0, 1], abs=0.05)


def test_intervals_do_not_depend_on_other_pairs():
    table = _economy(3, follow=True)
    given = {"inference": Bootstrap(n=99, seed=1)}
    every = direction_intervals(table, **given)
    alone = direction_intervals(table, industries=["a", "b"], **given)
    assert every.a.size == 3
    assert every.lower[0] == alone.lower[0]
    assert "does not say" in every.summary()
    every.plot().figure.clear()


def test_intervals_of_entrants_and_of_too_few():
    table = _economy(2, follow=True).append_column(
        "opened",
        pa.array([2000] * 50 + [2010] * 10 + [2000] * 20 + [2010] * 40 + [2010] * 150),
    )
    found = direction_intervals(
        table, at=2010, industries=["a", "b"], inference=Bootstrap(n=99, seed=1)
    )
    assert (found.n_anchor[0], found.n_mover[0]) == (20, 10)
    few = direction_intervals(
        table, at=2010, min_n=30, inference=Bootstrap(n=99, seed=1)
    )
    assert (few.status == "too_few").all()
    assert np.isnan(few.lower).all()
    with pytest.raises(NotIdentifiedError, match="no plant opened"):
        direction_intervals(table, at=1990)
    with pytest.raises(OptionError, match="plant="):
        direction_intervals(table, at=2010, relocation_as_entry=True)


def test_relocations_are_no_entries_unless_asked_for():
    rng = np.random.default_rng(4)
    at = rng.uniform(0, 50, (60, 2))
    names = [f"p{i}" for i in range(40)] + [f"p{i}" for i in range(20, 30)]
    names += [f"n{i}" for i in range(10)]
    table = plants(
        at,
        ["a"] * 20 + ["b"] * 20 + ["b"] * 10 + ["c"] * 10,
        opened=[2000] * 40 + [2010] * 20,
        plant=names,
    )
    given = {"at": 2010, "anchor": "a", "mover": "b", "plant": "plant"}
    found = entrant_coagglomeration(table, **given)
    assert found.n_mover[0] == 0
    assert found.status[0] == "absent"
    assert any("10 relocations" in w for w in found.provenance.warnings)
    moved = entrant_coagglomeration(table, relocation_as_entry=True, **given)
    assert moved.n_mover[0] == 10
    with pytest.raises(OptionError, match="plant="):
        entrant_coagglomeration(table, at=2010, relocation_as_entry=True)


def test_the_summary_says_what_draws_can_tell(two_towns):
    """19 draws cannot give one q below 0.05 among six tests; 999 can."""
    few = wasserstein_coagglomeration(
        two_towns, method="exact", inference=Permutation(n=19, seed=1)
    )
    assert "smallest possible p of the draws 0.05: too coarse" in few.summary()
    many = wasserstein_coagglomeration(
        two_towns, method="exact", inference=Permutation(n=999, seed=1)
    )
    assert "smallest possible p of the draws 0.001" in many.summary()
    assert "too coarse" not in many.summary()
