"""Joint patents, apportioned flows, soft classes, shuffled knowledge."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agglo.core.errors import (
    AlignmentError,
    InvalidTableError,
    NotIdentifiedError,
    NumericsWarning,
    OptionError,
)
from agglo.core.options import Permutation
from agglo.econometrics import (
    fit_linear,
    fit_poisson,
    flow_linkage,
    knowledge_pools,
    knowledge_stock,
    link_classes,
    patent_counts,
    pool_permutation,
    profile_linkage,
)

NAMES = [f"i{k:02d}" for k in range(24)]


def test_joint_patents_by_hand():
    rows = pa.table(
        {
            "patent": ["p", "p", "q", "r", "r", "r"],
            "industry": ["a", "b", "a", "b", "b", ""],
            "period": ["2001", "2001", "2003-05", "2001", "2001", "2001"],
            "citations": [4.0, 4.0, 1.0, 3.0, 3.0, 3.0],
        }
    )
    got = patent_counts(rows)
    assert got.periods.tolist() == ["2001", "2002", "2003"]
    np.testing.assert_allclose(got.counts, [[0.5, 0, 1], [0.5 + 2 / 3, 0, 0]])
    np.testing.assert_allclose(got.citations, [[2, 0, 1], [4, 0, 0]])
    assert got.unplaced == pytest.approx(1 / 3)
    assert got.undefined[0].n == 1
    assert got.n_shared == 1


@given(st.integers(0, 500))
@settings(max_examples=20, deadline=None)
def test_every_patent_counts_once(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(5, 60))
    rows = pa.table(
        {
            "patent": rng.integers(0, 12, n).astype(str).tolist(),
            "industry": rng.choice(NAMES[:4], n).tolist(),
            "period": rng.integers(2000, 2004, n),
        }
    )
    got = patent_counts(rows)
    assert got.counts.sum() == pytest.approx(len(set(rows["patent"].to_pylist())))


def test_given_parts_must_sum_to_one():
    rows = {"patent": ["p", "p"], "industry": ["a", "b"], "period": ["2001"] * 2}
    good = patent_counts(pa.table({**rows, "part": [0.75, 0.25]}), weight="part")
    np.testing.assert_allclose(good.counts.ravel(), [0.75, 0.25])
    with pytest.raises(InvalidTableError, match="weights_sum"):
        patent_counts(pa.table({**rows, "part": [0.75, 0.3]}), weight="part")
    with pytest.raises(InvalidTableError, match="empty_table"):
        patent_counts(pa.table({**rows, "industry": ["", ""]}))


def test_flows_of_groups_are_apportioned_by_hand():
    flows = pa.table({"supplier": ["G"], "user": ["H"], "value": [100.0]})
    members = pa.table(
        {
            "industry": ["a", "b", "c", "d"],
            "group": ["G", "G", "H", "Z"],
            "employment": [30.0, 10.0, 5.0, 1.0],
        }
    )
    got = flow_linkage(flows, kind="input", members=members)
    assert got.industries.tolist() == ["a", "b", "c", "d"]
    assert got.values[2, 0] == pytest.approx(0.75)
    assert got.values[2, 1] == pytest.approx(0.25)
    assert np.isnan(got.values[3, 0])
    empty = members.set_column(2, "employment", pa.array([0.0, 0.0, 5.0, 1.0]))
    with pytest.raises(InvalidTableError, match="empty_group"):
        flow_linkage(flows, members=empty)
    with pytest.raises(AlignmentError, match="No group"):
        flow_linkage(flows, members=members.slice(3))


def test_members_that_are_their_own_group_change_nothing():
    rng = np.random.default_rng(4)
    names = list("abcd")
    flows = pa.table(
        {"supplier": np.repeat(names, 4), "user": names * 4, "value": rng.random(16)}
    )
    own = pa.table({"industry": names, "group": names, "employment": [3.0, 1, 7, 2]})
    np.testing.assert_allclose(
        flow_linkage(flows, members=own).values, flow_linkage(flows).values
    )


def test_soft_classes_sum_to_one_and_follow_ranks():
    rng = np.random.default_rng(5)
    flows = pa.table(
        {
            "supplier": np.repeat(NAMES[:6], 6),
            "user": NAMES[:6] * 6,
            "value": rng.random(36) * (rng.random(36) > 0.3),
        }
    )
    counts = pa.table(
        {
            "industry": np.repeat(NAMES[:6], 3),
            "class": list("xyz") * 6,
            "value": rng.random(18),
        }
    )
    io = flow_linkage(flows, kind="output")
    soft = link_classes(io, profile_linkage(counts), kind="soft")
    off = ~np.eye(6, dtype=bool)
    total = sum(soft.membership.values())
    np.testing.assert_allclose(total[off], 1.0)
    trade = soft.membership["io"] + soft.membership["both"]
    assert (trade[off & (io.values == 0)] == 0).all()
    assert trade[off].max() == pytest.approx(1.0)
    with pytest.raises(OptionError, match="kind"):
        link_classes(io, io, kind="fuzzy")


def test_log_of_one_plus_is_for_replication_and_warns():
    stock = knowledge_stock(
        pa.table({"industry": ["a", "b"], "period": [1, 1], "patents": [15.0, 30.0]}),
        growth=0.0,
    )
    pair = pa.table({"anchor": ["a"], "mover": ["b"], "weight": [0.5]})
    with pytest.warns(NumericsWarning, match="unit of knowledge"):
        got = knowledge_pools(pair, stock, lag=0, log="log1p")
    row = next(
        r
        for r in got.to_arrow().to_pylist()
        if r["direction"] == "active" and r["industry"] == "b"
    )
    assert row["log_value"] == pytest.approx(np.log(51.0))
    assert "unit of knowledge" in got.summary()


def pooled(seed, effect, *, n=24, t=8):
    """Every mover follows two anchors; the outcome moves with the pool by `effect`."""
    rng = np.random.default_rng(seed)
    names = NAMES[:n]
    patents = pa.table(
        {
            "industry": np.repeat(names, t),
            "period": np.tile(range(t), n),
            "patents": rng.lognormal(3.0, 0.8, n * t),
        }
    )
    pairs = pa.table(
        {
            "anchor": [*np.roll(names, 3), *np.roll(names, 7)],
            "mover": [*names, *names],
            "weight": rng.gamma(2.0, 0.5, 2 * n),
        }
    )
    stock = knowledge_stock(patents)
    found = knowledge_pools(pairs, stock).values
    logs = {d: np.log(found[d, "all"]).ravel() for d in ("active", "passive")}
    y = effect * logs["active"] + 0.3 * rng.normal(size=n * t)
    rows = patents.append_column("y", pa.array(y))
    for d, values in logs.items():
        rows = rows.append_column(d, pa.array(values))
    fit = fit_linear(
        rows,
        outcome="y",
        covariates=["active", "passive"],
        effects=["industry", "period"],
    )
    return fit, pairs, stock


def shuffled(seed, effect, **options):
    base = {"inference": Permutation(n=99, seed=seed), **options}
    return pool_permutation(
        *pooled(seed, effect), term="active", direction="active", **base
    )


def test_shuffled_knowledge_finds_the_pool_and_rejects_at_its_level():
    got = shuffled(1, 1.5)
    assert got.p == pytest.approx(0.01)
    assert got.value == pytest.approx(1.5, abs=0.15)
    assert got.plain == pytest.approx(got.value, abs=0.1)
    p = np.array([shuffled(s, 0.0).p for s in range(60)])
    assert np.mean(p <= 0.1) <= 0.2  # 2.6 standard errors above .1
    assert 0.35 <= p.mean() <= 0.65


def test_the_pool_of_the_fit_is_rebuilt():
    fit, pairs, stock = pooled(2, 0.5)
    got = pool_permutation(
        fit,
        pairs,
        stock,
        term="active",
        direction="active",
        inference=Permutation(n=99, seed=1),
    )
    turned = pool_permutation(
        fit,
        pairs,
        stock,
        term="passive",
        direction="passive",
        inference=Permutation(n=99, seed=1),
    )
    again = pool_permutation(
        fit,
        pairs,
        stock,
        term="active",
        direction="active",
        inference=Permutation(n=99, seed=1),
        n_jobs=2,
    )
    assert got.drawn.tolist() == again.drawn.tolist()
    # without recentring the statistic over its square is the coefficient of the fit
    x = fit.design.x
    away = x[:, 0] - x[:, 1] * (x[:, 1] @ x[:, 0]) / (x[:, 1] @ x[:, 1])
    assert fit.design.y @ away / (away @ away) == pytest.approx(got.plain)
    assert got.p < turned.p


def test_permutation_refuses():
    fit, pairs, stock = pooled(3, 0.0)
    ask = {"term": "active", "direction": "active"}
    with pytest.raises(OptionError, match="no coefficient"):
        pool_permutation(fit, pairs, stock, term="pool", direction="active")
    with pytest.raises(OptionError, match="link"):
        pool_permutation(fit, pairs, stock, link="io", **ask)
    rows = fit.design.rows.table
    one = fit_poisson(rows, outcome="patents", covariates=["active"])
    with pytest.raises(OptionError, match="least squares"):
        pool_permutation(one, pairs, stock, **ask)
    other = knowledge_stock(
        pa.table({"industry": ["i00"], "period": [1], "patents": [1.0]})
    )
    with pytest.raises(AlignmentError):
        pool_permutation(fit, pairs.slice(0, 0), other, lag=0, **ask)
    with pytest.raises(NotIdentifiedError, match="no_variation"):
        pool_permutation(fit, pairs.slice(0, 0), stock, **ask)
