"""Leaving clusters out: closed forms against fits without the cluster, and refusals."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from agglo.core.errors import NotIdentifiedError, OptionError
from agglo.econometrics import (
    ClusteredBy,
    ClusterJackknife,
    fit_iv,
    fit_linear,
    fit_negative_binomial,
    fit_poisson,
)
from tests.econometrics.reference_panels import panel_a, panel_b

LEFT_OUT = ClusterJackknife(("unit",))
LINEAR = {"outcome": "y", "covariates": ["x", "x2"]}
STAGES = {"outcome": "y", "endogenous": ["x"], "instruments": ["z", "z2"]}


def by_hand(fit, table, **options):
    """Fit again without each unit."""
    units = np.array(table["unit"].to_pylist())
    moves = [
        fit(table.filter(pa.array(units != u)), **options).values
        for u in np.unique(units)
    ]
    whole = fit(table, **options)
    gap = np.array(moves) - whole.values
    n = len(moves)
    return np.sqrt((n - 1) / n * (gap**2).sum(axis=0)), whole


@pytest.mark.parametrize(
    ("fit", "options"),
    [
        (fit_linear, {**LINEAR, "effects": ["unit"]}),
        (fit_linear, LINEAR),
        (fit_iv, {**STAGES, "covariates": ["x2"], "effects": ["unit"]}),
        (fit_iv, STAGES),
    ],
)
def test_equals_leaving_out_by_hand(fit, options):
    wanted, whole = by_hand(fit, panel_a(), **options)
    np.testing.assert_allclose(whole.with_vcov(LEFT_OUT).se, wanted, rtol=1e-8)
    direct = fit(panel_a(), **options, vcov=LEFT_OUT)
    np.testing.assert_allclose(direct.se, wanted, rtol=1e-8)
    assert direct.df == 119
    assert "jackknife over unit" in direct.summary()


@pytest.mark.parametrize("fit", [fit_poisson, fit_negative_binomial])
def test_one_step_is_near_leaving_out_for_counts(fit):
    options = {"outcome": "count", "covariates": ["x", "v"], "effects": ["unit"]}
    wanted, whole = by_hand(fit, panel_b(), **options)
    np.testing.assert_allclose(whole.with_vcov(LEFT_OUT).se, wanted, rtol=0.05)


def test_crossed_effects_are_removed_once():
    options = {**LINEAR, "effects": ["unit", "time"]}
    wanted, whole = by_hand(fit_linear, panel_a(), **options)
    np.testing.assert_allclose(whole.with_vcov(LEFT_OUT).se, wanted, rtol=0.02)


def test_order_and_names_of_clusters_do_not_matter():
    table = panel_a()
    turned = table.take(np.arange(table.num_rows)[::-1])
    other = turned.set_column(
        0, "unit", pa.array([f"u{v}" for v in turned["unit"].to_pylist()])
    )
    one, two = (fit_linear(t, **LINEAR, vcov=LEFT_OUT) for t in (table, other))
    np.testing.assert_allclose(one.se, two.se, rtol=1e-10)


def test_refusals():
    with pytest.raises(OptionError, match="one column"):
        ClusterJackknife(("unit", "time"))
    fit = fit_iv(panel_a(), **STAGES, method="liml", vcov=ClusteredBy(("unit",)))
    with pytest.raises(OptionError, match="liml"):
        fit.with_vcov(LEFT_OUT)
    # a regressor that moves in one unit only cannot do without it
    units = np.array(panel_a()["unit"].to_pylist())
    rng = np.random.default_rng(1)
    alone = np.where(units == units[0], rng.normal(size=units.size), 0.0)
    table = panel_a().append_column("alone", pa.array(alone))
    with pytest.raises(NotIdentifiedError, match="one_cluster_decides"):
        fit_linear(table, outcome="y", covariates=["x", "alone"], vcov=LEFT_OUT)
