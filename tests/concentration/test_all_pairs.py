"""All pairs at once, localization of all industries, exact moments, travel times.

Witnesses: complete enumeration, real draws, and the exact pair histogram.
"""

import itertools

import numpy as np
import pyarrow as pa
import pytest
from scipy.spatial.distance import cdist

from agglo.concentration import (
    duranton_overman,
    kdensity_moments,
    localization,
    marcon_puech,
    pair_densities,
)
from agglo.concentration._kernels import pair_moments as kernels
from agglo.concentration._kernels.distance_kdensity import (
    histogram_kdensity,
    pair_total,
    smoother_for,
)
from agglo.core.errors import (
    AlignmentError,
    InvalidTableError,
    NotIdentifiedError,
    OptionError,
)
from agglo.core.options import Permutation

R = np.array([1.0, 5.0, 12.0])


def table(n=400, industries=3, seed=3, side=100.0):
    rng = np.random.default_rng(seed)
    at = rng.uniform(0, side, (n, 2))
    kind = rng.choice(list("abcdefgh")[:industries], n)
    return pa.table({"x_km": at[:, 0], "y_km": at[:, 1], "industry": kind})


def _seven():
    at = np.random.default_rng(0).normal(0, 10, (7, 2))
    smoother = smoother_for(R, 2.0, 0)

    def curve(rows, other=None, w=None):
        weights = None if w is None else (w, w)
        b = None if other is None else at[list(other)]
        sizes = len(rows), None if other is None else len(other)
        total = pair_total(sizes, weights, added=False)
        found = histogram_kdensity(
            smoother, at[list(rows)], b, weights, added=False, threaded=False
        )
        return found / total

    return curve, kernels.pool_moments(at, smoother.matrix, smoother.width, 7)


def test_moments_of_a_sample_equal_enumeration():
    curve, moments = _seven()
    every = np.array([curve(c) for c in itertools.combinations(range(7), 4)])
    np.testing.assert_allclose(every.mean(axis=0), moments.mean, rtol=1e-12)
    found = kernels.sample_covariance(moments, 4)
    np.testing.assert_allclose(np.cov(every.T, bias=True), found, rtol=1e-10)


def test_moments_of_dealt_weights_equal_enumeration():
    curve, moments = _seven()
    w = np.array([1.0, 2.0, 5.0, 9.0])
    every = np.array([curve(c, w=w) for c in itertools.permutations(range(7), 4)])
    found = kernels.weighted_covariance(moments, w)
    np.testing.assert_allclose(np.cov(every.T, bias=True), found, rtol=1e-10)


def test_moments_of_shuffled_labels_equal_enumeration():
    curve, moments = _seven()
    every = np.array(
        [curve(c, set(range(7)) - set(c)) for c in itertools.combinations(range(7), 3)]
    )
    found = kernels.split_covariance(moments, 3, 4)
    np.testing.assert_allclose(np.cov(every.T, bias=True), found, rtol=1e-10)


def test_moments_of_two_redrawn_sets_equal_enumeration():
    curve, moments = _seven()
    every = np.array(
        [
            curve(a, b)
            for a in itertools.combinations(range(7), 2)
            for b in itertools.combinations(set(range(7)) - set(a), 3)
        ]
    )
    np.testing.assert_allclose(every.mean(axis=0), moments.mean, rtol=1e-12)
    found = kernels.split_covariance(moments, 2, 3)
    np.testing.assert_allclose(np.cov(every.T, bias=True), found, rtol=1e-10)


