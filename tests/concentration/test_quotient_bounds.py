"""Bounds of location quotients: they contain the truth, and are attained."""

from __future__ import annotations

from itertools import product

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import agglo as ag
from agglo.concentration._kernels import bounds as kernels
from agglo.core.errors import InvalidTableError, OptionError
from tests.concentration.tables import (
    FIVE_REGIONS,
    HIDDEN_MARGINS,
    HIDDEN_TRUTH,
    hidden,
    long,
)


def quotient(values):
    v = np.asarray(values, dtype=float)
    return ag.location_quotient(ag.RegionActivity.from_arrays(v)).values


def covers(found, truth) -> bool:
    slack = 1e-9 * np.maximum(1.0, truth)
    return bool(((found.lower <= truth + slack) & (truth <= found.upper + slack)).all())


def test_a_full_table_is_not_open():
    found = ag.location_quotient_bounds(long(FIVE_REGIONS))
    np.testing.assert_allclose(found.lower, quotient(FIVE_REGIONS), rtol=1e-12)
    np.testing.assert_allclose(found.upper, found.lower, rtol=1e-12)


def test_published_margins_give_the_hidden_cells_back():
    """Two hidden cells in different rows and columns are disclosed by the margins."""
    found = ag.location_quotient_bounds(hidden(), margins=HIDDEN_MARGINS)
    truth = quotient(HIDDEN_TRUTH)
    np.testing.assert_allclose(found.lower, truth, rtol=1e-12)
    np.testing.assert_allclose(found.upper, truth, rtol=1e-12)


def square(bounds=None) -> tuple[pa.Table, ag.Margins]:
    """Four hidden cells in a square: one degree of freedom."""
    rows = {
        "region": list("aaabbbccc"),
        "industry": list("xyzxyzxyz"),
        "employment": [None, None, 30.0, None, None, 15.0, 40.0, 35.0, 20.0],
        "flag": ["c", "c", "", "c", "c", "", "", "", ""],
    }
    if bounds:
        rows["employment_lower"] = bounds[0]
        rows["employment_upper"] = bounds[1]
    return pa.table(rows), HIDDEN_MARGINS


def test_square_by_hand():
    # a: x + y = 30; b: x + y = 30; x: 75 - 40 = 35; y: 60 - 35 = 25
    table, margins = square()
    for method in ("propagated", "exact"):
        found = ag.location_quotient_bounds(table, margins=margins, method=method)
        low = found.size_lower[:2, :2]
        high = found.size_upper[:2, :2]
        np.testing.assert_allclose(low, [[5, 0], [5, 0]], atol=1e-9)
        np.testing.assert_allclose(high, [[30, 25], [30, 25]], atol=1e-9)
        factor = 200.0 / (60.0 * 75.0)
        assert found.lower[0, 0] == pytest.approx(5 * factor)
        assert found.upper[0, 0] == pytest.approx(30 * factor)


def test_cell_bounds_tighten_the_others():
    lower = [20.0] + [None] * 8
    upper = [22.0] + [None] * 8
    table, margins = square((lower, upper))
    found = ag.location_quotient_bounds(table, margins=margins)
    np.testing.assert_allclose(found.size_lower[:2, :2], [[20, 8], [13, 15]])
    np.testing.assert_allclose(found.size_upper[:2, :2], [[22, 10], [15, 17]])


@given(seed=st.integers(0, 10_000))
def test_published_bounds_contain_the_truth_and_exact_is_inside(seed):
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 30, (4, 4)).astype(float) + 1
    holes = truth.copy()
    holes[rng.random((4, 4)) < 0.6] = np.nan
    labels = [f"r{k}" for k in range(4)], [f"a{k}" for k in range(4)]
    margins = ag.Margins(
        region=dict(zip(labels[0], truth.sum(axis=1), strict=True)),
        activity=dict(zip(labels[1], truth.sum(axis=0), strict=True)),
        total=truth.sum(),
    )
    table = ag.RegionActivity.from_arrays(
        holes, region=labels[0], activity=labels[1], margins=margins
    )
    wide = ag.location_quotient_bounds(table)
    sharp = ag.location_quotient_bounds(table, method="exact")
    assert covers(wide, quotient(truth))
    assert covers(sharp, quotient(truth))
    assert (wide.size_lower <= sharp.size_lower + 1e-6).all()
    assert (wide.size_upper >= sharp.size_upper - 1e-6).all()


