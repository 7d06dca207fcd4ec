"""The API: one answer in every format, paging, tags, errors, twins."""

from __future__ import annotations

import csv
import io
import json
import math
import zipfile
from xml.etree import ElementTree as ET

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agglo.observatory.api.cursors import Cursors, signing_key
from agglo.observatory.api.files import csv_bytes, neutral
from agglo.observatory.api.graphml import graphml_bytes
from agglo.observatory.api.local import ask
from agglo.observatory.api.problems import ApiError
from agglo.observatory.api.rows import json_columns, json_rows
from agglo.observatory.api.stock import Lookup
from agglo.observatory.api.writing import columns_text, rows_text
from agglo.observatory.pages import PAGES, VIEWS
from tests.observatory.conftest import HOSTILE

SHARED = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def _released(served):
    return [v for v in VIEWS.values() if v.table in served.release]


# one answer, many formats


def test_json_csv_and_parquet_hold_the_same_numbers(served):
    for view in _released(served):
        rows = served.data(f"/views/{view.id}.json")
        body = served.get(f"/views/{view.id}.parquet").content
        table = pq.read_table(io.BytesIO(body)).to_pylist()
        text = served.get(f"/views/{view.id}.csv").content.decode("utf-8-sig")
        lines = list(csv.DictReader(io.StringIO(text)))
        assert len(rows) == len(table) == len(lines), view.id
        for row, packed, line in zip(rows, table, lines, strict=True):
            assert row == packed
            for name, value in row.items():
                if value is None:
                    assert line[name] == ""
                elif isinstance(value, bool):
                    assert line[name] == str(value).lower()
                elif isinstance(value, int | float):
                    assert float(line[name]) == value
                else:
                    assert line[name] in (value, f"'{value}")


_CELLS = st.one_of(
    st.none(), st.text(max_size=6), st.sampled_from(['"', "\\", "\n\x01"])
)


@given(
    st.lists(st.one_of(st.none(), st.floats()), min_size=3, max_size=3),
    st.lists(_CELLS, min_size=3, max_size=3),
    st.lists(st.one_of(st.none(), st.booleans()), min_size=3, max_size=3),
    st.text(max_size=5),
)
def test_text_written_in_columns_holds_the_same_values(numbers, words, flags, name):
    try:
        texts = pa.array(words, pa.string())
    except UnicodeEncodeError:  # half a character is no text
        return
    table = pa.table(
        {
            "number": pa.array(numbers, pa.float64()),
            f"{name.encode(errors='replace').decode()}_": texts,
            "flag": pa.array(flags, pa.bool_()),
            "whole": pa.array([1, None, -(2**62)], pa.int64()),
        }
    )
    assert json.loads(rows_text(table)) == json_rows(table)
    assert json.loads(columns_text(table)) == json_columns(table)
    assert json.loads(rows_text(table.slice(0, 0))) == []


def test_columns_and_rows_are_the_same(served):
    rows = served.data("/views/map.quotient?limit=500")
    columns = served.data("/views/map.quotient?limit=500&layout=columns")
    assert {name: [r[name] for r in rows] for name in rows[0]} == columns


def test_the_numbers_are_those_of_the_release(served):
    rows = served.data("/views/industry.ranking.json")
    table = served.release.table("concentration.industries")
    there = dict(
        zip(table["industry"].to_pylist(), table["gamma"].to_pylist(), strict=True)
    )
    for row in rows:
        value = there[row["industry"]]
        assert row["gamma"] == (None if math.isnan(value) else value)


def test_a_cell_that_is_no_number_is_null_and_its_state_stands_beside(served):
    text = served.get("/views/map.quotient.json").text
    assert "NaN" not in text
    assert "Infinity" not in text
    assert all("status" in row for row in json.loads(text)["data"])


def test_names_and_places_stand_beside_codes(served):
    row = served.data("/views/map.quotient?limit=1")[0]
    assert {"region_en", "region_zh", "industry_en", "lon", "lat"} <= set(row)
    assert -180 <= row["lon"] <= 180


# order and paging


def test_numbers_fall_and_what_is_none_stands_last(served):
    for view in _released(served):
        if not view.order.startswith("-"):
            continue
        values = [r[view.order[1:]] for r in served.data(f"/views/{view.id}.json")]
        known = [v for v in values if v is not None]
        assert values == known + [None] * (len(values) - len(known))
        assert known == sorted(known, reverse=True), view.id


