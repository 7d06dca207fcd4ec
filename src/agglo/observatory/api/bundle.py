"""The zip of a view: data, definitions, how to read, cite, license and repeat it."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterable, Mapping

import pyarrow as pa

from agglo.core.typing import Json
from agglo.observatory.api.answers import (
    disclosure_statement,
    envelope,
    release_meta,
)
from agglo.observatory.api.citations import bibtex, gbt7714, ris
from agglo.observatory.api.declarations import source_word, sources_of, view_json
from agglo.observatory.api.files import csv_bytes, parquet_bytes
from agglo.observatory.api.graphml import graphml_bytes, is_network
from agglo.observatory.api.rows import ViewQuery, json_rows
from agglo.observatory.api.stock import Stock
from agglo.observatory.api.workbook import workbook_bytes
from agglo.observatory.drawing import draw_view
from agglo.observatory.page import Page, View

__all__ = [
    "bundle",
    "evidence_files",
    "figure_file",
    "json_file",
    "metadata",
    "release_manifest",
    "reproduce_line",
    "view_files",
    "workbook_notes",
    "zip_bytes",
]

_SHEET = 20_000  # rows of a workbook that is made unasked
_EPOCH = (1980, 1, 1, 0, 0, 0)


def reproduce_line(stock: Stock, view: View, query: ViewQuery) -> str:
    """Give the command that computes and shows the same numbers.

    Parameters
    ----------
    stock
        The release.
    view
        The view.
    query
        What was asked.

    Returns
    -------
    str
        One line for a shell.
    """
    study = view.table.split(".")[0]
    back = {column: selector for selector, column in view.filters.items()}
    pairs = [f"{back[column]}={value}" for column, value in query.chosen]
    address = f"/api/v1/views/{view.id}.csv" + ("?" + "&".join(pairs) if pairs else "")
    quoted = "'" + address.replace("'", "'\\''") + "'"
    run = "agglo run" if study == "project" else f"agglo run --study {study}"
    mode = stock.release.catalogue["mode"]
    return f"{run} && agglo serve --mode {mode} --get {quoted}"


def metadata(stock: Stock, view: View, query: ViewQuery) -> dict[str, Json]:
    """Say what the columns are, from where, and how sure.

    Parameters
    ----------
    stock
        The release.
    view
        The view.
    query
        What was asked.

    Returns
    -------
    dict
        Content of ``metadata.json``.
    """
    declared = view_json(stock, view)
    return {
        **{
            k: declared[k] for k in ("id", "title", "table", "chart", "columns", "unit")
        },
        "note": declared["note"],
        "uncertainty": declared["uncertainty"],
        "method": declared["method"],
        "source": declared["source"],
        "filters": dict(query.chosen),
        "missing": "empty cell: no number; see the columns status and reason",
        "release": release_meta(stock),
        "disclosure": {**disclosure_statement(stock)},
        "reproduce": reproduce_line(stock, view, query),
    }


def bundle(stock: Stock, view: View, query: ViewQuery, table: pa.Table) -> bytes:
    """Zip a view with everything that belongs to its numbers.

    Parameters
    ----------
    stock
        The release.
    view
        The view.
    query
        What was asked.
    table
        Its rows.

    Returns
    -------
    bytes
        A zip archive; the same question to the same release gives the same bytes.
    """
    about = metadata(stock, view, query)
    files: dict[str, bytes] = {
        **view_files(stock, view, table, about),
        "data.json": json_file(envelope(stock, _rows(table), view=view)),
        "README.md": _readme(stock, view, about, "en").encode(),
        "README.zh.md": _readme(stock, view, about, "zh").encode(),
        **evidence_files(stock, view, [view]),
        "reproduce.txt": (reproduce_line(stock, view, query) + "\n").encode(),
    }
    if table.num_rows <= _SHEET:
        files["data.xlsx"] = workbook_bytes(table, workbook_notes(stock, view))
    return zip_bytes(files)


def view_files(
    stock: Stock, view: View, table: pa.Table, about: Mapping[str, Json]
) -> dict[str, bytes]:
    """Give the rows of a view as files, with its definitions and its figure.

    Parameters
    ----------
    stock
        The release.
    view
        The view.
    table
        Its rows.
    about
        Its `metadata`.

    Returns
    -------
    dict
        Name to content; a graph where rows are ties, a figure where there is one.
    """
    files = {
        "data.csv": csv_bytes(table),
        "data.parquet": parquet_bytes(table),
        "metadata.json": json_file({**about}),
    }
    if is_network(view):
        files["graph.graphml"] = graphml_bytes(view, table)
    drawing = draw_view(stock, view, table, "en")
    if drawing:
        files["figure.svg"] = figure_file(drawing)
    return files


def evidence_files(
    stock: Stock, cited: View | Page, views: Iterable[View]
) -> dict[str, bytes]:
    """Give what every archive says of its numbers: citations, licences, protection, hashes.

    Parameters
    ----------
    stock
        The release.
    cited
        What is cited.
    views
        Views whose sources are named.

    Returns
    -------
    dict
        Name to content.
    """
    statement = disclosure_statement(stock)
    return {
        "citation.bib": bibtex(stock, cited).encode(),
        "citation.ris": ris(stock, cited).encode(),
        "citation.gbt7714.txt": gbt7714(stock, cited).encode(),
        "LICENCE.txt": _licences(stock, views).encode(),
        "disclosure.txt": f"{statement['en']}\n\n{statement['zh']}\n".encode(),
        "certificate.json": json_file(stock.release.catalogue["certificate"]),
        "manifest.json": json_file(release_manifest(stock)),
    }


def zip_bytes(files: Mapping[str, bytes]) -> bytes:
    """Pack files; the same files give the same bytes.

    Parameters
    ----------
    files
        Name to content.

    Returns
    -------
    bytes
        A zip archive, in the order given.
    """
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, data)
    return out.getvalue()


def figure_file(drawing: str) -> bytes:
    """Make a drawing a file of its own."""
    return ('<?xml version="1.0" encoding="UTF-8"?>\n' + drawing + "\n").encode("utf-8")


def workbook_notes(stock: Stock, view: View) -> dict[str, str]:
    """Give what a workbook says on its second sheet.

    Parameters
    ----------
    stock
        The release.
    view
        The view.

    Returns
    -------
    dict
        Title, release, protection, uncertainty, licence and citation.
    """
    statement = disclosure_statement(stock)
    said = {
        "title": view.title.en,
        "标题": view.title.zh,
        "release": stock.release.id,
        "disclosure": statement["en"],
        "披露": statement["zh"],
        "uncertainty": view.uncertainty.en,
        "不确定性": view.uncertainty.zh,
        "licence": _licences(stock, [view]),
        "citation": gbt7714(stock, view).strip(),
    }
    if release_meta(stock)["generated"]:
        said["note"] = f"{_WORDS['en']['generated']} {_WORDS['zh']['generated']}"
    return said


def release_manifest(stock: Stock) -> dict[str, Json]:
    """Give hashes of everything a release holds, and of the run behind it.

    Parameters
    ----------
    stock
        The release.

    Returns
    -------
    dict
        Release, version, manifest of the run (SHA-256), seed and options of the studies
        (empty for a public release), digest of every table.
    """
    catalogue = stock.release.catalogue
    return {
        "release": stock.release.id,
        "version": catalogue["version"],
        "mode": catalogue["mode"],
        "run_manifest": catalogue["manifest"],
        "packages": catalogue["packages"],
        "settings": catalogue.get("settings") or {},
        "tables": {n: e["digest"] for n, e in stock.release.tables.items()},
        "verify": "agglo verify",
    }


def _rows(table: pa.Table) -> list[Json]:
    return [dict(row) for row in json_rows(table)]


def json_file(value: Json) -> bytes:
    """Write plain values as a file that people can read, too."""
    return (
        json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False) + "\n"
    ).encode()


def _licences(stock: Stock, views: Iterable[View]) -> str:
    """Give the licences of the sources behind views, each once.

    Parameters
    ----------
    stock
        The release.
    views
        The views.

    Returns
    -------
    str
        One line per source, in both languages.
    """
    listed = [s for view in views for s in sources_of(stock, view)]
    lines = [
        f"{s['title']} ({s['publisher']}): {s['licence'] or 'not stated / 未说明'}"
        for s in listed
        if isinstance(s, dict)
    ]
    head = "Licences of the sources of these data / 数据来源许可"
    return "\n".join([head, "", *dict.fromkeys(lines)]) + "\n"


_WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "columns": "Columns",
        "uncertainty": "Uncertainty",
        "note": "How to read it",
        "source": "Sources",
        "repeat": "Repeat it",
        "release": "Release",
        "generated": "The data are generated; no number is about a real place.",
    },
    "zh": {
        "columns": "各列",
        "uncertainty": "不确定性",
        "note": "如何解读",
        "source": "来源",
        "repeat": "复现",
        "release": "发布编号",
        "generated": "数据为模拟生成，任何数字均不涉及真实地区。",
    },
}


def _readme(stock: Stock, view: View, about: Mapping[str, Json], lang: str) -> str:
    words = _WORDS[lang]
    title = view.title.zh if lang == "zh" else view.title.en
    lines = [f"# {title}", "", f"{words['release']}: {stock.release.id}", ""]
    if release_meta(stock)["generated"]:
        lines += [words["generated"], ""]
    lines += [disclosure_statement(stock)[lang], "", f"## {words['columns']}", ""]
    columns = about["columns"]
    for column in columns if isinstance(columns, list) else []:
        if isinstance(column, dict):
            label, unit = column["label"], column["unit"]
            named = label[lang] if isinstance(label, dict) else column["name"]
            tail = f" ({unit[lang]})" if isinstance(unit, dict) else ""
            lines.append(f"- `{column['name']}`: {named}{tail}")
    texts = {"uncertainty": view.uncertainty, "note": view.note}
    for key, text in texts.items():
        if text is not None:
            said = text.zh if lang == "zh" else text.en
            lines += ["", f"## {words[key]}", "", said]
    lines += ["", f"## {words['source']}", ""]
    for source in sources_of(stock, view):
        if isinstance(source, dict):
            title = source_word(source, "title", "zh" if lang == "zh" else "en")
            lines.append(f"- {title}, {source['publisher']}")
    lines += ["", f"## {words['repeat']}", "", f"    {about['reproduce']}", ""]
    return "\n".join(lines)
