"""What matching promises whatever the lists."""

from __future__ import annotations

import warnings

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from agglo.core.errors import DataWarning
from agglo.core.options import Bootstrap, Permutation
from agglo.matching import (
    as_gazetteer,
    as_industry_tree,
    match_designations,
    matching_null,
    matching_rates,
    normalise_cities,
    relate_nodes,
)
from agglo.sources import china_cities
from tests.matching.lists import TREE, belts, clusters, labels, tree

CITIES = list("abcdef")
WORDS = ["X1", "X11", "X12", "X21", "Y11", "X12 and Y11"]
SEEDED = Bootstrap(n=20, seed=1)
CHINA = as_gazetteer(china_cities().data)
RANK = {"unmapped": -1, "none": 0, "similar": 1, "identical": 2}


@st.composite
def rows(draw, key: str, words: list[str]):
    """Items with a label and one to three cities."""
    out = []
    for i in range(draw(st.integers(1, 8))):
        word = draw(st.sampled_from(words))
        own = st.lists(st.sampled_from(CITIES), min_size=1, max_size=3, unique=True)
        out += [(f"{key}{i}", city, word) for city in draw(own)]
    return out


designated = rows("c", WORDS)
observed = rows("b", WORDS)


def _match(ours, theirs, **options):
    return match_designations(ours, theirs, tree(), labels(), **options)


@given(designated, observed, st.randoms(use_true_random=False))
def test_order_of_rows_does_not_matter(ours, theirs, random):
    before = _match(clusters(ours), belts(theirs)).to_arrow()
    mixed, other = list(ours), list(theirs)
    random.shuffle(mixed)
    random.shuffle(other)
    assert _match(clusters(mixed), belts(other)).to_arrow().equals(before)


@given(rows("c", [*WORDS, "???"]), rows("b", [*WORDS, "???"]))
def test_nothing_is_dropped(ours, theirs):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        found = _match(clusters(ours), belts(theirs))
    ids = {c for c, _, _ in ours}
    assert set(found.to_arrow()["cluster"].to_pylist()) == ids
    assert set(found.audit_table()["cluster"].to_pylist()) == ids
    lost = set(found.unmatched_table()["cluster"].to_pylist())
    assert lost == {
        c for c, k in zip(found.clusters.item, found.kind, strict=True) if RANK[k] < 1
    }
    assert sum(found.counts.values()) == len(ids)


@given(designated, observed)
def test_the_evidence_shows_the_kind(ours, theirs):
    found = _match(clusters(ours), belts(theirs))
    relation = relate_nodes(tree())
    where = {(b, c) for b, c, _ in theirs}
    mine = {(c, city) for c, city, _ in ours}
    for row in found.to_arrow().to_pylist():
        if row["kind"] == "none":
            assert row["belt"] == ""
            continue
        assert (row["belt"], row["city"]) in where
        assert (row["cluster"], row["city"]) in mine
        assert relation.of(row["cluster_node"], row["belt_node"]).kind == row["kind"]


@given(designated, observed)
def test_stricter_rules_match_less(ours, theirs):
    kinds = {
        (rule, inside): [
            RANK[k]
            for k in _match(
                clusters(ours), belts(theirs), city_rule=rule, containment=inside
            ).kind
        ]
        for rule in ("any", "lead", "all")
        for inside in ("identical", "similar")
    }
    for inside in ("identical", "similar"):
        for rule in ("lead", "all"):
            assert np.all(np.array(kinds[rule, inside]) <= kinds["any", inside])
    for rule in ("any", "lead", "all"):
        assert np.all(np.array(kinds[rule, "similar"]) <= kinds[rule, "identical"])


@given(designated, observed)
def test_one_more_belt_never_matches_less(ours, theirs):
    before = _match(clusters(ours), belts(theirs)).kind
    more = _match(clusters(ours), belts([*theirs, ("b99", "a", "X11")])).kind
    assert all(RANK[b] >= RANK[a] for a, b in zip(before, more, strict=True))


