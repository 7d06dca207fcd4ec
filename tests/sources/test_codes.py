"""Codes: certain repairs, reported; everything else refused."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agglo.core.errors import OptionError
from agglo.sources.codes import (
    SYSTEMS,
    fixed_width,
    naics_version,
    read_codes,
    us_county_version,
)
from agglo.sources.mapping import code_system


def read(words, system=None, **options):
    column = pa.chunked_array([pa.array(words)])
    chosen = SYSTEMS.get(system) if isinstance(system, str) else system
    return read_codes(column, chosen, name="code", where="a.csv", **options)


def test_one_lost_zero_of_a_county_is_put_back_and_reported():
    got = read(["1001", "56045", "1003"], "us_county")
    assert got.codes.to_pylist() == ["01001", "56045", "01003"]
    (repair,) = got.repairs
    assert (repair.code, repair.rows, repair.n_rows) == ("leading_zero", (1, 3), 2)


@pytest.mark.parametrize(
    ("word", "code"),
    [
        ("101", "malformed_code"),  # two zeros may be lost, or a digit
        ("3001", "impossible_code"),  # 03 is no state
        ("99001", "impossible_code"),
        ("01000", "impossible_code"),
        ("abcde", "malformed_code"),
        ("", "null_key"),
    ],
)
def test_what_is_not_certain_is_refused(word, code):
    got = read(["01001", word], "us_county")
    if word == "3001":
        code = "malformed_code"  # the zero is not put back, so four digits stay
    assert [p.code for p in got.problems] == [code]
    assert got.problems[0].rows == (2,)
    assert not got.repairs


def test_with_a_code_list_more_zeros_come_back_but_only_to_known_codes():
    system = fixed_width("six", 6)
    got = read(["11", "12"], system, known={"000011"})
    assert got.codes.to_pylist()[0] == "000011"
    assert [p.code for p in got.problems] == ["malformed_code"]


def test_systems_of_mixed_length_never_gain_a_zero():
    got = read(["11", "111", "31-33", "311221"], "naics")
    assert got.codes.to_pylist() == ["11", "111", "31-33", "311221"]
    assert not got.repairs
    assert read(["011"], "naics").problems[0].code == "malformed_code"


@pytest.mark.parametrize(
    "word",
    [
        "1.1E+10",
        "1E+05",
        "01-Nov",
        "Nov-01",
        "2011-11-01",
        "1/2/2011",
        "#N/A",
        "3-Mar-11",
    ],
)
def test_what_a_spreadsheet_made_of_a_code_is_refused(word):
    for system in (None, "naics"):
        (problem,) = read(["111", word], system).problems
        assert problem.code == "excel_damage"
        assert "text" in problem.fix


def test_codes_that_only_look_damaged_are_fine_when_they_are_known():
    assert not read(["1E+05"], None, known={"1E+05"}).problems


def test_numbers_and_dashes_are_mended():
    got = read(["311.0", "44–45"], "naics")
    assert got.codes.to_pylist() == ["311", "44-45"]
    assert sorted(r.code for r in got.repairs) == ["code_as_number", "dash"]


def test_typed_columns_become_text():
    assert read([1001, 1003], "us_county").codes.to_pylist() == ["01001", "01003"]
    assert read([2015.0, 2016.0]).codes.to_pylist() == ["2015", "2016"]


def test_digits_name_a_system_and_typos_are_met():
    assert code_system("5").pattern == r"\d{5}"
    with pytest.raises(OptionError, match="Did you mean 'naics'"):
        code_system("naisc")


@pytest.mark.parametrize(
    ("codes", "version"),
    [
        ({"01001"}, "us_county_2017"),
        ({"46113"}, "us_county_2010"),
        ({"46102", "02261"}, "us_county_2017"),
        ({"46102", "02063"}, "us_county_2020"),
        ({"09110", "02063"}, "us_county_2022"),
    ],
)
def test_county_version_comes_from_the_codes(codes, version):
    assert us_county_version(codes) == version


@pytest.mark.parametrize(
    ("codes", "year", "version"),
    [
        (["511110"], 2021, "naics_2017"),
        (["513110"], 2022, "naics_2022"),
        (["111110"], 2023, "naics_2022"),
        (["111110"], 2012, "naics_2012"),
        (["111110"], 2008, "naics_2007"),
        (["111110"], 2003, "naics_2002"),
        (["111110"], 1999, "naics_1997"),
    ],
)
def test_naics_version_comes_from_codes_and_year(codes, year, version):
    assert naics_version(codes, year) == version


@given(st.lists(st.integers(0, 99999).map(lambda n: f"{n:05d}"), min_size=1))
def test_whole_codes_pass_unchanged(codes):
    got = read(codes, fixed_width("five", 5))
    assert got.codes.to_pylist() == codes
    assert not got.repairs
    assert not got.problems


@given(
    st.lists(
        st.integers(1, 56).flatmap(
            lambda s: st.integers(1, 840).map(lambda c: f"{s:02d}{c:03d}")
        ),
        min_size=1,
    )
)
def test_losing_the_zero_and_reading_is_the_identity(codes):
    codes = [c for c in codes if SYSTEMS["us_county"].possible(c)]
    stripped = [c.removeprefix("0") for c in codes]
    got = read([*stripped, "01001"], "us_county")
    assert got.codes.to_pylist() == [*codes, "01001"]
