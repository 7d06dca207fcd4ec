"""A matching as arrays over a universe of cities, and the draws of each null."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from agglo.core.errors import AlignmentError, InvalidTableError, OptionError, Problem
from agglo.matching._kernels import nulls

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agglo.core.typing import BoolArray, FloatArray, IntArray
    from agglo.matching.match_results import Matching

__all__ = ["NullInput", "null_input"]


@dataclass(frozen=True, eq=False, kw_only=True)
class NullInput:
    """What the kernels need, and how hosts are relocated.

    Attributes
    ----------
    universe
        Codes, sorted.
    outside
        Codes of cities with clusters or belts that are not in it.
    groups
        Names; the first is empty and stands for all clusters.
    n
        Mapped clusters per group.
    n_cities
        Cities with clusters per group.
    host
        City of each host, shape (hosts,).
    label
        Label set of each belt; the number of sets stands for unmapped.
    link_host, link_belt
        Links of belts inside the universe.
    masks
        Relations of label sets as bits.
    start, city
        Cities of each mapped cluster.
    cluster_set, group
        Label set and group of each mapped cluster.
    group_city
        Cities with clusters, shape (groups, cities).
    need_all
        Whether every member city must hold a related belt.
    stratum
        Class of each city, when hosts stay in their class.
    weight
        Size of each city, when hosts are drawn by size.
    """

    universe: NDArray[np.str_]
    outside: NDArray[np.str_]
    groups: tuple[str, ...]
    n: IntArray
    n_cities: IntArray
    host: IntArray
    label: NDArray[np.int32]
    link_host: IntArray
    link_belt: IntArray
    masks: NDArray[np.uint64]
    start: IntArray
    city: IntArray
    cluster_set: IntArray
    group: IntArray
    group_city: BoolArray
    need_all: bool
    stratum: IntArray | None = None
    weight: FloatArray | None = None

    @property
    def n_hosts(self) -> int:
        """Cities with belts."""
        return int(self.host.size)

    def relocated_by(
        self,
        scheme: str,
        strata: Mapping[str, object] | None,
        size: Mapping[str, float] | None,
    ) -> NullInput:
        """Say how hosts move: within classes, by size, or anywhere."""
        given = [n for n, v in (("strata", strata), ("size", size)) if v is not None]
        if scheme == "belt_cities_strata" and len(given) != 1:
            msg = (
                f"scheme='belt_cities_strata' needs either strata or size; got {given}."
            )
            raise OptionError(msg)
        if len(given) == 2 or (given and scheme in ("belt_cities", "belt_industries")):
            msg = f"{' and '.join(given)} cannot be used with scheme={scheme!r}."
            raise OptionError(msg)
        if strata is not None:
            words = _looked_up(self.universe, strata, "stratum")
            classes = np.unique([str(w) for w in words], return_inverse=True)[1]
            return replace(self, stratum=classes.astype(np.int64))
        if size is not None:
            weight = np.array(
                [float(str(v)) for v in _looked_up(self.universe, size, "size")]
            )
            bad = ~(np.isfinite(weight) & (weight > 0))
            if bad.any():
                problem = Problem(
                    code="bad_size",
                    what=f"sizes are not positive: {self.universe[bad][:5].tolist()}",
                    where="size",
                    n_rows=int(bad.sum()),
                    fix="give every city a positive size",
                )
                msg = "Cities cannot be drawn by size."
                raise InvalidTableError(msg, [problem])
            return replace(self, weight=weight)
        return self

    def observed(self) -> FloatArray:
        """Count the matches where the belts are, shape (groups, 3)."""
        place = self.host[None, :].astype(np.int32)
        return self.with_all(self.count(place, np.empty(0, dtype=np.uint64)))[0]

    def count(self, place: NDArray[np.int32], seeds: NDArray[np.uint64]) -> FloatArray:
        """Count the matches of many draws, shape (draws, groups, 3)."""
        counts: FloatArray = nulls.count_matches(
            place,
            seeds,
            self.label,
            self.link_host,
            self.link_belt,
            self.masks,
            self.start,
            self.city,
            self.cluster_set,
            self.group,
            self.group_city,
            self.need_all,
        )
        return counts

    def with_all(self, counts: FloatArray) -> FloatArray:
        """Add up the clusters of all groups; cities are counted once, so not added."""
        out = counts.copy()
        out[:, 0, 1:] = counts[:, :, 1:].sum(axis=1)
        return out

    def draw(self, scheme: str) -> Draws:
        """Give the function that draws under a scheme."""
        return Draws(given=self, scheme=scheme)


@dataclass(frozen=True)
class Draws:
    """Draws under a scheme; a class so that workers can receive it."""

    given: NullInput
    scheme: str

    def __call__(self, rng: np.random.Generator, size: int) -> FloatArray:
        """Draw `size` counts, shape (size, groups, 3)."""
        given = self.given
        if self.scheme == "belt_industries":
            place = np.repeat(given.host[None, :].astype(np.int32), size, axis=0)
        elif given.weight is not None:
            place = nulls.places_by_size(rng, size, given.weight, given.host)
        else:
            stratum = given.stratum
            if stratum is None:
                stratum = np.zeros(given.universe.size, dtype=np.int64)
            place = nulls.places_in_strata(rng, size, stratum, given.host)
        anew = size if self.scheme in ("belt_industries", "both") else 0
        seeds = rng.integers(2**64, size=anew, dtype=np.uint64)
        return given.with_all(given.count(place, seeds))


def _looked_up(
    universe: NDArray[np.str_], values: Mapping[str, object], word: str
) -> list[object]:
    lost = [str(c) for c in universe if str(c) not in values]
    if lost:
        problem = Problem(
            code="missing_stratum" if word == "stratum" else "missing_size",
            what=f"{len(lost)} cities of the universe have no {word}: {lost[:5]}",
            where="strata" if word == "stratum" else "size",
            n_rows=len(lost),
            fix="give every city of the universe one",
        )
        msg = f"The {word} of some cities is unknown."
        raise AlignmentError(msg, [problem])
    return [values[str(c)] for c in universe]


def null_input(
    matching: Matching, *, universe: NDArray[np.str_], by: str | None
) -> NullInput:
    """Restrict a matching to the universe and turn it into arrays."""
    clusters, belts = matching.clusters, matching.belts
    ours = _placed(clusters.city, universe)[clusters.link_city]
    theirs = _placed(belts.city, universe)[belts.link_city]
    used = theirs >= 0
    host, link_host = np.unique(theirs[used], return_inverse=True)
    kept, link_belt = np.unique(belts.link_item[used], return_inverse=True)
    own = matching.sets[1].own[kept]
    n_sets = matching.relation.rank.shape[1]
    programmes = clusters.programme if by else np.full(clusters.item.size, "")
    groups = ["", *(sorted(set(programmes.tolist())) if by else [])]
    code = np.array([groups.index(p, 1) if by else 0 for p in programmes.tolist()])
    inside = ours >= 0
    counted = inside & _counts(matching)
    here = np.bincount(clusters.link_item[counted], minlength=clusters.item.size)
    rows = np.flatnonzero((here > 0) & (matching.sets[0].own >= 0))
    link = counted & np.isin(clusters.link_item, rows)
    group_city = np.zeros((len(groups), universe.size), dtype=bool)
    group_city[0, ours[inside]] = True
    if by:
        group_city[code[clusters.link_item[inside]], ours[inside]] = True
    _require(rows.size or group_city.any(), host.size)
    n = np.bincount(code[rows], minlength=len(groups))
    n[0] = rows.size
    outside = np.concatenate([clusters.city, belts.city])
    return NullInput(
        universe=universe,
        outside=np.unique(outside[~np.isin(outside, universe)]),
        groups=tuple(groups),
        n=n.astype(np.int64),
        n_cities=group_city.sum(axis=1).astype(np.int64),
        host=host.astype(np.int64),
        label=np.where(own < 0, n_sets, own).astype(np.int32),
        link_host=link_host.astype(np.int64),
        link_belt=link_belt.astype(np.int64),
        masks=nulls.set_masks(matching.relation.kind),
        start=np.concatenate([[0], np.cumsum(here[rows])]).astype(np.int64),
        city=ours[link].astype(np.int64),
        cluster_set=matching.sets[0].own[rows].astype(np.int64),
        group=code[rows].astype(np.int64),
        group_city=group_city,
        need_all=matching.city_rule == "all",
    )


def _counts(matching: Matching) -> BoolArray:
    clusters = matching.clusters
    if matching.city_rule != "lead":
        return np.ones(clusters.link_item.size, dtype=bool)
    lead = np.zeros(clusters.link_item.size, dtype=bool)
    lead[clusters.first_link] = True
    return lead


def _placed(city: NDArray[np.str_], universe: NDArray[np.str_]) -> IntArray:
    """Position of each city in the sorted universe; -1 outside."""
    at = np.minimum(np.searchsorted(universe, city), universe.size - 1)
    return np.where(universe[at] == city, at, -1)


def _require(clusters: object, hosts: int) -> None:
    problems = [
        Problem(
            code="empty_table",
            what=f"no {word} lies in the universe",
            where="universe",
            fix="use the codes of the lists",
        )
        for word, there in (("cluster", clusters), ("belt", hosts))
        if not there
    ]
    if problems:
        msg = "There is nothing to relocate or to match."
        raise InvalidTableError(msg, problems)
