"""The project's tables on disk: atomic Parquet files behind an embedded DuckDB."""

from agglo.store.catalog import Catalog
from agglo.store.files import (
    clean_partial,
    open_atomic,
    read_json,
    write_bytes,
    write_json,
    write_text,
)
from agglo.store.locks import locked
from agglo.store.parquet import read_table, write_table

__all__ = [
    "Catalog",
    "clean_partial",
    "locked",
    "open_atomic",
    "read_json",
    "read_table",
    "write_bytes",
    "write_json",
    "write_table",
    "write_text",
]
