"""Region by activity: the table behind every areal measure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal, TypeAlias, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from agglo.core.checks import flag_rows, repeated
from agglo.core.errors import AlignmentError, InvalidTableError, OptionError, Problem
from agglo.core.frames import frame_kind, require_columns, to_arrow
from agglo.core.options import check_choice
from agglo.core.results import digest_of
from agglo.core.tables._columns import (
    labels_of,
    numbers_of,
    raise_problems,
    select_rows,
    text_of,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from agglo.core.typing import BoolArray, FloatArray, FrameKind, IntArray, IntoFrame

__all__ = [
    "CONFIDENTIAL",
    "KNOWN",
    "MISSING",
    "Margins",
    "RegionActivity",
    "as_region_activity",
]

KNOWN, MISSING, CONFIDENTIAL = 0, 1, 2

ScalarT = TypeVar("ScalarT", bound=np.generic)

MarginKind: TypeAlias = Literal["complete", "disclosed", "published"]

_MAX_CELLS = 400_000_000
_VERSION_COLUMNS = ("region_version", "industry_version")


@dataclass(frozen=True, kw_only=True)
class Margins:
    """Published totals, for tables with unknown cells.

    Parameters
    ----------
    region
        Region label to its total over all activities.
    activity
        Activity label to its total over all regions.
    total
        Grand total.
    """

    region: Mapping[str, float]
    activity: Mapping[str, float]
    total: float


@dataclass(frozen=True, eq=False, kw_only=True)
class RegionActivity:
    """Sizes of activities in regions, with what is unknown kept apart from zero.

    Build it with :func:`as_region_activity` or :meth:`from_arrays`.

    Attributes
    ----------
    region, activity
        Sorted labels, shapes (n_regions,) and (n_activities,).
    values
        Sizes, (n_regions, n_activities); NaN is unknown, zero is zero.
    status
        ``KNOWN``, ``MISSING`` or ``CONFIDENTIAL`` per cell, int8.
    lower, upper
        Bounds of every cell (equal to the value where known; upper may be infinite), or
        ``None`` when nothing bounds the unknown cells.
    row_total, col_total, total
        Margins: over all activities, over all regions, over everything.
    margins
        ``"complete"`` (every cell known), ``"disclosed"`` (sums of known cells only) or
        ``"published"`` (given by the publisher).
    unit, period
        Unit of the sizes and the period chosen; empty when not said.
    frame_kind
        Kind of frame the caller came with.
    """

    region: NDArray[np.str_]
    activity: NDArray[np.str_]
    values: FloatArray
    status: NDArray[np.int8]
    lower: FloatArray | None
    upper: FloatArray | None
    row_total: FloatArray
    col_total: FloatArray
    total: float
    margins: MarginKind = "complete"
    unit: str = ""
    period: str = ""
    frame_kind: FrameKind = "pyarrow"

    @property
    def shape(self) -> tuple[int, int]:
        """Number of regions and of activities."""
        return self.region.size, self.activity.size

    @property
    def n_unknown(self) -> int:
        """Number of cells that are missing or confidential."""
        return int(np.count_nonzero(self.status))

    @cached_property
    def digest(self) -> str:
        """SHA-256 over labels, values, states and margins."""
        return digest_of(
            self.region,
            self.activity,
            self.values,
            self.status,
            "" if self.lower is None else self.lower,
            "" if self.upper is None else self.upper,
            self.row_total,
            self.col_total,
            self.total,
            [self.margins, self.unit, self.period],
        )

    @classmethod
    def from_arrays(
        cls,
        values: ArrayLike,
        *,
        region: ArrayLike | None = None,
        activity: ArrayLike | None = None,
        margins: Literal["refuse", "disclosed"] | Margins = "refuse",
        unit: str = "",
        period: str = "",
    ) -> RegionActivity:
        """Build the table from a regions × activities array.

        Parameters
        ----------
        values
            Shape (n_regions, n_activities), non-negative; NaN is missing.
        region, activity
            Labels; default ``"r0", "r1", ...`` and ``"a0", "a1", ...``.
        margins
            As in :func:`as_region_activity`.
        unit, period
            As in :func:`as_region_activity`.

        Returns
        -------
        RegionActivity
            Rows and columns sorted by label.

        Raises
        ------
        InvalidTableError
            If a value is negative or infinite, or unknown cells are refused.
        AlignmentError
            If labels do not fit the shape or repeat.

        Examples
        --------
        >>> from agglo.core.tables import RegionActivity
        >>> RegionActivity.from_arrays([[1.0, 2.0], [3.0, 4.0]]).total
        10.0
        """
        array = np.asarray(values, dtype=np.float64)
        if array.ndim != 2 or array.size == 0:
            msg = (
                f"values must be a regions × activities array, not shape {array.shape}."
            )
            raise InvalidTableError(msg)
        rows = _labels(region, array.shape[0], "r", "region")
        cols = _labels(activity, array.shape[1], "a", "activity")
        with np.errstate(invalid="ignore"):
            bad = np.isinf(array) | (array < 0)
        if bad.any():
            r, c = np.argwhere(bad)[0]
            msg = (
                f"{int(bad.sum())} values are negative or infinite; the first is "
                f"{array[r, c]:g} in region '{rows[r]}', activity '{cols[c]}'."
            )
            raise InvalidTableError(msg)
        by_row, by_col = (
            np.argsort(rows, kind="stable"),
            np.argsort(cols, kind="stable"),
        )
        array = array[np.ix_(by_row, by_col)]
        status = np.where(np.isnan(array), MISSING, KNOWN).astype(np.int8)
        return _assemble(
            rows[by_row],
            cols[by_col],
            array,
            status,
            None,
            margins=margins,
            unit=unit,
            period=period,
            kind="pyarrow",
            where="values",
        )


def _labels(
    given: ArrayLike | None, n: int, prefix: str, name: str
) -> NDArray[np.str_]:
    if given is None:
        width = len(str(n - 1))
        return np.array([f"{prefix}{i:0{width}d}" for i in range(n)])
    labels = np.asarray(given).astype(np.str_)
    if labels.shape != (n,) or np.unique(labels).size != n:
        msg = f"`{name}` must hold {n} distinct labels, got {labels.shape} with repeats or gaps."
        raise AlignmentError(msg)
    return labels


def as_region_activity(
    data: IntoFrame | RegionActivity,
    *,
    region: str = "region",
    activity: str = "industry",
    value: str = "employment",
    period: str | None = None,
    select: Mapping[str, str] | None = None,
    flag: str = "flag",
    margins: Literal["refuse", "disclosed"] | Margins = "refuse",
    unit: str | None = None,
) -> RegionActivity:
    """Check a long table of sizes and give it the shape of the areal measures.

    An absent row is zero, a null (or NaN) is missing, and a null whose `flag` is ``c`` is
    confidential. ``<value>_lower`` and ``<value>_upper``, when present, bound unknown cells.

    Parameters
    ----------
    data
        One row per region and activity (and period): any eager or lazy frame narwhals
        knows. A `RegionActivity` comes back as it is.
    region, activity, value
        Column names.
    period
        Which period to take when the table has several.
    select
        Column to value, to choose rows, for example ``{"industry_version": "naics_2017"}``.
    flag
        Column of flags, used when it is there.
    margins
        What the totals are when cells are unknown: ``"refuse"`` raises,
        ``"disclosed"`` sums the known cells, a :class:`Margins` gives published totals.
    unit
        Unit of `value`, default ``"persons"`` for a column named employment.

    Returns
    -------
    RegionActivity
        Labels sorted; O(rows + cells).

    Raises
    ------
    ColumnNotFoundError
        If a column is absent; the closest name is suggested.
    InvalidTableError
        Listing all of: duplicate_key, null_key, negative_value, not_finite, empty_table,
        mixed_version, confidential_value, unknown_cells.
    OptionError
        If a period must be chosen, or a choice does not exist.

    Examples
    --------
    >>> import pyarrow as pa, agglo as ag
    >>> jobs = pa.table({"region": ["a", "a", "b"], "industry": ["x", "y", "x"],
    ...                  "employment": [30.0, 10.0, 20.0]})
    >>> ag.as_region_activity(jobs).total
    60.0
    """
    if isinstance(data, RegionActivity):
        return data
    if not isinstance(margins, Margins):
        check_choice("margins", margins, ("refuse", "disclosed"))
    kind = frame_kind(data)
    table = to_arrow(data)
    require_columns(table, {"region": region, "activity": activity, "value": value})
    table, chosen = _choose(table, period, select, (region, activity))
    problems: list[Problem] = []
    rows, row_code = labels_of(table, region, problems, "data")
    cols, col_code = labels_of(table, activity, problems, "data")
    sizes = numbers_of(table, value, problems, "data")
    hidden = _hidden(table, flag, value, sizes, problems)
    problems += _repeated(row_code * cols.size + col_code, region, activity)
    raise_problems(problems, "data")
    if rows.size * cols.size > _MAX_CELLS:
        msg = f"{rows.size} regions × {cols.size} activities do not fit in memory; aggregate first."
        raise InvalidTableError(msg)
    values = np.zeros((rows.size, cols.size))
    status = np.zeros(values.shape, dtype=np.int8)
    values[row_code, col_code] = sizes
    status[row_code, col_code] = np.where(
        np.isnan(sizes), np.where(hidden, CONFIDENTIAL, MISSING), KNOWN
    )
    bounds = _bounds(table, value, values, (row_code, col_code), problems)
    raise_problems(problems, "data")
    default_unit = "persons" if value == "employment" else ""
    return _assemble(
        rows,
        cols,
        values,
        status,
        bounds,
        margins=margins,
        unit=default_unit if unit is None else unit,
        period=chosen,
        kind=kind,
        where="data",
    )


def _choose(
    table: pa.Table,
    period: str | None,
    select: Mapping[str, str] | None,
    keys: tuple[str, str],
) -> tuple[pa.Table, str]:
    """Reduce the table to one period and one version of its codes."""
    if select:
        table = select_rows(table, select, where="data")
    if period is not None:
        table = select_rows(table, {"period": str(period)}, where="data")
    if table.num_rows == 0:
        fix = "check the file and the selection"
        raise_problems(
            [
                Problem(
                    code="empty_table",
                    what="the table has no row",
                    where="data",
                    fix=fix,
                )
            ],
            "data",
        )
    chosen = ""
    if "period" in table.column_names and "period" not in keys:
        known = sorted(str(v) for v in text_of(table, "period").unique().to_pylist())
        if len(known) > 1:
            msg = f"`data` holds {len(known)} periods; choose one with period=. Periods: {known[:20]}"
            raise OptionError(msg)
        chosen = known[0]
    mixed = []
    for name in _VERSION_COLUMNS:
        if name in table.column_names and name not in keys:
            words = sorted(text_of(table, name).unique().drop_null().to_pylist())
            if len(words) > 1:
                mixed.append(
                    Problem(
                        code="mixed_version",
                        what=f"column '{name}' holds several versions: {words[:5]}",
                        where="data",
                        column=name,
                        fix=f"choose one: select={{{name!r}: {words[0]!r}}}",
                    )
                )
    raise_problems(mixed, "data")
    return table, chosen


def _hidden(
    table: pa.Table, flag: str, value: str, sizes: FloatArray, problems: list[Problem]
) -> BoolArray:
    if flag not in table.column_names:
        return np.zeros(sizes.size, dtype=bool)
    hit = pc.fill_null(pc.equal(text_of(table, flag), "c"), False)
    hidden: BoolArray = np.asarray(hit.to_numpy(zero_copy_only=False), dtype=bool)
    # the flag speaks of employment; another column of the same row may be public
    if value == "employment":
        problems += flag_rows(
            hidden & np.isfinite(sizes),
            code="confidential_value",
            what=f"flag 'c' says confidential, but '{value}' is given",
            where="data",
            column=value,
            fix="leave the value empty, or clear the flag if it may be used",
        )
    return hidden


def _repeated(cell: IntArray, region: str, activity: str) -> list[Problem]:
    return flag_rows(
        repeated(cell),
        code="duplicate_key",
        what=f"the same ({region}, {activity}) occurs more than once",
        where="data",
        fix="sum the rows first, or choose rows with select=",
    )


def _bounds(
    table: pa.Table,
    value: str,
    values: FloatArray,
    cell: tuple[IntArray, IntArray],
    problems: list[Problem],
) -> tuple[FloatArray, FloatArray] | None:
    names = (f"{value}_lower", f"{value}_upper")
    there = [n for n in names if n in table.column_names]
    if not there or not np.isnan(values).any():
        return None
    lower, upper = values.copy(), values.copy()
    lower[np.isnan(values)] = 0.0
    upper[np.isnan(values)] = np.inf
    for name, target, default in zip(names, (lower, upper), (0.0, np.inf), strict=True):
        if name in there:
            given = numbers_of(table, name, problems, "data")
            filled = np.where(np.isnan(given), default, given)
            target[cell] = np.where(np.isnan(values[cell]), filled, values[cell])
    crossed = lower[cell] > upper[cell]
    problems += flag_rows(
        crossed,
        code="out_of_range",
        what=f"{names[0]} is above {names[1]}",
        where="data",
        column=names[0],
        fix="swap or correct the bounds",
    )
    return lower, upper


def _assemble(
    rows: NDArray[np.str_],
    cols: NDArray[np.str_],
    values: FloatArray,
    status: NDArray[np.int8],
    bounds: tuple[FloatArray, FloatArray] | None,
    *,
    margins: Literal["refuse", "disclosed"] | Margins,
    unit: str,
    period: str,
    kind: FrameKind,
    where: str,
) -> RegionActivity:
    unknown = int(np.count_nonzero(status))
    label: MarginKind = "complete" if unknown == 0 else "disclosed"
    known = np.nan_to_num(values, nan=0.0)
    row_total, col_total = known.sum(axis=1), known.sum(axis=0)
    total = float(known.sum())
    if isinstance(margins, Margins):
        label = "published"
        row_total = _published(margins.region, rows, "region", row_total)
        col_total = _published(margins.activity, cols, "activity", col_total)
        total = _grand(margins.total, total)
    elif unknown and margins == "refuse":
        _refuse(status, where)
    lower, upper = bounds if bounds is not None else (None, None)
    return RegionActivity(
        region=_read_only(rows),
        activity=_read_only(cols),
        values=_read_only(values),
        status=_read_only(status),
        lower=None if lower is None else _read_only(lower),
        upper=None if upper is None else _read_only(upper),
        row_total=_read_only(row_total),
        col_total=_read_only(col_total),
        total=total,
        margins=label,
        unit=unit,
        period=period,
        frame_kind=kind,
    )


def _refuse(status: NDArray[np.int8], where: str) -> None:
    hidden = int(np.count_nonzero(status == CONFIDENTIAL))
    missing = int(np.count_nonzero(status == MISSING))
    fix = (
        "pass margins='disclosed' to measure the known cells among themselves, or "
        "margins=Margins(...) with the published totals; "
        "location_quotient_bounds gives bounds"
    )
    what = f"{hidden} cells are confidential and {missing} are missing"
    raise_problems(
        [
            Problem(
                code="unknown_cells",
                what=f"{what}, so the totals are unknown",
                where=where,
                n_rows=hidden + missing,
                fix=fix,
            )
        ],
        where,
    )


def _published(
    given: Mapping[str, float], labels: NDArray[np.str_], name: str, known: FloatArray
) -> FloatArray:
    lacking = [str(k) for k in labels if str(k) not in given]
    if lacking:
        msg = f"Margins.{name} lacks {len(lacking)} labels, for example {lacking[:5]}."
        raise AlignmentError(msg)
    totals = np.array([given[str(k)] for k in labels], dtype=np.float64)
    bad = ~np.isfinite(totals) | (totals < 0)
    # published totals are rounded now and then: half a unit per cell is not a contradiction
    bad |= totals < known - 0.5 - 1e-9 * known
    if bad.any():
        first = str(labels[np.flatnonzero(bad)[0]])
        msg = (
            f"{int(bad.sum())} totals in Margins.{name} are negative, not finite or below "
            f"the sum of the known cells; the first is {first!r}."
        )
        raise InvalidTableError(msg)
    return totals


def _grand(given: float, known: float) -> float:
    if not np.isfinite(given) or given < known * (1 - 1e-9) - 0.5:
        msg = f"Margins.total={given!r} is below the sum of the known cells, {known:g}."
        raise InvalidTableError(msg)
    return float(given)


def _read_only(array: NDArray[ScalarT]) -> NDArray[ScalarT]:
    # every array that comes here was made here: no copy is needed
    array.setflags(write=False)
    return array
