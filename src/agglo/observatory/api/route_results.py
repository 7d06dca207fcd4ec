"""Routes of what pages show: profiles, comparisons, results of studies, under plain names.

Each is the twin of a page: the same views and rows, so that an address of the API and
one of the page cannot say different things.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response

from agglo.core.errors import suggest
from agglo.observatory.api.answers import LIST_OF_REGIONS, split_codes
from agglo.observatory.api.choosing import choice_of
from agglo.observatory.api.description import described
from agglo.observatory.api.problems import ApiError
from agglo.observatory.api.replies import Context, reply_json
from agglo.observatory.api.route_pages import find_page, twin_json
from agglo.observatory.api.shapes import TwinAnswer
from agglo.observatory.api.stock import Stock

__all__ = ["results_router"]

_FEWEST, _MOST = 2, 10
# resource to page, where an address names the study
_OF_STUDIES = {
    "matches": ("digital", "Matches of designated places and observed ones"),
    "evaluations": ("policy", "Effects of a policy: estimates with their checks"),
    "scoreboards": ("formation", "Pillars, stages and ranks of clusters"),
}
_Codes = Annotated[str, Query(max_length=1000)]


def results_router(context: Context) -> APIRouter:
    """Make the routes.

    Parameters
    ----------
    context
        Releases and limits.

    Returns
    -------
    fastapi.APIRouter
        ``/profiles``, ``/compare``, ``/space``, ``/networks``, ``/coagglomeration``,
        ``/matches``, ``/evaluations``, ``/scoreboards``.
    """
    router = APIRouter(tags=["results"])
    _add_profiles(router, context)
    _add_plain(router, context)
    for resource, (page, summary) in _OF_STUDIES.items():
        _add_study(router, context, resource, page, summary)
    return router


def _twin(
    context: Context,
    request: Request,
    stock: Stock,
    page: str,
    first: Mapping[str, str],
) -> Response:
    """Answer with a page; what the address names goes before the query."""
    given = {**dict(request.query_params), **first}
    found = find_page(page)
    return reply_json(request, stock, lambda: twin_json(context, stock, found, given))


def _add_profiles(router: APIRouter, context: Context) -> None:
    shelf = context.shelf

    @router.get(
        "/profiles/{kind}/{code}",
        summary="What the page of a region, industry or cluster shows",
        responses=described(TwinAnswer),
    )
    def profile(
        request: Request, kind: Literal["region", "industry", "cluster"], code: str
    ) -> Response:
        stock = shelf.current()
        chosen = choice_of(stock, find_page(kind), code)
        return _twin(context, request, stock, kind, chosen)

    @router.get(
        "/compare",
        summary="Two to ten regions side by side",
        responses=described(TwinAnswer),
    )
    def compare(request: Request, regions: _Codes) -> Response:
        stock, codes = shelf.current(), split_codes(regions)
        if not _FEWEST <= len(codes) <= _MOST:
            raise ApiError(
                422, "bad_number", f"{len(codes)} regions cannot be compared.",
                where=LIST_OF_REGIONS, fix=f"{_FEWEST} to {_MOST} codes between commas",
            )  # fmt: skip
        page = find_page("compare")
        for code in codes:
            choice_of(stock, page, code)
        own = request.query_params.get("region") or codes[0]
        return _twin(context, request, stock, "compare", {"region": own})


def _add_plain(router: APIRouter, context: Context) -> None:
    shelf = context.shelf

    @router.get(
        "/space",
        summary="Industry space and options of a region",
        responses=described(TwinAnswer),
    )
    def space(request: Request, region: _Codes = "") -> Response:
        del region  # declared for the description; read as a choice of the page
        return _twin(context, request, shelf.current(), "space", {})

    @router.get(
        "/coagglomeration",
        summary="Which industries choose the same places",
        responses=described(TwinAnswer),
    )
    def pairs(request: Request, anchor: _Codes = "", mover: _Codes = "") -> Response:
        del anchor, mover
        return _twin(context, request, shelf.current(), "coagglomeration", {})

    @router.get(
        "/networks/{layer}",
        summary="Ties of one kind between places",
        responses=described(TwinAnswer),
    )
    def network(request: Request, layer: str) -> Response:
        stock = shelf.current()
        chosen = choice_of(stock, find_page("networks"), layer, only="layer")
        return _twin(context, request, stock, "networks", chosen)


def _add_study(
    router: APIRouter, context: Context, resource: str, page: str, summary: str
) -> None:
    @router.get(
        f"/{resource}/{{study}}",
        summary=summary,
        responses=described(TwinAnswer),
        name=resource,
    )
    def results(request: Request, study: str) -> Response:
        stock = context.shelf.current()
        if study not in (page, "current"):
            hint = suggest(study, [page])
            raise ApiError(
                404, "unknown_study", f"There is no such study here. {hint}".strip(),
                where="study", fix=f"use {page}",
            )  # fmt: skip
        return _twin(context, request, stock, page, {})
