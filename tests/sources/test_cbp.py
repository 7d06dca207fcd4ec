"""County Business Patterns: the published layouts of three periods, by hand."""

from __future__ import annotations

import pytest

from agglo.core.errors import OptionError, SourceError
from agglo.sources import read_cbp

SIZES = "n<5,n5_9,n10_19,n20_49,n50_99,n100_249,n250_499,n500_999,n1000,n1000_1,n1000_2,n1000_3,n1000_4"
# cbp21co.txt: noise flags, no size flag, "N" where a class has fewer than three
LAYOUT_2021 = (
    "fipstate,fipscty,naics,emp_nf,emp,qp1_nf,qp1,ap_nf,ap,est," + SIZES + "\n"
    "01,001,------,G,11200,G,90000,G,380000,900,500,200,100,60,30,8,2,N,N,N,N,N,N\n"
    "01,001,11----,H,68,H,1000,H,4563,7,4,N,N,N,N,N,N,N,N,N,N,N,N\n"
    "01,001,113///,H,68,H,1000,H,4563,7,4,N,N,N,N,N,N,N,N,N,N,N,N\n"
    "01,001,1133//,H,68,H,1000,H,4563,7,4,N,N,N,N,N,N,N,N,N,N,N,N\n"
    "01,001,11331/,H,68,H,1000,H,4563,7,4,N,N,N,N,N,N,N,N,N,N,N,N\n"
    "01,001,113310,H,68,H,1000,H,4563,7,4,N,N,N,N,N,N,N,N,N,N,N,N\n"
    "01,001,31----,G,3000,G,9,G,120000,40,10,5,10,5,5,3,2,N,N,N,N,N,N\n"
    "01,001,311811,J,16,J,9,J,544,7,5,N,N,N,N,N,N,N,N,N,N,N,N\n"
    "01,001,44----,G,3000,G,9,G,120000,40,10,5,10,5,5,3,2,N,N,N,N,N,N\n"
    "01,001,445110,D,0,D,0,D,0,6,3,3,N,N,N,N,N,N,N,N,N,N,N\n"
    "01,999,541110,S,0,S,0,S,0,4,N,3,N,N,N,N,N,N,N,N,N,N,N\n"
)
# cbp12co.txt: size flag for withheld cells, all size classes published
LAYOUT_2012 = (
    "fipstate,fipscty,naics,empflag,emp_nf,emp,qp1_nf,qp1,ap_nf,ap,est,"
    + SIZES.replace("n<5", "n1_4")
    + ",censtate,cencty\n"
    '"02","013","311710","E","D",0,"D",0,"D",0,5,1,0,1,1,1,1,0,0,0,0,0,0,0,94,013\n'
    '"02","013","487210","A","S",0,"D",0,"D",0,2,2,0,0,0,0,0,0,0,0,0,0,0,0,94,013\n'
    '"02","016","488320","","G",140,"G",1500,"G",6000,3,0,1,0,1,0,1,0,0,0,0,0,0,0,94,016\n'
    '"02","016","622110","M","D",0,"D",0,"D",0,1,0,0,0,0,0,0,0,0,1,0,0,0,1,94,016\n'
)


@pytest.fixture
def write(tmp_path):
    def put(text: str, name: str):
        (tmp_path / name).write_text(text)
        return tmp_path / name

    return put


def rows(table, *columns):
    return [tuple(r[c] for c in columns) for r in table.data.to_pylist()]


def test_published_layout_2021_at_six_digits(write):
    got = read_cbp(write(LAYOUT_2021, "cbp21co.txt"))
    assert rows(got, "region", "industry", "employment", "flag", "noise_flag") == [
        ("01001", "113310", 68.0, "", "H"),
        ("01001", "311811", 16.0, "", "J"),
        ("01001", "445110", None, "c", "D"),
        ("01999", "541110", None, "c", "S"),
    ]
    assert set(got.data["period"].to_pylist()) == {"2021"}
    assert {n.code for n in got.notes} == {
        "level_chosen",
        "confidential",
        "absent_not_zero",
        "statewide",
    }


