"""Ellipses: reference values of four Chinese lists, exact overlaps, intervals."""

import csv

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import agglo as ag
from agglo.concentration._kernels import ellipses as kernels

LISTS = {
    "NDRC": "ndrc_strategic_emerging_clusters_2019.csv",
    "MIIT70": "miit_advanced_manufacturing_clusters.csv",
    "belts": "industrial_belts_partial.csv",
}
# computed by us with numpy on the shared lists (seats, weight 1 / number of cities, Albers
# 25/47/36/105): lon, lat, long km, short km, bearing, area km2, inside share
EXPECTED = {
    "NDRC": (115.4382, 32.0720, 663.693, 509.774, 10.373, 1_062_906, 0.3788),
    "MIIT70": (115.9395, 31.9717, 640.232, 489.693, 19.276, 984_944, 0.4083),
    "MIIT25": (116.1361, 29.5743, 536.779, 399.689, 37.382, 674_012, 0.3600),
    "belts": (116.6305, 28.6373, 555.075, 348.202, 10.414, 607_201, 0.2308),
}


def seats(folder, name, keep=bool):
    with (folder / "cn_cities.csv").open(encoding="utf-8-sig") as file:
        where = {r["adcode"]: (r["lon"], r["lat"]) for r in csv.DictReader(file)}
    rows = {"lon": [], "lat": [], "weight": [], "unit": []}
    with (folder / LISTS[name]).open(encoding="utf-8-sig") as file:
        for row in filter(keep, csv.DictReader(file)):
            cities = row["adcode"].split(";")
            for city in cities:
                lon, lat = where[city.strip()]
                rows["lon"].append(float(lon))
                rows["lat"].append(float(lat))
                rows["weight"].append(1.0 / len(cities))
                rows["unit"].append(row["id"])
    return rows


@pytest.fixture(scope="module")
def lists(shared_data):
    folder = shared_data / "china_clusters"
    return {
        **{name: seats(folder, name) for name in LISTS},
        "MIIT25": seats(folder, "MIIT70", lambda r: r["year"] == "2021"),
    }


def fit(rows, **options):
    table = pa.table({k: v for k, v in rows.items() if k != "unit"})
    return ag.standard_deviational_ellipse(
        table, x="lon", y="lat", weight="weight", crs="china", **options
    )


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_ellipses_of_the_chinese_lists(lists, name):
    found = fit(lists[name])
    lon, lat, long_km, short_km, theta, area, inside = EXPECTED[name]
    assert found.lon == pytest.approx(lon, abs=1e-4)
    assert found.lat == pytest.approx(lat, abs=1e-4)
    assert found.long_km == pytest.approx(long_km, rel=1e-4)
    assert found.short_km == pytest.approx(short_km, rel=1e-4)
    assert found.theta == pytest.approx(theta, abs=5e-3)
    assert found.area_km2 == pytest.approx(area, rel=1e-4)
    assert found.inside_share == pytest.approx(inside, abs=5e-5)


def test_overlaps_and_shift_of_the_chinese_lists(lists):
    e = {name: fit(rows, label=name) for name, rows in lists.items()}
    pairs = {
        ("NDRC", "MIIT70"): 0.868,
        ("MIIT25", "belts"): 0.659,
        ("NDRC", "belts"): 0.337,
        ("MIIT25", "MIIT70"): 0.500,
    }
    for (a, b), jaccard in pairs.items():
        assert ag.ellipse_overlap(e[a], e[b]).jaccard == pytest.approx(
            jaccard, abs=5e-4
        )
    shift = ag.centre_shift([e["MIIT25"], e["MIIT70"]], [2021, 2024])
    assert shift.distance_km[0] == pytest.approx(266.5, abs=0.5)
    assert shift.bearing[0] == pytest.approx(356.0, abs=0.1)
    assert shift.speed_km_per_year[0] == pytest.approx(266.5 / 3, abs=0.2)


