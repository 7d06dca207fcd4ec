"""Directed coagglomeration: bad input, what is undefined and why, real data."""

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pytest

from agglo.concentration import (
    entrant_coagglomeration,
    nearest_coagglomeration,
    wasserstein_coagglomeration,
)
from agglo.core.errors import (
    DataWarning,
    InvalidTableError,
    NotIdentifiedError,
    OptionError,
)
from agglo.core.options import Permutation
from agglo.core.tables import as_points


def plants(at, industry, **more):
    at = np.asarray(at, dtype=float)
    columns = {"x_km": at[:, 0], "y_km": at[:, 1], "industry": list(industry)}
    return pa.table({**columns, **more})


def cloud(seed=3, sizes=(40, 25, 60), side=100.0):
    rng = np.random.default_rng(seed)
    at = rng.uniform(0, side, (sum(sizes), 2))
    return plants(at, np.repeat([chr(97 + k) for k in range(len(sizes))], sizes))


# bad input


def test_what_cannot_be_measured_has_a_reason():
    table = plants(
        [[0, 0], [1, 1], [2, 2], [3, 3], [4, 4], [5, 5]], ["a", "b", "b", "b", "c", "c"]
    )
    found = nearest_coagglomeration(table)
    k = np.flatnonzero((found.anchor == "b") & (found.mover == "a"))[0]
    assert found.status[k] == "too_few"
    assert np.isnan(found.z[k])
    assert any(u.reason == "fewer plants than min_n" for u in found.undefined)
    small = wasserstein_coagglomeration(table, inference=Permutation(n=9, seed=1))
    assert set(small.status) <= {"too_few", "small_pool"}
    assert np.isnan(small.p).all()


@pytest.mark.filterwarnings("ignore:.*share their place")
def test_one_place_and_no_weight():
    flat = plants([[0, 0]] * 20, "a" * 10 + "b" * 10)
    found = nearest_coagglomeration(flat)
    assert set(found.status) == {"whole_pool"}
    flat = plants([[0, 0]] * 30, "a" * 10 + "b" * 10 + "c" * 10)
    assert set(nearest_coagglomeration(flat).status) == {"one_place"}
    drawn = wasserstein_coagglomeration(flat, inference=Permutation(n=9, seed=1))
    assert set(drawn.status) == {"one_place"}
    weightless = cloud().append_column("w", pa.array([0.0] * 40 + [1.0] * 85))
    found = nearest_coagglomeration(weightless, weight="w")
    assert set(found.status[found.mover == "a"]) == {"zero_weight"}


def test_absent_industries_are_left_out_unless_asked_for():
    table = cloud(sizes=(20, 15, 30)).append_column(
        "region", pa.array(["p"] * 35 + ["q"] * 30)
    )
    every = nearest_coagglomeration(table, region="region")
    assert set(every.region) == {"p"}
    asked = nearest_coagglomeration(table, region="region", anchor="a", mover="b")
    assert asked.status[list(asked.region).index("q")] == "absent"


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_bad_coordinates_are_refused(bad):
    at = np.random.default_rng(1).random((9, 2))
    at[4, 0] = bad
    for measure in (nearest_coagglomeration, wasserstein_coagglomeration):
        with pytest.raises(InvalidTableError, match="x_km"):
            measure(plants(at, "aaabbbccc"))


def test_degrees_need_a_projection():
    table = pa.table(
        {"lon": [7.0, 7.1, 7.2], "lat": [48.0] * 3, "industry": list("abc")}
    )
    with pytest.raises(InvalidTableError, match="degrees"):
        nearest_coagglomeration(table, x="lon", y="lat")


def test_antimeridian():
    rng = np.random.default_rng(1)
    lon, lat = rng.uniform(-1, 1, 60), rng.uniform(-18, -16, 60)
    kind = ["a"] * 20 + ["b"] * 15 + ["c"] * 25
    found = [
        nearest_coagglomeration(
            pa.table(
                {"lon": (lon + m + 180) % 360 - 180, "lat": lat, "industry": kind}
            ),
            x="lon",
            y="lat",
            crs="auto",
        )
        for m in (10.0, 180.0)
    ]
    np.testing.assert_allclose(found[0].observed_km, found[1].observed_km, rtol=1e-9)


