"""Pages and views as JSON: what is declared, joined with what is released."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from agglo.core.typing import Json, Lang
from agglo.observatory.api.rows import shown
from agglo.observatory.api.stock import Stock
from agglo.observatory.page import Column, Look, Page, Pick, Selector, Text, View
from agglo.observatory.pages.columns import COLUMNS

__all__ = [
    "available_views",
    "beside",
    "column_list",
    "default_value",
    "fitted",
    "page_json",
    "selector_values",
    "source_word",
    "sources_of",
    "stands",
    "view_json",
]

_SHARES = ("share", "_share", "jaccard", "coverage")
_WORDS = {"region": "regions", "industry": "industries", "city": "regions"}
_OPTIONS = 5000


def available_views(stock: Stock, page: Page) -> list[View]:
    """Give the views of a page whose table is released."""
    return [fitted(stock, v) for v in page.views if v.table in stock.release]


def fitted(stock: Stock, view: View) -> View:
    """Give a view as its table allows it.

    Parameters
    ----------
    stock
        The release.
    view
        A view whose table is released.

    Returns
    -------
    View
        Without filters by columns that results of an earlier version do not have.
    """
    columns = stock.release.tables[view.table].get("columns")
    if not isinstance(columns, list) or not columns:
        return view  # the catalogue does not say
    held = {column["name"] for column in columns if isinstance(column, dict)}
    known = {key: column for key, column in view.filters.items() if column in held}
    return view if len(known) == len(view.filters) else replace(view, filters=known)


def page_json(stock: Stock, page: Page, *, whole: bool) -> dict[str, Json]:
    """Declare a page.

    Parameters
    ----------
    stock
        The release.
    page
        The page.
    whole
        Whether views, findings and options of selectors are wanted too.

    Returns
    -------
    dict
        What the page code needs.
    """
    facts = stock.release.catalogue["project"]
    views = available_views(stock, page)
    study = page.study or next((v.table.split(".")[0] for v in views), "")
    absent = sorted({v.table for v in page.views} - {v.table for v in views})
    known = study if study in _studies(stock) else ""
    ready = bool(views) or not page.views
    body: dict[str, Json] = {
        "id": page.id,
        "route": "/" if page.id == "home" else f"/{page.id}",
        "question": page.question.to_dict(),
        "lead": page.lead.to_dict(),
        "study": page.study or None,
        "world": known or None,
        "generated": bool(facts["generated"]) if isinstance(facts, dict) else False,
        "available": ready,
        "missing": None if ready else _missing(stock, page, study),
        "absent": list[Json](absent),
        "selectors": [
            _selector_json(stock, page, s, views, whole=whole)
            for s in page.selectors
            if s.table in stock.release
            and s.column in stock.table(s.table).column_names
        ],
        "findings": [],
        "views": [],
    }
    if whole:
        body["findings"] = [dict(f) for f in stock.release.findings(page.study)]
        body["views"] = [view_json(stock, view) for view in views]
    return body


def _missing(stock: Stock, page: Page, study: str) -> Json:
    """Say why a page has nothing to show."""
    left_out = stock.release.catalogue["left_out"]
    entries = (
        [e for e in left_out if isinstance(e, dict)]
        if isinstance(left_out, list)
        else []
    )
    shown = {v.table for v in page.views}
    wanted = {study, *(name.split(".")[0] for name in shown)}
    # the reason of a table that the page would show goes before others of its study
    own = [e for e in entries if f"{e.get('study')}.{e.get('table')}" in shown]
    for entry in own + entries:
        if entry.get("study") in wanted:
            return entry.get("reason")
    return page.empty.to_dict()


def _studies(stock: Stock) -> Mapping[str, Json]:
    found = stock.release.catalogue["studies"]
    return found if isinstance(found, dict) else {}


def selector_values(stock: Stock, selector: Selector) -> list[str]:
    """Give the values that can be chosen, sorted; empty text is no choice."""
    values = stock.lookup(selector.table, selector.column).values
    return [value for value in values if value]


def beside(stock: Stock, page: Page, selector: Selector) -> dict[str, list[str]]:
    """Say beside which values of another selector the values of one stand.

    Parameters
    ----------
    stock
        The release.
    page
        Page of the selector.
    selector
        One whose table is released.

    Returns
    -------
    dict
        Value to values of the selector it is within, sorted; empty where it is within
        none, or the table does not say.
    """
    column = next((s.column for s in page.selectors if s.id == selector.within), "")
    if not column or column not in stock.table(selector.table).column_names:
        return {}
    own = stock.lookup(selector.table, selector.column)
    other = stock.lookup(selector.table, column)
    known = (own.codes >= 0) & (other.codes >= 0)
    pairs = np.unique(np.c_[own.codes[known], other.codes[known]], axis=0)
    found: dict[str, list[str]] = {}
    for mine, with_it in pairs.tolist():
        found.setdefault(own.values[mine], []).append(other.values[with_it])
    return found


def _selector_json(
    stock: Stock, page: Page, selector: Selector, views: list[View], *, whole: bool
) -> Json:
    values = selector_values(stock, selector)
    kinds = [v.labels[selector.column] for v in views if selector.column in v.labels]
    book = stock.names.get(_WORDS.get(selector.column, next(iter(kinds), "")))
    known = stock.release.catalogue["words"]
    words = known.get(selector.column) if isinstance(known, dict) else None
    options: list[Json] = []
    of = beside(stock, page, selector) if whole else {}
    for value in values[:_OPTIONS] if whole else []:
        label: Json = words.get(value) if isinstance(words, dict) else None
        if book or label is None:
            en, zh = book.name(value) if book else (value, value)
            label = {"en": en, "zh": zh}
        options.append(
            {
                "value": value,
                "label": label,
                "of": list[Json](of.get(value, ())) or None,
            }
        )
    return {
        "id": selector.id,
        "label": selector.label.to_dict(),
        "options_from": None,
        "options": options if whole else None,
        "default": default_value(stock, selector, views),
        "within": selector.within,
        "optional": selector.optional,
    }


def default_value(stock: Stock, selector: Selector, views: Sequence[View]) -> str:
    """Give what a page shows before anything was chosen.

    Parameters
    ----------
    stock
        The release.
    selector
        A selector whose table is released.
    views
        The released views of its page.

    Returns
    -------
    str
        Its own default; that of an optional one is the value of the first row. Else the
        first value for which most views have rows, because tables may hold few of them.
        Empty where there is no value.
    """
    if selector.default:
        return selector.default
    values = selector_values(stock, selector)
    if selector.optional:
        book = stock.lookup(selector.table, selector.column)
        return book.values[book.codes[0]] if book.codes.size else ""
    held = [
        set(stock.lookup(view.table, view.filters[selector.id]).values)
        for view in views
        if selector.id in view.filters
    ]
    return max(values, key=lambda v: sum(v in rows for rows in held), default="")


def stands(stock: Stock, page: Page, view: View, chosen: Mapping[str, str]) -> bool:
    """Say whether a view is drawn under the choices of a reader.

    Parameters
    ----------
    stock
        The release.
    page
        The page of the view.
    view
        One of its views.
    chosen
        Selector to value; those not named have their default.

    Returns
    -------
    bool
        False where a selector has a value under which another view is drawn.
    """
    if not view.when:
        return True
    views = available_views(stock, page)
    for selector in page.selectors:
        wanted = view.when.get(selector.id, ())
        if not wanted or selector.table not in stock.release:
            continue
        value = chosen.get(selector.id) or default_value(stock, selector, views)
        if value not in wanted:
            return False
    return True


def view_json(stock: Stock, view: View) -> dict[str, Json]:
    """Declare a view whose table is released.

    Parameters
    ----------
    stock
        The release.
    view
        The view.

    Returns
    -------
    dict
        What the page code needs to draw it and its table.
    """
    return {
        "id": view.id,
        "title": view.title.to_dict(),
        "table": view.table,
        "chart": view.chart,
        "encode": dict(view.encode),
        "filters": dict(view.filters),
        "columns": column_list(stock, view),
        "labels": dict(view.labels),
        "keep": dict(view.keep),
        "when": {key: list(values) for key, values in view.when.items()},
        "order": view.order,
        "top": view.top,
        "unit": view.unit.to_dict() if view.unit else None,
        "note": view.note.to_dict() if view.note else None,
        "uncertainty": view.uncertainty.to_dict(),
        "method": view.method,
        "reference": view.reference.to_dict() if view.reference else None,
        "looks": _looks_json(view, stock.table(view.table).column_names),
        "source": sources_of(stock, view),
        "rows": stock.table(view.table).num_rows,
    }


def _looks_json(view: View, known: Sequence[str]) -> list[Json]:
    """Declare the looks of a view whose columns are released."""
    found: list[Json] = []
    for look in view.looks:
        if look.column and look.column not in known:
            continue
        picks = [
            pick
            for pick in look.picks
            if all(not column or column in known for column in pick.encode.values())
        ]
        if look.kind != "measure" or len(picks) > 1:
            found.append(_look_json(look, picks))
    return found


def _look_json(look: Look, picks: Sequence[Pick]) -> Json:
    return {
        "id": look.id,
        "label": look.label.to_dict(),
        "kind": look.kind,
        "column": look.column,
        "blank": look.blank,
        "default": look.default,
        "picks": [
            {
                "value": pick.value,
                "label": (pick.label or Text(pick.value, pick.value)).to_dict(),
                "encode": dict(pick.encode),
                "order": pick.order,
                "unit": pick.unit.to_dict() if pick.unit else None,
                "uncertainty": pick.uncertainty.to_dict() if pick.uncertainty else None,
                "compared": pick.compared,
            }
            for pick in picks
        ],
    }


def column_list(stock: Stock, view: View) -> list[Json]:
    """Give label, unit and type of the columns of a view.

    Parameters
    ----------
    stock
        The release.
    view
        The view; its table is released.

    Returns
    -------
    list of dict
        In the order of the table twin.
    """
    declared = {c.name: c for c in view.columns}
    schema = stock.table(view.table).schema
    found: list[Json] = []
    for name in shown(stock, view):
        column = declared.get(name) or COLUMNS.get(name)
        kind = _type_of(name, str(schema.field(name).type), view)
        words = _words(stock, view.table, name, kind)
        found.append({**_column_json(name, column, kind), "words": words})
    return found


def _words(stock: Stock, table: str, name: str, kind: str) -> Json:
    """Give what the codes of a column mean; ``None`` where no code has words."""
    known = stock.release.catalogue["words"]
    words = known.get(name) if isinstance(known, dict) else None
    if kind != "text" or not isinstance(words, dict):
        return None
    held = stock.lookup(table, name).values
    return {code: words[code] for code in held if code in words} or None


def _column_json(name: str, column: Column | None, kind: str) -> dict[str, Json]:
    label = column.label if column else Text(name, name)
    unit = column.unit if column else None
    return {
        "name": name,
        "label": label.to_dict(),
        "unit": unit.to_dict() if unit else None,
        "type": kind,
        "decimals": column.decimals if column else (0 if kind == "integer" else 3),
        "rate": bool(column and column.rate),
    }


def _type_of(name: str, kind: str, view: View) -> str:
    if name in view.labels:
        return "code"
    if "bool" in kind:
        return "boolean"
    if kind.startswith(("int", "uint")):
        return "integer"
    if kind in ("double", "float"):
        share = name.startswith("share") or name.endswith(_SHARES)
        return "share" if share else "number"
    return "text"


_SOURCE_WORDS = (
    "title", "title_zh", "licence", "licence_zh", "publisher", "citation"
)  # fmt: skip


_ALIKE = tuple(key for key in _SOURCE_WORDS if key != "citation")


def source_word(source: Mapping[str, Json], key: str, lang: Lang) -> str:
    """Give a fact of a source in a language; what is not told in it as it is."""
    own = source.get(f"{key}_zh") if lang == "zh" else ""
    return str(own or source.get(key) or "")


def sources_of(stock: Stock, view: View) -> list[Json]:
    """Give title, licence and publisher of what a view rests on, each once."""
    study = view.table.split(".")[0]
    found: dict[tuple[str, ...], Json] = {}
    sources = stock.release.catalogue["sources"]
    for source in sources if isinstance(sources, list) else []:
        if not isinstance(source, dict):
            continue
        readers = source.get("studies")
        if isinstance(readers, list) and readers and study not in (*readers, "project"):
            continue
        facts = {key: str(source.get(key, "")) for key in _SOURCE_WORDS}
        found[tuple(facts[key] for key in _ALIKE)] = {**facts}
    return list(found.values())
