"""Every distance-based measure on the same bad input: typed errors, or NaN with a reason."""

import warnings
from functools import partial

import numpy as np
import pyarrow as pa
import pytest

from agglo.concentration import (
    colocation_quotient,
    direction_intervals,
    duranton_overman,
    entrant_coagglomeration,
    kdensity_moments,
    local_colocation_quotient,
    localization,
    marcon_puech,
    nearest_coagglomeration,
    pair_densities,
    ripley_d,
    ripley_k,
    wasserstein_coagglomeration,
)
from agglo.core.errors import (
    DataWarning,
    InvalidTableError,
    NotIdentifiedError,
    OptionError,
)
from agglo.core.geo import project
from agglo.core.options import Bootstrap, Permutation
from agglo.core.tables import as_points

R = [0.0, 5.0, 20.0]
BOX = (-2000.0, 2000.0, -2000.0, 2000.0)
FEW = Permutation(n=19, seed=1)
MEASURES = {
    "duranton_overman": partial(
        duranton_overman, activity="a", r_km=R, bandwidth=3.0, inference=None
    ),
    "marcon_puech": partial(marcon_puech, activity="a", r_km=R),
    "ripley_k": partial(ripley_k, activity="a", r_km=R, window=BOX),
    "ripley_d": partial(ripley_d, activity="a", r_km=R, window=BOX, inference=None),
    "localization": partial(localization, r_km=R, bandwidth_km=3.0, inference=FEW),
    "pair_densities": partial(pair_densities, r_km=R, bandwidth_km=3.0),
    "kdensity_moments": partial(
        kdensity_moments, activity="a", r_km=R, bandwidth_km=3.0
    ),
    "colocation_quotient": partial(colocation_quotient, inference=None),
    "local_colocation_quotient": partial(
        local_colocation_quotient, activity="a", neighbour="b", k=3
    ),
    "nearest": nearest_coagglomeration,
    "wasserstein": partial(wasserstein_coagglomeration, inference=FEW),
    "entrants": partial(entrant_coagglomeration, at=2010, min_n=2),
    "direction": partial(
        direction_intervals, min_n=2, inference=Bootstrap(n=19, seed=1)
    ),
}
# answers that turn with the map are left out: the windows of Ripley's K
WEIGHTED = ["duranton_overman", "marcon_puech", "nearest", "wasserstein"]
WEIGHTED += ["localization", "pair_densities", "entrants"]
every = pytest.mark.parametrize("name", MEASURES)


def rows(n=60, seed=1, **more):
    rng = np.random.default_rng(seed)
    columns = {
        "x_km": rng.uniform(0, 50, n),
        "y_km": rng.uniform(0, 50, n),
        "kind": rng.choice(list("abc"), n).tolist(),
        "w": rng.lognormal(0, 1, n),
        "opened": rng.choice([2001, 2010], n),
    }
    return {**columns, **more}


def measured(name, table, **options):
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*(draws|curves)")
        return MEASURES[name](pa.table(table), type="kind", **options)


def numbers(result):
    """All numbers of a result, row by row."""
    frame = result.to_frame("pyarrow")
    kinds = [pa.types.is_floating(f.type) for f in frame.schema]
    return np.column_stack(
        [np.asarray(frame.column(i)) for i, kept in enumerate(kinds) if kept]
    )


@every
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_missing_and_infinite_coordinates(name, bad):
    x = rows()["x_km"]
    x[[4, 9]] = bad
    with pytest.raises(InvalidTableError) as caught:
        measured(name, rows(x_km=x))
    said = [p for p in caught.value.problems if p.column == "x_km"]
    assert said[0].n_rows == 2
    assert said[0].code in ("not_finite", "missing_value")


@every
def test_no_rows(name):
    with pytest.raises(InvalidTableError, match="no row"):
        measured(name, {k: np.asarray(v)[:0].astype(float) for k, v in rows().items()})


@every
def test_degrees_taken_as_kilometres(name):
    table = rows()
    table["lon"], table["lat"] = table.pop("x_km") / 50, table.pop("y_km") / 50
    with pytest.raises(InvalidTableError, match="degrees"):
        measured(name, table, x="lon", y="lat")


