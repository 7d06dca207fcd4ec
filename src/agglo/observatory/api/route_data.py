"""Routes of code lists, the find box, the catalogue and geometry."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response

from agglo.core.typing import Json
from agglo.observatory.api.answers import envelope, with_data
from agglo.observatory.api.description import described
from agglo.observatory.api.files import arrow_bytes, csv_bytes, parquet_bytes
from agglo.observatory.api.listing import code_list, find
from agglo.observatory.api.problems import ApiError
from agglo.observatory.api.replies import Context, reply, reply_json
from agglo.observatory.api.route_pages import FORMATS, accepted
from agglo.observatory.api.settings import MOST_ROWS
from agglo.observatory.api.shapes import (
    CodeAnswer,
    FindAnswer,
    GeometryAnswer,
    IndicatorAnswer,
    TableAnswer,
    TableListAnswer,
    ValuesAnswer,
)
from agglo.observatory.api.stock import Stock
from agglo.observatory.api.values import (
    indicator_list,
    values_answer,
    values_table,
)

__all__ = ["data_router"]

_FILES = {"parquet": parquet_bytes, "csv": csv_bytes, "arrow": arrow_bytes}


def _table_json(stock: Stock, name: str) -> Json:
    return {"id": name, **stock.release.tables[name]}


def data_router(context: Context) -> APIRouter:
    """Make the routes.

    Parameters
    ----------
    context
        Releases and limits.

    Returns
    -------
    fastapi.APIRouter
        Code lists, ``/find``, ``/tables``, ``/geometry``.
    """
    router = APIRouter(tags=["data"])
    _add_lists(router, context)
    _add_tables(router, context)
    _add_values(router, context)
    return router


def _add_lists(router: APIRouter, context: Context) -> None:
    shelf = context.shelf

    def codes(kind: str, request: Request, world: str) -> Response:
        stock = shelf.current()
        return reply_json(
            request, stock, lambda: envelope(stock, code_list(stock, kind, world))
        )

    @router.get(
        "/regions",
        summary="Regions with names, parents and places",
        responses=described(CodeAnswer),
    )
    def regions(
        request: Request, world: Annotated[str, Query(max_length=64)] = ""
    ) -> Response:
        return codes("regions", request, world)

    @router.get(
        "/industries",
        summary="Industries with names and parents",
        responses=described(CodeAnswer),
    )
    def industries(
        request: Request, world: Annotated[str, Query(max_length=64)] = ""
    ) -> Response:
        return codes("industries", request, world)

    @router.get(
        "/find",
        summary="Names and codes in both languages",
        responses=described(FindAnswer),
    )
    def search(
        request: Request, q: Annotated[str, Query(max_length=100)] = ""
    ) -> Response:
        stock = shelf.current()
        return reply_json(request, stock, lambda: envelope(stock, find(stock, q)))

    @router.get(
        "/geometry",
        summary="Boundaries, when the project has any",
        responses=described(GeometryAnswer),
    )
    def geometry(request: Request) -> Response:
        stock = shelf.current()
        return reply(
            request,
            stock,
            lambda: with_data(envelope(stock, None), stock.release.geometry),
            media="application/json",
        )


def _add_tables(router: APIRouter, context: Context) -> None:
    shelf = context.shelf

    @router.get(
        "/tables",
        summary="Catalogue of the released tables",
        responses=described(TableListAnswer),
    )
    def tables(request: Request) -> Response:
        stock = shelf.current()
        return reply_json(
            request,
            stock,
            lambda: envelope(
                stock, [_table_json(stock, n) for n in stock.release.tables]
            ),
        )

    @router.get(
        "/tables/{name}",
        summary="One released table: columns, rows, digest",
        responses=described(TableAnswer),
    )
    def table(request: Request, name: str) -> Response:
        stock = shelf.current()
        if name not in stock.release.tables:
            raise ApiError(
                404, "unknown_table", "There is no such table.", where="table",
                fix="see /api/v1/tables",
            )  # fmt: skip
        return reply_json(
            request, stock, lambda: envelope(stock, _table_json(stock, name))
        )


def _add_values(router: APIRouter, context: Context) -> None:
    shelf = context.shelf

    @router.get(
        "/indicators",
        summary="Numbers that can be asked for by name",
        responses=described(IndicatorAnswer),
    )
    def indicators(request: Request) -> Response:
        stock = shelf.current()
        return reply_json(
            request, stock, lambda: envelope(stock, indicator_list(stock))
        )

    @router.get(
        "/values",
        summary="Values of an indicator with intervals and states",
        responses=described(ValuesAnswer, FORMATS["parquet"], FORMATS["arrow"]),
    )
    def values(
        request: Request,
        indicator: Annotated[str, Query(max_length=64)],
        region: Annotated[str, Query(max_length=64)] = "",
        industry: Annotated[str, Query(max_length=64)] = "",
        period: Annotated[str, Query(max_length=64)] = "",
        limit: Annotated[int | None, Query(ge=1, le=MOST_ROWS)] = None,
        cursor: Annotated[str, Query(max_length=200)] = "",
        layout: Literal["rows", "columns"] = "rows",
    ) -> Response:
        # declared for the description; read in values_answer
        del indicator, region, industry, period, limit, cursor, layout
        stock = shelf.current()
        given = dict(request.query_params)
        kind = accepted(request)
        if kind:
            return _values_file(context, request, stock, kind)
        most = context.settings.limits.rows
        return reply(
            request,
            stock,
            lambda: values_answer(stock, shelf.cursors(stock), given, most=most),
            media="application/json",
        )

    @router.get(
        "/values.{kind}",
        summary="The same as one file; of all indicators when none is named",
        response_class=Response,
        responses=described(None, *(FORMATS[kind] for kind in _FILES)),
    )
    def values_as_file(
        request: Request,
        kind: Literal["parquet", "csv", "arrow"],
        indicator: Annotated[str, Query(max_length=64)] = "",
        region: Annotated[str, Query(max_length=64)] = "",
        industry: Annotated[str, Query(max_length=64)] = "",
        period: Annotated[str, Query(max_length=64)] = "",
    ) -> Response:
        del indicator, region, industry, period
        return _values_file(context, request, shelf.current(), kind)


def _values_file(
    context: Context, request: Request, stock: Stock, kind: str
) -> Response:
    given, most = dict(request.query_params), context.settings.limits.file_rows
    return reply(
        request,
        stock,
        lambda: _FILES[kind](values_table(stock, given, most=most)),
        media=FORMATS[kind],
        name=f"out_values.{kind}",
        form=kind,
    )
