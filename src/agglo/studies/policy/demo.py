"""The generated example: corridors whose effects are known."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from agglo.simulate import simulate_corridors
from agglo.studies.contract import Demo

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa

    from agglo.core.typing import Json

__all__ = ["demo"]

_TEXT = ("regions", "treatments", "industries", "truth")


def demo(seed: int) -> Demo:
    """Generate the example as source files with their imports.

    Parameters
    ----------
    seed
        Seed of the generator.

    Returns
    -------
    Demo
        Small tables as CSV, large ones as Parquet. Two options differ from the defaults,
        because they describe the generated world: its covariate, and the ring of 100 to
        250 km in which its spillovers arise.
    """
    made = simulate_corridors(tables=True, seed=seed)
    files: dict[str, bytes] = {}
    imports: list[Mapping[str, Json]] = []
    for name, table in made.tables().items():
        ending = "csv" if name in _TEXT else "parquet"
        path = f"sources/policy_{name}.{ending}"
        files[path] = _csv(table) if ending == "csv" else _parquet(table)
        options: dict[str, Json] = {
            "table": name,
            "title": f"Generated corridors, seed {seed}",
            "publisher": "agglo (agglo.simulate.simulate_corridors)",
            "licence": "generated, no restriction",
        }
        if name == "panel":
            # outcomes and covariates are no columns of the schema: they are named
            options["columns"] = {c: c for c in table.column_names}
        imports.append(
            {
                "id": f"policy_{name}",
                "source": "table",
                "files": [path],
                "options": options,
            }
        )
    return Demo(
        files=files,
        imports=tuple(imports),
        options={"covariates": ["x"], "exposure_ring_km": [100.0, 250.0]},
    )


def _csv(table: pa.Table) -> bytes:
    out = io.BytesIO()
    pa_csv.write_csv(table, out)
    return out.getvalue()


def _parquet(table: pa.Table) -> bytes:
    out = io.BytesIO()
    pq.write_table(table, out, compression="zstd")
    return out.getvalue()
