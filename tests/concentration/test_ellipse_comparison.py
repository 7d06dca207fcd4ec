"""Two sets of places: exact overlaps at once, intervals, and the null."""

import numpy as np
import pyarrow as pa
import pytest

import agglo as ag
from agglo.concentration._kernels.ellipse_pairs import overlap_areas
from agglo.concentration._kernels.ellipses import overlap_area
from agglo.core.errors import AlignmentError, InvalidTableError


def _set(rng, n, centre=(0.0, 0.0), spread=(100.0, 60.0)):
    return pa.table(
        {
            "x_km": rng.normal(centre[0], spread[0], n),
            "y_km": rng.normal(centre[1], spread[1], n),
        }
    )


def test_all_pairs_at_once_are_the_single_ones():
    rng = np.random.default_rng(3)

    def some(n):
        return np.column_stack(
            [
                rng.normal(0, 1.5, (n, 2)),
                1.0 + rng.random(n),
                0.3 + 0.7 * rng.random(n),
                180.0 * rng.random(n),
            ]
        )

    a, b = some(400), some(400)
    b[:20] = a[:20]  # the same ellipse
    b[20:40, :2] += 50.0  # disjoint
    b[40:60, 2:4] = a[40:60, 2:4] / 10
    b[40:60, :2] = a[40:60, :2]  # one inside the other
    a[60:80, 2] = a[60:80, 3] = 1.0
    b[60:80, 2] = b[60:80, 3] = 1.0
    a[60:80, 4] = np.nan  # circles
    alone = np.array([overlap_area(p, q) for p, q in zip(a, b, strict=True)])
    np.testing.assert_allclose(overlap_areas(a, b), alone, atol=1e-9)


def test_the_analytic_overlaps_of_the_specification():
    # lens of two unit circles one apart; concentric ellipses (2, 1) and (1, 2)
    a = np.array([[0, 0, 1, 1, np.nan], [0, 0, 2, 1, 90.0], [0, 0, 0, 1, 0.0]])
    b = np.array([[1, 0, 1, 1, np.nan], [0, 0, 2, 1, 0.0], [0, 0, 1, 1, 0.0]])
    found = overlap_areas(a, b)
    assert found[0] == pytest.approx(2 * np.arccos(0.5) - np.sqrt(3) / 2, abs=1e-9)
    assert found[1] == pytest.approx(8 * np.arctan(0.5), abs=1e-9)
    assert np.isnan(found[2])


def test_the_estimate_is_the_overlap():
    rng = np.random.default_rng(1)
    a, b = _set(rng, 40), _set(rng, 30, (60.0, 10.0))
    one, other = (ag.standard_deviational_ellipse(t) for t in (a, b))
    whole = ag.ellipse_overlap(one, other)
    found = ag.bootstrap_overlap(a, b, inference=ag.Bootstrap(n=99, seed=1))
    value = dict(zip(found.statistic, found.estimate, strict=True))
    assert value["jaccard"] == pytest.approx(whole.jaccard, rel=1e-10)
    assert value["centre_distance_km"] == pytest.approx(whole.centre_distance_km)
    assert value["long_difference_km"] == pytest.approx(other.long_km - one.long_km)
    assert value["area_difference_km2"] == pytest.approx(other.area_km2 - one.area_km2)
    assert abs(value["theta_difference"]) == pytest.approx(whole.theta_difference)


def test_geodesic_distance_with_a_projection():
    seats = {"lon": [113.3, 114.1, 113.1, 120.2], "lat": [23.1, 22.5, 23.0, 30.3]}
    others = {"lon": [116.4, 117.2, 114.5, 121.5], "lat": [39.9, 39.1, 38.0, 31.2]}
    a, b = pa.table(seats), pa.table(others)
    fits = [
        ag.standard_deviational_ellipse(t, x="lon", y="lat", crs="china")
        for t in (a, b)
    ]
    found = ag.bootstrap_overlap(
        a, b, x="lon", y="lat", crs="china", inference=ag.Bootstrap(n=50, seed=1)
    )
    whole = ag.ellipse_overlap(*fits).centre_distance_km
    assert found.estimate[1] == pytest.approx(whole, rel=1e-9)


