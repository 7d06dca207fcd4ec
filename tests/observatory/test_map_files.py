"""Maps as GeoJSON and GeoParquet: what is on the page, with geometry, and no more."""

from __future__ import annotations

import io
import json
import shutil

import pyarrow.parquet as pq
import pytest

from agglo.observatory.api import Settings
from agglo.observatory.release import build_release
from agglo.sources import read_boundaries
from agglo.store import write_table
from tests.observatory.conftest import Served, client_of

RING = [[110.0, 30.0], [111.0, 30.0], [111.0, 31.0], [110.0, 30.0]]
HOLE = [[110.6, 30.2], [110.9, 30.2], [110.9, 30.5], [110.6, 30.2]]
FAR = [[120.0, 40.0], [121.0, 40.0], [121.0, 41.0], [120.0, 40.0]]
FEATURES = {
    "R001": {"type": "Polygon", "coordinates": [RING, HOLE]},
    "R002": {"type": "MultiPolygon", "coordinates": [[RING], [FAR]]},
}
VIEW = "/views/map.quotient"


@pytest.fixture(scope="module")
def outlined(project, tmp_path_factory):
    """Give a project whose outlines have the licence that is asked for."""

    def make(licence: str, mode: str = "private") -> Served:
        folder = tmp_path_factory.mktemp("outlined") / "small"
        shutil.copytree(project, folder)
        shutil.rmtree(folder / "release", ignore_errors=True)
        file = folder / "land.geojson"
        features = [
            {"type": "Feature", "id": code, "properties": {}, "geometry": shape}
            for code, shape in FEATURES.items()
        ]
        file.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
        found = read_boundaries(
            file, source="Survey", licence=licence, approval_number="GS(2020)1"
        )
        write_table(folder / "tables" / "boundaries" / "land-1.parquet", found.data)
        settings = Settings(mode=mode)
        release = build_release(folder, mode=mode)
        return Served(folder, release, settings, client_of(folder, settings))

    return make


@pytest.fixture(scope="module")
def free(outlined) -> Served:
    return outlined("CC BY 4.0")


def _parquet(served):
    answer = served.get(f"{VIEW}.geoparquet?industry={_industry(served)}")
    assert answer.status_code == 200, answer.text
    return pq.read_table(io.BytesIO(answer.content))


def _industry(served):
    """Give an industry that both regions with outlines have."""
    rows = served.get(f"{VIEW}.json").json()["data"]
    one, two = (
        {r["industry"] for r in rows if r["region"] == code} for code in FEATURES
    )
    return min(one & two)


def test_geojson_holds_the_rows_and_the_outlines(free):
    whole = free.get(f"{VIEW}.geojson").json()
    rows = free.get(f"{VIEW}.json").json()["data"]
    assert [f["properties"] for f in whole["features"]] == rows
    shapes = {f["id"]: f["geometry"]["type"] for f in whole["features"]}
    assert shapes["R001"] == "Polygon"
    assert shapes["R002"] == "MultiPolygon"
    assert set(shapes.values()) == {"Polygon", "MultiPolygon", "Point"}
    assert whole["agglo"]["boundary_approval"] == "GS(2020)1"
    assert whole["agglo"]["release"] == free.release.id
    assert whole["agglo"]["generated"] is True


def test_geoparquet_reads_back_with_the_same_numbers_and_coordinates(free, tmp_path):
    table = _parquet(free)
    same = free.get(f"{VIEW}.parquet?industry={_industry(free)}").content
    plain = pq.read_table(io.BytesIO(same))
    assert table.drop_columns("geometry").equals(plain)
    about = json.loads(table.schema.metadata[b"geo"])
    assert about["version"] == "1.1.0"
    column = about["columns"][about["primary_column"]]
    assert column["encoding"] == "WKB"
    assert column["geometry_types"] == ["MultiPolygon", "Point", "Polygon"]
    west, south, east, north = column["bbox"]
    assert (west <= 110.0, south <= 30.0, east >= 121.0, north >= 41.0) == (True,) * 4
    # another reader than the writer: the outlines go in again as anybody's file
    kept = table.filter(
        [str(r).startswith(("R001", "R002")) for r in table["region"].to_pylist()]
    )
    pq.write_table(kept, tmp_path / "two.parquet")
    again = read_boundaries(tmp_path / "two.parquet", id_property="region").data
    outlines = {
        (r["boundary"], r["polygon"], r["ring"]): r["coordinates"]
        for r in again.to_pylist()
    }
    given = read_boundaries(free.project / "land.geojson").data
    assert outlines == {
        (r["boundary"], r["polygon"], r["ring"]): r["coordinates"]
        for r in given.to_pylist()
    }


def test_a_geodataframe_can_be_made_of_it(free, tmp_path):
    geopandas = pytest.importorskip("geopandas", reason="geopandas is not installed")
    pq.write_table(_parquet(free), tmp_path / "m.parquet")
    frame = geopandas.read_parquet(tmp_path / "m.parquet")
    assert frame.crs.equals("OGC:CRS84")
    assert frame.set_index("region").geometry["R001"].area == pytest.approx(0.5 - 0.045)


def test_without_a_stated_licence_the_outlines_stay_at_home(outlined):
    closed = outlined("not stated")
    whole = closed.get(f"{VIEW}.geojson").json()
    assert {f["geometry"]["type"] for f in whole["features"]} == {"Point"}
    assert "licence is not stated" in whole["agglo"]["boundary_note"]
    table = _parquet(closed)
    assert json.loads(table.schema.metadata[b"geo"])["columns"]["geometry"][
        "geometry_types"
    ] == ["Point"]


@pytest.mark.parametrize(
    ("licence", "kinds"),
    [("own use", {"Point"}), ("CC BY-SA 4.0", {"Point", "Polygon", "MultiPolygon"})],
)
def test_the_public_gets_outlines_under_an_open_licence_only(outlined, licence, kinds):
    pytest.importorskip("highspy", reason="the extra disclosure is not installed")
    whole = outlined(licence, "public").get(f"{VIEW}.geojson").json()
    assert {f["geometry"]["type"] for f in whole["features"] if f["geometry"]} == kinds
    assert ("boundary_note" in whole["agglo"]) == (licence == "own use")


def test_without_outlines_there_are_points(served):
    whole = served.get(f"{VIEW}.geojson").json()
    first = whole["features"][0]
    row = first["properties"]
    assert first["geometry"]["coordinates"] == [row["lon"], row["lat"]]
    assert "boundary_source" not in whole["agglo"]


def test_a_table_without_places_is_no_map(served):
    for kind in ("geojson", "geoparquet"):
        answer = served.get(f"/views/industry.ranking.{kind}")
        assert (answer.status_code, answer.json()["code"]) == (422, "no_map")
