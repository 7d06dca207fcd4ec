"""Ripley's K, L, cross K and D.

Expected values: R spatstat.explore 3.0-6 and dbmss 2.8-0.9002 (tests/data/points90),
tolerance 1e-9.
"""

import warnings

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kstest

from agglo.concentration import ripley_d, ripley_k
from agglo.core.errors import InvalidTableError, OptionError
from agglo.core.options import MonteCarlo, Permutation

BOX = (0.0, 100.0, 0.0, 100.0)
R = [5.0, 10.0, 25.0]
CORRECTIONS = ["none", "translate", "isotropic", "border"]


@pytest.fixture(scope="module")
def points90(root):
    return pa.csv.read_csv(root / "tests/data/points90/points90.csv")


@pytest.fixture(scope="module")
def expected(root):
    return pa.csv.read_csv(root / "tests/data/points90/expected_dbmss_spatstat.csv")


def k_of(table, **options):
    given = {"x": "x", "y": "y", "window": BOX, "r_km": R}
    return ripley_k(table, **{**given, **options})


def cloud(n=60, seed=3):
    rng = np.random.default_rng(seed)
    at = rng.uniform(0, 100, (n, 2))
    return pa.table({"x": at[:, 0], "y": at[:, 1], "type": rng.choice(["A", "B"], n)})


@pytest.mark.parametrize(
    ("column", "correction"),
    [
        ("sp_K_none", "none"),
        ("sp_K_trans", "translate"),
        ("sp_K_iso", "isotropic"),
        ("sp_K_border", "border"),
        ("K_A", "isotropic"),
    ],
)
def test_spatstat(points90, expected, column, correction):
    found = k_of(points90, activity="A", r_km=expected["r"], correction=correction)
    wanted = expected[column].to_numpy(zero_copy_only=False)
    np.testing.assert_allclose(found.value, wanted, rtol=1e-9)
    lost = np.flatnonzero(np.isnan(wanted))
    assert len(found.undefined) == lost.size
    if correction == "border":
        assert found.n_used[0] == 30
        assert (found.n_used[lost] == 0).all()


def test_l_agrees_with_dbmss(points90, expected):
    found = k_of(points90, activity="A", r_km=expected["r"])
    np.testing.assert_allclose(found.l_function(), expected["L_A"], atol=1e-9)
    plain = found.l_function(centred=False)
    np.testing.assert_allclose(plain - found.r_km, found.l_function())


def share_inside(x, y, d, n=400_000):
    angle = (np.arange(n) + 0.5) * 2 * np.pi / n
    a, b = x + d * np.cos(angle), y + d * np.sin(angle)
    return np.mean((a >= 0) & (a <= 100) & (b >= 0) & (b <= 100))


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ((50.0, 50.0), (60.0, 50.0)),
        ((3.0, 50.0), (9.0, 50.0)),
        ((2.0, 3.0), (9.0, 9.0)),
        ((0.0, 40.0), (7.0, 41.0)),  # on an edge
        ((0.0, 0.0), (4.0, 5.0)),  # in a corner
        ((100.0, 0.0), (96.0, 5.0)),
        ((10.0, 90.0), (90.0, 20.0)),
    ],
)
def test_circles_at_the_edge_against_many_points(one, two):
    d = float(np.hypot(one[0] - two[0], one[1] - two[1]))
    table = pa.table({"x": [one[0], two[0]], "y": [one[1], two[1]]})
    found = k_of(table, r_km=[d + 1e-9])
    wanted = 1 / share_inside(*one, d) + 1 / share_inside(*two, d)
    assert found.value[0] == pytest.approx(1e4 / 2 * wanted, rel=1e-4)


