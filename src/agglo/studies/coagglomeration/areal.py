"""The areal index of pairs beside the distances: what borders see of the same plants."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from agglo.concentration import coagglomeration, howard_colocation
from agglo.core.tables import RegionActivity
from agglo.studies.coagglomeration.columns import row_table
from agglo.studies.columns import numbers_of, text_of

if TYPE_CHECKING:
    from agglo.concentration.directed_results import DirectedPairs
    from agglo.core.typing import FloatArray

__all__ = ["AREAL", "areal_table"]

AREAL = {
    "a": pa.string(),
    "b": pa.string(),
    "egk_plants": pa.float64(),
    "egk_jobs": pa.float64(),
    "colocation": pa.float64(),
    "p_colocation": pa.float64(),
    "effect_a_to_b": pa.float64(),
    "effect_b_to_a": pa.float64(),
    "n_regions": pa.int64(),
}


def areal_table(plants: pa.Table, near: DirectedPairs) -> pa.Table:
    """Put the Ellison-Glaeser-Kerr index of every pair beside its two effects.

    Counted in plants and, where all are known, in jobs; with Howard's share of plants in
    regions of the other, which has a null. Empty with a single region: borders see nothing.
    """
    region, code = np.unique(np.array(text_of(plants, "region")), return_inverse=True)
    names = near.industries
    if region.size < 2 or names.size < 2:
        return row_table([], AREAL)
    owner = np.searchsorted(names, text_of(plants, "industry"))
    count = _cells(region, names, code, owner, np.ones(owner.size))
    jobs = numbers_of(plants, "employment")
    known = bool(np.isfinite(jobs).all() and (jobs > 0).any())
    by_plants = coagglomeration(count).values
    by_jobs = (
        coagglomeration(_cells(region, names, code, owner, jobs)).values
        if known
        else np.full(by_plants.shape, np.nan)
    )
    shared = howard_colocation(count)
    place = (
        np.searchsorted(names, shared.activity_a),
        np.searchsorted(names, shared.activity_b),
    )
    together, p = np.full((2, *by_plants.shape), np.nan)
    for matrix, values in ((together, shared.value), (p, shared.p)):
        matrix[place] = values
        matrix[place[::-1]] = values
    effect = np.full(by_plants.shape, np.nan)
    at = np.searchsorted(names, near.anchor), np.searchsorted(names, near.mover)
    effect[at] = near.effect
    i, j = np.triu_indices(names.size, 1)
    return pa.table(
        {
            "a": names[i].tolist(),
            "b": names[j].tolist(),
            "egk_plants": by_plants[i, j],
            "egk_jobs": by_jobs[i, j],
            "colocation": together[i, j],
            "p_colocation": p[i, j],
            # the mover goes to the anchor: a towards b has b as anchor
            "effect_a_to_b": effect[j, i],
            "effect_b_to_a": effect[i, j],
            "n_regions": np.full(i.size, region.size),
        },
        schema=pa.schema(list(AREAL.items())),
    )


def _cells(
    region: np.ndarray,
    names: np.ndarray,
    code: np.ndarray,
    owner: np.ndarray,
    value: FloatArray,
) -> RegionActivity:
    size = region.size * names.size
    total = np.bincount(code * names.size + owner, weights=value, minlength=size)
    return RegionActivity.from_arrays(
        total.reshape(region.size, names.size), region=region, activity=names
    )
