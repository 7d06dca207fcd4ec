"""Answers of views: the envelope, paging, and what every number is said with."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias
from urllib.parse import urlencode

import pyarrow as pa

from agglo.core.errors import suggest
from agglo.core.results import version
from agglo.core.typing import IntArray, Json
from agglo.observatory.api.cursors import Cursors
from agglo.observatory.api.declarations import fitted, sources_of
from agglo.observatory.api.problems import ApiError
from agglo.observatory.api.rows import (
    ViewQuery,
    frame,
    json_columns,
    json_rows,
    row_numbers,
)
from agglo.observatory.api.stock import Stock
from agglo.observatory.api.typed import typed_data
from agglo.observatory.api.writing import columns_text, rows_text
from agglo.observatory.page import View
from agglo.observatory.pages import VIEWS

__all__ = [
    "DEFAULT_LIMIT",
    "LIST_OF_REGIONS",
    "SCHEMA",
    "Asked",
    "disclosure_statement",
    "encode",
    "envelope",
    "etag_of",
    "find_view",
    "read_layout",
    "read_limit",
    "read_question",
    "release_meta",
    "split_codes",
    "table_text",
    "view_answer",
    "view_bytes",
    "view_table",
    "with_data",
]

SCHEMA = 1
LIST_OF_REGIONS = "regions"
DEFAULT_LIMIT = 200
# keys of an address that pages use and answers ignore
_SHARED = frozenset(
    [
        "v",
        "rel",
        "lang",
        "geo",
        "cls",
        "measure",
        "peers",
        "year",
        "sel",
        "page",
        "theme",
        "embed",
        "token",
    ]
)
_OWN = frozenset(("limit", "cursor", "layout", "columns", "rows", "sort"))
_MOST_PLACES = 500
Layout: TypeAlias = Literal["rows", "columns", "typed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question to a view, read from an address.

    Parameters
    ----------
    query
        Filters and order.
    limit
        Rows of one page.
    cursor
        Where to go on; empty for the start.
    layout
        Rows, columns, or columns as bytes.
    columns
        Columns by name; empty for all.
    places
        Places in the answer of the rows that are wanted; empty for all.
    notices
        What was ignored.
    """

    query: ViewQuery
    limit: int = DEFAULT_LIMIT
    cursor: str = ""
    layout: Layout = "rows"
    columns: tuple[str, ...] = ()
    places: tuple[int, ...] = ()
    notices: tuple[str, ...] = ()

    def canonical(self, view: str) -> str:
        """Write the question so that the same question reads the same."""
        pairs = [*sorted(self.query.chosen), ("sort", self.query.sort)]
        return f"{view}?{urlencode(pairs)}"


def encode(value: Json) -> bytes:
    """Write plain values as JSON; the same values give the same bytes."""
    return json.dumps(
        value, ensure_ascii=False, allow_nan=False, separators=(",", ":")
    ).encode()


def etag_of(stock: Stock, question: str) -> str:
    """Give the strong tag of an answer: release and question.

    Parameters
    ----------
    stock
        The release.
    question
        Path and query, in canonical form.

    Returns
    -------
    str
        With its quotation marks.
    """
    digest = hashlib.sha256(
        f"{stock.release.id}\0{version()}\0{question}".encode()
    ).hexdigest()
    return f'"{digest[:32]}"'


def find_view(stock: Stock, name: str) -> View:
    """Give a view whose table is released.

    Parameters
    ----------
    stock
        The release.
    name
        Id of the view.

    Returns
    -------
    View
        The view.

    Raises
    ------
    ApiError
        404 when there is no such view, or its table is not in the release.
    """
    view = VIEWS.get(name)
    if view is None:
        hint = suggest(name, list(VIEWS))
        raise ApiError(
            404,
            "unknown_view",
            f"There is no such view. {hint}".strip(),
            where="view",
            fix="see /api/v1/pages",
        )
    if view.table not in stock.release:
        raise ApiError(
            404,
            "not_released",
            f"The table {view.table} is not in this release.",
            where="view",
            fix="see /api/v1/pages for what is missing",
        )
    return fitted(stock, view)


def read_question(
    stock: Stock, view: View, given: Mapping[str, str], *, most: int
) -> Asked:
    """Read filters, order and paging from an address.

    Parameters
    ----------
    stock
        The release.
    view
        The view.
    given
        Query of the address.
    most
        Largest `limit`.

    Returns
    -------
    Asked
        The question.

    Raises
    ------
    ApiError
        400 for a value that cannot be; 409 for another release.
    """
    release = given.get("rel", "")
    if release and release != stock.release.id:
        raise ApiError(
            409,
            "other_release",
            f"This address is of another release; served is {stock.release.id}.",
            where="rel",
            fix="leave rel out to see the newest numbers",
        )
    layout = read_layout(given, "typed")
    known = {*view.filters, *_SHARED, *_OWN}
    chosen = [
        (column, value)
        for selector, column in view.filters.items()
        for value in _values(selector, given.get(selector, ""))
    ]
    return Asked(
        query=ViewQuery(tuple(chosen), given.get("sort", "")),
        limit=read_limit(given.get("limit", ""), most),
        cursor=given.get("cursor", ""),
        layout=layout,
        columns=_read_columns(given),
        places=_read_places(given),
        notices=tuple(f"{key}: ignored" for key in given if key not in known),
    )


