"""Propensity scores, matches and weighted difference-in-differences."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from agglo.core.errors import AlignmentError, NotIdentifiedError, OptionError
from agglo.core.weights import SpatialWeights
from agglo.econometrics import ClusteredBy, fit_linear, fit_weighted_did, match_controls
from agglo.econometrics._kernels.propensity import logit, match_shares


def draw(seed, n=120, t=6, trend=1.0, theta=0.0):
    """Regions with high x are chosen more often and grow faster whatever the policy."""
    rng = np.random.default_rng(seed)
    ids = [f"r{i:03d}" for i in range(n)]
    w = SpatialWeights.build_knn(rng.random(n), rng.random(n), ids, k=5).standardised()
    x = rng.normal(size=n)
    chosen = rng.random(n) < 1 / (1 + np.exp(1 - 1.2 * x))
    first = np.where(chosen, rng.choice([3, 4], n), 99)[:, None]
    d = (np.arange(t) >= first) * 1.0
    y = 2 * d + theta * w.lag(d) + trend * np.arange(t) * x[:, None]
    y += rng.normal(size=(n, 1)) + 0.1 * rng.normal(size=(n, t))
    table = pa.table(
        {
            "region": np.repeat(ids, t),
            "period": np.tile([str(p) for p in range(t)], n),
            "y": y.ravel(),
            "x": np.repeat(x, t),
            "d": d.ravel(),
        }
    )
    return table, w


def test_logit_by_hand_and_at_its_optimum():
    # two groups: log odds of 1/4 and 3/4
    x = np.column_stack([np.ones(8), np.repeat([0.0, 1.0], 4)])
    y = np.array([1, 0, 0, 0, 1, 1, 1, 0.0])
    b, score, fault = logit(x, y)
    assert fault == ""
    np.testing.assert_allclose(b, [-np.log(3), 2 * np.log(3)], rtol=1e-10)
    np.testing.assert_allclose(x.T @ (y - 1 / (1 + np.exp(-score))), 0, atol=1e-10)
    assert logit(x, np.repeat([0.0, 1.0], 4))[2] == "separation"
    assert logit(np.column_stack([x, x[:, 1]]), y)[2] == "collinear"


def test_shares_by_hand():
    controls = np.array([0.0, 0.4, 1.0, 1.0])
    near = match_shares(np.array([0.1, 0.9, 5.0]), controls, width=0.5, nearest=1)
    # ties go to the first control; the last treated has no match
    np.testing.assert_array_equal(near, [[1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0]])
    two = match_shares(np.array([0.1]), controls, width=0.5, nearest=2)
    np.testing.assert_array_equal(two, [[0.5, 0.5, 0, 0]])
    kernel = match_shares(np.array([0.2]), controls, width=0.4, nearest=None)
    np.testing.assert_allclose(kernel, [[0.5, 0.5, 0, 0]])


@pytest.mark.parametrize("method", ["nearest", "kernel"])
@pytest.mark.parametrize("before", ["cohort", "first"])
def test_matching_balances_and_removes_the_bias(method, before):
    plain, matched = [], []
    for seed in range(6):
        table, w = draw(seed)
        match = match_controls(
            table, covariates=["x"], treatment="d", method=method, before=before
        )
        assert abs(match.balance[0].after) < 0.4 * abs(match.balance[0].before)
        one = fit_linear(
            table, outcome="y", covariates=["d"], effects=["region", "period"]
        )
        plain.append(one.coefficient("d") - 2)
        fit = fit_weighted_did(
            table, outcome="y", treatment="d", match=match, weights=w
        )
        matched.append(fit.coefficient("treatment") - 2)
    assert np.mean(plain) > 1.0
    assert abs(np.mean(matched)) < 0.35 * np.mean(plain)


def test_weights_count_matched_regions():
    table, _ = draw(3)
    match = match_controls(table, covariates=["x"], treatment="d", neighbours=3)
    inside = match.treated & (match.weight > 0)
    assert match.weight[~match.treated].sum() == pytest.approx(inside.sum())
    assert set(match.unmatched) == {
        r
        for r, on, k in zip(match.region, match.treated, match.weight, strict=True)
        if on and k == 0
    }
    low, high = match.support
    assert low < high
    assert "common support" in match.summary()
    assert match.to_frame().num_rows == 120


def test_unit_weights_are_the_design_of_delgado_and_florax():
    from dataclasses import replace

    table, w = draw(5, trend=0.0, theta=1.0)
    match = match_controls(table, covariates=["x"], treatment="d")
    even = replace(match, weight=np.ones(120))
    fit = fit_weighted_did(table, outcome="y", treatment="d", match=even, weights=w)
    lagged = w.lag(table["d"].to_numpy().reshape(120, 6)).ravel()
    plain = fit_linear(
        table.append_column("wd", pa.array(lagged)),
        outcome="y",
        covariates=["d", "wd"],
        effects=["region", "period"],
        vcov=ClusteredBy("region"),
    )
    assert fit.coefficient("exposure") == pytest.approx(plain.coefficient("wd"))
    assert fit.coefficient("exposure") == pytest.approx(1.0, abs=0.1)
    apart = fit_weighted_did(
        table, outcome="y", treatment="d", match=even, weights=w, split=True
    )
    for term in ("exposure of treated", "exposure of untreated"):
        assert apart.coefficient(term) == pytest.approx(1.0, abs=0.15)


def test_refused():
    table, w = draw(1)
    for change in ({"caliper": 0.0}, {"neighbours": 0}, {"method": "exact"}):
        with pytest.raises(OptionError):
            match_controls(table, covariates=["x"], treatment="d", **change)
    d = table["d"].to_numpy().reshape(120, 6)
    told = table.set_column(3, "x", pa.array(np.repeat(d.max(axis=1), 6)))
    with pytest.raises(NotIdentifiedError, match="separation"):
        match_controls(told, covariates=["x"], treatment="d")
    with pytest.raises(NotIdentifiedError, match="collinear"):
        match_controls(table, covariates=["x", "x"], treatment="d")
    match = match_controls(table, covariates=["x"], treatment="d")
    with pytest.raises(AlignmentError):
        fit_weighted_did(
            table.slice(6), outcome="y", treatment="d", match=match, weights=w
        )
