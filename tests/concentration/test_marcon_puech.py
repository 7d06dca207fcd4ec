"""M and m of Marcon and Puech.

Expected values: R dbmss 2.8-0.9002 (tests/data/points90): M to 1e-12; m to 5e-3, because R
evaluates densities on 512 points. dbmss gives NaN for a whole curve of m where one plant has
nobody near; here that plant is left out at that distance.
"""

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agglo.concentration import marcon_puech
from agglo.core.errors import (
    AlignmentError,
    DataWarning,
    NotIdentifiedError,
    OptionError,
)
from agglo.core.options import Permutation

R = [2.0, 5.0, 10.0, 30.0]


@pytest.fixture(scope="module")
def points90(root):
    return pa.csv.read_csv(root / "tests/data/points90/points90.csv")


@pytest.fixture(scope="module")
def expected(root):
    return pa.csv.read_csv(root / "tests/data/points90/expected_dbmss_spatstat.csv")


def relative(table, activity="A", r_km=R, **options):
    given = {"x": "x", "y": "y", "weight": "weight"}
    return marcon_puech(table, activity=activity, r_km=r_km, **{**given, **options})


def cloud(n=80, seed=3):
    rng = np.random.default_rng(seed)
    return pa.table(
        {
            "x": rng.uniform(0, 20, n),
            "y": rng.uniform(0, 20, n),
            "type": rng.choice(["A", "B", "C"], n),
            "weight": rng.lognormal(0, 1, n),
        }
    )


def test_cumulative_agrees_with_dbmss(points90, expected):
    found = relative(points90, r_km=expected["r"])
    np.testing.assert_allclose(found.value, expected["M_A"], rtol=1e-12)
    assert np.isnan(found.value[0])
    assert found.undefined[0].item == "r = 0 km"


@pytest.mark.parametrize(
    ("column", "neighbour", "h"),
    [("m_A", None, 5.196260450), ("m_AB", "B", 4.960339109)],
)
def test_density_agrees_with_dbmss(points90, expected, column, neighbour, h):
    found = relative(points90, r_km=expected["r"], neighbour=neighbour, kind="density")
    assert found.bandwidth_km == pytest.approx(h, abs=1e-8)
    np.testing.assert_allclose(found.value, expected[column], rtol=5e-3)


def naive(table, activity, neighbour, controls, r, h=None):
    at = np.column_stack([table["x"], table["y"]])
    kind, w = table["type"].to_numpy(), table["weight"].to_numpy()
    near_weight = w * (kind == neighbour)
    all_weight = w if controls is None else w * (kind == controls)
    out = []
    for distance in r:
        top = bottom = 0.0
        for a in np.flatnonzero(kind == activity):
            d = np.hypot(*(at - at[a]).T)
            ball = (
                (d <= distance) * 1.0
                if h is None
                else np.exp(-0.5 * ((distance - d) / h) ** 2)
                * (np.abs(distance - d) <= 8 * h)
            )
            ball[a] = 0.0
            if (ball * all_weight).sum() <= 0:
                continue
            top += (ball * near_weight).sum() / (ball * all_weight).sum()
            own = w[a] if activity == neighbour else 0.0
            rest = all_weight.sum() - (w[a] if controls is None else 0.0)
            bottom += (near_weight.sum() - own) / rest
        out.append(top / bottom if bottom else np.nan)
    return np.array(out)


@pytest.mark.parametrize("neighbour", ["A", "B"])
@pytest.mark.parametrize("controls", [None, "C"])
@pytest.mark.parametrize("h", [None, 1.5])
def test_against_a_loop(neighbour, controls, h):
    table = cloud()
    options = {} if h is None else {"kind": "density", "bandwidth": h}
    found = relative(table, neighbour=neighbour, controls=controls, **options)
    values = naive(table, "A", neighbour, controls, R, h)
    np.testing.assert_allclose(found.value, values, rtol=1e-10)


