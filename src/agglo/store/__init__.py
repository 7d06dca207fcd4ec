"""The project's tables on disk: atomic Parquet files behind an embedded DuckDB."""

from agglo.store.aggregate import (
    activity_from_establishments,
    aggregate,
    industry_totals,
    region_totals,
)
from agglo.store.aggregation import Aggregation
from agglo.store.catalog import Catalog
from agglo.store.files import (
    clean_partial,
    json_bytes,
    open_atomic,
    read_json,
    write_bytes,
    write_json,
    write_text,
)
from agglo.store.locks import locked
from agglo.store.parquet import read_metadata, read_table, write_table
from agglo.store.quotients import location_quotient_table, shares

__all__ = [
    "Aggregation",
    "Catalog",
    "activity_from_establishments",
    "aggregate",
    "clean_partial",
    "industry_totals",
    "json_bytes",
    "location_quotient_table",
    "locked",
    "open_atomic",
    "read_json",
    "read_metadata",
    "read_table",
    "region_totals",
    "shares",
    "write_bytes",
    "write_json",
    "write_table",
    "write_text",
]
