"""First stages and the joint region of two coefficients."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from agglo.core.errors import NotIdentifiedError, OptionError
from agglo.econometrics import (
    ClusteredBy,
    anderson_rubin,
    anderson_rubin_region,
    anderson_rubin_test,
    first_stage,
    fit_iv,
    fit_linear,
    weak_instruments,
)
from tests.econometrics.reference_panels import panel_a

OPTIONS = {
    "outcome": "y",
    "effects": ["unit", "time"],
    "vcov": ClusteredBy(("unit",)),
}


def fitted(instruments, endogenous=("x",), **options):
    base = {**OPTIONS, **options}
    return fit_iv(
        panel_a(), endogenous=list(endogenous), instruments=list(instruments), **base
    )


def test_a_first_stage_is_a_least_squares_regression():
    got = first_stage(fitted(["z", "z2"], covariates=["x2"]))
    options = {**OPTIONS, "outcome": "x"}
    plain = fit_linear(panel_a(), covariates=["z", "z2", "x2"], **options)
    np.testing.assert_allclose(got.values[0], plain.values[:2], rtol=1e-9)
    np.testing.assert_allclose(got.se[0], plain.se[:2], rtol=1e-9)
    assert got.f[0] == pytest.approx(plain.joint(("z", "z2"))[0] / 2, rel=1e-9)
    short = fit_linear(panel_a(), covariates=["x2"], **options).design.residual
    rest = plain.design.residual
    gain = 1.0 - (rest @ rest) / (short @ short)
    assert got.partial_r2[0] == pytest.approx(gain, rel=1e-8)


def test_one_instrument_gives_the_rank_test():
    # with one of each the F is Kleibergen-Paap's over its factor
    fit = fitted(["z"])
    assert first_stage(fit).f[0] == pytest.approx(weak_instruments(fit).kp_f, rel=1e-9)
    assert first_stage(fit).to_arrow().num_rows == 1


def test_first_stage_needs_instruments():
    plain = fit_linear(panel_a(), covariates=["x"], **OPTIONS)
    with pytest.raises(OptionError, match="fit_iv"):
        first_stage(plain)


@pytest.mark.parametrize("form", ["score", "wald"])
def test_the_region_projects_on_the_set(form):
    fit = fitted(["z", "z2", "z3"], ("x", "x2"))
    got = anderson_rubin_region(fit, size=200, width=6.0, form=form)
    assert not got.reaches_edge
    assert 0 < got.share < 1
    for term, (low, high) in zip(got.terms, got.bounds(), strict=True):
        ((left, right),) = anderson_rubin(fit, term=term, form=form).intervals
        step = 12.0 * fit.error(term) / 199
        assert left - 1e-9 <= low <= left + step
        assert right - step <= high <= right + 1e-9


def test_a_point_of_the_region_is_the_test():
    fit = fitted(["z", "z2", "z3"], ("x", "x2"))
    got = anderson_rubin_region(fit, size=11)
    y, z = fit.design.y, fit.design.z
    e = y - fit.design.x @ np.array([got.first[4], got.second[7]])
    code = np.unique(panel_a()["unit"].to_numpy(), return_inverse=True)[1]
    scores = np.zeros((code.max() + 1, 3))
    np.add.at(scores, code, z * e[:, None])
    q = z.T @ e
    from scipy.stats import chi2

    wanted = chi2.sf(q @ np.linalg.solve(scores.T @ scores, q), 3)
    assert got.p[4, 7] == pytest.approx(wanted, rel=1e-8)


@pytest.mark.parametrize("form", ["score", "wald"])
def test_one_coefficient_is_the_test_of_the_set(form):
    fit = fitted(["z", "z2"])
    one = anderson_rubin(fit, null=1.4, form=form)
    got = anderson_rubin_test(fit, null={"x": 1.4}, form=form)
    assert got.statistic == pytest.approx(one.statistic, rel=1e-12)
    assert got.p == pytest.approx(one.p, rel=1e-12)
    assert got.df == 2


def test_the_joint_test_is_a_point_of_the_region():
    fit = fitted(["z", "z2", "z3"], ("x", "x2"))
    grid = anderson_rubin_region(fit, size=11)
    at = {"x": float(grid.first[4]), "x2": float(grid.second[7])}
    assert anderson_rubin_test(fit, null=at).p == pytest.approx(grid.p[4, 7])
    with pytest.raises(OptionError, match="endogenous"):
        anderson_rubin_test(fit, null={"z": 1.0})


def test_irrelevant_instruments_leave_the_region_open():
    rng = np.random.default_rng(6)
    u, a, b, z, w = rng.normal(size=(5, 300))
    rows = pa.table({"z": z, "w": w, "a": a + u, "b": b - u, "y": u})
    fit = fit_iv(rows, outcome="y", endogenous=["a", "b"], instruments=["z", "w"])
    got = anderson_rubin_region(fit, size=60)
    assert got.reaches_edge
    assert "beyond" in got.summary()


def test_the_region_refuses():
    with pytest.raises(OptionError, match="two"):
        anderson_rubin_region(fitted(["z"]))
    table = panel_a()
    few = table.append_column("few", pa.array(np.arange(table.num_rows) % 2))
    fit = fit_iv(
        few,
        outcome="y",
        endogenous=["x", "x2"],
        instruments=["z", "z2"],
        vcov=ClusteredBy(("few",)),
    )
    with pytest.raises(NotIdentifiedError, match="too_few_clusters"):
        anderson_rubin_region(fit)
    with pytest.raises(OptionError, match="size"):
        anderson_rubin_region(fitted(["z", "z2"], ("x", "x2")), size=2)