def test_many_points_and_cells_agree_with_brute_force():
    table = cloud(3000, seed=4)
    found = relative(table, r_km=[0.1, 0.7, 3.0])
    values = naive(table, "A", "A", None, [0.1, 0.7, 3.0])
    np.testing.assert_allclose(found.value, values, rtol=1e-10)


def test_by_hand_with_weights():
    table = pa.table(
        {
            "x": [0.0, 1.0, 1.5, 9.0],
            "y": [0.0] * 4,
            "type": ["A", "A", "B", "B"],
            "weight": [1.0, 2.0, 3.0, 4.0],
        }
    )
    found = relative(table, r_km=[1.0, 1.5])
    # within 1: plant 1 sees plant 2 (2/2), plant 2 sees 1 and 3 (1/4);
    # everywhere: 2/9 and 1/8
    assert found.value[0] == pytest.approx((1 + 1 / 4) / (2 / 9 + 1 / 8))
    assert found.value[1] == pytest.approx((2 / 5 + 1 / 4) / (2 / 9 + 1 / 8))
    np.testing.assert_allclose(found.local[:, 0], [1 / (2 / 9), (1 / 4) / (1 / 8)])
    np.testing.assert_allclose(found.place_km, [[0.0, 0.0], [1.0, 0.0]])


def test_the_ball_is_closed_and_starts_at_zero():
    table = pa.table(
        {
            "x": [0.0, 0.0, 3.0, 7.0, 8.0],
            "y": [0.0, 0.0, 4.0, 7.0, 9.0],
            "type": ["A", "A", "A", "B", "B"],
            "weight": [1.0] * 5,
        }
    )
    found = relative(table, r_km=[0.0, 4.9, 5.0])
    assert found.n_used.tolist() == [2, 2, 3]
    # at 0 the two at one place see only each other; everywhere 2 of 4. The third has two
    # of its own and one other at 5 exactly
    np.testing.assert_allclose(found.value, [2.0, 2.0, (2 + 2 / 3) / 1.5])


def test_nobody_near_is_undefined_with_reason():
    found = relative(cloud(), r_km=[1e-9, 3.0])
    assert np.isnan(found.value[0])
    assert found.n_used[0] == 0
    assert "nobody is near" in found.undefined[0].reason
    assert "fewer than 10 plants" in found.summary()


def test_one_plant_and_no_weight():
    table = pa.table(
        {
            "x": [0.0, 1.0, 2.0],
            "y": [0.0] * 3,
            "type": ["A", "B", "B"],
            "weight": [1.0, 0.0, 1.0],
        }
    )
    found = relative(table, r_km=[1.0, 2.0])
    # the plant has no neighbour of its own anywhere: 0 over 0
    assert np.isnan(found.value).all()
    assert len(found.undefined) == 2
    assert "undefined" in found.summary()
    dense = relative(table, kind="density", r_km=[1.0])
    assert np.isnan(dense.value).all()
    # zero weight does not make a neighbourhood: the last plant has only that near
    assert relative(table, activity="B", r_km=[1.0]).n_used.tolist() == [1]


