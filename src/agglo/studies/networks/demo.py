"""The generated example: an economy of two levels whose pattern is known."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from agglo.simulate import simulate_networks
from agglo.studies.contract import Demo

if TYPE_CHECKING:
    from collections.abc import Mapping

    from agglo.core.typing import Json

__all__ = ["demo"]

_TEXT = ("regions", "industries", "truth")


def demo(seed: int) -> Demo:
    """Generate the example as source files with their imports.

    Parameters
    ----------
    seed
        Seed of the generator.

    Returns
    -------
    Demo
        Small tables as CSV, large ones as Parquet; the study keeps its defaults.
    """
    made = simulate_networks(seed=seed)
    files: dict[str, bytes] = {}
    imports: list[Mapping[str, Json]] = []
    for name, table in made.tables().items():
        ending = "csv" if name in _TEXT else "parquet"
        path = f"sources/networks_{name}.{ending}"
        out = io.BytesIO()
        if ending == "csv":
            pa_csv.write_csv(table, out)
        else:
            pq.write_table(table, out, compression="zstd")
        files[path] = out.getvalue()
        options: dict[str, Json] = {
            "table": name,
            "title": f"Generated network economy, seed {seed}",
            "publisher": "agglo (agglo.simulate.simulate_networks)",
            "licence": "generated, no restriction",
        }
        imports.append(
            {
                "id": f"networks_{name}",
                "source": "table",
                "files": [path],
                "options": options,
            }
        )
    return Demo(files=files, imports=tuple(imports))
