"""Effects by cohort and event time in generated corridors with planted differences."""

from __future__ import annotations

import numpy as np
import pytest

from agglo.core.errors import NotIdentifiedError
from agglo.econometrics import Observed, fit_cohort_saturated, fit_spatial_did
from agglo.simulate import simulate_corridors
from tests.econometrics.panels import world


def call(made, function, **more):
    return function(
        made.panel,
        outcome="specialisation",
        covariates=["x"],
        weights=made.weights,
        durbin_weights=made.exposure,
        start=made.starts,
        **more,
    )


def test_saturation_removes_the_bias_of_one_coefficient():
    plain, own, rho = [], [], []
    for seed in (11, 12, 13, 14, 15, 16):
        made = simulate_corridors(profile="heterogeneous", seed=seed)
        truth = made.planted("specialisation.realised_treated")["all"]
        found = call(made, fit_cohort_saturated)
        own.append(found.of("treated") / truth - 1)
        rho.append(found.fit.rho)
        plain.append(call(made, fit_spatial_did).realised().of("treated") / truth - 1)
    assert abs(np.mean(own)) < 0.05
    assert np.mean(plain) > 0.10
    assert np.mean(rho) == pytest.approx(0.3, abs=0.06)


def test_means_add_up():
    made = simulate_corridors(profile="heterogeneous", seed=11)
    found = call(made, fit_cohort_saturated, vcov=Observed())
    cells = dict(zip(found.group, found.cells.tolist(), strict=True))
    for kind in ("k=", "cohort="):
        groups = [g for g in found.group if g.startswith(kind)]
        total = sum(cells[g] * found.of(g) for g in groups)
        assert sum(cells[g] for g in groups) == cells["treated"]
        assert total / cells["treated"] == pytest.approx(found.of("treated"))
    # own effects grow by cohort in this world
    levels = [found.of(f"cohort={c}") for c in ("2012", "2018")]
    assert levels[1] > levels[0]
    assert (found.se > 0).all()
    assert "experimental" in found.summary()
    assert found.to_frame().num_rows == len(found.group)


def test_one_cohort_is_the_plain_event_study_without_leads():
    made = world(4, n=40, t=8)
    first = dict.fromkeys(list(made.start)[:12], "4")
    found = fit_cohort_saturated(
        made.table, outcome="y", covariates=["x"], weights=made.weights, start=first
    )
    assert [t for t in found.fit.term if "k=" in t and "W" not in t] == [
        f"4, k={k}" for k in range(4)
    ]
    # with one cohort and every event time free the means are those of the event times
    assert found.of("treated") == pytest.approx(
        np.mean([found.of(f"k={k}") for k in range(4)])
    )
    assert found.of("cohort=4") == found.of("treated")


def test_no_controls_is_refused():
    made = world(4, n=40, t=8)
    every = {r: ("3" if i % 2 else "5") for i, r in enumerate(made.ids)}
    with pytest.raises(NotIdentifiedError, match="no_controls"):
        fit_cohort_saturated(made.table, outcome="y", weights=made.weights, start=every)
