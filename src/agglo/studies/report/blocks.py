"""What a report is made of: frozen blocks that write themselves as HTML."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, TypeAlias

from agglo.studies.contract import spoken
from agglo.studies.report.markup import element, escape, json_script, rows
from agglo.studies.report.numbers import ABSENT, NumberKind, format_number
from agglo.studies.report.words import word

if TYPE_CHECKING:
    from agglo.core.typing import Json, Lang

__all__ = [
    "Block",
    "DataTable",
    "Figure",
    "FindingList",
    "KeyFigures",
    "Lookup",
    "Notes",
    "Prose",
]

Cell: TypeAlias = "str | float | int | None"


class Block(Protocol):
    """Anything that a report can show."""

    def to_html(self, lang: Lang) -> str:
        """Give the block as HTML; every text in it is escaped."""
        ...


@dataclass(frozen=True, slots=True)
class Prose:
    """Paragraphs of plain text.

    Parameters
    ----------
    text
        Paragraphs, separated by an empty line.
    """

    text: str

    def to_html(self, lang: Lang) -> str:  # noqa: ARG002
        """Give the paragraphs."""
        parts = [p.strip() for p in self.text.split("\n\n")]
        return "".join(element("p", escape(p)) for p in parts if p)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyFigures:
    """A few large numbers with what they mean.

    Parameters
    ----------
    items
        ``(number as text, meaning)`` pairs.
    """

    items: tuple[tuple[str, str], ...]

    def to_html(self, lang: Lang) -> str:  # noqa: ARG002
        """Give a description list."""
        cards = "".join(
            f"<div><dt>{escape(label)}</dt><dd>{escape(value)}</dd></div>"
            for value, label in self.items
        )
        return f'<dl class="key-figures">{cards}</dl>'


@dataclass(frozen=True, slots=True, kw_only=True)
class DataTable:
    """A table with a caption.

    Parameters
    ----------
    caption
        What the table shows.
    columns
        Heading to values; all of one length.
    kinds
        Heading to the kind of its numbers; default ``"text"``.
    note
        Line below the table.
    most
        Rows shown; the caption says when there are more.
    """

    caption: str
    columns: Mapping[str, Sequence[Cell]]
    kinds: Mapping[str, NumberKind] = field(default_factory=dict)
    note: str = ""
    most: int = 200

    def to_html(self, lang: Lang) -> str:
        """Give the table."""
        n = max((len(v) for v in self.columns.values()), default=0)
        shown = min(n, self.most)
        caption = self.caption
        if shown < n:
            caption += " " + word(
                "rows_left_out", lang, shown=f"{shown:,}", all=f"{n:,}"
            )
        heads = "".join(
            element("th", escape(name), scope="col", class_=self._css(name))
            for name in self.columns
        )
        body = "".join(self._row(k) for k in range(shown))
        table = (
            f"<table><caption>{escape(caption.strip())}</caption>"
            f"<thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"
        )
        note = element("p", escape(self.note), class_="note") if self.note else ""
        # a region that scrolls must be reachable with the keyboard
        label = escape(self.caption)
        return (
            f'<div class="scroll" role="region" tabindex="0" aria-label="{label}">'
            f"{table}</div>{note}"
        )

    def _css(self, name: str) -> str | None:
        return None if self.kinds.get(name, "text") == "text" else "n"

    def _row(self, k: int) -> str:
        cells = []
        for j, (name, values) in enumerate(self.columns.items()):
            shown = escape(_shown(values[k], self.kinds.get(name, "text")))
            if j == 0:
                cells.append(element("th", shown, scope="row", class_=self._css(name)))
            else:
                cells.append(element("td", shown, class_=self._css(name)))
        return "<tr>" + "".join(cells) + "</tr>"


def _shown(value: Cell, kind: NumberKind) -> str:
    if value is None:
        return ABSENT
    if kind == "text" or isinstance(value, str):
        return str(value)
    return format_number(float(value), kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A drawing with caption, text alternative and the numbers behind it.

    Parameters
    ----------
    svg
        The drawing, as made by the chart functions; it is inserted as it is.
    caption
        What it shows and how to read it.
    alt
        What it shows, for those who do not see it.
    table
        The numbers.
    """

    svg: str
    caption: str
    alt: str
    table: DataTable | None = None

    def to_html(self, lang: Lang) -> str:
        """Give the figure and its table twin."""
        twin = ""
        if self.table is not None:
            summary = element("summary", escape(word("table_twin", lang)))
            twin = element("details", summary + self.table.to_html(lang))
        picture = element("div", self.svg, role="img", aria_label=self.alt)
        caption = element("figcaption", escape(self.caption))
        return f"<figure>{picture}{caption}{twin}</figure>"


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingList:
    """Findings of a study, each with question, answer and what stands behind it.

    Parameters
    ----------
    findings
        As in ``findings.json``: the texts of the page's language are shown.
    """

    findings: tuple[Mapping[str, Json], ...]

    def to_html(self, lang: Lang) -> str:
        """Give one article per finding."""
        return "".join(self._one(f, lang) for f in self.findings)

    def _one(self, finding: Mapping[str, Json], lang: Lang) -> str:
        facts = [
            (key, spoken(finding, key, lang))
            for key in ("estimate", "interval", "null", "p", "truth", "evidence")
        ]
        listed = [
            (escape(word(key, lang)), escape(plain(value, key, lang)))
            for key, value in facts
            if value is not None and value != []
        ]
        summary = element("summary", escape(word("reading", lang)))
        reading = element("p", escape(spoken(finding, "reading", lang) or ""))
        table = f"<table><tbody>{_pairs(listed)}</tbody></table>"
        return element(
            "article",
            element("h3", escape(spoken(finding, "question", lang) or ""))
            + element(
                "p", escape(spoken(finding, "answer", lang) or ""), class_="answer"
            )
            + element("details", summary + reading + table),
            class_="finding",
            id_=f"finding-{finding.get('id')}",
        )