@given(
    seed=st.integers(0, 500),
    turn=st.floats(0, 6.3),
    scale=st.floats(0.01, 100),
    kind=st.sampled_from(["cumulative", "density"]),
)
def test_moved_turned_stretched_and_reweighted(seed, turn, scale, kind):
    table = cloud(40, seed)
    at = np.column_stack([table["x"], table["y"]])
    turned = scale * (
        at @ [[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]
    )
    order = np.random.default_rng(seed).permutation(40)
    other = pa.table(
        {
            "x": turned[order, 0] + 5,
            "y": turned[order, 1] - 7,
            "type": table["type"].to_numpy()[order],
            "weight": 3.0 * table["weight"].to_numpy()[order],
        }
    )
    r = np.array([2.123, 5.456, 11.789])
    one = relative(table, r_km=r, kind=kind)
    two = relative(other, r_km=scale * r, kind=kind, crs="planar")
    np.testing.assert_allclose(two.value, one.value, rtol=1e-7)


def test_mean_over_labellings_is_one():
    # unweighted, r where everybody has a neighbour: 1 ± 3 standard errors
    rng = np.random.default_rng(5)
    at = rng.normal(0, 10, (60, 2))
    values = []
    for _ in range(2000):
        kind = np.array(["A"] * 20 + ["B"] * 40)[rng.permutation(60)]
        table = pa.table({"x": at[:, 0], "y": at[:, 1], "type": kind})
        values.append(relative(table, r_km=[25.0], weight=None).value[0])
    error = np.std(values) / np.sqrt(len(values))
    assert abs(np.mean(values) - 1) < 3 * error


def test_clusters_stand_out_of_the_band(points90):
    draws = Permutation(n=999, seed=1)
    found = relative(points90, inference=draws)
    assert found.p < 0.01
    assert (found.value > found.global_upper).any()
    assert found.n_draws == 999
    assert "global p" in found.summary()
    assert found.plot().has_data()
    # one place is left undefined: bands are too
    early = relative(points90, r_km=[0.0, 5.0, 9.0], inference=draws)
    assert np.isnan(early.upper[0])
    assert np.isfinite(early.upper[2])


@pytest.mark.parametrize("null", ["location", "labels", "population"])
def test_nulls_of_two_activities(points90, null):
    found = relative(
        points90,
        neighbour="B",
        r_km=[20.0, 40.0],
        null=null,
        inference=Permutation(n=999, seed=2),
    )
    assert found.null == null
    assert (found.lower <= found.upper).all()
    assert (found.global_lower <= found.lower + 1e-12).all()
    assert found.lower[0] < 1.3


def test_population_needs_another_neighbour(points90):
    with pytest.raises(OptionError, match="neighbour"):
        relative(points90, null="population", inference=Permutation(n=99, seed=1))


def test_unknown_label_and_no_bandwidth(points90):
    with pytest.raises(AlignmentError, match="controls='Q'"):
        relative(points90, controls="Q")
    heap = pa.table(
        {"x": [0.0] * 3, "y": [0.0] * 3, "type": ["A"] * 3, "weight": [1.0] * 3}
    )
    with pytest.warns(DataWarning), pytest.raises(NotIdentifiedError):
        relative(heap, kind="density")


@pytest.mark.slow
@pytest.mark.parametrize("null", ["location", "labels"])
def test_p_values_are_uniform_under_the_null(null):
    rng = np.random.default_rng(6)
    at = rng.normal(0, 10, (60, 2))
    w = rng.lognormal(0, 0.5, 60)
    small = 0
    for k in range(300):
        kind = np.array(["A"] * 20 + ["B"] * 40)[rng.permutation(60)]
        size = w if null == "labels" else w[rng.permutation(60)]
        table = pa.table({"x": at[:, 0], "y": at[:, 1], "type": kind, "weight": size})
        with pytest.warns(UserWarning, match="99 curves"):
            found = relative(
                table, r_km=[8.0, 15.0], null=null, inference=Permutation(n=99, seed=k)
            )
        small += found.p <= 0.1
    assert abs(small / 300 - 0.1) < 3 * np.sqrt(0.1 * 0.9 / 300)


@pytest.mark.filterwarnings("ignore::agglo.core.errors.NumericsWarning")
def test_draws_keep_strata():
    # a is all of town p's industry: within towns nothing is special about it
    rng = np.random.default_rng(3)
    p = rng.uniform(0, 10, (40, 2))
    q = rng.uniform(60, 90, (80, 2))
    at = np.vstack([p, q])
    kind = ["a", "b"] * 20 + ["b"] * 80
    rows = pa.table(
        {
            "x_km": at[:, 0],
            "y_km": at[:, 1],
            "type": kind,
            "town": ["p"] * 40 + ["q"] * 80,
        }
    )
    options = {
        "activity": "a",
        "r_km": [2.0, 5.0],
        "inference": Permutation(n=199, seed=1),
    }
    free = marcon_puech(rows, **options)
    within = marcon_puech(rows, strata=["town"], **options)
    np.testing.assert_array_equal(free.value, within.value)
    assert free.p <= 0.01
    assert within.p > 0.05
