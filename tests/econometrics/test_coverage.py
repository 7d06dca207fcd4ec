"""Coverage of 95 % intervals at 75 regions x 17 periods, on worlds of fresh seeds."""

from __future__ import annotations

import numpy as np
import pytest

from agglo.econometrics import Clustered, Observed, fit_spatial_did
from tests.econometrics.panels import World, world

WORLDS = 400


def _true(made: World) -> dict[str, float]:
    """Give the planted average and realised effects at rho .3, beta .5, theta .3."""
    w = made.weights.matrix.toarray()
    s = np.linalg.inv(np.eye(75) - 0.3 * w)
    m = s @ (0.5 * np.eye(75) + 0.3 * w)
    d = made.table["d"].to_numpy().reshape(75, 17)
    tau = m @ d
    since = (d == 0) & d.any(axis=0)
    return {
        "rho": 0.3,
        "direct": np.trace(m) / 75,
        "indirect": (m.sum() - np.trace(m)) / 75,
        "treated": tau[d > 0].mean(),
        "untreated": tau[since].mean(),
    }


@pytest.mark.slow
@pytest.mark.parametrize(
    ("ar", "vcov"), [(0.0, Observed()), (0.5, Clustered("region"))]
)
def test_intervals_cover(ar, vcov):
    """rho .90-.98, average effects .92-.97, realised .90-.985 (measured .94-.97)."""
    inside = dict.fromkeys(("rho", "direct", "indirect", "treated", "untreated"), 0)
    for seed in range(70_000, 70_000 + WORLDS):
        made = world(seed, n=75, t=17, ar=ar)
        fit = fit_spatial_did(
            made.table,
            outcome="y",
            treatment="d",
            covariates=["x"],
            weights=made.weights,
            vcov=vcov,
        )
        done = fit.realised()
        value = {"rho": (fit.rho, fit.errors["rho"])}
        for i, name in enumerate(("direct", "indirect")):
            value[name] = (fit.impacts.value[0, i], fit.impacts.se[0, i])
        for i, name in enumerate(("treated", "untreated")):
            value[name] = (done.value[i], done.se[i])
        for name, true in _true(made).items():
            estimate, se = value[name]
            inside[name] += abs(estimate - true) <= 1.96 * se
    share = {k: v / WORLDS for k, v in inside.items()}
    assert 0.90 <= share["rho"] <= 0.98, share
    for name in ("direct", "indirect"):
        assert 0.92 <= share[name] <= 0.97, share
    for name in ("treated", "untreated"):
        assert 0.90 <= share[name] <= 0.985, share
