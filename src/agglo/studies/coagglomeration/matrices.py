"""Pairs as matrices, one file per measure: anchors in rows, movers in columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from agglo.studies.facts import number_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agglo.studies.coagglomeration.facts import CoagglomerationFacts
    from agglo.studies.facts import Row

__all__ = ["matrix_tables"]

CORNER = "anchor in rows, mover in columns"


def matrix_tables(facts: CoagglomerationFacts) -> dict[str, pa.Table]:
    """Give ``matrix_<measure>`` (effects) and ``matrix_<measure>_q`` of every measure.

    Also ``matrix_transport`` and its percentile, blank where a pair was not computed, and
    the areal ``matrix_egk``, which is symmetric. The diagonal is blank: an industry does
    not move towards itself.
    """
    names = sorted(str(r["industry"]) for r in facts.tables["industries"])
    out: dict[str, pa.Table] = {}
    measures = dict.fromkeys(str(r["measure"]) for r in facts.tables["pairs"])
    for measure in measures:
        rows = facts.rows("pairs", measure=measure)
        out[f"matrix_{measure}"] = _matrix(names, rows, "effect")
        out[f"matrix_{measure}_q"] = _matrix(names, rows, "q")
    moved = facts.tables["transport"]
    if moved:
        out["matrix_transport"] = _matrix(names, moved, "effect")
        out["matrix_transport_z"] = _matrix(names, moved, "z")
    areal = facts.tables["areal"]
    if areal:
        both = [
            {"anchor": r[a], "mover": r[b], "egk": r["egk_plants"]}
            for r in areal
            for a, b in (("a", "b"), ("b", "a"))
        ]
        out["matrix_egk"] = _matrix(names, both, "egk")
    return out


def _matrix(names: list[str], rows: Sequence[Row], field: str) -> pa.Table:
    at = {n: i for i, n in enumerate(names)}
    values = np.full((len(names), len(names)), np.nan)
    for r in rows:
        i, j = at.get(str(r["anchor"]), -1), at.get(str(r["mover"]), -1)
        if min(i, j) >= 0:
            values[i, j] = number_of(r, field)
    columns: dict[str, pa.Array] = {CORNER: pa.array(names, pa.string())}
    for j, name in enumerate(names):
        # blank cells, not the letters of NaN
        columns[name] = pa.array(values[:, j], pa.float64(), from_pandas=True)
    return pa.table(columns)
