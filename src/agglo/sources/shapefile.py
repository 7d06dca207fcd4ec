"""Shapefiles: outlines from ``.shp``, attributes from ``.dbf``, the system from ``.prj``.

Read by ourselves from bytes, so that maps need no package of their own. The parts lie
beside each other or in one zip archive, which is never unpacked to disk.
"""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from agglo.core.errors import SourceError
from agglo.sources.features import Feature, refused
from agglo.sources.files import detect_encoding, read_packed

if TYPE_CHECKING:
    from agglo.core.typing import BoolArray, FloatArray, Json

__all__ = ["holds_shapefile", "read_shapefile"]

_MAGIC = 9994
_POLYGONS = (5, 15, 25)  # plain, with z, with m
_HEADER = 100
_LARGEST = 2 << 30  # bytes of one part after unpacking
_DEGREES = (
    "WGS_1984",
    "WGS 84",
    "CGCS_2000",
    "CGCS2000",
    "China_2000",
    "China Geodetic",
)


def holds_shapefile(path: Path) -> bool:
    """Say whether a file is a shapefile, or a zip archive with one."""
    if path.suffix.lower() == ".shp":
        return True
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return any(name.lower().endswith(".shp") for name in archive.namelist())


def read_shapefile(path: Path) -> tuple[list[Feature], list[tuple[str, str]]]:
    """Read the polygons of a shapefile.

    Parameters
    ----------
    path
        ``.shp`` with ``.dbf`` and ``.prj`` beside it, or a zip archive with the three.

    Returns
    -------
    tuple
        Features in the order of the file, and names and digests of the files read.

    Raises
    ------
    SourceError
        ``not_found`` for a missing part, ``no_crs`` without a ``.prj``, ``wrong_crs`` for
        a system other than WGS 84 or CGCS2000 in degrees, ``bad_geometry`` for damage,
        ``several_members`` for an archive with several shapefiles.

    Notes
    -----
    ESRI (1998), Shapefile Technical Description. A ring that turns clockwise begins a
    polygon; one that turns the other way is a hole of the polygon around it.
    """
    parts, files = _parts(path)
    name = path.name
    _check_system(parts.get("prj"), name)
    try:
        shapes = [_polygons(record) for record in _records(parts["shp"])]
        rows = _attributes(parts["dbf"], parts.get("cpg"))
    except (
        struct.error,
        ValueError,
        IndexError,
        UnicodeDecodeError,
        LookupError,
    ) as error:
        what = f"the shapefile is damaged ({error})"
        raise refused(name, "bad_geometry", what, "export it again") from error
    if len(rows) != len(shapes):
        what = f"{len(shapes)} shapes have {len(rows)} rows of attributes"
        raise refused(name, "bad_geometry", what, "export it again")
    features = [
        Feature(id=None, properties=row, polygons=shape)
        for row, shape in zip(rows, shapes, strict=True)
        if row is not None
    ]
    return features, files


def _parts(path: Path) -> tuple[dict[str, bytes], list[tuple[str, str]]]:
    if path.suffix.lower() == ".shp":
        return _beside(path)
    packed, digest = read_packed(path)
    return _inside(path.name, packed), [(path.name, digest)]


def _beside(path: Path) -> tuple[dict[str, bytes], list[tuple[str, str]]]:
    parts: dict[str, bytes] = {}
    files = []
    for ending in ("shp", "dbf", "prj", "cpg"):
        part = path.with_suffix(f".{ending}")
        if not part.exists():
            upper = path.with_suffix(f".{ending.upper()}")
            part = upper if upper.exists() else part
        if part.exists() or ending in ("shp", "dbf"):
            parts[ending], digest = read_packed(part)
            files.append((part.name, digest))
    return parts, files


def _inside(name: str, packed: bytes) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(packed)) as archive:
            members = {m.filename: m for m in archive.infolist()}
            shapes = [m for m in members if m.lower().endswith(".shp")]
            if len(shapes) > 1:
                what = f"the archive holds {len(shapes)} shapefiles: {shapes[:5]}"
                raise refused(name, "several_members", what, "unpack it and name one")
            stem = shapes[0][:-4]
            found = {}
            for member, info in members.items():
                ending = member.lower().rpartition(".")[2]
                if member[:-4] == stem and ending in ("shp", "dbf", "prj", "cpg"):
                    found[ending] = _member(archive, info, name)
    except (zipfile.BadZipFile, EOFError, OSError, NotImplementedError) as error:
        what = "the archive is damaged"
        raise refused(name, "corrupt_file", what, "download it again") from error
    if "dbf" not in found:
        what = "the archive has no .dbf with the attributes"
        raise refused(name, "not_found", what, "add the .dbf to the archive")
    return found


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str) -> bytes:
    with archive.open(info) as stream:
        # what an archive says of its sizes is not believed
        data = stream.read(_LARGEST + 1)
    if len(data) > _LARGEST:
        what = f"{info.filename} unpacks to more than {_LARGEST >> 30} GiB"
        raise refused(name, "too_large", what, "simplify the outlines first")
    return data


