"""Spatial difference-in-differences: realised effects, treatments that are refused."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from agglo.core.errors import AlignmentError, NotIdentifiedError, OptionError
from agglo.core.weights import SpatialWeights
from agglo.core.weights_kinds import Rings
from agglo.econometrics import (
    Observed,
    fit_spatial_did,
    staggered_comparisons,
)
from agglo.econometrics._kernels.bacon import comparison_weights, forbidden_share
from agglo.econometrics._kernels.realised import realised
from tests.econometrics.panels import World, world


@pytest.fixture(scope="module")
def made() -> World:
    return world(11)


def fit(made: World, **more):
    options = {"outcome": "y", "treatment": "d", "covariates": ["x"]} | more
    options.setdefault("weights", made.weights)
    return fit_spatial_did(options.pop("data", made.table), **options)


PATH = SpatialWeights.from_matrix(
    np.array([[0, 1, 0], [0.5, 0, 0.5], [0, 1, 0]]), list("abc")
).matrix


def test_hand_case_on_the_path():
    """rho .5, beta 1, theta .5: unit 1 alone gives 4/3, 2/3, 1/3; units 1, 2 give 2.5, 5/3."""
    d = np.array([[1.0, 0, 0], [1, 1, 0]])
    columns = np.stack([d, d @ PATH.toarray().T], axis=2)
    tau, slopes, by_rho = realised(PATH, 0.5, columns, np.array([1.0, 0.5]))
    np.testing.assert_allclose(tau[0], [4 / 3, 2 / 3, 1 / 3])
    assert tau[1, :2].mean() == pytest.approx(2.5)
    assert tau[1, 2] == pytest.approx(5 / 3)
    step = 1e-6
    up = realised(PATH, 0.5 + step, columns, np.array([1.0, 0.5]))[0]
    down = realised(PATH, 0.5 - step, columns, np.array([1.0, 0.5]))[0]
    np.testing.assert_allclose(by_rho, (up - down) / (2 * step), atol=1e-8)
    np.testing.assert_allclose(slopes[0] + 0.5 * slopes[1], tau)


def test_starts_and_column_are_the_same_treatment(made):
    a, b = fit(made), fit(made, treatment=None, start=made.start)
    assert a.value.tolist() == b.value.tolist()
    table = pa.table({"region": list(made.start), "start": list(made.start.values())})
    assert fit(made, treatment=None, start=table).value.tolist() == a.value.tolist()


def test_average_direct_is_the_mean_of_treating_each_region_alone(made):
    found = fit(made)
    columns = np.stack([np.eye(40), made.weights.matrix.toarray().T], axis=2)
    b = np.array([found.coefficients["d"], found.coefficients["W*d"]])
    tau = realised(made.weights.matrix, found.rho, columns, b)[0]
    assert np.trace(tau) / 40 == pytest.approx(found.impacts.of("d")["direct"])
    assert tau.sum() / 40 == pytest.approx(found.impacts.of("d")["total"])


def test_realised_groups_partition_the_cells(made):
    positions = {
        r: (float(x), float(y))
        for r, x, y in zip(made.ids, made.x_km, made.y_km, strict=True)
    }
    found = fit(made).realised(positions=positions, ring_edges_km=(0, 60, 120))
    rows = dict(zip(found.group[found.period == "all"], found.cells, strict=False))
    rings = sum(v for k, v in rows.items() if "km" in k)
    assert rings == rows["untreated"]
    assert rows["treated"] == int(made.table["d"].to_numpy().sum())
    assert found.tau.shape == (10, 40)
    d = made.table["d"].to_numpy().reshape(40, 10).T
    assert found.of("treated") == pytest.approx(found.tau[d > 0].mean())
    one = found.period == found.periods[-1]
    assert one.sum() >= 3
    assert (found.lower < found.value).all()
    assert "treated" in found.summary()
    found.plot()


def test_realised_errors_are_those_of_simulated_parameters(made):
    found = fit(made, vcov=Observed())
    rng = np.random.default_rng(4)
    draws = rng.multivariate_normal(found.value, found.cov, size=1500)
    d = found.treatment
    columns = found.design.z[:, :, [0, 2]]
    means = [
        realised(made.weights.matrix, p[4], columns, p[[0, 2]])[0][d > 0].mean()
        for p in draws
    ]
    table = found.realised()
    assert table.se[0] == pytest.approx(np.std(means), rel=0.08)


def test_rings_recover_where_the_spillover_is():
    n, t = 150, 12
    rng = np.random.default_rng(90)
    x, y = rng.uniform(0, 600, n), rng.uniform(0, 600, n)
    ids = [f"r{i:03d}" for i in range(n)]
    w = SpatialWeights.build_knn(x, y, ids, k=5).standardised()
    rings = Rings.build(x, y, ids, edges_km=(0, 50, 100, 150))
    first = np.where(rng.random(n) < 0.3, 6, t)
    d = (np.arange(t) >= first[:, None]).astype(float)
    right = 0.4 * d + 0.5 * rings.members[1].matrix @ d
    right += rng.normal(size=(n, 1)) + 0.1 * rng.normal(size=(n, t))
    out = np.linalg.solve(np.eye(n) - 0.25 * w.matrix.toarray(), right)
    table = pa.table(
        {
            "region": np.repeat(ids, t),
            "period": np.tile(np.arange(t), n).astype(str),
            "y": out.ravel(),
            "d": d.ravel(),
        }
    )
    found = fit_spatial_did(
        table, outcome="y", treatment="d", weights=w, durbin_weights=rings
    )
    for term, want in {
        "d": 0.4,
        "W[0-50 km]*d": 0.0,
        "W[50-100 km]*d": 0.5,
        "W[100-150 km]*d": 0.0,
    }.items():
        assert abs(found.coefficients[term] - want) < 3.5 * found.errors[term], term


def test_covariates_keep_their_lag_beside_rings(made):
    rings = Rings.build(made.x_km, made.y_km, made.ids, edges_km=(0, 100, 200))
    found = fit(made, durbin_weights=rings)
    assert found.term[:5] == ("d", "x", "W[0-100 km]*d", "W[100-200 km]*d", "W*x")
    w = made.weights.matrix.toarray()
    s = np.linalg.inv(np.eye(40) - found.rho * w)
    m = s @ (found.coefficients["x"] * np.eye(40) + found.coefficients["W*x"] * w)
    assert found.impacts.of("x")["direct"] == pytest.approx(np.trace(m) / 40)


def test_warnings_stay_with_another_covariance(made):
    found = fit(made)
    assert any("staggered" in w for w in found.provenance.warnings)
    assert not any("clusters" in w for w in found.provenance.warnings)
    other = found.with_vcov(Observed())
    assert any("staggered" in w for w in other.provenance.warnings)
    assert type(other) is type(found)


def table_with(made: World, d: np.ndarray) -> pa.Table:
    return made.table.set_column(4, "d", pa.array(d.ravel().astype(float)))


def test_treatments_that_identify_nothing_are_named(made):
    d = made.table["d"].to_numpy().reshape(40, 10)
    off = d.copy()
    off[7] = [0, 0, 1, 1, 0, 0, 0, 0, 0, 0]
    first = d.copy()
    first[4] = 1
    full = d.copy()
    full[:, 9] = 1
    half = d.copy()
    half[2, 3] = 0.5
    for values, code, name in (
        (off, "treatment_reversal", "r007"),
        (first, "treatment_first_period", "r004"),
        (full, "no_controls", "9"),
        (half, "treatment_reversal", "r002"),
        (0 * d, "treatment_none", ""),
        (0 * d + 1, "treatment_all", ""),
    ):
        with pytest.raises(NotIdentifiedError) as caught:
            fit(made, data=table_with(made, values))
        assert code in {p.code for p in caught.value.problems}
        assert name in str(caught.value)


def test_options_that_do_not_fit_together(made):
    with pytest.raises(OptionError, match="either"):
        fit(made, start=made.start)
    with pytest.raises(OptionError, match="either"):
        fit(made, treatment=None)
    with pytest.raises(AlignmentError, match="nowhere"):
        fit(made, treatment=None, start={"nowhere": "3"})
    with pytest.raises(OptionError, match="whole numbers"):
        fit(made, treatment=None, start={"r001": "spring"})
    with pytest.raises(OptionError, match="positions"):
        fit(made).realised(ring_edges_km=(0, 100))
    with pytest.raises(AlignmentError, match="r001"):
        fit(made).realised(positions={"r000": (0, 0)}, ring_edges_km=(0, 100))


def test_comparisons_average_to_the_two_way_coefficient():
    """Goodman-Bacon: the weights times the two-by-two differences are the coefficient."""
    rng = np.random.default_rng(8)
    n, t = 50, 9
    first = rng.choice([3, 5, 6, t], n)
    d = (np.arange(t) >= first[:, None]).astype(float)
    y = rng.normal(size=(n, t)) + 2 * d * (np.arange(t) - first[:, None])
    pairs, weights = comparison_weights(first, t)
    total = 0.0
    for (k, control, kind), weight in zip(pairs, weights, strict=True):
        use = np.ones(t, bool)
        if kind == "later":
            use[control:] = False
        elif kind == "earlier":
            use[:control] = False
        after = np.arange(t) >= k
        means = [y[first == g].mean(axis=0) for g in (k, control)]
        gaps = [m[use & after].mean() - m[use & ~after].mean() for m in means]
        total += weight * (gaps[0] - gaps[1])
    within = d - d.mean(1, keepdims=True) - d.mean(0) + d.mean()
    assert total == pytest.approx((within * y).sum() / (within * within).sum())
    assert weights.sum() == pytest.approx(1)
    ids = [f"r{i:02d}" for i in range(n)]
    rows = pa.table(
        {
            "region": np.repeat(ids, t),
            "period": np.tile(np.arange(t).astype(str), n),
            "y": y.ravel(),
            "d": d.ravel(),
        }
    )
    found = staggered_comparisons(rows, outcome="y", treatment="d")
    assert found.coefficient == pytest.approx(total)
    parts = [
        found.share(k) * found.mean_effect(k) for k in ("never", "later", "earlier")
    ]
    assert sum(parts) == pytest.approx(total)
    # effects grow: controls treated before pull the coefficient down
    assert found.mean_effect("earlier") < found.mean_effect("never") - 1
    assert np.isnan(staggered_comparisons(rows, treatment="d").effect).all()
    forbidden = forbidden_share(first, t)
    assert 0 < forbidden < 1
    assert forbidden_share(np.array([3, 3, 9]), 9) == 0.0
