"""Properties of p-values, false discovery rates and envelopes."""

import warnings

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from agglo.core.errors import NumericsWarning
from agglo.core.inference import (
    fdr,
    global_envelope,
    mc_pvalue,
    pointwise_envelope,
    sequential_pvalue,
)

# whole numbers, so that ties are common and every sum is exact
WHOLE = st.integers(-4, 4).map(float)
UNKNOWN = st.one_of(WHOLE, st.just(np.nan))
KINDS = ("erl", "do", "mad", "dclf")
RANKED = ("erl", "do")


def envelope(kind, obs, sims, level=0.1):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NumericsWarning)  # few curves, on purpose
        return global_envelope(obs, sims, kind=kind, level=level)


@st.composite
def sample(draw, elements=WHOLE):
    n, d = draw(st.integers(1, 25)), draw(st.integers(1, 5))
    obs = draw(hnp.arrays(float, d, elements=WHOLE))
    return obs, draw(hnp.arrays(float, (n, d), elements=elements))


def by_loop(obs, sims, alternative):
    out = []
    for j, value in enumerate(obs):
        known = [s for s in sims[:, j] if not np.isnan(s)]
        upper = (1 + sum(s >= value for s in known)) / (1 + len(known))
        lower = (1 + sum(s <= value for s in known)) / (1 + len(known))
        both = min(1.0, 2 * min(upper, lower))
        p = {"greater": upper, "less": lower, "two-sided": both}[alternative]
        out.append(p if known else np.nan)
    return out


@given(sample(UNKNOWN), st.sampled_from(["greater", "less", "two-sided"]))
def test_p_values_are_those_of_a_loop(both, alternative):
    obs, sims = both
    np.testing.assert_array_equal(
        mc_pvalue(obs, sims, alternative), by_loop(obs, sims, alternative)
    )


@given(sample(UNKNOWN), st.randoms(use_true_random=False))
def test_p_values_mirror_and_do_not_care_for_order(both, random):
    obs, sims = both
    np.testing.assert_array_equal(
        mc_pvalue(obs, sims, "greater"), mc_pvalue(-obs, -sims, "less")
    )
    two = mc_pvalue(obs, sims, "two-sided")
    np.testing.assert_array_equal(two, mc_pvalue(-obs, -sims, "two-sided"))
    order = list(range(len(sims)))
    random.shuffle(order)
    np.testing.assert_array_equal(two, mc_pvalue(obs, sims[order], "two-sided"))
    known = two[~np.isnan(two)]
    assert ((known > 0) & (known <= 1)).all()


@given(sample(), st.floats(0.1, 5.0))
def test_p_values_grow_when_a_statistic_shrinks(both, step):
    obs, sims = both
    assert (mc_pvalue(obs - step, sims) >= mc_pvalue(obs, sims)).all()


@given(
    hnp.arrays(float, st.integers(1, 200), elements=WHOLE),
    WHOLE,
    st.integers(1, 8),
    st.integers(1, 70),
)
def test_sequential_p_values_are_those_of_a_count(draws, observed, h, block_size):
    rest = iter(draws)

    def draw(rng, size):  # noqa: ARG001
        return np.array([next(rest) for _ in range(size)])

    found = sequential_pvalue(
        draw, observed, seed=1, h=h, n_max=draws.size, block_size=block_size
    )
    count = np.cumsum(draws >= observed)
    if count[-1] >= h:
        at = int(np.argmax(count >= h)) + 1
        assert (found.p, found.n, found.exceedances) == (h / at, at, h)
    else:
        assert found.p == (1 + count[-1]) / (1 + draws.size)
        assert found.n == draws.size


