"""Words in number columns: numbers, missing, confidential, bounds, nonsense."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agglo.sources.cells import decimal_mark, parse_cells
from agglo.sources.suppression import (
    CONFIDENTIAL,
    EMPLOYMENT_FLAGS,
    KNOWN,
    MISSING,
    read_word,
)


def column(words):
    return pa.chunked_array([pa.array(words, pa.string())])


def parse(words, **options):
    return parse_cells(column(words), name="emp", where="a.csv", **options)


def test_clean_numbers_take_the_cast():
    got = parse(["12", " 7 ", "", "-1.5", "1e3"])
    np.testing.assert_array_equal(got.values, [12, 7, np.nan, -1.5, 1000])
    assert got.status.tolist() == [0, 0, 1, 0, 0]
    assert got.problems == ()


@pytest.mark.parametrize(
    ("word", "lower", "upper"),
    [
        ("D", None, None),
        ("(S)", None, None),
        ("n", None, None),
        (": c", None, None),
        ("*", None, None),
        ("<5", 0, 4),
        ("≤ 5", 0, 5),
        ("20-99", 20, 99),
        ("1,000 to 2,499", 1000, 2499),
        ("100+", 100, None),
        (">250", 251, None),
    ],
)
def test_suppressed_words_are_confidential_with_their_bounds(word, lower, upper):
    got = parse(["5", word], suppression=True)
    assert got.status.tolist() == [KNOWN, CONFIDENTIAL]
    assert math.isnan(got.values[1])
    for bound, found in ((lower, got.lower[1]), (upper, got.upper[1])):
        assert math.isnan(found) if bound is None else found == bound


def test_a_range_the_wrong_way_round_is_no_range():
    assert read_word("99-20") is None


@pytest.mark.parametrize("word", ["", "NA", "n/a", "..", ":", "-", "NaN", "缺失", "…"])
def test_missing_words_are_missing_not_zero(word):
    got = parse(["1", word, "x" if word == "y" else "2"])
    assert got.status.tolist() == [KNOWN, MISSING, KNOWN]
    assert math.isnan(got.values[1])


def test_quality_flags_keep_the_number_and_are_noted():
    got = parse(["120 e", "13(b)", "7"], suppression=True)
    assert got.values.tolist() == [120, 13, 7]
    assert got.notes[0].code == "quality_flag"
    assert got.notes[0].n_rows == 2


def test_words_of_the_source_win():
    got = parse(
        ["geheim", "k.A.", "1"],
        suppression=True,
        missing=["k.a."],
        confidential=["geheim"],
    )
    assert got.status.tolist() == [CONFIDENTIAL, MISSING, KNOWN]


def test_every_kind_of_bad_cell_is_listed_with_its_rows():
    got = parse(["1", "abc", "inf", "#REF!", "abc", "-inf", "12%"])
    by_code = {p.code: p for p in got.problems}
    assert by_code["not_a_number"].rows == (2, 5, 7)
    assert by_code["not_finite"].rows == (3, 6)
    assert by_code["excel_damage"].rows == (4,)
    assert all(p.fix and p.where == "a.csv" and p.column == "emp" for p in got.problems)


def test_suppression_words_are_no_numbers_where_they_have_no_meaning():
    assert parse(["1", "D"]).problems[0].code == "not_a_number"


@pytest.mark.parametrize(
    ("words", "mark"),
    [
        (["1.5", "2"], "."),
        (["1,5", "2"], ","),
        (["1.234,5"], ","),
        (["1,234.5"], "."),
        (["1,234,567"], "."),
        (["0,5", "1,234"], ","),
        (["1,234"], None),
        (["1,5", "1,234.5"], None),
        (["12345,678"], ","),
    ],
)
def test_the_decimal_mark_comes_from_cells_without_doubt(words, mark):
    assert decimal_mark([column(words)]) == mark


def test_thousands_and_decimals_of_both_kinds():
    point = parse(["1,234.5", "12", "1 234", "1’000", "1\u00a0000"], decimal=".")
    assert point.values.tolist() == [1234.5, 12, 1234, 1000, 1000]
    comma = parse(["1.234,5", "12", "1.000"], decimal=",")
    assert comma.values.tolist() == [1234.5, 12, 1000]


def test_a_cell_that_could_be_either_is_asked_about_not_guessed():
    got = parse(["1,234"], decimal=None)
    assert got.problems[0].code == "not_a_number"
    assert "decimal=" in got.problems[0].fix


def test_misplaced_separators_are_no_numbers():
    assert parse(["1,23"], decimal=".").problems
    assert parse(["12.34,5"], decimal=",").problems


def test_typed_columns_are_numbers_whatever_the_text_rules():
    typed = pa.chunked_array([pa.array([1.5, None, 3.0])])
    got = parse_cells(typed, name="x", where="f", decimal=",")
    np.testing.assert_array_equal(got.values, [1.5, np.nan, 3.0])


def test_employment_classes_follow_each_other_without_gap():
    bounds = list(EMPLOYMENT_FLAGS.values())
    assert bounds[0][0] == 0
    assert bounds[-1][1] == math.inf
    assert all(a[1] + 1 == b[0] for a, b in itertools.pairwise(bounds))


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_numbers_come_back_exactly(numbers):
    got = parse([repr(x) for x in numbers])
    assert got.values.tolist() == numbers


@given(
    st.lists(st.integers(0, 10**9), min_size=1),
    st.sampled_from([",", ".", " ", "’"]),
)
def test_grouped_thousands_come_back_exactly(numbers, group):
    words = [f"{n:,}".replace(",", group) for n in numbers]
    got = parse(words, decimal="," if group == "." else ".")
    assert got.values.tolist() == [float(n) for n in numbers]
