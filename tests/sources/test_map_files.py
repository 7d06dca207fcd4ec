"""Boundaries from shapefiles and GeoParquet: the same outlines as from GeoJSON."""

from __future__ import annotations

import contextlib
import json
import struct
import zipfile

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agglo.core.errors import OptionError, SourceError
from agglo.sources import read_boundaries, read_outlines

# clockwise outlines, a hole the other way round, an island
LAND = [[0.0, 0.0], [0.0, 10.0], [10.0, 10.0], [10.0, 0.0], [0.0, 0.0]]
LAKE = [[2.0, 2.0], [4.0, 2.0], [4.0, 4.0], [2.0, 4.0], [2.0, 2.0]]
ISLE = [[20.0, 20.0], [20.0, 21.0], [21.0, 21.0], [20.0, 20.0]]
NEXT = [[10.0, 0.0], [10.0, 10.0], [12.0, 10.0], [12.0, 0.0], [10.0, 0.0]]
SHAPES = [("01", "甲地", [[LAND, LAKE], [ISLE]]), ("02", "乙地", [[NEXT]])]
WGS = b'GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984"]]'


def _shp(shapes, kind=5) -> bytes:
    out = b""
    for k, rings in enumerate(shapes, 1):
        points = [p for ring in rings for p in ring]
        starts = np.cumsum([0, *(len(r) for r in rings)])[:-1]
        body = struct.pack("<i4dii", kind, 0, 0, 0, 0, len(rings), len(points))
        body += struct.pack(f"<{len(starts)}i", *starts)
        body += b"".join(struct.pack("<2d", *p) for p in points)
        out += struct.pack(">ii", k, len(body) // 2) + body
    head = struct.pack(">i20xi", 9994, (100 + len(out)) // 2)
    return head + struct.pack("<ii64x", 1000, kind) + out


def _dbf(rows, encoding="utf-8") -> bytes:
    fields = [(b"CODE", "N", 4), (b"NAME", "C", 12)]
    head = b"".join(
        n.ljust(11, b"\0") + k.encode() + bytes(4) + bytes([w]) + bytes(15)
        for n, k, w in fields
    )
    body = b"".join(
        b" " + code.rjust(4).encode() + name.encode(encoding).ljust(12)
        for code, name in rows
    )
    sizes = struct.pack("<IHH", len(rows), 32 + len(head) + 1, 17)
    return b"\x03" + bytes(3) + sizes + bytes(20) + head + b"\r" + body


def _write_shapefile(folder, *, prj=WGS, encoding="utf-8", cpg=b"UTF-8"):
    rings = [[r for polygon in polygons for r in polygon] for _, _, polygons in SHAPES]
    (folder / "land.shp").write_bytes(_shp(rings))
    rows = [(code, name) for code, name, _ in SHAPES]
    (folder / "land.dbf").write_bytes(_dbf(rows, encoding))
    if prj is not None:
        (folder / "land.prj").write_bytes(prj)
    if cpg:
        (folder / "land.cpg").write_bytes(cpg)
    return folder / "land.shp"


def _wkb(polygons, order="<", extra=()) -> bytes:
    mark, z = (b"\x01" if order == "<" else b"\x00"), 1000 if extra else 0
    parts = b"".join(
        mark + struct.pack(f"{order}II", 3 + z, len(rings))
        + b"".join(
            struct.pack(f"{order}I", len(ring))
            + b"".join(struct.pack(f"{order}{2 + len(extra)}d", *p, *extra) for p in ring)
            for ring in rings
        )
        for rings in polygons
    )  # fmt: skip
    return mark + struct.pack(f"{order}II", 6 + z, len(polygons)) + parts


def _write_parquet(path, facts, **wkb):
    table = pa.table(
        {
            "code": [code for code, _, _ in SHAPES],
            "geometry": pa.array([_wkb(p, **wkb) for _, _, p in SHAPES], pa.binary()),
        }
    )
    geo = {
        "version": "1.1.0",
        "primary_column": "geometry",
        "columns": {"geometry": facts},
    }
    pq.write_table(table.replace_schema_metadata({"geo": json.dumps(geo)}), path)
    return path


def _expected(folder):
    path = folder / "same.geojson"
    features = [
        {"type": "Feature", "properties": {"code": c, "CODE": c},
         "geometry": {"type": "MultiPolygon", "coordinates": p}} for c, _, p in SHAPES
    ]  # fmt: skip
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return read_boundaries(path, id_property="code", source="s", date="2020").data


@pytest.mark.parametrize("how", ["beside", "zip"])
def test_a_shapefile_gives_the_outlines_of_the_same_geojson(tmp_path, how):
    path = _write_shapefile(tmp_path)
    if how == "zip":
        path = tmp_path / "land.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for part in tmp_path.glob("land.*"):
                if part != path:
                    archive.write(part, f"maps/{part.name}")
    found = read_boundaries(path, id_property="CODE", source="s", date="2020")
    assert found.data.equals(_expected(tmp_path))
    assert found.data["boundary"].to_pylist() == ["01", "01", "01", "02"]
    assert set(found.data["date"].to_pylist()) == {"2020"}
    assert len(found.origin.files) == (4 if how == "beside" else 1)


@pytest.mark.parametrize(("encoding", "cpg"), [("gb18030", b"936"), ("gb18030", b""), ("utf-8", b"")])  # fmt: skip
def test_names_in_either_encoding_are_read(tmp_path, encoding, cpg):
    path = _write_shapefile(tmp_path, encoding=encoding, cpg=cpg)
    found = read_outlines(path, id_property="NAME")
    assert found.region.tolist() == ["甲地", "乙地"]


@pytest.mark.parametrize(
    ("facts", "wkb"),
    [({"encoding": "WKB"}, {}), ({"encoding": "WKB"}, {"order": ">"}),
     ({"encoding": "WKB", "crs": {"id": {"authority": "EPSG", "code": 4326}}}, {"extra": (5.0,)})],
)  # fmt: skip
def test_geoparquet_gives_the_outlines_of_the_same_geojson(tmp_path, facts, wkb):
    path = _write_parquet(tmp_path / "land.parquet", facts, **wkb)
    found = read_boundaries(path, id_property="code", source="s", date="2020")
    assert found.data.equals(_expected(tmp_path))


def _without(folder, name):
    path = _write_shapefile(folder)
    (folder / name).unlink()
    return path


PLANE = b'PROJCS["WGS_1984_UTM_Zone_50N",GEOGCS["GCS_WGS_1984"]]'


@pytest.mark.parametrize(
    ("make", "code"),
    [(lambda f: _write_shapefile(f, prj=None), "no_crs"),
     (lambda f: _write_shapefile(f, prj=PLANE), "wrong_crs"),
     (lambda f: _write_shapefile(f, prj=b'GEOGCS["GCS_Xian_1980"]'), "wrong_crs"),
     (lambda f: _without(f, "land.dbf"), "not_found"),
     (lambda f: _write_parquet(f / "a.parquet", {"encoding": "WKB", "crs": None}), "no_crs"),
     (lambda f: _write_parquet(f / "a.parquet", {"encoding": "WKB", "crs": {"id": {
         "authority": "EPSG", "code": 3857}, "name": "Web"}}), "wrong_crs"),
     (lambda f: _write_parquet(f / "a.parquet", {"encoding": "polygon"}), "unknown_layout")],
)  # fmt: skip
def test_what_cannot_be_placed_is_refused(tmp_path, make, code):
    with pytest.raises(SourceError) as caught:
        read_outlines(make(tmp_path), id_property="CODE")
    assert [p.code for p in caught.value.problems] == [code]
    assert caught.value.problems[0].fix


def test_an_archive_of_two_shapefiles_is_refused(tmp_path):
    path = tmp_path / "two.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.shp", b"x")
        archive.writestr("b.shp", b"x")
    with pytest.raises(SourceError, match="several_members"):
        read_outlines(path)


@given(st.data())
@settings(max_examples=40, suppress_health_check=list(HealthCheck), deadline=None)
def test_damage_ends_in_a_typed_error_or_in_outlines(tmp_path, data):
    """A byte changed, or an end cut off: never another error than ours."""
    shp = _write_shapefile(tmp_path)
    parquet = _write_parquet(tmp_path / "p.parquet", {"encoding": "WKB"})
    path = data.draw(st.sampled_from([shp, shp.with_suffix(".dbf"), parquet]))
    whole = bytearray(path.read_bytes())
    at = data.draw(st.integers(0, len(whole) - 1))
    if data.draw(st.booleans()):
        whole[at] ^= data.draw(st.integers(1, 255))
    else:
        del whole[at:]
    path.write_bytes(bytes(whole))
    named = "code" if path == parquet else "CODE"
    # an attribute whose name was hit is not there any more: OptionError
    with contextlib.suppress(SourceError, OptionError):
        read_outlines(parquet if path == parquet else shp, id_property=named)


def test_a_wkb_with_lines_beside_polygons():
    from agglo.sources.geoparquet import _Reader

    line = b"\x01" + struct.pack("<II", 2, 2) + struct.pack("<4d", 0, 0, 1, 1)
    both = b"\x01" + struct.pack("<II", 7, 2) + line + _wkb([[LAND]])
    (polygon,) = _Reader(both).polygons()
    assert polygon[0].tolist() == LAND