@pytest.mark.parametrize("correction", CORRECTIONS)
@pytest.mark.parametrize("neighbour", [None, "B"])
def test_against_a_loop(correction, neighbour):
    table = cloud()
    at = np.column_stack([table["x"], table["y"]])
    kind = table["type"].to_numpy()
    a = np.flatnonzero(kind == "A")
    b = a if neighbour is None else np.flatnonzero(kind == "B")
    total, kept = np.zeros(3), np.zeros(3)
    for i in a:
        x, y = at[i]
        far = np.array([min(x, 100 - x, y, 100 - y) >= r for r in R])
        keep = far if correction == "border" else np.ones(3, dtype=bool)
        kept += keep
        for j in b:
            if i == j:
                continue
            dx, dy = np.abs(at[i] - at[j])
            d = np.hypot(dx, dy)
            e = 1.0
            if correction == "translate":
                e = 1e4 / ((100 - dx) * (100 - dy))
            elif correction == "isotropic" and d <= R[-1]:
                e = 1 / share_inside(x, y, d, 20_000)
            total += keep * (d <= np.array(R)) * e
    n = b.size - (neighbour is None and correction != "border")
    found = k_of(table, activity="A", neighbour=neighbour, correction=correction)
    np.testing.assert_allclose(found.value, 1e4 * total / (kept * n), rtol=1e-3)


def test_even_points_have_pi_r_squared():
    table = cloud(4000, seed=1)
    for correction in ("translate", "isotropic", "border"):
        found = k_of(table, correction=correction)
        np.testing.assert_allclose(found.value, np.pi * np.square(R), rtol=0.03)
        np.testing.assert_allclose(found.l_function(), 0.0, atol=0.2)


def test_a_polygon_that_is_the_rectangle():
    table = cloud()
    corners = [(0, 0), (100, 0), (100, 100), (0, 100)]
    for correction in ("none", "border"):
        one = k_of(table, correction=correction)
        two = k_of(table, correction=correction, window=corners[::-1])
        np.testing.assert_allclose(two.value, one.value)
        assert two.area_km2 == pytest.approx(1e4)


def test_a_triangle_by_hand():
    table = pa.table({"x": [1.0, 2.0, 7.0], "y": [1.0, 1.0, 1.0]})
    triangle = [(0, 0), (10, 0), (0, 10)]
    found = k_of(table, window=triangle, correction="border", r_km=[1.0])
    # area 50; all are 1 or more from the edge (the third sqrt(2) from the slope); 2 hits
    assert found.value[0] == pytest.approx(50 * 2 / (3 * 3))
    with pytest.raises(OptionError, match="rectangle"):
        k_of(table, window=triangle, correction="isotropic")
    with pytest.raises(InvalidTableError, match="outside"):
        k_of(cloud(), window=triangle, correction="none")


@given(
    seed=st.integers(0, 300),
    scale=st.floats(0.01, 100),
    shift=st.floats(-100, 100),
    correction=st.sampled_from(CORRECTIONS),
)
def test_moved_and_stretched(seed, scale, shift, correction):
    table = cloud(30, seed)
    other = pa.table(
        {
            "x": scale * table["y"].to_numpy()[::-1] + shift,
            "y": scale * table["x"].to_numpy()[::-1],
        }
    )
    one = k_of(table, correction=correction, r_km=[6.1234, 17.4321])
    two = ripley_k(
        other,
        x="x",
        y="y",
        crs="planar",
        correction=correction,
        r_km=scale * one.r_km,
        window=(shift, shift + scale * 100 * (1 + 1e-12), 0, scale * 100),
    )
    np.testing.assert_allclose(two.value, scale**2 * one.value, rtol=1e-6)


def test_undefined_with_reason():
    lone = pa.table({"x": [1.0, 50.0], "y": [1.0, 50.0], "type": ["A", "B"]})
    found = k_of(lone, activity="A")
    assert np.isnan(found.value).all()
    assert found.undefined[0].reason == "fewer than two points"
    assert "undefined" in found.summary()
    across = pa.table({"x": [0.0, 100.0], "y": [3.0, 3.0]})
    wide = k_of(across, correction="translate", r_km=[50.0, 100.0])
    assert wide.value[0] == 0
    assert np.isnan(wide.value[1])
    assert "spans" in wide.undefined[0].reason


def test_points_at_one_place_count_from_zero():
    table = pa.table({"x": [4.0, 4.0, 70.0, 9.0], "y": [4.0, 4.0, 70.0, 50.0]})
    found = k_of(table, r_km=[0.0])
    assert found.value[0] == pytest.approx(1e4 * 2 / (4 * 3))