@pytest.mark.parametrize("weight", [None, "w"])
def test_moments_of_a_held_set_equal_enumeration(weight):
    rng = np.random.default_rng(6)
    at = rng.normal(0, 10, (8, 2))
    w = rng.lognormal(0, 1, 8)
    kind = list("aaabbccc")
    rows = pa.table({"x_km": at[:, 0], "y_km": at[:, 1], "type": kind, "w": w})
    found = kdensity_moments(
        rows,
        activity="a",
        neighbour="b",
        r_km=R,
        bandwidth_km=2.0,
        null="fix_a",
        weight=weight,
    )
    mass = w if weight else np.ones(8)
    every = []
    for some in itertools.permutations(range(3, 8), 2):
        b = at[list(some)]
        moved = pa.table(
            {
                "x_km": [*at[:3, 0], *b[:, 0]],
                "y_km": [*at[:3, 1], *b[:, 1]],
                "type": list("aaabb"),
                "w": [*mass[:3], *mass[3:5]],
            }
        )
        every.append(
            duranton_overman(
                moved,
                activity="a",
                neighbour="b",
                r_km=R,
                bandwidth=2.0,
                weight="w",
                method="hist",
                inference=None,
            ).value
        )
    every = np.array(every)
    np.testing.assert_allclose(found.null_mean, every.mean(axis=0), rtol=1e-4)
    np.testing.assert_allclose(found.null_sd, every.std(axis=0), rtol=1e-4)
    np.testing.assert_allclose(found.value, every[0], rtol=1e-4)


@pytest.mark.parametrize(
    ("null", "other"),
    [("all_sites", None), ("all_sites", "b"), ("joint_labels", "b"), ("fix_a", "b")],
)
def test_closed_form_moments_agree_with_draws(null, other):
    data = table(150)
    found = kdensity_moments(
        data,
        activity="a",
        neighbour=other,
        r_km=R,
        bandwidth_km=4.0,
        null=null,
        type="industry",
    )
    draws = duranton_overman(
        data,
        activity="a",
        neighbour=other,
        r_km=R,
        bandwidth=4.0,
        null=null,
        type="industry",
        inference=Permutation(n=4000, seed=2),
    )
    np.testing.assert_allclose(found.value, draws.value, rtol=1e-6)
    error = 3.5 * found.null_sd / np.sqrt(4000)
    assert (np.abs(found.null_mean - draws.null_mean) < error).all()


def test_moments_say_why_they_are_undefined():
    rows = pa.table({"x_km": [0.0, 1.0, 2.0], "y_km": [0.0] * 3, "type": list("abb")})
    found = kdensity_moments(rows, activity="a", r_km=[1.0], bandwidth_km=1.0)
    assert np.isnan(found.z[0])
    assert found.undefined[0].reason == "fewer than two plants"
    for null in ("joint_labels", "fix_a"):
        with pytest.raises(OptionError, match=null):
            kdensity_moments(
                rows, activity="a", r_km=[1.0], bandwidth_km=1.0, null=null
            )
    weightless = rows.append_column("w", pa.array([0.0, 1.0, 1.0]))
    found = kdensity_moments(
        weightless,
        activity="a",
        neighbour="b",
        r_km=[1.0],
        bandwidth_km=1.0,
        null="fix_a",
        weight="w",
    )
    assert found.undefined[0].reason == "the pairs have no weight"


def _exact(data, a, b, r, h):
    return duranton_overman(
        data,
        activity=a,
        neighbour=None if a == b else b,
        r_km=r,
        bandwidth=h,
        method="hist",
        type="industry",
        inference=None,
    ).value


def test_grid_agrees_with_counted_pairs():
    data = table(12_000, 4, side=400.0)
    r = np.linspace(0, 120, 25)
    found = pair_densities(data, r_km=r, bandwidth_km=6.0)
    assert found.method == "fft"
    assert found.error < 1e-3
    for a, b in [("a", "b"), ("c", "d"), ("a", "a")]:
        want = _exact(data, a, b, r, 6.0)
        assert np.abs(found.pair(a, b) - want).max() < 1e-3 * want.max()


def test_few_pairs_are_counted():
    data = table(300)
    found = pair_densities(data, r_km=R, bandwidth_km=3.0)
    assert found.method == "hist"
    for a, b in itertools.combinations_with_replacement("abc", 2):
        np.testing.assert_allclose(
            found.pair(a, b), _exact(data, a, b, R, 3.0), rtol=1e-5
        )
    np.testing.assert_array_equal(found.values, found.values.transpose(0, 2, 1))
    assert 0 < found.near(12.0)[0, 1] < 1


