"""What areal measures promise whatever the table: identities, bounds, invariances."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import agglo as ag
from agglo.core.tables import RegionActivity

SIZES = st.one_of(st.just(0.0), st.integers(1, 10_000).map(float))


@st.composite
def tables(draw, least: int = 2):
    """Regions × activities with zeros, every region and activity with something."""
    shape = draw(hnp.array_shapes(min_dims=2, max_dims=2, min_side=least, max_side=7))
    values = draw(hnp.arrays(np.float64, shape, elements=SIZES))
    n = max(shape)
    here = (np.arange(n) % shape[0], np.arange(n) % shape[1])
    values[here] = np.maximum(values[here], 1.0)
    return values


def shaped(values, **labels) -> RegionActivity:
    return RegionActivity.from_arrays(values, **labels)


# name, function, range
REGIONAL = {
    "krugman": (ag.krugman, (0.0, 2.0)),
    "hoover": (ag.hoover, (0.0, 1.0)),
    "hachman": (ag.hachman, (0.0, 1.0)),
    "gini": (ag.gini, (0.0, 1.0)),
    "locational_gini": (
        lambda t, **k: ag.locational_gini(t, **{"by": "region", **k}),
        (0.0, 1.0),
    ),
    "hhi": (ag.hhi, (0.0, 1.0)),
    "entropy": (ag.entropy, (0.0, 8.0)),
    "theil": (ag.theil, (0.0, 8.0)),
}
every = pytest.mark.parametrize("name", sorted(REGIONAL))


@every
@given(values=tables())
def test_inside_its_range(name, values):
    measure, (low, high) = REGIONAL[name]
    found = measure(shaped(values)).values
    assert np.isfinite(found).all()
    assert (found >= low - 1e-12).all()
    assert (found <= high + 1e-12).all()


@every
@given(values=tables(), factor=st.floats(1e-3, 1e6))
def test_unit_of_the_sizes_does_not_matter(name, values, factor):
    measure, _ = REGIONAL[name]
    one, other = measure(shaped(values)), measure(shaped(values * factor))
    np.testing.assert_allclose(other.values, one.values, rtol=1e-9, atol=1e-11)


@every
@given(values=tables(), seed=st.integers(0, 99))
def test_order_and_names_do_not_matter(name, values, seed):
    measure, _ = REGIONAL[name]
    rng = np.random.default_rng(seed)
    rows, cols = (rng.permutation(n) for n in values.shape)
    one = measure(shaped(values)).values
    other = measure(shaped(values[np.ix_(rows, cols)])).values
    np.testing.assert_allclose(other, one[rows], rtol=1e-10, atol=1e-12)


@given(values=tables())
def test_mean_quotient_is_one(values):
    """Weighted by the reference shares, the quotients of an activity average to 1."""
    table = shaped(values)
    found = ag.location_quotient(table).values
    x = table.row_total / table.total
    np.testing.assert_allclose(x @ found, 1.0, rtol=1e-12)
    share = table.col_total / table.total
    np.testing.assert_allclose(found @ share, 1.0, rtol=1e-12)


@given(values=tables())
def test_excess_jobs_add_up_to_nothing(values):
    found = ag.location_quotient(shaped(values), kind="excess_jobs").values
    scale = values.sum() * 1e-12
    np.testing.assert_allclose(found.sum(axis=0), 0.0, atol=scale)
    np.testing.assert_allclose(found.sum(axis=1), 0.0, atol=scale)


@given(values=tables())
def test_symmetric_and_log_tell_the_same_side(values):
    ratio = ag.location_quotient(shaped(values)).values
    symmetric = ag.location_quotient(shaped(values), kind="symmetric").values
    assert ((symmetric >= -1) & (symmetric < 1)).all()
    np.testing.assert_array_equal(symmetric > 0, ratio > 1)


@given(values=tables())
def test_empty_region_and_activity_change_nothing_else(values):
    wider = np.zeros((values.shape[0] + 1, values.shape[1] + 1))
    wider[:-1, :-1] = values
    region = [f"r{k}" for k in range(values.shape[0])] + ["zz"]
    activity = [f"a{k}" for k in range(values.shape[1])] + ["zz"]
    one = shaped(values, region=region[:-1], activity=activity[:-1])
    other = shaped(wider, region=region, activity=activity)
    for measure in (ag.location_quotient, ag.shrink_location_quotient):
        found = measure(other).values
        np.testing.assert_allclose(found[:-1, :-1], measure(one).values, rtol=1e-9)
        assert np.isnan(found[-1]).all()
    for measure in (ag.krugman, ag.hhi, ag.entropy, ag.hachman):
        found = measure(other)
        np.testing.assert_allclose(found.values[:-1], measure(one).values, rtol=1e-9)
        assert np.isnan(found.values[-1])


@given(values=tables(), seed=st.integers(0, 99))
def test_merging_plants_of_a_cell_leaves_the_quotient(values, seed):
    """Two plants of one type at one place, or one with both sizes: the same table."""
    rng = np.random.default_rng(seed)
    m, i = np.nonzero(values)
    part = values[m, i] * rng.random(m.size)
    plants = pa.table(
        {
            "region": [f"r{k}" for k in m] * 2,
            "industry": [f"a{k}" for k in i] * 2,
            "employment": np.concatenate([part, values[m, i] - part]),
        }
    )
    cells = plants.group_by(["region", "industry"]).aggregate([("employment", "sum")])
    merged = cells.rename_columns(["region", "industry", "employment"])
    found = ag.location_quotient(merged).values
    np.testing.assert_allclose(found, ag.location_quotient(shaped(values)).values)


@given(values=tables(), hole=st.integers(0, 48))
def test_an_unknown_cell_stays_alone(values, hole):
    holes = values.copy()
    cell = np.unravel_index(hole % values.size, values.shape)
    holes[cell] = np.nan
    margins = ag.Margins(
        region={f"r{k}": v for k, v in enumerate(values.sum(axis=1))},
        activity={f"a{k}": v for k, v in enumerate(values.sum(axis=0))},
        total=values.sum(),
    )
    found = ag.location_quotient(shaped(holes, margins=margins)).values
    truth = ag.location_quotient(shaped(values)).values.copy()
    truth[cell] = np.nan
    np.testing.assert_allclose(found, truth, rtol=1e-12)
    bounds = ag.location_quotient_bounds(shaped(holes, margins=margins))
    truth = ag.location_quotient(shaped(values)).values
    # one hidden cell is the difference of its margin and the others
    np.testing.assert_allclose(bounds.lower, truth, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(bounds.upper, truth, rtol=1e-9, atol=1e-9)


@given(values=tables(), n_groups=st.integers(1, 4))
def test_varieties_add_up_to_the_entropy(values, n_groups):
    table = shaped(values)
    groups = {str(a): str(k % n_groups) for k, a in enumerate(table.activity)}
    found = ag.variety(table, group=groups)
    total = ag.entropy(table).values
    np.testing.assert_allclose(found.unrelated + found.related, total, atol=1e-12)
    assert (found.unrelated >= -1e-12).all()
    assert (found.related >= -1e-12).all()
    assert (found.unrelated <= np.log2(n_groups) + 1e-12).all()


@given(values=tables(), n_groups=st.integers(1, 4), kind=st.sampled_from("TL"))
def test_theil_parts_add_up(values, n_groups, kind):
    table = shaped(values + (kind == "L"))  # L needs positive sizes
    groups = {str(a): str(k % n_groups) for k, a in enumerate(table.activity)}
    found = ag.theil(table, groups=groups, kind=kind)
    np.testing.assert_allclose(found.between + found.within, found.values, atol=1e-12)
    assert (found.between >= -1e-12).all()
    assert (found.within >= -1e-12).all()


@given(values=tables())
def test_specialisation_identities(values):
    table = shaped(values)
    found = ag.specialisation(table, min_reference_share=0.01)
    assert ((found.zi > 0) & (found.zi <= 1)).all()
    assert (found.di >= 1 - 1e-12).all()
    both = np.isfinite(found.rdi)
    np.testing.assert_allclose(found.rdi[both] * found.ksi[both], 1.0, rtol=1e-14)
    np.testing.assert_array_equal(both, found.ksi > 0)
    np.testing.assert_allclose(found.ksi, ag.hoover(table).values * 2, atol=1e-12)


@given(old=tables(least=3), seed=st.integers(0, 99))
@pytest.mark.parametrize("variant", ["classical", "homothetic"])
def test_shift_share_adds_up(variant, old, seed):
    rng = np.random.default_rng(seed)
    new = rng.integers(0, 10_000, old.shape) * (rng.random(old.shape) > 0.2)
    found = ag.shift_share(shaped(old), shaped(new), variant=variant)
    total = sum(found.parts.values())
    np.testing.assert_allclose(total, new - old, atol=1e-9)


@given(values=tables(), level=st.floats(0.5, 0.99))
def test_binomial_interval_holds_the_estimate(values, level):
    found = ag.location_quotient_test(shaped(values), level=level)
    assert (found.lower <= found.values + 1e-9).all()
    assert (found.upper >= found.values - 1e-9).all()
    for p in (found.p_greater, found.p_less, found.p_two_sided, found.q):
        assert ((p >= 0) & (p <= 1)).all()
    # the point itself is in both tails
    assert (found.p_greater + found.p_less >= 1 - 1e-9).all()
