"""Spatial difference-in-differences beside dense algebra, at city, county and village size.

The twin forms I - rho W densely and takes its determinant at every step of the search, as
a first version would. Weights are the six nearest; all numbers are drawn with fixed seeds.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from scipy.optimize import minimize_scalar
from scipy.sparse import csc_array, csr_array, eye_array
from scipy.sparse.linalg import splu
from scipy.spatial import cKDTree

from agglo.core.options import Bootstrap, MonteCarlo
from agglo.core.tables import Panel, as_panel
from agglo.core.weights import SpatialWeights
from agglo.econometrics import (
    Clustered,
    EventWindow,
    Observed,
    SpatialDID,
    fit_spatial_did,
    fit_spatial_event_study,
    placebo_test,
)


def _weights(n: int) -> SpatialWeights:
    xy = np.random.default_rng(3).random((n, 2))
    near = cKDTree(xy).query(xy, 7)[1][:, 1:]
    at = (np.repeat(np.arange(n), 6), near.ravel())
    matrix = csr_array((np.ones(6 * n), at), shape=(n, n))
    return SpatialWeights.from_matrix(
        matrix, [f"{i:06d}" for i in range(n)]
    ).standardised()


def _panel(weights: SpatialWeights, t: int) -> Panel:
    rng, n = np.random.default_rng(4), weights.n
    # starts in 4 to t - 2, so that every event time is seen
    first = np.where(rng.random(n) < 0.3, rng.integers(4, t - 1, n), t)
    d = (np.arange(t) >= first[:, None]).astype(float)
    x = rng.normal(size=(n, t))
    right = 0.5 * d + 0.5 * x + weights.matrix @ (0.3 * d + 0.3 * x)
    right += rng.normal(size=(n, 1)) + 0.3 * rng.normal(size=(n, t))
    y = splu(csc_array(eye_array(n, format="csr") - 0.3 * weights.matrix)).solve(right)
    table = pa.table(
        {
            "region": np.repeat(weights.ids, t),
            "period": np.tile(np.arange(t).astype(str), n),
            "y": y.ravel(),
            "d": d.ravel(),
            "x": x.ravel(),
        }
    )
    return as_panel(table, variables=["y", "d", "x"])


def _ours(panel: Panel, weights: SpatialWeights, *, clustered: bool) -> SpatialDID:
    # a new object each time: log-determinants are kept per object
    fresh = SpatialWeights(
        ids=weights.ids, matrix=weights.matrix, standardisation="row", kind="6 nearest"
    )
    fit = fit_spatial_did(
        panel,
        outcome="y",
        treatment="d",
        covariates=["x"],
        weights=fresh,
        vcov=Clustered() if clustered else Observed(),
    )
    fit.simulated_impacts(MonteCarlo(n=1000, seed=1))
    return fit


def _dense(panel: Panel, weights: SpatialWeights) -> float:
    """Estimate rho with a dense determinant per step."""
    w = weights.matrix.toarray()
    y, d, x = (panel.variable(v).T for v in ("y", "d", "x"))
    columns = [y @ w.T, d, x, d @ w.T, x @ w.T]
    y, *columns = (
        (a - a.mean(0) - a.mean(1, keepdims=True) + a.mean()).ravel()
        for a in (y, *columns)
    )
    wy, z = columns[0], np.column_stack(columns[1:])
    e0 = y - z @ np.linalg.lstsq(z, y, rcond=None)[0]
    e1 = wy - z @ np.linalg.lstsq(z, wy, rcond=None)[0]
    n, t = panel.regions.size, panel.periods.size
    size = (n - 1) * (t - 1)

    def loss(rho: float) -> float:
        det = np.linalg.slogdet(np.eye(n) - rho * w)[1] - np.log(1 - rho)
        return size / 2 * np.log(np.sum((e0 - rho * e1) ** 2) / size) - (t - 1) * det

    return float(minimize_scalar(loss, bounds=(-0.99, 0.99), method="bounded").x)


@pytest.mark.parametrize(
    ("n", "t", "clustered", "seconds"),
    [(75, 17, True, 0.05), (300, 20, True, 0.4), (1500, 20, False, 0.5)],
)
def test_did_beside_dense_algebra(versus, n, t, clustered, seconds):
    weights = _weights(n)
    panel = _panel(weights, t)
    found = versus(
        lambda: _ours(panel, weights, clustered=clustered),
        twin=lambda: _dense(panel, weights),
        size=f"{n} x {t}",
        rounds=5,
        twin_rounds=1,
    )
    assert isinstance(found.result, SpatialDID)
    assert found.result.rho == pytest.approx(found.twin_result, abs=1e-4)
    # three times the target: machines differ
    assert found.seconds < 3 * seconds


@pytest.mark.parametrize(
    ("n", "t", "seconds", "memory"),
    [(3107, 20, 1.5, 500), (10_000, 10, 2.0, 800), (40_000, 10, 20.0, 1000)],
)
def test_did_at_county_and_village_size(versus, n, t, seconds, memory):
    weights = _weights(n)
    panel = _panel(weights, t)
    found = versus(
        lambda: _ours(panel, weights, clustered=False), size=f"{n} x {t}", rounds=1
    )
    assert found.seconds < 3 * seconds
    assert found.memory.added < memory


def test_wild_bands(versus):
    weights = _weights(75)
    panel = _panel(weights, 17)
    found = versus(
        lambda: fit_spatial_event_study(
            panel,
            outcome="y",
            treatment="d",
            weights=weights,
            window=EventWindow(-5, 7),
            bands=Bootstrap(n=999, seed=7),
        ),
        size="75 x 17, 24 columns, 999 draws",
        rounds=2,
    )
    # bands and three lead tests: four times 999 draws
    assert found.seconds < 24


def test_placebo_refits(versus):
    """Issue: 1,000 refits at 75 x 17 under 30 s."""
    weights = _weights(75)
    fit = _ours(_panel(weights, 17), weights, clustered=True)
    found = versus(
        lambda: placebo_test(fit, kind="cohort", inference=MonteCarlo(n=1000, seed=7)),
        size="75 x 17, 1,000 placebos",
        rounds=2,
    )
    assert found.seconds < 10


def test_five_weights(versus):
    members = [_weights(300) for _ in range(5)]
    panel = _panel(members[0], 20)
    found = versus(
        lambda: [_ours(panel, w, clustered=True) for w in members],
        size="300 x 20, five weights",
        rounds=2,
    )
    assert found.seconds < 3 * 2.0
