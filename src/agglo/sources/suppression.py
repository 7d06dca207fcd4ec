"""What stands in a cell when no number does: missing, confidential, or a range.

A suppressed cell is never zero. It becomes null with flag ``c`` and, where the publisher
gives a range, a lower and an upper bound.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = [
    "CONFIDENTIAL",
    "EMPLOYMENT_FLAGS",
    "KNOWN",
    "MISSING",
    "MISSING_WORDS",
    "NOISE_FLAGS",
    "SUPPRESSED_WORDS",
    "Cell",
    "read_word",
]

KNOWN, MISSING, CONFIDENTIAL = 0, 1, 2

EMPLOYMENT_FLAGS: Mapping[str, tuple[float, float]] = {
    "A": (0, 19),
    "B": (20, 99),
    "C": (100, 249),
    "E": (250, 499),
    "F": (500, 999),
    "G": (1_000, 2_499),
    "H": (2_500, 4_999),
    "I": (5_000, 9_999),
    "J": (10_000, 24_999),
    "K": (25_000, 49_999),
    "L": (50_000, 99_999),
    "M": (100_000, math.inf),
}
"""Employment size class of a withheld cell, County Business Patterns until 2016."""

NOISE_FLAGS: Mapping[str, tuple[float, float]] = {
    "G": (0.0, 0.02),
    "H": (0.02, 0.05),
    "J": (0.05, math.inf),
}
"""Relative noise added to a published cell, County Business Patterns since 2007."""

MISSING_WORDS = frozenset(
    {
        "",
        "na",
        "n/a",
        "nan",
        "null",
        "none",
        ".",
        "..",
        "...",
        ":",
        "-",
        "--",
        "–",
        "—",
        "…",
    }
    | {"missing", "缺失", "#n/a"}
)
"""Words for a missing value, in lower case."""

SUPPRESSED_WORDS = frozenset(
    {
        "d",
        "(d)",
        "s",
        "(s)",
        "n",
        "(n)",
        "x",
        "(x)",
        "c",
        "(c)",
        "[c]",
        "*",
        "**",
        ":c",
        ": c",
    }
    | {"q", "(q)", "confidential", "suppressed", "withheld", "disclosure", "保密"}
)
"""Words for a confidential value, in lower case."""

_NUMBER = r"(\d+(?:[,\s]\d{3})*(?:\.\d+)?)"
_BELOW = re.compile(rf"^(?:<|less than|under)\s*{_NUMBER}$")
_AT_MOST = re.compile(rf"^(?:<=|≤)\s*{_NUMBER}$")
_AT_LEAST = re.compile(rf"^(?:>=|≥)\s*{_NUMBER}$|^{_NUMBER}\s*(?:\+|or more|and over)$")
_ABOVE = re.compile(rf"^(?:>|more than|over)\s*{_NUMBER}$")
_RANGE = re.compile(rf"^{_NUMBER}\s*(?:-|–|to)\s*{_NUMBER}$")
_FLAGGED = re.compile(r"^([-+]?[\d.,\s]*\d)\s*\(?([bdefilnprsuz]{1,3})\)?$")


@dataclass(frozen=True, slots=True)
class Cell:
    """What a word in a number column means.

    Parameters
    ----------
    status
        0 known, 1 missing, 2 confidential.
    lower, upper
        Bounds of a confidential value; NaN where none is stated.
    number
        Text of the number, for a number followed by a quality flag.
    """

    status: int
    lower: float = math.nan
    upper: float = math.nan
    number: str = ""


def read_word(
    word: str,
    *,
    missing: Collection[str] = (),
    confidential: Collection[str] = (),
) -> Cell | None:
    """Say what a word in a column of counts means.

    Parameters
    ----------
    word
        The cell, spaces around it removed.
    missing, confidential
        Further words, in lower case, of this source.

    Returns
    -------
    Cell or None
        ``None`` if the word has no known meaning. Counts are whole numbers, so ``<5``
        is 0 to 4 and ``>250`` is 251 or more.

    Examples
    --------
    >>> read_word("(D)").status, read_word("20-99").upper, read_word("<5").upper
    (2, 99.0, 4.0)
    """
    text = word.casefold()
    if text in confidential:
        return Cell(CONFIDENTIAL)
    if text in missing or text in MISSING_WORDS:
        return Cell(MISSING)
    if text in SUPPRESSED_WORDS:
        return Cell(CONFIDENTIAL)
    bounds = _bounds(text)
    if bounds is not None:
        return Cell(CONFIDENTIAL, *bounds)
    hit = _FLAGGED.match(text)
    return Cell(KNOWN, number=hit.group(1).strip()) if hit else None


def _bounds(text: str) -> tuple[float, float] | None:
    if hit := _RANGE.match(text):
        lower, upper = _value(hit.group(1)), _value(hit.group(2))
        return (lower, upper) if lower <= upper else None
    if hit := _BELOW.match(text):
        return 0.0, max(0.0, math.ceil(_value(hit.group(1))) - 1.0)
    if hit := _AT_MOST.match(text):
        return 0.0, _value(hit.group(1))
    if hit := _ABOVE.match(text):
        return math.floor(_value(hit.group(1))) + 1.0, math.nan
    if hit := _AT_LEAST.match(text):
        return _value(hit.group(1) or hit.group(2)), math.nan
    return None


def _value(text: str) -> float:
    return float(re.sub(r"[,\s]", "", text))
