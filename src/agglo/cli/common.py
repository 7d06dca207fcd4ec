"""What the verbs share: options, output, the project they work in."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

if TYPE_CHECKING:
    from agglo.core.typing import Json
    from agglo.runs import Progress

__all__ = [
    "DryRunOption",
    "JsonOption",
    "ProjectOption",
    "emit",
    "project_folder",
    "say",
]

JsonOption: TypeAlias = Annotated[
    bool, typer.Option("--json", help="Print the result as JSON.")
]
DryRunOption: TypeAlias = Annotated[
    bool, typer.Option("--dry-run", help="Say what would be done and write nothing.")
]
ProjectOption: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--project",
        help="Project folder; otherwise the closest one upward, or the only one in a "
        "child folder.",
    ),
]


def project_folder(given: Path | None) -> Path:
    """Give the project folder a verb works in.

    Parameters
    ----------
    given
        What ``--project`` says.

    Returns
    -------
    pathlib.Path
        That folder, or the one found from the working directory.
    """
    from agglo.runs import find_project

    return find_project() if given is None else given


def emit(value: Json) -> None:
    """Print a result as JSON on standard output.

    Parameters
    ----------
    value
        Plain values.
    """
    encoding = (sys.stdout.encoding or "ascii").lower().replace("-", "")
    text = json.dumps(value, indent=2, ensure_ascii=encoding != "utf8")
    typer.echo(text)


def say(text: str) -> None:
    """Print a result as text on standard output.

    Parameters
    ----------
    text
        One or more lines.
    """
    typer.echo(text)


@contextmanager
def progress_on_stderr() -> Iterator[Progress]:
    """Give progress on standard error: bars on a terminal, lines elsewhere."""
    from agglo.runs.progress import terminal_progress

    with terminal_progress(sys.stderr) as progress:
        yield progress


def say_notes(notes: tuple[str, ...], shown: int = 10) -> None:
    """Print warnings on standard error.

    Parameters
    ----------
    notes
        Warnings of the steps.
    shown
        How many are printed in full.
    """
    for note in notes[:shown]:
        typer.echo(f"note: {note}", err=True)
    if len(notes) > shown:
        rest = len(notes) - shown
        typer.echo(f"note: … and {rest} more; --json lists them all", err=True)