def _values(selector: str, text: str) -> list[str]:
    """Read what was chosen; a list of regions holds several codes between commas."""
    if selector == LIST_OF_REGIONS:
        return split_codes(text)
    return [text] if text else []


def split_codes(text: str) -> list[str]:
    """Part a list of codes, as addresses write it; commas of a code stand as ``%2C``.

    Parameters
    ----------
    text
        Codes between commas.

    Returns
    -------
    list of str
        Each code once, in the order of the list.
    """
    words = dict.fromkeys(word for word in text.split(",") if word)
    return [word.replace("%2C", ",").replace("%25", "%") for word in words]


def read_layout(given: Mapping[str, str], *more: Layout) -> Layout:
    """Read the layout of an answer; 400 for any other word.

    Parameters
    ----------
    given
        Query of the address.
    *more
        Layouts that there are beside rows and columns.

    Returns
    -------
    str
        ``rows`` where none is asked for.
    """
    layout = given.get("layout", "rows")
    possible: tuple[Layout, ...] = ("rows", "columns", *more)
    for one in possible:
        if layout == one:
            return one
    raise ApiError(
        400, "bad_layout", f"layout is {' or '.join(possible)}.", where="layout"
    )


def _read_columns(given: Mapping[str, str]) -> tuple[str, ...]:
    """Read ``all``, or names of columns between commas."""
    text = given.get("columns", "all")
    return () if text == "all" else tuple(split_codes(text))


def _read_places(given: Mapping[str, str]) -> tuple[int, ...]:
    """Read places of rows in the answer: whole numbers between commas, not too many."""
    words = [word for word in given.get("rows", "").split(",") if word]
    good = all(w.isascii() and w.isdigit() and len(w) < 9 for w in words)
    if not good or len(words) > _MOST_PLACES:
        raise ApiError(
            400,
            "bad_rows",
            f"rows is up to {_MOST_PLACES} whole numbers between commas.",
            where="rows",
            fix="rows=0,1,2",
        )
    return tuple(dict.fromkeys(int(w) for w in words))


def read_limit(text: str, most: int) -> int:
    """Read the number of rows of one page.

    Parameters
    ----------
    text
        What the address says; empty for the default.
    most
        Largest value.

    Returns
    -------
    int
        From 1 to `most`.

    Raises
    ------
    ApiError
        400 for anything else.
    """
    if not text:
        return min(DEFAULT_LIMIT, most)
    # int() also reads signs, underscores and digits of other scripts
    value = int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0
    if not 1 <= value <= most:
        raise ApiError(
            400,
            "bad_limit",
            f"limit is a whole number from 1 to {most}.",
            where="limit",
            fix=f"limit={min(DEFAULT_LIMIT, most)}",
        )
    return value


def view_table(stock: Stock, view: View, query: ViewQuery, *, most: int) -> pa.Table:
    """Give all rows of a question as a table, for files.

    Parameters
    ----------
    stock
        The release.
    view
        The view.
    query
        Filters and order.
    most
        Largest number of rows.

    Returns
    -------
    pyarrow.Table
        What the JSON answer holds, without paging.

    Raises
    ------
    ApiError
        413 when there are more rows.
    """
    rows = row_numbers(stock, view, query)
    if len(rows) > most:
        raise ApiError(
            413,
            "too_many_rows",
            f"{len(rows)} rows are more than {most} for one file.",
            where="view",
            fix="choose a region or an industry, or page through the JSON answer",
        )
    return frame(stock, view, rows)


def view_answer(
    stock: Stock, cursors: Cursors, view: View, asked: Asked
) -> dict[str, Json]:
    """Answer a question with one page of rows.

    Parameters
    ----------
    stock
        The release.
    cursors
        Its cursors.
    view
        The view.
    asked
        The question.

    Returns
    -------
    dict
        The envelope.
    """
    rows, page = _page_of(stock, cursors, view, asked)
    table = frame(stock, view, rows, asked.columns)
    data: Json
    if asked.layout == "columns":
        data = {**json_columns(table)}
    else:
        data = [dict(row) for row in json_rows(table)]
    return envelope(stock, data, page=page, view=view, notices=asked.notices)


def view_bytes(stock: Stock, cursors: Cursors, view: View, asked: Asked) -> bytes:
    """Answer as `view_answer` does, written as JSON in compiled code.

    Parameters
    ----------
    stock, cursors, view, asked
        As for `view_answer`.

    Returns
    -------
    bytes
        JSON text of the envelope.
    """
    rows, page = _page_of(stock, cursors, view, asked)
    table = frame(stock, view, rows, asked.columns)
    body = envelope(stock, None, page=page, view=view, notices=asked.notices)
    if asked.layout == "typed":
        return with_data(body, encode(typed_data(stock, view, table)))
    return with_data(body, table_text(table, asked.layout))


