"""Run a project: import, check, studies, publish."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from agglo.core.errors import Problem, RunError
from agglo.core.typing import Json
from agglo.runs.check_step import check_step
from agglo.runs.execute import Runner, StepStatus, open_runner
from agglo.runs.import_steps import import_steps
from agglo.runs.outcome import Skipped, StudyOutcome, status_dicts
from agglo.runs.project import Project
from agglo.runs.publish import load_for_update, merge_steps, publish
from agglo.runs.steps import Step
from agglo.runs.study_options import read_study_options
from agglo.runs.study_steps import (
    FINDINGS,
    missing_tables,
    stage_id,
    study_steps,
    tables_for,
)
from agglo.store import read_json
from agglo.studies.contract import spoken

if TYPE_CHECKING:
    from agglo.runs.progress import Progress
    from agglo.runs.verification import Verification
    from agglo.sources import Reader
    from agglo.studies.contract import Study

__all__ = ["Registry", "Run", "start"]


@dataclass(frozen=True, kw_only=True)
class Registry:
    """The studies and readers that a run knows.

    Parameters
    ----------
    studies
        Name to study.
    readers
        Name to reader.
    """

    studies: Mapping[str, Study]
    readers: Mapping[str, Reader]

    @classmethod
    def installed(cls) -> Registry:
        """Give the studies and readers of the installed library."""
        from agglo.sources import READERS
        from agglo.studies import STUDIES

        return cls(studies=STUDIES, readers=READERS)


@dataclass(frozen=True, kw_only=True)
class Run:
    """A finished run of a project.

    Parameters
    ----------
    name
        Name of the project.
    generated
        Whether its data are generated.
    folder
        Project folder.
    study
        The one study asked for; ``None`` for all.
    studies
        What each study left behind.
    skipped
        Studies that lack tables.
    steps
        What became of each step.
    seconds
        What the run took.
    planned
        Whether it only says what would be done.
    registry
        The readers and studies it ran with, for :meth:`resume`.
    """

    name: str
    generated: bool
    folder: Path
    study: str | None
    studies: tuple[StudyOutcome, ...]
    skipped: tuple[Skipped, ...]
    steps: tuple[StepStatus, ...]
    seconds: float
    planned: bool = False
    registry: Registry = field(repr=False)

    @property
    def artefacts(self) -> tuple[str, ...]:
        """Paths of all artefacts of the studies, in the project."""
        return tuple(a for s in self.studies for a in s.artefacts)

    @property
    def notes(self) -> tuple[str, ...]:
        """Warnings of all steps."""
        return tuple(n for s in self.steps for n in s.notes)

    def resume(self) -> Run:
        """Run the same project again; only what changed is done.

        Returns
        -------
        Run
            A new run.

        Raises
        ------
        AggloError
            As :func:`start`.
        """
        return start(self.folder, self.study, registry=self.registry)

    def verify(self, *, reproduce: bool = False) -> Verification:
        """Check every artefact and input against the manifest.

        Parameters
        ----------
        reproduce
            Also run everything anew in a temporary folder and compare the bytes.

        Returns
        -------
        Verification
            All that differs.
        """
        from agglo.runs.verification import verify

        return verify(self.folder, reproduce=reproduce, registry=self.registry)

    def to_dict(self) -> dict[str, Json]:
        """Give the run as plain values: the contract of ``agglo run --json``."""
        return {
            "project": self.name,
            "generated": self.generated,
            "folder": str(self.folder),
            "seconds": round(self.seconds, 3),
            "studies": [s.to_dict() for s in self.studies],
            "skipped": [s.to_dict() for s in self.skipped],
            "steps": status_dicts(self.steps),
        }

    def summary(self) -> str:
        """Say in a few lines what was done and found."""
        lines: list[str] = []
        for study in self.studies:
            lines.append(f"{study.title} ({study.seconds:.1f} s)")
            lang = study.language
            lines += [
                f"  {spoken(f, 'question', lang)} {spoken(f, 'answer', lang)}"
                for f in study.findings
            ]
            lines.append(f"  results/{study.study}/report.html")
        for skipped in self.skipped:
            needs = ", ".join(skipped.missing)
            lines.append(f"skipped {skipped.study}: it needs the tables {needs}")
        n_run = sum(s.status == "run" for s in self.steps)
        lines.append(f"{n_run} of {len(self.steps)} steps run in {self.seconds:.1f} s")
        return "\n".join(lines)


def start(
    path: str | Path = ".",
    study: str | None = None,
    *,
    dry_run: bool = False,
    registry: Registry | None = None,
    progress: Progress | None = None,
) -> Run:
    """Run the studies of a project; also continues a run that was killed.

    Imports, the check and the stages of the studies are steps. A step is done when its
    code, inputs or parameters changed, and kept otherwise. The results of the project
    change when all steps are done: a run that fails leaves the earlier ones as they were.

    Parameters
    ----------
    path
        Project folder.
    study
        Run only this study; ``None`` runs each study whose tables are there.
    dry_run
        Only say what would be done.
    registry
        Studies and readers; those of the library when ``None``.
    progress
        Told about every step; nobody when ``None``.

    Returns
    -------
    Run
        Findings, artefacts, seconds and the status of each step.

    Raises
    ------
    RunError
        With every problem of ``agglo.toml``, the imports and the options; or if no study
        can run.
    InvalidTableError
        With every problem of the tables.
    StoreError
        If another run works in the project (``locked``) or the disk refuses.
    """
    known = registry or Registry.installed()
    return run_project(
        Project.open(path), study, dry_run=dry_run, registry=known, progress=progress
    )


def run_project(
    project: Project,
    study: str | None,
    *,
    registry: Registry,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> Run:
    """Run an opened project; see :func:`start`."""
    started = time.perf_counter()
    options = read_study_options(project, registry.studies, study)
    with open_runner(project, progress) as runner:
        imports = import_steps(project, registry.readers, runner.hashes)
        if not imports:
            msg = f"The project '{project.name}' imports nothing."
            msg += " Add a table with `agglo import SOURCE FILES…`."
            raise RunError(msg)
        do = runner.plan if dry_run else runner.run_all
        do((*imports, check_step(project)))
        tables = _tables(project, runner, registry)
        chosen, skipped = choose_studies(project, registry.studies, study, tables)
        for name in chosen:
            do(study_steps(project, registry.studies[name], options[name], tables))
        if not dry_run:
            old = load_for_update(project)
            scope = ("",) if study is None else ("import/", "check", f"study/{study}/")
            steps = merge_steps(old, runner.done, scope)
            publish(project, old, steps, runner.records)
            if study is None:
                runner.store.sweep(s.key for s in steps)
        found = (
            [] if dry_run else [_outcome(project, runner, registry, n) for n in chosen]
        )
    return Run(
        name=project.name,
        generated=project.file.project.generated,
        folder=project.workspace,
        study=study,
        studies=tuple(found),
        skipped=skipped,
        steps=tuple(runner.statuses),
        seconds=time.perf_counter() - started,
        planned=dry_run,
        registry=registry,
    )


def _tables(
    project: Project, runner: Runner, registry: Registry
) -> dict[str, tuple[str, ...]]:
    """Map each table to the imports that fill it; from the readers where not yet known."""
    tables: dict[str, tuple[str, ...]] = {}
    for entry in project.imports:
        record = runner.records.get(f"import/{entry.id}")
        if record is None:
            reader = registry.readers[entry.source]
            names = set(reader.tables)
            if "*" in names:  # the reader for any table
                default = reader.option("table").default
                names = {str(entry.options.get("table", default))}
        else:
            names = {n.split("/")[1] for n in record.outputs if n.endswith(".parquet")}
        for name in sorted(names):
            tables[name] = (*tables.get(name, ()), entry.id)
    return tables


def choose_studies(
    project: Project,
    studies: Mapping[str, Study],
    study: str | None,
    tables: Mapping[str, tuple[str, ...]],
) -> tuple[tuple[str, ...], tuple[Skipped, ...]]:
    """Choose the studies to run: those whose tables are there.

    Parameters
    ----------
    project
        The project.
    studies
        Name to study.
    study
        The one study asked for, or ``None``.
    tables
        Tables of the project and the imports that fill them.

    Returns
    -------
    tuple
        Names to run, and the studies left out with the tables they lack.

    Raises
    ------
    RunError
        If a study that was asked for, here or in ``agglo.toml``, lacks tables; or if none
        can run.
    """
    listed = project.file.project.studies
    names = [study] if study else list(listed if listed is not None else studies)
    asked = {study} if study else {*(listed or ()), *project.file.study}
    lacking = {
        n: missing_tables(studies[n], tables_for(project, n, tables), asked=n in asked)
        for n in names
    }
    chosen = tuple(n for n in names if not lacking[n])
    skipped = tuple(Skipped(study=n, missing=m) for n, m in lacking.items() if m)
    refused = [s for s in skipped if s.study in asked or not chosen]
    if refused:
        have = f"tables: {', '.join(sorted(tables)) or 'none'}"
        problems = [
            Problem(
                code="missing_table",
                what=f"the study '{s.study}' needs {', '.join(s.missing)}",
                where=have,
                fix="import it with `agglo import`",
            )
            for s in refused
        ]
        msg = "A study cannot run: tables are missing."
        raise RunError(msg, problems)
    return chosen, skipped


def _outcome(
    project: Project, runner: Runner, registry: Registry, name: str
) -> StudyOutcome:
    study = registry.studies[name]
    records = [runner.records[stage_id(name, s.name)] for s in study.stages]
    raw = read_json(records[-1].path(f"results/{name}/{FINDINGS}.json"))
    findings = [f for f in raw if isinstance(f, dict)] if isinstance(raw, list) else []
    return StudyOutcome(
        study=name,
        title=study.title[project.file.project.language],
        findings=tuple(findings),
        artefacts=tuple(sorted(n for r in records for n in r.outputs)),
        seconds=round(sum(r.seconds for r in records), 3),
        folder=project.workspace,
        language=project.file.project.language,
    )


def check_project(
    path: str | Path = ".",
    *,
    registry: Registry | None = None,
    progress: Progress | None = None,
) -> tuple[StepStatus, ...]:
    """Import what changed and check every table, references included.

    Parameters
    ----------
    path
        Project folder.
    registry
        Studies and readers; those of the library when ``None``.
    progress
        Told about every step; nobody when ``None``.

    Returns
    -------
    tuple of StepStatus
        One per step; notes are the warnings of the check.

    Raises
    ------
    RunError
        With every problem of ``agglo.toml``, the imports and the options.
    InvalidTableError
        With every problem of the tables.
    """
    known = registry or Registry.installed()
    return check_opened(Project.open(path), known, progress)


def check_opened(
    project: Project, known: Registry, progress: Progress | None = None
) -> tuple[StepStatus, ...]:
    """Check an opened project; see :func:`check_project`."""
    read_study_options(project, known.studies)
    with open_runner(project, progress) as runner:
        steps: tuple[Step, ...] = import_steps(project, known.readers, runner.hashes)
        runner.run_all((*steps, check_step(project)))
        old = load_for_update(project)
        merged = merge_steps(old, runner.done, ("import/", "check"))
        publish(project, old, merged, runner.records)
    return tuple(runner.statuses)
