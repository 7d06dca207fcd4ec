"""How large a table file may be, so that a small file cannot take all memory.

Each limit lies beyond what any statistical office publishes; beyond it the file is
refused with its place.
"""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from agglo.core.errors import Problem, SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "check_cells",
    "check_header",
    "check_ratio",
    "check_rows",
    "check_workbook",
    "long_cell",
    "most_unpacked",
]

_COLUMNS = 16_384  # as many as a spreadsheet has
_ROWS = 100_000_000
_CELL = 100_000  # bytes; a spreadsheet holds 32,767 characters
_AREA = 50_000_000  # cells of a sheet, empty ones counted: readers hold them all
_RATIO = 200  # tables of plain numbers unpack to 5 to 30 times their size
_JUDGED = 64 << 20  # bytes below which the ratio is nobody's concern
_UNPACKED = 1 << 30  # bytes of all parts of a workbook
_CHUNK = 1 << 20
_SHOWN = 20
_DAMAGE = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, RuntimeError,
    ValueError,
)  # fmt: skip

# places in a sheet that can matter: two letters or more, or six digits
_PLACE = re.compile(rb"""\sr=["']([A-Z]{2,3}[0-9]+|[A-Z]?[0-9]{6,7})["']""")
# rows and cells of an open document; a cell that says nothing is closed at once
_ROW_OR_CELL = re.compile(
    rb"<table:(table-row|table-cell|covered-table-cell|table)(?![\w-])([^>]*?)(/?)>"
)
_REPEATED = re.compile(rb"""number-(?:columns|rows)-repeated=["']([0-9]{1,9})["']""")


def check_header(header: Sequence[str], name: str) -> None:
    """Refuse a table of too many columns, or a name that is no name.

    Parameters
    ----------
    header
        Column names.
    name
        File name for messages.

    Raises
    ------
    SourceError
        ``too_many_columns`` or ``long_cell``.
    """
    if len(header) > _COLUMNS:
        raise _too_many_columns(len(header), name)
    for at, title in enumerate(header):
        size = len(title.encode("utf-8", "surrogatepass"))
        if size > _CELL:
            raise long_cell(name, column=f"column {at + 1}", size=size, row=0)


def check_rows(n: int, name: str) -> None:
    """Refuse a table of too many rows.

    Parameters
    ----------
    n
        Rows.
    name
        File name for messages.

    Raises
    ------
    SourceError
        ``too_many_rows``.
    """
    if n > _ROWS:
        what = f"it has {n:,} rows, {_ROWS:,} are the most"
        fix = "group it first where it lies, with agglo.store.aggregate"
        raise _refused(name, "too_many_rows", what, fix)


def check_cells(table: pa.Table, name: str) -> None:
    """Refuse cells that are no cells but documents.

    Parameters
    ----------
    table
        Rows; columns that are no text are left alone.
    name
        File name for messages.

    Raises
    ------
    SourceError
        ``long_cell`` with columns and rows.
    """
    problems = []
    for column, cells in zip(table.column_names, table.columns, strict=True):
        if not (pa.types.is_string(cells.type) or pa.types.is_large_string(cells.type)):
            continue
        size = pc.binary_length(cells)
        most = pc.max(size).as_py() or 0
        if most > _CELL:
            long = pc.indices_nonzero(pc.fill_null(pc.greater(size, _CELL), False))
            rows = tuple(int(i) + 1 for i in long[:_SHOWN].to_pylist())
            problems.append(_long(name, column, most, rows, len(long)))
    if problems:
        msg = f"{name} holds cells of more than {_CELL:,} bytes."
        raise SourceError(msg, problems)


def long_cell(name: str, *, column: str, size: int, row: int) -> SourceError:
    """Make the error of one cell that is too long.

    Parameters
    ----------
    name
        File name.
    column
        Where it stands.
    size
        Bytes.
    row
        Data row, 1-based; 0 for the header.

    Returns
    -------
    SourceError
        ``long_cell``.
    """
    rows = (row,) if row else ()
    msg = f"{name} holds a cell of more than {_CELL:,} bytes."
    return SourceError(msg, [_long(name, column, size, rows, len(rows))])


def most_unpacked(packed: int) -> int:
    """Say how far a packed file may unpack.

    Parameters
    ----------
    packed
        Its bytes.

    Returns
    -------
    int
        Bytes.
    """
    return max(_JUDGED, _RATIO * packed)


def check_ratio(packed: int, unpacked: int, name: str) -> None:
    """Refuse a file that unpacks to far more than it weighs.

    Parameters
    ----------
    packed, unpacked
        Bytes.
    name
        File name for messages.

    Raises
    ------
    SourceError
        ``archive_ratio``.
    """
    if unpacked > most_unpacked(packed):
        what = f"it weighs {packed:,} bytes and unpacks to {unpacked:,} or more"
        fix = f"unpack it yourself if {_RATIO} times its size is what it should be"
        raise _refused(name, "archive_ratio", what, fix)


