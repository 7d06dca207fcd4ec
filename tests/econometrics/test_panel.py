"""Spatial panels: identities, invariances, what is refused."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agglo.core.errors import (
    AlignmentError,
    ColumnNotFoundError,
    InvalidTableError,
    NotIdentifiedError,
    OptionError,
)
from agglo.core.options import MonteCarlo
from agglo.core.weights import SpatialWeights
from agglo.core.weights_kinds import Rings
from agglo.econometrics import (
    Clustered,
    Conley,
    DriscollKraay,
    Expected,
    Observed,
    Robust,
    fit_spatial_panel,
)
from agglo.econometrics._estimate import estimate
from agglo.econometrics._kernels.effects import exposure_means
from agglo.econometrics._kernels.information import (
    score_contributions,
    spatial_multiplier,
)
from agglo.econometrics._kernels.logdet import (
    EigenLogDet,
    NodeLogDet,
    build_logdet,
    symmetriser,
)
from tests.econometrics.panels import World, world


def fit(made: World, **more):
    options = {"outcome": "y", "covariates": ["d", "x"], "weights": made.weights} | more
    return fit_spatial_panel(options.pop("data", made.table), **options)


@pytest.fixture(scope="module")
def made() -> World:
    return world(5)


PATH = np.array([[0, 1, 0], [0.5, 0, 0.5], [0, 1, 0]])


def test_hand_case_path_of_three():
    """rho = .5, beta = 1, theta = .5: direct 13/9, total 3, tr G / N = 4/9."""
    w = SpatialWeights.from_matrix(PATH, list("abc")).matrix
    det = build_logdet(w)
    value, first, _ = det.at(0.5)
    assert value == pytest.approx(np.log(0.75))
    assert -first / 3 == pytest.approx(4 / 9)
    means = exposure_means(w, det, 0.5, [])
    assert means.direct @ [1, 0.5] == pytest.approx(13 / 9)
    assert means.total @ [1, 0.5] == pytest.approx(3)


@given(
    st.integers(0, 10_000),
    st.floats(-0.8, 0.9),
    st.sampled_from(["knn", "band", "raw"]),
)
@settings(max_examples=25)
def test_exact_traces_are_those_of_the_inverse(seed, rho, kind):
    rng = np.random.default_rng(seed)
    x, y, ids = rng.random(30), rng.random(30), [f"{i:02d}" for i in range(30)]
    if kind == "knn":
        weights = SpatialWeights.build_knn(x, y, ids, k=4).standardised()
    elif kind == "band":
        weights = SpatialWeights.build_inverse_distance(x, y, ids).standardised()
    else:
        weights = SpatialWeights.build_knn(x, y, ids, k=3).standardised("spectral")
    ring = SpatialWeights.build_knn(y, x, ids, k=2).matrix
    w = weights.matrix.toarray()
    s = np.linalg.inv(np.eye(30) - rho * w)
    means = exposure_means(weights.matrix, build_logdet(weights.matrix), rho, [ring])
    for number, e in enumerate([np.eye(30), w, ring.toarray()]):
        m, slope = s @ e, s @ w @ s @ e
        assert means.direct[number] == pytest.approx(np.trace(m) / 30, abs=1e-9)
        assert means.total[number] == pytest.approx(m.sum() / 30, abs=1e-8)
        assert means.d_direct[number] == pytest.approx(np.trace(slope) / 30, abs=1e-7)
        assert means.d_total[number] == pytest.approx(
            slope.sum() / 30, rel=1e-6, abs=1e-7
        )


@pytest.fixture(scope="module")
def matrices():
    """Neighbours of 500 places with all eigenvalues, which are slow and serve every rho."""
    rng = np.random.default_rng(2)
    x, y = rng.random(500), rng.random(500)
    ids = [f"{i:04d}" for i in range(500)]
    band = SpatialWeights.build_distance_band(
        x, y, ids, cutoff_km=0.08, islands="nearest"
    )
    both = (band.standardised(), SpatialWeights.build_knn(x, y, ids).standardised())
    return [
        (w.matrix, EigenLogDet(np.linalg.eigvals(w.matrix.toarray()))) for w in both
    ]


@pytest.mark.parametrize("rho", [-0.93, -0.4, 0.0, 0.31, 0.72, 0.95])
def test_factorisations_and_eigenvalues_agree(matrices, rho):
    for matrix, eigenvalues in matrices:
        exact = eigenvalues.at(rho)
        nodes = NodeLogDet(matrix).at(rho)
        np.testing.assert_allclose(nodes[0], exact[0], rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(nodes[1], exact[1], rtol=1e-6, atol=1e-5)
        np.testing.assert_allclose(nodes[2], exact[2], rtol=1e-4, atol=1e-2)


def test_symmetric_neighbours_are_recognised_after_row_standardisation():
    rng = np.random.default_rng(3)
    x, y, ids = rng.random(50), rng.random(50), [f"{i:02d}" for i in range(50)]
    symmetric = SpatialWeights.build_inverse_distance(x, y, ids).standardised()
    assert symmetriser(symmetric.matrix) is not None
    assert symmetriser(SpatialWeights.build_knn(x, y, ids, k=3).matrix) is None
    # a symmetric pattern without detailed balance: a cycle with unequal products
    ring = np.array([[0, 0.9, 0.1], [0.1, 0, 0.9], [0.9, 0.1, 0]])
    assert symmetriser(SpatialWeights.from_matrix(ring, list("abc")).matrix) is None


def test_total_is_direct_plus_indirect(made):
    value = fit(made).impacts.value
    np.testing.assert_allclose(value[:, 0] + value[:, 1], value[:, 2])


def test_planted_parameters_are_recovered():
    found = fit(world(2027, n=120, t=16))
    want = {"rho": 0.3, "d": 0.5, "W*d": 0.3, "x": 0.5, "W*x": 0.3, "sigma2": 0.09}
    for term, value in want.items():
        assert abs(found.coefficients[term] - value) < 3.5 * found.errors[term], term


@pytest.mark.parametrize("model", ["sdm", "sar", "sem", "sdem"])
@pytest.mark.parametrize(
    "effects", [("region", "period"), ("region",), ("period",), None]
)
@pytest.mark.parametrize("bias", ["none", "transform"])
def test_scores_sum_to_zero_and_the_hessian_is_that_of_differences(
    made, model, effects, bias
):
    found = fit(made, model=model, effects=effects, bias=bias)
    design, est = found.design, found.estimate
    w = made.weights.matrix.toarray()
    g = spatial_multiplier(w, est.fitted.parameter)
    scores = score_contributions(est.fitted, g)
    size = np.abs(scores).sum(axis=(0, 1))
    assert (np.abs(scores.sum(axis=(0, 1))) < 1e-8 * size).all()

    like, k = est.likelihood, est.b.size

    def loglik(p):
        b, spatial, s2 = p[:k], p[k], p[k + 1]
        rho, lam = (spatial, 0.0) if design.has_lag else (0.0, spatial)
        v = np.concatenate([[1.0, -rho], -b])
        ssr = v @ like.gram(lam) @ v
        det = like.determinant("lag" if design.has_lag else "error", spatial)[0]
        return -0.5 * like.n_star * np.log(s2) - ssr / (2 * s2) + like.t_star * det

    p0, hessian = est.parameters, est.hessian
    step = 1e-4 * np.maximum(np.abs(p0), 0.05)
    for i in range(p0.size):
        for j in range(i, p0.size):
            a, b = np.eye(p0.size)[i] * step[i], np.eye(p0.size)[j] * step[j]
            second = (
                loglik(p0 + a + b)
                - loglik(p0 + a - b)
                - loglik(p0 - a + b)
                + loglik(p0 - a - b)
            ) / (4 * step[i] * step[j])
            scale = np.sqrt(hessian[i, i] * hessian[j, j])
            assert abs(second + hessian[i, j]) < 2e-5 * scale


def test_two_way_within_is_dummies(made):
    within = fit(made, bias="none")
    n, t = 40, 10
    rows = made.table
    extra = {f"u{i}": np.repeat(np.eye(n)[i], t) for i in range(1, n)}
    extra |= {f"p{j}": np.tile(np.eye(t)[j], n) for j in range(1, t)}
    for name, values in extra.items():
        rows = rows.append_column(name, pa.array(values))
    dummies = fit(
        made, data=rows, covariates=["d", "x", *extra], durbin=["d", "x"],
        effects=None, bias="none",
    )  # fmt: skip
    assert dummies.rho == pytest.approx(within.rho, abs=1e-8)
    assert dummies.loglik == pytest.approx(within.loglik, abs=1e-7)
    for term in ("d", "x", "W*d", "W*x"):
        assert dummies.coefficients[term] == pytest.approx(within.coefficients[term])
        assert dummies.errors[term] == pytest.approx(within.errors[term], rel=1e-6)


def test_transform_is_the_explicit_rotation(made):
    """Data rotated by orthonormal complements of the constants; W becomes F'WF."""
    found = fit(made)
    n, t = 40, 10
    f = np.linalg.svd(np.ones((1, n)))[2][1:].T
    ft = np.linalg.svd(np.ones((1, t)))[2][1:].T
    d = found.design
    w = made.weights.matrix.toarray()
    small = f.T @ w @ f
    y = ft.T @ d.y @ f
    z = np.einsum("ts,tnk,nm->smk", ft, d.z, f)
    wy = y @ small.T
    eye = np.eye(n - 1)

    def profile(rho):
        target = (y - rho * wy).ravel()
        flat = z.reshape(-1, z.shape[2])
        e = target - flat @ np.linalg.lstsq(flat, target)[0]
        size = e.size
        det = np.linalg.slogdet(eye - rho * small)[1]
        return (
            -size / 2 * (np.log(2 * np.pi) + 1 + np.log(e @ e / size)) + (t - 1) * det
        )

    assert profile(found.rho) == pytest.approx(found.loglik, abs=1e-8)
    near = [profile(found.rho + step) for step in (-1e-4, 1e-4)]
    assert max(near) < found.loglik


