"""Regressions: removal of effects beside dummies, Poisson, bootstrap, dyadic errors."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from agglo.core.options import Bootstrap
from agglo.econometrics import (
    ClusteredBy,
    Dyadic,
    anderson_rubin,
    fit_iv,
    fit_linear,
    fit_poisson,
    knowledge_pools,
    knowledge_stock,
    weak_instruments,
    wild_bootstrap,
)
from agglo.econometrics._kernels.absorb import absorb
from agglo.simulate import simulate_knowledge


def panel(units, periods):
    """An unbalanced panel: a tenth of the cells is missing."""
    rng = np.random.default_rng(1)
    i, t = np.repeat(np.arange(units), periods), np.tile(np.arange(periods), units)
    kept = rng.random(i.size) > 0.1
    i, t = i[kept], t[kept]
    x = rng.normal(size=i.size) + 0.2 * (i % 7)
    y = rng.poisson(np.exp(1 + 0.3 * x + 0.1 * (i % 5)))
    return pa.table({"unit": i, "time": t, "x": x, "y": y})


def dummies(table):
    """The naive twin: one column per level."""
    parts = [table[c].to_numpy() for c in ("unit", "time")]
    return np.column_stack([c[:, None] == np.unique(c) for c in parts]).astype(float)


@pytest.mark.parametrize("units", [100, 500])
def test_absorb(benchmark, units):
    table = panel(units, 15)
    codes = np.vstack([table["unit"].to_numpy(), table["time"].to_numpy()])
    values = table["x"].to_numpy()[:, None]
    benchmark(absorb, values, codes)


@pytest.mark.parametrize("units", [100, 500])
def test_dummies(benchmark, units):
    table = panel(units, 15)
    columns, values = dummies(table), table["x"].to_numpy()
    benchmark.pedantic(lambda: np.linalg.lstsq(columns, values, rcond=None), rounds=3)


def test_poisson(benchmark):
    table = panel(500, 15)
    benchmark(
        fit_poisson, table, outcome="y", covariates=["x"], effects=["unit", "time"]
    )


def test_wild(benchmark):
    table = panel(200, 15)
    fit = fit_linear(
        table,
        outcome="y",
        covariates=["x"],
        effects=["unit", "time"],
        vcov=ClusteredBy(("unit",)),
    )
    benchmark.pedantic(
        lambda: wild_bootstrap(fit, term="x", inference=Bootstrap(n=9999, seed=1)),
        rounds=1,
    )


def test_dyadic(benchmark):
    n = 480
    a, b = np.nonzero(~np.eye(n, dtype=bool))
    rng = np.random.default_rng(1)
    rows = pa.table(
        {"a": a, "b": b, "x": rng.normal(size=a.size), "y": rng.normal(size=a.size)}
    )
    benchmark.pedantic(
        lambda: fit_linear(rows, outcome="y", covariates=["x"], vcov=Dyadic("a", "b")),
        rounds=3,
    )


def knowledge(industries=500, periods=15):
    """Four endogenous pools with four instruments, as the innovation study has them."""
    made = simulate_knowledge(n_industries=industries, n_periods=periods, seed=1)
    return made, {
        "outcome": "log_output",
        "endogenous": made.pools,
        "instruments": made.instruments,
        "covariates": ["own"],
        "effects": ["industry", "period"],
        "vcov": ClusteredBy(("industry",)),
    }


def test_instruments_and_how_weak(benchmark):
    made, options = knowledge()
    benchmark(lambda: weak_instruments(fit_iv(made.panel, **options)))


def test_anderson_rubin_set(benchmark):
    made, options = knowledge()
    options |= {"endogenous": ["active_io"], "instruments": ["z_active_io"]}
    fit = fit_iv(made.panel, **options)
    benchmark(anderson_rubin, fit)


def pairs(n=480, periods=15):
    """All ordered pairs of 480 industries and their knowledge."""
    rng = np.random.default_rng(2)
    names = np.array([f"i{k:03d}" for k in range(n)])
    a, b = np.nonzero(~np.eye(n, dtype=bool))
    dyads = pa.table(
        {"anchor": names[a], "mover": names[b], "weight": rng.random(a.size)}
    )
    patents = {
        "industry": np.repeat(names, periods),
        "period": np.tile(np.arange(periods), n),
        "patents": rng.poisson(9.0, n * periods).astype(float),
    }
    return dyads, knowledge_stock(pa.table(patents))


def test_pools(benchmark):
    dyads, stock = pairs()
    benchmark(knowledge_pools, dyads, stock)


def test_pools_by_loops(benchmark):
    """The naive twin: a loop over industries and partners."""
    dyads, stock = pairs(120)
    at = {str(k): i for i, k in enumerate(stock.industries)}
    rows = dyads.to_pylist()

    def loops():
        out = np.zeros(stock.values.shape)
        for r in rows:
            out[at[r["mover"]]] += r["weight"] * stock.values[at[r["anchor"]]]
        return out

    benchmark.pedantic(loops, rounds=3)
