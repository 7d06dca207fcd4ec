"""Nearest neighbours, colocation quotients, pairs of two lists."""

import csv
from itertools import permutations
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import agglo as ag

POINTS = Path(__file__).parents[1] / "data" / "points90"


def points90():
    file = next(POINTS.glob("*points*.csv"))
    with file.open(encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle))
    return pa.table(
        {
            "x_km": [float(r["x"]) for r in rows],
            "y_km": [float(r["y"]) for r in rows],
            "type": [r["type"] for r in rows],
        }
    )


def test_colocation_quotients_of_points90():
    # row A → (A, B, C), spec value, tolerance 1e-9
    found = ag.colocation_quotient(points90(), inference=None)
    np.testing.assert_allclose(
        found.values[0], [2.4551724138, 0.5933333333, 0.0], atol=1e-9
    )


shared = pytest.mark.filterwarnings("ignore:.*share their place")


def brute(table):
    """Nearest neighbours by hand: equal shares over equally near points."""
    x, y = np.array(table["x_km"]), np.array(table["y_km"])
    names = table["type"].to_pylist()
    types = sorted(set(names))
    d = np.hypot(x[:, None] - x, y[:, None] - y)
    np.fill_diagonal(d, np.inf)
    out = np.zeros((len(types), len(types)))
    for i, name in enumerate(names):
        near = np.flatnonzero(d[i] <= d[i].min() * (1 + 1e-12))
        for j in near:
            out[types.index(name), types.index(names[j])] += 1 / near.size
    number = np.array([names.count(t) for t in types], dtype=float)
    others = number[None, :] - np.eye(number.size)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(
            others > 0, (out / number[:, None]) / (others / (number.sum() - 1)), np.nan
        )


@shared
@given(
    st.lists(
        st.tuples(st.integers(0, 4), st.integers(0, 4), st.sampled_from("abc")),
        min_size=2,
        max_size=25,
    )
)
def test_ties_and_shared_places_agree_with_counting_by_hand(rows):
    table = pa.table(
        {
            "x_km": [float(r[0]) for r in rows],
            "y_km": [float(r[1]) for r in rows],
            "type": [r[2] for r in rows],
        }
    )
    found = ag.colocation_quotient(table, inference=None)
    np.testing.assert_allclose(found.values, brute(table), atol=1e-12)
    # identity: weighted by N'_B/(N-1), rows sum to 1
    others = found.counts[None, :] - np.eye(found.types.size)
    rows_sum = np.nansum(found.values * others / (found.counts.sum() - 1), axis=1)
    np.testing.assert_allclose(rows_sum, 1.0, atol=1e-12)


@shared
@pytest.mark.parametrize("strata", [None, "half"])
def test_the_closed_form_is_that_of_all_permutations(strata):
    # two A stay; three B and two C are dealt to the five other points in every way
    rng = np.random.default_rng(3)
    x, y = rng.integers(0, 4, (2, 7)).astype(float)
    names = list("AABBBCC")
    half = ["n", "s", "n", "n", "n", "s", "s"]
    table = pa.table({"x_km": x, "y_km": y, "type": names, "half": half})
    found = ag.colocation_quotient(table, inference=None, strata=strata)
    dealt = set(permutations(names[2:]))
    if strata:  # B, B, B, to the north, C, C to the south in all: within halves
        kept = sorted(zip(half[2:], names[2:], strict=True))
        dealt = {d for d in dealt if sorted(zip(half[2:], d, strict=True)) == kept}
    every = np.array(
        [
            ag.colocation_quotient(
                pa.table({"x_km": x, "y_km": y, "type": ["A", "A", *d]}), inference=None
            ).nearest[0, 1:]
            for d in dealt
        ]
    )
    np.testing.assert_allclose(found.null_mean[0, 1:], every.mean(axis=0), atol=1e-12)
    np.testing.assert_allclose(found.null_sd[0, 1:], every.std(axis=0), atol=1e-9)
    with np.errstate(divide="ignore", invalid="ignore"):
        z = (found.nearest[0, 1:] - every.mean(axis=0)) / every.std(axis=0)
    np.testing.assert_allclose(found.z[0, 1:], z, atol=1e-9)


def test_closed_form_of_points90():
    # spec: A → B mean 3, variance 1.372881; observed count = CLQ · N_A · N_B / (N - 1)
    found = ag.colocation_quotient(points90(), inference=None)
    count = found.values[0, 1] * 30 * 30 / 89
    assert found.nearest[0, 1] == pytest.approx(count)
    assert found.null_mean[0, 1] == pytest.approx(3.0)
    assert found.null_sd[0, 1] ** 2 == pytest.approx(1.372881, abs=1e-6)
    assert found.z[0, 1] == pytest.approx((count - 3.0) / np.sqrt(1.372881), abs=1e-5)
    # the normal p is near that of permutations that keep A: mean 3, few neighbours
    assert 0 < found.p_closed[0, 1] < 1
    assert np.isnan(np.diag(found.p_closed)).all()