def test_withheld_cells_keep_establishments_and_lose_payroll(write):
    got = read_cbp(write(LAYOUT_2021, "cbp21co.txt"))
    assert rows(got, "establishments", "payroll")[2:] == [(6.0, None), (4.0, None)]


def test_size_classes_bound_withheld_cells(write):
    got = read_cbp(write(LAYOUT_2021, "cbp21co.txt"))
    bounds = rows(got, "employment_lower", "employment_upper")
    # three under 5 and three with 5 to 9: all six establishments are accounted for
    assert bounds[2] == (15.0, 39.0)
    # three with 5 to 9; the fourth lies in a class that is not published, up to 5000+
    assert bounds[3] == (15.0, None)
    assert bounds[:2] == [(None, None)] * 2


def test_published_layout_2012_with_size_flags(write):
    got = read_cbp(write(LAYOUT_2012, "cbp12co.txt"))
    assert rows(got, "region", "industry", "employment", "flag") == [
        ("02013", "311710", None, "c"),
        ("02013", "487210", None, "c"),
        ("02016", "488320", 140.0, ""),
        ("02016", "622110", None, "c"),
    ]
    assert rows(got, "employment_lower", "employment_upper") == [
        (250.0, 420.0),  # flag E says 250 to 499, the classes 180 to 420
        (0.0, 8.0),  # flag A says up to 19, two under five up to 8
        (None, None),
        (100_000.0, None),  # flag M
    ]
    assert got.data["industry_version"][0].as_py() == "naics_2012"
    assert "absent_not_zero" not in {n.code for n in got.notes}


@pytest.mark.parametrize(
    ("digits", "industries"),
    [
        (0, ["total"]),
        (2, ["11", "31-33", "44-45"]),
        (3, ["113"]),
        (4, ["1133"]),
        (5, ["11331"]),
        (6, ["113310", "311811", "445110", "541110"]),
    ],
)
def test_every_level_of_the_dashed_codes(write, digits, industries):
    got = read_cbp(write(LAYOUT_2021, "cbp21co.txt"), digits=digits)
    assert got.data["industry"].to_pylist() == industries


def test_a_level_that_is_not_there_lists_those_that_are(write):
    path = write(LAYOUT_2012, "cbp12co.txt")
    with pytest.raises(SourceError, match=r"no 3-digit.*only \[6\]"):
        read_cbp(path, digits=3)
    for wrong in (1, 7, -2):
        with pytest.raises(OptionError, match="digits"):
            read_cbp(path, digits=wrong)


def test_state_files_take_all_legal_forms_together(write):
    text = (
        "fipstate,lfo,naics,emp_nf,emp,ap_nf,ap,est\n"
        "01,-,311811,G,400,G,9000,20\n01,C,311811,G,300,G,8000,9\n"
    )
    got = read_cbp(write(text, "cbp20st.txt"))
    assert rows(got, "region", "employment", "region_version") == [
        ("01", 400.0, "us_state")
    ]


def test_numbers_instead_of_codes_are_mended_and_reported(write):
    text = "fipstate,fipscty,naics,emp,ap,est\n1,1,311811,4,90,3\n2,16,311811,5,80,4\n"
    got = read_cbp(write(text, "cbp15co.txt"))
    assert got.data["region"].to_pylist() == ["01001", "02016"]
    assert [(r.code, r.n_rows) for r in got.repairs] == [("leading_zero", 2)]


def test_zeros_that_cannot_be_are_withheld_cells(write):
    text = "fips,naics,emp,est,payroll_kusd\n01001,3399,0,3,0\n01001,7225,0,3,33\n"
    got = read_cbp(write(text, "cbp_county_naics4_2017.csv"))
    assert rows(got, "employment", "flag") == [(None, "c"), (0.0, "")]
    assert [(r.code, r.rows) for r in got.repairs] == [("suppressed_zero", (1,))]


