"""The label dictionary, its work list and the audit that feeds it."""

from __future__ import annotations

import pyarrow as pa
import pytest

from agglo.core.errors import (
    ColumnNotFoundError,
    DataWarning,
    InvalidTableError,
    OptionError,
)
from agglo.matching import (
    apply_audit,
    as_industry_tree,
    as_label_dictionary,
    map_label,
    map_labels,
    suggest_nodes,
)
from agglo.sources import industry_tree, label_dictionary, national_clusters
from tests.matching.lists import LABELS, labels, tree


@pytest.fixture(scope="module")
def shipped():
    known = as_industry_tree(industry_tree().data)
    return known, as_label_dictionary(label_dictionary(), known)


def test_shipped_dictionary(shipped):
    _, words = shipped
    assert len(words.of_language("zh")) == 135
    assert words.n_reviewed == 0
    assert map_label("超高清视频和智能家电", words) == ("A25", "B31")
    assert map_label("汽车", words) == ("D1",)
    assert map_label("Smart mobile TERMINALS", words, lang="en") == ("A23",)


@pytest.mark.parametrize(
    "text", ["智能移动终端", "智能移動終端", " 智能 移动终端　", "\ufeff智能移动终端"]
)
def test_spelling_does_not_matter(shipped, text):
    assert map_label(text, shipped[1]) == ("A23",)


def test_every_label_of_the_national_lists_is_known(shipped):
    with pytest.warns(DataWarning, match="unverified"):
        rows = national_clusters().data
    found = map_labels(rows, shipped[1])
    assert found.unmapped == {}
    assert found.label.size == rows.num_rows
    assert not found.reviewed.any()


def test_work_list_counts_unknown_and_empty_labels():
    known = as_label_dictionary(labels(), tree())
    found = map_labels(["X11", "扣子", "", "扣子", None], known)
    assert found.unmapped == {"": 2, "扣子": 2}
    assert found.to_arrow()["nodes"].to_pylist() == ["X11", "", "", "", ""]
    assert found.confidence.tolist() == ["high", "", "", "", ""]
    assert found.reviewed.tolist() == [True, False, False, False, False]
    assert "5 labels, 4 unmapped (2 distinct), 1 reviewed" in found.summary()
    assert found.plot().has_data()


def test_shared_english_takes_all_nodes_and_the_lower_confidence():
    wide = pa.table(
        {
            "label_zh": ["甲", "乙"],
            "label_en": ["toys", "Toys"],
            "node_ids": ["X21", "X12"],
            "confidence": ["high", "low"],
        }
    )
    known = as_label_dictionary(wide, tree())
    entry = known.lookup("toys", "en")
    assert entry.nodes == ("X21", "X12")
    assert entry.confidence == "low"


def test_dictionary_lists_all_its_problems():
    bad = pa.table(
        {
            "label": ["a", "A", "", "b", "c"],
            "lang": ["zh", "zh", "zh", "fr", "zh"],
            "node_ids": ["X11", "X12", "X11", "Q9", ""],
            "confidence": ["high", "high", "high", "sure", "high"],
        }
    )
    with pytest.raises(InvalidTableError) as caught:
        as_label_dictionary(bad, tree())
    codes = {p.code for p in caught.value.problems}
    assert codes == {
        "duplicate_key",
        "empty_label",
        "unknown_node",
        "no_node",
        "not_allowed",
    }
    with pytest.raises(InvalidTableError, match="no row"):
        as_label_dictionary(labels().slice(0, 0), tree())
    with pytest.raises(ColumnNotFoundError, match="node_ids"):
        as_label_dictionary(pa.table({"label": ["a"], "lang": ["zh"]}), tree())
    with pytest.raises(OptionError, match="lang"):
        map_label("a", as_label_dictionary(labels(), tree()), lang="fr")
    with pytest.raises(OptionError, match="lang"):
        map_labels(["a"], as_label_dictionary(labels(), tree()), lang="fr")


def test_dictionary_survives_its_table():
    known = as_label_dictionary(labels(), tree())
    assert as_label_dictionary(known, tree()) is known
    again = as_label_dictionary(known.to_arrow(), tree())
    assert again.digest == known.digest


def _audit(**columns):
    rows = {
        "label": ["扣子", "拉锁", "玩偶", "杂物"],
        "lang": ["zh"] * 4,
        "suggested_node": ["X12", "X12", "X21", "Y11"],
        "decision": ["accept", "edit", "accept", "reject"],
        "final_node": ["", "X11", "", ""],
        "reviewer": ["Li", "Li", "", "Li"],
        "note": ["", "typo", "", ""],
    }
    return pa.table({**rows, **columns})


def test_only_signed_decisions_count():
    before = as_label_dictionary(labels(), tree())
    with pytest.warns(DataWarning, match="1 decisions have no reviewer"):
        after = apply_audit(before, _audit(), tree())
    assert map_label("扣子", after) == ("X12",)
    assert map_label("拉锁", after) == ("X11",)
    assert map_label("玩偶", after) == ()  # nobody signed
    assert map_label("杂物", after) == ()  # rejected
    assert len(before.entries) == len(LABELS["label"])  # unchanged
    assert after.n_reviewed == before.n_reviewed + 2


def test_audit_lists_all_its_problems():
    known = as_label_dictionary(labels(), tree())
    bad = _audit(
        label=["扣子", "扣子", "", "杂物"],
        suggested_node=["Q9", "X12", "X21", ""],
        decision=["accept", "accept", "accept", "maybe"],
        reviewer=["Li"] * 4,
    )
    with pytest.raises(InvalidTableError) as caught:
        apply_audit(known, bad, tree())
    codes = {p.code for p in caught.value.problems}
    assert codes == {"unknown_node", "duplicate_key", "empty_label", "not_allowed"}
    missing = _audit(decision=["edit"] * 4, final_node=[""] * 4, reviewer=["Li"] * 4)
    with pytest.raises(InvalidTableError, match="no node"):
        apply_audit(known, missing, tree())


def test_proposals_go_through_a_person():
    known = as_label_dictionary(labels(), tree())
    found = suggest_nodes(["拉链制造", "海洋"], tree(), known)
    audit = found.label_audit()
    assert audit["decision"].to_pylist() == ["accept", ""]
    assert audit["reviewer"].to_pylist() == ["", ""]
    with pytest.warns(DataWarning, match="1 decisions have no reviewer"):
        assert apply_audit(known, audit, tree()).digest == known.digest
    signed = audit.set_column(
        audit.column_names.index("reviewer"), "reviewer", [["Li", ""]]
    )
    assert map_label("拉链制造", apply_audit(known, signed, tree())) == ("X11",)
