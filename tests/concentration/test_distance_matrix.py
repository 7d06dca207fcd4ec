"""Matrices of distances, strata and memory in the measures of all industries.

Witnesses: the same measure at positions, enumeration by strata, one pass over the modes.
"""

import itertools

import numpy as np
import pyarrow as pa
import pytest
from scipy.spatial.distance import cdist

from agglo.concentration import (
    direction_intervals,
    entrant_coagglomeration,
    kdensity_moments,
    localization,
    pair_densities,
)
from agglo.concentration._kernels import all_pairs
from agglo.core.errors import DataWarning, InvalidTableError, OptionError
from agglo.core.options import Bootstrap, Permutation

R = [0.0, 3.0, 8.0]
FEW = Permutation(n=39, seed=1)


def plants(n=70, seed=4):
    """Sorted as measures sort them, so that draws are the same with a matrix."""
    rng = np.random.default_rng(seed)
    x, y = rng.uniform(0, 30, (2, n))
    order = np.argsort(x)
    columns = {
        "x_km": x[order],
        "y_km": y[order],
        "industry": rng.choice(list("abc"), n).tolist(),
        "w": rng.lognormal(0, 1, n),
        "opened": rng.choice([2001, 2010], n),
        "town": np.where(x[order] < 15, "p", "q").tolist(),
    }
    return pa.table(columns)


def matrix_of(table):
    at = np.column_stack([table["x_km"], table["y_km"]])
    return cdist(at, at)


MEASURES = {
    "localization": (
        lambda data, **o: localization(
            data, r_km=R, bandwidth_km=2.0, inference=FEW, min_n=5, **o
        ),
        ["values", "null_mean", "null_sd", "global_upper", "p_localized"],
    ),
    "localization of employment in strata": (
        lambda data, **o: localization(
            data,
            r_km=R,
            bandwidth_km=2.0,
            inference=FEW,
            min_n=5,
            weight="w",
            strata="town",
            **o,
        ),
        ["values", "null_mean", "null_sd", "global_upper", "p_localized"],
    ),
    "pair_densities": (
        lambda data, **o: pair_densities(
            data, r_km=R, bandwidth_km=2.0, weight="w", **o
        ),
        ["values"],
    ),
    "moments": (
        lambda data, **o: kdensity_moments(
            data, activity="a", r_km=R, bandwidth_km=2.0, type="industry", **o
        ),
        ["value", "null_mean", "covariance"],
    ),
    "moments, held": (
        lambda data, **o: kdensity_moments(
            data,
            activity="a",
            neighbour="b",
            null="fix_a",
            r_km=R,
            bandwidth_km=2.0,
            type="industry",
            weight="w",
            **o,
        ),
        ["value", "null_mean", "covariance"],
    ),
    "entrants": (
        lambda data, **o: entrant_coagglomeration(data, at=2010, weight="w", **o),
        ["observed_km", "effect", "z", "p"],
    ),
    "direction": (
        lambda data, **o: direction_intervals(
            data, inference=Bootstrap(n=39, seed=1), **o
        ),
        ["difference", "lower", "upper"],
    ),
}


@pytest.mark.parametrize("name", MEASURES)
def test_a_matrix_of_distances_is_that_of_its_positions(name):
    measure, fields = MEASURES[name]
    table = plants()
    there = measure(table)
    gone = table.drop_columns(["x_km", "y_km"])
    found = measure(gone, distances=matrix_of(table))
    for field in fields:
        one, two = getattr(found, field), getattr(there, field)
        assert np.isfinite(two).any()
        np.testing.assert_allclose(one, two, rtol=2e-4, atol=1e-9, err_msg=field)


@pytest.mark.parametrize("name", MEASURES)
def test_matrices_that_are_none(name):
    measure, _ = MEASURES[name]
    table = plants()
    d = matrix_of(table)
    d[2, 3] += 1.0
    with pytest.raises(InvalidTableError, match="there and back"):
        measure(table, distances=d)
    both = measure(table, distances=d, symmetrise="mean")
    halves = measure(table, distances=(d + d.T) / 2)
    assert both.to_arrow().equals(halves.to_arrow()) or str(both) == str(halves)
    d[5, 6] = np.nan
    d[7, 7] = 1.0
    with pytest.raises(InvalidTableError) as caught:
        measure(table, distances=d, symmetrise="mean")
    assert {p.code for p in caught.value.problems} >= {"not_finite", "out_of_range"}


@pytest.mark.parametrize("name", MEASURES)
def test_shared_places_of_a_matrix(name):
    measure, _ = MEASURES[name]
    table = plants()
    d = matrix_of(table)
    d[:40, :40] = 0.0
    with pytest.warns(DataWarning, match="share their place"):
        measure(table, distances=d)