def test_relabelling_and_row_order_change_nothing(made):
    base = fit(made)
    rng = np.random.default_rng(1)
    shuffled = made.table.take(rng.permutation(made.table.num_rows))
    assert fit(made, data=shuffled).value.tolist() == base.value.tolist()
    new = dict(zip(made.ids, rng.permutation(made.ids), strict=True))
    labels = [new[r] for r in made.table["region"].to_pylist()]
    renamed = made.table.set_column(0, "region", pa.array(labels))
    weights = SpatialWeights.from_matrix(
        made.weights.matrix, [new[i] for i in made.weights.ids]
    )
    other = fit(made, data=renamed, weights=weights)
    np.testing.assert_allclose(other.value, base.value, rtol=1e-9)
    np.testing.assert_allclose(other.impacts.se, base.impacts.se, rtol=1e-7)


@given(st.integers(0, 100), st.floats(0.1, 50))
@settings(max_examples=10)
def test_constants_per_region_or_period_change_nothing_and_scale_scales(seed, scale):
    made = world(7)
    base = fit(made)
    rng = np.random.default_rng(seed)
    shift = np.repeat(rng.normal(size=40), 10) + np.tile(rng.normal(size=10), 40)
    moved = {
        name: pa.array(made.table[name].to_numpy() * s + shift)
        for name, s in (("y", scale), ("x", 1.0))
    }
    table = made.table.drop_columns(["y", "x"])
    for name, values in moved.items():
        table = table.append_column(name, values)
    found = fit(made, data=table)
    assert found.rho == pytest.approx(base.rho, abs=1e-9)
    np.testing.assert_allclose(found.value[:4], scale * base.value[:4], rtol=1e-7)
    np.testing.assert_allclose(found.se[:4], scale * base.se[:4], rtol=1e-7)


