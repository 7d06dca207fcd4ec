"""The candidate pairs of clusters and belts, and how each is related."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from agglo.core.errors import AlignmentError, Problem
from agglo.core.frames import require_columns, string_column, to_arrow
from agglo.core.options import check_choice
from agglo.matching._kernels import joins, relations
from agglo.matching.labels import CONFIDENCE, LabelDictionary

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from agglo.core.typing import IntArray, IntoFrame
    from agglo.matching.industries import IndustryTree
    from agglo.matching.node_relations import NodeRelations
    from agglo.matching.place_lists import PlaceList

__all__ = ["RANK", "LabelSets", "Overrides", "Pairs", "SetRelations"]

# a rank is kind * RANK + level of the lowest common ancestor
RANK = 8
_DECISIONS = {"accept": -1, "reject": 0, "none": 0, "similar": 1, "identical": 2}


@dataclass(frozen=True, eq=False, kw_only=True)
class LabelSets:
    """The node sets of a list's labels.

    Attributes
    ----------
    own
        Set of each item, shape (n,); -1 when its label is unmapped.
    sets
        Node rows of each distinct set, shape (sets, widest), padded with -1.
    confidence
        Position in CONFIDENCE per item; -1 when unmapped.
    n_reviewed
        Items whose label a person has reviewed.
    """

    own: IntArray
    sets: IntArray
    confidence: IntArray
    n_reviewed: int

    @classmethod
    def of(
        cls, items: PlaceList, labels: LabelDictionary, tree: IndustryTree, lang: str
    ) -> LabelSets:
        """Look each distinct label up once."""
        words, inverse = np.unique(items.label, return_inverse=True)
        entries = [labels.lookup(str(w), lang) for w in words]
        keys = [
            tuple(sorted(tree.row(n) for n in e.nodes)) if e else () for e in entries
        ]
        distinct = sorted({k for k in keys if k})
        index = {k: i for i, k in enumerate(distinct)}
        widest = max((len(k) for k in distinct), default=1)
        sets = np.full((len(distinct), widest), -1, dtype=np.int64)
        for i, key in enumerate(distinct):
            sets[i, : len(key)] = key
        own = np.array([index.get(k, -1) for k in keys], dtype=np.int64)
        trust = np.array(
            [CONFIDENCE.index(e.confidence) if e else -1 for e in entries],
            dtype=np.int64,
        )
        seen = np.array([e is not None and e.reviewed for e in entries], dtype=bool)
        return cls(
            own=own[inverse],
            sets=sets,
            confidence=trust[inverse],
            n_reviewed=int(seen[inverse].sum()),
        )

    def nodes(self, item: int) -> tuple[int, ...]:
        """Give the node rows of an item."""
        if self.own[item] < 0:
            return ()
        return tuple(int(r) for r in self.sets[self.own[item]] if r >= 0)


@dataclass(frozen=True, eq=False, kw_only=True)
class SetRelations:
    """Best relation of every pair of node sets: rank, and the node pair that gives it."""

    rank: NDArray[np.int8]
    node_a: NDArray[np.int16]
    node_b: NDArray[np.int16]

    @classmethod
    def of(
        cls, relation: NodeRelations, clusters: LabelSets, belts: LabelSets
    ) -> SetRelations:
        """Take the best over all node pairs of two sets."""
        rank = (relation.kind * RANK + relation.lca_level).astype(np.int8)
        best, one, other = relations.best_pairs(rank, clusters.sets, belts.sets)
        return cls(rank=best, node_a=one, node_b=other)

    @cached_property
    def kind(self) -> NDArray[np.int8]:
        """0 none, 1 similar, 2 identical."""
        return (self.rank // RANK).astype(np.int8)


@dataclass(frozen=True, kw_only=True)
class Overrides:
    """Decisions of a person on single pairs: (cluster row, belt row) to kind."""

    kinds: Mapping[tuple[int, int], int]

    @classmethod
    def of(
        cls, table: IntoFrame | None, clusters: PlaceList, belts: PlaceList
    ) -> Overrides:
        """Read the filled-in audit table; unknown ids are listed all at once."""
        if table is None:
            return cls(kinds={})
        rows = to_arrow(table, where="overrides")
        names = ("cluster", "belt", "decision")
        require_columns(rows, {n: n for n in names}, where="overrides")
        columns = [[v or "" for v in string_column(rows, n)] for n in names]
        where = [{str(c): i for i, c in enumerate(p.item)} for p in (clusters, belts)]
        kinds: dict[tuple[int, int], int] = {}
        lost: dict[str, list[int]] = {}
        for row, (one, other, decision) in enumerate(zip(*columns, strict=True), 1):
            if not decision:
                continue
            check_choice("decision", decision, tuple(_DECISIONS))
            for word, known, key in (
                ("cluster", where[0], one),
                ("belt", where[1], other),
            ):
                if key not in known:
                    lost.setdefault(f"{word} {key!r}", []).append(row)
            if one in where[0] and other in where[1] and decision != "accept":
                kinds[where[0][one], where[1][other]] = _DECISIONS[decision]
        if lost:
            problems = [
                Problem(
                    code="unknown_code",
                    what=f"{what} is not in the lists",
                    where="overrides",
                    rows=tuple(at[:20]),
                    n_rows=len(at),
                    fix="decide on pairs of the audit table",
                )
                for what, at in lost.items()
            ]
            msg = f"The overrides name {len(lost)} unknown ids."
            raise AlignmentError(msg, problems)
        return cls(kinds=kinds)


@dataclass(frozen=True, eq=False, kw_only=True)
class Pairs:
    """Cluster-belt pairs in the same city, sorted by cluster link.

    Attributes
    ----------
    link
        Position among the clusters' links, shape (pairs,).
    cluster, belt, city
        Rows of cluster and belt, and row among the clusters' cities.
    rank
        kind * RANK + level of the lowest common ancestor.
    forced
        Whether a person's decision set the kind.
    """

    link: IntArray
    cluster: IntArray
    belt: IntArray
    city: IntArray
    rank: IntArray
    forced: NDArray[np.bool_]

    @property
    def kind(self) -> IntArray:
        """0 none, 1 similar, 2 identical."""
        return self.rank // RANK

    @classmethod
    def of(
        cls,
        clusters: PlaceList,
        belts: PlaceList,
        sets: tuple[LabelSets, LabelSets],
        relation: SetRelations,
        overrides: Overrides,
    ) -> Pairs:
        """Join on the city and look the relation of the label sets up."""
        cities, codes = np.unique(
            np.concatenate([clusters.city, belts.city]), return_inverse=True
        )
        mine = codes[: clusters.city.size][clusters.link_city]
        theirs = codes[clusters.city.size :][belts.link_city]
        link, other = joins.city_pairs(mine, theirs, cities.size)
        cluster, belt = clusters.link_item[link], belts.link_item[other]
        one, two = sets[0].own[cluster], sets[1].own[belt]
        mapped = (one >= 0) & (two >= 0)
        rank = np.zeros(link.size, dtype=np.int64)
        if relation.rank.size:
            rank[mapped] = relation.rank[one[mapped], two[mapped]]
        forced = np.zeros(link.size, dtype=bool)
        if overrides.kinds:
            width = belts.item.size
            keys = cluster * width + belt
            for (a, b), kind in overrides.kinds.items():
                hit = keys == a * width + b
                forced |= hit
                rank[hit] = kind * RANK + rank[hit] % RANK
        return cls(
            link=link,
            cluster=cluster,
            belt=belt,
            city=clusters.link_city[link],
            rank=rank,
            forced=forced,
        )
