"""Routes of evidence: methods, manifests, certificates, and the zip of a view."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from agglo.core.typing import Json
from agglo.observatory.api.answers import (
    encode,
    envelope,
    find_view,
    read_question,
    view_table,
)
from agglo.observatory.api.bundle import bundle, release_manifest
from agglo.observatory.api.description import described
from agglo.observatory.api.methods import method_entry, method_pages
from agglo.observatory.api.page_bundle import page_bundle
from agglo.observatory.api.problems import ApiError
from agglo.observatory.api.replies import Context, reply, reply_json
from agglo.observatory.api.shapes import (
    CertificateAnswer,
    CheckAnswer,
    ManifestAnswer,
    MethodAnswer,
    MethodListAnswer,
)
from agglo.observatory.pages import PAGES
from agglo.observatory.release_check import wrong_parts

__all__ = ["evidence_router"]


def evidence_router(context: Context) -> APIRouter:
    """Make the routes.

    Parameters
    ----------
    context
        Releases and limits.

    Returns
    -------
    fastapi.APIRouter
        ``/methods``, ``/manifests``, ``/certificates``, ``/downloads``.
    """
    router = APIRouter(tags=["evidence"])
    _add_methods(router, context)
    _add_release(router, context)
    _add_downloads(router, context)
    return router


def _add_methods(router: APIRouter, context: Context) -> None:
    shelf = context.shelf

    @router.get(
        "/methods",
        summary="Pages that explain methods",
        responses=described(MethodListAnswer),
    )
    def methods(request: Request) -> Response:
        stock = shelf.current()
        return reply_json(
            request,
            stock,
            lambda: envelope(
                stock, [method_entry(name, whole=False) for name in method_pages()]
            ),
        )

    @router.get(
        "/methods/{name}",
        summary="One of them, as Markdown",
        responses=described(MethodAnswer),
    )
    def method(request: Request, name: str) -> Response:
        stock = shelf.current()
        if name not in method_pages():
            raise ApiError(
                404, "unknown_method", "There is no such page.", where="name",
                fix="see /api/v1/methods",
            )  # fmt: skip
        return reply_json(
            request,
            stock,
            lambda: envelope(stock, method_entry(name, whole=True)),
        )


def _add_release(router: APIRouter, context: Context) -> None:
    shelf = context.shelf

    @router.get(
        "/manifests/{release}",
        summary="Hashes of everything in a release",
        responses=described(ManifestAnswer),
    )
    def manifest(request: Request, release: str) -> Response:
        stock = shelf.current()
        _same_release(release, stock.release.id)
        return reply_json(
            request, stock, lambda: envelope(stock, release_manifest(stock))
        )

    @router.get(
        "/manifests/{release}/check",
        summary="The hashes of a release computed anew",
        responses=described(CheckAnswer),
    )
    def check(release: str) -> Response:
        stock = shelf.current()
        _same_release(release, stock.release.id)
        found: dict[str, Json] = {
            "checked": 1 + len(stock.release.files),
            "wrong": list[Json](wrong_parts(stock.release)),
        }
        # an answer that is kept would prove nothing
        return Response(
            encode(envelope(stock, found)),
            media_type="application/json",
            headers={"cache-control": "no-store"},
        )

    @router.get(
        "/certificates/{release}",
        summary="How a release was protected",
        responses=described(CertificateAnswer),
    )
    def certificate(request: Request, release: str) -> Response:
        stock = shelf.current()
        _same_release(release, stock.release.id)
        return reply_json(
            request,
            stock,
            lambda: envelope(stock, stock.release.catalogue["certificate"]),
        )


def _add_downloads(router: APIRouter, context: Context) -> None:
    shelf, limits = context.shelf, context.settings.limits

    @router.get(
        "/downloads/{name}",
        summary="Zip of a view, or of all views of a page, with what it takes to repeat it",
        response_class=Response,
        responses=described(None, "application/zip"),
    )
    def download(request: Request, name: str) -> Response:
        stock = shelf.current()
        if not name.endswith(".zip"):
            raise ApiError(
                404, "unknown_format", "Downloads end in .zip.", where="name"
            )
        given = dict(request.query_params)
        if name.removesuffix(".zip") in PAGES:
            page = PAGES[name.removesuffix(".zip")]
            return reply(
                request,
                stock,
                lambda: page_bundle(stock, page, given, most=limits.file_rows),
                media="application/zip",
                name=f"{page.id}.zip",
            )
        view = find_view(stock, name.removesuffix(".zip"))
        query = read_question(stock, view, given, most=limits.rows).query

        def make() -> bytes:
            table = view_table(stock, view, query, most=limits.file_rows)
            return bundle(stock, view, query, table)

        return reply(
            request, stock, make, media="application/zip", name=f"{view.id}.zip"
        )


def _same_release(wanted: str, current: str) -> None:
    if wanted not in (current, "current"):
        raise ApiError(
            404,
            "unknown_release",
            f"Served is release {current}.",
            where="release",
            fix=f"use {current}",
        )
