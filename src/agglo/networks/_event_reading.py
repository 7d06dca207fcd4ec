"""Reading the columns of a table of elementary links, collecting every problem."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from agglo.core.checks import flag_rows
from agglo.core.errors import Problem
from agglo.core.frames import as_text, encode_text, float_column
from agglo.networks._kernels.cells import joint_key

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agglo.core.typing import BoolArray, FloatArray, IntArray

__all__ = [
    "ENDS",
    "REQUIRED",
    "UNKNOWN",
    "EventFields",
    "directions",
    "ranked_words",
    "read_fields",
    "read_labels",
    "read_members",
    "row_numbers",
    "row_order",
]

UNKNOWN = "unknown"
REQUIRED = ("origin", "destination", "weight")
ENDS = (
    "origin",
    "destination",
    "origin_industry",
    "destination_industry",
    "origin_size",
    "destination_size",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFields:
    """Labels and codes of the columns."""

    region: NDArray[np.str_]
    industry: NDArray[np.str_]
    size: NDArray[np.str_]
    period: NDArray[np.str_]
    event_name: pa.Array
    codes: dict[str, IntArray]


def read_fields(table: pa.Table, problems: list[Problem]) -> EventFields:
    """Encode everything but layer and weight."""
    region, start, end = _both(table, "origin", "destination", problems)
    industry, from_industry, to_industry = _both(
        table, "origin_industry", "destination_industry", problems
    )
    size, from_size, to_size = _both(table, "origin_size", "destination_size", problems)
    period, period_code = read_labels(table, "period", problems, default="")
    event_name, event = _event_codes(table, problems)
    return EventFields(
        region=region,
        industry=industry,
        size=size,
        period=period,
        event_name=event_name,
        codes={
            "origin": start,
            "destination": end,
            "origin_industry": from_industry,
            "destination_industry": to_industry,
            "origin_size": from_size,
            "destination_size": to_size,
            "period_code": period_code,
            "event": event,
        },
    )


def _both(
    table: pa.Table, one: str, other: str, problems: list[Problem]
) -> tuple[NDArray[np.str_], IntArray, IntArray]:
    """Encode two columns with one set of labels."""
    n = table.num_rows
    parts = []
    for name in (one, other):
        if name not in table.column_names:
            parts.append(pa.chunked_array([pa.nulls(n, pa.string())]))
            continue
        column = as_text(table[name])
        if name in REQUIRED:
            problems += _blank(column, name)
        parts.append(column)
    joined = pa.chunked_array([*parts[0].chunks, *parts[1].chunks], pa.string())
    labels, codes = encode_text(pc.fill_null(joined, UNKNOWN))
    return labels, codes[:n], codes[n:]


def _blank(column: pa.ChunkedArray, name: str) -> list[Problem]:
    bare = pc.fill_null(pc.equal(pc.utf8_trim_whitespace(column), ""), True)
    return flag_rows(
        np.asarray(bare.to_numpy(zero_copy_only=False), dtype=bool),
        code="null_key",
        what=f"column '{name}' has no label",
        where="events",
        column=name,
        fix="drop these rows or give them a label",
    )


def read_labels(
    table: pa.Table, name: str, problems: list[Problem], *, default: str
) -> tuple[NDArray[np.str_], IntArray]:
    if name not in table.column_names:
        return np.array([default]), np.zeros(table.num_rows, dtype=np.int64)
    column = as_text(table[name])
    if column.null_count:
        problems += _blank(column, name)
    return encode_text(pc.fill_null(column, ""))


def _event_codes(table: pa.Table, problems: list[Problem]) -> tuple[pa.Array, IntArray]:
    if "event" not in table.column_names:
        return pa.array([], pa.string()), np.zeros(table.num_rows, dtype=np.int64)
    column = as_text(table["event"])
    problems += _blank(column, "event")
    return ranked_words(pc.fill_null(column, ""))


def ranked_words(column: pa.ChunkedArray) -> tuple[pa.Array, IntArray]:
    """Give the sorted distinct words of a text column without nulls, and each row's place.

    For long lists of names (events, patents): the words stay in Arrow, and names that come
    in order, as they mostly do, are not sorted again.
    """
    encoded = column.combine_chunks().dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    words = encoded.dictionary
    codes: IntArray = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    if pc.all(pc.less(words[:-1], words[1:])).as_py() is not False:
        return words, codes
    order = pc.array_sort_indices(words)
    rank = np.empty(len(order), dtype=np.int64)
    rank[np.asarray(order)] = np.arange(len(order))
    return words.take(order), rank[codes]


def read_members(table: pa.Table, fields: EventFields) -> FloatArray:
    """Give the members of every event; where not said, what a full set of pairs implies."""
    event = fields.codes["event"]
    n = len(fields.event_name)
    pairs = np.bincount(event, minlength=n)
    implied: FloatArray = (1.0 + np.sqrt(1.0 + 8.0 * pairs)) / 2.0
    if "members" not in table.column_names:
        return implied
    said = np.full(n, np.nan)
    said[event] = float_column(table, "members", where="events")
    return np.where(said >= 1, said, implied)


def row_numbers(n: int) -> pa.Array:
    """Name rows by their number, from 1."""
    return pa.array(np.arange(1, n + 1)).cast(pa.string())


def directions(
    table: pa.Table,
    layer: NDArray[np.str_],
    code: IntArray,
    undirected: Sequence[str],
    problems: list[Problem],
) -> BoolArray:
    if "directed" not in table.column_names:
        return np.array([str(x) not in undirected for x in layer], dtype=np.bool_)
    column = table["directed"]
    if not pa.types.is_boolean(column.type):
        fix = "use true and false"
        problems.append(
            Problem(
                code="wrong_type",
                what=f"column 'directed' is {column.type}, expected true or false",
                where="events",
                column="directed",
                fix=fix,
            )
        )
        return np.ones(layer.size, dtype=np.bool_)
    flag = np.asarray(pc.fill_null(column, True).to_numpy(zero_copy_only=False))
    share = np.bincount(code, flag, layer.size) / np.maximum(
        np.bincount(code, minlength=layer.size), 1
    )
    mixed = [str(x) for x, s in zip(layer, share, strict=True) if 0 < s < 1]
    if mixed:
        problems.append(
            Problem(
                code="mixed_directed",
                what=f"layers {mixed} have directed and undirected links",
                where="events",
                column="directed",
                fix="a layer is one or the other: split it into two layers",
            )
        )
    return np.asarray(share > 0)


def row_order(fields: EventFields, layer: IntArray, weight: FloatArray) -> IntArray:
    """Sort by everything that a row says, so that the order of rows decides nothing."""
    codes = fields.codes
    parts = [layer, codes["period_code"], codes["event"], *(codes[n] for n in ENDS)]
    key = joint_key(parts, [int(c.max(initial=0)) + 1 for c in parts])
    order: IntArray = np.lexsort((weight, key)).astype(np.int64)
    return order
