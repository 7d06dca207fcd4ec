"""Distance-based measures beside numpy loops over rows; points spread over 1,000 km.

R dbmss takes 1.3 s for M of 50,000 points with 5 % reference, and 6.7 s per simulation for
the K-density of 10,000 among 100,000 plants (specification, same kind of machine, quiet).
"""

from __future__ import annotations

import warnings

import numpy as np
import pyarrow as pa
import pytest

from agglo.concentration import duranton_overman, marcon_puech, ripley_k
from agglo.concentration._kernels.distance_pairs import pair_histogram
from agglo.core.errors import NumericsWarning
from agglo.core.options import Permutation
from agglo.core.tables import Points, as_points

SIDE = 1000.0
R = np.linspace(0.0, 200.0, 45)
H = 6.0


def _points(n: int, share: float = 1.0) -> Points:
    rng = np.random.default_rng(7)
    town = rng.uniform(0, SIDE, (n // 200 + 1, 2))
    at = town[rng.integers(0, len(town), n)] + rng.normal(0, 15, (n, 2))
    at = SIDE - np.abs(SIDE - np.abs(at))
    kind = np.where(rng.random(n) < share, "a", "b")
    columns = {"x_km": at[:, 0], "y_km": at[:, 1], "type": kind}
    return as_points(pa.table({**columns, "w": rng.lognormal(0, 1, n)}), type="type")


def _places(points: Points) -> np.ndarray:
    return np.column_stack([points.x_km, points.y_km])


def _histogram_by_row(at: np.ndarray, width: float, n_bins: int) -> np.ndarray:
    out = np.zeros(n_bins)
    for i in range(len(at) - 1):
        d = np.hypot(at[i + 1 :, 0] - at[i, 0], at[i + 1 :, 1] - at[i, 1])
        out += np.histogram(d, n_bins, (0.0, width * n_bins))[0]
    return out


@pytest.mark.parametrize("n", [2_000, 5_000, 20_000])
def test_pair_histogram(versus, n):
    at = _places(_points(n))
    found = versus(
        lambda: pair_histogram(at, None, 0.3, 830),
        twin=lambda: _histogram_by_row(at, 0.3, 830),
        size=f"{n} points, {n * (n - 1) // 2:.2g} pairs",
        twin_rounds=1,
    )
    inside = found.twin_result.sum()
    assert abs(found.result[:-1].sum() - inside) < 1e-4 * inside
    assert found.ratio > 5


@pytest.mark.parametrize("n", [20_000, 100_000, 1_000_000])
def test_fft_density(versus, n):
    points = _points(n)
    few = n == 20_000
    found = versus(
        lambda: _density(points, "fft"),
        twin=(lambda: _density(points, "hist")) if few else None,
        size=f"{n} points, bandwidth {H:g} km" + (", twin: exact histogram" * few),
        rounds=3,
        twin_rounds=1,
    )
    if few:
        np.testing.assert_allclose(found.result, found.twin_result, rtol=2e-3)


def _density(points: Points, method: str) -> np.ndarray:
    options = {"r_km": R, "bandwidth": H, "inference": None}
    return duranton_overman(points, method=method, **options).value


@pytest.mark.parametrize("method", ["hist", "fft"])
def test_density_with_bands(versus, method):
    points = _points(100_000, 0.1)
    draws = 20

    def call() -> np.ndarray:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NumericsWarning)
            return duranton_overman(
                points,
                activity="a",
                r_km=R,
                bandwidth=H,
                method=method,
                inference=Permutation(n=draws, seed=1),
            ).null_mean

    found = versus(
        call, size=f"10,000 of 100,000 plants, {draws} draws, {method}", rounds=1
    )
    assert np.isfinite(found.result).all()


def _m_by_row(points: Points) -> np.ndarray:
    at, w, own = _places(points), points.weight, points.type == 0
    top, bottom = np.zeros(R.size), np.zeros(R.size)
    share = (own.sum() - 1) / (points.n - 1)
    for a in np.flatnonzero(own):
        d = np.hypot(*(at - at[a]).T)
        d[a] = np.inf
        k = np.searchsorted(R, d)
        near = np.cumsum(np.bincount(k, w * own, R.size + 1))[: R.size]
        everybody = np.cumsum(np.bincount(k, w, R.size + 1))[: R.size]
        used = everybody > 0
        top[used] += near[used] / everybody[used]
        bottom[used] += share
    return top[1:] / bottom[1:]


@pytest.mark.parametrize("n", [5_000, 15_000, 50_000])
def test_m(versus, n):
    points = _points(n, 0.05)
    found = versus(
        lambda: marcon_puech(points, activity="a", r_km=R[1:]).value,
        twin=lambda: _m_by_row(points),
        size=f"{n} points, 5 % reference, up to 200 km",
        rounds=3,
        twin_rounds=1,
    )
    np.testing.assert_allclose(found.result, found.twin_result, rtol=1e-9)
    assert found.ratio > 3


def _k_by_row(at: np.ndarray, correction: str) -> np.ndarray:
    out = np.zeros(R.size + 1)
    for i in range(len(at)):
        gap = np.abs(at - at[i])
        weight = np.ones(len(at))
        if correction == "translate":
            weight = SIDE**2 / ((SIDE - gap[:, 0]) * (SIDE - gap[:, 1]))
        weight[i] = 0.0
        out += np.bincount(np.searchsorted(R, np.hypot(*gap.T)), weight, R.size + 1)
    return SIDE**2 * np.cumsum(out)[:-1] / (len(at) * (len(at) - 1))


@pytest.mark.parametrize("n", [2_000, 20_000])
@pytest.mark.parametrize("correction", ["none", "translate"])
def test_k(versus, n, correction):
    points = _points(n)
    box = (0.0, SIDE, 0.0, SIDE)
    found = versus(
        lambda: ripley_k(points, r_km=R, window=box, correction=correction).value,
        twin=lambda: _k_by_row(_places(points), correction),
        size=f"{n} points, {correction}, up to 200 km",
        rounds=3,
        twin_rounds=1,
    )
    np.testing.assert_allclose(found.result, found.twin_result, rtol=1e-9)
    assert found.ratio > 3
