"""Smaller answers for readers that unpack them: gzip, where the request takes it."""

from __future__ import annotations

import re
import zlib

__all__ = ["SMALLEST", "pack", "packable", "takes_gzip"]

# level 1 takes a quarter of the time of level 6 and gives answers a tenth longer
_LEVEL = 1
# for what is packed once and sent often
SMALLEST = 9
_GZIP = 31  # window bits: a header of gzip, without name and time
_TEXT = re.compile(r"^(text/|image/svg|application/(json|problem|graphml))")
_ASKED = re.compile(r"^\s*(gzip|x-gzip|\*)\s*(?:;\s*q=([\d.]+)\s*)?$", re.IGNORECASE)


def takes_gzip(accepted: str) -> bool:
    """Read from ``Accept-Encoding`` whether a reader takes gzip.

    Parameters
    ----------
    accepted
        The header; empty when there is none.

    Returns
    -------
    bool
        Whether gzip stands there with a weight above 0; what is named goes before ``*``.
    """
    found: dict[str, float] = {}
    for part in accepted.split(","):
        asked = _ASKED.match(part)
        if asked:
            found.setdefault(asked[1].lower(), _weight(asked[2]))
    named = [found[name] for name in ("gzip", "x-gzip") if name in found]
    return max(named or [found.get("*", 0.0)]) > 0


def _weight(text: str | None) -> float:
    try:
        return 1.0 if text is None else float(text)
    except ValueError:
        return 0.0


def packable(media: str) -> bool:
    """Say whether a media type is text, which packing makes smaller."""
    return _TEXT.match(media) is not None


def pack(body: bytes, level: int = _LEVEL) -> bytes:
    """Pack bytes; the same bytes give the same packed bytes.

    Parameters
    ----------
    body
        What is sent.
    level
        From 1 (quick) to 9 (small).

    Returns
    -------
    bytes
        With a header of gzip.
    """
    packer = zlib.compressobj(level, zlib.DEFLATED, _GZIP)
    return packer.compress(body) + packer.flush()
