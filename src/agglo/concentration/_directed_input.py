"""Checked plants of the directed measures, cut into universes of region and period."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from agglo.core.errors import AlignmentError, NotIdentifiedError, OptionError, suggest
from agglo.core.frames import frame_kind, require_columns, to_arrow
from agglo.core.results import frozen_array
from agglo.core.tables import Points, as_points
from agglo.core.tables._columns import labels_of, numbers_of, raise_problems

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agglo.core.errors import Problem
    from agglo.core.geo import Projection
    from agglo.core.typing import BoolArray, FloatArray, IntArray, IntoFrame

__all__ = [
    "POOLS",
    "Columns",
    "Directed",
    "Pool",
    "Universe",
    "chosen",
    "pool_codes",
    "read_directed",
    "refuse_same",
    "stream_of",
]

Pool: TypeAlias = Literal[
    "exclude_anchor", "all", "exclude_both", "exclude_mover", "same_sector"
]
POOLS = ("exclude_anchor", "all", "exclude_both", "exclude_mover", "same_sector")
_UNKNOWN = ("0", "unknown")


@dataclass(frozen=True, slots=True)
class Columns:
    """Names of the columns."""

    type: str
    x: str
    y: str
    weight: str | None
    region: str | None
    period: str | None
    sector: str | None
    crs: str | Projection | None


@dataclass(frozen=True, eq=False, kw_only=True)
class Universe:
    """Plants of one region and period, sorted, so that draws do not depend on row order.

    `code` points into the industries of all universes, `rows` into the points.
    """

    region: str
    period: str
    at: FloatArray
    code: IntArray
    weight: FloatArray
    rows: IntArray

    @property
    def n(self) -> int:
        """Plants."""
        return self.code.size


@dataclass(frozen=True, eq=False, kw_only=True)
class Directed:
    """All universes, the names of the industries and the sector of each."""

    points: Points
    universes: tuple[Universe, ...]
    sector: IntArray
    n_dropped: int

    @property
    def industries(self) -> NDArray[np.str_]:
        """Names behind the codes."""
        return self.points.types

    def notes(self) -> tuple[str, ...]:
        """Say what the user should know of the rows."""
        said = list(self.points.notes)
        if self.n_dropped:
            said.append(f"{self.n_dropped} rows without a region are left out")
        if self.points.duplicate_share:
            share = self.points.duplicate_share
            said.append(f"{share:.1%} of the plants share their place with another")
        return tuple(said)


def read_directed(
    data: IntoFrame | Points, columns: Columns, *, degrees: bool = False
) -> Directed:
    """Check the plants; `degrees` takes longitude and latitude as they are."""
    named = (columns.region, columns.period, columns.sector)
    if isinstance(data, Points):
        if any(n is not None for n in named):
            msg = "Points have no regions, periods or sectors: pass a table."
            raise OptionError(msg)
        return _cut(data, [None, None, None], np.ones(data.n, dtype=bool))
    table = to_arrow(data)
    names = dict(zip(("region", "period", "sector"), named, strict=True))
    require_columns(table, names)
    problems: list[Problem] = []
    labels = [
        None if n is None else labels_of(table, n, problems, "data") for n in named
    ]
    raise_problems(problems, "data")
    points = _in_degrees(data, columns) if degrees else _in_kilometres(data, columns)
    kept = np.ones(points.n, dtype=bool)
    if labels[0] is not None:
        known = ~np.isin(np.char.lower(labels[0][0]), _UNKNOWN)
        kept = known[labels[0][1]]
    return _cut(points, labels, kept)


def _in_kilometres(data: IntoFrame, columns: Columns) -> Points:
    return as_points(
        data,
        x=columns.x,
        y=columns.y,
        type=columns.type,
        weight=columns.weight,
        crs=columns.crs,
    )


def _in_degrees(data: IntoFrame, columns: Columns) -> Points:
    table = to_arrow(data)
    require_columns(table, {"x": columns.x, "y": columns.y, "type": columns.type})
    problems: list[Problem] = []
    x, y = (
        numbers_of(table, n, problems, "data", minimum=None, missing=False)
        for n in (columns.x, columns.y)
    )
    types, codes = labels_of(table, columns.type, problems, "data")
    raise_problems(problems, "data")
    return Points(
        x_km=frozen_array(x),
        y_km=frozen_array(y),
        types=frozen_array(types),
        type=frozen_array(codes),
        weight=frozen_array(np.ones(x.size)),
        duplicate_share=0.0,
        frame_kind=frame_kind(data),
    )


def _cut(
    points: Points,
    labels: Sequence[tuple[NDArray[np.str_], IntArray] | None],
    kept: BoolArray,
) -> Directed:
    alone = np.array([""]), np.zeros(points.n, dtype=np.int64)
    (regions, region), (periods, period), (_, sector) = (
        alone if one is None else one for one in labels
    )
    group = region * len(periods) + period
    order = np.lexsort((points.weight, points.type, points.y_km, points.x_km, group))
    order = order[kept[order]]
    if order.size == 0:
        msg = "No row has a known region: nothing is left to measure."
        raise NotIdentifiedError(msg)
    edges = np.flatnonzero(np.diff(group[order], prepend=-1, append=-1))
    found = []
    for first, last in pairwise(edges):
        rows = order[first:last]
        one = group[rows[0]]
        found.append(
            Universe(
                region=str(regions[one // len(periods)]),
                period=str(periods[one % len(periods)]),
                at=np.column_stack([points.x_km[rows], points.y_km[rows]]),
                code=points.type[rows],
                weight=points.weight[rows],
                rows=rows,
            )
        )
    return Directed(
        points=points,
        universes=tuple(found),
        sector=_sectors(points, sector),
        n_dropped=int((~kept).sum()),
    )


def _sectors(points: Points, sector: IntArray) -> IntArray:
    """Give the sector of every industry, or refuse an industry in two of them."""
    out = np.full(points.types.size, -1, dtype=np.int64)
    out[points.type] = sector
    wrong = np.unique(points.type[out[points.type] != sector])
    if wrong.size:
        names = ", ".join(str(t) for t in points.types[wrong[:5]])
        msg = f"{wrong.size} industries lie in more than one sector: {names}."
        raise AlignmentError(msg)
    return out


def chosen(
    industries: NDArray[np.str_], name: str, given: str | Sequence[str] | None
) -> IntArray:
    """Codes asked for; an unknown label is an error with the closest known one."""
    if given is None:
        return np.arange(industries.size)
    asked = [given] if isinstance(given, str) else list(given)
    known = [str(t) for t in industries]
    for label in asked:
        if label not in known:
            msg = (
                f"{name}={label!r} is none of the {len(known)} industries. "
                f"{suggest(str(label), known)}"
            )
            raise AlignmentError(msg.rstrip())
    return np.unique(np.array([known.index(a) for a in asked], dtype=np.int64))


def refuse_same(anchors: IntArray, movers: IntArray, *, explicit: bool) -> None:
    """Refuse a question that names one industry twice and nothing else."""
    if explicit and anchors.size == 1 and np.array_equal(anchors, movers):
        msg = "anchor and mover are the same industry: that pair has no answer."
        raise OptionError(msg)


def pool_codes(pool: Pool, anchor: int, mover: int, sector: IntArray) -> BoolArray:
    """Which industries' plants the mover may be redrawn from."""
    out = np.ones(sector.size, dtype=bool)
    if pool == "same_sector":
        out = sector == sector[mover]
    if pool in ("exclude_anchor", "exclude_both", "same_sector"):
        out[anchor] = False
    if pool in ("exclude_mover", "exclude_both"):
        out[mover] = False
    return out


def stream_of(*names: str) -> int:
    """Give the number of a stream of draws, which depends on names only, not on their order."""
    return zlib.crc32("\x1f".join(names).encode())
