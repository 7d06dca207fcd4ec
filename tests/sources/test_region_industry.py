"""Region × industry tables: presets on small copies of their layouts, wide and long."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from agglo.core.errors import OptionError, SourceError
from agglo.sources import read_region_industry
from agglo.sources.presets import PRESETS


@pytest.fixture
def write(tmp_path):
    def put(text: str, name: str = "a.csv"):
        (tmp_path / name).write_text(text, encoding="utf-8")
        return tmp_path / name

    return put


def rows(table, *columns):
    return [tuple(r[c] for c in columns) for r in table.data.to_pylist()]


def test_uk_parquet_keeps_codes_as_text_and_blanks_as_missing(tmp_path):
    path = tmp_path / "bres.parquet"
    pq.write_table(
        pa.table(
            {
                "DATE": [2015.0, 2015.0],
                "GEOGRAPHY_CODE": pa.array(["UKC1", "UKC2"], pa.large_string()),
                "INDUSTRY_CODE": ["01000", "01110"],
                "COUNT": [5000.0, None],
            }
        ),
        path,
    )
    got = read_region_industry(path, preset="uk_bres")
    assert rows(got, "region", "industry", "period", "employment", "flag") == [
        ("UKC1", "01000", "2015", 5000.0, ""),
        ("UKC2", "01110", "2015", None, "m"),
    ]


def test_eurostat_extract_pads_divisions_and_drops_country_rows(write):
    text = (
        "region,nace2,employment\nBelgium,5,9\nProv. Antwerpen,5,4\nLuxembourg,10,3\n"
    )
    got = read_region_industry(write(text, "sbs_2014.csv"), preset="eurostat_sbs")
    assert rows(got, "region", "industry", "employment", "period") == [
        ("Prov. Antwerpen", "05", 4.0, "2014"),
        ("Luxembourg", "10", 3.0, "2014"),
    ]
    assert {r.code for r in got.repairs} == {"leading_zero"}
    assert {n.code for n in got.notes} == {"excluded", "source_note"}


def test_eurostat_sdmx_csv_with_flags(write):
    text = (
        "geo,nace_r2,indic_sb,TIME_PERIOD,OBS_VALUE,OBS_FLAG\n"
        "BE21,C10,V16110,2014,100,\nBE21,C11,V16110,2014,,c\n"
        "BE21,C12,V16110,2014,7,e\nBE21,C12,V12150,2014,999,\nBE22,C10,V16110,2014,: c,\n"
    )
    got = read_region_industry(write(text), preset="eurostat_sbs")
    assert rows(got, "region", "industry", "employment", "flag") == [
        ("BE21", "C10", 100.0, ""),
        ("BE21", "C11", None, "c"),
        ("BE21", "C12", 7.0, ""),
        ("BE22", "C10", None, "c"),
    ]


def test_german_blanks_are_confidential_and_no_occupation_is_its_own_code(write):
    text = "region,occupational_group,year,n\n1001,111,2013,36\n01001,112,2013,\n01001,,2013,9\n"
    got = read_region_industry(write(text), preset="de_ba_occupation")
    assert rows(got, "region", "industry", "employment", "flag") == [
        ("01001", "111", 36.0, ""),
        ("01001", "112", None, "c"),
        ("01001", "not_stated", 9.0, ""),
    ]


CITY = (
    "year,city_cn,city_en,pop,emp_units,A_agri,C_manuf\n"
    "2006,甲市,Jia,100,9,0.5,3\n2006,乙市,Yi,90,8,,2.25\n"
)


def test_chinese_wide_table_in_persons(write):
    got = read_region_industry(write(CITY), preset="china_city_sector")
    assert rows(got, "region", "industry", "employment", "flag") == [
        ("甲市", "A_agri", 5000.0, ""),
        ("乙市", "A_agri", None, "m"),
        ("甲市", "C_manuf", 30000.0, ""),
        ("乙市", "C_manuf", 22500.0, ""),
    ]
    (note,) = [n for n in got.notes if n.code == "missing"]
    assert (note.rows, note.n_rows) == ((2,), 1)


def test_names_become_codes_through_a_key_whose_hash_is_kept(write):
    key = write("city_zh,adcode\n甲市,110000\n", "key.csv")
    with pytest.raises(SourceError, match="乙市") as error:
        read_region_industry(write(CITY), preset="china_city_sector", region_key=key)
    (problem,) = error.value.problems
    assert (problem.code, problem.rows) == ("unknown_code", (2, 2))
    kept = read_region_industry(
        write(CITY), preset="china_city_sector", region_key=key, on_unknown="keep"
    )
    assert set(kept.data["region"].to_pylist()) == {"110000", "乙市"}
    dropped = read_region_industry(
        write(CITY), preset="china_city_sector", region_key=key, on_unknown="drop"
    )
    assert rows(dropped, "region", "industry") == [
        ("110000", "A_agri"),
        ("110000", "C_manuf"),
    ]
    assert [name for name, _ in dropped.origin.files] == ["key.csv", "a.csv"]


def test_renaming_comes_before_the_key_and_is_reported(write):
    key = write("city_zh,adcode\n甲市,110000\n丙市,120000\n", "key.csv")
    got = read_region_industry(
        write(CITY), preset="china_city_sector", region_key=key, rename={"乙市": "丙市"}
    )
    assert set(got.data["region"].to_pylist()) == {"110000", "120000"}
    assert got.repairs[0].code == "renamed"


def test_lost_decimal_points_are_noted_never_changed(write):
    years = range(2008, 2017)
    text = "year,city,J_finance\n" + "".join(
        f"{y},X,{1121 if y == 2014 else 1 + y / 1e4:.4f}\n" for y in years
    )
    got = read_region_industry(
        write(text), layout="wide", region="city", period="year", scale=10_000
    )
    (note,) = [n for n in got.notes if n.code == "lost_decimal"]
    assert note.rows == (7,)
    assert max(got.data["employment"].to_pylist()) == 11_210_000


def test_bad_cells_of_a_wide_table_name_their_column_and_row(write):
    text = "city,year,A,B\nX,2010,1,two\nY,2010,-1,2\n"
    with pytest.raises(SourceError) as error:
        read_region_industry(write(text), layout="wide", region="city", period="year")
    found = {p.code: (p.column, p.rows) for p in error.value.problems}
    assert found == {
        "not_a_number": ("B", (1,)),
        "negative_value": ("employment", (2,)),
    }


@pytest.mark.parametrize(
    "options",
    [
        {"preset": "uk_bress"},
        {"layout": "tall"},
        {"on_unknown": "guess"},
        {"measure": "jobs"},
        {"empty": "zero"},
        {"region_system": "us_conty"},
    ],
)
def test_wrong_options_are_refused(write, options):
    with pytest.raises(OptionError):
        read_region_industry(
            write("region,industry,year,employment\na,b,2010,1\n"), **options
        )


def test_a_table_without_industries_or_periods_says_so(write):
    with pytest.raises(SourceError, match="no column is left"):
        read_region_industry(
            write("city,year\nX,2010\n"), layout="wide", region="city", period="year"
        )
    with pytest.raises(SourceError, match="no column of periods"):
        read_region_industry(write("region,industry,employment\na,b,1\n"))
    got = read_region_industry(
        write("region,industry,employment\na,b,1\n"), period="2010"
    )
    assert got.data["period"].to_pylist() == ["2010"]


def test_every_preset_states_its_origin():
    for name, preset in PRESETS.items():
        assert preset.publisher, name
        assert preset.licence, name
        assert preset.citation, name