def test_moments_of_a_matrix_that_no_plane_has():
    """Enumeration with times that break the triangle inequality."""
    rng = np.random.default_rng(3)
    d = rng.uniform(1, 9, (6, 6))
    d = np.triu(d, 1) + np.triu(d, 1).T
    every = []
    for rows in itertools.combinations(range(6), 3):
        kind = np.where(np.isin(np.arange(6), rows), "a", "b")
        table = pa.table({"type": kind.tolist()})
        found = kdensity_moments(
            table, activity="a", r_km=R, bandwidth_km=2.0, distances=d
        )
        every.append(found.value)
    np.testing.assert_allclose(found.null_mean, np.mean(every, axis=0), rtol=1e-10)
    want = np.cov(np.transpose(every), bias=True)
    np.testing.assert_allclose(found.covariance, want, rtol=1e-8)


def test_strata_tell_a_town_from_a_cluster():
    """One industry lies in one of two towns only, at random there."""
    rng = np.random.default_rng(0)
    at = rng.uniform(0, 20, (200, 2))
    at[100:] += 60
    kind = np.array(["town"] * 30 + ["others"] * 170, dtype="<U8")
    cluster = rng.choice(np.arange(30, 100), 12, replace=False)
    kind[cluster], at[cluster] = "cluster", rng.normal(5, 1, (12, 2))
    table = pa.table(
        {
            "x_km": at[:, 0],
            "y_km": at[:, 1],
            "industry": kind.tolist(),
            "town": ["p"] * 100 + ["q"] * 100,
        }
    )
    asked = {"r_km": np.linspace(0, 30, 16), "bandwidth_km": 2.0}
    draws = Permutation(n=199, seed=1)
    free = localization(table, inference=draws, **asked)
    kept = localization(table, inference=draws, strata="town", **asked)
    names = free.industries.tolist()
    town, cluster = names.index("town"), names.index("cluster")
    assert free.localized[town]
    assert free.p_localized[town] <= 0.01
    assert kept.p_localized[town] > 0.05
    assert kept.p_localized[cluster] <= 0.01
    assert kept.null_mean.shape == kept.values.shape
    # the null of an industry of one town has no pairs between towns
    assert kept.curve("town")["null_mean"][5] > free.curve("town")["null_mean"][5]
    assert kept.n_draws.tolist() == [199, 199, 199]
    kept.plot()


def test_an_industry_that_fills_its_strata_is_undefined():
    table = plants().to_pydict()
    table["town"] = [f"only {k}" if k == "a" else "p" for k in table["industry"]]
    found = localization(
        pa.table(table),
        r_km=R,
        bandwidth_km=2.0,
        inference=FEW,
        min_n=5,
        strata="town",
    )
    assert found.status.tolist() == ["no_others", "ok", "ok"]
    assert np.isnan(found.p_localized[0])
    assert "no plants of other industries" in found.undefined[0].reason


def test_entrants_keep_strata():
    """b's entrants follow their town, not a's plants in it."""
    rng = np.random.default_rng(6)
    at = rng.uniform(0, 10, (240, 2))
    town = np.array(["p"] * 120 + ["q"] * 120)
    at[town == "q"] += 40
    kind = np.array(["a", "b"] * 30 + ["c"] * 180)
    table = pa.table(
        {
            "x_km": at[:, 0],
            "y_km": at[:, 1],
            "industry": kind.tolist(),
            "opened": np.where(kind == "a", 2001, 2010),
            "town": town.tolist(),
        }
    )
    asked = {"at": 2010, "anchor": "a", "mover": "b"}
    free = entrant_coagglomeration(table, **asked)
    kept = entrant_coagglomeration(table, strata="town", **asked)
    assert free.p[0] < 1e-3
    assert kept.p[0] > 0.05
    assert kept.observed_km[0] == free.observed_km[0]


def test_less_memory_gives_the_same_densities():
    rng = np.random.default_rng(2)
    n = 7_000
    at = rng.uniform(0, 80, (n, 2))
    table = pa.table(
        {
            "x_km": at[:, 0],
            "y_km": at[:, 1],
            "industry": rng.choice(list("abc"), n).tolist(),
        }
    )
    asked = {"r_km": [0.0, 5.0, 20.0], "bandwidth_km": 3.0}
    whole = pair_densities(table, **asked)
    grid = all_pairs.grid_for(at, 20.0, 3.0)
    budget = 8 * 3 * grid.n_modes // 4
    assert len(all_pairs._passes(grid, 3, budget)) >= 4
    parts = pair_densities(table, max_memory_gb=budget / 1e9, **asked)
    assert whole.method == parts.method == "fft"
    np.testing.assert_allclose(parts.values, whole.values, rtol=2e-5)


@pytest.mark.parametrize("budget", [1, 1_000, 10_000, 10**12])
def test_passes_cover_every_ring_once(budget):
    at = np.random.default_rng(1).uniform(0, 50, (100, 2))
    grid = all_pairs.grid_for(at, 20.0, 3.0)
    parts = all_pairs._passes(grid, 5, budget)
    assert parts[0][0] == 0
    assert parts[-1][1] == grid.edges.size - 1
    assert all(a[1] == b[0] for a, b in itertools.pairwise(parts))
    for first, last in parts:
        size = 40 * (grid.edges[last] - grid.edges[first])
        assert size <= budget or last == first + 1


def test_memory_must_be_a_number():
    with pytest.raises(OptionError, match="max_memory_gb"):
        pair_densities(plants(), r_km=R, bandwidth_km=2.0, max_memory_gb=0)