def test_weights_times_a_constant_change_nothing():
    rng = np.random.default_rng(1)
    w = rng.lognormal(0, 1, 9000)
    data = table(9000, 3, side=300.0)
    one, two = (
        pair_densities(
            data.append_column("w", pa.array(w * c)),
            r_km=R,
            bandwidth_km=6.0,
            weight="w",
        )
        for c in (1.0, 7.0)
    )
    np.testing.assert_allclose(one.values, two.values, rtol=1e-4)


def test_one_plant_has_no_pairs_of_its_own():
    x = [0.0, 3.0, 5.0]
    rows = pa.table({"x_km": x, "y_km": [0.0] * 3, "industry": list("aab")})
    found = pair_densities(rows, r_km=[0.0, 4.0], bandwidth_km=1.0)
    assert np.isnan(found.pair("b", "b")).all()
    assert found.undefined[0].activity == "b"
    with pytest.raises(AlignmentError):
        found.pair("a", "q")


def test_localized_and_dispersed_are_found():
    rng = np.random.default_rng(2)
    grid = np.stack(np.meshgrid(np.arange(10), np.arange(10)), -1).reshape(-1, 2) * 10.0
    at = np.vstack([rng.normal(50, 6, (40, 2)), grid, rng.uniform(0, 100, (900, 2))])
    kind = ["near"] * 40 + ["far"] * 100 + ["rest"] * 900
    data = pa.table({"x_km": at[:, 0], "y_km": at[:, 1], "industry": kind})
    found = localization(
        data,
        r_km=np.linspace(0, 40, 21),
        bandwidth_km=2.0,
        inference=Permutation(n=499, seed=1),
    )
    verdict = dict(
        zip(
            found.industries,
            zip(found.localized, found.dispersed, strict=True),
            strict=True,
        )
    )
    assert verdict["near"] == (True, False)
    assert found.gamma[found.industries == "near"][0] > 0
    assert found.q_localized[found.industries == "near"][0] < 0.05
    # a grid has no near pairs at all
    far = found.curve("far")
    assert far["value"][1] < far["null_mean"][1]


@pytest.mark.parametrize(
    "options",
    [{}, {"weight": "w"}, {"bands": "rank"}, {"weight": "w", "bands": "rank"}],
)
@pytest.mark.filterwarnings("ignore::agglo.core.errors.NumericsWarning")
def test_bands_are_crossed_at_their_level(options):
    crossed = tested = 0
    for seed in range(8):
        w = np.random.default_rng(seed).lognormal(0, 0.7, 1500)
        data = table(1500, 8, seed=seed).append_column("w", pa.array(w))
        found = localization(
            data,
            r_km=np.linspace(0, 50, 11),
            bandwidth_km=4.0,
            inference=Permutation(n=299, seed=seed),
            **options,
        )
        assert (found.localized <= (found.p_localized < 0.15)).all()
        crossed += int(found.localized.sum())
        tested += found.n.size
    assert tested == 64
    assert crossed <= 10  # 5 % of 64 is 3.2; P(more than 10) is 3e-4


def test_rank_bands_are_those_of_one_industry():
    data = table(900, 3)
    r = np.linspace(0, 40, 9)
    given = {"r_km": r, "inference": Permutation(n=1999, seed=1)}
    found = localization(data, bandwidth_km=4.0, bands="rank", **given)
    for k, name in enumerate(found.industries):
        one = duranton_overman(
            data, activity=str(name), bandwidth=4.0, type="industry", **given
        )
        spread = found.null_sd[k]
        for side in ("global_lower", "global_upper"):
            gap = (getattr(found, side)[k] - getattr(one, side)) / spread
            assert np.abs(gap).max() < 0.35


def test_employment_can_be_localized_where_plants_are_not():
    rng = np.random.default_rng(4)
    at = rng.uniform(0, 100, (600, 2))
    own = np.arange(80)
    w = np.ones(600)
    middle = np.hypot(*(at[own] - 50).T) < 25
    w[own[middle]] = 30.0
    data = pa.table(
        {
            "x_km": at[:, 0],
            "y_km": at[:, 1],
            "industry": ["a"] * 80 + ["rest"] * 520,
            "w": w,
        }
    )
    given = {
        "r_km": np.linspace(0, 40, 11),
        "bandwidth_km": 4.0,
        "inference": Permutation(n=499, seed=1),
    }
    plants = localization(data, **given)
    jobs = localization(data, weight="w", **given)
    assert not plants.localized[0]
    assert jobs.localized[0]
    assert jobs.null_sd[0].mean() > plants.null_sd[0].mean()
    scaled = data.set_column(3, "w", pa.array(w * 7))
    again = localization(scaled, weight="w", **given)
    np.testing.assert_allclose(again.values, jobs.values)
    np.testing.assert_allclose(again.p_localized, jobs.p_localized)
    lone = data.set_column(3, "w", pa.array([1.0] + [0.0] * 79 + [1.0] * 520))
    found = localization(lone, weight="w", **given)
    assert found.status[0] == "zero_weight"
    assert np.isnan(found.values[0]).all()


