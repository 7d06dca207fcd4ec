"""Exposure to the nearest only, exposure split by own treatment, weights by period."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from scipy.optimize import minimize_scalar

from agglo.core.errors import AlignmentError, NotIdentifiedError, OptionError
from agglo.core.options import Bootstrap, MonteCarlo
from agglo.core.weights import SpatialWeights
from agglo.core.weights_kinds import Rings
from agglo.econometrics import (
    Clustered,
    EventWindow,
    Expected,
    Observed,
    fit_spatial_did,
    fit_spatial_event_study,
    fit_spatial_panel,
    placebo_test,
)
from tests.econometrics.panels import world


@pytest.fixture(scope="module")
def made():
    return world(5, n=40, t=10)


@pytest.fixture(scope="module")
def arrays(made):
    n, t = len(made.ids), 10
    return {c: np.array(made.table[c]).reshape(n, t).T for c in ("y", "x", "d")} | {
        "w": made.weights.matrix.toarray()
    }


def within(a):
    return a - a.mean(0) - a.mean(1, keepdims=True) + a.mean()


def rings(made, exposure, edges=(0, 60, 150)):
    return Rings.build(
        made.x_km, made.y_km, made.ids, edges_km=edges, exposure=exposure
    )


def test_nearest_marks_the_ring_of_the_nearest_treated_region(made, arrays):
    fit = fit_spatial_did(
        made.table,
        outcome="y",
        start=made.start,
        weights=made.weights,
        durbin_weights=rings(made, "nearest"),
    )
    gap = np.hypot(
        made.x_km[:, None] - made.x_km[None], made.y_km[:, None] - made.y_km[None]
    )
    d = arrays["d"]
    want = np.zeros((10, 40, 2))
    for t in range(10):
        for i in range(40):
            on = np.flatnonzero(d[t])
            if d[t, i] or not on.size:
                continue
            km = gap[i, on].min()
            if km <= 150:
                want[t, i, int(km > 60)] = 1.0
    np.testing.assert_array_equal(fit.design.z[:, :, 1:], want)
    # one region treated alone: everyone within the ring is exposed
    s = np.linalg.inv(np.eye(40) - fit.rho * arrays["w"])
    inner = (gap <= 60) & ~np.eye(40, dtype=bool)
    outer = (gap > 60) & (gap <= 150)
    b = fit.value
    effect = s @ (b[0] * np.eye(40) + b[1] * inner + b[2] * outer)
    assert fit.impacts.value[0, 2] == pytest.approx(effect.sum() / 40)
    moved = placebo_test(
        fit,
        positions={
            r: (x, y) for r, x, y in zip(made.ids, made.x_km, made.y_km, strict=True)
        },
        inference=MonteCarlo(n=19, seed=1),
    )
    assert np.isfinite(moved.simulated).all()


@pytest.mark.parametrize("model", ["slx", "sdm"])
def test_split_exposure_is_two_columns(made, arrays, model):
    fit = fit_spatial_did(
        made.table,
        outcome="y",
        start=made.start,
        covariates=["x"],
        weights=made.weights,
        model=model,
        split=True,
    )
    d, w = arrays["d"], arrays["w"]
    wd = d @ w.T
    columns = [d, arrays["x"], d * wd, (1 - d) * wd, arrays["x"] @ w.T]
    z = np.column_stack([within(c).ravel() for c in columns])
    target = arrays["y"] - (fit.rho if model == "sdm" else 0.0) * arrays["y"] @ w.T
    b = np.linalg.lstsq(z, within(target).ravel(), rcond=None)[0]
    assert fit.term[:5] == (
        "treatment",
        "x",
        "W*treatment of treated",
        "W*treatment of untreated",
        "W*x",
    )
    np.testing.assert_allclose(fit.value[:5], b, atol=1e-8)
    # realised effects hold both kinds of exposure, average ones that of the untreated
    s = np.linalg.inv(np.eye(40) - (fit.rho if model == "sdm" else 0.0) * w)
    tau = (b[0] * d + b[2] * d * wd + b[3] * (1 - d) * wd) @ s.T
    told = fit.realised()
    assert told.of("treated") == pytest.approx(tau[d > 0].mean())
    alone = s @ (b[0] * np.eye(40) + b[3] * w)
    assert fit.impacts.value[0, 0] == pytest.approx(np.trace(alone) / 40)
    assert fit.impacts.value[0, 2] == pytest.approx(alone.sum() / 40)


def test_planted_split_is_recovered():
    rng, n, t = np.random.default_rng(6), 150, 10
    x, y = rng.uniform(0, 500, (2, n))
    ids = [f"r{i:03d}" for i in range(n)]
    weights = SpatialWeights.build_knn(x, y, ids, k=6).standardised()
    w = weights.matrix.toarray()
    first = np.where(rng.random(n) < 0.4, rng.integers(3, 8, n), t)
    d = (np.arange(t) >= first[:, None]) * 1.0
    wd = w @ d
    right = 0.5 * d + 0.9 * d * wd - 0.4 * (1 - d) * wd + 0.1 * rng.normal(size=(n, t))
    outcome = np.linalg.solve(np.eye(n) - 0.3 * w, right)
    rows = pa.table(
        {
            "region": np.repeat(ids, t),
            "period": np.tile(np.arange(t).astype(str), n),
            "y": outcome.ravel(),
            "d": d.ravel(),
        }
    )
    fit = fit_spatial_did(rows, outcome="y", treatment="d", weights=weights, split=True)
    want = {"W*d of treated": 0.9, "W*d of untreated": -0.4, "rho": 0.3, "d": 0.5}
    for name, value in want.items():
        assert abs(fit.coefficients[name] - value) < 3.5 * fit.errors[name], name
        assert fit.errors[name] < 0.1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"split": True, "durbin_weights": "nearest"}, "exclude each other"),
        ({"split": True, "model": "sar"}, "needs one treatment with a lag"),
    ],
)
def test_forms_that_do_not_fit(made, options, words):
    if options.get("durbin_weights"):
        options = {**options, "durbin_weights": rings(made, "nearest")}
    with pytest.raises(OptionError, match=words):
        fit_spatial_did(
            made.table, outcome="y", start=made.start, weights=made.weights, **options
        )


def test_nearest_is_for_one_treatment(made):
    with pytest.raises(OptionError, match="needs one treatment"):
        fit_spatial_event_study(
            made.table,
            outcome="y",
            start=made.start,
            weights=made.weights,
            durbin_weights=rings(made, "nearest"),
        )
    with pytest.raises(OptionError, match="0 and 1"):
        fit_spatial_panel(
            made.table,
            outcome="y",
            covariates=["x"],
            weights=made.weights,
            durbin_weights=rings(made, "nearest"),
        )


# weights by period


def changing(made, t=10):
    rng = np.random.default_rng(9)
    return {
        str(p): SpatialWeights.build_knn(
            made.x_km + rng.normal(0, 60, len(made.ids)), made.y_km, made.ids, k=4
        ).standardised()
        for p in range(t)
    }


@pytest.mark.parametrize("vcov", [Observed(), Expected(), Clustered("region")])
@pytest.mark.parametrize("model", ["sdm", "sem"])
def test_equal_weights_in_every_period_are_those_weights(made, vcov, model):
    common = {"outcome": "y", "covariates": ["x"], "start": made.start}
    common |= {"bias": "none", "vcov": vcov, "model": model}
    one = fit_spatial_did(made.table, weights=made.weights, **common)
    each = dict.fromkeys([str(p) for p in range(10)], made.weights)
    many = fit_spatial_did(made.table, weights=each, **common)
    np.testing.assert_allclose(many.value, one.value, atol=1e-9)
    np.testing.assert_allclose(many.se, one.se, rtol=1e-7)
    np.testing.assert_allclose(many.impacts.value, one.impacts.value, atol=1e-9)
    np.testing.assert_allclose(many.impacts.se, one.impacts.se, rtol=1e-7)
    assert many.loglik == pytest.approx(one.loglik, abs=1e-8)
    a, b = many.realised(), one.realised()
    np.testing.assert_allclose(a.value, b.value, atol=1e-9)
    np.testing.assert_allclose(a.se, b.se, rtol=1e-7)


def test_weights_by_period_are_the_dense_likelihood_with_dummies(made, arrays):
    each = changing(made)
    fit = fit_spatial_panel(
        made.table, outcome="y", covariates=["x"], weights=each, bias="none"
    )
    w = [each[str(p)].matrix.toarray() for p in range(10)]
    wy = np.stack([w[p] @ arrays["y"][p] for p in range(10)])
    wx = np.stack([w[p] @ arrays["x"][p] for p in range(10)])
    unit = np.kron(np.ones((10, 1)), np.eye(40))
    period = np.kron(np.eye(10), np.ones((40, 1)))[:, 1:]
    z = np.column_stack([arrays["x"].ravel(), wx.ravel(), unit, period])

    def minus(rho):
        u = (arrays["y"] - rho * wy).ravel()
        e = u - z @ np.linalg.lstsq(z, u, rcond=None)[0]
        det = sum(np.linalg.slogdet(np.eye(40) - rho * m)[1] for m in w)
        s2 = e @ e / 400
        return 200 * (np.log(2 * np.pi) + 1 + np.log(s2)) - det

    best = minimize_scalar(minus, bounds=(-0.9, 0.9), options={"xatol": 1e-10})
    assert fit.rho == pytest.approx(best.x, abs=1e-6)
    assert fit.loglik == pytest.approx(-best.fun, abs=1e-8)
    s = [np.linalg.inv(np.eye(40) - fit.rho * m) for m in w]
    b, g = fit.coefficients["x"], fit.coefficients["W*x"]
    effect = [m @ (b * np.eye(40) + g * v) for m, v in zip(s, w, strict=True)]
    direct = np.mean([np.trace(m) / 40 for m in effect])
    total = np.mean([m.sum() / 40 for m in effect])
    assert fit.impacts.of("x")["direct"] == pytest.approx(direct)
    assert fit.impacts.of("x")["total"] == pytest.approx(total)


def test_event_study_and_placebo_take_weights_by_period(made):
    each = changing(made)
    event = fit_spatial_event_study(
        made.table,
        outcome="y",
        start=made.start,
        weights=each,
        bias="none",
        window=EventWindow(-2, 3),
        bands=Bootstrap(n=99, seed=1),
    )
    assert np.isfinite(event.value).all()
    fit = fit_spatial_did(
        made.table,
        outcome="y",
        start=made.start,
        weights=each,
        durbin_weights=rings(made, "share"),
        bias="none",
    )
    found = placebo_test(fit, kind="cohort", inference=MonteCarlo(n=19, seed=1))
    assert np.isfinite(found.simulated).all()


def test_weights_by_period_that_do_not_fit(made):
    each = changing(made)
    common = {"outcome": "y", "covariates": ["x"]}
    for bias in ("transform", "bc"):
        with pytest.raises(OptionError, match="bias_unsupported"):
            fit_spatial_panel(made.table, weights=each, bias=bias, **common)
    short = {k: v for k, v in each.items() if k != "3"}
    with pytest.raises(AlignmentError, match=r"weights_ids.*'3'"):
        fit_spatial_panel(made.table, weights=short, bias="none", **common)
    lonely = SpatialWeights.from_matrix(np.zeros((40, 40)), made.ids)
    with pytest.raises(AlignmentError, match=r"weights_islands.*in 3"):
        fit_spatial_panel(
            made.table, weights={**each, "3": lonely}, bias="none", **common
        )
    with pytest.raises(NotIdentifiedError, match="collinear"):
        fit_spatial_panel(
            made.table, weights=each, bias="none", outcome="y", covariates=["x", "x"]
        )
