"""The application: one for the owner's desk, another for the public."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.routing import Route
from starlette.types import ASGIApp

from agglo.core.results import version
from agglo.core.typing import Json
from agglo.observatory.api.answers import encode
from agglo.observatory.api.description import describe, described
from agglo.observatory.api.problems import MEDIA, ApiError, problem_body
from agglo.observatory.api.replies import Context
from agglo.observatory.api.route_data import data_router
from agglo.observatory.api.route_evidence import evidence_router
from agglo.observatory.api.route_pages import page_router
from agglo.observatory.api.route_results import results_router
from agglo.observatory.api.route_runs import run_router
from agglo.observatory.api.route_saved import saved_router
from agglo.observatory.api.security import Door
from agglo.observatory.api.settings import Settings
from agglo.observatory.api.shapes import IndexAnswer
from agglo.observatory.api.shelf import Shelf
from agglo.observatory.api.site import site_router
from agglo.observatory.jobs import Jobs

__all__ = ["API", "build"]

API = "/api/v1"
_STATUS = {404: "unknown_address", 405: "method_not_allowed"}


def build(project: Path, settings: Settings) -> tuple[ASGIApp, FastAPI, Shelf]:
    """Make the application.

    Parameters
    ----------
    project
        Project folder with a release.
    settings
        Mode, address, limits.

    Returns
    -------
    tuple
        The application behind its door, the routes alone, and the releases.
    """
    context = Context(Shelf(project, settings.mode), settings)
    app = _desk(context, project) if settings.desk else _reading(context, project)
    return Door(app, settings), app, context.shelf


def _desk(context: Context, project: Path) -> FastAPI:
    """Serve the owner's desk: what the public may read, and long work."""
    jobs = Jobs(project, context.settings.limits.jobs)
    app = _app(
        "agglo observatory",
        [
            *_readers(context),
            run_router(context, jobs),
            saved_router(context, project, writing=True),
        ],
        site_router(context),
    )
    app.state.jobs = jobs
    return app


def _reading(context: Context, project: Path) -> FastAPI:
    """Serve others: reading only; no route that writes exists in this application."""
    routers = _readers(context)
    if context.settings.mode == "private":
        # views saved at the desk name codes that a public release may not hold
        routers.append(saved_router(context, project, writing=False))
    return _app("agglo observatory", routers, site_router(context))


def _readers(context: Context) -> list[APIRouter]:
    made = (page_router, data_router, results_router, evidence_router)
    return [make(context) for make in made]


def _app(title: str, routers: Sequence[APIRouter], site: APIRouter) -> FastAPI:
    # the documentation pages that come with the framework load files from other hosts
    app = FastAPI(
        title=title,
        version=version(),
        openapi_url=f"{API}/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    api = APIRouter()

    @api.get(
        "/", tags=["index"], summary="What there is", responses=described(IndexAnswer)
    )
    def index() -> Response:
        listed: list[Json] = [*app.state.resources]
        return Response(encode({"resources": listed}), media_type="application/json")

    parts = [(API, router) for router in (api, *routers)]
    for prefix, router in (*parts, ("", site)):
        app.include_router(router, prefix=prefix)
    app.state.routes = sorted(
        (f"{prefix}{route.path}", "+".join(sorted(route.methods or ())))
        for prefix, router in (*parts, ("", site))
        for route in router.routes
        if isinstance(route, Route)
    )
    app.state.resources = sorted(
        {path for path, _ in app.state.routes if path.startswith(API)}
        | {f"{API}/openapi.json"}
    )
    app.openapi = lambda: describe(app)  # type: ignore[method-assign]
    for kind in (ApiError, RequestValidationError, HTTPException, Exception):
        app.add_exception_handler(kind, _problem)
    return app


def _problem(request: Request, error: Exception) -> Response:
    identity = str(request.scope.get("state", {}).get("request_id", ""))
    known = _known(error)
    headers = {"cache-control": "no-store"}
    if known.retry:
        headers["retry-after"] = str(known.retry)
    return Response(
        problem_body(known, identity),
        status_code=known.status,
        media_type=MEDIA,
        headers=headers,
    )


def _known(error: Exception) -> ApiError:
    """Say what an error is in the reader's words; nothing of the machine."""
    if isinstance(error, ApiError):
        return error
    if isinstance(error, RequestValidationError):
        first = error.errors()[0]
        where = str(first["loc"][-1])
        return ApiError(400, "bad_value", str(first["msg"]), where=where)
    if isinstance(error, HTTPException):
        code = _STATUS.get(error.status_code, "refused")
        return ApiError(error.status_code, code, str(error.detail))
    return ApiError(
        500,
        "internal",
        "The answer could not be made.",
        fix="report the request id with what you did",
    )