def test_options_that_do_not_fit():
    table = cloud()
    with pytest.raises(OptionError, match="same industry"):
        nearest_coagglomeration(table, anchor="a", mover="a")
    with pytest.raises(OptionError, match="sector"):
        nearest_coagglomeration(table, pool="same_sector")
    with pytest.raises(OptionError, match="power"):
        wasserstein_coagglomeration(table, kind="released_script", power=2)
    with pytest.raises(OptionError, match="no regions"):
        nearest_coagglomeration(as_points(table, type="industry"), region="region")
    far = plants(np.random.default_rng(1).uniform(0, 100, (30, 2)), "a" * 10 + "b" * 20)
    with pytest.raises(InvalidTableError, match="overflows"):
        wasserstein_coagglomeration(far, kind="released_script")


def test_entrants_need_periods():
    table = cloud().append_column("opened", pa.array([2001] * 125))
    with pytest.raises(NotIdentifiedError, match="2010"):
        entrant_coagglomeration(table, at=2010)
    words = table.set_column(3, "opened", pa.array(["soon"] * 125))
    with pytest.raises(InvalidTableError, match="year"):
        entrant_coagglomeration(words, at=2010)


def test_unknown_regions_are_dropped_and_counted():
    table = cloud().append_column(
        "region", pa.array(["p"] * 120 + ["0", "unknown"] * 2 + ["p"])
    )
    found = nearest_coagglomeration(table, region="region")
    assert "4 rows without a region are left out" in found.provenance.warnings


# real data


def test_strasbourg(shared_data):
    # plants have no address: the centre of their zone stands for it
    folder = shared_data / "strasbourg_sirene_iris"
    text = pa.csv.ConvertOptions(column_types={"CODE_IRIS": pa.string()})
    rows = pa.csv.read_csv(folder / "establishments.csv.gz", convert_options=text)
    zones = pa.csv.read_csv(folder / "iris_centroids_l93.csv", convert_options=text)
    joined = rows.join(zones, "CODE_IRIS", join_type="inner")
    kind = np.array([str(c)[:2] for c in joined["APET700"].to_pylist()])
    kept = np.isin(kind, ["10", "25", "28", "62", "64", "69"])
    at = np.column_stack([joined["x_l93"], joined["y_l93"]])[kept] / 1000
    table = plants(at, kind[kept])
    # addresses are known by statistical zone only
    with pytest.warns(DataWarning, match="share their place"):
        found = nearest_coagglomeration(table)
    assert found.anchor.size == 30
    assert (found.status == "ok").all()
    # software sits with law and finance, metal goods do not
    e = found.matrix("effect")
    names = found.industries.tolist()
    assert (
        e[names.index("69"), names.index("62")]
        > e[names.index("69"), names.index("25")]
    )
    asked = {"anchor": "28", "mover": "25", "snap_km": 0.5}
    with pytest.warns(DataWarning, match="share their place"):
        city = wasserstein_coagglomeration(
            table, inference=Permutation(n=99, seed=1), **asked
        )
    assert city.status[0] == "ok"


def test_poland(shared_data):
    file = shared_data / "poland_lubelskie_firms" / "firms_lubelskie.csv.gz"
    rows = pa.csv.read_csv(file)
    assert rows.num_rows > 37_000
    found = nearest_coagglomeration(
        rows, type="sector", x="lon", y="lat", crs="auto", rarefy=None
    )
    assert np.isfinite(found.z).mean() > 0.9
    entrants = entrant_coagglomeration(
        rows.rename_columns(
            [*rows.column_names[:10], "opened", *rows.column_names[11:]]
        ),
        at=2017,
        anchor="G",
        mover="C",
        type="sector",
        x="lon",
        y="lat",
        crs="auto",
        rarefy=None,
    )
    assert entrants.n_mover[0] > 5
