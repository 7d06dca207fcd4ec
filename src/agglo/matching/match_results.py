"""The result of a matching: what each cluster found, and every pair that was looked at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from agglo.core.results import ColumnData, Result, frozen_array
from agglo.matching._kernels import joins
from agglo.matching._pairs import LabelSets, Overrides, Pairs, SetRelations
from agglo.matching._reading import LabelReader
from agglo.matching.labels import CONFIDENCE
from agglo.matching.node_relations import KINDS, VIA

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from agglo.core.typing import FloatArray, IntArray
    from agglo.matching.industries import IndustryTree
    from agglo.matching.place_lists import PlaceList

__all__ = ["Matching", "text_scores"]

_COLOURS = {
    "identical": "#4477aa",
    "similar": "#88ccee",
    "none": "#cc6677",
    "unmapped": "#bbbbbb",
}


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Matching(Result):
    """What each designated cluster found in its cities.

    Attributes
    ----------
    clusters, belts
        The two lists.
    tree
        The industry tree.
    sets
        Node sets of the labels of clusters and of belts.
    relation
        Best relation of every pair of node sets.
    via
        Reason of every pair of nodes.
    overrides
        Decisions of a person on single pairs.
    city_rule, lang
        Options of the call.
    kind_code
        -1 unmapped, 0 none, 1 similar, 2 identical, shape (clusters,).
    link_kind
        Best kind in each city of each cluster, shape (links,).
    evidence, evidence_city
        Row of the belt, and of the city in ``clusters.city``, that show the kind; -1 where
        there is none.
    n_related
        Related belts in the cluster's cities, the same city and nodes once.
    city_coverage, related_coverage
        Share of the member cities with a belt, and with a related belt.
    """

    clusters: PlaceList
    belts: PlaceList
    tree: IndustryTree
    sets: tuple[LabelSets, LabelSets]
    relation: SetRelations
    via: NDArray[np.int8]
    overrides: Overrides
    city_rule: str
    lang: str
    kind_code: NDArray[np.int8]
    link_kind: NDArray[np.int8]
    evidence: IntArray
    evidence_city: IntArray
    n_related: IntArray
    city_coverage: FloatArray
    related_coverage: FloatArray

    @cached_property
    def kind(self) -> NDArray[np.str_]:
        """Kind of each cluster: identical, similar, none or unmapped."""
        words = np.array([*KINDS, "unmapped"])
        return frozen_array(words[self.kind_code])

    @property
    def counts(self) -> Mapping[str, int]:
        """Kind to number of clusters."""
        held = Counter(self.kind.tolist())
        return {k: held.get(k, 0) for k in _COLOURS}

    @cached_property
    def pairs(self) -> Pairs:
        """Every cluster-belt pair in the same city."""
        return Pairs.of(
            self.clusters, self.belts, self.sets, self.relation, self.overrides
        )

    def columns(self) -> Mapping[str, ColumnData]:
        """Give one row per cluster, mapped or not."""
        rows = np.arange(self.clusters.item.size)
        pair = self._pair_columns(rows, self.evidence, self._forced(rows))
        city = _padded(self.clusters.city)[self.evidence_city]
        return {
            "cluster": self.clusters.item,
            "programme": self.clusters.programme,
            "label": self.clusters.label,
            "nodes": self._node_lists(0),
            "status": self.clusters.status,
            "kind": self.kind,
            "belt": _padded(self.belts.item)[self.evidence],
            "belt_label": _padded(self.belts.label)[self.evidence],
            "cluster_node": pair["cluster_node"],
            "belt_node": pair["belt_node"],
            "via": pair["via"],
            "lca_level": pair["lca_level"],
            "city": city,
            "n_related": self.n_related,
            "n_cities": self.clusters.n_cities,
            "city_coverage": self.city_coverage,
            "related_coverage": self.related_coverage,
            "confidence": pair["confidence"],
        }

    def _node_lists(self, side: int) -> list[str]:
        sets = self.sets[side]
        words = [
            ";".join(str(self.tree.node[r]) for r in line if r >= 0)
            for line in sets.sets
        ]
        return [words[s] if s >= 0 else "" for s in sets.own]

    def _forced(self, rows: IntArray) -> NDArray[np.bool_]:
        kinds = self.overrides.kinds
        return np.array(
            [
                (int(r), int(b)) in kinds
                for r, b in zip(rows, self.evidence, strict=True)
            ],
            dtype=bool,
        )

    def _pair_columns(
        self, cluster: IntArray, belt: IntArray, forced: NDArray[np.bool_]
    ) -> dict[str, NDArray[np.generic]]:
        """Node pair, reason, level and confidence of cluster-belt pairs; -1 is no belt."""
        one, two = self.sets[0].own[cluster], self.sets[1].own[belt]
        known = (belt >= 0) & (one >= 0) & (two >= 0)
        a = np.full(cluster.size, -1, dtype=np.int64)
        b = a.copy()
        a[known] = self.relation.node_a[one[known], two[known]]
        b[known] = self.relation.node_b[one[known], two[known]]
        nodes = _padded(self.tree.node)
        via = np.zeros(cluster.size, dtype=np.int64)
        via[known] = self.via[a[known], b[known]]
        level = np.zeros(cluster.size, dtype=np.int64)
        level[known] = self.relation.rank[one[known], two[known]] % 8
        trust = np.where(
            belt >= 0,
            np.minimum(self.sets[0].confidence[cluster], self.sets[1].confidence[belt]),
            self.sets[0].confidence[cluster],
        )
        return {
            "cluster_node": nodes[a],
            "belt_node": nodes[b],
            "via": np.where(forced, "override", np.array(VIA)[via]),
            "lca_level": level,
            "confidence": np.array([*CONFIDENCE, ""])[trust],
        }

    def audit_table(self) -> pa.Table:
        """Give one row per cluster-belt pair in the same city, and per cluster without one.

        The columns decision, reviewer and note are empty: filled in, the table goes back
        into `match_designations` as ``overrides``.
        """
        p = self.pairs
        alone = np.setdiff1d(np.arange(self.clusters.item.size), p.cluster)
        cluster = np.r_[p.cluster, alone]
        belt = np.r_[p.belt, np.full(alone.size, -1)]
        city = np.r_[p.city, np.full(alone.size, -1)]
        forced = np.r_[p.forced, np.zeros(alone.size, dtype=bool)]
        kind = np.r_[p.kind, np.zeros(alone.size, dtype=np.int64)]
        mapped = (self.sets[0].own[cluster] >= 0) & (
            (belt < 0) | (self.sets[1].own[belt] >= 0)
        )
        words = np.where(mapped | forced, np.array(KINDS)[kind], "unmapped")
        pair = self._pair_columns(cluster, belt, forced)
        trust = np.array([*CONFIDENCE, ""])
        theirs = np.r_[self.sets[1].confidence, -1][belt]
        order = np.lexsort((belt, cluster))
        blank = np.full(cluster.size, "")
        columns = {
            "cluster": self.clusters.item[cluster],
            "belt": _padded(self.belts.item)[belt],
            "city": _padded(self.clusters.city)[city],
            "cluster_label": self.clusters.label[cluster],
            "belt_label": _padded(self.belts.label)[belt],
            "cluster_node": pair["cluster_node"],
            "belt_node": pair["belt_node"],
            "relation": words,
            "via": pair["via"],
            "lca_level": pair["lca_level"],
            "cluster_confidence": trust[self.sets[0].confidence[cluster]],
            "belt_confidence": trust[theirs],
            "cluster_status": self.clusters.status[cluster],
            "belt_status": _padded(self.belts.status)[belt],
            "decision": blank,
            "reviewer": blank,
            "note": blank,
        }
        return pa.table({k: _plain(v[order]) for k, v in columns.items()})

    @cached_property
    def closest(self) -> tuple[IntArray, FloatArray]:
        """Belt in the cluster's cities with the most similar label, and its similarity.

        -1 and NaN for a cluster without a belt in its cities. Ties go to the deeper common
        ancestor, then to the smaller id.
        """
        p = self.pairs
        score = text_scores(
            self.clusters, self.belts, self.lang, p, np.arange(p.link.size)
        )
        tie = (7 - p.rank % 8) * (self.belts.item.size + 1) + p.belt
        found = joins.best_of_group(p.cluster, score, tie, self.clusters.item.size)
        belt = np.full(found.size, -1, dtype=np.int64)
        similar = np.full(found.size, np.nan)
        held = found >= 0
        belt[held], similar[held] = p.belt[found[held]], score[found[held]]
        return frozen_array(belt), frozen_array(similar)

    def unmatched_table(self) -> pa.Table:
        """Give clusters of kind none or unmapped, with their cities and the belts there."""
        rows = np.flatnonzero(self.kind_code <= 0)
        belt, score = self.closest
        p = self.pairs
        near = np.isin(p.cluster, rows)
        cities: dict[int, list[str]] = {int(r): [] for r in rows}
        there: dict[int, list[str]] = {int(r): [] for r in rows}
        for item, city in zip(
            self.clusters.link_item, self.clusters.link_city, strict=True
        ):
            if int(item) in cities:
                cities[int(item)].append(str(self.clusters.city[city]))
        for item, other in zip(p.cluster[near], p.belt[near], strict=True):
            there[int(item)].append(str(self.belts.item[other]))
        return pa.table(
            {
                "cluster": _plain(self.clusters.item[rows]),
                "programme": _plain(self.clusters.programme[rows]),
                "label": _plain(self.clusters.label[rows]),
                "kind": _plain(self.kind[rows]),
                "cities": [";".join(cities[int(r)]) for r in rows],
                "n_belts": np.array([len(set(there[int(r)])) for r in rows], dtype=int),
                "belts": [";".join(sorted(set(there[int(r)]))[:20]) for r in rows],
                "closest_belt": _plain(_padded(self.belts.item)[belt[rows]]),
                "closest_label": _plain(_padded(self.belts.label)[belt[rows]]),
                "text_score": score[rows],
                "status": _plain(self.clusters.status[rows]),
            }
        )

    def unmapped_labels(self) -> pa.Table:
        """Give the work list: labels that the dictionary does not know, with their counts."""
        sides: list[str] = []
        words: list[str] = []
        counts: list[int] = []
        for name, items, sets in zip(
            ("clusters", "belts"), (self.clusters, self.belts), self.sets, strict=True
        ):
            held = Counter(items.label[sets.own < 0].tolist())
            for word, n in sorted(held.items(), key=lambda i: (-i[1], i[0])):
                sides.append(name)
                words.append(str(word))
                counts.append(n)
        return pa.table(
            {
                "list": pa.array(sides, pa.string()),
                "label": pa.array(words, pa.string()),
                "n": pa.array(counts, pa.int64()),
            }
        )

    def bipartite_links(self) -> pa.Table:
        """Give the related cluster-belt pairs as links of a bipartite graph."""
        p = self.pairs
        near = np.flatnonzero(p.kind > 0)
        order = near[np.lexsort((p.city[near], p.belt[near], p.cluster[near]))]
        return pa.table(
            {
                "cluster": _plain(self.clusters.item[p.cluster[order]]),
                "belt": _plain(self.belts.item[p.belt[order]]),
                "city": _plain(self.clusters.city[p.city[order]]),
                "kind": _plain(np.array(KINDS)[p.kind[order]]),
                "weight": self.clusters.weight[p.link[order]],
            }
        )

    def sankey_links(self, *, level: int = 2) -> pa.Table:
        """Give the flows programme → industry of a level → kind.

        A cluster with several industries is shared equally between them, so each step
        adds up to the number of clusters.
        """
        names = self.tree.at_level(level)
        flows: Counter[tuple[str, str, str]] = Counter()
        for i, (programme, kind) in enumerate(
            zip(self.clusters.programme, self.kind, strict=True)
        ):
            own = sorted({str(names[r]) for r in self.sets[0].nodes(i)}) or ["unmapped"]
            for node in own:
                flows["programme", str(programme), node] += 1 / len(own)  # type: ignore[assignment]
                flows["industry", node, str(kind)] += 1 / len(own)  # type: ignore[assignment]
        keys = sorted(flows, key=lambda k: (k[0] != "programme", k))
        return pa.table(
            {
                "step": [k[0] for k in keys],
                "source": [k[1] for k in keys],
                "target": [k[2] for k in keys],
                "value": pa.array([float(flows[k]) for k in keys], pa.float64()),
            }
        )

    def summary(self) -> str:
        """Count the kinds and say how far the labels are reviewed."""
        n, counts = self.clusters.item.size, self.counts
        mapped = n - counts["unmapped"]
        shares = ", ".join(
            f"{word} {counts[word]}"
            + (f" ({counts[word] / mapped:.1%})" if mapped else "")
            for word in ("identical", "similar", "none")
        )
        reviewed = self.sets[0].n_reviewed + self.sets[1].n_reviewed
        return (
            f"{n} clusters, {self.belts.item.size} belts: {shares} of {mapped} mapped; "
            f"{counts['unmapped']} unmapped\n"
            f"  city rule {self.city_rule}; {reviewed} of "
            f"{n + self.belts.item.size} labels reviewed by a person; "
            f"{len(self.overrides.kinds)} overrides; rules are ours"
        )

    def _draw(self, ax: Axes) -> None:
        groups = sorted(set(self.clusters.programme.tolist()))
        left = np.zeros(len(groups))
        for word, colour in _COLOURS.items():
            mine = self.clusters.programme[self.kind == word]
            width = np.array([int((mine == g).sum()) for g in groups], dtype=float)
            ax.barh(
                [g or "all" for g in groups], width, left=left, color=colour, label=word
            )
            left += width
        ax.invert_yaxis()
        ax.set_xlabel("clusters")
        ax.legend()


def text_scores(
    clusters: PlaceList, belts: PlaceList, lang: str, pairs: Pairs, rows: IntArray
) -> FloatArray:
    """Compare the labels of some pairs, each distinct pair of labels once."""
    if rows.size == 0:
        return np.zeros(0)
    ours, mine = np.unique(clusters.label, return_inverse=True)
    theirs, other = np.unique(belts.label, return_inverse=True)
    keys, back = np.unique(
        mine[pairs.cluster[rows]] * theirs.size + other[pairs.belt[rows]],
        return_inverse=True,
    )
    reader = LabelReader(lang, None, None, None, None)
    score = reader.pair_scores(
        ours.tolist(), theirs.tolist(), keys // theirs.size, keys % theirs.size
    )
    # equal texts tie in the last digits
    return np.round(score, 10)[back]


def _padded(words: NDArray[np.str_]) -> NDArray[np.str_]:
    """Add an empty word at the end, for position -1."""
    return np.append(words, "")


def _plain(values: NDArray[np.generic]) -> Sequence[object] | NDArray[np.generic]:
    return values.tolist() if values.dtype.kind == "U" else values
