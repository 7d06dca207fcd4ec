"""Any table file with a column map: CSV, Parquet, Excel, Stata."""

from __future__ import annotations

import datetime as dt

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from agglo.core.errors import MissingExtraError, OptionError, SourceError
from agglo.sources import read_table, tabular
from agglo.sources.tabular import open_table

MAP = {"region": "kreis", "industry": "wz", "employment": "jobs"}


@pytest.fixture
def write(tmp_path):
    def put(text: str | bytes, name: str = "a.csv"):
        data = text if isinstance(text, bytes) else text.encode()
        (tmp_path / name).write_bytes(data)
        return tmp_path / name

    return put


def read(path, **options):
    options.setdefault("columns", MAP)
    options.setdefault("constants", {"period": "2021"})
    return read_table(path, table="activity", **options)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_semicolons_decimal_commas_and_thousands(write, encoding):
    text = "kreis;wz;jobs;Straße\n01001;C28;1.200,5;ä\n01002;C28;7;ö\n"
    got = read(write(text.encode(encoding)))
    assert got.data["employment"].to_pylist() == [1200.5, 7.0]


def test_numbers_that_could_mean_two_things_are_asked_about(write):
    path = write('kreis,wz,jobs\n01001,C28,"1,234"\n')
    with pytest.raises(SourceError, match="decimal="):
        read(path)
    assert read(path, decimal=".").data["employment"].to_pylist() == [1234.0]
    assert read(path, decimal=",").data["employment"].to_pylist() == [1.234]


def test_filters_scale_words_and_further_columns(write):
    text = (
        "kreis,wz,jobs,what,remark,lq\n01001,C28,1.5,emp,a,1.2\n01001,C28,9,wages,b,\n"
        "01002,C28,geheim,emp,c,0.5\n01003,C28,k.A.,emp,d,\n"
    )
    got = read(
        write(text),
        columns={**MAP, "note": "remark", "published_lq": "lq"},
        filters={"what": "emp"},
        scale={"employment": 1000},
        confidential=["Geheim"],
        missing=["k.A."],
    )
    assert got.data["employment"].to_pylist() == [1500.0, None, None]
    assert got.data["flag"].to_pylist() == ["", "c", "m"]
    assert got.data["note"].to_pylist() == ["a", "c", "d"]
    assert got.data["published_lq"].to_pylist() == [1.2, 0.5, None]
    assert [n.rows for n in got.notes if n.code == "confidential"] == [(3,)]


def test_columns_with_the_right_names_need_no_map(write):
    text = "region,industry,period,employment,flag\na,x,2020,5,\na,y,2020,,c\n"
    got = read_table(write(text), table="activity")
    assert got.data["flag"].to_pylist() == ["", "c"]


def test_empty_cells_mean_what_the_caller_says(write):
    path = write("kreis,wz,jobs\n01001,C28,\n")
    assert read(path).data["flag"].to_pylist() == ["m"]
    assert read(path, empty="confidential").data["flag"].to_pylist() == ["c"]


def test_parquet_of_any_type(tmp_path):
    path = tmp_path / "a.parquet"
    pq.write_table(
        pa.table(
            {
                "kreis": pa.array([1001, 1002]),
                "wz": pa.array(["C28", "C29"]).dictionary_encode(),
                "jobs": pa.array([1.5, None], pa.float32()),
            }
        ),
        path,
    )
    got = read(path, code_systems={"region": "5"})
    assert got.data["region"].to_pylist() == ["01001", "01002"]
    assert got.data["industry"].to_pylist() == ["C28", "C29"]
    assert got.data["employment"].to_pylist() == [1.5, None]


