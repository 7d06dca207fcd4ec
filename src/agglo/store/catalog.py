"""A project's tables: folders of Parquet parts seen as one table each."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from agglo.core.errors import OptionError, Problem, StoreError, suggest
from agglo.core.frames import require_columns
from agglo.core.options import check_number
from agglo.store._database import arrow_rows, open_database, parquet_scan
from agglo.store._engines import columns_only
from agglo.store._problems import read_error
from agglo.store.parquet import corrupt_parquet, read_table

if TYPE_CHECKING:
    import duckdb

__all__ = ["Catalog"]

_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_SUFFIX = ".parquet"


@dataclass(frozen=True, slots=True)
class Catalog:
    """See the tables of a project folder and open them for SQL.

    Use for reading; the parts are written with `write_table`.

    Parameters
    ----------
    folder
        Folder that holds one folder per table, ``folder/<table>/<part>.parquet``. Table
        names are lower-case letters, digits and underscores, beginning with a letter. An
        absent folder is a catalogue without tables.

    Notes
    -----
    The parts of a table are put one under the other in the order of their file names, by
    column name: a column that a part lacks is null there. Whole numbers and fractions of
    the same column become fractions; text and numbers do not mix (``mixed_types``). The
    files are looked up at each call, so a catalogue never goes stale.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import pyarrow as pa
    >>> from agglo.store import write_table
    >>> folder = Path(tempfile.mkdtemp())
    >>> for part, jobs in {"2020": [5.0, 7.0], "2021": [8.0]}.items():
    ...     write_table(folder / f"activity/{part}.parquet", pa.table({"jobs": jobs}))
    >>> with Catalog(folder).connect() as connection:
    ...     connection.execute("SELECT sum(jobs) FROM activity").fetchone()[0]
    20.0
    """

    folder: Path

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        object.__setattr__(self, "folder", Path(folder))

    def names(self) -> tuple[str, ...]:
        """List the tables.

        Returns
        -------
        tuple of str
            Names of the folders that hold at least one part, sorted.

        Raises
        ------
        StoreError
            ``bad_name`` or ``misplaced_table`` for every Parquet file that no table would
            show, or ``no_permission``.
        """
        problems: list[Problem] = []
        found: list[str] = []
        for entry in _entries(self.folder):
            if entry.is_dir() and _parts(entry):
                if _NAME.fullmatch(entry.name):
                    found.append(entry.name)
                else:
                    problems.append(_bad_name(entry))
            elif entry.is_file() and entry.suffix == _SUFFIX:
                problems.append(_misplaced(entry))
        if problems:
            msg = f"{self.folder} holds {len(problems)} files or folders that are no table."
            raise StoreError(msg, problems)
        return tuple(found)

    def parts(self, name: str) -> tuple[Path, ...]:
        """List the files of a table.

        Parameters
        ----------
        name
            Table.

        Returns
        -------
        tuple of pathlib.Path
            Sorted by file name; hidden and unfinished files are left out.

        Raises
        ------
        OptionError
            If `name` is no table name.
        StoreError
            ``unknown_table``, with the closest name.
        """
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            msg = (
                f"{name!r} is not a table name: lower-case letters, digits and "
                "underscores, beginning with a letter, 63 at most."
            )
            raise OptionError(msg)
        files = _parts(self.folder / name)
        if not files:
            known = self.names()
            hint = suggest(name, known)
            problem = Problem(
                code="unknown_table",
                what=f"there is no table '{name}'. {hint}".rstrip(),
                where=str(self.folder),
                fix=f"import it first; tables: {list(known)}",
            )
            msg = f"There is no table '{name}' in {self.folder}."
            raise StoreError(msg, [problem])
        return files

    def schema(self, name: str) -> pa.Schema:
        """Give columns and types of a table without reading its rows.

        Parameters
        ----------
        name
            Table.

        Returns
        -------
        pyarrow.Schema
            Of the union of the parts.

        Raises
        ------
        StoreError
            ``mixed_types`` for every column whose types do not go together,
            ``unknown_table`` or ``corrupt_parquet``.
        """
        files = self.parts(name)
        return _union([_footer(f).schema.to_arrow_schema() for f in files], files)

    def columns(self, name: str) -> tuple[str, ...]:
        """List the columns of a table.

        Parameters
        ----------
        name
            Table.

        Returns
        -------
        tuple of str
            In the order in which they first appear in the parts.
        """
        return tuple(self.schema(name).names)

    def n_rows(self, name: str) -> int:
        """Count the rows of a table from the footers of its files.

        Parameters
        ----------
        name
            Table.

        Returns
        -------
        int
            Number of rows.
        """
        return sum(int(_footer(file).num_rows) for file in self.parts(name))

    def digest(self, name: str) -> str:
        """Hash the content of a table.

        Parameters
        ----------
        name
            Table.

        Returns
        -------
        str
            SHA-256 over the bytes of the parts in order, 64 hexadecimal digits. The
            folder's place and the times of the files do not enter.
        """
        whole = hashlib.sha256()
        for file in self.parts(name):
            try:
                with file.open("rb") as stream:
                    whole.update(hashlib.file_digest(stream, "sha256").digest())
            except OSError as error:
                raise read_error(file, error) from error
        return whole.hexdigest()

    def table(self, name: str, *, columns: Sequence[str] | None = None) -> pa.Table:
        """Read a table into memory.

        Parameters
        ----------
        name
            Table.
        columns
            Columns to read, in this order; all when absent.

        Returns
        -------
        pyarrow.Table
            The parts one under the other, by column name.

        Raises
        ------
        ColumnNotFoundError
            If a column is in none of the parts.
        StoreError
            ``unknown_table``, ``mixed_types`` or ``corrupt_parquet``.
        """
        schema = self.schema(name)
        if columns is not None:
            wanted = {f"columns[{i}]": c for i, c in enumerate(columns)}
            require_columns(columns_only(schema.names), wanted, where=name)
            schema = pa.schema([schema.field(c) for c in columns])
        pieces = []
        for file in self.parts(name):
            there = _footer(file).schema.to_arrow_schema().names
            held = [c for c in schema.names if c in there]
            pieces.append(read_table(file, columns=held))
        rows = pa.concat_tables(pieces, promote_options="permissive")
        return _fill(rows, schema)

    def connect(
        self,
        *,
        memory_gb: float = 2.0,
        threads: int | None = None,
        spill: str | os.PathLike[str] | None = None,
        sealed: bool = False,
    ) -> duckdb.DuckDBPyConnection:
        """Open an in-memory DuckDB in which every table is a view.

        Parameters
        ----------
        memory_gb
            Memory that DuckDB may use before it goes to disk, in 10**9 bytes, at least
            0.1. What Python holds beside it (results, other libraries) is not counted.
        threads
            Threads; default one per core. With one thread sums of fractions are the same
            to the last digit in every run; sums of whole numbers always are.
        spill
            Folder for what does not fit; default the system's folder for temporary files.
            Nothing is written while the work fits, and nothing is left when the
            connection is closed.
        sealed
            Whether SQL can write no file. Arrow then reads the parts and DuckDB knows no
            path: slower, what Arrow holds is outside `memory_gb`, and what does not fit
            there is an error, since SQL could write into the folder of `spill`.

        Returns
        -------
        duckdb.DuckDBPyConnection
            Close it when done, or use it in ``with``. SQL reaches the files of these
            tables as they are now and no others: no other file, database, network or
            extension, and no variable of Python (hand a frame over with ``register``).
            Its settings are locked.

        Raises
        ------
        OptionError
            If an option is out of range, or `spill` is given with `sealed`.
        StoreError
            As `schema`, for any of the tables; ``unlocked_database`` if this DuckDB does
            not keep its settings.

        Notes
        -----
        DuckDB 2.0 may write what it may read: without `sealed`, ``COPY ... TO`` over one of
        the parts themselves stays possible, and so are files in the spill folder. Run SQL
        that is not yours on a sealed connection only. It can still take time, and attach databases in memory, within the limits.
        Where whole numbers and fractions of a column meet, whole numbers beyond 2^53 are an
        error on a sealed connection; the other rounds them.
        """
        check_number("memory_gb", memory_gb, minimum=0.1)
        if threads is not None:
            check_number("threads", threads, minimum=1, maximum=1024, integer=True)
        if sealed and spill is not None:
            msg = "`spill` goes with sealed=False: a sealed connection writes no file."
            raise OptionError(msg)
        names = self.names()
        return open_database(
            {name: self._sound(name) for name in names},
            memory_mb=round(memory_gb * 1000),
            threads=None if threads is None else int(threads),
            spill=spill,
            sealed={name: self.schema(name) for name in names} if sealed else None,
        )

    def lazy(
        self, name: str, *, connection: duckdb.DuckDBPyConnection | None = None
    ) -> duckdb.DuckDBPyRelation:
        """Open a table without reading it, for `aggregate` and its relatives.

        Parameters
        ----------
        name
            Table.
        connection
            Connection to open it in; default a new one, as `connect` gives it, that lives
            as long as the relation.

        Returns
        -------
        duckdb.DuckDBPyRelation
            A frame that narwhals knows.

        Raises
        ------
        StoreError
            As `schema`; ``file_not_allowed`` if `connection` may not read a part, as one
            that was opened before the part was there.
        """
        files = self._sound(name)
        import duckdb

        if connection is not None and _knows_no_file(connection):
            return connection.from_arrow(arrow_rows(files, self.schema(name)))
        try:
            return (connection or self.connect()).sql(parquet_scan(files))
        except duckdb.PermissionException as error:
            problem = Problem(
                code="file_not_allowed",
                what=f"the connection may not read files of the table '{name}'",
                where=str(self.folder),
                fix="open a new one: it reads the files that were there at its start",
            )
            msg = f"The connection does not know the files of '{name}'."
            raise StoreError(msg, [problem]) from error

    def _sound(self, name: str) -> tuple[Path, ...]:
        # mixed types and broken files are found here, not in the query
        self.schema(name)
        return self.parts(name)


def _knows_no_file(connection: duckdb.DuckDBPyConnection) -> bool:
    asked = (
        "SELECT NOT current_setting('enable_external_access') "
        "AND len(current_setting('allowed_paths')) = 0"
    )
    with connection.cursor() as beside:  # a result of `connection` may be half read
        return beside.execute(asked).fetchall() == [(True,)]


def _entries(folder: Path) -> list[Path]:
    try:
        found = sorted(folder.iterdir(), key=lambda p: p.name)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise read_error(folder, error) from error
    return [p for p in found if not p.name.startswith(".")]


def _parts(folder: Path) -> tuple[Path, ...]:
    return tuple(p for p in _entries(folder) if p.suffix == _SUFFIX and p.is_file())


def _footer(file: Path) -> pq.FileMetaData:
    try:
        with file.open("rb") as stream:
            return pq.read_metadata(stream)
    except (pa.ArrowException, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise read_error(file, error) from error
        raise corrupt_parquet(file, error) from error


def _union(schemas: Sequence[pa.Schema], files: Sequence[Path]) -> pa.Schema:
    types: dict[str, dict[pa.DataType, Path]] = {}
    for schema, file in zip(schemas, files, strict=True):
        for field in schema:
            types.setdefault(field.name, {}).setdefault(field.type, file)
    fields: list[pa.Field] = []
    problems: list[Problem] = []
    for name, seen in types.items():
        single = [pa.schema([(name, dtype)]) for dtype in seen]
        try:
            fields.append(
                pa.unify_schemas(single, promote_options="permissive").field(0)
            )
        except pa.ArrowException:
            problems.append(_mixed(name, seen))
    if problems:
        msg = f"{files[0].parent}: the parts disagree on {len(problems)} columns."
        raise StoreError(msg, problems)
    return pa.schema(fields)


def _mixed(name: str, seen: Mapping[pa.DataType, Path]) -> Problem:
    listed = ", ".join(f"{dtype} in {file.name}" for dtype, file in seen.items())
    return Problem(
        code="mixed_types",
        what=f"column '{name}' is {listed}",
        where=str(next(iter(seen.values())).parent),
        column=name,
        fix="import the parts again with one type (codes are text)",
    )


def _fill(rows: pa.Table, schema: pa.Schema) -> pa.Table:
    columns = [
        rows[f.name].cast(f.type)
        if f.name in rows.column_names
        else pa.nulls(rows.num_rows, f.type)
        for f in schema
    ]
    return pa.table(columns, schema=schema)


def _bad_name(entry: Path) -> Problem:
    return Problem(
        code="bad_name",
        what=f"the folder '{entry.name}' holds Parquet files but is no table name",
        where=str(entry),
        fix="rename it: lower-case letters, digits and underscores, a letter first",
    )


def _misplaced(entry: Path) -> Problem:
    return Problem(
        code="misplaced_table",
        what=f"'{entry.name}' lies beside the folders of the tables",
        where=str(entry),
        fix=f"move it to {entry.stem}/{entry.name}",
    )
