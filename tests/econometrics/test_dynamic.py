"""Dynamic spatial panels: published panel, closed forms, planted persistence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from agglo.core.errors import InvalidTableError, NotIdentifiedError, OptionError
from agglo.core.weights import SpatialWeights
from agglo.econometrics import Clustered, Observed, fit_dynamic_panel
from agglo.econometrics.dynamic import _radius
from tests.econometrics.panels import cigarettes


@pytest.fixture(scope="module")
def folder(shared_data: Path) -> Path:
    return shared_data / "econometrics"


def draw(seed, n=30, t=16, tau=0.5, eta=-0.1, rho=0.3):
    rng = np.random.default_rng(seed)
    ids = [f"r{i:02d}" for i in range(n)]
    w = SpatialWeights.build_knn(rng.random(n), rng.random(n), ids, k=4).standardised()
    dense = w.matrix.toarray()
    inverse = np.linalg.inv(np.eye(n) - rho * dense)
    own, x = rng.normal(size=n), rng.normal(size=(n, t + 30))
    y = np.zeros((n, t + 30))
    for j in range(1, t + 30):
        right = tau * y[:, j - 1] + eta * dense @ y[:, j - 1] + 0.5 * x[:, j] + own
        y[:, j] = inverse @ (right + rng.normal(size=n))
    table = pa.table(
        {
            "region": np.repeat(ids, t),
            "period": np.tile(np.arange(t).astype(str), n),
            "y": y[:, 30:].ravel(),
            "x": x[:, 30:].ravel(),
        }
    )
    return table, w


def fit(table, w, **more):
    return fit_dynamic_panel(table, outcome="y", covariates=["x"], weights=w, **more)


@pytest.mark.parametrize(
    ("model", "effects", "terms", "plain", "corrected"),
    [
        (
            "sar",
            ("region",),
            ["past(logc)", "W*past(logc)", "logp", "logy", "rho"],
            [0.869812, -0.276683, -0.114822, -0.020792, 0.302486],
            [0.928944, -0.300133, -0.086529, -0.021872, 0.307773],
        ),
        (
            "sdm",
            ("region", "period"),
            ["past(logc)", "W*past(logc)", "logp", "logy", "W*logp", "W*logy", "rho"],
            [0.823591, None, None, None, None, None, 0.076944],
            [0.864570, -0.015297, -0.265977, 0.099796, 0.170391, -0.022365, 0.076340],
        ),
    ],
)
def test_cigarettes(folder, model, effects, terms, plain, corrected):
    panel = cigarettes(folder)
    found = fit_dynamic_panel(
        panel.table,
        outcome=panel.outcome,
        covariates=panel.covariates,
        weights=panel.weights,
        model=model,
        effects=effects,
    )
    if model == "sar":
        assert found.loglik == pytest.approx(2437.9402, abs=1e-4)
    else:
        assert found.sigma2 == pytest.approx(0.001212, abs=1e-6)
    for term, before, after in zip(terms, plain, corrected, strict=True):
        assert found.coefficients[term] == pytest.approx(after, abs=1.5e-6)
        if before is not None:
            assert found.uncorrected[term] == pytest.approx(before, abs=1.5e-6)


def test_effects_equal_the_dense_inverses():
    table, w = draw(1)
    found = fit(table, w)
    c, dense, eye = found.coefficients, w.matrix.toarray(), np.eye(30)
    tau, eta = found.past
    slope = c["x"] * eye + c["W*x"] * dense
    for effects, inverse in (
        (found.impacts, np.linalg.inv(eye - found.rho * dense)),
        (found.long_run, np.linalg.inv((1 - tau) * eye - (found.rho + eta) * dense)),
    ):
        whole = inverse @ slope
        direct, total = np.trace(whole) / 30, whole.sum() / 30
        np.testing.assert_allclose(
            effects.value[0], [direct, total - direct, total], rtol=1e-8
        )
        assert (effects.se > 0).all()
    step = np.linalg.inv(eye - found.rho * dense) @ (tau * eye + eta * dense)
    assert found.spectral_radius == pytest.approx(np.abs(np.linalg.eigvals(step)).max())


def test_large_and_small_systems_have_the_same_radius(monkeypatch):
    _, w = draw(2, n=60)
    small = _radius(w.matrix, 0.5, -0.2, 0.3)
    monkeypatch.setattr("agglo.econometrics.dynamic._EIGEN_LIMIT", 10)
    assert _radius(w.matrix, 0.5, -0.2, 0.3) == pytest.approx(small, rel=1e-9)


def test_correction_removes_the_bias_of_the_past():
    plain, moved, hits = [], [], []
    for seed in range(40):
        table, w = draw(seed)
        found = fit(table, w)
        plain.append(found.uncorrected["past(y)"] - 0.5)
        moved.append(found.past[0] - 0.5)
        truth = {"past(y)": 0.5, "W*past(y)": -0.1, "rho": 0.3, "x": 0.5}
        hits += [
            abs(found.coefficients[k] - v) < 1.96 * found.errors[k]
            for k, v in truth.items()
        ]
    # bias of order 1/T: near -.1 before at T = 15, a tenth of it after
    assert np.mean(plain) < -0.04
    assert abs(np.mean(moved)) < 0.35 * abs(np.mean(plain))
    assert np.mean(hits) > 0.85


def test_no_correction_and_no_past_of_neighbours():
    table, w = draw(3)
    plain = fit(table, w, corrected=False, vcov=Observed())
    assert plain.uncorrected == plain.coefficients
    assert "not corrected" in plain.summary()
    assert "bias of order 1/T: corrected" in fit(table, w).summary()
    alone = fit(table, w, space_time_lag=False)
    assert alone.past[1] == 0.0
    assert "W*past(y)" not in alone.term
    assert alone.impacts.variable == ("x",)


def test_explosive_process_has_no_long_run():
    table, w = draw(4, tau=0.9, eta=0.0, rho=0.3, t=10)
    found = fit(table, w, effects=("region",))
    assert found.spectral_radius >= 1.0
    assert np.isnan(found.long_run.value).all()
    assert "spectral radius" in found.long_run.undefined[0].reason
    assert np.isfinite(found.impacts.value).all()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"model": "sem"}, "model"),
        ({"effects": ("period",)}, "effects must be"),
        ({"vcov": Clustered("region")}, "Expected"),
        ({"durbin": ["z"]}, "not among"),
    ],
)
def test_refused_options(change, words):
    table, w = draw(1)
    with pytest.raises(OptionError, match=words):
        fit(table, w, **change)


def test_refused_data():
    table, w = draw(1)
    with pytest.raises(InvalidTableError, match="absent"):
        fit(table.slice(1), w)
    short = table.filter(pa.compute.is_in(table["period"], pa.array(["0", "1"])))
    with pytest.raises(NotIdentifiedError, match="too_few_periods"):
        fit(short, w)
    raw = SpatialWeights.from_matrix(3.0 * w.matrix.toarray(), list(w.ids))
    with pytest.raises(OptionError, match="needs_row_standardised"):
        fit(table, raw)
