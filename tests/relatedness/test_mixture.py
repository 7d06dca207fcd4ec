"""Mixtures: reference values, planted groups, the null, limits, invariants."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given as generated
from hypothesis import settings
from hypothesis import strategies as st

from agglo.core.errors import (
    InvalidTableError,
    NotIdentifiedError,
    NumericsWarning,
    OptionError,
)
from agglo.core.partitions import adjusted_rand, joint_counts
from agglo.core.tables import RegionActivity
from agglo.relatedness import _kernels_bayes as bayes
from agglo.relatedness import _kernels_mixture as kernels
from agglo.relatedness import em_clusters, proximity
from tests.networks.karate import CLUB, edges


def karate() -> pa.Table:
    return edges()


def agreement(one: np.ndarray, other: np.ndarray) -> float:
    return adjusted_rand(joint_counts(np.asarray(one), np.asarray(other)))


def features(x: np.ndarray) -> pa.Table:
    columns = {f"f{j}": x[:, j] for j in range(x.shape[1])}
    return pa.table({"item": [f"{i:04d}" for i in range(len(x))], **columns})


def blobs(rng: np.random.Generator, n: int = 40, apart: float = 8.0):
    truth = np.repeat(np.arange(3), n)
    centre = apart * np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    return centre[truth] + rng.normal(size=(3 * n, 2)), truth


def test_karate_network():
    """Spec 17: log-likelihoods, BIC and sharpness of the unweighted club."""
    one = em_clusters(karate(), method="network", k=1, n_boot=0, seed=1)
    assert one.loglik == pytest.approx(-508.6937, abs=1e-4)
    assert one.bic[0] == pytest.approx(1133.757, abs=1e-3)
    assert np.isnan(one.sharpness)
    two = em_clusters(
        karate(), method="network", k=2, n_boot=0, seed=1, tol=1e-13, max_iter=9000
    )
    assert two.loglik == pytest.approx(-467.4234, abs=1e-4)
    assert two.bic[0] == pytest.approx(1171.113, abs=1e-3)
    assert two.sharpness == pytest.approx(0.895628, abs=1e-5)
    club = np.array([c == "H" for c in CLUB])
    same = two.label == two.label[0]
    assert np.flatnonzero(same != club).tolist() == [8]


def test_iris_normal_mixture():
    """Spec 17, as mclust and scikit-learn."""
    datasets = pytest.importorskip("sklearn.datasets")
    x, species = datasets.load_iris(return_X_y=True)
    got = em_clusters(
        features(x),
        method="gaussian",
        covariance="full",
        k=3,
        n_init=20,
        n_boot=0,
        seed=1,
    )
    assert got.loglik == pytest.approx(-180.185478, abs=2e-5)
    assert got.bic[0] == pytest.approx(580.838909, abs=4e-5)
    # the top is flat: memberships still move where the witness stopped
    assert got.icl[0] == pytest.approx(590.584704, abs=3e-4)
    assert agreement(got.label, species) == pytest.approx(0.903874, abs=1e-6)


def test_planted_groups_are_found_with_their_number():
    x, truth = blobs(np.random.default_rng(3))
    got = em_clusters(features(x), method="gaussian", k_range=(1, 6), n_init=5, seed=2)
    assert got.k == 3
    assert agreement(got.label, truth) == 1.0
    assert got.stability > 0.95
    assert got.sharpness > 0.99


def test_one_cloud_is_one_group():
    x = np.random.default_rng(4).normal(size=(120, 2))
    got = em_clusters(
        features(x), method="gaussian", k_range=(1, 5), n_init=5, n_boot=0, seed=2
    )
    assert got.k == 1


def test_planted_maps_are_found_by_the_multinomial_mixture():
    rng = np.random.default_rng(5)
    map_of = rng.dirichlet(np.full(30, 0.4), 4)
    truth = np.repeat(np.arange(4), 6)
    counts = np.array([rng.multinomial(800, map_of[t]) for t in truth]).T
    table = RegionActivity.from_arrays(counts)
    got = em_clusters(table, method="multinomial", n_init=10, n_boot=4, seed=1)
    assert got.k == 4
    assert agreement(got.label, truth) == 1.0
    held = em_clusters(
        table,
        method="multinomial",
        k_range=(2, 6),
        select="heldout",
        n_init=8,
        n_boot=0,
        seed=1,
    )
    assert held.k >= 4


def planted_economy(seed: int) -> tuple[RegionActivity, np.ndarray]:
    rng = np.random.default_rng(seed)
    truth = np.repeat(np.arange(6), 8)
    taste = rng.lognormal(0, 1, (95, 6))
    size = rng.lognormal(0, 1, 95)[:, None]
    mean = 20 * size * taste[:, truth] * rng.lognormal(0, 0.35, (95, 48))
    return RegionActivity.from_arrays(rng.poisson(mean)), truth


def test_industries_are_grouped_by_their_embedding():
    table, truth = planted_economy(1)
    got = em_clusters(table, method="gaussian", n_init=10, n_boot=0, seed=1)
    assert 6 <= got.k <= 9
    assert agreement(got.label, truth) > 0.85


def test_spatial_weights_are_replicates():
    x, _ = blobs(np.random.default_rng(6), n=12, apart=20.0)
    times = np.random.default_rng(7).integers(1, 4, len(x))
    names = {"x_km": x[:, 0], "y_km": x[:, 1]}
    ids = [f"{i:03d}" for i in range(len(x))]
    once = pa.table({"item": ids, **names, "weight": times.astype(float)})
    again = np.repeat(np.arange(len(x)), times)
    more = pa.table(
        {
            "item": [f"{i:03d}-{j:03d}" for j, i in enumerate(again)],
            "x_km": x[again, 0],
            "y_km": x[again, 1],
        }
    )
    options = {"method": "spatial", "k": 3, "n_init": 10, "n_boot": 0, "seed": 1}
    one, other = em_clusters(once, **options), em_clusters(more, **options)
    assert one.loglik == pytest.approx(other.loglik, rel=1e-9)
    assert one.bic[0] == pytest.approx(other.bic[0], rel=1e-9)
    np.testing.assert_allclose(np.sort(one.share), np.sort(other.share), atol=1e-6)


@settings(max_examples=15)
@generated(st.integers(0, 10_000), st.integers(1, 4))
def test_likelihood_never_falls(seed, k):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(30, 2))
    family = kernels.Family(
        features=kernels.quadratic(x, full=True),
        weight=np.ones(30),
        constant=0.0,
        maximise=kernels.normal_full(2, 0.0, tied=False),
    )
    start = rng.dirichlet(np.ones(k), 30)[:, None, :]
    trace = kernels._run(family, start, tol=0.0, steps=40)[3]
    assert np.all(np.diff(trace) >= -1e-8)


@pytest.mark.parametrize("covariance", ["full", "tied", "diag", "spherical"])
def test_units_of_features_only_shift_the_likelihood(covariance):
    x, _ = blobs(np.random.default_rng(8))
    options = {"method": "gaussian", "covariance": covariance, "k": 3, "n_boot": 0}
    one = em_clusters(features(x), **options, n_init=5, seed=1, regularisation=0.0)
    other = em_clusters(
        features(10 * x + 7), **options, n_init=5, seed=1, regularisation=0.0
    )
    shift = 2 * len(x) * np.log(10)
    assert other.loglik == pytest.approx(one.loglik - shift, rel=1e-6)
    np.testing.assert_array_equal(one.label, other.label)


def test_memberships_and_labels_are_in_order():
    x, _ = blobs(np.random.default_rng(9), apart=2.0)
    got = em_clusters(features(x), method="gaussian", k=4, n_init=5, seed=1)
    np.testing.assert_allclose(got.membership.sum(axis=1), 1.0)
    size = np.bincount(got.label, minlength=4)
    assert np.all(np.diff(size) <= 0)
    assert got.memberships().num_rows == 4 * len(x)
    assert got.selection().num_rows == 1
    assert "4 groups" in got.summary()
    got.plot()


def test_workers_do_not_change_the_answer():
    table, _ = planted_economy(2)
    options = {"method": "gaussian", "k": 6, "n_init": 4, "n_boot": 8, "seed": 5}
    one = em_clusters(table, **options, n_jobs=1)
    other = em_clusters(table, **options, n_jobs=2)
    assert one.to_dict() == other.to_dict()


def test_direction_of_links():
    ties = pa.table({"origin": list("aabb"), "destination": list("cdcd")})
    options = {"method": "network", "directed": True, "k": 2, "n_boot": 0, "seed": 1}
    out = em_clusters(ties, **options)
    both = em_clusters(ties, **options, direction="both")
    assert out.label[0] == out.label[1]
    assert [u.item for u in out.undefined] == ["c", "d"]
    assert both.label.tolist() == [0, 0, 1, 1]
    assert not both.undefined


def test_a_node_without_links_has_the_shares():
    ties = pa.table(
        {
            "origin": [*list("abde"), "z"],
            "destination": [*list("bcef"), "z"],
            "weight": [1.0, 1.0, 1.0, 1.0, 0.0],
        }
    )
    got = em_clusters(ties, method="network", k=2, n_boot=0, seed=1, n_init=20)
    np.testing.assert_allclose(got.membership[-1], got.share, atol=1e-3)
    assert [u.item for u in got.undefined] == ["z"]


def test_proximity_as_network():
    table, truth = planted_economy(3)
    near = proximity(table)
    got = em_clusters(near, method="network", k=6, n_init=20, n_boot=0, seed=1)
    assert got.label.size == truth.size
    assert "not whole" in got.provenance.warnings[0]
    grouped = em_clusters(
        table, method="gaussian", k=6, n_init=5, n_boot=0, seed=1, proximity=near
    )
    assert 0 < grouped.silhouette[0] < 1


def test_identical_items_are_one_group():
    with pytest.warns(NumericsWarning, match="identical"):
        got = em_clusters(
            features(np.ones((5, 2))), method="gaussian", k=3, n_boot=0, seed=1
        )
    assert got.k == 1
    assert np.all(got.entropy == 0)


def test_more_groups_than_items():
    with pytest.raises(OptionError, match="at most 6"):
        em_clusters(features(np.eye(6)), method="gaussian", k=7, seed=1)


def test_singular_covariance():
    with pytest.raises(NotIdentifiedError, match="singular"):
        em_clusters(features(np.eye(6)), method="gaussian", covariance="full", k=2)
    line = np.column_stack([np.arange(20.0), np.arange(20.0)])
    with pytest.raises(NotIdentifiedError, match="starts"):
        em_clusters(
            features(line),
            method="gaussian",
            covariance="full",
            k=2,
            regularisation=0.0,
            seed=1,
        )


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"method": "kmeans"}, "method"),
        ({"method": "network"}, "needs k="),
        ({"method": "gaussian", "select": "heldout"}, "hides links"),
        ({"method": "gaussian", "select": "stability", "n_boot": 0}, "n_boot"),
        ({"method": "gaussian", "k_range": (5, 2)}, "k_range"),
        ({"method": "gaussian", "k_range": 3}, "k_range"),
    ],
)
def test_options_that_do_not_fit(options, says):
    with pytest.raises(OptionError, match=says):
        em_clusters(features(np.eye(4)), **options)


def test_tables_that_do_not_fit():
    table, _ = planted_economy(4)
    with pytest.raises(OptionError, match="links or a Proximity"):
        em_clusters(table, method="network", k=2)
    with pytest.raises(OptionError, match="coordinates"):
        em_clusters(table, method="spatial", k=2)
    with pytest.raises(InvalidTableError, match="degrees"):
        em_clusters(
            pa.table({"item": ["a", "b"], "lon": [1.0, 2.0], "lat": [1.0, 2.0]}),
            method="spatial",
            x="lon",
            y="lat",
            k=1,
        )
    with pytest.raises(InvalidTableError, match="not negative"):
        em_clusters(
            pa.table({"origin": ["a"], "destination": ["b"], "weight": [-1.0]}),
            method="network",
            k=1,
        )
    with pytest.raises(InvalidTableError, match="repeat"):
        em_clusters(
            pa.table({"item": ["a", "a"], "f": [1.0, 2.0]}), method="gaussian", k=1
        )
    with pytest.raises(InvalidTableError, match="finite"):
        em_clusters(
            pa.table({"item": ["a", "b"], "f": [1.0, float("nan")]}),
            method="gaussian",
            k=1,
        )


@pytest.mark.slow
def test_rate_of_the_right_number():
    """Spec 12: on planted economies K is 6 mostly, over-splits a little, never below."""
    found, scores = [], []
    for seed in range(25):
        table, truth = planted_economy(100 + seed)
        got = em_clusters(table, method="gaussian", n_init=10, n_boot=0, seed=seed)
        found.append(got.k)
        scores.append(agreement(got.label, truth))
    assert min(found) >= 6
    assert np.mean(np.array(found) == 6) >= 0.6
    assert np.mean(scores) > 0.95


def test_regions_are_resampled_for_the_stability_of_industry_groups():
    table, truth = planted_economy(1)
    got = em_clusters(table, method="gaussian", k=6, n_init=8, n_boot=8, seed=1)
    assert dict(got.provenance.parameters)["resample"] == "regions"
    assert agreement(got.label, truth) > 0.95
    assert got.stability > 0.8
    noise = RegionActivity.from_arrays(
        np.random.default_rng(2).poisson(20, (95, 48)).astype(float)
    )
    loose = em_clusters(noise, method="gaussian", k=6, n_init=8, n_boot=8, seed=1)
    assert loose.stability < 0.4
    items = em_clusters(
        table, method="gaussian", k=6, n_init=8, n_boot=4, resample="items", seed=1
    )
    assert dict(items.provenance.parameters)["resample"] == "items"
    maps = em_clusters(
        table, method="multinomial", k=6, n_init=8, n_boot=4, resample="regions", seed=1
    )
    assert maps.stability > 0.8
    with pytest.raises(OptionError, match="resample"):
        em_clusters(karate(), method="network", k=2, resample="regions", seed=1)


def test_the_selection_table_has_silhouettes_of_presences():
    table, _ = planted_economy(1)
    got = em_clusters(
        table, method="gaussian", k_range=(2, 8), n_init=8, n_boot=0, seed=1
    )
    near = proximity(table)
    same = em_clusters(
        table,
        method="gaussian",
        k_range=(2, 8),
        n_init=8,
        n_boot=0,
        seed=1,
        proximity=near,
    )
    np.testing.assert_allclose(got.silhouette, same.silhouette)
    assert np.isfinite(got.silhouette).all()
    metrics = pytest.importorskip("sklearn.metrics")
    distance = 1.0 - near.values
    np.fill_diagonal(distance, 0.0)
    expected = metrics.silhouette_score(distance, got.label, metric="precomputed")
    at = got.tried.tolist().index(got.k)
    assert got.silhouette[at] == pytest.approx(expected)
    # the planted number is where the silhouette is highest
    assert abs(int(got.tried[got.silhouette.argmax()]) - 6) <= 1


def test_degrees_are_refused():
    places = pa.table(
        {"item": list("abcd"), "lon": [1.0, 2.0, 3.0, 4.0], "lat": [5.0, 6.0, 7.0, 8.0]}
    )
    with pytest.raises(InvalidTableError) as caught:
        em_clusters(places, method="spatial", x="lon", y="lat", k=2, seed=1)
    assert caught.value.problems[0].code == "degrees"


def test_every_number_tried_has_its_stability():
    x, _ = blobs(np.random.default_rng(3))
    options = {"method": "gaussian", "k_range": (1, 5), "n_init": 4, "n_boot": 6}
    every = em_clusters(features(x), **options, seed=2, n_jobs=1)
    one = em_clusters(features(x), **options, seed=2, n_jobs=1, stability="chosen")
    assert every.k == one.k == 3
    # one group agrees with itself always, so it says nothing
    assert np.isnan(every.tried_stability[0])
    assert np.isfinite(every.tried_stability[1:]).all()
    at = every.tried.tolist().index(3)
    assert every.tried_stability[at] == every.tried_stability[1:].max()
    # groups that are not there are not found again
    assert every.tried_stability[-1] < 0.9
    assert np.isfinite(one.tried_stability).sum() == 1
    assert one.stability == every.stability
    chosen = em_clusters(features(x), **options, seed=2, n_jobs=1, select="stability")
    np.testing.assert_array_equal(chosen.tried_stability, every.tried_stability)


@pytest.mark.parametrize("covariance", ["full", "diag"])
def test_variational_mixture_beside_scikit_learn(covariance):
    """One start from given memberships comes to the same posterior and bound."""
    mixture = pytest.importorskip("sklearn.mixture")
    x, _ = blobs(np.random.default_rng(3))
    full = covariance == "full"
    start = np.full((len(x), 5), 0.02)
    rng = np.random.default_rng(1)
    start[np.arange(len(x)), rng.integers(5, size=len(x))] += 0.9

    class Started(mixture.BayesianGaussianMixture):
        def _initialize_parameters(self, x, *_, **__):
            self._initialize(x, start)

    other = Started(
        n_components=5,
        covariance_type=covariance,
        weight_concentration_prior_type="dirichlet_distribution",
        tol=1e-9,
        reg_covar=1e-6,
        max_iter=5000,
    ).fit(x)
    weight = np.ones(len(x))
    prior = bayes.prior_of(x, weight, 5, 1e-6, full=full)
    got = bayes.fit(
        x, weight, start, prior, full=full, tol=1e-9 / len(x), max_iter=5000
    )
    assert got.converged
    np.testing.assert_allclose(got.membership, other.predict_proba(x), atol=1e-5)
    np.testing.assert_allclose(got.covariance, other.covariances_, rtol=1e-5)
    assert got.bound == pytest.approx(other.lower_bound_, rel=1e-7)
    # weights are replicates, up to the divisor of the prior's covariance
    twice = bayes.fit(
        x,
        2 * weight,
        start,
        prior,
        full=full,
        tol=1e-12,
        max_iter=2000,
    )
    rows = bayes.fit(
        np.vstack([x, x]),
        np.ones(2 * len(x)),
        np.vstack([start, start]),
        prior,
        full=full,
        tol=1e-12,
        max_iter=2000,
    )
    np.testing.assert_allclose(twice.membership, rows.membership[: len(x)], atol=1e-8)


def test_the_variational_mixture_drops_groups_it_does_not_need():
    x, truth = blobs(np.random.default_rng(3))
    got = em_clusters(
        features(x),
        method="gaussian",
        covariance="full",
        bayesian=True,
        k_range=(1, 8),
        n_init=6,
        n_boot=4,
        seed=1,
        n_jobs=1,
    )
    assert got.k == 3
    assert agreement(got.label, truth) == 1.0
    np.testing.assert_allclose(got.membership.sum(axis=1), 1.0)
    assert got.select == "variational Bayes"
    assert got.stability > 0.9
    assert np.isfinite(got.loglik)
    cloud = np.random.default_rng(4).normal(size=(120, 2))
    one = em_clusters(
        features(cloud),
        method="gaussian",
        bayesian=True,
        k=6,
        n_init=6,
        n_boot=0,
        seed=1,
    )
    assert one.k <= 2
    table, truth = planted_economy(1)
    found = em_clusters(
        table, method="gaussian", bayesian=True, k=12, n_init=10, n_boot=0, seed=1
    )
    assert agreement(found.label, truth) > 0.8
    for wrong in (
        {"method": "multinomial"},
        {"method": "gaussian", "covariance": "tied"},
        {"method": "gaussian", "select": "bic"},
    ):
        with pytest.raises(OptionError, match=r"bayesian=True|method"):
            em_clusters(table, bayesian=True, k=3, **wrong)
