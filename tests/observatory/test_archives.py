"""S11: archives are never unpacked to disk; bombs, nested and lying archives are refused."""

from __future__ import annotations

import gzip
import io
import struct
import tracemalloc
import zipfile

import pytest

from agglo.core.errors import SourceError
from agglo.sources import files
from agglo.sources.files import decode, read_raw
from agglo.sources.tabular import open_table
from tests.observatory.test_runs import OWN

MB = 1 << 20


def _zip(path, **members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in members.items():
            archive.writestr(name.replace("_", "."), body)
    return path


def _claim(path, size):
    """Write another unpacked size into both headers of the only member."""
    body = bytearray(path.read_bytes())
    at = body.index(b"PK\x01\x02")
    struct.pack_into("<I", body, at + 24, size)
    struct.pack_into("<I", body, 22, size)
    path.write_bytes(bytes(body))
    return path


def _refused(path, code, monkeypatch, *, limit=MB):
    """The file is refused by name, in little memory, and nothing lies beside it."""
    monkeypatch.setattr(files, "_LIMIT", limit)
    before = sorted(p.name for p in path.parent.iterdir())
    tracemalloc.start()
    try:
        with pytest.raises(SourceError, match=code):
            decode(read_raw(path))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8 * MB
    assert sorted(p.name for p in path.parent.iterdir()) == before


@pytest.mark.parametrize("kind", ["gzip", "gzip of many", "zip"])
def test_s11_a_bomb_is_refused_before_it_unpacks(tmp_path, monkeypatch, kind):
    zeros = b"0" * (64 * MB)
    path = tmp_path / ("a.zip" if kind == "zip" else "a.csv.gz")
    if kind == "zip":
        _zip(path, a_csv=zeros)
    elif kind == "gzip":
        path.write_bytes(gzip.compress(zeros))
    else:
        path.write_bytes(gzip.compress(b"0" * (MB // 2)) * 40)
    assert path.stat().st_size < MB // 2
    _refused(path, "too_large", monkeypatch)


def test_s11_an_archive_that_lies_about_its_size_gives_no_more_than_it_says(
    tmp_path, monkeypatch
):
    path = _claim(_zip(tmp_path / "a.zip", a_csv=b"0" * (64 * MB)), 100)
    _refused(path, "corrupt_file", monkeypatch)
    large = _claim(_zip(tmp_path / "b.zip", a_csv=b"x,y\n"), 3 << 30)
    _refused(large, "too_large", monkeypatch)


def test_s11_nested_archives_are_refused(tmp_path, monkeypatch):
    inner = io.BytesIO()
    _zip(inner, a_csv=b"x,y\n1,2\n")
    path = _zip(tmp_path / "a.zip", inner_zip=inner.getvalue())
    _refused(path, "zip|binary|archive", monkeypatch)
    twice = tmp_path / "b.csv.gz"
    twice.write_bytes(gzip.compress(gzip.compress(b"x,y\n1,2\n")))
    _refused(twice, "gzip|binary|compressed", monkeypatch)


@pytest.mark.parametrize("name", ["../up.csv", "/etc/x.csv", "..\\up.csv"])
def test_s11_a_member_that_names_a_path_writes_nothing(tmp_path, name):
    folder = tmp_path / "in"
    folder.mkdir()
    with zipfile.ZipFile(folder / "a.zip", "w") as archive:
        archive.writestr(name, "x,y\n1,2\n")
    before = sorted(tmp_path.rglob("*"))
    assert read_raw(folder / "a.zip").data == b"x,y\n1,2\n"
    assert sorted(tmp_path.rglob("*")) == before


def test_s11_a_workbook_that_unpacks_to_far_more_is_refused_unread(tmp_path):
    bomb = _zip(tmp_path / "a.xlsx", sheet_xml=b"0" * (32 * MB))
    with pytest.raises(SourceError, match="archive_ratio"):
        open_table(bomb)
    many = tmp_path / "b.xlsx"
    with zipfile.ZipFile(many, "w", zipfile.ZIP_DEFLATED) as archive:
        for at in range(40):
            archive.writestr(f"{at}.xml", b"0" * MB)
    with pytest.raises(SourceError, match="archive_ratio"):
        open_table(many)
    (tmp_path / "c.xlsx").write_bytes(b"PK\x03\x04 no workbook")
    with pytest.raises(SourceError, match="no readable workbook"):
        open_table(tmp_path / "c.xlsx")


@pytest.mark.parametrize("ending", ["zip", "tar", "7z", "tar.gz", "rar"])
def test_s11_the_server_takes_no_archive(served, ending):
    answer = served.client.post(
        f"/api/v1/imports?source=table&ending={ending}", content=b"PK\x03\x04",
        headers=OWN,
    )  # fmt: skip
    assert answer.status_code == 400
    assert answer.json()["where"] == "ending"
