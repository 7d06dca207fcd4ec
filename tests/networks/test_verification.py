"""Verification values of the specification through the public functions.

What else stands there is tested beside its measure: karate club, Les Misérables, Florentine
families, rank-size, cores, dominant flow, interlocking, branches, co-patents, kappa.
"""

import os
from itertools import combinations

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pytest

import agglo as ag


def two_applicants(*classes):
    """Write patents of two applicants: (class, crossing, staying)."""
    rows = []
    for name, crossing, staying in classes:
        for i in range(crossing + staying):
            patent = f"{name}{i}"
            other = "Y" if i < crossing else "X"
            rows += [(patent, "a", "X", name), (patent, "b", other, name)]
    names = ("patent", "applicant", "region", "class")
    return pa.table(dict(zip(names, map(list, zip(*rows, strict=True)), strict=True)))


def test_odds_ratio_of_two_classes():
    found = ag.cross_regional_propensity(two_applicants(("h", 45, 55), ("l", 30, 120)))
    assert found.klass.tolist() == ["h", "l"]
    assert found.odds_ratio[0] == pytest.approx(3.272727, abs=1e-6)
    assert found.odds_lower[0] == pytest.approx(1.866628, abs=1e-6)
    assert found.odds_upper[0] == pytest.approx(5.738018, abs=1e-6)
    assert found.odds_ratio[1] == pytest.approx(1 / 3.272727, abs=1e-6)


@pytest.mark.parametrize(
    ("interval", "crossing", "staying", "low", "high"),
    [
        ("wilson", 30, 70, 0.218949, 0.395849),
        ("wilson", 0, 10, 0.0, 0.277533),
        ("jeffreys", 30, 70, 0.216841, 0.394547),
    ],
)
def test_intervals_of_shares(interval, crossing, staying, low, high):
    table = two_applicants(("h", crossing, staying))
    found = ag.cross_regional_propensity(table, interval=interval)
    assert found.lower[0] == pytest.approx(low, abs=1e-6)
    assert found.upper[0] == pytest.approx(high, abs=1e-6)


def test_complementarity_of_two_profiles():
    sizes = ("large", "medium", "small", "micro")
    counts = {"a": (65, 20, 10, 5), "b": (10, 25, 40, 25)}
    ends = [
        (place, size)
        for place, numbers in counts.items()
        for size, n in zip(sizes, numbers, strict=True)
        for _ in range(n)
    ]
    table = pa.table(
        {
            "layer": ["branch"] * len(ends),
            "event": [str(i) for i in range(len(ends))],
            "origin": [p for p, _ in ends],
            "origin_size": [s for _, s in ends],
            "destination": ["c"] * len(ends),
            "destination_size": ["small"] * len(ends),
            "weight": np.ones(len(ends)),
        }
    )
    made = ag.profiles(table, direction="out")
    found = ag.complementarity(made, inference=ag.Permutation(n=19, seed=1))
    at = {r: i for i, r in enumerate(found.region.tolist())}
    a, b = at["a"], at["b"]
    assert found.difference[a, b] == pytest.approx(0.55)
    assert found.cosine_distance[a, b] == pytest.approx(0.552537, abs=1e-6)
    # a region without ends has no profile, and no pair with it
    assert np.isnan(found.difference[a, at["c"]])


@pytest.fixture(scope="module")
def trade():
    """Data set `trade` of the R package fixest (GPL), as a CSV that a user may have."""
    path = os.environ.get("AGGLO_FIXEST_TRADE", "")
    if not path:
        pytest.skip("set AGGLO_FIXEST_TRADE to a CSV of the data set `trade` of fixest")
    return pacsv.read_csv(path)


def test_gravity_of_european_trade(trade):
    assert trade.num_rows == 38_325
    table = trade.set_column(
        trade.column_names.index("Year"), "Year", trade["Year"].cast(pa.string())
    ).set_column(
        trade.column_names.index("Product"),
        "Product",
        trade["Product"].cast(pa.string()),
    )
    found = ag.gravity_ppml(
        table,
        flow="Euros",
        distance="dist_km",
        origin="Origin",
        destination="Destination",
        fixed_effects=("origin", "destination", "Product", "Year"),
        cluster="Origin",
    )
    assert found.values[0] == pytest.approx(-1.527874, abs=1e-5)
    assert found.se[0] == pytest.approx(0.115678, rel=0.02)
    assert found.ols[0] == pytest.approx(-2.169876, abs=1e-5)


# networks that are not whole


def ties(pairs):
    a, b = zip(*pairs, strict=True)
    return pa.table({"origin": a, "destination": b, "weight": np.ones(len(a))})


TWO_PARTS = ties([*combinations("abcd", 2), *combinations("wxyz", 2)])


def test_a_disconnected_network_is_measured_in_parts():
    where = ag.centralities(TWO_PARTS, directed=False)
    assert where.component.max() == 2
    assert where.page_rank.sum() == pytest.approx(1.0)
    found = ag.communities(TWO_PARTS, directed=False, seed=1)
    assert found.n_communities == 2
    flow = ag.dominant_flow(TWO_PARTS, directed=False)
    # all strengths are equal: nobody is larger, so every place is its own root
    assert len(flow.roots) == 8
    core = ag.core_periphery(
        TWO_PARTS, directed=False, seed=1, inference=ag.MonteCarlo(n=19, seed=1)
    )
    assert 0 < core.rho < 1
    tree = ag.backbone(TWO_PARTS, directed=False, method="maximum_spanning_tree")
    assert tree.edges_kept == 6


def test_links_inside_places_only_leave_no_network():
    loops = ties([("a", "a"), ("b", "b"), ("c", "c"), ("d", "d")])
    cores = ag.core_count(loops)
    assert cores.verdict in ("graded", "undefined")
    assert cores.cores == ()
    assert ag.backbone(loops).weight.size == 0
    found = ag.communities(loops, seed=1)
    assert found.n_communities == 4
    assert np.isnan(found.modularity)
    assert ag.tiers(loops).n_tiers == 1
    inside = ag.strength_distribution(loops, self_loops=True)
    assert inside.value("gini") == pytest.approx(0.0)
