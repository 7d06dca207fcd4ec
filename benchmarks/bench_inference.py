"""Envelopes, p-values and false discovery rates beside double loops.

Curves are random walks with noise, drawn with a fixed seed.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right

import numpy as np
import pytest

from agglo.core.inference import fdr, global_envelope, mc_pvalue
from agglo.core.parallel import monte_carlo


def _curves(n: int, d: int) -> np.ndarray:
    rng = np.random.default_rng(7)
    walk = np.cumsum(rng.normal(size=(n + 1, d)), axis=1)
    return 0.2 * walk + rng.normal(size=(n + 1, d))


def _erl_by_loop(curves: np.ndarray) -> float:
    """Rank every value by a search, every curve against the first by a comparison."""
    n, d = curves.shape
    columns = [sorted(curves[:, j].tolist()) for j in range(d)]
    ranks = []
    for i in range(n):
        row = []
        for j in range(d):
            value, column = float(curves[i, j]), columns[j]
            up = (bisect_left(column, value) + bisect_right(column, value) + 1) / 2
            row.append(min(up, n + 1 - up))
        ranks.append(sorted(row))
    return sum(row <= ranks[0] for row in ranks) / n


@pytest.mark.parametrize("shape", [(999, 50), (2500, 100), (9999, 200)], ids=str)
def test_extreme_rank_length(versus, shape):
    curves = _curves(*shape)
    found = versus(
        lambda: global_envelope(curves[0], curves[1:]).p,
        twin=lambda: _erl_by_loop(curves),
        size=f"{shape[0]} curves x {shape[1]}",
        twin_rounds=1,
    )
    assert found.result == pytest.approx(found.twin_result, abs=1e-12)
    assert found.ratio > 3


def _deviation_by_loop(curves: np.ndarray) -> float:
    n, d = curves.shape
    mean, sd = curves.mean(axis=0), curves.std(axis=0, ddof=1)
    away = [
        max(abs(curves[i, j] - mean[j]) / sd[j] for j in range(d)) for i in range(n)
    ]
    return sum(a >= away[0] for a in away) / n


@pytest.mark.parametrize("shape", [(999, 50), (2500, 100), (9999, 200)], ids=str)
def test_largest_deviation(versus, shape):
    curves = _curves(*shape)
    found = versus(
        lambda: global_envelope(curves[0], curves[1:], kind="mad").p,
        twin=lambda: _deviation_by_loop(curves),
        size=f"{shape[0]} curves x {shape[1]}",
        twin_rounds=1,
    )
    assert found.result == pytest.approx(found.twin_result, abs=1e-12)
    assert found.ratio > 10


def _p_by_statistic(observed: np.ndarray, simulated: np.ndarray) -> np.ndarray:
    out = np.empty(observed.size)
    for j, value in enumerate(observed):
        draws = simulated[:, j]
        known = draws[~np.isnan(draws)]
        upper, lower = (known >= value).sum(), (known <= value).sum()
        out[j] = min(1.0, 2 * (1 + min(upper, lower)) / (1 + known.size))
    return out


@pytest.mark.parametrize("shape", [(999, 1000), (999, 10_000), (999, 50_000)], ids=str)
def test_p_values(versus, shape):
    rng = np.random.default_rng(8)
    simulated, observed = rng.normal(size=shape), rng.normal(size=shape[1])
    found = versus(
        lambda: mc_pvalue(observed, simulated, "two-sided"),
        twin=lambda: _p_by_statistic(observed, simulated),
        size=f"{shape[0]} draws x {shape[1]} statistics",
        rounds=3,
        twin_rounds=1,
    )
    np.testing.assert_allclose(found.result, found.twin_result, rtol=1e-12)
    assert found.ratio > 1


def _q_by_loop(p: np.ndarray) -> np.ndarray:
    m = p.size
    order = np.argsort(p, kind="stable")
    scaled = [float(p[i]) * m / (k + 1) for k, i in enumerate(order)]
    out = np.empty(m)
    smallest = 1.0
    for k in range(m - 1, -1, -1):
        smallest = min(smallest, scaled[k])
        out[order[k]] = smallest
    return out


@pytest.mark.parametrize("m", [10_000, 100_000, 3_000_000])
def test_false_discovery_rates(versus, m):
    p = np.random.default_rng(9).random(m)
    found = versus(
        lambda: fdr(p), twin=lambda: _q_by_loop(p), size=f"{m} tests", twin_rounds=1
    )
    np.testing.assert_allclose(found.result, found.twin_result, rtol=1e-12)
    assert found.ratio > 1.5


@pytest.mark.parametrize("n", [1_000, 10_000, 100_000])
def test_monte_carlo_loop(versus, n):
    """Blocks, seeds and limits beside one call of the generator per replicate."""

    def draw(rng: np.random.Generator, size: int) -> np.ndarray:
        return rng.normal(size=(size, 10)).mean(axis=1)

    def by_replicate() -> np.ndarray:
        rng = np.random.default_rng(7)
        return np.array([rng.normal(size=10).mean() for _ in range(n)])

    found = versus(
        lambda: monte_carlo(draw, n=n, seed=7, n_jobs=1),
        twin=by_replicate,
        size=f"{n} replicates",
    )
    assert found.result.shape == found.twin_result.shape
    assert found.result.std() == pytest.approx(10**-0.5, abs=5 * (0.2 / n) ** 0.5)
