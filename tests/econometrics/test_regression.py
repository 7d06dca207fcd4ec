"""Least squares and Poisson with absorbed effects: values, limits, bad input."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agglo.core.errors import (
    ColumnNotFoundError,
    InvalidTableError,
    NotIdentifiedError,
    OptionError,
)
from agglo.econometrics import (
    ClusteredBy,
    Dyadic,
    Homoskedastic,
    Robust,
    fit_linear,
    fit_poisson,
)
from agglo.econometrics._kernels.absorb import absorb, not_singletons
from tests.econometrics.reference_panels import panel_a, panel_b


def dummies(*codes):
    return np.column_stack(
        [(c[:, None] == np.unique(c)[None, :]).astype(float) for c in codes]
    )


@given(st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_absorbing_equals_dummies(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(30, 80))
    codes = np.vstack([rng.integers(0, k, n) for k in (6, 5, 4)])
    codes = np.vstack([np.unique(c, return_inverse=True)[1] for c in codes])
    weights = rng.uniform(0.5, 2.0, n)
    values = rng.normal(size=(n, 2)) * [1.0, 1e4]
    out, settled = absorb(values, codes, weights)
    root = np.sqrt(weights)[:, None]
    d = dummies(*codes)
    b = np.linalg.lstsq(d * root, values * root, rcond=None)[0]
    assert settled
    np.testing.assert_allclose(
        out / [1.0, 1e4], (values - d @ b) / [1.0, 1e4], atol=1e-8
    )


def test_singletons_are_dropped_again_and_again():
    # b2 has one row; without it a2 has one row left, and then b1 has one
    codes = np.array([[0, 0, 1, 1, 0], [0, 0, 1, 2, 1]])
    assert not_singletons(codes).tolist() == [True, True, False, False, False]


def test_linear_by_hand():
    # unit means 1.5 and 3.5 in x, 2 and 7 in y: within slopes 2 and 2
    rows = pa.table({"u": ["a", "a", "b", "b"], "x": [1, 2, 3, 4], "y": [1, 3, 6, 8]})
    fit = fit_linear(rows, outcome="y", covariates=["x"], effects=["u"])
    assert fit.coefficient("x") == pytest.approx(2.0)
    assert fit.fit == pytest.approx(1.0)


def test_linear_equals_dummy_regression_with_every_error():
    table = panel_a()
    fit = fit_linear(
        table,
        outcome="y",
        covariates=["x", "x2"],
        effects=["unit", "time"],
        vcov=Homoskedastic(),
    )
    i, t = (table[c].to_numpy() for c in ("unit", "time"))
    x = np.column_stack(
        [table["x"].to_numpy(), table["x2"].to_numpy(), dummies(i, t)[:, :-1]]
    )
    y = table["y"].to_numpy()
    bread = np.linalg.inv(x.T @ x)
    b = bread @ x.T @ y
    e = y - x @ b
    n, k = x.shape
    np.testing.assert_allclose(fit.values, b[:2], rtol=1e-9)
    np.testing.assert_allclose(
        fit.se, np.sqrt(np.diag(bread)[:2] * (e @ e) / (n - k)), rtol=1e-9
    )
    robust = bread @ (x.T * e**2) @ x @ bread * n / (n - k)
    np.testing.assert_allclose(
        fit.with_vcov(Robust()).se, np.sqrt(np.diag(robust)[:2]), rtol=1e-9
    )

    def by(code):
        s = dummies(code).T @ (x * e[:, None])
        return bread @ (s.T @ s) @ bread

    two = by(i) + by(t) - by(i * 100 + t)
    # both effects are nested in one of the clusters: two coefficients are counted
    two *= 12 / 11 * (n - 1) / (n - 2)
    np.testing.assert_allclose(
        fit.with_vcov(ClusteredBy(("unit", "time"))).covariance, two[:2, :2], rtol=1e-8
    )


def test_weights_are_repeated_rows():
    rng = np.random.default_rng(4)
    x, g = rng.normal(size=60), np.repeat(np.arange(12), 5)
    y, w = rng.normal(size=60) + x, rng.integers(1, 4, 60)
    one = pa.table({"x": x, "y": y, "g": g, "w": w})
    many = pa.table({k: np.repeat(v, w) for k, v in {"x": x, "y": y, "g": g}.items()})
    options = {"outcome": "y", "covariates": ["x"], "effects": ["g"]}
    np.testing.assert_allclose(
        fit_linear(one, weights="w", **options).values,
        fit_linear(many, **options).values,
        rtol=1e-9,
    )


def test_dyadic_errors_equal_the_double_sum():
    rng = np.random.default_rng(5)
    n = 12
    a, b = (v.ravel() for v in np.meshgrid(range(n), range(n), indexing="ij"))
    off = a != b
    a, b = np.tile(a[off], 2), np.tile(b[off], 2)
    x, y = rng.normal(size=a.size), rng.normal(size=a.size)
    rows = pa.table({"a": a, "b": b, "x": x, "y": y})
    fit = fit_linear(rows, outcome="y", covariates=["x"], vcov=Dyadic("a", "b"))
    full = np.column_stack([x, np.ones(x.size)])
    bread = np.linalg.inv(full.T @ full)
    e = y - full @ (bread @ full.T @ y)
    s = full * e[:, None]
    share = (
        (a[:, None] == a) | (a[:, None] == b) | (b[:, None] == a) | (b[:, None] == b)
    )
    explicit = bread @ (s.T @ share.astype(float) @ s) @ bread * n / (n - 1)
    np.testing.assert_allclose(fit.covariance, explicit, rtol=1e-10)
    assert any("dyadic" in w for w in fit.provenance.warnings)


def test_combination_and_joint():
    fit = fit_linear(panel_a(), outcome="y", covariates=["x", "x2"])
    gap = fit.combination({"x": 1.0, "x2": -1.0})
    assert gap.value == pytest.approx(fit.coefficient("x") - fit.coefficient("x2"))
    assert gap.p_greater + gap.p_less == pytest.approx(1.0)
    one = fit.joint(("x",))[0]
    assert one == pytest.approx((fit.coefficient("x") / fit.error("x")) ** 2)


def test_poisson_reference_values():
    # panel B: coefficients, deviance and clustered errors of three programs (tol 1e-8)
    fit = fit_poisson(
        panel_b(),
        outcome="count",
        covariates=["x", "v"],
        effects=["unit", "time"],
        vcov=ClusteredBy(("unit",)),
    )
    np.testing.assert_allclose(fit.values, [0.4900713844, -0.1548514956], atol=1e-8)
    # the reference stops before its errors settle: Newton with dummies gives our digits
    np.testing.assert_allclose(fit.se, [0.0630055935, 0.0756360037], atol=5e-8)
    np.testing.assert_allclose(fit.se, [0.06300560150771, 0.07563602919142], rtol=1e-11)
    assert fit.fit == pytest.approx(663.0639375, abs=1e-6)


def test_poisson_solves_its_score_equations():
    table = panel_b()
    fit = fit_poisson(table, outcome="count", covariates=["x"], effects=["unit"])
    e = fit.design.residual
    for x in (table["x"].to_numpy(), *dummies(table["unit"].to_numpy()).T):
        assert abs(x @ e) < 1e-6


def test_poisson_drops_levels_of_zeros():
    table = panel_b().to_pydict()
    table["count"] = [
        0 if u < 3 else c for u, c in zip(table["unit"], table["count"], strict=True)
    ]
    fit = fit_poisson(
        pa.table(table), outcome="count", covariates=["x"], effects=["unit"]
    )
    assert fit.dropped["separated"] == 30
    assert fit.n == 370


def test_poisson_drops_what_a_regressor_separates():
    # y is 0 whenever d is 1: the coefficient of d would run to minus infinity
    rng = np.random.default_rng(1)
    d = (rng.random(300) < 0.2).astype(float)
    d[0] = 0.0
    x = rng.normal(size=300)
    y = np.where(d == 1, 0, rng.poisson(np.exp(0.5 + 0.3 * x)))
    rows = pa.table({"y": y, "x": x, "d": d})
    with pytest.raises(NotIdentifiedError, match="collinear"):
        fit_poisson(rows, outcome="y", covariates=["x", "d"])
    kept = fit_poisson(rows.filter(pa.array(d == 0)), outcome="y", covariates=["x"])
    assert kept.coefficient("x") == pytest.approx(0.3, abs=0.1)


def test_missing_rows_are_counted_and_singletons_dropped():
    table = panel_b().to_pydict()
    table["x"][0] = None
    table["unit"][1] = 999
    fit = fit_poisson(
        pa.table(table), outcome="count", covariates=["x"], effects=["unit"]
    )
    assert (fit.dropped["missing"], fit.dropped["singletons"], fit.n) == (1, 1, 398)


ROWS = {"y": [1.0, 2.0, 3.0, 5.0], "x": [1.0, 2.0, 2.0, 1.0], "g": ["a", "a", "b", "b"]}


@pytest.mark.parametrize(
    ("columns", "options", "error", "says"),
    [
        (
            {"one": ["k"] * 4},
            {"vcov": ClusteredBy(("one",))},
            NotIdentifiedError,
            "one_cluster",
        ),
        (
            {"x2": [2.0, 4.0, 4.0, 2.0]},
            {"covariates": ["x", "x2"]},
            NotIdentifiedError,
            "x2",
        ),
        ({}, {"covariates": ["x"], "effects": ["x"]}, NotIdentifiedError, "collinear"),
        (
            {f"v{i}": np.arange(4.0) ** i + i for i in range(2, 7)},
            {"covariates": [f"v{i}" for i in range(2, 7)]},
            NotIdentifiedError,
            "too_few_observations",
        ),
        ({"x": [np.inf, 1, 2, 3]}, {}, InvalidTableError, "not_finite"),
        ({"x": [None] * 4}, {}, InvalidTableError, "empty_table"),
        ({}, {"covariates": "x"}, OptionError, "sequence"),
        ({}, {"covariates": ["x", "x"]}, OptionError, "more than once"),
        ({}, {"covariates": ["z"]}, ColumnNotFoundError, "z"),
    ],
)
def test_bad_input(columns, options, error, says):
    given = pa.table({**ROWS, **columns})
    with pytest.raises(error, match=says):
        fit_linear(given, **{"outcome": "y", "covariates": ["x"], **options})


def test_poisson_refuses_negative_and_all_zero():
    with pytest.raises(InvalidTableError, match="negative_value"):
        fit_poisson(
            pa.table({**ROWS, "y": [-1.0, 1, 2, 3]}), outcome="y", covariates=["x"]
        )
    with pytest.raises(NotIdentifiedError, match="all_zero"):
        fit_poisson(pa.table({**ROWS, "y": [0.0] * 4}), outcome="y", covariates=["x"])
    with pytest.raises(OptionError, match="Homoskedastic"):
        fit_poisson(pa.table(ROWS), outcome="y", covariates=["x"], vcov=Homoskedastic())


def test_few_clusters_are_warned_of():
    fit = fit_linear(
        panel_a(), outcome="y", covariates=["x"], vcov=ClusteredBy(("time",))
    )
    assert not fit.provenance.warnings
    few = panel_a().filter(pa.array(panel_a()["time"].to_numpy() < 5))
    fit = fit_linear(few, outcome="y", covariates=["x"], vcov=ClusteredBy(("time",)))
    assert "wild_bootstrap" in fit.provenance.warnings[0]
