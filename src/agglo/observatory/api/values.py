"""One indicator for places, industries and periods, each value with its uncertainty."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from agglo.core.errors import suggest
from agglo.core.typing import IntArray, Json
from agglo.observatory.api.answers import (
    envelope,
    read_layout,
    read_limit,
    table_text,
    with_data,
)
from agglo.observatory.api.cursors import Cursors
from agglo.observatory.api.problems import ApiError
from agglo.observatory.api.stock import Stock, plain
from agglo.observatory.pages.indicators import INDICATORS, Indicator

__all__ = ["indicator_list", "values_answer", "values_table"]

_KEYS = ("region", "industry", "period")
_LEVEL = 0.95
_TEXT, _NUMBER = pa.string(), pa.float64()
_SHAPE = {
    "indicator": _TEXT, "region": _TEXT, "industry": _TEXT, "period": _TEXT,
    "value": _NUMBER, "lo": _NUMBER, "hi": _NUMBER, "level": _NUMBER, "method": _TEXT,
    "n": _NUMBER, "status": _TEXT, "reason": _TEXT,
}  # fmt: skip
# what studies call a row whose number stands
_GOOD = ("", "ok", "computed", "shown")


def indicator_list(stock: Stock) -> list[Json]:
    """List the indicators of a release.

    Parameters
    ----------
    stock
        The release.

    Returns
    -------
    list of dict
        Name, label, table and keys.
    """
    return [i.to_dict() for i in INDICATORS.values() if i.table in stock.release]


def values_answer(
    stock: Stock, cursors: Cursors, given: Mapping[str, str], *, most: int
) -> bytes:
    """Answer with one page of values of an indicator.

    Parameters
    ----------
    stock
        The release.
    cursors
        Its cursors.
    given
        Query: ``indicator``, ``region``, ``industry``, ``period``, ``limit``, ``cursor``,
        ``layout``.
    most
        Largest `limit`.

    Returns
    -------
    bytes
        The envelope as JSON; every row has ``value, lo, hi, level, method, n, status, reason``.

    Raises
    ------
    ApiError
        404 for an unknown indicator or code; 422 for a key the indicator does not have.
    """
    indicator = _indicator(stock, given.get("indicator", ""))
    chosen = [(key, given[key]) for key in _KEYS if given.get(key)]
    rows = _rows(stock, indicator, chosen)
    question = "values?" + urlencode([("indicator", indicator.id), *chosen])
    limit = read_limit(given.get("limit", ""), most)
    cursor = given.get("cursor", "")
    first = cursors.read(cursor, question) if cursor else 0
    after = first + limit
    page: dict[str, Json] = {
        "limit": limit,
        "next": cursors.write(after, question) if after < len(rows) else None,
        "total": len(rows),
    }
    table = _frame(stock, indicator, rows[first:after])
    text = table_text(table, read_layout(given))
    return with_data(envelope(stock, None, page=page), text)


def values_table(stock: Stock, given: Mapping[str, str], *, most: int) -> pa.Table:
    """Give the values of one indicator, or of all, as one table for files.

    Parameters
    ----------
    stock
        The release.
    given
        Query: ``indicator`` (all when absent), ``region``, ``industry``, ``period``.
    most
        Largest number of rows.

    Returns
    -------
    pyarrow.Table
        The rows of `values_answer`; of all indicators those that have the keys asked for.

    Raises
    ------
    ApiError
        413 when there are more rows, and what `values_answer` raises.
    """
    chosen = [(key, given[key]) for key in _KEYS if given.get(key)]
    name = given.get("indicator", "")
    asked = [_indicator(stock, name)] if name else _having(stock, chosen)
    found = [(one, _rows(stock, one, chosen)) for one in asked]
    total = sum(len(rows) for _, rows in found)
    if total > most:
        raise ApiError(
            413, "too_many_rows", f"{total} values are more than {most} for one file.",
            where="indicator", fix="choose an indicator, a region or an industry",
        )  # fmt: skip
    parts = [_frame(stock, one, rows) for one, rows in found]
    return pa.concat_tables(parts) if parts else _frame_of_nothing()


def _having(stock: Stock, chosen: list[tuple[str, str]]) -> list[Indicator]:
    """Name the released indicators that hold every key and code asked for."""
    return [
        one
        for one in INDICATORS.values()
        if one.table in stock.release
        and all(
            one.columns[key]
            and value in stock.lookup(one.table, one.columns[key]).position
            for key, value in chosen
        )
    ]


def _frame_of_nothing() -> pa.Table:
    return pa.table({name: pa.nulls(0, kind) for name, kind in _SHAPE.items()})


def _indicator(stock: Stock, name: str) -> Indicator:
    found = INDICATORS.get(name)
    if found is None or found.table not in stock.release:
        hint = suggest(name[:64], list(INDICATORS))
        raise ApiError(
            404,
            "unknown_indicator",
            f"There is no such indicator. {hint}".strip(),
            where="indicator",
            fix="see /api/v1/indicators",
        )
    return found


def _rows(
    stock: Stock, indicator: Indicator, chosen: list[tuple[str, str]]
) -> IntArray:
    columns = indicator.columns
    rows: IntArray | None = None
    for key, value in chosen:
        if not columns[key]:
            raise ApiError(
                422,
                "no_such_key",
                f"The indicator {indicator.id} has no {key}.",
                where=key,
                fix=f"leave {key} out",
            )
        lookup = stock.lookup(indicator.table, columns[key])
        if value not in lookup.position:
            raise ApiError(
                404, "unknown_value", f"There is no such {key}.", where=key,
                fix=f"see /api/v1/{'industries' if key == 'industry' else 'regions'}",
            )  # fmt: skip
        if rows is None:
            rows = lookup.rows(value)
        else:
            rows = rows[lookup.codes[rows] == lookup.position[value]]
    if rows is None:
        return np.arange(stock.table(indicator.table).num_rows, dtype=np.int64)
    return rows


def _frame(stock: Stock, indicator: Indicator, rows: IntArray) -> pa.Table:
    table = plain(stock.table(indicator.table).take(pa.array(rows)))
    n = table.num_rows

    def column(name: str, kind: pa.DataType) -> pa.ChunkedArray:
        if name and name in table.column_names:
            return table.column(name).cast(kind)
        return pa.chunked_array([pa.nulls(n, kind)])

    value = column(indicator.value, pa.float64())
    known = pc.fill_null(pc.is_finite(value), fill_value=False)
    state = pc.fill_null(column("status", pa.string()), "")
    zero = pc.fill_null(pc.equal(value, 0.0), fill_value=False)
    good = pc.is_in(state, value_set=pa.array(_GOOD))
    status = pc.if_else(
        known,
        pc.if_else(zero, "zero", "number"),
        pc.if_else(
            pc.match_substring(state, "confidential"), "confidential", "undefined"
        ),
    )
    return pa.table(
        {
            "indicator": pa.array([indicator.id] * n, pa.string()),
            "region": column(indicator.region, pa.string()),
            "industry": column(indicator.industry, pa.string()),
            "period": column(indicator.period, pa.string()),
            "value": value,
            "lo": column(indicator.lo, pa.float64()),
            "hi": column(indicator.hi, pa.float64()),
            "level": pa.array([_LEVEL if indicator.lo else None] * n, pa.float64()),
            "method": pa.array([indicator.method] * n, pa.string()),
            "n": column(indicator.n, pa.float64()),
            "status": status,
            "reason": pc.if_else(good, "", state),
        }
    )
