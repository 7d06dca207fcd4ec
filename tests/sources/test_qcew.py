"""QCEW: annual and quarterly layouts, suppression, owners, levels."""

from __future__ import annotations

import pytest

from agglo.core.errors import OptionError, SourceError
from agglo.sources import read_qcew

ANNUAL = (
    '"area_fips","own_code","industry_code","agglvl_code","size_code","year","qtr",'
    '"disclosure_code","annual_avg_estabs","annual_avg_emplvl","total_annual_wages",'
    '"lq_annual_avg_emplvl"\n'
    '"01000","0","10","50","0","2019","A","",129465,1989555,97168689833,1.0\n'
    '"01000","5","10","51","0","2019","A","",123160,1622460,77855472921,0.96\n'
    '"01000","5","101","52","0","2019","A","",17591,381506,22068391551,1.28\n'
    '"01000","5","31-33","54","0","2019","A","",5000,260000,14000000000,1.5\n'
    '"01000","5","311","55","0","2019","A","",500,30000,1000000,1.4\n'
    '"01000","5","11112","57","0","2019","A","N",1,0,0,0\n'
    '"01000","1","491","55","0","2019","A","",300,4000,200000000,1.1\n'
)
QUARTER = (
    "area_fips,own_code,industry_code,agglvl_code,size_code,year,qtr,disclosure_code,"
    "qtrly_estabs,month1_emplvl,month2_emplvl,month3_emplvl,total_qtrly_wages\n"
    "1001,5,311,75,0,2021,2,,12,100,110,120,900000\n"
    "1003,5,311,75,0,2021,2,N,2,0,0,0,0\n"
)


@pytest.fixture
def write(tmp_path):
    def put(text: str, name: str = "2019.annual.csv"):
        (tmp_path / name).write_text(text)
        return tmp_path / name

    return put


@pytest.mark.parametrize(
    ("options", "industries", "employment"),
    [
        ({"digits": 0}, ["total"], [1622460.0]),
        ({"digits": 2}, ["31-33"], [260000.0]),
        ({"digits": 3}, ["311"], [30000.0]),
        ({}, ["11112"], [None]),
        ({"owner": "total"}, ["total"], [1989555.0]),
        ({"owner": "federal"}, ["491"], [4000.0]),
    ],
)
def test_owner_and_level(write, options, industries, employment):
    got = read_qcew(write(ANNUAL), **options)
    assert got.data["industry"].to_pylist() == industries
    assert got.data["employment"].to_pylist() == employment


def test_suppressed_cells_are_confidential_and_keep_their_establishments(write):
    got = read_qcew(write(ANNUAL))
    (row,) = got.data.to_pylist()
    assert (row["flag"], row["employment"], row["payroll"]) == ("c", None, None)
    assert (row["establishments"], row["employment_lower"]) == (1.0, 0.0)
    assert row["published_lq"] is None
    (note,) = [n for n in got.notes if n.code == "confidential"]
    assert note.rows == (6,)


def test_payroll_is_in_thousands_and_the_published_quotient_is_kept(write):
    (row,) = read_qcew(write(ANNUAL), digits=3).data.to_pylist()
    assert (row["payroll"], row["published_lq"]) == (1000.0, 1.4)


def test_quarterly_files_average_the_months(write):
    got = read_qcew(write(QUARTER, "2021.q2.csv"))
    assert got.data["period"].to_pylist() == ["2021Q2", "2021Q2"]
    assert got.data["employment"].to_pylist() == [110.0, None]
    assert got.data["region"].to_pylist() == ["01001", "01003"]
    assert got.repairs[0].code == "leading_zero"
    assert got.data["region_version"][0].as_py() == "us_county_2017"


def test_unknown_disclosure_codes_and_absent_levels_are_refused(write):
    with pytest.raises(SourceError, match="disclosure_code"):
        read_qcew(write(ANNUAL.replace('"N"', '"Q"')))
    with pytest.raises(SourceError, match=r"levels \[0, 2, 3, 5\]"):
        read_qcew(write(ANNUAL), digits=4)
    with pytest.raises(OptionError, match="Did you mean 'private'"):
        read_qcew(write(ANNUAL), owner="privat")


def test_missing_columns_are_listed_together(write):
    with pytest.raises(SourceError) as error:
        read_qcew(write("area_fips,year,annual_avg_emplvl\n01000,2019,1\n"))
    assert [p.column for p in error.value.problems] == [
        "own_code",
        "industry_code",
        "disclosure_code",
    ]
