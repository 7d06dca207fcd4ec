"""Delimited text: delimiter, header, quoting, width."""

from __future__ import annotations

import csv
import io
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agglo.core.errors import OptionError, SourceError
from agglo.sources.delimited import match_header, open_delimited, pick_columns


@pytest.fixture
def write(tmp_path):
    def put(text: str | bytes, name: str = "a.csv"):
        path = tmp_path / name
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    return put


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_delimiters_and_line_ends(write, mark, end):
    rows = [["region", "jobs", "note"], ["01001", "5", "a b"], ["02", "7", ""]]
    sheet = open_delimited(write(end.join(mark.join(r) for r in rows)))
    assert sheet.delimiter == mark
    assert sheet.header == ("region", "jobs", "note")
    assert sheet.read().to_pydict() == {
        "region": ["01001", "02"],
        "jobs": ["5", "7"],
        "note": ["a b", ""],
    }


def test_the_delimiter_is_the_one_that_fits_all_rows(write):
    text = "a;b\nx, y;1\nz, w;2\n"
    assert open_delimited(write(text)).delimiter == ";"
    with pytest.raises(OptionError, match="delimiter"):
        open_delimited(write(text), delimiter="#")


def test_quoted_newlines_delimiters_and_quotes(write):
    text = 'id,"a ""name"""\n1,"two\nlines, and ""quotes"""\n2,b\n'
    sheet = open_delimited(write(text))
    assert sheet.header == ("id", 'a "name"')
    assert sheet.read()['a "name"'].to_pylist() == ['two\nlines, and "quotes"', "b"]


def test_a_header_may_span_lines_and_follow_blank_ones(write):
    sheet = open_delimited(write('\n\r\n"two\nlines", b \n1,2\n'))
    assert sheet.header == ("two\nlines", "b")
    assert sheet.read(["b"]).to_pydict() == {"b": ["2"]}


def test_byte_order_mark_is_no_part_of_the_first_name(write):
    sheet = open_delimited(write(b"\xef\xbb\xbffips,emp\n01001,3\n"))
    assert sheet.header[0] == "fips"


def test_rows_of_the_wrong_length_are_all_counted(write):
    text = "a,b\n1,2\n1\n3,4\n5,6,7\n"
    with pytest.raises(SourceError, match=r"\[1, 3\] fields") as error:
        open_delimited(write(text)).read()
    (problem,) = error.value.problems
    assert (problem.code, problem.n_rows, problem.rows) == ("ragged_row", 2, (2, 4))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a,b\n", "empty_table"),
        ("a,b", "empty_table"),
        ("\n\n  \n", "empty_file"),
        ('a,"b\n1,2\n', "empty_file"),
        ('a,b\n1,"2\n3,4\n', "malformed_csv"),
    ],
)
def test_files_without_rows_or_with_open_quotes(write, text, code):
    with pytest.raises(SourceError) as error:
        open_delimited(write(text)).read()
    assert error.value.problems[0].code == code


def test_inch_marks_are_text_not_open_quotes(write):
    sheet = open_delimited(write('a,b\n1,12" pizza\n2,x\n'))
    assert sheet.read()["b"].to_pylist() == ['12" pizza', "x"]


def test_a_column_that_stands_twice_is_refused_when_it_is_needed(write):
    sheet = open_delimited(write("a,b,b\n1,2,3\n"))
    assert sheet.read(["a"]).to_pydict() == {"a": ["1"]}
    with pytest.raises(SourceError, match="'b' stands 2 times"):
        sheet.read(["b"])


def test_ten_thousand_columns_are_refused_quickly(write):
    names = [f"column_{i:05d}" for i in range(10_000)]
    row = ",".join("1" for _ in names)
    path = write(",".join(names) + "\n" + "\n".join([row] * 50))
    start = time.perf_counter()
    sheet = open_delimited(path)
    with pytest.raises(SourceError, match="It has 10000") as error:
        pick_columns(sheet.header, {"region": ["fips"]}, where=sheet.name)
    assert time.perf_counter() - start < 2.0
    assert len(str(error.value)) < 2_000


def test_ten_thousand_columns_are_read_for_the_one_that_is_needed(write):
    names = [f"column_{i:05d}" for i in range(9_999)] + ["fips"]
    row = ",".join("1" for _ in names)
    sheet = open_delimited(write(",".join(names) + "\n" + "\n".join([row] * 50)))
    assert sheet.read(["fips"]).num_rows == 50


def test_all_missing_columns_are_listed_with_the_near_name():
    wanted = {"region": ["fips"], "jobs": ["employment"], "x": ["x"]}
    with pytest.raises(SourceError) as error:
        pick_columns(["Fips", "employmnt"], wanted, where="a.csv")
    assert [p.column for p in error.value.problems] == ["employment", "x"]
    assert "Did you mean 'employmnt'?" in error.value.problems[0].fix


def test_an_exact_name_wins_over_one_in_another_case():
    assert match_header(["EMP", "emp"], {"e": ["emp"]}) == {"e": "emp"}
    assert match_header(["n1000 1"], {"e": ["n1000_1"]}) == {"e": "n1000 1"}


cell = st.text(
    st.characters(exclude_categories=["Cs", "Cc"]), max_size=8
) | st.sampled_from(["a,b", "x;y", 'say "hi"', "two\nlines", "", "0001"])


@given(rows=st.lists(st.lists(cell, min_size=3, max_size=3), min_size=1, max_size=20))
def test_what_csv_writes_is_what_we_read(tmp_path_factory, rows):
    out = io.StringIO(newline="")
    csv.writer(out, quoting=csv.QUOTE_ALL).writerows([["a", "b", "c"], *rows])
    path = tmp_path_factory.mktemp("csv") / "a.csv"
    path.write_bytes(out.getvalue().encode())
    table = open_delimited(path, encoding="utf-8").read()
    assert [list(r.values()) for r in table.to_pylist()] == rows
