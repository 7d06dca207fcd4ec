"""Matching by hand: kinds, evidence, city rules, audit; and what bad lists do."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from agglo.core.errors import (
    AlignmentError,
    ColumnNotFoundError,
    DataWarning,
    InvalidTableError,
    OptionError,
)
from agglo.matching import as_belts, as_designations, match_designations
from agglo.sources import (
    china_cities,
    industry_tree,
    label_dictionary,
    online_belts,
    read_china_clusters,
)
from tests.matching.lists import arithmetic, belts, clusters, labels, tree


def _match(ours, theirs, **options):
    return match_designations(ours, theirs, tree(), labels(), **options)


def _row(found, cluster):
    (row,) = [r for r in found.to_arrow().to_pylist() if r["cluster"] == cluster]
    return row


OURS = [
    ("c1", "a", "X11"),  # identical
    ("c2", "a", "X12"),  # similar
    ("c3", "a", "Y11"),  # none
    ("c4", "a", "X1"),  # contains
    ("c5", "z", "X11"),  # no belt in its city
    ("c6", "a", "X12 and Y11"),  # best of two nodes
    ("c7", "b", "X12"),
]
THEIRS = [
    ("b1", "a", "X11"),
    ("b2", "a", "X21"),
    ("b3", "b", "X12"),
    ("b4", "q", "Y11"),
]


def test_kinds_and_evidence():
    found = _match(clusters(OURS), belts(THEIRS))
    assert found.kind.tolist() == [
        "identical",
        "similar",
        "none",
        "identical",
        "none",
        "similar",
        "identical",
    ]
    row = _row(found, "c4")
    assert (row["belt"], row["belt_node"], row["via"]) == ("b1", "X11", "ancestor")
    assert row["lca_level"] == 2
    assert row["confidence"] == "medium"  # the lower of medium and high
    row = _row(found, "c6")
    assert (row["cluster_node"], row["belt_node"]) == ("X12", "X11")
    assert row["nodes"] == "X12;Y11"
    row = _row(found, "c5")
    assert (row["belt"], row["city"], row["city_coverage"]) == ("", "", 0.0)
    assert found.n_related.tolist() == [1, 1, 0, 1, 0, 1, 1]
    assert "identical 3 (42.9%), similar 2 (28.6%), none 2" in found.summary()


def test_containment_changes_only_broad_labels():
    found = _match(clusters(OURS), belts(THEIRS), containment="similar")
    assert _row(found, "c4")["kind"] == "similar"
    assert _row(found, "c1")["kind"] == "identical"


def test_links_make_similar():
    links = pa.table(
        {"node_a": ["Y11"], "node_b": ["X21"], "weight": [0.2], "kind": ["io_share"]}
    )
    row = _row(_match(clusters(OURS), belts(THEIRS), links=links), "c3")
    assert (row["kind"], row["belt"], row["via"]) == ("similar", "b2", "io")


def test_city_rules():
    ours = clusters(
        [
            ("c1", "a", "X11"),  # lead has none, member has
            ("c1", "b", "X11"),
            ("c2", "b", "X11"),  # lead has, member has not
            ("c2", "a", "X11"),
            ("c3", "b", "X11"),  # both
            ("c3", "d", "X11"),
        ]
    )
    theirs = belts([("b1", "b", "X11"), ("b2", "d", "X12"), ("b3", "a", "Y11")])
    kinds = {
        rule: _match(ours, theirs, city_rule=rule).kind.tolist()
        for rule in ("any", "lead", "all")
    }
    assert kinds["any"] == ["identical", "identical", "identical"]
    assert kinds["lead"] == ["none", "identical", "identical"]
    assert kinds["all"] == ["none", "none", "identical"]
    found = _match(ours, theirs)
    assert found.city_coverage.tolist() == [1.0, 1.0, 1.0]
    assert found.related_coverage.tolist() == [0.5, 0.5, 1.0]


def test_lead_column_beats_the_order_of_rows():
    rows = [("c", "b", "X11"), ("c", "a", "X11")]
    theirs = belts([("b1", "a", "X11")])
    first = _match(clusters(rows), theirs, city_rule="lead")
    told = _match(clusters(rows, is_lead=["no", "yes"]), theirs, city_rule="lead")
    assert (first.kind[0], told.kind[0]) == ("none", "identical")


def test_tie_breaks():
    # kind before level before text before id
    words = pa.table(
        {
            "label": ["拉链", "金属拉链", "拉头", "纽扣", "服饰"],
            "lang": ["zh"] * 5,
            "node_ids": ["X11", "X11", "X11", "X12", "X1"],
        }
    )
    ours = clusters([("c", "a", "拉链")])

    def best(*rows):
        return (
            match_designations(ours, belts(list(rows)), tree(), words)
            .to_arrow()["belt"]
            .to_pylist()
        )

    assert best(("b1", "a", "纽扣"), ("b2", "a", "拉头")) == ["b2"]  # kind
    assert best(("b1", "a", "服饰"), ("b2", "a", "拉头")) == ["b2"]  # level 3 over 2
    assert best(("b1", "a", "拉头"), ("b2", "a", "金属拉链")) == ["b2"]  # text
    assert best(("b2", "a", "拉头"), ("b1", "a", "拉头")) == ["b1"]  # id


def test_duplicate_belts_count_once_and_are_all_audited():
    theirs = belts([("b1", "a", "X11"), ("b2", "a", "X11"), ("b3", "a", "X12")])
    found = _match(clusters([("c", "a", "X11")]), theirs)
    assert found.n_related.tolist() == [2]
    assert found.audit_table().num_rows == 3


def test_belt_in_several_cities():
    theirs = belts([("b1", "a", "X11"), ("b1", "b", "X11")])
    found = _match(clusters([("c", "b", "X11")]), theirs)
    assert found.kind.tolist() == ["identical"]
    assert _row(found, "c")["city"] == "b"


def test_unmapped_labels_stay_visible():
    ours = clusters([("c1", "a", "???"), ("c2", "z", "!!!"), ("c3", "a", "X11")])
    theirs = belts([("b1", "a", "X11"), ("b2", "a", "unknown")])
    with pytest.warns(DataWarning, match="2 clusters and 1 belts"):
        found = _match(ours, theirs)
    assert found.kind.tolist() == ["unmapped", "unmapped", "identical"]
    audit = found.audit_table().to_pylist()
    assert {r["cluster"] for r in audit} == {"c1", "c2", "c3"}
    assert [r["relation"] for r in audit if r["cluster"] == "c1"] == ["unmapped"] * 2
    (alone,) = [r for r in audit if r["cluster"] == "c2"]
    assert (alone["belt"], alone["city"]) == ("", "")
    assert found.unmapped_labels().to_pylist() == [
        {"list": "clusters", "label": "!!!", "n": 1},
        {"list": "clusters", "label": "???", "n": 1},
        {"list": "belts", "label": "unknown", "n": 1},
    ]
    assert found.provenance.warnings


def test_unmatched_table_says_why():
    table = _match(clusters(OURS), belts(THEIRS)).unmatched_table().to_pylist()
    assert [r["cluster"] for r in table] == ["c3", "c5"]
    assert (table[0]["belts"], table[0]["n_belts"]) == ("b1;b2", 2)
    assert table[0]["closest_belt"] in ("b1", "b2")
    assert (table[1]["belts"], table[1]["closest_belt"]) == ("", "")
    assert np.isnan(table[1]["text_score"])


def test_overrides_decide_single_pairs():
    before = _match(clusters(OURS), belts(THEIRS))
    audit = before.audit_table().to_pandas()

    def decide(cluster, belt, word):
        audit.loc[(audit.cluster == cluster) & (audit.belt == belt), "decision"] = word

    decide("c1", "b1", "reject")
    decide("c3", "b2", "similar")
    decide("c2", "b1", "accept")
    after = _match(clusters(OURS), belts(THEIRS), overrides=audit)
    assert _row(after, "c1")["kind"] == "none"
    row = _row(after, "c3")
    assert (row["kind"], row["belt"], row["via"]) == ("similar", "b2", "override")
    assert _row(after, "c2")["kind"] == "similar"
    assert after.counts["identical"] == before.counts["identical"] - 1
    with pytest.raises(OptionError, match="decision"):
        _match(
            clusters(OURS), belts(THEIRS), overrides=audit.assign(decision="perhaps")
        )
    with pytest.raises(AlignmentError, match="c9"):
        _match(
            clusters(OURS),
            belts(THEIRS),
            overrides=pa.table(
                {"cluster": ["c9"], "belt": ["b1"], "decision": ["none"]}
            ),
        )


def test_link_tables():
    ours = clusters(OURS, programme=["P", "P", "Q", "Q", "Q", "Q", "Q"])
    found = _match(ours, belts(THEIRS))
    pairs = found.bipartite_links().to_pylist()
    assert len(pairs) == int(found.n_related.sum())
    assert pairs[0] == {
        "cluster": "c1",
        "belt": "b1",
        "city": "a",
        "kind": "identical",
        "weight": 1.0,
    }
    flows = found.sankey_links().to_pylist()
    for step in ("programme", "industry"):
        assert sum(f["value"] for f in flows if f["step"] == step) == pytest.approx(7)
    # c6 has two divisions and is shared between them
    (half,) = [f for f in flows if (f["source"], f["target"]) == ("Y1", "similar")]
    assert half["value"] == 0.5
    assert found.plot().has_data()


def test_arithmetic_of_the_study():
    found = match_designations(*arithmetic())
    assert found.counts == {"identical": 71, "similar": 63, "none": 25, "unmapped": 0}


@pytest.mark.parametrize("kind", [pd.DataFrame, pl.DataFrame])
def test_kind_of_frame(kind):
    ours, theirs = clusters(OURS), belts(THEIRS)
    given = match_designations(
        kind(ours.to_pydict()), kind(theirs.to_pydict()), tree(), labels()
    )
    assert isinstance(given.to_frame(), kind)
    assert given.to_dict() == _match(ours, theirs).to_dict()


def test_row_of_the_shared_files(shared_data):
    folder = shared_data / "china_clusters"

    def read(name):
        (table,) = read_china_clusters(folder / name)
        return table.data

    words = pd.read_csv(
        folder / "label_dictionary.csv", dtype=str, keep_default_na=False
    )
    found = match_designations(
        read("miit_advanced_manufacturing_clusters.csv"),
        read("industrial_belts_partial.csv"),
        read("industry_tree.csv"),
        words,
    )
    row = _row(found, "MIIT-007")
    assert row["belt"] == "BELT-003"
    assert row["label"] == "智能移动终端"
    assert row["belt_label"] == "3C电子"
    assert (row["cluster_node"], row["belt_node"]) == ("A23", "A23")
    assert (row["kind"], row["lca_level"], row["city"]) == ("identical", 3, "441900")
    # 130 links of 70 clusters: every cluster is there, matched or not
    assert found.kind.size == 70
    assert set(found.audit_table()["cluster"].to_pylist()) == set(
        found.clusters.item.tolist()
    )


def test_cities_are_checked():
    known = china_cities().data
    assert as_belts(online_belts().data, cities=known).item.size == 39
    with pytest.raises(InvalidTableError, match="not in the list"):
        as_designations(clusters([("c", "999999", "X11")]), cities=known)


def test_lists_list_all_their_problems():
    bad = clusters(
        [
            ("c1", "a", "X11"),
            ("c1", "a", "X11"),  # the same city twice
            ("c2", "", "X11"),  # no city
            ("", "a", "X11"),
            ("c3", "a", ""),  # empty label
            ("c4", "a", "X11"),  # one id, two things
            ("c4", "b", "Y11"),
        ],
        weight=[1.0, 1.0, 1.0, 1.0, 1.0, 0.7, 0.7],
        is_lead=["yes", "yes", "", "", "", "", ""],
    )
    with pytest.raises(InvalidTableError) as caught:
        as_designations(bad)
    codes = {p.code for p in caught.value.problems}
    assert codes == {
        "duplicate_key",
        "no_city",
        "null_key",
        "empty_label",
        "mixed_attribute",
        "bad_weight",
        "two_leads",
    }
    rows = {p.code: p.rows for p in caught.value.problems}
    assert rows["duplicate_key"] == (2,)
    assert rows["empty_label"] == (5,)


def test_further_bad_lists():
    one = [("b1", "a", "X11")]
    with pytest.raises(InvalidTableError, match="size"):
        as_belts(belts(one, size=[-1.0]))
    with pytest.raises(InvalidTableError, match="no belt"):
        as_belts(belts(one).slice(0, 0))
    with pytest.raises(ColumnNotFoundError, match="label='industry'"):
        as_belts(belts(one), label="industry")
    with pytest.raises(InvalidTableError, match="only_sourced"):
        as_belts(belts(one, status=["unverified"]), only_sourced=True)
    with pytest.raises(OptionError, match="designations"):
        as_designations(as_belts(belts(one)))
    with pytest.raises(OptionError, match="city_rule"):
        _match(clusters(OURS), belts(THEIRS), city_rule="some")
    with pytest.raises(OptionError, match="lang"):
        _match(clusters(OURS), belts(THEIRS), lang="fr")


def test_only_sourced_and_idempotence():
    rows = clusters(OURS[:2], status=["sourced", "unverified"])
    kept = as_designations(rows, only_sourced=True)
    assert kept.item.tolist() == ["c1"]
    assert as_designations(kept) is kept
    assert "1 designations in 1 cities" in repr(kept)


def test_english_labels():
    ours = clusters([("c", "441900", "smart mobile terminals")])
    theirs = belts([("b", "441900", "consumer electronics")])
    found = match_designations(
        ours, theirs, industry_tree().data, label_dictionary(), lang="en"
    )
    assert found.kind.tolist() == ["identical"]
