"""Ellison-Glaeser and EGK coagglomeration beside loops over activities and pairs.

Tables have the shape and the sparsity of US counties by six-digit industries (one cell in
nine is present); all numbers are drawn with a fixed seed.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pyarrow as pa
import pytest

from agglo.concentration import coagglomeration, ellison_glaeser
from agglo.core.tables import RegionActivity, as_plants

FULL = (3110, 961)
TARGET = (3000, 480)


def _economy(
    n_regions: int, n_activities: int
) -> tuple[RegionActivity, RegionActivity]:
    """Employment and establishments by region and activity."""
    rng = np.random.default_rng(7)
    size = rng.lognormal(0, 1.3, n_regions)
    common = rng.lognormal(0, 1.0, n_activities)
    plants = rng.poisson(0.05 * np.outer(size, common)).astype(float)
    jobs = plants * rng.lognormal(2.5, 1.0, plants.shape)
    plants[0], jobs[0] = np.maximum(plants[0], 2), np.maximum(jobs[0], 10)
    return RegionActivity.from_arrays(jobs), RegionActivity.from_arrays(plants)


def _gamma_by_activity(jobs: np.ndarray, plants: np.ndarray) -> np.ndarray:
    x = jobs.sum(axis=1) / jobs.sum()
    spread = 1 - np.sum(x**2)
    out = np.empty(jobs.shape[1])
    for i in range(jobs.shape[1]):
        e, n = jobs[:, i], plants[:, i]
        s = e / e.sum()
        present = n > 0
        h = np.sum(n[present] * (e[present] / n[present] / e.sum()) ** 2)
        out[i] = (np.sum((s - x) ** 2) / spread - h) / (1 - h)
    return out


def _gamma_by_mask(
    region: np.ndarray, activity: np.ndarray, size: np.ndarray, n_regions: int, n: int
) -> np.ndarray:
    x = np.bincount(region, size, minlength=n_regions) / size.sum()
    spread = 1 - np.sum(x**2)
    out = np.empty(n)
    for i in range(n):
        own = activity == i
        z = size[own] / size[own].sum()
        s = np.bincount(region[own], z, minlength=n_regions)
        h = np.sum(z**2)
        out[i] = (np.sum((s - x) ** 2) / spread - h) / (1 - h)
    return out


def _egk_by_pair(jobs: np.ndarray) -> np.ndarray:
    x = jobs.sum(axis=1) / jobs.sum()
    spread = 1 - np.sum(x**2)
    gap = [e / e.sum() - x for e in jobs.T]
    out = np.full((len(gap), len(gap)), np.nan)
    for i, k in combinations(range(len(gap)), 2):
        out[i, k] = out[k, i] = np.sum(gap[i] * gap[k]) / spread
    return out


@pytest.mark.parametrize("shape", [(300, 100), (1000, 300), FULL], ids=str)
def test_ellison_glaeser_from_cells(versus, shape):
    jobs, plants = _economy(*shape)
    raw_jobs, raw_plants = jobs.values, plants.values
    found = versus(
        lambda: (
            ellison_glaeser(jobs, herfindahl="cell_means", establishments=plants).gamma
        ),
        twin=lambda: _gamma_by_activity(raw_jobs, raw_plants),
        size=f"{shape[0]} x {shape[1]}",
    )
    known = np.isfinite(found.result)
    np.testing.assert_allclose(
        found.result[known], found.twin_result[known], rtol=1e-9, atol=1e-12
    )


@pytest.mark.parametrize("n", [50_000, 200_000, 1_000_000])
def test_ellison_glaeser_from_plants(versus, n):
    rng = np.random.default_rng(3)
    region = rng.integers(0, FULL[0], n)
    activity = rng.integers(0, FULL[1], n)
    size = rng.lognormal(2, 1.2, n)
    table = as_plants(
        pa.table(
            {
                "region": np.char.zfill(region.astype(str), 4),
                "industry": np.char.zfill(activity.astype(str), 3),
                "employment": size,
            }
        )
    )
    found = versus(
        lambda: ellison_glaeser(table).gamma,
        twin=lambda: _gamma_by_mask(
            table.region, table.activity, table.size, table.regions.size, FULL[1]
        ),
        size=f"{n} plants, {FULL[0]} x {FULL[1]}",
        twin_rounds=1,
    )
    np.testing.assert_allclose(found.result, found.twin_result, rtol=1e-9, atol=1e-12)
    if n == 1_000_000:
        assert found.ratio > 3


@pytest.mark.parametrize("shape", [(1000, 160), TARGET, FULL], ids=str)
def test_coagglomeration_all_pairs(versus, shape):
    jobs, _ = _economy(*shape)
    raw = jobs.values
    found = versus(
        lambda: coagglomeration(jobs).values,
        twin=lambda: _egk_by_pair(raw),
        size=f"{shape[0]} x {shape[1]}, {shape[1] * (shape[1] - 1) // 2} pairs",
        twin_rounds=1,
    )
    a, b = np.triu_indices(shape[1], 1)
    np.testing.assert_allclose(found.result[a, b], found.twin_result[a, b], atol=1e-12)
    if shape == FULL:
        assert found.ratio > 10
