"""Numbers as a reader sees them; nothing is rounded before this point."""

from __future__ import annotations

import math
from typing import Literal, TypeAlias

__all__ = ["ABSENT", "NumberKind", "format_number"]

NumberKind: TypeAlias = Literal["text", "count", "number", "share", "p", "signed"]

ABSENT = "–"
_MINUS = "−"


def format_number(value: float | None, kind: NumberKind = "number") -> str:
    """Write a number for a page.

    Parameters
    ----------
    value
        The number; ``None``, NaN and infinities give a dash.
    kind
        ``"count"`` (no decimals), ``"number"`` (three significant digits), ``"share"``
        (per cent of a share between 0 and 1), ``"signed"`` (count with its sign) or
        ``"p"`` (p-value, never shown as 0).

    Returns
    -------
    str
        Text with thousands separators.

    Examples
    --------
    >>> from agglo.studies.report import format_number
    >>> format_number(1234567.0, "count"), format_number(0.1234, "share").split()
    ('1,234,567', ['12.3', '%'])
    >>> format_number(0.00001, "p"), format_number(float("nan"))
    ('< 0.0001', '–')
    """
    if value is None or not math.isfinite(value):
        return ABSENT
    if kind == "count":
        text = f"{value:,.0f}"
    elif kind == "signed":
        text = f"{value:+,.0f}"
    elif kind == "share":
        text = _share(value)
    elif kind == "p":
        text = "< 0.0001" if 0 <= value < 0.0001 else f"{value:.2g}"
    else:
        text = _significant(value)
    if text in ("-0", "+0"):
        text = "0"
    return text.replace("-", _MINUS)


def _share(value: float) -> str:
    percent = 100.0 * value
    if percent != 0 and abs(percent) < 0.1:
        return f"{percent:.2g}\u00a0%"
    # 99.96 % of something is not all of it
    if abs(percent) >= 99.95 and percent != 100:
        return f"{percent:.3f}\u00a0%".replace("100.000", "> 99.999")
    return f"{percent:.1f}\u00a0%"


def _significant(value: float) -> str:
    if value == 0:
        return "0"
    size = abs(value)
    if size >= 1000:
        return f"{value:,.0f}"
    if size < 0.0001:
        return f"{value:.1e}"
    digits = max(0, 2 - math.floor(math.log10(size)))
    return f"{value:.{digits}f}"
