"""Which line of a TOML text sets a key."""

from __future__ import annotations

import re
from collections.abc import Mapping

__all__ = ["key_lines", "line_of"]

Location = tuple[str | int, ...]

_HEADER = re.compile(r"^\s*(\[\[?)\s*([^\]]+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(
    r"""^\s*((?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*[A-Za-z0-9_-]+)*)\s*="""
)


def _parts(dotted: str) -> tuple[str, ...]:
    return tuple(p.strip().strip("\"'") for p in dotted.split("."))


def key_lines(text: str) -> dict[Location, int]:
    r"""Map the location of each table and key to its line.

    Parameters
    ----------
    text
        TOML text.

    Returns
    -------
    dict
        For example ``{("import", 0, "source"): 7}``; entries of an array of tables are
        counted from 0. Keys inside inline tables and multi-line strings are not found.

    Examples
    --------
    >>> key_lines('[project]\nname = "a"\n[[import]]\nid = "b"')[("import", 0, "id")]
    4
    """
    lines: dict[Location, int] = {}
    counts: dict[tuple[str, ...], int] = {}
    table: Location = ()
    for number, line in enumerate(text.splitlines(), 1):
        header = _HEADER.match(line)
        if header:
            parts = _parts(header[2])
            if header[1] == "[[":
                counts[parts] = counts.get(parts, -1) + 1
            table = _with_counts(parts, counts)
            for end in range(1, len(table) + 1):
                lines.setdefault(table[:end], number)
            continue
        key = _KEY.match(line)
        if key:
            lines.setdefault((*table, *_parts(key[1])), number)
    return lines


def _with_counts(
    parts: tuple[str, ...], counts: Mapping[tuple[str, ...], int]
) -> Location:
    location: list[str | int] = []
    for i, part in enumerate(parts):
        location.append(part)
        if parts[: i + 1] in counts:
            location.append(counts[parts[: i + 1]])
    return tuple(location)


def line_of(lines: Mapping[Location, int], location: Location) -> int:
    """Give the line of a location, or of the closest table around it.

    Parameters
    ----------
    lines
        As given by :func:`key_lines`.
    location
        Path of keys and positions.

    Returns
    -------
    int
        Line number from 1; 0 when nothing around it is found.
    """
    for end in range(len(location), 0, -1):
        if location[:end] in lines:
            return lines[location[:end]]
    return 0
