"""Directed coagglomeration: nearest neighbours, transport, entrants.

Expected values: specification (points90; POT 0.9.7 for transport, plain numpy for the
others), enumeration on paper-sized examples.
"""

import itertools

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment, linprog
from scipy.stats import kstest

from agglo.concentration import (
    entrant_coagglomeration,
    nearest_coagglomeration,
    wasserstein_coagglomeration,
)
from agglo.concentration._kernels import directed_nearest as nearest
from agglo.concentration._kernels import released_script as script
from agglo.concentration._kernels import transport as kernels
from agglo.concentration._kernels.transport_draws import Sites, plant_cost
from agglo.core.errors import (
    AlignmentError,
    OptionError,
)
from agglo.core.options import Permutation

NAMES = {"x": "x", "y": "y", "type": "type"}


@pytest.fixture(scope="module")
def points90(root):
    return pa.csv.read_csv(root / "tests/data/points90/points90.csv")


def one(found, *fields):
    return [float(getattr(found, f)[0]) for f in fields]


def plants(at, industry, **more):
    at = np.asarray(at, dtype=float)
    columns = {"x_km": at[:, 0], "y_km": at[:, 1], "industry": list(industry)}
    return pa.table({**columns, **more})


def cloud(seed=3, sizes=(40, 25, 60), side=100.0):
    rng = np.random.default_rng(seed)
    at = rng.uniform(0, side, (sum(sizes), 2))
    return plants(at, np.repeat([chr(97 + k) for k in range(len(sizes))], sizes))


# nearest neighbours


@pytest.mark.parametrize(
    ("anchor", "mover", "options", "expected"),
    [
        ("A", "B", {}, (7.062713218, 9.896689582, 0.286355992, 3.468092995)),
        (
            "A",
            "B",
            {"pool": "all"},
            (7.062713218, 6.597793055, -0.070466012, -0.447508894),
        ),
        ("B", "A", {}, (6.014994493, 7.666217677, 0.215389551, 2.659088962)),
        (
            "A",
            "B",
            {"weight": "weight"},
            (7.458777113, 9.896689582, 0.246336156, 2.073980534),
        ),
        (
            "A",
            "B",
            {"rarefy": 10},
            (11.309139731, 13.928496366, 0.188057387, 3.576023352),
        ),
        ("B", "A", {"rarefy": 10}, (None, None, 0.175217711, 3.631788038)),
    ],
)
def test_nearest_reference_values(points90, anchor, mover, options, expected):
    given = {"rarefy": None, **NAMES, **options}
    found = nearest_coagglomeration(points90, anchor=anchor, mover=mover, **given)
    for value, want in zip(
        one(found, "observed_km", "null_mean", "effect", "z"), expected, strict=True
    ):
        if want is not None:
            assert value == pytest.approx(want, abs=2e-9)


def _subsets(f, n):
    return np.array([np.mean(c) for c in itertools.combinations(f, n)])


def test_nearest_moments_equal_enumeration():
    f = np.random.default_rng(1).lognormal(0, 1, 9)
    sums = np.array([(f**q).sum() for q in (1, 2, 3)])
    found = nearest.null_moments(np.array(9.0), sums, 0.0, np.array([4.0, 4.0, 4.0]))
    means = _subsets(f, 4)
    away = means - means.mean()
    assert found.mean == pytest.approx(means.mean())
    assert found.sd == pytest.approx(means.std())
    assert found.skewness == pytest.approx((away**3).mean() / means.std() ** 3)


def test_weighted_moments_equal_enumeration():
    f = np.random.default_rng(2).lognormal(0, 1, 6)
    w = np.array([1.0, 5.0, 2.0])
    powers = np.array([(w**q).sum() for q in (1, 2, 3)])
    sums = np.array([(f**q).sum() for q in (1, 2, 3)])
    found = nearest.null_moments(np.array(6.0), sums, 0.0, powers)
    means = np.array([np.dot(c, w) / w.sum() for c in itertools.permutations(f, 3)])
    away = means - means.mean()
    assert found.sd == pytest.approx(means.std())
    assert found.skewness == pytest.approx((away**3).mean() / means.std() ** 3)