@pytest.mark.parametrize("limit", [1, 7, 200])
def test_paging_gives_each_row_once(served, limit):
    whole = served.data("/views/industry.ranking.json")
    seen, cursor = [], ""
    for _ in range(len(whole) + 1):
        answer = served.get(
            "/views/industry.ranking", params={"limit": limit, "cursor": cursor}
        ).json()
        assert answer["page"]["total"] == len(whole)
        seen += answer["data"]
        cursor = answer["page"]["next"]
        if cursor is None:
            break
    assert seen == whole


def test_a_filter_keeps_its_rows_only(served):
    rows = served.data("/views/region.structure?region=R003&limit=500")
    assert rows
    assert {row["region"] for row in rows} == {"R003"}


def test_a_region_without_rows_is_empty_not_unknown(served):
    codes = {r["id"] for r in served.data("/regions")}
    here = {r["region"] for r in served.data("/views/region.clusters.json")}
    for code in codes - here:
        assert served.data(f"/views/region.clusters?region={code}") == []


def test_sorting_by_a_column_works_for_words_and_numbers(served):
    words = [
        r["region"] for r in served.data("/views/compare.specialisation?sort=region")
    ]
    assert words == sorted(words)
    jobs = served.data("/views/compare.specialisation?sort=employment")
    assert [r["employment"] for r in jobs] == sorted(r["employment"] for r in jobs)


def test_a_cursor_belongs_to_its_question(served):
    page = served.get("/views/industry.ranking?limit=2").json()["page"]
    other = served.get("/views/map.quotient", params={"cursor": page["next"]})
    assert other.status_code == 400
    assert other.json()["code"] == "bad_cursor"


@given(st.integers(0, 10**9), st.text(max_size=40), st.binary(min_size=32, max_size=32))
def test_cursors_go_round(offset, question, key):
    cursors = Cursors(key, "0123456789abcdef")
    text = cursors.write(offset, question)
    assert text.replace("-", "").replace("_", "").isalnum()
    assert cursors.read(text, question) == offset


@given(st.text(max_size=80))
def test_made_up_cursors_are_refused(text):
    with pytest.raises(ApiError) as caught:
        Cursors(b"k" * 32, "r").read(text, "q")
    assert caught.value.status == 400


@given(st.integers(0, 60), st.integers(1, 255))
def test_a_changed_cursor_is_refused(at, change):
    import base64

    cursors = Cursors(b"k" * 32, "0123456789abcdef")
    raw = bytearray(
        base64.urlsafe_b64decode(cursors.write(200, "q") + "=="[:0] + "===")
    )
    raw[at % len(raw)] ^= change
    forged = base64.urlsafe_b64encode(bytes(raw)).decode().rstrip("=")
    with pytest.raises(ApiError):
        cursors.read(forged, "q")


def test_a_cursor_of_another_release_is_said():
    text = Cursors(b"k" * 32, "old").write(10, "q")
    with pytest.raises(ApiError) as caught:
        Cursors(b"k" * 32, "new").read(text, "q")
    assert caught.value.status == 409


def test_the_key_of_cursors_outlives_the_process(tmp_path):
    assert signing_key(tmp_path) == signing_key(tmp_path)
    assert (tmp_path / ".cursor-key").stat().st_mode & 0o077 == 0
    assert len(signing_key(tmp_path / "absent")) == 32


# malformed questions

_WORD = st.text(
    st.characters(blacklist_categories=("Cs",), blacklist_characters="\x00"),
    max_size=20,
)


@SHARED
@given(
    st.sampled_from(["views/map.quotient", "values", "find", "regions", "tables",
                     "pages/region", "downloads/map.quotient.zip"]),
    st.dictionaries(
        st.one_of(st.sampled_from(["limit", "cursor", "layout", "sort", "industry",
                                   "region", "indicator", "q", "rel", "world"]), _WORD),
        _WORD, max_size=4),
)  # fmt: skip
def test_malformed_questions_are_problems_never_crashes(served, path, query):
    answer = served.get(f"/{path}", params=query)
    assert answer.status_code in (200, 400, 404, 409, 414, 422)
    if answer.status_code != 200:
        body = answer.json()
        assert answer.headers["content-type"] == "application/problem+json"
        assert {"code", "detail", "where", "fix", "request_id"} <= set(body)
        assert "Traceback" not in answer.text


@SHARED
@given(_WORD)
def test_malformed_addresses_are_problems_never_crashes(served, word):
    from urllib.parse import quote

    answer = ask(served.client.app, served.settings, f"/{quote(word, safe='')}")
    assert answer.status in (200, 404)


