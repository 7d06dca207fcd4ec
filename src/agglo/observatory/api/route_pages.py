"""Routes of pages and views."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from fastapi import APIRouter, Query, Request, Response

from agglo.core.errors import suggest
from agglo.core.typing import Json
from agglo.observatory.api.answers import (
    envelope,
    find_view,
    read_question,
    table_text,
    view_answer,
    view_bytes,
    view_table,
    with_data,
)
from agglo.observatory.api.bundle import figure_file, workbook_notes
from agglo.observatory.api.declarations import page_json
from agglo.observatory.api.description import described
from agglo.observatory.api.files import arrow_bytes, csv_bytes, parquet_bytes
from agglo.observatory.api.graphml import graphml_bytes, is_network
from agglo.observatory.api.listing import meta_json
from agglo.observatory.api.map_files import geojson_bytes, geoparquet_bytes, is_map
from agglo.observatory.api.problems import ApiError
from agglo.observatory.api.replies import Context, reply, reply_json
from agglo.observatory.api.settings import MOST_ROWS
from agglo.observatory.api.shapes import (
    MetaAnswer,
    PageAnswer,
    PageListAnswer,
    ViewAnswer,
)
from agglo.observatory.api.stock import Stock
from agglo.observatory.api.workbook import MOST_ROWS as WORKBOOK_ROWS
from agglo.observatory.api.workbook import workbook_bytes
from agglo.observatory.drawing import draw_view
from agglo.observatory.page import Page, View
from agglo.observatory.pages import PAGES

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = [
    "FORMATS",
    "accepted",
    "find_page",
    "page_router",
    "split_name",
    "twin_json",
    "view_file",
    "view_reply",
]

FORMATS = {
    "csv": "text/csv; charset=utf-8",
    "parquet": "application/vnd.apache.parquet",
    "json": "application/json",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "graphml": "application/graphml+xml",
    "arrow": "application/vnd.apache.arrow.stream",
    "geojson": "application/geo+json",
    "geoparquet": "application/vnd.apache.parquet; profile=geoparquet",
    "svg": "image/svg+xml",
}
# what a program may ask for by Accept instead of by the name
_BY_ACCEPT = ("parquet", "arrow")
_TWIN_ROWS = 200


def find_page(name: str) -> Page:
    """Give a page of the menu.

    Parameters
    ----------
    name
        Id of the page.

    Returns
    -------
    Page
        The page.

    Raises
    ------
    ApiError
        404 when there is none.
    """
    if name not in PAGES:
        hint = suggest(name, list(PAGES))
        raise ApiError(
            404,
            "unknown_page",
            f"There is no such page. {hint}".strip(),
            where="page",
            fix=f"one of: {', '.join(PAGES)}",
        )
    return PAGES[name]


def split_name(name: str) -> tuple[str, str]:
    """Part the id of a view from the format behind it.

    Parameters
    ----------
    name
        ``map.quotient`` or ``map.quotient.csv``.

    Returns
    -------
    tuple of str
        Id and format; the format is empty for a page of JSON.
    """
    head, _, tail = name.rpartition(".")
    return (head, tail) if tail in FORMATS and "." in head else (name, "")


def twin_json(
    context: Context, stock: Stock, page: Page, given: dict[str, str]
) -> dict[str, Json]:
    """Give a page with the rows of its views filled in.

    Parameters
    ----------
    context
        Releases and limits.
    stock
        The release.
    page
        The page.
    given
        Choices of the reader.

    Returns
    -------
    dict
        The envelope; every view has up to 200 ``data`` rows and ``next``.
    """
    body = page_json(stock, page, whole=True)
    most = context.settings.limits.rows
    filled: list[Json] = []
    for declared in body["views"] if isinstance(body["views"], list) else []:
        if isinstance(declared, dict):
            view = find_view(stock, str(declared["id"]))
            question = {**given, "limit": str(min(_TWIN_ROWS, most))}
            question.pop("cursor", None)
            question.pop("sort", None)
            asked = read_question(stock, view, question, most=most)
            answer = view_answer(stock, context.shelf.cursors(stock), view, asked)
            filled.append({**declared, "data": answer["data"], "page": answer["page"]})
    return envelope(stock, {**body, "views": filled, "chosen": dict(given)})


def page_router(context: Context) -> APIRouter:
    """Make the routes.

    Parameters
    ----------
    context
        Releases and limits.

    Returns
    -------
    fastapi.APIRouter
        ``/meta``, ``/pages``, ``/views``.
    """
    router = APIRouter(tags=["pages"])
    shelf, desk = context.shelf, context.settings.desk

    @router.get("/meta", summary="What is served", responses=described(MetaAnswer))
    def meta(request: Request) -> Response:
        stock = shelf.current()
        return reply_json(
            request, stock, lambda: envelope(stock, meta_json(stock, desk=desk))
        )

    @router.get("/pages", summary="The menu", responses=described(PageListAnswer))
    def pages(request: Request) -> Response:
        stock = shelf.current()
        return reply_json(
            request,
            stock,
            lambda: envelope(
                stock, [page_json(stock, p, whole=False) for p in PAGES.values()]
            ),
        )

    @router.get(
        "/pages/{page}",
        summary="A page: selectors, views, findings",
        responses=described(PageAnswer),
    )
    def page(request: Request, page: str) -> Response:
        stock, found = shelf.current(), find_page(page)
        return reply_json(
            request,
            stock,
            lambda: envelope(stock, page_json(stock, found, whole=True)),
        )

    @router.get(
        "/views/{name}",
        summary="Rows of a view; .csv, .parquet, .json: files",
        responses=described(ViewAnswer, *FORMATS.values()),
    )
    def view(
        request: Request,
        name: str,
        limit: Annotated[int | None, Query(ge=1, le=MOST_ROWS)] = None,
        cursor: Annotated[str, Query(max_length=200)] = "",
        layout: Literal["rows", "columns", "typed"] = "rows",
        columns: Annotated[str, Query(max_length=2000)] = "all",
        rows: Annotated[str, Query(max_length=4000)] = "",
        sort: Annotated[str, Query(max_length=100)] = "",
    ) -> Response:
        # declared for the description, read below
        del limit, cursor, layout, columns, rows, sort
        stock = shelf.current()
        return view_reply(context, request, stock, name, dict(request.query_params))

    return router


def view_reply(
    context: Context, request: Request, stock: Stock, name: str, given: dict[str, str]
) -> Response:
    """Answer for a view in the format behind its name.

    Parameters
    ----------
    context
        Releases and limits.
    request
        The request.
    stock
        The release.
    name
        Id of the view, with or without a format.
    given
        Query.

    Returns
    -------
    fastapi.Response
        One page of JSON, or the whole table as a file.
    """
    limits = context.settings.limits
    identity, kind = split_name(name)
    found = find_view(stock, identity)
    asked = read_question(stock, found, given, most=limits.rows)

    def page() -> bytes:
        return view_bytes(stock, context.shelf.cursors(stock), found, asked)

    kind = kind or accepted(request)
    if not kind:
        return reply(request, stock, page, media=FORMATS["json"])

    if asked.columns or asked.places or asked.layout == "typed":
        raise ApiError(400, "bad_value", "Files hold all columns and rows of a view.",
                       where="columns", fix="leave columns, rows and layout=typed out")  # fmt: skip

    def file() -> bytes:
        table = view_table(stock, found, asked.query, most=limits.file_rows)
        if kind == "json":
            body = envelope(stock, None, view=found)
            return with_data(body, table_text(table, asked.layout))
        return view_file(stock, found, table, kind)

    name = f"{identity}.{kind}"
    return reply(request, stock, file, media=FORMATS[kind], name=name, form=kind)


def accepted(request: Request) -> str:
    """Read the format that a program asks for by ``Accept``.

    Parameters
    ----------
    request
        The request.

    Returns
    -------
    str
        ``"parquet"``, ``"arrow"``, or empty: JSON for everybody else.
    """
    wanted = request.headers.get("accept", "")
    return next((kind for kind in _BY_ACCEPT if FORMATS[kind] in wanted), "")


def view_file(stock: Stock, view: View, table: pa.Table, kind: str) -> bytes:
    """Write the rows of a view as a file.

    Parameters
    ----------
    stock
        The release.
    view
        The view.
    table
        Its rows.
    kind
        A key of :data:`FORMATS` other than ``json``.

    Returns
    -------
    bytes
        The file.

    Raises
    ------
    ApiError
        422 for a format that the view does not have.
    """
    if kind == "xlsx":
        if table.num_rows > WORKBOOK_ROWS:
            raise ApiError(413, "too_many_rows", f"A workbook holds {WORKBOOK_ROWS} rows at most.",
                           where="view", fix="take the CSV or Parquet file")  # fmt: skip
        return workbook_bytes(table, workbook_notes(stock, view))
    if kind == "graphml" and not is_network(view):
        raise ApiError(422, "no_network", "The rows of this view are no ties.",
                       where="view", fix="GraphML is for views of ties")  # fmt: skip
    if kind == "graphml":
        return graphml_bytes(view, table)
    if kind in ("geojson", "geoparquet"):
        if not is_map(view):
            raise ApiError(422, "no_map", "The rows of this view have no place on a map.",
                           where="view", fix="take the CSV or Parquet file")  # fmt: skip
        write = geojson_bytes if kind == "geojson" else geoparquet_bytes
        return write(stock, view, table)
    if kind == "svg":
        drawing = draw_view(stock, view, table, "en")
        if not drawing:
            raise ApiError(422, "no_figure", "This view is a table; it has no figure.",
                           where="view", fix="take the CSV or Parquet file")  # fmt: skip
        return figure_file(drawing)
    return {"csv": csv_bytes, "parquet": parquet_bytes, "arrow": arrow_bytes}[kind](
        table
    )
