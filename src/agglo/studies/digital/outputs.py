"""The CSV files of the study, and where their numbers come from."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.csv as pa_csv

from agglo.core.results import version
from agglo.studies.digital.facts import TABLES
from agglo.studies.digital.options import DigitalOptions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agglo.core.typing import Json
    from agglo.studies.contract import StageInputs
    from agglo.studies.digital.drawing import Drawn

__all__ = ["csv_files", "stamp"]

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


def stamp(inputs: StageInputs) -> dict[str, Json]:
    """Give version, options and their hash, seed, and the hashes of the data files.

    Parameters
    ----------
    inputs
        Inputs of any stage.

    Returns
    -------
    dict
        What every file of the study rests on.
    """
    options = asdict(inputs.options_as(DigitalOptions))
    text = json.dumps({**options, "seed": inputs.seed}, sort_keys=True)
    return {
        "software": f"agglo {version()}",
        "configuration_sha256": hashlib.sha256(text.encode()).hexdigest(),
        "seed": inputs.seed,
        "data_files": {
            name: digest for o in inputs.project.origins for name, digest in o.files
        },
    }


def csv_files(
    inputs: StageInputs, figures: Sequence[Drawn]
) -> tuple[dict[str, bytes], dict[str, Json]]:
    """Write the tables and the numbers behind the figures as CSV.

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
        provenance of every file with its hash.
    """
    tables: Mapping[str, pa.Table] = {
        **{name: inputs.result(TABLES[name], name) for name in _FILES},
        **{f"figure_{f.name}": f.data for f in figures},
    }
    files = {f"{name}.csv": _csv(table) for name, table in tables.items()}
    hashes: dict[str, Json] = {
        name: hashlib.sha256(data).hexdigest() for name, data in files.items()
    }
    return files, {**stamp(inputs), "files": hashes}


def _csv(table: pa.Table) -> bytes:
    out = io.BytesIO()
    pa_csv.write_csv(table, out)
    return _MARK + out.getvalue()
