"""Boundaries of the maps: what is read, and what is refused."""

import json

import pytest

from agglo.core.checks import check_table
from agglo.core.errors import SourceError
from agglo.sources import read_boundaries, reader

SQUARE = [[110.0, 30.0], [111.0, 30.0], [111.0, 31.123456789], [110.0, 30.0]]
HOLE = [[110.2, 30.1], [110.3, 30.1], [110.3, 30.2], [110.2, 30.1]]


def write(folder, *features, name="land.geojson"):
    path = folder / name
    document = {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "id": code,
                "properties": {"name": code.upper()},
                "geometry": {"type": kind, "coordinates": rings},
            }
            for code, kind, rings in features
        ],
    }
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def test_one_row_per_ring(tmp_path):
    path = write(
        tmp_path,
        ("a", "Polygon", [SQUARE, HOLE]),
        ("b", "MultiPolygon", [[SQUARE], [HOLE]]),
    )
    found = read_boundaries(path, source="survey", approval_number="GS(2020)1")
    rows = found.data.to_pylist()
    assert [(r["boundary"], r["polygon"], r["ring"]) for r in rows] == [
        ("a", "1", "1"),
        ("a", "1", "2"),
        ("b", "2", "1"),
        ("b", "3", "1"),
    ]
    assert rows[0]["coordinates"] == "110.0 30.0 111.0 30.0 111.0 31.12346 110.0 30.0"
    assert {r["approval_number"] for r in rows} == {"GS(2020)1"}
    assert found.origin.files[0][0] == "land.geojson"
    assert not check_table(found.data, "boundaries").problems


def test_the_file_is_named_where_no_source_is(tmp_path):
    path = write(tmp_path, ("a", "Polygon", [SQUARE]))
    (found,) = reader("boundaries").read([path])
    assert found.data["source"].to_pylist() == ["land.geojson"]
    assert found.data["approval_number"].to_pylist() == [""]


@pytest.mark.parametrize(
    ("rings", "code"),
    [
        (
            [[[500000.0, 4e6], [500100.0, 4e6], [500100.0, 4.1e6], [500000.0, 4e6]]],
            "wrong_crs",
        ),
        ([[[110.0, 95.0], [111.0, 30.0], [111.0, 31.0], [110.0, 95.0]]], "wrong_crs"),
    ],
)
def test_what_cannot_be_drawn_is_refused(tmp_path, rings, code):
    path = write(tmp_path, ("a", "Polygon", rings))
    with pytest.raises(SourceError) as error:
        read_boundaries(path)
    assert [p.code for p in error.value.problems] == [code]
    assert error.value.problems[0].fix


def test_text_that_is_no_json_is_refused(tmp_path):
    path = tmp_path / "x.geojson"
    path.write_text("{")
    with pytest.raises(SourceError):
        read_boundaries(path)
