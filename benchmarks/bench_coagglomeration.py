"""Coagglomeration of all pairs beside naive twins; towns spread over 1,000 km.

Sizes of the specification (480 industries of a million plants) run with
``AGGLO_BENCH=full``; without it a tenth of the plants and industries.
"""

from __future__ import annotations

import os

import numpy as np
import pyarrow as pa
import pytest
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from agglo.concentration import (
    localization,
    nearest_coagglomeration,
    pair_densities,
    wasserstein_coagglomeration,
)
from agglo.concentration._kernels.transport import costs_between, transport
from agglo.core.options import Permutation
from agglo.core.tables import Points, as_points

FULL = os.environ.get("AGGLO_BENCH") == "full"
SIDE = 1000.0
R = np.linspace(0.0, 200.0, 45)
H = 6.0


def _country(n: int, industries: int, *, weighted: bool = False) -> Points:
    rng = np.random.default_rng(7)
    town = rng.uniform(0, SIDE, (n // 200 + 1, 2))
    at = town[rng.integers(0, len(town), n)] + rng.normal(0, 15, (n, 2))
    at = SIDE - np.abs(SIDE - np.abs(at))
    size = rng.lognormal(0, 1, industries)
    kind = rng.choice(industries, n, p=size / size.sum()).astype(str)
    columns = {"x_km": at[:, 0], "y_km": at[:, 1], "industry": kind}
    columns["jobs"] = rng.lognormal(1, 1.3, n)
    weight = "jobs" if weighted else None
    return as_points(pa.table(columns), type="industry", weight=weight)


def _city(industries: int) -> pa.Table:
    rng = np.random.default_rng(3)
    size = rng.integers(30, 200, industries)
    centre = rng.uniform(0, 40, (8, 2))
    at = centre[rng.integers(0, 8, size.sum())] + rng.normal(0, 4, (size.sum(), 2))
    kind = np.repeat([f"i{k:02d}" for k in range(industries)], size)
    return pa.table({"x_km": at[:, 0], "y_km": at[:, 1], "industry": kind})


def _by_pair(points: Points, pairs: int) -> np.ndarray:
    """K-density of the first pairs of industries, distance by distance."""
    at = np.column_stack([points.x_km, points.y_km])
    out = []
    for j in range(1, pairs + 1):
        d = cdist(at[points.type == 0], at[points.type == j]).ravel()
        bells = [
            (
                np.exp(-0.5 * ((r - d) / H) ** 2) + np.exp(-0.5 * ((r + d) / H) ** 2)
            ).mean()
            for r in R
        ]
        out.append(np.array(bells) / (np.sqrt(2 * np.pi) * H))
    return np.array(out)


def test_all_pairs(versus):
    n, k = (1_000_000, 480) if FULL else (100_000, 48)
    points = _country(n, k)
    found = versus(
        lambda: pair_densities(points, r_km=R, bandwidth_km=H),
        twin=None if FULL else lambda: _by_pair(points, 3),
        size=f"{n} plants, {k} industries, 45 distances; twin: 3 pairs",
        rounds=1,
        twin_rounds=1,
    )
    assert found.result.error < 1e-3
    if not FULL:
        want = found.twin_result
        got = found.result.values[:, 0, 1:4].T
        assert np.abs(got - want).max() < 1e-3 * want.max()


def test_localization(versus):
    n, k = (300_000, 480) if FULL else (30_000, 48)
    points = _country(n, k)
    found = versus(
        lambda: localization(
            points,
            r_km=R[R <= 180],
            bandwidth_km=H,
            inference=Permutation(n=1000, seed=1),
        ),
        size=f"{n} plants, {k} industries, 1,000 draws",
        rounds=1,
    )
    assert found.result.sd_error < 0.05


def test_localization_of_employment(versus):
    n, k = (300_000, 480) if FULL else (30_000, 48)
    points = _country(n, k, weighted=True)
    found = versus(
        lambda: localization(
            points,
            r_km=R[R <= 180],
            bandwidth_km=H,
            weight="jobs",
            inference=Permutation(n=1000, seed=1),
        ),
        size=f"{n} plants with jobs, {k} industries, 1,000 draws",
        rounds=1,
    )
    assert found.result.sd_error < 0.05


def _nearest_by_pair(points: Points, anchors: int) -> np.ndarray:
    at = np.column_stack([points.x_km, points.y_km])
    out = []
    for j in range(anchors):
        own = at[points.type == j]
        f = np.concatenate(
            [cdist(part, own).min(axis=1) for part in np.array_split(at, 50)]
        )
        pool = points.type != j
        out += [
            f[points.type == k].mean() / f[pool].mean()
            for k in range(points.types.size)
        ]
    return np.array(out)


def test_nearest_of_one_anchor(versus):
    points = _country(100_000, 48)
    first = str(points.types[0])
    found = versus(
        lambda: nearest_coagglomeration(points, anchor=first, rarefy=None),
        twin=lambda: _nearest_by_pair(points, 1),
        size="100000 plants, 48 industries, one anchor and all movers",
        rounds=3,
        twin_rounds=3,
    )
    np.testing.assert_allclose(
        1 - found.result.effect, found.twin_result[1:], rtol=1e-9
    )


def test_nearest(versus):
    n, k = (1_000_000, 480) if FULL else (100_000, 48)
    points = _country(n, k)
    versus(
        lambda: nearest_coagglomeration(points, rarefy=None),
        size=f"{n} plants, {k} industries, all ordered pairs",
        rounds=1,
    )


@pytest.mark.parametrize("n", [50, 100, 300])
def test_transport(versus, n):
    rng = np.random.default_rng(1)
    cost = costs_between(rng.uniform(0, 40, (n, 2)), rng.uniform(0, 40, (n, 2)), 1.0)
    mass = np.ones(n, dtype=np.int64)

    def assigned() -> float:
        i, j = linear_sum_assignment(cost)
        return float(cost[i, j].sum())

    found = versus(
        lambda: transport(cost, mass, mass)[0],
        twin=assigned,
        size=f"{n} to {n} plants; twin: scipy's assignment (equal sizes only)",
    )
    np.testing.assert_allclose(found.result, found.twin_result)


@pytest.mark.parametrize("method", ["surrogate", "auto", "exact"])
def test_city(versus, method):
    if FULL and method == "exact":
        pytest.skip("about six minutes")
    k = 35 if FULL else 8
    table = _city(k)
    found = versus(
        lambda: wasserstein_coagglomeration(
            table, method=method, inference=Permutation(n=1000, seed=1)
        ),
        size=f"{k} industries of 30 to 200 plants, 1,000 draws, {method}",
        rounds=1,
    )
    assert np.isfinite(found.result.p).all()
