"""Routes of saved views: anyone at the owner's desk saves, readers of it open."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Response
from fastapi import Path as PathPart
from pydantic import BaseModel, ConfigDict, Field

from agglo.core.typing import Json
from agglo.observatory.api.answers import SCHEMA, encode
from agglo.observatory.api.description import described
from agglo.observatory.api.replies import Context
from agglo.observatory.api.saved import LONGEST, SavedViews
from agglo.observatory.api.shapes import SavedAnswer

__all__ = ["saved_router"]

_FOLDER = Path(".agglo") / "views"


class ViewOrder(BaseModel):
    """A view to keep: its address without host."""

    model_config = ConfigDict(extra="forbid", strict=True)

    address: str = Field(min_length=1, max_length=LONGEST)


def saved_router(context: Context, project: Path, *, writing: bool) -> APIRouter:
    """Make the routes.

    Parameters
    ----------
    context
        Releases and limits.
    project
        Project folder.
    writing
        Whether views can be saved, or only opened.

    Returns
    -------
    fastapi.APIRouter
        ``/saved``.
    """
    router = APIRouter(tags=["views"])

    def views() -> SavedViews:
        return SavedViews(project / _FOLDER, context.shelf.key)

    @router.get(
        "/saved/{id}",
        summary="Address of a saved view",
        responses=described(SavedAnswer),
    )
    def opened(id: Annotated[str, PathPart(max_length=64)]) -> Response:  # noqa: A002
        return _answer(id, views().read(id), 200)

    if writing:

        @router.post(
            "/saved",
            summary="Keep a view under an opaque id",
            status_code=201,
            responses=described(SavedAnswer, status=201, what="Kept; data.id names it"),
        )
        def save(order: ViewOrder) -> Response:
            identity = views().save(order.address)
            return _answer(identity, views().read(identity), 201)

    return router


def _answer(identity: str, address: str, status: int) -> Response:
    data: dict[str, Json] = {"id": identity, "address": address}
    return Response(
        encode({"schema": SCHEMA, "data": data, "meta": {}}),
        status_code=status,
        media_type="application/json",
        headers={"cache-control": "no-store"},
    )
