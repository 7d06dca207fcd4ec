"""Tests before and after the fit: what they refuse, and that they find nothing in noise."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from agglo.core.errors import OptionError
from agglo.econometrics import fit_spatial_panel, lm_tests, model_tests
from tests.econometrics.panels import world


def test_only_a_durbin_model_can_be_simplified():
    made = world(3)
    fit = fit_spatial_panel(
        made.table, outcome="y", covariates=["x"], weights=made.weights, model="sar"
    )
    with pytest.raises(OptionError, match="sdm"):
        model_tests(fit)


def test_nested_models_never_fit_better():
    made = world(3)
    fit = fit_spatial_panel(
        made.table, outcome="y", covariates=["x", "d"], weights=made.weights
    )
    tests = model_tests(fit)
    assert (tests.statistic > 0).all()
    assert tests.to_arrow().num_rows == 6
    assert "SAR" in tests.summary()
    tests.plot()


@pytest.mark.slow
def test_lm_tests_hold_their_level():
    """400 panels without spatial dependence, no effects: rejections at 5 % inside 2-8.5 %.

    With two-way effects and 40 regions the plain tests reject 10-13 %: the docs say so.
    """
    base = world(3)
    rejected = []
    for seed in range(5000, 5400):
        rng = np.random.default_rng(seed)
        x = rng.normal(size=400)
        table = base.table.select(["region", "period"])
        table = table.append_column("x", pa.array(x))
        table = table.append_column("y", pa.array(x + rng.normal(size=400)))
        found = lm_tests(
            table, outcome="y", covariates=["x"], weights=base.weights, effects=None
        )
        rejected.append(found.p < 0.05)
    rate = np.mean(rejected, axis=0)
    assert (rate > 0.02).all()
    assert (rate < 0.085).all()
