"""P-values, false discovery rates and envelopes: hand cases, oracles, nominal rates."""

import warnings
from itertools import chain, repeat

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.stats import false_discovery_control, kstest

import agglo as ag
from agglo.core.inference import (
    discoveries,
    fdr,
    global_envelope,
    known_draws,
    mc_pvalue,
    pointwise_envelope,
    sequential_pvalue,
)
from agglo.core.parallel import monte_carlo


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
    np.testing.assert_array_equal(known_draws(sims), [2, 0])
    assert np.isnan(mc_pvalue(np.nan, [1.0, 2.0]))
    # an infinite draw is known: it is more extreme than anything
    assert mc_pvalue(2.0, [1.0, np.inf]) == pytest.approx(2 / 3)
    with pytest.raises(ag.AlignmentError, match="single number"):
        known_draws(1.0)
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


def replay(values):
    """Give a draw that hands out the values in turn and then zeros."""
    rest = chain(values, repeat(0.0))

    def draw(rng, size):  # noqa: ARG001
        return np.array([next(rest) for _ in range(size)])

    return draw


def test_sequential_stops_at_the_h_th_exceedance():
    # draws 0, 1, 0, 1, ...: the tenth 1 is the 20th draw
    found = sequential_pvalue(replay([0.0, 1.0] * 500), 1.0, seed=1, h=10)
    assert (found.n, found.exceedances, found.p) == (20, 10, 0.5)
    rare = sequential_pvalue(replay([0.0, 1.0] * 500), 2.0, seed=1, h=10, n_max=199)
    assert (rare.n, rare.exceedances, rare.p) == (199, 0, 1 / 200)
    # an exceedance in a later block, and the other end
    late = [0.0] * 99 + [1.0]
    assert sequential_pvalue(replay(late), 1.0, seed=1, h=1, n_max=500).p == 1 / 100
    below = [1.0] * 99 + [0.0]
    found = sequential_pvalue(replay(below), 0.0, seed=1, h=1, alternative="less")
    assert found.p == 1 / 100
    assert np.isnan(sequential_pvalue(replay([]), np.nan, seed=1).p)


def test_sequential_leaves_undefined_draws_out():
    values = [np.nan, 0.0, np.nan, 1.0] * 50
    found = sequential_pvalue(replay(values), 1.0, seed=1, h=3, block_size=5)
    # the third 1 is the twelfth draw, six of which are known
    assert (found.p, found.n, found.dropped) == (3 / 6, 6, 6)
    rare = sequential_pvalue(replay(values), 2.0, seed=1, n_max=20)
    assert (rare.p, rare.n, rare.dropped) == (1 / 11, 10, 10)
    nothing = sequential_pvalue(replay([np.nan] * 20), 2.0, seed=1, n_max=20)
    assert np.isnan(nothing.p)
    assert (nothing.n, nothing.dropped) == (0, 20)


def test_sequential_draws_the_same_blocks_as_the_monte_carlo_loop():
    def draw(rng, size):
        return rng.normal(size=size)

    drawn = monte_carlo(draw, n=500, seed=4)
    found = sequential_pvalue(draw, 1.5, seed=4, h=1000, n_max=500)
    assert found.exceedances == (drawn >= 1.5).sum()
    assert found.p == mc_pvalue(1.5, drawn)


def test_sequential_refuses_what_it_cannot_use():
    with pytest.raises(ag.OptionError, match="alternative"):
        sequential_pvalue(replay([1.0]), 1.0, seed=1, alternative="two-sided")
    with pytest.raises(ag.OptionError, match="h=0"):
        sequential_pvalue(replay([1.0]), 1.0, seed=1, h=0)
    with pytest.raises(ag.OptionError, match=r"expected \(64,\)"):
        sequential_pvalue(lambda rng, size: rng.random(1), 1.0, seed=1)  # noqa: ARG005


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
    with pytest.raises(ag.InvalidTableError, match=r"2 of 3 p-values lie outside"):
        fdr([1.5, 0.1, np.inf])
    with pytest.raises(ag.OptionError, match="method"):
        fdr([0.1], method="bonferroni")


