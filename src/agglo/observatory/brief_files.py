"""A brief as a file: HTML always, PDF and DOCX through extras."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import TYPE_CHECKING

from agglo.core.errors import MissingExtraError, OptionError
from agglo.store import write_bytes
from agglo.studies.report import Figure

if TYPE_CHECKING:
    from agglo.observatory.brief import Brief

__all__ = ["FORMATS", "save_brief"]

FORMATS = (".html", ".pdf", ".docx")
_DPI_SCALE = 2.0
_PAPER = (
    "details,nav{display:none}figure{break-inside:auto}"
    "figure svg{max-height:21cm}h2{break-after:avoid}"
    # a table is as wide as the paper; the heading above says what its caption says
    ".scroll{overflow:visible}table{width:100%;font-size:8pt}caption{display:none}"
    "th,td{white-space:normal;min-width:0;padding:2pt 3pt;overflow-wrap:break-word}"
    "td.short{white-space:nowrap}"
)
# a word of a state, which Chinese would break between any two characters
_SHORT = re.compile(r"<td>([^<]{2,6})</td>")


def save_brief(brief: Brief, path: Path) -> None:
    """Write a brief; the ending of the file says the format.

    Parameters
    ----------
    brief
        The brief.
    path
        File ending in ``.html``, ``.pdf`` or ``.docx``; whole or not at all.

    Raises
    ------
    OptionError
        For another ending.
    MissingExtraError
        When the package for the format is not installed.
    StoreError
        If the file cannot be written.
    """
    kind = path.suffix.lower()
    if kind not in FORMATS:
        msg = f"{path.name}: a brief is written as one of {', '.join(FORMATS)}."
        raise OptionError(msg)
    make = {".html": _html, ".pdf": _pdf, ".docx": _docx}[kind]
    write_bytes(path, make(brief))


def _html(brief: Brief) -> bytes:
    return brief.report.to_bytes()


def _pdf(brief: Brief) -> bytes:
    """Print the page without contents and folded tables, which paper cannot open."""
    style = f"<style>{_PAPER}</style></head>"
    html = brief.report.to_html().replace("</head>", style, 1)
    return _printed(_SHORT.sub(r'<td class="short">\1</td>', html))


def _printed(html: str) -> bytes:
    try:
        import weasyprint
    except (ImportError, OSError) as error:  # OSError: pango is not on the machine
        package, extra = "weasyprint", "pdf"
        raise MissingExtraError(package, extra, "briefs as PDF") from error
    pdf: bytes = weasyprint.HTML(string=html).write_pdf()
    return pdf


def _picture(svg: str) -> bytes:
    """Turn a drawing into PNG: print it on a page of its own size, then look at it."""
    import pypdfium2

    found = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg)
    width, height = found.groups() if found else ("600", "400")
    style = f"@page{{size:{width}pt {height}pt;margin:0}}body{{margin:0}}"
    page = f"<html><head><style>{style}</style></head><body>{svg}</body></html>"
    document = pypdfium2.PdfDocument(_printed(page))
    out = io.BytesIO()
    document[0].render(scale=_DPI_SCALE).to_pil().save(out, "PNG")
    return out.getvalue()


def _docx(brief: Brief) -> bytes:
    try:
        from docx import Document
        from docx.shared import Cm
    except ImportError as error:
        package, extra = "python-docx", "docx"
        raise MissingExtraError(package, extra, "briefs as DOCX") from error
    document = Document()
    document.add_heading(brief.title, 0)
    document.add_paragraph(brief.report.subtitle)
    for note in brief.notes:
        document.add_paragraph(note, style="List Bullet")
    captions = {
        block.alt: block.caption
        for section in brief.report.sections
        for block in section.blocks
        if isinstance(block, Figure)
    }
    for title, drawing, table in brief.pieces:
        document.add_heading(title, 1)
        if drawing:
            document.add_picture(io.BytesIO(_picture(drawing)), width=Cm(15))
            document.add_paragraph(captions[title], style="Caption")
        heads = list(table.columns)
        n_rows = max((len(v) for v in table.columns.values()), default=0)
        n_rows = min(n_rows, table.most)
        grid = document.add_table(rows=1 + n_rows, cols=len(heads), style="Light List")
        for j, head in enumerate(heads):
            grid.cell(0, j).text = head
            for i, value in enumerate(list(table.columns[head])[:n_rows], 1):
                grid.cell(i, j).text = _cell(value)
    for head, text in brief.report.facts:
        document.add_paragraph(f"{head}: {text}")
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def _cell(value: object) -> str:
    if value is None:
        return "–"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
