"""Shift-share: hand cases, identities, labels of one period, unknown cells."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

import agglo as ag
from agglo.core.errors import (
    AlignmentError,
    InvalidTableError,
    NotIdentifiedError,
    OptionError,
)
from tests.concentration.tables import HIDDEN_MARGINS, HIDDEN_TRUTH, hidden, long

VARIANTS = ("classical", "homothetic")
OLD = [[50, 50], [100, 0]]
NEW = [[80, 40], [120, 20]]


def total(found) -> np.ndarray:
    return sum(found.parts.values())


def test_classical_by_hand():
    found = ag.shift_share(long(OLD), long(NEW))
    # everything grows by 60/200, i1 by 50/150, i2 by 10/50
    assert found.growth == pytest.approx(0.3)
    np.testing.assert_allclose(found.activity_growth, [1 / 3, 0.2])
    np.testing.assert_allclose(found.parts["national"], [[15, 15], [30, 0]])
    np.testing.assert_allclose(
        found.parts["industry_mix"], [[50 / 30, -5], [100 / 30, 0]]
    )
    np.testing.assert_allclose(
        found.parts["regional"], [[30 - 50 / 3, -20], [20 - 100 / 3, 20]]
    )
    np.testing.assert_allclose(found.parts["unsplit"], 0)
    np.testing.assert_allclose(total(found), found.change)


def test_homothetic_by_hand():
    found = ag.shift_share(long(OLD), long(NEW), variant="homothetic")
    # h of r1 = (75, 25): national shares 3/4, 1/4 of 100
    ahead = np.array([0.6 - 1 / 3, -0.2 - 0.2])
    np.testing.assert_allclose(found.parts["competitive"][0], [75, 25] * ahead)
    np.testing.assert_allclose(found.parts["allocation"][0], [-25, 25] * ahead)
    # r2, i2 was empty: no rate, so no split
    assert found.parts["unsplit"][1, 1] == 20
    assert found.parts["competitive"][1, 1] == 0
    np.testing.assert_allclose(total(found), found.change)


def test_competitive_rate_of_the_evaluation():
    """The rate of the composite indicators: sum of e0 (g - G_i) over e0."""
    found = ag.shift_share(long(OLD), long(NEW)).by_region()
    e, g = np.array([50.0, 50.0]), np.array([0.6, -0.2])
    rate = (e * (g - [1 / 3, 0.2])).sum() / 100
    assert found.regional_rate[0] == pytest.approx(rate)
    homothetic = ag.shift_share(long(OLD), long(NEW), variant="homothetic").by_region()
    assert homothetic.regional_rate[0] == pytest.approx(rate)


@pytest.mark.parametrize("variant", VARIANTS)
def test_parts_add_up_everywhere(variant):
    rng = np.random.default_rng(8)
    old = rng.integers(0, 1000, (30, 12)) * (rng.random((30, 12)) > 0.3)
    new = rng.integers(0, 1000, (30, 12)) * (rng.random((30, 12)) > 0.3)
    found = ag.shift_share(long(old), long(new), variant=variant)
    np.testing.assert_allclose(total(found), found.change, atol=1e-9)
    for sums in (found.by_region(), found.by_activity()):
        np.testing.assert_allclose(
            sum(sums.parts.values()), sums.end - sums.start, atol=1e-9
        )
    # shifts between activities and between regions cancel out
    assert found.parts["industry_mix"].sum() == pytest.approx(0.0, abs=1e-7)
    if variant == "classical":
        np.testing.assert_allclose(found.parts["regional"].sum(axis=0), 0, atol=1e-9)


@pytest.mark.parametrize("variant", VARIANTS)
def test_labels_of_one_period_are_zero_in_the_other_and_listed(variant):
    old = pa.table(
        {
            "region": ["a", "a", "b"],
            "industry": ["x", "w", "x"],
            "employment": [4, 2, 4],
        }
    )
    new = pa.table(
        {
            "region": ["a", "c", "a"],
            "industry": ["x", "x", "v"],
            "employment": [5, 1, 7],
        }
    )
    found = ag.shift_share(old, new, variant=variant)
    assert found.appeared == (("region", "c"), ("activity", "v"))
    assert found.vanished == (("region", "b"), ("activity", "w"))
    np.testing.assert_allclose(total(found), found.change, atol=1e-12)
    assert found.change.sum() == 13 - 10
    new_activity = found.activity.tolist().index("v")
    assert found.parts["unsplit"][0, new_activity] == 7
    assert np.isnan(found.activity_growth[new_activity])
    assert any("change of codes" in w for w in found.provenance.warnings)
    assert "appeared: 2" in found.summary()


def test_vanished_activity_is_a_mix_effect():
    found = ag.shift_share(long([[5, 5], [5, 0]]), long([[10, 0], [5, 0]]))
    i2 = found.activity.tolist().index("i2")
    assert found.activity_growth[i2] == -1.0
    assert found.parts["national"][0, i2] + found.parts["industry_mix"][0, i2] == -5
    assert found.parts["regional"][0, i2] == 0.0


@pytest.mark.parametrize("variant", VARIANTS)
def test_unknown_cells_poison_nothing(variant):
    with pytest.raises(InvalidTableError, match="unknown_cells"):
        ag.shift_share(hidden(), hidden())
    later = ag.RegionActivity.from_arrays(
        np.array(HIDDEN_TRUTH) * [[1.1], [1.3], [0.8]],
        region=list("abc"),
        activity=list("xyz"),
        unit="persons",
    )
    full = ag.RegionActivity.from_arrays(
        HIDDEN_TRUTH, region=list("abc"), activity=list("xyz"), unit="persons"
    )
    published = ag.as_region_activity(hidden(), margins=HIDDEN_MARGINS)
    found = ag.shift_share(published, later, variant=variant)
    truth = ag.shift_share(full, later, variant=variant)
    seen = np.isfinite(found.change)
    assert (~seen).sum() == 2
    for name, part in found.parts.items():
        np.testing.assert_allclose(
            part[seen], truth.parts[name][seen], atol=1e-12, err_msg=name
        )
    assert {(u.region, u.activity) for u in found.undefined} == {("b", "x"), ("c", "y")}
    assert found.by_region().n_unknown.tolist() == [0, 1, 1]


def test_disclosed_rates_rest_on_cells_known_twice():
    later = ag.RegionActivity.from_arrays(
        np.array(HIDDEN_TRUTH) * 2,
        region=list("abc"),
        activity=list("xyz"),
        unit="persons",
    )
    found = ag.shift_share(hidden(), later, margins="disclosed")
    # comparing disclosed with full totals would show more than doubling
    assert found.growth == pytest.approx(1.0)
    seen = np.isfinite(found.change)
    np.testing.assert_allclose(found.parts["regional"][seen], 0, atol=1e-12)
    assert "7 cells known in both" in found.provenance.warnings[0]


def test_what_cannot_be_compared_is_refused():
    jobs = ag.RegionActivity.from_arrays([[1.0]], unit="persons")
    euros = ag.RegionActivity.from_arrays([[1.0]], unit="euros")
    with pytest.raises(AlignmentError, match="different units"):
        ag.shift_share(jobs, euros)
    elsewhere = ag.RegionActivity.from_arrays([[1.0]], region=["z"], unit="persons")
    with pytest.raises(AlignmentError, match="no region in common"):
        ag.shift_share(jobs, elsewhere)
    nothing = ag.RegionActivity.from_arrays([[0.0]], unit="persons")
    with pytest.raises(NotIdentifiedError, match="growth rates do not exist"):
        ag.shift_share(nothing, jobs)
    with pytest.raises(OptionError, match="Did you mean 'classical'"):
        ag.shift_share(jobs, jobs, variant="clasical")


def test_nothing_changes_nothing_moves():
    found = ag.shift_share(long(OLD), long(OLD))
    for part in found.parts.values():
        np.testing.assert_allclose(part, 0, atol=1e-12)


def test_frames_and_plots():
    found = ag.shift_share(long(OLD), long(NEW))
    assert found.to_arrow().column_names == [
        "region",
        "activity",
        "start",
        "end",
        "change",
        "national",
        "industry_mix",
        "regional",
        "unsplit",
        "status",
    ]
    by_region = found.by_region()
    assert by_region.to_arrow().column_names[-2:] == ["regional_rate", "n_unknown"]
    assert "by region, 2 rows" in by_region.summary()
    assert found.plot().has_data()
    assert by_region.plot().get_legend() is not None
