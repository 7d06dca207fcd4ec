"""Stocks, pools, linkages and hypotheses on paper."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agglo.core.errors import AlignmentError, InvalidTableError, OptionError
from agglo.econometrics import (
    fit_linear,
    flow_linkage,
    knowledge_pools,
    knowledge_stock,
    link_classes,
    profile_linkage,
    spillover_hypotheses,
)


def economy(seed, n=5, t=4):
    rng = np.random.default_rng(seed)
    names = [f"i{k}" for k in range(n)]
    patents = pa.table(
        {
            "industry": np.repeat(names, t),
            "period": np.tile(np.arange(2001, 2001 + t), n),
            "patents": rng.poisson(9.0, n * t).astype(float),
        }
    )
    a, b = np.nonzero(~np.eye(n, dtype=bool))
    m = np.zeros((n, n))
    m[a, b] = rng.random(a.size)
    dyads = pa.table(
        {"anchor": np.array(names)[a], "mover": np.array(names)[b], "weight": m[a, b]}
    )
    return knowledge_stock(patents), dyads, m


def test_stock_by_hand():
    rows = pa.table(
        {"industry": ["a"] * 3, "period": [1, 2, 3], "patents": [2.0, 4.0, 8.0]}
    )
    got = knowledge_stock(rows, depreciation=0.2)
    # growth ln 2 is clipped to .3: K0 = 2 / .5
    np.testing.assert_allclose(got.values[0], [4.0, 7.2, 13.76])
    assert got.growth[0] == pytest.approx(0.3)
    zero = knowledge_stock(
        pa.table({"industry": ["a"], "period": [1], "patents": [0.0]})
    )
    assert zero.values[0, 0] == 0.0


def test_a_missing_count_is_undefined_from_there():
    rows = pa.table(
        {"industry": ["a"] * 3, "period": [1, 2, 3], "patents": [2.0, None, 8.0]}
    )
    got = knowledge_stock(rows)
    assert np.isnan(got.values[0]).tolist() == [False, True, True]
    assert got.undefined[0].n == 2


@given(st.integers(0, 1000), st.integers(0, 2))
@settings(max_examples=20, deadline=None)
def test_pools_are_matrix_products_and_swap(seed, lag):
    stock, dyads, m = economy(seed)
    got = knowledge_pools(dyads, stock, lag=lag)
    past = stock.values[:, : 4 - lag]
    np.testing.assert_allclose(got.values["active", "all"][:, lag:], m.T @ past)
    np.testing.assert_allclose(got.values["passive", "all"][:, lag:], m @ past)
    turned = knowledge_pools(dyads, stock, lag=lag, anchor="mover", mover="anchor")
    np.testing.assert_array_equal(
        turned.values["active", "all"], got.values["passive", "all"]
    )
    assert got.orientation_note


@given(st.integers(0, 1000))
@settings(max_examples=10, deadline=None)
def test_classes_sum_to_the_total(seed):
    stock, dyads, _ = economy(seed, n=8)
    rng = np.random.default_rng(seed)
    names = stock.industries
    flows = pa.table(
        {
            "supplier": np.repeat(names, 8),
            "user": np.tile(names, 8),
            "value": rng.random(64),
        }
    )
    counts = pa.table(
        {
            "industry": np.repeat(names, 3),
            "class": np.tile(list("xyz"), 8),
            "value": rng.random(24),
        }
    )
    links = link_classes(flow_linkage(flows), profile_linkage(counts))
    total = knowledge_pools(dyads, stock).values
    parts = knowledge_pools(dyads, stock, links=links).values
    for d in ("active", "passive"):
        added = sum(v for (e, _), v in parts.items() if e == d)
        np.testing.assert_allclose(added, total[d, "all"], rtol=1e-10)
    assert sum(links.sizes.values()) == 56


def test_recentred_pools_have_mean_zero_over_movers():
    stock, dyads, _ = economy(3)
    same = pa.table(
        {**{c: dyads[c] for c in ("anchor", "mover")}, "weight": [0.5] * 20}
    )
    got = knowledge_pools(same, stock, recentre=True)
    np.testing.assert_allclose(got.values["active", "all"][:, 1:], 0.0, atol=1e-12)


def test_zero_pools_have_an_indicator_and_no_log_of_one_plus():
    stock, dyads, _ = economy(3)
    none = dyads.slice(0, 1)
    table = knowledge_pools(none, stock, lag=0).to_arrow()
    zero = np.array(table["zero"].to_pylist())
    log = np.array(table["log_value"].to_pylist())
    assert set(zero) == {0.0, 1.0}
    assert (log[zero == 1] == 0).all()


def test_pools_refuse():
    stock, dyads, _ = economy(3)
    with pytest.raises(AlignmentError, match="zz"):
        knowledge_pools(
            pa.table({"anchor": ["zz"], "mover": ["i1"], "weight": [1.0]}), stock
        )
    with pytest.raises(InvalidTableError, match="self_pair"):
        knowledge_pools(
            pa.table({"anchor": ["i1"], "mover": ["i1"], "weight": [1.0]}), stock
        )
    with pytest.raises(InvalidTableError, match="duplicate_key"):
        knowledge_pools(pa.concat_tables([dyads, dyads]), stock)
    with pytest.raises(OptionError, match="lag"):
        knowledge_pools(dyads, stock, lag=4)


def test_flow_linkage_by_hand():
    flows = pa.table(
        {
            "supplier": ["a", "a", "b", "c", "c"],
            "user": ["b", "c", "c", "a", "c"],
            "value": [30.0, 10.0, 30.0, 5.0, 60.0],
        }
    )
    inputs = flow_linkage(flows, kind="input").values
    assert inputs[2, 1] == pytest.approx(0.3)  # c buys 30 of 100 from b
    assert inputs[2, 0] == pytest.approx(0.1)
    outputs = flow_linkage(flows, kind="output").values
    assert outputs[0, 1] == pytest.approx(0.75)
    largest = flow_linkage(flows).values
    # b buys all from a (1), a sells .75 to b
    assert largest[0, 1] == largest[1, 0] == pytest.approx(1.0)
    assert largest[1, 2] == pytest.approx(1.0)  # b sells all to c
    assert np.isnan(np.diag(largest)).all()
    ratio = flow_linkage(flows, kind="relatedness").values
    one, two = 30 * 135 / (40 * 30), 0.0
    assert ratio[0, 1] == pytest.approx((one + two) / 2)


def test_industry_without_flows_has_a_reason():
    flows = pa.table({"supplier": ["a", "a"], "user": ["b", "c"], "value": [1.0, 0.0]})
    got = flow_linkage(flows, kind="input")
    assert np.isnan(got.values[2, 0])
    assert any(u.activity == "c" for u in got.undefined)


def test_profiles_by_hand():
    counts = pa.table(
        {
            "industry": ["a", "a", "b", "c"],
            "class": ["x", "y", "x", "y"],
            "value": [3.0, 4.0, 2.0, 0.0],
        }
    )
    got = profile_linkage(counts)
    assert got.values[0, 1] == pytest.approx(0.6)
    assert np.isnan(got.values[2, 0])
    assert got.undefined


def pooled(active, passive, seed=1, n=4000, noise=1.0):
    rng = np.random.default_rng(seed)
    a, p = rng.normal(size=(2, n))
    y = active * a + passive * p + noise * rng.normal(size=n)
    fit = fit_linear(
        pa.table({"a": a, "p": p, "y": y}), outcome="y", covariates=["a", "p"]
    )
    return spillover_hypotheses(fit, active={"k": "a"}, passive={"k": "p"})


@pytest.mark.parametrize(
    ("active", "passive", "verdict"),
    [
        (0.4, 0.4, "mutualism"),
        (0.4, -0.4, "parasitism"),
        (0.8, 0.0, "commensalism"),
        (0.0, -0.4, "amensalism"),
        (-0.4, -0.4, "competition"),
        (-0.4, 0.4, "undetermined"),
    ],
)
def test_every_outcome_has_its_name(active, passive, verdict):
    # seed 4: no test of a true 0 rejects by chance
    assert pooled(active, passive, seed=4).verdicts["k"] == verdict


def test_a_host_that_is_not_significant_is_no_parasitism():
    got = pooled(0.12, 0.0, n=400, seed=4)
    assert got.verdicts["k"] == "undetermined"
    assert not got.test("parasitism, strong", "k").supported


def test_intersection_union_takes_the_weaker_side():
    got = pooled(0.5, -0.2)
    strong = got.test("parasitism, strong", "k")
    assert strong.p >= got.test("parasitism, weak", "k").p
    assert got.test("mutual gain", "k").p > 0.5


def test_hypotheses_refuse():
    rng = np.random.default_rng(1)
    rows = pa.table(dict(zip("apy", rng.normal(size=(3, 50)), strict=True)))
    fit = fit_linear(rows, outcome="y", covariates=["a", "p"])
    with pytest.raises(AlignmentError):
        spillover_hypotheses(fit, active={"k": "a"}, passive={"m": "p"})
    with pytest.raises(OptionError, match="no coefficient"):
        spillover_hypotheses(fit, active={"k": "aa"}, passive={"k": "p"})


def test_pooled_growth_is_one_for_all():
    rows = pa.table(
        {
            "industry": ["a"] * 3 + ["b"] * 3,
            "period": [1, 2, 3] * 2,
            "patents": [10.0, 12.0, 14.4, 20.0, 20.0, 20.0],
        }
    )
    own = knowledge_stock(rows).growth
    np.testing.assert_allclose(own, [np.log(1.2), 0.0])
    pooled = knowledge_stock(rows, growth="pooled")
    np.testing.assert_allclose(pooled.growth, np.log(1.2) / 2)
    np.testing.assert_allclose(pooled.values[:, 0], [10, 20] / (0.15 + np.log(1.2) / 2))
    with pytest.raises(OptionError, match="growth"):
        knowledge_stock(rows, growth="mean")
