"""Cities tied by firms: Taylor's interlocking model, and the null of fixed degrees."""

import numpy as np
import pyarrow as pa
import pytest

import agglo as ag
from agglo.core.errors import InvalidTableError
from agglo.networks._kernels import bipartite


def _long(matrix, names="ABC"):
    rows = [
        (names[a], f"f{j}", float(v))
        for a, row in enumerate(matrix)
        for j, v in enumerate(row)
        if v
    ]
    region, firm, value = zip(*rows, strict=True)
    return pa.table({"region": region, "firm": firm, "service": value})


def test_interlocking_of_the_specification():
    found = ag.interlocking_network(_long([[5, 0, 2], [3, 4, 0], [0, 2, 5]]))
    assert found.values[0, 1] == 15.0
    assert found.values[0, 2] == 10.0
    assert found.values[1, 2] == 8.0
    assert found.connectivity.tolist() == [25.0, 23.0, 18.0]
    np.testing.assert_allclose(found.share, [1.0, 0.92, 0.72])


def test_service_values_follow_the_rule():
    table = pa.table(
        {
            "firm": list("fffffg"),
            "region": list("xyyzww")[:6],
            "is_hq": [True, False, False, False, False, False],
            "regional": [False, False, False, False, True, False],
        }
    )
    found = ag.service_values(table, regional="regional")
    rows = {
        (r["firm"], r["region"]): r["service"] for r in found.to_arrow().to_pylist()
    }
    assert rows == {
        ("f", "x"): 5.0,
        ("f", "y"): 3.0,
        ("f", "z"): 2.0,
        ("f", "w"): 4.0,
        ("g", "w"): 2.0,
    }
    assert ag.interlocking_network(found).n_firms == 2


def test_firms_of_one_city_tie_nothing():
    found = ag.interlocking_network(_long([[5, 0], [0, 4]], "AB"))
    assert np.isnan(found.share).all()
    assert found.undefined[0].reason == "no firm is in two regions"


def test_service_values_outside_the_scale_are_refused():
    with pytest.raises(InvalidTableError, match="out_of_range"):
        ag.interlocking_network(_long([[6, 1], [1, 1]], "AB"))


def _random(rng, n=12, m=80):
    size, spread = rng.lognormal(0, 0.8, n), rng.lognormal(0, 0.8, m)
    chance = np.outer(size, spread)
    chance = chance / (1 + chance)
    return rng.random((n, m)) < chance


def test_the_null_keeps_both_degree_sequences():
    present = _random(np.random.default_rng(3))
    present[0], present[1] = True, False
    present[:, 5] = True
    p, settled = bipartite.fit_degrees(present)
    assert settled
    np.testing.assert_allclose(p.sum(axis=0), present.sum(axis=0), atol=1e-7)
    np.testing.assert_allclose(p.sum(axis=1), present.sum(axis=1), atol=1e-7)
    assert (p >= 0).all()
    assert (p <= 1).all()


def test_exact_tails_agree_with_simulation():
    rng = np.random.default_rng(1)
    p = rng.random((2, 30))
    drawn = (rng.random((20_000, 30)) < p[0] * p[1]).sum(axis=1)
    for k in (3, 8, 12):
        tail = bipartite.poisson_binomial_tails(
            p, np.array([0]), np.array([1]), np.array([k])
        )[0]
        assert tail == pytest.approx((drawn >= k).mean(), abs=0.015)
    ones = np.full((2, 4), 1.0)
    four = bipartite.poisson_binomial_tails(
        ones, np.array([0]), np.array([1]), np.array([4])
    )
    assert four[0] == 1.0


def test_a_planted_tie_is_kept_and_chance_is_not():
    rng = np.random.default_rng(5)
    present = _random(rng, 15, 300)
    joint = rng.choice(300, 40, replace=False)
    present[0], present[1] = False, False
    present[:2, joint] = True
    region, firm = np.nonzero(present)
    table = pa.table(
        {"region": [f"r{i:02d}" for i in region], "firm": [f"f{j}" for j in firm]}
    )
    found = ag.two_mode_projection(table)
    at = {str(x): i for i, x in enumerate(found.label)}
    a, b = at["r00"], at["r01"]
    assert found.kept[a, b]
    assert found.shared[a, b] == 40
    others = found.kept.copy()
    others[[a, b], [b, a]] = False
    assert others.sum() / 2 <= 3
    loose = ag.two_mode_projection(table, method="poisson")
    assert loose.p[a, b] < 1e-6


@pytest.mark.slow
def test_p_values_under_the_null_are_honest():
    rejected = 0
    for seed in range(40):
        present = _random(np.random.default_rng(seed), 10, 120)
        region, firm = np.nonzero(present)
        table = pa.table(
            {"region": [str(i) for i in region], "firm": [str(j) for j in firm]}
        )
        found = ag.two_mode_projection(table, correction=None)
        rejected += int(found.kept.sum()) // 2
    # 1,800 discrete tests at 5 %: conservative, never far above
    assert rejected / 1800 < 0.065
