"""Add an import to a project: read, check, and only then write ``agglo.toml``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from agglo.core.errors import OptionError, RunError
from agglo.core.typing import Json
from agglo.runs.execute import StepStatus, open_runner
from agglo.runs.import_steps import import_steps, unknown_source
from agglo.runs.project import Project
from agglo.runs.project_file import ImportEntry
from agglo.runs.publish import load_for_update, merge_steps, publish
from agglo.runs.reader_options import (
    option_problems,
    parsed_options,
    path_options,
)
from agglo.store import read_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from agglo.runs.launch import Registry
    from agglo.runs.progress import Progress
    from agglo.sources import Reader

__all__ = ["AddedImport", "add_import"]


@dataclass(frozen=True, kw_only=True)
class AddedImport:
    """An import that was added.

    Parameters
    ----------
    id
        Its id in ``agglo.toml``.
    tables
        Table to number of rows.
    step
        What became of its step; the notes list repairs and warnings.
    written
        Whether ``agglo.toml`` and the tables were written; ``False`` in a dry run.
    """

    id: str
    tables: Mapping[str, int]
    step: StepStatus
    written: bool

    def to_dict(self) -> dict[str, Json]:
        """Give the fields as plain values."""
        return {
            "id": self.id,
            "tables": dict(self.tables),
            "notes": list(self.step.notes),
            "seconds": self.step.seconds,
            "written": self.written,
        }


def add_import(
    path: str | Path,
    source: str,
    files: Sequence[str | Path],
    *,
    options: Mapping[str, object] | None = None,
    id: str | None = None,  # noqa: A002  # the key in agglo.toml
    dry_run: bool = False,
    registry: Registry | None = None,
    progress: Progress | None = None,
) -> AddedImport:
    """Add an ``[[import]]`` entry to a project and import its files.

    Nothing is written unless the files can be read and the tables pass their checks.

    Parameters
    ----------
    path
        Project folder.
    source
        Name of the reader.
    files
        Files, relative to the working directory; names with ``{path name}`` or
        ``${VARIABLE}`` are kept as they are.
    options
        Options of the reader.
    id
        Id of the entry; the name of the source, with a number if taken, when ``None``.
    dry_run
        Read and check, but write nothing.
    registry
        Studies and readers; those of the library when ``None``.
    progress
        Told about the step; nobody when ``None``.

    Returns
    -------
    AddedImport
        Id, tables with rows, repairs and warnings.

    Raises
    ------
    RunError
        If the source is unknown, the id taken, or a file missing.
    OptionError
        With every option that is unknown, missing or has no such value.
    SourceError, InvalidTableError
        What the reader or the check of its tables says.
    """
    from agglo.runs.launch import Registry as _Registry

    known = registry or _Registry.installed()
    with open_runner(Project.open(path), progress) as runner:
        # read again under the lock: another import may have been added meanwhile
        project = Project.open(path)
        wider = project.with_import(_entry(project, known, source, files, options, id))
        entry = wider.imports[-1]
        (step,) = import_steps(wider, known.readers, runner.hashes, only=entry.id)
        record = runner.run(step)
        if not dry_run:
            wider.save()
            old = load_for_update(wider)
            merged = merge_steps(old, runner.done, (step.id,))
            publish(wider, old, merged, runner.records)
        document = read_json(record.path(f"tables/import-{entry.id}.json"))
    return AddedImport(
        id=entry.id,
        tables=_rows(document),
        step=runner.statuses[-1],
        written=not dry_run,
    )


def _entry(
    project: Project,
    known: Registry,
    source: str,
    files: Sequence[str | Path],
    options: Mapping[str, object] | None,
    wanted: str | None,
) -> ImportEntry:
    if source not in known.readers:
        problem = unknown_source(source, known.readers)
        msg = f"There is no source '{source}'."
        raise RunError(msg, [problem])
    if wanted is not None and project.free_id(wanted) != wanted:
        msg = f"The import id '{wanted}' is taken. Choose another with --id."
        raise RunError(msg)
    # unchecked here: the file it is appended to is checked as a whole
    return ImportEntry.model_construct(
        id=wanted or project.free_id(source),
        source=source,
        files=[_as_written(project, f) for f in files],
        options=_typed(project, known.readers[source], options or {}),
    )


def _typed(
    project: Project, reader: Reader, options: Mapping[str, object]
) -> dict[str, object]:
    """Give the options as ``agglo.toml`` should hold them, or say all that is wrong."""
    problems = option_problems(reader, options, lambda name: f"option {name}")
    if problems:
        msg = f"The options of the source '{reader.name}' are not admissible."
        raise OptionError(msg, problems)
    named = path_options(reader, options)
    typed: dict[str, object] = {**parsed_options(reader, options, {})}
    return typed | {k: _as_written(project, v) for k, v in named.items()}


def _as_written(project: Project, name: str | Path) -> str:
    text = str(name)
    if "{" in text:
        return text
    return project.shorten(Path(text))


def _rows(document: Json) -> dict[str, int]:
    rows: dict[str, int] = {}
    parts = document.get("tables") if isinstance(document, dict) else None
    for part in parts if isinstance(parts, list) else []:
        if isinstance(part, dict):
            name = str(part["table"])
            rows[name] = rows.get(name, 0) + int(str(part["rows"]))
    return rows
