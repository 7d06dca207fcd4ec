"""The CSV files of the study, and where their numbers come from."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.csv as pa_csv

from agglo.studies.digital.facts import TABLES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agglo.core.typing import Json
    from agglo.studies.contract import StageInputs
    from agglo.studies.digital.drawing import Drawn

__all__ = ["csv_files"]

_FILES = (
    "matches",
    "label_audit",
    "city_audit",
    "match_audit",
    "unmatched",
    "left_out",
    "unmapped_labels",
    "rates",
    "degree",
    "nulls",
    "sensitivity",
    "ellipses",
    "overlaps",
    "shifts",
    "spatial",
)
# spreadsheets read Chinese text only after this mark
_MARK = b"\xef\xbb\xbf"


def csv_files(
    inputs: StageInputs, figures: Sequence[Drawn]
) -> tuple[dict[str, bytes], dict[str, Json]]:
    """Write the tables and the numbers behind the figures as CSV, the figures as SVG.

    Parameters
    ----------
    inputs
        Inputs of the last stage.
    figures
        The figures of the page.

    Returns
    -------
    tuple
        File name to bytes (UTF-8 with a byte-order mark, for spreadsheets), and the
        provenance of every file with its hash. A figure carries its provenance inside; for
        the CSV files, which have no room for it, ``csv-metadata.json`` does, where readers
        of CSV on the Web look for it.
    """
    stamp = inputs.provenance()
    tables: Mapping[str, pa.Table] = {
        **{name: inputs.result(TABLES[name], name) for name in _FILES},
        **{f"figure_{f.name}": f.data for f in figures},
    }
    files = {f"{name}.csv": _csv(table) for name, table in tables.items()}
    files["csv-metadata.json"] = _described(tables, stamp)
    files |= {f"figure_{f.name}.svg": _svg(f, stamp) for f in figures}
    hashes: dict[str, Json] = {
        name: hashlib.sha256(data).hexdigest() for name, data in files.items()
    }
    return files, {**stamp, "files": hashes}


def _described(tables: Mapping[str, pa.Table], stamp: Mapping[str, Json]) -> bytes:
    """Describe the CSV files as the W3C's CSV on the Web has it."""
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
    return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode()


def _svg(figure: Drawn, stamp: Mapping[str, Json]) -> bytes:
    """Give a figure as a file of its own, with its words and its provenance."""
    head, _, body = figure.figure.svg.partition(">")
    said = json.dumps(dict(stamp), sort_keys=True, ensure_ascii=False)
    inside = (
        f"<title>{escape(figure.figure.alt)}</title>"
        f"<desc>{escape(figure.figure.caption)}</desc>"
        f"<metadata>{escape(said)}</metadata>"
    )
    return f"{head}>\n{inside}{body}\n".encode()


def _csv(table: pa.Table) -> bytes:
    out = io.BytesIO()
    pa_csv.write_csv(table, out)
    return _MARK + out.getvalue()