def test_rarefied_weights_equal_enumeration():
    at = np.random.default_rng(5).uniform(0, 1, (7, 2))
    site = np.array([[0.3, 0.4]])
    d = np.hypot(*(at - site[0]).T)
    mean = np.mean([min(c) for c in itertools.combinations(d, 3)])
    omega = nearest.rarefied_weights(7, 3, 1e-13)
    assert omega.sum() == pytest.approx(1.0)
    found = nearest.weighted_neighbours(at, site, omega[:, None])
    assert found[0, 0] == pytest.approx(mean)


@pytest.mark.parametrize(
    "pool", ["exclude_anchor", "all", "exclude_both", "exclude_mover"]
)
def test_pools_are_who_they_say(pool):
    table = cloud(sizes=(12, 9, 15))
    found = nearest_coagglomeration(
        table, anchor="a", mover="b", pool=pool, rarefy=None
    )
    at = np.column_stack([table["x_km"], table["y_km"]])
    kind = np.array(table["industry"])
    f = np.hypot(*(at[:, None] - at[kind == "a"]).transpose(2, 0, 1)).min(axis=1)
    left_out = {
        "exclude_anchor": "a",
        "all": "",
        "exclude_both": "ab",
        "exclude_mover": "b",
    }
    kept = ~np.isin(kind, list(left_out[pool]))
    assert found.n_pool[0] == kept.sum()
    assert found.null_mean[0] == pytest.approx(f[kept].mean())
    sd = f[kept].std(ddof=1) * np.sqrt(1 / 9 - 1 / kept.sum())
    if kept.sum() > 9:
        assert found.null_sd[0] == pytest.approx(sd)


def test_same_sector_pool():
    table = cloud(sizes=(12, 9, 15, 20)).append_column(
        "sector", pa.array(["s"] * 12 + ["t"] * 24 + ["s"] * 20)
    )
    found = nearest_coagglomeration(
        table, anchor="a", mover="b", pool="same_sector", sector="sector"
    )
    assert found.n_pool[0] == 24
    wrong = table.set_column(3, "sector", pa.array(["s", "t"] * 28))
    with pytest.raises(AlignmentError, match="more than one sector"):
        nearest_coagglomeration(wrong, pool="same_sector", sector="sector")


def test_p_is_uniform_under_the_null():
    p = []
    for seed in range(40):
        found = nearest_coagglomeration(cloud(seed, (30, 20, 60)))
        p += found.p[:2].tolist()
    assert kstest(p, "uniform").pvalue > 0.001


def test_small_movers_are_drawn():
    table = cloud(sizes=(20, 4, 40))
    found = nearest_coagglomeration(table, anchor="a", mover="b", rarefy=None)
    assert found.p_method[0] == "draws"
    assert found.n_draws[0] == 9999
    at = np.column_stack([table["x_km"], table["y_km"]])
    f = np.hypot(*(at[20:, None] - at[:20]).transpose(2, 0, 1)).min(axis=1)
    exact = np.mean(_subsets(f, 4) <= f[:4].mean() + 1e-12)
    assert found.p[0] == pytest.approx(exact, abs=0.02)


def _follow(seed, n_a=60, n_b=60, n_rest=150):
    rng = np.random.default_rng(seed)
    a = rng.uniform(0, 100, (n_a, 2))
    near = rng.random(n_b) < 0.7
    b = np.where(
        near[:, None],
        a[rng.integers(0, n_a, n_b)] + rng.normal(0, 2, (n_b, 2)),
        rng.uniform(0, 100, (n_b, 2)),
    )
    rest = rng.uniform(0, 100, (n_rest, 2))
    return plants(np.vstack([a, b, rest]), "a" * n_a + "b" * n_b + "c" * n_rest)


