"""The report as an immutable, fluent object."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from agglo.core.errors import OptionError
from agglo.core.options import check_choice
from agglo.core.results import Result, version
from agglo.store import write_bytes
from agglo.studies.report.blocks import Block, DataTable, Figure, Prose, preformatted
from agglo.studies.report.charts import draw_svg
from agglo.studies.report.markup import anchor, element, escape
from agglo.studies.report.numbers import format_number
from agglo.studies.report.words import word

if TYPE_CHECKING:
    from agglo.core.typing import Lang

__all__ = ["Report"]

_RESULT_ROWS = 25


@dataclass(frozen=True, slots=True)
class _Section:
    title: str
    blocks: tuple[Block, ...] = ()


@dataclass(frozen=True, slots=True)
class _Raw:
    html: str

    def to_html(self, lang: Lang) -> str:  # noqa: ARG002
        return self.html


@dataclass(frozen=True)
class Report:
    """A self-contained page: text, figures and tables, without any foreign request.

    Every method gives a new report, so a half-built one can be kept and reused. The same
    content gives the same bytes.

    Parameters
    ----------
    title
        Title of the page.
    subtitle
        One sentence below it.
    lang
        Language of the page's own words.
    generated
        Whether the data are generated: a banner says so on the screen and in print.
    sections, facts
        Filled by :meth:`section`, :meth:`add` and :meth:`footer`.

    Examples
    --------
    >>> import agglo as ag
    >>> from agglo.studies.report import Report
    >>> page = Report("Two regions").add("Text.").add(ag.hhi([50, 30, 20]))
    >>> page.to_html().count("<h1>")
    1
    """

    title: str
    subtitle: str = field(default="", kw_only=True)
    lang: Lang = field(default="en", kw_only=True)
    generated: bool = field(default=False, kw_only=True)
    sections: tuple[_Section, ...] = field(default=(), kw_only=True)
    facts: tuple[tuple[str, str], ...] = field(default=(), kw_only=True)

    def __post_init__(self) -> None:
        """Check the language."""
        check_choice("lang", self.lang, ("en", "zh"))

    def section(self, title: str, text: str = "") -> Report:
        """Begin a section.

        Parameters
        ----------
        title
            Its heading, listed in the contents.
        text
            Paragraphs below the heading.

        Returns
        -------
        Report
            A new report.
        """
        blocks: tuple[Block, ...] = (Prose(text),) if text else ()
        return replace(self, sections=(*self.sections, _Section(title, blocks)))

    def add(self, item: Block | Result | str, *, note: str = "") -> Report:
        """Add a block, a result or a text to the last section.

        Parameters
        ----------
        item
            A block; a result, shown with summary, figure, first rows and provenance; or
            plain text.
        note
            Paragraph below it.

        Returns
        -------
        Report
            A new report.

        Raises
        ------
        OptionError
            If `item` is none of these.
        """
        if isinstance(item, str):
            blocks: tuple[Block, ...] = (Prose(item),)
        elif isinstance(item, Result):
            number = sum(len(s.blocks) for s in self.sections)
            blocks = _result_blocks(item, f"result-{number}", self.lang)
        elif hasattr(item, "to_html"):
            blocks = (item,)
        else:
            msg = (
                f"A report shows blocks, results and text, not a {type(item).__name__}. "
                "Wrap a frame in DataTable."
            )
            raise OptionError(msg)
        if note:
            blocks = (*blocks, Prose(note))
        sections = self.sections or (_Section(""),)
        last = replace(sections[-1], blocks=(*sections[-1].blocks, *blocks))
        return replace(self, sections=(*sections[:-1], last))

    def add_sections(
        self, sections: Iterable[tuple[str, Sequence[Block | None]]]
    ) -> Report:
        """Add sections with their blocks.

        Parameters
        ----------
        sections
            Heading and blocks; a block that is ``None`` is left out, and so is a section
            without any.

        Returns
        -------
        Report
            A new report.
        """
        page = self
        for heading, blocks in sections:
            shown = [block for block in blocks if block is not None]
            if shown:
                page = page.section(heading)
                for block in shown:
                    page = page.add(block)
        return page

    def footer(self, *facts: tuple[str, str]) -> Report:
        """Add facts about the page: seed, options, sources.

        Parameters
        ----------
        *facts
            ``(name, value)`` pairs.

        Returns
        -------
        Report
            A new report.
        """
        return replace(self, facts=(*self.facts, *facts))

    def to_html(self) -> str:
        """Give the page."""
        css, script = _asset("report.css"), _asset("report.js")
        body = [
            element("a", escape(word("skip", self.lang)), class_="skip", href="#text"),
            self._banner(),
            element("header", self._head()),
            self._contents(),
            element("main", self._body(), id_="text"),
            element("footer", self._foot()),
            f"<script>{script}</script>",
        ]
        head = (
            '<meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f'<meta http-equiv="Content-Security-Policy" content="{_policy(script)}">'
            f"<title>{escape(self.title)}</title><style>{css}</style>"
        )
        lang = "zh-Hans" if self.lang == "zh" else "en"
        inner = "\n".join(part for part in body if part)
        return (
            f'<!doctype html>\n<html lang="{lang}">\n<head>{head}</head>\n'
            f"<body>\n{inner}\n</body>\n</html>\n"
        )

    def to_bytes(self) -> bytes:
        """Give the page as UTF-8."""
        return self.to_html().encode("utf-8")

    def save(self, path: str | Path) -> Path:
        """Write the page.

        Parameters
        ----------
        path
            File to write; it appears whole or not at all.

        Returns
        -------
        pathlib.Path
            The file.

        Raises
        ------
        StoreError
            If it cannot be written.
        """
        target = Path(path)
        write_bytes(target, self.to_bytes())
        return target

    def _banner(self) -> str:
        if not self.generated:
            return ""
        return element(
            "p", escape(word("generated", self.lang)), class_="banner", role="note"
        )

    def _head(self) -> str:
        subtitle = element("p", escape(self.subtitle), class_="subtitle")
        return element("h1", escape(self.title)) + (subtitle if self.subtitle else "")

    def _contents(self) -> str:
        titled = [(k, s.title) for k, s in enumerate(self.sections, 1) if s.title]
        if len(titled) < 2:
            return ""
        items = "".join(
            element("li", element("a", escape(t), href=f"#{anchor(k)}"))
            for k, t in titled
        )
        label = word("contents", self.lang)
        return element("nav", element("ul", items), aria_label=label)

    def _body(self) -> str:
        out = []
        for k, section in enumerate(self.sections, 1):
            head = element("h2", escape(section.title)) if section.title else ""
            blocks = "\n".join(b.to_html(self.lang) for b in section.blocks)
            out.append(element("section", head + blocks, id_=anchor(k)))
        return "\n".join(out)

    def _foot(self) -> str:
        pairs = "".join(
            f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>"
            for name, value in self.facts
        )
        about = element("h2", escape(word("about", self.lang)))
        made = element("p", escape(word("made_by", self.lang, version=version())))
        return about + (f'<dl class="notes">{pairs}</dl>' if pairs else "") + made


def _asset(name: str) -> str:
    package = resources.files("agglo.studies.report")
    return (package / "assets" / name).read_text(encoding="utf-8")


def _policy(script: str) -> str:
    """Allow this script and nothing from elsewhere."""
    digest = base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode()
    return (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
        f"script-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )


def _result_blocks(result: Result, name: str, lang: Lang) -> tuple[Block, ...]:
    table = result.to_arrow()
    first = table.slice(0, _RESULT_ROWS)
    kinds: dict[str, Literal["number", "text"]] = {}
    columns = {}
    for column in table.column_names:
        values = first[column].to_pylist()
        numeric = all(isinstance(v, (int, float)) or v is None for v in values)
        kinds[column] = "number" if numeric else "text"
        columns[column] = values
    head, _, rest = result.summary().partition("\n")
    alt = re.sub(r"\s+", " ", head)
    svg = draw_svg(name, lambda ax: _plot(result, ax), height=4.5, left=2.2)
    data = DataTable(caption=type(result).__name__, columns=columns, kinds=kinds)
    left_out = table.num_rows - first.num_rows
    if left_out:
        shown = word(
            "rows_left_out",
            lang,
            shown=format_number(first.num_rows, "count"),
            all=format_number(table.num_rows, "count"),
        )
        data = replace(data, note=shown)
    where = json.dumps(
        result.provenance.to_dict(), ensure_ascii=False, indent=1, sort_keys=True
    )
    folded = element("summary", escape(word("provenance", lang))) + preformatted(where)
    return (
        _Raw(preformatted(f"{head}\n{rest}".strip())),
        Figure(svg=svg, caption=head, alt=alt, table=data),
        _Raw(element("details", folded)),
    )


def _plot(result: Result, ax: object) -> None:
    from matplotlib.axes import Axes

    if isinstance(ax, Axes):
        result.plot(ax)
