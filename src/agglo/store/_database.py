"""A DuckDB that reads the files it was opened with and nothing else."""

from __future__ import annotations

import os
import re
import secrets
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from agglo.core.errors import Problem, StoreError

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa
    import pyarrow.dataset as pads

__all__ = ["arrow_rows", "open_database", "parquet_scan"]

# what must hold once the views stand; the rest is set before the first file is opened
_LOCKED = {
    "enable_external_access": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "allow_unsigned_extensions": "false",
    "allow_persistent_secrets": "false",
    "allow_extension_repositories": "forbidden",
    "python_enable_replacements": "false",
    "lock_configuration": "true",
}
# no file can be named, to read or to write
_SEALED = {"allowed_paths": "[]", "allowed_directories": "[]", "temp_directory": ""}


def open_database(
    views: Mapping[str, tuple[Path, ...]],
    *,
    memory_mb: int,
    threads: int | None,
    spill: str | os.PathLike[str] | None,
    sealed: Mapping[str, pa.Schema] | None = None,
) -> duckdb.DuckDBPyConnection:
    """Open an in-memory database with a view over the Parquet files of each table.

    Parameters
    ----------
    views
        Files of each table, by its name.
    memory_mb, threads
        What it may take; without a number of threads, one per core.
    spill
        Folder for what does not fit; default the system's for temporary files.
    sealed
        Columns of each table. With them Arrow reads the files and hands over rows, and
        SQL can name no file at all, so that it can write none either; `spill` is not
        used, as SQL could write into the folder.

    Returns
    -------
    duckdb.DuckDBPyConnection
        Its configuration is locked; these files are the only ones that SQL can name.

    Raises
    ------
    StoreError
        ``unlocked_database`` if this DuckDB does not keep a setting.
    """
    import duckdb

    before: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": f"{memory_mb}MB",
        "temp_directory": "" if sealed is not None else _spill_folder(spill),
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "allow_community_extensions": False,
        "allow_persistent_secrets": False,
        "python_enable_replacements": False,
    }
    if threads is not None:
        before["threads"] = threads
    connection = duckdb.connect(config=before)
    try:
        for name, files in views.items():
            if sealed is None:
                connection.execute(f'CREATE VIEW "{name}" AS {parquet_scan(files)}')
            else:
                connection.register(name, arrow_rows(files, sealed[name]))
        if sealed is None:
            _lock(connection, [file for files in views.values() for file in files], {})
        else:
            _lock(connection, [], _SEALED)
    except BaseException:
        connection.close()
        raise
    return connection


def arrow_rows(files: Iterable[Path], schema: pa.Schema) -> pads.Dataset:
    """Open these files as rows that Arrow reads when they are asked for."""
    import pyarrow.dataset as pads

    named = [str(file.absolute()) for file in files]
    return pads.dataset(named, schema=schema, format="parquet")


def parquet_scan(files: Iterable[Path]) -> str:
    """Write the query over the rows of these files, by column name."""
    listed = ", ".join(_pattern(file) for file in files)
    return (
        f"SELECT * FROM read_parquet([{listed}], "  # noqa: S608  (quoted literals)
        "union_by_name = true, hive_partitioning = false)"
    )


def _quoted(text: str) -> str:
    """Quote text for SQL."""
    return "'" + text.replace("'", "''") + "'"


def _pattern(file: Path) -> str:
    """Quote a path for SQL, as itself and not as a pattern."""
    return _quoted(re.sub(r"([\[*?])", r"[\1]", str(file.absolute())))


def _lock(
    connection: duckdb.DuckDBPyConnection,
    files: Iterable[Path],
    more: Mapping[str, str],
) -> None:
    wanted = {**_LOCKED, **more}
    # the file and the pattern that names it: DuckDB asks for both
    allowed = {
        name for f in files for name in (_pattern(f), _quoted(str(f.absolute())))
    }
    connection.execute(f"SET allowed_paths = [{', '.join(sorted(allowed))}]")
    connection.execute("SET allow_extension_repositories = 'forbidden'")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    found = dict(
        connection.execute(
            "SELECT name, lower(value) FROM duckdb_settings() WHERE name IN "  # noqa: S608
            f"({', '.join(map(_quoted, wanted))})"
        ).fetchall()
    )
    open_ = {
        name: found.get(name) for name in wanted if found.get(name) != wanted[name]
    }
    if open_:
        problem = Problem(
            code="unlocked_database",
            what=f"settings that did not take: {open_}",
            where="DuckDB",
            fix="install a version of DuckDB that constraints.txt names",
        )
        msg = "DuckDB would let a query reach beyond the tables."
        raise StoreError(msg, [problem])


def _spill_folder(within: str | os.PathLike[str] | None) -> str:
    # of its own: DuckDB does not share a spill folder between processes
    name = f"agglo-spill-{os.getpid()}-{secrets.token_hex(4)}"
    return str(Path(within or tempfile.gettempdir()) / name)
