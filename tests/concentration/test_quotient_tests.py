"""Tests of location quotients: exact cases, other software, size, seeds, bad input."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from scipy import stats

import agglo as ag
from agglo.core.errors import (
    AlignmentError,
    InvalidTableError,
    NumericsWarning,
    OptionError,
)

PLANTS = pa.table(
    {
        "region": list("aaaab" + "abbbbbb"),
        "industry": list("xxxxx" + "yyyyyyy"),
        "employment": [5.0, 1.0, 1.0, 1.0, 2.0, 3.0, 1.0, 1.0, 1.0, 1.0, 1.0, 2.0],
    }
)


def plants(rng, n: int, x) -> pa.Table:
    """Plants that choose regions with probabilities x."""
    return pa.table(
        {
            "region": [f"r{k:02d}" for k in rng.choice(len(x), n, p=x)],
            "industry": ["i"] * n,
            "employment": rng.lognormal(1.0, 0.5, n),
        }
    )


def test_binomial_is_exact():
    found = ag.location_quotient_test(PLANTS)
    x = 5 / 12  # region a has 5 of 12 plants
    for i, (k, n) in enumerate(((4, 5), (1, 7))):
        exact = stats.binomtest(k, n, x)
        ends = exact.proportion_ci(0.95, "exact")
        assert found.values[0, i] == pytest.approx(k / n / x)
        assert found.lower[0, i] == pytest.approx(ends.low / x)
        assert found.upper[0, i] == pytest.approx(ends.high / x)
        assert found.p_greater[0, i] == pytest.approx(stats.binom.sf(k - 1, n, x))
        assert found.p_less[0, i] == pytest.approx(stats.binom.cdf(k, n, x))
        both = min(1, 2 * min(found.p_greater[0, i], found.p_less[0, i]))
        assert found.p_two_sided[0, i] == pytest.approx(both)


def test_binomial_ends():
    table = pa.table(
        {"region": list("aaab"), "industry": list("xxxy"), "employment": [1.0] * 4}
    )
    found = ag.location_quotient_test(table)
    assert found.lower[1, 0] == 0.0
    assert found.p_greater[1, 0] == 1.0
    assert found.p_less[1, 0] == pytest.approx(0.75**3)
    assert found.upper[0, 0] == pytest.approx(1 / 0.75)
    assert found.p_less[0, 0] == 1.0


def test_q_is_benjamini_hochberg_of_the_alternative():
    for side in ("greater", "less", "two-sided"):
        found = ag.location_quotient_test(PLANTS, alternative=side)
        expected = stats.false_discovery_control(found.p.ravel(), method="bh")
        np.testing.assert_allclose(found.q.ravel(), expected)
    by = ag.location_quotient_test(PLANTS, fdr="by")
    assert (by.q >= found.q - 1e-15).all()


def test_plants_counts_and_cells_agree():
    from_plants = ag.location_quotient_test(PLANTS)
    counts = pa.table(
        {
            "region": list("aabb"),
            "industry": list("xyxy"),
            "plants": [4, 1, 1, 6],
            "employment": [8.0, 3.0, 2.0, 7.0],
        }
    )
    cells = ag.location_quotient_test(counts, establishments="plants")
    shaped = ag.location_quotient_test(
        ag.as_region_activity(counts, value="plants"),
    )
    for other in (cells, shaped):
        np.testing.assert_allclose(other.p_greater, from_plants.p_greater)
        np.testing.assert_allclose(other.upper, from_plants.upper)
    as_shape = ag.location_quotient_test(ag.as_plants(PLANTS))
    np.testing.assert_allclose(as_shape.p_less, from_plants.p_less)


def test_dartboard_moments_many_plants():
    rng = np.random.default_rng(5)
    x = np.array([0.5, 0.3, 0.2])
    table = plants(rng, 400, x)
    reference = dict(zip(("r00", "r01", "r02"), x, strict=True))
    found = ag.location_quotient_test(table, method="dartboard", reference=reference)
    size = table["employment"].to_numpy()
    share = size / size.sum()
    region = np.array(table["region"].to_pylist())
    for m, name in enumerate(found.region):
        s = share[region == name].sum()
        sd = np.sqrt((share**2).sum() * x[m] * (1 - x[m]))
        assert found.values[m, 0] == pytest.approx(s / x[m])
        assert found.p_greater[m, 0] == pytest.approx(stats.norm.sf((s - x[m]) / sd))
        # both ends of the interval are just rejected
        for end in (found.lower[m, 0] * x[m], found.upper[m, 0] * x[m]):
            sd_end = np.sqrt((share**2).sum() * end * (1 - end))
            assert abs(s - end) / sd_end == pytest.approx(stats.norm.ppf(0.975))
    assert found.n_draws == 0
    assert found.provenance.seed is None


def test_dartboard_few_plants_against_enumeration():
    table = pa.table(
        {
            "region": ["a", "a", "b"],
            "industry": ["x"] * 3,
            "employment": [3.0, 2.0, 1.0],
        }
    )
    found = ag.location_quotient_test(
        table,
        method="dartboard",
        reference={"a": 0.6, "b": 0.3, "c": 0.1},
        inference=ag.MonteCarlo(n=9999, seed=1),
    )
    # share of a is 5/6: reached by {3, 2} and {3, 2, 1} in a
    exact = 0.6 * 0.6
    assert found.p_greater[0, 0] == pytest.approx(exact, abs=4 * 0.0048)
    # share of b is 1/6: at most 1/6 if neither 3 nor 2 falls there
    assert found.p_less[1, 0] == pytest.approx(0.7 * 0.7, abs=4 * 0.005)
    assert found.n_draws == 9999
    assert found.provenance.seed == 1


def test_dartboard_empty_cell_is_exact():
    table = pa.table(
        {
            "region": ["a", "a", "b"],
            "industry": ["x", "x", "y"],
            "employment": [3.0, 2.0, 4.0],
        }
    )
    found = ag.location_quotient_test(
        table,
        method="dartboard",
        reference={"a": 0.6, "b": 0.4},
        inference=ag.MonteCarlo(n=99, seed=1),
        alternative="less",
    )
    assert found.p_less[1, 0] == pytest.approx(0.6**2)
    assert found.p_greater[1, 0] == 1.0
    assert found.p_less[0, 0] == 1.0  # as many as can be: every draw is at most that


def test_dartboard_from_cell_means_says_so():
    cells = pa.table(
        {
            "region": list("aabb"),
            "industry": list("xyxy"),
            "establishments": [400, 100, 100, 600],
            "employment": [800.0, 300.0, 200.0, 700.0],
        }
    )
    found = ag.location_quotient_test(
        cells, method="dartboard", establishments="establishments"
    )
    assert "lower bound" in found.provenance.warnings[0]
    h = (800**2 / 400 + 200**2 / 100) / 1000**2
    z = (0.8 - 0.55) / np.sqrt(h * 0.55 * 0.45)
    assert found.p_greater[0, 0] == pytest.approx(stats.norm.sf(z))


def test_employment_without_plants_is_undefined():
    cells = pa.table(
        {
            "region": list("aabb"),
            "industry": list("xyxy"),
            "establishments": [0, 100, 100, 600],
            "employment": [800.0, 300.0, 200.0, 700.0],
        }
    )
    found = ag.location_quotient_test(
        cells, method="dartboard", establishments="establishments"
    )
    assert np.isnan(found.p_greater[:, 0]).all()
    assert np.isfinite(found.p_greater[:, 1]).all()
    assert "plants behind" in found.undefined[0].reason


def test_bootstrap_against_enumeration():
    table = pa.table(
        {"region": ["a", "b"], "industry": ["x", "x"], "employment": [1.0, 1.0]}
    )
    found = ag.location_quotient_test(
        table,
        method="bootstrap",
        reference={"a": 0.4, "b": 0.6},
        inference=ag.Bootstrap(n=4999, seed=2, level=0.4),
    )
    # the share of a is 0, 1/2, 1 with probabilities 1/4, 1/2, 1/4
    assert found.lower[0, 0] == pytest.approx(0.5 / 0.4)
    assert found.upper[0, 0] == pytest.approx(0.5 / 0.4)
    assert found.p_greater[0, 0] == pytest.approx(0.25, abs=0.03)
    assert found.level == 0.4


def test_bootstrap_undefined_cells():
    table = pa.table(
        {
            "region": ["a", "a", "b"],
            "industry": ["x", "x", "y"],
            "employment": [1.0, 2.0, 3.0],
        }
    )
    found = ag.location_quotient_test(
        table, method="bootstrap", inference=ag.Bootstrap(n=50, seed=1)
    )
    assert found.values[1, 0] == 0.0
    assert np.isnan(found.lower[1, 0])
    reasons = {(u.region, u.activity): u.reason for u in found.undefined}
    assert "one plant" in reasons["", "y"]
    assert "no plant" in reasons["b", "x"]


@pytest.mark.filterwarnings("ignore::agglo.core.errors.NumericsWarning")
@pytest.mark.parametrize("method", ["dartboard", "bootstrap"])
def test_seeds_repeat_and_do_not_depend_on_other_activities(method):
    option = ag.MonteCarlo if method == "dartboard" else ag.Bootstrap
    reference = {"a": 0.5, "b": 0.5}
    choice = {"method": method, "reference": reference}
    both = ag.location_quotient_test(PLANTS, inference=option(n=300, seed=4), **choice)
    again = ag.location_quotient_test(PLANTS, inference=option(n=300, seed=4), **choice)
    np.testing.assert_array_equal(both.p_greater, again.p_greater)
    alone = ag.location_quotient_test(
        PLANTS.slice(5), inference=option(n=300, seed=4), **choice
    )
    np.testing.assert_array_equal(both.p_greater[:, 1], alone.p_greater[:, 0])
    other = ag.location_quotient_test(PLANTS, inference=option(n=300, seed=5), **choice)
    assert (other.p_greater != both.p_greater).any()
    drawn = ag.location_quotient_test(PLANTS, inference=option(n=30), **choice)
    assert isinstance(drawn.provenance.seed, int)


def test_too_few_draws_are_warned_of():
    with pytest.warns(NumericsWarning, match="draws cannot carry"):
        ag.location_quotient_test(
            PLANTS, method="dartboard", inference=ag.MonteCarlo(n=19, seed=1)
        )


def test_p_is_never_zero():
    table = pa.table(
        {"region": ["a"] * 8, "industry": ["x"] * 8, "employment": [1.0] * 8}
    )
    found = ag.location_quotient_test(
        table,
        method="dartboard",
        reference={"a": 1, "b": 999},
        inference=ag.MonteCarlo(n=99, seed=1),
    )
    assert found.p_greater[0, 0] == 1 / 100


@pytest.mark.parametrize("method", ["binomial", "dartboard"])
def test_size_under_the_null(method):
    """At nominal 5 % the share of rejections stays inside a 3-sigma binomial band."""
    rng = np.random.default_rng(11)
    x = np.full(10, 0.1)
    reference = {f"r{k:02d}": 0.1 for k in range(10)}
    p = []
    for _ in range(60):
        found = ag.location_quotient_test(
            plants(rng, 500, x), method=method, reference=reference
        )
        p += found.p_two_sided[:, 0].tolist()
    share = np.mean(np.array(p) <= 0.05)
    # ten regions of one industry are nearly independent
    assert share <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / len(p))
    assert share >= 0.02


@pytest.mark.parametrize("method", ["binomial", "dartboard", "bootstrap"])
def test_coverage_of_the_interval(method):
    rng = np.random.default_rng(12)
    truth = np.array([0.3, 0.5, 0.2])
    reference = {"r00": 1, "r01": 1, "r02": 1}
    inference = ag.Bootstrap(n=200, seed=1) if method == "bootstrap" else None
    inside = []
    for _ in range(100):
        found = ag.location_quotient_test(
            plants(rng, 200, truth),
            method=method,
            reference=reference,
            inference=inference,
        )
        inside += (
            (found.lower[:, 0] <= 3 * truth) & (3 * truth <= found.upper[:, 0])
        ).tolist()
    assert np.mean(inside) >= 0.95 - 3 * np.sqrt(0.05 * 0.95 / len(inside)) - 0.02
    assert np.mean(inside) <= 0.995


def test_unknown_counts_are_not_tested_and_poison_nothing():
    holes = ag.RegionActivity.from_arrays(
        [[4, 1], [np.nan, 6]],
        margins=ag.Margins(
            region={"r0": 5, "r1": 7}, activity={"a0": 5, "a1": 7}, total=12
        ),
    )
    whole = ag.RegionActivity.from_arrays([[4, 1], [1, 6]])
    found, truth = ag.location_quotient_test(holes), ag.location_quotient_test(whole)
    assert np.isnan(found.p_greater[1, 0])
    seen = np.isfinite(found.p_greater)
    assert seen.sum() == 3
    np.testing.assert_allclose(found.p_greater[seen], truth.p_greater[seen])
    assert "missing" in found.undefined[0].reason


def test_wrong_combinations_are_refused():
    counts = ag.RegionActivity.from_arrays([[4, 1], [1, 6]])
    with pytest.raises(OptionError, match="does not fit"):
        ag.location_quotient_test(PLANTS, inference=ag.MonteCarlo())
    with pytest.raises(OptionError, match="use Bootstrap"):
        ag.location_quotient_test(PLANTS, method="bootstrap", inference=ag.MonteCarlo())
    with pytest.raises(OptionError, match="needs sizes and plants"):
        ag.location_quotient_test(counts, method="dartboard")
    with pytest.raises(OptionError, match="one row per plant"):
        ag.location_quotient_test(counts, method="bootstrap")
    with pytest.raises(OptionError, match="single plants"):
        ag.location_quotient_test(ag.as_plants(PLANTS), establishments="n")
    with pytest.raises(OptionError, match="column name"):
        ag.location_quotient_test(counts, method="dartboard", establishments="n")
    with pytest.raises(InvalidTableError, match="not_whole"):
        ag.location_quotient_test(ag.RegionActivity.from_arrays([[0.5, 1]]))
    with pytest.raises(AlignmentError, match="lacks"):
        ag.location_quotient_test(PLANTS, reference={"a": 1})
    with pytest.raises(OptionError, match="level"):
        ag.location_quotient_test(PLANTS, level=1.0)


def test_summary_frame_and_plot():
    found = ag.location_quotient_test(PLANTS)
    assert "4 tests" in found.summary()
    assert found.to_arrow().column_names[2:5] == ["n_plants", "value", "lower"]
    assert "q <= 0.05" in found.plot().get_xlabel()


def test_plants_without_a_size_are_counted():
    rows = PLANTS.set_column(2, "employment", [[None, *[1.0] * 11]])
    kept = ag.as_plants(rows, on_missing="drop")
    found = ag.location_quotient_test(kept)
    assert found.n_plants.sum() == 11
    assert "1 plants without a size" in found.provenance.warnings[0]


def test_plants_of_size_zero_count_as_plants_and_weigh_nothing():
    rows = PLANTS.set_column(2, "employment", [[0.0, *[1.0] * 11]])
    counted = ag.location_quotient_test(rows)
    assert counted.n_plants[0, 0] == 4
    weighed = ag.location_quotient_test(
        rows, method="dartboard", inference=ag.MonteCarlo(n=99, seed=1)
    )
    # three plants of a and one of b weigh
    assert weighed.values[0, 0] == pytest.approx((3 / 4) / (4 / 11))


def test_cells_and_counts_must_cover_the_same_labels():
    jobs = ag.RegionActivity.from_arrays([[4.0, 1.0]])
    counts = ag.RegionActivity.from_arrays([[4], [1]])
    with pytest.raises(AlignmentError, match="same regions"):
        ag.location_quotient_test(jobs, method="dartboard", establishments=counts)
