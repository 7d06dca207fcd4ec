"""Wild cluster bootstrap and control function: exact cases, size, coverage."""

from __future__ import annotations

import itertools

import numpy as np
import pyarrow as pa
import pytest

from agglo.core.errors import NotIdentifiedError, OptionError
from agglo.core.options import Bootstrap
from agglo.econometrics import (
    ClusteredBy,
    fit_control_function,
    fit_iv,
    fit_linear,
    fit_poisson,
    wild_bootstrap,
)
from agglo.econometrics._kernels.wild_cluster import (
    Cleaner,
    InstrumentSetup,
    LinearSetup,
    at_null,
    signs,
)
from agglo.econometrics.iv import partialled
from tests.econometrics.reference_panels import panel_a

BY = ClusteredBy(("g",))


def clustered(seed, groups=12, size=20, slope=0.0):
    rng = np.random.default_rng(seed)
    g = np.repeat(np.arange(groups), size)
    x = rng.normal(size=groups)[g] + rng.normal(size=g.size)
    y = slope * x + rng.normal(size=groups)[g] + rng.normal(size=g.size)
    return pa.table({"g": g, "t": np.tile(np.arange(size), groups), "x": x, "y": y})


def cleaner_of(fit, basis):
    return Cleaner(
        basis=np.linalg.qr(basis)[0],
        codes=fit.design.rows.codes,
        root=np.ones(fit.n),
        cluster=fit.design.spread.clusters[0],
    )


def test_instrument_draws_equal_refits():
    # the draw written out: y* and x* from the restricted model, then two stages again
    table = panel_a().slice(0, 480)
    options = {
        "outcome": "y",
        "endogenous": ["x"],
        "instruments": ["z", "z2"],
        "covariates": ["z3"],
        "effects": ["unit", "time"],
        "vcov": ClusteredBy(("unit",)),
    }
    fit = fit_iv(table, **options)
    y, x, z = partialled(fit)
    null = 1.2
    setup = InstrumentSetup.build(y, x[:, 0], z, cleaner_of(fit, fit.design.x[:, 1:]))
    v = signs(np.random.default_rng(2), 3, 40)
    found = setup.draws(v, null)
    u = y - x[:, 0] * null
    pi = np.linalg.lstsq(np.column_stack([z, u]), x[:, 0], rcond=None)[0][:-1]
    for r in range(3):
        sign = v[r][fit.design.spread.clusters[0]]
        moved = z @ pi + sign * (x[:, 0] - z @ pi)
        star = moved * null + sign * u
        again = fit_iv(
            table.set_column(2, "y", pa.array(star)).set_column(
                3, "x", pa.array(moved)
            ),
            **options,
        )
        # the small-sample factor is not in the draws
        t2 = ((again.coefficient("x") - null) / again.error("x")) ** 2
        t2 *= again.design.spread.factor(2)
        assert found[r] == pytest.approx(t2, rel=1e-7)
    t2 = ((fit.coefficient("x") - null) / fit.error("x")) ** 2
    assert setup.observed(null) == pytest.approx(
        t2 * fit.design.spread.factor(2), rel=1e-9
    )


def test_quadratics_equal_refits():
    table = clustered(3)
    fit = fit_linear(table, outcome="y", covariates=["x"], effects=["t"], vcov=BY)
    d = fit.design
    setup = LinearSetup(
        e=d.residual,
        x=d.x[:, 0],
        cleaner=cleaner_of(fit, d.x),
    )
    v = signs(np.random.default_rng(1), 5, 12)
    parts = setup.parts(v)
    gap = 0.7
    for r in range(5):
        star = v[r][d.spread.clusters[0]] * (d.residual + gap * d.x[:, 0])
        again = fit_linear(
            pa.table({"g": table["g"], "t": table["t"], "x": table["x"], "y": star}),
            outcome="y",
            covariates=["x"],
            effects=["t"],
            vcov=BY,
        )
        c = again.design.spread.factor(1)
        t2 = (again.coefficient("x") / again.error("x")) ** 2 * c
        assert at_null(parts[r : r + 1], gap)[0] == pytest.approx(t2, rel=1e-9)


def test_p_is_the_share_over_all_signs():
    # 12 clusters: all 4,096 sign vectors, enumerated by hand against 1,999 draws
    table = clustered(5, slope=0.3)
    fit = fit_linear(table, outcome="y", covariates=["x"], vcov=BY)
    x = np.column_stack([table["x"].to_numpy(), np.ones(fit.n)])
    y = table["y"].to_numpy()
    u = y - y.mean()
    g = table["g"].to_numpy()
    bread = np.linalg.inv(x.T @ x)

    def t_of(star):
        b = bread @ x.T @ star
        s = np.zeros((12, 2))
        np.add.at(s, g, x * (star - x @ b)[:, None])
        return abs(b[0]) / np.sqrt((bread @ s.T @ s @ bread)[0, 0])

    seen = t_of(y)
    every = [
        t_of(np.array(v)[g] * u) for v in itertools.product((-1.0, 1.0), repeat=12)
    ]
    exact = np.mean(np.array(every) >= seen * (1 - 1e-9))
    got = wild_bootstrap(fit, term="x", inference=Bootstrap(n=1999, seed=2))
    assert got.p == pytest.approx(exact, abs=4 * np.sqrt(0.25 / 1999))
    assert got.statistic == pytest.approx(fit.coefficient("x") / fit.error("x"))


