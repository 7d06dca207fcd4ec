"""BEA input-output: coefficients on paper, identities, refusals."""

from __future__ import annotations

import numpy as np
import pytest

from agglo.core.errors import OptionError, SourceError
from agglo.sources import read_bea_io

USE = (
    '"","A","B","T001","F01000","T019"\n'
    '"A",1,2,3,5,8\n'
    '"B",3,0,3,1,4\n'
    '"N",1,1,2,0,2\n'
    '"T005",5,3,8,,\n'
    '"V00100",3,1,4,,\n'
    '"T018",8,4,12,,\n'
)
# A makes 6 of the 8 of commodity A and all of... nothing of B; N is made by nobody
SUPPLY = (
    '"","A","B","T007","MCIF"\n"A",6,2,8,0\n"B",0,2,2,2\n"N",0,0,0,2\n"T017",6,4,10,\n'
)
CROSSWALK = (
    "BEA_2017_Detail_Code,NAICS_2017_Code\n"
    "A,11\nA,111110\nB,111120\nA,111130\nB,111130\nF01000,814110\nA,\nA,111110\n"
)


@pytest.fixture
def write(tmp_path):
    def put(text: str, name: str):
        (tmp_path / name).write_text(text)
        return tmp_path / name

    return put


def matrix(table, column):
    return {
        (r["seller"], r["buyer"]): r[column]
        for r in table.data.to_pylist()
        if r[column]
    }


def test_commodity_by_industry_on_paper(write):
    (got,) = read_bea_io(write(USE, "use_2017.csv"))
    assert matrix(got, "value") == {
        ("A", "A"): 1,
        ("A", "B"): 2,
        ("B", "A"): 3,
        ("N", "A"): 1,
        ("N", "B"): 1,
    }
    assert matrix(got, "direct_requirement")["B", "A"] == 3 / 8
    assert matrix(got, "seller_share")["A", "B"] == 2 / 3
    assert matrix(got, "buyer_share")["A", "B"] == 2 / 3
    assert got.data["io_version"][0].as_py() == "bea_detail_2017_commodity"


def test_industry_by_industry_assigns_commodities_to_their_makers(write):
    (got,) = read_bea_io([write(USE, "use_2017.csv"), write(SUPPLY, "supply_2017.csv")])
    # D = [[6/8, 0], [2/8, 1]], U = [[1, 2], [3, 0]] without the imported N
    value = matrix(got, "value")
    assert value == {
        ("A", "A"): 0.75,
        ("A", "B"): 1.5,
        ("B", "A"): 3.25,
        ("B", "B"): 0.5,
    }
    share = matrix(got, "buyer_share")
    assert share["A", "A"] + share["B", "A"] == pytest.approx(4 / 5)  # N has no seller
    sold = matrix(got, "seller_share")
    assert sold["A", "A"] + sold["A", "B"] == pytest.approx(1)
    (note,) = [n for n in got.notes if n.code == "no_domestic_maker"]
    assert "2 million (20.0" not in note.what
    assert "25.0 %" in note.what or "'N'" in note.what


def test_the_kind_can_be_chosen_and_needs_its_tables(write):
    use, supply = write(USE, "use_2017.csv"), write(SUPPLY, "supply_2017.csv")
    (plain,) = read_bea_io([use, supply], kind="commodity_by_industry")
    assert "commodity" in plain.data["io_version"][0].as_py()
    with pytest.raises(SourceError, match="supply table"):
        read_bea_io(use, kind="industry_by_industry")
    with pytest.raises(OptionError, match="kind"):
        read_bea_io(use, kind="both")


def test_the_crosswalk_splits_by_output(write):
    crosswalk = write(CROSSWALK, "crosswalk.csv")
    _, links = read_bea_io([write(USE, "use_2017.csv"), crosswalk])
    got = {(r["source"], r["target"]): r["weight"] for r in links.data.to_pylist()}
    assert got == {
        ("111110", "A"): 1.0,
        ("111120", "B"): 1.0,
        ("111130", "A"): 8 / 12,
        ("111130", "B"): 4 / 12,
    }
    (alone,) = read_bea_io(crosswalk)
    assert alone.data["weight"].to_pylist() == [1.0, 1.0, 0.5, 0.5]


def test_lost_rows_show_in_the_totals(write):
    text = USE.replace('"B",3,0,3,1,4\n', "").replace('"T005",5,3', '"T005",5000,3')
    with pytest.raises(SourceError) as error:
        read_bea_io(write(text, "use_2017.csv"))
    assert [p.code for p in error.value.problems] == ["identity_broken"]


def test_problems_are_collected(write):
    text = USE.replace('"A",1,2', '"A",one,2').replace('"N",1', '"A",1')
    with pytest.raises(SourceError) as error:
        read_bea_io([write(text, "use_2017.csv"), write("a,b\n1,2\n", "other.csv")])
    assert {p.code for p in error.value.problems} == {
        "not_a_number",
        "duplicate_key",
        "unknown_layout",
    }


def test_the_year_must_be_known(write):
    with pytest.raises(SourceError, match="pass period"):
        read_bea_io(write(USE, "use.csv"))
    (got,) = read_bea_io(write(USE, "use.csv"), period="2012")
    assert got.data["period"][0].as_py() == "2012"


def test_a_gross_output_series_that_differs_is_noted(write):
    output = '"","2016","2017"\n"A",7,8\n"B",4,9\n'
    (got,) = read_bea_io([write(USE, "use_2017.csv"), write(output, "output_2017.csv")])
    (note,) = [n for n in got.notes if n.code == "output_differs"]
    assert "1 of 2" in note.what


def test_no_output_means_no_coefficient_not_zero(write):
    text = USE.replace('"T018",8,4,12', '"T018",8,0,12')
    (got,) = read_bea_io(write(text, "use_2017.csv"))
    by = {
        (r["seller"], r["buyer"]): r["direct_requirement"] for r in got.data.to_pylist()
    }
    assert by["A", "B"] is None
    np.testing.assert_allclose(by["A", "A"], 1 / 8)