def test_several_years_are_one_table_and_mixed_versions_are_refused(write):
    line = "fips,naics,emp,est,payroll_kusd\n{},311811,4,3,9\n"
    a = write(line.format("02261"), "cbp_2018.csv")
    b = write(line.format("02261"), "cbp_2019.csv")
    c = write(line.format("02063"), "cbp_2020.csv")
    assert read_cbp([a, b]).data["period"].to_pylist() == ["2018", "2019"]
    with pytest.raises(SourceError, match=r"us_county_2017.*us_county_2020") as error:
        read_cbp([a, c])
    assert error.value.problems[0].code == "mixed_version"
    with pytest.raises(SourceError, match="naics_2012"):
        read_cbp([a, write(line.format("02261"), "cbp_2016.csv")])


def test_the_year_is_asked_for_when_the_name_hides_it(write):
    path = write("fips,naics,emp\n01001,311811,4\n", "download.csv")
    with pytest.raises(SourceError, match="pass period"):
        read_cbp(path)
    assert read_cbp(path, period="2019").data["period"].to_pylist() == ["2019"]


def test_row_numbers_are_those_of_the_file(write):
    text = LAYOUT_2021.replace("16,J,9,J,544", "xx,J,9,J,544")
    with pytest.raises(SourceError) as error:
        read_cbp(write(text, "cbp21co.txt"))
    (problem,) = error.value.problems
    assert (problem.code, problem.rows, problem.column) == ("not_a_number", (8,), "emp")


def test_every_problem_of_a_file_is_in_one_error(write):
    text = (
        "fips,naics,emp,est\n"
        "01001,311811,4,3\n"
        "01001,311811,5,3\n"
        "01003,31181X,6,3\n"
        "99999,311811,7,3\n"
        "01005,311811,-8,3\n"
        "01007,01-Nov,9,3\n"
        "01009,311811,inf,3\n"
        "01011,311811,many,3\n"
    )
    with pytest.raises(SourceError) as error:
        read_cbp(write(text, "cbp_2021.csv"))
    assert {p.code: p.rows for p in error.value.problems} == {
        "duplicate_key": (1, 2),
        "malformed_code": (3,),
        "impossible_code": (4,),
        "negative_value": (5,),
        "excel_damage": (6,),
        "not_finite": (7,),
        "not_a_number": (8,),
    }
    assert {p.where for p in error.value.problems} == {"cbp_2021.csv"}
    assert all(p.fix for p in error.value.problems)
    assert error.value.exit_code == 3


def test_every_bad_file_is_in_one_error(write, tmp_path):
    good = write("fips,naics,emp\n01001,311811,4\n", "cbp_2019.csv")
    short = write("fips,emp\n01001,3\n", "cbp_2020.csv")
    with pytest.raises(SourceError) as error:
        read_cbp([good, short, tmp_path / "cbp_2021.csv"])
    assert [(p.code, p.where) for p in error.value.problems] == [
        ("missing_column", "cbp_2020.csv"),
        ("not_found", "cbp_2021.csv"),
    ]


def test_unknown_flags_are_refused_with_the_known_ones(write):
    size = LAYOUT_2012.replace('"E","D"', '"Q","D"')
    with pytest.raises(SourceError, match=r"'empflag' holds unknown flags \['Q'\]"):
        read_cbp(write(size, "cbp12co.txt"))
    noise = LAYOUT_2021.replace("113310,H", "113310,Z")
    with pytest.raises(SourceError, match=r"'emp_nf' holds unknown flags \['Z'\]"):
        read_cbp(write(noise, "cbp21co.txt"))


def test_bounds_that_contradict_each_other_leave_the_flag_alone(write):
    # flag A says up to 19, one establishment with 1,000 or more says the opposite
    text = LAYOUT_2012.replace(
        '"A","S",0,"D",0,"D",0,2,2,', '"A","S",0,"D",0,"D",0,2,1,'
    )
    text = text.replace(
        ",0,2,1,0,0,0,0,0,0,0,0,0,0,0,0", ",0,2,1,0,0,0,0,0,0,0,1,1,0,0,0"
    )
    got = read_cbp(write(text, "cbp12co.txt"))
    (row,) = [r for r in got.data.to_pylist() if r["industry"] == "487210"]
    assert (row["employment_lower"], row["employment_upper"]) == (0.0, 19.0)