def test_effects_are_the_finite_differences_of_the_reduced_form(made):
    found = fit(made)
    b, rho, w = found.coefficients, found.rho, made.weights.matrix.toarray()
    s = np.linalg.inv(np.eye(40) - rho * w)
    response = s @ (b["x"] * np.eye(40) + b["W*x"] * w)
    assert found.impacts.of("x")["direct"] == pytest.approx(np.trace(response) / 40)
    assert found.impacts.of("x")["total"] == pytest.approx(response.sum() / 40)


def test_simulated_and_delta_errors_agree(made):
    found = fit(made)
    drawn = found.simulated_impacts(MonteCarlo(n=8000, seed=3))
    np.testing.assert_allclose(drawn.se, found.impacts.se, rtol=0.06)
    np.testing.assert_allclose(
        drawn.lower, found.impacts.lower, atol=0.25 * drawn.se.max()
    )
    again = found.simulated_impacts(MonteCarlo(n=8000, seed=3))
    assert again.value.tolist() == drawn.value.tolist()
    assert again.se.tolist() == drawn.se.tolist()


def test_rings_give_one_lag_each(made):
    rings = Rings.build(made.x_km, made.y_km, made.ids, edges_km=(0, 100, 200))
    found = fit(made, durbin_weights=rings, durbin=["d"], model="sdm")
    assert found.term[2:4] == ("W[0-100 km]*d", "W[100-200 km]*d")
    b, w = found.coefficients, made.weights.matrix.toarray()
    s = np.linalg.inv(np.eye(40) - found.rho * w)
    m = b["d"] * np.eye(40)
    for ring in rings.members:
        m = m + b[f"W[{ring.kind}]*d"] * ring.matrix.toarray()
    assert found.impacts.of("d")["direct"] == pytest.approx(np.trace(s @ m) / 40)
    assert found.impacts.of("d")["total"] == pytest.approx((s @ m).sum() / 40)


