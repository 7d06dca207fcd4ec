"""GeoParquet: outlines from the well-known binary of its geometry column."""

from __future__ import annotations

import io
import json
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from agglo.sources.features import Feature, refused
from agglo.sources.files import read_packed

if TYPE_CHECKING:
    from agglo.core.typing import FloatArray, Json

__all__ = ["holds_parquet", "read_geoparquet"]

_POLYGON, _MANY, _ANY = 3, 6, 7
_FLAT = (1, 2, 4, 5)  # points and lines, singly and together
_DEGREES = (("EPSG", "4326"), ("EPSG", "4490"), ("OGC", "CRS84"))


def holds_parquet(path: Path) -> bool:
    """Say whether a file is Parquet, by its first bytes."""
    try:
        with path.open("rb") as stream:
            return stream.read(4) == b"PAR1"
    except OSError:
        return False


def read_geoparquet(path: Path) -> tuple[list[Feature], list[tuple[str, str]]]:
    """Read the polygons of a GeoParquet file.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    tuple
        Features in the order of the file, and name and digest of the file.

    Raises
    ------
    SourceError
        ``unknown_layout`` without a geometry column in well-known binary, ``no_crs`` when
        the file says that its system is unknown, ``wrong_crs`` for a system other than
        longitude and latitude of WGS 84 or CGCS2000, ``bad_geometry`` for damage.

    Notes
    -----
    GeoParquet 1.1.0 (Open Geospatial Consortium): a file that names no system is in
    longitude and latitude (OGC:CRS84); ``null`` says that it is unknown.
    """
    data, digest = read_packed(path)
    name = path.name
    try:
        table = pq.read_table(io.BytesIO(data))
    except (pa.ArrowInvalid, OSError) as error:
        raise refused(
            name, "corrupt_file", "it is damaged", "download it again"
        ) from error
    column = _column(table, name)
    try:
        shapes = [
            [] if blob is None else _Reader(blob).polygons()
            for blob in table[column].to_pylist()
        ]
    except (struct.error, ValueError, TypeError) as error:
        what = f"its geometry is damaged ({error})"
        raise refused(name, "bad_geometry", what, "export it again") from error
    rest = table.drop_columns([column])
    plain = [n for n in rest.column_names if not pa.types.is_nested(rest[n].type)]
    rows = rest.select(plain).to_pylist() if plain else [{} for _ in shapes]
    features = [
        Feature(id=None, properties=_texts(row), polygons=shape)
        for row, shape in zip(rows, shapes, strict=True)
    ]
    return features, [(name, digest)]


def _texts(row: Mapping[str, object]) -> dict[str, Json]:
    return {key: None if v is None else str(v) for key, v in row.items()}


def _column(table: pa.Table, name: str) -> str:
    """Give the name of the geometry column, if it can be read."""
    found = (table.schema.metadata or {}).get(b"geo")
    try:
        said = json.loads(found) if found else {}
        column = str(said.get("primary_column", ""))
        facts = said.get("columns", {}).get(column, {})
    except (ValueError, AttributeError) as error:
        what = "its description of the geometry is damaged"
        raise refused(name, "unknown_layout", what) from error
    if column not in table.column_names or str(facts.get("encoding")).upper() != "WKB":
        what = "it is Parquet without a geometry column in well-known binary (WKB)"
        raise refused(name, "unknown_layout", what, "write it as GeoParquet with WKB")
    if "crs" in facts and facts["crs"] is None:
        what = "it says that its coordinate system is unknown"
        raise refused(name, "no_crs", what, "write it with its coordinate system")
    if "crs" in facts:
        _check_system(facts["crs"], name)
    return column


def _check_system(crs: object, name: str) -> None:
    known = crs if isinstance(crs, dict) else {}
    named = known.get("id")
    one = named if isinstance(named, dict) else {}
    if (str(one.get("authority")), str(one.get("code"))) not in _DEGREES:
        what = f"its coordinate system is '{known.get('name', 'not named')}'"
        raise refused(name, "wrong_crs", what, "write it in WGS 84 (EPSG:4326)")


class _Reader:
    """Well-known binary, read from its start to its end.

    Parameters
    ----------
    data
        One geometry, plain or extended (z, m, a number of the system).
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def polygons(self) -> list[list[FloatArray]]:
        """Give the rings of each polygon; points and lines have none."""
        order = "<" if self._data[self._at : self._at + 1] == b"\x01" else ">"
        self._at += 1
        kind, width = self._kind(order)
        if kind == _POLYGON:
            return [[self._points(order, width) for _ in range(self._count(order))]]
        if kind in (_MANY, _ANY):
            parts = [self.polygons() for _ in range(self._count(order))]
            return [polygon for part in parts for polygon in part]
        if kind in _FLAT:
            return self._skip(kind, order, width)
        msg = f"a geometry of kind {kind}"
        raise ValueError(msg)

    def _kind(self, order: str) -> tuple[int, int]:
        """Give the kind and the numbers of a point."""
        code = self._count(order)
        more = bool(code & 0x80000000) + bool(code & 0x40000000)
        if code & 0x20000000:
            self._at += 4
        plain = code & 0x0FFFFFFF
        more = max(more, (0, 1, 1, 2)[plain // 1000 % 4])
        return plain % 1000, 2 + more

    def _count(self, order: str) -> int:
        (found,) = struct.unpack_from(f"{order}I", self._data, self._at)
        self._at += 4
        return int(found)

    def _points(self, order: str, width: int) -> FloatArray:
        n = self._count(order)
        flat = np.frombuffer(self._data, f"{order}f8", n * width, self._at)
        self._at += 8 * n * width
        return flat.reshape(-1, width)[:, :2].astype(np.float64)

    def _skip(self, kind: int, order: str, width: int) -> list[list[FloatArray]]:
        if kind == 1:
            self._at += 8 * width
        elif kind == 2:
            self._points(order, width)
        else:
            for _ in range(self._count(order)):
                self.polygons()
        return []
