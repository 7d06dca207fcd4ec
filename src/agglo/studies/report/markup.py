"""Writing HTML: every text passes through one escape."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agglo.core.typing import Json

__all__ = ["anchor", "element", "escape", "json_script", "rows"]

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def escape(text: object) -> str:
    """Make text safe in element content and in quoted attributes."""
    return html.escape(_CONTROL.sub("�", str(text)), quote=True)


def element(name: str, inner: str = "", **attributes: str | None) -> str:
    """Write an element; `inner` is HTML, attribute values are text.

    Names of attributes lose a trailing underscore, and inner ones become hyphens.
    """
    listed = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    return f"<{name}{listed}>{inner}</{name}>"


def rows(cells: Iterable[Iterable[str]], name: str = "td") -> str:
    """Write table rows from cells that are HTML already."""
    return "".join(
        "<tr>" + "".join(f"<{name}>{cell}</{name}>" for cell in row) + "</tr>"
        for row in cells
    )


def json_script(data: Json | Mapping[str, Json], name: str) -> str:
    """Embed JSON where no text in it can end the element."""
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for sign, code in (("<", "\\u003c"), (">", "\\u003e"), ("&", "\\u0026")):
        text = text.replace(sign, code)
    text = text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    return f'<script type="application/json" id="{escape(name)}">{text}</script>'


def anchor(number: int) -> str:
    """Give the id of a section."""
    return f"section-{number}"