def test_permutations_see_that_types_huddle():
    rng = np.random.default_rng(4)
    x = np.concatenate([rng.normal(0, 1, 40), rng.normal(9, 1, 40)])
    table = pa.table(
        {"x_km": x, "y_km": rng.normal(size=80), "type": ["a"] * 40 + ["b"] * 40}
    )
    found = ag.colocation_quotient(table, inference=ag.Permutation(n=199, seed=1))
    assert found.values[0, 0] > 1.5
    assert found.p[0, 0] == pytest.approx(0.01)
    again = ag.colocation_quotient(table, inference=ag.Permutation(n=199, seed=1))
    np.testing.assert_array_equal(found.p, again.p)
    lone = ag.colocation_quotient(
        pa.table({"x_km": [0.0, 1.0, 2.0], "y_km": [0.0] * 3, "type": ["a", "b", "b"]}),
        inference=None,
    )
    assert np.isnan(lone.values[0, 0])
    assert lone.undefined[0].item == "a → a"


def test_nearest_neighbour_index_by_hand():
    # a unit grid has mean distance 1; 0.5 sqrt(A/n) with A/n = 1 is 0.5
    g = np.arange(10.0)
    x, y = (v.ravel() for v in np.meshgrid(g, g))
    grid = pa.table({"x_km": [*x, 0.0], "y_km": [*y, 0.0]})
    found = ag.nearest_neighbour_index(grid, area_km2=100.0)
    assert (found.n_points, found.n_sites) == (101, 100)
    assert found.index == pytest.approx(2.0)
    assert found.z == pytest.approx(0.5 / (0.26136 / 10))
    assert found.p < 1e-10


def test_the_universe_is_the_fair_null_for_cities():
    rng = np.random.default_rng(5)
    centres = rng.random((8, 2)) * 1000
    cities = (centres[:, None] + rng.normal(0, 12, (8, 30, 2))).reshape(-1, 2)
    universe = pa.table({"x_km": cities[:, 0], "y_km": cities[:, 1]})
    some = universe.take(pa.array(rng.choice(240, 60, replace=False)))
    naive = ag.nearest_neighbour_index(some, area_km2=1e6)
    fair = ag.nearest_neighbour_index(
        some, null="universe", universe=universe, inference=ag.MonteCarlo(n=499, seed=2)
    )
    assert naive.p < 1e-6
    assert fair.p > 0.05
    with pytest.raises(ag.InvalidTableError, match="must hold them all"):
        ag.nearest_neighbour_index(universe, null="universe", universe=some)
    with pytest.raises(ag.OptionError, match="area_km2"):
        ag.nearest_neighbour_index(some)
    with pytest.raises(ag.OptionError, match="universe="):
        ag.nearest_neighbour_index(some, null="universe")


def test_cross_k_at_distance_zero_is_hypergeometric():
    # 6 anchor places, 5 of them also others, 10 others in 40 places: expected 6·10/40
    universe = pa.table({"x_km": np.arange(40.0) * 10, "y_km": np.zeros(40)})
    anchors = universe.slice(0, 6)
    others = universe.take(pa.array([0, 1, 2, 3, 4, 20, 21, 22, 23, 24]))
    found = ag.site_cross_k(
        anchors,
        others,
        universe,
        r_km=[0.0, 15.0],
        inference=ag.MonteCarlo(n=2499, seed=3),
    )
    assert found.observed[0] == 5
    # hypergeometric sd 0.98: three standard errors of the mean of 2,499 draws
    assert found.expected[0] == pytest.approx(1.5, abs=3 * 0.98 / 50)
    assert found.p < 0.01
    assert found.ratio[0] > found.global_upper[0]
    with pytest.raises(ag.OptionError, match="increasing"):
        ag.site_cross_k(anchors, others, universe, r_km=[5.0, 1.0])
    with pytest.raises(ag.InvalidTableError, match="universe has 6"):
        ag.site_cross_k(anchors, others, anchors, r_km=[0.0])


def test_cross_k_is_nominal_without_association():
    universe = pa.table({"x_km": np.arange(60.0), "y_km": np.zeros(60)})
    rng = np.random.default_rng(6)
    p = []
    for trial in range(120):
        a, b = (
            universe.take(pa.array(rng.choice(60, 15, replace=False))) for _ in "ab"
        )
        found = ag.site_cross_k(
            a,
            b,
            universe,
            r_km=[0.0, 2.0, 5.0],
            inference=ag.MonteCarlo(n=999, seed=trial),
        )
        p.append(found.p)
    # ties make the test conservative, never liberal
    assert np.mean(np.array(p) <= 0.1) < 0.1 + 3 * np.sqrt(0.09 / 120)


def test_figures_and_summaries():
    table = points90()
    quotient = ag.colocation_quotient(table, inference=None)
    assert quotient.plot().get_xlabel() == "nearest neighbour"
    assert "largest: A → A" in quotient.summary()
    index = ag.nearest_neighbour_index(table, area_km2=10_000.0)
    assert "Nearest-neighbour index" in index.summary()
    assert index.plot().get_xlabel().startswith("mean distance")