def test_interval_inverts_the_test():
    fit = fit_linear(clustered(5, slope=0.3), outcome="y", covariates=["x"], vcov=BY)
    draws = Bootstrap(n=499, seed=2)
    got = wild_bootstrap(fit, term="x", inference=draws)
    assert got.lower < got.value < got.upper
    width = got.upper - got.lower
    for null, small in (
        (got.lower - 0.02 * width, True),
        (got.lower + 0.02 * width, False),
    ):
        p = wild_bootstrap(fit, term="x", null=null, inference=draws, interval=False).p
        assert (p <= 0.05) is small


def test_size_with_few_clusters():
    p = [
        wild_bootstrap(
            fit_linear(clustered(s, groups=8), outcome="y", covariates=["x"], vcov=BY),
            term="x",
            inference=Bootstrap(n=199, seed=s),
            interval=False,
            n_jobs=1,
        ).p
        for s in range(150)
    ]
    assert np.mean(np.array(p) <= 0.05) <= 0.115  # 3.6 standard errors above .05


def test_workers_do_not_matter():
    fit = fit_linear(clustered(5), outcome="y", covariates=["x"], vcov=BY)
    one, two = (
        wild_bootstrap(fit, term="x", inference=Bootstrap(n=199, seed=4), n_jobs=k).p
        for k in (1, 2)
    )
    assert one == two


def test_instruments_with_the_null_imposed():
    table = panel_a()
    fit = fit_iv(
        table,
        outcome="y",
        endogenous=["x"],
        instruments=["z", "z2"],
        effects=["unit", "time"],
        vcov=ClusteredBy(("unit",)),
    )
    got = wild_bootstrap(fit, term="x", inference=Bootstrap(n=99, seed=1))
    assert got.p == pytest.approx(0.01)
    assert got.lower < 1.386 < got.upper
    assert got.upper - got.lower == pytest.approx(4 * fit.error("x"), rel=0.4)


def test_wild_refusals():
    table = panel_a()
    plain = fit_linear(table, outcome="y", covariates=["x"])
    with pytest.raises(OptionError, match="ClusteredBy"):
        wild_bootstrap(plain, term="x")
    with pytest.raises(OptionError, match="no coefficient"):
        wild_bootstrap(
            plain.with_vcov(ClusteredBy(("unit",))), term="xx", inference=Bootstrap(n=9)
        )


def endogenous(seed, groups=60, size=10):
    rng = np.random.default_rng(seed)
    g = np.repeat(np.arange(groups), size)
    z, u = rng.normal(size=g.size), 0.4 * rng.normal(size=g.size)
    x = 0.8 * z + u
    mean = np.exp(1.0 + 0.4 * x + u + 0.2 * rng.normal(size=groups)[g])
    return pa.table({"g": g, "z": z, "x": x, "y": rng.poisson(mean)})


def control(seed, n=49):
    return fit_control_function(
        endogenous(seed),
        outcome="y",
        endogenous=["x"],
        instruments=["z"],
        cluster="g",
        effects=["g"],
        inference=Bootstrap(n=n, seed=seed),
        n_jobs=1,
    )


def test_control_function_removes_the_bias():
    fits = [control(s) for s in range(20)]
    naive = [
        fit_poisson(
            endogenous(s), outcome="y", covariates=["x"], effects=["g"]
        ).coefficient("x")
        for s in range(20)
    ]
    assert np.mean([f.coefficient("x") for f in fits]) == pytest.approx(0.4, abs=0.03)
    assert np.mean(naive) > 0.5
    inside = [abs(f.coefficient("x") - 0.4) <= 2.0 * f.error("x") for f in fits]
    assert np.mean(inside) >= 0.8
    assert fits[0].coefficient("residual(x)") > 0.5


def test_control_function_repeats_and_refuses():
    assert control(1).error("x") == control(1).error("x")
    with pytest.raises(OptionError, match="resampling"):
        control(1).with_vcov(ClusteredBy(("g",)))
    with pytest.raises(NotIdentifiedError, match="too_few_instruments"):
        fit_control_function(
            endogenous(1),
            outcome="y",
            endogenous=["x", "z"],
            instruments=["g"],
            cluster="g",
        )
