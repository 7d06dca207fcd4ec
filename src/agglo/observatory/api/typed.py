"""Rows of a view in few bytes: what the page code asks for at every switch.

Numbers travel as the eight bytes of their double, so they are the same to the last digit.
All first bytes stand together, then all second ones and so on: signs and exponents, which
are much alike, pack well. Texts are positions in a list; codes of regions and industries
are positions in ``/regions`` and ``/industries``, which a reader asks for once.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from agglo.core.typing import IntArray, Json
from agglo.observatory.api.rows import place_names, shown
from agglo.observatory.api.stock import Stock
from agglo.observatory.page import View

__all__ = ["typed_data"]

# distinct numbers are listed once where each stands four times on average
_OFTEN = 4


def typed_data(stock: Stock, view: View, table: pa.Table) -> dict[str, Json]:
    """Give rows of a view as typed columns.

    Parameters
    ----------
    stock
        The release.
    view
        The view.
    table
        Its rows, from `frame`.

    Returns
    -------
    dict
        ``length`` and ``columns``; the values are those of the table.
    """
    coded = {
        name: kind
        for name, kind in view.labels.items()
        if name in table.column_names and pa.types.is_string(table[name].type)
    }
    own = shown(stock, view)
    beside = {n: of for n, of in _beside(view, coded).items() if n not in own}
    columns: dict[str, Json] = {}
    for name in table.column_names:
        if name in beside:
            of, part = beside[name]
            columns[name] = {"kind": "beside", "of": of, "part": part}
        elif name in coded:
            columns[name] = _codes(stock, table.column(name), coded[name])
        else:
            columns[name] = _column(table.column(name))
    return {"length": table.num_rows, "columns": columns}


def _beside(view: View, coded: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Name the columns that follow from a code: its names and where it lies."""
    found = {f"{name}_{lang}": (name, lang) for name in coded for lang in ("en", "zh")}
    for at, column in enumerate(view.place):
        if coded.get(column) == "regions":
            lon, lat = place_names(at)
            found |= {lon: (column, "lon"), lat: (column, "lat")}
    return found


def _column(column: pa.ChunkedArray) -> dict[str, Json]:
    kind = column.type
    if pa.types.is_floating(kind) or pa.types.is_integer(kind):
        numbers = pc.fill_null(column.cast(pa.float64()), float("nan")).to_numpy()
        return _numbers(np.ascontiguousarray(numbers, dtype="<f8"))
    if pa.types.is_boolean(kind):
        return _truths(column)
    return _texts(column)


def _numbers(numbers: npt.NDArray[np.float64]) -> dict[str, Json]:
    # compared as bits, so that -0.0 stays what it is
    distinct, at = np.unique(numbers.view(np.uint64), return_inverse=True)
    if len(distinct) * _OFTEN <= len(numbers):
        listed = np.ascontiguousarray(distinct.view("<f8"))
        return {"kind": "number", "values": _planes(listed), "at": _places(at)}
    return {"kind": "number", "values": _planes(numbers)}


def _truths(column: pa.ChunkedArray) -> dict[str, Json]:
    return {
        "kind": "boolean",
        "at": _places(pc.fill_null(column.cast(pa.int8()), 2).to_numpy()),
    }


def _dictionary(column: pa.ChunkedArray) -> pa.DictionaryArray:
    """Tell the distinct texts of a column from their places."""
    texts = column.cast(pa.string()).combine_chunks()
    if isinstance(texts, pa.ChunkedArray):
        texts = pa.concat_arrays([*texts.chunks, pa.array([], pa.string())])
    return texts.dictionary_encode()


def _texts(column: pa.ChunkedArray) -> dict[str, Json]:
    coded = _dictionary(column)
    texts: list[Json] = [*coded.dictionary.to_pylist()]
    at = pc.fill_null(coded.indices, len(texts)).to_numpy(zero_copy_only=False)
    return {"kind": "text", "texts": texts, "at": _places(at)}


def _codes(stock: Stock, column: pa.ChunkedArray, kind: str) -> dict[str, Json]:
    """Write codes as steps from one place in the list of codes to the next."""
    listed = stock.code_places[kind]
    coded = _dictionary(column)
    more: list[Json] = []
    places = []
    for code in coded.dictionary.to_pylist():
        places.append(listed.get(code, len(listed) + len(more)))
        if code not in listed:
            more.append(code)
    none = len(listed) + len(more)
    known = np.array([*places, none], dtype=np.int64)
    at = known[pc.fill_null(coded.indices, len(places)).to_numpy(zero_copy_only=False)]
    width = _width(none)
    steps = np.diff(at, prepend=0).astype(width)
    return {"kind": "code", "list": kind, "more": more, "at": _planes(steps)}


def _width(largest: int) -> npt.DTypeLike:
    return "<u1" if largest < 1 << 8 else "<u2" if largest < 1 << 16 else "<u4"


def _places(at: IntArray | npt.NDArray[np.int8]) -> str:
    largest = int(at.max(initial=0))
    return _planes(at.astype(_width(largest)))


def _planes(values: npt.NDArray[np.generic]) -> str:
    """Write all first bytes of numbers, then all second ones, as text."""
    whole = np.ascontiguousarray(values)
    split = whole.view(np.uint8).reshape(len(whole), whole.dtype.itemsize)
    return base64.b64encode(split.T.tobytes()).decode("ascii")
