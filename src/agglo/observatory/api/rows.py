"""The rows of a view: filtered, sorted, with names and places; the same for every format."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from agglo.core.errors import suggest
from agglo.core.typing import IntArray, Json
from agglo.observatory.api.problems import ApiError
from agglo.observatory.api.stock import Stock, plain
from agglo.observatory.page import View
from agglo.observatory.pages import PAGES

__all__ = [
    "TABLE_ORDER",
    "ViewQuery",
    "frame",
    "json_columns",
    "json_rows",
    "place_names",
    "row_numbers",
    "shown",
]

TABLE_ORDER = "table_order"
"""What is asked to sort by for the order of the table."""

_STATE = ("status", "reason")
_COVERS = "covers"


@dataclass(frozen=True, slots=True)
class ViewQuery:
    """What is asked of a view.

    Parameters
    ----------
    chosen
        Column and value, for every selector that was set; of a column that stands
        several times any of the values will do.
    sort
        Column to sort by, ``-`` in front for falling; empty for the order of the view,
        `TABLE_ORDER` for that of the table.
    """

    chosen: tuple[tuple[str, str], ...] = ()
    sort: str = ""


def shown(stock: Stock, view: View) -> tuple[str, ...]:
    """Name the columns of a view that come from its table, in order.

    Parameters
    ----------
    stock
        The release.
    view
        The view; its table is released.

    Returns
    -------
    tuple of str
        Declared columns, then those the chart needs, then the state of the row; all
        columns of the table where none is declared.
    """
    known = stock.table(view.table).column_names
    if not view.columns:
        return tuple(known)
    roles = (v for role, v in view.encode.items() if role != "nodes")
    names = dict.fromkeys(c.name for c in view.columns)
    for name in (*roles, *view.filters.values(), *view.place, *_STATE):
        names.setdefault(name)
    return tuple(name for name in names if name in known)


def _judged(view: View) -> tuple[str, ...]:
    """Name the ends of the interval that is held against a reference."""
    ends = [view.encode[role] for role in ("lo", "hi") if role in view.encode]
    return tuple(ends) if view.reference is not None and len(ends) == 2 else ()


def row_numbers(stock: Stock, view: View, query: ViewQuery) -> IntArray:
    """Give the numbers of the rows of a view, in order; what is no number stands last.

    Parameters
    ----------
    stock
        The release.
    view
        The view.
    query
        What is asked.

    Returns
    -------
    numpy.ndarray
        Row numbers of the view's table.

    Raises
    ------
    ApiError
        400 for a column to sort by that the view does not have; 404 for a value that the
        table does not hold.
    """
    sort = query.sort or view.order
    return stock.remember(
        ("rows", view.id, query), lambda: _row_numbers(stock, view, query, sort)
    )


def _row_numbers(stock: Stock, view: View, query: ViewQuery, sort: str) -> IntArray:
    table = stock.table(view.table)
    any_of: dict[str, list[str]] = {}
    for column, value in query.chosen:
        any_of.setdefault(column, []).append(value)
    wanted = [*((c, [v]) for c, v in view.keep.items()), *any_of.items()]
    rows = np.empty(0, dtype=np.int64)
    if not wanted:
        rows = np.arange(table.num_rows, dtype=np.int64)
    for at, (column, values) in enumerate(wanted):
        _check_values(stock, view, column, values)
        lookup = stock.lookup(view.table, column)
        if at == 0:
            found = [lookup.rows(value) for value in dict.fromkeys(values)]
            rows = found[0] if len(found) == 1 else np.sort(np.concatenate(found))
        else:
            held = [lookup.position.get(value, -2) for value in values]
            rows = rows[np.isin(lookup.codes[rows], held)]
    if sort and sort != TABLE_ORDER:
        falling, column = sort.startswith("-"), sort.removeprefix("-")
        if column not in table.column_names:
            raise ApiError(
                400,
                "unknown_column",
                f"'{column}' is not a column of {view.id}.",
                where="sort",
                fix=f"one of: {', '.join(shown(stock, view))}",
            )
        rows = rows[_order(table.column(column), rows, falling=falling)]
    return rows


def _check_values(stock: Stock, view: View, column: str, values: list[str]) -> None:
    lookup = stock.lookup(view.table, column)
    for value in values:
        if value not in lookup.position and not _known(stock, view, column, value):
            hint = suggest(value, lookup.values)
            raise ApiError(
                404,
                "unknown_value",
                f"'{value}' is not a value of {column}. {hint}".strip(),
                where=column,
                fix=f"the values are those of the selector for {column}",
            )


def _known(stock: Stock, view: View, column: str, value: str) -> bool:
    """Say whether a value exists elsewhere, so that it has no rows rather than no place."""
    if column in view.keep or value in _book(stock, view, column):
        return True
    page = PAGES[view.id.split(".")[0]]
    return any(
        view.filters.get(selector.id) == column
        and selector.table in stock.release
        and value in stock.lookup(selector.table, selector.column).position
        for selector in page.selectors
    )


def _book(stock: Stock, view: View, column: str) -> Container[str]:
    kind = view.labels.get(column)
    return stock.names[kind].rows if kind else ()


def _order(column: pa.ChunkedArray, rows: IntArray, *, falling: bool) -> IntArray:
    """Sort rows by a column: ties in the order of the table, NaN and null last."""
    values = column.take(pa.array(rows))
    if pa.types.is_dictionary(values.type):
        values = values.cast(values.type.value_type)
    if pa.types.is_floating(values.type):
        values = pc.if_else(pc.is_finite(values), values, None)
    if not (pa.types.is_floating(values.type) or pa.types.is_integer(values.type)):
        key = np.array(
            ["" if v is None else str(v) for v in values.to_pylist()], dtype=object
        )
        codes = np.unique(key, return_inverse=True)[1].astype(np.float64)
        codes[key == ""] = np.nan
    else:
        codes = pc.cast(values, pa.float64()).to_numpy()
        codes = np.where(np.isnan(codes), np.nan, codes)
    return np.argsort(-codes if falling else codes, kind="stable")


def place_names(at: int) -> tuple[str, str]:
    """Name the columns of the coordinates of the first or second place of a row."""
    end = "2" if at else ""
    return f"lon{end}", f"lat{end}"


def _named(stock: Stock, view: View, wanted: tuple[str, ...]) -> list[str]:
    """Name the columns that were asked for, with the state of the row; all where none was."""
    names = shown(stock, view)
    if not wanted:
        return list(names)
    places = {n: c for at, c in enumerate(view.place) for n in place_names(at)}
    known = {*names, *places, *([_COVERS] if _judged(view) else ())}
    for name in wanted:
        if name not in known:
            raise ApiError(
                400,
                "unknown_column",
                f"'{name}' is not a column of {view.id}. {suggest(name, names)}".strip(),
                where="columns",
                fix=f"one of: {', '.join(names)}",
            )
    sought = {*wanted, *(places[name] for name in wanted if name in places), *_STATE}
    return [name for name in names if name in sought]


def frame(
    stock: Stock,
    view: View,
    rows: IntArray,
    wanted: tuple[str, ...] = (),
) -> pa.Table:
    """Give rows of a view as a table, with names and places beside the codes.

    Parameters
    ----------
    stock
        The release.
    view
        The view.
    rows
        Row numbers.
    wanted
        Columns, and ``covers`` where there is a reference: whether the interval covers it.
        Empty for all. What belongs to the columns and the state of the row come along.

    Returns
    -------
    pyarrow.Table
        Columns of the view; ``<column>_en`` and ``<column>_zh`` for codes with names;
        ``lon, lat, lon2, lat2`` for places. NaN and infinity are null.

    Raises
    ------
    ApiError
        400 for a column that the view does not have.
    """
    names = _named(stock, view, wanted)
    table = plain(stock.table(view.table).select(names).take(pa.array(rows)))
    for at, field in enumerate(table.schema):
        if pa.types.is_floating(field.type):
            column = table.column(at)
            finite = pc.if_else(pc.is_finite(column), column, None)
            table = table.set_column(at, field.name, finite)
    for column, kind in view.labels.items():
        if column in names:
            words = stock.beside(view.table, column, kind, rows)
            for lang in ("en", "zh"):
                if f"{column}_{lang}" not in table.column_names:
                    table = table.append_column(f"{column}_{lang}", words[lang])
    table = _translated(stock, view, table, rows)
    for at, column in enumerate(view.place):
        if column in names:
            places = stock.beside(view.table, column, "regions", rows)
            for name, axis in zip(place_names(at), ("lon", "lat"), strict=True):
                table = table.append_column(name, places[axis])
    return _with_cover(stock, view, table, rows) if _COVERS in wanted else table


def _with_cover(stock: Stock, view: View, table: pa.Table, rows: IntArray) -> pa.Table:
    """Add whether the interval covers the reference; null where there is no interval."""
    ends = _judged(view)
    if view.reference is None or not ends or not set(ends) <= set(shown(stock, view)):
        return table
    source = plain(stock.table(view.table).select(list(ends)).take(pa.array(rows)))
    low, high = (
        pc.if_else(pc.is_finite(c), c, None)
        for c in (
            source.column(0).cast(pa.float64()),
            source.column(1).cast(pa.float64()),
        )
    )
    at = view.reference.value
    both = pc.and_(pc.less_equal(low, at), pc.greater_equal(high, at))
    return table.append_column(_COVERS, both)


def _translated(stock: Stock, view: View, table: pa.Table, rows: IntArray) -> pa.Table:
    """Add the two languages of columns that the table itself holds in Chinese too."""
    source = stock.table(view.table)
    for column in table.column_names:
        if f"{column}_zh" in source.column_names and column not in view.labels:
            for lang in ("en", "zh"):
                name = f"{column}_{lang}"
                if name not in table.column_names:
                    held = name if name in source.column_names else column
                    words = plain(source.select([held]).take(pa.array(rows)))
                    table = table.append_column(name, words[held])
    return table


def json_columns(table: pa.Table) -> dict[str, list[Json]]:
    """Give a table as columns of plain values.

    Parameters
    ----------
    table
        Rows of a view.

    Returns
    -------
    dict
        Column to values; null where there is no number.
    """
    return {name: _plain_list(table.column(name)) for name in table.column_names}


def json_rows(table: pa.Table) -> list[Mapping[str, Json]]:
    """Give a table as rows of plain values.

    Parameters
    ----------
    table
        Rows of a view.

    Returns
    -------
    list of dict
        One object per row.
    """
    names: Sequence[str] = table.column_names
    lists = [_plain_list(table.column(name)) for name in names]
    return [dict(zip(names, row, strict=True)) for row in zip(*lists, strict=True)]


def _plain_list(column: pa.ChunkedArray) -> list[Json]:
    kind = column.type
    if pa.types.is_floating(kind):
        numbers = column.to_numpy()
        values: list[Json] = numbers.tolist()
        for at in np.flatnonzero(~np.isfinite(numbers)).tolist():
            values[at] = None
        return values
    if pa.types.is_string(kind):
        return column.to_numpy().tolist()
    if pa.types.is_integer(kind) or pa.types.is_boolean(kind):
        return list(column.to_pylist())
    return [None if v is None else str(v) for v in column.to_pylist()]
