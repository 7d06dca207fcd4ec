"""Tables as files: CSV that no spreadsheet mistakes for formulas, and Parquet."""

from __future__ import annotations

import io

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pcsv
import pyarrow.parquet as pq

__all__ = ["arrow_bytes", "csv_bytes", "neutral", "parquet_bytes"]

# what a spreadsheet may run, and what may stand before it
_FORMULA = r"^[=+\-@\t\r\n]"


def neutral(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Put an apostrophe before texts that a spreadsheet would run.

    Parameters
    ----------
    column
        Text column.

    Returns
    -------
    pyarrow.ChunkedArray
        The same texts; those that begin with ``= + - @``, tab or a line end have ``'`` in
        front.
    """
    risky = pc.fill_null(pc.match_substring_regex(column, _FORMULA), fill_value=False)
    marked = pc.binary_join_element_wise("'", column, "")
    return pc.if_else(risky, marked, column)


def csv_bytes(table: pa.Table) -> bytes:
    """Write a table as CSV: UTF-8 with a mark that spreadsheets need, all digits.

    Parameters
    ----------
    table
        Rows of a view; numbers are finite or null.

    Returns
    -------
    bytes
        Header and rows; null is empty.
    """
    for at, field in enumerate(table.schema):
        if pa.types.is_string(field.type):
            table = table.set_column(at, field.name, neutral(table.column(at)))
    out = io.BytesIO(b"\xef\xbb\xbf")
    out.seek(3)
    pcsv.write_csv(table, out)
    return out.getvalue()


def arrow_bytes(table: pa.Table) -> bytes:
    """Write a table as an Arrow stream; the same rows give the same bytes.

    Parameters
    ----------
    table
        Rows of a view.

    Returns
    -------
    bytes
        One record batch.
    """
    plain = table.replace_schema_metadata(None).combine_chunks()
    out = io.BytesIO()
    with pa.ipc.new_stream(out, plain.schema) as writer:
        writer.write_table(plain)
    return out.getvalue()


def parquet_bytes(table: pa.Table) -> bytes:
    """Write a table as Parquet; the same rows give the same bytes.

    Parameters
    ----------
    table
        Rows of a view.

    Returns
    -------
    bytes
        Compressed with zstd.
    """
    out = io.BytesIO()
    pq.write_table(table.replace_schema_metadata(None), out, compression="zstd")
    return out.getvalue()
