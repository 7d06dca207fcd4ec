"""A generated economy as the source files of the example project."""

from __future__ import annotations

import io
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from agglo.studies.contract import Demo

if TYPE_CHECKING:
    import pyarrow as pa

    from agglo.core.typing import Json

__all__ = ["example"]


def example(
    tables: Mapping[str, pa.Table],
    *,
    prefix: str,
    title: str,
    title_zh: str,
    generator: str,
    parquet: Collection[str] = (),
    named: Collection[str] = (),
    options: Mapping[str, Json] | None = None,
) -> Demo:
    """Write tables as a user would have them, with the imports that read them.

    Parameters
    ----------
    tables
        What the generator made, by name.
    prefix
        Put before file names and ids, so that studies do not mix; may be empty.
    title, title_zh
        What is generated, with its seed.
    generator
        Name of the function in `agglo.simulate`.
    parquet
        Large tables, written as Parquet; the others become CSV.
    named
        Tables with columns of their own, which the import has to name.
    options
        Study options that differ from the defaults.

    Returns
    -------
    Demo
        Files, imports and options.
    """
    files: dict[str, bytes] = {}
    imports: list[Mapping[str, Json]] = []
    for name, table in tables.items():
        path = f"sources/{prefix}{name}.{'parquet' if name in parquet else 'csv'}"
        files[path] = _bytes(table, parquet=name in parquet)
        told: dict[str, Json] = {
            "table": name,
            "title": title,
            "publisher": f"agglo (agglo.simulate.{generator})",
            "licence": "generated, no restriction",
        }
        if name in named:
            told["columns"] = {c: c for c in table.column_names}
        imports.append(
            {
                "id": f"{prefix}{name}",
                "source": "table",
                "files": [path],
                "labels": {"title_zh": title_zh, "licence_zh": "模拟生成，无限制"},
                "options": told,
            }
        )
    return Demo(files=files, imports=tuple(imports), options=options or {})


def _bytes(table: pa.Table, *, parquet: bool) -> bytes:
    out = io.BytesIO()
    if parquet:
        pq.write_table(table, out, compression="zstd")
    else:
        pa_csv.write_csv(table, out)
    return out.getvalue()
