"""Hold a project against its manifest: every byte of every artefact and input."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from agglo.core.errors import Problem, RunError
from agglo.core.typing import Json
from agglo.runs.hashes import hash_file
from agglo.runs.manifest import MANIFEST, Manifest, ManifestStep, project_facts
from agglo.runs.project import Project
from agglo.runs.steps import versions

if TYPE_CHECKING:
    from agglo.runs.launch import Registry
    from agglo.runs.progress import Progress

__all__ = ["Verification", "verify"]


@dataclass(frozen=True, kw_only=True)
class Verification:
    """The outcome of a verification.

    Parameters
    ----------
    problems
        All that differs from the manifest; empty when the project is intact.
    notes
        What does not count as a difference but may explain one: other versions, a
        changed project table.
    n_artefacts, n_inputs
        Files hashed.
    reproduced
        Artefacts made anew with the same bytes; ``None`` when that was not asked for.
    n_released
        Files of releases hashed; ``agglo verify`` adds them, the observatory's own.
    """

    problems: tuple[Problem, ...]
    notes: tuple[str, ...]
    n_artefacts: int
    n_inputs: int
    reproduced: int | None = None
    n_released: int = 0

    @property
    def ok(self) -> bool:
        """Whether nothing differs."""
        return not self.problems

    def to_dict(self) -> dict[str, Json]:
        """Give the fields as plain values."""
        problems: list[Json] = [
            {"code": p.code, "what": p.what, "where": p.where, "fix": p.fix}
            for p in self.problems
        ]
        return {
            "ok": self.ok,
            "artefacts": self.n_artefacts,
            "inputs": self.n_inputs,
            "released": self.n_released,
            "reproduced": self.reproduced,
            "problems": problems,
            "notes": list(self.notes),
        }

    def summary(self) -> str:
        """Say in one line what was verified."""
        text = f"{self.n_artefacts} artefacts and {self.n_inputs} input files verified"
        if self.n_released:
            text += f", {self.n_released} files of releases verified"
        if self.reproduced is not None:
            text += f", {self.reproduced} artefacts reproduced byte for byte"
        if self.problems:
            n = len(self.problems)
            text += f": {n} problem{'s' if n != 1 else ''}"
        return text

    def raise_if_failed(self) -> None:
        """Raise `RunError` with every problem, if there is one."""
        if self.problems:
            msg = "The project is not as its manifest says."
            raise RunError(msg, self.problems)


def verify(
    path: str | Path = ".",
    *,
    reproduce: bool = False,
    registry: Registry | None = None,
    progress: Progress | None = None,
) -> Verification:
    """Check every artefact and input of a project against its manifest.

    Parameters
    ----------
    path
        Project folder.
    reproduce
        Also run everything anew in a temporary folder and compare the bytes.
    registry
        Studies and readers; those of the library when ``None``.
    progress
        Told about every step that is reproduced; nobody when ``None``.

    Returns
    -------
    Verification
        Problem codes: ``damaged_manifest``, ``missing_artefact``, ``changed_artefact``,
        ``extra_file``, ``missing_input``, ``changed_input``, ``unknown_import``,
        ``stale_step``, ``not_reproduced``.

    Raises
    ------
    RunError
        If nothing was ever run, or ``agglo.toml`` has problems.

    Notes
    -----
    Files are always read in full; nothing remembered from earlier runs is trusted.
    """
    project = Project.open(path)
    try:
        manifest = Manifest.load(project.workspace)
    except RunError as error:
        return Verification(
            problems=error.problems, notes=(), n_artefacts=0, n_inputs=0
        )
    if manifest is None:
        msg = f"{project.workspace} has no {MANIFEST}: nothing was run here yet."
        msg += " Run `agglo run` first."
        raise RunError(msg)
    problems = [
        *_artefact_problems(project, manifest),
        *_extra_problems(project, manifest),
        *_stale_problems(manifest),
        *_input_problems(project, manifest),
    ]
    reproduced: int | None = None
    if reproduce and not any(p.code.endswith("_input") for p in problems):
        wrong, reproduced = _reproduce(project, manifest, registry, progress)
        problems += wrong
    return Verification(
        problems=tuple(problems),
        notes=tuple(_notes(project, manifest)),
        n_artefacts=len(manifest.artefacts),
        n_inputs=sum(len(s.files) for s in manifest.steps),
        reproduced=reproduced,
    )


def _digest(path: Path) -> str | None:
    try:
        return hash_file(path)
    except RunError:
        return None


def _artefact_problems(project: Project, manifest: Manifest) -> Iterator[Problem]:
    fix = "make it anew with `agglo run`"
    for name, artefact in manifest.artefacts.items():
        path = project.workspace / name
        if not path.is_file():
            what = "is missing"
            yield Problem(code="missing_artefact", what=what, where=name, fix=fix)
        elif _digest(path) != artefact.sha256:
            what = f"differs from the {artefact.size} bytes that were written"
            yield Problem(code="changed_artefact", what=what, where=name, fix=fix)


def _extra_problems(project: Project, manifest: Manifest) -> Iterator[Problem]:
    known = manifest.artefacts
    for folder in (project.tables, project.results):
        for path in sorted(folder.rglob("*")):
            name = path.relative_to(project.workspace).as_posix()
            if not path.is_dir() and name not in known:
                what = "was not written by a run"
                fix = "move it out of tables/ and results/"
                yield Problem(code="extra_file", what=what, where=name, fix=fix)


def _stale_problems(manifest: Manifest) -> Iterator[Problem]:
    """Find results that rest on tables which have been replaced since."""
    now = {name: a.sha256 for name, a in manifest.artefacts.items()}
    for step in manifest.steps:
        old = [n for n, digest in step.inputs.items() if now.get(n) != digest]
        if old:
            what = f"rests on an earlier {old[0]}"
            if len(old) > 1:
                what += f" and {len(old) - 1} more"
            fix = "bring it up to date with `agglo run`"
            yield Problem(code="stale_step", what=what, where=step.id, fix=fix)


def _input_problems(project: Project, manifest: Manifest) -> Iterator[Problem]:
    entries = {f"import/{e.id}" for e in project.imports}
    for step in manifest.steps:
        if step.files and step.id not in entries:
            what = "is no longer in agglo.toml"
            fix = "bring the results up to date with `agglo run`"
            yield Problem(code="unknown_import", what=what, where=step.id, fix=fix)
            continue
        yield from _file_problems(project, step)


def _file_problems(project: Project, step: ManifestStep) -> Iterator[Problem]:
    for file in step.files:
        where = f"{step.id}, {file.name}"
        try:
            path = project.resolve(file.name)
        except RunError as error:
            yield from error.problems
            continue
        if not path.is_file():
            what = "the input file is missing"
            fix = f"bring it back to {path}, or set the path in agglo.toml"
            yield Problem(code="missing_input", what=what, where=where, fix=fix)
        elif _digest(path) != file.sha256:
            what = "the input file changed since it was imported"
            fix = "restore it, or run `agglo run` to import it anew"
            yield Problem(code="changed_input", what=what, where=where, fix=fix)


def _notes(project: Project, manifest: Manifest) -> Iterator[str]:
    facts = project_facts(project)
    for key, value in manifest.project.items():
        if facts.get(key) != value:
            yield f"[project] {key} was {value!r} in the run and is {facts.get(key)!r} now"
    now = versions()
    then = {k: v for s in manifest.steps for k, v in s.versions.items()}
    for name, old in sorted(then.items()):
        if now.get(name) != old:
            yield f"computed with {name} {old}; {now.get(name, 'none')} is installed"


def _reproduce(
    project: Project,
    manifest: Manifest,
    registry: Registry | None,
    progress: Progress | None,
) -> tuple[list[Problem], int]:
    """Run everything in the manifest anew elsewhere and compare."""
    from agglo.runs.launch import Registry as _Registry
    from agglo.runs.launch import check_opened, run_project

    known = registry or _Registry.installed()
    names = dict.fromkeys(
        s.id.split("/")[1] for s in manifest.steps if "study/" in s.id
    )
    problems: list[Problem] = []
    equal = 0
    with tempfile.TemporaryDirectory(prefix="agglo-") as folder:
        elsewhere = replace(project, workspace=Path(folder))
        if not names:
            check_opened(elsewhere, known, progress)
        for name in names:
            run_project(elsewhere, name, registry=known, progress=progress)
        for name, artefact in manifest.artefacts.items():
            if _digest(Path(folder) / name) == artefact.sha256:
                equal += 1
                continue
            what = "does not come out the same when it is made anew"
            fix = "compare versions and agglo.toml with the manifest, then `agglo run`"
            problems.append(
                Problem(code="not_reproduced", what=what, where=name, fix=fix)
            )
    return problems, equal
