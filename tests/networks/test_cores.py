"""Core counts, their bootstrap, nested scales and the comparison of layers."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

import agglo as ag
from agglo.core.errors import AlignmentError, OptionError
from tests.networks.graphs import ties
from tests.networks.karate import edges

SEVEN = [100, 90, 30, 28, 25, 20, 18]


def test_spec_values_of_seven_strengths():
    found = ag.core_count(SEVEN)
    assert found.k == 2  # spec
    assert found.gap == pytest.approx(1.098612, abs=5e-7)  # spec
    assert found.t == pytest.approx(5.031709, abs=5e-7)  # spec
    assert found.p_lognormal == pytest.approx(
        0.043, abs=0.006
    )  # spec: "about", simulated
    assert found.verdict == "dual_core"
    assert found.cores == ("1", "2")


def test_zipf_is_graded():
    found = ag.core_count([1 / k for k in range(1, 14)])
    assert found.gap == pytest.approx(np.log(2), abs=1e-12)
    assert found.t == pytest.approx(1.184, abs=5e-4)  # spec
    assert found.p_lognormal == pytest.approx(0.30, abs=0.02)  # spec
    assert found.p_pareto == pytest.approx(0.82, abs=0.02)  # spec
    assert found.verdict == "graded"
    assert found.k_gap == 1
    assert found.cores == ()


def test_karate_strengths_and_degrees():
    strengths = ag.core_count(edges(weighted=True), directed=False)
    assert (strengths.k_gap, strengths.verdict) == (5, "graded")  # spec
    assert strengths.gap == pytest.approx(0.3228, abs=5e-5)  # spec
    degrees = ag.core_count(edges(), directed=False)
    assert degrees.k_gap == 5  # spec
    # exactly ln 1.5: the tolerance of the rule lets it through to the test
    assert degrees.gap == pytest.approx(np.log(1.5), abs=1e-12)


@pytest.mark.parametrize(("n", "critical"), [(13, 2.16), (95, 1.10)])
def test_critical_values_of_the_null(n, critical):
    from agglo.networks.cores import null_t

    assert np.quantile(null_t(n, 6, 9999, 1)[:, 0], 0.95) == pytest.approx(
        critical, abs=0.06
    )


def test_lognormal_cities_have_no_core_in_95_of_100():
    rng = np.random.default_rng(2)
    n = 300
    logs = rng.normal(size=(n, 13))
    found = [ag.core_count(np.exp(row).tolist()) for row in logs]
    false = sum(f.k > 0 for f in found)
    by_gap = sum(f.gap >= np.log(1.5) for f in found)
    assert false <= 27  # 5 % of 300, binomial band at 1e-3
    assert by_gap > 0.75 * n  # the gap alone: 84 % (spec)


@pytest.mark.parametrize(
    ("strengths", "verdict"),
    [
        ([900, 30, 28, 27, 26, 25, 24, 23, 22], "single_core"),
        ([900, 850, 28, 27, 26, 25, 24, 23, 22], "dual_core"),
        ([900, 850, 800, 27, 26, 25, 24, 23, 22], "polycentric"),
        ([5.0] * 9, "graded"),
        ([900, 30, 28], "undefined"),
        ([900, 30, 28, 0, 0, 0, 0], "undefined"),
    ],
)
def test_verdicts(strengths, verdict):
    found = ag.core_count([float(s) for s in strengths])
    assert found.verdict == verdict
    assert bool(found.undefined) == (verdict == "undefined")
    assert np.isnan(found.k) == (verdict == "undefined")


def test_scale_and_order_change_nothing():
    one = ag.core_count(SEVEN)
    other = ag.core_count([s * 1e-6 for s in SEVEN[::-1]])
    assert other.t == pytest.approx(one.t, rel=1e-9)
    assert other.p_lognormal == one.p_lognormal
    assert set(other.cores) == {"6", "7"}


def _star(n_events: int, seed: int = 1) -> pa.Table:
    """Headquarters in one city of nine, one branch per event."""
    rng = np.random.default_rng(seed)
    weight = np.array([60, *[5] * 8]) / 100
    a, b = (rng.choice(9, n_events, p=weight) for _ in range(2))
    return pa.table(
        {
            "event": np.arange(n_events),
            "origin": [f"c{i}" for i in a],
            "destination": [f"c{i}" for i in b],
            "weight": np.ones(n_events),
        }
    )


RUNS = {"null": ag.MonteCarlo(n=999, seed=1), "inference": ag.Bootstrap(n=100, seed=3)}


def test_bootstrap_finds_the_planted_core():
    found = ag.core_count_bootstrap(_star(2000), **RUNS)
    assert found.observed == "c0"
    assert found.modal[0] == "c0"
    assert found.modal[1] > 0.95
    assert found.share.sum() == pytest.approx(1.0)
    assert found.by_k[1] == found.modal[1]
    assert not found.pairs_as_units


def test_bootstrap_of_summed_ties_is_that_of_single_events():
    table = _star(300)
    summed = table.group_by(["origin", "destination"]).aggregate(
        [("weight", "sum"), ("event", "count")]
    )
    summed = summed.rename_columns(["origin", "destination", "weight", "events"])
    one = ag.core_count_bootstrap(table, **RUNS)
    other = ag.core_count_bootstrap(summed, event=None, count="events", **RUNS)
    assert other.pairs_as_units
    assert other.n_events == one.n_events == 300
    # the same kinds of events with the same numbers, drawn in another order
    assert other.by_k.get(1, 0.0) == pytest.approx(one.by_k.get(1, 0.0), abs=0.15)


def test_events_are_resampled_whole():
    # one patent of 200 ties and 20 of one tie: pairs are not independent
    rows = [("big", "c0", f"c{1 + i % 8}") for i in range(200)]
    rows += [(f"p{i}", f"c{1 + i % 8}", f"c{1 + (i + 3) % 8}") for i in range(20)]
    table = pa.table(
        {
            "event": [e for e, _, _ in rows],
            "origin": [a for _, a, _ in rows],
            "destination": [b for *_, b in rows],
            "weight": [1.0] * len(rows),
        }
    )
    whole = ag.core_count_bootstrap(table, **RUNS)
    pairs = ag.core_count_bootstrap(table, event=None, **RUNS)
    assert whole.n_events == 21
    assert pairs.n_events == 220
    # without the big patent, in a third of the resamples, c0 has no tie at all
    assert whole.by_k.get(1, 0.0) < 0.85
    assert pairs.by_k.get(1, 0.0) > 0.95


def test_one_event_cannot_be_resampled():
    found = ag.core_count_bootstrap(_star(1), **RUNS)
    assert found.core_set == ()
    assert np.isnan(found.modal[1])
    assert found.undefined


def test_count_needs_no_event():
    with pytest.raises(OptionError, match="count"):
        ag.core_count_bootstrap(_star(5), count="weight", **RUNS)


REGIONS = pa.table(
    {
        "region": [f"c{i}d{j}" for i in range(6) for j in range(4)],
        "parent": [f"c{i}" for i in range(6) for j in range(4)],
    }
)


def _nested(seed: int = 1, *, core: bool = True) -> pa.Table:
    rng = np.random.default_rng(seed)
    mass = rng.uniform(0.9, 1.1, 24)
    if core:
        mass[:3] *= 40
    p = mass / mass.sum()
    names = np.array(REGIONS["region"].to_pylist())
    a, b = (names[rng.choice(24, 4000, p=p)].tolist() for _ in range(2))
    return pa.table(
        {
            "event": np.arange(4000),
            "origin": a,
            "destination": b,
            "weight": np.ones(4000),
        }
    )


def test_nested_scales_agree_where_they_were_planted():
    found = ag.nested_hierarchy(_nested(), REGIONS, self_loops=True, null=RUNS["null"])
    assert found.city.cores.cores == ("c0",)
    assert set(found.district.cores.cores) == {"c0d0", "c0d1", "c0d2"}
    assert found.consistent is True
    assert found.district.tiers.n_tiers == 2
    assert found.theil_between > found.theil_within
    assert found.first_share[0] == pytest.approx(1 / 3, abs=0.03)
    # the weight at both ends is conserved by aggregation
    assert found.city.cores.strength.sum() == pytest.approx(
        found.district.cores.strength.sum()
    )


def test_without_cores_there_is_nothing_to_compare():
    found = ag.nested_hierarchy(_nested(core=False), REGIONS, null=RUNS["null"])
    assert found.consistent is None
    assert found.city.cores.verdict == found.district.cores.verdict == "graded"


def test_districts_without_a_tie_are_nodes():
    table = _nested().filter(pa.compute.not_equal(_nested()["origin"], "c5d3"))
    table = table.filter(pa.compute.not_equal(table["destination"], "c5d3"))
    found = ag.nested_hierarchy(table, REGIONS, null=RUNS["null"])
    assert found.district.cores.nodes.size == 24
    assert found.district.cores.n_zero == 1


def test_unknown_districts_are_listed():
    with pytest.raises(AlignmentError, match="c9"):
        ag.nested_hierarchy(
            pa.table(
                {
                    "event": [1],
                    "origin": ["c9"],
                    "destination": ["c0d0"],
                    "weight": [1.0],
                }
            ),
            REGIONS,
        )


def _layers() -> pa.Table:
    one = _nested(1).append_column("layer", pa.array(["branch"] * 4000))
    rng = np.random.default_rng(5)
    mass = np.ones(24)
    mass[[0, 12]] = 60
    names = np.array(REGIONS["region"].to_pylist())
    a, b = (names[rng.choice(24, 4000, p=mass / mass.sum())].tolist() for _ in range(2))
    other = pa.table(
        {
            "event": np.arange(4000),
            "origin": a,
            "destination": b,
            "weight": np.ones(4000),
        }
    ).append_column("layer", pa.array(["copatent"] * 4000))
    return pa.concat_tables([one, other])


def test_layers_with_other_cores_differ():
    found = ag.compare_layers(
        _layers(), permutation=ag.Permutation(n=199, seed=1), self_loops=True, **RUNS
    )
    assert found.verdict == ("layers_differ",)
    assert found.cores_one == ("c0d0, c0d1, c0d2",)
    assert found.cores_other == ("c0d0, c3d0",)
    assert found.differ_share[0] == 1.0
    assert 0 < found.overlap[0] < 1


def test_a_layer_agrees_with_itself():
    table = _nested()
    twice = pa.concat_tables(
        [table.append_column("layer", pa.array([name] * 4000)) for name in ("a", "b")]
    )
    found = ag.compare_layers(twice, permutation=ag.Permutation(n=99, seed=1), **RUNS)
    assert found.spearman[0] == pytest.approx(1.0)
    assert found.correlation[0] == pytest.approx(1.0)
    assert found.overlap[0] == pytest.approx(1.0)
    assert found.jaccard[0] == 1.0
    assert found.p[0] == 0.01
    assert found.verdict == ("layers_agree",)


def test_correlation_of_layers_is_pearson_of_all_pairs():
    rows = [
        ("x", "a", "b", 3.0),
        ("x", "b", "c", 1.0),
        ("y", "a", "b", 2.0),
        ("y", "c", "d", 4.0),
    ]
    table = pa.table(
        {
            "layer": [r[0] for r in rows],
            "event": [1, 2, 3, 4],
            "origin": [r[1] for r in rows],
            "destination": [r[2] for r in rows],
            "weight": [r[3] for r in rows],
        }
    )
    found = ag.compare_layers(table, inference=None)
    one, other = [3, 0, 0, 1, 0, 0], [2, 0, 0, 0, 0, 4]
    assert found.correlation[0] == pytest.approx(np.corrcoef(one, other)[0, 1])
    assert found.jaccard[0] == pytest.approx(1 / 3)
    assert found.overlap[0] == pytest.approx(2 / 6)
    assert np.isnan(found.differ_share[0])


def test_layers_need_two():
    table = ties([("a", "b", 1.0)]).append_column("layer", pa.array(["x"]))
    with pytest.raises(AlignmentError, match="fewer than two"):
        ag.compare_layers(table, event=None)
