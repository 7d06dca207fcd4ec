"""Ellison-Glaeser family: published and hand values, limits, simulated null."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pytest

from agglo.concentration import (
    devereux,
    ellison_glaeser,
    ellison_glaeser_group,
    maurel_sedillot,
)
from agglo.core.errors import AlignmentError, InvalidTableError, OptionError
from agglo.core.options import MonteCarlo
from agglo.core.tables import as_region_activity

POINTS = Path(__file__).parents[1] / "data" / "points90" / "points90.csv"


@pytest.fixture(scope="module")
def points90() -> pa.Table:
    """points90 on 16 cells of 25 x 25: cell = 4 floor(x / 25) + floor(y / 25)."""
    raw = pacsv.read_csv(POINTS)
    x, y = raw["x"].to_numpy(), raw["y"].to_numpy()
    cell = 4 * np.floor(x / 25) + np.floor(y / 25)
    return pa.table(
        {
            "region": [f"{int(c):02d}" for c in cell],
            "industry": raw["type"],
            "employment": raw["weight"],
        }
    )


@pytest.fixture
def ten_plants() -> pa.Table:
    return pa.table(
        {
            "region": ["a"] * 5 + ["b"] * 4 + ["c"],
            "industry": ["i"] * 10,
            "employment": [200, 650, 12000, 100, 50, 16000, 13000, 1500, 1500, 25000],
        }
    )


REFERENCE = {"a": 500_000.0, "b": 400_000.0, "c": 100_000.0}


def test_ten_plants_published_example(ten_plants: pa.Table) -> None:
    got = ellison_glaeser(ten_plants, reference=REFERENCE)
    assert got.gamma[0] == pytest.approx(0.05990628412, abs=1e-11)
    assert got.G[0] == pytest.approx(0.1681632653, abs=1e-10)
    assert got.H[0] == pytest.approx(0.2446887755, abs=1e-10)
    assert got.z0[0] == pytest.approx(0.1959001970, abs=1e-9)
    assert got.n[0] == 10
    assert got.reference == "given"


def test_four_plants_uniform_reference() -> None:
    plants = pa.table(
        {
            "region": ["a", "a", "b", "c"],
            "industry": ["i"] * 4,
            "employment": [10, 20, 30, 40],
        }
    )
    got = ellison_glaeser(plants, reference=[1, 1, 1])
    assert got.G[0] == pytest.approx(0.0066666667, abs=1e-10)
    assert got.H[0] == pytest.approx(0.3, abs=1e-15)
    assert got.gamma[0] == pytest.approx(-0.4142857143, abs=1e-10)


def test_points90_sixteen_cells(points90: pa.Table) -> None:
    got = ellison_glaeser(points90)
    a = got.activity.tolist().index("A")
    assert got.G[a] == pytest.approx(0.0509810569, abs=1e-10)
    assert got.H[a] == pytest.approx(0.0606533931, abs=1e-10)
    assert got.gamma[a] == pytest.approx(-0.0054069744, abs=1e-10)
    assert got.z0[a] == pytest.approx(-0.21001001, abs=1e-8)
    ms = maurel_sedillot(points90)
    assert ms.gamma[a] == pytest.approx(0.0158866996, abs=1e-10)


def test_others_reference_equals_an_explicit_vector(points90: pa.Table) -> None:
    got = ellison_glaeser(points90, reference="others")
    size = points90["employment"].to_numpy().astype(float)
    region = np.asarray(points90["region"].to_pylist())
    kind = np.asarray(points90["industry"].to_pylist())
    for k, name in enumerate(got.activity):
        rest = {
            r: float(size[(region == r) & (kind != name)].sum()) for r in set(region)
        }
        want = ellison_glaeser(points90, reference=rest)
        for field in ("G", "gamma", "mean0", "sd0", "z0", "p0"):
            assert getattr(got, field)[k] == pytest.approx(
                getattr(want, field)[k], rel=1e-10, abs=1e-13
            )


def test_reference_may_name_regions_without_plants(ten_plants: pa.Table) -> None:
    wider = {**REFERENCE, "d": 250_000.0}
    got = ellison_glaeser(ten_plants, reference=wider)
    x = np.array([500, 400, 100, 250]) / 1250
    s = np.array([13000, 32000, 25000, 0]) / 70000
    assert got.G[0] == pytest.approx(np.sum((s - x) ** 2), rel=1e-12)


def test_all_in_one_place_has_gamma_one_against_a_small_region() -> None:
    # (G / D - H) / (1 - H) -> 1 as the reference share of the only region -> 0
    plants = pa.table(
        {"region": ["a"] * 3, "industry": ["i"] * 3, "employment": [5, 5, 5]}
    )
    reference = {"a": 0.0, **{f"r{k:03d}": 1.0 for k in range(1000)}}
    got = ellison_glaeser(plants, reference=reference)
    x2 = 1 / 1000
    assert got.gamma[0] == pytest.approx(((1 + x2) / (1 - x2) - 1 / 3) / (2 / 3))


@pytest.mark.parametrize(
    ("sizes", "regions", "status"),
    [
        ([7.0], ["a"], "too_few"),
        ([0.0, 0.0], ["a", "b"], "zero_weight"),
        ([7.0, 0.0], ["a", "b"], "one_plant"),
    ],
)
def test_undefined_activity_has_a_reason_and_spares_the_others(
    sizes: list[float], regions: list[str], status: str
) -> None:
    plants = pa.table(
        {
            "region": [*regions, "a", "b", "b"],
            "industry": ["bad"] * len(sizes) + ["good"] * 3,
            "employment": [*sizes, 1.0, 2.0, 4.0],
        }
    )
    got = ellison_glaeser(plants)
    bad, good = got.activity.tolist().index("bad"), got.activity.tolist().index("good")
    assert got.status[bad] == status
    assert np.isnan(got.gamma[bad])
    assert np.isfinite(got.gamma[good])
    assert [u.activity for u in got.undefined] == ["bad"]


def test_one_region_is_undefined() -> None:
    plants = pa.table(
        {"region": ["a"] * 3, "industry": ["i"] * 3, "employment": [1, 2, 3]}
    )
    got = ellison_glaeser(plants)
    assert got.status.tolist() == ["one_area"]
    assert np.isnan(got.gamma[0])
    assert ellison_glaeser(plants, reference="others").status.tolist() == [
        "no_reference"
    ]


def _cells() -> pa.Table:
    return pa.table(
        {
            "region": ["a", "b", "c", "a", "b"],
            "industry": ["i", "i", "i", "k", "k"],
            "employment": [40.0, 10.0, 50.0, 30.0, 30.0],
            "establishments": [4.0, 1.0, 2.0, 3.0, 2.0],
        }
    )


def test_cell_means_are_a_lower_bound_of_h() -> None:
    got = ellison_glaeser(_cells(), herfindahl="cell_means")
    # i: 4 plants of 10, 1 of 10, 2 of 25, of 100 jobs
    assert got.H[0] == pytest.approx((5 * 10**2 + 2 * 25**2) / 100**2)
    assert got.n.tolist() == [7, 5]
    assert got.herfindahl_kind == "lower_bound"
    assert "lower bound" in got.summary()
    # equal plants within every cell: the same plants one by one give the same
    plants = pa.table(
        {
            "region": ["a"] * 4 + ["b"] + ["c"] * 2 + ["a"] * 3 + ["b"] * 2,
            "industry": ["i"] * 7 + ["k"] * 5,
            "employment": [10.0] * 5 + [25.0] * 2 + [10.0] * 3 + [15.0] * 2,
        }
    )
    want = ellison_glaeser(plants)
    for field in ("G", "H", "gamma", "mean0", "sd0", "z0", "p0"):
        np.testing.assert_allclose(
            getattr(got, field), getattr(want, field), rtol=1e-12
        )


def test_cell_means_bound_h_of_the_true_plants() -> None:
    rng = np.random.default_rng(3)
    size = rng.lognormal(0, 1.5, 400)
    region = rng.integers(0, 12, 400)
    industry = rng.integers(0, 5, 400)
    plants = pa.table(
        {
            "region": region.astype(str),
            "industry": industry.astype(str),
            "employment": size,
        }
    )
    cells = (
        plants.append_column("establishments", pa.array(np.ones(400)))
        .group_by(["region", "industry"])
        .aggregate([("employment", "sum"), ("establishments", "sum")])
        .rename_columns(["region", "industry", "employment", "establishments"])
    )
    exact = ellison_glaeser(plants)
    bound = ellison_glaeser(cells, herfindahl="cell_means")
    np.testing.assert_allclose(bound.G, exact.G, rtol=1e-12)
    assert np.all(bound.H < exact.H)
    assert np.all(bound.gamma > exact.gamma)


def test_given_h_by_label_and_by_position() -> None:
    named = ellison_glaeser(_cells(), herfindahl={"i": 0.2, "k": 0.3, "z": 0.5})
    placed = ellison_glaeser(_cells(), herfindahl=[0.2, 0.3])
    np.testing.assert_array_equal(named.gamma, placed.gamma)
    np.testing.assert_array_equal(named.H, [0.2, 0.3])
    assert named.herfindahl_kind == "given"
    x = np.array([70, 40, 50]) / 160
    s = np.array([40, 10, 50]) / 100
    raw, spread = np.sum((s - x) ** 2), 1 - np.sum(x**2)
    assert named.gamma[0] == pytest.approx((raw / spread - 0.2) / 0.8)
    assert named.mean0[0] == pytest.approx(0.2 * spread)


def test_given_h_takes_the_widest_standard_deviation() -> None:
    plants = pa.table(
        {
            "region": ["a", "a", "b", "c", "c", "b"],
            "industry": ["i"] * 6,
            "employment": [1.0, 2.0, 3.0, 4.0, 10.0, 5.0],
        }
    )
    exact = ellison_glaeser(plants, reference=[1, 1, 1])
    cells = plants.group_by(["region", "industry"]).aggregate([("employment", "sum")])
    cells = cells.rename_columns(["region", "industry", "employment"])
    given = ellison_glaeser(cells, reference=[1, 1, 1], herfindahl=exact.H)
    assert given.gamma[0] == pytest.approx(exact.gamma[0])
    assert given.sd0[0] > exact.sd0[0]


def test_given_h_that_does_not_name_an_activity_leaves_it_undefined() -> None:
    got = ellison_glaeser(_cells(), herfindahl={"i": 0.2})
    assert got.status.tolist() == ["ok", "no_herfindahl"]
    assert np.isnan(got.gamma[1])


def test_unknown_cell_concerns_its_own_activity_only() -> None:
    rows = _cells().to_pylist()
    rows[1]["employment"] = None
    holed = as_region_activity(
        pa.Table.from_pylist(rows), margins="disclosed", activity="industry"
    )
    got = ellison_glaeser(holed, herfindahl={"i": 0.2, "k": 0.3})
    assert got.status.tolist() == ["unknown_cells", "ok"]
    assert np.isnan(got.gamma[0])
    assert np.isfinite(got.gamma[1])
    zero = ellison_glaeser(holed, herfindahl={"i": 0.2, "k": 0.3}, missing="zero")
    assert np.isfinite(zero.gamma).all()
    assert any("unknown" in w for w in zero.provenance.warnings)


def test_cell_with_jobs_but_no_establishment_is_undefined() -> None:
    rows = _cells().to_pylist()
    rows[0]["establishments"] = 0.0
    got = ellison_glaeser(pa.Table.from_pylist(rows), herfindahl="cell_means")
    assert got.status.tolist() == ["no_plants", "ok"]


def test_bad_options_are_refused(ten_plants: pa.Table) -> None:
    with pytest.raises(OptionError, match="all"):
        ellison_glaeser(ten_plants, reference="al")  # type: ignore[arg-type]
    with pytest.raises(OptionError, match="cell_means"):
        ellison_glaeser(ten_plants, herfindahl="cell_mean")  # type: ignore[arg-type]
    with pytest.raises(OptionError, match="one row per plant"):
        ellison_glaeser(as_region_activity(_cells(), activity="industry"))
    with pytest.raises(AlignmentError, match="reference"):
        ellison_glaeser(ten_plants, reference={"a": 1.0, "b": 1.0})
    with pytest.raises(AlignmentError, match="3"):
        ellison_glaeser(ten_plants, reference=[1.0, 1.0])
    with pytest.raises(OptionError, match="negative"):
        ellison_glaeser(ten_plants, reference=[1.0, -1.0, 1.0])
    with pytest.raises(OptionError, match="Monte Carlo"):
        ellison_glaeser(_cells(), herfindahl=[0.2, 0.3], inference=MonteCarlo(n=9))
    with pytest.raises(OptionError, match="between 0 and 1"):
        ellison_glaeser(_cells(), herfindahl=[0.2, 1.3])
    with pytest.raises(AlignmentError, match="2"):
        ellison_glaeser(_cells(), herfindahl=[0.2, 0.3, 0.4])


def test_negative_size_is_refused(ten_plants: pa.Table) -> None:
    rows = ten_plants.to_pylist()
    rows[3]["employment"] = -1
    with pytest.raises(InvalidTableError):
        ellison_glaeser(pa.Table.from_pylist(rows))


def test_monte_carlo_repeats_and_agrees_with_moments(points90: pa.Table) -> None:
    options = MonteCarlo(n=499, seed=11)
    first = ellison_glaeser(points90, inference=options)
    second = ellison_glaeser(points90, inference=options)
    np.testing.assert_array_equal(first.p0, second.p0)
    assert first.p_method == "monte_carlo"
    assert first.provenance.seed == 11
    assert np.all(first.p0 >= 1 / 500)
    # p of two independent methods, 499 draws: three standard errors are 0.067
    np.testing.assert_allclose(first.p0, ellison_glaeser(points90).p0, atol=0.08)
    others = ellison_glaeser(points90, reference="others", inference=options)
    np.testing.assert_allclose(
        others.p0, ellison_glaeser(points90, reference="others").p0, atol=0.08
    )


def test_monte_carlo_counts_ties() -> None:
    # two equal plants in two equal regions: together (G = 1/2) or apart (G = 0)
    plants = pa.table(
        {"region": ["a", "a"], "industry": ["i", "i"], "employment": [1, 1]}
    )
    got = ellison_glaeser(
        plants, reference={"a": 1, "b": 1}, inference=MonteCarlo(n=999, seed=1)
    )
    assert got.p0[0] == pytest.approx(0.5, abs=0.05)
    apart = pa.table(
        {"region": ["a", "b"], "industry": ["i", "i"], "employment": [1, 1]}
    )
    got = ellison_glaeser(apart, reference=[1, 1], inference=MonteCarlo(n=99, seed=1))
    assert got.p0[0] == 1.0


def test_alternative_turns_the_p_value(points90: pa.Table) -> None:
    greater = ellison_glaeser(points90).p0
    less = ellison_glaeser(points90, alternative="less").p0
    both = ellison_glaeser(points90, alternative="two-sided").p0
    np.testing.assert_allclose(greater + less, 1.0)
    np.testing.assert_allclose(both, np.minimum(1, 2 * np.minimum(greater, less)))


def _literal_group(plants: pa.Table, members: list[str], x: np.ndarray) -> float:
    """The formula of the paper word by word, from gammas and Herfindahl indices."""
    size = plants["employment"].to_numpy().astype(float)
    region = np.asarray(plants["region"].to_pylist())
    industry = np.asarray(plants["industry"].to_pylist())
    regions = np.unique(region)
    spread = 1 - np.sum(x**2)
    w, h, g, shares = [], [], [], []
    for name in members:
        e = size[industry == name]
        s = np.array([size[(industry == name) & (region == r)].sum() for r in regions])
        s /= e.sum()
        h.append(np.sum((e / e.sum()) ** 2))
        g.append((np.sum((s - x) ** 2) / spread - h[-1]) / (1 - h[-1]))
        w.append(e.sum())
        shares.append(s)
    w, h, g = np.array(w) / np.sum(w), np.array(h), np.array(g)
    merged = np.sum(w[:, None] * np.array(shares), axis=0)
    big_g, big_h = np.sum((merged - x) ** 2), np.sum(w**2 * h)
    within = np.sum(g * w**2 * (1 - h))
    return float((big_g / spread - big_h - within) / (1 - np.sum(w**2)))


def test_group_equals_the_literal_formula(points90: pa.Table) -> None:
    groups = {"A": "AB", "B": "AB"}
    got = ellison_glaeser_group(points90, groups=groups)
    size = points90["employment"].to_numpy().astype(float)
    region = np.asarray(points90["region"].to_pylist())
    x = np.array([size[region == r].sum() for r in np.unique(region)]) / size.sum()
    assert got.group.tolist() == ["AB"]
    assert got.gamma[0] == pytest.approx(
        _literal_group(points90, ["A", "B"], x), abs=1e-12
    )
    # two members: the group is the pair
    assert got.gamma[0] == pytest.approx(-0.0050390442, abs=1e-10)


def test_group_with_a_single_plant_member_is_defined() -> None:
    plants = pa.table(
        {
            "region": ["a", "a", "b", "c"],
            "industry": ["i", "k", "k", "z"],
            "employment": [5.0, 5.0, 5.0, 9.0],
        }
    )
    got = ellison_glaeser_group(plants, groups={"i": "g", "k": "g", "z": "alone"})
    assert got.status.tolist() == ["one_activity", "ok"]
    x = np.array([10, 5, 9]) / 24
    pair = (
        (np.array([1, 0, 0]) - x) @ (np.array([0.5, 0.5, 0]) - x) / (1 - np.sum(x**2))
    )
    w = np.array([1 / 3, 2 / 3])
    want = 2 * w[0] * w[1] * pair / (1 - np.sum(w**2))
    assert got.gamma[1] == pytest.approx(want, abs=1e-14)


def test_group_others_leaves_the_whole_group_out(points90: pa.Table) -> None:
    got = ellison_glaeser_group(
        points90, groups={"A": "g", "B": "g"}, reference="others"
    )
    size = points90["employment"].to_numpy().astype(float)
    region = np.asarray(points90["region"].to_pylist())
    other = np.asarray(points90["industry"].to_pylist()) == "C"
    x = np.array([size[(region == r) & other].sum() for r in np.unique(region)])
    want = _literal_group(points90, ["A", "B"], x / x.sum())
    assert got.gamma[0] == pytest.approx(want, abs=1e-12)


def test_group_naming_no_activity_is_refused(points90: pa.Table) -> None:
    with pytest.raises(AlignmentError, match="groups"):
        ellison_glaeser_group(points90, groups={"X": "g"})


def test_devereux_hand_case() -> None:
    plants = pa.table(
        {
            "region": ["a", "a", "b", "c"],
            "industry": ["i"] * 4,
            "employment": [10.0, 20.0, 30.0, 40.0],
        }
    )
    got = devereux(plants)
    # s = .3 .3 .4 in three regions; z = .1 .2 .3 .4
    assert got.F[0] == pytest.approx(0.34 - 1 / 3)
    assert got.industrial[0] == pytest.approx(0.30 - 1 / 4)
    assert got.alpha[0] == pytest.approx(0.34 - 1 / 3 - 0.05)


def test_devereux_groups_hand_case() -> None:
    plants = pa.table(
        {
            "region": ["a", "b", "a", "b", "c"],
            "industry": ["i", "i", "k", "k", "k"],
            "employment": [2.0, 2.0, 4.0, 1.0, 1.0],
        }
    )
    got = devereux(plants, groups={"i": "g", "k": "g"})
    f_i = 0.5 - 1 / 2
    f_k = (16 + 1 + 1) / 36 - 1 / 3
    f_g = (36 + 9 + 1) / 100 - 1 / 3
    w2 = np.array([0.4, 0.6]) ** 2
    want = (f_g - w2 @ [f_i, f_k]) / (1 - w2.sum())
    assert got.alpha[0] == pytest.approx(want, abs=1e-14)
    assert got.grouped


def test_results_are_frozen_and_plain(points90: pa.Table) -> None:
    got = ellison_glaeser(points90)
    with pytest.raises(ValueError, match="read-only"):
        got.gamma[0] = 1.0
    body = got.to_dict()
    assert body["columns"]["activity"] == ["A", "B", "C"]
    assert got.to_arrow().num_rows == 3
    got.plot()
    assert "Ellison" in got.summary()


@pytest.mark.slow
def test_variance_of_the_dartboard() -> None:
    """400,000 throws of the ten published plants against the closed form."""
    from agglo.concentration._kernels import agglomeration as kernels
    from agglo.concentration._kernels.dartboard import alias_tables, dartboard_draws

    size = np.array([200, 650, 12000, 100, 50, 16000, 13000, 1500, 1500, 25000.0])
    z = size / size.sum()
    x = np.array([0.5, 0.4, 0.1])
    keep, alias = alias_tables(x[None, :])
    draws = dartboard_draws(
        np.random.default_rng(5),
        400_000,
        np.array([0, 10]),
        z,
        x[None, :],
        np.array([np.sum(x**2)]),
        keep,
        alias,
    )[:, 0]
    mean, sd = kernels.dartboard_moments(
        np.array([np.sum(z**2)]),
        np.array([np.sum(z**4)]),
        np.array([np.sum(x**2)]),
        np.array([np.sum(x**3)]),
    )
    # three standard errors of a variance from 4e5 draws of this G are about 1 %
    assert draws.var() == pytest.approx(sd[0] ** 2, rel=0.01)
    assert draws.mean() == pytest.approx(mean[0], rel=0.002)


def _thrown(
    rng: np.random.Generator, n_activities: int, n: int, gamma: float
) -> pa.Table:
    """Plants of activities whose area probabilities are Dirichlet with mean x.

    Ellison and Glaeser's model: E G / D = gamma + (1 - gamma) H when the probabilities
    have variance gamma x (1 - x), which a Dirichlet with sum 1 / gamma - 1 has.
    """
    areas = 60
    x = np.linspace(1, 4, areas)
    x /= x.sum()
    region, industry, size = [], [], []
    for k in range(n_activities):
        p = rng.dirichlet(x * (1 / gamma - 1)) if gamma > 0 else x
        region.append(rng.choice(areas, n, p=p))
        industry.append(np.full(n, k))
        size.append(rng.lognormal(0, 1, n))
    return pa.table(
        {
            "region": [f"{r:02d}" for r in np.concatenate(region)],
            "industry": [f"{k:03d}" for k in np.concatenate(industry)],
            "employment": np.concatenate(size),
        }
    ), {f"{r:02d}": float(v) for r, v in enumerate(x)}


@pytest.mark.slow
def test_null_rates_are_nominal() -> None:
    rng = np.random.default_rng(17)
    plants, x = _thrown(rng, 1000, 40, 0.0)
    exact = ellison_glaeser(plants, reference=x, inference=MonteCarlo(n=199, seed=3))
    # 1000 tests at 5 %: three standard errors are 2.1 points
    assert np.mean(exact.p0 <= 0.05) == pytest.approx(0.05, abs=0.021)
    moments = ellison_glaeser(plants, reference=x)
    assert np.mean(moments.p0 <= 0.05) == pytest.approx(0.05, abs=0.025)
    se = np.std(exact.gamma) / np.sqrt(1000)
    assert abs(np.mean(exact.gamma)) < 3 * se


@pytest.mark.slow
@pytest.mark.parametrize("gamma", [0.02, 0.1])
def test_planted_gamma_is_recovered(gamma: float) -> None:
    rng = np.random.default_rng(23)
    plants, x = _thrown(rng, 800, 60, gamma)
    got = ellison_glaeser(plants, reference=x)
    se = np.std(got.gamma) / np.sqrt(800)
    assert np.mean(got.gamma) == pytest.approx(gamma, abs=3 * se)
    assert np.mean(got.p0 <= 0.05) > (0.5 if gamma < 0.05 else 0.95)
