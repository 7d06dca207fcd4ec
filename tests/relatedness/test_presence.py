"""Presence: thresholds by hand, the three states, the world trade."""

from __future__ import annotations

import dataclasses

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given as generated
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from agglo.core.errors import AlignmentError, InvalidTableError, OptionError
from agglo.core.tables import RegionActivity
from agglo.relatedness import CONVENTIONS, Convention, presence
from tests.relatedness.world_trade import FIVE, MANUAL, trade

X = RegionActivity.from_arrays([[8.0, 2.0], [1.0, 9.0]])


def test_quotients_of_the_five_regions():
    got = presence(RegionActivity.from_arrays(FIVE))
    np.testing.assert_allclose(
        got.advantage[0], [1.342857, 0, 1.46875, 0.88125], atol=1e-6
    )
    assert got.values[0].tolist() == [1, 0, 1, 0]
    assert got.ubiquity.tolist() == [2, 3, 2, 1]
    assert got.diversity.tolist() == [2, 1, 2, 1, 2]


def test_the_threshold_itself_counts():
    even = RegionActivity.from_arrays(np.outer([1.0, 3.0, 7.0], [0.1, 0.2, 0.7]))
    assert presence(even).values.min() == 1.0
    above = Convention(threshold=1.001)
    assert presence(even, convention=above).values.max() == 0.0


def test_continuous_is_the_saturating_quotient():
    got = presence(X, convention="atlas2026")
    np.testing.assert_allclose(got.values, got.advantage / (1 + got.advantage))
    assert 0 < got.values.min() < got.values.max() < 1


def test_per_inhabitant():
    people = {"r0": 30.0, "r1": 10.0}
    got = presence(X, convention=Convention(presence="rpop"), population=people)
    # shares 8/9, 1/9 and 2/11, 9/11 over 3/4, 1/4
    np.testing.assert_allclose(
        got.advantage, [[32 / 27, 8 / 33], [4 / 9, 36 / 11]], atol=1e-12
    )
    assert got.values.tolist() == [[1, 0], [0, 1]]


def test_both_and_either():
    people = {"r0": 10.0, "r1": 1000.0}
    rule = {
        w: presence(X, convention=Convention(presence=w), population=people).values
        for w in ("rca", "rpop", "both", "either")
    }
    assert rule["rpop"].tolist() == [[1, 1], [0, 0]]
    np.testing.assert_array_equal(rule["both"], rule["rca"] * rule["rpop"])
    np.testing.assert_array_equal(rule["either"], np.maximum(rule["rca"], rule["rpop"]))
    assert rule["both"].tolist() != rule["either"].tolist()


def long(employment: list[float | None], flag: list[str]) -> pa.Table:
    return pa.table(
        {
            "region": ["a", "a", "b", "b", "c"],
            "industry": ["x", "y", "x", "y", "x"],
            "employment": employment,
            "flag": flag,
        }
    )


def test_zero_missing_and_confidential_stay_apart():
    table = long([10.0, None, None, 5.0, 3.0], ["", "c", "m", "", ""])
    got = presence(table, margins="disclosed")
    states = got.to_frame("pyarrow").to_pydict()["state"]
    assert states == ["known", "confidential", "missing", *["known"] * 3]
    assert np.isnan(got.values).tolist() == [[False, True], [True, False], [False] * 2]
    assert got.values[2].tolist() == [1, 0]  # the absent row is a true zero
    assert {u.reason for u in got.undefined} == {
        "cells are missing",
        "cells are confidential",
    }
    assert np.isnan(got.diversity[:2]).all()
    assert "2 unknown" in got.summary()


def test_unknown_as_zero_is_recorded():
    table = long([10.0, None, None, 5.0, 3.0], ["", "c", "m", "", ""])
    got = presence(table, margins="disclosed", missing="zero")
    assert np.isfinite(got.values).all()
    assert got.values[0, 1] == 0.0
    assert "2 unknown cells count as absent" in got.provenance.warnings
    with pytest.raises(InvalidTableError, match="unknown"):
        presence(table)


def test_empty_region_and_activity():
    got = presence(RegionActivity.from_arrays([[1.0, 0, 2], [0, 0, 0], [3, 0, 1]]))
    assert np.isnan(got.advantage[1]).all()
    assert np.isnan(got.advantage[:, 1]).all()
    assert got.values[1].sum() == got.values[:, 1].sum() == 0
    assert {(u.region, u.activity) for u in got.undefined} == {("r1", ""), ("", "a1")}


def test_world_trade(shared_data):
    got = presence(trade(shared_data))
    assert got.values.sum() == 31951
    assert got.values.mean() == pytest.approx(0.180097, abs=1e-6)
    assert (got.diversity.min(), got.diversity.max()) == (5, 391)
    assert got.diversity.mean() == pytest.approx(141.376106, abs=1e-6)
    assert (got.ubiquity.min(), got.ubiquity.max()) == (2, 87)
    assert got.ubiquity.mean() == pytest.approx(40.701911, abs=1e-6)


def test_bad_input():
    with pytest.raises(OptionError, match="Did you mean 'atlas'"):
        presence(X, convention="atlass")
    with pytest.raises(InvalidTableError, match=r"\[0, 1\]"):
        presence(X, convention=MANUAL)
    needs = Convention(presence="rpop")
    with pytest.raises(OptionError, match="population"):
        presence(X, convention=needs)
    with pytest.raises(AlignmentError, match="r1"):
        presence(X, convention=needs, population={"r0": 1.0})
    with pytest.raises(OptionError, match="r1"):
        presence(X, convention=needs, population={"r0": 1.0, "r1": 0.0})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("presence", "rcaa"),
        ("phi", "max"),
        ("threshold", 0.0),
        ("steps", 1),
        ("exponent", -1.0),
        ("density_scale", 10),
        ("density_digits", -1),
        ("relative_ddof", 2),
        ("sign", "up"),
    ],
)
def test_conventions_are_checked(field, value):
    with pytest.raises(OptionError, match=field):
        dataclasses.replace(CONVENTIONS["atlas"], **{field: value})


@generated(
    arrays(float, (4, 5), elements=st.integers(0, 50).map(float)),
    st.permutations(range(4)),
    st.sampled_from([0.25, 3.0, 1024.0]),
)
def test_scale_and_order(x, order, scale):
    if x.sum() == 0:
        return
    labels = np.array(list("abcd"))
    base = presence(RegionActivity.from_arrays(x, region=labels))
    turned = RegionActivity.from_arrays(scale * x[order], region=labels[order])
    got = presence(turned)
    np.testing.assert_array_equal(got.values, base.values)
    np.testing.assert_allclose(got.advantage, base.advantage, rtol=1e-12)
