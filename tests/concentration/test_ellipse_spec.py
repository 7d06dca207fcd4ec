"""Ellipses: the values and edge cases of the specification, through public functions."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import agglo as ag
from tests.concentration.test_ellipses import fit, seats

# specification of the digital study, section 12: rows, links, sites
COUNTS = {
    "NDRC": (66, 66, 44),
    "MIIT70": (70, 130, 79),
    "MIIT25": (25, 32, 21),
    "belts": (39, 39, 26),
}


def ellipse(x, y, **options):
    return ag.standard_deviational_ellipse(pa.table({"x_km": x, "y_km": y}), **options)


def with_axes(east, north, *, centre=(0.0, 0.0), map_=None):
    """An ellipse whose semi-axes are exactly `east` and `north` (four points)."""
    at = np.array([[east, 0.0], [-east, 0.0], [0.0, north], [0.0, -north]]) + centre
    if map_ is not None:
        at = at @ np.asarray(map_).T
    return ellipse(at[:, 0], at[:, 1], scale=2**0.5)


@pytest.mark.parametrize("name", sorted(COUNTS))
def test_rows_links_and_sites_of_the_chinese_lists(shared_data, name):
    folder = shared_data / "china_clusters"
    if name == "MIIT25":
        rows = seats(folder, "MIIT70", lambda r: r["year"] == "2021")
    else:
        rows = seats(folder, name)
    found = fit(rows)
    assert (len(set(rows["unit"])), found.n, found.n_sites) == COUNTS[name]
    # every item weighs one, whatever the number of its cities
    assert found.weight == pytest.approx(COUNTS[name][0])


def test_crossed_ellipses():
    # concentric, semi-axes (2, 1) and (1, 2): 8 atan(1/2) = 3.709181, Jaccard 0.418776
    wide, tall = with_axes(2.0, 1.0), with_axes(1.0, 2.0)
    assert (wide.long_km, wide.short_km, wide.theta) == pytest.approx((2, 1, 90))
    assert (tall.long_km, tall.short_km, tall.theta) == pytest.approx((2, 1, 0))
    found = ag.ellipse_overlap(wide, tall)
    assert found.intersection_km2 == pytest.approx(3.709181, abs=5e-7)
    assert found.jaccard == pytest.approx(0.418776, abs=5e-7)
    assert found.spatial_difference_index == pytest.approx(1 - 0.418776, abs=5e-7)
    assert found.theta_difference == pytest.approx(90.0)


@given(
    st.tuples(*[st.floats(-3, 3)] * 4).filter(
        lambda m: abs(m[0] * m[3] - m[1] * m[2]) > 0.2
    )
)
def test_an_affine_map_keeps_the_overlap_of_the_lens(values):
    # two unit circles one apart: Jaccard 0.243010, and so under any common affine map
    m = np.reshape(values, (2, 2))
    a = with_axes(1.0, 1.0, map_=m)
    b = with_axes(1.0, 1.0, centre=(1.0, 0.0), map_=m)
    there, back = ag.ellipse_overlap(a, b), ag.ellipse_overlap(b, a)
    assert there.jaccard == pytest.approx(0.243010, abs=5e-7)
    assert back.jaccard == pytest.approx(there.jaccard, rel=1e-9)
    assert ag.ellipse_overlap(a, a).jaccard == pytest.approx(1.0, rel=1e-9)


def test_one_inside_the_other_is_the_ratio_of_areas():
    large, small = with_axes(4.0, 3.0), with_axes(1.0, 2.0, centre=(0.5, 0.0))
    found = ag.ellipse_overlap(large, small)
    assert found.jaccard == pytest.approx(2.0 / 12.0)
    assert found.contained_a == pytest.approx(2.0 / 12.0)
    assert (found.contained_b, found.contained_min) == pytest.approx((1.0, 1.0))
    assert found.centre_bearing == pytest.approx(90.0)
    apart = ag.ellipse_overlap(large, with_axes(1.0, 2.0, centre=(9.0, 0.0)))
    assert (apart.jaccard, apart.spatial_difference_index) == (0.0, 1.0)


def clipped_area(subject, clip):
    """Area two convex rings share (Sutherland and Hodgman 1974, shoelace)."""
    if _signed(subject) < 0:
        subject = subject[::-1]
    if _signed(clip) < 0:
        clip = clip[::-1]
    for p, q in zip(clip, np.roll(clip, -1, axis=0), strict=True):
        if not len(subject):
            return 0.0
        side = _turn(q - p, subject - p)
        nxt, other = np.roll(subject, -1, axis=0), np.roll(side, -1)
        kept = []
        for a, b, s, t in zip(subject, nxt, side, other, strict=True):
            if s >= 0:
                kept.append(a)
            if (s >= 0) != (t >= 0):
                kept.append(a + (b - a) * s / (s - t))
        subject = np.array(kept)
    return abs(_signed(subject)) if len(subject) else 0.0


def _turn(edge, points):
    return edge[0] * points[:, 1] - edge[1] * points[:, 0]


def _signed(ring):
    x, y = ring.T
    return 0.5 * float((x * np.roll(y, -1) - y * np.roll(x, -1)).sum())


def test_exact_area_agrees_with_polygons_of_720_corners():
    rng = np.random.default_rng(12)
    for _ in range(5):
        first = ellipse(rng.normal(0, 30, 25), rng.normal(0, 12, 25))
        turned = rng.normal(0, 1, (25, 2)) @ rng.normal(0, 20, (2, 2))
        second = ellipse(turned[:, 0] + 5, turned[:, 1] - 4)
        exact = ag.ellipse_overlap(first, second).intersection_km2
        # 720 corners alone lose 1.3e-5 of an ellipse
        by_hand = clipped_area(first.polygon(720)[:720], second.polygon(720)[:720])
        assert by_hand == pytest.approx(exact, rel=1e-4)


@pytest.mark.parametrize(
    ("scale", "share"), [(1.0, 0.3935), (2**0.5, 0.632), (2.0, 0.865), (3.0, 0.989)]
)
def test_the_share_of_a_normal_that_each_convention_holds(scale, share):
    n = 40_000
    x, y = np.random.default_rng(13).normal(size=(2, n)) * [[80.0], [30.0]]
    found = ellipse(x, y, scale=scale)
    # four binomial standard errors and the rounding of the printed share
    allowed = 4 * np.sqrt(share * (1 - share) / n) + 5e-4
    assert found.inside_share == pytest.approx(share, abs=allowed)


def test_yuill_and_the_eigenvalues_agree_to_ten_digits():
    rng = np.random.default_rng(14)
    seen_zero = seen_negative = 0
    for i in range(1000):
        x, y = rng.normal(0, rng.uniform(0.1, 9, (2, 1)), (2, 12))
        if i % 10 == 0:  # B = 0 exactly
            x, y = np.concatenate([x, -x]), np.concatenate([y, y])
        found = ellipse(x, y)
        dx, dy = x - x.mean(), y - y.mean()
        a, b = (dx**2).sum() - (dy**2).sum(), (dx * dy).sum()
        scatter = (dx**2 + dy**2).sum()
        root = np.hypot(a, 2 * b)
        if abs(b) < 1e-13 * scatter:
            yuill, seen_zero = (0.0 if a < 0 else np.pi / 2), seen_zero + 1
        elif a < 0:
            # A + root cancels: the same tangent, written without the difference
            yuill, seen_negative = np.arctan2(2 * b, root - a), seen_negative + 1
        else:
            yuill = np.arctan2(a + root, 2 * b)
        apart = abs(np.radians(found.theta) - yuill) % np.pi
        assert min(apart, np.pi - apart) < 1e-10
        n = x.size
        assert found.long_km**2 == pytest.approx((scatter + root) / 2 / n, rel=1e-10)
        values = np.linalg.eigvalsh(np.cov(x, y, bias=True))
        assert found.long_km**2 == pytest.approx(values[1], rel=1e-10)
        assert abs(found.short_km**2 - values[0]) < 1e-10 * values[1]
    assert seen_zero == 100
    assert seen_negative > 300


@given(
    st.floats(-1.5, 1.5),
    st.floats(-4000, 4000),
    st.floats(0.5, 900),
    st.integers(3, 40),
)
def test_collinear_points_of_any_slope_are_degenerate(angle, offset, spread, n):
    along = np.linspace(-spread, spread, n)
    x, y = np.cos(angle) * along + offset, np.sin(angle) * along - offset
    found = ellipse(x, y, crs="planar")
    assert (found.degenerate, found.short_km, found.area_km2) == (True, 0.0, 0.0)
    apart = abs(found.theta - (90.0 - np.degrees(angle))) % 180.0
    assert min(apart, 180.0 - apart) < 1e-5


def test_a_thin_set_is_not_collinear():
    # a metre across 2,000 km
    rng = np.random.default_rng(15)
    found = ellipse(rng.uniform(-1000, 1000, 60), rng.normal(0, 1e-3, 60))
    assert not found.degenerate
    assert found.short_km == pytest.approx(1e-3, rel=0.3)


def test_other_projections_cannot_be_compared_and_missing_places_are_refused():
    lon, lat = [113.3, 114.1, 113.1], [23.1, 22.5, 23.0]
    at = pa.table({"lon": lon, "lat": lat})
    ours, theirs = (
        ag.standard_deviational_ellipse(at, x="lon", y="lat", crs=c)
        for c in ("china", "EPSG:3035")
    )
    with pytest.raises(ag.AlignmentError, match="projection"):
        ag.ellipse_overlap(ours, theirs)
    with pytest.raises(ag.AggloError):
        ellipse([0.0, 1.0, np.nan], [0.0, 2.0, 1.0])
    with pytest.raises(ag.AlignmentError, match="divisor"):
        ag.ellipse_overlap(
            ellipse([0.0, 1, 0], [0.0, 0, 2]),
            ellipse([0.0, 1, 0], [0.0, 0, 2], divisor="n-1"),
        )


def test_a_direction_that_the_draws_do_not_share_has_no_interval():
    # four points of a square: drawn anew, the long axis lies in every direction
    table = pa.table({"x_km": [1.0, -1.0, 0.0, 0.0], "y_km": [0.0, 0.0, 1.0, -1.0]})
    found = ag.bootstrap_ellipse(table, inference=ag.Bootstrap(n=500, seed=1))
    assert found.theta_concentration < 0.5
    assert np.isnan([found.lower[5], found.upper[5]]).all()
    assert "only 4 units" in found.notes[0]


def test_a_planted_normal_is_recovered():
    # section 13 (e): 2,000 points, axes within 5 %, direction within 3 degrees
    turn = np.radians(35.0)
    for seed in range(20):
        along, across = np.random.default_rng(seed).normal(size=(2, 2000))
        along, across = 600.0 * along, 350.0 * across
        x = along * np.sin(turn) + across * np.cos(turn)
        y = along * np.cos(turn) - across * np.sin(turn)
        found = ellipse(x, y)
        assert found.long_km == pytest.approx(600.0, rel=0.05)
        assert found.short_km == pytest.approx(350.0, rel=0.05)
        assert found.theta == pytest.approx(35.0, abs=3.0)


def test_a_planted_yearly_shift_is_recovered():
    # section 13 (f): 30 km a year towards 120 degrees, centres of 4,000 points each
    rng = np.random.default_rng(16)
    step = 30.0 * np.array([np.sin(np.radians(120)), np.cos(np.radians(120))])
    years = [2018, 2019, 2022]
    found = ag.centre_shift(
        [
            ellipse(*(rng.normal(0, 40, (4000, 2)) + step * (year - 2018)).T)
            for year in years
        ],
        years,
    )
    # standard error of a difference of two centres: 40 sqrt(2 / 4000) = 0.9 km
    np.testing.assert_allclose(found.distance_km, [30.0, 90.0], atol=3.6)
    np.testing.assert_allclose(found.speed_km_per_year, [30.0, 30.0], atol=3.6)
    np.testing.assert_allclose(found.bearing, [120.0, 120.0], atol=8.0)
    assert found.path_km[-1] == pytest.approx(found.distance_km.sum())
