"""The same model under other weights."""

from __future__ import annotations

import numpy as np
import pytest

from agglo.core.errors import OptionError
from agglo.core.weights import SpatialWeights
from agglo.econometrics import fit_spatial_did, weights_sensitivity
from tests.econometrics.panels import world


def test_each_row_is_the_fit_under_its_weights():
    made = world(31)
    sets = {"5 nearest": made.weights}
    for cut in (150, 300):
        sets[f"to {cut} km"] = SpatialWeights.build_inverse_distance(
            made.x_km, made.y_km, made.ids, cutoff_km=cut, islands="nearest"
        ).standardised()
    found = weights_sensitivity(
        made.table, outcome="y", treatment="d", covariates=["x"], weights=sets
    )
    for i, w in enumerate(sets.values()):
        fit = fit_spatial_did(
            made.table, outcome="y", treatment="d", covariates=["x"], weights=w
        )
        np.testing.assert_array_equal(found.value[i], fit.impacts.value[0])
        assert found.rho[i] == fit.rho
    # the world was made with the first weights
    assert found.loglik.argmax() == 0
    assert found.same_sign[0] == 1
    assert found.to_arrow().num_rows == 9
    assert "to 300 km" in found.summary()
    found.plot()


def test_no_weights_are_refused():
    with pytest.raises(OptionError, match="empty"):
        weights_sensitivity(world(31).table, outcome="y", treatment="d", weights={})


def test_weights_of_outcome_and_of_treatment_vary_apart():
    """Every pair is the fit with these weights and these lags."""
    made = world(31)
    near = SpatialWeights.build_knn(made.x_km, made.y_km, made.ids, k=3)
    weights = {"main": made.weights, "near": near.standardised()}
    found = weights_sensitivity(
        made.table, outcome="y", treatment="d", weights=weights, durbin_weights=weights
    )
    assert list(zip(found.name, found.durbin, strict=True)) == [
        ("main", "main"), ("main", "near"), ("near", "main"), ("near", "near"),
    ]  # fmt: skip
    alone = fit_spatial_did(
        made.table,
        outcome="y",
        treatment="d",
        weights=weights["near"],
        durbin_weights=weights["main"],
    )
    assert found.value[2].tolist() == alone.impacts.value[0].tolist()
    assert "near, lags by main" in found.summary()
