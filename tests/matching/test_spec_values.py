"""Properties and planted lessons of the specification of the digital study, sections 6-13."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from agglo.core.options import Bootstrap, Permutation
from agglo.matching import (
    hypergeometric_curve,
    match_designations,
    matching_null,
    matching_rates,
)
from tests.matching.lists import UNIVERSE, arithmetic, belts, clusters, labels, tree

SEEDED = Bootstrap(n=9, seed=1)
NODES = ["X1", "X11", "X12", "X21", "Y11"]


def _list(key, rows, make):
    return make([(f"{key}{i:03d}", *row) for i, row in enumerate(rows)])


ROWS = st.lists(
    st.tuples(st.sampled_from("abcdef"), st.sampled_from(NODES)),
    min_size=1,
    max_size=12,
)


@given(ours=ROWS, theirs=ROWS, seed=st.integers(0, 2**16))
def test_rates_do_not_depend_on_the_order_of_rows(ours, theirs, seed):
    rng = np.random.default_rng(seed)
    tables = _list("c", ours, clusters), _list("b", theirs, belts)
    mixed = (t.take(pa.array(rng.permutation(t.num_rows))) for t in tables)
    one, other = (
        matching_rates(match_designations(*t, tree(), labels()), inference=SEEDED)
        for t in (tables, tuple(mixed))
    )
    np.testing.assert_array_equal(one.count, other.count)
    np.testing.assert_array_equal(one.value, other.value)
    np.testing.assert_array_equal(one.lower, other.lower)


@given(ours=ROWS, theirs=ROWS)
def test_the_degree_never_falls_with_the_weight_of_similar(ours, theirs):
    found = matching_rates(
        match_designations(
            _list("c", ours, clusters), _list("b", theirs, belts), tree(), labels()
        ),
        inference=SEEDED,
    )
    degree = np.array(found.degree_table()["degree"].to_pylist())
    assert (np.diff(degree) >= 0).all()
    assert degree[0] == found.row("identical")["value"]
    assert degree[-1] == pytest.approx(found.row("matched")["value"])


@given(ours=ROWS, theirs=ROWS)
def test_fractional_cities_add_up_to_the_nation(ours, theirs):
    # every second cluster is a joint bid of two cities
    rows = []
    for i, (city, node) in enumerate(ours):
        rows.append((f"c{i:03d}", city, node))
        if i % 2:
            rows.append((f"c{i:03d}", "g", node))
    found = match_designations(
        clusters(rows), _list("b", theirs, belts), tree(), labels()
    )
    nation = matching_rates(found, inference=SEEDED)
    part = matching_rates(found, by="city", counting="fractional", inference=SEEDED)
    for measure in ("identical", "similar", "matched"):
        mine = part.measure == measure
        assert part.n[mine].sum() == pytest.approx(nation.row(measure)["n"])
        assert part.count[mine].sum() == pytest.approx(nation.row(measure)["count"])


def test_the_published_integers_are_the_only_ones_that_fit():
    # section 1: 72 cities are 91.1 %; of 159 clusters 44.7, 39.6 and 84.3 %
    found = matching_rates(match_designations(*arithmetic()), inference=SEEDED)
    cities = [n for n in range(72, 338) if round(100 * 72 / n, 1) == 91.1]
    assert cities == [found.row("coexistence")["n"]] == [79]
    for measure, printed in (("identical", 44.7), ("similar", 39.6), ("matched", 84.3)):
        fits = [k for k in range(160) if round(100 * k / 159, 1) == printed]
        assert fits == [found.row(measure)["count"]]


def test_expected_overlap_is_the_product_over_the_universe():
    # section 7: E = |C| |B| / U, and the mean of the draws within three standard errors
    curve = hypergeometric_curve(72, cluster_cities=79, universe=337)
    np.testing.assert_allclose(curve.expected, 79 * curve.hosts / 337)
    tail = stats.hypergeom.sf(71, 337, 79, curve.hosts)
    np.testing.assert_allclose(curve.p, tail, rtol=1e-9, atol=1e-15)
    row = matching_null(
        match_designations(*arithmetic()),
        statistic="coexistence",
        universe=UNIVERSE,
        inference=Permutation(n=4000, seed=2),
    ).row("coexistence")
    exact = stats.hypergeom(337, 79, 72)
    assert row["observed"] == 72
    assert row["expected"] == pytest.approx(
        exact.mean(), abs=3 * exact.std() / 4000**0.5
    )
    assert row["sd"] == pytest.approx(exact.std(), rel=0.1)


def _of_size(seed):
    """Clusters and belts that both follow city size and know nothing of each other."""
    rng = np.random.default_rng(seed)
    size = np.exp(rng.normal(0, 1.5, 120))
    p = size / size.sum()
    names = [f"{i:03d}" for i in range(120)]

    def rows(n):
        at, node = rng.choice(120, n, p=p), rng.choice(NODES, n)
        return [(names[c], str(k)) for c, k in zip(at, node, strict=True)]

    given_ = _list("c", rows(60), clusters), _list("b", rows(400), belts)
    return match_designations(*given_, tree(), labels()), names, size


def test_the_lesson_a_high_rate_that_size_alone_explains():
    # section 13 (c): the rate is high and N1 rejects in most economies; N2 keeps its level
    first, second, rate = [], [], []
    for seed in range(40):
        found, names, size = _of_size(seed)
        rate.append(matching_rates(found, inference=SEEDED).row("coexistence")["value"])
        for scheme, kept in (("belt_cities", first), ("belt_cities_strata", second)):
            null = matching_null(
                found,
                statistic="coexistence",
                scheme=scheme,
                universe=names,
                size=dict(zip(names, size.tolist(), strict=True))
                if scheme == "belt_cities_strata"
                else None,
                inference=Permutation(n=199, seed=seed),
            )
            kept.append(null.row("coexistence")["p_upper"])
    assert np.mean(rate) > 0.8
    assert np.mean(np.array(first) < 0.05) > 0.9
    # four binomial standard errors over 5 % at 40 economies
    assert np.mean(np.array(second) < 0.05) < 0.05 + 4 * np.sqrt(0.05 * 0.95 / 40)