@given(designated, observed)
@settings(max_examples=25)
def test_shares_add_up_and_degree_grows_with_s(ours, theirs):
    found = _match(clusters(ours), belts(theirs))
    nation = matching_rates(found, inference=SEEDED)
    rows_of = {m: nation.row(m) for m in ("identical", "similar", "matched")}
    assert rows_of["matched"]["count"] == (
        rows_of["identical"]["count"] + rows_of["similar"]["count"]
    )
    assert rows_of["matched"]["lower"] <= rows_of["matched"]["value"] + 1e-12
    degrees = nation.degree_table()["degree"].to_pylist()
    assert degrees == sorted(degrees)
    assert degrees[0] == rows_of["identical"]["value"]
    assert np.isclose(degrees[-1], rows_of["matched"]["value"])
    for by in ("city", "industry"):
        parts = matching_rates(found, by=by, counting="fractional", inference=SEEDED)
        for measure, row in rows_of.items():
            mine = parts.measure == measure
            assert np.isclose(parts.count[mine].sum(), row["count"])
            assert np.isclose(parts.n[mine].sum(), row["n"])


@given(designated, observed, st.sampled_from(["any", "lead", "all"]))
@settings(max_examples=25)
def test_null_observes_what_the_matching_counts(ours, theirs, rule):
    found = _match(clusters(ours), belts(theirs), city_rule=rule)
    null = matching_null(
        found, universe=CITIES, inference=Permutation(n=5, seed=1), n_jobs=1
    )
    for kind in ("identical", "similar"):
        assert null.row(kind)["observed"] == found.counts[kind]
    rates = matching_rates(found, inference=SEEDED)
    assert null.row("coexistence")["observed"] == rates.row("coexistence")["count"]
    assert (null.p_upper > 0).all()


@given(designated, st.sampled_from(["belt_cities", "both"]))
@settings(max_examples=15)
def test_hosts_everywhere_keep_co_existence(ours, scheme):
    theirs = belts([(f"b{c}", c, "X11") for c in CITIES])
    null = matching_null(
        _match(clusters(ours), theirs),
        statistic="coexistence",
        scheme=scheme,
        universe=CITIES,
        inference=Permutation(n=20, seed=1),
        n_jobs=1,
    )
    assert (null.draws == null.observed).all()


@given(st.integers(0, 10**6))
def test_names_of_nodes_do_not_matter(seed):
    order = np.random.default_rng(seed).permutation(len(TREE["industry"]))
    new = {n: f"n{i:02d}" for n, i in zip(TREE["industry"], order, strict=True)}
    renamed = pa.table(
        {
            "industry": [new[n] for n in TREE["industry"]],
            "parent": [new.get(p, "") for p in TREE["parent"]],
            "level": TREE["level"],
        }
    )
    one, other = relate_nodes(tree()), relate_nodes(renamed)
    place = [as_industry_tree(renamed).position[new[n]] for n in one.tree.node.tolist()]
    np.testing.assert_array_equal(one.kind, other.kind[np.ix_(place, place)])
    np.testing.assert_array_equal(one.lca_level, other.lca_level[np.ix_(place, place)])


@given(
    st.lists(
        st.one_of(st.text(max_size=12), st.sampled_from(CHINA.name_zh.tolist())),
        max_size=8,
    )
)
def test_any_text_gets_a_row(names):
    audit = normalise_cities(names, CHINA)
    assert audit.to_arrow()["input"].to_pylist() == names
    for match in audit.matches:
        assert bool(match.city) == (match.score > 0)
        assert match.city or match.needs_review
        assert not match.city or match.city in CHINA.position


@given(
    st.sampled_from(CHINA.name_zh.tolist()), st.sampled_from(["", " ", "　", "\ufeff"])
)
def test_width_and_spaces_do_not_matter(name, space):
    found = normalise_cities([name, f"{space}{name}{space}"], CHINA).matches
    assert found[0].city == found[1].city != ""