def test_the_follower_is_the_mover():
    right = 0
    for seed in range(40):
        effect = nearest_coagglomeration(_follow(seed)).matrix("effect")
        right += effect[0, 1] > effect[1, 0]  # [anchor, mover]
    assert right >= 30


def test_rarefaction_removes_the_effect_of_size():
    raw = even = 0
    for seed in range(30):
        rng = np.random.default_rng(seed)
        centres = rng.uniform(0, 100, (6, 2))
        two = [
            centres[rng.integers(0, 6, n)] + rng.normal(0, 8, (n, 2)) for n in (40, 150)
        ]
        at = np.vstack([*two, rng.uniform(0, 100, (6000, 2))])
        table = plants(at, "a" * 40 + "b" * 150 + "c" * 6000)
        two_ways = {"anchor": ["a", "b"], "mover": ["a", "b"]}
        e = nearest_coagglomeration(table, rarefy=None, **two_ways).matrix("effect")
        raw += e[0, 1] > e[1, 0]
        e = nearest_coagglomeration(table, **two_ways).matrix("effect")
        even += e[0, 1] > e[1, 0]
    assert raw == 0
    assert 0.3 < even / 30 < 0.72


# transport


@pytest.mark.parametrize("n", [1, 2, 7, 40])
def test_transport_is_an_assignment_for_equal_sizes(n):
    rng = np.random.default_rng(n)
    cost = kernels.costs_between(rng.random((n, 2)), rng.random((n, 2)), 1.0)
    mass = np.ones(n, dtype=np.int64)
    i, j = linear_sum_assignment(cost)
    assert kernels.transport(cost, mass, mass)[0] == pytest.approx(cost[i, j].sum())


@given(st.integers(1, 9), st.integers(1, 9), st.integers(0, 999))
def test_transport_is_the_linear_programme(n, m, seed):
    rng = np.random.default_rng(seed)
    # whole positions: many ties and places shared
    a, b = (
        rng.integers(0, 4, (n, 2)).astype(float),
        rng.integers(0, 4, (m, 2)).astype(float),
    )
    cost = kernels.costs_between(a, b, 2.0)
    w, v = rng.integers(1, 9, n), rng.integers(1, 9, m)
    one_, two = (w * v.sum()).astype(np.int64), (v * w.sum()).astype(np.int64)
    rows = np.zeros((n + m, n * m))
    for i in range(n):
        rows[i, i * m : (i + 1) * m] = 1
    for j in range(m):
        rows[n + j, j::m] = 1
    want = linprog(cost.ravel(), A_eq=rows, b_eq=np.concatenate([one_, two])).fun
    found, price = kernels.transport(cost, one_, two)
    assert found == pytest.approx(want, rel=1e-7, abs=1e-7)
    assert (cost + price[:n, None] - price[None, n:]).min() > -1e-8


def test_transport_reference_values(points90):
    found = wasserstein_coagglomeration(
        points90, power=2, method="exact", inference=Permutation(n=5, seed=1), **NAMES
    )
    square = found.matrix("observed_km") ** 2
    np.testing.assert_allclose(
        square[[0, 0, 1], [1, 2, 2]], [93.806298, 284.946905, 190.645923], atol=1e-6
    )
    np.testing.assert_allclose(square, square.T, rtol=1e-12)
    weighed = wasserstein_coagglomeration(
        points90,
        anchor="A",
        mover="B",
        power=2,
        weight="weight",
        inference=Permutation(n=5, seed=1),
        **NAMES,
    )
    assert weighed.observed_km[0] ** 2 == pytest.approx(208.626972, abs=1e-6)


