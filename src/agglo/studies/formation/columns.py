"""Reading and writing the plain tables of the study."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import pyarrow as pa

from agglo.core.frames import string_column

if TYPE_CHECKING:
    from agglo.core.results import Result

__all__ = ["Row", "number", "result_table", "rows_of", "table_of", "text_of"]

Row = Mapping[str, object]
_KINDS = {"s": pa.string(), "f": pa.float64(), "i": pa.int64()}


def table_of(rows: Sequence[Row], columns: Mapping[str, str]) -> pa.Table:
    """Write rows as a table; kinds are s (text), f (number), i (whole number)."""
    schema = pa.schema([pa.field(n, _KINDS[k]) for n, k in columns.items()])
    return pa.table(
        {n: pa.array([r.get(n) for r in rows], _KINDS[k]) for n, k in columns.items()},
        schema=schema,
    )


def rows_of(table: pa.Table, **where: object) -> list[dict[str, object]]:
    """Read the rows with these values."""
    return [
        r for r in table.to_pylist() if all(r.get(k) == v for k, v in where.items())
    ]


def result_table(result: Result) -> pa.Table:
    """Give the rows of a result; text without rows stays text."""
    table = result.to_arrow()
    fields = [
        pa.field(f.name, pa.string() if pa.types.is_null(f.type) else f.type)
        for f in table.schema
    ]
    return table.cast(pa.schema(fields))


def text_of(table: pa.Table, name: str, default: str = "") -> list[str]:
    """Give a column as text; what is absent or null is the default."""
    if name not in table.column_names:
        return [default] * int(table.num_rows)
    return [
        default if v is None else str(v).strip() for v in string_column(table, name)
    ]


def number(value: object) -> float:
    """Give a number, NaN where there is none."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    return math.nan