def test_unknown_keys_are_ignored_with_a_notice(served):
    meta = served.get("/views/map.quotient?limit=1&colour=red").json()["meta"]
    assert meta["notices"] == ["colour: ignored"]


def test_an_address_of_another_release_is_said(served):
    good = served.get(f"/views/map.quotient?limit=1&rel={served.release.id}")
    assert good.status_code == 200
    answer = served.get("/views/map.quotient?rel=0000")
    assert answer.status_code == 409
    assert served.release.id in answer.json()["detail"]


def test_a_wrong_name_gets_a_suggestion(served):
    assert "map.quotient" in served.get("/views/map.quotiont").json()["detail"]
    assert "region" in served.get("/pages/regoin").json()["detail"]


# tags


def test_an_answer_known_already_is_not_sent_again(served):
    for path in ("/meta", "/pages/region", "/views/map.quotient?limit=5",
                 "/views/map.quotient.csv", "/downloads/map.quotient.zip"):  # fmt: skip
        first = served.get(path)
        again = served.get(path, headers={"if-none-match": first.headers["etag"]})
        assert again.status_code == 304, path
        assert again.content == b""
        other = served.get(path, headers={"if-none-match": '"x"'})
        assert other.status_code == 200


def test_tags_tell_questions_apart(served):
    tags = {
        served.get(f"/views/map.quotient?limit={n}").headers["etag"] for n in (1, 2)
    }
    assert len(tags) == 2
    swapped = [served.get(f"/views/map.quotient?{q}").headers["etag"]
               for q in ("limit=3&layout=rows", "layout=rows&limit=3")]  # fmt: skip
    assert swapped[0] == swapped[1]


# twins, lists, values


def test_every_page_has_a_twin(served):
    for page in PAGES.values():
        answer = served.client.get(f"/{page.id}.json")
        assert answer.status_code == 200, page.id
        for view in answer.json()["data"]["views"]:
            assert len(view["data"]) <= 200


def test_the_twin_of_a_region_holds_its_rows(served):
    page = served.client.get("/region/R003.json").json()["data"]
    for view in page["views"]:
        if view["filters"]:
            asked = served.data(f"/views/{view['id']}?region=R003&limit=200")
            assert view["data"] == asked
    text = served.client.get("/region/R003.csv").content.decode("utf-8-sig")
    assert {r["region"] for r in csv.DictReader(io.StringIO(text))} == {"R003"}


def test_the_page_is_served_under_every_address_of_the_menu(served):
    for path in ("/", "/map", "/region", "/region/R001", "/about"):
        answer = served.client.get(path)
        assert answer.status_code == 200, path
        assert 'id="boot"' in answer.text
        assert "style=" not in answer.text
    assert served.client.get("/about/x").status_code == 404
    assert served.client.get("/nothing").status_code == 404


def test_the_find_box_knows_codes_and_names_of_both_languages(served):
    assert served.data("/find?q=R003")[0]["id"] == "R003"
    assert served.data("/find?q=r003")[0]["id"] == "R003"
    zh = served.data("/regions")[7]["name"]["zh"]
    assert zh in {hit["name"]["zh"] for hit in served.data(f"/find?q={zh}")}
    for name in HOSTILE:
        found = served.get("/find", params={"q": name.strip()}).json()["data"]
        assert isinstance(found, list)
    assert served.data("/find?q=") == []


def test_values_carry_their_uncertainty(served):
    rows = served.data("/values?indicator=lq&region=R003")
    assert rows
    keys = ["indicator", "region", "industry", "period", "value", "lo", "hi", "level",
            "method", "n", "status", "reason"]  # fmt: skip
    for row in rows:
        assert list(row) == keys
        if row["status"] == "number" and row["lo"] is not None:
            assert row["lo"] <= row["value"] <= row["hi"]
    answer = served.get("/values?indicator=gamma&region=R003")
    assert answer.status_code == 422
    assert served.get("/values?indicator=nothing").status_code == 404
    assert served.get("/values").status_code == 400


def test_every_indicator_of_the_release_answers(served):
    for indicator in served.data("/indicators"):
        answer = served.get(f"/values?indicator={indicator['id']}&limit=3").json()
        assert 0 < len(answer["data"]) <= 3


def test_the_catalogue_lists_every_table(served):
    listed = {t["id"]: t for t in served.data("/tables")}
    assert set(listed) == set(served.release.tables)
    one = served.data("/tables/concentration.regions")
    assert one["rows"] == served.release.table("concentration.regions").num_rows


