"""Regression tables as HTML, LaTeX and Word; no stars, the strength of instruments always."""

from __future__ import annotations

import io
import zipfile
from html import escape
from typing import TYPE_CHECKING

from agglo.studies.coagglomeration.words import specification, term
from agglo.studies.facts import known, number_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agglo.studies.coagglomeration.facts import CoagglomerationFacts

__all__ = ["OWN_STOCK", "cells_of", "regression_cells", "regression_files"]

_SHOWN = (
    "main",
    "main_all",
    "negative_binomial",
    "linear",
    "quality",
    "iv",
    "iv_all",
    "control_function",
)
OWN_STOCK = ("main", *(f"own stock: {k}" for k in ("control", "presample", "drop")))
_TWIPS = 1800


def regression_cells(facts: CoagglomerationFacts) -> list[list[str]]:
    """Give the table as text, heads first; an empty list when nothing was estimated."""
    return cells_of(facts, _SHOWN)


def cells_of(facts: CoagglomerationFacts, shown: Sequence[str]) -> list[list[str]]:
    """Give these specifications side by side, errors below coefficients."""
    used = [s for s in shown if facts.rows("estimates", specification=s, status="ok")]
    if not used:
        return []
    by_model = {
        s: {str(r["term"]): r for r in facts.rows("estimates", specification=s)}
        for s in used
    }
    terms = list(dict.fromkeys(t for m in by_model.values() for t in m))
    few = facts.note("innovation_notes", "few_clusters") is True
    wild = {str(r["term"]): number_of(r, "p") for r in facts.tables["wild"]}
    lines = [["", *(specification(facts, s) for s in used)]]
    for name in terms:
        found = [by_model[s].get(name) for s in used]
        if few and name in wild and "linear" in used:
            # few clusters: the p of the wild bootstrap stands first
            shown_p = f"[p {wild[name]:.3f}]"
            lines.append(
                [
                    facts.say(
                        "{x} (wild bootstrap)", "{x}（野自助）", x=term(facts, name)
                    ),
                    *(shown_p if s == "linear" else "" for s in used),
                ]
            )
        lines.append(
            [
                term(facts, name),
                *("" if r is None else f"{number_of(r, 'value'):.3f}" for r in found),
            ]
        )
        lines.append(
            ["", *("" if r is None else f"({number_of(r, 'se'):.3f})" for r in found)]
        )
    first = [next(iter(by_model[s].values())) for s in used]
    lines.append(["N", *(f"{number_of(r, 'n'):.0f}" for r in first)])
    groups = facts.say("Clusters (industries)", "聚类（行业）")
    lines.append([groups, *(f"{number_of(r, 'n_groups'):.0f}" for r in first)])
    strength = ["Kleibergen-Paap F"]
    for s in used:
        row = facts.one("weak", model=s, statistic="Kleibergen-Paap F")
        value = number_of(row, "value")
        mark = facts.say(" (weak)", "（弱）") if value < 10.0 else ""
        strength.append(f"{value:.2f}{mark}" if known(value) else "")
    return [*lines, strength]


def regression_files(facts: CoagglomerationFacts) -> dict[str, bytes]:
    """Write the table in three formats."""
    cells = regression_cells(facts)
    if not cells:
        return {}
    note = facts.say(
        "Industry and period effects; errors in parentheses leave out one industry at a "
        "time, those of the control function resample industries. ",
        "含行业与时期效应；括号内为逐一剔除行业（刀切）的标准误，控制函数为行业重抽样。",
    )
    note += facts.caveat
    title = facts.say("Regressions", "回归结果")
    return {
        "regressions.html": _html(cells, note, title),
        "regressions.tex": _latex(cells, note),
        "regressions.docx": _word(cells, note, title),
    }


