"""The JSON API and the page, over the current release of a project."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from agglo.core.errors import MissingExtraError
from agglo.observatory.api.settings import (
    LOOPBACK,
    Limits,
    Settings,
    check_binding,
    check_frames,
)

if TYPE_CHECKING:
    from starlette.types import ASGIApp

__all__ = [
    "LOOPBACK",
    "Limits",
    "Settings",
    "check_binding",
    "check_frames",
    "create_app",
]


def create_app(project: Path, settings: Settings | None = None) -> ASGIApp:
    """Make the web application of a project.

    Parameters
    ----------
    project
        Project folder with a release (`agglo.observatory.release.build_release`).
    settings
        Mode, address, secrets and limits; a new token of this start when ``None``.

    Returns
    -------
    starlette.types.ASGIApp
        An ASGI application; it reads the release and nothing else.

    Raises
    ------
    MissingExtraError
        If the extra ``web`` is not installed.
    """
    try:
        from agglo.observatory.api.application import build
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package not in ("fastapi", "starlette", "uvicorn"):
            raise
        raise MissingExtraError(package, "web", "The observatory") from error
    return build(project, settings or Settings())[0]
