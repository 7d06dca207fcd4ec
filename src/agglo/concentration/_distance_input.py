"""Checked points, labels and distances of the distance-based measures."""

from __future__ import annotations

import dataclasses
import warnings
from typing import TYPE_CHECKING

import numpy as np

from agglo.core.errors import AlignmentError, DataWarning, OptionError, suggest
from agglo.core.options import check_choice, check_number
from agglo.core.results import frozen_array
from agglo.core.tables import Points, as_points

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from agglo.core.geo import Projection
    from agglo.core.typing import FloatArray, IntArray, IntoFrame

__all__ = [
    "check_bandwidth",
    "check_distances",
    "coordinates",
    "ordered_points",
    "rows_of",
]


def ordered_points(
    data: IntoFrame | Points,
    *,
    x: str,
    y: str,
    type: str | None,  # noqa: A002  the field's word
    weight: str | None,
    crs: str | Projection | None,
) -> Points:
    """Check points and sort them, so that draws do not depend on the order of rows."""
    points = as_points(data, x=x, y=y, type=type, weight=weight, crs=crs)
    if points.duplicate_share > 0.5:
        warnings.warn(
            f"{points.duplicate_share:.0%} of the points share their place with another: "
            "distances of 0 weigh heavily, addresses may be centres of districts.",
            DataWarning,
            stacklevel=4,
        )
    order = np.lexsort((points.weight, points.type, points.y_km, points.x_km))
    return dataclasses.replace(
        points,
        x_km=frozen_array(points.x_km[order]),
        y_km=frozen_array(points.y_km[order]),
        type=frozen_array(points.type[order]),
        weight=frozen_array(points.weight[order]),
    )


def coordinates(points: Points, rows: IntArray | None = None) -> FloatArray:
    """Positions as (n, 2)."""
    at = np.column_stack([points.x_km, points.y_km])
    return at if rows is None else at[rows]


def rows_of(points: Points, name: str, label: str) -> IntArray:
    """Rows of one type; an unknown label is an error with the closest known one."""
    known = [str(t) for t in points.types]
    if label not in known:
        msg = f"{name}={label!r} is none of the {len(known)} types. {suggest(label, known)}"
        raise AlignmentError(msg.rstrip())
    out: IntArray = np.flatnonzero(points.type == known.index(label))
    return out


def check_distances(r_km: ArrayLike | Sequence[float]) -> FloatArray:
    """Refuse distances that do not increase from 0 or more."""
    r = np.asarray(r_km, dtype=np.float64)
    if (
        r.ndim != 1
        or r.size == 0
        or not np.isfinite(r).all()
        or r[0] < 0
        or not (np.diff(r) > 0).all()
    ):
        msg = "r_km must hold increasing distances, 0 or more."
        raise OptionError(msg)
    return r


def check_bandwidth(bandwidth: object) -> float | None:
    """Give the kilometres asked for; ``None`` for the rule ``"nrd0"``."""
    if isinstance(bandwidth, str):
        check_choice("bandwidth", bandwidth, ("nrd0",))
        return None
    return check_number("bandwidth", bandwidth, minimum=0, open_ends=True)
