"""Random effects of regions: published panels, dense likelihood, fixed against random."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from scipy.stats import multivariate_normal

from agglo.core.errors import InvalidTableError, NotIdentifiedError, OptionError
from agglo.core.weights import SpatialWeights
from agglo.econometrics import fit_random_panel, fixed_or_random
from tests.econometrics.panels import cigarettes, munnell


@pytest.fixture(scope="module")
def folder(shared_data: Path) -> Path:
    return shared_data / "econometrics"


def draw(seed, n=14, t=5, related=0.0, psi=2.0):
    rng = np.random.default_rng(seed)
    ids = [f"r{i:02d}" for i in range(n)]
    w = SpatialWeights.build_knn(rng.random(n), rng.random(n), ids, k=3).standardised()
    own = np.sqrt(psi) * rng.normal(size=(n, 1))
    x = rng.normal(size=(n, t)) + related * own
    right = 0.5 * x + own + rng.normal(size=(n, t))
    y = np.linalg.solve(np.eye(n) - 0.3 * w.matrix.toarray(), right)
    table = pa.table(
        {
            "region": np.repeat(ids, t),
            "period": np.tile(np.arange(t).astype(str), n),
            "y": y.ravel(),
            "x": x.ravel(),
        }
    )
    return table, w


def fit(panel, model="sdm", random=None):
    return fit_random_panel(
        panel.table,
        outcome=panel.outcome,
        covariates=panel.covariates,
        weights=panel.weights,
        model=model,
        random=random,
    )


def test_durbin_model_of_the_cigarettes(folder):
    found = fit(cigarettes(folder))
    assert found.rho == pytest.approx(0.453139, abs=1e-6)
    assert found.phi == pytest.approx(0.089034, abs=1e-6)
    assert found.coefficients["logp"] == pytest.approx(-0.936537, abs=1e-6)
    assert found.coefficients["constant"] == pytest.approx(2.707157, abs=1e-6)
    assert found.loglik == pytest.approx(1464.0289, abs=1e-4)
    direct, indirect, total = found.impacts.value[0]
    assert total == pytest.approx(direct + indirect)
    slope = found.coefficients["logp"] + found.coefficients["W*logp"]
    assert total == pytest.approx(slope / (1 - found.rho))


@pytest.mark.parametrize(
    ("random", "ratio", "lam", "constant", "loglik"),
    [
        ("kkp", 6.624776, 0.526465, 2.324671, 1491.9116),
        # spreg stops at 1490.13 here
        ("error", 7.495180, 0.538876, 2.386828, 1491.6588),
    ],
)
def test_error_models_of_munnell(folder, random, ratio, lam, constant, loglik):
    found = fit(munnell(folder), "sem", random)
    assert found.variance_ratio == pytest.approx(ratio, rel=1e-6)
    assert found.lam == pytest.approx(lam, abs=1e-6)
    assert found.coefficients["constant"] == pytest.approx(constant, abs=2e-6)
    assert found.loglik == pytest.approx(loglik, abs=1e-4)


@pytest.mark.parametrize(
    ("read", "wald", "df"), [(cigarettes, 4.89, 4), (munnell, 56.18, 8)]
)
def test_mundlak_of_the_published_panels(folder, read, wald, df):
    panel = read(folder)
    found = fixed_or_random(
        panel.table,
        outcome=panel.outcome,
        covariates=panel.covariates,
        weights=panel.weights,
    )
    assert found.of("region means", "Wald") == pytest.approx(wald, abs=5e-3)
    assert found.df[0] == df
    # the covariance difference is not positive definite: an answer, not a number
    assert np.isnan(found.of("fixed = random", "Hausman"))
    assert found.undefined[0].item == "fixed = random"


def dense_loglik(kind, theta, y, z, w):
    """Likelihood from the NT x NT covariance; theta is b, spatial, phi, s2."""
    *b, x, phi, s2 = theta
    t, n = y.shape
    psi = (phi**-2 - 1) / t
    filter_ = np.eye(n) - x * w
    wide = np.kron(np.eye(t), filter_)
    ones = np.kron(np.ones((t, t)), np.eye(n))
    inner = np.eye(n * t) + psi * ones
    inverse = np.linalg.inv(wide)
    if kind == "error":
        cov = inverse @ inverse.T + psi * ones
    else:
        cov = inverse @ inner @ inverse.T
    mean = z.reshape(n * t, -1) @ np.array(b)
    mean = inverse @ mean if kind == "lag" else mean
    return multivariate_normal(mean, s2 * cov).logpdf(y.ravel())


@pytest.mark.parametrize(
    ("kind", "model"), [("lag", "sdm"), ("kkp", "sdem"), ("error", "sem")]
)
def test_maximum_and_errors_of_the_dense_likelihood(kind, model):
    table, w = draw(3)
    found = fit_random_panel(
        table, outcome="y", covariates=["x"], weights=w, model=model, random=kind
    )
    d = found.design

    def value(theta):
        return dense_loglik(kind, theta, d.y, d.z, w.matrix.toarray())

    at, k = found.value, found.value.size
    assert value(at) == pytest.approx(found.loglik, abs=1e-8)
    step = np.diag(0.05 * found.se)
    slope = [(value(at + s) - value(at - s)) / (2 * s.max()) for s in step]
    # slope per standard error
    np.testing.assert_allclose(slope * found.se, 0.0, atol=2e-3)
    hessian = np.zeros((k, k))
    for i in range(k):
        for j in range(k):
            corners = [
                a * b * value(at + a * step[i] + b * step[j])
                for a in (1, -1)
                for b in (1, -1)
            ]
            hessian[i, j] = sum(corners) / (4 * step[i].max() * step[j].max())
    errors = np.sqrt(np.diag(np.linalg.inv(-hessian)))
    np.testing.assert_allclose(found.se, errors, rtol=1e-2)


def test_random_effects_are_covered():
    hits = []
    for seed in range(30):
        table, w = draw(seed, n=40, t=6)
        found = fit_random_panel(
            table, outcome="y", covariates=["x"], weights=w, model="sar"
        )
        z = (found.value - [0.5, found.value[1], 0.3, found.value[3], 1.0]) / found.se
        hits.append(np.abs(z[[0, 2, 4]]) < 1.96)
    # 95 per cent of 90 intervals, three standard deviations wide
    assert 0.88 < np.mean(hits) <= 1.0


def test_mundlak_rejects_related_effects_only():
    p = {related: [] for related in (0.0, 0.5)}
    for seed in range(12):
        for related, kept in p.items():
            table, w = draw(seed, n=40, t=6, related=related)
            found = fixed_or_random(table, outcome="y", covariates=["x"], weights=w)
            kept.append(found.p[0])
            assert found.p[2] < 1e-6
    assert np.mean(np.array(p[0.0]) < 0.05) <= 0.25
    assert np.mean(np.array(p[0.5]) < 0.05) >= 0.9


def test_order_of_rows_and_names_change_nothing():
    table, w = draw(5)
    one = fit_random_panel(table, outcome="y", covariates=["x"], weights=w)
    order = np.random.default_rng(1).permutation(table.num_rows)
    two = fit_random_panel(table.take(order), outcome="y", covariates=["x"], weights=w)
    np.testing.assert_allclose(one.value, two.value, rtol=1e-9)


def test_hausman_where_it_exists():
    for seed in range(5):
        table, w = draw(seed, n=40, t=4, related=0.3, psi=1.0)
        found = fixed_or_random(
            table, outcome="y", covariates=["x"], weights=w, durbin=[]
        )
        value = found.of("fixed = random", "Hausman")
        if np.isfinite(value):
            assert value > 0
            assert found.p[1] < 0.05
            return
    pytest.fail("the covariance difference was positive definite in none of 5 worlds")


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"random": "kkp"}, OptionError, "models 'sem'"),
        ({"model": "sem", "random": "lag"}, OptionError, "models 'sar'"),
        ({"model": "sac"}, OptionError, "model"),
        ({"random": "fixed"}, OptionError, "random"),
        ({"rho_bounds": (0.1, 1.0)}, OptionError, "rho_bounds"),
    ],
)
def test_refused_options(change, error, words):
    table, w = draw(1)
    with pytest.raises(error, match=words):
        fit_random_panel(table, outcome="y", covariates=["x"], weights=w, **change)


def test_refused_data():
    table, w = draw(1)
    with pytest.raises(InvalidTableError, match="absent"):
        fit_random_panel(table.slice(1), outcome="y", covariates=["x"], weights=w)
    first = table.filter(pa.compute.equal(table["period"], "0"))
    for call in (fit_random_panel, fixed_or_random):
        with pytest.raises(NotIdentifiedError, match="one_period"):
            call(first, outcome="y", covariates=["x"], weights=w)
    none, w0 = draw(2, n=40, t=6, psi=0.0)
    y = none["y"].to_numpy().reshape(40, 6)
    # unit means alike: less variance between than chance
    flat = none.set_column(2, "y", pa.array((y - y.mean(1, keepdims=True)).ravel()))
    with pytest.raises(NotIdentifiedError, match="no_unit_variance"):
        fit_random_panel(flat, outcome="y", covariates=["x"], weights=w0)
    constant = replace_x(none, 40, 6)
    with pytest.raises(NotIdentifiedError, match="no covariate changes"):
        fixed_or_random(constant, outcome="y", covariates=["x"], weights=w0)


def replace_x(table, n, t):
    return table.set_column(3, "x", pa.array(np.repeat(np.arange(n) * 1.0, t)))


def test_summary_frame_and_figure():
    import matplotlib as mpl

    mpl.use("Agg")
    table, w = draw(1)
    found = fit_random_panel(table, outcome="y", covariates=["x"], weights=w)
    assert "random effect, lagged outcome" in found.summary()
    assert found.to_frame().num_rows == found.value.size
    assert found.plot() is not None
    assert replace(found, level=0.9).impacts.level == 0.9
    assert set(found.errors) == set(found.term)
    assert np.isnan(found.lam)
