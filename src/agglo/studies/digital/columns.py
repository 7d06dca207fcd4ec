"""Reading and writing the plain columns of the study's tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from agglo.core.frames import string_column

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from agglo.core.results import Result

__all__ = ["counted", "result_table", "text_of", "texts"]


def text_of(table: pa.Table, name: str, default: str = "") -> list[str]:
    """Give a column as text; what is absent or null is the default."""
    if name not in table.column_names:
        return [default] * int(table.num_rows)
    return [
        default if v is None else str(v).strip() for v in string_column(table, name)
    ]


def texts(values: Sequence[str] | NDArray[np.str_]) -> pa.Array:
    """Write text, also where there is none."""
    return pa.array([str(v) for v in values], pa.string())


def counted(values: Sequence[str]) -> dict[str, int]:
    """Count words, the most frequent first."""
    words, counts = np.unique(np.asarray(values, dtype=np.str_), return_counts=True)
    order = np.lexsort((words, -counts))
    return {str(words[i]): int(counts[i]) for i in order}


def result_table(result: Result) -> pa.Table:
    """Give the rows of a result; text without rows stays text."""
    table = result.to_arrow()
    fields = [
        pa.field(f.name, pa.string() if pa.types.is_null(f.type) else f.type)
        for f in table.schema
    ]
    return table.cast(pa.schema(fields))
