"""Reading and writing the plain columns of the study's tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from agglo.core.frames import as_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from agglo.core.results import Result

__all__ = ["among", "result_table", "stacked", "text_of", "texts", "with_column"]


def text_of(table: pa.Table, name: str, default: str = "") -> list[str]:
    """Give a column as text; what is absent or null is the default."""
    if name not in table.column_names:
        return [default] * int(table.num_rows)
    filled = pc.fill_null(pc.utf8_trim_whitespace(as_text(table[name])), default)
    out: list[str] = filled.to_pylist()
    return out


def texts(values: Sequence[str] | NDArray[np.str_]) -> pa.Array:
    """Write text, also where there is none."""
    return pa.array([str(v) for v in values], pa.string())


def among(table: pa.Table, name: str, values: Iterable[str]) -> pa.Table:
    """Keep the rows whose text is among the values."""
    wanted = pa.array(sorted(set(values)), pa.string())
    return table.filter(pc.is_in(as_text(table[name]), value_set=wanted))


def with_column(table: pa.Table, name: str, values: Sequence[str]) -> pa.Table:
    """Set or add a column of text."""
    column = texts(values)
    if name in table.column_names:
        return table.set_column(table.column_names.index(name), name, column)
    return table.append_column(name, column)


def result_table(result: Result, **constant: str) -> pa.Table:
    """Give the rows of a result, with constant columns of text in front."""
    table = result.to_arrow()
    fields = [
        pa.field(f.name, pa.string() if pa.types.is_null(f.type) else f.type)
        for f in table.schema
    ]
    table = table.cast(pa.schema(fields))
    for name, value in reversed(list(constant.items())):
        column = texts([value] * table.num_rows)
        table = table.add_column(0, name, column)
    return table


def stacked(parts: Sequence[pa.Table], empty: Mapping[str, pa.DataType]) -> pa.Table:
    """Join tables of one shape; without any, an empty one of the shape given."""
    if parts:
        return pa.concat_tables(parts)
    return pa.table({k: pa.array([], t) for k, t in empty.items()})