def test_exact_can_be_sharper_than_propagated():
    """Two rows fill two columns to the brim: no single row or column says so."""
    places = [(0, 0), (0, 1), (1, 0), (1, 1)]
    places += [(row, col) for row in (2, 3) for col in range(4)]
    row, col = np.array(places).T
    open_ = kernels.Open(
        row=row,
        col=col,
        lower=np.zeros(row.size),
        upper=np.full(row.size, np.inf),
        row_left=np.full(4, 5.0),
        col_left=np.full(4, 5.0),
        rows_add_up=True,
        cols_add_up=True,
    )
    low, high = kernels.propagated(open_)
    sharp = kernels.exact(open_)
    assert sharp is not None
    below = (row >= 2) & (col < 2)
    np.testing.assert_allclose(high[below], 5.0)
    np.testing.assert_allclose(sharp[1][below], 0.0, atol=1e-9)
    assert (low <= sharp[0] + 1e-9).all()
    assert (high >= sharp[1] - 1e-9).all()


@given(seed=st.integers(0, 10_000))
def test_disclosed_bounds_are_attained_on_the_grid(seed):
    """Every corner and a grid between lie inside; the ends are reached."""
    rng = np.random.default_rng(seed)
    base = rng.integers(1, 20, (3, 3)).astype(float)
    places = [(0, 0), (1, 2)]
    low, high = base.copy(), base.copy()
    for place in places:
        low[place] = rng.integers(0, 5)
        high[place] = low[place] + rng.integers(1, 60)
    lower, upper = kernels.quotient_bounds(low, high)
    steps = [np.linspace(low[p], high[p], 61) for p in places]
    seen_low, seen_high = np.full((3, 3), np.inf), np.full((3, 3), -np.inf)
    for values in product(*steps):
        v = base.copy()
        for place, value in zip(places, values, strict=True):
            v[place] = value
        q = v * v.sum() / np.outer(v.sum(axis=1), v.sum(axis=0))
        seen_low, seen_high = np.minimum(seen_low, q), np.maximum(seen_high, q)
    assert (lower <= seen_low + 1e-12).all()
    assert (upper >= seen_high - 1e-12).all()
    np.testing.assert_allclose(lower, seen_low, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(upper, seen_high, rtol=2e-3)


def test_disclosed_without_bounds_is_endless_but_not_empty():
    found = ag.location_quotient_bounds(hidden())
    assert np.isinf(found.upper).any()
    assert covers(found, quotient(HIDDEN_TRUTH))
    assert np.isfinite(found.lower).all()


def test_zero_is_zero_and_empty_is_undefined():
    table = pa.table(
        {
            "region": list("aabbcc"),
            "industry": list("xyxyxy"),
            "employment": [0.0, 5.0, None, 5.0, 0.0, 0.0],
        }
    )
    found = ag.location_quotient_bounds(table)
    assert (found.lower[0, 0], found.upper[0, 0]) == (0.0, 0.0)
    assert np.isnan(found.lower[2]).all()
    assert [u.region for u in found.undefined] == ["c"]


def test_margins_of_a_larger_economy_are_limits_only():
    """Rows list part of the economy: their margin bounds the cells from above only."""
    table, margins = square()
    larger = ag.Margins(
        region={k: 2 * v for k, v in margins.region.items()},
        activity=margins.activity,
        total=2 * margins.total,
    )
    found = ag.location_quotient_bounds(table, margins=larger)
    np.testing.assert_allclose(found.size_lower[:2, :2], 0)
    np.testing.assert_allclose(found.size_upper[:2, :2], [[35, 25], [35, 25]])


def test_contradictions_are_refused():
    lower = [29.0, 29.0] + [None] * 7
    upper = [40.0, 40.0] + [None] * 7
    table, margins = square((lower, upper))
    for method in ("propagated", "exact"):
        with pytest.raises(InvalidTableError, match="margins"):
            ag.location_quotient_bounds(table, margins=margins, method=method)


def test_exact_has_a_limit():
    size = np.full((60, 60), np.nan)
    size[0] = size[:, 0] = 1.0
    labels = [f"r{k:02d}" for k in range(60)]
    even = dict.fromkeys(labels, 60.0)
    table = ag.RegionActivity.from_arrays(
        size,
        region=labels,
        activity=labels,
        margins=ag.Margins(region=even, activity=even, total=3600.0),
    )
    with pytest.raises(OptionError, match="propagated"):
        ag.location_quotient_bounds(table, method="exact")
    found = ag.location_quotient_bounds(table)
    np.testing.assert_allclose(found.size_upper[1:, 1:], 59.0)


def test_summary_frame_and_plot():
    table, margins = square()
    found = ag.location_quotient_bounds(table, margins=margins)
    assert "4 of 9 cells are open" in found.summary()
    assert found.to_arrow().column_names[-3:] == ["lower", "upper", "status"]
    assert found.plot().has_data()
