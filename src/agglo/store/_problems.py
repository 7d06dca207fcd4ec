"""One place that turns what the system says into typed store errors."""

from __future__ import annotations

import errno
from pathlib import Path

from agglo.core.errors import Problem, StoreError

_FULL = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}
_DENIED = {errno.EACCES, errno.EPERM, errno.EROFS}


def store_error(code: str, what: str, path: Path, fix: str) -> StoreError:
    """Build a store error with its one problem."""
    problem = Problem(code=code, what=f"{path.name} {what}", where=str(path), fix=fix)
    return StoreError(f"{path} {what}.", [problem])


def write_error(path: Path, error: OSError) -> StoreError:
    """Say why `path` could not be written; the previous file is intact."""
    number = error.errno
    if number in _FULL:
        code, what = "disk_full", "could not be written: the disk is full"
        fix = "free some space and run again; the previous file is intact"
    elif number in _DENIED:
        code, what = "read_only", "could not be written: the folder is read-only"
        fix = "choose another folder or ask for the right to write"
    elif isinstance(error, IsADirectoryError):
        code, what = "directory_in_the_way", "could not be written: it is a folder"
        fix = "rename or remove the folder, or choose another name"
    elif isinstance(error, (NotADirectoryError, FileExistsError)):
        code, what = (
            "file_in_the_way",
            "could not be written: a file stands in its path",
        )
        fix = (
            "one of the folders above it is a file; rename it or choose another folder"
        )
    elif number == errno.ENAMETOOLONG:
        code, what = "name_too_long", "could not be written: the name is too long"
        fix = "choose a shorter name"
    else:
        code, what = "write_failed", f"could not be written: {error}"
        fix = "the previous file is intact; check the disk and run again"
    return store_error(code, what, path, fix)


def read_error(path: Path, error: OSError) -> StoreError:
    """Say why `path` could not be read."""
    if isinstance(error, FileNotFoundError):
        return store_error("missing_file", "does not exist", path, "check the name")
    if isinstance(error, IsADirectoryError):
        fix = "name a file inside it"
        return store_error("directory_in_the_way", "is a folder, not a file", path, fix)
    if isinstance(error, NotADirectoryError):
        fix = "one of the folders above it is a file; check the path"
        return store_error("missing_file", "does not exist", path, fix)
    if isinstance(error, PermissionError):
        fix = "ask for the right to read it"
        return store_error("no_permission", "may not be read", path, fix)
    fix = "check the disk and the path"
    return store_error("read_failed", f"could not be read: {error}", path, fix)
