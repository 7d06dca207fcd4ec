"""Files that are either the old ones or the new ones, never half of each.

Every writer of agglo goes through :func:`open_atomic`: the bytes go to a hidden temporary
file in the target's own folder, are flushed to the disk, and take the target's name in one
step. A failure, Ctrl-C included, leaves the previous file as it was.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from agglo.store import _locking
from agglo.store._json import encode_json
from agglo.store._problems import read_error, store_error, write_error

if TYPE_CHECKING:
    from typing import BinaryIO, Literal

    from agglo.core.typing import Json

__all__ = [
    "clean_partial",
    "json_bytes",
    "open_atomic",
    "read_json",
    "write_bytes",
    "write_json",
    "write_text",
]

PARTIAL = ".partial"
_BUFFER = 1 << 20


@contextlib.contextmanager
def open_atomic(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    r"""Write a file that appears whole or not at all.

    Use for output that is produced piece by piece; for bytes or text at hand see
    `write_bytes` and `write_text`.

    Parameters
    ----------
    path
        Target file. Its folder is made when absent; a symbolic link is followed, so that
        the link stays and what it points to is replaced.

    Yields
    ------
    typing.BinaryIO
        Open binary file. When the block ends the bytes are on the disk under `path`; when
        it raises, `path` is as before and no temporary file is left.

    Raises
    ------
    StoreError
        ``read_only``, ``disk_full``, ``directory_in_the_way``, ``file_in_the_way``,
        ``name_too_long`` or ``write_failed``.

    Notes
    -----
    Temporary file in the same folder, flush, fsync, rename, fsync of the folder. The
    temporary file is locked while it is written, which is how `clean_partial` tells the
    leavings of a killed process from the work of a living one. Cost O(bytes).

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> target = Path(tempfile.mkdtemp()) / "cells.csv"
    >>> with open_atomic(target) as file:
    ...     _ = file.write(b"region,jobs;")
    ...     target.exists()
    False
    >>> target.stat().st_size
    12
    """
    target = Path(os.path.realpath(path))
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.is_dir():
            raise IsADirectoryError
        descriptor, partial = _create_partial(target)
    except OSError as error:
        raise write_error(target, error) from error
    try:
        with os.fdopen(descriptor, "wb", buffering=_BUFFER) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
            # renamed while still locked: a cleaner in another process cannot take it
            partial.replace(target)
        _sync_folder(target.parent)
    except OSError as error:
        _remove(partial)
        raise write_error(target, error) from error
    except BaseException:
        _remove(partial)
        raise


def write_bytes(path: str | os.PathLike[str], data: bytes) -> None:
    """Write bytes to a file, whole or not at all.

    Parameters
    ----------
    path
        Target file; replaced when it exists.
    data
        The whole content.

    Raises
    ------
    StoreError
        As `open_atomic`.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> target = Path(tempfile.mkdtemp()) / "map.png"
    >>> write_bytes(target, b"12345")
    >>> target.stat().st_size
    5
    """
    with open_atomic(path) as file:
        file.write(data)


def write_text(path: str | os.PathLike[str], text: str) -> None:
    r"""Write text as UTF-8, whole or not at all.

    Parameters
    ----------
    path
        Target file; replaced when it exists.
    text
        The whole content; line ends are written as they are.

    Raises
    ------
    StoreError
        As `open_atomic`.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> target = Path(tempfile.mkdtemp()) / "note.txt"
    >>> write_text(target, "产业\n")
    >>> target.stat().st_size
    7
    """
    write_bytes(path, text.encode())


def write_json(
    path: str | os.PathLike[str],
    value: Json,
    *,
    nan: Literal["refuse", "null"] = "refuse",
) -> None:
    """Write plain values as JSON whose bytes depend on the values only.

    Parameters
    ----------
    path
        Target file; replaced when it exists.
    value
        Nested dictionaries with text keys, lists, text, numbers, booleans, ``None``.
    nan
        What becomes of NaN and the infinities, which JSON does not have: ``"refuse"``
        raises and lists every one; ``"null"`` writes ``null``.

    Raises
    ------
    StoreError
        ``not_finite`` or ``wrong_type`` with the place of each value, or as `open_atomic`.

    Notes
    -----
    Keys sorted, two spaces of indent, UTF-8, a final line end; each float is written with
    the fewest digits that read back as the same number; minus zero is written as zero.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> target = Path(tempfile.mkdtemp()) / "run.json"
    >>> write_json(target, {"share": 0.1, "lq": float("nan")}, nan="null")
    >>> read_json(target)
    {'lq': None, 'share': 0.1}
    """
    write_bytes(path, encode_json(value, where=str(path), nan=nan))


def json_bytes(value: Json) -> bytes:
    r"""Give the bytes that `write_json` writes for a value.

    Parameters
    ----------
    value
        As for `write_json`.

    Returns
    -------
    bytes
        A file that holds others is not as it was written.

    Raises
    ------
    StoreError
        ``not_finite`` or ``wrong_type``, as `write_json`.

    Examples
    --------
    >>> json_bytes({"share": 0.1, "n": 3})
    b'{\n  "n": 3,\n  "share": 0.1\n}\n'
    """
    return encode_json(value, where="the value", nan="refuse")


def read_json(path: str | os.PathLike[str]) -> Json:
    """Read a JSON file.

    Parameters
    ----------
    path
        The file, UTF-8 with or without byte-order mark.

    Returns
    -------
    None, bool, int, float, str, list or dict
        Plain values.

    Raises
    ------
    StoreError
        ``missing_file``, ``directory_in_the_way``, ``no_permission`` or ``corrupt_json``
        (with line and column; NaN and infinities are not JSON).

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> target = Path(tempfile.mkdtemp()) / "n.json"
    >>> write_json(target, {"n": 3})
    >>> read_json(target)["n"]
    3
    """
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise read_error(Path(path), error) from error
    try:
        value: Json = json.loads(data.decode("utf-8-sig"), parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise store_error(
            Path(path),
            code="corrupt_json",
            what=f"is not a JSON file: {error}",
            fix="restore the file, or delete it and run the step again",
        ) from error
    return value


def clean_partial(folder: str | os.PathLike[str]) -> tuple[Path, ...]:
    """Remove the temporary files that killed processes left behind.

    Use at the start of a run, on the project folder.

    Parameters
    ----------
    folder
        Folder searched with all its subfolders; an absent folder has nothing to clean.

    Returns
    -------
    tuple of pathlib.Path
        The files removed, sorted. Files that a living process is still writing stay.

    Raises
    ------
    StoreError
        ``read_only`` when a leftover cannot be removed.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> folder = Path(tempfile.mkdtemp())
    >>> (folder / ".cells.parquet.0a1b2c3d.partial").touch()
    >>> len(clean_partial(folder))
    1
    """
    removed = []
    for partial in sorted(Path(folder).rglob(f".*{PARTIAL}")):
        try:
            if partial.is_file() and _locking.remove_if_free(partial):
                removed.append(partial)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise write_error(partial, error) from error
    return tuple(removed)


def _create_partial(target: Path) -> tuple[int, Path]:
    flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY
    flags |= getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
    # 255 bytes is the longest name: a long target keeps the start of its own
    stem = target.name.encode()[:200].decode(errors="ignore")
    while True:
        partial = target.with_name(f".{stem}.{secrets.token_hex(4)}{PARTIAL}")
        try:
            descriptor = os.open(partial, flags, 0o666)
        except FileExistsError:
            continue
        _locking.lock(descriptor)
        # a cleaner may have seen the file before it was locked: then make another one
        if os.fstat(descriptor).st_nlink:
            return descriptor, partial
        os.close(descriptor)


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":  # pragma: no cover  (Windows has no folder descriptors)
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove(partial: Path) -> None:
    # the first error is the one to report
    with contextlib.suppress(OSError):
        partial.unlink(missing_ok=True)


def _no_constant(word: str) -> None:
    msg = f"{word} is not JSON"
    raise ValueError(msg)
