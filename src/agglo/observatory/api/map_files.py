"""The rows of a map as files with geometry: GeoJSON (RFC 7946) and GeoParquet 1.1."""

from __future__ import annotations

import io
import json
import re
import struct
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

import pyarrow as pa
import pyarrow.parquet as pq

from agglo.core.typing import Json
from agglo.observatory.api.answers import release_meta
from agglo.observatory.api.rows import json_rows
from agglo.observatory.api.stock import Stock
from agglo.observatory.geometry import NOT_STATED
from agglo.observatory.page import View

__all__ = ["geojson_bytes", "geoparquet_bytes", "is_map"]

# a value of GeoJSON's member "geometry"
_Shape: TypeAlias = dict[str, Json] | None
# licences under which anybody may pass the outlines on
_OPEN = re.compile(
    r"\b(cc0|cc[ -]?by|creative commons|odbl|odc|pddl|ogl|open government|dl-de|"
    r"public domain|generated, no restriction)\b",
    re.IGNORECASE,
)
_LEFT_OUT = {
    "private": "outlines are left out: their licence is not stated",
    "review": "outlines are left out: their licence is not stated",
    "public": "outlines are left out: their licence names no open one",
}
_KINDS = {"Point": 1, "Polygon": 3, "MultiPolygon": 6}


def is_map(view: View) -> bool:
    """Say whether the rows of a view are drawn at places."""
    return view.chart == "map" and {"lon", "lat", "label"} <= set(view.encode)


def geojson_bytes(stock: Stock, view: View, table: pa.Table) -> bytes:
    """Write the rows of a map as a feature collection.

    Parameters
    ----------
    stock
        The release.
    view
        A view for which `is_map` holds.
    table
        Its rows.

    Returns
    -------
    bytes
        One feature per row with all its columns; see `geoparquet_bytes` for the geometry.
    """
    features: list[Json] = [
        {"type": "Feature", "id": row[view.encode["label"]], "properties": dict(row),
         "geometry": shape}
        for row, shape in zip(json_rows(table), _shapes(stock, view, table), strict=True)
    ]  # fmt: skip
    whole: dict[str, Json] = {
        "type": "FeatureCollection",
        "agglo": _about(stock, view),
        "features": features,
    }
    text = json.dumps(whole, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode("utf-8")


def geoparquet_bytes(stock: Stock, view: View, table: pa.Table) -> bytes:
    """Write the rows of a map as GeoParquet 1.1: WKB in longitude and latitude.

    Parameters
    ----------
    stock
        The release.
    view
        A view for which `is_map` holds.
    table
        Its rows.

    Returns
    -------
    bytes
        All columns of the view and ``geometry``: the outline of the region where the
        project has outlines whose licence is stated (in public mode: an open one), else
        its point, else null. The key
        ``agglo`` of the file says release, source, licence and approval of the outlines.
    """
    shapes = _shapes(stock, view, table)
    known = [shape for shape in shapes if shape is not None]
    points = [p for shape in known for p in _points(shape["coordinates"])]
    column: dict[str, Json] = {
        "encoding": "WKB",
        "geometry_types": [*sorted({str(shape["type"]) for shape in known})],
    }
    if points:
        x, y = zip(*points, strict=True)
        column["bbox"] = [min(x), min(y), max(x), max(y)]
    # without "crs" the coordinates are longitude and latitude on WGS 84 (OGC:CRS84)
    geo: Json = {
        "version": "1.1.0",
        "primary_column": "geometry",
        "columns": {"geometry": column},
    }
    told = {"geo": geo, "agglo": _about(stock, view)}
    out = table.append_column(
        "geometry",
        pa.array([None if s is None else _wkb(s) for s in shapes], pa.binary()),
    ).replace_schema_metadata(
        {key: json.dumps(value, ensure_ascii=False) for key, value in told.items()}
    )
    data = io.BytesIO()
    pq.write_table(out, data, compression="zstd")
    return data.getvalue()


def _about(stock: Stock, view: View) -> dict[str, Json]:
    found = stock.release.catalogue["boundaries"]
    said: dict[str, Json] = {
        "release": stock.release.id,
        "view": view.id,
        "generated": release_meta(stock)["generated"],
    }
    if isinstance(found, Mapping):
        said |= {
            f"boundary_{k}": found[k] for k in ("source", "licence", "approval", "date")
        }
        if not _may_hand_on(stock):
            said["boundary_note"] = _LEFT_OUT[str(stock.release.catalogue["mode"])]
    return said


def _may_hand_on(stock: Stock) -> bool:
    """Say whether outlines may go into a file: whoever takes it may pass it on."""
    boundaries = stock.release.catalogue["boundaries"]
    if not isinstance(boundaries, Mapping):
        return False
    licence = str(boundaries["licence"])
    if stock.release.catalogue["mode"] == "public":
        return _OPEN.search(licence) is not None
    return licence not in ("", NOT_STATED)


def _shapes(stock: Stock, view: View, table: pa.Table) -> list[_Shape]:
    outlines: dict[str, _Shape] = {}
    # only a map of regions is drawn in outlines
    regions = view.labels.get(view.encode["label"]) == "regions"
    if regions and _may_hand_on(stock):
        features = json.loads(stock.release.geometry)["features"]
        outlines = {str(f["id"]): f["geometry"] for f in features}
    codes, lon, lat = (
        table[view.encode[role]].to_pylist() for role in ("label", "lon", "lat")
    )
    return [
        outlines.get(str(code)) or _point(x, y)
        for code, x, y in zip(codes, lon, lat, strict=True)
    ]


def _point(x: float | None, y: float | None) -> _Shape:
    if x is None or y is None:
        return None
    return {"type": "Point", "coordinates": [x, y]}


def _points(nested: Json) -> Iterator[tuple[float, float]]:
    """Give every point of coordinates, however deep they are nested."""
    if not isinstance(nested, list):
        return
    if nested and not isinstance(nested[0], list):
        x, y = nested[:2]
        yield float(str(x)), float(str(y))
        return
    for part in nested:
        yield from _points(part)


def _wkb(shape: Mapping[str, Json]) -> bytes:
    """Write a geometry as well-known binary, little-endian (OGC 06-103r4, 8.2)."""
    kind, coordinates = str(shape["type"]), shape["coordinates"]
    head = struct.pack("<BI", 1, _KINDS[kind])
    if kind == "Point":
        return head + _flat(coordinates)
    parts: Sequence[Json] = coordinates if isinstance(coordinates, list) else ()
    count = struct.pack("<I", len(parts))
    if kind == "Polygon":
        rings = (struct.pack("<I", len(list(_points(r)))) + _flat(r) for r in parts)
        return head + count + b"".join(rings)
    inner = (_wkb({"type": "Polygon", "coordinates": part}) for part in parts)
    return head + count + b"".join(inner)


def _flat(coordinates: Json) -> bytes:
    return b"".join(struct.pack("<dd", *point) for point in _points(coordinates))
