"""Delimited text: delimiter, header and rows, every cell as text first.

Types come later (:mod:`agglo.sources.cells`), so that a code never passes through a
number and every bad cell can be listed.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.csv as pv

from agglo.core.errors import OptionError, Problem, SourceError, suggest
from agglo.sources.files import RawFile, decode, read_raw
from agglo.sources.limits import check_cells, check_header, check_rows, long_cell

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

__all__ = ["Delimited", "match_header", "open_delimited", "pick_columns"]

_DELIMITERS = (",", ";", "\t", "|")
# possessive quantifiers: an unclosed quote must not send the search backtracking
_RECORD = re.compile(rb'(?:[^"\r\n]++|"[^"]*+")*+(?:\r\n|\n|\r|\Z)')
_BLANK = re.compile(rb"(?:[ \t]*+(?:\r\n|\n|\r))++")
_LINE = re.compile(rb"\r\n|\n|\r")
_SAMPLE_ROWS = 25
_BLOCK = 1 << 22  # bytes that the reader takes at a time
_SHOWN = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Delimited:
    """A delimited file whose header is known and whose rows are not read yet.

    Parameters
    ----------
    raw
        The file.
    body
        UTF-8 bytes after the header.
    header
        Column names, spaces around them removed.
    delimiter
        One of comma, semicolon, tab, bar.
    notes
        What opening the file found odd.
    """

    raw: RawFile
    body: memoryview
    header: tuple[str, ...]
    delimiter: str
    notes: tuple[Problem, ...] = field(default=())

    @property
    def name(self) -> str:
        """File name for messages."""
        return self.raw.name

    @property
    def origin(self) -> tuple[str, str]:
        """File name and digest."""
        return self.raw.name, self.raw.sha256

    def read(self, columns: Sequence[str] | None = None) -> pa.Table:
        """Read the rows of some columns as text.

        Parameters
        ----------
        columns
            Names in the header; default all.

        Returns
        -------
        pyarrow.Table
            String columns without nulls, named as in the header.

        Raises
        ------
        SourceError
            ``duplicate_column``, ``ragged_row``, ``malformed_csv``, ``empty_table``,
            ``too_many_rows`` or ``long_cell``.
        """
        names = list(dict.fromkeys(self.header if columns is None else columns))
        self._refuse_duplicates(names)
        picked = [self.header.index(name) for name in names]
        bad: list[tuple[int, int]] = []
        table = self._parse(picked, bad, threads=True)
        if bad:
            bad.clear()
            self._parse(picked, bad, threads=False)
            raise self._ragged(bad)
        self._refuse_open_quote()
        if table.num_rows == 0:
            what = "it has a header but no rows"
            raise _failed(
                self.name, code="empty_table", what=what, fix="download it again"
            )
        check_rows(table.num_rows, self.name)
        found = table.rename_columns(names)
        check_cells(found, self.name)
        return found

    def _parse(
        self, picked: list[int], bad: list[tuple[int, int]], *, threads: bool
    ) -> pa.Table:
        labels = [str(i) for i in range(len(self.header))]

        def note(row: pv.InvalidRow) -> str:
            bad.append((row.number or 0, row.actual_columns))
            return "skip"

        try:
            return pv.read_csv(
                pa.BufferReader(pa.py_buffer(self.body)),
                read_options=pv.ReadOptions(
                    column_names=labels,
                    use_threads=threads,
                    block_size=self._block(),
                ),
                parse_options=pv.ParseOptions(
                    delimiter=self.delimiter,
                    newlines_in_values=self._has_quotes(),
                    invalid_row_handler=note,
                ),
                convert_options=pv.ConvertOptions(
                    include_columns=[labels[i] for i in picked],
                    column_types={labels[i]: pa.string() for i in picked},
                    strings_can_be_null=False,
                    check_utf8=False,
                ),
            )
        except pa.ArrowInvalid as error:
            why = str(error).split("\n")[0]
            if "straddl" in why:
                raise self._straddling() from error
            fix = "look for a quote that is opened and never closed"
            if "Empty CSV" in why:
                why, fix = "it has a header but no rows", "download it again"
                raise _failed(
                    self.name, code="empty_table", what=why, fix=fix
                ) from error
            raise _failed(self.name, code="malformed_csv", what=why, fix=fix) from error

    def _block(self) -> int:
        return max(_BLOCK, 16 * len(",".join(self.header)))

    def _straddling(self) -> SourceError:
        """Find the cell that does not fit into a block of the reader."""
        body = bytes(self.body)
        row = at = 0
        while hit := _RECORD.match(body, at):
            if hit.end() == at:
                break
            row, at = row + bool(hit.group().strip()), hit.end()
            if at - hit.start() > self._block():
                sizes = [
                    len(cell) for cell in hit.group().split(self.delimiter.encode())
                ]
                place = min(sizes.index(max(sizes)), len(self.header) - 1)
                column = self.header[place]
                return long_cell(self.name, column=column, size=max(sizes), row=row)
        what = "a quote that is never closed swallows the rest of the file"
        fix = "close the quote, or double it if it belongs to the text"
        return _failed(self.name, code="malformed_csv", what=what, fix=fix)

    def _has_quotes(self) -> bool:
        return b'"' in bytes(self.body)

    def _refuse_open_quote(self) -> None:
        """Refuse a quote that is never closed: it would swallow the rest of the file."""
        body = bytes(self.body)
        if body.count(b'"') % 2 == 0:
            return
        last = self._parse(list(range(len(self.header))), [], threads=True)
        tail = body.rstrip()
        for column in last.columns:
            cell = column[-1].as_py().encode() if len(column) else b""
            if b"\n" in cell and tail.endswith(cell.rstrip()):
                line = body.count(b"\n") - cell.count(b"\n") + 1
                what = f"a quote opened about {line} lines below the header never ends"
                fix = "close the quote, or double it if it belongs to the text"
                raise _failed(self.name, code="malformed_csv", what=what, fix=fix)

    def _ragged(self, bad: list[tuple[int, int]]) -> SourceError:
        rows = tuple(number for number, _ in bad[:20])
        found = sorted({n for _, n in bad})
        problem = Problem(
            code="ragged_row",
            what=f"rows have {found} fields, the header has {len(self.header)}",
            where=self.name,
            rows=rows,
            n_rows=len(bad),
            fix="quote text that holds the delimiter, or pass delimiter=...",
        )
        return SourceError(f"{self.name} has rows of the wrong length.", [problem])

    def _refuse_duplicates(self, names: Sequence[str]) -> None:
        counts = Counter(self.header)
        twice = [name for name in names if counts[name] > 1]
        if not twice:
            return
        problems = [
            Problem(
                code="duplicate_column",
                what=f"column '{name}' stands {counts[name]} times in the header",
                where=self.name,
                column=name,
                fix="rename or remove one of them",
            )
            for name in twice
        ]
        msg = f"{self.name} repeats column names."
        raise SourceError(msg, problems)


def open_delimited(
    path: str | Path, *, encoding: str | None = None, delimiter: str | None = None
) -> Delimited:
    """Open a delimited text file and read its header only.

    Parameters
    ----------
    path
        Plain, gzip or zip with one member.
    encoding
        Codec; ``None`` finds it.
    delimiter
        One of comma, semicolon, tab, bar; ``None`` finds it.

    Returns
    -------
    Delimited
        Header, delimiter and the rows still as bytes.

    Raises
    ------
    SourceError
        If the file cannot be opened, decoded, or has no header; ``too_many_columns`` or
        ``long_cell`` for one that is no header.
    OptionError
        If `delimiter` is not one of the four.
    """
    if delimiter is not None and delimiter not in _DELIMITERS:
        msg = f"delimiter={delimiter!r} is not one of {list(_DELIMITERS)}."
        raise OptionError(msg)
    raw = read_raw(path)
    text = decode(raw, encoding)
    start = _skip_blank(text.data)
    hit = _RECORD.match(text.data, start)
    if hit is None or not hit.group().strip():
        why = "it has no header line" if hit is None else "it holds only blank lines"
        raise _failed(raw.name, code="empty_file", what=why, fix="download it again")
    mark = delimiter or _find_delimiter(text.data, start)
    header = _fields(hit.group(), mark)
    if header is None:
        size = len(hit.group())
        raise long_cell(raw.name, column="the header", size=size, row=0)
    check_header(header, raw.name)
    return Delimited(
        raw=raw,
        body=memoryview(text.data)[hit.end() :],
        header=tuple(name.strip() for name in header),
        delimiter=mark,
        notes=text.notes,
    )


def pick_columns(
    header: Sequence[str],
    wanted: Mapping[str, Sequence[str]],
    *,
    optional: Mapping[str, Sequence[str]] | None = None,
    where: str,
) -> dict[str, str]:
    """Find the column of each role by its known names, case and spaces ignored.

    Parameters
    ----------
    header
        Names in the file.
    wanted
        ``{role: names it may have}``; all must be found.
    optional
        The same for roles that may be absent.
    where
        File name for the message.

    Returns
    -------
    dict
        ``{role: name in the header}``.

    Raises
    ------
    SourceError
        ``missing_column``, once per role that is not found, each with the closest name.

    Examples
    --------
    >>> pick_columns(["FIPS", "Emp"], {"region": ["fips"]}, optional={"x": ["emp"]}, where="f")
    {'region': 'FIPS', 'x': 'Emp'}
    >>> len(pick_columns(["FIPS"], {"region": ["fips"]}, where="f"))
    1
    """
    found = match_header(header, {**wanted, **(optional or {})})
    missing = [role for role in wanted if role not in found]
    if not missing:
        return found
    problems = [
        Problem(
            code="missing_column",
            what=f"no column for {role} (looked for {_listed(wanted[role])})",
            where=where,
            column=wanted[role][0] if wanted[role] else role,
            fix=_closest(wanted[role], header),
        )
        for role in missing
    ]
    msg = f"{where} lacks {len(missing)} needed column(s). It has {len(header)}: "
    raise SourceError(msg + _listed(header) + ".", problems)


def match_header(
    header: Sequence[str], names: Mapping[str, Sequence[str]]
) -> dict[str, str]:
    """Find the column of each role, leaving out the roles that have none.

    Parameters
    ----------
    header
        Names in the file.
    names
        ``{role: names it may have}``.

    Returns
    -------
    dict
        ``{role: name in the header}``; an exact name wins over one in another case.
    """
    folded: dict[str, str] = {}
    for name in header:
        folded.setdefault(_fold(name), name)
    exact = set(header)
    found: dict[str, str] = {}
    for role, aliases in names.items():
        for alias in aliases:
            hit = alias if alias in exact else folded.get(_fold(alias))
            if hit is not None:
                found[role] = hit
                break
    return found


def _fold(name: str) -> str:
    return re.sub(r"[\s_.\-]+", "_", name.strip().casefold())


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(repr(n[:40]) for n in names[:_SHOWN])
    return shown + (
        f", … and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    )


def _closest(aliases: Sequence[str], header: Sequence[str]) -> str:
    for alias in aliases:
        hint = suggest(alias, header[:2000])
        if hint:
            return hint
    return "name the column, or check that this is the right file"


def _failed(name: str, code: str, what: str, fix: str) -> SourceError:
    problem = Problem(code=code, what=what, where=name, fix=fix)
    return SourceError(f"Cannot read {name}: {what}.", [problem])


def _skip_blank(data: bytes, start: int = 0) -> int:
    hit = _BLANK.match(data, start)
    return hit.end() if hit else start


def _fields(record: bytes, delimiter: str) -> list[str] | None:
    """Split a record; None where a field is longer than the module takes."""
    text = record.decode("utf-8", "replace").rstrip("\r\n")
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        return next(iter(rows), [])
    except csv.Error:
        return None


def _find_delimiter(data: bytes, start: int) -> str:
    records: list[bytes] = []
    position = start
    while len(records) < _SAMPLE_ROWS and position < len(data):
        hit = _RECORD.match(data, position)
        if hit is None or hit.end() == position:
            break
        if hit.group().strip():
            records.append(hit.group())
        position = hit.end()
    best, best_score = ",", (0.0, 0)
    for mark in _DELIMITERS:
        counts = [len(_fields(record, mark) or ()) for record in records]
        if counts[0] < 2:
            continue
        same = sum(c == counts[0] for c in counts) / len(counts)
        if (same, counts[0]) > best_score:
            best, best_score = mark, (same, counts[0])
    return best