def test_units_are_drawn_whole_and_repeat():
    rng = np.random.default_rng(2)
    a, b = _set(rng, 40), _set(rng, 40)
    unit = [f"u{i // 4}" for i in range(40)]
    draws = ag.Bootstrap(n=200, seed=5)
    one = ag.bootstrap_overlap(a, b, unit_a=unit, unit_b=unit, inference=draws)
    again = ag.bootstrap_overlap(a, b, unit_a=unit, unit_b=unit, inference=draws)
    assert one.n_units == (10, 10)
    np.testing.assert_array_equal(one.lower_bca, again.lower_bca)
    few = ag.bootstrap_overlap(a[:6], b, inference=draws)
    assert "only 6 units" in few.summary()


def test_bca_lies_above_the_percentile_interval_of_jaccard():
    """Redrawn sets overlap less: the bias correction moves the interval up."""
    rng = np.random.default_rng(4)
    a, b = _set(rng, 60), _set(rng, 60)
    found = ag.bootstrap_overlap(a, b, inference=ag.Bootstrap(n=1000, seed=1))
    assert found.lower_bca[0] > found.lower[0]
    assert found.upper_bca[0] > found.upper[0]


def _covered(runs):
    rng = np.random.default_rng(11)
    # unit ellipses of the truth: N(0, diag(100², 60²)) and the same 80 km to the east
    big = np.array([[0.0, 0.0, 100.0, 60.0, 90.0]])
    moved = np.array([[80.0, 0.0, 100.0, 60.0, 90.0]])
    shared = overlap_areas(big, moved)[0]
    truth = shared / (2 * np.pi * 6000.0 - shared)
    hit = []
    for seed in range(runs):
        a, b = _set(rng, 80), _set(rng, 80, (80.0, 0.0))
        found = ag.bootstrap_overlap(a, b, inference=ag.Bootstrap(n=399, seed=seed))
        hit.append(
            [
                found.lower_bca[0] <= truth <= found.upper_bca[0],
                found.lower_bca[1] <= 80.0 <= found.upper_bca[1],
            ]
        )
    return np.mean(hit, axis=0)


def test_intervals_cover_the_truth():
    covered = _covered(120)
    # binomial band of 95 % at 120 runs
    assert (covered >= 0.90).all(), covered


@pytest.mark.slow
def test_intervals_cover_at_the_stated_rate():
    covered = _covered(1000)
    assert ((covered >= 0.93) & (covered <= 0.97)).all(), covered


def test_the_null_of_one_cloud_is_uniform():
    p = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        found = ag.overlap_test(
            _set(rng, 30), _set(rng, 20), inference=ag.Permutation(n=99, seed=seed)
        )
        p.append(found.p)
    share = (np.array(p) <= 0.1).mean(axis=0)
    assert (share <= 0.22).all(), share


def test_what_is_far_apart_is_found():
    rng = np.random.default_rng(7)
    found = ag.overlap_test(
        _set(rng, 30),
        _set(rng, 30, (200.0, 0.0)),
        inference=ag.Permutation(n=199, seed=1),
    )
    assert found.p.tolist() == [0.005, 0.005]
    assert found.expected[0] > found.observed[0]


def test_degenerate_sets_have_no_overlap():
    line = pa.table({"x_km": [0.0, 1.0, 2.0], "y_km": [0.0, 1.0, 2.0]})
    cloud = _set(np.random.default_rng(1), 20)
    found = ag.bootstrap_overlap(line, cloud, inference=ag.Bootstrap(n=50, seed=1))
    assert np.isnan(found.estimate[0])
    assert found.undefined[0].reason == "an ellipse is degenerate"


def test_what_cannot_be_compared_is_refused():
    cloud = _set(np.random.default_rng(1), 20)
    none = cloud.append_column("w", pa.array([0.0] * 20))
    with pytest.raises(InvalidTableError, match="positive weight"):
        ag.bootstrap_overlap(none, none, weight="w")
    degrees = pa.table({"x_km": [113.0, 114.0, 115.0], "y_km": [23.0, 24.0, 22.0]})
    with pytest.raises(AlignmentError, match="projections differ"):
        ag.overlap_test(ag.as_points(degrees, crs="china"), cloud)
