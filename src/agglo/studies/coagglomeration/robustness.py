"""Do the pairs keep their order under other pools, weights and costs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import pyarrow as pa
from scipy.stats import spearmanr

from agglo.concentration import (
    nearest_coagglomeration,
    wasserstein_coagglomeration,
)
from agglo.core.errors import AggloError
from agglo.core.options import Permutation
from agglo.studies.coagglomeration.columns import reason_of
from agglo.studies.columns import numbers_of, text_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from agglo.concentration.directed_results import DirectedPairs
    from agglo.studies.coagglomeration.options import CoagglomerationOptions

__all__ = ["ROBUSTNESS", "robustness_rows", "transport_rows"]

_POOLS: tuple[Literal["exclude_anchor", "same_sector"], ...] = (
    "exclude_anchor",
    "same_sector",
)
_CELLS = [(pool, weight) for pool in _POOLS for weight in ("equal", "employment")]

ROBUSTNESS = {
    "measure": pa.string(),
    "power": pa.int64(),
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
    out: list[Mapping[str, object]] = []
    for pool, weight in _CELLS[1:]:
        head: dict[str, object] = {
            "measure": "nearest",
            "pool": pool,
            "weights": weight,
        }
        why = _refused(plants, pool, weight)
        if why:
            out.append({**head, "status": why})
            continue
        try:
            other = nearest_coagglomeration(
                plants,
                pool=pool,
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


def _refused(plants: pa.Table, pool: str, weight: str) -> str:
    """Say why the data do not allow a cell; empty when they do."""
    jobs = numbers_of(plants, "employment")
    if pool == "same_sector" and len(set(text_of(plants, "sector")) - {""}) < 2:
        return "no_sectors"
    if weight == "employment" and not (
        np.isfinite(jobs).all() and bool((jobs > 0).any())
    ):
        return "no_employment"
    return ""


def transport_rows(
    plants: pa.Table,
    pairs: Sequence[tuple[str, str]],
    options: CoagglomerationOptions,
    seed: int,
) -> list[Mapping[str, object]]:
    """Compare the Wasserstein effects of the striking pairs under every choice.

    Power 1 or 2 of the distance, pool and weights, against power 1, everybody but the
    anchor, equal weights. Few pairs: read the correlation as such.
    """
    cells = [(power, pool, weight) for power in (1, 2) for pool, weight in _CELLS]
    found: list[tuple[dict[str, object], str, np.ndarray]] = []
    for power, pool, weight in cells if pairs else []:
        head: dict[str, object] = {
            "measure": "wasserstein",
            "power": power,
            "pool": pool,
            "weights": weight,
        }
        why = _refused(plants, pool, weight)
        effects = np.full(len(pairs), np.nan)
        if not why:
            effects, why = _transported(
                plants, pairs, power, pool, weight, options, seed
            )
        found.append((head, why, effects))
    return [
        {**head, **({"status": why} if why else _ranks(found[0][2], effects))}
        for head, why, effects in found[1:]
    ]


def _transported(
    plants: pa.Table,
    pairs: Sequence[tuple[str, str]],
    power: int,
    pool: Literal["exclude_anchor", "same_sector"],
    weight: str,
    options: CoagglomerationOptions,
    seed: int,
) -> tuple[np.ndarray, str]:
    """Give the effect of every pair over regions; else why there is none."""
    here = set(text_of(plants, "industry"))
    out = np.full(len(pairs), np.nan)
    why = ""
    for k, (anchor, mover) in enumerate(pairs):
        if not {anchor, mover} <= here:
            continue
        try:
            found = wasserstein_coagglomeration(
                plants,
                anchor=anchor,
                mover=mover,
                power=float(power),
                pool=pool,
                region="region",
                sector="sector" if pool == "same_sector" else None,
                weight="employment" if weight == "employment" else None,
                min_n=options.min_n,
                method="surrogate",
                inference=Permutation(n=options.transport_draws, seed=seed),
            ).combined()
        except AggloError as error:
            # a pool may be too small for the mover: the pair stays open
            why = reason_of(error)
            continue
        out[k] = float(found.effect[0])
    return out, "" if np.isfinite(out).any() else why


def _agreement(one: DirectedPairs, two: DirectedPairs) -> dict[str, object]:
    keys = zip(two.anchor, two.mover, strict=True)
    place = {(str(a), str(m)): k for k, (a, m) in enumerate(keys)}
    at = np.array(
        [
            place.get((str(a), str(m)), -1)
            for a, m in zip(one.anchor, one.mover, strict=True)
        ]
    )
    return _ranks(one.effect, np.where(at >= 0, two.effect[at], np.nan))


def _ranks(x: np.ndarray, y: np.ndarray) -> dict[str, object]:
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
