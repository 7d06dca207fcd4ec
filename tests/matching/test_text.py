"""The text aid: proposals with evidence, and how good they are."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from agglo.core.errors import AlignmentError, InvalidTableError, OptionError
from agglo.matching import (
    as_industry_tree,
    as_label_dictionary,
    suggest_nodes,
    suggestion_quality,
)
from agglo.sources import industry_tree, label_dictionary
from tests.matching.lists import labels, tree


@pytest.fixture(scope="module")
def shipped():
    known = as_industry_tree(industry_tree().data)
    return known, as_label_dictionary(label_dictionary(), known)


@pytest.mark.parametrize(
    ("text", "lang", "node"),
    [
        ("芯片制造产业集群", "zh", "A11"),  # a synonym, and generic words around it
        ("集成電路", "zh", "A11"),
        ("电动汽车零部件", "zh", "D13"),
        ("拉链产业带", "zh", "G22"),
        ("photovoltaics cluster", "en", "B22"),
        ("EV", "en", "D12"),
        ("zippers and buttons", "en", "G22"),
    ],
)
def test_first_suggestion(shipped, text, lang, node):
    found = suggest_nodes([text], *shipped, lang=lang)
    assert found.node[0, 0] == node
    assert found.evidence[0, 0]
    assert 0 < found.score[0, 0] <= 1


def test_identical_text_scores_one_and_is_proposed(shipped):
    found = suggest_nodes(["集成电路"], *shipped)
    assert found.score[0, 0] == pytest.approx(1.0)
    assert found.label_audit()["decision"].to_pylist() == ["accept"]


def test_cosine_by_hand():
    # one known text of the grams {ab, bc, abc} and {xy}: idf ln(3/2)+1 each, unknown ln 3 + 1
    known = pa.table(
        {"label": ["甲乙丙", "丁戊"], "lang": ["zh", "zh"], "node_ids": ["X11", "X12"]}
    )
    bare = tree().select(["industry", "parent", "level"])
    found = suggest_nodes(["甲乙己"], bare, known, synonyms={}, k=2)
    # grams of the query: 甲乙 known, 乙己 and 甲乙己 unknown
    w, u = np.log(3 / 2) + 1, np.log(3) + 1
    expected = w * w / (np.sqrt(w * w + 2 * u * u) * np.sqrt(3 * w * w))
    assert found.score[0, 0] == pytest.approx(expected, rel=1e-12)
    assert found.node[0].tolist() == ["X11", ""]
    assert np.isnan(found.score[0, 1])


def test_short_and_strange_labels_stay(shipped):
    found = suggest_nodes(["芯", "", "齉龘", "集成电路", "集成电路"], *shipped, k=2)
    assert found.label.tolist() == ["芯", "", "齉龘", "集成电路"]
    assert np.isnan(found.score[:2, 0]).all()
    assert found.score[2, 0] == 0.0
    assert {u.item for u in found.undefined} == {"芯", ""}
    rows = found.to_arrow().to_pylist()
    assert {r["label"] for r in rows} == set(found.label.tolist())
    assert found.label_audit().num_rows == 4
    assert "4 labels (zh), 1 with a suggestion" in found.summary()
    assert found.plot().has_data()


def test_ties_go_to_the_smaller_code():
    known = pa.table(
        {
            "label": ["甲乙", "甲乙丙"],
            "lang": ["zh"] * 2,
            "node_ids": ["X21;X12", "Y11"],
        }
    )
    bare = tree().select(["industry", "parent", "level"])
    found = suggest_nodes(["甲乙"], bare, known, k=3)
    assert found.node[0].tolist() == ["X12", "X21", "Y11"]
    assert found.margin[0] == 0.0


def test_text_of_stop_words_only_is_kept():
    known = pa.table({"label": ["先进制造"], "lang": ["zh"], "node_ids": ["X11"]})
    found = suggest_nodes(["先进制造"], tree(), known)
    assert found.node[0, 0] == "X11"
    assert found.score[0, 0] == pytest.approx(1.0)


def test_segmentation_and_own_scorer(shipped):
    words = suggest_nodes(["拉链"], *shipped, segment=list)
    assert words.node[0, 0] == "G22"

    def longest(left, right):
        return np.array([[len(b) / 100 for b in right] for _ in left])

    found = suggest_nodes(["x y"], tree(), labels(), scorer=longest, k=1)
    assert found.method == "scorer"
    assert set(found.node[0].tolist()) <= {"X12", "Y11"}

    def wrong(left, right):
        return np.zeros((len(left) + 1, len(right)))

    with pytest.raises(AlignmentError, match="scorer"):
        suggest_nodes(["x"], tree(), labels(), scorer=wrong)


def test_frames_and_options(shipped):
    frame = pd.DataFrame({"what": ["集成电路", "拉链"]})
    found = suggest_nodes(frame, *shipped, label="what", k=1)
    assert isinstance(found.to_frame(), pd.DataFrame)
    with pytest.raises(OptionError, match="lang"):
        suggest_nodes(["a"], *shipped, lang="fr")
    with pytest.raises(OptionError, match="k="):
        suggest_nodes(["a"], *shipped, k=0)
    with pytest.raises(InvalidTableError, match="nothing to suggest"):
        suggest_nodes([], *shipped)
    bare = tree().select(["industry", "parent", "level"])
    with pytest.raises(InvalidTableError, match="nothing to compare"):
        suggest_nodes(["zippers"], bare, labels(), lang="en")


def test_leave_one_out_by_hand():
    # 甲乙 is found through 甲乙丙; 丁戊 has no neighbour of its own node
    known = pa.table(
        {
            "label": ["甲乙丙", "甲乙", "丁戊"],
            "lang": ["zh"] * 3,
            "node_ids": ["X11", "X11", "X12"],
            "reviewed": ["yes", "yes", "no"],
        }
    )
    bare = tree().select(["industry", "parent", "level"])
    found = suggestion_quality(bare, known)
    assert found.lang == ("zh",)
    assert found.n.tolist() == [3]
    assert found.top1.tolist() == pytest.approx([2 / 3])
    assert found.n_reviewed == 2
    assert found.confusion.sum() == 3
    reviewed = suggestion_quality(bare, known, only_reviewed=True)
    assert reviewed.top1.tolist() == [1.0]
    assert found.plot().has_data()
    none = pa.table({"label": ["a"], "lang": ["zh"], "node_ids": ["X11"]})
    with pytest.raises(InvalidTableError, match="cannot be measured"):
        suggestion_quality(bare, none, only_reviewed=True)


def test_quality_on_the_shipped_dictionary(shipped):
    found = suggestion_quality(*shipped)
    assert found.n.tolist() == [135, 123]
    assert (found.top3 >= found.top1).all()
    # far better than guessing among 70 groups, far from trustworthy: a person decides
    assert (found.top1 > 0.25).all()
    assert (found.top3 < 0.8).all()
    pairs = found.confusion_table()
    assert sum(pairs["n"].to_pylist()) == 258


@pytest.mark.slow
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_fifty_thousand_labels_in_twenty_seconds(shipped, lang):
    rng = np.random.default_rng(1)
    words = [e.label for e in shipped[1].of_language(lang)]
    pairs = rng.integers(0, len(words), (50_000, 2))
    many = [f"{words[a]} {words[b]} {i}" for i, (a, b) in enumerate(pairs)]
    start = time.process_time()
    found = suggest_nodes(many, *shipped, lang=lang)
    assert time.process_time() - start < 20
    assert found.label.size == 50_000