def test_the_advised_number_of_draws_is_enough_and_no_larger():
    for m in range(1, 400):
        need = int(np.ceil(m / 0.05 - 1e-9)) - 1
        fdr(np.full(m, 1 / (need + 1)), n_draws=need)
        with pytest.warns(ag.NumericsWarning, match=f"take {need} draws"):
            fdr(np.full(m, 0.5), n_draws=need - 1)


def test_a_family_is_reported_before_and_after():
    # by hand: sorted p 0.01 0.02 0.04 0.5 times 4/i: q 0.04 0.04 0.0533 0.5
    found = discoveries([0.5, np.nan, 0.02, 0.01, 0.04], n_draws=99)
    assert (found.n_tests, found.method, found.resolution) == (4, "bh", 0.01)
    assert (found.share_before, found.share_after) == (0.75, 0.5)
    np.testing.assert_allclose(found.q, [0.5, np.nan, 0.04, 0.04, 0.16 / 3])
    assert "4 tests" in found.summary()
    assert "75.0% before and 50.0% after BH; smallest p 0.01" in found.summary()
    none = discoveries([np.nan])
    assert none.n_tests == 0
    assert np.isnan(none.share_after)
    assert "smallest" not in none.summary()
    with pytest.raises(ValueError, match="read-only"):
        found.q[0] = 0.0


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


def test_erl_breaks_ties_of_the_extreme_rank():
    # two-sided ranks of five curves at three arguments, sorted: observed (1,1,3),
    # A (1,1,2) (more extreme), B (1,2,2), C (2,2,3), D (1,3,3): p = (1 + 1)/5
    obs = np.array([5.0, 1.0, 3.0])
    sims = np.array(
        [[1.0, 5.0, 4.0], [4.0, 4.0, 5.0], [2.0, 2.0, 3.5], [3.0, 3.0, 1.0]]
    )
    ranks = np.array([5 - np.abs(np.argsort(np.argsort(c)) - 2) for c in sims.T])
    assert ranks.shape == (3, 4)  # the columns hold no ties
    with pytest.warns(ag.NumericsWarning, match="rough"):
        band = global_envelope(obs, sims, level=0.45)
    assert band.p == pytest.approx(2 / 5)
    # p of the curves: A 1/5, observed 2/5, B 3/5, D 4/5, C 1: the hull of B, C and D
    np.testing.assert_array_equal(band.lower, sims[1:].min(axis=0))
    np.testing.assert_array_equal(band.upper, sims[1:].max(axis=0))


def test_duranton_overman_by_hand():
    # one argument, values 1 to 1000: ranks are values, and 901 is reached by a hundred
    sims = np.arange(1.0, 1001.0)[:, None]
    band = global_envelope([0.0], sims, kind="do", level=0.1)
    assert band.upper[0] == pytest.approx(901.0)
    assert band.lower[0] == pytest.approx(100.0)
    # 100.4 curves: between 900, which 101 reach, and 901
    between = global_envelope([0.0], sims, kind="do", level=0.1004)
    assert between.upper[0] == pytest.approx(900.6)
    assert np.isnan(band.p)
    # a fresh value exceeds the k-th of n with probability 1 − k/(n + 1)
    assert 1 - band.upper[0] / 1001 == pytest.approx(0.1, abs=2e-4)


def test_arguments_where_nothing_varies_do_not_move_a_band():
    rng = np.random.default_rng(16)
    sims = rng.normal(size=(1000, 4))
    flat = np.column_stack([np.zeros(1000), sims, np.full(1000, 7.0)])
    obs = np.array([0.0, 1.0, 0.0, -1.0, 0.5, 7.0])
    for kind in ("do", "erl", "mad"):
        wide = global_envelope(obs, flat, kind=kind)
        plain = global_envelope(obs[1:-1], sims, kind=kind)
        np.testing.assert_allclose(wide.upper[1:-1], plain.upper)
        np.testing.assert_allclose(wide.lower[1:-1], plain.lower)
        np.testing.assert_allclose([wide.upper[0], wide.lower[-1]], [0.0, 7.0])
        np.testing.assert_equal(wide.p, plain.p)


