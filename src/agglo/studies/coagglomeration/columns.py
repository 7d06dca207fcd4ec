"""Reading and writing the plain columns of the study's tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from agglo.core.frames import float_column, string_column

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from agglo.core.results import Result
    from agglo.core.typing import FloatArray

__all__ = ["joined", "numbers_of", "result_table", "row_table", "text_of", "texts"]


def text_of(table: pa.Table, name: str, default: str = "") -> list[str]:
    """Give a column as text; what is absent or null is the default."""
    if name not in table.column_names:
        return [default] * int(table.num_rows)
    return [
        default if v is None else str(v).strip() for v in string_column(table, name)
    ]


def numbers_of(table: pa.Table, name: str) -> FloatArray:
    """Give a column as numbers; NaN is missing or no column."""
    if name not in table.column_names:
        return np.full(table.num_rows, np.nan)
    return float_column(table, name)


def texts(values: Sequence[str]) -> pa.Array:
    """Write text, also where there is none."""
    return pa.array([str(v) for v in values], pa.string())


def result_table(result: Result) -> pa.Table:
    """Give the rows of a result; text without rows stays text."""
    table = result.to_arrow()
    fields = [
        pa.field(f.name, pa.string() if pa.types.is_null(f.type) else f.type)
        for f in table.schema
    ]
    return table.cast(pa.schema(fields))


def row_table(
    rows: Sequence[Mapping[str, object]], types: Mapping[str, pa.DataType]
) -> pa.Table:
    """Write rows as a table with these columns, also where there is no row."""
    return pa.table(
        {k: pa.array([r.get(k) for r in rows], kind) for k, kind in types.items()}
    )


def joined(parts: Sequence[pa.Table], types: Mapping[str, pa.DataType]) -> pa.Table:
    """Stack tables; without any give one without rows."""
    if parts:
        return pa.concat_tables(parts, promote_options="default")
    return pa.schema(list(types.items())).empty_table()
