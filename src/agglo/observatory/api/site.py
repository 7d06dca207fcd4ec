"""The page itself, the files it links, and the twins of its addresses."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from agglo.observatory.api.choosing import choice_of
from agglo.observatory.api.methods import method_pages
from agglo.observatory.api.packing import takes_gzip
from agglo.observatory.api.page_files import (
    ASSETS,
    asset,
    file_hash,
    index_html,
    packed_asset,
)
from agglo.observatory.api.problems import ApiError
from agglo.observatory.api.replies import Context, reply_json
from agglo.observatory.api.route_pages import (
    FORMATS,
    find_page,
    twin_json,
    view_reply,
)
from agglo.observatory.page import Page

__all__ = ["site_router"]

# its second part names a page of the documentation
_WITH_TOPICS = "about"
_FOREVER = "private, max-age=31536000, immutable"


def site_router(context: Context) -> APIRouter:
    """Make the routes.

    Parameters
    ----------
    context
        Releases and limits.

    Returns
    -------
    fastapi.APIRouter
        ``/static``, the page under every address of the menu, and its twins.
    """
    router = APIRouter(include_in_schema=False)
    shelf = context.shelf

    @router.get("/static/{name}")
    def static(request: Request, name: str) -> Response:
        data = asset(name)
        packed = takes_gzip(request.headers.get("accept-encoding", ""))
        tag = f'"{file_hash(data)}{"-gzip" if packed else ""}"'
        fresh = request.query_params.get("h") == file_hash(data)
        headers = {
            "etag": tag,
            "cache-control": _FOREVER if fresh else "no-cache",
            "vary": "accept-encoding",
        }
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        if packed:
            headers["content-encoding"] = "gzip"
            data = packed_asset(name)
        return Response(data, media_type=ASSETS[name], headers=headers)

    @router.get("/")
    def home(request: Request) -> Response:
        return _page(context, request)

    @router.get("/{page}")
    def page(request: Request, page: str) -> Response:
        name, dot, kind = page.rpartition(".")
        if dot and kind in FORMATS:
            return _twin(request, find_page(name), kind, {})
        find_page(page)
        return _page(context, request)

    @router.get("/{page}/{value}")
    def chosen(request: Request, page: str, value: str) -> Response:
        found = find_page(page)
        topic = found.id == _WITH_TOPICS and value in method_pages()
        if not (found.selectors or topic):
            raise ApiError(404, "no_selector", f"/{page} has nothing to choose.")
        name, dot, kind = value.rpartition(".")
        if dot and kind in FORMATS:
            chosen = choice_of(shelf.current(), found, name)
            return _twin(request, found, kind, chosen)
        return _page(context, request)

    def _twin(
        request: Request, page: Page, kind: str, first: dict[str, str]
    ) -> Response:
        stock = shelf.current()
        given = {**dict(request.query_params), **first}
        if kind == "json":
            return reply_json(
                request, stock, lambda: twin_json(context, stock, page, given)
            )
        views = [v for v in page.views if v.table in stock.release]
        if not views:
            raise ApiError(404, "not_released", f"/{page.id} has nothing to show.")
        return view_reply(context, request, stock, f"{views[0].id}.{kind}", given)

    return router


def _page(context: Context, request: Request) -> Response:
    stock = context.shelf.current()
    project = stock.release.catalogue["project"]
    wanted = request.query_params.get("lang", "")
    own = str(project.get("language")) if isinstance(project, dict) else "en"
    lang = wanted if wanted in ("en", "zh") else own
    text = index_html(root=context.settings.root, lang=lang)
    return Response(
        text,
        media_type="text/html; charset=utf-8",
        headers={"cache-control": "no-cache"},
    )