def test_deviations_by_hand():
    # four curves at two arguments: mean (2, 2) and standard deviation (√(8/3), √(8/3));
    # deviations (2, 2), (−2, −2), (0, 0), (0, 0)
    obs = np.array([4.0, 4.0])
    sims = np.array([[0.0, 0.0], [2.0, 2.0], [2.0, 2.0]])
    band = global_envelope(obs, sims, kind="mad", level=0.5)
    assert band.p == pytest.approx(2 / 4)
    np.testing.assert_allclose(band.mean, 2.0)
    # the second largest deviation is allowed out; the third is 0
    np.testing.assert_allclose(band.upper, 2.0)
    assert global_envelope(obs, sims, kind="dclf").p == pytest.approx(2 / 4)
    # squared deviations (4, 0) and (1, 1) of the first two: 4 against 2 × 1 where the
    # points are one apart; the trapezoid gives 2 against 1. Its width changes nothing
    obs, sims = np.array([2.0, 0.0]), np.array([[1.0, 1.0], [-3.0, -1.0]])
    for argument in (None, [0.0, 1.0], [3.0, 10.0]):
        found = global_envelope(obs, sims, kind="dclf", argument=argument)
        # third curve: (9 + 1)/2 = 5, the first 2, the second 1
        assert found.p == pytest.approx(2 / 3)
        assert np.isnan(found.upper).all()


def test_dclf_weighs_by_the_width_between_points():
    # the observed curve is far off only at a point with little width on either side
    obs = np.array([0.0, 0.0, 3.0])
    sims = np.array([[2.0, 0.0, -1.0], [-2.0, 0.0, -2.0]])
    even = global_envelope(obs, sims, kind="dclf").p
    narrow = global_envelope(obs, sims, kind="dclf", argument=[0.0, 10.0, 10.1]).p
    assert even == pytest.approx(1 / 3)  # 4.5 against 2.5 and 4
    assert narrow == pytest.approx(1.0)  # 0.45 against 20.05 and 20.2


def curves(rng, n, size=25):
    steps = rng.normal(size=(n, size))
    return np.cumsum(steps, axis=1) * 0.2 + rng.normal(size=(n, size))


def rejected(kind, repetitions, n, seed):
    rng = np.random.default_rng(seed)
    p = []
    for _ in range(repetitions):
        both = curves(rng, n + 1)
        p.append(global_envelope(both[0], both[1:], kind=kind).p)
    return np.mean(np.array(p) <= 0.05 + 1e-12)


@pytest.mark.parametrize("kind", ["erl", "mad", "dclf"])
def test_global_tests_keep_their_level(kind):
    share = rejected(kind, repetitions=150, n=999, seed=13)
    assert abs(share - 0.05) < 3 * np.sqrt(0.05 * 0.95 / 150)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["erl", "mad", "dclf"])
def test_global_tests_keep_their_level_in_many_repetitions(kind):
    share = rejected(kind, repetitions=2000, n=999, seed=113)
    assert abs(share - 0.05) < 3 * np.sqrt(0.05 * 0.95 / 2000)


def crossings(kind, n, fresh, rng):
    band = global_envelope(curves(rng, 1)[0], curves(rng, n), kind=kind)
    new = curves(rng, fresh)
    above = (new > band.upper + 1e-12).any(axis=1)
    below = (new < band.lower - 1e-12).any(axis=1)
    return above.mean(), below.mean(), (above | below).mean()


def test_fresh_null_curves_cross_the_duranton_overman_bands_at_the_level():
    above, below, _ = crossings("do", 4000, 4000, np.random.default_rng(14))
    # the band is estimated too: its own error is about as large as that of the count
    assert abs(above - 0.05) < 3 * np.sqrt(2 * 0.05 * 0.95 / 4000)
    assert abs(below - 0.05) < 3 * np.sqrt(2 * 0.05 * 0.95 / 4000)


def test_fresh_null_curves_leave_the_band_of_the_largest_deviation_at_the_level():
    *_, outside = crossings("mad", 4000, 4000, np.random.default_rng(17))
    assert abs(outside - 0.05) < 3 * np.sqrt(2 * 0.05 * 0.95 / 4000)


