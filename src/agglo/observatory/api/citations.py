"""How to cite a view or a page: BibTeX, RIS and GB/T 7714."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from agglo.observatory.api.stock import Stock
from agglo.observatory.page import Page, View

__all__ = ["bibtex", "gbt7714", "ris"]


def _facts(stock: Stock, view: View | Page) -> dict[str, str]:
    what = view.title if isinstance(view, View) else view.question
    kind = "view" if isinstance(view, View) else "page"
    project = stock.release.catalogue["project"]
    found = project if isinstance(project, dict) else {}
    written = (stock.release.folder / "release.json").stat().st_mtime
    day = datetime.fromtimestamp(written, UTC)
    name = found.get("title") or found.get("name")
    title = _flat(f"{what.en}: {name}")
    return {
        "title": title,
        "title_zh": _flat(f"{what.zh}：{found.get('title_zh') or name}"),
        "year": str(day.year),
        "date": day.date().isoformat(),
        "note": f"release {stock.release.id}, {kind} {view.id}, agglo "
        f"{stock.release.catalogue['version']}",
        "key": f"agglo-{view.id.replace('.', '-')}-{stock.release.id}",
    }


def _flat(text: str) -> str:
    """Keep a title on one line: the formats have one field per line."""
    return re.sub(r"\s+", " ", text).strip()


def bibtex(stock: Stock, view: View | Page) -> str:
    """Cite as BibTeX.

    Parameters
    ----------
    stock, view
        Release, and view or page.

    Returns
    -------
    str
        One ``@misc`` entry.
    """
    facts = _facts(stock, view)
    title = re.sub(r"([{}\\$&%#_^~])", r"\\\1", facts["title"])
    return (
        f"@misc{{{facts['key']},\n  title = {{{title}}},\n"
        f"  author = {{{{agglo observatory}}}},\n  year = {{{facts['year']}}},\n"
        f"  note = {{{facts['note']}}}\n}}\n"
    )


def ris(stock: Stock, view: View | Page) -> str:
    """Cite as RIS.

    Parameters
    ----------
    stock, view
        Release, and view or page.

    Returns
    -------
    str
        One record of type DATA.
    """
    facts = _facts(stock, view)
    fields = (
        ("TY", "DATA"),
        ("TI", facts["title"]),
        ("AU", "agglo observatory"),
        ("PY", facts["year"]),
        ("DA", facts["date"].replace("-", "/")),
        ("N1", facts["note"]),
        ("ER", ""),
    )
    return "".join(f"{tag}  - {value}\r\n" for tag, value in fields)


def gbt7714(stock: Stock, view: View | Page) -> str:
    """Cite as GB/T 7714-2015, data set on line.

    Parameters
    ----------
    stock, view
        Release, and view or page.

    Returns
    -------
    str
        One line.
    """
    facts = _facts(stock, view)
    return (
        f"agglo observatory. {facts['title_zh']}[DS/OL]. ({facts['date']}). "
        f"{facts['note']}.\n"
    )