def test_the_crimestat_convention_and_the_trap_of_degrees(lists):
    found = fit(lists["NDRC"], divisor="n-2", scale=2**0.5)
    assert found.long_km == pytest.approx(953.157, rel=1e-4)
    assert found.short_km == pytest.approx(732.107, rel=1e-4)
    raw = pa.table(
        {
            "x_km": lists["NDRC"]["lon"],
            "y_km": lists["NDRC"]["lat"],
        }
    )
    with pytest.warns(ag.DataWarning, match="look like degrees"):
        trapped = ag.standard_deviational_ellipse(raw)
    assert trapped.theta == pytest.approx(52.5, abs=0.1)
    with pytest.raises(ag.InvalidTableError, match="crs="):
        ag.standard_deviational_ellipse(
            raw.rename_columns(["lon", "lat"]), x="lon", y="lat"
        )


def test_yuills_formula_and_the_eigenvalues_agree():
    rng = np.random.default_rng(4)
    for i in range(1000):
        x, y = (
            rng.normal(0, rng.uniform(0.1, 9), 12),
            rng.normal(0, rng.uniform(0.1, 9), 12),
        )
        if i % 10 == 0:
            # an exactly diagonal covariance: B = 0, and A < 0 in half of the cases
            x, y = np.concatenate([x, -x]), np.concatenate([y, y])
        found = ag.standard_deviational_ellipse(pa.table({"x_km": x, "y_km": y}))
        dx, dy = x - x.mean(), y - y.mean()
        a, b = (dx**2).sum() - (dy**2).sum(), (dx * dy).sum()
        theta = np.degrees(np.arctan2(a + np.hypot(a, 2 * b), 2 * b)) % 180.0
        if abs(b) < 1e-9:
            theta = 0.0 if a < 0 else 90.0
        apart = abs(found.theta - theta) % 180.0
        assert min(apart, 180.0 - apart) < 1e-8
        values = np.sqrt(np.linalg.eigvalsh(np.cov(x, y, bias=True)))
        assert found.short_km == pytest.approx(values[0], rel=1e-9)
        assert found.long_km == pytest.approx(values[1], rel=1e-9)


def circle(dx):
    rows = {"x_km": [dx + 1, dx - 1, dx, dx], "y_km": [0.0, 0.0, 1.0, -1.0]}
    return ag.standard_deviational_ellipse(pa.table(rows), scale=2**0.5)


def test_overlap_of_two_circles_is_the_lens():
    # two unit circles one apart: 2 acos(1/2) - sqrt(3)/2
    found = ag.ellipse_overlap(circle(0.0), circle(1.0))
    assert found.intersection_km2 == pytest.approx(
        2 * np.arccos(0.5) - 3**0.5 / 2, abs=1e-12
    )
    assert found.jaccard == pytest.approx(0.243010, abs=1e-6)
    assert np.isnan(found.theta_difference)
    assert ag.ellipse_overlap(circle(0.0), circle(5.0)).jaccard == 0.0
    assert ag.ellipse_overlap(circle(0.0), circle(0.0)).jaccard == pytest.approx(1.0)
    # touching from outside shares no area
    assert ag.ellipse_overlap(circle(0.0), circle(2.0)).jaccard == pytest.approx(
        0, abs=1e-9
    )


def test_overlap_of_crossed_ellipses():
    # concentric, axes (2, 1) and (1, 2): 8 atan(1/2)
    a = np.array([0.0, 0.0, 2.0, 1.0, 90.0])
    b = np.array([0.0, 0.0, 2.0, 1.0, 0.0])
    assert kernels.overlap_area(a, b) == pytest.approx(8 * np.arctan(0.5), abs=1e-12)


@given(
    st.floats(-3, 3),
    st.floats(-3, 3),
    st.floats(0.2, 3),
    st.floats(0.2, 3),
    st.floats(0, 179),
)
def test_overlap_is_symmetric_and_bounded(x, y, first, second, theta):
    a = np.array([0.0, 0.0, 2.0, 1.0, 30.0])
    b = np.array([x, y, max(first, second), min(first, second), theta])
    there, back = kernels.overlap_area(a, b), kernels.overlap_area(b, a)
    assert there == pytest.approx(back, abs=1e-8)
    assert -1e-9 <= there <= np.pi * min(a[2] * a[3], b[2] * b[3]) + 1e-8


