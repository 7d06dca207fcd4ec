"""Reading the columns of a table, collecting problems instead of raising them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from agglo.core.checks import flag_rows
from agglo.core.errors import InvalidTableError, OptionError, Problem, suggest
from agglo.core.frames import as_text, encode_text, float_column, require_columns

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agglo.core.typing import FloatArray, IntArray

__all__ = [
    "labels_of",
    "numbers_of",
    "raise_problems",
    "select_rows",
    "text_of",
]


def raise_problems(problems: list[Problem], where: str) -> None:
    """Raise one error for all problems, if there are any."""
    if problems:
        word = "problem" if len(problems) == 1 else "problems"
        msg = f"`{where}` has {len(problems)} {word}."
        raise InvalidTableError(msg, problems)


def text_of(table: pa.Table, name: str) -> pa.ChunkedArray:
    """Give a column as text."""
    return as_text(table[name])


def labels_of(
    table: pa.Table, name: str, problems: list[Problem], where: str
) -> tuple[NDArray[np.str_], IntArray]:
    """Encode labels; null or blank ones become a problem, not an error."""
    column = text_of(table, name)
    blank = pc.fill_null(pc.equal(pc.utf8_trim_whitespace(column), ""), True)
    problems += flag_rows(
        np.asarray(blank.to_numpy(zero_copy_only=False), dtype=bool),
        code="null_key",
        what=f"column '{name}' has no label",
        where=where,
        column=name,
        fix="drop these rows or give them a label",
    )
    return encode_text(pc.fill_null(column, ""))


def numbers_of(
    table: pa.Table,
    name: str,
    problems: list[Problem],
    where: str,
    *,
    minimum: float | None = 0.0,
    missing: bool = True,
) -> FloatArray:
    """Read numbers; what is not a measurement becomes a problem."""
    values = float_column(table, name, where=where)
    problems += flag_rows(
        np.isinf(values),
        code="not_finite",
        what=f"column '{name}' is infinite",
        where=where,
        column=name,
        fix="correct the value, or leave it empty if it is missing",
    )
    if minimum is not None:
        problems += flag_rows(
            np.isfinite(values) & (values < minimum),
            code="negative_value" if minimum == 0.0 else "out_of_range",
            what=f"column '{name}' is below {minimum:g}",
            where=where,
            column=name,
            fix="correct the value; suppressed cells are empty with flag 'c'",
        )
    if not missing:
        problems += flag_rows(
            np.isnan(values),
            code="missing_value",
            what=f"column '{name}' is empty",
            where=where,
            column=name,
            fix="drop these rows, or pass on_missing='drop' where the function has it",
        )
    return values


def select_rows(table: pa.Table, select: Mapping[str, str], *, where: str) -> pa.Table:
    """Keep the rows whose columns have the given values."""
    require_columns(table, {f"select[{k!r}]": k for k in select}, where=where)
    for name, wanted in select.items():
        column = text_of(table, name)
        kept = table.filter(pc.fill_null(pc.equal(column, wanted), False))
        if kept.num_rows == 0:
            known = [str(v) for v in column.unique().drop_null().to_pylist()]
            hint = suggest(wanted, known)
            msg = f"No row of `{where}` has {name}={wanted!r}. {hint}".rstrip()
            msg = f"{msg} Values: {sorted(known)[:20]}"
            raise OptionError(msg)
        table = kept
    return table