@pytest.mark.parametrize(
    "window", [(0, 1), (1, 0, 0, 1), [(0, 0), (1, 1)], (0, 0, 0, 9)]
)
def test_impossible_windows(window):
    with pytest.raises(OptionError, match="window"):
        k_of(cloud(), window=window)


def test_around_whom():
    with pytest.raises(OptionError, match="activity"):
        k_of(cloud(), neighbour="B")
    with pytest.raises(InvalidTableError, match="outside the window"):
        k_of(cloud(), window=(0, 50, 0, 50))


def d_of(table, **options):
    given = {"x": "x", "y": "y", "window": BOX, "r_km": R, "activity": "A"}
    return ripley_d(table, **{**given, **options})


def test_difference_is_that_of_two_k(points90):
    found = d_of(points90, controls="B", inference=None)
    a, b = (k_of(points90, activity=t).value for t in "AB")
    np.testing.assert_allclose(found.value, a - b)
    others = d_of(points90, inference=None)
    rest = points90.filter(pa.compute.not_equal(points90["type"], "A"))
    np.testing.assert_allclose(others.value, a - k_of(rest).value)
    assert "all others" in others.summary()


def test_clusters_against_random_labels(points90):
    found = d_of(points90, controls="C", inference=Permutation(n=999, seed=1))
    assert found.p < 0.01
    assert (found.value > found.global_upper).any()
    assert "global p" in found.summary()
    assert found.plot().has_data()


def test_nobody_to_compare_with(points90):
    with pytest.raises(OptionError, match="controls"):
        d_of(points90, controls="A")
    table = pa.table({"x": [1.0, 2.0, 3.0], "y": [1.0] * 3, "type": ["A", "A", "B"]})
    found = d_of(table)
    assert np.isnan(found.value).all()
    assert found.undefined[0].reason == "fewer than two points"
    assert "undefined" in found.summary()


@pytest.mark.slow
def test_p_values_of_random_labels_are_uniform():
    rng = np.random.default_rng(4)
    at = rng.uniform(0, 100, (50, 2))
    small = 0
    for k in range(200):
        kind = np.array(["A"] * 20 + ["B"] * 30)[rng.permutation(50)]
        table = pa.table({"x": at[:, 0], "y": at[:, 1], "type": kind})
        with pytest.warns(UserWarning, match="99 curves"):
            found = d_of(table, r_km=[15.0, 30.0], inference=Permutation(n=99, seed=k))
        small += found.p <= 0.1
    assert abs(small / 200 - 0.1) < 3 * np.sqrt(0.1 * 0.9 / 200)


def test_even_points_have_p_that_are_uniform():
    p, mad = [], []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        at = rng.uniform(0, 10, (25, 2))
        table = pa.table({"x_km": at[:, 0], "y_km": at[:, 1]})
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            k = ripley_k(
                table,
                r_km=[1.0, 2.0, 3.0],
                window=(0, 10, 0, 10),
                inference=MonteCarlo(n=99, seed=seed),
            )
        p.append(k.p)
        mad.append(k.p_mad)
    assert kstest(p, "uniform").pvalue > 0.001
    assert kstest(mad, "uniform").pvalue > 0.001


@pytest.mark.parametrize(
    "window", [(0, 100, 0, 100), [(0, 0), (100, 0), (100, 100), (0, 100), (-1, 50)]]
)
def test_clusters_leave_the_envelope_of_even_points(window):
    rng = np.random.default_rng(3)
    at = np.vstack([rng.normal(50, 4, (20, 2)), rng.uniform(1, 99, (30, 2))])
    table = pa.table(
        {"x_km": at[:, 0], "y_km": at[:, 1], "type": ["a"] * 20 + ["b"] * 30}
    )
    options = {
        "r_km": [2.0, 5.0, 10.0],
        "window": window,
        "correction": "border",
        "inference": MonteCarlo(n=999, seed=1),
    }
    k = ripley_k(table, activity="a", **options)
    assert max(k.p, k.p_mad, k.p_dclf) <= 0.01
    assert (k.value > k.global_upper).any()
    assert (k.lower <= k.upper).all()
    assert "null csr, 999 draws" in k.summary()
    dealt = ripley_k(table, activity="a", null="labels", **options)
    assert dealt.p <= 0.01
    cross = ripley_k(table, activity="a", neighbour="b", null="labels", **options)
    assert 0 < cross.p <= 1
    assert ripley_k(table, activity="a", **options).p == k.p