@every
def test_degrees_under_planar_names(name):
    """A city, and a country as wide as it is far from the Gulf of Guinea."""
    table = rows()
    table["x_km"], table["y_km"] = 7.5 + table["x_km"] / 100, 48 + table["y_km"] / 100
    with pytest.raises(InvalidTableError, match="look like degrees") as caught:
        measured(name, table)
    assert "planar" in caught.value.problems[0].fix
    assert np.isfinite(numbers(measured(name, table, crs="planar"))).any()
    wide = rows()
    wide["x_km"], wide["y_km"] = 73 + wide["x_km"], 18 + wide["y_km"] / 2
    with pytest.warns(DataWarning, match="look like degrees"):
        measured(name, wide)
    # a metropolitan grid in kilometres that begins near its origin says nothing
    near = rows()
    near["x_km"] = near["x_km"] + 20
    measured(name, near)


@every
def test_undefined_values_can_be_an_error(name):
    kind = ["a"] + ["b"] * 30 + ["c"] * 29
    asked = {}
    if name in ("local_colocation_quotient", "marcon_puech"):
        asked["neighbour"] = "a"
    with pytest.raises(NotIdentifiedError, match="undefined") as caught:
        measured(name, rows(kind=kind), errors="raise", **asked)
    assert caught.value.problems[0].what
    if name != "marcon_puech":  # nobody lies at distance 0
        assert not measured(name, rows(), errors="raise").undefined


