"""Every result has a summary, a frame, a dictionary and a figure."""

from __future__ import annotations

import json

import pytest

from agglo.core.options import MonteCarlo
from agglo.evaluation import (
    Choices,
    composite_index,
    impute,
    indicator_weights,
    judgement_weights,
    normalise,
    rank_sensitivity,
    rank_uncertainty,
    removal_effect,
    screen_units,
    treat_outliers,
)
from tests.evaluation.tables import drawn

TABLE = drawn(12, 4, pillars=2)
NOISE = {"choices": Choices(weight_noise=0.9), "inference": MonteCarlo(n=60, seed=1)}
RESULTS = {
    "composite": (lambda: composite_index(TABLE), 12 * 3),
    "weights": (lambda: indicator_weights(TABLE, method="pca"), 7),
    "judgements": (lambda: judgement_weights([[1, 2], [0.5, 1]], names=["a", "b"]), 2),
    "normalise": (lambda: normalise(TABLE), 48),
    "impute": (lambda: impute(TABLE.slice(1), method="mean"), 48),
    "treat": (lambda: treat_outliers(TABLE), 48),
    "screen": (lambda: screen_units(TABLE), 12),
    "uncertainty": (lambda: rank_uncertainty(TABLE, **NOISE), 12),
    "sensitivity": (lambda: rank_sensitivity(TABLE, **NOISE), 1),
    "removal": (lambda: removal_effect(TABLE), 6),
}


@pytest.mark.parametrize("name", RESULTS)
def test_result(name):
    make, rows = RESULTS[name]
    found = make()
    assert found.to_arrow().num_rows == rows
    given = found.to_dict()
    assert json.loads(json.dumps(given, allow_nan=False)) == given
    assert any(c.isdigit() for c in found.summary())
    assert found.plot().has_data()
