"""Specialisation and diversity: hand cases and every guard."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

import agglo as ag
from agglo.core.errors import (
    AlignmentError,
    InvalidTableError,
    NotIdentifiedError,
    NumericsWarning,
    OptionError,
)
from tests.concentration.tables import FIVE, HIDDEN_MARGINS, hidden, long

TWO = [[30, 10], [20, 0]]


def tiny() -> pa.Table:
    """The largest quotient of r1 hangs on an activity of 5 in 10,000."""
    return long([[1000, 0, 5], [4000, 4995, 0]])


def test_by_hand():
    found = ag.specialisation(long(TWO))
    # r1: shares (.75, .25), reference (5/6, 1/6)
    assert found.zi[0] == pytest.approx(0.75)
    assert found.rzi[0] == pytest.approx(1.5)
    assert found.rzi_activity[0] == "i2"
    assert found.rzi_reference_share[0] == pytest.approx(1 / 6)
    assert found.zi_activity[0] == "i1"
    assert found.di[0] == pytest.approx(1 / (0.75**2 + 0.25**2))
    assert found.ksi[0] == pytest.approx(1 / 6)
    assert found.rdi[0] == pytest.approx(6.0)


def test_agrees_with_the_single_measures():
    table = long(FIVE)
    found = ag.specialisation(table)
    np.testing.assert_allclose(found.ksi, ag.krugman(table).values, atol=1e-14)
    np.testing.assert_allclose(found.ksi, [1.6, 1, 0.6, 0.7, 1.1], atol=1e-12)
    np.testing.assert_allclose(found.di, 1 / ag.hhi(table).values, rtol=1e-14)
    np.testing.assert_allclose(found.rdi, 1 / found.ksi, rtol=0)
    quotients = ag.location_quotient(table).values
    np.testing.assert_allclose(found.rzi, quotients.max(axis=1), rtol=1e-14)


def test_references():
    table = long(TWO)
    left_out = ag.specialisation(table, reference="leave_out")
    # r1 against r2 alone: (1, 0); i2 has no reference there
    assert left_out.rzi[0] == pytest.approx(0.75)
    assert left_out.ksi[0] == pytest.approx(0.5)
    given = ag.specialisation(table, reference={"i1": 1, "i2": 1})
    assert given.rzi[0] == pytest.approx(1.5)
    assert given.ksi[0] == pytest.approx(0.5)
    with pytest.raises(AlignmentError, match="lacks"):
        ag.specialisation(table, reference={"i1": 1})


def test_region_that_equals_the_reference_has_no_relative_diversity():
    found = ag.specialisation(
        long([[30, 10], [60, 20], [5, 15]]), reference={"i1": 3, "i2": 1}
    )
    assert found.ksi[:2].tolist() == [0.0, 0.0]
    assert np.isnan(found.rdi[:2]).all()
    assert np.isfinite(found.rdi[2])
    listed = [(u.region, u.item) for u in found.undefined]
    assert listed == [("r1", "rdi"), ("r2", "rdi")]
    assert "exactly the shares of the reference" in found.undefined[0].reason


def test_tiny_reference_share_is_warned_of_by_name():
    with pytest.warns(NumericsWarning, match="r1: i3"):
        found = ag.specialisation(tiny())
    assert found.rzi[0] == pytest.approx((5 / 1005) / (5 / 10000))
    assert found.rzi_fragile.tolist() == [True, False]
    assert "r1: i3" in found.provenance.warnings[0]


@pytest.mark.parametrize(
    "guard", [{"min_reference_share": 0.01}, {"min_employment": 10}]
)
def test_minima_exclude_and_list(guard):
    found = ag.specialisation(tiny(), **guard)
    assert found.excluded == ("i3",)
    assert found.rzi_activity[0] == "i1"
    assert found.rzi[0] == pytest.approx((1000 / 1005) / 0.5)
    assert not found.rzi_fragile.any()
    assert "1 activities may not be the largest quotient: i3" in found.summary()
    # the shares behind the other measures stay as they are
    with pytest.warns(NumericsWarning):
        plain = ag.specialisation(tiny())
    np.testing.assert_array_equal(found.ksi, plain.ksi)


def test_minima_that_exclude_everything():
    found = ag.specialisation(long(TWO), min_employment=1000)
    assert np.isnan(found.rzi).all()
    assert np.isfinite(found.zi).all()
    assert found.rzi_activity.tolist() == ["", ""]
    assert [(u.region, u.item) for u in found.undefined] == [
        ("r1", "rzi"),
        ("r2", "rzi"),
    ]


def test_winsor_pulls_the_ends_in():
    rng = np.random.default_rng(1)
    table = long(rng.integers(50, 100, (40, 4)))
    plain = ag.specialisation(table)
    pulled = ag.specialisation(table, winsor=0.1)
    low, high = np.quantile(plain.rzi, [0.1, 0.9])
    np.testing.assert_allclose(pulled.rzi, np.clip(plain.rzi, low, high))
    assert pulled.provenance.parameters["winsor"] == 0.1


def test_logs_are_in_the_frame():
    found = ag.specialisation(long(FIVE))
    frame = found.to_arrow()
    np.testing.assert_allclose(frame["ln_rzi"].to_numpy(), np.log(found.rzi))
    without = ag.specialisation(long(FIVE), log=False).to_arrow()
    assert not [c for c in without.column_names if c.startswith("ln_")]


def test_outcomes_are_logs_and_refuse_the_pair():
    found = ag.specialisation(long(FIVE))
    out = found.outcomes("rzi", "ksi")
    assert list(out) == ["ln_rzi", "ln_ksi"]
    np.testing.assert_allclose(out["ln_ksi"], np.log(found.ksi))
    np.testing.assert_array_equal(found.outcomes("di", scale="level")["di"], found.di)
    with pytest.raises(OptionError, match="one outcome"):
        found.outcomes("rdi", "ksi")
    with pytest.raises(OptionError, match="not one of"):
        found.outcomes("rzy")


def test_outcome_without_variance_is_refused():
    same = ag.specialisation(long([[3, 1], [1, 3]]))
    with pytest.raises(NotIdentifiedError, match="does not vary"):
        same.outcomes("zi")
    alone = ag.specialisation(long([[3, 1]]))
    with pytest.raises(NotIdentifiedError, match="does not vary"):
        alone.outcomes("zi")


def test_empty_and_unknown_regions():
    table = pa.table(
        {
            "region": ["a", "b", "b"],
            "industry": ["x", "x", "y"],
            "employment": [0.0, 3.0, 1.0],
        }
    )
    found = ag.specialisation(table)
    assert found.status.tolist() == ["empty", "ok"]
    assert np.isnan([found.zi[0], found.rzi[0], found.ksi[0]]).all()
    with pytest.raises(InvalidTableError, match="unknown_cells"):
        ag.specialisation(hidden())
    published = ag.specialisation(hidden(), margins=HIDDEN_MARGINS)
    assert np.isfinite(published.rzi).tolist() == [True, False, False]
    disclosed = ag.specialisation(hidden(), margins="disclosed")
    assert np.isfinite(disclosed.rzi).all()
    assert disclosed.zi[1] == pytest.approx(0.75)


@pytest.mark.parametrize(
    "wrong",
    [
        {"winsor": 0.5},
        {"winsor": "1%"},
        {"min_reference_share": 2.0},
        {"min_employment": -1},
        {"reference": "own"},
    ],
)
def test_bad_options_are_refused(wrong):
    with pytest.raises(OptionError):
        ag.specialisation(long(TWO), **wrong)


def test_summary_and_plot():
    found = ag.specialisation(long(FIVE))
    assert found.summary().startswith("Specialisation of 5 regions")
    assert found.plot().has_data()
