"""Answers are packed for readers that take gzip; packed and plain are two copies."""

from __future__ import annotations

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agglo.observatory.api.packing import pack, packable, takes_gzip


@pytest.mark.parametrize(
    ("header", "taken"),
    [("gzip", True), ("br, gzip;q=0.5", True), ("*", True), ("GZIP ; Q=1", True), ("", False),
     ("identity", False), ("gzip;q=0", False), ("gzip;q=0.0, *", False), ("br", False),
     ("*;q=0", False), ("gzip;q=1.2.3", False), ("gzipped", False)],
)  # fmt: skip
def test_what_the_header_asks_for(header, taken):
    assert takes_gzip(header) is taken


@given(st.text(max_size=40))
def test_no_header_breaks_the_reader(header):
    assert takes_gzip(header) in (True, False)


@given(st.binary(max_size=2000))
def test_packing_is_undone_by_gzip_and_repeats(body):
    assert gzip.decompress(pack(body)) == body
    assert pack(body) == pack(body)


def test_text_is_packed_and_archives_are_not():
    assert packable("application/json")
    assert packable("text/csv; charset=utf-8")
    assert packable("image/svg+xml")
    assert not packable("application/zip")
    assert not packable("application/vnd.apache.parquet")


PATH = "/views/map.quotient?layout=columns&limit=10000"


def _plain(served, path, **more):
    return served.get(path, headers={"accept-encoding": "identity", **more})


def test_packed_and_plain_hold_the_same_and_have_their_own_tags(served):
    packed, plain = served.get(PATH), _plain(served, PATH)
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.content == plain.content
    assert int(packed.headers["content-length"]) < 0.6 * len(plain.content)
    assert packed.headers["etag"] != plain.headers["etag"]
    assert "accept-encoding" in packed.headers["vary"]


def test_a_tag_is_known_for_its_own_copy_only(served):
    packed, plain = served.get(PATH), _plain(served, PATH)
    for answer, other in ((packed, plain), (plain, packed)):
        coding = answer.headers.get("content-encoding", "identity")
        for tag, status in ((answer, 304), (other, 200)):
            asked = {"accept-encoding": coding, "if-none-match": tag.headers["etag"]}
            assert served.get(PATH, headers=asked).status_code == status


def test_files_of_the_page_are_packed_and_archives_stay(served):
    page = served.client.get("/").text
    address = page.partition('src="')[2].partition('"')[0]
    script = served.client.get(address)
    assert script.headers["content-encoding"] == "gzip"
    assert int(script.headers["content-length"]) < 150_000
    again = served.client.get(
        address, headers={"if-none-match": script.headers["etag"]}
    )
    assert again.status_code == 304
    plain = served.client.get(address, headers={"accept-encoding": "identity"})
    assert plain.content == script.content
    assert "content-encoding" not in served.get("/downloads/map.quotient.zip").headers
    assert "content-encoding" not in served.get("/views/map.quotient.parquet").headers
