"""Negative binomial counts: values of another program, limits, bad input."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from agglo.core.errors import NotIdentifiedError, OptionError
from agglo.econometrics import Homoskedastic, fit_negative_binomial, fit_poisson
from tests.econometrics.reference_panels import panel_b

# statsmodels 0.15.0 NegativeBinomial (nb2) on panel B, with dummies; run by hand
PLAIN = ([0.65979192, -0.13558484, 0.493648497], 0.667437629, -715.023040586)
WITHIN = ([0.458051364, -0.205628348], 0.322843058, -653.303665621)


@pytest.mark.parametrize(
    ("effects", "wanted"), [((), PLAIN), (("unit", "time"), WITHIN)]
)
def test_statsmodels_agrees(effects, wanted):
    fit = fit_negative_binomial(
        panel_b(), outcome="count", covariates=["x", "v"], effects=effects
    )
    np.testing.assert_allclose(fit.values, wanted[0], rtol=1e-5)
    assert fit.provenance.parameters["alpha"] == pytest.approx(wanted[1], rel=1e-5)
    assert fit.fit == pytest.approx(wanted[2], rel=1e-9)
    assert "log likelihood" in fit.summary()


def test_without_more_spread_it_is_poisson():
    rng = np.random.default_rng(4)
    x = rng.normal(size=800)
    unit = np.repeat(np.arange(80), 10)
    # fewer ups and downs than Poisson: no dispersion is likelier than none
    y = np.round(np.exp(2.0 + 0.5 * x))
    table = pa.table({"unit": unit, "x": x, "y": y})
    options = {"outcome": "y", "covariates": ["x"], "effects": ["unit"]}
    one, two = fit_negative_binomial(table, **options), fit_poisson(table, **options)
    np.testing.assert_allclose(one.values, two.values, rtol=1e-5)
    assert one.provenance.parameters["alpha"] < 1e-6


def test_refusals():
    options = {"outcome": "count", "covariates": ["x"]}
    with pytest.raises(OptionError, match="Homoskedastic"):
        fit_negative_binomial(panel_b(), **options, vcov=Homoskedastic())
    zero = panel_b().to_pydict()
    zero["count"] = [0.0] * len(zero["count"])
    with pytest.raises(NotIdentifiedError, match="all_zero"):
        fit_negative_binomial(pa.table(zero), **options)
