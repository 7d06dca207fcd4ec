"""The generated example: groups with known elements, lives with known stages."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pyarrow.csv as pa_csv

from agglo.simulate import simulate_formation
from agglo.studies.contract import Demo

if TYPE_CHECKING:
    from collections.abc import Mapping

    from agglo.core.typing import Json

__all__ = ["demo"]

_SHORTER: Mapping[str, Json] = {"draws": 499, "n_init": 4, "rank_draws": 299}


def demo(seed: int) -> Demo:
    """Generate the example as source files with their imports.

    Parameters
    ----------
    seed
        Seed of the generator.

    Returns
    -------
    Demo
        CSV files; fewer draws than by default, so that it takes seconds.
    """
    made = simulate_formation(seed=seed)
    files: dict[str, bytes] = {}
    imports: list[Mapping[str, Json]] = []
    for name, table in made.tables().items():
        path = f"sources/formation_{name}.csv"
        out = io.BytesIO()
        pa_csv.write_csv(table, out)
        files[path] = out.getvalue()
        options: dict[str, Json] = {
            "table": name,
            "title": f"Generated clusters, seed {seed}",
            "publisher": "agglo (agglo.simulate.simulate_formation)",
            "licence": "generated, no restriction",
        }
        imports.append(
            {
                "id": f"formation_{name}",
                "source": "table",
                "files": [path],
                "options": options,
            }
        )
    return Demo(files=files, imports=tuple(imports), options=_SHORTER)
