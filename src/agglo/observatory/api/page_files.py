"""The page and the files of its bundle, from a fixed list."""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from pathlib import Path

from agglo.core.typing import Json
from agglo.observatory.api.packing import SMALLEST, pack
from agglo.observatory.api.problems import ApiError

__all__ = ["ASSETS", "asset", "file_hash", "index_html", "json_script", "packed_asset"]

_STATIC = Path(__file__).resolve().parents[1] / "static"
# the only files of the bundle that are ever sent
ASSETS = {
    "app.js": "text/javascript; charset=utf-8",
    "charts.js": "text/javascript; charset=utf-8",
    "app.css": "text/css; charset=utf-8",
}


def asset(name: str) -> bytes:
    """Give a file of the bundle.

    Parameters
    ----------
    name
        A key of :data:`ASSETS`.

    Returns
    -------
    bytes
        Its content.

    Raises
    ------
    ApiError
        404 for any other name; 503 when the bundle was not built.
    """
    path = _STATIC / name
    if name not in ASSETS or path.is_symlink():
        raise ApiError(404, "unknown_file", "There is no such file.", where="static")
    try:
        found = path.stat()
        return _read(path, found.st_mtime_ns, found.st_size)
    except OSError as error:
        raise ApiError(
            503,
            "no_bundle",
            f"{name} is not part of this installation.",
            where="static",
            fix="build it in frontend/: npm run bundle",
        ) from error


def packed_asset(name: str) -> bytes:
    """Give a file of the bundle packed with gzip; it is packed once.

    Parameters
    ----------
    name
        A key of :data:`ASSETS`.

    Returns
    -------
    bytes
        Its content, packed.
    """
    return _packed(asset(name))


@lru_cache(maxsize=2 * len(ASSETS))
def _read(path: Path, changed: int, size: int) -> bytes:
    """Read a file once; a new build has another time or size."""
    del changed, size
    return path.read_bytes()


@lru_cache(maxsize=2 * len(ASSETS))
def _packed(data: bytes) -> bytes:
    return pack(data, SMALLEST)


@lru_cache(maxsize=4 * len(ASSETS))
def file_hash(data: bytes) -> str:
    """Name a content by 16 digits of its SHA-256."""
    return hashlib.sha256(data).hexdigest()[:16]


def json_script(identity: str, value: Json) -> str:
    """Write plain values as a data block that no text inside can end.

    Parameters
    ----------
    identity
        ``id`` of the element.
    value
        Plain values.

    Returns
    -------
    str
        A ``script`` element of type ``application/json``; browsers never run it.
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for mark, code in (("<", "3c"), (">", "3e"), ("&", "26")):
        text = text.replace(mark, f"\\u00{code}")
    text = text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    return f'<script id="{identity}" type="application/json">{text}</script>'


def index_html(*, root: str, lang: str) -> str:
    """Write the page; names of regions and industries are never part of it.

    Parameters
    ----------
    root
        Path under which the observatory is served.
    lang
        ``"en"`` or ``"zh"``.

    Returns
    -------
    str
        HTML without inline script or style.
    """
    links = {
        name: f"{root}/static/{name}?h={file_hash(asset(name))}" for name in ASSETS
    }
    boot = json_script(
        "boot",
        {
            "mode": "server",
            "root": f"{root}/",
            "api": "api/v1",
            "lang": lang,
            "charts": links["charts.js"],
        },
    )
    code = "zh-Hans" if lang == "zh" else "en"
    return (
        f'<!doctype html>\n<html lang="{code}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<title>agglo</title>\n<link rel="icon" href="data:,">\n'
        f'<link rel="stylesheet" href="{links["app.css"]}">\n</head>\n<body>\n'
        f'<div id="app"></div>\n{boot}\n'
        f'<script src="{links["app.js"]}" defer></script>\n</body>\n</html>\n'
    )
