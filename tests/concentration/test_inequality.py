"""Gini, Herfindahl, Theil, entropy, Krugman, Hoover, Hachman: hand cases and edges."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import agglo as ag
from agglo.core.errors import (
    AlignmentError,
    InvalidTableError,
    NumericsWarning,
    OptionError,
)
from tests.concentration.tables import FIVE, HIDDEN_MARGINS, hidden, long

VECTOR_MEASURES = (ag.gini, ag.hhi, ag.entropy, ag.theil)
REFERENCE_MEASURES = (ag.krugman, ag.hoover, ag.hachman, ag.locational_gini)


def test_golden_vectors_of_the_specification():
    assert ag.krugman([10, 30, 60], reference=[30, 30, 40]).value == pytest.approx(0.4)
    assert ag.hhi([50, 30, 20]).value == pytest.approx(0.38)
    assert ag.theil([50, 30, 20]).value == pytest.approx(0.06895927, abs=5e-9)


def test_golden_five_by_five_of_the_specification():
    table = long(FIVE)
    krugman = ag.krugman(table, by="region")
    np.testing.assert_allclose(krugman.values, [1.6, 1, 0.6, 0.7, 1.1], atol=1e-12)
    hhi = ag.hhi(table, by="region")
    np.testing.assert_allclose(hhi.values, [1, 0.525, 0.34, 0.315, 0.465], atol=1e-12)
    people = {"r1": 10, "r2": 20, "r3": 30, "r4": 25, "r5": 15}
    hoover = ag.hoover(table, by="activity", reference=people)
    np.testing.assert_allclose(hoover.values, [0.9, 0.25, 0.45, 0.5, 0.35], atol=1e-12)


def test_vector_and_table_agree():
    table = long([[10, 30, 60], [30, 30, 40]])
    sums = [40, 60, 100]
    for measure in (*REFERENCE_MEASURES,):
        by_table = measure(table, by="region")
        for k, row in enumerate(([10, 30, 60], [30, 30, 40])):
            alone = measure(row, reference=sums)
            assert by_table.values[k] == pytest.approx(alone.value, abs=1e-14)
    for measure in (ag.hhi, ag.entropy, ag.theil):
        by_table = measure(table, by="activity")
        assert by_table.values[0] == pytest.approx(measure([10, 30]).value, abs=1e-14)


def test_gini_by_hand():
    # (1, 2, 3, 4): 2 (1*-1.5 + 2*-.5 + 3*.5 + 4*1.5) / (16 * 2.5) = 10/40
    assert ag.gini([4, 1, 3, 2]).value == pytest.approx(0.25)
    assert ag.gini([5, 5, 5]).value == 0.0
    assert ag.gini([0, 0, 9]).value == pytest.approx(2 / 3)  # 1 - 1/n
    assert ag.gini([7]).value == 0.0


def test_gini_of_quotients_and_of_sizes():
    table = long([[10, 30], [30, 30]])
    # region r1: shares (.25, .75), reference (.4, .6): quotients (.625, 1.25)
    quotients = ag.gini(table, by="region", of="quotients")
    assert quotients.values[0] == pytest.approx(ag.gini([0.625, 1.25]).value)
    sizes = ag.gini(table, by="region", of="sizes")
    assert sizes.values[0] == pytest.approx(ag.gini([10, 30]).value)


def test_locational_gini_by_hand_and_scales():
    found = ag.locational_gini([10, 30, 60], reference=[30, 30, 40])
    assert found.value == pytest.approx(0.26)
    half = ag.locational_gini([10, 30, 60], reference=[30, 30, 40], scale="area")
    assert half.value == pytest.approx(0.13)


def test_locational_gini_ties_and_empty_parts():
    reference = [20, 20, 30, 30]
    one = ag.locational_gini([10, 10, 30, 50], reference=reference).value
    other = ag.locational_gini([10, 10, 50, 30], reference=reference).value
    assert one == pytest.approx(other, abs=1e-14)
    # a part with nothing on both sides changes nothing
    wider = ag.locational_gini([10, 10, 30, 50, 0], reference=[*reference, 0]).value
    assert wider == pytest.approx(one, abs=1e-14)
    # all in a part that the reference lacks: the whole area
    assert ag.locational_gini([0, 5], reference=[1, 0]).value == pytest.approx(1.0)


def test_hhi_normalised():
    found = ag.hhi([50, 30, 20], normalised=True)
    assert found.value == pytest.approx((0.38 - 1 / 3) / (2 / 3))
    alone = ag.hhi([7], normalised=True)
    assert np.isnan(alone.value)
    assert alone.undefined[0].reason.startswith("the unit has one part")


def test_entropy_bases_and_limits():
    assert ag.entropy([1, 1, 1, 1]).value == pytest.approx(2.0)
    assert ag.entropy([1, 1], base=np.e).value == pytest.approx(np.log(2))
    assert ag.entropy([3, 0, 0]).value == 0.0


def test_theil_decomposition_by_hand():
    # groups (1, 3) and (4, 8): mu = 4, means 2 and 6
    found = ag.theil([1, 3, 4, 8], groups=["a", "a", "b", "b"])
    between = 0.25 * np.log(0.5) + 0.75 * np.log(1.5)
    assert found.between[0] == pytest.approx(between, abs=1e-14)
    assert found.value == pytest.approx(
        np.mean([r * np.log(r) for r in (0.25, 0.75, 1.0, 2.0)]), abs=1e-14
    )
    assert found.between[0] + found.within[0] == pytest.approx(found.value, abs=1e-12)


def test_theil_l_by_hand_and_with_zero():
    found = ag.theil([1, 3, 4, 8], kind="L", groups=["a", "a", "b", "b"])
    assert found.value == pytest.approx(np.mean(np.log(4 / np.array([1, 3, 4, 8]))))
    assert found.between[0] + found.within[0] == pytest.approx(found.value, abs=1e-12)
    with pytest.warns(NumericsWarning, match="infinite"):
        endless = ag.theil([0, 3], kind="L")
    assert endless.value == np.inf
    assert ag.theil([0, 3]).value == pytest.approx(np.log(2))  # T: 0 ln 0 = 0


def test_theil_of_a_table_by_groups_of_regions():
    table = long([[1, 4], [3, 4], [4, 4], [8, 4]])
    groups = {"r1": "a", "r2": "a", "r3": "b", "r4": "b"}
    found = ag.theil(table, by="activity", groups=groups)
    alone = ag.theil([1, 3, 4, 8], groups=["a", "a", "b", "b"])
    assert found.between[0] == pytest.approx(alone.between[0])
    assert found.values[1] == pytest.approx(0.0, abs=1e-15)


def test_theil_group_that_is_empty():
    found = ag.theil([0, 0, 2, 6], groups=["a", "a", "b", "b"])
    assert found.between[0] == pytest.approx(np.log(2))
    assert found.between[0] + found.within[0] == pytest.approx(found.value, abs=1e-12)


def test_leave_out_reference():
    table = long([[10, 30], [30, 30], [60, 40]])
    found = ag.krugman(table, reference="leave_out")
    rest = ag.krugman([10, 30], reference=[90, 70])
    assert found.values[0] == pytest.approx(rest.value, abs=1e-14)


def test_leave_out_of_the_only_region_is_undefined():
    found = ag.krugman(long([[10, 30]]), reference="leave_out")
    assert np.isnan(found.values[0])
    assert "reference is empty" in found.undefined[0].reason


def test_hachman_without_reference_share_is_undefined():
    found = ag.hachman([5, 5], reference=[1, 0])
    assert np.isnan(found.value)
    assert "reference lacks" in found.undefined[0].reason


def test_reference_may_name_empty_regions():
    found = ag.hoover(
        long([[10], [10]]), by="activity", reference={"r1": 1, "r2": 1, "r9": 2}
    )
    assert found.values[0] == pytest.approx(0.5)
    assert "reference only" in found.provenance.warnings[0]


def test_empty_unit_is_undefined_with_reason():
    table = pa.table(
        {
            "region": ["a", "b", "b"],
            "industry": ["x", "x", "y"],
            "employment": [0.0, 3.0, 1.0],
        }
    )
    for measure in (*VECTOR_MEASURES, *REFERENCE_MEASURES):
        found = measure(table, by="region")
        assert np.isnan(found.values[0]), measure
        assert np.isfinite(found.values[1]), measure
        assert found.undefined[0].region == "a"
        assert "0/0" in found.undefined[0].reason


@pytest.mark.parametrize("measure", [*VECTOR_MEASURES, *REFERENCE_MEASURES])
def test_unknown_cells_are_refused_left_out_or_marked(measure):
    with pytest.raises(InvalidTableError, match="unknown_cells"):
        measure(hidden())
    published = measure(hidden(), by="region", margins=HIDDEN_MARGINS)
    assert np.isfinite(published.values).tolist() == [True, False, False]
    assert {u.region for u in published.undefined} == {"b", "c"}
    disclosed = measure(hidden(), by="region", margins="disclosed")
    assert np.isfinite(disclosed.values).all()
    assert disclosed.n_unknown.tolist() == [0, 1, 1]
    assert "left out" in disclosed.provenance.warnings[0]


def test_disclosed_means_the_known_parts_only():
    # region b knows y = 5, z = 15; the others know a: (20, 30), c: z = 20
    found = ag.krugman(hidden(), margins="disclosed")
    reference = np.array([25.0, 65.0])
    alone = ag.krugman([5, 15], reference=reference).value
    assert found.values[1] == pytest.approx(alone, abs=1e-14)
    assert ag.hhi(hidden(), margins="disclosed").values[1] == pytest.approx(
        ag.hhi([5, 15]).value
    )


@pytest.mark.parametrize(
    ("vector", "says"),
    [
        ([], "at least one number"),
        ([1.0, np.nan], "finite"),
        ([1.0, np.inf], "finite"),
        ([1.0, -2.0], "not negative"),
        (np.ones((2, 2)), "from_arrays"),
        (["a", "b"], "numbers"),
    ],
)
def test_bad_vectors_are_refused(vector, says):
    for measure in VECTOR_MEASURES:
        with pytest.raises(InvalidTableError, match=says):
            measure(vector)


def test_bad_references_are_refused():
    with pytest.raises(AlignmentError, match="one length"):
        ag.krugman([1, 2], reference=[1, 2, 3])
    with pytest.raises(OptionError, match="needs a table"):
        ag.krugman([1, 2])
    with pytest.raises(OptionError, match="zero"):
        ag.krugman([1, 2], reference=[0, 0])
    with pytest.raises(AlignmentError, match="no labels"):
        ag.krugman([1, 2], reference={"a": 1})
    with pytest.raises(AlignmentError, match="mapping label"):
        ag.krugman(long(FIVE), reference=[1, 2, 3, 4, 5])
    with pytest.raises(AlignmentError, match="lacks 4 labels"):
        ag.krugman(long(FIVE), reference={"i1": 1})
    with pytest.raises(OptionError, match="Did you mean 'national'"):
        ag.krugman(long(FIVE), reference="nationale")


def test_bad_groups_are_refused():
    with pytest.raises(AlignmentError, match="one group per number"):
        ag.theil([1, 2], groups=["a"])
    with pytest.raises(AlignmentError, match="one group per number"):
        ag.theil([1, 2], groups={"a": "b"})
    with pytest.raises(AlignmentError, match="lacks"):
        ag.theil(long(FIVE), groups={"i1": "a"})


def test_number_of_a_table_is_asked_for_by_unit():
    found = ag.hhi(long(FIVE))
    with pytest.raises(AlignmentError, match="5 values"):
        float(found)
    assert float(ag.hhi([1, 1])) == 0.5


def test_series_are_vectors():
    for series in (pd.Series([50, 30, 20]), pl.Series([50, 30, 20])):
        assert ag.hhi(series).value == pytest.approx(0.38)


def test_frames_summary_and_plot():
    found = ag.krugman(long(FIVE))
    frame = found.to_arrow()
    assert frame.column_names == ["region", "value", "n_unknown", "status"]
    assert "by region, 5 of 5 defined" in found.summary()
    assert ag.hhi([1, 1]).to_arrow().column_names[0] == "unit"
    assert found.plot().get_xlabel() == "Krugman index"


def test_reference_of_another_kind_is_refused():
    with pytest.raises(OptionError, match="not a word, mapping or vector"):
        ag.krugman([1, 2], reference=3.5)


def test_undefined_vector_has_a_reason_without_label():
    found = ag.hhi([0, 0])
    assert np.isnan(found.value)
    assert (found.undefined[0].region, found.undefined[0].activity) == ("", "")
    by_activity = ag.hhi(long([[1, 2], [3, 4]]), by="activity")
    assert by_activity.to_arrow().column_names[0] == "activity"
    assert (
        "none defined" in ag.krugman(long([[10, 30]]), reference="leave_out").summary()
    )


def test_many_units_are_drawn_as_the_largest():
    found = ag.hhi(long(np.arange(1, 51).reshape(25, 2)))
    assert found.plot().get_title() == "the 20 largest of 25"
