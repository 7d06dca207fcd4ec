"""Sweep, choices, groups, comparisons, panel rings, spans and the checklist."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest

from agglo.core.errors import (
    AlignmentError,
    InvalidTableError,
    NotIdentifiedError,
    OptionError,
)
from agglo.core.options import Bootstrap, MonteCarlo
from agglo.core.weights_kinds import distance_matrix
from agglo.econometrics import (
    EventWindow,
    Observed,
    Specification,
    distance_sweep,
    distance_weights,
    event_means,
    fit_cohort_saturated,
    fit_ring_panel,
    fit_spatial_did,
    fit_spatial_event_study,
    group_effects,
    placebo_test,
    referee_checklist,
    specification_table,
    staggered_comparisons,
    weights_sensitivity,
)
from agglo.econometrics._placebo_fits import _resampled, effects_of_resamples
from agglo.simulate import simulate_corridors


@pytest.fixture(scope="module")
def made():
    return simulate_corridors(seed=4_711)


@pytest.fixture(scope="module")
def common(made):
    return {
        "covariates": ["x"],
        "start": made.starts,
        "weights": made.weights,
        "durbin_weights": made.exposure,
    }


@pytest.fixture(scope="module")
def event(made, common):
    return fit_spatial_event_study(
        made.panel, outcome="specialisation", bands=Bootstrap(n=99, seed=1), **common
    )


# weights from positions


def test_inverse_distance_is_one_over_kilometres():
    """Two places at 1 and 2 degrees: shares 2/3 and 1/3."""
    w = distance_weights({"a": (0.0, 0.0), "b": (0.0, 1.0), "c": (0.0, -2.0)})
    np.testing.assert_allclose(w.matrix.toarray()[0], [0, 2 / 3, 1 / 3], rtol=1e-12)


def test_islands_are_tied_to_their_nearest_and_counted():
    at = {"a": (0.0, 0.0), "b": (0.0, 1.0), "c": (0.0, 9.0)}
    w = distance_weights(at, cutoff_km=150)
    assert w.islands == ()
    assert w.matrix.toarray()[2].tolist() == [0, 1, 0]
    assert "1 islands" in w.kind


def test_nearest_and_band_count_all_the_same():
    at = {"a": (0.0, 0.0), "b": (1.0, 0.0), "c": (3.0, 0.0), "d": (9.0, 0.0)}
    near = distance_weights(at, kind="knn", k=2, coordinates="km").matrix.toarray()
    assert near[0].tolist() == [0, 0.5, 0.5, 0]
    band = distance_weights(at, kind="band", cutoff_km=3, coordinates="km")
    assert band.matrix.toarray()[1].tolist() == [0.5, 0, 0.5, 0]


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"kind": "knn", "k": 9}, OptionError),
        ({"kind": "near"}, OptionError),
        ({"power": 0.0}, OptionError),
        ({"cutoff_km": -1.0}, OptionError),
    ],
)
def test_bad_weights_options(options, error):
    with pytest.raises(error):
        distance_weights({"a": (0.0, 0.0), "b": (0.0, 1.0)}, **options)


def test_two_regions_at_one_place_are_refused():
    with pytest.raises(InvalidTableError, match="share a place"):
        distance_weights({"a": (0.0, 0.0), "b": (0.0, 0.0)})


# the sweep


def test_sweep_is_the_model_with_each_reach(made):
    found = distance_sweep(
        made.panel,
        outcome="diversification",
        positions=made.positions,
        cutoffs_km=(100, 300),
        covariates=["x"],
        start=made.starts,
    )
    for row, reach in enumerate((100, 300)):
        fit = fit_spatial_did(
            made.panel,
            outcome="diversification",
            covariates=["x"],
            start=made.starts,
            weights=distance_weights(made.positions, cutoff_km=reach),
        )
        np.testing.assert_allclose(found.value[row], fit.impacts.value[0], rtol=1e-12)
        assert found.rho[row] == fit.rho
    at = np.array([made.positions[i] for i in sorted(made.positions)])
    distance = distance_matrix(at[:, 0], at[:, 1], coordinates="degrees")
    np.fill_diagonal(distance, np.inf)
    assert found.islands[0] == (distance.min(axis=1) > 100).sum()
    assert found.n_links[0] < found.n_links[1]


def test_sweep_needs_growing_reaches(made):
    with pytest.raises(OptionError, match="increasing"):
        distance_sweep(
            made.panel,
            outcome="diversification",
            positions=made.positions,
            cutoffs_km=(300, 100),
            start=made.starts,
        )


# the specification table


def test_each_specification_is_the_model_it_names(made, common):
    found = specification_table(
        made.panel,
        [
            Specification(name="slx", model="slx"),
            Specification(name="bare", covariates=()),
            Specification(name="errors", vcov=Observed()),
            Specification(name="later", shift=1),
        ],
        outcome="diversification",
        **common,
    )
    plain = {**common, "outcome": "diversification"}
    later = {k: str(int(v) + 1) for k, v in made.starts.items()}
    for row, changed in enumerate(
        (
            {},
            {"model": "slx"},
            {"covariates": ()},
            {"vcov": Observed()},
            {"start": later},
        )
    ):
        fit = fit_spatial_did(made.panel, **{**plain, **changed})
        np.testing.assert_allclose(
            found.value[row, :3], fit.impacts.value[0], rtol=1e-10
        )
        np.testing.assert_allclose(found.se[row, :3], fit.impacts.se[0], rtol=1e-10)
        assert found.value[row, 3] == pytest.approx(fit.realised().of("treated"))


def test_left_out_regions_leave_the_weights_too(made, common):
    """Nothing of a dropped corridor is left: as a panel and weights without it."""
    drop = tuple(sorted(made.starts)[:4])
    found = specification_table(
        made.panel,
        [Specification(name="without", drop_regions=drop)],
        outcome="diversification",
        **common,
    )
    keep = pa.array([r not in drop for r in made.panel["region"].to_pylist()])
    ids = [i for i in made.weights.ids if i not in drop]
    at = np.isin(made.weights.ids, ids)
    raw = made.weights.matrix.toarray()[at][:, at]
    ring = made.exposure.members[0].matrix.toarray()[at][:, at]
    from agglo.core.weights import SpatialWeights
    from agglo.core.weights_kinds import Rings

    member = SpatialWeights.from_matrix(ring, ids, kind="r").standardised()
    fit = fit_spatial_did(
        made.panel.filter(keep),
        outcome="diversification",
        covariates=["x"],
        start={k: v for k, v in made.starts.items() if k not in drop},
        weights=SpatialWeights.from_matrix(raw, ids).standardised(),
        durbin_weights=Rings(members=(member,), edges_km=(100.0, 250.0)),
    )
    np.testing.assert_allclose(found.value[1, :3], fit.impacts.value[0], rtol=1e-8)
    assert found.nobs[1] == 71 * 17


def test_a_specification_that_cannot_be_fitted_stays_with_its_reason(made, common):
    years = tuple(str(y) for y in range(2012, 2023))
    found = specification_table(
        made.panel,
        [Specification(name="before", drop_periods=years)],
        outcome="diversification",
        **common,
    )
    assert np.isnan(found.value[1]).all()
    assert found.undefined[0].item == "before"
    assert "treatment" in found.undefined[0].reason


def test_names_of_specifications_must_differ(made, common):
    twice = [Specification(name="a"), Specification(name="a")]
    with pytest.raises(OptionError, match="repeat"):
        specification_table(made.panel, twice, outcome="diversification", **common)


def test_share_of_agreeing_specifications_counts_sign_and_p(made, common):
    found = specification_table(made.panel, [], outcome="diversification", **common)
    assert found.share("direct") == 1.0


# groups


def test_equal_groups_do_not_differ(made, common):
    """The same column twice: the difference is 0 in every resample."""
    table = made.panel.append_column("again", made.panel["diversification"])
    found = group_effects(
        table,
        {"a": "diversification", "b": "again"},
        inference=Bootstrap(n=19, seed=1),
        **common,
    )
    assert np.abs(found.difference).max() == 0.0
    assert found.p[0, 0] == 1.0


def test_planted_difference_of_groups_is_found(made, common):
    """Own effects differ by far: .4 a year against twice that."""
    y = made.panel["diversification"].to_numpy()
    d = np.array(
        [
            float(p >= made.starts.get(r, "9999"))
            for r, p in zip(
                made.panel["region"].to_pylist(),
                made.panel["period"].to_pylist(),
                strict=True,
            )
        ]
    )
    table = made.panel.append_column("stronger", pa.array(y + 0.5 * d))
    found = group_effects(
        table,
        {"stronger": "stronger", "plain": "diversification"},
        inference=Bootstrap(n=99, seed=1),
        **common,
    )
    assert found.difference[0, 0] == pytest.approx(0.5, abs=0.1)
    assert found.p[0, 0] <= 0.02
    assert found.lower[0, 0] > 0


def test_groups_need_two_and_a_block_that_fits(made, common):
    with pytest.raises(OptionError, match="two groups"):
        group_effects(made.panel, {"a": "diversification"}, **common)
    pair = {"a": "diversification", "b": "specialisation"}
    with pytest.raises(OptionError, match="block"):
        group_effects(made.panel, pair, block=18, **common)


# comparisons


def test_comparisons_by_hand():
    """Three regions, four periods, starts 1, 2, never: weights 3, 4, 1, 2 out of 10."""
    rows = pa.table(
        {"region": [r for r in "abc" for _ in range(4)], "period": [0, 1, 2, 3] * 3}
    )
    found = staggered_comparisons(rows, start={"a": "1", "b": "2"})
    got = {
        (a, b): w
        for a, b, w in zip(found.treated, found.control, found.weight, strict=True)
    }
    expected = {
        ("1", "never"): 0.3,
        ("2", "never"): 0.4,
        ("1", "2"): 0.1,
        ("2", "1"): 0.2,
    }
    assert got == pytest.approx(expected)
    assert found.forbidden == pytest.approx(0.2)
    assert found.n_treated.tolist() == found.n_control.tolist() == [1] * 4


def test_comparisons_count_their_regions():
    rows = pa.table(
        {"region": [r for r in "abcdef" for _ in range(4)], "period": [0, 1, 2, 3] * 6}
    )
    found = staggered_comparisons(rows, start={"a": "1", "b": "1", "c": "2"})
    size = {"1": 2, "2": 1, "never": 3}
    assert found.n_treated.tolist() == [size[g] for g in found.treated]
    assert found.n_control.tolist() == [size[g] for g in found.control]


# rings in a panel


def test_panel_rings_are_least_squares_with_dummies(made):
    edges = (0, 100, 250)
    found = fit_ring_panel(
        made.panel,
        outcome="specialisation",
        positions=made.positions,
        edges_km=edges,
        start=made.starts,
    )
    ids = sorted(made.positions)
    at = np.array([made.positions[i] for i in ids])
    distance = distance_matrix(at[:, 0], at[:, 1], coordinates="degrees")
    first = np.array([int(made.starts.get(i, 9999)) for i in ids])
    d = (np.arange(2006, 2023)[None, :] >= first[:, None]).astype(float)
    columns = [d.ravel()]
    for low, high in pairwise(edges):
        ring = np.zeros_like(d)
        for t in range(17):
            if d[:, t].any():
                near = distance[:, d[:, t] > 0].min(axis=1)
                ring[:, t] = (d[:, t] == 0) & (near > low) & (near <= high)
        columns.append(ring.ravel())
    dummies = [np.kron(np.eye(75), np.ones((17, 1))), np.tile(np.eye(17), (75, 1))]
    x = np.column_stack([*columns, *dummies])
    y = made.panel["specialisation"].to_numpy()
    b = np.linalg.lstsq(x, y, rcond=None)[0]
    np.testing.assert_allclose(found.value, b[:3], atol=1e-9)
    assert found.cells[0] == d.sum()


def test_planted_rings_are_found_where_there_is_no_feedback():
    made = simulate_corridors(profile="rings", rho=0.0, sigma=0.02, seed=4_712)
    found = fit_ring_panel(
        made.panel,
        outcome="specialisation",
        positions=made.positions,
        edges_km=(0, 100, 250, 400),
        covariates=["x"],
        start=made.starts,
    )
    planted = made.planted("specialisation.realised_untreated")
    # the lag of x is left out of this model: it is noise here
    assert found.coefficients["100-250 km"] == pytest.approx(
        planted["100-250 km"], abs=0.15
    )


@pytest.mark.parametrize(
    ("edges", "error", "word"),
    [
        ((0,), OptionError, "increasing"),
        ((100, 50), OptionError, "increasing"),
        ((0, 0.5, 100), NotIdentifiedError, "without a region-period"),
        ((0, 9000), NotIdentifiedError, "no_controls"),
    ],
)
def test_bad_rings(made, edges, error, word):
    with pytest.raises(error, match=word):
        fit_ring_panel(
            made.panel,
            outcome="specialisation",
            positions=made.positions,
            edges_km=edges,
            start=made.starts,
        )


def test_ring_regions_need_positions(made):
    some = dict(list(made.positions.items())[1:])
    with pytest.raises(AlignmentError, match="no position"):
        fit_ring_panel(
            made.panel,
            outcome="specialisation",
            positions=some,
            edges_km=(0, 100),
            start=made.starts,
        )


# spans


def test_mean_over_a_span_is_the_mean_and_one_period_keeps_its_error(event):
    found = event_means(event, {"one": (2, 2), "dip": (0, 2)})
    at = event.k == 2
    np.testing.assert_allclose(found.value[0], event.value[at][0], rtol=1e-12)
    np.testing.assert_allclose(found.se[0], event.se[at][0], rtol=1e-10)
    inside = (event.k >= 0) & (event.k <= 2)
    np.testing.assert_allclose(found.value[1], event.value[inside].mean(axis=0))


@pytest.mark.parametrize("spans", [{}, {"far": (40, 50)}])
def test_bad_spans(event, spans):
    with pytest.raises(OptionError, match="span"):
        event_means(event, spans)


# the checklist


def test_checklist_answers_from_the_results(made, common, event):
    fit = fit_spatial_did(made.panel, outcome="specialisation", **common)
    drawn = placebo_test(
        fit,
        positions=made.positions,
        coordinates="degrees",
        inference=MonteCarlo(n=19, seed=1),
    )
    table = specification_table(made.panel, [], outcome="specialisation", **common)
    other = weights_sensitivity(
        made.panel,
        outcome="specialisation",
        covariates=["x"],
        start=made.starts,
        weights={"a": made.weights},
    )
    found = referee_checklist(
        fit,
        event=event,
        placebo=drawn,
        sensitivity=other,
        specifications=table,
        companion=fit_cohort_saturated(made.panel, outcome="specialisation", **common),
    )
    status = dict(zip(found.item, found.status, strict=True))
    value = dict(zip(found.item, found.value, strict=True))
    assert "not shown" not in found.status
    assert status["treated regions"] == "ok"
    assert value["leads"] == next(t.p for t in event.leads if t.tested == "joint")
    assert value["placebo"] == drawn.p
    assert status["placebo"] == ("doubt" if drawn.p > 0.05 else "ok")
    small = 2.8 * fit.impacts.se[0, 0]
    assert value["smallest direct effect that would be found"] == pytest.approx(small)


def test_few_treated_regions_are_a_doubt(made, common):
    few = dict(sorted(made.starts.items())[:4])
    fit = fit_spatial_did(
        made.panel, outcome="specialisation", **{**common, "start": few}
    )
    found = referee_checklist(fit)
    assert "treated regions" in found.doubts
    assert "placebo" not in found.doubts
    assert found.status.count("not shown") == 6


def test_checklist_refuses_results_on_another_outcome(made, common, event):
    fit = fit_spatial_did(made.panel, outcome="diversification", **common)
    with pytest.raises(InvalidTableError, match="specialisation"):
        referee_checklist(fit, event=event)
    with pytest.raises(OptionError, match="level"):
        referee_checklist(fit, level=0.9)


def test_windows_beyond_the_data_are_refused(made, common):
    with pytest.raises(NotIdentifiedError, match="collinear"):
        fit_spatial_event_study(
            made.panel,
            outcome="specialisation",
            window=EventWindow(-5, 15),
            bands=Bootstrap(n=99, seed=1),
            **common,
        )


def test_same_neighbours_for_the_treatment_is_the_model_without_a_ring(made, common):
    found = specification_table(
        made.panel,
        [Specification(name="same", durbin_weights="same")],
        outcome="diversification",
        **common,
    )
    fit = fit_spatial_did(
        made.panel,
        outcome="diversification",
        **{**common, "durbin_weights": None},
    )
    np.testing.assert_allclose(found.value[1, :3], fit.impacts.value[0], rtol=1e-10)


def test_sums_of_outcomes_pulled_in_stay_inside_the_quantiles(made, common):
    """Winsorising by hand gives the same fit."""
    y = made.panel["diversification"].to_numpy()
    pulled = np.clip(y, *np.quantile(y, [0.05, 0.95]))
    place = made.panel.schema.get_field_index("diversification")
    table = made.panel.set_column(place, "diversification", pa.array(pulled))
    found = specification_table(
        made.panel,
        [Specification(name="pulled", winsor=0.05)],
        outcome="diversification",
        **common,
    )
    fit = fit_spatial_did(table, outcome="diversification", **common)
    np.testing.assert_allclose(found.value[1, :3], fit.impacts.value[0], rtol=1e-10)


@pytest.mark.parametrize("effects", [("region", "period"), ("region",), ("period",)])
def test_resamples_at_once_are_fits_of_the_repeated_periods(effects):
    """Effects on drawn periods equal those of the model on exactly these cross-sections."""
    made = simulate_corridors(seed=9)
    fit = fit_spatial_did(
        made.panel,
        outcome="specialisation",
        covariates=["x"],
        start=made.starts,
        weights=made.weights,
        durbin_weights=made.exposure,
        effects=effects,
    )
    rng = np.random.default_rng(2)
    periods = rng.integers(0, 17, (4, 17))
    many = effects_of_resamples(fit.design, periods, fit.bounds)
    one = np.array([_resampled(fit.design, at, fit.bounds) for at in periods])
    np.testing.assert_allclose(many, one, atol=1e-9)
