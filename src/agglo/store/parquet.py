"""Tables as Parquet files: atomic, checked on reading, and the same bytes every time."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from agglo.core.errors import InvalidTableError, Problem, StoreError
from agglo.core.frames import require_columns, to_arrow
from agglo.store._engines import columns_only
from agglo.store._problems import read_error, store_error
from agglo.store.files import open_atomic

if TYPE_CHECKING:
    from agglo.core.typing import IntoFrame, Json

__all__ = ["read_metadata", "read_table", "write_table"]

_GROUP_ROWS = 1 << 20
_KEY = b"agglo"


def write_table(
    path: str | os.PathLike[str],
    table: IntoFrame,
    *,
    metadata: Mapping[str, Json] | None = None,
) -> None:
    """Write a table as a Parquet file whose bytes depend on its values only.

    Parameters
    ----------
    path
        Target file; replaced when it exists, whole or not at all.
    table
        Any frame that narwhals knows. Rows and columns keep their order; null stays null
        and NaN stays NaN.
    metadata
        Where the table comes from, kept in the file under the key ``agglo``;
        `read_metadata` gives it back.

    Raises
    ------
    InvalidTableError
        ``duplicate_column`` or ``empty_table`` (a table without columns; one without rows
        is fine).
    StoreError
        ``read_only``, ``disk_full``, ``directory_in_the_way``, ... as `open_atomic`.

    Notes
    -----
    Canonical form: text of every kind (large, view, categories) is stored as plain text,
    metadata of the frame's library is dropped, row groups have 2**20 rows however the
    table was chunked, every page carries a checksum. The same values give the same bytes
    under the same version of pyarrow, which writes its version into the file. Cost O(n),
    memory one row group above the table.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import pyarrow as pa
    >>> path = Path(tempfile.mkdtemp()) / "activity.parquet"
    >>> write_table(path, pa.table({"region": ["01"], "employment": [12.0]}))
    >>> read_table(path)["employment"][0].as_py()
    12.0
    """
    data = to_arrow(table, where="table")
    if not data.column_names:
        problem = Problem(
            code="empty_table",
            what="the table has no columns",
            where=str(path),
            fix="give it at least its key columns; no rows are fine",
        )
        msg = f"{path}: a table without columns."
        raise InvalidTableError(msg, [problem])
    schema = canonical_schema(data.schema)
    if metadata is not None:
        text = json.dumps(metadata, sort_keys=True, ensure_ascii=False)
        schema = schema.with_metadata({_KEY: text.encode()})
    with (
        open_atomic(path) as file,
        pq.ParquetWriter(
            file, schema, compression="zstd", version="2.6", write_page_checksum=True
        ) as writer,
    ):
        for start in range(0, max(data.num_rows, 1), _GROUP_ROWS):
            group = data.slice(start, _GROUP_ROWS).cast(schema).combine_chunks()
            writer.write_table(group, row_group_size=_GROUP_ROWS)


def read_table(
    path: str | os.PathLike[str], *, columns: Sequence[str] | None = None
) -> pa.Table:
    """Read a Parquet file.

    Parameters
    ----------
    path
        The file.
    columns
        Names of the columns to read, in this order; all when absent.

    Returns
    -------
    pyarrow.Table
        Rows in the order they were written.

    Raises
    ------
    ColumnNotFoundError
        If a column is not in the file.
    StoreError
        ``missing_file``, ``directory_in_the_way``, ``no_permission`` or
        ``corrupt_parquet`` (truncated, changed or no Parquet file at all; the checksum of
        every page is verified).

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import pyarrow as pa
    >>> path = Path(tempfile.mkdtemp()) / "a.parquet"
    >>> write_table(path, pa.table({"region": ["01", "02"], "jobs": [1.0, 2.0]}))
    >>> read_table(path, columns=["jobs"]).num_rows
    2
    """
    source = Path(path)
    try:
        with (
            source.open("rb") as file,
            pq.ParquetFile(file, page_checksum_verification=True) as parquet,
        ):
            if columns is not None:
                empty = columns_only(parquet.schema_arrow.names)
                wanted = {f"columns[{i}]": c for i, c in enumerate(columns)}
                require_columns(empty, wanted, where=str(source))
            table = parquet.read(columns=None if columns is None else list(columns))
    except (pa.ArrowException, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise read_error(source, error) from error
        raise corrupt_parquet(source, error) from error
    # what a file says about itself is no part of the values
    if table.num_columns:  # without columns the number of rows would go
        table = table.replace_schema_metadata(None)
    return table if columns is None else table.select(list(columns))


def read_metadata(path: str | os.PathLike[str]) -> dict[str, Json]:
    """Read what a Parquet file says about where its table comes from.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    dict
        As given to `write_table`; empty where nothing was.

    Raises
    ------
    StoreError
        As `read_table`.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import pyarrow as pa
    >>> path = Path(tempfile.mkdtemp()) / "a.parquet"
    >>> write_table(path, pa.table({"region": ["01"]}), metadata={"seed": 7})
    >>> read_metadata(path)["seed"]
    7
    """
    source = Path(path)
    try:
        with source.open("rb") as file:
            held = pq.read_schema(file).metadata or {}
    except (pa.ArrowException, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise read_error(source, error) from error
        raise corrupt_parquet(source, error) from error
    value = json.loads(held[_KEY]) if _KEY in held else {}
    return value if isinstance(value, dict) else {}


def canonical_schema(schema: pa.Schema) -> pa.Schema:
    """Give the stored form of a schema: plain text, no metadata."""
    return pa.schema([(field.name, _stored_type(field.type)) for field in schema])


def corrupt_parquet(path: Path, error: Exception) -> StoreError:
    """Say that a file is no whole Parquet file."""
    first = str(error).splitlines()[0] if str(error) else type(error).__name__
    return store_error(
        path,
        code="corrupt_parquet",
        what=f"is not a whole Parquet file: {first}",
        fix="import or run again to rebuild it, or restore it from a copy",
    )


def _stored_type(dtype: pa.DataType) -> pa.DataType:
    if pa.types.is_dictionary(dtype):
        return _stored_type(dtype.value_type)
    if pa.types.is_large_string(dtype) or pa.types.is_string_view(dtype):
        return pa.string()
    return dtype
