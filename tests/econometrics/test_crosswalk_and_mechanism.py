"""Pairs carried to other codes, and flows that follow moves."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from agglo.core.errors import AlignmentError, InvalidTableError, NotIdentifiedError
from agglo.econometrics import crosswalk_pairs, fit_mechanism

PAIRS = pa.table(
    {"anchor": list("xxyyzz"), "mover": list("yzxzxy"), "value": [1.0, 2, 3, 4, 5, 6]}
)


def codes(weights):
    rows = [(i, o, w) for (i, o), w in weights.items()]
    names = ("industry", "other", "weight")
    return pa.table({n: [r[k] for r in rows] for k, n in enumerate(names)})


def test_crosswalk_by_hand():
    given = codes({("a", "x"): 0.25, ("a", "y"): 0.75, ("b", "z"): 1.0})
    got = crosswalk_pairs(PAIRS, given)
    assert got.values[0, 1] == pytest.approx(0.25 * 2 + 0.75 * 4)
    assert got.values[1, 0] == pytest.approx(0.25 * 5 + 0.75 * 6)
    assert np.isnan(np.diag(got.values)).all()


def test_identity_gives_the_pairs_back():
    got = crosswalk_pairs(PAIRS, codes({(k, k): 1.0 for k in "xyz"}))
    np.testing.assert_array_equal(
        got.values, [[np.nan, 1, 2], [3, np.nan, 4], [5, 6, np.nan]]
    )


def test_low_coverage_is_undefined():
    given = codes({("a", "x"): 0.4, ("a", "q"): 0.6, ("b", "z"): 1.0})
    got = crosswalk_pairs(PAIRS, given)
    assert np.isnan(got.values[0, 1])
    assert got.coverage[0, 1] == pytest.approx(0.4)
    assert got.undefined[0].n == 2
    assert crosswalk_pairs(PAIRS, given, min_coverage=0.3).values[0, 1] == 2.0


def test_crosswalk_refuses():
    with pytest.raises(InvalidTableError, match="weights_sum"):
        crosswalk_pairs(PAIRS, codes({("a", "x"): 0.5, ("b", "z"): 1.0}))
    with pytest.raises(AlignmentError):
        crosswalk_pairs(PAIRS, codes({("a", "q"): 1.0, ("b", "r"): 1.0}))
    with pytest.raises(InvalidTableError, match="duplicate_key"):
        crosswalk_pairs(pa.concat_tables([PAIRS, PAIRS]), codes({("a", "x"): 1.0}))


def moved(effect, seed, n=24, periods=5):
    rng = np.random.default_rng(seed)
    a, b, t = (
        v.ravel()
        for v in np.meshgrid(range(n), range(n), range(periods), indexing="ij")
    )
    w = rng.gamma(1.0, 1.0, a.size)
    level = effect * w + rng.normal(size=n)[a] + rng.normal(size=n)[b]
    dyads = {"anchor": b, "mover": a, "period": t, "weight": w}
    flows = {
        "source": a,
        "target": b,
        "period": t + 1,
        "value": rng.poisson(np.exp(level)),
    }
    return pa.table(flows), pa.table(dyads)


def test_flows_follow_the_mover():
    fit = fit_mechanism(*moved(0.4, 3))
    assert fit.coefficient("moved_to") == pytest.approx(0.4, abs=0.05)
    assert abs(fit.coefficient("came_from")) < 0.05
    assert fit.n == 24 * 23 * 5 - sum(fit.dropped.values())


def test_swapping_the_pairs_swaps_the_terms():
    flows, dyads = moved(0.4, 3)
    one = fit_mechanism(flows, dyads)
    two = fit_mechanism(flows, dyads, anchor="mover", mover="anchor")
    np.testing.assert_allclose(one.values, two.values[::-1], rtol=1e-6)


def test_covariates_of_pairs_are_held_constant():
    flows, dyads = moved(0.4, 3)
    near = 0.5 * dyads["weight"].to_numpy() + np.random.default_rng(1).gamma(
        1.0, 1.0, dyads.num_rows
    )
    fit = fit_mechanism(
        flows, dyads.append_column("near", pa.array(near)), covariates=["near"]
    )
    assert fit.terms == ("moved_to", "came_from", "near")
    assert abs(fit.coefficient("near")) < 0.05
    assert fit.coefficient("moved_to") == pytest.approx(0.4, abs=0.06)


def test_mechanism_rejects_at_its_level_under_the_null():
    p = [
        fit_mechanism(*moved(0.0, 50 + s)).combination({"moved_to": 1.0}).p
        for s in range(20)
    ]
    assert np.mean(np.array(p) < 0.05) <= 0.25


def test_mechanism_refuses():
    flows, dyads = moved(0.4, 3)
    with pytest.raises(NotIdentifiedError, match="no_period"):
        fit_mechanism(flows, dyads, lag=9)
    fixed = dyads.set_column(3, "weight", pa.array(np.ones(dyads.num_rows)))
    with pytest.raises(NotIdentifiedError, match="collinear"):
        fit_mechanism(flows, fixed)
    words = flows.set_column(2, "period", pa.array(["early"] * flows.num_rows))
    with pytest.raises(InvalidTableError, match="not_a_period"):
        fit_mechanism(words, dyads)
