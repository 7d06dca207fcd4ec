"""The description of the API (OpenAPI 3.1), committed and compared by a test."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel

from agglo.core.typing import Json
from agglo.observatory.api.problems import MEDIA
from agglo.observatory.api.shapes import Problem

if TYPE_CHECKING:
    from fastapi import FastAPI

__all__ = ["describe", "described"]

_PROBLEM: dict[str, Json] = {
    "description": "A problem: code, sentence, place, way out",
    "content": {MEDIA: {"schema": {"$ref": "#/components/schemas/Problem"}}},
}


def described(
    model: type[BaseModel] | None,
    *media: str,
    status: int = 200,
    what: str = "The answer",
) -> dict[int | str, dict[str, object]]:
    """Say what a route answers.

    Parameters
    ----------
    model
        Shape of the JSON answer; ``None`` where there is none.
    *media
        Other media types.
    status
        Status of the answer.
    what
        The answer in words.

    Returns
    -------
    dict
        For ``responses=`` of a route.
    """
    found: dict[str, object] = {"description": what}
    if model is not None:
        found["model"] = model
    plain: dict[str, object] = {name.partition(";")[0]: {} for name in media}
    plain.pop("application/json", None)
    if plain:
        found["content"] = plain
    return {status: found}


def describe(app: FastAPI) -> dict[str, Json]:
    """Describe an application.

    Parameters
    ----------
    app
        The routes.

    Returns
    -------
    dict
        OpenAPI 3.1; every operation may answer with a problem.
    """
    if app.openapi_schema is None:
        whole = get_openapi(title=app.title, version=app.version, routes=app.routes)
        parts = whole["components"]["schemas"]
        for name in ("HTTPValidationError", "ValidationError"):
            parts.pop(name, None)
        template = "#/components/schemas/{model}"
        parts["Problem"] = Problem.model_json_schema(ref_template=template)
        for path in whole["paths"].values():
            for operation in path.values():
                operation["responses"].pop("422", None)
                operation["responses"]["default"] = _PROBLEM
        app.openapi_schema = whole
    return app.openapi_schema
