"""The door: every request passes here before any route, and every answer on its way out.

A plain ASGI layer: host list, password, token, origin, sizes, number at once, time; the
headers of every answer; and one place where every error becomes a problem document.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hmac
import logging
from collections.abc import Sequence
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qsl, urlencode

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from agglo.core.errors import AggloError
from agglo.observatory.api.problems import MEDIA, ApiError, problem_body, request_id
from agglo.observatory.api.settings import Settings

__all__ = ["CSP", "IMPORTS", "WRITE_HEADER", "Door"]

_log = logging.getLogger("agglo.observatory")

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "font-src 'self'; connect-src 'self'; worker-src 'self' blob:; "
    "frame-ancestors 'self'; base-uri 'none'; form-action 'self'"
)
WRITE_HEADER = "x-agglo"
IMPORTS = "/api/v1/imports"
_SAFE = ("GET", "HEAD")
_HEADERS = {
    "content-security-policy": CSP,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}
_FULL = ApiError(
    429, "busy", "Too many requests at once.", fix="try again shortly", retry=1
)


class Door:
    """Let in what may come in.

    Parameters
    ----------
    app
        The routes.
    settings
        Mode, address, secrets, limits.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.settings = settings
        self._inside = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self.app(scope, receive, send)
            return
        identity = request_id()
        framed = self._framed(scope)
        started = False

        async def out(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                if framed:
                    headers["content-security-policy"] = framed
                headers["x-request-id"] = identity
            await send(message)

        scope.setdefault("state", {})["request_id"] = identity
        try:
            await self._answer(scope, receive, out)
        except ApiError as error:
            problem = error
        except TimeoutError:
            problem = ApiError(
                503, "timeout", "The answer took too long.", fix="ask for less", retry=5
            )
        except AggloError as error:
            _log.warning("%s %s", identity, type(error).__name__)
            problem = ApiError(
                503, "store", "The release cannot be read.", fix="try again", retry=1
            )
        else:
            return
        if not started:
            await _say(problem, identity, out)

    def _framed(self, scope: Scope) -> str:
        """Give the policy of a view that listed sites may show; empty for all others."""
        if not self.settings.frames:
            return ""
        asked = parse_qsl(scope["query_string"].decode("latin-1"))
        if ("embed", "1") not in asked:
            return ""
        sites = " ".join(("'self'", *self.settings.frames))
        return CSP.replace("frame-ancestors 'self'", f"frame-ancestors {sites}")

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        limits = self.settings.limits
        headers = Headers(scope=scope)
        self._check_host(headers)
        self._check_size(scope, headers)
        self._check_password(headers)
        if self.settings.mode != "public" and not self.settings.password:
            if await self._trade_token(scope, send):
                return
            self._check_cookie(headers)
        if scope["method"] not in _SAFE:
            self._check_write(headers)
        if self._inside >= limits.parallel:
            raise _FULL
        self._inside += 1
        try:
            async with asyncio.timeout(limits.seconds):
                await self.app(scope, _capped(receive, self._most(scope)), send)
        finally:
            self._inside -= 1

    def _check_host(self, headers: Headers) -> None:
        hosts = headers.getlist("host")
        if len(hosts) != 1 or hosts[0].lower() not in self.settings.origins:
            raise ApiError(
                400,
                "bad_host",
                "This server does not answer under that name.",
                where="Host",
                fix="open the address that `agglo serve` printed",
            )

    def _check_size(self, scope: Scope, headers: Headers) -> None:
        limits = self.settings.limits
        if len(scope["raw_path"]) + len(scope["query_string"]) > limits.address:
            raise ApiError(
                414,
                "address_too_long",
                f"The address is longer than {limits.address} characters.",
            )
        length = headers.get("content-length", "0")
        if not length.isdigit():
            raise ApiError(400, "bad_length", "Content-Length is no number.")
        if int(length) > self._most(scope):
            raise _too_large(self._most(scope))

    def _most(self, scope: Scope) -> int:
        """Give the largest body: a file to import may be large, on the own desk."""
        limits = self.settings.limits
        imports = scope["method"] == "POST" and scope["path"] == IMPORTS
        return limits.upload if imports and self.settings.desk else limits.body

    def _check_password(self, headers: Headers) -> None:
        if not self.settings.password:
            return
        kind, _, coded = headers.get("authorization", "").partition(" ")
        given = b""
        if kind.lower() == "basic":
            try:
                given = base64.b64decode(coded, validate=True).partition(b":")[2]
            except (binascii.Error, ValueError):
                given = b""
        if not hmac.compare_digest(given, self.settings.password.encode()):
            raise ApiError(401, "password", "A password is needed.", where="password")

    async def _trade_token(self, scope: Scope, send: Send) -> bool:
        """Trade the token of the first address for a cookie and clean the address."""
        pairs = parse_qsl(scope["query_string"].decode("latin-1"))
        given = [value for key, value in pairs if key == "token"]
        if not given or scope["method"] != "GET":
            return False
        if not _same(given[0], self.settings.token):
            raise _no_token()
        rest = urlencode([pair for pair in pairs if pair[0] != "token"])
        # as it was sent: what is decoded may hold line ends
        path = "/" + scope["raw_path"].decode("latin-1").lstrip("/\\")
        clean = self.settings.root + path + (f"?{rest}" if rest else "")
        cookie = (
            f"{self.settings.cookie}={self.settings.token}; HttpOnly; SameSite=Strict; "
            "Path=/"
        )
        fields: Sequence[tuple[bytes, bytes]] = [
            (b"location", clean.encode("latin-1")),
            (b"set-cookie", cookie.encode()),
            (b"cache-control", b"no-store"),
            (b"content-length", b"0"),
        ]
        await send({"type": "http.response.start", "status": 303, "headers": fields})
        await send({"type": "http.response.body", "body": b""})
        return True

    def _check_cookie(self, headers: Headers) -> None:
        jar = SimpleCookie()
        try:
            jar.load("; ".join(headers.getlist("cookie")))
        except CookieError as error:
            raise _no_token() from error
        morsel = jar.get(self.settings.cookie)
        if morsel is None or not _same(morsel.value, self.settings.token):
            raise _no_token()

    def _check_write(self, headers: Headers) -> None:
        """Refuse what another site may have sent."""
        own = {f"{scheme}://{o}" for o in self.settings.origins for scheme in _SCHEMES}
        if headers.getlist("origin") == [] or headers["origin"] not in own:
            raise ApiError(403, "foreign_origin", "Written from another site.")
        if headers.get(WRITE_HEADER) != "1":
            raise ApiError(403, "no_header", f"The header {WRITE_HEADER} is missing.")


_SCHEMES = ("http", "https")


def _same(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode(), wanted.encode())


def _no_token() -> ApiError:
    return ApiError(
        401,
        "no_token",
        "This start of the observatory has another token.",
        where="token",
        fix="open the address that `agglo serve` printed",
    )


def _too_large(limit: int) -> ApiError:
    return ApiError(413, "too_large", f"The body is larger than {limit} bytes.")


def _capped(receive: Receive, limit: int) -> Receive:
    seen = 0

    async def read() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > limit:
            raise _too_large(limit)
        return message

    return read


async def _say(problem: ApiError, identity: str, send: Send) -> None:
    body = problem_body(problem, identity)
    fields = [
        (b"content-type", MEDIA.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
    ]
    if problem.retry:
        fields.append((b"retry-after", str(problem.retry).encode()))
    if problem.code == "password":
        fields.append((b"www-authenticate", b'Basic realm="agglo", charset="UTF-8"'))
    await send(
        {"type": "http.response.start", "status": problem.status, "headers": fields}
    )
    await send({"type": "http.response.body", "body": body})
