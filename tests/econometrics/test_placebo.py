"""Placebo treatments: what each kind keeps, that an effect is found and noise is not."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from agglo.core.errors import AlignmentError, OptionError
from agglo.core.options import MonteCarlo
from agglo.econometrics import fit_spatial_did, placebo_test
from agglo.econometrics._placebo_fits import effects_of_starts, redesign
from agglo.econometrics.placebo import _chains, _iid
from tests.econometrics.panels import World, world

DRAWS = MonteCarlo(n=99, seed=3)


def places(made: World) -> dict[str, tuple[float, float]]:
    return {
        r: (float(x), float(y))
        for r, x, y in zip(made.ids, made.x_km, made.y_km, strict=True)
    }


@pytest.fixture(scope="module")
def made() -> World:
    return world(21)


@pytest.fixture(scope="module")
def fit(made):
    return fit_spatial_did(
        made.table,
        outcome="y",
        treatment="d",
        covariates=["x"],
        weights=made.weights,
    )


@pytest.mark.parametrize("kind", ["spatial", "cohort", "iid"])
def test_a_strong_effect_stands_out(made, fit, kind):
    found = placebo_test(fit, kind=kind, positions=places(made), inference=DRAWS)
    assert found.p == pytest.approx(0.02)
    assert found.observed == fit.impacts.of("d")["direct"]
    again = placebo_test(fit, kind=kind, positions=places(made), inference=DRAWS)
    assert again.simulated.tolist() == found.simulated.tolist()
    assert "placebos in" in found.summary()
    found.plot()


def test_no_effect_does_not():
    null = world(22, beta=0.0, theta=0.0)
    fit = fit_spatial_did(null.table, outcome="y", treatment="d", weights=null.weights)
    found = placebo_test(fit, positions=places(null), inference=DRAWS)
    assert found.p > 0.05


def test_the_true_starts_give_the_fit_back(fit):
    on = fit.treatment > 0
    first = np.where(on.any(axis=0), on.argmax(axis=0), 10)
    np.testing.assert_array_equal(redesign(fit.design, first).z, fit.design.z)


def test_chains_keep_sizes_and_stay_near():
    line = np.abs(np.subtract.outer(np.arange(20.0), np.arange(20.0)))
    groups = [np.arange(3), np.arange(3, 7)]
    for seed in range(20):
        member = _chains(np.random.default_rng(seed), groups, line)
        assert [(member == g).sum() for g in (0, 1)] == [3, 4]
        first = np.flatnonzero(member == 0)
        assert first.max() - first.min() < 12


def test_iid_never_treats_nobody_or_everybody():
    first = np.array([2, 9, 9])
    for seed in range(50):
        starts = _iid(np.random.default_rng(seed), first, 9)
        assert set(starts.tolist()) == {2, 9}


def test_what_is_refused(made, fit):
    with pytest.raises(OptionError, match="positions"):
        placebo_test(fit, inference=DRAWS)
    with pytest.raises(OptionError, match="kind"):
        placebo_test(fit, kind="toroidal", inference=DRAWS)
    with pytest.raises(OptionError, match="effect"):
        placebo_test(fit, effect="own", inference=DRAWS)
    with pytest.raises(AlignmentError, match="corridor"):
        placebo_test(fit, positions=places(made), corridors={}, inference=DRAWS)
    with pytest.raises(AlignmentError, match="position"):
        placebo_test(fit, positions={"r000": (0.0, 0.0)}, inference=DRAWS)


@pytest.mark.parametrize("model", ["sdm", "sar", "slx", "sdem"])
def test_all_refits_at_once_are_the_fits_one_by_one(made, model):
    """Effects of permuted starts, solved together, equal those of fits of their own."""
    fit = fit_spatial_did(
        made.table, outcome="y", treatment="d", weights=made.weights, model=model
    )
    on = fit.treatment > 0
    first = np.where(on.any(axis=0), on.argmax(axis=0), on.shape[0])
    rng = np.random.default_rng(1)
    starts = np.array([rng.permutation(first) for _ in range(5)])
    many = effects_of_starts(fit.design, starts, fit.bounds)
    for row, other in zip(many, starts, strict=True):
        table = pa.table(
            {
                "region": [r for r in made.ids for _ in fit.design.periods],
                "period": list(fit.design.periods) * len(made.ids),
                "y": fit.design.y.T.ravel(),
                "d": np.array(
                    [
                        [float(k >= s) for k in range(len(fit.design.periods))]
                        for s in other
                    ]
                ).ravel(),
            }
        )
        again = fit_spatial_did(
            table, outcome="y", treatment="d", weights=made.weights, model=model
        )
        np.testing.assert_allclose(row[:, 0], again.impacts.value[0], atol=1e-9)


def test_three_effects_share_their_draws(made, fit):
    found = placebo_test(fit, positions=places(made), inference=DRAWS)
    told = placebo_test(fit, positions=places(made), effect="indirect", inference=DRAWS)
    assert found.of("indirect").p == told.p
    assert found.of("indirect").simulated.tolist() == told.simulated.tolist()
    total = found.of("direct").simulated + found.of("indirect").simulated
    np.testing.assert_allclose(found.of("total").simulated, total, atol=1e-12)


def test_p_compares_what_is_asked(fit):
    """Scaled effects are effects over their own errors; both give p by the smaller tail."""
    plain = placebo_test(
        fit, kind="iid", statistic="effect", effect="total", inference=DRAWS
    )
    below = (plain.simulated <= plain.observed).sum()
    above = (plain.simulated >= plain.observed).sum()
    assert plain.p == pytest.approx(min(1.0, 2 * (1 + min(below, above)) / 100))
    scaled = placebo_test(fit, kind="iid", effect="total", inference=DRAWS)
    assert scaled.simulated.tolist() == plain.simulated.tolist()
    t = scaled.draws[:, 2, 0] / scaled.draws[:, 2, 1]
    own = scaled.policy[2, 0] / scaled.policy[2, 1]
    assert scaled.p == pytest.approx(
        min(1.0, 2 * (1 + min((t <= own).sum(), (t >= own).sum())) / 100)
    )