def test_overlap_agrees_with_polygons():
    rng = np.random.default_rng(5)
    grid = np.linspace(-3.2, 3.2, 1600)
    gx, gy = np.meshgrid(grid, grid)

    def inside(e):
        turn = np.radians(e[4])
        dx, dy = gx - e[0], gy - e[1]
        along = dx * np.sin(turn) + dy * np.cos(turn)
        across = -dx * np.cos(turn) + dy * np.sin(turn)
        return (along / e[2]) ** 2 + (across / e[3]) ** 2 < 1

    for _ in range(20):
        axes = np.sort(rng.uniform(0.3, 3, (2, 2)))[:, ::-1]
        a = np.array([0.0, 0.0, *axes[0], rng.uniform(0, 180)])
        b = np.array([*rng.normal(0, 1, 2), *axes[1], rng.uniform(0, 180)])
        counted = (inside(a) & inside(b)).sum() * (grid[1] - grid[0]) ** 2
        assert kernels.overlap_area(a, b) == pytest.approx(counted, abs=6e-3)


@given(
    st.floats(0, 360), st.floats(-1e4, 1e4), st.floats(-1e4, 1e4), st.floats(0.1, 50)
)
def test_equivariance(turn, dx, dy, unit):
    rng = np.random.default_rng(6)
    x, y = rng.normal(0, 5, 30), rng.normal(0, 2, 30)
    base = ag.standard_deviational_ellipse(pa.table({"x_km": x, "y_km": y}))
    c, s = np.cos(np.radians(turn)), np.sin(np.radians(turn))
    moved = {"x_km": unit * (c * x + s * y) + dx, "y_km": unit * (-s * x + c * y) + dy}
    found = ag.standard_deviational_ellipse(pa.table(moved), crs="planar")
    assert found.area_km2 == pytest.approx(unit**2 * base.area_km2, rel=1e-6)
    apart = abs(found.theta - base.theta - turn) % 180.0
    assert min(apart, 180.0 - apart) < 1e-4


def test_degenerate_sets_say_so():
    line = ag.standard_deviational_ellipse(
        pa.table({"x_km": [0.0, 1.0, 2.0], "y_km": [0.0, 1.0, 2.0]})
    )
    assert (line.degenerate, line.short_km, line.area_km2) == (True, 0.0, 0.0)
    assert line.theta == pytest.approx(45.0)
    one = ag.standard_deviational_ellipse(pa.table({"x_km": [1.0], "y_km": [1.0]}))
    assert one.degenerate
    assert np.isnan(one.theta)
    assert one.undefined[0].reason == "one site"
    assert not one.contains(np.array([1.0]), np.array([1.0])).any()
    assert np.isnan(ag.ellipse_overlap(one, one).jaccard)
    few = ag.standard_deviational_ellipse(
        pa.table({"x_km": [0.0, 1.0], "y_km": [0.0, 2.0]}), divisor="n-2"
    )
    assert np.isnan(few.long_km)
    assert few.undefined[0].item == "axes"


def test_zero_weights_are_dropped_and_bad_options_refused():
    rows = {
        "x_km": [0.0, 1.0, 0.0, 99.0],
        "y_km": [0.0, 0.0, 2.0, 99.0],
        "w": [1.0, 1, 1, 0],
    }
    found = ag.standard_deviational_ellipse(pa.table(rows), weight="w")
    assert (found.n, found.n_sites) == (3, 3)
    table = pa.table(rows)
    with pytest.raises(ag.OptionError, match="not both"):
        ag.standard_deviational_ellipse(table, scale=1.0, coverage=0.5)
    with pytest.raises(ag.OptionError, match="divisor"):
        ag.standard_deviational_ellipse(table, divisor="N")
    with pytest.raises(ag.InvalidTableError, match="positive weight"):
        ag.standard_deviational_ellipse(pa.table({**rows, "w": [0.0] * 4}), weight="w")
    other = ag.standard_deviational_ellipse(table, scale=2.0)
    with pytest.raises(ag.AlignmentError, match="scale"):
        ag.ellipse_overlap(found, other)
    with pytest.raises(ag.OptionError, match="increase"):
        ag.centre_shift([found, found], [2020, 2020])
    with pytest.raises(ag.AlignmentError, match="two or more"):
        ag.centre_shift([found], [2020])


