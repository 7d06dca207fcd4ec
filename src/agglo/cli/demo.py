"""The verb ``agglo demo``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from agglo.cli.common import DryRunOption, JsonOption, emit, progress_on_stderr, say
from agglo.cli.run import StudyOption, show_run


def demo(
    path: Annotated[
        Path, typer.Option("--path", help="Folder to write the example to.")
    ] = Path("agglo-demo"),
    study: StudyOption = None,
    dry_run: DryRunOption = False,
    open_it: Annotated[
        bool | None,
        typer.Option(
            "--serve/--no-serve",
            help="Open the observatory afterwards; by default in a terminal only.",
        ),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Write the generated example and run it.

    The data are simulated from a fixed seed, and every page says so. A folder that holds
    the same example already is completed and run again. In a terminal the observatory
    opens when the results are there.

    Parameters
    ----------
    path
        Folder to write to.
    study
        The one study to run.
    dry_run
        Write nothing.
    open_it
        Whether to open the observatory.
    json
        Print JSON.
    """
    from agglo.runs import start
    from agglo.runs.demo import check_demo, make_demo

    if dry_run:
        names = check_demo(path)
        if json:
            emit({"folder": str(path), "files": [*names], "written": False})
        else:
            say("\n".join(f"would write {path / name}" for name in names))
        return
    project = make_demo(path, study=study)
    with progress_on_stderr() as progress:
        done = start(project.root, study, progress=progress)
    if not json:
        seed = project.file.project.seed
        say(
            f"The data in {path} are generated (seed {seed}); no number is about a real place."
        )
    show_run(done, json=json)
    if json:
        return
    if sys.stdout.isatty() if open_it is None else open_it:
        from agglo.cli.serve import serve

        serve(project.root, port=0, mode="private", get="", root="")
    else:
        say(f"Open the observatory with `agglo serve {path}`.")
