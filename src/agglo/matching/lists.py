"""Match a list of designated clusters with a list of observed belts."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from agglo.core.errors import DataWarning
from agglo.core.options import check_choice
from agglo.core.results import Provenance, frozen_array
from agglo.matching._kernels import joins
from agglo.matching._pairs import LabelSets, Overrides, Pairs, SetRelations
from agglo.matching.industries import IndustryTree, as_industry_tree
from agglo.matching.labels import LabelDictionary, as_label_dictionary
from agglo.matching.match_results import Matching, text_scores
from agglo.matching.node_relations import Containment, NodeRelations, relate_nodes
from agglo.matching.place_lists import PlaceList, as_belts, as_designations

if TYPE_CHECKING:
    from agglo.core.typing import BoolArray, FloatArray, IntArray, IntoFrame, Lang

__all__ = ["CITY_RULES", "CityRule", "match_designations"]

CityRule: TypeAlias = Literal["any", "lead", "all"]
CITY_RULES = ("any", "lead", "all")


def match_designations(
    designations: IntoFrame | PlaceList,
    belts: IntoFrame | PlaceList,
    tree: IntoFrame | IndustryTree,
    labels: IntoFrame | LabelDictionary,
    *,
    links: IntoFrame | None = None,
    lang: Lang = "zh",
    city_rule: CityRule = "any",
    containment: Containment = "identical",
    io_min: float = 0.05,
    rel_q: float = 0.90,
    overrides: IntoFrame | None = None,
) -> Matching:
    """Find, for each designated cluster, the observed belt of its industry in its cities.

    Use for any two lists of places with industry labels. What a matched share is worth is
    a question for `matching_null`.

    Parameters
    ----------
    designations
        What `as_designations` accepts: one row per cluster and city.
    belts
        What `as_belts` accepts: one row per belt and city.
    tree
        What `as_industry_tree` accepts.
    labels
        What `as_label_dictionary` accepts.
    links
        Optional input-output or relatedness links between nodes (`relate_nodes`).
    lang
        Language of the labels of both lists.
    city_rule
        ``"any"``: a belt in one of the cluster's cities is enough; ``"lead"``: only the
        lead city counts; ``"all"``: every member city must hold a related belt.
    containment, io_min, rel_q
        As in `relate_nodes`.
    overrides
        Filled-in `Matching.audit_table`: cluster, belt, decision (``"accept"``,
        ``"reject"``, ``"none"``, ``"similar"``, ``"identical"``; empty is no decision).

    Returns
    -------
    Matching
        Per cluster: kind (``"identical"``, ``"similar"``, ``"none"`` or ``"unmapped"``),
        the belt and node pair that show it, city, number of related belts (the same city
        and nodes once), share of member cities with a belt and with a related belt,
        confidence (the lower of the two labels). No cluster is dropped.

    Raises
    ------
    OptionError
        If an option is out of range or a decision unknown.
    ColumnNotFoundError
        If a table lacks columns.
    InvalidTableError
        With every problem of a table.
    AlignmentError
        If an override names an unknown id.

    Warns
    -----
    DataWarning
        If labels are unmapped; the work list is in ``unmapped_labels``.

    Notes
    -----
    A label with several nodes takes its best node pair. The evidence is chosen by kind,
    level of the lowest common ancestor, similarity of the two labels' text, smallest id of
    the belt, smallest code of the city. A join on the city and a matrix of node sets: O(pairs in the same city).

    References
    ----------
    Same question as Zhao et al. (2022), Bulletin of the Chinese Academy of Sciences
    37(12); the rules are ours, since the study does not publish its own.

    See Also
    --------
    matching_rates : Shares with intervals.
    matching_null : What chance would give.

    Examples
    --------
    >>> import pyarrow as pa, agglo.matching as am
    >>> tree = pa.table({"industry": ["X", "X1", "X11", "X12"],
    ...     "parent": ["", "X", "X1", "X1"], "level": [1, 2, 3, 3]})
    >>> words = pa.table({"label": ["a", "b"], "lang": "zh zh".split(), "node_ids": ["X11", "X12"]})
    >>> ours = pa.table({"cluster": ["c"], "city": ["1"], "industry_label": ["a"]})
    >>> theirs = pa.table({"belt": ["p"], "city": ["1"], "industry_label": ["b"]})
    >>> found = am.match_designations(ours, theirs, tree, words)
    >>> found.kind.tolist(), int(found.n_related[0])
    (['similar'], 1)
    """
    check_choice("city_rule", city_rule, CITY_RULES)
    check_choice("lang", lang, ("zh", "en"))
    clusters, observed = as_designations(designations), as_belts(belts)
    known = as_industry_tree(tree)
    words = as_label_dictionary(labels, known)
    relation = relate_nodes(
        known, links, containment=containment, io_min=io_min, rel_q=rel_q
    )
    return _match(
        _Inputs(clusters, observed, known, words, relation, lang),
        city_rule,
        Overrides.of(overrides, clusters, observed),
        {"containment": containment, "io_min": io_min, "rel_q": rel_q},
    )


@dataclass(frozen=True)
class _Inputs:
    clusters: PlaceList
    belts: PlaceList
    tree: IndustryTree
    labels: LabelDictionary
    relation: NodeRelations
    lang: str


def _match(
    given: _Inputs, city_rule: str, overrides: Overrides, rules: dict[str, object]
) -> Matching:
    clusters, belts = given.clusters, given.belts
    sets = (
        LabelSets.of(clusters, given.labels, given.tree, given.lang),
        LabelSets.of(belts, given.labels, given.tree, given.lang),
    )
    relation = SetRelations.of(given.relation, *sets)
    pairs = Pairs.of(clusters, belts, sets, relation, overrides)
    n, m = clusters.item.size, clusters.link_item.size
    link_kind = joins.group_max(pairs.kind, pairs.link, m)
    link_has = np.bincount(pairs.link, minlength=m) > 0
    counted = _counted(clusters, city_rule, pairs)
    best_rank = joins.group_max(
        np.where(counted, pairs.rank, 0), pairs.cluster, n, empty=0
    )
    related = np.bincount(clusters.link_item, weights=link_kind > 0, minlength=n)
    kind = best_rank // 8
    if city_rule == "all":
        kind = np.where(related == clusters.n_cities, kind, 0)
    evidence = _evidence(given, pairs, counted & (pairs.kind > 0), best_rank, kind)
    unmapped = sets[0].own < 0
    forced = np.zeros(n, dtype=bool)
    forced[pairs.cluster[pairs.forced & (pairs.kind > 0)]] = True
    kind = np.where(unmapped & ~forced, -1, kind)
    lost = int(unmapped.sum()), int((sets[1].own < 0).sum())
    remark = _remark(lost)
    return Matching(
        clusters=clusters,
        belts=belts,
        tree=given.tree,
        sets=sets,
        relation=relation,
        via=given.relation.via,
        overrides=overrides,
        city_rule=city_rule,
        lang=given.lang,
        kind_code=frozen_array(kind.astype(np.int8)),
        link_kind=frozen_array(link_kind.astype(np.int8)),
        evidence=frozen_array(_taken(pairs.belt, evidence)),
        evidence_city=frozen_array(_taken(pairs.city, evidence)),
        n_related=frozen_array(_n_related(sets[1], pairs, n)),
        city_coverage=frozen_array(_share(clusters, link_has)),
        related_coverage=frozen_array(_share(clusters, link_kind > 0)),
        frame_kind=clusters.frame_kind,
        provenance=Provenance.of(
            match_designations,
            clusters,
            belts,
            given.labels,
            given.relation,
            parameters={
                "city_rule": city_rule,
                "lang": given.lang,
                "overrides": len(overrides.kinds),
                **rules,
            },
            warnings=remark,
        ),
    )


def _counted(clusters: PlaceList, city_rule: str, pairs: Pairs) -> BoolArray:
    if city_rule != "lead":
        return np.ones(pairs.link.size, dtype=bool)
    lead: BoolArray = clusters.first_link[pairs.cluster] == pairs.link
    return lead


def _evidence(
    given: _Inputs,
    pairs: Pairs,
    usable: BoolArray,
    best_rank: IntArray,
    kind: IntArray,
) -> IntArray:
    """Position of the pair that shows each related cluster's kind; -1 for the others."""
    n = given.clusters.item.size
    top = np.flatnonzero(
        usable & (pairs.rank == best_rank[pairs.cluster]) & (kind[pairs.cluster] > 0)
    )
    score = text_scores(given.clusters, given.belts, given.lang, pairs, top)
    # the same belt in two member cities: the smaller code
    tie = pairs.belt[top] * given.clusters.city.size + pairs.city[top]
    found = joins.best_of_group(pairs.cluster[top], score, tie, n)
    if top.size == 0:
        return found
    return np.where(found >= 0, top[found], -1)


def _taken(values: IntArray, at: IntArray) -> IntArray:
    """Values at positions; -1 stays -1."""
    out = np.full(at.size, -1, dtype=np.int64)
    out[at >= 0] = values[at[at >= 0]]
    return out


def _n_related(theirs: LabelSets, pairs: Pairs, n: int) -> IntArray:
    near = pairs.kind > 0
    key = (
        pairs.city[near] * (theirs.sets.shape[0] + 1) + theirs.own[pairs.belt[near]] + 1
    )
    return joins.distinct_per_group(pairs.cluster[near], key, n)


def _share(clusters: PlaceList, holds: BoolArray) -> FloatArray:
    count = np.bincount(clusters.link_item, weights=holds, minlength=clusters.item.size)
    return count / clusters.n_cities


def _remark(lost: tuple[int, int]) -> tuple[str, ...]:
    if not any(lost):
        return ()
    text = (
        f"{lost[0]} clusters and {lost[1]} belts have labels that the dictionary does not "
        "know; see unmapped_labels()"
    )
    warnings.warn(text, DataWarning, stacklevel=4)
    return (text,)
