"""A release held against what was recorded when it was written: every byte of every file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from agglo.core.errors import Problem, StoreError
from agglo.observatory.ledger_entries import damaged_entries
from agglo.observatory.release import (
    CATALOGUE,
    CURRENT,
    FOLDER,
    FORMAT,
    LEDGER,
    Mode,
    Release,
    id_of,
    open_release,
)
from agglo.runs.hashes import hash_file
from agglo.store import json_bytes, read_json

__all__ = ["ReleaseCheck", "check_releases", "wrong_parts"]


@dataclass(frozen=True, kw_only=True)
class ReleaseCheck:
    """What was found in the folder of releases.

    Parameters
    ----------
    problems
        All that differs; empty when every file is as it was written.
    n_files
        Files read.
    """

    problems: tuple[Problem, ...]
    n_files: int


def wrong_parts(release: Release) -> list[str]:
    """Read every byte of a release anew and name what is not as recorded.

    Parameters
    ----------
    release
        The release.

    Returns
    -------
    list of str
        Names of tables and of other files that differ, are missing or were not written
        with the release; ``release.json`` when the catalogue is not the one its id, the
        hash of all it holds, was given for.

    Notes
    -----
    Bytes are compared, not what can be read from them: a changed byte that no reader
    looks at is a change too. Cost O(bytes).
    """
    tables = _named(release)
    return sorted(tables.get(file, file) for file in _differing(release))


def _differing(release: Release) -> list[str]:
    """Name the files that are not as recorded."""
    held = release.catalogue.get("files")
    recorded = held if isinstance(held, dict) else {}
    wrong = [] if _catalogue_stands(release) else [CATALOGUE]
    found = {p.name for p in release.folder.iterdir()} - {CATALOGUE}
    for file in sorted({*found, *recorded, *_named(release)}):
        path = release.folder / file
        if not path.is_file() or hash_file(path) != recorded.get(file):
            wrong.append(file)
    return wrong


def _named(release: Release) -> dict[str, str]:
    """Give the table in every file, as far as the catalogue can be read."""
    held = release.catalogue.get("tables")
    entries = held.items() if isinstance(held, dict) else ()
    return {
        str(entry["file"]): name
        for name, entry in entries
        if isinstance(entry, dict) and "file" in entry
    }


def _catalogue_stands(release: Release) -> bool:
    catalogue = dict(release.catalogue)
    try:
        written = (release.folder / CATALOGUE).read_bytes()
    except OSError:
        return False
    return written == json_bytes(catalogue) and (
        id_of(catalogue) == release.id == release.folder.name
    )


def check_releases(workspace: Path) -> ReleaseCheck:
    """Hold every release of a project, its pointers and its ledger against their hashes.

    Parameters
    ----------
    workspace
        Folder with the results of a project.

    Returns
    -------
    ReleaseCheck
        Problem codes: ``damaged_release``, ``damaged_pointer``, ``damaged_ledger``.
        Nothing to read, and no problem, where nothing was released.
    """
    root = workspace / FOLDER
    if not root.is_dir():
        return ReleaseCheck(problems=(), n_files=0)
    problems: list[Problem] = []
    n_files = 0
    for folder in sorted(root.iterdir()):
        if not folder.is_dir() or folder.name.startswith(".") or folder.name == LEDGER:
            continue
        n_files += sum(1 for _ in folder.iterdir())
        problems += _release_problems(folder)
    modes = [mode for mode, name in CURRENT.items() if (root / name).is_file()]
    n_files += len(modes)
    told = [_pointer_problem(workspace, mode) for mode in modes]
    problems += [problem for problem in told if problem is not None]
    ledger = root / LEDGER
    n_files += sum(1 for p in ledger.glob("*") if p.is_file())
    problems += [
        Problem(
            code="damaged_ledger",
            what="is not as it was recorded",
            where=f"{FOLDER}/{LEDGER}/{file}",
            fix="restore it from a copy: without it no public release can be checked",
        )
        for file in damaged_entries(ledger)
    ]
    return ReleaseCheck(problems=tuple(problems), n_files=n_files)


def _release_problems(folder: Path) -> list[Problem]:
    where = f"{FOLDER}/{folder.name}"
    return [
        Problem(
            code="damaged_release",
            what="is not as it was released",
            where=f"{where}/{file}",
            fix=f"delete the folder {where}; the next `agglo serve` builds it anew",
        )
        for file in _wrong_files(folder)
    ]


def _wrong_files(folder: Path) -> list[str]:
    try:
        catalogue = read_json(folder / CATALOGUE)
    except StoreError:
        return [CATALOGUE]
    if not isinstance(catalogue, dict) or "id" not in catalogue:
        return [CATALOGUE]
    release = Release(folder, catalogue)
    if catalogue.get("format") != FORMAT:
        # of another version of agglo, whose files this one does not know
        return [] if _catalogue_stands(release) else [CATALOGUE]
    return _differing(release)


def _pointer_problem(workspace: Path, mode: Mode) -> Problem | None:
    path = workspace / FOLDER / CURRENT[mode]
    try:
        if path.read_text("utf-8") == f"{open_release(workspace, mode=mode).id}\n":
            return None
    except (StoreError, UnicodeDecodeError, ValueError):
        pass  # told below: it names no release
    return Problem(
        code="damaged_pointer",
        what=f"names no {mode} release",
        where=f"{FOLDER}/{path.name}",
        fix="delete it; the next `agglo serve` writes it anew",
    )