def test_transport_null_reference_values(points90):
    found = wasserstein_coagglomeration(
        points90,
        anchor="A",
        power=2,
        method="exact",
        inference=Permutation(n=10_000, seed=1),
        **NAMES,
    )
    np.testing.assert_allclose(found.effect, [0.3849, -0.0735], atol=0.003)
    np.testing.assert_allclose(found.z, [3.275, -0.628], atol=0.06)
    assert found.percentile[0] >= 0.999
    assert found.percentile[1] == pytest.approx(0.243, abs=0.015)


def test_script_reference_values(points90):
    assert script.SLIP == -9.0
    at = np.column_stack([points90["x"], points90["y"]]) / 100
    kind = np.array(points90["type"])
    table = pa.table({"lon": at[:, 0], "lat": at[:, 1], "industry": kind})
    found = wasserstein_coagglomeration(
        table,
        anchor="A",
        kind="released_script",
        x="lon",
        y="lat",
        inference=Permutation(n=5000, seed=1),
    )
    np.testing.assert_allclose(
        found.observed_km, [0.2752608990, 0.2847339406], atol=1e-8
    )
    assert found.percentile[0] == pytest.approx(0.474, abs=0.02)
    diagonal = np.diag(found.matrix("percentile"))
    assert (diagonal == 1.0).all()
    assert np.isnan([found.p[0], found.effect[0], found.z[0]]).all()
    assert "reproduction" in found.provenance.warnings[-1]


def test_script_tests_the_centroid():
    # four shared centres: the exact index sees them, the script does not
    exact, slip, centroid = [], [], []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        centres = np.array([[20, 20], [20, 80], [80, 20], [80, 80]], float)
        two = [
            centres[rng.integers(0, 4, 60)] + rng.normal(0, 3, (60, 2)) for _ in "ab"
        ]
        at = np.vstack([*two, rng.uniform(0, 100, (1500, 2))])
        kind = ["a"] * 60 + ["b"] * 60 + ["c"] * 1500
        given_ = {"anchor": "a", "mover": "b", "inference": Permutation(n=199, seed=1)}
        exact.append(
            wasserstein_coagglomeration(
                plants(at, kind), power=2, method="exact", **given_
            )
        )
        degrees = pa.table(
            {"lon": at[:, 0] / 100, "lat": at[:, 1] / 100, "industry": kind}
        )
        slip.append(
            wasserstein_coagglomeration(
                degrees, kind="released_script", x="lon", y="lat", **given_
            )
        )
        gap = ((at - two[0].mean(axis=0)) ** 2).sum(axis=1)
        draws = [rng.choice(gap, 60, replace=False).mean() for _ in range(199)]
        centroid.append(np.mean(draws >= gap[60:120].mean()))
    shares = [f.percentile[0] for f in slip]
    assert np.mean([f.percentile[0] for f in exact]) >= 0.4
    assert np.mean(shares) <= 0.25
    assert np.corrcoef(shares, centroid)[0, 1] > 0.9


@given(st.integers(0, 999), st.floats(0.5, 20))
def test_metric(seed, shift):
    rng = np.random.default_rng(seed)
    sites = rng.uniform(0, 50, (24, 2))
    moved = np.vstack([sites[:8], sites[:8] + np.array([shift, 0.0])])
    rows, w = np.arange(8), np.ones(8)
    a, b, c = (np.arange(k, k + 8) for k in (0, 8, 16))

    def cost(i, j, power=1.0, at=sites):
        where = Sites(at, np.empty((0, 0)), power, 0.0)
        return plant_cost(where, i, w, j, w) ** (1 / power)

    assert cost(a, a) == pytest.approx(0.0, abs=1e-9)
    assert cost(a, b) == pytest.approx(cost(b, a))
    assert cost(a, c) <= cost(a, b) + cost(b, c) + 1e-9
    assert cost(a, b) <= cost(a, b, 2.0) + 1e-9
    for power in (1.0, 2.0):
        assert cost(rows, rows + 8, power, moved) == pytest.approx(shift)
    line = sites * [1.0, 0.0]
    want = np.abs(np.sort(line[a, 0]) - np.sort(line[b, 0])).mean()
    assert cost(a, b, 1.0, line) == pytest.approx(want)


