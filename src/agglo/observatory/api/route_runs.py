"""Routes of long work on the owner's desk: runs, imports, reports; watching, ending.

They are mounted where the server listens on this machine only and for its owner. Every
one that starts or ends something needs the own origin, the cookie and a header of ours
(`agglo.observatory.api.security`).
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi import Path as PathPart
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from agglo.core.errors import suggest
from agglo.core.typing import Json
from agglo.observatory.api.answers import SCHEMA, encode
from agglo.observatory.api.choosing import choice_of
from agglo.observatory.api.description import described
from agglo.observatory.api.problems import ApiError
from agglo.observatory.api.replies import Context
from agglo.observatory.api.shapes import RunAnswer, RunListAnswer
from agglo.observatory.jobs import Job, Jobs
from agglo.observatory.pages import PAGES
from agglo.studies import STUDIES

__all__ = ["run_router"]

_JSON = "application/json"
_NO_STORE = {"cache-control": "no-store"}
_BEAT = 0.2  # seconds between two looks at a job
_PATIENCE = 0.8  # share of the time for one answer after which a stream is renewed
_UPLOADS = Path("sources") / "uploads"
_REPORTS = Path(".agglo") / "reports"
# files that are read as they are; archives are not taken
_ENDINGS = Literal[
    "csv", "tsv", "txt", "parquet", "xlsx", "json", "geojson", "topojson", "dta"
]
_MEDIA: Mapping[str, str] = {
    "html": "text/html; charset=utf-8",
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}
_Id = Annotated[str, PathPart(max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]


class _Order(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class RunOrder(_Order):
    """Which study to run; all whose tables are there when none is named."""

    study: str | None = Field(default=None, max_length=64)


class ReportOrder(_Order):
    """A brief: page, what was chosen on it, language and format."""

    page: str = Field(max_length=64)
    choice: str = Field(default="", max_length=200)
    lang: Literal["en", "zh"] = "en"
    format: Literal["html", "pdf", "docx"] = "html"


def run_router(context: Context, jobs: Jobs) -> APIRouter:
    """Make the routes.

    Parameters
    ----------
    context
        Releases and limits.
    jobs
        The long work of this start.

    Returns
    -------
    fastapi.APIRouter
        ``/runs``, ``/imports``, ``/reports``.
    """
    router = APIRouter(tags=["runs"])
    _add_orders(router, context, jobs)
    _add_import(router, jobs)
    _add_watching(router, context, jobs)
    return router


def _envelope(data: Json, status: int = 200) -> Response:
    return Response(
        encode({"schema": SCHEMA, "data": data, "meta": {}}),
        status_code=status,
        media_type=_JSON,
        headers=dict(_NO_STORE),
    )


def _accepted(request: Request, job: Job) -> Response:
    answer = _envelope(job.to_dict(), 202)
    answer.headers["location"] = (
        f"{request.scope.get('root_path', '')}/api/v1/runs/{job.id}"
    )
    return answer


_STARTED = described(RunAnswer, status=202, what="Started; data.id names it")


def _add_orders(router: APIRouter, context: Context, jobs: Jobs) -> None:
    @router.post("/runs", summary="Run studies", status_code=202, responses=_STARTED)
    def run(request: Request, order: RunOrder) -> Response:
        if order.study is not None and order.study not in STUDIES:
            hint = suggest(order.study, list(STUDIES))
            raise ApiError(
                404, "unknown_study", f"There is no such study. {hint}".strip(),
                where="study", fix=f"one of: {', '.join(STUDIES)}",
            )  # fmt: skip
        told: dict[str, Json] = {"study": order.study}
        return _accepted(request, jobs.submit("run", told, asked=told))

    @router.post(
        "/reports", summary="Write a brief", status_code=202, responses=_STARTED
    )
    def report(request: Request, order: ReportOrder) -> Response:
        page = PAGES.get(order.page)
        if page is None:
            raise ApiError(404, "unknown_page", "There is no such page.", where="page",
                           fix=f"one of: {', '.join(PAGES)}")  # fmt: skip
        stock = context.shelf.current()
        chosen = choice_of(stock, page, order.choice) if order.choice else {}
        folder = jobs.project / _REPORTS
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"{secrets.token_hex(16)}.{order.format}"
        job = jobs.submit(
            "report",
            {
                "page": page.id,
                "chosen": {**chosen},
                "lang": order.lang,
                "mode": context.settings.mode,
                "file": str(file),
            },
            asked=dict(order.model_dump()),
            file=file,
        )
        return _accepted(request, job)


def _add_import(router: APIRouter, jobs: Jobs) -> None:
    @router.post(
        "/imports",
        summary="Import a file, sent as the body",
        status_code=202,
        responses=_STARTED,
        openapi_extra={
            "requestBody": {
                "required": True,
                "content": {
                    "application/octet-stream": {
                        "schema": {"type": "string", "format": "binary"}
                    }
                },
            }
        },
    )
    async def upload(
        request: Request,
        source: Annotated[str, Query(max_length=64)],
        ending: _ENDINGS,
        name: Annotated[
            str | None, Query(max_length=100, pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]*$")
        ] = None,
        options: Annotated[str, Query(max_length=2000)] = "{}",
    ) -> Response:
        order: dict[str, Json] = {
            "source": source,
            "id": name,
            "options": _options(source, options),
        }
        file = jobs.project / _UPLOADS / f"{secrets.token_hex(16)}.{ending}"
        size = await _receive(request, file)

        def after(job: Job) -> None:
            if job.status != "done":
                file.unlink(missing_ok=True)

        try:
            job = jobs.submit(
                "import",
                {**order, "file": str(file)},
                asked={"source": source, "id": name, "bytes": size},
                after=after,
            )
        except ApiError:
            file.unlink(missing_ok=True)
            raise
        return _accepted(request, job)


async def _receive(request: Request, file: Path) -> int:
    """Write the body to a file of a name of ours."""
    file.parent.mkdir(parents=True, exist_ok=True)
    size = 0
    try:
        with file.open("xb") as out:
            async for chunk in request.stream():
                size += len(chunk)
                out.write(chunk)
        _refuse_empty(size)
    except BaseException:
        file.unlink(missing_ok=True)
        raise
    return size


def _refuse_empty(size: int) -> None:
    if not size:
        raise ApiError(400, "empty_body", "The body is the file; it is empty.")


def _options(source: str, text: str) -> dict[str, Json]:
    """Read the options of a reader: closed names, plain values, no file of this machine."""
    from agglo.sources import READERS

    reader = READERS.get(source)
    if reader is None:
        hint = suggest(source, list(READERS))
        raise ApiError(
            404, "unknown_source", f"There is no such source. {hint}".strip(),
            where="source", fix=f"one of: {', '.join(READERS)}",
        )  # fmt: skip
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise ApiError(400, "bad_options", "options is a JSON object.", where="options")
    known = {o.name: o for o in reader.options}
    for key in found:
        if key not in known:
            raise ApiError(
                400, "unknown_option", f"The source {source} has no such option.",
                where="options", fix=f"one of: {', '.join(known)}",
            )  # fmt: skip
        if known[key].type == "path":
            raise ApiError(
                422, "path_option", f"{key} names a file; it is set in agglo.toml.",
                where="options", fix="use `agglo import` on the command line",
            )  # fmt: skip
    # braces are places and variables of this machine in agglo.toml
    if any(mark in json.dumps(list(found.values())) for mark in ("${", "{{")) or any(
        isinstance(v, str) and "{" in v for v in found.values()
    ):
        raise ApiError(400, "bad_options", "options hold no braces.", where="options")
    return found


def _add_watching(router: APIRouter, context: Context, jobs: Jobs) -> None:
    @router.get(
        "/runs",
        summary="Long work of this start, the newest first",
        responses=described(RunListAnswer),
    )
    def listed() -> Response:
        return _envelope([job.to_dict() for job in jobs.all()])

    @router.get(
        "/runs/{id}",
        summary="State of a run, import or report",
        responses=described(RunAnswer),
    )
    def state(id: _Id) -> Response:  # noqa: A002 - the name in the address
        return _envelope(jobs.get(id).to_dict())

    @router.delete(
        "/runs/{id}",
        summary="End it; what was there before stays",
        responses=described(RunAnswer),
    )
    def cancel(id: _Id) -> Response:  # noqa: A002
        return _envelope(jobs.cancel(id).to_dict())

    @router.get(
        "/runs/{id}/events",
        summary="Stage, done and total as server-sent events",
        response_class=Response,
        responses=described(None, "text/event-stream"),
    )
    async def events(request: Request, id: _Id) -> StreamingResponse:  # noqa: A002
        job = jobs.get(id)
        seconds = context.settings.limits.seconds * _PATIENCE
        seen = request.headers.get("last-event-id", "")
        lines = _stream(job, int(seen) if seen.isdecimal() else -1, seconds)
        return StreamingResponse(
            lines, media_type="text/event-stream", headers=dict(_NO_STORE)
        )

    @router.get(
        "/runs/{id}/file",
        summary="The brief that a report has written",
        response_class=Response,
        responses=described(None, *_MEDIA.values()),
    )
    def file(id: _Id) -> Response:  # noqa: A002
        job = jobs.get(id)
        if job.file is None or job.status != "done" or not job.file.is_file():
            raise ApiError(404, "no_file", "This run has no file to give.", where="id")
        ending = job.file.suffix.removeprefix(".")
        said = f'attachment; filename="brief.{ending}"'
        return Response(
            job.file.read_bytes(),
            media_type=_MEDIA[ending],
            headers={**_NO_STORE, "content-disposition": said},
        )


async def _stream(job: Job, seen: int, seconds: float) -> AsyncIterator[bytes]:
    """Tell every change of a job; a browser asks again when the stream is renewed."""
    clock = asyncio.get_running_loop().time
    end = clock() + seconds
    yield b"retry: 1000\n\n"
    while True:
        if job.version != seen:
            seen = job.version
            body = encode(job.to_dict()).decode()
            yield f"id: {seen}\nevent: {job.status}\ndata: {body}\n\n".encode()
        if job.status != "working" or clock() > end:
            return
        await asyncio.sleep(_BEAT)
