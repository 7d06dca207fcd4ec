"""Turn columns of text into numbers, with every bad cell listed.

Clean columns take one cast. Only the distinct words of the others are looked at one by
one, so a column of a million cells with three odd words costs three looks.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from agglo.core.errors import Problem
from agglo.sources.suppression import KNOWN, MISSING, Cell, read_word

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

    from agglo.core.typing import FloatArray

__all__ = [
    "Cells",
    "DecimalMark",
    "as_text",
    "decimal_mark",
    "parse_cells",
    "row_problem",
]

DecimalMark: TypeAlias = Literal[".", ","]

_SPACES = re.compile(r"(?<=\d)[\u00a0\u202f\u2009' ’](?=\d{3}(?:\D|$))")
_POINT = re.compile(r"^[-+]?(?:\d+|\d{1,3}(?:,\d{3})+)?(?:\.\d*)?(?:[eE][-+]?\d+)?$")
_COMMA = re.compile(r"^[-+]?(?:\d+|\d{1,3}(?:\.\d{3})+)?(?:,\d*)?(?:[eE][-+]?\d+)?$")
# a comma that cannot be a thousands separator / cannot be a decimal mark
_SURE_COMMA = r"^[-+]?(\d+,(\d{1,2}|\d{4,})|0,\d+|\d{4,},\d+|\d{1,3}(\.\d{3})+,\d+)$"
_SURE_POINT = r"^[-+]?(\d{1,3}(,\d{3})+\.\d*|\d{1,3}(,\d{3}){2,})$"
_EXCEL = re.compile(r"^#(?:REF!|DIV/0!|VALUE!|NAME\?|NUM!|NULL!)$")
_INFINITE = re.compile(r"^[-+]?inf(?:inity)?$", re.IGNORECASE)
_KINDS = (
    Problem(
        code="not_a_number",
        what="column '{name}' holds {seen}",
        fix="write a number, leave it empty if missing, or map the word",
    ),
    Problem(
        code="excel_damage",
        what="column '{name}' holds {seen}",
        fix="correct the formula in the workbook and export again",
    ),
    Problem(
        code="not_finite",
        what="column '{name}' holds {seen}",
        fix="leave the cell empty if the value is missing",
    ),
    Problem(
        code="quality_flag",
        what="numbers with a quality flag in column '{name}', kept without it: {seen}",
    ),
)
_BY_CODE = {kind.code: kind for kind in _KINDS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cells:
    """Numbers of one column with the state of every cell.

    Parameters
    ----------
    values
        Shape (rows,); NaN where missing or confidential.
    status
        0 known, 1 missing, 2 confidential.
    lower, upper
        Bounds of confidential cells; NaN elsewhere.
    problems
        Cells that are no numbers.
    notes
        Quality flags dropped, separators understood.
    """

    values: FloatArray
    status: NDArray[np.int8]
    lower: FloatArray
    upper: FloatArray
    problems: tuple[Problem, ...] = ()
    notes: tuple[Problem, ...] = ()


def decimal_mark(columns: Iterable[pa.ChunkedArray]) -> DecimalMark | None:
    """Find whether numbers are written 1.5 or 1,5 from cells that leave no doubt.

    Parameters
    ----------
    columns
        Text columns that should be numbers, of one file.

    Returns
    -------
    {".", ","} or None
        ``None`` if cells contradict each other, or every comma could be either
        (``1,234``).

    Examples
    --------
    >>> import pyarrow as pa
    >>> decimal_mark([pa.chunked_array([["1,5", "1.234,0"]])])
    ','
    >>> len(decimal_mark([pa.chunked_array([["1,234.5", "12"]])]))
    1
    """
    comma = point = doubt = False
    for column in columns:
        odd = column.filter(pc.match_substring(column, ","))
        if odd.length() == 0:
            continue
        words = pc.utf8_trim_whitespace(pc.unique(odd))
        sure_comma = pc.match_substring_regex(words, _SURE_COMMA)
        sure_point = pc.match_substring_regex(words, _SURE_POINT)
        comma = comma or bool(pc.any(sure_comma).as_py())
        point = point or bool(pc.any(sure_point).as_py())
        doubt = True
    if comma and not point:
        return ","
    if point and not comma:
        return "."
    return None if doubt else "."


def parse_cells(
    column: pa.ChunkedArray,
    *,
    name: str,
    where: str,
    decimal: DecimalMark | None = ".",
    suppression: bool = False,
    missing: Collection[str] = (),
    confidential: Collection[str] = (),
) -> Cells:
    """Read a text column as numbers.

    Parameters
    ----------
    column
        Text.
    name, where
        Column and file, for the messages.
    decimal
        How decimals are written; ``None`` when the file leaves it open, then a cell
        such as ``1,234`` is a problem.
    suppression
        Whether words such as ``D``, ``<5`` and ``20-99`` mean confidential.
    missing, confidential
        Further words, in lower case.

    Returns
    -------
    Cells
        Numbers, states and bounds; `problems` lists every cell that is no number.

    Examples
    --------
    >>> import pyarrow as pa
    >>> got = parse_cells(pa.chunked_array([["12", "", "D"]]), name="x", where="f", suppression=True)
    >>> got.status.tolist()
    [0, 1, 2]
    """
    n = len(column)
    if not pa.types.is_string(column.type) and not pa.types.is_large_string(
        column.type
    ):
        decimal = "."
    column = as_text(column)
    fast = _cast(column) if decimal != "," else None
    if fast is not None:
        values = fast
        status = np.where(np.isnan(values), MISSING, KNOWN).astype(np.int8)
        empty = np.full(n, np.nan)
        return Cells(values=values, status=status, lower=empty, upper=empty.copy())
    encoded = pc.utf8_trim_whitespace(column).combine_chunks().dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    words = [w or "" for w in encoded.dictionary.to_pylist()]
    index = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    read = [
        _read(w, decimal, suppression, frozenset(missing), frozenset(confidential))
        for w in words
    ]
    read.append(_Word(Cell(MISSING), math.nan, ""))  # index -1: null
    pick = np.asarray(index, dtype=np.int64)
    values = np.asarray([r.value for r in read])[pick]
    status = np.asarray([r.cell.status for r in read], dtype=np.int8)[pick]
    lower = np.asarray([r.cell.lower for r in read])[pick]
    upper = np.asarray([r.cell.upper for r in read])[pick]
    codes = np.asarray([r.code for r in read])[pick]
    problems, notes = _report(codes, [*words, ""], pick, name, where)
    return Cells(
        values=values,
        status=status,
        lower=lower,
        upper=upper,
        problems=problems,
        notes=notes,
    )


def row_problem(
    code: str,
    what: str,
    rows: NDArray[np.bool_],
    *,
    where: str,
    column: str = "",
    fix: str = "",
) -> Problem:
    """Make one problem out of a mask of rows.

    Parameters
    ----------
    code, what, where, column, fix
        Fields of the problem.
    rows
        Mask over the data rows.

    Returns
    -------
    Problem
        With the first twenty row numbers, counted from 1.
    """
    found = np.flatnonzero(rows) + 1
    return Problem(
        code=code,
        what=what,
        where=where,
        rows=tuple(int(r) for r in found[:20]),
        n_rows=int(found.size),
        column=column,
        fix=fix,
    )


@dataclass(frozen=True, slots=True)
class _Word:
    cell: Cell
    value: float
    code: str


def as_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Give a column as text without nulls; numbers keep every digit.

    Parameters
    ----------
    column
        Of any type.

    Returns
    -------
    pyarrow.ChunkedArray
        Strings; null becomes empty.
    """
    if pa.types.is_string(column.type) and column.null_count == 0:
        return column
    if pa.types.is_dictionary(column.type):
        column = pc.cast(column, column.type.value_type)
    return pc.fill_null(pc.cast(column, pa.string()), "")


