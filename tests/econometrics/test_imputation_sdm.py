"""Imputed outcomes with spillovers: by hand without noise, planted effects, refusals."""

from __future__ import annotations

import numpy as np
import pytest

from agglo.core.errors import NotIdentifiedError, OptionError
from agglo.core.options import Bootstrap
from agglo.econometrics import distance_weights, fit_imputation_sdm, fit_spatial_did
from agglo.econometrics._kernels.clean_cells import CleanCells
from agglo.simulate import simulate_corridors

FEW = Bootstrap(n=99, seed=1)


def test_clean_cells_are_least_squares_with_dummies():
    rng = np.random.default_rng(2)
    t, n = 6, 9
    clean = rng.random((t, n)) < 0.7
    clean[0] = True
    x, y = rng.normal(size=(t, n, 2)), rng.normal(size=(t, n))
    unit = np.kron(np.ones((t, 1)), np.eye(n))
    period = np.kron(np.eye(t), np.ones((n, 1)))[:, 1:]
    a = np.column_stack([unit, period, x.reshape(-1, 2)])
    b = np.linalg.lstsq(a[clean.ravel()], y.ravel()[clean.ravel()], rcond=None)[0]
    cells = CleanCells(clean, x)
    np.testing.assert_allclose(cells.fitted(y[..., None])[..., 0].ravel(), a @ b)
    # the transposed map, on which errors of a second stage rest
    columns = rng.normal(size=(t, n, 3))
    hat = a @ np.linalg.pinv(a[clean.ravel()])
    want = np.zeros((t * n, 3))
    want[clean.ravel()] = hat.T @ columns.reshape(-1, 3)
    np.testing.assert_allclose(cells.carried(columns).reshape(-1, 3), want, atol=1e-12)


def test_growing_effects_are_recovered_where_one_coefficient_is_biased():
    """Six worlds: the bias of one coefficient exceeds 10 %, imputation stays below 5 %."""
    plain, imputed, rest = [], [], []
    for seed in range(41_000, 41_006):
        made = simulate_corridors(profile="heterogeneous", seed=seed)
        common = {
            "outcome": "specialisation",
            "covariates": ["x"],
            "start": made.starts,
            "weights": made.weights,
            "durbin_weights": made.exposure,
        }
        truth = made.planted("specialisation.realised_treated")["all"]
        away = made.planted("specialisation.realised_untreated")["all"]
        found = fit_imputation_sdm(made.panel, **common, inference=FEW)
        one = fit_spatial_did(made.panel, **common).realised()
        plain.append(one.of("treated") / truth - 1)
        imputed.append(found.of("treated") / truth - 1)
        rest.append(found.of("untreated") - away)
        assert 0 < found.se[0] < 0.2
    assert np.mean(plain) > 0.10
    assert abs(np.mean(imputed)) < 0.05
    assert abs(np.mean(rest)) < 0.04


def test_means_add_up_and_rings_need_positions():
    made = simulate_corridors(profile="heterogeneous", seed=5)
    common = {
        "outcome": "specialisation",
        "covariates": ["x"],
        "start": made.starts,
        "weights": made.weights,
        "durbin_weights": made.exposure,
        "inference": FEW,
    }
    found = fit_imputation_sdm(
        made.panel,
        **common,
        positions=made.positions,
        coordinates="degrees",
        ring_edges_km=(0, 100, 250),
    )
    cells = dict(zip(found.group, found.cells, strict=True))
    assert {"0-100 km", "100-250 km", ">250 km"} <= set(found.group)
    for kind in ("k=", "cohort="):
        groups = [g for g in found.group if g.startswith(kind)]
        total = sum(found.of(g) * cells[g] for g in groups)
        assert sum(cells[g] for g in groups) == cells["treated"]
        assert total / cells["treated"] == pytest.approx(found.of("treated"))
    assert "experimental" in found.summary()
    again = fit_imputation_sdm(made.panel, **common)
    np.testing.assert_array_equal(again.se, found.se[: again.se.size])
    with pytest.raises(OptionError, match="positions"):
        fit_imputation_sdm(made.panel, **common, ring_edges_km=(0, 100))


def test_a_period_without_clean_cells_is_named():
    made = simulate_corridors(profile="heterogeneous", seed=5)
    dense = distance_weights(made.positions, kind="knn", k=45)
    with pytest.raises(NotIdentifiedError, match=r"no_controls.*201"):
        fit_imputation_sdm(
            made.panel,
            outcome="specialisation",
            start=made.starts,
            weights=made.weights,
            durbin_weights=dense,
        )
