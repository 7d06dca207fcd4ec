"""Instruments: values of other programs, sets, bad input."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from agglo.core.errors import NotIdentifiedError, OptionError
from agglo.econometrics import (
    ClusteredBy,
    anderson_rubin,
    fit_iv,
    fit_linear,
    weak_instruments,
)
from agglo.econometrics._kernels.instruments import effective_degrees
from tests.econometrics.reference_panels import panel_a

BY_UNIT = ClusteredBy(("unit",))


def fitted(instruments, endogenous=("x",), **options):
    return fit_iv(
        panel_a(),
        outcome="y",
        endogenous=list(endogenous),
        instruments=list(instruments),
        effects=["unit", "time"],
        vcov=BY_UNIT,
        **options,
    )


def test_one_instrument():
    # pyfixest 0.60, linearmodels 7.1
    fit = fitted(["z"])
    found = weak_instruments(fit)
    assert fit.coefficient("x") == pytest.approx(1.3838307350, abs=1e-9)
    assert fit.error("x") == pytest.approx(0.0583190856, abs=1e-9)
    assert found.kp_wald == pytest.approx(247.3547347, abs=1e-6)
    assert found.effective_f == pytest.approx(243.2479127, abs=1e-6)
    assert found.cragg_donald == pytest.approx(308.7587951, abs=1e-6)
    assert np.isnan(found.hansen_j)
    assert not found.weak


def test_two_instruments():
    # linearmodels 7.1 (rank tests, J); pyfixest 0.60 (effective F)
    fit = fitted(["z", "z2"])
    found = weak_instruments(fit)
    assert fit.coefficient("x") == pytest.approx(1.3861731, abs=1e-7)
    assert found.kp_wald == pytest.approx(251.0846516, abs=1e-6)
    assert found.kp_lm == pytest.approx(75.1239250, abs=1e-6)
    assert found.effective_f == pytest.approx(136.9494891, abs=1e-6)
    plain = found.effective_f * fit.design.spread.factor(2)
    assert plain == pytest.approx(139.3593042, abs=1e-6)
    assert found.effective_degrees[1] == pytest.approx(1.671709, abs=1e-6)
    assert found.critical[1] == pytest.approx(20.14107, abs=1e-5)
    assert found.hansen_j == pytest.approx(0.157772438, abs=1e-8)


def test_two_endogenous():
    # linearmodels 7.1, statspai 1.40
    fit = fitted(["z", "z2", "z3"], ("x", "x2"))
    found = weak_instruments(fit)
    np.testing.assert_allclose(fit.values, [1.4255765, -0.0515678], atol=1e-7)
    assert found.kp_lm == pytest.approx(39.8853740, abs=1e-6)
    assert found.kp_wald == pytest.approx(61.4985573, abs=1e-6)
    assert found.kp_wald / 3 == pytest.approx(20.4995191, abs=1e-6)
    printed = found.kp_wald / 3 * 119 / 120 * (1440 - 3) / (1440 - 1)
    assert printed == pytest.approx(20.30044, abs=1e-5)
    assert found.hansen_j == pytest.approx(0.167294427, abs=1e-8)


@pytest.mark.parametrize(
    ("n", "wanted"),
    [
        (1, [37.42, 23.11, 15.06, 12.05]),
        (2, [32.32, 19.29, 12.17, 9.57]),
        (3, [30.13, 17.67, 10.95, 8.53]),
        (5, [27.98, 16.08, 9.75, 7.51]),
    ],
)
def test_critical_values_of_the_effective_f(n, wanted):
    # Montiel Olea and Pflueger 2013, table 1; equal eigenvalues give degrees n
    found = [effective_degrees(np.eye(n), bias) for bias in (0.05, 0.1, 0.2, 0.3)]
    np.testing.assert_allclose([c for _, c in found], wanted, atol=0.006)
    np.testing.assert_allclose([d for d, _ in found], n)


def test_anderson_rubin_reference():
    fit = fitted(["z", "z2"])
    score = anderson_rubin(fit)
    assert score.statistic == pytest.approx(68.9639657, abs=1e-6)
    np.testing.assert_allclose(score.intervals, [(1.2474153, 1.5341010)], atol=1e-6)
    wald = anderson_rubin(fit, form="wald")
    assert wald.statistic == pytest.approx(98.9080564, abs=1e-6)
    np.testing.assert_allclose(wald.intervals, [(1.2498331, 1.5334972)], atol=1e-6)
    assert score.status == "bounded"


def test_the_test_and_the_set_agree():
    fit = fitted(["z", "z2"])
    ((low, high),) = anderson_rubin(fit).intervals
    for value, outside in (
        (low - 1e-3, True),
        (low + 1e-3, False),
        (high + 1e-3, True),
    ):
        assert (anderson_rubin(fit, null=value).p < 0.05) is outside


def test_projection_contains_the_estimate():
    fit = fitted(["z", "z2", "z3"], ("x", "x2"))
    found = anderson_rubin(fit, term="x2")
    assert found.projection
    ((low, high),) = found.intervals
    assert low < found.estimate < high
    half = 1.96 * fit.error("x2")
    assert high - low > 2 * half  # three degrees against one


def test_irrelevant_instrument_gives_an_unbounded_set():
    rng = np.random.default_rng(6)
    n = 400
    u = rng.normal(size=n)
    rows = pa.table({"z": rng.normal(size=n), "x": u + rng.normal(size=n), "y": u})
    fit = fit_iv(rows, outcome="y", endogenous=["x"], instruments=["z"])
    assert weak_instruments(fit).weak
    found = anderson_rubin(fit)
    assert not found.bounded
    assert found.status in {"unbounded", "whole line"}
    assert "inf" in found.summary()


def test_contradicting_instruments_give_an_empty_set():
    rng = np.random.default_rng(3)
    n = 2000
    z, w = rng.normal(size=n), rng.normal(size=n)
    x = z + w + rng.normal(size=n)
    rows = pa.table({"z": z, "w": w, "x": x, "y": x + 2 * w + rng.normal(size=n)})
    fit = fit_iv(rows, outcome="y", endogenous=["x"], instruments=["z", "w"])
    found = anderson_rubin(fit)
    assert found.status == "empty"
    assert found.undefined
    assert weak_instruments(fit).hansen_j > 50


def test_liml_equals_two_stages_when_just_identified():
    np.testing.assert_allclose(
        fitted(["z"], method="liml").values, fitted(["z"]).values, rtol=1e-9
    )


def test_instruments_equal_to_covariates_give_least_squares():
    table = panel_a().append_column("copy", panel_a()["x"])
    fit = fit_iv(table, outcome="y", endogenous=["x"], instruments=["copy"])
    plain = fit_linear(table, outcome="y", covariates=["x"])
    np.testing.assert_allclose(fit.values, plain.values, rtol=1e-9)
    np.testing.assert_allclose(fit.se, plain.se, rtol=1e-9)


def test_covariates_are_their_own_instruments():
    fit = fit_iv(
        panel_a(),
        outcome="y",
        endogenous=["x"],
        instruments=["z"],
        covariates=["x2"],
        effects=["unit", "time"],
    )
    # two-stage least squares by hand
    plain = fit_linear(
        panel_a(), outcome="x", covariates=["z", "x2"], effects=["unit", "time"]
    )
    d = plain.design
    hat = d.x @ plain.values
    y = fit.design.y
    second = np.linalg.lstsq(np.column_stack([hat, d.x[:, 1]]), y, rcond=None)[0]
    np.testing.assert_allclose(fit.values, second, rtol=1e-8)


def test_bad_instruments():
    table = panel_a()
    twin = table.append_column("twin", pa.array(2.0 * table["z"].to_numpy()))
    base = {"outcome": "y", "effects": ["unit"]}
    with pytest.raises(NotIdentifiedError, match="twin"):
        fit_iv(twin, endogenous=["x"], instruments=["z", "twin"], **base)
    with pytest.raises(NotIdentifiedError, match="too_few_instruments"):
        fit_iv(table, endogenous=["x", "x2"], instruments=["z"], **base)
    with pytest.raises(OptionError, match="instruments"):
        fit_iv(table, endogenous=["x"], instruments=[], **base)
    one = table.append_column("one", pa.array(["k"] * table.num_rows))
    with pytest.raises(NotIdentifiedError, match="one_cluster"):
        fit_iv(
            one, endogenous=["x"], instruments=["z"], vcov=ClusteredBy(("one",)), **base
        )
    few = table.append_column("few", pa.array(np.arange(table.num_rows) % 2))
    fit = fit_iv(
        few,
        outcome="y",
        endogenous=["x"],
        instruments=["z", "z2"],
        vcov=ClusteredBy(("few",)),
    )
    with pytest.raises(NotIdentifiedError, match="too_few_clusters"):
        weak_instruments(fit)
    plain = fit_linear(table, outcome="y", covariates=["x"])
    with pytest.raises(OptionError, match="fit_iv"):
        anderson_rubin(plain)


def test_two_way_clusters_run():
    fit = fitted(["z", "z2"]).with_vcov(ClusteredBy(("unit", "time")))
    assert np.isfinite(weak_instruments(fit).kp_wald)
    assert fit.df == 11
