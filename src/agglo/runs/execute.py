"""Do the steps that must be done, keep the others."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from agglo.core.errors import AggloWarning, RunError
from agglo.runs.hashes import FileHashes
from agglo.runs.manifest import ManifestStep, manifest_step
from agglo.runs.progress import Progress, SilentProgress
from agglo.runs.source_code import SourceCode
from agglo.runs.source_facts import FACTS
from agglo.runs.step_store import StepFolder, StepRecord, StepStore
from agglo.runs.steps import Step, StepContext, step_key
from agglo.store import locked, write_text

if TYPE_CHECKING:
    from agglo.core.typing import Json
    from agglo.runs.project import Project

__all__ = ["Runner", "StepStatus", "open_runner"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StepStatus:
    """What became of a step.

    Parameters
    ----------
    step
        Id of the step.
    status
        ``"run"``, ``"kept"`` (nothing it rests on has changed) or, in a plan,
        ``"waits"``: decided when an earlier step is done.
    seconds
        What its computation took, now or when it was last run.
    notes
        Warnings it gave.
    """

    step: str
    status: Literal["run", "kept", "waits"]
    seconds: float = 0.0
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Json]:
        """Give the fields as plain values."""
        return {
            "step": self.step,
            "status": self.status,
            "seconds": self.seconds,
            "notes": list(self.notes),
        }


@dataclass
class Runner:
    """The state of one run of a project, under the project's lock.

    Parameters
    ----------
    project
        The project.
    progress
        Told about every step.
    """

    project: Project
    progress: Progress = field(default_factory=SilentProgress)
    records: dict[str, StepRecord] = field(default_factory=dict)
    statuses: list[StepStatus] = field(default_factory=list)
    done: list[ManifestStep] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Open the store of finished steps; a source file is read once in a run."""
        self.code = SourceCode()
        self.hashes = FileHashes(self.project.private / "hashes.json")
        self.store = StepStore(self.project.private, self.hashes)

    def run_all(self, steps: Iterable[Step]) -> None:
        """Run steps in order."""
        for step in steps:
            self.run(step)

    def run(self, step: Step) -> StepRecord:
        """Run one step, or keep its earlier outcome.

        Parameters
        ----------
        step
            The step; what it reads must be done.

        Returns
        -------
        StepRecord
            The finished step.

        Raises
        ------
        AggloError
            What the step raised; its staging folder is gone then, all else is as before.
        RunError
            If it writes a file that another step has written.
        """
        code = step.code_digest(self.code)
        key = step_key(step, self.records, code)
        record = self.store.find(step.id, key)
        kept = record is not None
        if record is None:
            self.progress.started(step.label)
            record = self._work(step, key)
        self._refuse_clash(record)
        self.progress.finished(step.label, record.seconds, kept=kept)
        digests = step.input_digests(self.records)
        self.records[step.id] = record
        self.done.append(manifest_step(step, record, digests, code))
        self.statuses.append(
            StepStatus(
                step=step.id,
                status="kept" if kept else "run",
                seconds=record.seconds,
                notes=record.notes,
            )
        )
        return record

    def plan(self, steps: Iterable[Step]) -> None:
        """Say what running these steps would do; nothing is done."""
        for step in steps:
            if any(s.status != "kept" for s in self.statuses):
                self.statuses.append(StepStatus(step=step.id, status="waits"))
                continue
            code = step.code_digest(self.code)
            record = self.store.find(step.id, step_key(step, self.records, code))
            if record is None:
                self.statuses.append(StepStatus(step=step.id, status="run"))
                continue
            self.records[step.id] = record
            kept = StepStatus(step=step.id, status="kept", seconds=record.seconds)
            self.statuses.append(kept)

    def _work(self, step: Step, key: str) -> StepRecord:
        folder = self.store.open()
        context = StepContext(
            inputs=step.input_files(self.records),
            folder=folder,
            progress=self.progress.advanced,
        )
        started = time.perf_counter()
        try:
            with _noted(folder):
                step.work(context)
            return self.store.commit(
                folder, step.id, key, time.perf_counter() - started
            )
        except BaseException as error:
            self.store.discard(folder)
            self.progress.failed(step.label)
            error.add_note(f"step: {step.id}")
            raise

    def _refuse_clash(self, record: StepRecord) -> None:
        for other in self.records.values():
            both = sorted(set(other.outputs) & set(record.outputs))
            if both:
                msg = f"The steps {other.id} and {record.id} both write {both[0]}."
                raise RunError(msg)


@contextmanager
def _noted(folder: StepFolder) -> Iterator[None]:
    """Turn agglo's own warnings into notes of the step; others pass on."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", AggloWarning)
        yield
    for one in caught:
        if issubclass(one.category, AggloWarning):
            folder.notes.append(str(one.message))
        else:
            warnings.warn_explicit(one.message, one.category, one.filename, one.lineno)


@contextmanager
def open_runner(project: Project, progress: Progress | None = None) -> Iterator[Runner]:
    """Lock a project and give a runner for it.

    Parameters
    ----------
    project
        The project.
    progress
        Told about every step; nobody when ``None``.

    Yields
    ------
    Runner
        Ready to run steps.

    Raises
    ------
    StoreError
        With code ``locked`` when another run works in the project.
    """
    with locked(project.private):
        runner = Runner(project, progress or SilentProgress())
        runner.store.clear_staging()
        ignore = project.private / ".gitignore"
        if not ignore.exists():
            write_text(ignore, "*\n")
        try:
            yield runner
        finally:
            runner.hashes.save()
            FACTS.save()
