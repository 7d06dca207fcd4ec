"""Points: positions on a plane in kilometres, with type and weight."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np
import pyarrow as pa

from agglo.core.errors import DataWarning, Problem
from agglo.core.frames import frame_kind, require_columns, to_arrow
from agglo.core.geo import Projection, project
from agglo.core.options import check_choice
from agglo.core.results import digest_of, frozen_array
from agglo.core.tables._columns import labels_of, numbers_of, raise_problems

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agglo.core.typing import FloatArray, FrameKind, IntArray, IntoFrame

__all__ = ["Points", "as_points"]

_DEGREE_NAMES = {"lon", "lat", "longitude", "latitude", "lng"}
# kilometres are measured from an origin near the data, degrees from the Gulf of Guinea: how
# many times its own width a pattern lies from 0 when it looks odd, and when it is refused
_ODD, _FAR = 1.0, 3.0
_ENOUGH = 20
# distortion of distances that a user should know of
_BENT = 0.01


@dataclass(frozen=True, eq=False, kw_only=True)
class Points:
    """Positions in a plane, with a type and a weight each.

    Attributes
    ----------
    x_km, y_km
        Planar coordinates, (n_points,).
    types
        Sorted distinct type labels; one label when no type was given.
    type
        Position of every point's type, (n_points,) int64.
    weight
        Non-negative, 1 when not given.
    duplicate_share
        Share of points that have the position of another one.
    n_dropped
        Rows left out because a coordinate or weight is missing.
    projection
        How degrees became kilometres; ``None`` when the data came in kilometres.
    notes
        What looks odd, for example swapped coordinates.
    frame_kind
        Kind of frame the caller came with.
    """

    x_km: FloatArray
    y_km: FloatArray
    types: NDArray[np.str_]
    type: IntArray
    weight: FloatArray
    duplicate_share: float
    n_dropped: int = 0
    projection: Projection | None = None
    notes: tuple[str, ...] = ()
    frame_kind: FrameKind = "pyarrow"

    @property
    def n(self) -> int:
        """Number of points."""
        return self.x_km.size

    @cached_property
    def digest(self) -> str:
        """SHA-256 over positions, types and weights."""
        return digest_of(self.x_km, self.y_km, self.types, self.type, self.weight)


def as_points(
    data: IntoFrame | Points,
    *,
    x: str = "x_km",
    y: str = "y_km",
    type: str | None = None,  # noqa: A002  the field's word
    weight: str | None = None,
    crs: str | Projection | None = None,
    on_missing: Literal["refuse", "drop"] = "refuse",
) -> Points:
    """Check a table of positions and give it the shape of the distance measures.

    Parameters
    ----------
    data
        One row per point; a `Points` comes back as it is.
    x, y
        Columns of planar coordinates in kilometres, or of longitude and latitude in
        degrees when `crs` says how to project them.
    type, weight
        Columns of type and weight; default one type, weight 1.
    crs
        Projection of degrees, see :func:`agglo.project`; ``None`` for kilometres, which
        are refused where they look like degrees (see Notes); ``"planar"`` for kilometres
        whatever they look like.
    on_missing
        ``"refuse"`` missing coordinates and weights, or ``"drop"`` these points.

    Returns
    -------
    Points
        Rows in the order given; points at one position are kept; O(rows log rows).

    Raises
    ------
    ColumnNotFoundError
        If a column is absent.
    InvalidTableError
        Listing all of: degrees, not_finite, missing_value, negative_value, null_key,
        empty_table.

    Warns
    -----
    DataWarning
        If the kilometres may be degrees.

    Notes
    -----
    Columns named lon or lat hold degrees. So do others, presumably, when all of 20 points or
    more lie within ±180 and ±90 and their box lies at least three times its longer side from
    (0, 0) along an axis, as every city and most countries do; between one and three times
    (China, the United States) a warning says so. Degrees around (0, 0), or of the whole
    world, cannot be told from kilometres.

    Examples
    --------
    >>> import pyarrow as pa, agglo as ag
    >>> ag.as_points(pa.table({"x_km": [0.0, 3.0], "y_km": [0.0, 4.0]})).n
    2
    """
    if isinstance(data, Points):
        return data
    planar, crs = crs == "planar", None if crs == "planar" else crs
    check_choice("on_missing", on_missing, ("refuse", "drop"))
    kind = frame_kind(data)
    table = to_arrow(data)
    require_columns(table, {"x": x, "y": y, "type": type, "weight": weight})
    problems = _refuse_degrees(x, y) if crs is None else []
    if table.num_rows == 0:
        problems.append(
            Problem(code="empty_table", what="the table has no row", where="data")
        )
    strict = on_missing == "refuse"
    columns = [
        numbers_of(table, name, problems, "data", minimum=None, missing=not strict)
        for name in (x, y)
    ]
    columns.append(
        np.ones(table.num_rows)
        if weight is None
        else numbers_of(table, weight, problems, "data", missing=not strict)
    )
    known = ~np.isnan(np.column_stack(columns)).any(axis=1)
    dropped = 0
    if not strict:
        dropped = int((~known).sum())
        table, columns = table.filter(pa.array(known)), [c[known] for c in columns]
    if type is None:
        types, codes = np.array(["all"]), np.zeros(table.num_rows, dtype=np.int64)
    else:
        types, codes = labels_of(table, type, problems, "data")
    if crs is None and not planar:
        problems += _look_like_degrees(columns[0], columns[1], (x, y))
    raise_problems(problems, "data")
    projection = None
    notes: tuple[str, ...] = ()
    if crs is not None:
        there = project(columns[0], columns[1], crs=crs)
        columns[0], columns[1] = there.x_km, there.y_km
        projection, notes = there.projection, there.warnings
        if there.distortion > _BENT:
            notes += (
                f"distances are distorted by up to {there.distortion:.1%} "
                f"({projection.name})",
            )
    if dropped:
        notes += (f"{dropped} points without position or weight are left out",)
    return Points(
        x_km=frozen_array(columns[0]),
        y_km=frozen_array(columns[1]),
        types=frozen_array(types),
        type=frozen_array(codes),
        weight=frozen_array(columns[2]),
        duplicate_share=_duplicate_share(columns[0], columns[1]),
        n_dropped=dropped,
        projection=projection,
        notes=notes,
        frame_kind=kind,
    )


def _refuse_degrees(x: str, y: str) -> list[Problem]:
    # decided by name: planar kilometres may well lie within ±180
    named = [c for c in (x, y) if c.lower() in _DEGREE_NAMES]
    if not named:
        return []
    return [
        Problem(
            code="degrees",
            what=f"columns {named} hold degrees, distances need planar kilometres",
            where="data",
            column=named[0],
            fix="pass crs='auto', or the name of an equal-area projection",
        )
    ]


def _look_like_degrees(
    x: FloatArray, y: FloatArray, names: tuple[str, str]
) -> list[Problem]:
    """Refuse, or warn of, kilometres that lie as degrees do."""
    known = np.isfinite(x) & np.isfinite(y)
    if known.sum() < _ENOUGH or _refuse_degrees(*names):  # refused by name already
        return []
    low = np.array([x[known].min(), y[known].min()])
    high = np.array([x[known].max(), y[known].max()])
    side = float((high - low).max())
    within = (np.maximum(-low, high) <= (180.0, 90.0)).all()
    if not within or side == 0.0:
        return []
    away = float(np.maximum(np.maximum(low, -high), 0.0).max()) / side
    if away <= _ODD:
        return []
    what = (
        f"columns {list(names)} look like degrees: {side:g} wide, "
        f"{away:.3g} times that away from (0, 0)"
    )
    fix = "pass crs='auto' for degrees, or crs='planar' if these are kilometres"
    if away >= _FAR:
        return [
            Problem(code="degrees", what=what, where="data", column=names[0], fix=fix)
        ]
    warnings.warn(f"{what}; {fix}.", DataWarning, stacklevel=4)
    return []


def _duplicate_share(x: FloatArray, y: FloatArray) -> float:
    if x.size == 0:
        return 0.0
    _, inverse, count = np.unique(
        np.column_stack([x, y]), axis=0, return_inverse=True, return_counts=True
    )
    return float(np.mean(count[inverse.reshape(-1)] > 1))
