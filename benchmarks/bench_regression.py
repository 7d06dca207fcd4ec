"""Regressions: removal of effects beside dummies, Poisson, bootstrap, dyadic errors."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from agglo.core.options import Bootstrap
from agglo.econometrics import (
    ClusteredBy,
    Dyadic,
    fit_linear,
    fit_poisson,
    wild_bootstrap,
)
from agglo.econometrics._kernels.absorb import absorb


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
