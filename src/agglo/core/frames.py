"""The edge between the caller's data frames and our arrays.

Whatever frame the caller has, it becomes one pyarrow table here and nowhere else; results
leave through :func:`from_arrow` in the kind the caller came with.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from agglo.core.errors import (
    ColumnNotFoundError,
    InvalidTableError,
    MissingExtraError,
    OptionError,
    Problem,
    suggest,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agglo.core.typing import FloatArray, FrameKind, IntArray, IntoFrame

__all__ = [
    "as_text",
    "encode_labels",
    "encode_text",
    "float_column",
    "frame_kind",
    "from_arrow",
    "require_columns",
    "string_column",
    "to_arrow",
]

_KINDS = ("pandas", "polars", "pyarrow")


def frame_kind(data: IntoFrame) -> FrameKind:
    """Say which kind of frame to give back for this input.

    Parameters
    ----------
    data
        Any frame that narwhals knows. Lazy engines (DuckDB, PySpark) give
        ``"pyarrow"``, because a result is an eager table.

    Returns
    -------
    {"pandas", "polars", "pyarrow"}
        Kind of the result's frames.
    """
    if isinstance(data, pa.Table):
        return "pyarrow"
    implementation = _frame(data, "data").implementation
    if implementation.is_pandas():
        return "pandas"
    if implementation.is_polars():
        return "polars"
    return "pyarrow"


def to_arrow(data: IntoFrame, *, where: str = "data") -> pa.Table:
    """Turn any frame into a pyarrow table, without its index.

    Parameters
    ----------
    data
        Eager or lazy frame known to narwhals (pandas, polars, pyarrow, DuckDB, PySpark).
    where
        Name of the argument, used in the error.

    Returns
    -------
    pyarrow.Table
        The same rows and columns.

    Raises
    ------
    InvalidTableError
        If `data` is no frame, or has two columns of the same name.
    """
    if isinstance(data, pa.Table):
        table = data
    else:
        frame = _frame(data, where)
        eager = frame.collect("pyarrow") if isinstance(frame, nw.LazyFrame) else frame
        table = _eager_to_arrow(eager, where)
    twice = sorted({c for c in table.column_names if table.column_names.count(c) > 1})
    if twice:
        msg = f"`{where}` has two columns of the same name: {twice}. Rename one."
        raise InvalidTableError(msg)
    return table


def _frame(data: IntoFrame, where: str) -> nw.DataFrame[Any] | nw.LazyFrame[Any]:
    try:
        frame: nw.DataFrame[Any] | nw.LazyFrame[Any] = nw.from_native(data)
    except TypeError as error:
        msg = (
            f"`{where}` is a {type(data).__name__}, not a data frame. Pass a "
            "pandas, polars or pyarrow frame, a DuckDB relation or a Spark frame."
        )
        raise InvalidTableError(msg) from error
    except nw.exceptions.DuplicateError as error:
        msg = f"`{where}` has two columns of the same name: {error}"
        raise InvalidTableError(msg) from error
    return frame


def _eager_to_arrow(frame: nw.DataFrame[Any], where: str) -> pa.Table:
    try:
        if frame.implementation.is_pandas():
            # labels are columns here: an index is not carried along
            table = pa.Table.from_pandas(frame.to_native(), preserve_index=False)
        else:
            table = frame.to_arrow()
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        msg = (
            f"`{where}` has a column that mixes types, for example text and numbers: "
            f"{error}. Give each column one type (codes are text)."
        )
        raise InvalidTableError(msg) from error
    return table.replace_schema_metadata(None)


def from_arrow(table: pa.Table, kind: FrameKind) -> object:
    """Turn a pyarrow table into the caller's kind of frame.

    Parameters
    ----------
    table
        The table.
    kind
        ``"pandas"``, ``"polars"`` or ``"pyarrow"``.

    Returns
    -------
    object
        A native frame of that kind.

    Raises
    ------
    OptionError
        If `kind` is not one of the three.
    MissingExtraError
        If that library is not installed.
    """
    if kind == "pyarrow":
        return table
    if kind == "polars":
        try:
            import polars as pl
        except ImportError as error:
            raise MissingExtraError("polars", "polars", "a polars frame") from error
        return pl.from_arrow(table)
    if kind == "pandas":
        try:
            import pandas  # noqa: F401, ICN001
        except ImportError as error:
            raise MissingExtraError("pandas", "pandas", "a pandas frame") from error
        return table.to_pandas()
    hint = suggest(str(kind), _KINDS)
    msg = f"kind={kind!r} is not one of {list(_KINDS)}. {hint}".rstrip()
    raise OptionError(msg)


def require_columns(
    table: pa.Table, columns: Mapping[str, str | None], *, where: str = "data"
) -> None:
    """Make sure that every named column is there, reporting all that are not.

    Parameters
    ----------
    table
        The table.
    columns
        Argument name to column name; ``None`` values are skipped.
    where
        Name of the table in the message.

    Raises
    ------
    ColumnNotFoundError
        Listing every absent column with the closest existing name.
    """
    known = table.column_names
    problems = []
    for argument, name in columns.items():
        if name is None or name in known:
            continue
        shown = known if len(known) <= 20 else [*known[:20], "…"]
        hint = suggest(name, known)
        problems.append(
            Problem(
                code="missing_column",
                what=f"{argument}={name!r} is not a column of `{where}`. {hint}".rstrip(),
                column=name,
                fix=f"columns: {shown}",
            )
        )
    if problems:
        msg = f"`{where}` lacks {len(problems)} of the columns asked for."
        raise ColumnNotFoundError(msg, problems)


def string_column(table: pa.Table, name: str) -> NDArray[np.object_]:
    """Read a column as text; null stays ``None``.

    Parameters
    ----------
    table
        The table.
    name
        Column name.

    Returns
    -------
    numpy.ndarray of object
        Shape (rows,); ``str`` or ``None``.
    """
    return np.asarray(as_text(table[name]).to_numpy(zero_copy_only=False), dtype=object)


def float_column(table: pa.Table, name: str, *, where: str = "data") -> FloatArray:
    """Read a numeric column as float64; null becomes NaN, which means missing.

    Parameters
    ----------
    table
        The table.
    name
        Column name.
    where
        Name of the table in the message.

    Returns
    -------
    numpy.ndarray of float64
        Shape (rows,).

    Raises
    ------
    InvalidTableError
        If the column is not numeric.
    """
    column = table[name]
    if not _is_numeric(column.type):
        msg = f"Column '{name}' of `{where}` holds {column.type}, not numbers."
        bad = Problem(
            code="wrong_type",
            what=f"column '{name}' is {column.type}",
            where=where,
            column=name,
            fix="convert it to numbers first; suppressed cells are null with flag 'c'",
        )
        raise InvalidTableError(msg, [bad])
    values = pc.cast(column, pa.float64(), safe=False)
    return np.asarray(values.to_numpy(zero_copy_only=False), dtype=np.float64)


def encode_labels(
    table: pa.Table, name: str, *, where: str = "data"
) -> tuple[NDArray[np.str_], IntArray]:
    """Give the sorted distinct labels of a column and each row's position among them.

    Parameters
    ----------
    table
        The table.
    name
        Column of labels; null is refused.
    where
        Name of the table in the message.

    Returns
    -------
    labels : numpy.ndarray of str
        Sorted, distinct.
    codes : numpy.ndarray of int64
        Shape (rows,), positions in `labels`.

    Raises
    ------
    InvalidTableError
        If a label is null.
    """
    column = as_text(table[name])
    if column.null_count:
        rows = np.flatnonzero(np.asarray(pc.is_null(column))) + 1
        bad = Problem(
            code="null_key",
            what=f"column '{name}' has no label in some rows",
            where=where,
            rows=tuple(int(r) for r in rows[:20]),
            n_rows=int(column.null_count),
            column=name,
            fix="drop these rows or give them a label",
        )
        msg = f"`{where}` has rows without a label in '{name}'."
        raise InvalidTableError(msg, [bad])
    return encode_text(column)


def encode_text(column: pa.ChunkedArray) -> tuple[NDArray[np.str_], IntArray]:
    """Give the sorted distinct words of a text column without nulls, and each row's place."""
    encoded = column.combine_chunks().dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    words = np.asarray(encoded.dictionary.to_pylist(), dtype=np.str_)
    order = np.argsort(words, kind="stable")
    rank = np.empty(words.size, dtype=np.int64)
    rank[order] = np.arange(words.size)
    return words[order], rank[encoded.indices.to_numpy(zero_copy_only=False)]


def _is_numeric(dtype: pa.DataType) -> bool:
    return bool(
        pa.types.is_integer(dtype)
        or pa.types.is_floating(dtype)
        or pa.types.is_decimal(dtype)
        or pa.types.is_null(dtype)
    )


def as_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Give a column as text, whatever its encoding; null stays null."""
    if pa.types.is_string(column.type):
        return column
    if pa.types.is_dictionary(column.type):
        column = pc.cast(column, column.type.value_type)
    return pc.cast(column, pa.string())
