"""K-density of Duranton and Overman.

Expected values: R dbmss 2.8-0.9002 (tests/data/points90, tolerance 1e-2: R interpolates on
512 points) and the formula evaluated in plain numpy (specification, tolerance 1e-8).
"""

import itertools

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import cdist, pdist

from agglo.concentration import duranton_overman
from agglo.concentration._kernels import distance_fft, distance_kdensity, distance_pairs
from agglo.core.errors import (
    AlignmentError,
    DataWarning,
    InvalidTableError,
    NotIdentifiedError,
    NumericsWarning,
    OptionError,
)
from agglo.core.options import Permutation

GRID = [0.0, 5.0, 10.0, 20.0, 40.0]
DRAWS = Permutation(n=999, seed=11)


@pytest.fixture(scope="module")
def points90(root):
    return pa.csv.read_csv(root / "tests/data/points90/points90.csv")


@pytest.fixture(scope="module")
def expected(root):
    return pa.csv.read_csv(root / "tests/data/points90/expected_dbmss_spatstat.csv")


def density(table, **options):
    given = {"x": "x", "y": "y", "inference": None, "bw_pairs": "within_2rmax"}
    return duranton_overman(table, **{**given, **options})


def cloud(n=120, seed=3, types="ab"):
    rng = np.random.default_rng(seed)
    at = rng.normal(0, 30, (n, 2))
    return pa.table(
        {
            "x": at[:, 0],
            "y": at[:, 1],
            "type": rng.choice(list(types), n),
            "weight": rng.lognormal(0, 1, n),
        }
    )


@pytest.mark.parametrize(
    ("column", "options"),
    [
        ("Kd_A", {"activity": "A"}),
        ("Kd_AB", {"activity": "A", "neighbour": "B"}),
        ("Kemp_A", {"activity": "A", "weight": "weight"}),
        ("Kemp_AB", {"activity": "A", "neighbour": "B", "weight": "weight"}),
        ("Kd_all", {}),
    ],
)
@pytest.mark.parametrize("method", ["exact", "hist"])
def test_dbmss(points90, expected, column, options, method):
    found = density(points90, r_km=expected["r"], method=method, **options)
    np.testing.assert_allclose(found.value, expected[column], rtol=1e-2)


@pytest.mark.parametrize(
    ("options", "h", "values"),
    [
        (
            {"activity": "A"},
            5.196260450,
            [0.011822181, 0.0132143232, 0.0130828544, 0.0035428262, 0.0149152769],
        ),
        (
            {"activity": "A", "weight": "weight"},
            5.196260450,
            [0.0122510409, 0.0129266525, 0.0118140228, 0.0035135988, 0.0146418362],
        ),
        (
            {"activity": "A", "neighbour": "B"},
            4.960339109,
            [0.0048937929, 0.0075025225, 0.0120772415, 0.0105630538, 0.0128278613],
        ),
    ],
)
def test_formula(points90, options, h, values):
    found = density(points90, r_km=GRID, method="exact", **options)
    assert found.bandwidth_km == pytest.approx(h, abs=1e-8)
    np.testing.assert_allclose(found.value, values, atol=1e-8)


def test_bandwidth_of_all_pairs(points90):
    found = density(points90, activity="A", r_km=GRID, bw_pairs="all")
    assert found.bandwidth_km == pytest.approx(4.572642970, abs=1e-8)


def test_two_plants_by_hand():
    table = pa.table({"x": [0.0, 3.0], "y": [0.0, 4.0], "w": [2.0, 5.0]})
    bell = np.exp(-0.5 * (np.array([0.0, 5.0, 10.0]) / 2) ** 2) / np.sqrt(8 * np.pi)
    for scheme in ("product", "sum"):
        found = density(
            table,
            r_km=[0.0, 5.0],
            bandwidth=2.0,
            weight="w",
            scheme=scheme,
            method="exact",
        )
        # one pair: its weight cancels
        np.testing.assert_allclose(found.value, [2 * bell[1], bell[0] + bell[2]])


