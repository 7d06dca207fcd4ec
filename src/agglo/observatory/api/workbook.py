"""A table as a workbook: two sheets, numbers as numbers, no text that can run."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from xml.sax.saxutils import escape

import pyarrow as pa

from agglo.observatory.api.files import neutral

__all__ = ["MOST_ROWS", "workbook_bytes"]

MOST_ROWS = 100_000
"""Rows of a workbook; more would take longer than an answer may."""
_EPOCH = (1980, 1, 1, 0, 0, 0)
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
# characters that XML cannot hold
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def workbook_bytes(table: pa.Table, notes: Mapping[str, str]) -> bytes:
    """Write a table as XLSX.

    Parameters
    ----------
    table
        Rows of a view.
    notes
        What must be said with the numbers, for a sheet of its own.

    Returns
    -------
    bytes
        Texts are written as texts, never as formulas; those that a spreadsheet would run
        when retyped have ``'`` in front. The same rows give the same bytes.
    """
    said = pa.table({"about": list(notes), "text": list(notes.values())})
    sheets = {"data": table, "about": said}
    files = {
        "[Content_Types].xml": _types(len(sheets)),
        "_rels/.rels": _relations([("officeDocument", "xl/workbook.xml")]),
        "xl/workbook.xml": _book(list(sheets)),
        "xl/_rels/workbook.xml.rels": _relations(
            [("worksheet", f"worksheets/sheet{k + 1}.xml") for k in range(len(sheets))]
        ),
        **{
            f"xl/worksheets/sheet{k + 1}.xml": "".join(_sheet(rows))
            for k, rows in enumerate(sheets.values())
        },
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, text.encode("utf-8"))
    return out.getvalue()


def _types(n_sheets: int) -> str:
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    sheets = "".join(
        f'<Override PartName="/xl/worksheets/sheet{k + 1}.xml" '
        f'ContentType="{kind}.worksheet+xml"/>'
        for k in range(n_sheets)
    )
    return (
        f'{_HEAD}<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/>'
        f"{sheets}</Types>"
    )


def _relations(pairs: list[tuple[str, str]]) -> str:
    inner = "".join(
        f'<Relationship Id="r{k + 1}" Type="{_OFFICE}/{kind}" Target="{target}"/>'
        for k, (kind, target) in enumerate(pairs)
    )
    return f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">{inner}</Relationships>'


def _book(names: list[str]) -> str:
    sheets = "".join(
        f'<sheet name="{name}" sheetId="{k + 1}" r:id="r{k + 1}"/>'
        for k, name in enumerate(names)
    )
    return (
        f'{_HEAD}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}">'
        f"<sheets>{sheets}</sheets></workbook>"
    )


def _sheet(table: pa.Table) -> Iterator[str]:
    yield f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetData>'
    yield f"<row>{''.join(_text(name) for name in table.column_names)}</row>"
    columns = [_cells(table.column(at)) for at in range(table.num_columns)]
    for row in zip(*columns, strict=True):
        yield f"<row>{''.join(row)}</row>"
    yield "</sheetData></worksheet>"


def _cells(column: pa.ChunkedArray) -> list[str]:
    kind = column.type
    if pa.types.is_boolean(kind):
        return [
            "<c/>" if v is None else f'<c t="b"><v>{int(v)}</v></c>'
            for v in column.to_pylist()
        ]
    if pa.types.is_floating(kind) or pa.types.is_integer(kind):
        return [
            "<c/>" if v is None else f"<c><v>{v!r}</v></c>" for v in column.to_pylist()
        ]
    texts = neutral(column.cast(pa.string())).to_pylist()
    return ["<c/>" if v is None else _text(v) for v in texts]


def _text(value: str) -> str:
    clean = escape(_FORBIDDEN.sub("\ufffd", value))
    return f'<c t="inlineStr"><is><t xml:space="preserve">{clean}</t></is></c>'
