"""Location quotients, shrinkage, cluster index: hand cases, three states, edges."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from scipy import stats

import agglo as ag
from agglo.concentration._kernels import quotients as kernels
from agglo.core.errors import AlignmentError, InvalidTableError, OptionError
from tests.concentration.tables import (
    FIVE_REGIONS,
    HIDDEN_MARGINS,
    HIDDEN_TRUTH,
    hidden,
    long,
)


def test_golden_five_regions():
    found = ag.location_quotient(long(FIVE_REGIONS))
    np.testing.assert_allclose(
        found.values[0], [1.342857, 0, 1.46875, 0.88125], atol=1e-6
    )
    shares = np.array(FIVE_REGIONS) / np.array(FIVE_REGIONS).sum(axis=1)[:, None]
    mean = (found.values * shares).sum(axis=1)
    golden = [1.305089, 1.717099, 2.421939, 1.871515, 1.814836]
    np.testing.assert_allclose(mean, golden, atol=1e-6)
    hachman = ag.hachman(long(FIVE_REGIONS)).values
    np.testing.assert_allclose(1 / hachman, golden, atol=1e-6)


def test_golden_five_regions_krugman_and_herfindahl():
    krugman = [0.465957, 0.633292, 0.948328, 0.924565, 0.757852]
    found = ag.krugman(long(FIVE_REGIONS)).values
    np.testing.assert_allclose(found, krugman, atol=1e-6)
    hhi = [0.445, 0.453287, 0.428571, 0.830579, 0.337868]
    np.testing.assert_allclose(ag.hhi(long(FIVE_REGIONS)).values, hhi, atol=1e-6)


def test_kinds_by_hand():
    table = long([[30, 10], [20, 0]])  # LQ 0.9, 1.5; 1.2, 0
    ratio = ag.location_quotient(table).values
    np.testing.assert_allclose(ratio, [[0.9, 1.5], [1.2, 0.0]])
    log = ag.location_quotient(table, kind="log")
    np.testing.assert_allclose(log.values[0], np.log([0.9, 1.5]))
    assert np.isnan(log.values[1, 1])
    assert "no logarithm" in log.undefined[0].reason
    assert (log.undefined[0].region, log.undefined[0].activity) == ("r2", "i2")
    symmetric = ag.location_quotient(table, kind="symmetric").values
    np.testing.assert_allclose(symmetric, [[-0.1 / 1.9, 0.2], [0.2 / 2.2, -1.0]])
    excess = ag.location_quotient(table, kind="excess_jobs").values
    np.testing.assert_allclose(excess, [[30 - 100 / 3, 10 / 3], [10 / 3, -10 / 3]])


def test_standardised_against_scipy():
    rng = np.random.default_rng(3)
    size = rng.integers(1, 200, (12, 3)).astype(float)
    size[0, 0] = 0.0
    found = ag.location_quotient(long(size), kind="standardised")
    ratio = ag.location_quotient(long(size)).values
    assert found.n_positive.tolist() == [11, 12, 12]
    logs = np.log(ratio[found.region != "r1", 0])
    z = (logs - logs.mean()) / logs.std(ddof=1)
    np.testing.assert_allclose(found.values[found.region != "r1", 0], z)
    assert np.isnan(found.values[found.region == "r1", 0])
    assert found.shapiro_p[0] == pytest.approx(stats.shapiro(logs).pvalue)
    np.testing.assert_array_equal(found.high, found.values > 1.96)
    assert "shapiro_p" in found.to_arrow().column_names
    assert "Shapiro-Wilk" in found.summary()


def test_standardised_needs_eight_regions_that_differ():
    few = ag.location_quotient(
        long(np.arange(1, 15).reshape(7, 2)), kind="standardised"
    )
    assert np.isnan(few.values).all()
    assert "fewer than 8" in few.undefined[0].reason
    same = ag.location_quotient(long(np.full((9, 2), 5)), kind="standardised")
    assert np.isnan(same.values).all()
    assert {u.reason for u in same.undefined} == {
        "all quotients of the activity are equal"
    }


def test_zero_missing_and_confidential_are_three_states():
    found = ag.location_quotient(hidden(), margins=HIDDEN_MARGINS)
    truth = ag.location_quotient(ag.RegionActivity.from_arrays(HIDDEN_TRUTH)).values
    unknown = [(1, 0), (2, 1)]
    for cell in unknown:
        assert np.isnan(found.values[cell])
    seen = np.ones((3, 3), dtype=bool)
    seen[tuple(zip(*unknown, strict=True))] = False
    np.testing.assert_allclose(found.values[seen], truth[seen], rtol=1e-14)
    reasons = {(u.region, u.activity): u.reason for u in found.undefined}
    assert reasons == {
        ("b", "x"): "the cell is confidential",
        ("c", "y"): "the cell is missing",
    }
    status = found.to_arrow()["status"].to_pylist()
    assert status.count("ok") == 7
    assert {"missing", "confidential"} <= set(status)


def test_absent_row_is_zero():
    table = pa.table(
        {
            "region": ["a", "a", "b"],
            "industry": ["x", "y", "x"],
            "employment": [1, 1, 2],
        }
    )
    assert ag.location_quotient(table).values[1, 1] == 0.0


def test_unknown_cells_need_a_decision():
    with pytest.raises(InvalidTableError, match="unknown_cells"):
        ag.location_quotient(hidden())
    found = ag.location_quotient(hidden(), margins="disclosed")
    assert found.values[0, 0] == pytest.approx((10 / 50) / (60 / 140))
    assert "what is disclosed" in found.provenance.warnings[0]


def test_empty_region_and_activity_have_one_reason_each():
    table = pa.table(
        {
            "region": ["a", "a", "a", "b", "b", "b", "c", "c", "c"],
            "industry": list("xyz") * 3,
            "employment": [1.0, 2.0, 0.0, 3.0, 4.0, 0.0, 0.0, 0.0, 0.0],
        }
    )
    found = ag.location_quotient(table)
    assert np.isnan(found.values[2]).all()
    assert np.isnan(found.values[:, 2]).all()
    assert np.isfinite(found.values[:2, :2]).all()
    listed = {(u.region, u.activity, u.n) for u in found.undefined}
    assert listed == {("c", "", 3), ("", "z", 2)}


def test_everything_zero_is_undefined_not_an_error():
    table = pa.table({"region": ["a"], "industry": ["x"], "employment": [0.0]})
    for kind in ("ratio", "log", "symmetric", "standardised", "excess_jobs"):
        found = ag.location_quotient(table, kind=kind)
        assert np.isnan(found.values).all(), kind
        assert found.undefined, kind


def test_given_reference():
    table = long([[30, 10], [20, 0]])
    found = ag.location_quotient(table, reference={"r1": 50, "r2": 25, "r9": 25})
    np.testing.assert_allclose(found.values, [[1.2, 2.0], [1.6, 0.0]])
    with pytest.raises(AlignmentError, match="lacks 1 regions"):
        ag.location_quotient(table, reference={"r1": 1.0})
    with pytest.raises(OptionError, match="negative"):
        ag.location_quotient(table, reference={"r1": 1.0, "r2": -1.0})


def test_undefined_lists_are_short():
    size = np.ones((60, 40))
    size[:, ::2] = np.nan
    size[0] = 1.0
    table = ag.RegionActivity.from_arrays(size, margins="disclosed")
    found = ag.location_quotient(table)
    assert len(found.undefined) <= 1001
    assert sum(u.n for u in found.undefined) == np.isnan(found.values).sum()


def test_shrunk_by_hand():
    plants = pa.table(
        {
            "region": list("aabb"),
            "industry": list("xyxy"),
            "establishments": [60, 20, 10, 110],
        }
    )
    # x: E = (28, 42), LQ = (60/28, 10/42), mean 1, s2 = .870748, A = s2 - 1/35
    found = ag.shrink_location_quotient(plants)
    raw, e = np.array([60 / 28, 10 / 42]), np.array([28.0, 42.0])
    between = (e * (raw - 1) ** 2).sum() / 70 - 1 / 35
    expected = 1 + between / (between + 1 / e) * (raw - 1)
    np.testing.assert_allclose(found.values[:, 0], expected, rtol=1e-12)


def test_shrunk_without_more_than_chance_is_the_mean():
    found = ag.shrink_location_quotient(long([[3, 3], [4, 4]], "establishments"))
    np.testing.assert_allclose(found.values, 1.0)


def test_shrunk_pulls_small_regions_more():
    counts = long([[3, 1], [300, 100], [100, 300]], "establishments")
    found = ag.shrink_location_quotient(counts).values
    raw = ag.location_quotient(counts, value="establishments").values
    pull = (raw - found)[:2, 0] / (raw[:2, 0] - 1)
    assert pull[0] > 10 * pull[1] > 0


def test_shrunk_leaves_unknown_counts_out():
    table = ag.RegionActivity.from_arrays(
        [[6, 2], [3, np.nan], [2, 9]], margins="disclosed"
    )
    found = ag.shrink_location_quotient(table)
    assert np.isnan(found.values[1, 1])
    assert np.isfinite(np.delete(found.values.ravel(), 3)).all()


def test_shrunk_refuses_fractions():
    with pytest.raises(InvalidTableError, match="not_whole"):
        ag.shrink_location_quotient(long([[1.5, 2]], "establishments"))


CLUSTER = {
    "region": ["a", "b"],
    "industry": ["x", "x"],
    "employment": [30.0, 10.0],
    "establishments": [6, 4],
}


def test_cluster_index_by_hand():
    found = ag.cluster_index(
        pa.table(CLUSTER), area_km2={"a": 1, "b": 3}, population={"a": 20, "b": 20}
    )
    # density 30 / 10, stock 1.5 / 1, plant size 5 / 4
    assert found.values[0, 0] == pytest.approx(3.0 * 1.5 / 1.25)
    density, stock, plant = (10 / 3) / 10, (10 / 20) / 1, (10 / 4) / 4
    assert found.values[1, 0] == pytest.approx(density * stock / plant)


def test_cluster_index_zero_denominators():
    rows = {**CLUSTER, "employment": [30.0, 0.0], "establishments": [6, 0]}
    found = ag.cluster_index(
        pa.table(rows), area_km2={"a": 0, "b": 3}, population={"a": 20, "b": 20}
    )
    assert np.isnan(found.values).all()
    assert "denominator is 0" in found.undefined[0].reason


def test_cluster_index_bad_mappings():
    table, people = pa.table(CLUSTER), {"a": 1, "b": 1}
    with pytest.raises(AlignmentError, match="`area_km2` lacks 1"):
        ag.cluster_index(table, area_km2={"a": 1}, population=people)
    with pytest.raises(OptionError, match="map every region"):
        ag.cluster_index(table, area_km2=[1, 2], population=people)
    with pytest.raises(OptionError, match="`population`"):
        ag.cluster_index(table, area_km2=people, population={"a": 1, "b": -1})
    with pytest.raises(OptionError, match="adds up to 0"):
        ag.cluster_index(table, area_km2=people, population={"a": 0, "b": 0})
    counts = ag.RegionActivity.from_arrays(
        [[1], [2]], region=["a", "z"], activity=["x"]
    )
    with pytest.raises(AlignmentError, match="same regions"):
        ag.cluster_index(
            table, area_km2=people, population=people, establishments=counts
        )


def test_kernel_does_not_sum_for_itself():
    """One unknown cell leaves every other quotient as it is."""
    v = np.array(HIDDEN_TRUTH)
    whole = kernels.location_quotient(v, v.sum(axis=1) / v.sum(), v.sum(axis=0))
    holes = v.copy()
    holes[1, 0] = np.nan
    found = kernels.location_quotient(holes, v.sum(axis=1) / v.sum(), v.sum(axis=0))
    assert np.isnan(found).sum() == 1
    np.testing.assert_array_equal(found[np.isfinite(found)], np.delete(whole, 3))


def test_summary_and_plot():
    found = ag.location_quotient(long(FIVE_REGIONS))
    assert "5 regions × 4 activities, 20 of 20 defined" in found.summary()
    assert found.plot().get_xlabel() == "location quotient (ratio)"
    assert found.to_arrow().column_names == [
        "region",
        "activity",
        "size",
        "value",
        "high",
        "status",
    ]
