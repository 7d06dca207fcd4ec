"""Boundaries that a user brings for the maps: outlines as a table of the project."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from agglo.core.errors import Problem, SourceError
from agglo.sources.assemble import Paths, as_paths
from agglo.sources.outlines import Outlines, read_outlines
from agglo.sources.results import Origin, SourceTable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agglo.core.typing import FloatArray

__all__ = ["read_boundaries"]

_DIGITS = 5  # a metre, far below what a map shows


def read_boundaries(
    paths: Paths,
    *,
    source: str = "",
    approval_number: str = "",
    licence: str = "not stated",
    date: str = "",
    id_property: str | None = None,
    layer: str | None = None,
) -> SourceTable:
    r"""Read the outlines that maps are drawn with into `boundaries`.

    No boundaries come with agglo: almost all packaged ones derive from map services that
    forbid redistribution, and maps of China published in China need an approval number
    (审图号). Source and number are shown on every map that uses the table.

    Parameters
    ----------
    paths
        GeoJSON or TopoJSON, plain, gzip or zip; GeoParquet; a shapefile (``.shp`` with its
        ``.dbf`` and ``.prj``, or a zip archive of them); one file or several. Longitude
        and latitude in degrees (WGS 84).
    source
        Where they come from, as it shall stand on the map; default the file's name.
    approval_number
        Map approval number, for example ``GS(2019)1822``.
    licence
        What may be done with them.
    date
        Which day or year they show, as it shall stand on the map.
    id_property
        Property that holds the id; default the feature's own ``id``. GeoParquet and
        shapefiles have none: name the column of the codes.
    layer
        Object of a TopoJSON file.

    Returns
    -------
    SourceTable
        ``boundaries``, one row per ring.

    Raises
    ------
    SourceError
        ``wrong_crs`` if a coordinate is no degree, ``not_closed`` if a ring has fewer
        than four points, and what `read_outlines` raises.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "land.geojson"
    >>> _ = file.write_text(
    ...     '{"type":"FeatureCollection","features":[{"type":"Feature","id":"a","properties":{},'
    ...     '"geometry":{"type":"Polygon","coordinates":[[[110,30],[111,30],[111,31],[110,30]]]}}]}'
    ... )
    >>> read_boundaries(file, source="survey office", approval_number="GS(2020)1").n_rows
    1
    """
    rows: list[tuple[str, str, str, str, str]] = []
    files: list[tuple[str, str]] = []
    notes: list[Problem] = []
    for path in as_paths(paths):
        found = read_outlines(path, layer=layer, id_property=id_property)
        _check(found, path.name)
        rows += list(_rings(found, source or path.name))
        files += list(found.origin.files)
        notes += list(found.notes)
    n = len(rows)
    table = pa.table(
        {
            **{
                name: pa.array([r[k] for r in rows], pa.string())
                for k, name in enumerate(
                    ("boundary", "polygon", "ring", "coordinates", "source")
                )
            },
            "approval_number": pa.array([approval_number] * n, pa.string()),
            "licence": pa.array([licence] * n, pa.string()),
            "date": pa.array([date] * n, pa.string()),
        }
    )
    return SourceTable(
        table="boundaries",
        data=table,
        origin=Origin(
            title="Boundaries of the maps",
            publisher=source,
            licence=licence,
            citation=approval_number,
            files=tuple(files),
        ),
        notes=tuple(notes),
    )


def _check(found: Outlines, name: str) -> None:
    problems: list[Problem] = []
    west, south, east, north = found.bounds
    if min(west, south) < -180 or east > 180 or south < -90 or north > 90:
        problems.append(
            Problem(
                code="wrong_crs",
                what=f"coordinates from ({west:g}, {south:g}) to ({east:g}, {north:g}) "
                "are no longitudes and latitudes",
                where=name,
                fix="export the file in WGS 84 (EPSG:4326), longitude first",
            )
        )
    short = int((np.diff(found.ring_offsets) < 4).sum())
    if short:
        problems.append(
            Problem(
                code="not_closed",
                what=f"{short} rings have fewer than four points",
                where=name,
                n_rows=short,
                fix="repeat the first point of a ring at its end",
            )
        )
    if problems:
        msg = f"The boundaries of {name} cannot be drawn."
        raise SourceError(msg, problems)


def _rings(found: Outlines, source: str) -> Iterator[tuple[str, str, str, str, str]]:
    number: dict[int, int] = {}
    for k, polygon in enumerate(found.ring_polygon.tolist()):
        number[polygon] = number.get(polygon, 0) + 1
        region = str(found.region[found.polygon_region[polygon]])
        points = found.coordinates[found.ring_offsets[k] : found.ring_offsets[k + 1]]
        text = _written(points)
        yield region, str(polygon + 1), str(number[polygon]), text, source


def _written(points: FloatArray) -> str:
    return " ".join(repr(round(float(v), _DIGITS)) for v in points.ravel())