def test_the_description_of_the_api_is_complete(served):
    paths = served.get("/openapi.json").json()["paths"]
    assert set(paths) | {"/api/v1/openapi.json"} == set(
        served.get("/").json()["resources"]
    )
    work = tuple(f"/api/v1/{n}" for n in ("runs", "imports", "reports", "saved"))
    for path, verbs in paths.items():
        assert list(verbs) == ["get"] or path.startswith(work), path


# downloads


def test_the_figure_of_a_view_is_a_drawing_with_names_as_text(served):
    answer = served.get("/views/map.quotient.svg")
    assert answer.headers["content-type"] == "image/svg+xml"
    tree = ET.fromstring(answer.content)  # noqa: S314 - our own drawing
    kinds = {e.tag.rpartition("}")[2] for e in tree.iter()}
    assert "path" in kinds
    assert not {"script", "foreignObject", "a"} & kinds
    links = [v for e in tree.iter() for k, v in e.items() if k.endswith("href")]
    assert all(link.startswith(("#", "data:image/png")) for link in links)
    said = "".join(tree.itertext())
    assert "map approval number: not stated; reference date: not stated" in said
    again = served.client.get("/api/v1/views/map.quotient.svg?theme=x").content
    assert again == answer.content
    bars = served.get("/views/industry.regions.svg").content.decode()
    assert "<script>alert" not in bars


def test_a_table_has_no_figure_and_says_so(served):
    answer = served.get("/views/about.sources.svg")
    assert (answer.status_code, answer.json()["code"]) == (422, "no_figure")


def test_a_workbook_holds_the_same_numbers_and_nothing_that_runs(served):
    openpyxl = pytest.importorskip("openpyxl")
    body = served.get("/views/map.quotient.xlsx").content
    book = openpyxl.load_workbook(io.BytesIO(body))
    head, *lines = book["data"].iter_rows(values_only=True)
    rows = served.data("/views/map.quotient.json")
    assert len(lines) == len(rows)
    for row, line in zip(rows, lines, strict=True):
        for name, value in zip(head, line, strict=True):
            if isinstance(row[name], str):
                assert value in (row[name], f"'{row[name]}")
            else:
                assert value == row[name], name
    for sheet in book:
        for cells in sheet.iter_rows():
            for cell in cells:
                assert cell.data_type != "f", cell.value
                if cell.data_type == "s":
                    assert cell.value[0] not in "=+-@\t\r"
    about = dict(book["about"].iter_rows(min_row=2, values_only=True))
    assert about["release"] == served.release.id
    assert about["disclosure"].startswith("PRIVATE")


def test_ties_are_a_graph_others_are_not(served):
    answer = served.get("/views/map.quotient.graphml")
    assert (answer.status_code, answer.json()["code"]) == (422, "no_network")
    view = VIEWS["networks.flows"]
    table = pa.table(
        {"origin": ["a", "<b>"], "destination": ["<b>", "c"], "weight": [2.5, None],
         "origin_en": ["A & A", "B"], "destination_en": ["B", "C"]}
    )  # fmt: skip
    space = "{http://graphml.graphdrawing.org/xmlns}"
    tree = ET.fromstring(graphml_bytes(view, table))  # noqa: S314
    nodes = [n.get("id") for n in tree.iter(f"{space}node")]
    edges = list(tree.iter(f"{space}edge"))
    assert nodes == ["a", "<b>", "c"]
    assert [(e.get("source"), e.get("target")) for e in edges] == [
        ("a", "<b>"),
        ("<b>", "c"),
    ]
    assert [d.text for d in edges[0]] == ["2.5"]
    assert list(edges[1]) == []


@pytest.mark.parametrize("kind", ["vnd.apache.parquet", "vnd.apache.arrow.stream"])
def test_a_program_may_ask_for_a_format_by_accept(served, kind):
    path = "/views/industry.ranking"
    plain = served.get(path)
    answer = served.get(path, headers={"accept": f"application/{kind}"})
    assert answer.headers["content-type"] == f"application/{kind}"
    assert answer.headers["etag"] != plain.headers["etag"]
    source = io.BytesIO(answer.content)
    table = (
        pq.read_table(source) if "parquet" in kind
        else pa.ipc.open_stream(source).read_all()
    )  # fmt: skip
    assert table.to_pylist() == served.data(f"{path}.json")