@pytest.mark.parametrize("scheme", ["product", "sum"])
@pytest.mark.parametrize("neighbour", [None, "b"])
def test_against_a_loop_over_pairs(scheme, neighbour):
    table = cloud(60)
    at = np.column_stack([table["x"], table["y"]])
    kind, w = table["type"].to_numpy(), table["weight"].to_numpy()
    a, b = np.flatnonzero(kind == "a"), np.flatnonzero(kind == "b")
    pairs = (
        [(i, j) for k, i in enumerate(a) for j in a[k + 1 :]]
        if neighbour is None
        else [(i, j) for i in a for j in b]
    )
    r, h = np.array([0.0, 7.0, 30.0]), 4.0
    total, weights = np.zeros(3), 0.0
    for i, j in pairs:
        d = np.hypot(*(at[i] - at[j]))
        omega = w[i] * w[j] if scheme == "product" else w[i] + w[j]
        total += omega * (
            np.exp(-0.5 * ((r - d) / h) ** 2) + np.exp(-0.5 * ((r + d) / h) ** 2)
        )
        weights += omega
    for method in ("exact", "hist"):
        found = density(
            table,
            activity="a",
            neighbour=neighbour,
            r_km=r,
            bandwidth=h,
            weight="weight",
            scheme=scheme,
            method=method,
        )
        np.testing.assert_allclose(
            found.value,
            total / weights / (np.sqrt(2 * np.pi) * h),
            rtol=1e-12 if method == "exact" else 1e-3,
            atol=0 if method == "exact" else 1e-5,
        )


@pytest.mark.parametrize("method", ["exact", "hist"])
@pytest.mark.parametrize("weight", [None, "weight"])
def test_mass_is_one(method, weight):
    table = cloud(80)
    r = np.linspace(0, 400, 4001)
    found = density(table, activity="a", r_km=r, method=method, weight=weight)
    assert found.mass == pytest.approx(1.0, abs=1e-6)


def test_places_that_coincide_have_distance_zero():
    table = pa.table({"x": [1.0, 1.0, 9.0], "y": [2.0, 2.0, 2.0]})
    options = {"r_km": [0.0, 8.0], "bandwidth": 0.5}
    with pytest.warns(DataWarning, match="share their place"):
        exact = density(table, method="exact", **options).value
    with pytest.warns(DataWarning, match="share their place"):
        hist = density(table, method="hist", **options).value
    # one pair at 0, two at 8; at 0 the kernel counts twice
    peak = 1 / np.sqrt(2 * np.pi) / 0.5
    np.testing.assert_allclose(exact, [2 * peak / 3, 2 * peak / 3], rtol=1e-12)
    np.testing.assert_allclose(hist, exact, rtol=1e-4)


