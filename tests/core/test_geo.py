"""Projection: known systems agree with PROJ, the way back returns, traps are refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import agglo as ag
from agglo.core.geo import (
    Albers,
    Equirectangular,
    LambertAzimuthal,
    geodesic_bearing,
    geodesic_km,
    project,
)


def test_albers_agrees_with_proj_over_china():
    pyproj = pytest.importorskip("pyproj", reason="the geo extra is not installed")
    rng = np.random.default_rng(1)
    lon, lat = rng.uniform(73, 136, 500), rng.uniform(17, 54, 500)
    here = project(lon, lat, crs="china")
    there = pyproj.Transformer.from_crs(
        "EPSG:4326",
        "+proj=aea +lat_1=25 +lat_2=47 +lat_0=36 +lon_0=105 +datum=WGS84 +units=km",
        always_xy=True,
    )
    x, y = there.transform(lon, lat)
    np.testing.assert_allclose(here.x_km, x, atol=1e-9)
    np.testing.assert_allclose(here.y_km, y, atol=1e-9)


def test_lambert_agrees_with_proj():
    pyproj = pytest.importorskip("pyproj", reason="the geo extra is not installed")
    rng = np.random.default_rng(2)
    lon, lat = rng.uniform(-10, 40, 500), rng.uniform(35, 70, 500)
    system = LambertAzimuthal(lat_0=52.0, lon_0=10.0)
    there = pyproj.Transformer.from_crs(
        "EPSG:4326",
        "+proj=laea +lat_0=52 +lon_0=10 +R=6371008.8 +units=km",
        always_xy=True,
    )
    x, y = there.transform(lon, lat)
    here = project(lon, lat, crs=system)
    # PROJ turns WGS 84 latitudes to geocentric ones for a sphere only when told to
    np.testing.assert_allclose(here.x_km, x, atol=1e-6)
    np.testing.assert_allclose(here.y_km, y, atol=1e-6)


@pytest.mark.parametrize(
    "system",
    [
        Albers(),
        Albers(parallel_1=30.0, parallel_2=30.0),
        Albers(parallel_1=-18.0, parallel_2=-36.0, lat_0=-25.0, lon_0=134.0),
        Equirectangular(lat_0=40.0, lon_0=100.0),
        LambertAzimuthal(lat_0=40.0, lon_0=100.0),
    ],
)
def test_the_way_back_returns(system):
    rng = np.random.default_rng(3)
    lon = system.lon_0 + rng.uniform(-25, 25, 200)
    lat = system.lat_0 + rng.uniform(-20, 20, 200)
    x, y = system.forward(lon, lat)
    lon_back, lat_back = system.inverse(x, y)
    np.testing.assert_allclose(lon_back, lon, atol=1e-9)
    np.testing.assert_allclose(lat_back, lat, atol=1e-9)


def test_equal_area_systems_keep_areas():
    # a cell of one square degree on the ellipsoid at 30-31 N: 10,705 km2 (authalic formula)
    east, north = 0.01, 0.01
    for lat in (20.0, 35.0, 50.0):
        lon0, lon1 = 118.0, 118.0 + east
        corners = project(
            [lon0, lon1, lon1, lon0], [lat, lat, lat + north, lat + north], crs="china"
        )
        x, y = corners.x_km, corners.y_km
        area = 0.5 * abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1)))
        e2, a = 0.00669437999014, 6378.137
        phi = np.radians(lat + north / 2)
        cell = (
            (a**2 * (1 - e2) * np.cos(phi) / (1 - e2 * np.sin(phi) ** 2) ** 2)
            * np.radians(east)
            * np.radians(north)
        )
        assert area == pytest.approx(cell, rel=1e-6)


def test_auto_is_local_when_small_and_equal_area_when_large():
    small = project([104.0, 105.0], [30.0, 31.0])
    assert isinstance(small.projection, Equirectangular)
    large = project(np.linspace(75, 130, 50), np.linspace(20, 50, 50))
    assert isinstance(large.projection, LambertAzimuthal)
    across = project([179.5, -179.5, 179.9], [0.0, 0.0, 0.0])
    assert np.ptp(across.x_km) == pytest.approx(111.195, rel=1e-3)


def test_problems_are_listed_together():
    with pytest.raises(ag.InvalidTableError) as caught:
        project([np.nan, 200.0, 10.0], [1.0, 1.0, 95.0])
    assert [(p.code, p.rows) for p in caught.value.problems] == [
        ("missing_coordinate", (1,)),
        ("out_of_range", (2, 3)),
    ]
    with pytest.raises(ag.AlignmentError, match="one length"):
        project([1.0], [1.0, 2.0])
    with pytest.raises(ag.OptionError, match="Did you mean 'china'"):
        project([1.0], [1.0], crs="chian")


def test_degrees_are_no_projection():
    pytest.importorskip("pyproj", reason="the geo extra is not installed")
    with pytest.raises(ag.OptionError, match="in degrees"):
        project([1.0], [1.0], crs="EPSG:4326")
    with pytest.raises(ag.OptionError, match="not a coordinate system"):
        project([1.0], [1.0], crs="EPSG:1")
    # ETRS89 LAEA Europe has its false origin of 4321 km, 3210 km at 10 E 52 N
    laea = project([10.0], [52.0], crs="EPSG:3035")
    assert laea.x_km[0] == pytest.approx(4321.0, abs=1e-6)
    assert laea.y_km[0] == pytest.approx(3210.0, abs=1e-6)


def test_swapped_columns_are_noticed():
    seats = np.array([[120.6, 31.3], [113.3, 23.1], [104.1, 30.7]])
    assert project(seats[:, 0], seats[:, 1], crs="china").warnings == ()
    # 120.6 is no latitude; the eastern seats would be refused, so use the western ones
    west = np.array([[87.6, 43.8], [80.3, 41.2], [75.9, 39.5]])
    swapped = project(west[:, 1], west[:, 0], crs="china")
    assert "look swapped" in swapped.warnings[0]


@given(
    st.floats(-179, 179), st.floats(-80, 80), st.floats(-179, 179), st.floats(-80, 80)
)
def test_distances_are_symmetric_and_bounded(lon_a, lat_a, lon_b, lat_b):
    there = float(geodesic_km(lon_a, lat_a, lon_b, lat_b))
    back = float(geodesic_km(lon_b, lat_b, lon_a, lat_a))
    assert there == pytest.approx(back, abs=1e-6)
    assert 0 <= there <= 20_040


def test_geodesics_agree_with_geographiclib():
    pyproj = pytest.importorskip("pyproj", reason="the geo extra is not installed")
    rng = np.random.default_rng(4)
    lon_a, lon_b = rng.uniform(-180, 180, (2, 2000))
    lat_a, lat_b = rng.uniform(-89, 89, (2, 2000))
    azimuth, _, metres = pyproj.Geod(ellps="WGS84").inv(lon_a, lat_a, lon_b, lat_b)
    here = geodesic_km(lon_a, lat_a, lon_b, lat_b)
    far = np.asarray(metres) / 1000.0
    opposite = far > 19_900
    np.testing.assert_allclose(here[~opposite], far[~opposite], atol=1e-5)
    np.testing.assert_allclose(here, far, rtol=6e-3)
    turn = (geodesic_bearing(lon_a, lat_a, lon_b, lat_b) - azimuth + 180) % 360 - 180
    assert np.abs(turn[~opposite]).max() < 1e-6
    assert float(geodesic_km(3.0, 4.0, 3.0, 4.0)) == 0.0


def test_bearings():
    assert float(geodesic_bearing(0, 0, 0, 1)) == 0.0
    assert float(geodesic_bearing(0, 0, -1, 0)) == pytest.approx(270.0)
    assert np.isnan(float(geodesic_bearing(5, 5, 5, 5)))
