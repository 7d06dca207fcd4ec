"""Routes of code lists, the find box, the catalogue and geometry."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from agglo.core.typing import Json
from agglo.observatory.api.answers import envelope
from agglo.observatory.api.problems import ApiError
from agglo.observatory.api.replies import Context, reply_json
from agglo.observatory.api.stock import Stock
from agglo.observatory.pages import PAGES

__all__ = ["code_list", "data_router", "find"]

_FOUND = 50


def code_list(stock: Stock, kind: str, world: str = "") -> list[Json]:
    """List regions or industries with names, parents and places.

    Parameters
    ----------
    stock
        The release.
    kind
        ``"regions"`` or ``"industries"``.
    world
        Study whose codes are wanted; empty for all.

    Returns
    -------
    list of dict
        One object per code.
    """
    book = stock.names[kind]
    found: list[Json] = []
    for code, row in book.rows.items():
        worlds = str(row.get("world") or "")
        if world and worlds and world not in worlds.split():
            continue
        en, zh = book.name(code)
        lon, lat = book.place(code)
        found.append(
            {
                "id": code,
                "name": {"en": en, "zh": zh},
                "world": worlds,
                "level": row.get("level"),
                "parent": row.get("parent"),
                "lon": lon,
                "lat": lat,
            }
        )
    return found


def find(stock: Stock, words: str, most: int = _FOUND) -> list[Json]:
    """Find regions, industries and pages by code or name, in both languages.

    Parameters
    ----------
    stock
        The release.
    words
        What was typed; case does not matter.
    most
        How many are wanted.

    Returns
    -------
    list of dict
        Best first: the same, then beginning with, then containing; ties by kind and code.
    """
    wanted = words.strip().casefold()
    if not wanted:
        return []
    hits: list[tuple[int, str, str, Json]] = []
    for kind in ("regions", "industries"):
        book = stock.names[kind]
        for code in book.rows:
            en, zh = book.name(code)
            grade = _grade(wanted, (code, en, zh))
            if grade is not None:
                name: Json = {"en": en, "zh": zh}
                one = "region" if kind == "regions" else "industry"
                entry: Json = {"kind": one, "id": code, "name": name, "page": one}
                hits.append((grade, kind, code, entry))
    for page_id, page in PAGES.items():
        grade = _grade(wanted, (page_id, page.question.en, page.question.zh))
        if grade is not None:
            name = page.question.to_dict()
            entry = {"kind": "page", "id": page_id, "name": name, "page": page_id}
            hits.append((grade, "z", page_id, entry))
    hits.sort(key=lambda hit: hit[:3])
    return [hit[3] for hit in hits[:most]]


def _grade(wanted: str, names: tuple[str, ...]) -> int | None:
    folded = [name.casefold() for name in names]
    if wanted in folded:
        return 0
    if any(name.startswith(wanted) for name in folded):
        return 1
    return 2 if any(wanted in name for name in folded) else None


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
    shelf = context.shelf

    def codes(kind: str, request: Request, world: str) -> Response:
        stock = shelf.current()
        return reply_json(
            request, stock, lambda: envelope(stock, code_list(stock, kind, world))
        )

    @router.get("/regions", summary="Regions with names, parents and places")
    def regions(
        request: Request, world: Annotated[str, Query(max_length=64)] = ""
    ) -> Response:
        return codes("regions", request, world)

    @router.get("/industries", summary="Industries with names and parents")
    def industries(
        request: Request, world: Annotated[str, Query(max_length=64)] = ""
    ) -> Response:
        return codes("industries", request, world)

    @router.get("/find", summary="Names and codes in both languages")
    def search(
        request: Request, q: Annotated[str, Query(max_length=100)] = ""
    ) -> Response:
        stock = shelf.current()
        return reply_json(request, stock, lambda: envelope(stock, find(stock, q)))

    @router.get("/tables", summary="Catalogue of the released tables")
    def tables(request: Request) -> Response:
        stock = shelf.current()
        return reply_json(
            request,
            stock,
            lambda: envelope(
                stock, [_table_json(stock, n) for n in stock.release.tables]
            ),
        )

    @router.get("/tables/{name}", summary="One released table: columns, rows, digest")
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

    @router.get("/geometry", summary="Boundaries, when the project has any")
    def geometry(request: Request) -> Response:
        stock = shelf.current()
        empty: Json = {"type": "FeatureCollection", "features": []}
        return reply_json(request, stock, lambda: envelope(stock, empty))

    return router
