"""A corpus of bad files against every reader: one typed error, complete, nothing half-done."""

from __future__ import annotations

import gzip
import time

import pytest

from agglo.core.errors import SourceError
from agglo.sources import READERS, reader

# the smallest good file of every reader that takes delimited text, and its options
GOOD = {
    "cbp": (
        "fips,naics,emp,est,payroll_kusd\n01001,311811,4,3,90\n",
        {"period": "2021"},
    ),
    "qcew": (
        "area_fips,own_code,industry_code,year,disclosure_code,annual_avg_emplvl\n"
        "01000,5,311,2019,,30\n",
        {},
    ),
    "bea_io": (",A,T001\nA,1,1\nT005,1,1\nT018,4,4\n", {"period": "2017"}),
    "cluster_definitions": ("naics6,traded_local,cluster\n334413,Traded,Semi\n", {}),
    "region_industry": ("region,industry,year,employment\na,x,2020,5\n", {}),
    "regions": ("fips,name,lon,lat\n01001,A,-86,32\n", {}),
    "industries": ("code,title\nC28,Machines\n", {}),
    "china_clusters": (
        "id,source,year,batch,city,adcode,industry_zh,industry_en,status\n"
        "M-1,MIIT,2021,1,甲,110100,业,I,sourced\n",
        {},
    ),
    "table": ("region,industry,period,employment\na,x,2020,5\n", {"table": "activity"}),
}


def test_the_corpus_covers_every_reader():
    # boundaries are no delimited text: test_boundaries
    assert set(GOOD) | {"boundaries"} == set(READERS)


def refused(name: str, path, options) -> SourceError:
    with pytest.raises(SourceError) as error:
        reader(name).read([path], **options)
    assert error.value.problems
    for problem in error.value.problems:
        assert problem.code
        assert problem.what
    assert error.value.exit_code == 3
    return error.value


@pytest.mark.parametrize("name", sorted(GOOD))
class TestEveryReader:
    def test_takes_its_good_file_in_every_encoding(self, name, tmp_path):
        text, options = GOOD[name]
        tables = []
        for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-16-le"):
            path = tmp_path / "a.csv"
            path.write_bytes(text.replace("\n", "\r\n").encode(encoding))
            tables.append(reader(name).read([path], **options)[0].data)
        assert all(t.equals(tables[0]) for t in tables)
        assert tables[0].num_rows >= 1

    def test_takes_semicolons_gzip_and_missing_final_newline(self, name, tmp_path):
        text, options = GOOD[name]
        plain, packed = tmp_path / "a.csv", tmp_path / "b.csv.gz"
        plain.write_text(text)
        packed.write_bytes(gzip.compress(text.rstrip("\n").replace(",", ";").encode()))
        (first, *_), (second, *_) = (
            reader(name).read([p], **options) for p in (plain, packed)
        )
        assert first.data.equals(second.data)
        assert first.origin.files != second.origin.files

    def test_gives_tables_that_pass_the_core_checks(self, name, tmp_path):
        from agglo.core.checks import check_table

        text, options = GOOD[name]
        (tmp_path / "a.csv").write_text(text)
        for got in reader(name).read([tmp_path / "a.csv"], **options):
            check_table(got.data, got.table, where=name).raise_if_failed()

    @pytest.mark.parametrize(
        ("content", "code"),
        [
            (b"", "empty_file"),
            (b"\n\n", "empty_file"),
            (
                gzip.compress(b"region,industry\n" * 500, mtime=0)[:-20],
                "truncated_file",
            ),
            (b"PAR1" + b"\x00" * 100, "binary_file"),
            (b"\x89PNG\r\n\x1a\n\x00\x00", "binary_file"),
        ],
    )
    def test_refuses_what_is_no_table(self, name, tmp_path, content, code):
        path = tmp_path / "a.csv"
        path.write_bytes(content)
        error = refused(name, path, GOOD[name][1])
        assert [p.code for p in error.problems] == [code]
        assert "a.csv" in str(error)

    def test_refuses_a_folder_and_a_file_that_is_not_there(self, name, tmp_path):
        assert refused(name, tmp_path, GOOD[name][1]).problems[0].code == "is_directory"
        error = refused(name, tmp_path / "b.csv", GOOD[name][1])
        assert error.problems[0].code == "not_found"

    def test_refuses_a_header_without_rows(self, name, tmp_path):
        path = tmp_path / "a.csv"
        path.write_text(GOOD[name][0].split("\n")[0] + "\n")
        assert refused(name, path, GOOD[name][1]).problems[0].code == "empty_table"

    def test_refuses_ten_thousand_wrong_columns_at_once(self, name, tmp_path):
        path = tmp_path / "a.csv"
        names = [f"x{i}" for i in range(10_000)]
        path.write_text(",".join(names) + "\n" + ",".join("1" for _ in names) + "\n")
        start = time.perf_counter()
        error = refused(name, path, GOOD[name][1])
        assert time.perf_counter() - start < 2
        assert {p.code for p in error.problems} <= {"missing_column", "unknown_layout"}
        assert len(str(error)) < 6_000

    def test_refuses_rows_of_the_wrong_length(self, name, tmp_path):
        path = tmp_path / "a.csv"
        path.write_text(GOOD[name][0] + "1,2,3,4,5,6,7,8,9,10,11,12\n")
        assert refused(name, path, GOOD[name][1]).problems[0].code == "ragged_row"

    def test_refuses_the_same_rows_twice(self, name, tmp_path):
        path = tmp_path / "a.csv"
        head, first, *rest = GOOD[name][0].split("\n")
        path.write_text("\n".join([head, first, first, *rest]))
        codes = {p.code for p in refused(name, path, GOOD[name][1]).problems}
        assert "duplicate_key" in codes

    def test_refuses_no_files_at_all(self, name):
        with pytest.raises(SourceError, match="no file"):
            reader(name).read([], **GOOD[name][1])


