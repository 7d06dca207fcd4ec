"""One door for every kind of table file: text, Parquet, Excel, Stata.

Whatever the kind, a reader sees a header first and then asks for the columns it needs.
"""

from __future__ import annotations

import datetime as dt
import importlib
import io
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from agglo.core.errors import (
    MissingExtraError,
    OptionError,
    Problem,
    SourceError,
    suggest,
)
from agglo.sources.delimited import open_delimited
from agglo.sources.files import RawFile, read_raw
from agglo.sources.limits import (
    check_cells,
    check_header,
    check_rows,
    check_workbook,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["TableFile", "open_table"]

_EXCEL = frozenset({".xlsx", ".xlsm", ".xlsb", ".xls", ".ods"})
_PARQUET = frozenset({".parquet", ".pq"})
_STATA = frozenset({".dta"})


class TableFile(Protocol):
    """A file whose header is known and whose rows can be asked for."""

    @property
    def name(self) -> str:
        """File name for messages."""

    @property
    def header(self) -> tuple[str, ...]:
        """Column names."""

    @property
    def origin(self) -> tuple[str, str]:
        """File name and digest."""

    @property
    def notes(self) -> tuple[Problem, ...]:
        """What opening found odd."""

    @property
    def delimiter(self) -> str:
        """Delimiter of a text file, empty for other kinds."""

    def read(self, columns: Sequence[str] | None = None) -> pa.Table:
        """Read some columns, or all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Loaded:
    """A table that its format has typed already."""

    raw: RawFile
    table: pa.Table
    notes: tuple[Problem, ...] = field(default=())
    delimiter: str = ""

    @property
    def name(self) -> str:
        return self.raw.name

    @property
    def header(self) -> tuple[str, ...]:
        return tuple(self.table.column_names)

    @property
    def origin(self) -> tuple[str, str]:
        return self.raw.name, self.raw.sha256

    def read(self, columns: Sequence[str] | None = None) -> pa.Table:
        if self.table.num_rows == 0:
            raise _failed(
                self.name,
                code="empty_table",
                what="it has no rows",
                fix="export it again",
            )
        names = list(dict.fromkeys(self.header if columns is None else columns))
        found = self.table.select(names)
        check_cells(found, self.name)
        return found


def open_table(
    path: str | Path,
    *,
    sheet: str | None = None,
    encoding: str | None = None,
    delimiter: str | None = None,
) -> TableFile:
    """Open a table file of any kind.

    Parameters
    ----------
    path
        Delimited text (plain, gzip, zip), Parquet, Excel (extra ``excel``) or Stata
        (extra ``stata``); the name's ending decides, text otherwise.
    sheet
        Sheet of a workbook; default the first.
    encoding, delimiter
        For text; found when not given.

    Returns
    -------
    TableFile
        Header, rows on request.

    Raises
    ------
    SourceError
        If the file cannot be opened or read as what its name says, or is larger than
        :mod:`agglo.sources.limits` allows.
    OptionError
        If `sheet` is no sheet of the workbook.
    MissingExtraError
        If the package for Excel or Stata is absent.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "a.csv"
    >>> _ = file.write_text("x;y")
    >>> len(open_table(file).header)
    2
    """
    path = Path(path)
    kind = path.suffix.lower()
    if kind not in _EXCEL | _PARQUET | _STATA:
        return open_delimited(path, encoding=encoding, delimiter=delimiter)
    raw = read_raw(path)
    if kind in _PARQUET:
        return _Loaded(raw=raw, table=_parquet(raw))
    if kind in _STATA:
        return _Loaded(raw=raw, table=_stata(raw))
    return _Loaded(raw=raw, table=_excel(raw, sheet))


def _parquet(raw: RawFile) -> pa.Table:
    try:
        file = pq.ParquetFile(pa.BufferReader(raw.data))
        check_rows(file.metadata.num_rows, raw.name)
        check_header(file.schema_arrow.names, raw.name)
        table = file.read()
    except (pa.ArrowInvalid, OSError) as error:
        why = str(error).split("\n")[0][:120]
        fix = "write or download it again"
        what = f"it is no readable Parquet file ({why})"
        raise _failed(raw.name, code="corrupt_file", what=what, fix=fix) from error
    return table.replace_schema_metadata(None)


def _stata(raw: RawFile) -> pa.Table:
    pandas = _optional("pandas", "stata", "Reading Stata files")
    try:
        frame = pandas.read_stata(io.BytesIO(raw.data), convert_dates=False)
    except (ValueError, OSError, KeyError) as error:
        what = f"it is no readable Stata file ({str(error)[:120]})"
        raise _failed(
            raw.name, code="corrupt_file", what=what, fix="save it again"
        ) from error
    return pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(
        None
    )


def _excel(raw: RawFile, sheet: str | None) -> pa.Table:
    calamine = _optional("python_calamine", "excel", "Reading Excel files")
    check_workbook(raw.data, raw.name)
    try:
        book = calamine.load_workbook(io.BytesIO(raw.data))
        names = list(book.sheet_names)
        if sheet is not None and sheet not in names:
            hint = suggest(sheet, names)
            msg = f"sheet={sheet!r} is no sheet of {raw.name}. {hint} Sheets: {names}"
            raise OptionError(msg)
        if not names:
            what = "the workbook has no sheet"
            raise _failed(raw.name, code="corrupt_file", what=what, fix="save it again")
        rows = book.get_sheet_by_name(sheet or names[0]).to_python()
    except calamine.CalamineError as error:
        what = f"it is no readable workbook ({str(error)[:120]})"
        raise _failed(
            raw.name, code="corrupt_file", what=what, fix="save it again"
        ) from error
    rows = [row for row in rows if any(cell != "" for cell in row)]
    if not rows:
        raise _failed(
            raw.name,
            code="empty_file",
            what="the sheet is empty",
            fix="name another sheet",
        )
    header = [_as_text(cell).strip() for cell in rows[0]]
    check_header(header, raw.name)
    twice = sorted({h for h in header if h and header.count(h) > 1})
    if twice:
        what = f"columns stand twice in the header: {twice[:5]}"
        raise _failed(
            raw.name, code="duplicate_column", what=what, fix="rename one of them"
        )
    used = [j for j, h in enumerate(header) if h]
    columns = {header[j]: [_as_text(row[j]) for row in rows[1:]] for j in used}
    return pa.table({name: pa.array(c, pa.string()) for name, c in columns.items()})


def _as_text(cell: object) -> str:
    # a workbook knows no integers: 1001.0 is what it makes of 1001
    if isinstance(cell, bool):
        return str(cell)
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, (dt.datetime, dt.date)):
        return cell.isoformat()[:10]
    return str(cell)


def _optional(package: str, extra: str, purpose: str) -> ModuleType:
    try:
        return importlib.import_module(package)
    except ImportError as error:
        raise MissingExtraError(package, extra, purpose) from error


def _failed(name: str, code: str, what: str, fix: str) -> SourceError:
    problem = Problem(code=code, what=what, where=name, fix=fix)
    return SourceError(f"Cannot read {name}: {what}.", [problem])
