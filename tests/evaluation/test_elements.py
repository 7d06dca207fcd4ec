"""The three elements and the gate: hand cases, planted truth, null rates, bad input."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from agglo.core.errors import AlignmentError, InvalidTableError, OptionError
from agglo.core.options import Permutation
from agglo.evaluation import (
    connection_test,
    cooperation_test,
    proximity_test,
    three_element_test,
)
from agglo.simulate import simulate_formation

DRAWS = Permutation(n=199, seed=7)
UNSEEN = 51_877
# spec/formation.md section 14
TOY = pa.table({"origin": list("abcdefc"), "destination": list("bcaefdd")})
TRIO = pa.table({"cluster": ["k"] * 3, "member": list("abc")})


def judged(economy, edges=True, links=True):
    members = economy.members
    own = members.filter(pc.not_equal(members["cluster"], "*"))
    held = own.group_by(["cluster", "industry"]).aggregate([("employment", "sum")])
    held = held.rename_columns(["cluster", "industry", "employment"])
    near = proximity_test(own, members, stratum="size", inference=DRAWS)
    related = (
        connection_test(
            held, economy.industry_links, weight="employment", inference=DRAWS
        )
        if links
        else None
    )
    tied = (
        cooperation_test(
            economy.edges, own.select(["cluster", "member"]), inference=DRAWS
        )
        if edges
        else None
    )
    return near, related, tied


@pytest.fixture(scope="module")
def economy():
    return simulate_formation(per_kind=12, seed=UNSEEN)


@pytest.fixture(scope="module")
def tests(economy):
    return judged(economy)


def test_e_i_toy():
    found = cooperation_test(TOY, TRIO, min_ties=1, inference=DRAWS)
    assert found.value[0] == 3
    assert found.extra["external"][0] == 1
    assert found.extra["ei"][0] == -0.5
    assert found.extra["expected_quick"][0] == pytest.approx(16 / 14)
    assert found.value[0] / found.extra["expected_quick"][0] == pytest.approx(2.625)


def test_toy_has_too_few_ties_to_be_judged():
    found = cooperation_test(TOY, TRIO, inference=DRAWS)
    assert found.status[0] == "not_testable"
    assert found.reason[0] == "fewer than 10 ties"
    assert np.isnan(found.p[0])


def test_coupling_of_the_specification():
    # g, i, c = .9, .8, .7: strength 0.795811, D 0.892083
    from agglo.evaluation.gate import _strength

    parts = [np.array([v]) for v in (0.9, 0.8, 0.7)]
    strength, coupling = _strength(parts)
    assert strength[0] == pytest.approx(0.795811, abs=1e-6)
    assert coupling[0] == pytest.approx(0.892083, abs=1e-6)


def test_mean_distance_by_hand():
    sites = pa.table(
        {"cluster": ["c"] * 3, "x_km": [0.0, 3.0, 0.0], "y_km": [0.0, 0.0, 4.0]}
    )
    weighted = sites.append_column("w", pa.array([1.0, 1.0, 2.0]))
    pool = pa.table({"x_km": np.arange(9.0), "y_km": np.arange(9.0), "w": np.ones(9)})
    plain = proximity_test(sites, pool, min_sites=3, inference=DRAWS)
    heavy = proximity_test(weighted, pool, weight="w", min_sites=3, inference=DRAWS)
    beyond = proximity_test(
        sites,
        pool,
        min_sites=3,
        statistic="share_beyond",
        radius_km=4.5,
        inference=DRAWS,
    )
    assert plain.value[0] == pytest.approx(4.0)
    assert heavy.value[0] == pytest.approx((3 + 2 * 4 + 2 * 5) / 5)
    assert beyond.value[0] == pytest.approx(1 / 3)


def test_every_planted_element_passes(economy, tests):
    for test in tests:
        planted = economy.planted(f"formation_{test.element}")
        truth = np.array([planted[c] for c in test.cluster])
        assert (test.status[truth == 1] == "pass").mean() >= 0.95
        limit = 0.1 if test.element == "connection" else 0.05
        absent = test.status[truth == 0] == "pass"
        assert absent.sum() <= binom.ppf(0.999, absent.size, limit)


def test_every_failure_is_named(economy, tests):
    found = three_element_test(*tests)
    kinds = economy.planted_labels("formation_kind")
    truth = np.array([kinds[c] for c in found.cluster])
    assert (found.kind == truth).mean() >= 0.85
    true_clusters = truth == "cluster"
    assert (found.verdict[true_clusters] == "cluster").mean() >= 0.95
    assert ((found.verdict == "cluster") == (found.kind == "cluster")).all()
    shares = found.agreement
    assert ((shares >= 0) & (shares <= 1)).all()
    assert len(found.grid["kind"]) == 27 * found.cluster.size


@pytest.mark.slow
def test_fifty_groups_of_each_kind():
    made = simulate_formation(per_kind=50, n_members=30, n_sites=6000, seed=90_001)
    tests = judged(made)
    for test in tests:
        planted = made.planted(f"formation_{test.element}")
        truth = np.array([planted[c] for c in test.cluster])
        assert (test.status[truth == 1] == "pass").mean() >= 0.95
        limit = 0.1 if test.element == "connection" else 0.05
        absent = test.status[truth == 0] == "pass"
        assert absent.sum() <= binom.ppf(0.999, absent.size, limit)
    kinds = made.planted_labels("formation_kind")
    found = three_element_test(*tests)
    right = [kinds[c] == k for c, k in zip(found.cluster, found.kind, strict=True)]
    assert np.mean(right) >= 0.9


def test_without_ties_nothing_passes_by_default(tests):
    with_ties = three_element_test(*tests)
    found = three_element_test(tests[0], tests[1], None)
    failed = (found.proximity == "fail") | (found.connection == "fail")
    assert (found.verdict[~failed] == "not_testable").all()
    assert (found.verdict[failed] == "not_a_cluster").all()
    assert (found.kind[~failed] == "cluster|agglomeration").all()
    assert np.isnan(found.value).all()
    inside = [
        w in k.split("|") for w, k in zip(with_ties.kind, found.kind, strict=True)
    ]
    assert all(inside)


def test_empty_edge_table_is_an_answer(economy):
    none = economy.edges.slice(0, 0)
    own = economy.members.filter(pc.not_equal(economy.members["cluster"], "*"))
    found = cooperation_test(none, own.select(["cluster", "member"]), inference=DRAWS)
    assert set(found.status) == {"not_testable"}
    assert set(found.reason) == {"no cooperation links"}


def test_relabelled_members_have_the_same_verdict(economy, tests):
    members = economy.members
    own = members.filter(pc.not_equal(members["cluster"], "*"))
    shuffled = own.take(np.random.default_rng(3).permutation(own.num_rows))
    again = proximity_test(shuffled, members, stratum="size", inference=DRAWS)
    np.testing.assert_array_equal(again.status, tests[0].status)
    np.testing.assert_allclose(again.value, tests[0].value)


@pytest.mark.parametrize("seed", [1, 2])
def test_null_rates_are_nominal(seed):
    rng = np.random.default_rng(seed)
    n, size, pool = 300, 15, 2000
    x, y = rng.normal(0, 80, pool), rng.normal(0, 50, pool)
    at = np.concatenate([rng.choice(pool, size, replace=False) for _ in range(n)])
    cluster = np.repeat([f"c{i:03d}" for i in range(n)], size)
    sites = pa.table({"cluster": cluster, "x_km": x[at], "y_km": y[at]})
    near = proximity_test(
        sites, pa.table({"x_km": x, "y_km": y}), inference=Permutation(n=99, seed=seed)
    )
    low, high = binom.ppf([0.001, 0.999], n, 0.05)
    assert low <= (near.p <= 0.05).sum() <= high
    k = 40
    a, b = np.triu_indices(k, 1)
    pairs = pa.table(
        {
            "origin": [f"i{v:02d}" for v in a],
            "destination": [f"i{v:02d}" for v in b],
            "value": rng.random(a.size),
        }
    )
    held = np.concatenate([rng.choice(k, 6, replace=False) for _ in range(n)])
    rows = pa.table(
        {
            "cluster": np.repeat([f"c{i:03d}" for i in range(n)], 6),
            "industry": [f"i{v:02d}" for v in held],
        }
    )
    related = connection_test(rows, pairs, inference=Permutation(n=99, seed=seed))
    low, high = binom.ppf([0.001, 0.999], n, 0.1)
    assert low <= (related.status == "pass").sum() <= high


def test_cooperation_null_rate_is_nominal():
    rng = np.random.default_rng(5)
    nodes, n, size = 240, 60, 20
    ties = rng.integers(0, nodes, (2, 6000)).astype(str)
    graph = pa.table({"origin": ties[0], "destination": ties[1]})
    members = np.concatenate([rng.choice(nodes, size, replace=False) for _ in range(n)])
    rows = pa.table(
        {
            "cluster": np.repeat([f"c{i:02d}" for i in range(n)], size),
            "member": members.astype(str),
        }
    )
    found = cooperation_test(graph, rows, ei_max=1.0, inference=DRAWS)
    assert (found.status == "pass").sum() <= binom.ppf(0.999, n, 0.05)
    # rewiring keeps degrees, so its mean is near the product formula
    np.testing.assert_allclose(found.expected, found.extra["expected_quick"], rtol=0.15)


def test_cluster_of_one_firm_is_not_testable_on_all_three():
    one = pa.table(
        {
            "cluster": ["k"],
            "member": ["a"],
            "industry": ["i"],
            "x_km": [0.0],
            "y_km": [0.0],
        }
    )
    pairs = pa.table(
        {"origin": ["i", "j"], "destination": ["j", "k"], "value": [1.0, 2]}
    )
    near = proximity_test(one, one, inference=DRAWS)
    related = connection_test(one, pairs, inference=DRAWS)
    tied = cooperation_test(TOY, one, inference=DRAWS)
    found = three_element_test(near, related, tied)
    assert found.verdict[0] == "not_testable"
    assert found.kind[0].count("|") == 7
    assert "a cluster of one member" in found.missing[0]
    assert "one industry" in found.missing[0]


def test_one_place_cannot_show_proximity():
    spot = pa.table({"cluster": ["k"] * 12, "x_km": [5.0] * 12, "y_km": [5.0] * 12})
    pool = pa.table({"x_km": np.arange(50.0), "y_km": np.arange(50.0)})
    found = proximity_test(spot, pool, inference=DRAWS)
    assert found.reason[0] == "all members at one place"


def test_relatedness_that_is_not_symmetric_is_averaged_and_said():
    pairs = pa.table(
        {
            "origin": ["i", "j", "j", "k"],
            "destination": ["j", "i", "k", "l"],
            "value": [1.0, 3.0, 0.0, 1.0],
        }
    )
    held = pa.table({"cluster": ["c", "c"], "industry": ["i", "j"]})
    found = connection_test(held, pairs, inference=DRAWS)
    assert found.value[0] == 2.0
    assert "not symmetric" in found.summary()


def test_bad_tables():
    pool = pa.table({"x_km": [0.0, 1.0, 2.0], "y_km": [0.0, 1.0, 2.0]})
    many = pa.table(
        {"cluster": ["c"] * 12, "x_km": np.arange(12.0), "y_km": np.zeros(12)}
    )
    with pytest.raises(InvalidTableError, match="too_few_candidates"):
        proximity_test(many, pool)
    with pytest.raises(InvalidTableError, match="negative_value"):
        cooperation_test(
            TOY.append_column("weight", pa.array([-1.0] * 7)), TRIO, weight="weight"
        )
    pairs = pa.table({"origin": ["i"], "destination": ["j"], "value": [1.0]})
    with pytest.raises(AlignmentError, match="not in `relatedness`"):
        connection_test(pa.table({"cluster": ["c"], "industry": ["z"]}), pairs)
    with pytest.raises(OptionError, match="all None"):
        three_element_test(None, None, None)


def test_loops_are_left_out_and_double_rows_added():
    loops = pa.table(
        {"origin": [*"abcdefc", "a", "b"], "destination": [*"bcaefdd", "a", "a"]}
    )
    found = cooperation_test(loops, TRIO, min_ties=1, inference=DRAWS)
    assert found.value[0] == 4
    assert "1 ties with oneself" in found.summary()


@given(
    st.lists(st.tuples(st.floats(-50, 50), st.floats(-50, 50)), min_size=3, max_size=8),
    st.floats(0.1, 10),
    st.floats(-100, 100),
)
def test_mean_distance_moves_with_the_map(points, scale, shift):
    x, y = (np.array(v) for v in zip(*points, strict=True))
    pool = pa.table({"x_km": np.arange(30.0), "y_km": np.zeros(30)})

    def distance(a, b):
        table = pa.table({"cluster": ["c"] * a.size, "x_km": a, "y_km": b})
        few = Permutation(n=1, seed=1)
        return proximity_test(table, pool, min_sites=2, inference=few).value[0]

    assert distance(x * scale + shift, y * scale) == pytest.approx(
        scale * distance(x, y), rel=1e-6, abs=1e-6
    )


@given(st.integers(0, 10_000))
def test_e_i_is_within_its_bounds_and_inside_plus_outside_is_all(seed):
    rng = np.random.default_rng(seed)
    ends = rng.integers(0, 12, (2, 30)).astype(str)
    graph = pa.table({"origin": ends[0], "destination": ends[1]})
    everyone = pa.table({"cluster": ["k"] * 12, "member": np.arange(12).astype(str)})
    half = everyone.slice(0, 6)
    few = Permutation(n=1, seed=1)
    all_in = cooperation_test(graph, everyone, min_ties=1, inference=few)
    assert all_in.extra["ei"][0] == -1.0
    part = cooperation_test(graph, half, min_ties=1, inference=few)
    assert -1 <= part.extra["ei"][0] <= 1
    assert part.value[0] + part.extra["external"][0] <= all_in.value[0]


def test_share_within_a_radius_is_the_complement_of_that_beyond():
    # distances 3, 4 and 5: two of three pairs lie within 4.5 km
    sites = pa.table(
        {"cluster": ["c"] * 3, "x_km": [0.0, 3.0, 0.0], "y_km": [0.0, 0.0, 4.0]}
    )
    pool = pa.table({"x_km": np.arange(9.0), "y_km": np.arange(9.0)})
    within, beyond = (
        proximity_test(
            sites,
            pool,
            min_sites=3,
            statistic=statistic,
            radius_km=4.5,
            inference=DRAWS,
        )
        for statistic in ("share_within", "share_beyond")
    )
    assert within.value[0] == pytest.approx(2 / 3)
    assert within.expected[0] == pytest.approx(1 - beyond.expected[0])
    assert within.p[0] == beyond.p[0]
    assert within.score[0] == beyond.score[0]
