"""Draws of the raw concentration under named null models."""

from itertools import permutations

import numpy as np
import pyarrow as pa
import pytest
from joblib import parallel_config

from agglo.concentration import concentration_null, ellison_glaeser
from agglo.core.errors import OptionError
from agglo.core.options import MonteCarlo

SMALL = pa.table(
    {
        "region": list("aaabbc"),
        "industry": list("iijjjj"),
        "employment": [10.0, 30.0, 20.0, 10.0, 30.0, 20.0],
    }
)
NULLS = ("dartboard", "permutation")


def drawn(data=SMALL, n=999, seed=7, **options):
    return concentration_null(data, inference=MonteCarlo(n=n, seed=seed), **options)


def country(n=600, seed=3):
    rng = np.random.default_rng(seed)
    regions = np.array([f"r{k:02d}" for k in range(12)])
    weight = rng.random(12) + 0.2
    return pa.table(
        {
            "region": rng.choice(regions, n, p=weight / weight.sum()),
            "industry": rng.choice(list("abcde"), n),
            "employment": np.ceil(rng.lognormal(2.0, 1.0, n)),
        }
    )


def by_hand(data=SMALL, without=False):
    """Give G of industry i for every way to deal the six sites."""
    region = np.array(data["region"].to_pylist())
    size = data["employment"].to_numpy()
    labels = np.unique(region)
    own = np.arange(6) < 2
    found = []
    for deal in permutations(range(6)):
        there = region[list(deal)]
        jobs = np.array(
            [[size[(there == r) & part].sum() for r in labels] for part in (own, ~own)]
        )
        x = jobs[1] if without else jobs.sum(axis=0)
        s = jobs[0] / jobs[0].sum()
        found.append(((s - x / x.sum()) ** 2).sum())
    return np.array(found)


@pytest.mark.parametrize("without", [False, True])
def test_the_permutation_draws_what_all_deals_give(without):
    every = by_hand(without=without)
    reference = "others" if without else "all"
    found = drawn(null="permutation", n=20_000, reference=reference)
    draws = found.draws[:, 0]
    np.testing.assert_allclose(np.unique(draws.round(12)), np.unique(every.round(12)))
    for value in np.unique(every.round(12)):
        expected = (every.round(12) == value).mean()
        error = np.sqrt(expected * (1 - expected) / 20_000)
        assert abs((draws.round(12) == value).mean() - expected) < 5 * error
    assert found.observed[0] == pytest.approx(every[0])
    share = (every >= found.observed[0] - 1e-12).mean()
    assert found.p[0] == pytest.approx(share, abs=0.02)


def test_the_dartboard_has_the_exact_moments_of_the_index():
    data = country()
    index, found = ellison_glaeser(data), drawn(data, n=4000)
    np.testing.assert_allclose(found.observed, index.G)
    np.testing.assert_allclose(found.expected, index.mean0, rtol=0.1)
    np.testing.assert_allclose(found.sd, index.sd0, rtol=0.15)
    np.testing.assert_allclose(
        found.p,
        ellison_glaeser(data, inference=MonteCarlo(n=4000, seed=7)).p0,
    )


def test_under_its_own_null_the_permutation_is_calibrated():
    data = country(n=400)
    rng = np.random.default_rng(5)
    small = []
    for k in range(60):
        dealt = pa.table(
            {
                "region": rng.permutation(np.array(data["region"].to_pylist())),
                "industry": data["industry"],
                "employment": data["employment"],
            }
        )
        small += (drawn(dealt, n=99, seed=k, null="permutation").p <= 0.1).tolist()
    assert 0.05 < np.mean(small) < 0.17


def test_one_place_that_all_plants_share_is_beyond_both():
    data = country()
    industry = np.array(data["industry"].to_pylist())
    region = np.array(data["region"].to_pylist())
    region[industry == "a"] = "r03"
    moved = data.set_column(0, "region", pa.array(region))
    for null in NULLS:
        found = drawn(moved, null=null)
        assert found.p[0] == 1 / 1000
        assert found.z[0] > 10
        assert (found.p > 0).all()


@pytest.mark.parametrize("null", NULLS)
def test_the_draws_do_not_depend_on_the_workers(null):
    data = country(n=200)
    with parallel_config(backend="threading", n_jobs=1):
        one = drawn(data, null=null, n=200)
    with parallel_config(backend="threading", n_jobs=3):
        three = drawn(data, null=null, n=200)
    np.testing.assert_array_equal(one.draws, three.draws)
    assert not np.array_equal(one.draws, drawn(data, null=null, n=200, seed=8).draws)


def test_cells_are_plants_of_equal_size():
    cells = pa.table(
        {
            "region": list("aabbc"), "industry": list("ijijj"),
            "employment": [40.0, 20.0, 10.0, 40.0, 20.0],
            "establishments": [4, 2, 1, 4, 2],
        }
    )  # fmt: skip
    plants = pa.table(
        {
            "region": list("aaaaaabbbbbcc"),
            "industry": list("iiiijjijjjjjj"),
            "employment": [10.0] * 13,
        }
    )
    for null in NULLS:
        given = drawn(cells, null=null, herfindahl="cell_means", n=4000)
        exact = drawn(plants, null=null, n=4000)
        assert given.herfindahl_kind == "lower_bound"
        np.testing.assert_allclose(given.observed, exact.observed)
        np.testing.assert_allclose(given.expected, exact.expected, rtol=0.1)
        np.testing.assert_allclose(given.p, exact.p, atol=0.04)


def test_the_histogram_holds_every_draw_and_no_activity_without_a_value():
    lone = pa.concat_tables(
        [SMALL, pa.table({"region": ["a"], "industry": ["k"], "employment": [5.0]})]
    )
    found = drawn(lone, null="permutation")
    place, value, draws = found.histogram()
    assert found.status[2] == "too_few"
    assert np.isnan(found.p[2])
    assert set(place.tolist()) == {0, 1}
    assert [draws[place == k].sum() for k in (0, 1)] == [999, 999]
    mean = (value * draws)[place == 0].sum() / 999
    assert mean == pytest.approx(found.expected[0], rel=0.05)
    many = drawn(country())
    place, value, draws = many.histogram(bins=40)
    # the root of 999 draws, empty bins among them: bars stand side by side
    assert np.bincount(place).tolist() == [32] * 5
    np.testing.assert_allclose(np.diff(value[:32]), value[1] - value[0])


def test_what_cannot_be_drawn_is_refused():
    with pytest.raises(OptionError, match="permutation"):
        drawn(null="permutations")
    with pytest.raises(OptionError):
        drawn(herfindahl={"i": 0.5, "j": 0.3})
    assert "smallest p possible" in drawn().summary()
