"""The generated example: a country whose concentration is known."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from agglo.simulate import simulate_country
from agglo.studies.contract import Demo

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa

    from agglo.core.typing import Json

__all__ = ["demo"]

_TEXT = ("regions", "industries", "definitions")


def demo(seed: int) -> Demo:
    """Generate the example country as source files with their imports.

    Parameters
    ----------
    seed
        Seed of the generator.

    Returns
    -------
    Demo
        Small tables as CSV, large ones as Parquet; the study keeps its defaults.
    """
    country = simulate_country(seed=seed)
    files: dict[str, bytes] = {}
    imports: list[Mapping[str, Json]] = []
    for name, table in country.tables().items():
        ending = "csv" if name in _TEXT else "parquet"
        path = f"sources/{name}.{ending}"
        files[path] = _csv(table) if ending == "csv" else _parquet(table)
        options: dict[str, Json] = {
            "table": name,
            "title": f"Generated country, seed {seed}",
            "publisher": "agglo (agglo.simulate.simulate_country)",
            "licence": "generated, no restriction",
        }
        imports.append(
            {"id": name, "source": "table", "files": [path], "options": options}
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
