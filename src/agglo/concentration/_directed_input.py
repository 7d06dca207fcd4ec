"""Checked plants of the directed measures, cut into universes of region and period."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
import pyarrow as pa

from agglo.concentration._distance_input import (
    known_rows,
    refuse_dropping,
    stratum_numbers,
    travel_points,
    warn_of_shared_places,
)
from agglo.core.errors import AlignmentError, NotIdentifiedError, OptionError, suggest
from agglo.core.frames import frame_kind, require_columns, to_arrow
from agglo.core.options import check_choice
from agglo.core.results import frozen_array
from agglo.core.tables import Points, as_points
from agglo.core.tables._columns import labels_of, numbers_of, raise_problems

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from agglo.core.errors import Problem
    from agglo.core.geo import Projection
    from agglo.core.typing import BoolArray, FloatArray, IntArray, IntoFrame

__all__ = [
    "POOLS",
    "Columns",
    "Directed",
    "Pool",
    "Universe",
    "check_pool",
    "chosen",
    "matrix_points",
    "pool_codes",
    "read_directed",
    "refuse_same",
    "strata_columns",
    "stream_of",
]

Pool: TypeAlias = Literal[
    "exclude_anchor", "all", "exclude_both", "exclude_mover", "same_sector", "strata"
]
POOLS = (
    "exclude_anchor",
    "all",
    "exclude_both",
    "exclude_mover",
    "same_sector",
    "strata",
)
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
    strata: tuple[str, ...] = ()
    on_missing: Literal["refuse", "drop"] = "refuse"


@dataclass(frozen=True, eq=False, kw_only=True)
class Universe:
    """Plants of one region and period, sorted, so that draws do not depend on row order.

    `code` points into the industries of all universes, `rows` are those of the table; `stratum`
    numbers the groups that a draw keeps, all 0 without strata.
    """

    region: str
    period: str
    at: FloatArray
    code: IntArray
    weight: FloatArray
    rows: IntArray
    stratum: IntArray

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
    duplicate_share: float

    @property
    def industries(self) -> NDArray[np.str_]:
        """Names behind the codes."""
        return self.points.types

    def notes(self) -> tuple[str, ...]:
        """Say what the user should know of the rows."""
        said = list(self.points.notes)
        if self.n_dropped:
            said.append(f"{self.n_dropped} rows without a region are left out")
        if self.duplicate_share:
            share = self.duplicate_share
            said.append(f"{share:.1%} of the plants share their place with another")
        return tuple(said)


def read_directed(
    data: IntoFrame | Points,
    columns: Columns,
    *,
    degrees: bool = False,
    distances: Points | None = None,
) -> Directed:
    """Check the plants; `degrees` takes longitude and latitude as they are.

    `distances` are the points of a matrix, which carry their row in place of x.
    """
    named = (columns.region, columns.period, columns.sector)
    if isinstance(data, Points):
        if any(n is not None for n in named):
            msg = "Points have no regions, periods or sectors: pass a table."
            raise OptionError(msg)
        if columns.strata:
            msg = "Points have no strata: pass a table."
            raise OptionError(msg)
        nothing = np.zeros(data.n, dtype=np.int64)
        return _cut(
            distances or data,
            [None, None, None],
            np.ones(data.n, dtype=bool),
            nothing,
            np.arange(data.n),
        )
    table, found = _with_positions(to_arrow(data), columns, distances)
    names = dict(zip(("region", "period", "sector"), named, strict=True))
    require_columns(table, names)
    problems: list[Problem] = []
    labels = [
        None if n is None else labels_of(table, n, problems, "data") for n in named
    ]
    stratum = stratum_numbers(table, columns.strata)
    raise_problems(problems, "data")
    points = distances
    if points is None:
        read = _in_degrees if degrees else _in_kilometres
        points = _as_given(read(table, columns), data, to_arrow(data).num_rows)
    kept = np.ones(points.n, dtype=bool)
    if labels[0] is not None:
        known = ~np.isin(np.char.lower(labels[0][0]), _UNKNOWN)
        kept = known[labels[0][1]]
    return _cut(points, labels, kept, stratum, found)


def _with_positions(
    table: pa.Table, columns: Columns, distances: Points | None
) -> tuple[pa.Table, IntArray]:
    """Leave out rows without position or weight where asked to; give those that stay."""
    everybody = np.arange(table.num_rows)
    check_choice("on_missing", columns.on_missing, ("refuse", "drop"))
    if columns.on_missing == "refuse":
        return table, everybody
    if distances is not None:
        refuse_dropping(columns.on_missing)
    known = known_rows(table, (columns.x, columns.y, columns.weight))
    return table.filter(pa.array(known)), everybody[known]


def _as_given(points: Points, data: IntoFrame, rows: int) -> Points:
    """Say of points what frame they came in, and how many rows of it were left out."""
    gone = rows - points.n
    said = (f"{gone} points without position or weight are left out",) if gone else ()
    return replace(
        points,
        frame_kind=frame_kind(data),
        n_dropped=gone,
        notes=(*points.notes, *said),
    )


def check_pool(pool: Pool, sector: str | None, strata: Sequence[str]) -> None:
    """Refuse an unknown pool, or one without the columns it needs."""
    check_choice("pool", pool, POOLS)
    if pool == "same_sector" and sector is None:
        msg = "pool='same_sector' needs sector=: the column of the sector."
        raise OptionError(msg)
    if (pool == "strata") != bool(strata):
        msg = "pool='strata' and strata= go together: the columns that a draw keeps."
        raise OptionError(msg)


def strata_columns(strata: str | Sequence[str] | None) -> tuple[str, ...]:
    """Names of the columns, one or several."""
    if strata is None:
        return ()
    return (strata,) if isinstance(strata, str) else tuple(strata)


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
    stratum: IntArray,
    found_rows: IntArray,
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
                rows=found_rows[rows],
                stratum=stratum[rows],
            )
        )
    # points of a matrix have no place but their row, and were looked at before
    share = max(points.duplicate_share * (len(found) == 1), _shared(found))
    warn_of_shared_places(_shared(found))
    return Directed(
        points=points,
        universes=tuple(found),
        sector=_sectors(points, sector),
        n_dropped=int((~kept).sum()),
        duplicate_share=share,
    )


def _shared(universes: Sequence[Universe]) -> float:
    """Share of the plants that have the place of another of their universe.

    Plants are sorted by place, and one that stays for several periods is counted once each.
    """
    again = 0
    for u in universes:
        same = (np.diff(u.at, axis=0) == 0).all(axis=1)
        again += int((np.append(same, False) | np.append(False, same)).sum())
    return again / sum(u.n for u in universes)


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


def matrix_points(
    data: IntoFrame | Points,
    distances: ArrayLike | None,
    type: str,  # noqa: A002  the field's word
    weight: str | None,
    symmetrise: Literal["refuse", "mean"],
) -> tuple[Points | None, FloatArray | None]:
    """Check a matrix in place of positions; nothing where none is given."""
    if distances is None:
        check_choice("symmetrise", symmetrise, ("refuse", "mean"))
        return None, None
    return travel_points(
        data, distances, type=type, weight=weight, symmetrise=symmetrise
    )


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
    if pool in ("exclude_anchor", "exclude_both", "same_sector", "strata"):
        out[anchor] = False
    if pool in ("exclude_mover", "exclude_both"):
        out[mover] = False
    return out


def stream_of(*names: str) -> int:
    """Give the number of a stream of draws, which depends on names only, not on their order."""
    return zlib.crc32("\x1f".join(names).encode())
