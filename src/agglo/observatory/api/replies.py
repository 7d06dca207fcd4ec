"""How an answer leaves: a strong tag, 304 when it is known, kept when it is asked again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode

from fastapi import Request, Response

from agglo.core.typing import Json
from agglo.observatory.api.answers import encode, etag_of
from agglo.observatory.api.packing import pack, packable, takes_gzip
from agglo.observatory.api.settings import Settings
from agglo.observatory.api.shelf import Shelf
from agglo.observatory.api.stock import Stock

__all__ = ["Context", "reply", "reply_json"]

_PRIVATE = "private, no-cache"
_VARY = "cookie, accept, accept-encoding"


@dataclass(frozen=True, eq=False)
class Context:
    """What every route works with.

    Parameters
    ----------
    shelf
        Releases.
    settings
        Mode and limits.
    """

    shelf: Shelf
    settings: Settings


def reply(
    request: Request,
    stock: Stock,
    make: Callable[[], bytes],
    *,
    media: str,
    name: str = "",
    form: str = "",
) -> Response:
    """Answer with bytes that depend on the release and the address only.

    Parameters
    ----------
    request
        The request.
    stock
        The release.
    make
        Makes the bytes; not called when the reader has them or they were made before.
    media
        Media type.
    name
        File name to save under; empty to show.
    form
        Format, where the address alone does not say it.

    Returns
    -------
    fastapi.Response
        200, or 304 when the reader's copy is this one. Text is packed for readers that
        take gzip; packed and plain are two copies with two tags.
    """
    question = f"{request.url.path}?{urlencode(sorted(request.query_params.items()))}"
    packed = packable(media) and takes_gzip(request.headers.get("accept-encoding", ""))
    question = f"{question}#{form}{'#gzip' if packed else ''}"
    etag = etag_of(stock, question)
    headers = {"etag": etag, "cache-control": _PRIVATE, "vary": _VARY}
    wanted = request.headers.get("if-none-match", "")
    if wanted == "*" or etag in {w.strip() for w in wanted.split(",")}:
        return Response(status_code=304, headers=headers)
    if name:
        headers["content-disposition"] = f'attachment; filename="{name}"'
    if packed:
        headers["content-encoding"] = "gzip"
    body = stock.remember(
        ("answer", question), (lambda: pack(make())) if packed else make
    )
    return Response(body, media_type=media, headers=headers)


def reply_json(request: Request, stock: Stock, make: Callable[[], Json]) -> Response:
    """Answer with plain values.

    Parameters
    ----------
    request
        The request.
    stock
        The release.
    make
        Makes the values.

    Returns
    -------
    fastapi.Response
        200 or 304.
    """
    return reply(request, stock, lambda: encode(make()), media="application/json")
