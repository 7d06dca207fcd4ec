"""Boundaries for the maps: the user's own, simplified so that neighbours still touch.

Rings are cut where they part, every shared piece is simplified once, and rings are put
together again (the idea of TopoJSON): no slivers open between neighbours.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

import numpy as np
import pyarrow as pa

from agglo.core.rings import rings_of
from agglo.core.typing import BoolArray, FloatArray, Json

__all__ = ["NOT_STATED", "Boundaries", "boundaries_of"]

_FINENESS = 2000  # the map's larger side in steps, below a pixel on any screen
NOT_STATED = "not stated"
_LEAST = 4  # points of a ring, the first repeated at its end
_Point: TypeAlias = tuple[float, float]
_Ring: TypeAlias = list[_Point]


@dataclass(frozen=True, eq=False)
class Boundaries:
    """Outlines of regions with what must be said beside every map.

    Parameters
    ----------
    features
        GeoJSON features, one per region, with its code as ``id``.
    source, licence, approval, date
        Where they come from; "not stated" where the user said nothing.
    unknown
        Outlines whose id is no region of the project; they are not shown.
    points, kept
        Points before and after simplification.
    """

    features: list[Json]
    source: str
    licence: str
    approval: str
    date: str
    unknown: int
    points: int
    kept: int

    def facts(self) -> dict[str, Json]:
        """Give what is said beside a map."""
        return {
            "source": self.source,
            "licence": self.licence,
            "approval": self.approval,
            "date": self.date,
            "features": len(self.features),
            "unknown": self.unknown,
            "points": self.points,
            "points_kept": self.kept,
        }

    def geojson(self) -> dict[str, Json]:
        """Give the feature collection."""
        return {"type": "FeatureCollection", "features": self.features}


def boundaries_of(table: pa.Table, regions: Collection[str]) -> Boundaries:
    """Simplify the outlines of a project.

    Parameters
    ----------
    table
        Table ``boundaries``: one row per ring.
    regions
        Codes of the project; outlines of other codes are left out and counted.

    Returns
    -------
    Boundaries
        Shared pieces stay shared: what two neighbours have in common is the same line.

    Raises
    ------
    InvalidTableError
        ``bad_coordinates`` with every ring that is no list of points.

    Notes
    -----
    Douglas and Peucker (1973), doi:10.3138/FM57-6770-U75U-7727, per shared piece, with a
    tolerance of 1/2000 of the map's larger side.

    Examples
    --------
    >>> table = pa.table({
    ...     "boundary": ["a"], "polygon": ["1"], "ring": ["1"], "source": ["survey"],
    ...     "coordinates": ["0 0 1 0 2 0 2 2 0 2 0 0"],
    ... })
    >>> found = boundaries_of(table, {"a"})
    >>> found.kept, found.approval
    (5, 'not stated')
    """
    rows = table.to_pylist()
    read = rings_of([str(row["coordinates"]) for row in rows])
    shown = [str(row["boundary"]) in regions for row in rows]
    known = [row for row, there in zip(rows, shown, strict=True) if there]
    rings = [_points(ring) for ring, there in zip(read, shown, strict=True) if there]
    thinned = _simplified(rings)
    shapes: dict[str, dict[str, list[_Ring]]] = {}
    for row, ring in zip(known, thinned, strict=True):
        parts = shapes.setdefault(str(row["boundary"]), {})
        if len(ring) >= _LEAST:
            parts.setdefault(str(row["polygon"]), []).append(ring)
    features = [_feature(code, list(parts.values())) for code, parts in shapes.items()]
    return Boundaries(
        features=[feature for feature in features if feature is not None],
        source=_said(rows, "source"),
        licence=_said(rows, "licence"),
        approval=_said(rows, "approval_number"),
        date=_said(rows, "date"),
        unknown=len({str(r["boundary"]) for r in rows} - set(regions)),
        points=sum(map(len, rings)),
        kept=sum(map(len, thinned)),
    )


def _said(rows: Sequence[dict[str, object]], column: str) -> str:
    found = dict.fromkeys(str(row[column]) for row in rows if row.get(column))
    return "; ".join(found) or NOT_STATED


def _points(ring: FloatArray) -> _Ring:
    return [(x, y) for x, y in ring.tolist()]


def _feature(code: str, polygons: list[list[_Ring]]) -> Json:
    if not polygons:
        return None
    shape: list[Json] = [
        [[[x, y] for x, y in ring] for ring in polygon] for polygon in polygons
    ]
    geometry: dict[str, Json] = (
        {"type": "Polygon", "coordinates": shape[0]}
        if len(shape) == 1
        else {"type": "MultiPolygon", "coordinates": shape}
    )
    return {
        "type": "Feature",
        "id": code,
        "properties": {"region": code},
        "geometry": geometry,
    }


def _simplified(rings: Sequence[_Ring]) -> list[_Ring]:
    points = np.array([p for ring in rings for p in ring], dtype=float).reshape(-1, 2)
    if not len(points):
        return [list(ring) for ring in rings]
    side = float((points.max(axis=0) - points.min(axis=0)).max())
    joints = _joints(rings)
    pieces: dict[tuple[_Point, ...], _Ring] = {}
    return [_rebuilt(ring, joints, pieces, side / _FINENESS) for ring in rings]


def _joints(rings: Sequence[_Ring]) -> set[_Point]:
    """Find the points where lines part: their neighbours differ from ring to ring."""
    beside: dict[_Point, frozenset[_Point]] = {}
    joints: set[_Point] = set()
    for ring in rings:
        open_ring = ring[:-1]
        for at, point in enumerate(open_ring):
            around = frozenset(
                (open_ring[at - 1], open_ring[(at + 1) % len(open_ring)])
            )
            if beside.setdefault(point, around) != around:
                joints.add(point)
    return joints


def _rebuilt(
    ring: _Ring,
    joints: set[_Point],
    pieces: dict[tuple[_Point, ...], _Ring],
    tolerance: float,
) -> _Ring:
    """Simplify a ring piece by piece; a piece that was seen before is taken as it was."""
    found: _Ring = []
    for piece in _cut(ring[:-1], joints):
        forward, backward = tuple(piece), tuple(reversed(piece))
        key = min(forward, backward)
        if key not in pieces:
            pieces[key] = _thin(list(key), tolerance)
        line = pieces[key] if key == forward else pieces[key][::-1]
        found += line[:-1]
    found.append(found[0])
    return found if len(found) >= _LEAST else ring


def _cut(ring: _Ring, joints: set[_Point]) -> Iterator[_Ring]:
    at = [k for k, point in enumerate(ring) if point in joints]
    # an island is one piece from its smallest point, whoever draws it
    start = at[0] if at else ring.index(min(ring))
    turned = ring[start:] + ring[: start + 1]
    cuts = [0, *(k for k in range(1, len(turned)) if turned[k] in joints)]
    if cuts[-1] != len(turned) - 1:
        cuts.append(len(turned) - 1)
    for a, b in pairwise(cuts):
        yield turned[a : b + 1]


def _thin(line: _Ring, tolerance: float) -> _Ring:
    """Keep the ends and what lies farther than the tolerance from the line between."""
    points = np.array(line, dtype=float)
    keep = np.zeros(len(line), dtype=bool)
    keep[[0, -1]] = True
    if line[0] == line[-1] and len(line) > 3:
        # a closed piece has no line between its ends: it is halved at its farthest point
        far = int(np.argmax(((points - points[0]) ** 2).sum(axis=1)))
        keep[far] = True
        stack = [(0, far), (far, len(line) - 1)]
    else:
        stack = [(0, len(line) - 1)]
    while stack:
        a, b = stack.pop()
        if b - a < 2:
            continue
        away = _distances(points[a + 1 : b], points[a], points[b])
        worst = int(np.argmax(away))
        if away[worst] > tolerance:
            middle = a + 1 + worst
            keep[middle] = True
            stack += [(a, middle), (middle, b)]
    return [line[k] for k in _places(keep)]


def _places(keep: BoolArray) -> list[int]:
    return [int(k) for k in np.flatnonzero(keep)]


def _distances(points: FloatArray, a: FloatArray, b: FloatArray) -> FloatArray:
    along = b - a
    length = float(along @ along)
    if not length:
        found: FloatArray = np.sqrt(((points - a) ** 2).sum(axis=1))
        return found
    share = np.clip((points - a) @ along / length, 0.0, 1.0)
    away: FloatArray = np.sqrt(((points - a - share[:, None] * along) ** 2).sum(axis=1))
    return away