def check_workbook(data: bytes, name: str) -> None:
    """Refuse a workbook that would take far more memory than it weighs, before it is read.

    Parameters
    ----------
    data
        Bytes of the file; old binary workbooks (``.xls``) cannot grow and pass.
    name
        File name for messages.

    Raises
    ------
    SourceError
        ``archive_ratio`` for parts that unpack too far, ``too_many_columns`` or
        ``too_many_cells`` for a cell so far off that the sheet would not fit,
        ``corrupt_file`` for what is no archive.

    Notes
    -----
    Readers hold a sheet as one rectangle up to its last cell: one cell in the last corner
    of an empty sheet asks for half a terabyte. Cells of ``.xlsb`` are not looked at.
    """
    if not data.startswith(b"PK\x03\x04"):
        return
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            unpacked = sum(entry.file_size for entry in entries)
            if unpacked > min(_UNPACKED, _RATIO * len(data)):
                what = f"it weighs {len(data):,} bytes and unpacks to {unpacked:,}"
                fix = "save the sheet as CSV"
                raise _refused(name, "archive_ratio", what, fix)
            for entry in entries:
                if re.fullmatch(r"xl/worksheets/[^/]+\.xml", entry.filename):
                    _check_sheet(_pieces(archive, entry), name)
                elif entry.filename == "content.xml":
                    _check_document(_pieces(archive, entry), name)
    except _DAMAGE as error:
        what = f"it is no readable workbook ({str(error)[:120]})"
        raise _refused(name, "corrupt_file", what, "save it again") from error


def _check_sheet(pieces: Iterator[bytes], name: str) -> None:
    """Find the last row and column that a sheet names."""
    wide, high = b"", 0
    for piece in pieces:
        for hit in _PLACE.finditer(piece):
            place = hit.group(1)
            letters = place.rstrip(b"0123456789")
            wide = max(wide, letters, key=lambda x: (len(x), x))
            high = max(high, int(place[len(letters) :]))
    columns = 0
    for letter in wide:
        columns = 26 * columns + letter - 64
    _check_area(high, max(columns, 26), name)


def _check_document(pieces: Iterator[bytes], name: str) -> None:
    """Add up what an open document repeats, up to the last cell that says something."""
    rows = columns = wide = 0
    for piece in pieces:
        for hit in _ROW_OR_CELL.finditer(piece):
            tag, said, closed = hit.groups()
            times = int(found.group(1)) if (found := _REPEATED.search(said)) else 1
            if tag == b"table":
                rows = wide = 0
            elif tag == b"table-row":
                rows, columns = rows + times, 0
            else:
                columns += times
                if not closed or b"office:" in said:
                    wide = max(wide, columns)
                    _check_area(rows, wide, name)


def _pieces(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    """Unpack a part bit by bit, each bit with the end of the one before, cut at a tag."""
    rest = b""
    with archive.open(entry) as part:
        while chunk := part.read(_CHUNK):
            whole = rest + chunk
            cut = whole.rfind(b"<")
            # a tag that never ends is no tag
            cut = len(whole) if cut <= 0 or len(whole) - cut > _CHUNK else cut
            yield whole[:cut]
            rest = whole[cut:]
    yield rest


def _check_area(rows: int, columns: int, name: str) -> None:
    if columns > _COLUMNS:
        raise _too_many_columns(columns, name)
    if rows * columns > _AREA:
        what = (
            f"its last cell lies in row {rows:,} and column {columns:,}: "
            f"{rows * columns:,} cells, {_AREA:,} are the most"
        )
        fix = "delete the rows and columns beyond the table, or save the sheet as CSV"
        raise _refused(name, "too_many_cells", what, fix)


def _long(name: str, column: str, size: int, rows: tuple[int, ...], n: int) -> Problem:
    return Problem(
        code="long_cell",
        what=f"a cell holds {size:,} bytes, {_CELL:,} are the most",
        where=name,
        column=column,
        rows=rows,
        n_rows=n,
        fix="look for a quote that is never closed, or leave the column out",
    )


def _too_many_columns(n: int, name: str) -> SourceError:
    what = f"it has {n:,} columns, {_COLUMNS:,} are the most"
    fix = "put one value per row: a column for the code, a column for the number"
    return _refused(name, "too_many_columns", what, fix)


def _refused(name: str, code: str, what: str, fix: str) -> SourceError:
    problem = Problem(code=code, what=what, where=name, fix=fix)
    return SourceError(f"Cannot read {name}: {what}.", [problem])
