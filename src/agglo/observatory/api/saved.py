"""Views whose address is too long to hand on: kept in the project under an opaque id."""

from __future__ import annotations

import hashlib
import hmac
import re
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

from agglo.observatory.api.problems import ApiError
from agglo.store import write_text

__all__ = ["LONGEST", "MOST", "SavedViews"]

LONGEST = 32_000  # characters of an address
MOST = 10_000  # views of a project
_DIGITS = 32
_ROUTE = re.compile(r"^/[A-Za-z0-9_./%-]*$")
_KEY = re.compile(r"^[a-z][a-z0-9_]{0,40}$")
_ID = re.compile(rf"^[0-9a-f]{{{_DIGITS}}}$")
# what an address of a view never carries
_NEVER = ("token", "saved")


class SavedViews:
    """Addresses of views, one small file each.

    Parameters
    ----------
    folder
        Where they are kept.
    key
        Secret of the project: ids say nothing of what they stand for, and the same view
        has the same id.
    """

    def __init__(self, folder: Path, key: bytes) -> None:
        self._folder = folder
        self._key = key

    def save(self, address: str) -> str:
        """Keep an address.

        Parameters
        ----------
        address
            Route and query of a view, without host.

        Returns
        -------
        str
            Its id.

        Raises
        ------
        ApiError
            400 for what is no address of a view; 413 for one that is too long; 429 when
            the project holds too many.
        """
        text = _canonical(address)
        digest = hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()
        identity = digest[:_DIGITS]
        path = self._folder / identity
        if path.is_file():
            return identity
        if self._folder.is_dir() and sum(1 for _ in self._folder.iterdir()) >= MOST:
            raise ApiError(
                429, "too_many_views", f"{MOST} views are saved already.", where="saved",
                fix="remove old ones from .agglo/views of the project",
            )  # fmt: skip
        write_text(path, text)
        return identity

    def read(self, identity: str) -> str:
        """Give the address that was kept.

        Parameters
        ----------
        identity
            What `save` gave.

        Returns
        -------
        str
            Route and query.

        Raises
        ------
        ApiError
            404 when there is none.
        """
        path = self._folder / identity
        if _ID.match(identity) and path.is_file() and not path.is_symlink():
            return path.read_text("utf-8")
        raise ApiError(
            404, "unknown_view", "There is no such saved view.", where="id",
            fix="open the observatory and choose anew",
        )  # fmt: skip


def _canonical(address: str) -> str:
    """Check an address, and write it so that the same view reads the same."""
    if len(address) > LONGEST:
        raise ApiError(
            413, "too_large", f"An address has at most {LONGEST} characters.", where="address",
        )  # fmt: skip
    route, _, query = address.partition("?")
    pairs = parse_qsl(query, keep_blank_values=False)
    wrong = [key for key, _ in pairs if not _KEY.match(key)]
    if not _ROUTE.match(route) or ".." in route or wrong:
        raise ApiError(
            400, "bad_address", "This is no address of a view.", where="address",
            fix="send route and query, for example /map?v=1&industry=C28",
        )  # fmt: skip
    kept = sorted((key, value) for key, value in pairs if key not in _NEVER)
    return f"{route}?{urlencode(kept)}"