def test_slx_is_least_squares(made):
    found = fit(made, model="slx", bias="none", vcov=Robust())
    x = found.design.arrays[0].reshape(-1, 6)
    z, y = x[:, 2:], x[:, 0]
    b = np.linalg.lstsq(z, y)[0]
    np.testing.assert_allclose(found.value[:4], b)
    e = y - z @ b
    bread = np.linalg.inv(z.T @ z)
    meat = (z * e[:, None]).T @ (z * e[:, None])
    want = np.sqrt(np.diag(bread @ meat @ bread) * e.size / (e.size - 1))
    np.testing.assert_allclose(found.se[:4], want)
    assert found.impacts.of("d")["direct"] == pytest.approx(b[0])
    assert found.impacts.of("d")["indirect"] == pytest.approx(b[2])


def test_every_kind_of_errors_gives_another_result_not_another_fit(made):
    lon = {r: float(x) / 100 for r, x in zip(made.ids, made.x_km, strict=True)}
    lat = {r: float(y) / 100 for r, y in zip(made.ids, made.y_km, strict=True)}
    base = fit(made, model="slx")
    kinds = [
        Observed(),
        Expected(),
        Robust(),
        Clustered(groups={r: r[-1] for r in made.ids}),
        DriscollKraay(lags=1),
        Conley(cutoff_km=100, lon=lon, lat=lat, lags=2),
    ]
    for kind in kinds:
        other = base.with_vcov(kind)
        assert other.value.tolist() == base.value.tolist()
        assert np.isfinite(other.se).all()
        assert (other.se > 0).all()
        assert kind.label in other.summary()
    # with a cut-off below every distance and all lags, Conley is clustering by region
    none = base.with_vcov(Conley(cutoff_km=1e-6, lon=lon, lat=lat))
    np.testing.assert_allclose(
        none.se * np.sqrt(400 / 399), base.with_vcov(Robust()).se
    )