@given(
    seed=st.integers(0, 1000),
    turn=st.floats(0, 6.3),
    shift=st.floats(-1e3, 1e3),
    scale=st.floats(0.01, 100),
)
def test_moved_turned_and_stretched(seed, turn, shift, scale):
    table = cloud(40, seed)
    r = np.linspace(0, 80, 9)
    first = density(table, activity="a", r_km=r, method="exact", weight="weight")
    at = np.column_stack([table["x"], table["y"]])
    turned = at @ [[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]
    other = pa.table(
        {
            "x": scale * (turned[::-1, 0] + shift),
            "y": scale * (turned[::-1, 1] - shift),
            "type": table["type"].to_pylist()[::-1],
            "weight": 7.0 * table["weight"].to_numpy()[::-1],
        }
    )
    second = density(
        other,
        activity="a",
        r_km=scale * r,
        method="exact",
        weight="weight",
        crs="planar",
    )
    assert second.bandwidth_km == pytest.approx(scale * first.bandwidth_km, rel=1e-8)
    np.testing.assert_allclose(second.value * scale, first.value, rtol=1e-6)


def test_merging_plants_at_one_place_keeps_the_weighted_cross_density():
    table = pa.table(
        {
            "x": [0.0, 0.0, 5.0, 9.0],
            "y": [0.0, 0.0, 1.0, 4.0],
            "type": ["a", "a", "b", "b"],
            "weight": [2.0, 3.0, 1.0, 4.0],
        }
    )
    merged = table.slice(1).set_column(3, "weight", [[5.0, 1.0, 4.0]])
    options = {
        "activity": "a",
        "neighbour": "b",
        "weight": "weight",
        "r_km": [0.0, 5.0, 9.0],
        "bandwidth": 1.5,
        "method": "exact",
    }
    np.testing.assert_allclose(
        density(table, **options).value, density(merged, **options).value, rtol=1e-12
    )


@pytest.mark.parametrize("n", [30, 300, 6000])
def test_histogram_against_the_formula(n):
    table = cloud(n, types="a")
    r = np.linspace(0, 60, 13)
    exact, hist = (
        density(table, r_km=r, bandwidth=3.0, method=m).value for m in ("exact", "hist")
    )
    assert np.abs(hist - exact).max() <= 1e-4
    assert np.abs(hist / exact - 1).max() <= 1e-3


@pytest.mark.parametrize("scheme", ["product", "sum"])
@pytest.mark.parametrize("neighbour", [None, "b"])
def test_grid_against_the_histogram(scheme, neighbour):
    table = cloud(6000)
    options = {
        "activity": "a",
        "neighbour": neighbour,
        "r_km": np.linspace(0, 60, 13),
        "bandwidth": 4.0,
        "weight": "weight",
        "scheme": scheme,
    }
    hist = density(table, method="hist", **options)
    fft = density(table, method="fft", **options)
    # cells of h/3: 7e-4 at 500 points (specification), weights have heavy tails here
    np.testing.assert_allclose(fft.value, hist.value, rtol=2e-3)
    assert 0 < fft.fft_error < 2e-3
    assert "error" in fft.summary()


def test_grid_needs_many_points_and_few_cells():
    with pytest.raises(OptionError, match="fewer than 2000 points"):
        density(cloud(100), r_km=GRID, method="fft")
    with pytest.raises(OptionError, match="too many cells"):
        density(cloud(3000), r_km=GRID, method="fft", bandwidth=0.01)


def test_auto_takes_the_grid_for_many_plants():
    table = cloud(20_500, types="a")
    found = density(table, r_km=GRID, bw_pairs="all")
    assert found.method == "fft"
    at = np.column_stack([table["x"], table["y"]])
    assert found.bandwidth_km == pytest.approx(distance_pairs.nrd0(at, None), rel=5e-3)
    both = density(table, r_km=GRID, bandwidth=found.bandwidth_km, method="hist")
    np.testing.assert_allclose(found.value, both.value, rtol=2e-3)


def test_bandwidth_from_a_histogram_of_many_pairs(monkeypatch):
    rng = np.random.default_rng(5)
    a, b = rng.normal(0, 10, (400, 2)), rng.normal(5, 10, (300, 2))
    for one, two, within in ((a, None, np.inf), (a, b, np.inf), (a, b, 12.0)):
        kept = distance_pairs.nrd0(one, two, within)
        middle = distance_pairs.quantile_of_pairs(one, two, 0.5)
        with monkeypatch.context() as patch:
            patch.setattr(distance_pairs, "_KEPT_PAIRS", 0)
            assert distance_pairs.nrd0(one, two, within) == pytest.approx(
                kept, rel=1e-3
            )
            found = distance_pairs.quantile_of_pairs(one, two, 0.5)
            assert found == pytest.approx(middle, rel=1e-3)
        assert distance_fft.fft_nrd0(one, two, within) == pytest.approx(kept, rel=0.02)


@pytest.mark.parametrize("own", [True, False])
def test_histogram_counts_every_pair(own, monkeypatch):
    rng = np.random.default_rng(6)
    a, b = rng.integers(0, 12, (700, 2)) * 1.0, rng.integers(0, 12, (500, 2)) * 1.0
    d = pdist(a) if own else cdist(a, b).ravel()
    upper = np.concatenate([[0.0], np.arange(1, 11) * 1.3 + 1e-9, [np.inf]])
    counts = np.histogram(d, np.concatenate([[-1.0], upper + 1e-12]))[0]
    other = None if own else b
    found = distance_pairs.pair_histogram(a, other, 1.3, 10)
    np.testing.assert_array_equal(found, counts)
    monkeypatch.setattr(distance_pairs, "_PIECE_PAIRS", 10_000)
    for threaded in (True, False):
        found = distance_pairs.pair_histogram(a, other, 1.3, 10, threaded=threaded)
        np.testing.assert_array_equal(found, counts)


def test_weighted_histogram_is_the_same_for_any_threads(monkeypatch):
    rng = np.random.default_rng(7)
    a, w = rng.normal(size=(900, 2)), rng.random(900)
    monkeypatch.setattr(distance_pairs, "_PIECE_PAIRS", 20_000)
    one, many = (
        distance_pairs.pair_histogram(a, None, 0.1, 30, weights=(w, w), threaded=t)
        for t in (False, True)
    )
    np.testing.assert_array_equal(one, many)
    total = distance_kdensity.pair_total((900, None), (w, w), added=False)
    assert one.sum() == pytest.approx(total, rel=1e-12)


def planted(spread, n=40, seed=8):
    """Plants of `a` around one place within an even spread of `b`."""
    rng = np.random.default_rng(seed)
    a = 50 + spread * rng.normal(size=(n, 2))
    b = rng.uniform(0, 100, (300, 2))
    x, y = np.vstack([a, b]).T
    return pa.table({"x": x, "y": y, "type": ["a"] * n + ["b"] * 300})


def test_a_cluster_is_localized():
    found = density(planted(4.0), activity="a", inference=DRAWS)
    assert found.localized
    assert not found.dispersed
    assert found.dispersion.max() == 0
    gamma, psi = found.total()
    assert gamma > 0
    assert psi == 0
    above = np.maximum(found.value - found.global_upper, 0)
    assert gamma == pytest.approx(np.trapezoid(above, found.r_km))
    assert found.total(on_grid=True)[0] == pytest.approx(above.sum())
    assert (found.global_upper >= found.upper - 1e-12).all()
    assert (found.global_lower <= found.lower + 1e-12).all()
    assert "localized" in found.summary()
    assert found.r_km.size == 61
    assert found.plot().has_data()


def test_a_lattice_is_dispersed():
    at = np.stack(np.meshgrid(np.arange(6), np.arange(6)), -1).reshape(-1, 2) * 18.0 + 5
    clumps = np.random.default_rng(9).normal(50, 6, (200, 2))
    x, y = np.vstack([at, clumps]).T
    table = pa.table({"x": x, "y": y, "type": ["a"] * 36 + ["b"] * 200})
    found = density(table, activity="a", r_km=np.linspace(0, 30, 31), inference=DRAWS)
    assert found.dispersed
    assert "dispersed" in found.summary()


@pytest.mark.parametrize("null", ["all_sites", "joint_labels", "fix_a"])
def test_followers_are_colocalized(null):
    rng = np.random.default_rng(10)
    a = rng.uniform(0, 100, (25, 2))
    b = a + rng.normal(0, 1.0, (25, 2))
    rest = rng.uniform(0, 100, (250, 2))
    x, y = np.vstack([a, b, rest]).T
    table = pa.table(
        {"x": x, "y": y, "type": ["a"] * 25 + ["b"] * 25 + ["c"] * 250, "w": 1 + x}
    )
    options = {
        "activity": "a",
        "neighbour": "b",
        "null": null,
        "r_km": np.linspace(0, 20, 21),
        "bandwidth": 1.0,
        "inference": DRAWS,
        "weight": "w",
    }
    found = density(table, **options)
    assert found.localized
    assert found.null == null
    assert "colocalized" in found.summary()


def test_two_activities_need_a_null(points90):
    with pytest.raises(OptionError, match="fix_a"):
        density(points90, activity="A", neighbour="B", inference=DRAWS)
    with pytest.raises(OptionError, match="neighbour"):
        density(points90, activity="A", null="fix_a", inference=DRAWS)
    with pytest.raises(OptionError, match="activity="):
        density(points90, inference=DRAWS)
    with pytest.raises(OptionError, match="itself"):
        density(points90, activity="A", neighbour="A")
    with pytest.raises(OptionError, match="needs activity"):
        density(points90, neighbour="A")


def test_no_others_to_draw_from(points90):
    table = points90.filter(pa.compute.equal(points90["type"], "A"))
    with pytest.raises(NotIdentifiedError, match="all plants"):
        density(table, activity="A", r_km=GRID, inference=DRAWS)
    # weights are dealt: there is something to draw
    found = density(table, activity="A", r_km=GRID, inference=DRAWS, weight="weight")
    assert np.isfinite(found.global_upper).all()


def test_few_draws_warn(points90):
    with pytest.warns(NumericsWarning):
        density(points90, activity="A", r_km=GRID, inference=Permutation(n=50, seed=1))


def test_unknown_label_is_suggested(points90):
    with pytest.raises(AlignmentError, match="Did you mean 'A'"):
        density(points90, activity="a", r_km=GRID)


def test_undefined_with_reason():
    lone = pa.table(
        {"x": [0.0, 1.0, 5.0], "y": [0.0, 1.0, 5.0], "type": ["a", "b", "b"]}
    )
    for options in (
        {"activity": "a", "inference": DRAWS},
        {"activity": "b"},
        {"activity": "a", "bandwidth": 1.0},
    ):
        found = density(lone, r_km=[0.0, 2.0], **options)
        assert np.isnan(found.value).all()
        assert found.undefined[0].reason
        assert found.n_draws == 0
        assert "undefined" in found.summary()
    far = density(lone, r_km=[0.0, 0.1])
    assert "fewer than two pairs" in far.undefined[0].reason
    nothing = lone.append_column("w", [[0.0, 0.0, 0.0]])
    found = density(nothing, r_km=[0.0, 2.0], weight="w", bandwidth=1.0)
    assert found.undefined[0].reason == "the pairs have no weight"


def test_equal_distances_have_no_bandwidth():
    table = pa.table({"x": [0.0, 0.0, 0.0], "y": [0.0, 0.0, 0.0]})
    with (
        pytest.warns(DataWarning),
        pytest.raises(NotIdentifiedError, match="bandwidth"),
    ):
        density(table, r_km=GRID, bw_pairs="all")
    with pytest.warns(DataWarning), pytest.raises(InvalidTableError, match="one place"):
        density(table, bandwidth=1.0)
    with pytest.raises(OptionError, match="r_km"):
        density(table.slice(0, 1), bandwidth=1.0)


def test_degrees_are_refused_and_projected():
    table = pa.table(
        {"lon": [179.9, -179.9, 179.8], "lat": [10.0, 10.0, 10.2], "type": ["a"] * 3}
    )
    with pytest.raises(InvalidTableError, match="degrees"):
        density(table, x="lon", y="lat", r_km=GRID)
    found = density(table, x="lon", y="lat", crs="auto", r_km=GRID, bw_pairs="all")
    # 0.2 degrees across the antimeridian are 22 km
    assert found.bandwidth_km < 10


@pytest.mark.slow
@pytest.mark.parametrize("weight", [None, "weight"])
def test_null_curves_cross_the_global_band_at_the_level(weight):
    # 400 fresh labellings: 5 % ± 3 standard errors, on either side
    rng = np.random.default_rng(12)
    at = rng.normal(0, 30, (250, 2))
    w = rng.lognormal(0, 0.5, 30)

    def labelled():
        chosen = rng.permutation(250)
        kind = np.full(250, "b", dtype=object)
        kind[chosen[:30]] = "a"
        size = np.ones(250)
        size[chosen[:30]] = w
        columns = {"x": at[:, 0], "y": at[:, 1], "type": kind.tolist()}
        return pa.table({**columns, "weight": size})

    options = {
        "activity": "a",
        "r_km": np.linspace(0, 40, 21),
        "bandwidth": 5.0,
        "weight": weight,
    }
    band = density(labelled(), **options, inference=Permutation(n=1999, seed=3))
    fresh = [density(labelled(), **options).value for _ in range(400)]
    for crossed in (
        [bool((v > band.global_upper).any()) for v in fresh],
        [bool((v < band.global_lower).any()) for v in fresh],
    ):
        assert abs(np.mean(crossed) - 0.05) < 3 * np.sqrt(
            0.05 * 0.95 * (1 / 400 + 1 / 1999)
        )


@pytest.mark.parametrize(
    ("null", "neighbour"),
    [("all_sites", None), ("all_sites", "b"), ("joint_labels", "b"), ("fix_a", "b")],
)
@pytest.mark.filterwarnings("ignore::agglo.core.errors.NumericsWarning")
def test_draws_keep_strata(null, neighbour):
    """Mean over all ways to deal types to the plants of the same stratum."""
    rng = np.random.default_rng(2)
    at = rng.uniform(0, 20, (7, 2))
    town, kind = np.array(list("pppqqqq")), list("abcaabc")
    w = rng.lognormal(0, 1, 7)
    rows = pa.table(
        {"x_km": at[:, 0], "y_km": at[:, 1], "type": kind, "town": town, "w": w}
    )
    given_ = {
        "activity": "a",
        "neighbour": neighbour,
        "r_km": [2.0, 8.0],
        "bandwidth": 3.0,
        "weight": "w",
    }
    found = duranton_overman(
        rows,
        null=null,
        strata="town",
        inference=Permutation(n=4000, seed=1),
        **given_,
    )
    every = []
    for order in _orders_within(town, kind, null):
        types, mass = np.array(kind)[order], w[order]
        moved = pa.table({"x_km": at[:, 0], "y_km": at[:, 1], "type": types, "w": mass})
        every.append(duranton_overman(moved, inference=None, **given_).value)
    every = np.array(every)
    error = 4 * every.std(axis=0) / np.sqrt(4000)
    assert (np.abs(found.null_mean - every.mean(axis=0)) <= error + 1e-9).all()


def _orders_within(town, kind, null):
    """All orders of the plants that may move, within towns."""
    moves = {
        "all_sites": set("abc"),
        "joint_labels": set("ab"),
        "fix_a": set("bc"),
    }[null]
    parts = []
    for t in "pq":
        rows = [i for i in range(7) if town[i] == t and kind[i] in moves]
        parts.append([(rows, p) for p in itertools.permutations(rows)])
    for one, two in itertools.product(*parts):
        order = np.arange(7)
        for rows, moved in (one, two):
            order[list(rows)] = list(moved)
        yield order


def test_strata_that_leave_nothing_to_draw(points90):
    with pytest.raises(NotIdentifiedError, match="stratum"):
        duranton_overman(points90, activity="A", strata="type", x="x", y="y")
