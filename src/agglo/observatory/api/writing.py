"""Tables as JSON text, column by column in compiled code; no loop over rows.

The text holds the same values as `json_rows` and `json_columns`; a test compares them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["columns_text", "rows_text"]

# what JSON text may not hold as it is
_ESCAPED = r'["\\\x00-\x1f]'


def rows_text(table: pa.Table) -> bytes:
    """Write a table as an array of objects.

    Parameters
    ----------
    table
        Rows of a view; dictionaries are written out.

    Returns
    -------
    bytes
        JSON; null where there is no number.
    """
    if not table.num_rows or not table.num_columns:
        return b"[" + b",".join([b"{}"] * table.num_rows) + b"]"
    parts: list[pa.ChunkedArray | str] = []
    for at, name in enumerate(table.column_names):
        parts += [("," if at else "{") + json.dumps(name, ensure_ascii=False) + ":"]
        parts += [_cells(table.column(at))]
    return _joined(pc.binary_join_element_wise(*parts, "}", ""))


def columns_text(table: pa.Table) -> bytes:
    """Write a table as an object of arrays.

    Parameters
    ----------
    table
        Rows of a view.

    Returns
    -------
    bytes
        JSON; null where there is no number.
    """
    pairs: Sequence[bytes] = [
        json.dumps(name, ensure_ascii=False).encode()
        + b":"
        + (_joined(_cells(table.column(at))) if table.num_rows else b"[]")
        for at, name in enumerate(table.column_names)
    ]
    return b"{" + b",".join(pairs) + b"}"


def _joined(texts: pa.ChunkedArray) -> bytes:
    array = pa.concat_arrays(texts.chunks)
    whole = pa.ListArray.from_arrays(pa.array([0, len(array)], pa.int32()), array)
    joined: bytes = pc.binary_join(whole, ",")[0].as_buffer().to_pybytes()
    return b"[" + joined + b"]"


def _cells(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Write every value of a column as JSON."""
    kind = column.type
    if pa.types.is_floating(kind):
        known = pc.if_else(pc.is_finite(column), column, None)
        texts = known.cast(pa.float64()).cast(pa.string())
    elif pa.types.is_integer(kind):
        texts = column.cast(pa.string())
    elif pa.types.is_boolean(kind):
        texts = pc.if_else(column, "true", "false")
    else:
        texts = _quoted(column.cast(pa.string()))
    return pc.fill_null(texts, "null")


def _quoted(column: pa.ChunkedArray) -> pa.ChunkedArray:
    risky = pc.any(pc.match_substring_regex(column, _ESCAPED)).as_py()
    if not risky:
        return pc.binary_join_element_wise('"', column, '"', "")
    # few texts stand many times: each is escaped once
    coded = column.combine_chunks().dictionary_encode()
    coded = (
        pa.concat_arrays(coded.chunks) if isinstance(coded, pa.ChunkedArray) else coded
    )
    written = [json.dumps(v, ensure_ascii=False) for v in coded.dictionary.to_pylist()]
    return pa.chunked_array([pa.array(written, pa.string()).take(coded.indices)])
