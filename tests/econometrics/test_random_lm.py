"""Tests of Baltagi, Song and Koh: published panel, level under the null, refusals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from agglo.core.errors import NotIdentifiedError
from agglo.core.weights import SpatialWeights
from agglo.econometrics import random_lm_tests
from tests.econometrics.panels import munnell


def test_munnell(shared_data: Path):
    folder = shared_data / "econometrics"
    if not folder.is_dir():
        pytest.skip("the published panels are not in the shared data")
    panel = munnell(folder)
    found = random_lm_tests(
        panel.table,
        outcome=panel.outcome,
        covariates=panel.covariates,
        weights=panel.weights,
    )
    assert found.of("region variance", "LM1") == pytest.approx(64.30366, abs=1e-5)
    assert found.of("spatial error", "LM2") == pytest.approx(11.65723, abs=1e-5)
    assert found.of("either", "LMH") == pytest.approx(4270.852, abs=1e-3)


def drawn(rng, weights, n=50, t=6, own=0.0, lam=0.0):
    x = rng.normal(size=(n, t))
    e = rng.normal(size=(n, t))
    if lam:
        e = np.linalg.solve(np.eye(n) - lam * weights.matrix.toarray(), e)
    y = 1 + x + own * rng.normal(size=(n, 1)) + e
    ids = np.repeat(weights.ids, t)
    periods = np.tile(np.arange(t).astype(str), n)
    return pa.table({"region": ids, "period": periods, "x": x.ravel(), "y": y.ravel()})


@pytest.fixture(scope="module")
def weights():
    rng = np.random.default_rng(3)
    ids = [f"r{i:02d}" for i in range(50)]
    return SpatialWeights.build_knn(*rng.random((2, 50)), ids).standardised()


def test_level_and_power(weights):
    rng = np.random.default_rng(4)
    null = np.mean(
        [
            random_lm_tests(
                drawn(rng, weights), outcome="y", covariates=["x"], weights=weights
            ).p
            <= 0.05
            for _ in range(300)
        ],
        axis=0,
    )
    # binomial error .0126; LM1 falls short of its level in small panels
    assert (null <= 0.09).all()
    assert (null >= 0.01).all()
    common = {"outcome": "y", "covariates": ["x"], "weights": weights}
    assert random_lm_tests(drawn(rng, weights, own=1.0), **common).p[0] < 1e-6
    assert random_lm_tests(drawn(rng, weights, lam=0.6), **common).p[1] < 1e-6


def test_one_period_is_refused(weights):
    rows = drawn(np.random.default_rng(1), weights, t=1)
    with pytest.raises(NotIdentifiedError, match="one_period"):
        random_lm_tests(rows, outcome="y", covariates=["x"], weights=weights)
