"""The verb ``agglo run``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from agglo.cli.common import (
    DryRunOption,
    JsonOption,
    ProjectOption,
    emit,
    progress_on_stderr,
    project_folder,
    say,
    say_notes,
)

if TYPE_CHECKING:
    from agglo.runs import Run

StudyOption = Annotated[
    str | None, typer.Option("--study", help="Run only this study.", metavar="NAME")
]


def run(
    study: StudyOption = None,
    project: ProjectOption = None,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Run the studies; keep what has not changed.

    A run that was killed is continued. A run that fails leaves earlier results alone.

    Parameters
    ----------
    study
        The one study to run.
    project
        Project folder.
    dry_run
        Only say what would be done.
    json
        Print JSON.
    """
    from agglo.runs import start

    with progress_on_stderr() as progress:
        done = start(project_folder(project), study, dry_run=dry_run, progress=progress)
    show_run(done, json=json)


def show_run(done: Run, *, json: bool) -> None:
    """Print what a run found.

    Parameters
    ----------
    done
        The finished run.
    json
        Whether to print the JSON contract.
    """
    if json:
        emit(done.to_dict())
        return
    if done.planned:
        words = {
            "run": "would run",
            "kept": "is up to date",
            "waits": "waits for the above",
        }
        for step in done.steps:
            say(f"{step.step}: {words[step.status]}")
        return
    say_notes(done.notes)
    say(done.summary())
