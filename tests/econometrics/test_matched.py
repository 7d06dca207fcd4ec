"""The spatial model on matched regions, and bounds under trends that differ."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from agglo.core.errors import (
    AlignmentError,
    MissingExtraError,
    OptionError,
)
from agglo.core.options import Bootstrap
from agglo.econometrics import (
    EventWindow,
    distance_weights,
    fit_matched_did,
    fit_spatial_did,
    fit_spatial_event_study,
    honest_bounds,
    match_controls,
)
from agglo.simulate import simulate_corridors


@pytest.fixture(scope="module")
def made():
    return simulate_corridors(seed=11)


@pytest.fixture(scope="module")
def match(made):
    return match_controls(made.panel, covariates=["x"], start=made.starts)


def fit(made, match, **more):
    options = {
        "outcome": "diversification",
        "covariates": ["x"],
        "start": made.starts,
        "weights": made.weights,
        "match": match,
        "positions": made.positions,
    } | more
    return fit_matched_did(made.panel, **options)


def test_matched_fit_is_the_model_on_those_regions(made, match):
    found = fit(made, match, islands="nearest")
    kept = [r for r, w in zip(match.region, match.weight, strict=True) if w > 0]
    rows = [r for r in made.panel.to_pylist() if r["region"] in kept]
    # weights by hand: links among those kept, rows to 1, islands to their nearest
    ids = made.weights.ids.tolist()
    at = [ids.index(r) for r in sorted(kept)]
    w = made.weights.matrix.toarray()[np.ix_(at, at)]
    near = distance_weights(
        {r: made.positions[r] for r in kept}, kind="knn", k=1
    ).matrix.toarray()
    lonely = w.sum(axis=1) == 0
    w[lonely] = near[lonely]
    by_hand = made.weights.from_matrix(
        w / w.sum(axis=1, keepdims=True), sorted(kept)
    ).standardised()
    import pyarrow as pa

    plain = fit_spatial_did(
        pa.Table.from_pylist(rows),
        outcome="diversification",
        covariates=["x"],
        start={r: s for r, s in made.starts.items() if r in kept},
        weights=by_hand,
    )
    np.testing.assert_allclose(found.value, plain.value, atol=1e-9)
    warned = " ".join(found.provenance.warnings)
    assert "a different spatial system" in warned
    assert f"{len(kept)} of 75 regions" in warned


def test_islands_are_dropped_or_refused(made, match):
    some = fit(made, match, islands="nearest")
    lonely = any("tied" in w for w in some.provenance.warnings)
    if not lonely:
        pytest.fail("this world was chosen because a match leaves islands")
    with pytest.raises(AlignmentError, match="weights_islands"):
        fit(made, match)
    fewer = fit(made, match, islands="drop")
    assert len(fewer.design.regions) < len(some.design.regions)
    with pytest.raises(OptionError, match="positions"):
        fit(made, match, islands="nearest", positions=None)


def test_match_of_other_regions_is_refused(made, match):
    rows = [r for r in made.panel.to_pylist() if r["region"] != match.region[0]]
    import pyarrow as pa

    with pytest.raises(AlignmentError, match=match.region[0]):
        fit_matched_did(
            pa.Table.from_pylist(rows),
            outcome="diversification",
            match=match,
            weights=made.weights,
            start=made.starts,
        )


# bounds


@pytest.fixture(scope="module")
def event(made):
    return fit_spatial_event_study(
        made.panel,
        outcome="diversification",
        covariates=["x"],
        start=made.starts,
        weights=made.weights,
        durbin_weights=made.exposure,
        window=EventWindow(-4, 4),
        bands=Bootstrap(n=99, seed=1),
    )


def test_no_violation_is_the_mean_effect(event):
    pytest.importorskip("diff_diff", reason="the extra did is not installed")
    found = honest_bounds(event, m=(0.0, 0.5, 1.0))
    late = event.k >= 0
    assert found.estimate == pytest.approx(event.value[late, 0].mean())
    # nothing allowed: the set is the estimate, the interval close to the usual one
    assert found.bound_lower[0] == pytest.approx(found.estimate, abs=1e-6)
    assert found.bound_upper[0] == pytest.approx(found.estimate, abs=1e-6)
    width = (found.upper - found.lower)[0]
    assert width == pytest.approx(2 * 1.96 * found.se, rel=0.1)
    assert (np.diff(found.upper - found.lower) > 0).all()
    assert (found.lower <= found.bound_lower + 1e-9).all()
    smooth = honest_bounds(event, restriction="smoothness", m=(0.0, 0.05))
    assert smooth.upper[1] - smooth.lower[1] > smooth.upper[0] - smooth.lower[0]
    assert np.isnan(honest_bounds(event, m=(0.0,)).breakdown)
    assert honest_bounds(event, m=(0.0, 5.0)).breakdown == 5.0


def test_bounds_refuse_what_they_cannot_use(event, made, monkeypatch):
    with pytest.raises(OptionError, match="increasing"):
        honest_bounds(event, m=(1.0, 0.5))
    with pytest.raises(OptionError, match="restriction"):
        honest_bounds(event, restriction="smooth")
    common = {
        "outcome": "diversification",
        "start": made.starts,
        "weights": made.weights,
        "bands": Bootstrap(n=99, seed=1),
    }
    other = fit_spatial_event_study(
        made.panel, **common, window=EventWindow(-4, 4, base=-2)
    )
    with pytest.raises(OptionError, match="base -1"):
        honest_bounds(other)
    monkeypatch.setitem(sys.modules, "diff_diff", None)
    with pytest.raises(MissingExtraError, match="did"):
        honest_bounds(event)
