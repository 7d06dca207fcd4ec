"""The three generated data sets whose values other programs agreed on."""

from __future__ import annotations

import numpy as np
import pyarrow as pa


def panel_a() -> pa.Table:
    """Panel A: 120 units, 12 periods, two endogenous columns, three instruments."""
    rng = np.random.default_rng(1)
    units, periods = 120, 12
    size = units * periods
    i, t = np.repeat(np.arange(units), periods), np.tile(np.arange(periods), units)

    def n():
        return rng.standard_normal(size)

    a, g = rng.standard_normal(units)[i], rng.standard_normal(periods)[t]
    z = n() + 0.5 * a
    u = n()
    x = 0.6 * z + 0.8 * u + a + g + n()
    x2 = 0.4 * z - 0.5 * u + n()
    y = x + 0.5 * x2 + a + g + u + n()
    z2 = n() + 0.3 * z
    z3 = n()
    x2 = x2 + 0.3 * z3
    columns = {
        "unit": i,
        "time": t,
        "y": y,
        "x": x,
        "x2": x2,
        "z": z,
        "z2": z2,
        "z3": z3,
    }
    return pa.table(columns)


def panel_b() -> pa.Table:
    """Counts of 40 units over 10 periods."""
    rng = np.random.default_rng(11)
    i, t = np.repeat(np.arange(40), 10), np.tile(np.arange(10), 40)
    a, g = rng.standard_normal(40)[i], 0.3 * rng.standard_normal(10)[t]
    x, v = rng.standard_normal(400) + 0.5 * a, rng.standard_normal(400)
    mu = np.exp(0.5 + 0.4 * x - 0.2 * v + 0.6 * a + g) * rng.gamma(2.0, 0.5, 400)
    return pa.table({"unit": i, "time": t, "x": x, "v": v, "count": rng.poisson(mu)})


def shift_share_c() -> dict[str, np.ndarray]:
    """Sixty units, ten shifts, shares that do not sum to 1."""
    rng = np.random.default_rng(7)
    w = rng.dirichlet(0.6 * np.ones(10), 60) * rng.uniform(0.6, 1.0, 60)[:, None]
    g = rng.standard_normal(10)
    h = 0.7 * g + 0.5 * rng.standard_normal(10)
    q, nu = rng.standard_normal(60), 0.5 * rng.standard_normal(10)
    x = w @ g
    x2 = w @ h + 0.2 * rng.standard_normal(60)
    y = 0.5 * x2 + 0.3 * q + w @ nu + 0.1 * rng.standard_normal(60)
    return {"w": w, "g": g, "q": q, "x": x, "x2": x2, "y": y}