@given(
    hnp.arrays(
        float, st.integers(1, 40), elements=st.one_of(st.floats(0, 1), st.just(np.nan))
    ),
    st.sampled_from(["bh", "by"]),
)
def test_q_values_are_monotone_and_do_not_care_for_unknown_tests(p, method):
    q = fdr(p, method=method)
    known = ~np.isnan(p)
    np.testing.assert_array_equal(np.isnan(q), ~known)
    assert (q[known] >= p[known] * (1 - 1e-12)).all()
    assert (q[known] <= 1).all()
    order = np.argsort(p[known])
    assert (np.diff(q[known][order]) >= 0).all()
    np.testing.assert_array_equal(q[known], fdr(p[known], method=method))
    np.testing.assert_array_equal(q[::-1], fdr(p[::-1], method=method))
    assert (fdr(p, method="by")[known] >= fdr(p, method="bh")[known]).all()


def erl_by_loop(obs, sims):
    """Give the p-value of every curve by comparing all pairs."""
    curves = [list(obs), *sims.tolist()]
    ranks = []
    for curve in curves:
        row = []
        for j, value in enumerate(curve):
            below = sum(other[j] < value for other in curves)
            equal = sum(other[j] == value for other in curves)
            up = below + (equal + 1) / 2
            row.append(min(up, len(curves) + 1 - up))
        ranks.append(sorted(row))
    return [sum(other <= own for other in ranks) / len(ranks) for own in ranks]


@given(sample(), st.floats(0.05, 0.9))
def test_extreme_rank_lengths_are_those_of_a_loop(both, level):
    obs, sims = both
    p = erl_by_loop(obs, sims)
    assume(min(abs(v - level) for v in p) > 1e-6)
    found = envelope("erl", obs, sims, level)
    assert found.p == pytest.approx(p[0], abs=1e-12)
    inside = np.vstack([obs, sims])[np.array(p) > level]
    np.testing.assert_array_equal(found.lower, inside.min(axis=0))
    np.testing.assert_array_equal(found.upper, inside.max(axis=0))


@given(sample(), st.floats(0.05, 0.9), st.sampled_from(["erl", "mad"]))
def test_who_leaves_the_band_is_significant(both, level, kind):
    obs, sims = both
    found = envelope(kind, obs, sims, level)
    outside = (obs < found.lower - 1e-9).any() or (obs > found.upper + 1e-9).any()
    # the reverse needs values without ties: see the hand cases
    assert not outside or found.p <= level + 1e-9


@given(
    sample(), st.sampled_from(KINDS), st.integers(-3, 3), st.sampled_from([0.5, 4.0])
)
def test_envelopes_move_and_stretch_with_their_curves(both, kind, shift, factor):
    obs, sims = both
    plain = envelope(kind, obs, sims)
    moved = envelope(kind, factor * obs + shift, factor * sims + shift)
    np.testing.assert_allclose(moved.lower, factor * plain.lower + shift, atol=1e-9)
    np.testing.assert_allclose(moved.upper, factor * plain.upper + shift, atol=1e-9)
    if kind in RANKED:
        np.testing.assert_equal(moved.p, plain.p)


@given(sample(), st.sampled_from(KINDS), st.randoms(use_true_random=False))
def test_envelopes_do_not_care_for_the_order_of_curves(both, kind, random):
    obs, sims = both
    order = list(range(len(sims)))
    random.shuffle(order)
    plain, mixed = envelope(kind, obs, sims), envelope(kind, obs, sims[order])
    np.testing.assert_allclose(mixed.lower, plain.lower, atol=1e-9)
    np.testing.assert_allclose(mixed.upper, plain.upper, atol=1e-9)
    if kind in RANKED:
        np.testing.assert_equal(mixed.p, plain.p)


@given(sample(), st.sampled_from(["erl", "do", "mad"]))
def test_bands_hold_their_middle_and_widen_with_the_level(both, kind):
    obs, sims = both
    wide, narrow = envelope(kind, obs, sims, 0.1), envelope(kind, obs, sims, 0.4)
    assert (wide.lower <= narrow.lower + 1e-9).all()
    assert (wide.upper >= narrow.upper - 1e-9).all()
    point = pointwise_envelope(obs, sims, level=0.4)
    assert (point.lower <= point.upper).all()
    if kind == "mad":
        assert (wide.lower <= wide.mean + 1e-9).all()
        assert (wide.upper >= wide.mean - 1e-9).all()
