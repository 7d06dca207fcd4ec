"""The verb ``agglo import``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

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
from agglo.core.errors import OptionError


def import_files(
    source: Annotated[
        str,
        typer.Argument(help="How to read the files; `agglo info` lists the sources."),
    ],
    files: Annotated[list[str], typer.Argument(help="Files to read.")],
    option: Annotated[
        list[str] | None,
        typer.Option(
            "--option",
            "-o",
            metavar="KEY=VALUE",
            help="Option of the source; may be repeated. A dot goes one level down: "
            "columns.region=county.",
        ),
    ] = None,
    id: Annotated[  # noqa: A002  # the key in agglo.toml
        str | None,
        typer.Option("--id", help="Name of the import; the source when left out."),
    ] = None,
    project: ProjectOption = None,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Read files into the project's tables.

    The import is added to agglo.toml, and every run repeats it when the files change.

    Nothing is written unless every file can be read and every table passes its checks.

    Parameters
    ----------
    source
        Name of the reader.
    files
        Files, relative to the working directory.
    option
        ``key=value`` pairs.
    id
        Id of the import.
    project
        Project folder.
    dry_run
        Read and check only.
    json
        Print JSON.
    """
    from agglo.runs import add_import

    options = read_options(option or ())
    with progress_on_stderr() as progress:
        added = add_import(
            project_folder(project),
            source,
            files,
            options=options,
            id=id,
            dry_run=dry_run,
            progress=progress,
        )
    if json:
        emit(added.to_dict())
        return
    say_notes(added.step.notes)
    done = "Imported" if added.written else "Would import"
    tables = ", ".join(f"{n:,} rows of {name}" for name, n in added.tables.items())
    say(f"{done} '{added.id}': {tables}.")


def read_options(words: Sequence[str]) -> dict[str, object]:
    """Turn ``key=value`` words into options.

    Parameters
    ----------
    words
        For example ``["period=2021", "columns.region=county"]``; the reader turns the
        values into its types.

    Returns
    -------
    dict
        Options; dotted keys become mappings.

    Raises
    ------
    OptionError
        If a word has no ``=``, or a key is given twice.

    Examples
    --------
    >>> read_options(["columns.region=county", "period=2021"])
    {'columns': {'region': 'county'}, 'period': '2021'}
    """
    options: dict[str, object] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals or not key:
            msg = f"--option {word!r} is not KEY=VALUE, for example period=2021."
            raise OptionError(msg)
        _put(options, key.split("."), value, word)
    return options


def _put(into: dict[str, object], path: list[str], value: str, word: str) -> None:
    for part in path[:-1]:
        inner = into.setdefault(part, {})
        if not isinstance(inner, dict):
            msg = f"--option {word!r}: '{part}' has a plain value already."
            raise OptionError(msg)
        into = inner
    if path[-1] in into:
        msg = f"--option {word!r}: '{path[-1]}' is given twice."
        raise OptionError(msg)
    into[path[-1]] = value
