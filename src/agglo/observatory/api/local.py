"""Ask the application without a port: one request, inside this process."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import quote, unquote

from starlette.types import ASGIApp, Message

from agglo.observatory.api.settings import Settings

__all__ = ["LocalAnswer", "ask"]

# what an address may hold unquoted; the rest is quoted, so a shell word is enough
_KEPT = "/?#[]@!$&'()*+,;=%-._~:"


@dataclass(frozen=True, slots=True)
class LocalAnswer:
    """What a route answers.

    Parameters
    ----------
    status
        HTTP status.
    media
        Media type.
    body
        Bytes.
    """

    status: int
    media: str
    body: bytes


def ask(app: ASGIApp, settings: Settings, address: str) -> LocalAnswer:
    """Get a route of the application.

    Parameters
    ----------
    app
        What `create_app` gave.
    settings
        What it was made with.
    address
        Path and query, for example ``"/api/v1/meta"``.

    Returns
    -------
    LocalAnswer
        The answer.
    """
    path, _, query = quote(address, safe=_KEPT).partition("?")
    asked = "/" + path.lstrip("/")
    # a thread of its own: a notebook has a loop running in this one
    with ThreadPoolExecutor(1) as own:
        return own.submit(
            lambda: asyncio.run(_ask(app, settings, asked, query))
        ).result()


async def _ask(app: ASGIApp, settings: Settings, path: str, query: str) -> LocalAnswer:
    status, media, parts = 500, "", list[bytes]()
    host = f"{settings.hosts[0]}:{settings.port}"
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": unquote(path),
        "raw_path": path.encode("ascii"),
        "query_string": query.encode("ascii"),
        "root_path": "",
        "headers": [
            (b"host", host.encode()),
            (b"cookie", f"{settings.cookie}={settings.token}".encode()),
        ],
        "client": ("127.0.0.1", 0),
        "server": (settings.host, settings.port),
    }

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        nonlocal status, media
        if message["type"] == "http.response.start":
            status = message["status"]
            fields = dict(message["headers"])
            media = fields.get(b"content-type", b"").decode("latin-1")
        else:
            parts.append(message.get("body", b""))

    await app(scope, receive, send)
    return LocalAnswer(status, media, b"".join(parts))