def test_the_zip_holds_all_that_belongs_to_the_numbers(served):
    body = served.get("/downloads/region.structure.zip?region=R003").content
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    assert set(files) == {
        "data.csv", "data.parquet", "data.json", "metadata.json", "README.md",
        "README.zh.md", "citation.bib", "citation.ris", "citation.gbt7714.txt",
        "LICENCE.txt", "disclosure.txt", "certificate.json", "manifest.json",
        "reproduce.txt", "figure.svg", "data.xlsx",
    }  # fmt: skip
    asked = served.get("/views/region.structure.csv?region=R003").content
    assert files["data.csv"] == asked
    meta = json.loads(files["metadata.json"])
    assert meta["filters"] == {"region": "R003"}
    assert meta["uncertainty"]["zh"]
    assert b"PRIVATE" in files["disclosure.txt"]
    assert b"agglo run --study concentration" in files["reproduce.txt"]
    assert b"@misc{" in files["citation.bib"]
    assert files["citation.ris"].startswith(b"TY  - DATA\r\n")
    assert b"[DS/OL]" in files["citation.gbt7714.txt"]
    assert b"none needed" in files["LICENCE.txt"]
    assert served.release.id.encode() in files["README.md"]


def test_the_same_question_gives_the_same_zip(served, serve):
    path = "/downloads/industry.ranking.zip"
    assert served.get(path).content == serve().get(path).content


# parts


@given(st.lists(st.text(max_size=8), max_size=12))
def test_neutral_cells_are_never_formulas(texts):
    column = pa.chunked_array([pa.array(texts, pa.string())])
    for before, after in zip(texts, neutral(column).to_pylist(), strict=True):
        assert not after.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
        assert after in (before, f"'{before}")


@given(st.lists(st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False)),
                min_size=1, max_size=12))  # fmt: skip
def test_csv_keeps_every_digit(values):
    text = csv_bytes(
        pa.table({"k": ["a"] * len(values), "x": pa.array(values, pa.float64())})
    )
    rows = csv.DictReader(io.StringIO(text.decode("utf-8-sig")))
    assert [float(r["x"]) if r["x"] else None for r in rows] == values


@given(st.lists(st.one_of(st.none(), st.sampled_from("abcde")), max_size=40))
def test_a_lookup_finds_what_a_scan_finds(values):
    column = pa.chunked_array([pa.array(values, pa.string())])
    lookup = Lookup.of(column)
    for value in "abcdef":
        scan = [i for i, v in enumerate(values) if v == value]
        assert lookup.rows(value).tolist() == scan
    assert lookup.values == sorted({v for v in values if v is not None})
    assert pc.count_distinct(column).as_py() == len(lookup.values)


def test_hidden_values_are_confidential_not_zero(public):
    rows = public.data("/values?indicator=employment&limit=10000")
    hidden = [r for r in rows if r["status"] == "confidential"]
    assert hidden
    assert {r["value"] for r in hidden} == {None}
    assert {r["status"] for r in rows} <= {"number", "zero", "confidential"}


def test_what_is_drawn_is_part_of_the_whole(served):
    """The figure's columns: the same cells, and whether the interval covers the reference."""
    judged = 0
    for view in VIEWS.values():
        if view.table not in served.release:
            continue
        path = f"/views/{view.id}?layout=columns&limit=300"
        whole = served.data(path)
        ends = {view.encode.get("lo"), view.encode.get("hi")}
        judged_here = view.reference is not None and None not in ends
        named = {c for c in (*view.encode.values(), *view.place) if c in whole}
        if judged_here:
            named = {*named - ends, "covers"}
        if not named:
            continue
        part = served.data(f"{path}&columns={','.join(sorted(named))}")
        covers = part.pop("covers", None)
        assert part.items() <= whole.items(), view.id
        assert {c for c in view.place if c in whole} <= set(part), view.id
        value = view.encode.get("value")
        assert value not in whole or value in part, view.id
        if covers is None:
            continue
        ends = zip(whole[view.encode["lo"]], whole[view.encode["hi"]], strict=True)
        at = view.reference.value
        assert covers == [
            None if low is None or high is None else low <= at <= high
            for low, high in ends
        ], view.id
        judged += len(covers)
    assert judged > 100
    some = served.data("/views/map.quotient?columns=lq,lon")[0]
    assert list(some) == [
        "region", "lq", "status", "region_en", "region_zh", "lon", "lat",
    ]  # fmt: skip
    wrong = served.get("/views/map.quotient?columns=lq,no_such")
    assert (wrong.status_code, wrong.json()["code"]) == (400, "unknown_column")
