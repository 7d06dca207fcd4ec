"""Trimming: totals, the fixpoint, the report, the largest exporters."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given as generated
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from agglo.core.errors import (
    InvalidTableError,
    NotIdentifiedError,
    NumericsWarning,
    OptionError,
)
from agglo.core.tables import RegionActivity
from agglo.relatedness import complexity, complexity_subnational, presence, trim
from tests.relatedness.world_trade import FIVE, trade

TABLE = RegionActivity.from_arrays(FIVE)


def rows(found) -> list[tuple[str, str, int, str]]:
    table = found.to_frame("pyarrow").to_pydict()
    return list(
        zip(table["kind"], table["label"], table["round"], table["reason"], strict=True)
    )


def test_nothing_to_drop():
    got = trim(TABLE)
    assert rows(got) == []
    assert got.kept_share == 1.0
    np.testing.assert_array_equal(got.table.values, FIVE)
    assert got.plot().texts


def test_totals_come_first():
    got = trim(TABLE, min_region_total=17, min_activity_total=17)
    reason = "total below the minimum"
    assert rows(got) == [
        ("region", "r2", 1, reason),
        ("industry", "a2", 1, reason),
        ("industry", "a3", 1, reason),
    ]
    assert got.kept_share == pytest.approx((12 + 7 + 9 + 20 + 1 + 3 + 6) / 94)


def test_the_largest_and_their_ties():
    x = RegionActivity.from_arrays([[9.0, 1], [2, 3], [4, 1], [1, 1]])
    got = trim(x, top_regions=2)
    assert got.table.region.tolist() == ["r0", "r1", "r2"]
    assert rows(got) == [("region", "r3", 1, "not among the 2 largest")]


def test_minima_are_judged_again_after_each_round():
    x = np.array(
        [[5.0, 0, 5, 0], [5, 5, 0, 0], [0, 5, 5, 0], [5, 0, 0, 5], [5, 5, 5, 0]]
    )
    got = trim(RegionActivity.from_arrays(x), min_ubiquity=2, min_diversity=2)
    turns = {r[1]: r[2] for r in rows(got)}
    assert turns["a3"] == 2  # in one region only
    assert turns["r3"] > turns["a3"]  # whose second activity it was
    held = presence(got.table)
    assert held.ubiquity.min() >= 2
    assert held.diversity.min() >= 2


def test_world_trade_of_the_largest_exporters(shared_data):
    table = trade(shared_data)
    got = trim(table, top_regions=128)
    assert got.table.region.size == 128
    assert presence(got.table).values.sum() == 22296
    index = complexity(got.table)
    assert index.eigenvalues[1] == pytest.approx(0.203665, abs=1e-6)
    largest = np.sort(table.row_total)[-128:].sum()
    assert got.kept_share == pytest.approx(largest / table.total)


def test_bad_input():
    with pytest.raises(NotIdentifiedError, match="Lower the minima"):
        trim(TABLE, min_region_total=1000)
    with pytest.raises(OptionError, match="min_diversity"):
        trim(TABLE, min_diversity=-1)
    with pytest.raises(OptionError, match="top_regions"):
        trim(TABLE, top_regions=1)
    hidden = RegionActivity.from_arrays([[1, np.nan], [1, 1]], margins="disclosed")
    with pytest.raises(InvalidTableError, match="1 cells"):
        trim(hidden)


@generated(
    arrays(float, (7, 5), elements=st.integers(0, 9).map(float)),
    st.integers(0, 3),
    st.integers(0, 3),
)
def test_what_is_left_needs_no_further_trimming(x, diversity, ubiquity):
    if x.sum() == 0:
        return
    minima = {"min_diversity": diversity, "min_ubiquity": ubiquity}
    try:
        got = trim(RegionActivity.from_arrays(x), **minima)
    except NotIdentifiedError:
        return
    again = trim(got.table, **minima)
    assert rows(again) == []
    assert 0 < got.kept_share <= 1
    n_dropped = len(rows(got))
    assert n_dropped + sum(got.table.shape) == sum(x.shape)


def test_rounds_can_be_limited():
    x = np.tri(8)[:, ::-1] * 10 + 1
    with pytest.warns(NumericsWarning, match="max_iter=1"):
        got = trim(
            RegionActivity.from_arrays(x), min_diversity=4, min_ubiquity=3, max_iter=1
        )
    whole = trim(RegionActivity.from_arrays(x), min_diversity=2, min_ubiquity=1)
    assert set(got.turn.tolist()) == {2}
    assert "max_iter=1" in got.provenance.warnings[0]
    assert whole.provenance.warnings == ()


def test_what_was_left_out_gets_an_imputed_index(shared_data):
    """Spec 3: the mean PCI of what a region has, flagged."""
    whole = trade(shared_data)
    left = trim(whole, top_regions=128)
    index = complexity(left.table)
    got = complexity_subnational(whole, index)
    assert got.imputed.sum() == 226 - 128
    assert np.isfinite(got.eci).all()
    m = presence(whole).values
    place = {a: k for k, a in enumerate(whole.activity.tolist())}
    pci = np.full(whole.activity.size, np.nan)
    pci[[place[a] for a in index.activity.tolist()]] = index.pci
    np.testing.assert_allclose(got.eci, m @ pci / m.sum(axis=1), atol=1e-9)
    # untrimmed, a tiny territory leads
    untrimmed = complexity(whole)
    assert untrimmed.region[untrimmed.eci.argmax()] == "sgs"
    assert "98 of them imputed" in got.summary()
