"""Nulls: exact values, every draw by brute force, uniform p-values where nothing is planted."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pyarrow as pa
import pytest
from scipy import stats

from agglo.core.errors import AlignmentError, InvalidTableError, OptionError
from agglo.core.options import Bootstrap, Permutation
from agglo.matching import (
    NotApplicable,
    as_designations,
    hypergeometric_curve,
    match_designations,
    matching_null,
    size_strata,
)
from agglo.matching._kernels import nulls
from agglo.sources import china_cities
from tests.matching.lists import UNIVERSE, arithmetic, belts, clusters, labels, tree


def _match(ours, theirs, **options):
    return match_designations(ours, theirs, tree(), labels(), **options)


OURS = [
    ("c1", "1", "X11"),
    ("c1", "2", "X11"),
    ("c2", "1", "X12"),
    ("c3", "3", "Y11"),
    ("c4", "2", "X1"),
    ("c5", "4", "X12 and Y11"),
]
THEIRS = [
    ("b1", "1", "X11"),
    ("b2", "1", "Y11"),
    ("b3", "2", "X21"),
    ("b4", "2", "X12"),
]
FIVE = list("12345")


def _brute(ours, theirs, city_rule="any"):
    """Identical, similar and co-existing by the public function."""
    found = _match(ours, belts(theirs), city_rule=city_rule)
    hosts = {c for _, c, _ in theirs}
    held = {c for c in ours["city"].to_pylist() if c in hosts}
    return len(held), found.counts["identical"], found.counts["similar"]


@pytest.mark.parametrize("rule", ["any", "lead", "all"])
def test_relocation_agrees_with_brute_force(rule):
    ours = clusters(OURS)
    exact = []
    for new in permutations(FIVE, 2):
        moved = dict(zip("12", new, strict=True))
        exact.append(_brute(ours, [(b, moved[c], w) for b, c, w in THEIRS], rule))
    found = matching_null(
        _match(ours, belts(THEIRS), city_rule=rule),
        universe=FIVE,
        inference=Permutation(n=4000, seed=5),
    )
    assert found.row("coexistence")["observed"] == 2
    expected = np.mean(exact, axis=0)
    for name, mean in zip(
        ("coexistence", "identical", "similar"), expected, strict=True
    ):
        row = found.row(name)
        error = row["sd"] / np.sqrt(4000) + 1e-9
        assert abs(row["expected"] - mean) < 4 * error, name
        assert (
            row["observed"]
            == _brute(ours, THEIRS, rule)[
                ("coexistence", "identical", "similar").index(name)
            ]
        )
    # whole distributions, not only means
    told = {tuple(r) for r in found.draws[:, :3].tolist()}
    assert told == {tuple(map(float, e)) for e in exact}


@pytest.mark.parametrize("scheme", ["belt_industries", "both"])
def test_relabelling_agrees_with_brute_force(scheme):
    ours = clusters(OURS)
    four = FIVE[:4]
    places = list(permutations(four, 2)) if scheme == "both" else [("1", "2")]
    exact = []
    for new in places:
        moved = dict(zip("12", new, strict=True))
        for words in set(permutations([w for _, _, w in THEIRS])):
            rows = [
                (b, moved[c], w) for (b, c, _), w in zip(THEIRS, words, strict=True)
            ]
            exact.append(_brute(ours, rows)[1:])
    found = matching_null(
        _match(ours, belts(THEIRS)),
        statistic=("identical", "similar"),
        scheme=scheme,
        universe=four,
        inference=Permutation(n=4000, seed=5),
    )
    assert {tuple(r) for r in found.draws.tolist()} <= {
        tuple(map(float, e)) for e in exact
    }
    for i, mean in enumerate(np.mean(exact, axis=0)):
        error = found.draws[:, i].std() / np.sqrt(4000)
        assert abs(found.expected[i] - mean) < 4 * error + 1e-9


def test_belt_in_several_cities_travels_whole():
    theirs = belts([("b1", "1", "X11"), ("b1", "2", "X11"), ("b2", "2", "Y11")])
    found = matching_null(
        _match(clusters(OURS), theirs),
        statistic="identical",
        scheme="belt_industries",
        universe=FIVE,
        inference=Permutation(n=50, seed=1),
    )
    # either label lies in city 2 with b2's, so both are somewhere in every draw
    assert found.row("identical")["observed"] == 2
    assert found.draws.min() >= 1


def test_simulated_agrees_with_the_hypergeometric():
    found = matching_null(
        match_designations(*arithmetic()),
        statistic="coexistence",
        universe=UNIVERSE,
        inference=Permutation(n=4000, seed=7),
    )
    row = found.row("coexistence")
    assert row["exact_expected"] == pytest.approx(79 * 72 / 337)
    assert row["p_upper"] == 1 / 4001  # never 0
    assert abs(row["expected"] - row["exact_expected"]) < 3 * row["sd"] / np.sqrt(4000)
    draws = found.draws[:, 0]
    for overlap in (15, 17, 20):
        p = stats.hypergeom.sf(overlap - 1, 337, 79, 72)
        assert abs((draws >= overlap).mean() - p) < 3 * np.sqrt(p * (1 - p) / 4000)
    assert "universe of 337 cities, 72 with belts" in found.summary()
    assert found.plot().has_data()


@pytest.mark.parametrize("hosts", [285, 286, 300])
def test_exact_p_of_the_headline_through_the_null(hosts):
    # 72 hosts are cluster cities, the rest are not: the study with more belts
    ours, _, *rest = arithmetic()
    cities = [f"{i:03d}" for i in [*range(1, 73), *range(80, 80 + hosts - 72)]]
    theirs = belts([(f"b{c}", c, "X11") for c in cities])
    row = matching_null(
        match_designations(ours, theirs, *rest),
        statistic="coexistence",
        universe=UNIVERSE,
        inference=Permutation(n=999, seed=1),
    ).row("coexistence")
    exact = {285: 0.0427, 286: 0.0502, 300: 0.323}[hosts]
    assert row["exact_p"] == pytest.approx(exact, abs=0.0005)
    assert abs(row["p_upper"] - exact) < 3 * np.sqrt(exact * (1 - exact) / 999) + 0.001


def test_curve_of_the_headline():
    curve = hypergeometric_curve(72, cluster_cities=79, universe=337)
    assert curve.informative_below == 285
    at = {
        h: (e, p) for h, e, p in zip(curve.hosts, curve.expected, curve.p, strict=True)
    }
    assert round(at[285][1], 4) == 0.0427
    assert round(at[286][1], 4) == 0.0502
    assert round(at[300][1], 3) == 0.323
    assert round(at[300][0], 2) == 70.33
    assert (np.diff(curve.p) >= -1e-12).all()
    assert (curve.hosts[0], curve.hosts[-1]) == (72, 330)
    assert "at most 285" in curve.summary()
    assert curve.plot().has_data()
    assert hypergeometric_curve(0, cluster_cities=5, universe=9).informative_below == 0


@pytest.mark.parametrize(
    ("option", "numbers"),
    [
        ("overlap", {"overlap": 80}),
        ("cluster_cities", {"cluster_cities": 400}),
        ("universe", {"universe": 0}),
        ("hosts", {"hosts": [71]}),
        ("hosts", {"hosts": [331]}),
        ("level", {"level": 1.0}),
    ],
)
def test_impossible_numbers(option, numbers):
    given = {"overlap": 72, "cluster_cities": 79, "universe": 337, **numbers}
    with pytest.raises(OptionError, match=option):
        hypergeometric_curve(given.pop("overlap"), **given)


def test_hosts_everywhere_leave_co_existence_alone():
    theirs = belts([(f"b{c}", c, "X11") for c in FIVE])
    found = matching_null(
        _match(clusters(OURS), theirs),
        universe=FIVE,
        inference=Permutation(n=99, seed=1),
    )
    row = found.row("coexistence")
    assert (row["sd"], row["p_upper"], row["ratio"]) == (0.0, 1.0, 1.0)


def test_relabelling_cannot_change_co_existence():
    given = _match(clusters(OURS), belts(THEIRS))
    options = {"scheme": "belt_industries", "universe": FIVE}
    alone = matching_null(given, statistic="coexistence", **options)
    assert isinstance(alone, NotApplicable)
    assert "cannot change" in alone.reason
    assert "p" not in alone.columns()
    assert alone.plot().texts
    found = matching_null(given, inference=Permutation(n=9, seed=1), **options)
    assert np.isnan(found.row("coexistence")["p_upper"])
    assert any("cannot change" in u.reason for u in found.undefined)
    assert "coexistence: not applicable" in found.summary()


def test_strata_hold_hosts_in_their_class():
    # clusters and belts in class 1 only: inside it there is nothing left to explain
    ours, theirs = clusters([("c", "1", "X11")]), belts([("b", "1", "X11")])
    classes = {"1": "big", **dict.fromkeys("2345", "small")}
    found = matching_null(
        _match(ours, theirs),
        scheme="belt_cities_strata",
        strata=classes,
        universe=FIVE,
        inference=Permutation(n=99, seed=1),
    )
    assert found.row("matched")["p_upper"] == 1.0
    free = matching_null(
        _match(ours, theirs), universe=FIVE, inference=Permutation(n=999, seed=1)
    )
    assert free.row("matched")["expected"] == pytest.approx(0.2, abs=0.04)


def test_size_draws_large_cities_first():
    weight = np.array([6.0, 3.0, 1.0])
    place = nulls.places_by_size(
        np.random.default_rng(1), 20_000, weight, np.array([2])
    )
    share = np.bincount(place[:, 0], minlength=3) / 20_000
    np.testing.assert_allclose(share, weight / 10, atol=0.012)
    both = nulls.places_by_size(
        np.random.default_rng(1), 20_000, weight, np.array([2, 0])
    )
    # the larger host (city 0) takes the first draw; the other follows without replacement
    assert np.bincount(both[:, 1], minlength=3)[0] / 20_000 == pytest.approx(
        0.6, abs=0.012
    )
    assert (both[:, 0] != both[:, 1]).all()
    second = 0.3 * 0.1 / 0.7 + 0.6 * 0.1 / 0.4
    assert (both[:, 0] == 2).mean() == pytest.approx(second, abs=0.012)


def test_size_scheme_explains_what_size_does():
    # belts and clusters both sit in the one huge city
    ours, theirs = clusters([("c", "1", "X11")]), belts([("b", "1", "X11")])
    size = {"1": 96.0, **dict.fromkeys("2345", 1.0)}
    found = matching_null(
        _match(ours, theirs),
        scheme="belt_cities_strata",
        size=size,
        universe=FIVE,
        inference=Permutation(n=999, seed=1),
    )
    assert found.row("matched")["expected"] == pytest.approx(0.96, abs=0.03)


def test_strata_of_sizes():
    sizes = {str(i): float(i) for i in range(100)}
    classes = size_strata(sizes, n_strata=4)
    assert np.bincount(list(classes.values())).tolist() == [25, 25, 25, 25]
    assert len(set(size_strata(dict.fromkeys("abc", 1.0)).values())) == 1
    with pytest.raises(InvalidTableError, match="missing"):
        size_strata({"a": float("nan")})
    with pytest.raises(InvalidTableError, match="no city"):
        size_strata({})
    with pytest.raises(OptionError, match="n_strata"):
        size_strata({"a": 1.0}, n_strata=0)


def test_outside_the_universe_is_left_out_and_listed():
    ours = clusters([*OURS, ("c9", "zz", "X11")])
    found = matching_null(
        _match(ours, belts([*THEIRS, ("b9", "zz", "X11")])),
        universe=FIVE,
        inference=Permutation(n=9, seed=1),
    )
    assert found.outside.tolist() == ["zz"]
    assert [u.region for u in found.undefined] == ["zz"]
    assert found.row("identical")["n"] == 5
    assert found.row("coexistence")["n"] == 4


def test_universe_from_the_cities_of_the_list():
    ours = as_designations(
        clusters([("c1", "320500", "X11"), ("c2", "469023", "X11")]),
        cities=china_cities().data,
    )
    found = matching_null(
        _match(ours, belts([("b", "320500", "X11")])),
        inference=Permutation(n=9, seed=1),
    )
    assert found.universe.size == 337
    assert found.outside.tolist() == ["469023"]  # a directly administered county


def test_programmes_have_their_rows_and_false_discovery_rates():
    ours = clusters(OURS, programme=["P", "P", "P", "Q", "Q", "Q"])
    found = matching_null(
        _match(ours, belts(THEIRS)),
        by="programme",
        universe=FIVE,
        inference=Permutation(n=199, seed=1),
    )
    for name in ("identical", "similar", "matched"):
        parts = [found.row(name, g)["observed"] for g in ("P", "Q")]
        assert sum(parts) == found.row(name)["observed"]
        assert np.isnan(found.row(name)["q_upper"])
        q = [found.row(name, g)["q_upper"] for g in ("P", "Q")]
        p = [found.row(name, g)["p_upper"] for g in ("P", "Q")]
        assert all(a >= b for a, b in zip(q, p, strict=True))
    assert found.row("coexistence", "P")["n"] == 2
    assert "[Q]" in found.summary()
    with pytest.raises(KeyError, match="no row"):
        found.row("matched", "R")


def test_overrides_are_not_in_the_null_and_that_is_said():
    table = pa.table({"cluster": ["c2"], "belt": ["b1"], "decision": ["none"]})
    found = _match(clusters(OURS), belts(THEIRS), overrides=table)
    null = matching_null(found, universe=FIVE, inference=Permutation(n=9, seed=1))
    plain = matching_null(
        _match(clusters(OURS), belts(THEIRS)),
        universe=FIVE,
        inference=Permutation(n=9, seed=1),
    )
    np.testing.assert_array_equal(null.observed, plain.observed)
    assert "overrides" in null.provenance.warnings[0]


def test_seed_and_workers_do_not_matter():
    given = match_designations(*arithmetic())
    option = Permutation(n=400, seed=11)
    one = matching_null(
        given, scheme="both", universe=UNIVERSE, inference=option, n_jobs=1
    )
    two = matching_null(
        given, scheme="both", universe=UNIVERSE, inference=option, n_jobs=2
    )
    np.testing.assert_array_equal(one.draws, two.draws)
    assert one.to_dict() == two.to_dict()


@pytest.mark.parametrize(
    ("says", "options"),
    [
        ("statistic", {"statistic": "share"}),
        ("scheme", {"scheme": "N1"}),
        ("universe", {"universe": None}),
        ("universe", {"universe": "12345"}),
        ("by", {"by": "city"}),
        ("s=", {"s": 2.0}),
        ("inference", {"inference": Bootstrap(n=9)}),
        ("strata or size", {"scheme": "belt_cities_strata"}),
        ("strata", {"strata": dict.fromkeys(FIVE, 1)}),
        ("size", {"scheme": "belt_industries", "size": dict.fromkeys(FIVE, 1.0)}),
    ],
)
def test_options_are_checked(says, options):
    given = {"universe": FIVE, "inference": Permutation(n=9), **options}
    with pytest.raises(OptionError, match=says):
        matching_null(_match(clusters(OURS), belts(THEIRS)), **given)


def test_bad_universes_and_sizes():
    given = _match(clusters(OURS), belts(THEIRS))
    for universe, says in (
        ([], "no city"),
        (list("11234"), "twice"),
        (["q"], "no belt"),
    ):
        with pytest.raises(InvalidTableError, match=says):
            matching_null(given, universe=universe)
    options = {"scheme": "belt_cities_strata", "universe": FIVE}
    with pytest.raises(AlignmentError, match="no size"):
        matching_null(given, size={"1": 1.0}, **options)
    with pytest.raises(AlignmentError, match="no stratum"):
        matching_null(given, strata={"1": 1}, **options)
    with pytest.raises(InvalidTableError, match="not positive"):
        matching_null(given, size=dict.fromkeys(FIVE, 0.0), **options)


def test_shuffle_is_uniform():
    state = np.array([3], dtype=np.uint64)
    counts = np.zeros((4, 4))
    for _ in range(20_000):
        order = np.arange(4, dtype=np.int32)
        nulls._shuffle(order, state)
        counts[np.arange(4), order] += 1
    # chi-square of the 4 × 4 table, 9 degrees of freedom
    assert ((counts - 5000) ** 2 / 5000).sum() < stats.chi2.ppf(0.9999, 9)


def test_more_than_64_label_sets():
    # bits beyond the first word
    nodes = [f"S1G{i:03d}" for i in range(130)]
    big = pa.table(
        {
            "industry": ["S", "S1", *nodes],
            "parent": ["", "S", *["S1"] * 130],
            "level": [1, 2, *[3] * 130],
        }
    )
    words = pa.table({"label": nodes, "lang": ["zh"] * 130, "node_ids": nodes})
    ours = clusters([(f"c{i:03d}", "1", n) for i, n in enumerate(nodes)])
    theirs = belts([("b", "1", nodes[100])])
    found = match_designations(ours, theirs, big, words)
    null = matching_null(found, universe=list("12"), inference=Permutation(n=9, seed=1))
    assert null.row("identical")["observed"] == 1
    assert null.row("similar")["observed"] == 129


def _independent(seed: int, scheme: str) -> float:
    """Randomised p of a matching in which belts know nothing of clusters."""
    rng = np.random.default_rng(seed)
    places = np.array([f"{i:02d}" for i in range(60)])
    nodes = np.array(["X11", "X12", "X21", "Y11"])
    weight = np.where(np.arange(60) < 20, 5.0, 1.0)
    p = weight / weight.sum() if scheme == "belt_cities_strata" else np.full(60, 1 / 60)
    ours = clusters(
        [
            (f"c{i:02d}", str(c), str(w))
            for i, (c, w) in enumerate(
                zip(rng.choice(places, 40, p=p), rng.choice(nodes, 40), strict=True)
            )
        ]
    )
    theirs = belts(
        [
            (f"b{i:02d}", str(c), str(w))
            for i, (c, w) in enumerate(
                zip(rng.choice(places, 50, p=p), rng.choice(nodes, 50), strict=True)
            )
        ]
    )
    strata = {str(c): int(i < 20) for i, c in enumerate(places)}
    found = matching_null(
        match_designations(ours, theirs, tree(), labels()),
        statistic="degree",
        scheme=scheme,
        universe=places.tolist(),
        strata=strata if scheme == "belt_cities_strata" else None,
        inference=Permutation(n=199, seed=seed),
        n_jobs=1,
    )
    draws, observed = found.draws[:, 0], found.observed[0]
    above, equal = (draws > observed + 1e-12).sum(), np.isclose(draws, observed).sum()
    return float((above + rng.random() * (1 + equal)) / 200)


SCHEMES = ("belt_cities", "belt_cities_strata", "belt_industries", "both")


@pytest.mark.parametrize("scheme", SCHEMES)
def test_p_is_uniform_without_association(scheme):
    found = [_independent(seed, scheme) for seed in range(100)]
    assert stats.kstest(found, "uniform").pvalue > 0.01


@pytest.mark.slow
@pytest.mark.parametrize("scheme", SCHEMES)
def test_p_is_uniform_over_many_runs(scheme):
    found = [_independent(10_000 + seed, scheme) for seed in range(500)]
    assert stats.kstest(found, "uniform").pvalue > 0.01


def test_size_alone_fools_the_first_scheme_only():
    # both follow size, nothing else: N1 rejects, N2 does not
    rng = np.random.default_rng(2)
    places = [f"{i:03d}" for i in range(200)]
    size = rng.lognormal(0, 1.5, 200)
    p = size / size.sum()
    ours = clusters(
        [
            (f"c{i:03d}", places[c], "X11")
            for i, c in enumerate(rng.choice(200, 150, p=p))
        ]
    )
    theirs = belts(
        [
            (f"b{i:03d}", places[c], "X11")
            for i, c in enumerate(rng.choice(200, 100, p=p))
        ]
    )
    given = match_designations(ours, theirs, tree(), labels())
    option = Permutation(n=499, seed=1)
    first = matching_null(given, universe=places, inference=option)
    second = matching_null(
        given,
        scheme="belt_cities_strata",
        size=dict(zip(places, size.tolist(), strict=True)),
        universe=places,
        inference=option,
    )
    assert first.row("coexistence")["p_upper"] < 0.01
    assert second.row("coexistence")["p_upper"] > 0.05
