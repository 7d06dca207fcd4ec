"""Map the columns of any table file to a table of the core schema."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from agglo.core.errors import OptionError, Problem, SourceError, suggest
from agglo.core.schema import table_schema
from agglo.sources.assemble import Findings, Part, text_constant
from agglo.sources.cells import (
    Cells,
    DecimalMark,
    as_text,
    decimal_mark,
    parse_cells,
    row_problem,
)
from agglo.sources.codes import SYSTEMS, CodeSystem, fixed_width, read_codes
from agglo.sources.suppression import (
    CONFIDENTIAL,
    KNOWN,
    MISSING,
    SUPPRESSED_WORDS,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agglo.core.schema import Column, TableSchema
    from agglo.core.typing import BoolArray, IntArray
    from agglo.sources.tabular import TableFile

__all__ = ["MapSpec", "code_system", "map_file", "nullable"]

_MAIN = ("employment", "value", "establishments", "payroll")
_QUALITY = frozenset(
    ["b", "d", "e", "f", "i", "p", "r", "s", "u", "bd", "be", "bp", "de", "ep", "u"]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MapSpec:
    """How the columns of a file become the columns of a table.

    Parameters
    ----------
    table
        Name in the core schema.
    columns
        ``{column of the table: column of the file}``. Names that the schema does not
        know are kept as further columns, numbers where every cell is one.
    constants
        ``{column of the table: text}`` for what the file does not hold; ``{row}`` in a text
        is the number of the row in the file.
    systems
        ``{column of the table: code system}``.
    filters
        ``{column of the file: word}``: only these rows.
    exclude
        ``{column of the table: codes}``: rows to leave out, with a note.
    blanks
        ``{column of the table: code}`` for rows whose code is empty, where the publisher
        means something by it.
    scale
        ``{column of the table: factor}``, for units.
    decimal
        How decimals are written; ``None`` finds it.
    missing, confidential
        Further words for these states, in lower case.
    empty
        What an empty cell means: ``"missing"`` or ``"confidential"``.
    further
        ``"auto"``: further columns are numbers where every cell is one; ``"text"``:
        they stay text.
    """

    table: str
    columns: Mapping[str, str]
    constants: Mapping[str, str] = field(default_factory=dict)
    systems: Mapping[str, CodeSystem] = field(default_factory=dict)
    filters: Mapping[str, str] = field(default_factory=dict)
    exclude: Mapping[str, frozenset[str]] = field(default_factory=dict)
    blanks: Mapping[str, str] = field(default_factory=dict)
    scale: Mapping[str, float] = field(default_factory=dict)
    decimal: DecimalMark | None = None
    missing: frozenset[str] = frozenset()
    confidential: frozenset[str] = frozenset()
    empty: str = "missing"
    further: str = "auto"


def code_system(name: str) -> CodeSystem:
    """Give a known code system, or digits of fixed width for a whole number.

    Parameters
    ----------
    name
        Name in :data:`agglo.sources.codes.SYSTEMS`, or ``"5"`` for five digits.

    Returns
    -------
    CodeSystem
        The system.

    Raises
    ------
    OptionError
        If there is no such system.

    Examples
    --------
    >>> code_system("5").width
    5
    """
    if name.isdigit() and 1 <= int(name) <= 20:
        return fixed_width(f"{name}-digit", int(name))
    if name not in SYSTEMS:
        hint = suggest(name, list(SYSTEMS))
        msg = f"There is no code system '{name}'. {hint} Known: {sorted(SYSTEMS)}"
        raise OptionError(msg)
    return SYSTEMS[name]


def map_file(source: TableFile, spec: MapSpec, findings: Findings) -> Part:
    """Read one file into the columns of a table.

    Parameters
    ----------
    source
        The opened file.
    spec
        What becomes what.
    findings
        Filled with what is wrong, mended, noteworthy.

    Returns
    -------
    Part
        Rows that are kept, with their row numbers.

    Raises
    ------
    SourceError
        ``missing_column`` for every column that is not there, before any row is read.
    """
    schema = table_schema(spec.table)
    findings.notes += source.notes
    _require(source, spec, schema)
    used = [*spec.columns.values(), *spec.filters]
    text = source.read(used)
    keep = _filter(text, spec, source.name, findings)
    rows = np.flatnonzero(keep) + 1
    if rows.size < text.num_rows:
        text = text.filter(pa.array(keep))
    columns = _columns(text, spec, schema, source, findings)
    for name, word in spec.constants.items():
        columns[name] = pa.chunked_array([_constant(word, rows)])
    order = [n for n in schema.names if n in columns]
    order += [n for n in columns if n not in order]
    data = pa.table({name: columns[name] for name in order})
    drop = _excluded(data, spec, source.name, findings)
    findings.renumber(rows)
    if drop.any():
        data, rows = data.filter(pa.array(~drop)), rows[~drop]
    return Part(data=data, file=source.name, rows=rows)


def _constant(word: str, rows: IntArray) -> pa.Array:
    """Give the text for every row; ``{row}`` in it is the number of the row."""
    if "{row}" not in word:
        return text_constant(word, rows.size)
    return pa.array([word.replace("{row}", str(r)) for r in rows.tolist()])


def nullable(values: NDArray[np.float64]) -> pa.ChunkedArray:
    """Give numbers with null where they are NaN.

    Parameters
    ----------
    values
        Numbers.

    Returns
    -------
    pyarrow.ChunkedArray
        Of type double.
    """
    return pa.chunked_array([pa.array(values, pa.float64(), mask=np.isnan(values))])


def _require(source: TableFile, spec: MapSpec, schema: TableSchema) -> None:
    header = source.header
    given = {**{f"column for {k}": v for k, v in spec.columns.items()}}
    given |= {f"filter column {v}": v for v in spec.filters}
    problems = [
        Problem(
            code="missing_column",
            what=f"there is no column '{name}' ({role})",
            where=source.name,
            column=name,
            fix=suggest(name, header[:2000]) or _has(header),
        )
        for role, name in given.items()
        if name not in header
    ]
    have = {*spec.columns, *spec.constants}
    problems += [
        Problem(
            code="missing_column",
            what=f"nothing is mapped to '{name}', which table '{schema.name}' needs",
            where=source.name,
            column=name,
            fix=f"name its column in columns=, or give it in constants=. {_has(header)}",
        )
        for name in schema.required
        if name not in have
    ]
    if problems:
        msg = f"{source.name} does not have the columns that are needed."
        raise SourceError(msg, problems)


def _has(header: tuple[str, ...]) -> str:
    shown = ", ".join(repr(h[:40]) for h in header[:12])
    more = f", … ({len(header)} columns)" if len(header) > 12 else ""
    return f"The file has {shown}{more}"


def _filter(text: pa.Table, spec: MapSpec, where: str, findings: Findings) -> BoolArray:
    keep = np.ones(text.num_rows, dtype=bool)
    for name, word in spec.filters.items():
        column = pc.utf8_trim_whitespace(as_text(text[name]))
        keep &= np.asarray(pc.equal(column, word).to_numpy())
        if not keep.any():
            seen = sorted(pc.unique(column).to_pylist())[:6]
            what = f"no row has {name}={word!r}; the column holds {seen}"
            findings.problems.append(
                Problem(code="empty_table", what=what, where=where, column=name)
            )
    return keep


def _columns(
    text: pa.Table,
    spec: MapSpec,
    schema: TableSchema,
    source: TableFile,
    findings: Findings,
) -> dict[str, pa.ChunkedArray]:
    known = {c.name: c for c in schema.columns}
    numeric = [
        f for c, f in spec.columns.items() if c in known and known[c].dtype == "float"
    ]
    mark = spec.decimal or decimal_mark(
        text[f] for f in numeric if pa.types.is_string(text[f].type)
    )
    columns: dict[str, pa.ChunkedArray] = {}
    cells: dict[str, Cells] = {}
    for name, origin in spec.columns.items():
        column = known.get(name)
        if column is None:
            plain = spec.further == "text"
            columns[name] = (_plain if plain else _further)(text[origin], mark)
        elif column.dtype == "float":
            cells[name] = _number(
                text[origin], origin, name, spec, mark, source, findings
            )
            columns[name] = nullable(cells[name].values * spec.scale.get(name, 1.0))
        elif column.dtype == "boolean":
            columns[name] = _truth(text[origin], origin, source, findings)
        else:
            columns[name] = _word(text[origin], column, origin, spec, source, findings)
    if "flag" in known and cells:
        columns |= _states(cells, columns.get("flag"), spec, source.name, findings)
    return columns


_TRUE, _FALSE = ("true", "yes", "1", "是"), ("false", "no", "0", "否")


def _truth(
    column: pa.ChunkedArray, origin: str, source: TableFile, findings: Findings
) -> pa.ChunkedArray:
    """Read true and false; blank is null, anything else a problem."""
    if pa.types.is_boolean(column.type):
        return column
    plain = pc.utf8_lower(pc.utf8_trim_whitespace(as_text(column)))
    true = pc.is_in(plain, value_set=pa.array(_TRUE))
    known = pc.is_in(plain, value_set=pa.array([*_TRUE, *_FALSE]))
    odd = pc.and_(pc.invert(known), pc.not_equal(pc.fill_null(plain, ""), ""))
    rows = np.asarray(odd.to_numpy(zero_copy_only=False), dtype=bool)
    if rows.any():
        findings.problems.append(
            row_problem(
                code="wrong_type",
                what=f"column '{origin}' holds neither true nor false",
                rows=rows,
                where=source.name,
                fix="write true or false, yes or no, 1 or 0",
            )
        )
    return pc.if_else(known, true, pa.scalar(None, pa.bool_()))


def _word(
    column: pa.ChunkedArray,
    target: Column,
    origin: str,
    spec: MapSpec,
    source: TableFile,
    findings: Findings,
) -> pa.ChunkedArray:
    if target.role != "key" or target.name == "period":
        plain = pc.utf8_trim_whitespace(as_text(column))
        plain = pc.replace_substring_regex(plain, r"^(\d+)\.0+$", r"\1")
        blank = np.asarray(pc.equal(plain, "").to_numpy())
        if target.role == "key" and blank.any():
            what = f"column '{origin}' is empty in some rows"
            fix = "every row needs a period"
            findings.problems.append(
                row_problem(
                    code="null_key", what=what, rows=blank, where=source.name, fix=fix
                )
            )
        return pc.if_else(pc.equal(plain, ""), pa.scalar(None, pa.string()), plain)
    if target.name in spec.blanks:
        column = _fill_blanks(column, target.name, spec, source.name, findings)
    read = read_codes(
        column, spec.systems.get(target.name), name=origin, where=source.name
    )
    findings.repairs += read.repairs
    findings.problems += read.problems
    return read.codes


def _fill_blanks(
    column: pa.ChunkedArray, name: str, spec: MapSpec, where: str, findings: Findings
) -> pa.ChunkedArray:
    plain = pc.utf8_trim_whitespace(as_text(column))
    blank = pc.equal(plain, "")
    mask = np.asarray(blank.to_numpy())
    if mask.any():
        what = f"rows without a code in '{name}' read as '{spec.blanks[name]}'"
        findings.notes.append(
            row_problem(code="blank_code", what=what, rows=mask, where=where)
        )
    return pc.if_else(blank, spec.blanks[name], plain)


def _number(
    column: pa.ChunkedArray,
    origin: str,
    name: str,
    spec: MapSpec,
    mark: DecimalMark | None,
    source: TableFile,
    findings: Findings,
) -> Cells:
    cells = parse_cells(
        column,
        name=origin,
        where=source.name,
        decimal=mark,
        suppression=name in _MAIN and spec.table == "activity",
        missing=spec.missing,
        confidential=spec.confidential,
    )
    findings.problems += cells.problems
    findings.notes += cells.notes
    return cells


def _plain(column: pa.ChunkedArray, _mark: DecimalMark | None) -> pa.ChunkedArray:
    return pc.utf8_trim_whitespace(as_text(column))


def _further(column: pa.ChunkedArray, mark: DecimalMark | None) -> pa.ChunkedArray:
    """Keep a column that the schema does not know: numbers if all cells are."""
    cells = parse_cells(column, name="", where="", decimal=mark)
    if cells.problems or not (cells.status == KNOWN).any():
        return _plain(column, mark)
    return nullable(cells.values)


def _states(
    cells: Mapping[str, Cells],
    flags: pa.ChunkedArray | None,
    spec: MapSpec,
    where: str,
    findings: Findings,
) -> dict[str, pa.ChunkedArray]:
    main = next((m for m in _MAIN if m in cells), next(iter(cells)))
    values, status = cells[main].values.copy(), cells[main].status.copy()
    if spec.empty == "confidential":
        status[status == MISSING] = CONFIDENTIAL
    if flags is not None:
        status = _flagged(flags, status, where, findings)
        values[status != KNOWN] = np.nan
    factor = spec.scale.get(main, 1.0)
    out = {main: nullable(values * factor)}
    out["flag"] = pa.chunked_array(
        [pa.array(["", "m", "c"], pa.string()).take(pa.array(status))]
    )
    hidden = status == CONFIDENTIAL
    if main == "employment":
        # bounds that the file gives win over those that its size classes imply
        lower = np.nan_to_num(cells[main].lower, nan=0.0) * factor
        upper = cells[main].upper * factor
        for name, implied in (("employment_lower", lower), ("employment_upper", upper)):
            bound = implied
            if name in cells:
                given = cells[name].values * spec.scale.get(name, 1.0)
                bound = np.where(np.isnan(given), implied, given)
            out[name] = nullable(np.where(hidden, bound, np.nan))
    for code, mask, what in (
        ("confidential", hidden, "suppressed cells read as confidential, not as zero"),
        (
            "missing",
            status == MISSING,
            "cells without a value read as missing, not as zero",
        ),
    ):
        if mask.any():
            findings.notes.append(
                row_problem(code=code, what=what, rows=mask, where=where)
            )
    return out


def _flagged(
    flags: pa.ChunkedArray, status: NDArray[np.int8], where: str, findings: Findings
) -> NDArray[np.int8]:
    words = np.asarray([(w or "").casefold() for w in flags.to_pylist()], dtype=np.str_)
    status = status.copy()
    status[np.isin(words, sorted(SUPPRESSED_WORDS))] = CONFIDENTIAL
    status[np.isin(words, ["m", "z", ":", ":z"])] = MISSING
    known = SUPPRESSED_WORDS | _QUALITY | {"", "m", "z", ":", ":z"}
    odd = ~np.isin(words, sorted(known))
    if odd.any():
        seen = sorted(set(words[odd].tolist()))[:5]
        what = f"unknown flags {seen}"
        fix = "map the column without unknown flags, or not at all"
        findings.problems.append(
            row_problem(
                code="not_allowed",
                what=what,
                rows=odd,
                where=where,
                column="flag",
                fix=fix,
            )
        )
    return status


def _excluded(
    data: pa.Table, spec: MapSpec, where: str, findings: Findings
) -> BoolArray:
    drop = np.zeros(data.num_rows, dtype=bool)
    for name, codes in spec.exclude.items():
        hit = np.asarray(
            pc.is_in(data[name], pa.array(sorted(codes), pa.string())).to_numpy()
        )
        if hit.any():
            seen = sorted(set(data[name].filter(pa.array(hit)).to_pylist()))
            what = f"left out {len(seen)} codes of '{name}' as asked: {seen[:4]}"
            findings.notes.append(
                row_problem(code="excluded", what=what, rows=hit, where=where)
            )
        drop |= hit
    return drop