def test_localization_of_few_and_none():
    data = table(200, 3)
    few = data.set_column(
        2, "industry", pa.array(["rare"] * 3 + ["a"] * 100 + ["b"] * 97)
    )
    found = localization(
        few, r_km=R, bandwidth_km=4.0, inference=Permutation(n=99, seed=1)
    )
    k = found.industries.tolist().index("rare")
    assert found.status[k] == "too_few"
    assert np.isnan(found.p_localized[k])
    with pytest.raises(NotIdentifiedError):
        localization(data, r_km=R, bandwidth_km=4.0, min_n=1000)
    one_place = pa.table(
        {"x_km": [1.0] * 40, "y_km": [1.0] * 40, "industry": ["a", "b"] * 20}
    )
    with pytest.warns(match="share their place"), pytest.raises(NotIdentifiedError):
        localization(one_place, r_km=R, bandwidth_km=4.0)


# travel times


def _matrix(data):
    at = np.column_stack([data["x_km"], data["y_km"]])
    return cdist(at, at)


@pytest.mark.parametrize("neighbour", [None, "b"])
def test_kdensity_of_a_matrix_is_that_of_its_points(neighbour):
    data = table(120)
    given = {"activity": "a", "neighbour": neighbour, "r_km": R, "type": "industry"}
    planar = duranton_overman(data, inference=None, **given)
    travel = duranton_overman(
        data.select(["industry"]), distances=_matrix(data), inference=None, **given
    )
    assert travel.bandwidth_km == pytest.approx(planar.bandwidth_km)
    np.testing.assert_allclose(travel.value, planar.value, rtol=1e-4)
    drawn = duranton_overman(
        data.select(["industry"]),
        distances=_matrix(data),
        null="all_sites",
        inference=Permutation(n=999, seed=1),
        **given,
    )
    assert (drawn.global_upper >= drawn.null_mean).all()


@pytest.mark.parametrize("kind", ["cumulative", "density"])
def test_m_of_a_matrix_is_that_of_its_points(kind):
    data = table(120)
    given = {
        "activity": "a",
        "neighbour": "b",
        "r_km": R + 5,
        "type": "industry",
        "kind": kind,
    }
    planar = marcon_puech(data, **given)
    travel = marcon_puech(data.select(["industry"]), distances=_matrix(data), **given)
    np.testing.assert_allclose(travel.value, planar.value, rtol=1e-9)


def test_matrices_that_are_none():
    data = table(20, 2)
    good = _matrix(data)
    given = {"activity": "a", "r_km": R, "type": "industry", "inference": None}
    with pytest.raises(AlignmentError, match="shape"):
        duranton_overman(data, distances=good[:5], **given)
    for row, value, says in [(0, np.nan, "infinite"), (0, -1.0, "negative")]:
        bad = good.copy()
        bad[row, 1] = bad[1, row] = value
        with pytest.raises(InvalidTableError, match=says):
            duranton_overman(data, distances=bad, **given)
    uneven = good.copy()
    uneven[0, 1] *= 2
    with pytest.raises(InvalidTableError, match="there and back"):
        duranton_overman(data, distances=uneven, **given)
    mean = duranton_overman(data, distances=uneven, symmetrise="mean", **given)
    even = duranton_overman(data, distances=(uneven + uneven.T) / 2, **given)
    np.testing.assert_array_equal(mean.value, even.value)
    with pytest.raises(OptionError, match="coordinates"):
        duranton_overman(data, distances=good, method="fft", **given)
