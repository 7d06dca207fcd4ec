"""S10: columns, rows, cell length and expansion are capped, each with its place."""

from __future__ import annotations

import gzip
import io
import random
import tracemalloc
import zipfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agglo.core.errors import SourceError
from agglo.sources import limits
from agglo.sources.delimited import open_delimited
from agglo.sources.files import read_raw
from agglo.sources.tabular import open_table

SPACE = (
    'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"'
)


def _problem(path, **options):
    with pytest.raises(SourceError) as caught:
        open_table(path, **options).read()
    assert path.name in str(caught.value)
    return caught.value.problems[0]


@pytest.fixture
def write(tmp_path):
    def put(content: str | bytes, name: str = "a.csv"):
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return put


def test_s10_columns_are_capped(write):
    header = ",".join(f"c{i}" for i in range(limits._COLUMNS))
    assert len(open_delimited(write(header + "\n")).header) == 16_384
    found = _problem(write(header + ",one\n1\n"))
    assert found.code == "too_many_columns"
    assert "16,385" in found.what


def test_s10_a_long_cell_is_named_by_row_and_column(write):
    long = "x" * (limits._CELL + 1)
    found = _problem(write(f"region,note\n01,a\n02,{long}\n03,b\n04,{long}y\n"))
    assert (found.code, found.column, found.rows) == ("long_cell", "note", (2, 4))
    assert "100,002" in found.what
    whole = open_table(write(f"region,note\n01,{long[:-1]}\n")).read()
    assert whole["note"][0].as_py() == long[:-1]
    # what is not asked for is not judged
    table = open_table(write(f"region,note\n01,{long}\n")).read(["region"])
    assert table.to_pydict() == {"region": ["01"]}


@pytest.mark.parametrize("quote", ["", '"'])
def test_s10_a_cell_longer_than_a_block_is_named_too(write, quote):
    long = quote + "x" * (5 << 20) + quote
    found = _problem(write(f"region,note\n01,a\n02,{long}\n03,b\n"))
    assert (found.code, found.column, found.rows) == ("long_cell", "note", (2,))


def test_s10_a_long_header_is_read_or_refused(write):
    names = [f"a column with a long name {i}" for i in range(150)]
    assert open_delimited(write(",".join(names) + "\n")).header == tuple(names)
    for size in (limits._CELL + 1, 1 << 18):
        found = _problem(write(f"region,{'x' * size}\n01,1\n"))
        assert found.code == "long_cell"
        assert "column" in found.column or "header" in found.column


def test_s10_rows_are_capped(write, monkeypatch):
    monkeypatch.setattr(limits, "_ROWS", 3)
    sink = io.BytesIO()
    pq.write_table(pa.table({"x": [1, 2, 3, 4]}), sink)
    for path in (write("x\n1\n2\n3\n4\n"), write(sink.getvalue(), "a.parquet")):
        found = _problem(path)
        assert found.code == "too_many_rows"
        assert "4 rows" in found.what
    assert open_table(write("x\n1\n2\n3\n")).read().num_rows == 3