def _html(cells: Sequence[Sequence[str]], note: str, title: str) -> bytes:
    def row(line: Sequence[str], tag: str) -> str:
        return "<tr>" + "".join(f"<{tag}>{escape(c)}</{tag}>" for c in line) + "</tr>"

    body = "\n".join(row(line, "td") for line in cells[1:])
    text = (
        f'<!doctype html>\n<meta charset="utf-8">\n<title>{escape(title)}</title>\n'
        f"<table>\n<caption>{escape(title)}</caption>\n"
        f"<thead>{row(cells[0], 'th')}</thead>\n<tbody>\n{body}\n</tbody>\n</table>\n"
        f"<p>{escape(note)}</p>\n"
    )
    return text.encode()


_LATEX = str.maketrans(
    {"_": r"\_", "&": r"\&", "%": r"\%", "#": r"\#", "$": r"\$", "{": r"\{", "}": r"\}"}
)


def _latex(cells: Sequence[Sequence[str]], note: str) -> bytes:
    lines = [" & ".join(c.translate(_LATEX) for c in line) + r" \\" for line in cells]
    width = len(cells[0])
    text = "\n".join(
        [
            r"\begin{tabular}{l" + "r" * (width - 1) + "}",
            r"\hline",
            lines[0],
            r"\hline",
            *lines[1:],
            r"\hline",
            rf"\multicolumn{{{width}}}{{p{{0.9\linewidth}}}}{{{note.translate(_LATEX)}}} \\",
            r"\end{tabular}",
            "",
        ]
    )
    return text.encode()


_TYPES = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" '
    'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    '<Override PartName="/word/document.xml" ContentType="application/vnd.'
    'openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>'
)
_RELATIONS = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/'
    'relationships/officeDocument" Target="word/document.xml"/></Relationships>'
)
_LINES = (
    "<w:tblBorders>"
    + "".join(
        f'<w:{edge} w:val="single" w:sz="6" w:space="0" w:color="000000"/>'
        for edge in ("top", "bottom", "insideH")
    )
    + "</w:tblBorders>"
)
_SIDEWAYS = (
    '<w:sectPr><w:pgSz w:w="16838" w:h="11906" w:orient="landscape"/>'
    '<w:pgMar w:top="1134" w:right="1134" w:bottom="1134" w:left="1134" '
    'w:header="567" w:footer="567" w:gutter="0"/></w:sectPr>'
)
_SPACE = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def _word(cells: Sequence[Sequence[str]], note: str, title: str) -> bytes:
    """Write a Word document: three XML parts in a zip, the same bytes every time."""

    def paragraph(text: str, *, bold: bool = False) -> str:
        said = escape(text, quote=False)
        style = f'<w:rPr>{"<w:b/>" if bold else ""}<w:sz w:val="18"/></w:rPr>'
        return f'<w:p><w:r>{style}<w:t xml:space="preserve">{said}</w:t></w:r></w:p>'

    def row(line: Sequence[str], *, head: bool = False) -> str:
        parts = (
            f'<w:tc><w:tcPr><w:tcW w:w="{_TWIPS}" w:type="dxa"/></w:tcPr>'
            f"{paragraph(c, bold=head)}</w:tc>"
            for c in line
        )
        # the heads stand again on every page
        mark = "<w:trPr><w:tblHeader/></w:trPr>" if head else ""
        return f"<w:tr>{mark}{''.join(parts)}</w:tr>"

    grid = f'<w:gridCol w:w="{_TWIPS}"/>' * len(cells[0])
    width = _TWIPS * len(cells[0])
    body = (
        f"{paragraph(title)}<w:tbl><w:tblPr>"
        f'<w:tblW w:w="{width}" w:type="dxa"/>{_LINES}</w:tblPr>'
        f"<w:tblGrid>{grid}</w:tblGrid>{row(cells[0], head=True)}"
        f"{''.join(row(line) for line in cells[1:])}</w:tbl>{paragraph(note)}{_SIDEWAYS}"
    )
    document = (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
        f"<w:document {_SPACE}><w:body>{body}</w:body></w:document>"
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in (
            ("[Content_Types].xml", _TYPES),
            ("_rels/.rels", _RELATIONS),
            ("word/document.xml", document),
        ):
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            archive.writestr(entry, text, zipfile.ZIP_DEFLATED)
    return out.getvalue()
