"""Where the items of both lists lie, as weighted points on one plane."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from agglo.core.frames import float_column
from agglo.core.geo import project
from agglo.core.results import frozen_array
from agglo.core.tables import as_points
from agglo.studies.columns import text_of
from agglo.studies.digital.model import PREPARED
from agglo.studies.digital.options import DigitalOptions

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agglo.core.geo import Projection
    from agglo.core.tables import Points
    from agglo.core.typing import BoolArray, FloatArray, IntArray
    from agglo.studies.contract import StageInputs

__all__ = ["Plane", "Sites", "plane_of", "sites_of", "subset"]


@dataclass(frozen=True, eq=False, kw_only=True)
class Sites:
    """Items and their cities as points.

    Attributes
    ----------
    points
        One per item and city, weight the share of the city.
    item, programme, period
        Of every point.
    """

    points: Points
    item: NDArray[np.str_]
    programme: NDArray[np.str_]
    period: NDArray[np.str_]

    def where(self, keep: BoolArray) -> Sites:
        """Keep some points."""
        return Sites(
            points=subset(self.points, np.flatnonzero(keep)),
            item=self.item[keep],
            programme=self.programme[keep],
            period=self.period[keep],
        )

    def by_programme(self) -> Iterator[tuple[str, Sites]]:
        """Give the points of every programme."""
        for name in sorted(set(self.programme.tolist())):
            yield name, self.where(self.programme == name)


@dataclass(frozen=True, eq=False, kw_only=True)
class Plane:
    """The cities on the plane.

    Attributes
    ----------
    code
        Codes of the cities with coordinates.
    x_km, y_km
        Their places.
    in_universe
        Whether belts could lie there.
    projection
        The projection, the same for every point.
    missing
        Codes without coordinates.
    notes
        What looks odd.
    """

    code: NDArray[np.str_]
    x_km: FloatArray
    y_km: FloatArray
    in_universe: BoolArray
    projection: Projection
    missing: tuple[str, ...]
    notes: tuple[str, ...]


def subset(points: Points, rows: IntArray) -> Points:
    """Take points by row, also several times."""
    return replace(
        points,
        x_km=frozen_array(points.x_km[rows]),
        y_km=frozen_array(points.y_km[rows]),
        type=frozen_array(points.type[rows]),
        weight=frozen_array(points.weight[rows]),
    )


def plane_of(inputs: StageInputs) -> Plane:
    """Project the cities.

    Parameters
    ----------
    inputs
        With the stage ``prepare``.

    Returns
    -------
    Plane
        Cities without coordinates are listed, not placed.

    Raises
    ------
    InvalidTableError
        If a coordinate is no degree.
    OptionError
        If the projection is unknown or in degrees.
    """
    options = inputs.options_as(DigitalOptions)
    cities = inputs.result(PREPARED, "cities")
    lon, lat = float_column(cities, "lon"), float_column(cities, "lat")
    code = np.array(text_of(cities, "region"))
    known = np.isfinite(lon) & np.isfinite(lat)
    placed = project(lon[known], lat[known], crs=options.crs)
    return Plane(
        code=code[known],
        x_km=placed.x_km,
        y_km=placed.y_km,
        in_universe=np.array(cities["in_universe"].to_pylist(), dtype=bool)[known],
        projection=placed.projection,
        missing=tuple(code[~known].tolist()),
        notes=placed.warnings,
    )


def sites_of(
    inputs: StageInputs, plane: Plane
) -> tuple[Mapping[str, Sites], tuple[str, ...]]:
    """Place both lists.

    Parameters
    ----------
    inputs
        With the stage ``prepare``.
    plane
        The cities.

    Returns
    -------
    tuple
        ``"clusters"`` and ``"belts"``; and the cities with items that have no coordinates.
    """
    at = {str(c): i for i, c in enumerate(plane.code)}
    found: dict[str, Sites] = {}
    lost: set[str] = set()
    for name, key in (("clusters", "cluster"), ("belts", "belt")):
        rows = inputs.result(PREPARED, name)
        cities = text_of(rows, "city")
        keep = np.array([c in at for c in cities], dtype=bool)
        lost |= {c for c in cities if c not in at}
        kept = rows.filter(pa.array(keep))
        place = np.array([at[c] for c in text_of(kept, "city")], dtype=np.int64)
        table = pa.table(
            {
                "x_km": plane.x_km[place],
                "y_km": plane.y_km[place],
                "weight": float_column(kept, "weight"),
            }
        )
        if table.num_rows == 0:
            continue
        points = as_points(table, weight="weight", crs="planar")
        points = replace(points, projection=plane.projection)
        found[name] = Sites(
            points=points,
            item=np.array(text_of(kept, key)),
            programme=np.array(text_of(kept, "programme")),
            period=np.array(text_of(kept, "period")),
        )
    return found, tuple(sorted(lost))
