"""Reading and writing the plain columns of the tables that stages exchange."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from agglo.core.frames import as_text, float_column

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from agglo.core.results import Result
    from agglo.core.typing import FloatArray

__all__ = ["joined", "labelled", "numbers_of", "result_table", "text_of", "texts"]


def text_of(table: pa.Table, name: str, default: str = "") -> list[str]:
    """Give a column as text; what is absent or null is the default."""
    if name not in table.column_names:
        return [default] * int(table.num_rows)
    filled = pc.fill_null(pc.utf8_trim_whitespace(as_text(table[name])), default)
    out: list[str] = filled.to_pylist()
    return out


def numbers_of(table: pa.Table, name: str) -> FloatArray:
    """Give a column as numbers; NaN is missing or no column."""
    if name not in table.column_names:
        return np.full(table.num_rows, np.nan)
    return float_column(table, name)


def texts(values: Sequence[str] | NDArray[np.str_]) -> pa.Array:
    """Write text, also where there is none."""
    return pa.array([str(v) for v in values], pa.string())


def labelled(table: pa.Table, **labels: str) -> pa.Table:
    """Put columns of one word each before a table."""
    for name, value in reversed(labels.items()):
        table = table.add_column(0, name, texts([value] * table.num_rows))
    return table


def result_table(result: Result, **labels: str) -> pa.Table:
    """Give the rows of a result behind columns of one word; text without rows stays text."""
    table = result.to_arrow()
    fields = [
        pa.field(f.name, pa.string() if pa.types.is_null(f.type) else f.type)
        for f in table.schema
    ]
    return labelled(table.cast(pa.schema(fields)), **labels)


def joined(parts: Sequence[pa.Table], types: Mapping[str, pa.DataType]) -> pa.Table:
    """Stack tables; without any give one without rows."""
    if parts:
        return pa.concat_tables(parts, promote_options="default")
    return pa.schema(list(types.items())).empty_table()
