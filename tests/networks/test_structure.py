"""Backbones, communities, core and periphery, positions.

Values marked (spec) are the verification values of the networks specification, section 15; the
graphs are those of networkx 3.6.1 (tests/reference/networks).
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import agglo as ag
from agglo.core.errors import InvalidTableError, NumericsWarning
from tests.networks.graphs import made, named, renamed, ties
from tests.networks.karate import edges

LES_MIS = named("les_miserables")
seeds = st.integers(0, 10_000)


def test_disparity_by_hand():
    found = ag.backbone(ties([("a", "b", 8), ("a", "c", 1), ("a", "d", 1)]))
    np.testing.assert_allclose(found.p, [0.04, 0.81, 0.81], atol=1e-12)  # spec


@pytest.mark.parametrize(
    ("options", "kept"),
    [
        ({"keep": "either"}, 9),
        ({"keep": "both"}, 5),
        ({"method": "noise_corrected"}, 126),
        ({"method": "noise_corrected", "preset": "netbone"}, 124),
    ],
)
def test_les_miserables(options, kept):
    assert ag.backbone(LES_MIS, directed=False, **options).edges_kept == kept  # spec


def test_corrections_keep_fewer():
    plain = ag.backbone(LES_MIS, directed=False, method="noise_corrected")
    for correction in ("fdr", "bonferroni"):
        some = ag.backbone(
            LES_MIS, directed=False, method="noise_corrected", correction=correction
        )
        assert some.edges_kept < plain.edges_kept
        assert (some.p >= plain.p - 1e-15).all()


def test_spanning_tree_joins_everything_with_the_heaviest():
    found = ag.backbone(LES_MIS, directed=False, method="maximum_spanning_tree")
    assert found.edges_kept == 76
    assert found.isolated == ()
    assert np.isnan(found.p).all()
    # no dropped tie is heavier than the lightest kept one on its cycle: with equal
    # totals over shuffled labels the tree is a maximum
    other, _ = renamed(LES_MIS, 2)
    again = ag.backbone(other, directed=False, method="maximum_spanning_tree")
    assert again.weight[again.kept].sum() == found.weight[found.kept].sum()


def test_forest_of_a_network_in_two_parts():
    two = ties([("a", "b", 1), ("b", "c", 2), ("a", "c", 3), ("x", "y", 1)])
    found = ag.backbone(
        two, directed=False, method="maximum_spanning_tree", nodes=list("abcxyz")
    )
    assert found.edges_kept == 3
    assert found.isolated == ("z",)


def test_backbone_without_ties_is_empty_with_a_reason():
    found = ag.backbone(ties([("a", "a", 4.0)]))
    assert found.weight.size == 0
    assert np.isnan(found.weight_share)
    assert found.undefined


def test_fractions_are_rounded_with_a_warning():
    table = ties([("a", "b", 1.4), ("b", "c", 2.0)])
    with pytest.warns(NumericsWarning, match="rounded"):
        found = ag.backbone(table, method="noise_corrected")
    assert found.provenance.warnings


@given(seeds, st.floats(0.01, 100))
@settings(max_examples=25, deadline=None)
def test_disparity_does_not_depend_on_the_unit(seed, factor):
    table = made(12, 60, seed)
    scaled = table.set_column(
        2, "weight", pa.array(table["weight"].to_numpy() * factor)
    )
    one, other = ag.backbone(table), ag.backbone(scaled)
    np.testing.assert_allclose(one.p, other.p, atol=1e-9)
    assert ((one.p >= 0) & (one.p <= 1)).all()


def test_negative_weights_are_refused_everywhere():
    bad = ties([("a", "b", -1.0)])
    for measure in (
        ag.backbone,
        ag.communities,
        ag.core_periphery,
        ag.centralities,
        ag.rich_club,
    ):
        with pytest.raises(InvalidTableError, match="negative_value"):
            measure(bad)


@pytest.mark.parametrize(
    ("graph", "modularity", "count"),
    [
        (edges(), 0.419790, 4),
        (edges(weighted=True), 0.444904, 4),
        (LES_MIS, 0.566688, 6),
    ],
    ids=["karate", "karate weighted", "les miserables"],
)
def test_best_modularity(graph, modularity, count):
    found = ag.communities(graph, directed=False, seed=1)
    assert found.modularity == pytest.approx(modularity, abs=5e-7)  # spec
    assert found.n_communities == count  # spec


def _modularity(table: pa.Table, label: dict[str, int], *, directed: bool) -> float:
    """The definition, on a dense matrix."""
    names = sorted(label)
    at = {n: i for i, n in enumerate(names)}
    a = np.zeros((len(names), len(names)))
    for row in table.to_pylist():
        i, j = at[row["origin"]], at[row["destination"]]
        if i == j:
            continue
        a[i, j] += row["weight"]
        if not directed:
            a[j, i] += row["weight"]
    c = np.array([label[n] for n in names])
    expected = np.outer(a.sum(1), a.sum(0)) / a.sum()
    return float(((a - expected) * (c[:, None] == c[None])).sum() / a.sum())


@given(seeds, st.booleans())
@settings(max_examples=20, deadline=None)
def test_modularity_is_recomputed_with_weights_and_direction(seed, directed):
    table = made(20, 60, seed)
    found = ag.communities(table, directed=directed, seed=1, n_restarts=3)
    label = dict(zip(found.nodes.tolist(), found.label.tolist(), strict=True))
    assert found.modularity == pytest.approx(
        _modularity(table, label, directed=directed), abs=1e-10
    )


def _planted(n: int, groups: int, seed: int, inside: float, outside: float) -> pa.Table:
    rng = np.random.default_rng(seed)
    g = np.arange(n) % groups
    a, b = np.triu_indices(n, 1)
    there = rng.random(a.size) < np.where(g[a] == g[b], inside, outside)
    return ties(
        [
            (f"n{i:03d}", f"n{j:03d}", 1.0)
            for i, j in zip(a[there], b[there], strict=True)
        ]
    )


def test_planted_groups_are_found_and_significant():
    table = _planted(80, 4, 1, 0.5, 0.03)
    found = ag.communities(
        table,
        directed=False,
        seed=1,
        n_restarts=10,
        inference=ag.MonteCarlo(n=99, seed=1),
    )
    truth = [int(n[1:]) % 4 for n in found.nodes]
    both = pa.table({"one": found.label, "other": truth})
    assert ag.compare_partitions(both).adjusted_rand == 1.0
    assert found.p == 0.01
    assert found.stability > 0.9
    assert (found.consensus == found.label).all()
    assert np.nanmin(found.support) > 0.9


def test_random_networks_have_communities_that_are_not_significant():
    p = [
        ag.communities(
            _planted(40, 1, s, 0.2, 0.2),
            directed=False,
            seed=1,
            n_restarts=5,
            inference=ag.MonteCarlo(n=39, seed=s),
        ).p
        for s in range(20)
    ]
    assert sum(x <= 0.05 for x in p) <= 5  # 5 % of 20, binomial band at 1e-3


def test_communities_do_not_depend_on_workers_and_repeat():
    table = made(40, 200, 3)
    one = ag.communities(table, seed=5, n_restarts=6)
    assert (
        one.to_dict()["columns"]
        == ag.communities(table, seed=5, n_restarts=6).to_dict()["columns"]
    )


def test_communities_without_ties_are_single_nodes():
    found = ag.communities(ties([("a", "a", 2.0)]), nodes=["a", "b", "c"])
    assert found.n_communities == 3
    assert np.isnan(found.modularity)
    assert found.undefined
    one = ag.communities(ties([]), nodes=["a"])
    assert one.n_communities == 1


def test_disconnected_parts_are_never_one_community():
    two = ties([("a", "b", 1), ("b", "c", 1), ("x", "y", 1), ("y", "z", 1)])
    found = ag.communities(two, directed=False, seed=1)
    label = dict(zip(found.nodes.tolist(), found.label.tolist(), strict=True))
    assert {label["a"], label["b"], label["c"]}.isdisjoint(
        {label["x"], label["y"], label["z"]}
    )


@pytest.mark.parametrize(
    ("one", "other", "rand", "information"),
    [
        ("aabb", "xxyz", 0.5714285714, 0.8),  # scikit-learn 1.9.1
        ("aabb", "xxyy", 1.0, 1.0),
        ("aaaa", "xxxx", 1.0, 1.0),
        ("abab", "xxyy", -0.5, 0.0),
    ],
)
def test_agreement(one, other, rand, information):
    found = ag.compare_partitions(pa.table({"one": list(one), "other": list(other)}))
    assert found.adjusted_rand == pytest.approx(rand, abs=1e-9)
    assert found.normalised_information == pytest.approx(information, abs=1e-9)


def test_karate_core():
    found = ag.core_periphery(
        edges(), directed=False, seed=1, inference=ag.MonteCarlo(n=199, seed=1)
    )
    assert found.rho == pytest.approx(0.431475, abs=5e-7)  # spec
    assert [int(c) for c in found.core] == [0, 1, 2, 32, 33]  # spec
    assert found.p <= 0.05


def _fit(table: pa.Table, core: set[str], names: list[str], *, either: bool) -> float:
    at = {n: i for i, n in enumerate(names)}
    a = np.zeros((len(names), len(names)))
    for row in table.to_pylist():
        if row["origin"] != row["destination"]:
            a[at[row["origin"]], at[row["destination"]]] += row["weight"]
    c = np.array([n in core for n in names])
    ideal = (c[:, None] | c[None]) if either else (c[:, None] & c[None])
    off = ~np.eye(len(names), dtype=bool)
    return float(np.corrcoef(a[off], ideal[off].astype(float))[0, 1])


@given(seeds, st.sampled_from(["either", "core_core"]))
@settings(max_examples=20, deadline=None)
def test_no_core_of_a_small_network_fits_better(seed, pattern):
    from itertools import combinations

    table = made(8, 20, seed)
    found = ag.core_periphery(
        table, pattern=pattern, seed=1, n_starts=40, inference=None
    )
    names = found.nodes.tolist()
    either = pattern == "either"
    if np.isnan(found.rho):
        return
    assert found.rho == pytest.approx(
        _fit(table, set(found.core), names, either=either), abs=1e-9
    )
    best = max(
        _fit(table, set(c), names, either=either)
        for k in range(1 if either else 2, len(names) - (1 if either else 0))
        for c in combinations(names, k)
    )
    assert found.rho >= best - 1e-9


def test_continuous_coreness_of_a_product_is_the_factor():
    rng = np.random.default_rng(2)
    c = np.sort(rng.uniform(0.2, 3, 12))[::-1]
    table = ties(
        [(f"n{i:02d}", f"n{j:02d}", c[i] * c[j]) for i in range(12) for j in range(i)]
    )
    found = ag.core_periphery(table, method="minres", directed=False, inference=None)
    assert found.rho == pytest.approx(1.0, abs=1e-6)
    np.testing.assert_allclose(found.coreness, c / np.linalg.norm(c), atol=1e-4)


@pytest.mark.parametrize("method", ["borgatti_everett", "minres"])
def test_constant_and_small_networks_have_no_core(method):
    full = ties([(i, j, 2.0) for i in range(5) for j in range(i)])
    for table, nodes in (
        (full, None),
        (ties([]), list("abcde")),
        (ties([("a", "b", 1)]), None),
    ):
        found = ag.core_periphery(
            table, method=method, directed=False, nodes=nodes, seed=1
        )
        assert np.isnan(found.rho)
        assert found.core == ()
        assert found.undefined
        assert np.isnan(found.p)


def test_random_networks_have_no_significant_core():
    p = [
        ag.core_periphery(
            _planted(30, 1, s, 0.2, 0.2),
            directed=False,
            seed=1,
            n_starts=5,
            inference=ag.MonteCarlo(n=39, seed=s),
        ).p
        for s in range(20)
    ]
    assert sum(x <= 0.05 for x in p) <= 5


def test_planted_core_is_found():
    rng = np.random.default_rng(3)
    n, core = 40, 6
    a, b = np.triu_indices(n, 1)
    chance = np.where((a < core) & (b < core), 0.95, np.where(a < core, 0.5, 0.04))
    there = rng.random(a.size) < chance
    table = ties(
        [
            (f"n{i:02d}", f"n{j:02d}", 1.0)
            for i, j in zip(a[there], b[there], strict=True)
        ]
    )
    found = ag.core_periphery(table, directed=False, seed=1, inference=None)
    assert found.core == tuple(f"n{i:02d}" for i in range(core))


def test_florentine_families():
    found = ag.centralities(named("florentine_families"), directed=False)
    medici = found.of("Medici")
    assert medici["betweenness"] == pytest.approx(0.521978, abs=5e-7)  # spec
    assert medici["eigenvector"] == pytest.approx(0.430308, abs=5e-7)  # spec


@pytest.mark.parametrize("paths", ["hops", "weighted"])
@pytest.mark.parametrize("directed", [False, True])
def test_positions_agree_with_networkx(paths, directed):
    nx = pytest.importorskip("networkx")
    table = made(30, 150, 4)
    graph = nx.DiGraph() if directed else nx.Graph()
    for row in table.to_pylist():
        a, b = row["origin"], row["destination"]
        if a != b:
            old = graph.get_edge_data(a, b, {"weight": 0.0})["weight"]
            graph.add_edge(a, b, weight=old + row["weight"])
    # powers of two: networkx compares lengths to the last bit, ours do not
    for a, b in graph.edges:
        graph[a][b]["weight"] = 2.0 ** (graph[a][b]["weight"] % 3)
    table = ties([(a, b, w) for a, b, w in graph.edges(data="weight")])
    for a, b in graph.edges:
        graph[a][b]["length"] = 1 / graph[a][b]["weight"]
    length = "length" if paths == "weighted" else None
    found = ag.centralities(table, directed=directed, paths=paths)
    expected = {
        "betweenness": nx.betweenness_centrality(graph, weight=length),
        "closeness": nx.closeness_centrality(graph, distance=length),
        "page_rank": nx.pagerank(graph, tol=1e-13, max_iter=1000),
        "eigenvector": nx.eigenvector_centrality_numpy(graph, weight="weight"),
        "core_number": nx.core_number(graph.to_undirected()),
    }
    for name, values in expected.items():
        mine = getattr(found, name)
        theirs = np.array([values[n] for n in found.nodes])
        np.testing.assert_allclose(mine, theirs, atol=1e-8, err_msg=name)


def test_parts_are_measured_within():
    two = ties([("a", "b", 1), ("b", "c", 1), ("x", "y", 1)])
    found = ag.centralities(two, directed=False, nodes=list("abcxyz"))
    assert found.component.tolist() == [1, 1, 1, 2, 2, 3]
    assert found.betweenness[:3].tolist() == [0.0, 1.0, 0.0]
    assert np.isnan(found.betweenness[3:]).all()
    assert found.closeness[3:5].tolist() == [1.0, 1.0]
    assert np.isnan(found.closeness[5])
    assert found.undefined
    assert found.page_rank.sum() == pytest.approx(1.0)


def test_directed_network_without_cycle_has_no_eigenvector():
    found = ag.centralities(ties([("a", "b", 1), ("b", "c", 1)]))
    assert np.isnan(found.eigenvector).all() or found.eigenvector[0] < 0.05


def test_rich_club_by_hand():
    # degrees 3, 3, 2, 2: above 1 all four with 5 of 6 ties, above 2 the pair, tied
    table = ties(
        [("a", "b", 1), ("a", "c", 1), ("a", "d", 1), ("b", "c", 1), ("b", "d", 1)]
    )
    found = ag.rich_club(table, inference=ag.MonteCarlo(n=19, seed=1))
    by_k = dict(zip(found.degree.tolist(), found.values.tolist(), strict=True))
    assert by_k[1] == pytest.approx(5 / 6)
    assert by_k[2] == 1.0
    # nothing can be rewired: the null is the network itself
    np.testing.assert_allclose(found.ratio, 1.0)
    assert found.p.tolist() == [1.0] * 3
    empty = ag.rich_club(ties([]), nodes=["a", "b"])
    assert empty.undefined


@given(seeds, st.booleans())
@settings(max_examples=20, deadline=None)
def test_rewiring_keeps_degrees_and_makes_no_loop_or_double(seed, directed):
    from agglo.networks._network import read_network
    from agglo.networks._rewiring import rewired_networks

    net = read_network(
        made(15, 60, seed),
        origin="origin",
        destination="destination",
        weight="weight",
        directed=directed,
    ).without_loops()
    (other,) = rewired_networks(net, np.random.default_rng(seed), 1)
    assert (other.origin != other.destination).all()
    assert np.unique(other.origin * net.n + other.destination).size == net.weight.size
    if directed:
        for end in ("origin", "destination"):
            counts = [
                np.bincount(getattr(x, end), minlength=net.n) for x in (net, other)
            ]
            assert (counts[0] == counts[1]).all()
    both = [
        np.bincount(np.concatenate([x.origin, x.destination]), minlength=net.n)
        for x in (net, other)
    ]
    assert (both[0] == both[1]).all()
    assert sorted(other.weight) == sorted(net.weight)
