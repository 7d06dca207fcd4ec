"""Pages of the documentation about methods and how to do things, in both languages."""

from __future__ import annotations

import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from agglo.core.typing import Json

__all__ = ["method_entry", "method_pages"]

_PACKAGE = Path(__file__).resolve().parents[2]
_TITLE = re.compile(r"^# (.+)$", re.MULTILINE)
_CODE = re.compile(r"^(```|~~~|:::).*?^\1[ \t]*$|`[^`\n]*`", re.MULTILINE | re.DOTALL)
_FORMULA = re.compile(r"\$\$(.+?)\$\$|\$([^$\n]+?)\$", re.DOTALL)
_REMARK = re.compile(r"<!--.*?-->\n*", re.DOTALL)
_PICTURE = re.compile(r"^!\[[^\]]*\]\([^)]*\)\n+", re.MULTILINE)
_TWIN = ".zh"
# folder of the installation: folder of a working copy; see force-include in pyproject.toml
_FOLDERS = {"methods": "reference", "guides": "how-to"}


@cache
def method_pages() -> dict[str, str]:
    """Give the pages of the documentation about methods and how to do things.

    Returns
    -------
    dict
        Name of the page to its Markdown, from the installation or, in a working copy,
        from ``docs``. The name of a Chinese page ends in ``.zh``. Pictures and remarks
        for builders are left out.
    """
    installed, docs = _PACKAGE / "observatory", _PACKAGE.parents[1] / "docs"
    held = (installed / "methods").is_dir()
    folders = [
        installed / inside if held else docs / outside
        for inside, outside in _FOLDERS.items()
    ]
    found = [path for folder in folders for path in folder.glob("*.md")]
    return {
        path.stem: _PICTURE.sub("", _REMARK.sub("", path.read_text("utf-8")))
        for path in sorted(found, key=lambda path: path.stem)
        if path.stem.removesuffix(_TWIN) != "index"
    }


def method_entry(name: str, *, whole: bool) -> dict[str, Json]:
    """Describe one of the pages.

    Parameters
    ----------
    name
        Its name, a key of `method_pages`.
    whole
        With the text and its formulas, not the title alone.

    Returns
    -------
    dict
        ``name``, ``title``, ``lang``, ``twin`` (name of the page in the other language,
        ``None`` without one); whole also ``markdown`` and ``formulas``, from what stands
        between dollar signs to MathML.
    """
    listed = method_pages()
    text = listed[name]
    title = _TITLE.search(text)
    chinese = name.endswith(_TWIN)
    other = name.removesuffix(_TWIN) if chinese else name + _TWIN
    entry: dict[str, Json] = {
        "name": name,
        "title": title[1].replace("`", "") if title else name,
        "lang": "zh" if chinese else "en",
        "twin": other if other in listed else None,
    }
    if whole:
        entry |= {"markdown": text, "formulas": dict(_formulas(text))}
    return entry


@cache
def _formulas(text: str) -> dict[str, str]:
    """Turn every formula of a page into MathML, which browsers draw without a script."""
    # an optional package: without it pages show formulas as they are written
    if find_spec("latex2mathml") is None:
        return {}
    from latex2mathml.converter import convert

    found: dict[str, str] = {}
    for displayed, inline in _FORMULA.findall(_CODE.sub("", text)):
        source = (displayed or inline).strip()
        display = "block" if displayed else "inline"
        found.setdefault(source, convert(source, display=display))
    return found
