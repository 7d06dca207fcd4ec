"""Product space, income content, intervals of complexity, entries and their back-test."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given as generated
from hypothesis import settings
from hypothesis import strategies as st

from agglo.core.errors import (
    AlignmentError,
    ColumnNotFoundError,
    InvalidTableError,
    NotIdentifiedError,
    NumericsWarning,
    OptionError,
)
from agglo.core.tables import RegionActivity
from agglo.relatedness import (
    Convention,
    backtest_entries,
    complexity,
    complexity_intervals,
    entry_exit,
    income_content,
    product_space,
    proximity,
)
from tests.relatedness.world_trade import TOY, given, trade


def test_world_trade_graph(shared_data):
    """Spec 17: 350 pairs from 0.55 on, 54,991 from 0.30 on."""
    near = proximity(trade(shared_data))
    high = product_space(near, threshold=0.55)
    assert int((high.weight >= 0.55).sum()) == 350
    assert int(high.in_tree.sum()) == 784
    low = product_space(
        near, threshold=0.30, layout={str(i): (0, 0) for i in near.label}
    )
    assert int((low.weight >= 0.30).sum()) == 54_991
    few = product_space(near, keep="average_degree", average_links=5)
    assert 2 * np.sum(few.weight > few.threshold) / 785 <= 5
    assert (
        2 * np.sum(near.values[np.triu_indices(785, 1)] > few.threshold - 0.05) / 785
        > 5
    )


def test_toy_tree_is_unique():
    got = product_space(proximity(given(TOY)))
    rows = got.edges().to_pylist()
    pairs = {(r["origin"], r["destination"]): r["weight"] for r in rows}
    # three links of one half tie: the smaller pairs win
    assert set(pairs) == {("P1", "P2"), ("P1", "P3"), ("P3", "P4")}
    assert pairs["P3", "P4"] == pytest.approx(2 / 3)
    index = complexity(given(TOY), convention=Convention(sign="ubiquity"))
    assert np.isfinite(product_space(proximity(given(TOY)), complexity=index).pci).all()


@settings(max_examples=25)
@generated(st.integers(0, 10_000), st.integers(3, 12))
def test_tree_is_the_best_and_does_not_hang_on_order(seed, n):
    rng = np.random.default_rng(seed)
    m = (rng.random((30, n)) < 0.5).astype(float)
    m[:, 0] = 1.0
    near = proximity(given(m))
    got = product_space(near, threshold=2.0)
    from scipy.sparse.csgraph import minimum_spanning_tree

    cost = np.where(near.values > 0, 2.0 - near.values, 0.0)
    np.fill_diagonal(cost, 0.0)
    best = minimum_spanning_tree(np.nan_to_num(cost))
    assert (2.0 - got.weight).sum() == pytest.approx(best.sum())
    assert got.in_tree.all()


def test_layout_is_stored_and_repeatable():
    near = proximity(given(TOY))
    one, other = product_space(near), product_space(near)
    np.testing.assert_array_equal(one.x, other.x)
    assert np.abs(np.column_stack([one.x, one.y])).max() == pytest.approx(1.0)
    assert not np.array_equal(one.x, product_space(near, layout_seed=1).x)
    own = product_space(near, layout={f"P{i}": (i, -i) for i in range(1, 5)})
    assert own.x.tolist() == [1, 2, 3, 4]
    one.plot()


def test_communities_of_planted_blocks():
    """Three groups that are in the same regions; modularity as networkx counts it."""
    rng = np.random.default_rng(2)
    group = np.repeat(np.arange(3), 6)
    m = rng.random((90, 18)) < np.where(np.arange(90)[:, None] % 3 == group, 0.9, 0.15)
    got = product_space(
        proximity(given(m.astype(float))), threshold=0.3, total={"P1": 5.0}
    )
    planted = [int(group[int(word[1:]) - 1]) for word in got.label]
    assert len(set(zip(got.community.tolist(), planted, strict=True))) == 3
    assert np.bincount(got.community).tolist() == [6, 6, 6]
    assert got.total[got.label == "P1"].tolist() == [5.0]
    assert np.isnan(got.total).sum() == 17
    w = np.zeros((18, 18))
    w[got.origin, got.destination] = got.weight
    w += w.T
    k, total = w.sum(axis=1), w.sum()
    same = got.community[:, None] == got.community
    expected = ((w - np.outer(k, k) / total) * same).sum() / total
    assert got.modularity == pytest.approx(expected)
    again = product_space(proximity(given(m.astype(float))), threshold=0.3)
    np.testing.assert_array_equal(again.community, got.community)
    more = product_space(
        proximity(given(m.astype(float))), threshold=0.3, n_restarts=1, seed=5
    )
    assert more.modularity <= got.modularity + 1e-12
    networkx = pytest.importorskip("networkx")
    graph = networkx.from_numpy_array(w)
    parts = [set(np.flatnonzero(got.community == c).tolist()) for c in range(3)]
    assert got.modularity == pytest.approx(networkx.community.modularity(graph, parts))


def test_communities_of_the_world_trade(shared_data):
    got = product_space(proximity(trade(shared_data)), threshold=0.55)
    assert got.modularity > 0.6
    assert got.community.max() + 1 < 100
    assert "communities, modularity" in got.summary()


def test_forests_warn_and_one_node_is_a_graph():
    apart = np.kron(np.eye(2), np.ones((2, 2)))
    with pytest.warns(NumericsWarning, match="2 parts"):
        got = product_space(proximity(given(apart)))
    assert sorted(set(got.part.tolist())) == [0, 1]
    with pytest.warns(NumericsWarning, match="only the tree"):
        full = product_space(
            proximity(given(np.ones((3, 4)))), keep="average_degree", average_links=1.0
        )
    assert full.in_tree.all()
    alone = product_space(proximity(given(np.ones((3, 1)))))
    assert (alone.label.size, alone.weight.size) == (1, 0)
    assert alone.community.tolist() == [0]
    assert np.isnan(alone.modularity)
    kept = product_space(proximity(given(TOY)), keep="disparity", level=0.9)
    assert kept.weight.size >= 3
    with pytest.raises(InvalidTableError, match="symmetric"):
        product_space(proximity(given(TOY), convention=Convention(phi="asymmetric")))


def test_income_content_by_hand():
    """Spec 17: PRODY and EXPY of a table of two."""
    table = RegionActivity.from_arrays([[8.0, 2.0], [1.0, 9.0]], region=["a", "b"])
    got = income_content(table, income={"a": 10.0, "b": 20.0})
    np.testing.assert_allclose(got.prody, [11.111111, 18.181818], atol=1e-6)
    np.testing.assert_allclose(got.expy, [12.525253, 17.474747], atol=1e-6)
    some = income_content(table, income={"a": 10.0})
    np.testing.assert_allclose(some.prody, 10.0)
    assert [u.region for u in some.undefined] == ["b"]
    with pytest.raises(AlignmentError):
        income_content(table, income={"z": 10.0})
    with pytest.raises(OptionError, match="above 0"):
        income_content(table, income={"a": 0.0, "b": 1.0})


def nested(rng: np.random.Generator, scale: float = 1.0) -> np.ndarray:
    able = np.linspace(-2, 2, 20)[:, None] - np.linspace(-2, 2, 30)
    able = able + rng.normal(0, 0.7, able.shape)
    return rng.poisson(scale * 20 / (1 + np.exp(-3 * able))).astype(float)


def test_intervals_hold_the_index_and_shrink_with_counts():
    x = nested(np.random.default_rng(1))
    got = complexity_intervals(RegionActivity.from_arrays(x), n=120, seed=1, n_jobs=1)
    regions = got.kind == "region"
    width = (got.rank_high - got.rank_low)[regions]
    assert 0 < np.nanmean(width) < 15
    assert 0.5 < got.agreement <= 1
    assert ((got.p_top >= 0) & (got.p_top <= 1)).all()
    sharp = complexity_intervals(
        RegionActivity.from_arrays(1e4 * x), n=100, seed=1, n_jobs=1
    )
    near = np.nanmean((sharp.rank_high - sharp.rank_low)[regions])
    assert near < 0.2 * np.nanmean(width)
    other = complexity_intervals(RegionActivity.from_arrays(x), n=120, seed=1, n_jobs=2)
    assert got.to_dict() == other.to_dict()


def test_base_index_is_that_of_complexity():
    table = RegionActivity.from_arrays(nested(np.random.default_rng(2)))
    got = complexity_intervals(table, n=100, seed=1, n_jobs=1)
    index = complexity(table, convention=Convention(scaling="own_ddof0"))
    np.testing.assert_allclose(got.index[got.kind == "region"], index.eci, atol=1e-9)
    np.testing.assert_allclose(got.index[got.kind == "industry"], index.pci, atol=1e-9)


@pytest.mark.parametrize("scheme", ["multinomial", "lognormal", "jackknife_industries"])
def test_other_schemes(scheme):
    table = RegionActivity.from_arrays(nested(np.random.default_rng(3)))
    with pytest.warns(NumericsWarning, match="fewer than 100"):
        got = complexity_intervals(table, scheme=scheme, n=40, seed=1, n_jobs=1)
    assert got.agreement > 0.5
    if scheme == "jackknife_industries":
        assert got.dropped_share[got.kind == "industry"].max() > 0


def test_values_that_are_no_counts():
    with pytest.raises(InvalidTableError, match="whole numbers"):
        complexity_intervals(RegionActivity.from_arrays([[0.5, 1.0], [2.0, 3.0]]))
    with pytest.raises(NotIdentifiedError):
        complexity_intervals(RegionActivity.from_arrays(np.ones((3, 3))), n=100)


def waves(*tables: np.ndarray) -> pa.Table:
    n, p = tables[0].shape
    r, i = np.divmod(np.arange(n * p), p)
    return pa.table(
        {
            "period": np.repeat([str(k) for k in range(len(tables))], n * p).tolist(),
            "region": [f"{a:03d}" for a in r] * len(tables),
            "industry": [f"{a:03d}" for a in i] * len(tables),
            "employment": np.concatenate([t.ravel() for t in tables]),
        }
    )


def test_entries_and_exits_by_hand():
    a = np.array([[9.0, 1.0], [1.0, 9.0]])
    got = entry_exit(waves(a, a[::-1], a[::-1]))
    np.testing.assert_array_equal(got.entry[0], [[np.nan, 1], [1, np.nan]])
    np.testing.assert_array_equal(got.exit[0], [[1, np.nan], [np.nan, 1]])
    np.testing.assert_array_equal(got.entry[1], [[0, np.nan], [np.nan, 0]])
    assert got.to_arrow().num_rows == 8
    b = np.array([[6.0, 4.0], [4.0, 6.0]])
    assert np.nansum(entry_exit(waves(b, b[::-1])).entry) == 2
    assert np.nansum(entry_exit(waves(b, b[::-1]), rule="robust").entry) == 0
    with pytest.raises(NotIdentifiedError, match="two periods"):
        entry_exit(waves(a))
    with pytest.raises(ColumnNotFoundError, match="year"):
        entry_exit(waves(a, a), period="year")
    gone = waves(a, a).filter(pa.array([True] * 6 + [False] * 2))
    assert np.isnan(entry_exit(gone).entry[0, 1]).all()


def economy(slope: float, seed: int) -> pa.Table:
    """Entries whose odds rise with density (or do not)."""
    rng = np.random.default_rng(seed)
    taste = rng.lognormal(0, 1, (100, 6))
    x = np.repeat(taste, 8, axis=1) * rng.lognormal(0, 0.8, (100, 48))
    share = x / x.sum(axis=1, keepdims=True)
    m = (share / (x.sum(axis=0) / x.sum()) >= 1).astype(float)
    c = m.T @ m
    phi = c / np.maximum.outer(m.sum(axis=0), m.sum(axis=0))
    np.fill_diagonal(phi, 0)
    dense = (m @ phi) / phi.sum(axis=0)
    z = (dense - dense.mean(axis=1, keepdims=True)) / dense.std()
    chance = 1 / (1 + np.exp(2.2 - slope * z))
    grown = np.where((m == 0) & (rng.random(m.shape) < chance), x * 8, x)
    return waves(x, grown)


def test_density_foretells_planted_entries_and_not_the_null():
    got = backtest_entries(economy(1.5, 1), seed=1, n_boot=100, n_jobs=1)
    assert got.predictor[0] == "density"
    assert got.auc_within[0] > 0.6
    assert got.low[0] > 0.55
    # within a region diversity is constant: it ranks nothing
    assert got.auc_within[got.predictor.index("diversity")] == 0.5
    assert abs(got.auc_within[got.predictor.index("random")] - 0.5) < 0.06
    assert abs(got.auc_within[got.predictor.index("permuted")] - 0.5) < 0.1
    assert got.precision_5[0] > got.base_rate


@pytest.mark.slow
def test_no_slope_gives_one_half():
    found = [
        backtest_entries(economy(0.0, s), seed=1, n_boot=0).auc_within[0]
        for s in range(10)
    ]
    assert abs(np.mean(found) - 0.5) < 0.04


def test_back_tests_that_cannot_be():
    a = np.array([[9.0, 1.0], [1.0, 9.0]])
    with pytest.raises(OptionError, match="before"):
        backtest_entries(waves(a, a), train="1", test="0")
    with pytest.raises(NotIdentifiedError, match="nothing to rank"):
        backtest_entries(waves(a, a))
