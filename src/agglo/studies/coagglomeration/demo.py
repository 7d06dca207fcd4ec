"""The generated example: plants and patents whose directional spillovers are known."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from agglo.simulate import simulate_coagglomeration
from agglo.studies.contract import Demo

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa

    from agglo.core.typing import Json

__all__ = ["demo"]

_LARGE = ("establishments", "patents")


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
    made = simulate_coagglomeration(seed=seed)
    files: dict[str, bytes] = {}
    imports: list[Mapping[str, Json]] = []
    for name, table in made.tables().items():
        ending = "parquet" if name in _LARGE else "csv"
        path = f"sources/coagglomeration_{name}.{ending}"
        files[path] = _parquet(table) if ending == "parquet" else _csv(table)
        options: dict[str, Json] = {
            "table": name,
            "title": f"Generated plants and patents, seed {seed}",
            "publisher": "agglo (agglo.simulate.simulate_coagglomeration)",
            "licence": "generated, no restriction",
        }
        if name == "panel":
            # research is no column of the schema: it is named
            options["columns"] = {c: c for c in table.column_names}
        imports.append(
            {
                "id": f"coagglomeration_{name}",
                "source": "table",
                "files": [path],
                "options": options,
            }
        )
    return Demo(files=files, imports=tuple(imports))


def _csv(table: pa.Table) -> bytes:
    out = io.BytesIO()
    pa_csv.write_csv(table, out)
    return out.getvalue()


def _parquet(table: pa.Table) -> bytes:
    out = io.BytesIO()
    pq.write_table(table, out, compression="zstd")
    return out.getvalue()
