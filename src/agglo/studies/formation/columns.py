"""Reading and writing the plain tables of the study."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import pyarrow as pa

if TYPE_CHECKING:
    pass

__all__ = ["Row", "number", "rows_of", "table_of"]

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


def number(value: object) -> float:
    """Give a number, NaN where there is none."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    return math.nan
