"""P-values, false discovery rates and envelopes: hand cases, oracles, nominal rates."""

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.stats import false_discovery_control, kstest

import agglo as ag
from agglo.core.inference import (
    fdr,
    global_envelope,
    mc_pvalue,
    pointwise_envelope,
    sequential_pvalue,
)


def test_p_counts_ties_and_is_never_zero():
    sims = np.array([1.0, 2.0, 2.0, 3.0])
    assert mc_pvalue(2.0, sims, "greater") == pytest.approx(4 / 5)
    assert mc_pvalue(2.0, sims, "less") == pytest.approx(4 / 5)
    assert mc_pvalue(2.0, sims, "two-sided") == 1.0
    assert mc_pvalue(9.0, sims, "greater") == pytest.approx(1 / 5)
    assert mc_pvalue(9.0, sims, "two-sided") == pytest.approx(2 / 5)


def test_unknown_draws_are_left_out_and_unknown_statistics_stay_unknown():
    sims = np.array([[1.0, np.nan], [np.nan, np.nan], [3.0, np.nan]])
    p = mc_pvalue([2.0, 2.0], sims)
    assert p[0] == pytest.approx(2 / 3)
    assert np.isnan(p[1])
    assert np.isnan(mc_pvalue(np.nan, [1.0, 2.0]))
    with pytest.raises(ag.AlignmentError, match="expected"):
        mc_pvalue([1.0, 2.0], [1.0, 2.0])
    with pytest.raises(ag.OptionError, match="Did you mean 'greater'"):
        mc_pvalue(1.0, [1.0], "great")


def test_p_values_are_uniform_under_the_null():
    rng = np.random.default_rng(12)
    p = [mc_pvalue(rng.normal(), rng.normal(size=199)) for _ in range(500)]
    # the p-values live on a grid of 200: jitter them inside their cell
    jittered = np.array(p) - rng.random(500) / 200
    assert kstest(jittered, "uniform").pvalue > 0.001


def test_sequential_stops_at_the_h_th_exceedance():
    values = np.tile([0.0, 1.0], 500)

    def draw(rng, size):  # noqa: ARG001
        start = draw.at
        draw.at += size
        return values[start : start + size]

    draw.at = 0
    found = sequential_pvalue(draw, 1.0, seed=1, h=10)
    assert (found.n, found.exceedances, found.p) == (20, 10, 0.5)
    draw.at = 0
    rare = sequential_pvalue(draw, 2.0, seed=1, h=10, n_max=199)
    assert (rare.n, rare.exceedances, rare.p) == (199, 0, 1 / 200)
    assert np.isnan(sequential_pvalue(draw, np.nan, seed=1).p)


@given(hnp.arrays(float, st.integers(1, 40), elements=st.floats(0, 1)))
def test_fdr_agrees_with_scipy(p):
    # scipy 1.17 false_discovery_control, tolerance of rounding
    np.testing.assert_allclose(fdr(p), false_discovery_control(p), atol=1e-12)
    np.testing.assert_allclose(
        fdr(p, method="by"), false_discovery_control(p, method="by"), atol=1e-12
    )


def test_fdr_passes_nan_and_warns_when_draws_cannot_carry_the_tests():
    q = fdr([[0.01, np.nan], [0.04, 0.5]])
    np.testing.assert_allclose(q, [[0.03, np.nan], [0.06, 0.5]])
    with pytest.warns(ag.NumericsWarning, match="take 1999 draws"):
        fdr(np.full(100, 0.01), n_draws=999)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fdr(np.full(100, 0.01), n_draws=1999)
    assert np.isnan(fdr([np.nan])).all()
    with pytest.raises(ag.InvalidTableError, match=r"\[0, 1\]"):
        fdr([1.5])


def test_pointwise_envelope_by_hand():
    sims = np.column_stack([np.arange(101.0), np.arange(101.0) * 2])
    band = pointwise_envelope([0.0, 0.0], sims, level=0.1)
    np.testing.assert_allclose(band.lower, [5.0, 10.0])
    np.testing.assert_allclose(band.upper, [95.0, 190.0])
    assert np.isnan(band.p)


def test_erl_by_hand():
    # five curves at two arguments. Two-sided ranks: observed (1,1), others (2,1), (3,2),
    # (2,3), (1,2); sorted: (1,1) < (1,2) = (1,2) < (2,3) = (2,3); only the observed curve
    # is as extreme as itself: p = 1/5. The hull of the 3 least extreme keeps (1,2) ties.
    obs = np.array([5.0, 5.0])
    sims = np.array([[4.0, 1.0], [3.0, 2.0], [2.0, 3.0], [1.0, 4.0]])
    with pytest.warns(ag.NumericsWarning, match="rough"):
        band = global_envelope(obs, sims, level=0.4)
    assert band.p == pytest.approx(1 / 5)
    np.testing.assert_allclose(band.lower, [1.0, 1.0])
    np.testing.assert_allclose(band.upper, [4.0, 4.0])


def curves(rng, n, size=25):
    steps = rng.normal(size=(n, size))
    return np.cumsum(steps, axis=1) * 0.2 + rng.normal(size=(n, size))


@pytest.mark.parametrize("kind", ["erl", "mad", "dclf"])
def test_global_tests_keep_their_level(kind):
    rng = np.random.default_rng(13)
    p = []
    for _ in range(150):
        both = curves(rng, 1000)
        p.append(global_envelope(both[0], both[1:], kind=kind).p)
    rejected = np.mean(np.array(p) <= 0.05)
    assert abs(rejected - 0.05) < 3 * np.sqrt(0.05 * 0.95 / 150)


def test_fresh_null_curves_cross_the_duranton_overman_bands_at_the_level():
    rng = np.random.default_rng(14)
    band = global_envelope(curves(rng, 1)[0], curves(rng, 4000), kind="do")
    fresh = curves(rng, 4000)
    above = (fresh > band.upper + 1e-12).any(axis=1).mean()
    below = (fresh < band.lower - 1e-12).any(axis=1).mean()
    # the band is estimated too: its own error is about as large as that of the count
    assert abs(above - 0.05) < 3 * np.sqrt(2 * 0.05 * 0.95 / 4000)
    assert abs(below - 0.05) < 3 * np.sqrt(2 * 0.05 * 0.95 / 4000)


def test_erl_band_and_p_value_agree():
    rng = np.random.default_rng(15)
    for _ in range(40):
        both = curves(rng, 1000)
        found = global_envelope(both[0], both[1:], level=0.3)
        outside = ((both[0] < found.lower) | (both[0] > found.upper)).any()
        assert outside == (found.p <= 0.3)


def test_envelopes_refuse_what_they_cannot_use():
    with pytest.raises(ag.AlignmentError, match="curves of shape"):
        global_envelope([1.0, 2.0], np.zeros((5, 3)))
    with pytest.raises(ag.InvalidTableError, match="finite"):
        global_envelope([np.nan], np.zeros((5, 1)))
    with pytest.raises(ag.OptionError, match="kind"):
        global_envelope([1.0], np.zeros((5, 1)), kind="global")
    with (
        pytest.raises(ag.AlignmentError, match="argument"),
        pytest.warns(ag.NumericsWarning),
    ):
        global_envelope([1.0], np.zeros((5, 1)), kind="dclf", argument=[1.0, 2.0])