def test_difference_carries_its_tests(points90):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        d = ripley_d(
            points90,
            activity="A",
            r_km=[5.0, 10.0],
            window=(0, 100, 0, 100),
            x="x",
            y="y",
            inference=Permutation(n=99, seed=1),
        )
    assert 0 < d.p_mad <= 1
    assert 0 < d.p_dclf <= 1


def test_a_matrix_is_that_of_its_points(points90):
    at = np.column_stack([points90["x"], points90["y"]])
    gap = np.hypot(*(at[:, None] - at).transpose(2, 0, 1))
    bare = points90.select(["type"])
    options = {
        "activity": "A",
        "r_km": [0.0, 5.0, 20.0],
        "window": (0, 100, 0, 100),
        "correction": "none",
    }
    for more in ({}, {"neighbour": "B"}):
        here = ripley_k(points90, x="x", y="y", **options, **more)
        there = ripley_k(bare, distances=gap, **options, **more)
        np.testing.assert_allclose(there.value, here.value)
    here = ripley_d(points90, x="x", y="y", inference=None, **options)
    there = ripley_d(bare, distances=gap, inference=None, **options)
    np.testing.assert_allclose(there.value, here.value)
    dealt = ripley_k(
        bare,
        distances=gap,
        null="labels",
        inference=MonteCarlo(n=999, seed=1),
        **options,
    )
    assert 0 < dealt.p <= 1
    with pytest.raises(OptionError, match="correction='none'"):
        ripley_k(bare, distances=gap, **{**options, "correction": "border"})
    with pytest.raises(OptionError, match="labels"):
        ripley_k(bare, distances=gap, inference=MonteCarlo(n=9, seed=1), **options)
    with pytest.raises(OptionError, match="keep their places"):
        ripley_k(
            points90,
            r_km=[5.0],
            window=(0, 100, 0, 100),
            null="labels",
            x="x",
            y="y",
            inference=MonteCarlo(n=9, seed=1),
        )


@pytest.mark.filterwarnings("ignore:.*rough global envelope")
def test_labels_are_dealt_within_strata():
    """Cases live in the north only: an urban pattern, not clustering of cases."""
    rng = np.random.default_rng(8)
    north = rng.uniform([40, 40], [60, 60], (60, 2))
    south = rng.uniform([0, 0], [100, 30], (60, 2))
    at = np.vstack([north, south])
    kind = np.where(rng.random(120) < 0.5, "case", "other")
    kind[60:] = "other"
    table = pa.table(
        {
            "x_km": at[:, 0],
            "y_km": at[:, 1],
            "type": kind.tolist(),
            "side": ["n"] * 60 + ["s"] * 60,
        }
    )
    asked = {"r_km": [5.0, 10.0], "window": (0, 100, 0, 100), "correction": "none"}
    few = {"inference": Permutation(n=199, seed=1)}
    free = ripley_d(table, activity="case", **asked, **few)
    kept = ripley_d(table, activity="case", strata="side", **asked, **few)
    assert free.p <= 0.01
    assert kept.p > 0.05
    drawn = {"null": "labels", "inference": MonteCarlo(n=199, seed=1)}
    within = ripley_k(table, activity="case", strata="side", **asked, **drawn)
    across = ripley_k(table, activity="case", **asked, **drawn)
    assert across.p <= 0.01 < within.p
    with pytest.raises(OptionError, match="labels"):
        ripley_k(
            table,
            activity="case",
            strata="side",
            inference=MonteCarlo(n=19, seed=1),
            **asked,
        )
