"""Regions: their names, place in the hierarchy and position."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from agglo.core.checks import check_table
from agglo.core.errors import AlignmentError
from agglo.core.frames import float_column, frame_kind, string_column, to_arrow
from agglo.core.results import digest_of, frozen_array

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from agglo.core.typing import FloatArray, FrameKind, IntArray, IntoFrame

__all__ = ["Regions", "as_regions"]


@dataclass(frozen=True, eq=False, kw_only=True)
class Regions:
    """Regions sorted by code.

    Attributes
    ----------
    region
        Sorted codes, (n_regions,).
    name_en, name_zh, level, parent
        Text, ``None`` where unknown.
    lon, lat
        Degrees, NaN where unknown.
    area_km2, population
        NaN where unknown.
    version
        Version of the codes, empty when not said.
    frame_kind
        Kind of frame the caller came with.
    """

    region: NDArray[np.str_]
    name_en: NDArray[np.object_]
    name_zh: NDArray[np.object_]
    level: NDArray[np.object_]
    parent: NDArray[np.object_]
    lon: FloatArray
    lat: FloatArray
    area_km2: FloatArray
    population: FloatArray
    version: str = ""
    frame_kind: FrameKind = "pyarrow"

    @property
    def n(self) -> int:
        """Number of regions."""
        return self.region.size

    @cached_property
    def digest(self) -> str:
        """SHA-256 over every column."""
        return digest_of(
            self.region,
            self.name_en,
            self.name_zh,
            self.level,
            self.parent,
            self.lon,
            self.lat,
            self.area_km2,
            self.population,
            self.version,
        )

    def positions(self, labels: Iterable[str]) -> IntArray:
        """Give the position of each label.

        Parameters
        ----------
        labels
            Region codes.

        Returns
        -------
        numpy.ndarray of int64
            Positions in `region`.

        Raises
        ------
        AlignmentError
            Listing the labels that are not regions.
        """
        wanted = np.asarray(list(labels), dtype=np.str_)
        found = np.searchsorted(self.region, wanted)
        found = np.minimum(found, max(self.n - 1, 0))
        lacking = wanted[self.region[found] != wanted]
        if lacking.size:
            some = lacking[:10].tolist()
            msg = f"{lacking.size} labels are not regions, for example {some}."
            raise AlignmentError(msg)
        return found.astype(np.int64)


def as_regions(data: IntoFrame | Regions) -> Regions:
    """Check a table of regions and sort it by code.

    Parameters
    ----------
    data
        A frame with the columns of the ``regions`` table; a `Regions` comes back as it
        is. Absent columns are unknown.

    Returns
    -------
    Regions
        Sorted by code; O(rows log rows).

    Raises
    ------
    InvalidTableError
        Listing every problem of the table.

    Examples
    --------
    >>> import pyarrow as pa, agglo as ag
    >>> ag.as_regions(pa.table({"region": ["b", "a"], "area_km2": [2.0, 1.0]})).n
    2
    """
    if isinstance(data, Regions):
        return data
    kind = frame_kind(data)
    table = to_arrow(data)
    check_table(table, "regions", where="regions").raise_if_failed()
    codes = string_column(table, "region").astype(np.str_)
    order = np.argsort(codes, kind="stable")

    def text(name: str) -> NDArray[np.object_]:
        if name not in table.column_names:
            return frozen_array(np.full(codes.size, None, dtype=object))
        return frozen_array(string_column(table, name)[order])

    def number(name: str) -> FloatArray:
        if name not in table.column_names:
            return frozen_array(np.full(codes.size, np.nan))
        return frozen_array(float_column(table, name)[order])

    return Regions(
        region=frozen_array(codes[order]),
        name_en=text("name_en"),
        name_zh=text("name_zh"),
        level=text("level"),
        parent=text("parent"),
        lon=number("lon"),
        lat=number("lat"),
        area_km2=number("area_km2"),
        population=number("population"),
        version=_version(table),
        frame_kind=kind,
    )


def _version(table: pa.Table) -> str:
    if "region_version" not in table.column_names:
        return ""
    words = sorted(set(table["region_version"].drop_null().to_pylist()))
    return words[0] if len(words) == 1 else ""
