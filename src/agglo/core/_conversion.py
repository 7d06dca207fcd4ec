"""The arithmetic behind :meth:`agglo.core.classifications.Concordance.convert`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from agglo.core.errors import Problem
from agglo.core.frames import encode_labels, float_column, string_column

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agglo.core.typing import BoolArray, FloatArray, IntArray

__all__ = [
    "Spread",
    "collect",
    "mapped_share",
    "mixed_version",
    "spread_rows",
    "unknown_codes",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """Rows repeated once per target, and the share of each row that found a target."""

    row: IntArray
    target: IntArray
    weight: FloatArray
    mapped: FloatArray


def spread_rows(
    position: IntArray,
    known: BoolArray,
    source_index: IntArray,
    target_index: IntArray,
    weight: FloatArray,
    n_source: int,
) -> Spread:
    """Repeat every row for each target of its code; links are sorted by source."""
    counts = np.bincount(source_index, minlength=max(n_source, 1))
    start = np.concatenate([[0], np.cumsum(counts)])
    each = np.where(known, counts[position], 0)
    row = np.repeat(np.arange(position.size), each)
    first = np.repeat(np.cumsum(each) - each, each)
    link = start[position[row]] + np.arange(row.size) - first
    total = np.bincount(source_index, weight, minlength=max(n_source, 1))
    return Spread(
        row=row.astype(np.int64),
        target=target_index[link],
        weight=weight[link],
        mapped=np.where(known, total[position], 0.0),
    )


def collect(
    table: pa.Table,
    spread: Spread,
    targets: NDArray[np.str_],
    keys: Sequence[str],
    values: Sequence[str],
    *,
    column: str,
    flag: str,
) -> pa.Table:
    """Add up the repeated rows per key and target."""
    group = spread.target.copy()
    key_columns: dict[str, tuple[NDArray[np.str_], IntArray]] = {}
    for name in keys:
        labels, codes = encode_labels(table, name)
        key_columns[name] = (labels, codes)
        group = np.unique(
            codes[spread.row] * (int(group.max(initial=0)) + 1) + group,
            return_inverse=True,
        )[1]
    unique, first, inverse = np.unique(group, return_index=True, return_inverse=True)
    origin = spread.row[first]
    out: dict[str, pa.Array] = {}
    for name, (labels, codes) in key_columns.items():
        out[name] = pa.array(labels[codes[origin]].tolist(), pa.string())
    out[column] = pa.array(targets[spread.target[first]].tolist(), pa.string())
    hidden = np.zeros(unique.size, dtype=bool)
    if flag in table.column_names:
        marks = np.asarray(string_column(table, flag) == "c")
        hidden = np.bincount(inverse, marks[spread.row], minlength=unique.size) > 0
    unknown = np.zeros(unique.size, dtype=bool)
    for name in values:
        columns, gaps = _sums(table, name, spread, inverse, unique.size)
        out |= columns
        unknown |= gaps
    if flag in table.column_names or unknown.any():
        state = np.where(hidden, "c", np.where(unknown, "m", ""))
        out[flag] = pa.array(state.tolist(), pa.string())
    return pa.table(out)


def _sums(
    table: pa.Table, name: str, spread: Spread, inverse: IntArray, n: int
) -> tuple[dict[str, pa.Array], BoolArray]:
    value = float_column(table, name)
    gap = np.isnan(value)
    lower, upper = np.where(gap, 0.0, value), np.where(gap, np.nan, value)
    bounded = f"{name}_lower" in table.column_names
    if bounded:
        given = float_column(table, f"{name}_lower")
        lower = np.where(gap & ~np.isnan(given), given, lower)
    if f"{name}_upper" in table.column_names:
        upper = np.where(gap, float_column(table, f"{name}_upper"), upper)
    gaps = np.bincount(inverse, gap[spread.row], minlength=n) > 0
    low = np.bincount(inverse, lower[spread.row] * spread.weight, minlength=n)
    high = np.bincount(inverse, upper[spread.row] * spread.weight, minlength=n)
    out = {name: pa.array(low, pa.float64(), mask=gaps)}
    if bounded or gaps.any():
        out[f"{name}_lower"] = pa.array(low, pa.float64(), mask=~gaps)
        out[f"{name}_upper"] = pa.array(high, pa.float64(), mask=~gaps | np.isnan(high))
    return out, gaps


def mapped_share(table: pa.Table, name: str, spread: Spread, where: str) -> float:
    """Share of the known amount that found a target; NaN if there is no amount."""
    value = np.nan_to_num(float_column(table, name, where=where), nan=0.0)
    total = float(value.sum())
    return float(value @ spread.mapped) / total if total else float("nan")


def unknown_codes(
    table: pa.Table,
    labels: NDArray[np.str_],
    known: BoolArray,
    codes: IntArray,
    values: Sequence[str],
    column: str,
    where: str,
) -> tuple[Problem, ...]:
    """Say which codes the concordance lacks and what they hold."""
    rows = np.flatnonzero(~known[codes])
    if rows.size == 0:
        return ()
    held = ", ".join(
        f"{name} {np.nansum(float_column(table, name, where=where)[rows]):,.6g}"
        for name in values
    )
    lost = labels[~known]
    return (
        Problem(
            code="unknown_code",
            what=f"{lost.size} codes are not in the concordance "
            f"{lost[:5].tolist()}; they hold {held}",
            where=where,
            rows=tuple(int(r) + 1 for r in rows[:20]),
            n_rows=int(rows.size),
            column=column,
            fix="check the version, or add the codes to the concordance",
        ),
    )


def mixed_version(found: str, needed: str) -> Problem:
    """Say that two versions do not meet."""
    return Problem(
        code="mixed_version",
        what=f"version '{found}' meets version '{needed}'",
        fix="convert with the concordance that starts from the version of the data",
    )