@pytest.mark.parametrize("kind", ["gzip", "members", "zip"])
def test_s10_expansion_is_capped_in_bounded_memory(write, monkeypatch, kind):
    monkeypatch.setattr(limits, "_JUDGED", 1 << 20)
    body = b"a,b\n" + b"0" * (64 << 20)
    if kind == "zip":
        held = io.BytesIO()
        with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("a.csv", body)
        path = write(held.getvalue(), "a.zip")
    elif kind == "members":
        path = write(gzip.compress(body[: 1 << 19]) * 100, "a.csv.gz")
    else:
        path = write(gzip.compress(body), "a.csv.gz")
    del body
    tracemalloc.start()
    found = _problem(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found.code == "archive_ratio"
    assert peak < 40 << 20


def test_s10_small_files_may_be_packed_as_well_as_they_can(write):
    path = write(gzip.compress(b"x\n" + b"0\n" * (1 << 20)), "a.csv.gz")
    raw = read_raw(path)
    assert len(raw.data) > limits._RATIO * path.stat().st_size
    assert open_table(path).read().num_rows == 1 << 20


def _book(write, *places: str):
    openpyxl = pytest.importorskip("openpyxl")
    pytest.importorskip("python_calamine")
    book = openpyxl.Workbook()
    book.active.append(["region", "jobs"])
    book.active.append(["01", 5])
    for place in places:
        book.active[place] = 1
    held = io.BytesIO()
    book.save(held)
    return write(held.getvalue(), "a.xlsx")


@pytest.mark.parametrize(
    "places", [("XFD1048576",), ("AAA3", "B1000000"), ("CV900000",)]
)
def test_s10_a_cell_far_off_does_not_take_all_memory(write, places):
    """The reader would ask for half a terabyte, and end the process when refused."""
    found = _problem(_book(write, *places))
    assert found.code == "too_many_cells"
    assert "last cell" in found.what


def test_s10_large_but_sound_sheets_are_read(write):
    table = open_table(_book(write, "ZZ2", "B3000")).read()
    assert table["region"].to_pylist()[0] == "01"


def test_s10_a_long_cell_of_a_workbook_is_named(write, monkeypatch):
    monkeypatch.setattr(limits, "_CELL", 10)
    openpyxl = pytest.importorskip("openpyxl")
    pytest.importorskip("python_calamine")
    book = openpyxl.Workbook()
    for row in (["region", "note"], ["01", "short"], ["02", "x" * 11]):
        book.active.append(row)
    held = io.BytesIO()
    book.save(held)
    found = _problem(write(held.getvalue(), "a.xlsx"))
    assert (found.code, found.column, found.rows) == ("long_cell", "note", (2,))


def _document(write, rows: str):
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        kind = "application/vnd.oasis.opendocument.spreadsheet"
        archive.writestr("mimetype", kind)
        archive.writestr(
            "META-INF/manifest.xml",
            '<m:manifest xmlns:m="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
            f'<m:file-entry m:full-path="/" m:media-type="{kind}"/></m:manifest>',
        )
        archive.writestr(
            "content.xml",
            f"<office:document-content {SPACE}><office:body><office:spreadsheet>"
            f'<table:table table:name="a">{rows}</table:table></office:spreadsheet>'
            "</office:body></office:document-content>",
        )
    return write(held.getvalue(), "a.ods")


def _cell(text: str) -> str:
    return (
        '<table:table-cell office:value-type="string">'
        f"<text:p>{text}</text:p></table:table-cell>"
    )


def _empty(n: int) -> str:
    return f'<table:table-cell table:number-columns-repeated="{n}"/>'


def _row(cells: str, n: int = 1) -> str:
    return (
        f'<table:table-row table:number-rows-repeated="{n}">{cells}</table:table-row>'
    )


def test_s10_repeats_of_an_open_document_are_added_up(write):
    pytest.importorskip("python_calamine")
    head = _row(_cell("region") + _cell("jobs"))
    rest = _row(_empty(16_384), 1_048_000)
    sound = _document(
        write, head + _row(_cell("01") + _cell("5") + _empty(9000)) + rest
    )
    assert open_table(sound).read().to_pydict() == {"region": ["01"], "jobs": ["5"]}
    far = _row(_empty(16_000) + _cell("x"))
    many = _cell("x").replace("cell ", 'cell table:number-columns-repeated="9999" ', 1)
    for bomb in (
        head + rest + _row(_cell("x")) + far,
        head + far + _row(_empty(9), 900_000) + _row(_cell("x")),
        head + _row(many, 10_000),
    ):
        assert _problem(_document(write, bomb)).code == "too_many_cells"


def _rows(path) -> int | None:
    """Read a file; None when it was refused with a reason."""
    try:
        return open_table(path).read().num_rows
    except SourceError as error:
        return None if error.problems[0].code else -1


@given(
    st.binary(max_size=200), st.sampled_from(["a.csv", "a.xlsx", "a.ods", "a.parquet"])
)
def test_s10_any_bytes_are_a_table_or_a_typed_error(tmp_path_factory, content, name):
    path = tmp_path_factory.mktemp("bytes") / name
    path.write_bytes(content)
    assert _rows(path) is None or _rows(path) > 0


def test_s10_a_damaged_workbook_is_a_table_or_a_typed_error(write):
    sound = _book(write).read_bytes()
    draw = random.Random(7)  # noqa: S311
    found = []
    for _ in range(150):
        body = bytearray(sound)
        for _ in range(draw.randint(1, 6)):
            body[draw.randrange(len(body))] = draw.randrange(256)
        path = write(bytes(body[: draw.choice([None, -30])]), "a.xlsx")
        found.append(_rows(path))
    assert found.count(None) > 20
