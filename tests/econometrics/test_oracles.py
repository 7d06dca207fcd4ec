"""The same data through other programs, where they are installed.

Run by hand with pyfixest 0.60.0, linearmodels 7.1 and statsmodels 0.15.0: all agree.

Values typed elsewhere in the tests came from pyfixest 0.60, linearmodels 7.1 and
ShiftShareSE 1.1.0; these tests repeat the comparison with whatever version is there.
"""

from __future__ import annotations

import numpy as np
import pytest

from agglo.econometrics import (
    ClusteredBy,
    Homoskedastic,
    fit_iv,
    fit_linear,
    fit_poisson,
    weak_instruments,
)
from tests.econometrics.reference_panels import panel_a, panel_b

BY = ClusteredBy(("unit",))


@pytest.mark.filterwarnings("ignore")
def test_pyfixest_agrees():
    pf = pytest.importorskip("pyfixest")
    frame = panel_a().to_pandas()
    theirs = pf.feols("y ~ x + x2 | unit + time", frame, vcov={"CRV1": "unit"})
    ours = fit_linear(
        panel_a(),
        outcome="y",
        covariates=["x", "x2"],
        effects=["unit", "time"],
        vcov=BY,
    )
    np.testing.assert_allclose(ours.values, theirs.coef().to_numpy(), rtol=1e-7)
    np.testing.assert_allclose(ours.se, theirs.se().to_numpy(), rtol=1e-7)
    counts = panel_b().to_pandas()
    theirs = pf.fepois("count ~ x + v | unit + time", counts, vcov={"CRV1": "unit"})
    ours = fit_poisson(
        panel_b(),
        outcome="count",
        covariates=["x", "v"],
        effects=["unit", "time"],
        vcov=BY,
    )
    np.testing.assert_allclose(ours.values, theirs.coef().to_numpy(), rtol=1e-5)
    np.testing.assert_allclose(ours.se, theirs.se().to_numpy(), rtol=1e-4)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("method", ["2sls", "liml"])
def test_linearmodels_agrees(method):
    iv = pytest.importorskip("linearmodels.iv")
    frame = panel_a().to_pandas()
    model = {"2sls": iv.IV2SLS, "liml": iv.IVLIML}[method]
    frame["constant"] = 1.0
    theirs = model(
        frame["y"], frame[["constant"]], frame[["x", "x2"]], frame[["z", "z2", "z3"]]
    ).fit(cov_type="clustered", clusters=frame["unit"])
    ours = fit_iv(
        panel_a(),
        outcome="y",
        endogenous=["x", "x2"],
        instruments=["z", "z2", "z3"],
        vcov=BY,
        method=method,
    )
    wanted = theirs.params[["x", "x2", "constant"]]
    np.testing.assert_allclose(ours.values, wanted, rtol=1e-8)
    # without their small-sample factor: G/(G-1) (N-1)/(N-k) is ours
    factor = 120 / 119 * 1439 / 1437
    se = theirs.std_errors[["x", "x2", "constant"]] * np.sqrt(factor)
    # their scores of LIML use the fully projected regressors, ours the k-class ones
    np.testing.assert_allclose(ours.se, se, rtol=1e-6 if method == "2sls" else 1e-3)


@pytest.mark.filterwarnings("ignore")
def test_statsmodels_agrees():
    sm = pytest.importorskip("statsmodels.api")
    frame = panel_a().to_pandas()
    theirs = sm.OLS(frame["y"], sm.add_constant(frame[["x", "x2"]])).fit()
    ours = fit_linear(
        panel_a(), outcome="y", covariates=["x", "x2"], vcov=Homoskedastic()
    )
    np.testing.assert_allclose(ours.values, theirs.params[["x", "x2", "const"]])
    np.testing.assert_allclose(ours.se, theirs.bse[["x", "x2", "const"]])
    robust = theirs.get_robustcov_results("cluster", groups=frame["unit"])
    np.testing.assert_allclose(
        ours.with_vcov(BY).se, np.roll(robust.bse, -1), rtol=1e-10
    )


@pytest.mark.filterwarnings("ignore")
def test_effective_f_of_pyfixest():
    pf = pytest.importorskip("pyfixest")
    frame = panel_a().to_pandas()
    theirs = pf.feols("y ~ 1 | unit + time | x ~ z", frame, vcov={"CRV1": "unit"})
    theirs.IV_Diag()
    ours = fit_iv(
        panel_a(),
        outcome="y",
        endogenous=["x"],
        instruments=["z"],
        effects=["unit", "time"],
        vcov=BY,
    )
    np.testing.assert_allclose(ours.values, theirs.coef().to_numpy(), rtol=1e-7)
    found = weak_instruments(ours).effective_f
    assert found == pytest.approx(float(theirs._eff_F), rel=1e-6)
