"""Opening files: every way it can go wrong ends in one SourceError."""

from __future__ import annotations

import gzip
import hashlib
import os
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agglo.core.errors import OptionError, SourceError
from agglo.sources.files import RawFile, decode, detect_encoding, read_raw

HAN = "地区就业人数行业代码城市深圳上海苏州制造业金融业农林牧渔采矿电力建筑批发零售交通"


def raw(data: bytes, name: str = "a.csv") -> RawFile:
    return RawFile(path=Path(name), name=name, data=data, sha256="")


def code_of(error: pytest.ExceptionInfo[SourceError]) -> str:
    (problem,) = error.value.problems
    assert problem.where
    assert problem.fix
    return problem.code


def test_plain_gzip_and_zip_give_the_same_bytes(tmp_path):
    body = b"region,employment\n01001,5\n"
    (tmp_path / "a.csv").write_bytes(body)
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(body))
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("__MACOSX/._a.csv", "junk")
        archive.writestr("folder/a.csv", body)
    for name in ("a.csv", "a.csv.gz", "a.zip"):
        got = read_raw(tmp_path / name)
        assert got.data == body
        assert got.sha256 == hashlib.sha256((tmp_path / name).read_bytes()).hexdigest()


def test_gzip_with_several_members_is_joined(tmp_path):
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(b"a,b\n") + gzip.compress(b"1,2\n") + b"\x00\x00")
    assert read_raw(path).data == b"a,b\n1,2\n"


def test_truncated_gzip_names_the_file(tmp_path):
    path = tmp_path / "cbp21co.txt.gz"
    whole = gzip.compress(os.urandom(20_000))
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(SourceError, match=r"cbp21co\.txt\.gz") as error:
        read_raw(path)
    assert code_of(error) == "truncated_file"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty_file"),
        (gzip.compress(b"", mtime=0), "empty_file"),
        (b"\x1f\x8b" + b"\x00" * 40, "corrupt_file"),
        (b"PK\x03\x04 not an archive", "corrupt_file"),
    ],
)
def test_empty_and_damaged_files(tmp_path, content, code):
    path = tmp_path / "a.bin"
    path.write_bytes(content)
    with pytest.raises(SourceError) as error:
        read_raw(path)
    assert code_of(error) == code


def test_gzip_with_a_flipped_byte_is_refused(tmp_path):
    path = tmp_path / "a.csv.gz"
    whole = bytearray(gzip.compress(b"a,b\n" * 1000))
    whole[-6] ^= 0xFF  # checksum
    path.write_bytes(whole)
    with pytest.raises(SourceError) as error:
        read_raw(path)
    assert code_of(error) == "corrupt_file"


def test_zip_with_two_files_lists_them(tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("one.csv", "a")
        archive.writestr("two.csv", "b")
    with pytest.raises(SourceError, match=r"one\.csv, two\.csv") as error:
        read_raw(path)
    assert code_of(error) == "several_members"


def test_directory_instead_of_a_file(tmp_path):
    (tmp_path / "inside.csv").write_text("a")
    with pytest.raises(SourceError, match=r"inside\.csv") as error:
        read_raw(tmp_path)
    assert code_of(error) == "is_directory"


def test_missing_file_suggests_the_near_one(tmp_path):
    (tmp_path / "cbp_2021.csv.gz").write_bytes(b"x")
    with pytest.raises(SourceError, match=r"Did you mean 'cbp_2021\.csv\.gz'") as error:
        read_raw(tmp_path / "cpb_2021.csv.gz")
    assert code_of(error) == "not_found"
    with pytest.raises(SourceError, match="no folder 'nowhere'"):
        read_raw(tmp_path / "nowhere" / "a.csv")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_unreadable_file(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"a")
    path.chmod(0)
    with pytest.raises(SourceError) as error:
        read_raw(path)
    assert code_of(error) == "unreadable"


@pytest.mark.parametrize(
    ("text", "encoding", "found"),
    [
        ("region,jobs\n01,5", "ascii", "utf-8"),
        ("Zürich,Łódź,深圳", "utf-8", "utf-8"),
        ("Zürich,1", "utf-8-sig", "utf-8-sig"),
        ("Zürich,1", "utf-16", "utf-16"),
        ("Zürich,1", "utf-16-le", "utf-16-le"),
        ("地区,1", "utf-16-be", "utf-16-be"),
        ("Zürich,1", "utf-32", "utf-32"),
        ("地区,行业,就业\n深圳,制造业,1", "gb18030", "gb18030"),
        ("3C电子,consumer\n", "gb18030", "gb18030"),
        ("region\nRéunion\nNîmes\nGröße", "latin-1", "cp1252"),
        ("price\n5 € “a”", "cp1252", "cp1252"),
        ("Århus,Ærø,Øster\nÅÄÖ,1", "latin-1", "cp1252"),
    ],
)
def test_detected_encoding(text, encoding, found):
    data = text.encode(encoding)
    assert detect_encoding(data) == found
    assert decode(raw(data)).data.decode() == text


def test_latin_1_is_the_last_resort():
    data = "Réunion,é\x81".encode("latin-1")
    assert detect_encoding(data) == "latin-1"
    assert decode(raw(data)).notes[0].code == "encoding_guessed"


def test_a_guess_is_noted_and_certainty_is_not():
    assert decode(raw("Nîmes".encode("cp1252"))).notes[0].code == "encoding_guessed"
    assert decode(raw(HAN.encode("gb18030"))).notes[0].code == "encoding_detected"
    assert decode(raw("Nîmes".encode())).notes == ()
    assert decode(raw("Nîmes".encode("cp1252")), "cp1252").notes == ()


def test_wrong_encoding_names_line_and_the_right_one():
    data = "ok\nNîmes".encode("cp1252")
    with pytest.raises(SourceError, match=r"line 2.*try encoding='cp1252'") as error:
        decode(raw(data), "utf-8")
    assert code_of(error) == "wrong_encoding"
    with pytest.raises(OptionError, match="klingon"):
        decode(raw(b"a"), "klingon")


@pytest.mark.parametrize(
    "data",
    [
        b"PAR1xxxx",
        b"%PDF-1.7",
        b"PK\x03\x04[Content_Types].xml",
        b"a\x00b\x00\x00c",
        b"BZh91",
    ],
)
def test_what_is_not_text_is_called_so(data):
    with pytest.raises(SourceError) as error:
        decode(raw(data))
    assert code_of(error) == "binary_file"


# accented letters as words have them: between or before plain ones
latin = st.lists(
    st.sampled_from(
        ["Zürich", "Nîmes", "Île", "Größe", "città", "Run", "12", "Malmö", "año"]
    ),
    min_size=1,
).map(" ".join)


@given(
    words=st.lists(st.text(st.sampled_from(HAN), min_size=2, max_size=6), min_size=3)
)
def test_chinese_round_trips_through_every_encoding(words):
    text = ",".join(words) + "\n"
    for name in ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "gb18030"):
        assert decode(raw(text.encode(name))).data.decode() == text


@given(words=st.lists(latin, min_size=1))
def test_western_text_round_trips_through_every_encoding(words):
    text = "name," + ",".join(words) + "\n"
    for name in ("utf-8", "utf-8-sig", "utf-16", "latin-1"):
        assert decode(raw(text.encode(name))).data.decode() == text
