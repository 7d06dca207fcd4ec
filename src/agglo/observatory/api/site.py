"""The page itself, the files it links, and the twins of its addresses."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from fastapi import APIRouter, Request, Response

from agglo.core.typing import Json
from agglo.observatory.api.problems import ApiError
from agglo.observatory.api.replies import Context, reply_json
from agglo.observatory.api.route_pages import (
    FORMATS,
    find_page,
    twin_json,
    view_reply,
)
from agglo.observatory.page import Page

__all__ = ["ASSETS", "asset", "index_html", "json_script", "site_router"]

_STATIC = Path(__file__).resolve().parents[1] / "static"
# the only files of the bundle that are ever sent
ASSETS = {
    "app.js": "text/javascript; charset=utf-8",
    "charts.js": "text/javascript; charset=utf-8",
    "app.css": "text/css; charset=utf-8",
}
_FOREVER = "private, max-age=31536000, immutable"


def asset(name: str) -> bytes:
    """Give a file of the bundle.

    Parameters
    ----------
    name
        A key of :data:`ASSETS`.

    Returns
    -------
    bytes
        Its content.

    Raises
    ------
    ApiError
        404 for any other name; 503 when the bundle was not built.
    """
    if name not in ASSETS:
        raise ApiError(404, "unknown_file", "There is no such file.", where="static")
    try:
        return (_STATIC / name).read_bytes()
    except OSError as error:
        raise ApiError(
            503,
            "no_bundle",
            f"{name} is not part of this installation.",
            where="static",
            fix="build it in frontend/: npm run bundle",
        ) from error


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


def json_script(identity: str, value: Json) -> str:
    """Write plain values as a data block that no text inside can end.

    Parameters
    ----------
    identity
        ``id`` of the element.
    value
        Plain values.

    Returns
    -------
    str
        A ``script`` element of type ``application/json``; browsers never run it.
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for mark, code in (("<", "3c"), (">", "3e"), ("&", "26")):
        text = text.replace(mark, f"\\u00{code}")
    text = text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    return f'<script id="{identity}" type="application/json">{text}</script>'


def index_html(*, root: str, lang: str) -> str:
    """Write the page; names of regions and industries are never part of it.

    Parameters
    ----------
    root
        Path under which the observatory is served.
    lang
        ``"en"`` or ``"zh"``.

    Returns
    -------
    str
        HTML without inline script or style.
    """
    links = {name: f"{root}/static/{name}?h={_hash(asset(name))}" for name in ASSETS}
    boot = json_script(
        "boot",
        {
            "mode": "server",
            "root": f"{root}/",
            "api": "api/v1",
            "lang": lang,
            "charts": links["charts.js"],
        },
    )
    code = "zh-Hans" if lang == "zh" else "en"
    return (
        f'<!doctype html>\n<html lang="{code}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<title>agglo</title>\n<link rel="icon" href="data:,">\n'
        f'<link rel="stylesheet" href="{links["app.css"]}">\n</head>\n<body>\n'
        f'<div id="app"></div>\n{boot}\n'
        f'<script src="{links["app.js"]}" defer></script>\n</body>\n</html>\n'
    )


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
        tag = f'"{_hash(data)}"'
        fresh = request.query_params.get("h") == _hash(data)
        headers = {"etag": tag, "cache-control": _FOREVER if fresh else "no-cache"}
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
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
        if not found.selectors:
            raise ApiError(404, "no_selector", f"/{page} has nothing to choose.")
        name, dot, kind = value.rpartition(".")
        if dot and kind in FORMATS:
            return _twin(request, found, kind, {found.selectors[0].id: name})
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