def test_coverage_holds_that_share_of_a_normal():
    # spec table: p = .6827 -> 1.5152, p = .95 -> 2.4477
    x, y = np.random.default_rng(7).normal(size=(2, 40_000)) * [[30.0], [10.0]]
    table = pa.table({"x_km": x, "y_km": y})
    for share, scale in ((0.6827, 1.5152), (0.95, 2.4477)):
        found = ag.standard_deviational_ellipse(table, coverage=share)
        assert found.scale == pytest.approx(scale, abs=1e-4)
        assert found.inside_share == pytest.approx(share, abs=0.01)
    assert ag.standard_deviational_ellipse(table).inside_share == pytest.approx(
        0.3935, abs=0.01
    )


def test_bootstrap_repeats_and_resamples_units_whole(lists):
    rows = lists["MIIT70"]
    table = pa.table({k: v for k, v in rows.items() if k != "unit"})
    options = {"x": "lon", "y": "lat", "weight": "weight", "crs": "china"}
    inference = ag.Bootstrap(n=500, seed=11)
    by_cluster = ag.bootstrap_ellipse(
        table, unit=rows["unit"], inference=inference, **options
    )
    again = ag.bootstrap_ellipse(
        table, unit=rows["unit"], inference=inference, **options
    )
    np.testing.assert_array_equal(by_cluster.lower, again.lower)
    assert by_cluster.n_units == 70
    point = fit(rows)
    assert by_cluster.estimate[2] == pytest.approx(point.long_km, rel=1e-9)
    assert by_cluster.estimate[0] == pytest.approx(point.x_km, abs=1e-6)
    assert (by_cluster.lower < by_cluster.estimate).all()
    assert (by_cluster.estimate < by_cluster.upper).all()


def test_direction_has_no_interval_when_it_is_not_determined():
    rng = np.random.default_rng(8)
    blob = pa.table({"x_km": rng.normal(size=60), "y_km": rng.normal(size=60)})
    loose = ag.bootstrap_ellipse(blob, inference=ag.Bootstrap(n=400, seed=1))
    if loose.theta_concentration < 0.5:
        assert np.isnan(loose.lower[5])
    long = pa.table({"x_km": rng.normal(size=60), "y_km": 9 * rng.normal(size=60)})
    tight = ag.bootstrap_ellipse(long, inference=ag.Bootstrap(n=400, seed=1))
    assert tight.theta_concentration > 0.9
    assert tight.lower[5] < tight.upper[5] < tight.lower[5] + 30
    with pytest.raises(ag.AlignmentError, match="labels"):
        ag.bootstrap_ellipse(blob, unit=["a"])


@pytest.mark.slow
def test_bootstrap_intervals_cover():
    # axes of a bivariate normal (sd 3 and 1), 200 points: percentile interval of the long
    # axis at 95%; 400 trials, so the band is about 3 binomial standard errors
    rng = np.random.default_rng(9)
    hits = 0
    for trial in range(400):
        table = pa.table(
            {"x_km": 3 * rng.normal(size=200), "y_km": rng.normal(size=200)}
        )
        found = ag.bootstrap_ellipse(table, inference=ag.Bootstrap(n=400, seed=trial))
        hits += found.lower_bca[2] <= 3.0 <= found.upper_bca[2]
    assert 0.91 <= hits / 400 <= 0.98


def test_outline_and_geojson():
    found = circle(0.0)
    ring = found.polygon(360)
    np.testing.assert_allclose(np.hypot(*ring.T), 1.0)
    feature = found.to_geojson(m=12)
    assert len(feature["geometry"]["coordinates"][0]) == 13
    assert found.plot().get_xlabel() == "km east"
    assert "divisor n" in found.summary()
