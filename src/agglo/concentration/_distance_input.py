"""Checked points, labels and distances of the distance-based measures."""

from __future__ import annotations

import dataclasses
import warnings
from typing import TYPE_CHECKING, Literal

import numpy as np
import pyarrow as pa

from agglo.core.errors import AlignmentError, DataWarning, OptionError, Problem, suggest
from agglo.core.frames import float_column, frame_kind, require_columns, to_arrow
from agglo.core.options import check_choice, check_number
from agglo.core.results import frozen_array
from agglo.core.tables import Points, as_points
from agglo.core.tables._columns import labels_of, numbers_of, raise_problems

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from agglo.core.geo import Projection
    from agglo.core.typing import BoolArray, FloatArray, IntArray, IntoFrame

__all__ = [
    "check_bandwidth",
    "check_distances",
    "coordinates",
    "known_rows",
    "ordered_points",
    "points_or_matrix",
    "read_points",
    "refuse_dropping",
    "rows_of",
    "shuffled",
    "strata_of",
    "stratum_numbers",
    "travel_points",
    "warn_of_shared_places",
]


def ordered_points(
    data: IntoFrame | Points,
    *,
    x: str,
    y: str,
    type: str | None,  # noqa: A002  the field's word
    weight: str | None,
    crs: str | Projection | None,
    on_missing: Literal["refuse", "drop"] = "refuse",
) -> Points:
    """Check points and sort them, so that draws do not depend on the order of rows."""
    points = as_points(
        data, x=x, y=y, type=type, weight=weight, crs=crs, on_missing=on_missing
    )
    warn_of_shared_places(points.duplicate_share)
    order = _order(points)
    return dataclasses.replace(
        points,
        x_km=frozen_array(points.x_km[order]),
        y_km=frozen_array(points.y_km[order]),
        type=frozen_array(points.type[order]),
        weight=frozen_array(points.weight[order]),
    )


def warn_of_shared_places(share: float) -> None:
    """Warn where more than half of the points have the place of another."""
    if share > 0.5:
        warnings.warn(
            f"{share:.0%} of the points share their place with another: "
            "distances of 0 weigh heavily, addresses may be centres of districts.",
            DataWarning,
            stacklevel=5,
        )


def shuffled(
    rng: np.random.Generator, rows: IntArray, stratum: IntArray | None
) -> IntArray:
    """Permute rows, each within its stratum where strata (of all points) are given."""
    if stratum is None:
        return rng.permutation(rows)
    group = stratum[rows]
    out = np.empty_like(rows)
    mixed = np.lexsort((rng.random(rows.size), group))
    out[np.argsort(group, kind="stable")] = rows[mixed]
    return out


def _order(points: Points) -> IntArray:
    return np.lexsort((points.weight, points.type, points.y_km, points.x_km))


def known_rows(table: pa.Table, names: Sequence[str | None]) -> BoolArray:
    """Say which rows have a number in all of the columns."""
    require_columns(table, {f"column {n}": n for n in names})
    values = [float_column(table, n, where="data") for n in names if n is not None]
    return np.asarray(~np.isnan(np.column_stack(values)).any(axis=1))


def stratum_numbers(table: pa.Table, names: Sequence[str]) -> IntArray:
    """Give every row the number of its combination of labels."""
    require_columns(table, {f"strata {n}": n for n in names})
    problems: list[Problem] = []
    out = np.zeros(table.num_rows, dtype=np.int64)
    for name in names:
        labels, codes = labels_of(table, name, problems, "data")
        if codes.size == out.size:
            out = np.unique(out * labels.size + codes, return_inverse=True)[1]
    raise_problems(problems, "data")
    return out


def strata_of(
    data: IntoFrame | Points,
    strata: str | Sequence[str] | None,
    columns: tuple[str, str, str | None, str | None],
    crs: str | Projection | None,
    *,
    sorted_rows: bool,
    on_missing: Literal["refuse", "drop"] = "refuse",
) -> IntArray | None:
    """Give every point the number of its combination of labels, which draws keep.

    `sorted_rows` for points as `ordered_points` gives them; a matrix keeps the rows.
    """
    if strata is None:
        return None
    if isinstance(data, Points):
        msg = "Points have no strata: pass a table."
        raise OptionError(msg)
    names = [strata] if isinstance(strata, str) else list(strata)
    table = to_arrow(data)
    x, y, type, weight = columns  # noqa: A001  the field's word
    if on_missing == "drop":
        table = table.filter(pa.array(known_rows(table, (x, y, weight))))
    out = stratum_numbers(table, names)
    if not sorted_rows:
        return out
    points = as_points(table, x=x, y=y, type=type, weight=weight, crs=crs)
    return out[_order(points)]


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