def test_unbalanced_missing_and_gaps_are_named_together(made):
    rows = made.table.slice(1)
    y = rows["y"].to_pylist()
    y[5] = None
    rows = rows.set_column(2, "y", pa.array(y, pa.float64()))
    period = pc.if_else(pc.equal(rows["period"], "9"), "12", rows["period"])
    rows = rows.set_column(1, "period", period)
    with pytest.raises(InvalidTableError) as caught:
        fit(made, data=rows)
    codes = {p.code for p in caught.value.problems}
    assert codes == {"panel_unbalanced", "panel_missing", "panel_gap"}
    assert "r000/0" in str(caught.value)


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"model": "sdx"}, OptionError, "sdm"),
        ({"bias": "lee"}, OptionError, "bias"),
        ({"effects": ("unit",)}, OptionError, "effects"),
        ({"model": "sem", "bias": "bc"}, OptionError, "bias_unsupported"),
        ({"durbin": ["z"]}, OptionError, "durbin"),
        ({"model": "sar", "durbin": ["x"]}, OptionError, "durbin"),
        ({"rho_bounds": (0.1, 0.9)}, OptionError, "rho_bounds"),
        ({"covariates": ["zz"]}, ColumnNotFoundError, "zz"),
        ({"covariates": ["x", "x2"]}, NotIdentifiedError, r"collinear.*'x', 'x2'"),
        ({"covariates": ["x", "fixed"]}, NotIdentifiedError, r"collinear.*'fixed'"),
        ({"model": "sac", "vcov": Expected()}, OptionError, "Observed"),
        ({"rho_bounds": (-0.9, 0.1)}, NotIdentifiedError, "rho_at_boundary"),
    ],
)
def test_what_is_refused(made, options, error, text):
    x = made.table["x"].to_numpy()
    rows = made.table.append_column("x2", pa.array(2 * x + 3))
    rows = rows.append_column("fixed", pa.array(np.repeat(np.arange(40.0), 10)))
    with pytest.raises(error, match=text):
        fit(made, data=rows, **options)


def test_weights_that_do_not_fit_are_refused(made):
    raw = SpatialWeights.build_knn(made.x_km, made.y_km, made.ids, k=5)
    with pytest.raises(OptionError, match="needs_row_standardised"):
        fit(made, weights=raw)
    assert fit(made, weights=raw.standardised("spectral"), bias="none").rho < 1
    other = SpatialWeights.build_knn([0, 1, 2], [0, 0, 0], list("abc"), k=1)
    with pytest.raises(AlignmentError, match="weights_ids"):
        fit(made, weights=other)
    cut = made.weights.matrix.toarray()
    cut[3] = 0
    with pytest.raises(AlignmentError, match="r003"):
        fit(made, weights=SpatialWeights.from_matrix(cut, made.ids))


def test_one_period_has_no_region_effects(made):
    one = made.table.filter(pc.equal(made.table["period"], "3"))
    with pytest.raises(NotIdentifiedError, match="one_period"):
        fit(made, data=one, covariates=["x"], effects=("region",))


def test_frames_of_every_kind_give_the_same(made):
    base = fit(made)
    pandas = fit(made, data=made.table.to_pandas())
    assert pandas.value.tolist() == base.value.tolist()
    assert type(pandas.to_frame()).__module__.startswith("pandas")
    assert pandas.impacts.to_dict()["columns"] == base.impacts.to_dict()["columns"]
    assert "SDM of y" in base.summary()
    base.plot()
    base.impacts.plot()
    assert "not the effect on neighbours" in base.impacts.summary()


def test_estimates_are_at_the_optimum(made):
    found = fit(made)
    again = estimate(found.design, (-0.5, 0.8))
    assert again.optimum.rho == pytest.approx(found.rho, abs=1e-11)
    gradient = found.estimate.likelihood.gradient(found.rho, 0.0)[0]
    assert abs(gradient) < 1e-7