def _cast(column: pa.ChunkedArray) -> FloatArray | None:
    try:
        numbers = pc.cast(column, pa.float64())
    except pa.ArrowInvalid:
        text = pc.utf8_trim_whitespace(column)
        text = pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)
        try:
            numbers = pc.cast(text, pa.float64())
        except pa.ArrowInvalid:
            return None
    values = np.asarray(numbers.to_numpy(), dtype=np.float64)
    # "nan" and "inf" pass the cast: let the slow path judge them
    odd = ~np.isfinite(values)
    return values if int(odd.sum()) == numbers.null_count else None


def _read(
    word: str,
    decimal: DecimalMark | None,
    suppression: bool,
    missing: frozenset[str],
    confidential: frozenset[str],
) -> _Word:
    number = None if word.casefold() in missing else _number(word, decimal)
    if number is not None:
        return _Word(Cell(KNOWN), number, "not_finite" if math.isinf(number) else "")
    cell = read_word(word, missing=missing, confidential=confidential)
    if cell is not None and cell.status == MISSING:
        return _Word(cell, math.nan, "")
    if cell is not None and suppression:
        flagged = _number(cell.number, decimal) if cell.number else math.nan
        if flagged is not None:
            return _Word(cell, flagged, "quality_flag" if cell.number else "")
    if _INFINITE.match(word):
        return _Word(Cell(KNOWN), math.inf, "not_finite")
    damaged = _EXCEL.match(word) is not None
    return _Word(Cell(MISSING), math.nan, "excel_damage" if damaged else "not_a_number")


def _number(word: str, decimal: DecimalMark | None) -> float | None:
    text = _SPACES.sub("", word)
    if decimal is None:
        if "," in text:
            return None
        decimal = "."
    pattern = _COMMA if decimal == "," else _POINT
    if not any(c.isdigit() for c in text) or not pattern.match(text):
        return None
    if decimal == ",":
        return float(text.replace(".", "").replace(",", "."))
    return float(text.replace(",", ""))


def _report(
    codes: NDArray[np.str_],
    words: list[str],
    pick: NDArray[np.int64],
    name: str,
    where: str,
) -> tuple[tuple[Problem, ...], tuple[Problem, ...]]:
    problems: list[Problem] = []
    notes: list[Problem] = []
    for code in sorted(set(codes.tolist()) - {""}):
        mask = codes == code
        shown = sorted({words[i] for i in pick[mask][:2000]})[:5]
        listed = ", ".join(repr(w[:30]) for w in shown)
        kind = _BY_CODE[code]
        fix = kind.fix
        if code == "not_a_number" and all("," in w for w in shown):
            fix = "say how decimals are written: decimal=',' or decimal='.'"
        found = row_problem(
            code=code,
            what=kind.what.format(name=name, seen=listed),
            rows=mask,
            where=where,
            column=name,
            fix=fix,
        )
        (notes if code == "quality_flag" else problems).append(found)
    return tuple(problems), tuple(notes)