@pytest.mark.parametrize("kind", ["erl", "mad"])
def test_null_curves_leave_the_band_they_were_ranked_for_at_the_level(kind):
    # these bands belong to the curve that was compared together with the others
    rng = np.random.default_rng(20)
    left = []
    for _ in range(300):
        both = curves(rng, 1000)
        band = global_envelope(both[0], both[1:], kind=kind)
        left.append(((both[0] < band.lower) | (both[0] > band.upper)).any())
    assert abs(np.mean(left) - 0.05) < 3 * np.sqrt(0.05 * 0.95 / 300)


@pytest.mark.slow
def test_fresh_null_curves_leave_duranton_overman_bands_of_few_draws_at_the_level():
    rng = np.random.default_rng(114)
    shares = np.array([crossings("do", 999, 1000, rng)[:2] for _ in range(400)])
    error = shares.std(axis=0, ddof=1) / np.sqrt(400)
    # between two ranks the share is only about linear: 0.1 points
    assert (np.abs(shares.mean(axis=0) - 0.05) < 3 * error + 0.001).all()


@pytest.mark.slow
def test_sequential_p_values_keep_every_level():
    def draw(rng, size):
        return rng.normal(size=size)

    rng = np.random.default_rng(115)
    p = np.array(
        [
            sequential_pvalue(draw, rng.normal(), seed=i, h=20, n_max=999).p
            for i in range(3000)
        ]
    )
    for level in (0.01, 0.02, 0.05, 0.1, 0.25, 0.5):
        share = np.mean(p <= level)
        assert share - level < 3 * np.sqrt(level * (1 - level) / 3000)
        # and not much less: h/l takes many values
        assert share > 0.8 * level


@pytest.mark.slow
def test_false_discoveries_keep_their_rate():
    # 100 tests, 20 of them of a real effect: the share of false ones among those found
    rng = np.random.default_rng(116)
    real = np.arange(100) < 20
    null = rng.normal(size=(9999, 100))
    shares = []
    for _ in range(400):
        observed = rng.normal(size=100) + 3.0 * real
        found = fdr(mc_pvalue(observed, null, "greater"), n_draws=9999) <= 0.05
        shares.append((found & ~real).sum() / max(found.sum(), 1))
    error = np.std(shares, ddof=1) / np.sqrt(400)
    # Benjamini-Hochberg: the share of true nulls times the level
    assert abs(np.mean(shares) - 0.05 * 0.8) < 3 * error


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
    with pytest.raises(ag.AlignmentError, match="curves of shape"):
        global_envelope([1.0], np.zeros((0, 1)))
    with pytest.raises(ag.AlignmentError, match="argument"):
        global_envelope([1.0], np.zeros((5, 1)), kind="dclf", argument=[1.0, 2.0])
    with pytest.raises(ag.InvalidTableError, match="must increase"):
        global_envelope([1.0] * 2, np.zeros((5, 2)), kind="dclf", argument=[2.0, 1.0])
    with pytest.raises(ag.OptionError, match="argument is for kind='dclf'"):
        global_envelope([1.0], np.zeros((5, 1)), argument=[1.0])


def test_few_curves_are_warned_of_where_ranks_are_read():
    rng = np.random.default_rng(18)
    sims = rng.normal(size=(998, 5))
    for kind in ("erl", "do"):
        with pytest.warns(ag.NumericsWarning, match="998 curves make a rough"):
            global_envelope(sims[0], sims, kind=kind)
    for kind in ("mad", "dclf"):
        assert 0 < global_envelope(sims[0], sims, kind=kind).p <= 1
    # a thousand curves at 200 unrelated arguments: a fifth is the highest somewhere
    with pytest.warns(ag.NumericsWarning, match="outermost somewhere"):
        global_envelope(np.zeros(200), rng.normal(size=(1000, 200)), kind="do")


def test_results_are_read_only():
    rng = np.random.default_rng(19)
    band = global_envelope(np.zeros(3), rng.normal(size=(1000, 3)))
    for array in (band.lower, band.upper, band.mean):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1.0
    assert (band.kind, band.level, band.n) == ("erl", 0.05, 1000)