def _pairs(pairs: Sequence[tuple[str, str]]) -> str:
    return "".join(
        f'<tr><th scope="row">{name}</th><td>{value}</td></tr>' for name, value in pairs
    )


def plain(value: Json, key: str = "", lang: Lang = "en") -> str:
    """Write a JSON value in one line."""
    if isinstance(value, bool):
        return word("yes" if value else "no", lang)
    if value is None:
        return ABSENT
    if isinstance(value, (int, float)):
        kind: NumberKind = "p" if key == "p" else "number"
        return format_number(value, "count" if isinstance(value, int) else kind)
    if isinstance(value, list):
        # names of files are listed as they are everywhere
        comma = "、" if lang == "zh" and key != "evidence" else ", "
        mark = " … " if key == "interval" else comma
        return mark.join(plain(v, lang=lang) for v in value)
    if isinstance(value, Mapping):
        colon, mark = ("：", "；") if lang == "zh" else (": ", "; ")
        return mark.join(
            f"{str(k).replace('_', ' ')}{colon}{plain(v, lang=lang)}"
            for k, v in value.items()
        )
    return str(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notes:
    """A folded list of notes, each with a heading.

    Parameters
    ----------
    items
        ``(heading, text)`` pairs.
    """

    items: tuple[tuple[str, str], ...]

    def to_html(self, lang: Lang) -> str:  # noqa: ARG002
        """Give a description list."""
        pairs = "".join(
            f"<dt>{escape(head)}</dt><dd>{escape(text)}</dd>"
            for head, text in self.items
        )
        return f'<dl class="notes">{pairs}</dl>'


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """A search box over records that are in the page.

    Parameters
    ----------
    name
        Name of the block in the page, letters and hyphens.
    title
        Heading of the search box.
    facts
        Headings of the facts of a record.
    columns
        Headings of the table of a record.
    records
        Each ``[code, name, facts, rows]``: the facts and the rows are text.
    """

    name: str
    title: str
    facts: tuple[str, ...]
    columns: tuple[str, ...]
    records: tuple[tuple[str, str, tuple[str, ...], tuple[tuple[str, ...], ...]], ...]

    def to_html(self, lang: Lang) -> str:
        """Give the box; the page's script fills it."""
        keys = ("results", "no_results")
        data: dict[str, Json] = {
            "facts": list(self.facts),
            "columns": list(self.columns),
            "records": [
                [code, name, list(facts), [list(r) for r in body]]
                for code, name, facts, body in self.records
            ],
            "words": {k: word(k, lang, n="{n}", shown="{shown}") for k in keys},
        }
        name = escape(self.name)
        label = escape(f"{self.title}: {word('search', lang)}")
        return (
            f'<div class="lookup" data-lookup="{name}-data">'
            f'<label for="{name}-input">{label}</label>'
            f'<input id="{name}-input" type="search" autocomplete="off">'
            f'<p role="status" aria-live="polite"></p><div class="found"></div>'
            f"<noscript><p>{escape(word('no_script', lang))}</p></noscript></div>"
            + json_script(data, f"{self.name}-data")
        )


def preformatted(text: str) -> str:
    """Show the lines of a summary."""
    return element("pre", escape(text))


def fact_table(facts: Sequence[tuple[str, str]]) -> str:
    """Show names and values, folded nowhere."""
    return (
        "<table><tbody>"
        + rows([(escape(a), escape(b)) for a, b in facts])
        + ("</tbody></table>")
    )