def test_places_shared_by_plants_are_one_site():
    rng = np.random.default_rng(2)
    at = rng.integers(0, 5, (60, 2)).astype(float)
    sites, site = np.unique(at, axis=0, return_inverse=True)
    a, b, w = np.arange(20), np.arange(20, 55), np.ones
    one_, two = (Sites(s, np.empty((0, 0)), 1.0, 0.0) for s in (sites, at))
    merged = plant_cost(one_, site.ravel()[a], w(20), site.ravel()[b], w(35))
    apart = plant_cost(two, a, w(20), b, w(35))
    assert merged == pytest.approx(apart, abs=1e-10)


def test_transport_p_is_uniform_under_the_null():
    c, z = [], []
    for seed in range(60):
        found = wasserstein_coagglomeration(
            cloud(seed, (15, 12, 30)),
            anchor="a",
            mover="b",
            method="exact",
            inference=Permutation(n=199, seed=seed),
        )
        c.append(found.percentile[0])
        z.append(found.z[0])
    assert kstest(c, "uniform").pvalue > 0.001
    assert abs(np.mean(z)) < 0.4
    assert 0.75 < np.std(z) < 1.3


@pytest.mark.parametrize("power", [1.0, 2.0])
def test_surrogate_agrees_with_draws(power):
    table = cloud(5, (40, 30, 35, 50, 45, 200))
    given_ = {"power": power, "anchor": ["a", "b", "c"]}
    exact = wasserstein_coagglomeration(
        table, method="exact", inference=Permutation(n=999, seed=3), **given_
    )
    found = wasserstein_coagglomeration(
        table, method="surrogate", inference=Permutation(n=999, seed=4), **given_
    )
    assert (found.p_method == "surrogate").all()
    assert np.sqrt(np.mean((found.p - exact.p) ** 2)) < 0.045
    np.testing.assert_allclose(found.effect, exact.effect, atol=0.02)


def test_sequential_stops_early_and_agrees():
    found = wasserstein_coagglomeration(
        cloud(1),
        anchor="a",
        mover="b",
        method="sequential",
        inference=Permutation(n=99, seed=1),
    )
    exact = wasserstein_coagglomeration(
        cloud(1),
        anchor="a",
        mover="b",
        method="exact",
        inference=Permutation(n=999, seed=2),
    )
    assert found.n_draws[0] < 9999
    assert found.p[0] == pytest.approx(exact.p[0], abs=0.25)


def test_auto_draws_where_it_matters():
    found = wasserstein_coagglomeration(
        _follow(1),
        anchor="a",
        mover="b",
        pool="all",
        inference=Permutation(n=999, seed=1),
    )
    assert found.p_method[0] in ("screened", "surrogate")
    near = np.random.default_rng(1).normal(50, 3, (60, 2))
    table = plants(
        np.vstack([near, np.random.default_rng(2).uniform(0, 100, (200, 2))]),
        "a" * 30 + "b" * 30 + "c" * 200,
    )
    found = wasserstein_coagglomeration(
        table, anchor="a", mover="b", inference=Permutation(n=999, seed=1)
    )
    assert found.p_method[0] == "screened"
    assert found.p[0] == pytest.approx(1e-4)


def test_draws_do_not_depend_on_other_pairs_or_threads(monkeypatch):
    table = cloud(4, (20, 15, 30))
    given_ = {"inference": Permutation(n=130, seed=5)}
    every = wasserstein_coagglomeration(table, method="exact", **given_)
    alone = wasserstein_coagglomeration(
        table, anchor="b", mover="c", method="exact", **given_
    )
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    single = wasserstein_coagglomeration(table, method="exact", **given_)
    k = np.flatnonzero((every.anchor == "b") & (every.mover == "c"))[0]
    assert alone.null_mean[0] == every.null_mean[k]
    np.testing.assert_array_equal(single.null_mean, every.null_mean)
    np.testing.assert_array_equal(single.p, every.p)


