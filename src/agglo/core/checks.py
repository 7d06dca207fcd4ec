"""Checks that find every problem of a table in one pass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from agglo.core.errors import InvalidTableError, Problem, suggest
from agglo.core.frames import as_text, float_column
from agglo.core.options import check_choice
from agglo.core.schema import Column, TableSchema, table_schema

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agglo.core.typing import BoolArray, IntArray

__all__ = [
    "CheckReport",
    "UnknownCodes",
    "check_table",
    "flag_rows",
    "repeated",
    "row_keys",
]

UnknownCodes: TypeAlias = Literal["error", "warn"]

_LISTED = 20
_TYPES = {
    "string": "text",
    "float": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
}
# the version column of a table that holds codes, and its name in the table of the codes
_VERSIONS = {
    "region": ("region_version", "region_version"),
    "industry": ("industry_version", "classification"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckReport:
    """What a check found.

    Parameters
    ----------
    problems
        What makes the table unusable.
    warnings
        What is usable but odd.
    n_rows
        Rows checked.
    """

    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]
    n_rows: int

    def raise_if_failed(self) -> None:
        """Raise one error that lists every problem.

        Raises
        ------
        InvalidTableError
            If there is a problem.
        """
        if self.problems:
            count = len(self.problems)
            word = "problem" if count == 1 else "problems"
            msg = f"{count} {word} found in {self.n_rows} rows."
            raise InvalidTableError(msg, self.problems)


def flag_rows(
    mask: BoolArray,
    *,
    code: str,
    what: str,
    where: str = "",
    column: str = "",
    fix: str = "",
) -> list[Problem]:
    """Turn a mask of bad rows into at most one problem.

    Parameters
    ----------
    mask
        True where the row is bad, shape (rows,).
    code, what, where, column, fix
        Fields of the problem.

    Returns
    -------
    list of Problem
        Empty when no row is bad; rows are 1-based.
    """
    rows = np.flatnonzero(mask)
    if rows.size == 0:
        return []
    return [
        Problem(
            code=code,
            what=what,
            where=where,
            column=column,
            rows=tuple(int(r) + 1 for r in rows[:_LISTED]),
            n_rows=int(rows.size),
            fix=fix,
        )
    ]


def repeated(key: IntArray) -> BoolArray:
    """Say which rows have a key that occurs more than once, the first of them included."""
    _, inverse, count = np.unique(key, return_inverse=True, return_counts=True)
    return np.asarray(count[inverse] > 1)


def row_keys(table: pa.Table, names: tuple[str, ...] | list[str]) -> IntArray:
    """Assign a number to each combination of some columns; null is a value of its own.

    Parameters
    ----------
    table
        The table.
    names
        Columns that form the key.

    Returns
    -------
    numpy.ndarray of int64
        Shape (rows,); equal numbers mean equal keys.
    """
    keys = np.zeros(table.num_rows, dtype=np.int64)
    for name in names:
        column = table[name].combine_chunks()
        if isinstance(column, pa.ChunkedArray):
            column = pa.concat_arrays(column.chunks) if column.num_chunks else None
        if column is None:
            continue
        if not pa.types.is_dictionary(column.type):
            column = column.dictionary_encode()
        codes = pc.fill_null(column.indices.cast(pa.int64()), -1)
        part = np.asarray(codes.to_numpy(zero_copy_only=False)) + 1
        combined = keys * (int(part.max(initial=0)) + 1) + part
        # compact after every column so that the product cannot overflow
        keys = np.unique(combined, return_inverse=True)[1].reshape(-1)
    return keys.astype(np.int64)


def check_table(
    table: pa.Table,
    schema: TableSchema | str,
    *,
    where: str = "",
    references: Mapping[str, pa.Table] | None = None,
    unknown: UnknownCodes = "error",
) -> CheckReport:
    """Check a table against its schema and report everything at once.

    Absent optional columns and additional columns are fine. Null measures are missing (or
    confidential with flag ``c``) and fine; null keys are not.

    Parameters
    ----------
    table
        The table.
    schema
        Its schema or the name of it.
    where
        File or table named in the problems; default the schema's name.
    references
        Other tables, by name; a code that the named table does not know is a problem.
    unknown
        Whether such codes are problems or warnings.

    Returns
    -------
    CheckReport
        Problems, warnings and the number of rows; O(rows log rows).

    Raises
    ------
    OptionError
        If `schema` or `unknown` is not known.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from agglo.core.checks import check_table
    >>> bad = pa.table({"region": ["a", "a"], "industry": ["x", "x"],
    ...                 "period": ["1", "1"], "employment": [3.0, -1.0]})
    >>> [p.code for p in check_table(bad, "activity").problems]
    ['negative_value', 'duplicate_key']
    >>> check_table(bad, "activity").n_rows
    2
    """
    check_choice("unknown", unknown, ("error", "warn"))
    rules = table_schema(schema) if isinstance(schema, str) else schema
    place = where or rules.name
    problems = _missing_columns(table, rules, place)
    warnings: list[Problem] = []
    if table.num_rows == 0:
        fix = "import a file that holds data rows"
        problems.append(
            Problem(
                code="empty_table", what="the table has no row", where=place, fix=fix
            )
        )
        return CheckReport(problems=tuple(problems), warnings=(), n_rows=0)
    for column in rules.columns:
        if column.name in table.column_names:
            problems += _check_column(table, column, place)
    problems += _duplicates(table, rules, place)
    problems += _flags(table, rules, place)
    odd = _unknown_codes(table, rules, references or {}, place)
    (problems if unknown == "error" else warnings).extend(odd)
    warnings += _versions(table, rules, place)
    return CheckReport(
        problems=tuple(problems), warnings=tuple(warnings), n_rows=table.num_rows
    )


def _missing_columns(table: pa.Table, rules: TableSchema, place: str) -> list[Problem]:
    found = []
    for name in rules.required:
        if name in table.column_names:
            continue
        hint = suggest(name, [c for c in table.column_names if c not in rules.names])
        found.append(
            Problem(
                code="missing_column",
                what=f"column '{name}' is missing. {hint}".rstrip(),
                where=place,
                column=name,
                fix="rename a column or map it with columns={...}",
            )
        )
    return found


def _check_column(table: pa.Table, column: Column, place: str) -> list[Problem]:
    data = table[column.name]
    if not _has_type(data.type, column.dtype):
        fix = f"convert it to {_TYPES[column.dtype]}"
        what = f"column '{column.name}' is {data.type}, expected {_TYPES[column.dtype]}"
        if column.dtype == "string":
            fix += "; read codes as text so that leading zeros survive"
        return [
            Problem(
                code="wrong_type", what=what, where=place, column=column.name, fix=fix
            )
        ]
    if column.dtype == "string":
        return _check_text(data, column, place)
    if column.dtype == "boolean":
        return []
    return _check_number(table, column, place)


def _has_type(dtype: pa.DataType, expected: str) -> bool:
    if pa.types.is_null(dtype):
        return True
    inner = dtype.value_type if pa.types.is_dictionary(dtype) else dtype
    if expected == "string":
        return bool(pa.types.is_string(inner) or pa.types.is_large_string(inner))
    if expected == "boolean":
        return bool(pa.types.is_boolean(inner))
    if expected == "integer":
        return bool(pa.types.is_integer(inner))
    return bool(
        pa.types.is_floating(inner)
        or pa.types.is_integer(inner)
        or pa.types.is_decimal(inner)
    )


def _check_text(data: pa.ChunkedArray, column: Column, place: str) -> list[Problem]:
    found: list[Problem] = []
    if column.role == "key":
        blank = pc.fill_null(pc.equal(pc.utf8_trim_whitespace(as_text(data)), ""), True)
        found += flag_rows(
            _mask(blank),
            code="null_key",
            what=f"key '{column.name}' is empty",
            where=place,
            column=column.name,
            fix="give these rows a code or drop them",
        )
    if column.allowed:
        known = pc.is_in(as_text(data), value_set=pa.array(column.allowed))
        odd = pc.and_(pc.invert(known), pc.is_valid(data))
        found += flag_rows(
            _mask(odd),
            code="not_allowed",
            what=f"column '{column.name}' has words outside {list(column.allowed)}",
            where=place,
            column=column.name,
            fix="use one of these words or leave the cell empty",
        )
    return found


def _check_number(table: pa.Table, column: Column, place: str) -> list[Problem]:
    values = float_column(table, column.name, where=place)
    # an explicit NaN is as missing as a null; only infinities are no measurement at all
    found = flag_rows(
        np.isinf(values),
        code="not_finite",
        what=f"column '{column.name}' is infinite",
        where=place,
        column=column.name,
        fix="correct the value, or leave the cell empty if it is missing",
    )
    low, high = column.minimum, column.maximum
    if low is not None:
        negative = low == 0.0
        found += flag_rows(
            np.isfinite(values) & (values < low),
            code="negative_value" if negative else "out_of_range",
            what=f"column '{column.name}' is below {low:g}",
            where=place,
            column=column.name,
            fix="suppressed cells are empty with flag 'c', never a negative number"
            if negative
            else "correct the value",
        )
    if high is not None:
        found += flag_rows(
            np.isfinite(values) & (values > high),
            code="out_of_range",
            what=f"column '{column.name}' is above {high:g}",
            where=place,
            column=column.name,
            fix="shares run from 0 to 1" if high == 1.0 else "correct the value",
        )
    return found


def _duplicates(table: pa.Table, rules: TableSchema, place: str) -> list[Problem]:
    keys = [k for k in rules.key if k in table.column_names]
    if not keys:
        return []
    number = row_keys(table, keys)
    return flag_rows(
        repeated(number),
        code="duplicate_key",
        what=f"the key ({', '.join(keys)}) occurs more than once",
        where=place,
        fix="sum the rows first, or add the column that tells them apart",
    )


def _flags(table: pa.Table, rules: TableSchema, place: str) -> list[Problem]:
    if "flag" not in table.column_names or "employment" not in table.column_names:
        return []
    if "flag" not in rules.names or not _has_type(table["employment"].type, "float"):
        return []
    if not _has_type(table["flag"].type, "string"):
        return []
    hidden = _mask(pc.fill_null(pc.equal(as_text(table["flag"]), "c"), False))
    known = np.isfinite(float_column(table, "employment", where=place))
    return flag_rows(
        hidden & known,
        code="confidential_value",
        what="flag 'c' says confidential, but employment is given",
        where=place,
        column="employment",
        fix="leave the value empty, or clear the flag if it may be used",
    )


def _unknown_codes(
    table: pa.Table, rules: TableSchema, references: Mapping[str, pa.Table], place: str
) -> list[Problem]:
    found: list[Problem] = []
    for column in rules.columns:
        target = column.references
        if target is None or column.name not in table.column_names:
            continue
        other = references.get(target[0])
        if other is None or target[1] not in other.column_names:
            continue
        codes = as_text(table[column.name])
        known = _mask(
            pc.is_in(codes, value_set=as_text(other[target[1]]).combine_chunks())
        )
        comparable = _same_version(table, other, column.name) & _mask(
            pc.is_valid(codes)
        )
        bad = ~known & comparable
        examples = _examples(codes, bad)
        found += flag_rows(
            bad,
            code="unknown_code",
            what=f"'{column.name}' has codes that table '{target[0]}' lacks: {examples}",
            where=place,
            column=column.name,
            fix=f"add them to '{target[0]}', mend the codes or map them by a concordance",
        )
    return found


def _same_version(table: pa.Table, other: pa.Table, name: str) -> BoolArray:
    """Say which rows carry a code system that the other table describes at all."""
    here, there = _VERSIONS.get(name, ("", ""))
    if here not in table.column_names or there not in other.column_names:
        return np.ones(table.num_rows, dtype=bool)
    described = as_text(other[there]).combine_chunks()
    versions = as_text(table[here])
    inside = pc.is_in(versions, value_set=described.drop_null())
    return _mask(pc.or_(inside, pc.is_null(versions)))


def _examples(codes: pa.ChunkedArray, mask: BoolArray) -> list[str]:
    some = codes.filter(pa.array(mask)).unique().to_pylist()
    return [*some[:5], "…"] if len(some) > 5 else list(some)


def _versions(table: pa.Table, rules: TableSchema, place: str) -> list[Problem]:
    found = []
    for column in rules.columns:
        if column.role != "version" or column.name not in table.column_names:
            continue
        if not _has_type(table[column.name].type, "string"):
            continue
        words = sorted(table[column.name].unique().drop_null().to_pylist())
        if len(words) > 1:
            found.append(
                Problem(
                    code="mixed_version",
                    what=f"column '{column.name}' holds several versions: {words[:5]}",
                    where=place,
                    column=column.name,
                    fix="a measure needs one of them: select it, or use a concordance",
                )
            )
    return found


def _mask(data: pa.ChunkedArray | pa.Array) -> NDArray[np.bool_]:
    return np.asarray(
        pc.fill_null(data, False).to_numpy(zero_copy_only=False), dtype=bool
    )