def test_excel_through_calamine(tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    pytest.importorskip("python_calamine")
    book = openpyxl.Workbook()
    book.active.title = "readme"
    book.active.append(["nothing here"])
    sheet = book.create_sheet("data")
    for row in (
        [],
        ["kreis", "wz", "jobs"],
        [1001, "C28", 12.0],
        ["01002", "C28", "D"],
    ):
        sheet.append(row)
    path = tmp_path / "a.xlsx"
    book.save(path)
    got = read(path, sheet="data", code_systems={"region": "5"})
    assert got.data["region"].to_pylist() == ["01001", "01002"]
    assert got.data["flag"].to_pylist() == ["", "c"]
    with pytest.raises(OptionError, match="Did you mean 'data'"):
        read(path, sheet="dat")
    with pytest.raises(SourceError, match="no column 'kreis'"):
        read(path)


def test_a_code_that_excel_took_for_a_date_is_refused(tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    pytest.importorskip("python_calamine")
    book = openpyxl.Workbook()
    book.active.append(["kreis", "wz", "jobs"])
    book.active.append(["01001", dt.datetime(2011, 11, 1), 4])
    path = tmp_path / "a.xlsx"
    book.save(path)
    with pytest.raises(SourceError) as error:
        read(path)
    assert [p.code for p in error.value.problems] == ["excel_damage"]


def test_stata_with_value_labels(tmp_path):
    pandas = pytest.importorskip("pandas")
    path = tmp_path / "a.dta"
    frame = pandas.DataFrame(
        {
            "kreis": ["01001", "01002"],
            "wz": pandas.Categorical(["C28", "C29"]),
            "jobs": [1.0, float("nan")],
        }
    )
    frame.to_stata(path, write_index=False)
    got = read(path)
    assert got.data["industry"].to_pylist() == ["C28", "C29"]
    assert got.data["flag"].to_pylist() == ["", "m"]


@pytest.mark.parametrize("name", ["a.parquet", "a.xlsx", "a.dta"])
def test_files_that_are_not_what_their_name_says(write, name):
    with pytest.raises(SourceError) as error:
        open_table(write(b"kreis,wz,jobs\n1,2,3\n" * 50, name))
    assert error.value.problems[0].code == "corrupt_file"


def test_a_missing_extra_says_how_to_get_it(monkeypatch, write):
    def absent(name):
        raise ImportError(name)

    monkeypatch.setattr(tabular.importlib, "import_module", absent)
    with pytest.raises(MissingExtraError, match=r"agglo\[excel\]"):
        open_table(write(b"x", "a.xlsx"))


def test_all_missing_columns_at_once_mapped_or_needed(write):
    with pytest.raises(SourceError) as error:
        read(write("kreis,branch\n1,2\n"), constants={})
    assert [p.column for p in error.value.problems] == ["wz", "jobs", "period"]
    assert {p.code for p in error.value.problems} == {"missing_column"}


def test_typos_in_the_map_are_met(write):
    path = write("kreis,wz,jobs\n01001,C28,1\n")
    typo = {"regoin": "kreis", "industry": "wz", "employment": "jobs"}
    with pytest.raises(OptionError, match="Did you mean 'region'"):
        read(path, columns=typo)
    with pytest.raises(OptionError, match="Did you mean 'activity'"):
        read_table(path, table="activty")


def test_a_panel_takes_what_the_file_has(write):
    text = "city,year,patents,gdp,name\nA,2019,3,1.5,x\nB,2019,,2.5,y\n"
    got = read_table(
        write(text),
        table="panel",
        columns={
            "region": "city",
            "period": "year",
            "patents": "patents",
            "gdp": "gdp",
        },
        title="City panel",
        licence="own",
    )
    assert got.data["patents"].to_pylist() == [3.0, None]
    assert (got.origin.title, got.origin.licence) == ("City panel", "own")


def test_two_files_whose_further_columns_differ_in_type(write):
    a = write("region,period,batch\nA,2019,1\n", "a.csv")
    b = write("region,period,batch\nA,2020,pilot\n", "b.csv")
    got = read_table([a, b], table="panel", columns={"batch": "batch"})
    assert got.data["batch"].to_pylist() == ["1", "pilot"]


def test_frames_of_every_kind_leave(write):
    got = read(write("kreis,wz,jobs\n01001,C28,1\n"))
    assert got.to_frame() is got.data
    pandas = pytest.importorskip("pandas")
    assert isinstance(got.to_frame("pandas"), pandas.DataFrame)
    assert got.n_rows == 1
    assert "sha256" in got.summary()
    assert got.origin.to_dict()["files"][0]["name"] == "a.csv"


def test_bounds_of_the_file_win_over_those_of_the_word(write):
    text = (
        "region,industry,period,employment,flag,employment_lower,employment_upper\n"
        "a,x,2020,,c,5,40\na,y,2020,20-99,,,\na,z,2020,20-99,,30,\n"
    )
    got = read_table(write(text), table="activity")
    assert got.data["employment_lower"].to_pylist() == [5.0, 20.0, 30.0]
    assert got.data["employment_upper"].to_pylist() == [40.0, 99.0, 99.0]


def test_unknown_flags_blank_periods_and_empty_filters_are_refused(write):
    head = "region,industry,period,employment,flag\n"
    with pytest.raises(SourceError) as error:
        read_table(write(head + "a,x,2020,5,wow\na,y,,6,\n"), table="activity")
    assert {p.code: p.rows for p in error.value.problems} == {
        "not_allowed": (1,),
        "null_key": (2,),
    }
    path = write(head + "a,x,2020,5,\n")
    with pytest.raises(SourceError, match=r"the column holds \['2020'\]"):
        read_table(path, table="activity", filters={"period": "2021"})


def test_columns_of_true_and_false_are_read(tmp_path):
    file = tmp_path / "links.csv"
    head = "layer,period,event,origin,destination,weight,directed\n"
    words = ["true", "No", "1", "", "是"]
    file.write_text(
        head + "".join(f"l,2020,{i},a,b,1,{w}\n" for i, w in enumerate(words)),
        encoding="utf-8",
    )
    got = read_table(file, table="link_events").data
    assert got["directed"].to_pylist() == [True, False, True, None, True]
    file.write_text(head + "l,2020,1,a,b,1,perhaps\n")
    with pytest.raises(SourceError, match="neither true nor false"):
        read_table(file, table="link_events")


def test_rows_without_a_name_can_be_named_by_number(write):
    text = "kreis,wz,jobs,what\n01001,C28,1,a\n01002,C28,2,b\n01003,C28,3,a\n"
    got = read(
        write(text),
        constants={"period": "2021", "note": "line {row}"},
        filters={"what": "a"},
    )
    assert got.data["note"].to_pylist() == ["line 1", "line 3"]
