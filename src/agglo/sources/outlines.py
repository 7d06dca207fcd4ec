"""Outlines of regions as plain arrays, from TopoJSON, GeoJSON, GeoParquet and shapefiles.

Coordinates come out as they lie in the file: nothing is simplified, reprojected or
closed. No boundaries are shipped with agglo; bring a file that you may use.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, cast

import numpy as np

from agglo.core.errors import OptionError, Problem, SourceError, suggest
from agglo.core.results import frozen_array
from agglo.sources.features import Feature, refused
from agglo.sources.files import decode, read_raw
from agglo.sources.geoparquet import holds_parquet, read_geoparquet
from agglo.sources.results import Origin
from agglo.sources.shapefile import holds_shapefile, read_shapefile

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agglo.core.typing import FloatArray, IntArray, Json

__all__ = ["Outlines", "read_outlines"]

_Object: TypeAlias = "dict[str, Json]"
_Rings: TypeAlias = "list[list[FloatArray]]"
_LINES = {"Point", "MultiPoint", "LineString", "MultiLineString"}


@dataclass(frozen=True, eq=False, kw_only=True)
class Outlines:
    """Polygons of regions as three flat arrays.

    Ring ``k`` is ``coordinates[ring_offsets[k]:ring_offsets[k + 1]]``, belongs to polygon
    ``ring_polygon[k]`` (the first ring of a polygon is its outline, further ones are
    holes), and polygon ``p`` belongs to ``region[polygon_region[p]]``.

    Parameters
    ----------
    region
        Ids, shape (n,); a region without geometry has no polygon.
    coordinates
        Shape (points, 2), x or longitude first, in the units of the file.
    ring_offsets
        Shape (rings + 1,).
    ring_polygon
        Shape (rings,).
    polygon_region
        Shape (polygons,).
    origin
        Where the file comes from.
    notes
        What to know.
    properties
        ``{region: properties of the file}``.
    """

    region: NDArray[np.str_]
    coordinates: FloatArray
    ring_offsets: IntArray
    ring_polygon: IntArray
    polygon_region: IntArray
    origin: Origin
    notes: tuple[Problem, ...] = ()
    properties: Mapping[str, _Object] = field(default_factory=dict)

    @property
    def n_regions(self) -> int:
        """Number of regions."""
        return int(self.region.size)

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """Smallest x and y, largest x and y."""
        low, high = self.coordinates.min(axis=0), self.coordinates.max(axis=0)
        return float(low[0]), float(low[1]), float(high[0]), float(high[1])

    def polygons(self, region: str) -> list[list[FloatArray]]:
        """Give the polygons of a region, each as a list of rings, outline first.

        Parameters
        ----------
        region
            Id of the region.

        Returns
        -------
        list of list of numpy.ndarray
            Read-only views of shape (points, 2).

        Raises
        ------
        OptionError
            If there is no such region.
        """
        hits = np.flatnonzero(self.region == region)
        if hits.size == 0:
            hint = suggest(region, self.region.tolist())
            msg = f"There is no outline of region '{region}'. {hint}".rstrip()
            raise OptionError(msg)
        mine = np.flatnonzero(self.polygon_region == hits[0])
        return [
            [self._ring(int(k)) for k in np.flatnonzero(self.ring_polygon == p)]
            for p in mine
        ]

    def _ring(self, k: int) -> FloatArray:
        return self.coordinates[self.ring_offsets[k] : self.ring_offsets[k + 1]]


def read_outlines(
    path: str | Path,
    *,
    layer: str | None = None,
    id_property: str | None = None,
    title: str = "Outlines of regions",
    publisher: str = "",
    licence: str = "not stated",
    citation: str = "",
) -> Outlines:
    r"""Read outlines from TopoJSON, GeoJSON, GeoParquet or a shapefile.

    Parameters
    ----------
    path
        The file, plain, gzip or zip. A shapefile is its ``.shp`` with ``.dbf`` and
        ``.prj`` beside it, or a zip archive of the three.
    layer
        Object of a TopoJSON file; default the only one, or the first with polygons.
    id_property
        Property that holds the region's id; default the feature's own ``id``, which
        GeoParquet and shapefiles do not have.
    title, publisher, licence, citation
        Where the file comes from and what may be done with it.

    Returns
    -------
    Outlines
        Rings as plain arrays, in the order of the file.

    Raises
    ------
    SourceError
        ``malformed_json``, ``unknown_layout``, ``null_key``, ``duplicate_key``,
        ``bad_geometry``; ``no_crs`` or ``wrong_crs`` for GeoParquet and shapefiles that
        are not in longitude and latitude; what `read_shapefile` and `read_geoparquet` raise.
    OptionError
        If `layer` or `id_property` is not there.

    Notes
    -----
    TopoJSON arcs are decoded exactly: sums of the stored steps times scale plus offset.
    Neighbours share the very same points. Cost O(points).

    References
    ----------
    Butler et al. (2016), The GeoJSON Format, RFC 7946; Bostock, The TopoJSON Format
    Specification.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "a.geojson"
    >>> _ = file.write_text(
    ...     '{"type":"FeatureCollection","features":[{"type":"Feature","id":"a","properties":{},'
    ...     '"geometry":{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,0]]]}}]}'
    ... )
    >>> len(read_outlines(file).coordinates)
    4
    """
    path = Path(path)
    features, files = _features(path, layer)
    origin = Origin(
        title=title,
        publisher=publisher,
        licence=licence,
        citation=citation,
        files=tuple(files),
    )
    return _flatten(features, id_property, origin, path.name)


def _features(
    path: Path, layer: str | None
) -> tuple[list[Feature], list[tuple[str, str]]]:
    """Read a file by what it is, and name what was read."""
    if path.is_file() and holds_shapefile(path):
        return read_shapefile(path)
    if holds_parquet(path):
        return read_geoparquet(path)
    raw = read_raw(path)
    try:
        loaded = json.loads(decode(raw).data)
    except json.JSONDecodeError as error:
        what = f"it is no JSON: {error.msg} at line {error.lineno}"
        raise refused(raw.name, code="malformed_json", what=what) from error
    document = loaded if isinstance(loaded, dict) else {}
    kind = document.get("type")
    if kind == "Topology":
        features = _topology(document, layer, raw.name)
    elif kind == "FeatureCollection":
        features = _collection(document, raw.name)
    else:
        what = f"its type is {kind!r}, not Topology or FeatureCollection"
        raise refused(raw.name, code="unknown_layout", what=what)
    return list(features), [(raw.name, raw.sha256)]


def _collection(document: _Object, name: str) -> Iterator[Feature]:
    for i, item in enumerate(cast("list[_Object]", document.get("features") or [])):
        geometry = cast("_Object", item.get("geometry") or {})
        try:
            polygons = [
                [np.asarray(ring, dtype=np.float64)[:, :2] for ring in polygon]
                for polygon in _parts(geometry, "coordinates")
            ]
        except (TypeError, ValueError, IndexError) as error:
            what = f"feature {i + 1} has coordinates that are no rings of points"
            raise refused(name, code="bad_geometry", what=what) from error
        yield _feature(item, polygons)


def _parts(geometry: _Object, key: str) -> Sequence[Sequence[Json]]:
    kind = geometry.get("type")
    content = cast("list[list[Json]]", geometry.get(key) or [])
    if kind == "Polygon":
        return [content]
    if kind == "MultiPolygon":
        return content
    if kind == "GeometryCollection":
        members = cast("list[_Object]", geometry.get("geometries") or [])
        return [part for member in members for part in _parts(member, key)]
    if kind is None or kind in _LINES:
        return []
    msg = f"geometry type {kind!r} is not known"
    raise ValueError(msg)


def _feature(item: _Object, polygons: _Rings) -> Feature:
    own = item.get("id")
    return Feature(
        id=None if own is None else str(own),
        properties=cast("_Object", item.get("properties") or {}),
        polygons=polygons,
    )


def _topology(document: _Object, layer: str | None, name: str) -> Iterator[Feature]:
    objects = cast("dict[str, _Object]", document.get("objects") or {})
    if layer is not None and layer not in objects:
        known = list(objects)
        msg = (
            f"layer={layer!r} is not in {name}. {suggest(layer, known)} Layers: {known}"
        )
        raise OptionError(msg)
    chosen = layer or next(iter(objects), "")
    if not chosen:
        raise refused(name, code="unknown_layout", what="the topology has no objects")
    try:
        arcs = _decode_arcs(document)
        collection = objects[chosen]
        members = cast("list[_Object]", collection.get("geometries") or [collection])
        features = [
            _feature(
                item,
                [
                    [_stitch(cast("list[int]", ring), arcs) for ring in polygon]
                    for polygon in _parts(item, "arcs")
                ],
            )
            for item in members
        ]
    except (TypeError, ValueError, IndexError, KeyError) as error:
        what = f"the topology is damaged ({error})"
        raise refused(
            name, code="bad_geometry", what=what, fix="download it again"
        ) from error
    return iter(features)


def _decode_arcs(document: _Object) -> list[FloatArray]:
    transform = cast("_Object | None", document.get("transform"))
    arcs = [
        np.asarray(a, dtype=np.float64)[:, :2]
        for a in cast("list[Json]", document["arcs"])
    ]
    if transform is None:
        return arcs
    scale = np.asarray(transform["scale"], dtype=np.float64)
    offset = np.asarray(transform["translate"], dtype=np.float64)
    # steps are whole numbers: their running sum is exact in float64
    return [np.cumsum(arc, axis=0) * scale + offset for arc in arcs]


def _stitch(ring: Sequence[int], arcs: Sequence[FloatArray]) -> FloatArray:
    pieces: list[FloatArray] = []
    for k, index in enumerate(ring):
        arc = arcs[index] if index >= 0 else arcs[~index][::-1]
        pieces.append(arc[1:] if k else arc)
    return np.concatenate(pieces)


def _flatten(
    features: Sequence[Feature], id_property: str | None, origin: Origin, name: str
) -> Outlines:
    ids = _ids(features, id_property, name)
    rings: list[FloatArray] = []
    ring_polygon: list[int] = []
    polygon_region: list[int] = []
    for i, feature in enumerate(features):
        for polygon in feature.polygons:
            for ring in polygon:
                rings.append(ring)
                ring_polygon.append(len(polygon_region))
            polygon_region.append(i)
    if not rings:
        raise refused(name, code="empty_table", what="it holds no polygon")
    coordinates = np.concatenate(rings)
    if not np.isfinite(coordinates).all():
        raise refused(
            name, code="not_finite", what="some coordinates are not finite numbers"
        )
    empty = [r for r, f in zip(ids, features, strict=True) if not f.polygons]
    notes = []
    if empty:
        what = f"{len(empty)} regions have no polygon: {empty[:5]}"
        notes.append(Problem(code="no_geometry", what=what, where=name))
    return Outlines(
        region=frozen_array(np.asarray(ids, dtype=np.str_)),
        coordinates=frozen_array(coordinates),
        ring_offsets=frozen_array(
            np.cumsum([0, *(len(r) for r in rings)], dtype=np.int64)
        ),
        ring_polygon=frozen_array(np.asarray(ring_polygon, dtype=np.int64)),
        polygon_region=frozen_array(np.asarray(polygon_region, dtype=np.int64)),
        properties={r: f.properties for r, f in zip(ids, features, strict=True)},
        origin=origin,
        notes=tuple(notes),
    )


def _ids(features: Sequence[Feature], id_property: str | None, name: str) -> list[str]:
    known = sorted({k for f in features for k in f.properties})
    if id_property is not None:
        if id_property not in known:
            msg = f"id_property={id_property!r} is no property of {name}. "
            raise OptionError(
                msg + f"{suggest(id_property, known)} Properties: {known[:12]}"
            )
        ids = [f.properties.get(id_property) for f in features]
    else:
        ids = [f.id for f in features]
    missing = [i + 1 for i, v in enumerate(ids) if v is None or v == ""]
    words = [str(v) for v in ids]
    twice = (
        sorted({w for w in words if words.count(w) > 1})
        if len(set(words)) < len(words)
        else []
    )
    problems = []
    if missing:
        problems.append(
            Problem(
                code="null_key",
                what="features have no id",
                where=name,
                rows=tuple(missing[:20]),
                n_rows=len(missing),
                fix=f"name the property that holds it: id_property=..., one of {known[:12]}",
            )
        )
    elif twice:
        what = f"ids stand twice: {twice[:5]}"
        fix = "join the parts of a region to one multipolygon"
        problems.append(Problem(code="duplicate_key", what=what, where=name, fix=fix))
    if problems:
        msg = f"Cannot read {name}: its features have no proper ids."
        raise SourceError(msg, problems)
    return words
