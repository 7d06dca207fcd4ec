"""Regions and industries of the generated country."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agglo.core.typing import FloatArray, IntArray

_SECTORS = 10
_CLUSTER_SIZE = 4
_HOMES = 2
_ZERO_SHARE = 0.25
_CLASSES = ("high", "medium", "low")


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Regions: codes, province, position, size."""

    code: NDArray[np.str_]
    province: NDArray[np.str_]
    lon: FloatArray
    lat: FloatArray
    area_km2: FloatArray
    population: FloatArray
    share: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Industries:
    """Industries: codes, what is planted in them, the cluster they belong to."""

    code: NDArray[np.str_]
    parent: NDArray[np.str_]
    technology: NDArray[np.str_]
    plant_share: FloatArray
    log_size: FloatArray
    gamma: FloatArray
    growth: FloatArray
    cluster: IntArray
    cluster_home: IntArray
    town: IntArray
    town_industry: IntArray


def draw_places(rng: np.random.Generator, n: int) -> Places:
    """Draw regions with log-normal sizes around a few centres."""
    width = max(3, len(str(n)))
    code = np.array([f"R{i + 1:0{width}d}" for i in range(n)])
    province = np.array([f"P{i // 10 + 1:02d}" for i in range(n)])
    size = rng.lognormal(0.0, 0.9, n)
    return Places(
        code=code,
        province=province,
        lon=np.round(rng.uniform(100.0, 112.0, n), 4),
        lat=np.round(rng.uniform(24.0, 34.0, n), 4),
        area_km2=np.round(rng.lognormal(8.0, 0.5, n), 1),
        population=np.round(size / size.sum() * 40e6),
        share=size / size.sum(),
    )


def draw_industries(
    rng: np.random.Generator, n: int, max_gamma: float, places: Places
) -> Industries:
    """Draw industries; the last third forms planted clusters of four."""
    sector = np.arange(n) * _SECTORS // n
    within = np.arange(n) - np.searchsorted(sector, sector)
    parent = np.array([f"{s + 1:02d}" for s in sector])
    code = np.array(
        [f"{s + 1:02d}{w + 1:02d}" for s, w in zip(sector, within, strict=True)]
    )
    weight = rng.pareto(1.6, n) + 0.25
    # a quarter of the industries follow the reference: their gamma is exactly zero
    level = np.maximum(rng.permutation(n) / (n - 1.0) - _ZERO_SHARE, 0.0)
    gamma = max_gamma * (level / (1.0 - _ZERO_SHARE)) ** 2
    n_clusters = max(n // 3 // _CLUSTER_SIZE, 1)
    planted = n_clusters * _CLUSTER_SIZE
    cluster = np.full(n, -1, dtype=np.int64)
    cluster[n - planted :] = np.arange(planted) // _CLUSTER_SIZE
    gamma[cluster >= 0] = np.nan
    large = np.argsort(-places.share, kind="stable")
    # homes are of middle size: in the largest a boost would hardly show
    middle = large[large.size // 10 : large.size // 2]
    homes = rng.permutation(middle)[: n_clusters * _HOMES]
    n_towns = 3
    small = large[-max(large.size // 3, n_towns) :]
    return Industries(
        code=code,
        parent=parent,
        technology=np.array([_CLASSES[s % len(_CLASSES)] for s in sector]),
        plant_share=weight / weight.sum(),
        log_size=rng.normal(2.2, 0.5, n),
        gamma=gamma,
        growth=np.round(rng.normal(0.01, 0.03, n), 4),
        cluster=cluster,
        cluster_home=np.resize(homes, (n_clusters, _HOMES)),
        town=rng.permutation(small)[:n_towns],
        town_industry=rng.permutation(np.flatnonzero(cluster >= 0))[:n_towns],
    )
