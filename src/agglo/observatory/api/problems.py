"""What goes wrong in a request: a code, a sentence, a place, a way out."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass

from agglo.core.typing import Json

__all__ = ["MEDIA", "ApiError", "problem_body", "request_id"]

MEDIA = "application/problem+json"


@dataclass(eq=False)
class ApiError(Exception):
    """A request that cannot be answered.

    Parameters
    ----------
    status
        HTTP status.
    code
        Stable problem code.
    detail
        What is wrong, in one sentence.
    where
        Parameter or part of the address.
    fix
        What to do.
    retry
        Seconds after which to try again; 0 for not at all.
    """

    status: int
    code: str
    detail: str
    where: str = ""
    fix: str = ""
    retry: int = 0

    def __post_init__(self) -> None:
        """Keep the sentence as the message."""
        super().__init__(self.detail)


def request_id() -> str:
    """Give a random name for a request, to be found again in the log."""
    return secrets.token_hex(8)


def problem_body(error: ApiError, identity: str) -> bytes:
    """Write a problem as JSON.

    Parameters
    ----------
    error
        What is wrong.
    identity
        Name of the request.

    Returns
    -------
    bytes
        ``application/problem+json``; no trace, no path of the machine.
    """
    body: dict[str, Json] = {
        "status": error.status,
        "code": error.code,
        "detail": error.detail,
        "where": error.where,
        "fix": error.fix,
        "request_id": identity,
    }
    return json.dumps(body, ensure_ascii=False).encode()
