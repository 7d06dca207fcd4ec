"""What must hold whatever the data: units of distance, no lag, workers, memory, one cohort."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from joblib import parallel_config

from agglo.core.options import Bootstrap, MonteCarlo
from agglo.core.tables import as_panel
from agglo.core.weights import SpatialWeights
from agglo.core.weights_kinds import Rings
from agglo.econometrics import (
    EventWindow,
    Observed,
    fit_cohort_saturated,
    fit_imputation_sdm,
    fit_spatial_did,
    fit_spatial_event_study,
    fit_spatial_panel,
    placebo_test,
)
from tests.econometrics.panels import world


@settings(max_examples=6, deadline=None)
@given(scale=st.sampled_from([1e-3, 0.5, 1.609, 1e4]))
def test_the_unit_of_distance_does_not_matter(scale):
    made = world(31, n=40, t=8)
    fits = []
    for by in (1.0, scale):
        rings = Rings.build(
            made.x_km * by,
            made.y_km * by,
            made.ids,
            edges_km=(0, 80 * by, 200 * by),
        )
        at = {
            r: (float(x) * by, float(y) * by)
            for r, x, y in zip(made.ids, made.x_km, made.y_km, strict=True)
        }
        fit = fit_spatial_did(
            made.table,
            outcome="y",
            start=made.start,
            weights=made.weights,
            durbin_weights=rings,
        )
        told = fit.realised(positions=at, ring_edges_km=(0, 90 * by))
        fits.append((fit.value, fit.se, told.value))
    for a, b in zip(*fits, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9)


def test_without_a_planted_lag_the_durbin_model_is_that_without_one():
    gaps = []
    for seed in range(12):
        made = world(seed, n=60, t=10, rho=0.0)
        common = {"outcome": "y", "covariates": ["x"], "start": made.start}
        sdm = fit_spatial_did(
            made.table, weights=made.weights, vcov=Observed(), **common
        )
        slx = fit_spatial_did(
            made.table, weights=made.weights, model="slx", vcov=Observed(), **common
        )
        gaps.append((sdm.impacts.value[0] - slx.impacts.value[0]) / sdm.impacts.se[0])
        assert abs(sdm.rho) < 4 * sdm.errors["rho"]
    assert np.abs(np.mean(gaps, axis=0)).max() < 1.0
    assert np.abs(gaps).max() < 3.5


@pytest.mark.parametrize("n_jobs", [2])
def test_draws_are_the_same_for_any_number_of_workers(n_jobs):
    made = world(33, n=60, t=8, share=0.12)
    common = {"outcome": "y", "start": made.start, "weights": made.weights}

    def everything():
        fit = fit_spatial_did(made.table, **common)
        event = fit_spatial_event_study(
            made.table,
            **common,
            window=EventWindow(-2, 2),
            bands=Bootstrap(n=199, seed=4),
        )
        imputed = fit_imputation_sdm(
            made.table, **common, inference=Bootstrap(n=99, seed=4)
        )
        moved = placebo_test(fit, kind="cohort", inference=MonteCarlo(n=99, seed=4))
        return [event.band_lower, imputed.se, moved.simulated]

    alone = everything()
    with parallel_config(backend="threading", n_jobs=n_jobs):
        together = everything()
    for a, b in zip(alone, together, strict=True):
        np.testing.assert_array_equal(a, b)


def test_memory_is_linear_in_cells():
    rng = np.random.default_rng(1)
    n = 1_500
    ids = [f"r{i:04d}" for i in range(n)]
    weights = SpatialWeights.build_knn(*rng.random((2, n)), ids, k=5).standardised()
    peak = []
    for t in (5, 20):
        rows = pa.table(
            {
                "region": np.repeat(ids, t),
                "period": np.tile(np.arange(t).astype(str), n),
                "x": rng.normal(size=n * t),
                "y": rng.normal(size=n * t),
            }
        )
        panel = as_panel(rows, variables=["y", "x"])
        fit = {"outcome": "y", "covariates": ["x"], "weights": weights}
        fit_spatial_panel(panel, **fit)
        tracemalloc.start()
        fit_spatial_panel(panel, **fit)
        peak.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    # four times the cells: at most four times the memory, and no N x N array (18 MB)
    assert peak[1] < 5 * peak[0]
    assert peak[1] < 18e6


def test_one_cohort_saturated_is_the_model_with_its_event_dummies():
    made = world(35, n=40, t=8)
    first = dict.fromkeys(list(made.start)[:14], "5")
    found = fit_cohort_saturated(
        made.table, outcome="y", weights=made.weights, start=first, vcov=Observed()
    )
    on = np.array([r in first for r in made.table["region"].to_pylist()])
    period = np.array(made.table["period"].to_pylist())
    rows = made.table
    for k in range(3):
        rows = rows.append_column(
            f"k{k}", pa.array((on & (period == str(5 + k))).astype(float))
        )
    plain = fit_spatial_panel(
        rows, outcome="y", covariates=["k0", "k1", "k2"], weights=made.weights
    )
    np.testing.assert_allclose(found.fit.value, plain.value, atol=1e-10)
    np.testing.assert_allclose(found.fit.impacts.value, plain.impacts.value, atol=1e-10)