@every
def test_across_the_antimeridian(name):
    """The same pattern at 10° and at 180° east: the answers do not differ."""
    found = []
    for middle in (10.0, 180.0):
        table = rows()
        lon = table.pop("x_km") / 100 + middle - 0.25
        table["lat"] = table.pop("y_km") / 100 - 17.0
        table["lon"] = (lon + 180.0) % 360.0 - 180.0
        there = measured(name, table, x="lon", y="lat", crs="auto")
        # draws go by the order of positions, which rounding may turn
        drawn = name == "wasserstein"
        found.append(there.observed_km if drawn else numbers(there))
    np.testing.assert_allclose(found[1], found[0], rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("name", WEIGHTED)
def test_weights(name):
    negative = rows()["w"]
    negative[3] = -1.0
    with pytest.raises(InvalidTableError, match="w"):
        measured(name, rows(w=negative), weight="w")
    gone = rows()["w"]
    gone[np.array(rows()["kind"]) == "a"] = 0.0
    found = measured(name, rows(w=gone), weight="w")
    assert found.undefined, "no weight at all is undefined, and says why"
    assert "weight" in " ".join(u.reason for u in found.undefined)
    some = rows()["w"]
    some[::5] = 0.0
    found = measured(name, rows(w=some), weight="w")
    assert np.isfinite(numbers(found)).any()


@every
def test_shared_places_are_counted_and_said(name):
    table = rows(50)
    for key in ("x_km", "y_km"):
        table[key][:30] = 7.0
    with pytest.warns(DataWarning, match="share their place"):
        found = measured(name, table)
    assert np.isfinite(numbers(found)).any()


@every
def test_one_plant_is_undefined_with_a_reason(name):
    kind = ["a"] + ["b"] * 30 + ["c"] * 29
    found = measured(name, rows(kind=kind))
    if name in ("local_colocation_quotient", "marcon_puech"):
        # one plant may have neighbours of another kind, none of its own
        found = measured(name, rows(kind=kind), neighbour="a")
    reasons = " ".join(u.reason for u in found.undefined)
    assert found.undefined, name
    assert reasons
    values = numbers(found)
    assert np.isnan(values).any()


@pytest.mark.parametrize("name", ["nearest", "wasserstein", "entrants", "direction"])
def test_an_industry_absent_from_a_region(name):
    table = rows(
        80, kind=["a", "b"] * 20 + ["b", "c"] * 20, region=["p"] * 40 + ["q"] * 40
    )
    found = measured(name, table, region="region")
    if name == "direction":
        q = (found.region == "q") & ((found.a == "a") | (found.b == "a"))
        assert (found.status[q] == "too_few").all()
        return
    q = found.region == "q"
    assert not ((found.anchor[q] == "a") | (found.mover[q] == "a")).any()
    asked = measured(name, table, region="region", anchor="a", mover="b")
    absent = asked.region == "q"
    assert (asked.status[absent] == "absent").all()
    assert np.isnan(asked.z[absent]).all()


@pytest.mark.parametrize("name", ["nearest", "wasserstein", "entrants"])
def test_every_file_says_what_anchor_and_mover_mean(name):
    frame = measured(name, rows()).to_frame("pyarrow")
    notes = set(frame.column("orientation_note").to_pylist())
    assert len(notes) == 1
    assert "held at its actual sites" in notes.pop()
    # undefined is NaN, never 0
    few = measured(name, rows(kind=["a"] * 30 + ["b"] * 29 + ["c"]))
    lone = few.status != "ok"
    assert lone.any()
    for field in ("effect", "z", "p", "q", "percentile"):
        assert np.isnan(getattr(few, field)[lone]).all()


@every
def test_rows_without_position_can_be_left_out(name):
    x = rows()["x_km"]
    x[[4, 9]] = np.nan
    table = rows(x_km=x)
    found = measured(name, table, on_missing="drop")
    said = " ".join(found.provenance.warnings)
    assert "2 points without position or weight are left out" in said
    kept = np.setdiff1d(np.arange(60), [4, 9])
    without = {k: np.asarray(v)[kept] for k, v in table.items()}
    np.testing.assert_array_equal(numbers(found), numbers(measured(name, without)))
    near = np.abs(np.subtract.outer(table["w"], table["w"]))
    if "ripley" in name:
        return
    with pytest.raises(OptionError, match="distances"):
        measured(name, rows(), on_missing="drop", distances=near)


STRATA = ["duranton_overman", "marcon_puech", "ripley_d", "localization", "nearest"]


@pytest.mark.parametrize("name", [*STRATA, "colocation_quotient", "entrants"])
def test_rows_that_are_left_out_take_their_stratum_along(name):
    x = rows()["x_km"]
    x[[4, 9]] = np.nan
    table = rows(x_km=x, half=["n", "s"] * 30)
    asked = {"strata": "half"}
    if name == "nearest":
        asked["pool"] = "strata"
    if name not in ("localization", "nearest", "entrants"):
        asked["inference"] = FEW
    found = measured(name, table, on_missing="drop", **asked)
    kept = np.setdiff1d(np.arange(60), [4, 9])
    without = {k: np.asarray(v)[kept] for k, v in table.items()}
    np.testing.assert_array_equal(
        numbers(found), numbers(measured(name, without, **asked))
    )


POSITIONS = ["duranton_overman", "marcon_puech", "ripley_k", "localization"]
POSITIONS += ["pair_densities", "kdensity_moments", "colocation_quotient", "nearest"]


@pytest.mark.parametrize("name", POSITIONS)
def test_points_left_out_are_counted_in_the_result(name):
    x = rows()["x_km"]
    x[[4, 9]] = np.nan
    points = as_points(pa.table(rows(x_km=x)), type="kind", on_missing="drop")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*(draws|curves)")
        found = MEASURES[name](points)
    assert points.n_dropped == 2
    said = " ".join(found.provenance.warnings)
    assert "2 points without position or weight are left out" in said


def test_distortion_is_said_where_it_matters():
    rng = np.random.default_rng(1)
    lon, lat = rng.uniform(75, 130, 50), rng.uniform(20, 50, 50)
    wide = project(lon, lat)
    # azimuthal equal area: no more than the cosine of half the widest angle from its origin
    assert 0.01 < wide.distortion < 0.1
    near = project(7.7 + (lon - 100) / 500, 48.5 + (lat - 35) / 500)
    assert near.distortion < 0.006
    table = {"lon": lon, "lat": lat, "type": ["a", "b"] * 25}
    found = colocation_quotient(
        pa.table(table), x="lon", y="lat", crs="auto", inference=None
    )
    assert "distorted" in " ".join(found.provenance.warnings)
    assert project([8.0], [48.0]).distortion == 0.0
