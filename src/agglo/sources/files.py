"""Open a file safely: plain, gzip or zip, hashed while reading, encoding found.

Every way in which opening can fail ends in one :class:`SourceError` that names the file.
"""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from agglo.core.errors import OptionError, Problem, SourceError, suggest
from agglo.sources.limits import check_ratio, most_unpacked

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["RawFile", "Text", "decode", "detect_encoding", "read_packed", "read_raw"]

_CHUNK = 1 << 20
_LIMIT = 8 << 30
_SAMPLE = 1 << 20
_BOMS = (
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_BINARY = (
    (b"PAR1", "a Parquet file", "read it with read_table"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook (.xls)", "read it with read_table"),
    (b"%PDF", "a PDF document", "export the table as CSV"),
    (b"BZh", "compressed with bzip2", "unpack it or compress it with gzip"),
    (b"\xfd7zXZ", "compressed with xz", "unpack it or compress it with gzip"),
    (b"7z\xbc\xaf", "a 7-Zip archive", "unpack it or compress it with gzip"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RawFile:
    """The content of one file.

    Parameters
    ----------
    path
        Where it lies.
    name
        File name for messages and origin, without the folder.
    data
        Bytes after unpacking.
    sha256
        Digest of the file as it lies on disk.
    """

    path: Path
    name: str
    data: bytes
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """Text as UTF-8 bytes, and how it was encoded.

    Parameters
    ----------
    data
        UTF-8 without byte order mark.
    encoding
        Encoding of the file.
    notes
        Empty, or one note that the encoding is a guess.
    """

    data: bytes
    encoding: str
    notes: tuple[Problem, ...] = ()


def read_raw(path: str | Path) -> RawFile:
    """Read a file, unpack gzip or a zip with one member, and hash it on the way.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    RawFile
        Bytes after unpacking, digest of the bytes on disk.

    Raises
    ------
    SourceError
        ``not_found`` (with the closest name in the folder), ``is_directory``,
        ``empty_file``, ``truncated_file``, ``corrupt_file``, ``several_members``,
        ``too_large``, ``archive_ratio`` or ``unreadable``.

    Examples
    --------
    >>> import gzip, pathlib, tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> _ = (folder / "a.csv.gz").write_bytes(gzip.compress(b"x,y"))
    >>> len(read_raw(folder / "a.csv.gz").data)
    3
    """
    path = Path(path)
    packed, digest = read_packed(path)
    if not packed:
        raise _failed(
            path, code="empty_file", what="the file is empty", fix="download it again"
        )
    if packed[:2] == b"\x1f\x8b":
        data = _gunzip(path, packed)
    elif packed[:4] == b"PK\x03\x04" and not _is_workbook(path, packed):
        data = _unzip(path, packed)
    else:
        data = packed
    if not data:
        raise _failed(
            path, code="empty_file", what="the file is empty", fix="download it again"
        )
    return RawFile(path=path, name=path.name, data=data, sha256=digest)


def detect_encoding(data: bytes) -> str:
    """Find the encoding of text: UTF-8, UTF-16, UTF-32, GB18030, else cp1252 or latin-1.

    A byte order mark decides; then zero bytes (UTF-16), then whether the bytes are valid
    UTF-8, then whether they read as running Chinese in GB18030. One-byte encodings come
    last because they accept anything.

    Parameters
    ----------
    data
        Bytes of the text.

    Returns
    -------
    str
        Name of a Python codec.

    Notes
    -----
    Latin-1 text is often valid GB18030 too: an accented letter swallows the letter after
    it and becomes one Chinese character between Latin letters. Text counts as GB18030
    only if such swallowed letters and such lone characters are the minority. Two accented
    letters alone in a cell cannot be told from a Chinese character. Cost O(bytes).

    Examples
    --------
    >>> detect_encoding("地区,就业".encode("gb18030")), detect_encoding("Réunion,1".encode("latin-1"))
    ('gb18030', 'cp1252')
    >>> len(detect_encoding(b"a,b"))
    5
    """
    for mark, name in _BOMS:
        if data.startswith(mark):
            return name
    wide = _utf16_without_mark(data[:_SAMPLE])
    if wide:
        return wide
    if _decodes(data, "utf-8"):
        return "utf-8"
    if _decodes(data, "gb18030") and _reads_as_chinese(data[:_SAMPLE]):
        return "gb18030"
    return "cp1252" if _decodes(data, "cp1252") else "latin-1"


def decode(raw: RawFile, encoding: str | None = None) -> Text:
    """Turn the bytes of a text file into UTF-8.

    Parameters
    ----------
    raw
        The file.
    encoding
        Name of a codec; ``None`` finds it.

    Returns
    -------
    Text
        UTF-8 bytes without byte order mark, the encoding, a note if it is a guess.

    Raises
    ------
    SourceError
        ``binary_file`` or ``wrong_encoding``.
    OptionError
        If `encoding` is no codec.
    """
    _refuse_binary(raw)
    name = encoding or detect_encoding(raw.data)
    if name in {"utf-8", "utf-8-sig"} and _decodes(raw.data, "utf-8"):
        data = raw.data.removeprefix(b"\xef\xbb\xbf")
        if b"\x00" in data:
            raise _failed(
                raw.path,
                code="binary_file",
                what="the file holds zero bytes",
                fix="export as CSV",
            )
        return Text(data=data, encoding=name)
    try:
        text = raw.data.decode(name)
    except LookupError as error:
        msg = f"encoding={encoding!r} is not an encoding that Python knows."
        raise OptionError(msg) from error
    except UnicodeDecodeError as error:
        line = raw.data.count(b"\n", 0, error.start) + 1
        what = f"byte {error.start} (line {line}) is not {name}"
        found = detect_encoding(raw.data)
        raise _failed(
            raw.path, code="wrong_encoding", what=what, fix=f"try encoding={found!r}"
        ) from error
    if "\x00" in text:
        raise _failed(
            raw.path,
            code="binary_file",
            what="the file is not text",
            fix="export as CSV",
        )
    data = text.removeprefix("\ufeff").encode("utf-8", "surrogatepass")
    return Text(data=data, encoding=name, notes=_encoding_note(raw, name, encoding))


def _encoding_note(raw: RawFile, name: str, given: str | None) -> tuple[Problem, ...]:
    if given is not None or name.startswith("utf"):
        return ()
    sure = name == "gb18030"
    return (
        Problem(
            code="encoding_detected" if sure else "encoding_guessed",
            what=f"read as {name}" + ("" if sure else ", the last resort for text"),
            where=raw.name,
            fix="look at the names; pass encoding=... if they are garbled",
        ),
    )


def _failed(path: Path, code: str, what: str, fix: str) -> SourceError:
    problem = Problem(code=code, what=what, where=path.name, fix=fix)
    return SourceError(f"Cannot read {path.name}: {what}.", [problem])


def read_packed(path: Path) -> tuple[bytes, str]:
    """Read a file as it lies on disk, and hash it on the way.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    tuple
        Bytes and their SHA-256.

    Raises
    ------
    SourceError
        ``not_found``, ``is_directory``, ``too_large`` or ``unreadable``.
    """
    if path.is_dir():
        inside = sorted(p.name for p in path.iterdir() if p.is_file())[:5]
        listed = (
            f"name a file in it, for example {inside[0]}" if inside else "name a file"
        )
        raise _failed(
            path, code="is_directory", what="this is a folder, not a file", fix=listed
        )
    if not path.exists():
        raise _failed(
            path, code="not_found", what="there is no such file", fix=_nearest(path)
        )
    digest = hashlib.sha256()
    parts: list[bytes] = []
    size = 0
    try:
        for chunk in _chunks(path):
            digest.update(chunk)
            parts.append(chunk)
            size += len(chunk)
            _check_size(path, size)
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise _failed(
            path, code="unreadable", what=why.lower(), fix="check its permissions"
        ) from error
    return b"".join(parts), digest.hexdigest()


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            yield chunk


def _check_size(path: Path, size: int) -> None:
    if size > _LIMIT:
        what = f"it unpacks to more than {_LIMIT >> 30} GiB"
        raise _failed(
            path,
            code="too_large",
            what=what,
            fix="split it or convert it to Parquet first",
        )


def _nearest(path: Path) -> str:
    folder = path.parent
    if not folder.is_dir():
        return f"there is no folder '{folder.name}' either; check the path"
    names = sorted(p.name for p in folder.iterdir())
    hint = suggest(path.name, names)
    return hint or f"the folder holds {len(names)} other entries; check the name"


def _gunzip(path: Path, packed: bytes) -> bytes:
    parts: list[bytes] = []
    size = 0
    rest = packed
    try:
        while rest:
            engine = zlib.decompressobj(wbits=31)
            most = min(_LIMIT, most_unpacked(len(packed))) - size
            parts.append(engine.decompress(rest, most + 1))
            size += len(parts[-1])
            _check_size(path, size)
            check_ratio(len(packed), size, path.name)
            if not engine.eof:
                what = "the gzip stream ends before its end: the file is truncated"
                raise _failed(
                    path, code="truncated_file", what=what, fix="download it again"
                )
            rest = engine.unused_data.lstrip(b"\x00")
    except zlib.error as error:
        what = f"the gzip stream is damaged ({error})"
        raise _failed(
            path, code="corrupt_file", what=what, fix="download it again"
        ) from error
    return b"".join(parts)


def _is_workbook(path: Path, packed: bytes) -> bool:
    if path.suffix.lower() in {".xlsx", ".xlsm", ".xlsb", ".ods"}:
        return True
    return b"[Content_Types].xml" in packed[:4096]


def _unzip(path: Path, packed: bytes) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(packed)) as archive:
            members = [
                m
                for m in archive.infolist()
                if not m.is_dir() and not m.filename.startswith("__MACOSX/")
            ]
            if len(members) != 1:
                names = ", ".join(m.filename for m in members[:5]) or "none"
                what = f"the zip holds {len(members)} files ({names})"
                fix = "unpack it and name the file to read"
                raise _failed(path, code="several_members", what=what, fix=fix)
            _check_size(path, members[0].file_size)
            check_ratio(len(packed), members[0].file_size, path.name)
            # with a size asked for, a member that lies about its own unpacks no further
            with archive.open(members[0]) as member:
                return member.read(members[0].file_size + 1)
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError) as error:
        what = f"the zip archive is damaged ({error})"
        raise _failed(
            path, code="corrupt_file", what=what, fix="download it again"
        ) from error
    except (RuntimeError, NotImplementedError) as error:
        what = f"the zip archive cannot be opened ({error})"
        raise _failed(
            path, code="unreadable", what=what, fix="unpack it first"
        ) from error


def _refuse_binary(raw: RawFile) -> None:
    if raw.data[:4] == b"PK\x03\x04":
        fix = "read it with read_table"
        raise _failed(
            raw.path,
            code="binary_file",
            what="this is an Excel workbook, not text",
            fix=fix,
        )
    for magic, what, fix in _BINARY:
        if raw.data.startswith(magic):
            raise _failed(
                raw.path, code="binary_file", what=f"this is {what}, not text", fix=fix
            )


def _decodes(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _utf16_without_mark(sample: bytes) -> str:
    # delimiters and digits are ASCII: in UTF-16 every one of them brings a zero byte
    sample = sample[: len(sample) // 2 * 2]
    half = len(sample) // 2
    if half == 0 or b"\x00" not in sample:
        return ""
    low, high = sample[1::2].count(0), sample[0::2].count(0)
    if low and not high:
        return "utf-16-le"
    if high and not low:
        return "utf-16-be"
    return ""


_LONE = re.compile(r"(?<![^\x00-\x7f])[^\x00-\x7f](?![^\x00-\x7f])")
_WIDE = re.compile(r"[^\x00-\x7f]")
_JUDGED = 20_000
_RUN = re.compile(r"[^\x00-\x7f]+")


def _reads_as_chinese(sample: bytes) -> bool:
    text = sample.decode("gb18030", "ignore")
    wide = [c.encode("gb18030") for c in _WIDE.findall(text)[:_JUDGED]]
    # the second byte of common characters lies above ASCII; a letter there was swallowed
    swallowed = sum(len(c) == 2 and chr(c[1]).isalpha() and c[1] < 128 for c in wide)
    if 3 * swallowed > len(wide):
        return False
    suspicious = 0
    for hit in _LONE.finditer(text):
        before, after = (
            text[hit.start() - 1 : hit.start()],
            text[hit.end() : hit.end() + 1],
        )
        suspicious += before.isalpha() or after.isalpha()
    runs = sum(1 for _ in _RUN.finditer(text))
    return runs > 2 * suspicious
