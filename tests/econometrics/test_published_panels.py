"""The published panels against exact fits: parameters, errors, effects, tests to 1e-6."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pytest

from agglo.econometrics import (
    Clustered,
    Expected,
    Observed,
    SpatialPanelFit,
    fit_spatial,
    fit_spatial_panel,
    lm_tests,
    model_tests,
)
from tests.econometrics.panels import EFFECTS, Published, cigarettes, munnell

KEYS = [
    f"{data}|{model}|{effects}|{bias}"
    for data, model, effects, biases in (
        ("cigar", "SAR", "ind", ("none", "bc", "transform")),
        ("cigar", "SAR", "time", ("none", "bc")),
        ("cigar", "SAR", "two", ("none", "transform")),
        ("cigar", "SDM", "ind", ("none", "bc", "transform")),
        ("cigar", "SDM", "two", ("none", "transform")),
        ("produc", "SAR", "ind", ("none", "bc", "transform")),
        ("produc", "SAR", "time", ("none", "transform")),
        ("produc", "SAR", "two", ("none", "bc")),
        ("produc", "SDM", "ind", ("none", "bc")),
        ("produc", "SDM", "time", ("none", "bc", "transform")),
    )
    for bias in biases
]


@pytest.fixture(scope="module")
def folder(shared_data: Path) -> Path:
    return shared_data / "econometrics"


@pytest.fixture(scope="module")
def published(folder: Path) -> dict[str, Published]:
    return {"cigar": cigarettes(folder), "produc": munnell(folder)}


@pytest.fixture(scope="module")
def reference(folder: Path) -> dict[str, dict]:
    text = (folder / "reference_exact_ml.json").read_text(encoding="utf-8")
    return json.loads(text)


def fit(
    panel: Published, model: str, effects: str, bias: str, **more
) -> SpatialPanelFit:
    return fit_spatial_panel(
        panel.table,
        outcome=panel.outcome,
        covariates=panel.covariates,
        weights=panel.weights,
        model=model.lower(),
        effects=EFFECTS[effects],
        bias=bias,
        **more,
    )


def test_every_reference_fit_is_used(reference):
    assert set(KEYS) == set(reference) - {"_note"}


@pytest.mark.parametrize("key", KEYS)
def test_exact_fit(key, published, reference):
    data, model, effects, bias = key.split("|")
    want = reference[key]
    found = fit(published[data], model, effects, bias, vcov=Expected())
    assert found.loglik == pytest.approx(want["loglik"], rel=1e-6)
    np.testing.assert_allclose(found.value, list(want["params"].values()), rtol=1e-6)
    np.testing.assert_allclose(found.se, list(want["se"].values()), rtol=1e-6)
    for name, effect in want["impacts"].items():
        row = found.impacts.variable.index(name)
        numbers = [effect[k] for k in ("direct", "indirect", "total")]
        np.testing.assert_allclose(found.impacts.value[row], numbers, rtol=1e-6)
        np.testing.assert_allclose(found.impacts.se[row], effect["se_delta"], rtol=1e-6)
    if "se_observed" in want:
        observed = found.with_vcov(Observed())
        np.testing.assert_allclose(
            observed.se, list(want["se_observed"].values()), rtol=1e-6
        )


def test_clustered_errors_of_the_cigarette_model(published):
    found = fit(published["cigar"], "SDM", "two", "transform", vcov=Clustered("region"))
    assert found.errors["logp"] == pytest.approx(0.227212, abs=5e-7)
    assert found.errors["rho"] == pytest.approx(0.107320, abs=5e-7)
    np.testing.assert_allclose(
        found.impacts.se[0], [0.230574, 0.209350, 0.365443], atol=5e-7
    )


@pytest.mark.parametrize(
    ("data", "model", "effects", "bias", "lam", "loglik"),
    [
        ("cigar", "sem", "two", "none", 0.240668, 1687.2182),
        ("cigar", "sem", "two", "transform", 0.282759, 1567.5887),
        ("cigar", "sem", "ind", "none", 0.469559, 1538.9580),
        ("cigar", "sdem", "two", "none", 0.227578, 1691.1757),
        ("cigar", "sac", "two", "none", 0.224248, 1687.2436),
        ("produc", "sem", "ind", "none", 0.557401, 1634.0207),
        ("produc", "sac", "ind", "none", 0.455312, 1638.3023),
    ],
)
def test_models_with_a_spatial_error(
    published, data, model, effects, bias, lam, loglik
):
    found = fit(published[data], model, effects, bias)
    assert found.lam == pytest.approx(lam, abs=1e-6)
    assert found.loglik == pytest.approx(loglik, abs=1e-4)


def test_errors_of_the_spatial_error_model(published):
    for bias, se in (("none", 0.032658), ("transform", 0.034419)):
        found = fit(published["cigar"], "sem", "two", bias, vcov=Expected())
        assert found.errors["lambda"] == pytest.approx(se, abs=1e-6)
        assert found.coefficients["logp"] == pytest.approx(
            {"none": -1.004107, "transform": -0.999351}[bias], abs=2e-6
        )


def test_the_literature_is_missed_by_its_step_table(published):
    """Elhorst (2014) prints .219: log-determinants on a grid of step .001, not the optimum."""
    found = fit(published["cigar"], "sdm", "two", "none")
    assert abs(found.rho - 0.219) <= 0.012
    assert abs(found.coefficients["logp"] - -1.003) <= 0.013
    assert abs(found.coefficients["W*logp"] - 0.045) <= 0.013


@pytest.mark.parametrize(
    ("effects", "redemean", "want"),
    [
        (None, True, [66.4657, 153.0401, 58.2636, 144.8380]),
        (("region", "period"), True, [47.0729, 54.6548, 1.1718, 8.7536]),
        (("region", "period"), False, [46.9005, 54.6548, 1.1563, 8.9106]),
    ],
)
def test_lm_table_of_the_cigarettes(published, effects, redemean, want):
    panel = published["cigar"]
    found = lm_tests(
        panel.table,
        outcome=panel.outcome,
        covariates=panel.covariates,
        weights=panel.weights,
        effects=effects,
        redemean=redemean,
    )
    np.testing.assert_allclose(found.statistic, want, atol=1e-4)


def test_simpler_models_of_the_cigarettes(published):
    found = model_tests(fit(published["cigar"], "SDM", "two", "none", vcov=Expected()))
    for test, kind, want in (
        ("SAR", "LR", 15.9036),
        ("SEM", "LR", 8.6402),
        ("SAR", "Wald", 15.4710),
        ("SEM", "Wald", 8.7699),
    ):
        assert found.of(test, kind) == pytest.approx(want, abs=1e-4)
    assert found.df.tolist() == [2, 2, 2, 2, 46, 30]


@pytest.mark.parametrize("key", [k for k in KEYS if "SDM" in k])
def test_wald_tests_of_every_durbin_fit(key, published, reference):
    data, model, effects, bias = key.split("|")
    found = model_tests(fit(published[data], model, effects, bias, vcov=Expected()))
    want = reference[key]
    assert found.of("SAR", "Wald") == pytest.approx(want["wald_theta_zero"], rel=1e-6)
    assert found.of("SEM", "Wald") == pytest.approx(
        want["wald_common_factor"], rel=1e-6
    )


def test_joint_effects_of_the_published_regression(published):
    """The printed 2315.7 (46 df) and 473.1 (30 df) are those of the model without space."""
    plain = {
        effects: fit(published["cigar"], "slx", effects, "none", durbin=[])
        for effects in EFFECTS
    }
    two = plain["two"]
    assert two.loglik == pytest.approx(1661.7008, abs=1e-4)
    assert two.coefficients["logp"] == pytest.approx(-1.034884, abs=1e-6)
    assert two.sigma2 == pytest.approx(0.005268, abs=1e-6)
    assert 2 * (two.loglik - plain["time"].loglik) == pytest.approx(2315.70, abs=6e-3)
    assert 2 * (two.loglik - plain["ind"].loglik) == pytest.approx(473.10, abs=6e-3)


@pytest.mark.parametrize(
    ("model", "parameter", "value", "loglik"),
    [
        ("sar", "rho", 0.401103, 18.494018),
        ("sdm", "rho", 0.363763, 19.103908),
        ("sem", "lambda", 0.41983, 17.860591),
    ],
)
def test_cross_section_of_1992(published, model, parameter, value, loglik):
    panel = published["cigar"]
    last = panel.table.filter(pc.equal(panel.table["period"], "92"))
    found = fit_spatial(
        last,
        outcome=panel.outcome,
        covariates=panel.covariates,
        weights=panel.weights,
        model=model,
        vcov=Expected(),
    )
    assert found.coefficients[parameter] == pytest.approx(value, abs=1e-6)
    assert found.loglik == pytest.approx(loglik, abs=1e-6)
    if model == "sar":
        assert found.errors["rho"] == pytest.approx(0.146763, abs=1e-6)
        assert found.coefficients["constant"] == pytest.approx(1.686319, abs=1e-6)
        assert found.coefficients["logp"] == pytest.approx(-1.234309, abs=1e-6)
