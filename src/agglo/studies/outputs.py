"""The files of a study beside its page: tables as CSV, figures as SVG, and their hashes."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.csv as pa_csv

from agglo.studies.report import DataTable, Figure

if TYPE_CHECKING:
    from agglo.core.typing import Json
    from agglo.studies.report import NumberKind

__all__ = ["Drawn", "csv_bytes", "csv_files", "hashed", "svg_bytes", "twin"]

# spreadsheets read Chinese text only after this mark
_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """A figure with the table behind it.

    Attributes
    ----------
    name
        Name of the figure and of its files.
    figure
        What the page shows.
    data
        The plotted numbers.
    """

    name: str
    figure: Figure
    data: pa.Table


def twin(
    caption: str,
    data: pa.Table,
    heads: Mapping[str, str],
    kinds: Mapping[str, NumberKind],
) -> DataTable:
    """Show the plotted table below its figure."""
    return DataTable(
        caption=caption,
        columns={head: data[name].to_pylist() for name, head in heads.items()},
        kinds={heads[name]: kind for name, kind in kinds.items()},
        most=60,
    )


def csv_bytes(table: pa.Table) -> bytes:
    """Write a table as CSV: UTF-8 with a byte-order mark, for spreadsheets."""
    out = io.BytesIO()
    pa_csv.write_csv(table, out)
    return _MARK + out.getvalue()


def csv_files(
    tables: Mapping[str, pa.Table], stamp: Mapping[str, Json]
) -> dict[str, bytes]:
    """Write tables as CSV, with a description beside them.

    CSV has no room for provenance: ``csv-metadata.json`` holds it, where readers of the
    W3C's CSV on the Web look for it.
    """
    document = {
        "@context": "http://www.w3.org/ns/csvw",
        "agglo:provenance": dict(stamp),
        "tables": [
            {
                "url": f"{name}.csv",
                "tableSchema": {"columns": [{"name": c} for c in table.column_names]},
            }
            for name, table in tables.items()
        ],
    }
    text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    files = {f"{name}.csv": csv_bytes(table) for name, table in tables.items()}
    return {**files, "csv-metadata.json": text.encode()}


def svg_bytes(drawn: Drawn, stamp: Mapping[str, Json]) -> bytes:
    """Give a figure as a file of its own, with its words and its provenance."""
    head, _, body = drawn.figure.svg.partition(">")
    said = json.dumps(dict(stamp), sort_keys=True, ensure_ascii=False)
    inside = (
        f"<title>{escape(drawn.figure.alt)}</title>"
        f"<desc>{escape(drawn.figure.caption)}</desc>"
        f"<metadata>{escape(said)}</metadata>"
    )
    return f"{head}>\n{inside}{body}\n".encode()


def hashed(files: Mapping[str, bytes], stamp: Mapping[str, Json]) -> dict[str, Json]:
    """Give the provenance of every file with its hash."""
    hashes: dict[str, Json] = {
        name: hashlib.sha256(data).hexdigest() for name, data in files.items()
    }
    return {**stamp, "files": hashes}