ACTIVITY = {
    "cbp": (
        "fips,naics,emp,est\n{},{},{},3\n",
        {"period": "2021"},
        ("01001", "311811"),
    ),
    "region_industry": (
        "region,industry,year,employment\n{},{},2020,{}\n",
        {"region_system": "us_county", "industry_system": "naics"},
        ("01001", "311811"),
    ),
    "table": (
        "region,industry,period,employment\n{},{},2020,{}\n",
        {
            "table": "activity",
            "code_systems": {"region": "us_county", "industry": "naics"},
        },
        ("01001", "311811"),
    ),
}


@pytest.mark.parametrize("name", sorted(ACTIVITY))
@pytest.mark.parametrize(
    ("cell", "code"),
    [
        (("99999", None, "4"), "impossible_code"),
        (("1.1E+04", None, "4"), "excel_damage"),
        ((None, "01-Nov", "4"), "excel_damage"),
        ((None, "31181X", "4"), "malformed_code"),
        (("", None, "4"), "null_key"),
        ((None, "", "4"), "null_key"),
        ((None, None, "-4"), "negative_value"),
        ((None, None, "inf"), "not_finite"),
        ((None, None, "four"), "not_a_number"),
        ((None, None, "#DIV/0!"), "excel_damage"),
    ],
)
def test_bad_cells_of_activity_tables(name, cell, code, tmp_path):
    template, options, good = ACTIVITY[name]
    region, industry, value = cell
    words = (
        region if region is not None else good[0],
        industry if industry is not None else good[1],
        value,
    )
    path = tmp_path / "a.csv"
    path.write_text(template.format(*words))
    codes = [p.code for p in refused(name, path, options).problems]
    assert code in codes


@pytest.mark.parametrize("name", sorted(ACTIVITY))
@pytest.mark.parametrize("word", ["D", "(S)", "N", "<5", "20-99", "*"])
def test_a_suppressed_cell_is_never_zero(name, word, tmp_path):
    template, options, good = ACTIVITY[name]
    path = tmp_path / "a.csv"
    path.write_text(template.format(*good, word))
    (got,) = reader(name).read([path], **options)
    (row,) = got.data.to_pylist()
    assert row["employment"] is None
    assert row["flag"] == "c"
    assert row["employment_lower"] >= 0
