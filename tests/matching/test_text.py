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
from agglo.matching._node_scores import KnownTexts, scores
from agglo.sources import (
    classification,
    industry_terms,
    industry_tree,
    label_dictionary,
)
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
    # every known gram is in one of two texts: idf ln(3/2)+1, unknown ln 3 + 1; single
    # characters have half weight
    known = pa.table(
        {"label": ["甲乙丙", "丁戊"], "lang": ["zh", "zh"], "node_ids": ["X11", "X12"]}
    )
    bare = tree().select(["industry", "parent", "level"])
    found = suggest_nodes(["甲乙己"], bare, known, synonyms={}, k=2)
    # grams of the query: 甲, 乙 and 甲乙 known, 己, 乙己 and 甲乙己 unknown
    w, u = np.log(3 / 2) + 1, np.log(3) + 1
    own = w * w * (1 + 2 / 4) + u * u * (2 + 1 / 4)
    expected = w * w * (1 + 2 / 4) / np.sqrt(own * w * w * (3 + 3 / 4))
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
    assert found.top1.round(3).tolist() == [0.415, 0.407]
    assert (found.top3 < 0.8).all()
    pairs = found.confusion_table()
    assert sum(pairs["n"].to_pylist()) == 258


def test_quality_with_terms_and_both_languages(shipped):
    """The figures of the documentation."""
    table = label_dictionary()
    pairs = dict(
        zip(table["label_zh"].to_pylist(), table["label_en"].to_pylist(), strict=True)
    )
    terms = industry_terms()
    with_terms = suggestion_quality(*shipped, descriptions=terms)
    assert with_terms.top1.round(3).tolist() == [0.733, 0.659]
    both = suggestion_quality(*shipped, descriptions=terms, translations=pairs)
    assert both.top1.round(3).tolist() == [0.8, 0.789]
    assert (both.top3 > 0.87).all()


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_names_that_the_terms_were_not_written_for(shipped, lang):
    """Divisions of the national standard find a node that holds one of their groups."""
    held = industry_tree().data.to_pylist()
    codes = {r["industry"]: (r["gbt4754_2017"] or "").split(";") for r in held}
    rows = []
    for r in classification("gbt4754_2017").data.to_pylist():
        own = [
            n for n, cs in codes.items() if any(c.startswith(r["industry"]) for c in cs)
        ]
        below = [n for n in own if len(n) > 1]
        if str(r["level"]) == "2" and below:
            rows.append((r[f"name_{lang}"], below))
    found = suggest_nodes(
        [name for name, _ in rows], *shipped, lang=lang, descriptions=industry_terms()
    )
    hit = [str(n) in own for n, (_, own) in zip(found.node[:, 0], rows, strict=True)]
    assert len(rows) == 26
    # with the dictionary alone 19 in both: the terms help little on names of this kind
    assert sum(hit) == {"zh": 20, "en": 19}[lang]


def test_two_languages_agree_by_hand():
    known = pa.table(
        {
            "label_zh": ["甲乙丙", "丁戊"],
            "label_en": ["alpha", "beta"],
            "node_ids": ["X11", "X12"],
        }
    )
    bare = tree().select(["industry", "parent", "level"])
    alone = suggest_nodes(["甲乙己"], bare, known, synonyms={}, k=1)
    english = suggest_nodes(["alpha"], bare, known, synonyms={}, lang="en", k=1)
    found = suggest_nodes(
        ["甲乙己"], bare, known, synonyms={}, translations={"甲乙己": "alpha"}, k=1
    )
    expected = 1 - (1 - alone.score[0, 0]) * (1 - english.score[0, 0])
    assert found.score[0, 0] == pytest.approx(expected)
    assert found.evidence[0, 0] == "alpha"
    assert found.method == "tfidf_zh+en"


def test_several_texts_that_agree_weigh_more():
    # three texts of node 1, of which two read alike, and one of node 2
    known = KnownTexts(
        text=["a", "b", "c", "d"],
        node=np.array([1, 1, 1, 2]),
        rows=np.array([1, 2]),
        starts=np.array([0, 3]),
    )
    score, place = scores(np.array([[0.4, 0.5, 0.5, 0.52]]), known, 4)
    expected = [0.0, 1 - (1 - 0.5) * (1 - 0.3 * 0.4), 0.52, 0.0]
    np.testing.assert_allclose(score, [expected], rtol=1e-14)
    assert place[0].tolist() == [-1, 1, 3, -1]


def test_descriptions_that_cannot_be_used(shipped):
    with pytest.raises(InvalidTableError, match="not in the tree"):
        suggest_nodes(
            ["a"],
            *shipped,
            descriptions=pa.table({"industry": ["?"], "text": ["x"], "lang": ["zh"]}),
        )
    with pytest.raises(InvalidTableError, match="lang"):
        suggest_nodes(
            ["a"],
            *shipped,
            descriptions=pa.table({"industry": ["A11"], "text": ["x"], "lang": ["fr"]}),
        )


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
