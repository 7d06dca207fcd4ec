"""Findings in two languages: the form, who reads it, and a check that sees what is missing."""

import pytest

from agglo.core.errors import RunError
from agglo.studies.bilingual import bilingual, in_words, typeset
from agglo.studies.contract import Finding, spoken
from agglo.studies.report import FindingList
from tests.studies.harness import KEYS, language_faults

CHINESE = {"single_core": "单核心", "cores": "核心", "nodes": "核心"}


def speak(lang):
    zh = lang == "zh"
    return [
        Finding(
            id="F1",
            question="有几个核心？" if zh else "How many cores?",
            answer="一个。" if zh else "One.",
            estimate={"cores": ["C01"], "verdict": "single_core"},
            null=0.5,
            reading="按层级判断。" if zh else "Judged by tiers.",
            truth={"planted": 1.0, "inside_interval": True},
        )
    ]


@pytest.fixture
def found():
    word = {**CHINESE, "verdict": "判断"}
    return bilingual(speak, lambda name: word.get(name, name))


def test_the_ten_keys_are_english_and_the_chinese_stands_beside(found):
    (one,) = found
    assert tuple(one)[:10] == KEYS
    assert one["answer"] == "One."
    assert one["answer_zh"] == "一个。"
    assert one["estimate_zh"] == {"核心": ["C01"], "判断": "单核心"}
    assert one["truth_zh"] == {"预设值": 1.0, "落在置信区间内": True}
    # a number has no words to translate
    assert "null_zh" not in one
    assert not language_faults(found)


def test_readers_take_the_language_they_ask_for(found):
    (one,) = found
    assert spoken(one, "question", "en") == "How many cores?"
    assert spoken(one, "question", "zh") == "有几个核心？"
    assert spoken(one, "null", "zh") == 0.5
    assert spoken({"answer": "One."}, "answer", "zh") == "One."
    page = FindingList(findings=(one,)).to_html("zh")
    for text in ("一个。", "落在置信区间内：是", "判断：单核心"):
        assert text in page
    assert "inside" not in page
    assert "inside interval: yes" in FindingList(findings=(one,)).to_html("en")


@pytest.mark.parametrize(
    ("written", "set_"),
    [
        ("行业40 (I39) 靠近 行业28 (I27)，效应 0.642", "行业40（I39）靠近行业28（I27），效应 0.642"),
        ("寄生（强） 的 p 值 0.15", "寄生（强）的 p 值 0.15"),
        ("生成市C05 (0.06; 0.01 – 0.1); 中位数", "生成市C05（0.06；0.01 – 0.1）；中位数"),
        # numbers, intervals and functions stay as they are
        ("指数为 0.632：D(0) = 0.419, [0.2, 0.5]", "指数为 0.632：D(0) = 0.419, [0.2, 0.5]"),
    ],
)  # fmt: skip
def test_chinese_is_set_with_chinese_brackets_and_stops(written, set_):
    assert typeset(written) == set_


def test_two_names_with_one_chinese_keep_both_numbers():
    told = in_words({"cores": 1, "nodes": 2}, lambda name: CHINESE.get(name, name))
    assert told == {"核心": 1, "核心（nodes）": 2}


def test_languages_that_give_other_findings_are_refused():
    with pytest.raises(RunError, match="differ"):
        bilingual(lambda lang: speak(lang) if lang == "en" else [])


@pytest.mark.parametrize(
    ("key", "value", "fault"),
    [
        ("answer_zh", None, "no Chinese text"),
        ("answer_zh", "", "empty"),
        ("answer_zh", "One.", "no Chinese in it"),
        ("answer_zh", "只有一个，because it is so", "English left"),
        ("answer_zh", "只有一个 (C01)。", "Latin stops"),
        ("answer_zh", "一个; 两个。", "Latin stops"),
        ("answer_zh", "一个 两个。", "Latin stops"),
        ("answer_zh", "一个（–）。", "a gap"),
        ("answer", "One (–).", "a gap"),
        ("answer", "一个。", "Chinese in the English text"),
        ("truth_zh", None, "names without"),
        ("truth_zh", {"inside_interval": True}, "English left"),
    ],
)
def test_the_check_sees_what_is_missing(found, key, value, fault):
    (one,) = found
    one = {k: v for k, v in one.items() if k != key}
    if value is not None:
        one[key] = value
    assert any(fault in f for f in language_faults([one]))


def test_names_may_stand_in_any_text(found):
    (one,) = found
    one = {**one, "answer": "One: 生成市C01."}
    assert language_faults([one])
    assert not language_faults([one], names=("生成市C01",))
