"""Every refusal of the spatial policy models by its code, and what is only warned of."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from agglo.core.errors import (
    AggloError,
    AlignmentError,
    ConvergenceError,
    InvalidTableError,
    NotIdentifiedError,
    NumericsWarning,
    OptionError,
)
from agglo.core.options import MonteCarlo
from agglo.core.weights import SpatialWeights
from agglo.core.weights_kinds import build_economic
from agglo.econometrics import (
    Clustered,
    Expected,
    _estimate,
    fit_dynamic_panel,
    fit_spatial_did,
    fit_spatial_event_study,
    fit_spatial_panel,
    placebo_test,
)
from agglo.econometrics._kernels import likelihood
from tests.econometrics.panels import world


@pytest.fixture(scope="module")
def made():
    return world(21, n=40, t=8)


def table(made, **columns):
    out = made.table
    for name, values in columns.items():
        at = out.schema.get_field_index(name)
        out = out.set_column(at, name, pa.array(values))
    return out


def starts(made, first):
    return {r: str(f) for r, f in zip(made.ids, first, strict=True)}


def unstandardised(made):
    return SpatialWeights.from_matrix(made.weights.matrix.toarray() * 2, made.ids)


def cases(made):
    """Give code to (error, arguments of fit_spatial_did that differ)."""
    n, t = 40, 8
    y = np.array(made.table["y"])
    keep = np.ones(n * t, bool)
    keep[5] = False
    hole = y.copy()
    hole[7] = np.nan
    late = np.array([int(p) for p in made.table["period"].to_pylist()])
    gap = [str(p + (p > 3)) for p in late]
    d = np.array(made.table["d"]).reshape(n, t)
    reversal = d.copy()
    reversal[np.flatnonzero(d.any(axis=1))[0], -1] = 0.0
    x = np.repeat(np.random.default_rng(1).normal(size=n), t)
    lonely = made.weights.matrix.toarray()
    lonely[3] = 0.0
    ids = [*made.ids[:-1], "elsewhere"]
    everyone = starts(made, np.where(np.arange(n) % 2, 3, 5))
    return {
        "duplicate_key": (
            InvalidTableError,
            {"data": pa.concat_tables([made.table, made.table.slice(3, 1)])},
        ),
        "panel_unbalanced": (
            InvalidTableError,
            {"data": made.table.filter(pa.array(keep))},
        ),
        "panel_missing": (InvalidTableError, {"data": table(made, y=hole)}),
        "panel_gap": (InvalidTableError, {"data": table(made, period=gap)}),
        "weights_ids": (
            AlignmentError,
            {"weights": SpatialWeights.from_matrix(made.weights.matrix, ids)},
        ),
        "weights_islands": (
            AlignmentError,
            {"weights": SpatialWeights.from_matrix(lonely, made.ids)},
        ),
        "needs_row_standardised": (OptionError, {"weights": unstandardised(made)}),
        "bias_unsupported": (OptionError, {"model": "sem", "bias": "bc"}),
        "treatment_reversal": (
            NotIdentifiedError,
            {"data": table(made, d=reversal.ravel()), "treatment": "d", "start": None},
        ),
        "treatment_none": (NotIdentifiedError, {"start": {}}),
        "treatment_all": (NotIdentifiedError, {"start": starts(made, [0] * n)}),
        "treatment_first_period": (
            NotIdentifiedError,
            {"start": {**made.start, made.ids[0]: "0"}},
        ),
        "no_controls": (NotIdentifiedError, {"start": everyone}),
        "collinear": (
            NotIdentifiedError,
            {"data": table(made, x=x), "covariates": ["x"]},
        ),
        "too_few_observations": (
            NotIdentifiedError,
            {
                "vcov": Clustered(groups=dict.fromkeys(made.ids, "all")),
            },
        ),
    }


CODES = (
    "duplicate_key",
    "panel_unbalanced",
    "panel_missing",
    "panel_gap",
    "weights_ids",
    "weights_islands",
    "needs_row_standardised",
    "bias_unsupported",
    "treatment_reversal",
    "treatment_none",
    "treatment_all",
    "treatment_first_period",
    "no_controls",
    "collinear",
    "too_few_observations",
)


@pytest.mark.parametrize("code", CODES)
def test_refused_with_its_code(made, code):
    error, options = cases(made)[code]
    given = {"outcome": "y", "start": made.start, "weights": made.weights} | options
    with pytest.raises(error) as caught:
        fit_spatial_did(given.pop("data", made.table), **given)
    found = caught.value
    codes = {p.code for p in getattr(found, "problems", ())}
    assert code in codes or f"[{code}]" in str(found)


def test_all_problems_of_a_treatment_and_a_panel_at_once(made):
    n, t = 40, 8
    y = np.array(made.table["y"]).copy()
    y[9] = np.nan
    keep = np.ones(n * t, bool)
    keep[30] = False
    rows = table(made, y=y).filter(pa.array(keep))
    with pytest.raises(InvalidTableError) as caught:
        fit_spatial_did(rows, outcome="y", start=made.start, weights=made.weights)
    assert {p.code for p in caught.value.problems} == {
        "panel_unbalanced",
        "panel_missing",
    }
    first = np.where(np.arange(n) % 2, 3, 0)
    with pytest.raises(NotIdentifiedError) as caught:
        fit_spatial_did(
            made.table, outcome="y", start=starts(made, first), weights=made.weights
        )
    assert {p.code for p in caught.value.problems} == {
        "treatment_first_period",
        "no_controls",
    }


@pytest.mark.parametrize(
    "matrix", [[[0, -1.0], [1.0, 0]], [[1.0, 1.0], [1.0, 0]], [[0, np.nan], [1.0, 0]]]
)
def test_weights_that_are_none(matrix):
    with pytest.raises(InvalidTableError, match="weights_values"):
        SpatialWeights.from_matrix(np.array(matrix), ["a", "b"])


def test_rho_at_its_bound(made):
    with pytest.raises(NotIdentifiedError, match="rho_at_boundary"):
        fit_spatial_did(
            made.table,
            outcome="y",
            start=made.start,
            weights=made.weights,
            rho_bounds=(-0.5, 0.05),
        )


def test_one_period_and_more_parameters_than_observations(made):
    now = made.table.filter(
        pa.array([p == "7" for p in made.table["period"].to_pylist()])
    )
    common = {"outcome": "y", "covariates": ["x"], "weights": made.weights}
    with pytest.raises(NotIdentifiedError, match="one_period"):
        fit_spatial_panel(now, **common)
    two = made.table.filter(
        pa.array([p in ("6", "7") for p in made.table["period"].to_pylist()])
    )
    few = made.ids[:3]
    two = two.filter(pa.array([r in few for r in two["region"].to_pylist()]))
    line = SpatialWeights.build_knn([0, 1, 2], [0, 0, 0], few, k=1).standardised()
    with pytest.raises(NotIdentifiedError, match="too_few_observations"):
        fit_spatial_panel(two, outcome="y", covariates=["x"], weights=line)


def test_dense_algebra_beyond_its_size_names_the_alternative(made, monkeypatch):
    monkeypatch.setattr(_estimate, "_EXPECTED_LIMIT", 30)
    monkeypatch.setattr(_estimate, "_DENSE_LIMIT", 30)
    common = {"outcome": "y", "covariates": ["x"], "weights": made.weights}
    for vcov in (Expected(), Clustered("region")):
        with pytest.raises(OptionError, match=r"size_limit.*Observed"):
            fit_spatial_panel(made.table, vcov=vcov, **common)
    with pytest.raises(OptionError, match=r"size_limit.*transform"):
        fit_spatial_panel(made.table, bias="bc", **common)


def test_a_search_that_does_not_settle_says_where_it_stopped(made, monkeypatch):
    monkeypatch.setattr(likelihood, "_SETTLED", 0.0)
    with pytest.raises(ConvergenceError, match=r"not_converged.*log-likelihood"):
        fit_spatial_panel(
            made.table,
            outcome="y",
            covariates=["x"],
            weights=made.weights,
            model="sac",
        )


def test_dynamic_two_way_needs_row_sums_of_one(made):
    with pytest.raises(AggloError, match="needs_row_standardised"):
        fit_dynamic_panel(
            made.table, outcome="y", covariates=["x"], weights=unstandardised(made)
        )


def test_an_empty_event_bin_is_collinear(made):
    with pytest.raises(NotIdentifiedError, match=r"collinear.*k=-7"):
        fit_spatial_event_study(
            made.table,
            outcome="y",
            start=dict.fromkeys(list(made.start)[:12], "4"),
            weights=made.weights,
            window=replace(_window(), low=-7, high=2),
        )


def _window():
    from agglo.econometrics import EventWindow

    return EventWindow()


# warnings


def test_what_is_only_warned_of(made):
    few = dict(list(made.start.items())[:4])
    groups = {r: str(i % 6) for i, r in enumerate(made.ids)}
    fit = fit_spatial_did(
        made.table,
        outcome="y",
        start=few,
        weights=made.weights,
        vcov=Clustered(groups=groups),
    )
    said = " ".join(fit.provenance.warnings)
    assert "only 4 treated regions" in said
    assert "only 6 clusters" in said
    assert "staggered starts" in said
    assert 0 < fit.r2 < 1


def test_economic_weights_from_after_the_start_warn():
    with pytest.warns(NumericsWarning, match="results of the policy"):
        build_economic(
            [1.0, 2.0], ["a", "b"], measured_until="2013", treated_from="2012"
        )
    build_economic([1.0, 2.0], ["a", "b"], measured_until="2011", treated_from="2012")


def test_negative_r2_is_said(made):
    fit = fit_spatial_panel(
        made.table, outcome="y", covariates=["x"], weights=made.weights, model="sar"
    )
    e = fit.estimate
    worse = replace(e, optimum=replace(e.optimum, b=-5 * e.optimum.b))
    other = type(fit).build(fit.design, worse, fit.vcov, fit.provenance, fit.bounds)
    assert other.r2 < 0
    assert any("R2" in w for w in other.provenance.warnings)


def test_toroidal_shifts_keep_the_map_of_starts():
    n, t = 36, 8
    rng = np.random.default_rng(5)
    ids = [f"c{i:02d}" for i in range(n)]
    xy = {r: (float(i % 6), float(i // 6)) for i, r in enumerate(ids)}
    start = {ids[i]: "4" for i in (0, 1, 6, 7)}
    x, y = np.array(list(xy.values())).T
    weights = SpatialWeights.build_knn(x, y, ids, k=4).standardised()
    rows = pa.table(
        {
            "region": np.repeat(ids, t),
            "period": np.tile(np.arange(t).astype(str), n),
            "y": rng.normal(size=n * t),
        }
    )
    fit = fit_spatial_did(rows, outcome="y", start=start, weights=weights)
    found = placebo_test(
        fit, kind="toroidal", positions=xy, inference=MonteCarlo(n=59, seed=1)
    )
    # 35 shifts: no more different effects than that, and none is the policy's
    assert 10 < np.unique(np.round(found.simulated, 9)).size <= 35
    assert 0 < found.p <= 1
    with pytest.raises(OptionError, match="full grid"):
        placebo_test(fit, kind="toroidal", positions={**xy, "c00": (0.5, 0.5)})
    with pytest.raises(OptionError, match="needs positions"):
        placebo_test(fit, kind="toroidal")
