"""Which clusters stand in which group of a rate, with what weight, in which cities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from agglo.core.errors import OptionError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agglo.core.typing import BoolArray, FloatArray, IntArray
    from agglo.matching.match_results import Matching

__all__ = ["Incidence", "incidence", "kept_after_dedupe"]


@dataclass(frozen=True, eq=False, kw_only=True)
class Incidence:
    """Clusters in groups.

    Attributes
    ----------
    groups
        Names, sorted.
    cluster, group
        Rows of cluster and of `groups`, shape (k,).
    weight
        What the cluster counts there.
    kind
        Kind that counts in the numerator there.
    part, city, share
        Position in (k,), city and share of the city: where the weight lies.
    """

    groups: NDArray[np.str_]
    cluster: IntArray
    group: IntArray
    weight: FloatArray
    kind: IntArray
    part: IntArray
    city: IntArray
    share: FloatArray


def kept_after_dedupe(matching: Matching) -> BoolArray:
    """Drop what another programme designated in the same lead city with the same nodes."""
    clusters = matching.clusters
    group = matching.tree.at_level(3)
    first: dict[tuple[int, tuple[str, ...]], str] = {}
    keep = np.ones(clusters.item.size, dtype=bool)
    for i in range(clusters.item.size):
        nodes = tuple(sorted({str(group[r]) for r in matching.sets[0].nodes(i)}))
        if not nodes:
            continue
        key = (int(clusters.link_city[clusters.first_link[i]]), nodes)
        programme = str(clusters.programme[i])
        keep[i] = first.setdefault(key, programme) == programme
    return keep


def incidence(
    matching: Matching, by: str | None, *, fractional: bool, industry_level: int
) -> Incidence:
    """Put every cluster into its groups."""
    if by in ("city", "province"):
        return _by_place(matching, by, fractional=fractional)
    words, cluster, weight = _by_attribute(
        matching, by, fractional=fractional, industry_level=industry_level
    )
    groups, group = np.unique(words, return_inverse=True)
    clusters = matching.clusters
    # each row lies in all cities of its cluster
    count = clusters.n_cities[cluster]
    part = np.repeat(np.arange(cluster.size), count)
    offset = np.arange(part.size) - np.repeat(np.cumsum(count) - count, count)
    link = clusters.first_link[cluster][part] + offset
    return Incidence(
        groups=groups,
        cluster=cluster,
        group=group.astype(np.int64),
        weight=weight,
        kind=np.maximum(matching.kind_code[cluster], 0).astype(np.int64),
        part=part,
        city=clusters.link_city[link],
        share=clusters.weight[link],
    )


def _by_attribute(
    matching: Matching, by: str | None, *, fractional: bool, industry_level: int
) -> tuple[NDArray[np.str_], IntArray, FloatArray]:
    clusters = matching.clusters
    n = clusters.item.size
    if by != "industry":
        words = np.full(n, "") if by is None else getattr(clusters, by)
        return words, np.arange(n), np.ones(n)
    names = matching.tree.at_level(industry_level)
    words_of: list[str] = []
    rows: list[int] = []
    weights: list[float] = []
    for i in range(n):
        own = sorted({str(names[r]) for r in matching.sets[0].nodes(i)}) or ["unmapped"]
        words_of += own
        rows += [i] * len(own)
        weights += [1.0 / len(own) if fractional else 1.0] * len(own)
    return np.array(words_of), np.array(rows, dtype=np.int64), np.array(weights)


def _by_place(matching: Matching, by: str, *, fractional: bool) -> Incidence:
    clusters = matching.clusters
    places = _provinces(matching) if by == "province" else clusters.city
    groups, code = np.unique(places, return_inverse=True)
    place = code[clusters.link_city]
    kind = np.maximum(matching.link_kind, 0).astype(np.int64)
    kind[matching.kind_code[clusters.link_item] <= 0] = 0
    if matching.city_rule == "lead":
        lead = np.zeros(kind.size, dtype=bool)
        lead[clusters.first_link] = True
        kind[~lead] = 0
    keys, part = np.unique(
        clusters.link_item * groups.size + place, return_inverse=True
    )
    cluster = keys // groups.size
    total = np.bincount(part, weights=clusters.weight).astype(np.float64)
    best = np.zeros(keys.size, dtype=np.int64)
    np.maximum.at(best, part, kind)
    overall = np.maximum(matching.kind_code[cluster], 0).astype(np.int64)
    return Incidence(
        groups=groups,
        cluster=cluster,
        group=keys % groups.size,
        weight=total if fractional else np.ones(keys.size),
        kind=overall if fractional else best,
        part=part.astype(np.int64),
        city=clusters.link_city,
        share=clusters.weight / total[part],
    )


def _provinces(matching: Matching) -> NDArray[np.str_]:
    known = matching.clusters.gazetteer or matching.belts.gazetteer
    if known is None:
        msg = "by='province' needs the cities' provinces: pass cities= to as_designations."
        raise OptionError(msg)
    names = np.where(known.province_zh != "", known.province_zh, known.province_en)
    return np.array(
        [
            str(names[known.position[c]]) if c in known.position else ""
            for c in map(str, matching.clusters.city)
        ]
    )
