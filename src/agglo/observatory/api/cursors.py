"""Cursors: where an answer goes on, signed and tied to one release and one question."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import secrets
from contextlib import suppress
from pathlib import Path

from agglo.observatory.api.problems import ApiError

__all__ = ["Cursors", "signing_key"]

_KEY_BYTES = 32
_MAC_BYTES = 16
_KEY_FILE = ".cursor-key"


def signing_key(folder: Path) -> bytes:
    """Give the key of a project's cursors, made on first use.

    Parameters
    ----------
    folder
        Folder with the releases.

    Returns
    -------
    bytes
        256 random bits; of this process only where the folder cannot be written.
    """
    path = folder / _KEY_FILE
    fresh = secrets.token_bytes(_KEY_BYTES)
    with suppress(OSError):
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(fresh)
    with suppress(OSError):
        kept = path.read_bytes()
        if len(kept) == _KEY_BYTES:
            return kept
    return fresh


class Cursors:
    """Write and read cursors.

    Parameters
    ----------
    key
        Secret key.
    release
        Release they belong to.
    """

    def __init__(self, key: bytes, release: str) -> None:
        self._key = key
        self._release = release

    def write(self, offset: int, question: str) -> str:
        """Give the cursor that goes on at a row.

        Parameters
        ----------
        offset
            First row of the next page.
        question
            What is asked, in canonical form.

        Returns
        -------
        str
            Letters, digits, ``-`` and ``_``.
        """
        body = f"{self._release}:{offset}".encode()
        mac = self._mac(body, question)
        return base64.urlsafe_b64encode(mac + body).decode().rstrip("=")

    def read(self, cursor: str, question: str) -> int:
        """Give the row at which a cursor goes on.

        Parameters
        ----------
        cursor
            What `write` gave.
        question
            What is asked now.

        Returns
        -------
        int
            First row of the page.

        Raises
        ------
        ApiError
            409 for a cursor of another release; 400 for one that was not written here for
            this question.
        """
        bad = ApiError(
            400,
            "bad_cursor",
            "This cursor was not given for this question.",
            where="cursor",
            fix="start again without cursor",
        )
        try:
            raw = base64.urlsafe_b64decode(
                cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
            )
        except (UnicodeEncodeError, binascii.Error) as error:
            raise bad from error
        mac, body = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
        if not hmac.compare_digest(mac, self._mac(body, question)):
            raise bad
        release, _, offset = body.decode("ascii").partition(":")
        if release != self._release:
            raise ApiError(
                409,
                "other_release",
                f"The cursor belongs to release {release}; this is {self._release}.",
                where="cursor",
                fix="start again without cursor",
            )
        return int(offset)

    def _mac(self, body: bytes, question: str) -> bytes:
        text = body + b"\0" + question.encode()
        return hmac.new(self._key, text, hashlib.sha256).digest()[:_MAC_BYTES]
