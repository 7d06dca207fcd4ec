"""One spelling for text that people write in several: width, script, case, spaces."""

from __future__ import annotations

import csv
import re
import unicodedata
from functools import cache
from importlib.resources import files

__all__ = ["data_rows", "fold", "is_chinese"]

_SPACES = re.compile(r"\s+")
_CHINESE = re.compile("[㐀-鿿]")
_BETWEEN = re.compile("(?<=[㐀-鿿]) (?=[㐀-鿿])")


@cache
def data_rows(name: str) -> tuple[dict[str, str], ...]:
    """Read one of the small tables that come with the area."""
    text = (files("agglo.matching") / "data" / name).read_text(encoding="utf-8")
    return tuple(csv.DictReader(text.splitlines()))


@cache
def _to_simplified() -> dict[int, str]:
    rows = data_rows("simplified.csv")
    return {ord(r["traditional"]): r["simplified"] for r in rows}


def fold(text: str | None) -> str:
    """Give NFKC, simplified characters, lower case and single spaces; null is empty.

    Spaces between Chinese characters mean nothing and go. Invisible characters (byte-order
    mark, zero-width space) go too.
    """
    if not text:
        return ""
    plain = unicodedata.normalize("NFKC", text).translate(_to_simplified())
    plain = "".join(c for c in plain if unicodedata.category(c) != "Cf")
    plain = _SPACES.sub(" ", plain.replace("’", "'")).strip().casefold()
    return _BETWEEN.sub("", plain)


def is_chinese(text: str) -> bool:
    """Say whether the text has a Chinese character."""
    return _CHINESE.search(text) is not None
