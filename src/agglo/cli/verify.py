"""The verb ``agglo verify``."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

from agglo.cli.common import (
    JsonOption,
    ProjectOption,
    emit,
    progress_on_stderr,
    project_folder,
    say,
    say_notes,
)

_FAILED = 7


def verify(
    reproduce: Annotated[
        bool,
        typer.Option(
            "--reproduce",
            help="Also run everything anew in a temporary folder and compare the bytes.",
        ),
    ] = False,
    project: ProjectOption = None,
    json: JsonOption = False,
) -> None:
    """Hold every file against its recorded hash.

    Artefacts, input files, releases and the ledger of public releases are read byte by
    byte; the exit code is 7 when one differs, is missing, or is there without having been
    written by a run.

    Parameters
    ----------
    reproduce
        Also run everything anew.
    project
        Project folder.
    json
        Print JSON.
    """
    from agglo.observatory.release_check import check_releases
    from agglo.runs import Project
    from agglo.runs import verify as verify_project

    folder = project_folder(project)
    with progress_on_stderr() as progress:
        outcome = verify_project(folder, reproduce=reproduce, progress=progress)
    released = check_releases(Project.open(folder).workspace)
    outcome = replace(
        outcome,
        problems=outcome.problems + released.problems,
        n_released=released.n_files,
    )
    if json:
        emit(outcome.to_dict())
        if not outcome.ok:
            raise typer.Exit(_FAILED)
        return
    say_notes(outcome.notes)
    outcome.raise_if_failed()
    say(outcome.summary() + ".")
