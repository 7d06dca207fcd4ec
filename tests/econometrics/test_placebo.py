"""Placebo treatments: what each kind keeps, that an effect is found and noise is not."""

from __future__ import annotations

import numpy as np
import pytest

from agglo.core.errors import AlignmentError, OptionError
from agglo.core.options import MonteCarlo
from agglo.econometrics import fit_spatial_did, placebo_test
from agglo.econometrics.placebo import _chains, _iid, _redesign
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
    np.testing.assert_array_equal(_redesign(fit.design, first).z, fit.design.z)


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
