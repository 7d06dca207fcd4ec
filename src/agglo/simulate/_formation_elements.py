"""Generated groups that have, or lack, each of the three elements of a cluster."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from agglo.core.typing import BoolArray, FloatArray, IntArray

__all__ = [
    "BLOCKS",
    "COMBINATIONS",
    "KIND_OF",
    "PER_BLOCK",
    "Groups",
    "Sites",
    "draw_groups",
    "draw_sites",
    "size_class",
]

# proximity, connection, cooperation, in this order
COMBINATIONS = (
    (1, 1, 1),
    (1, 1, 0),
    (1, 0, 1),
    (0, 1, 1),
    (1, 0, 0),
    (0, 1, 0),
    (0, 0, 1),
    (0, 0, 0),
)
KIND_OF: Mapping[tuple[int, ...], str] = {
    (1, 1, 1): "cluster",
    (1, 1, 0): "agglomeration",
    (1, 0, 1): "co_located_network",
    (0, 1, 1): "virtual_cluster",
    (1, 0, 0): "park",
    (0, 1, 0): "dispersed_industry",
    (0, 0, 1): "association_network",
    (0, 0, 0): "none",
}
BLOCKS, PER_BLOCK = 12, 5
_SPREAD_KM = 10.0
_PARTNERS = 2
_TIES = 0.9
_STRENGTH = 8.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sites:
    """Background firms: place, industry, jobs, region, size class."""

    x: FloatArray
    y: FloatArray
    industry: IntArray
    jobs: FloatArray
    town: IntArray
    size: NDArray[np.str_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Groups:
    """Members of the groups, and ties among members and their partners.

    Attributes
    ----------
    group
        Group of every member.
    x, y, industry, jobs
        Of every member.
    tie_from, tie_to
        Node numbers: members first, then background firms.
    has
        Planted elements of every group, (n_groups, 3).
    """

    group: IntArray
    x: FloatArray
    y: FloatArray
    industry: IntArray
    jobs: FloatArray
    tie_from: IntArray
    tie_to: IntArray
    has: BoolArray


def size_class(jobs: FloatArray) -> NDArray[np.str_]:
    """Give small, medium or large."""
    return np.select([jobs < 20, jobs < 100], ["small", "medium"], "large")


def draw_sites(
    rng: np.random.Generator, towns: FloatArray, weight: FloatArray, n: int
) -> Sites:
    """Draw background firms around towns."""
    town = rng.choice(towns.shape[0], size=n, p=weight / weight.sum())
    place = towns[town] + rng.normal(0, 6.0, (n, 2))
    jobs = np.maximum(1.0, np.round(rng.lognormal(2.6, 1.0, n)))
    return Sites(
        x=place[:, 0],
        y=place[:, 1],
        industry=rng.integers(0, BLOCKS * PER_BLOCK, n),
        jobs=jobs,
        town=town,
        size=size_class(jobs),
    )


def draw_groups(
    rng: np.random.Generator,
    sites: Sites,
    per_kind: int,
    members: int,
    towns: FloatArray,
) -> Groups:
    """Draw groups of every combination of elements."""
    has = np.repeat(np.array(COMBINATIONS, dtype=np.bool_), per_kind, axis=0)
    n = has.shape[0]
    parts = [_one(rng, sites, has[c], members, towns) for c in range(n)]
    x, y, industry, jobs = (np.concatenate(p) for p in zip(*parts, strict=True))
    ties = [
        _ties(rng, c, members, n * members, sites.x.size, has[c, 2]) for c in range(n)
    ]
    return Groups(
        group=np.repeat(np.arange(n), members),
        x=x,
        y=y,
        industry=industry.astype(np.int64),
        jobs=jobs,
        tie_from=np.concatenate([t[0] for t in ties]),
        tie_to=np.concatenate([t[1] for t in ties]),
        has=has,
    )


def _one(
    rng: np.random.Generator,
    sites: Sites,
    has: BoolArray,
    members: int,
    towns: FloatArray,
) -> tuple[FloatArray, FloatArray, IntArray, FloatArray]:
    at = rng.choice(sites.x.size, size=members, replace=False)
    x, y = sites.x[at], sites.y[at]
    if has[0]:
        centre = towns[rng.integers(towns.shape[0])]
        x = centre[0] + rng.normal(0, _SPREAD_KM, members)
        y = centre[1] + rng.normal(0, _SPREAD_KM, members)
    if has[1]:
        first = int(rng.integers(BLOCKS)) * PER_BLOCK
        chosen = first + np.arange(PER_BLOCK)
    else:
        chosen = rng.choice(BLOCKS * PER_BLOCK, size=PER_BLOCK, replace=False)
    industry = rng.permutation(np.resize(chosen, members))
    return x, y, industry, sites.jobs[at]


def _ties(
    rng: np.random.Generator,
    group: int,
    members: int,
    first_site: int,
    n_sites: int,
    tied: bool,
) -> tuple[IntArray, IntArray]:
    """Draw ties in a degree-corrected graph of members and twice as many partners."""
    partners = rng.choice(n_sites, size=_PARTNERS * members, replace=False) + first_site
    node = np.concatenate([group * members + np.arange(members), partners])
    pull = rng.lognormal(0, 0.4, node.size)
    pull /= np.sqrt((pull**2).mean())
    i, j = np.triu_indices(node.size, 1)
    inside = (i < members) & (j < members)
    base = _TIES / members
    chance = base * np.where(inside & tied, _STRENGTH, 1.0) * pull[i] * pull[j]
    drawn = rng.random(i.size) < np.minimum(chance, 1.0)
    return node[i[drawn]].astype(np.int64), node[j[drawn]].astype(np.int64)
