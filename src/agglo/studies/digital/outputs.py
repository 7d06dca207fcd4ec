"""The CSV files of the study, and where their numbers come from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pyarrow as pa

from agglo.studies.digital.facts import TABLES
from agglo.studies.outputs import csv_files, hashed, svg_bytes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agglo.core.typing import Json
    from agglo.studies.contract import StageInputs
    from agglo.studies.outputs import Drawn

__all__ = ["study_files"]

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


def study_files(
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
    files = csv_files(tables, stamp)
    files |= {f"figure_{f.name}.svg": svg_bytes(f, stamp) for f in figures}
    return files, hashed(files, stamp)
