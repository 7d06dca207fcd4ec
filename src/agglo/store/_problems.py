"""One place that turns what the system says into typed store errors."""

from __future__ import annotations

import errno
from pathlib import Path

from agglo.core.errors import Problem, StoreError

_FULL = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}
_DENIED = {errno.EACCES, errno.EPERM, errno.EROFS}


def store_error(path: Path, *, code: str, what: str, fix: str) -> StoreError:
    """Build a store error with its one problem."""
    problem = Problem(code=code, what=f"{path.name} {what}", where=str(path), fix=fix)
    return StoreError(f"{path} {what}.", [problem])


def write_error(path: Path, error: OSError) -> StoreError:
    """Say why `path` could not be written; the previous file is intact."""
    if error.errno in _FULL:
        return store_error(
            path,
            code="disk_full",
            what="could not be written: the disk is full",
            fix="free some space and run again; the previous file is intact",
        )
    if error.errno in _DENIED:
        return store_error(
            path,
            code="read_only",
            what="could not be written: the folder is read-only",
            fix="choose another folder or ask for the right to write",
        )
    if isinstance(error, IsADirectoryError):
        return store_error(
            path,
            code="directory_in_the_way",
            what="could not be written: it is a folder",
            fix="rename or remove the folder, or choose another name",
        )
    if isinstance(error, (NotADirectoryError, FileExistsError)):
        return store_error(
            path,
            code="file_in_the_way",
            what="could not be written: a file stands in its path",
            fix="one of the folders above it is a file; rename it or choose another folder",
        )
    if error.errno == errno.ENAMETOOLONG:
        return store_error(
            path,
            code="name_too_long",
            what="could not be written: the name is too long",
            fix="choose a shorter name",
        )
    return store_error(
        path,
        code="write_failed",
        what=f"could not be written: {error}",
        fix="the previous file is intact; check the disk and run again",
    )


def read_error(path: Path, error: OSError) -> StoreError:
    """Say why `path` could not be read."""
    if isinstance(error, (FileNotFoundError, NotADirectoryError)):
        return store_error(
            path, code="missing_file", what="does not exist", fix="check the path"
        )
    if isinstance(error, IsADirectoryError):
        return store_error(
            path,
            code="directory_in_the_way",
            what="is a folder, not a file",
            fix="name a file inside it",
        )
    if isinstance(error, PermissionError):
        return store_error(
            path,
            code="no_permission",
            what="may not be read",
            fix="ask for the right to read it",
        )
    return store_error(
        path,
        code="read_failed",
        what=f"could not be read: {error}",
        fix="check the disk and the path",
    )
