"""Bring finished steps into the project folder: all of a run, or nothing of it.

Nothing is published before every step of a run is done, so a failed or killed run leaves
the previous results as they were. Files are placed one by one by renames; a kill in
between is finished by the next run, which knows from a journal what was being placed.
"""

from __future__ import annotations

import contextlib
import json
import os
import uuid
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from agglo.core.errors import RunError
from agglo.runs.manifest import MANIFEST, Manifest, ManifestStep, project_facts
from agglo.runs.step_store import StepRecord, disk_error, sync_folder
from agglo.store import clean_partial, write_bytes, write_json

if TYPE_CHECKING:
    from agglo.runs.project import Project

__all__ = ["load_for_update", "merge_steps", "publish"]

_JOURNAL = "publishing.json"


def load_for_update(project: Project) -> Manifest | None:
    """Read the manifest that a run will replace; a damaged one counts as none.

    Parameters
    ----------
    project
        The project.

    Returns
    -------
    Manifest or None
        The manifest of the workspace.
    """
    try:
        return Manifest.load(project.workspace)
    except RunError:
        return None


def merge_steps(
    old: Manifest | None, done: Iterable[ManifestStep], scope: tuple[str, ...]
) -> tuple[ManifestStep, ...]:
    """Put the steps of a run in the place of earlier ones.

    Parameters
    ----------
    old
        The manifest so far.
    done
        Steps of this run.
    scope
        Step ids, or folders of ids ending in ``/``, that this run answers for; earlier
        steps among them are dropped. ``""`` stands for all.

    Returns
    -------
    tuple of ManifestStep
        Imports first, then the check, then the studies.
    """
    new = {s.id: s for s in done}
    folders = tuple(p for p in scope if p.endswith("/") or not p)
    before = old.steps if old else ()
    kept = [s for s in before if s.id not in scope and not s.id.startswith(folders)]
    merged = {s.id: s for s in kept} | new
    order = {"import": 0, "check": 1, "study": 2}
    return tuple(sorted(merged.values(), key=lambda s: order[s.id.split("/")[0]]))


def publish(
    project: Project,
    old: Manifest | None,
    steps: tuple[ManifestStep, ...],
    records: Mapping[str, StepRecord],
) -> Manifest:
    """Place the outputs of finished steps in the project and write the manifest.

    Parameters
    ----------
    project
        The project.
    old
        The manifest so far.
    steps
        All steps of the new manifest.
    records
        The steps of this run.

    Returns
    -------
    Manifest
        The new manifest.

    Raises
    ------
    StoreError
        If the disk refuses; run again to finish.
    """
    new = Manifest(project=project_facts(project), steps=steps)
    gone = set(old.artefacts if old else ()) | _interrupted(project)
    gone -= set(new.artefacts)
    journal = project.private / _JOURNAL
    names = {n for r in records.values() for n in r.outputs}
    write_json(journal, [*sorted(names | gone)])
    for record in records.values():
        for name, digest in record.outputs.items():
            _place(project, record.path(name), project.workspace / name, digest)
    for folder in sorted({(project.workspace / n).parent for n in names}):
        sync_folder(folder)
    for name in sorted(gone):
        _remove(project.workspace, name)
    for folder in (project.tables, project.results, project.private):
        clean_partial(folder)
    _place_manifest(project, new.to_bytes())
    journal.unlink(missing_ok=True)
    return new


def _interrupted(project: Project) -> set[str]:
    """Name what a killed run was placing."""
    try:
        names = json.loads((project.private / _JOURNAL).read_bytes())
    except (OSError, ValueError):
        return set()
    plain = (
        {n for n in names if isinstance(n, str)} if isinstance(names, list) else set()
    )
    return {n for n in plain if n.startswith(("tables/", "results/")) and ".." not in n}


def _place(project: Project, source: Path, target: Path, digest: str) -> None:
    from agglo.runs.hashes import hash_file

    try:
        if target.is_file():
            if target.samefile(source) or hash_file(target) == digest:
                return
        elif target.is_dir():
            raise IsADirectoryError(21, "a folder stands in its place")
        target.parent.mkdir(parents=True, exist_ok=True)
        staged = project.private / "staging" / uuid.uuid4().hex
        staged.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(source, staged)
            staged.replace(target)
        except OSError:
            # Other file system, or one without hard links: a copy does as well.
            staged.unlink(missing_ok=True)
            write_bytes(target, source.read_bytes())
    except OSError as error:
        raise disk_error(target, error) from error


def _place_manifest(project: Project, data: bytes) -> None:
    target = project.workspace / MANIFEST
    if target.is_file() and target.read_bytes() == data:
        return
    staged = project.private / "staging" / MANIFEST
    write_bytes(staged, data)
    try:
        staged.replace(target)
        sync_folder(target.parent)
    except OSError as error:
        raise disk_error(target, error) from error


def _remove(root: Path, name: str) -> None:
    target = root / name
    try:
        target.unlink(missing_ok=True)
    except OSError as error:
        raise disk_error(target, error) from error
    for folder in target.relative_to(root).parents:
        if folder == Path():
            break
        with contextlib.suppress(OSError):  # not empty, or gone already
            (root / folder).rmdir()
