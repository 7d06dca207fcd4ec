"""The generated example: clusters and belts whose match is known."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pyarrow.csv as pa_csv

from agglo.simulate import simulate_digital
from agglo.studies.contract import Demo

if TYPE_CHECKING:
    from collections.abc import Mapping

    from agglo.core.typing import Json

__all__ = ["demo"]


def demo(seed: int) -> Demo:
    """Generate the example as source files with their imports.

    Places and labels are written as files write them (counties, synonyms, full width,
    some ambiguous or in no dictionary), and the centre of the clusters moves from year to
    year.

    Parameters
    ----------
    seed
        Seed of the generator.

    Returns
    -------
    Demo
        CSV files; the study keeps its defaults.
    """
    made = simulate_digital(
        disturb=True, n_periods=4, shift_km=120.0, shift_bearing=60.0, seed=seed
    )
    files: dict[str, bytes] = {}
    imports: list[Mapping[str, Json]] = []
    for name, table in made.tables().items():
        path = f"sources/digital_{name}.csv"
        out = io.BytesIO()
        pa_csv.write_csv(table, out)
        files[path] = out.getvalue()
        options: dict[str, Json] = {
            "table": name,
            "title": f"Generated clusters and belts, seed {seed}",
            "publisher": "agglo (agglo.simulate.simulate_digital)",
            "licence": "generated, no restriction",
        }
        imports.append(
            {
                "id": f"digital_{name}",
                "source": "table",
                "files": [path],
                "options": options,
            }
        )
    return Demo(files=files, imports=tuple(imports))
