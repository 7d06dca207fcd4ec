"""Relatedness density: by hand, the world trade, neighbours, limits, invariants."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given as generated
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from agglo.core.errors import AlignmentError, InvalidTableError, OptionError
from agglo.core.tables import RegionActivity
from agglo.relatedness import (
    Convention,
    cooccurrence_relatedness,
    presence,
    proximity,
    relatedness_density,
    relative_relatedness,
)
from tests.relatedness.world_trade import FIVE, MANUAL, TOY, given, trade

ALONE = Convention(self_in_density=False)


def test_toy_network():
    got = relatedness_density(given(TOY))
    expected = [0.357143, 0.357143, 0.625, 0.714286]
    np.testing.assert_allclose(got.values[2], expected, atol=1e-6)
    np.testing.assert_allclose(got.values + got.distance, 1.0, atol=1e-12)
    without = relatedness_density(given(TOY), convention=ALONE)
    np.testing.assert_allclose(without.values[2], [0.625, 0.625, 0.4, 0.5], atol=1e-6)
    assert "does not count" in without.summary()


def test_relative_to_the_options_of_a_region():
    density = relatedness_density(given(TOY), convention=ALONE)
    got = relative_relatedness(density, ddof=1).values[1]
    np.testing.assert_allclose(
        got[[0, 2, 3]], [1.059626, -0.132453, -0.927173], atol=1e-6
    )
    wide = relative_relatedness(density, ddof=0, options_only=True)
    np.testing.assert_allclose(wide.values[1, [0, 2, 3]], got[[0, 2, 3]] * 1.5**0.5)
    assert np.isnan(wide.values[1, 1])
    assert np.isnan(wide.values[0]).all()  # everything is there: no options
    assert "C1" in {u.region for u in wide.undefined}
    assert wide.n_options.tolist() == [0, 3, 2, 3]


def test_binarised_cooccurrence_of_the_five_regions():
    held = presence(RegionActivity.from_arrays(FIVE))
    near = cooccurrence_relatedness(held, binarise=1.0)
    hundred = Convention(self_in_density=False, density_scale=100, density_digits=2)
    got = relatedness_density(held, convention=hundred, proximity=near)
    assert got.values.tolist() == [
        [100, 50, 50, 0],
        [0, 0, 50, 100],
        [100, 50, 50, 100],
        [0, 0, 50, 0],
        [0, 50, 50, 100],
    ]


def test_world_trade(shared_data):
    table = trade(shared_data)
    got = relatedness_density(table)
    assert got.values.mean() == pytest.approx(0.187981, abs=1e-6)
    assert got.values.max() == pytest.approx(0.948262, abs=1e-6)
    deu = got.region.tolist().index("deu")
    expected = [0.504088, 0.467839, 0.503664, 0.560323, 0.545714]
    np.testing.assert_allclose(got.values[deu, :5], expected, atol=1e-6)
    without = relatedness_density(table, convention="datawheel")
    expected = [0.507135, 0.471647, 0.508668, 0.558084, 0.550211]
    np.testing.assert_allclose(without.values[deu, :5], expected, atol=1e-6)
    assert np.abs(got.values - without.values).max() == pytest.approx(0.083, abs=5e-4)
    relative = relative_relatedness(without)
    assert relative.ddof == 1
    expected = [0.404245, -0.394126, 0.438732]
    np.testing.assert_allclose(relative.values[deu, :3], expected, atol=1e-6)


def test_nearest_neighbours():
    got = relatedness_density(given(TOY), convention=ALONE, nearest=1)
    # P1 and P2 are each other's nearest, P3 and P4 too: ties go to the first label
    near = [1, 0, 3, 2]
    np.testing.assert_array_equal(got.values, TOY[:, near])
    every = relatedness_density(given(TOY), convention=ALONE, nearest=4)
    full = relatedness_density(given(TOY), convention=ALONE)
    np.testing.assert_array_equal(every.values, full.values)
    two = relatedness_density(given(TOY), nearest=1)
    np.testing.assert_array_equal(two.values, TOY)  # with self, it is its own nearest


def test_parts():
    whole = relatedness_density(given(TOY)).values
    options = relatedness_density(given(TOY), subset="options")
    held = relatedness_density(given(TOY), subset="held")
    np.testing.assert_array_equal(np.isnan(options.values), TOY == 1)
    np.testing.assert_array_equal(np.isnan(held.values), TOY == 0)
    np.testing.assert_array_equal(
        np.where(TOY == 1, held.values, options.values), whole
    )
    assert options.undefined[0].n == TOY.sum()


def test_a_proximity_from_elsewhere():
    national = proximity(given(TOY))
    small = given(np.array([[1.0, 0, 1, 0], [0, 1, 1, 0]]))
    got = relatedness_density(small, proximity=national)
    assert got.values[0, 0] == pytest.approx(1.5 / (7 / 3))
    partly = proximity(given(TOY[:, :3]))
    less = relatedness_density(small, proximity=partly)
    assert np.isnan(less.values[:, 3]).all()
    assert less.values[0, 0] == pytest.approx(1.5 / 2)
    assert less.provenance.warnings == ("`proximity` does not cover 1 activities",)
    assert ("P4", "no neighbour") in {(u.activity, u.reason) for u in less.undefined}


def test_empty_full_and_unknown_regions():
    m = np.array([[1.0, 1, 1], [0, 0, 0], [1, 0, 1]])
    got = relatedness_density(given(m)).values
    assert got[0].tolist() == [1, 1, 1]
    assert got[1].tolist() == [0, 0, 0]
    m[2, 2] = np.nan
    table = RegionActivity.from_arrays(m, margins="disclosed")
    hidden = relatedness_density(presence(table, convention=MANUAL))
    assert np.isnan(hidden.values[2]).all()
    assert hidden.values[0, :2].tolist() == [1, 1]
    reasons = {u.reason for u in hidden.undefined}
    assert reasons == {"a cell of the region is unknown", "no neighbour"}


def test_bad_input():
    m = given(TOY)
    with pytest.raises(OptionError, match="nearest"):
        relatedness_density(m, nearest=0)
    with pytest.raises(OptionError, match="subset"):
        relatedness_density(m, subset="option")
    with pytest.raises(AlignmentError, match="regions"):
        relatedness_density(m, proximity=proximity(m, by="region"))
    other = cooccurrence_relatedness(RegionActivity.from_arrays(np.ones((2, 3))))
    with pytest.raises(AlignmentError, match="none of the 4 activities"):
        relatedness_density(m, proximity=other)
    scores = cooccurrence_relatedness(m, method="z")
    with pytest.raises(InvalidTableError, match="negative"):
        relatedness_density(m, proximity=scores)
    with pytest.raises(OptionError, match="ddof"):
        relative_relatedness(relatedness_density(m), ddof=2)


binary = arrays(np.int8, (6, 5), elements=st.integers(0, 1))


@generated(binary, st.booleans(), st.sampled_from([None, 1, 3]))
def test_bounds_and_limits(m, own, nearest):
    if m.sum() == 0:
        return
    held = given(np.vstack([m, np.ones(5), np.zeros(5)]).astype(float))
    rules = Convention(self_in_density=own)
    got = relatedness_density(held, convention=rules, nearest=nearest).values
    assert ((got >= 0) & (got <= 1)).all()
    np.testing.assert_allclose(got[-2], 1.0, atol=1e-12)
    assert (got[-1] == 0).all()


@generated(binary, st.permutations(range(5)), st.permutations(range(6)))
def test_relabelling(m, columns, rows):
    m = np.vstack([m, np.ones(5)]).astype(float)
    order = [*rows, 6]
    base = relatedness_density(given(m)).values
    turned = relatedness_density(given(m[order][:, columns])).values
    np.testing.assert_allclose(turned, base[order][:, columns], atol=1e-12)