def points_or_matrix(
    data: IntoFrame | Points,
    columns: tuple[str, str, str | None, str | None],
    crs: str | Projection | None,
    distances: ArrayLike | None,
    symmetrise: Literal["refuse", "mean"],
    on_missing: Literal["refuse", "drop"] = "refuse",
) -> tuple[Points, FloatArray | None]:
    """Check points, or a matrix in their place; `columns` are x, y, type and weight."""
    check_choice("symmetrise", symmetrise, ("refuse", "mean"))
    x, y, type, weight = columns  # noqa: A001  the field's word
    if distances is None:
        points = ordered_points(
            data,
            x=x,
            y=y,
            type=type,
            weight=weight,
            crs=crs,
            on_missing=on_missing,
        )
        return points, None
    refuse_dropping(on_missing)
    return travel_points(
        data, distances, type=type, weight=weight, symmetrise=symmetrise
    )


def read_points(
    data: IntoFrame | Points,
    columns: tuple[str, str, str | None, str | None],
    crs: str | Projection | None,
    matrix_of: tuple[ArrayLike | None, Literal["refuse", "mean"]],
    strata: str | Sequence[str] | None,
    on_missing: Literal["refuse", "drop"],
) -> tuple[Points, FloatArray | None, IntArray | None]:
    """Check points, the matrix in their place if any, and the strata of every point."""
    points, matrix = points_or_matrix(data, columns, crs, *matrix_of, on_missing)
    in_order = matrix is None
    kept = strata_of(
        data, strata, columns, crs, sorted_rows=in_order, on_missing=on_missing
    )
    return points, matrix, kept


def refuse_dropping(on_missing: str) -> None:
    """Refuse to leave rows out of a table that a matrix goes with."""
    check_choice("on_missing", on_missing, ("refuse", "drop"))
    if on_missing == "drop":
        msg = "on_missing='drop' needs positions: leave rows out of distances= as well."
        raise OptionError(msg)


def travel_points(
    data: IntoFrame | Points,
    distances: ArrayLike,
    *,
    type: str | None,  # noqa: A002  the field's word
    weight: str | None,
    symmetrise: Literal["refuse", "mean"],
) -> tuple[Points, FloatArray]:
    """Check a matrix of distances; points carry the row of the matrix in place of x.

    Rows keep their order, because the matrix has no other names.
    """
    check_choice("symmetrise", symmetrise, ("refuse", "mean"))
    if isinstance(data, Points):
        kind, types, codes, w = data.frame_kind, data.types, data.type, data.weight
    else:
        kind, table = frame_kind(data), to_arrow(data)
        require_columns(table, {"type": type, "weight": weight})
        problems: list[Problem] = []
        n = table.num_rows
        types, codes = np.array(["all"]), np.zeros(n, dtype=np.int64)
        if type is not None:
            types, codes = labels_of(table, type, problems, "data")
        w = np.ones(n)
        if weight is not None:
            w = numbers_of(table, weight, problems, "data", missing=False)
        raise_problems(problems, "data")
    matrix = _checked_matrix(distances, codes.size, symmetrise)
    again = ((matrix == 0).sum(axis=1) > 1).mean() if codes.size else 0.0
    warn_of_shared_places(float(again))
    return Points(
        x_km=frozen_array(np.arange(codes.size, dtype=np.float64)),
        y_km=frozen_array(np.zeros(codes.size)),
        types=frozen_array(types),
        type=frozen_array(codes),
        weight=frozen_array(w),
        duplicate_share=float(again),
        frame_kind=kind,
    ), matrix


def _checked_matrix(
    distances: ArrayLike, n: int, symmetrise: Literal["refuse", "mean"]
) -> FloatArray:
    matrix = np.asarray(distances, dtype=np.float64)
    if matrix.shape != (n, n):
        msg = f"distances= has shape {matrix.shape}; {n} rows of data need ({n}, {n})."
        raise AlignmentError(msg)
    wrong = [
        (not np.isfinite(matrix).all(), "not_finite", "missing or infinite entries"),
        (bool((matrix < 0).any()), "negative_value", "negative entries"),
        (bool((np.diag(matrix) != 0).any()), "out_of_range", "a diagonal other than 0"),
    ]
    problems = [
        Problem(code=code, what=f"the matrix has {what}", where="distances")
        for holds, code, what in wrong
        if holds
    ]
    uneven = not problems and not np.allclose(matrix, matrix.T, rtol=1e-9, atol=1e-12)
    if uneven and symmetrise == "refuse":
        problems.append(
            Problem(
                code="asymmetric",
                what="there and back differ",
                where="distances",
                fix="pass symmetrise='mean' to take the mean of both ways",
            )
        )
    raise_problems(problems, "distances")
    return (matrix + matrix.T) / 2.0 if uneven else matrix
