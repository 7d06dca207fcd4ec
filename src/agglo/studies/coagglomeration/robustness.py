"""Do the pairs keep their order under other pools, weights and costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from scipy.stats import spearmanr

from agglo.concentration import nearest_coagglomeration
from agglo.core.errors import AggloError
from agglo.studies.coagglomeration.columns import reason_of
from agglo.studies.columns import numbers_of, text_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from agglo.concentration.directed_results import DirectedPairs
    from agglo.studies.coagglomeration.options import CoagglomerationOptions

__all__ = ["ROBUSTNESS", "robustness_rows"]

ROBUSTNESS = {
    "pool": pa.string(),
    "weights": pa.string(),
    "correlation": pa.float64(),
    "same_sign": pa.float64(),
    "n": pa.int64(),
    "status": pa.string(),
}


def robustness_rows(
    plants: pa.Table, near: DirectedPairs, options: CoagglomerationOptions, seed: int
) -> list[Mapping[str, object]]:
    """Compare the effects of all pairs with those under every other choice.

    Pools: everybody but the anchor, or the mover's sector; plants weighted equally or by
    employment. What the data do not allow says why.
    """
    jobs = numbers_of(plants, "employment")
    known = bool(np.isfinite(jobs).all()) and bool((jobs > 0).any())
    sectors = len(set(text_of(plants, "sector")) - {""}) > 1
    cells = [
        (pool, weight)
        for pool in ("exclude_anchor", "same_sector")
        for weight in ("equal", "employment")
    ]
    out: list[Mapping[str, object]] = []
    for pool, weight in cells[1:]:
        head: dict[str, object] = {"pool": pool, "weights": weight}
        if pool == "same_sector" and not sectors:
            out.append({**head, "status": "no_sectors"})
            continue
        if weight == "employment" and not known:
            out.append({**head, "status": "no_employment"})
            continue
        try:
            other = nearest_coagglomeration(
                plants,
                pool="same_sector" if pool == "same_sector" else "exclude_anchor",
                sector="sector" if pool == "same_sector" else None,
                weight="employment" if weight == "employment" else None,
                min_n=options.min_n,
                seed=seed,
            )
        except AggloError as error:
            # a pool may be too small for every mover: an answer, not a failure
            out.append({**head, "status": reason_of(error)})
            continue
        out.append({**head, **_agreement(near, other)})
    return out


def _agreement(one: DirectedPairs, two: DirectedPairs) -> dict[str, object]:
    keys = zip(two.anchor, two.mover, strict=True)
    place = {(str(a), str(m)): k for k, (a, m) in enumerate(keys)}
    at = np.array(
        [
            place.get((str(a), str(m)), -1)
            for a, m in zip(one.anchor, one.mover, strict=True)
        ]
    )
    x, y = one.effect, np.where(at >= 0, two.effect[at], np.nan)
    both = np.isfinite(x) & np.isfinite(y)
    n = int(both.sum())
    if n < 3:
        return {"n": n, "status": "no_variation"}
    return {
        "correlation": float(spearmanr(x[both], y[both]).statistic),
        "same_sign": float(np.mean(np.sign(x[both]) == np.sign(y[both]))),
        "n": n,
        "status": "ok",
    }