def table_text(table: pa.Table, layout: str) -> bytes:
    """Write rows as JSON in the layout that was asked for."""
    return columns_text(table) if layout == "columns" else rows_text(table)


def with_data(body: Mapping[str, Json], data: bytes) -> bytes:
    """Put data that are JSON text already into an envelope.

    Parameters
    ----------
    body
        What `envelope` gave for no data.
    data
        JSON text.

    Returns
    -------
    bytes
        JSON text of the whole.
    """
    rest = {key: value for key, value in body.items() if key != "data"}
    return b'{"data":' + data + b"," + encode(rest).removeprefix(b"{")


def _page_of(
    stock: Stock, cursors: Cursors, view: View, asked: Asked
) -> tuple[IntArray, dict[str, Json]]:
    canonical = asked.canonical(view.id)
    rows = row_numbers(stock, view, asked.query)
    if asked.places:
        return _at_places(rows, asked.places), {
            "limit": len(asked.places),
            "next": None,
            "total": len(rows),
        }
    first = cursors.read(asked.cursor, canonical) if asked.cursor else 0
    after = first + asked.limit
    return rows[first:after], {
        "limit": asked.limit,
        "next": cursors.write(after, canonical) if after < len(rows) else None,
        "total": len(rows),
    }


def _at_places(rows: IntArray, places: tuple[int, ...]) -> IntArray:
    if max(places) >= len(rows):
        raise ApiError(
            400,
            "bad_rows",
            f"The answer has {len(rows)} rows; the first is 0.",
            where="rows",
            fix="leave rows out",
        )
    return rows[list(places)]


def envelope(
    stock: Stock,
    data: Json,
    *,
    page: Json = None,
    view: View | None = None,
    notices: tuple[str, ...] = (),
) -> dict[str, Json]:
    """Put data into the envelope of every answer.

    Parameters
    ----------
    stock
        The release.
    data
        What was asked for.
    page
        Paging, for lists.
    view
        The view it belongs to.
    notices
        What was ignored.

    Returns
    -------
    dict
        ``schema``, ``data``, ``page`` and ``meta``.
    """
    meta = release_meta(stock)
    if view is not None:
        sources = sources_of(stock, view)
        facts = [s for s in sources if isinstance(s, dict)]
        meta |= {
            "view": view.id,
            "units": {c.name: c.unit.to_dict() for c in view.columns if c.unit},
            "citation": _joined(facts, "citation") or _joined(facts, "title"),
            "licence": _joined(facts, "licence"),
            "caveats": [
                t.to_dict() for t in (view.uncertainty, view.note) if t is not None
            ],
        }
    if notices:
        meta["notices"] = list[Json](notices)
    body: dict[str, Json] = {"schema": SCHEMA, "data": data, "meta": meta}
    if page is not None:
        body["page"] = page
    return body


def _joined(facts: list[dict[str, Json]], key: str) -> str:
    return "; ".join(dict.fromkeys(str(f[key]) for f in facts if f[key]))


def disclosure_statement(stock: Stock) -> dict[str, str]:
    """Say how the numbers were protected, in both languages.

    Parameters
    ----------
    stock
        The release.

    Returns
    -------
    dict
        ``en`` and ``zh``.
    """
    if stock.release.catalogue["mode"] == "public":
        return {
            "en": "Public release: tables passed disclosure control with an audit; what "
            "rests on single establishments is left out. See certificate.json.",
            "zh": "公开发布：各表已通过披露控制与审计；依据单个企业的内容未予发布。"
            "见 certificate.json。",
        }
    if stock.release.catalogue["mode"] == "review":
        return {
            "en": "Release under REVIEW, not for publication: suppressed as in public, with "
            "rules and reasons in sight. See certificate.json and project.suppressed.",
            "zh": "待审发布，不得公开：抑制与公开模式相同，但可见规则与理由。"
            "见 certificate.json 与 project.suppressed。",
        }
    return {
        "en": "PRIVATE release, not for publication: no cell was suppressed. Numbers may "
        "show single establishments. For publication use the public mode.",
        "zh": "内部发布，不得公开：未作任何抑制，数字可能反映单个企业。公开请使用公开模式。",
    }


def release_meta(stock: Stock) -> dict[str, Json]:
    """Say which release an answer is from and how it was protected."""
    catalogue = stock.release.catalogue
    project = catalogue["project"]
    return {
        "release": stock.release.id,
        "version": catalogue["version"],
        "mode": catalogue["mode"],
        "generated": project.get("generated") if isinstance(project, dict) else None,
        "disclosure": {**disclosure_statement(stock)},
        "manifest": catalogue["manifest"],
    }