def _check_system(text: bytes | None, name: str) -> None:
    if text is None:
        what = "it has no .prj, so nobody knows what its coordinates mean"
        raise refused(name, "no_crs", what, "export it in WGS 84 with its .prj")
    said = text.decode("utf-8", "replace").lstrip("\ufeff \r\n\t")
    plane = said.upper().startswith(("PROJCS", "PROJCRS"))
    if plane or not any(word.upper() in said.upper() for word in _DEGREES):
        title = said.partition('"')[2].partition('"')[0][:60]
        what = f"its coordinate system is '{title}'"
        raise refused(name, "wrong_crs", what, "export it in WGS 84 (EPSG:4326)")


def _records(data: bytes) -> list[bytes]:
    if len(data) < _HEADER or struct.unpack(">i", data[:4])[0] != _MAGIC:
        msg = "its first bytes are not those of a shapefile"
        raise ValueError(msg)
    found: list[bytes] = []
    at = _HEADER
    while at < len(data):
        (words,) = struct.unpack_from(">i", data, at + 4)
        if words < 2 or at + 8 + 2 * words > len(data):
            msg = f"record {len(found) + 1} ends after the file"
            raise ValueError(msg)
        found.append(data[at + 8 : at + 8 + 2 * words])
        at += 8 + 2 * words
    return found


def _polygons(record: bytes) -> list[list[FloatArray]]:
    (kind,) = struct.unpack_from("<i", record)
    if kind == 0:
        return []
    if kind not in _POLYGONS:
        msg = f"shapes of kind {kind} are no polygons"
        raise ValueError(msg)
    n_parts, n_points = struct.unpack_from("<ii", record, 36)
    if n_parts < 0 or n_points < 0:
        msg = "a shape has a negative number of points"
        raise ValueError(msg)
    starts = np.frombuffer(record, "<i4", n_parts, 44).astype(np.int64)
    points = np.frombuffer(record, "<f8", 2 * n_points, 44 + 4 * n_parts)
    pairs = points.reshape(-1, 2).astype(np.float64)
    ends = [*starts[1:].tolist(), n_points]
    rings = [pairs[a:b] for a, b in zip(starts.tolist(), ends, strict=True)]
    return _nested([ring for ring in rings if len(ring)])


def _nested(rings: Sequence[FloatArray]) -> list[list[FloatArray]]:
    """Give each hole to the outline around it; a file of one turn has outlines only."""
    outlines = [ring for ring in rings if _turn(ring) <= 0] or list(rings)
    polygons = [[ring] for ring in outlines]
    for hole in rings:
        if any(hole is outline for outline in outlines):
            continue
        around = [k for k, o in enumerate(outlines) if _inside_of(hole[0], o)]
        if around:
            smallest = min(around, key=lambda k: abs(_turn(outlines[k])))
            polygons[smallest].append(hole)
        else:
            polygons.append([hole])
    return polygons


def _turn(ring: FloatArray) -> float:
    """Twice the area with its sign: negative when the ring turns clockwise."""
    x, y = ring.T
    return float((x[:-1] * y[1:] - x[1:] * y[:-1]).sum())


def _inside_of(point: FloatArray, ring: FloatArray) -> bool:
    x, y = ring.T
    up: BoolArray = (y[:-1] > point[1]) != (y[1:] > point[1])
    a, b = np.flatnonzero(up), np.flatnonzero(up) + 1
    cut = x[a] + (point[1] - y[a]) * (x[b] - x[a]) / (y[b] - y[a])
    return bool((cut > point[0]).sum() % 2)


def _attributes(data: bytes, pages: bytes | None) -> list[dict[str, Json] | None]:
    n, head, width = struct.unpack_from("<IHH", data, 4)
    fields, at = [], 32
    while at < head - 1 and data[at] != 0x0D:
        name = data[at : at + 11].partition(b"\0")[0]
        fields.append((name, chr(data[at + 11]), data[at + 16]))
        at += 32
    encoding = _encoding(pages, data[32:])
    if head + n * width > len(data):
        msg = "the table of attributes ends early"
        raise ValueError(msg)
    rows: list[dict[str, Json] | None] = []
    for k in range(n):
        record = data[head + k * width : head + (k + 1) * width]
        rows.append(None if record[:1] == b"*" else _row(record, fields, encoding))
    return rows


def _row(
    record: bytes, fields: Sequence[tuple[bytes, str, int]], encoding: str
) -> dict[str, Json]:
    row: dict[str, Json] = {}
    at = 1
    for name, kind, width in fields:
        text = record[at : at + width].decode(encoding, "replace").strip(" \0")
        at += width
        # codes stay texts: a number would lose its leading zeros
        whole = kind in "NF" and text.endswith(".0") and text[:-2].isdigit()
        row[name.decode(encoding, "replace")] = text[:-2] if whole else text
    return row


def _encoding(pages: bytes | None, sample: bytes) -> str:
    named = (pages or b"").decode("ascii", "replace").strip()
    known: Mapping[str, str] = {"65001": "utf-8", "936": "gb18030", "54936": "gb18030"}
    if named:
        name = known.get(named, named)
        b"".decode(name)  # LookupError for a name nobody knows
        return name
    try:
        return detect_encoding(sample.replace(b"\0", b" "))
    except SourceError:
        return "latin-1"
