"""What must hold for every table: agglomeration, coagglomeration, cluster strength."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from agglo.concentration import (
    coagglomeration,
    devereux,
    ellison_glaeser,
    ellison_glaeser_group,
    externalities,
    howard_colocation,
    locational_correlation,
    maurel_sedillot,
)
from agglo.core.tables import RegionActivity
from agglo.relatedness import aggregate_clusters

FIELDS = ("G", "H", "gamma", "mean0", "sd0", "z0", "p0")


@st.composite
def plants(draw, smallest: int = 6, largest: int = 40) -> pa.Table:
    """Plants of up to four industries in up to five regions; sizes from 0 to 50."""
    n = draw(st.integers(smallest, largest))
    codes = st.integers(0, 4)
    region = draw(arrays(np.int64, n, elements=codes))
    industry = draw(arrays(np.int64, n, elements=st.integers(0, 3)))
    size = draw(arrays(np.int64, n, elements=st.integers(0, 50)))
    assume(size.sum() > 0)
    return table(region, industry, size.astype(float))


def table(region: np.ndarray, industry: np.ndarray, size: np.ndarray) -> pa.Table:
    return pa.table(
        {
            "region": [f"r{k}" for k in region],
            "industry": [f"i{k}" for k in industry],
            "employment": size,
        }
    )


matrices = arrays(
    np.float64,
    st.tuples(st.integers(2, 7), st.integers(2, 6)),
    elements=st.integers(0, 200).map(float),
)


def same(left: np.ndarray, right: np.ndarray) -> None:
    np.testing.assert_allclose(left, right, rtol=1e-9, atol=1e-11)


@given(plants(), st.floats(0.01, 1000), st.sampled_from(["all", "others"]))
def test_unit_of_size_does_not_matter(data, factor, reference):
    scaled = data.set_column(
        2, "employment", pa.array(data["employment"].to_numpy() * factor)
    )
    one = ellison_glaeser(data, reference=reference)
    other = ellison_glaeser(scaled, reference=reference)
    assert one.status.tolist() == other.status.tolist()
    for field in FIELDS:
        same(getattr(one, field), getattr(other, field))


@given(plants(), st.randoms(use_true_random=False))
def test_order_of_rows_does_not_matter(data, random):
    order = list(range(data.num_rows))
    random.shuffle(order)
    for measure in (ellison_glaeser, maurel_sedillot):
        same(measure(data).gamma, measure(data.take(order)).gamma)
    same(devereux(data).alpha, devereux(data.take(order)).alpha)
    same(howard_colocation(data).value, howard_colocation(data.take(order)).value)


@given(plants())
def test_an_activity_never_poisons_another(data):
    extra = table(np.array([0]), np.array([9]), np.array([0.0]))
    with_empty = pa.concat_tables([data, extra])
    one, other = ellison_glaeser(data), ellison_glaeser(with_empty)
    assert other.activity[-1] == "i9"
    assert np.isnan(other.gamma[-1])
    for field in FIELDS:
        same(getattr(one, field), getattr(other, field)[:-1])


@given(plants())
def test_undefined_has_a_reason_and_only_then(data):
    for measure in (ellison_glaeser, maurel_sedillot):
        got = measure(data)
        reasons = {u.activity for u in got.undefined}
        assert reasons == set(got.activity[np.isnan(got.gamma)].tolist())


@given(plants())
def test_herfindahl_lies_between_even_and_one(data):
    got = ellison_glaeser(data)
    ok = np.isfinite(got.H)
    assert np.all(got.H[ok] >= 1 / got.n[ok] - 1e-12)
    assert np.all(got.H[ok] <= 1 + 1e-12)
    assert np.all(got.G[np.isfinite(got.G)] >= -1e-12)
    p = got.p0[np.isfinite(got.p0)]
    assert np.all((p >= 0) & (p <= 1))


@given(plants(smallest=10))
def test_group_is_the_weighted_mean_of_its_pairs(data):
    names = sorted(set(data["industry"].to_pylist()))
    group = ellison_glaeser_group(data, groups=dict.fromkeys(names, "all"))
    assume(group.status.tolist() == ["ok"])
    cells = data.group_by(["region", "industry"]).aggregate([("employment", "sum")])
    cells = cells.rename_columns(["region", "industry", "employment"])
    pairs = coagglomeration(cells)
    ok = pairs.status == "ok"
    size = ellison_glaeser(data).size[ok]
    w = size / size.sum()
    weights = np.outer(w, w) * (1 - np.eye(w.size))
    within = pairs.values[np.ix_(ok, ok)]
    want = np.sum(weights * within) / (1 - np.sum(w**2))
    assert group.gamma[0] == pytest.approx(want, abs=1e-10)


@given(matrices)
def test_rows_sum_to_zero_against_the_mean(values):
    assume(values.sum() > 0)
    got = coagglomeration(RegionActivity.from_arrays(values), reference="mean")
    ok = got.status == "ok"
    block = got.values[np.ix_(ok, ok)]
    np.testing.assert_allclose(np.nan_to_num(block).sum(axis=1), 0.0, atol=1e-9)
    np.testing.assert_array_equal(got.values, got.values.T)


@given(matrices, st.data())
def test_merging_plants_of_a_cell_leaves_pairs_alone(values, data):
    """Pairs know cells only: any split of a cell into plants gives the same."""
    assume((values.sum(axis=0) > 0).all())
    k = data.draw(st.integers(2, 4))
    rows = [
        {"region": f"r{m}", "industry": f"i{i}", "employment": values[m, i] / k}
        for m in range(values.shape[0])
        for i in range(values.shape[1])
        for _ in range(k)
    ]
    group = dict.fromkeys([f"i{i}" for i in range(values.shape[1])], "g")
    split = ellison_glaeser_group(pa.Table.from_pylist(rows), groups=group)
    whole = [{**r, "employment": r["employment"] * k} for r in rows[::k]]
    merged = ellison_glaeser_group(pa.Table.from_pylist(whole), groups=group)
    same(split.gamma, merged.gamma)


@given(matrices)
def test_empty_region_and_empty_activity_change_nothing(values):
    assume(values.sum() > 0)
    n, k = values.shape
    wider = np.zeros((n + 1, k + 1))
    wider[:n, :k] = values
    small, large = RegionActivity.from_arrays(values), RegionActivity.from_arrays(wider)
    same(coagglomeration(small).values, coagglomeration(large).values[:k, :k])
    one, other = (
        externalities(small, establishments=None),
        externalities(large, establishments=None),
    )
    same(one.mar, other.mar[:n, :k])
    same(one.jacobs, other.jacobs[:n, :k])


@given(matrices)
def test_correlations_are_bounded_and_symmetric(values):
    assume(values.sum() > 0)
    for mode in ("levels", "rca"):
        got = locational_correlation(RegionActivity.from_arrays(values), mode=mode)
        known = got.values[np.isfinite(got.values)]
        assert np.all(np.abs(known) <= 1)
        np.testing.assert_array_equal(got.values, got.values.T)
        assert np.all(np.diagonal(got.values)[got.status == "ok"] == 1.0)


@given(plants())
def test_colocation_moments_bound_the_value(data):
    got = howard_colocation(data)
    ok = got.status == "ok"
    assert np.all((got.value[ok] >= 0) & (got.value[ok] <= 1))
    assert np.all((got.expected[ok] >= -1e-12) & (got.expected[ok] <= 1 + 1e-12))
    assert np.all(got.sd[ok] >= 0)
    # when nothing can vary, the value is its expectation
    still = ok & (got.sd < 1e-9)
    np.testing.assert_allclose(got.excess[still], 0.0, atol=1e-7)


@given(matrices)
def test_clusters_keep_the_total(values):
    assume(values.sum() > 0)
    jobs = RegionActivity.from_arrays(values)
    half = {str(a): f"c{k % 2}" for k, a in enumerate(jobs.activity)}
    got = aggregate_clusters(jobs, half)
    assert got.values.sum() == pytest.approx(values.sum())
    assert got.unmapped_share == pytest.approx(0.0, abs=1e-12)
    same(got.values.sum(axis=1), jobs.row_total)
