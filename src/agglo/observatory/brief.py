"""An illustrated brief for one region, cluster, industry or policy, from a release.

A brief is a page of the observatory on paper: the same question, views, rows and notes,
so it can say nothing that the pages do not say.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

from agglo.core.errors import OptionError, Problem, suggest
from agglo.core.options import check_choice
from agglo.core.typing import Lang
from agglo.observatory.api.answers import LIST_OF_REGIONS
from agglo.observatory.api.choosing import choice_of
from agglo.observatory.api.declarations import (
    available_views,
    beside,
    default_value,
    source_word,
    stands,
)
from agglo.observatory.api.problems import ApiError
from agglo.observatory.api.rows import ViewQuery, frame, row_numbers
from agglo.observatory.drawing import draw_view, named, worded
from agglo.observatory.page import Page, Selector, Text, View
from agglo.observatory.pages import PAGES
from agglo.studies.report import (
    DataTable,
    Figure,
    FindingList,
    NumberKind,
    Prose,
    Report,
)

if TYPE_CHECKING:
    from agglo.observatory.api.stock import Stock

__all__ = ["Brief", "build_brief", "chosen_by"]

_MOST_ROWS = 30


@dataclass(frozen=True, eq=False)
class Brief:
    """A brief with the pieces that other formats need.

    Parameters
    ----------
    report
        The page.
    title
        Its title.
    lang
        Its language.
    pieces
        Heading, drawing (SVG or empty) and table of every view.
    notes
        What must be known to read it.
    """

    report: Report
    title: str
    lang: Lang
    pieces: tuple[tuple[str, str, DataTable], ...]
    notes: tuple[str, ...]


def build_brief(
    stock: Stock, page: str, chosen: Mapping[str, str], *, lang: Lang = "en"
) -> Brief:
    """Put the views of a page for one choice on paper.

    Parameters
    ----------
    stock
        The release.
    page
        Page of the observatory, for example ``"region"``.
    chosen
        Selector to value, for example ``{"region": "R001"}``.
    lang
        Language of the brief.

    Returns
    -------
    Brief
        Views without rows for the choice are left out and named.

    Raises
    ------
    OptionError
        For a page, selector or value that does not exist, with the closest one.
    """
    check_choice("lang", lang, ("en", "zh"))
    check_choice("page", page, sorted(PAGES))
    asked = PAGES[page]
    _check_chosen(stock, asked, chosen)
    title = _title(stock, asked, chosen, lang)
    generated = bool(_project(stock).get("generated"))
    report = Report(
        title, subtitle=_say(asked.lead, lang), lang=lang, generated=generated
    )
    findings = stock.release.findings(asked.study) if asked.study else []
    if findings and not chosen:
        report = report.section(_word(lang, "In short", "概要"))
        report = report.add(FindingList(findings=tuple(findings)))
    pieces: list[tuple[str, str, DataTable]] = []
    absent: list[str] = []
    settled = _settled(stock, asked, chosen)
    for view in asked.views:
        if chosen and view.filters and not set(chosen) & set(view.filters):
            continue  # it is about something else that could be chosen on the page
        if view.chart == "scoreboard":
            continue  # weights are set by who reads the page
        if not stands(stock, asked, view, settled):
            continue  # another view is drawn in its place
        rows = _rows(stock, view, settled)
        if rows is None or not rows.num_rows:
            absent.append(_say(view.title, lang))
            continue
        report, piece = _add(report, stock, view, rows, chosen, lang)
        pieces.append(piece)
    notes = (
        *_notes(stock, absent, lang),
        *_shown_for(stock, asked, settled, chosen, lang),
    )
    report = report.section(_word(lang, "How to read this", "阅读说明")).add(
        Prose("\n\n".join(notes))
    )
    facts = _facts(stock, lang)
    return Brief(report.footer(*facts), title, lang, tuple(pieces), notes)


def chosen_by(stock: Stock, page: str, choice: str) -> dict[str, str]:
    """Find what a bare code chooses on a page.

    Parameters
    ----------
    stock
        The release.
    page
        Page of the observatory.
    choice
        A code, for example of a region or a cluster; empty for the page as a whole.

    Returns
    -------
    dict
        Selector to code, for `build_brief`.

    Raises
    ------
    OptionError
        When no selector of the page knows the code, with the closest one.
    """
    check_choice("page", page, sorted(PAGES))
    if not choice:
        return {}
    try:
        return choice_of(stock, PAGES[page], choice)
    except ApiError as error:
        problem = Problem(
            code=error.code,
            what=error.detail,
            where="choice",
            fix=f"`agglo serve --get /api/v1/pages/{page}` lists what can be chosen",
        )
        msg = f"A brief of the page {page} cannot be written for that."
        raise OptionError(msg, [problem]) from error


def _word(lang: Lang, en: str, zh: str) -> str:
    return zh if lang == "zh" else en


def _say(text: Text | None, lang: Lang) -> str:
    return "" if text is None else (text.zh if lang == "zh" else text.en)


def _project(stock: Stock) -> Mapping[str, object]:
    found = stock.release.catalogue["project"]
    return found if isinstance(found, dict) else {}


def _check_chosen(stock: Stock, page: Page, chosen: Mapping[str, str]) -> None:
    selectors = {s.id: s for s in page.selectors}
    for name, value in chosen.items():
        if name not in selectors:
            hint = suggest(name, list(selectors))
            msg = f"The page '{page.id}' is not chosen by '{name}'. {hint}".rstrip()
            msg += f" It knows: {sorted(selectors) or 'nothing'}."
            raise OptionError(msg)
        selector = selectors[name]
        if selector.table not in stock.release:
            msg = f"The release has no table {selector.table}. {page.empty.en}"
            raise OptionError(msg)
        values = stock.lookup(selector.table, selector.column).position
        if value not in values:
            hint = suggest(value, list(values))
            msg = f"There is no {name} '{value}'. {hint}".rstrip()
            raise OptionError(msg)


def _title(stock: Stock, page: Page, chosen: Mapping[str, str], lang: Lang) -> str:
    """Name what was chosen, else the question."""
    names = [
        _name_of(stock, selector, chosen[selector.id], lang)
        for selector in page.selectors
        if selector.id in chosen
    ]
    question = _say(page.question, lang)
    mark = "：" if lang == "zh" else ": "
    if not names:
        return question
    # the name of an outcome begins small; codes begin as they are
    known = names[0] not in chosen.values()
    names[0] = names[0][0].upper() + names[0][1:] if known else names[0]
    return f"{', '.join(names)}{mark}{question}"


def _settled(stock: Stock, page: Page, chosen: Mapping[str, str]) -> dict[str, str]:
    """Fill in what was not chosen as the page does; lists of regions stay open."""
    views = available_views(stock, page)
    found = dict(chosen)
    for selector in page.selectors:
        known = selector.table in stock.release and any(
            selector.id in view.filters for view in views
        )
        if known and selector.id not in (*found, LIST_OF_REGIONS):
            value = _fitting(stock, page, selector, chosen) or default_value(
                stock, selector, views
            )
            value = _standing(stock, page, selector, value, found)
            # a default that no row has would leave every view empty
            if value in stock.lookup(selector.table, selector.column).position:
                found[selector.id] = value
    return found


def _fitting(
    stock: Stock, page: Page, selector: Selector, chosen: Mapping[str, str]
) -> str:
    """Give a value that what was chosen within the selector stands beside, else none."""
    for inner in page.selectors:
        if inner.within == selector.id and inner.id in chosen:
            of = beside(stock, page, inner).get(chosen[inner.id], [])
            default = default_value(stock, selector, ())
            return default if default in of or not of else of[0]
    return ""


def _standing(
    stock: Stock, page: Page, selector: Selector, value: str, found: Mapping[str, str]
) -> str:
    """Give a default that stands beside what its selector is within."""
    outer = found.get(selector.within, "")
    of = beside(stock, page, selector) if outer else {}
    if not of or outer in of.get(value, ()):
        return value
    return next((v for v in sorted(of) if outer in of[v]), value)


def _shown_for(
    stock: Stock,
    page: Page,
    settled: Mapping[str, str],
    chosen: Mapping[str, str],
    lang: Lang,
) -> tuple[str, ...]:
    """Name what was filled in, where a view depends on it."""
    views = [v for v in page.views if not chosen or set(chosen) & set(v.filters)]
    told = []
    for selector in page.selectors:
        used = any(selector.id in view.filters for view in views)
        if used and selector.id in settled and selector.id not in chosen:
            name = _name_of(stock, selector, settled[selector.id], lang)
            told.append(_word(lang, "{}: {}", "{}：{}").format(
                _say(selector.label, lang), name))  # fmt: skip
    if not told:
        return ()
    listed = ("、" if lang == "zh" else "; ").join(told)
    return (_word(lang, f"Shown for {listed}.", f"所示为 {listed}。"),)


def _name_of(stock: Stock, selector: Selector, value: str, lang: Lang) -> str:
    """Name a value of a selector; the value itself where it has no name."""
    book = stock.names.get(f"{selector.column}s")
    if book is not None and value in book.rows:
        return book.name(value)[lang == "zh"]
    column = pa.table({selector.column: pa.array([value], pa.string())})
    return str(named(worded(stock, column), selector.column, lang)[0])


def _rows(stock: Stock, view: View, chosen: Mapping[str, str]) -> pa.Table | None:
    if view.table not in stock.release:
        return None
    wanted = tuple(
        (view.filters[name], value)
        for name, value in chosen.items()
        if name in view.filters
    )
    numbers = row_numbers(stock, view, ViewQuery(chosen=wanted))
    return worded(stock, frame(stock, view, numbers))


def _add(
    report: Report,
    stock: Stock,
    view: View,
    rows: pa.Table,
    chosen: Mapping[str, str],
    lang: Lang,
) -> tuple[Report, tuple[str, str, DataTable]]:
    title = _say(view.title, lang)
    # the title of the brief says what was chosen; its column would repeat one name
    said = {view.filters[name] for name in chosen if name in view.filters}
    table = _table(view, rows, said, lang)
    drawing = draw_view(stock, view, rows, lang)
    # bars stand for a treemap on paper: its note on areas and colours would mislead
    note = "" if view.chart == "treemap" else _say(view.note, lang)
    caption = " ".join(_sentence(t) for t in (note, _say(view.uncertainty, lang)) if t)
    report = report.section(title)
    if drawing:
        report = report.add(
            Figure(svg=drawing, caption=caption, alt=title, table=table)
        )
    else:
        report = report.add(table)
    return report, (title, drawing, table)


def _sentence(text: str) -> str:
    end = "。" if text[-1] > "\u2e80" else "."
    return text[0].upper() + text[1:] + ("" if text[-1] in ".。" else end)


def _table(view: View, rows: pa.Table, said: Container[str], lang: Lang) -> DataTable:
    """Give the table twin: names instead of codes, heads with units."""
    known = {c.name: c for c in view.columns}
    wanted = [c.name for c in view.columns if c.name in rows.column_names]
    names = wanted or [
        n
        for n in rows.column_names
        if not n.endswith(("_en", "_zh")) and n not in ("lon", "lat")
    ]
    names = [n for n in names if n not in said] or names
    columns: dict[str, Sequence[str | float | int | None]] = {}
    kinds: dict[str, NumberKind] = {}
    for name in names:
        column = known.get(name)
        head = _say(column.label, lang) if column else name
        if column and column.unit:
            head += f" ({_say(column.unit, lang)})"
        if head in columns:
            head = f"{head} ({name})"
        columns[head] = named(rows, name, lang)
        if rows.schema.field(name).type in ("double", "int64"):
            whole = column is not None and column.decimals == 0
            kinds[head] = "count" if whole else "number"
    return DataTable(
        caption=_say(view.title, lang), columns=columns, kinds=kinds, most=_MOST_ROWS
    )


def _notes(stock: Stock, absent: Sequence[str], lang: Lang) -> tuple[str, ...]:
    told = []
    if _project(stock).get("generated"):
        told.append(
            _word(
                lang,
                "The data are generated: nothing here is about a real place.",
                "数据为模拟生成：所述均非真实地区。",
            )
        )
    if stock.release.catalogue["mode"] == "private":
        told.append(
            _word(
                lang,
                "Private release: nothing is suppressed. Do not hand on.",
                "内部版本：未作保密处理，请勿外传。",
            )
        )
    else:
        told.append(
            _word(
                lang,
                "Public release: unsafe cells are hidden and the pattern was audited.",
                "公开版本：不安全的数据已隐去，并经攻击者审计。",
            )
        )
    if absent:
        listed = ("、" if lang == "zh" else "; ").join(absent)
        told.append(
            _word(lang, f"No data for: {listed}.", f"以下内容没有数据：{listed}。")
        )
    return tuple(told)


def _facts(stock: Stock, lang: Lang) -> tuple[tuple[str, str], ...]:
    sources = stock.release.catalogue["sources"]
    listed = sources if isinstance(sources, list) else []
    told = [
        (source_word(s, "title", lang), source_word(s, "licence", lang))
        for s in listed
        if isinstance(s, dict) and s.get("title")
    ]
    titles = dict.fromkeys(
        f"{title} ({licence})" if licence else title for title, licence in told
    )
    return (
        (_word(lang, "Release", "版本"), stock.release.id),
        (_word(lang, "Sources", "来源"), "; ".join(titles) or "–"),
    )