def test_rotation_and_shift_change_nothing():
    table = cloud(4, (20, 15, 30))
    at = np.column_stack([table["x_km"], table["y_km"]])
    turn = np.array([[0.6, -0.8], [0.8, 0.6]])
    turned = plants(at @ turn.T + [7.0, -300.0], np.array(table["industry"]))
    for measure in (nearest_coagglomeration, wasserstein_coagglomeration):
        given_ = {} if measure is nearest_coagglomeration else {"method": "exact"}
        one_, two = (measure(t, **given_) for t in (table, turned))
        np.testing.assert_allclose(one_.observed_km, two.observed_km)


def test_swapped_roles_are_transposed(points90):
    there = nearest_coagglomeration(points90, anchor="A", mover="B", **NAMES)
    every = nearest_coagglomeration(points90, **NAMES)
    assert every.matrix("z")[0, 1] == there.z[0]
    assert np.isnan(np.diag(every.matrix("z"))).all()
    assert "anchor" in there.summary()
    assert "mover" in there.to_dict()["summary"]


# entrants


def test_entrants_follow_incumbents():
    there = back = 0
    for seed in range(30):
        rng = np.random.default_rng(seed)
        a = rng.uniform(0, 100, (60, 2))
        b_old = rng.uniform(0, 100, (40, 2))
        b_new = a[rng.integers(0, 60, 25)] + rng.normal(0, 2, (25, 2))
        a_new = rng.uniform(0, 100, (25, 2))
        rest = rng.uniform(0, 100, (150, 2))
        table = plants(
            np.vstack([a, b_old, b_new, a_new, rest]),
            "a" * 60 + "b" * 65 + "a" * 25 + "c" * 150,
            opened=[2000] * 100 + [2010] * 200,
        )
        found = entrant_coagglomeration(table, at=2010)
        p = found.matrix("p", period="2010")
        there += p[0, 1] < 0.05
        back += p[1, 0] < 0.05
    assert there >= 27
    assert back <= 5


def test_verdicts_and_weights():
    table = _follow(3)
    found = nearest_coagglomeration(table)
    said = found.verdicts()
    k = np.flatnonzero((said.a == "a") & (said.b == "b"))[0]
    assert said.verdict[k] in ("both", "b→a only")
    assert "not significantly larger" in said.summary()
    weights = found.excess_weights()
    assert (weights[~(found.q < 0.1)] == 0).all()
    assert (found.excess_weights("centred") == found.percentile - 0.5).all()
    with pytest.raises(OptionError, match="both directions"):
        nearest_coagglomeration(table, anchor="a", mover="b").verdicts()


def test_regions_stand_alone_and_combine():
    one_, two = cloud(1, (20, 15, 40)), cloud(2, (25, 30, 20))
    both = pa.concat_tables([one_, two]).append_column(
        "region", pa.array(["p"] * 75 + ["q"] * 75)
    )
    found = nearest_coagglomeration(both, region="region")
    alone = nearest_coagglomeration(two)
    np.testing.assert_allclose(found.z[found.region == "q"], alone.z)
    combined = found.combined()
    rows = (found.anchor == "a") & (found.mover == "b")
    n, z, e = found.n_mover[rows], found.z[rows], found.effect[rows]
    k = np.flatnonzero((combined.anchor == "a") & (combined.mover == "b"))[0]
    assert combined.z[k] == pytest.approx((np.sqrt(n) * z).sum() / np.sqrt(n.sum()))
    assert combined.effect[k] == pytest.approx((n * e).sum() / n.sum())
    assert combined.n_regions[k] == 2
