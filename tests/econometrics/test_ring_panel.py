"""Rings in panels: two stages, gaps, rings of the treated, errors of both stages."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from agglo.core.errors import NotIdentifiedError, OptionError
from agglo.econometrics import (
    Clustered,
    Conley,
    DriscollKraay,
    Observed,
    Robust,
    fit_ring_panel,
)

EDGES = (0, 60, 120)


def panel(seed, *, n=60, t=9, noise=0.2, grow=0.0):
    """Units on a line of 600 km, two cohorts at its ends, spillover 0.5 up to 60 km."""
    rng = np.random.default_rng(seed)
    x = np.sort(rng.uniform(0, 600, n))
    x[-1] = 600.0
    first = np.full(n, t)
    first[:6], first[-6:] = 3, 5
    d = (np.arange(t) >= first[:, None]) * 1.0
    gap = np.abs(x[:, None] - x[None])
    near = np.array(
        [
            np.where(d[:, j].any(), gap[:, d[:, j] > 0].min(axis=1, initial=1e9), 1e9)
            for j in range(t)
        ]
    ).T
    since = np.maximum(np.arange(t) - first[:, None], 0)
    y = d * (1 + grow * since) + 0.5 * (1 - d) * (near <= 60)
    y = y + rng.normal(size=(n, 1)) + rng.normal(size=(1, t))
    y = y + noise * rng.normal(size=(n, t))
    ids = [f"r{i:02d}" for i in range(n)]
    rows = pa.table(
        {
            "region": np.repeat(ids, t),
            "period": np.tile(np.arange(t).astype(str), n),
            "y": y.ravel(),
            "d": d.ravel(),
        }
    )
    start = {r: str(f) for r, f in zip(ids, first, strict=True) if f < t}
    at = {r: (float(v), 0.0) for r, v in zip(ids, x, strict=True)}
    return rows, start, at, (x, d, near, y)


def fit(rows, start, at, **more):
    options = {"outcome": "y", "start": start, "positions": at, "edges_km": EDGES}
    return fit_ring_panel(rows, coordinates="km", **options | more)


def test_two_stages_by_hand():
    rows, start, at, (_, d, near, y) = panel(1)
    found = fit(rows, start, at, stages=2)
    n, t = d.shape
    clean = ((d == 0) & (near > 120)).ravel()
    dummies = np.column_stack(
        [
            np.kron(np.eye(n), np.ones((t, 1))),
            np.kron(np.ones((n, 1)), np.eye(t))[:, 1:],
        ]
    )
    b = np.linalg.lstsq(dummies[clean], y.ravel()[clean], rcond=None)[0]
    left = y.ravel() - dummies @ b
    z = np.column_stack(
        [
            d.ravel(),
            ((d == 0) & (near <= 60)).ravel(),
            ((d == 0) & (near > 60) & (near <= 120)).ravel(),
        ]
    ).astype(float)
    coefficient = np.linalg.lstsq(z, left, rcond=None)[0]
    np.testing.assert_allclose(found.value, coefficient, atol=1e-9)
    # errors: both moment conditions stacked, clustered by unit
    k, m = z.shape[1], dummies.shape[1]
    bread = np.zeros((m + k, m + k))
    x1 = dummies * clean[:, None]
    bread[:m, :m] = x1.T @ x1
    bread[m:, :m] = z.T @ dummies
    bread[m:, m:] = z.T @ z
    score = np.column_stack([x1 * left[:, None], z * (left - z @ coefficient)[:, None]])
    by_unit = score.reshape(n, t, -1).sum(axis=1)
    inverse = np.linalg.inv(bread)
    cov = inverse @ (by_unit.T @ by_unit) @ inverse.T * n / (n - 1)
    np.testing.assert_allclose(found.se, np.sqrt(np.diag(cov))[m:], rtol=1e-8)


def test_two_stages_hold_where_one_is_biased_by_growing_effects():
    gaps, held = [], []
    for seed in range(20):
        rows, start, at, (_, d, _, _) = panel(seed, grow=0.5)
        since = np.maximum(np.cumsum(d, axis=1) - 1, 0)
        truth = (d * (1 + 0.5 * since))[d > 0].mean()
        two = fit(rows, start, at, stages=2)
        one = fit(rows, start, at)
        gaps.append([one.value[0] - truth, two.value[0] - truth, two.value[1] - 0.5])
        held.append(abs(gaps[-1][2]) < 1.96 * two.se[1])
    bias = np.abs(np.mean(gaps, axis=0))
    assert bias[1] < 0.06
    assert bias[2] < 0.06
    assert bias[0] > bias[1]
    assert np.mean(held) >= 0.8


@pytest.mark.parametrize("stages", [1, 2])
@pytest.mark.parametrize("vcov", [Robust(), DriscollKraay(lags=1), "conley"])
def test_every_kind_of_errors(stages, vcov):
    rows, start, at, _ = panel(2)
    if vcov == "conley":
        lon = {r: v[0] / 111.0 for r, v in at.items()}
        vcov = Conley(cutoff_km=50, lon=lon, lat=dict.fromkeys(at, 0.0))
    found = fit(rows, start, at, stages=stages, vcov=vcov)
    plain = fit(rows, start, at, stages=stages)
    np.testing.assert_array_equal(found.value, plain.value)
    assert (found.se > 0).all()
    assert not np.allclose(found.se, plain.se)


def test_gaps_are_allowed_and_counted():
    rows, start, at, (_, d, _, y) = panel(3)
    n, t = d.shape
    keep = np.random.default_rng(4).random(n * t) > 0.05
    found = fit(rows.filter(pa.array(keep)), start, at)
    assert "region-periods are absent" in found.summary()
    here = keep.reshape(n, t)
    on = d * here
    x = np.array([at[r][0] for r in sorted(at)])
    gap = np.abs(x[:, None] - x[None])
    near = np.full((n, t), np.inf)
    for j in range(t):
        if on[:, j].any():
            near[:, j] = gap[:, on[:, j] > 0].min(axis=1)
    unit = np.kron(np.eye(n), np.ones((t, 1)))
    period = np.kron(np.ones((n, 1)), np.eye(t))[:, 1:]
    z = np.column_stack(
        [
            d.ravel(),
            ((d == 0) & (near <= 60)).ravel(),
            ((d == 0) & (near > 60) & (near <= 120)).ravel(),
            unit,
            period,
        ]
    ).astype(float)
    b = np.linalg.lstsq(z[keep], y.ravel()[keep], rcond=None)[0]
    np.testing.assert_allclose(found.value, b[:3], atol=1e-8)
    two = fit(rows.filter(pa.array(keep)), start, at, stages=2)
    assert two.value[1] == pytest.approx(0.5, abs=4 * two.se[1])
    with pytest.raises(OptionError, match="by start"):
        fit(rows.filter(pa.array(keep)), None, at, treatment="d")


def test_rings_of_treated_cells():
    rows, start, at, (x, d, _, _) = panel(5)
    found = fit(rows, start, at, on_treated=True, edges_km=(0, 4))
    gap = np.abs(x[:, None] - x[None]) + np.diag(np.full(x.size, np.inf))
    inner = sum(
        (d[:, j] > 0) & (gap[:, d[:, j] > 0].min(axis=1) <= 4)
        for j in range(d.shape[1])
        if d[:, j].any()
    ).sum()
    at_term = found.term.index("treated, 0-4 km")
    assert found.cells[at_term] == inner


def test_two_stages_refuse():
    rows, start, at, _ = panel(1)
    with pytest.raises(OptionError, match="model errors"):
        fit(rows, start, at, stages=2, vcov=Observed())
    with pytest.raises(OptionError, match="needs effects"):
        fit(rows, start, at, stages=2, effects=("region",))
    with pytest.raises(OptionError, match="must be 1 or 2"):
        fit(rows, start, at, stages=3)
    late = {f"r{i:02d}": "7" for i in range(0, 60, 4)} | start
    with pytest.raises(NotIdentifiedError, match=r"no_controls.*7 0, 8 0"):
        fit(rows, late, at, stages=2, vcov=Clustered("region"), edges_km=(0, 20, 260))
