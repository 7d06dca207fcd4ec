"""Imports as steps: a reader turns files into checked tables of the project."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from agglo.core.checks import check_table
from agglo.core.errors import InvalidTableError, Problem, RunError, suggest
from agglo.core.results import to_json
from agglo.runs.reader_options import (
    option_problems,
    parsed_options,
    path_options,
)
from agglo.runs.steps import InputFile, Step, StepContext

if TYPE_CHECKING:
    from agglo.runs.hashes import FileHashes
    from agglo.runs.project import Project
    from agglo.runs.project_file import ImportEntry
    from agglo.sources import Reader, SourceTable
    from agglo.sources.registry import OptionValue

__all__ = ["import_of", "import_step_id", "import_steps", "unknown_source"]


def import_step_id(entry_id: str) -> str:
    """Give the step id of an import.

    Parameters
    ----------
    entry_id
        Id of the ``[[import]]`` entry.

    Returns
    -------
    str
        For example ``"import/cbp"``.
    """
    return f"import/{entry_id}"


def import_steps(
    project: Project,
    readers: Mapping[str, Reader],
    hashes: FileHashes,
    only: str | None = None,
) -> tuple[Step, ...]:
    """Make one step per ``[[import]]`` entry.

    Parameters
    ----------
    project
        The project.
    readers
        Name to reader.
    hashes
        Remembered hashes of files.
    only
        Id of the one entry wanted; ``None`` for all.

    Returns
    -------
    tuple of Step
        In the order of ``agglo.toml``.

    Raises
    ------
    RunError
        With every unknown source, unresolved name and missing file.
    """
    problems: list[Problem] = []
    steps: list[Step] = []
    for position, entry in enumerate(project.imports):
        if only is not None and entry.id != only:
            continue
        if entry.source not in readers:
            where = project.place("import", position, "source")
            problems.append(unknown_source(entry.source, readers, where=where))
            continue
        step, wrong = _entry_step(project, position, readers[entry.source], hashes)
        problems += wrong
        steps += [step] if step else []
    if problems:
        plural = "s" if len(problems) != 1 else ""
        msg = f"The imports have {len(problems)} problem{plural}."
        raise RunError(msg, problems)
    return tuple(steps)


def _entry_step(
    project: Project, position: int, reader: Reader, hashes: FileHashes
) -> tuple[Step | None, list[Problem]]:
    entry = project.imports[position]

    def place(option: str) -> str:
        return project.place("import", position, "options", option)

    where = project.place("import", position, "files")
    problems = option_problems(reader, entry.options, place)
    files, wrong = _files(project, entry, entry.files, hashes, where)
    problems += wrong
    named = path_options(reader, entry.options)
    further, wrong = _files(project, entry, named.values(), hashes, where)
    problems += wrong
    if problems:
        return None, problems
    paths = {k: f.path for k, f in zip(named, further, strict=True)}
    options = parsed_options(reader, entry.options, paths)
    return _step(entry, reader, options, files, further), []


def unknown_source(
    name: str, readers: Mapping[str, Reader], *, where: str = ""
) -> Problem:
    """Say that there is no such reader, and which one may be meant.

    Parameters
    ----------
    name
        What was written.
    readers
        Name to reader.
    where
        Where it was written.

    Returns
    -------
    Problem
        With code ``unknown_source``.
    """
    known = sorted(readers)
    fix = suggest(name, known) or f"sources: {', '.join(known)}"
    what = f"there is no source '{name}'"
    return Problem(code="unknown_source", what=what, where=where, fix=fix)


def _files(
    project: Project,
    entry: ImportEntry,
    names: Iterable[str],
    hashes: FileHashes,
    where: str,
) -> tuple[tuple[InputFile, ...], list[Problem]]:
    found: list[InputFile] = []
    problems: list[Problem] = []
    for name in names:
        try:
            path = project.resolve(name, where=where)
            digest = hashes.of(path)
            size = path.stat().st_size
            found.append(InputFile(name=name, path=path, sha256=digest, size=size))
        except RunError as error:
            problems += [
                _with_place(p, entry, name, project, where) for p in error.problems
            ]
    return tuple(found), problems


def _with_place(
    problem: Problem, entry: ImportEntry, name: str, project: Project, where: str
) -> Problem:
    fix = problem.fix
    if problem.code == "missing_file":
        path = project.resolve(name)
        near: list[str] = []
        if path.parent.is_dir():
            names = [p.name for p in path.parent.iterdir()]
            near = difflib.get_close_matches(path.name, names, n=1)
        else:
            fix = f"the folder {path.parent} does not exist either"
        fix = f"Did you mean '{near[0]}'?" if near else fix
    what = f"import '{entry.id}', file {name}: {problem.what}"
    return Problem(code=problem.code, what=what, where=where, fix=fix)


def _step(
    entry: ImportEntry,
    reader: Reader,
    options: Mapping[str, OptionValue],
    files: tuple[InputFile, ...],
    further: tuple[InputFile, ...],
) -> Step:
    return Step(
        id=import_step_id(entry.id),
        label=f"import {entry.id} ({entry.source})",
        code=(reader.function, _write, check_table),
        parameters={"source": entry.source, "options": to_json(entry.options)},
        files=files + further,
        work=partial(_work, entry, reader, options, files, further),
    )


def _work(
    entry: ImportEntry,
    reader: Reader,
    options: Mapping[str, OptionValue],
    files: tuple[InputFile, ...],
    further: tuple[InputFile, ...],
    context: StepContext,
) -> None:
    parts = reader.read([f.path for f in files], **options)
    problems: list[Problem] = []
    for part in parts:
        where = f"import '{entry.id}', table {part.table}"
        report = check_table(part.data, part.table, where=where)
        problems += report.problems
        context.folder.notes.extend(str(w) for w in report.warnings)
    if problems:
        plural = "s" if len(problems) != 1 else ""
        msg = f"The import '{entry.id}' has {len(problems)} problem{plural}; nothing was changed."
        raise InvalidTableError(msg, problems)
    _refuse_changed(entry, files + further)
    _write(entry, parts, context)


def _refuse_changed(entry: ImportEntry, files: tuple[InputFile, ...]) -> None:
    """Refuse files that changed between hashing and reading."""
    from agglo.runs.hashes import hash_file

    changed = [f.name for f in files if hash_file(f.path) != f.sha256]
    if changed:
        msg = (
            f"The import '{entry.id}': {', '.join(changed)} changed while it was read."
        )
        msg += " Run again when the file is complete."
        raise RunError(msg)


def part_name(entry_id: str, n: int) -> str:
    """Name the n-th part of a table that an import gives; see :func:`import_of`."""
    return entry_id if n == 1 else f"{entry_id}.{n}"


def import_of(part: str, ids: Collection[str]) -> str | None:
    """Find the import that gave a part of a table.

    Parameters
    ----------
    part
        Name of the part, its file name without ending.
    ids
        Ids of imports.

    Returns
    -------
    str or None
        The id among `ids`; ``None`` when another import gave the part.
    """
    if part in ids:
        return part
    before, _, number = part.rpartition(".")
    return before if number.isdigit() and before in ids else None


def _write(
    entry: ImportEntry, parts: tuple[SourceTable, ...], context: StepContext
) -> None:
    seen: dict[str, int] = {}
    for part in parts:
        seen[part.table] = seen.get(part.table, 0) + 1
        n = seen[part.table]
        name = part_name(entry.id, n)
        context.folder.table(f"tables/{part.table}/{name}.parquet", part.data)
        repairs = [*part.repairs, *part.notes]
        context.folder.notes.extend(f"{part.table}: {p}" for p in repairs)
    context.folder.document(
        f"tables/import-{entry.id}.json",
        {
            "import": entry.id,
            "source": entry.source,
            "tables": [
                {
                    "table": p.table,
                    "rows": p.data.num_rows,
                    "origin": p.origin.to_dict(),
                    "repairs": [to_json(r.to_dict()) for r in p.repairs],
                    "notes": [to_json(r.to_dict()) for r in p.notes],
                }
                for p in parts
            ],
        },
    )
