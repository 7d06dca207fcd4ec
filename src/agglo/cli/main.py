"""The entry point: verbs, and one place where every error ends."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Sequence
from io import TextIOWrapper
from typing import Annotated

import typer

from agglo.cli.boundary import Boundary
from agglo.cli.check import check
from agglo.cli.demo import demo
from agglo.cli.export import export
from agglo.cli.importing import import_files
from agglo.cli.info import info
from agglo.cli.new import new
from agglo.cli.report import report
from agglo.cli.run import run
from agglo.cli.schema import schema
from agglo.cli.serve import serve
from agglo.cli.verify import verify

__all__ = ["app", "main"]

#: Verb to function, in the order of the help text.
VERBS: dict[str, Callable[..., None]] = {
    "demo": demo,
    "new": new,
    "import": import_files,
    "check": check,
    "run": run,
    "report": report,
    "verify": verify,
    "info": info,
    "schema": schema,
    "serve": serve,
    "export": export,
}

app = typer.Typer(
    name="agglo",
    help="The open observatory of industrial clusters: find, measure, connect, match and "
    "evaluate clusters. Start with `agglo demo`.",
    add_completion=False,
    no_args_is_help=True,
    # Plain help: rich costs a third of a second before the first word.
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        from agglo.core.results import version

        typer.echo(f"agglo {version()}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Show the version.", callback=_show_version, is_eager=True
        ),
    ] = False,
) -> None:
    """Take the options that stand before the verb.

    Parameters
    ----------
    version
        Whether to show the version and end.
    """
    del version


def help_text(verb: Callable[..., None]) -> str:
    """Give what a verb's help says: its docstring up to the parameters.

    Parameters
    ----------
    verb
        The function behind the verb.

    Returns
    -------
    str
        Plain text.
    """
    text = inspect.getdoc(verb) or ""
    return text.partition("\n\nParameters\n")[0]


for _name, _verb in VERBS.items():
    app.command(_name, help=help_text(_verb))(_verb)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and end the process with a documented exit code.

    Parameters
    ----------
    arguments
        Words after ``agglo``; those of the process when ``None``.

    Raises
    ------
    SystemExit
        Always: 0 when all went well, otherwise the code of the error; 130 after Ctrl-C,
        70 after an error that agglo did not foresee.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            # A name that the terminal cannot show must not end the command.
            stream.reconfigure(errors="replace")
    with Boundary(words):
        app(words, prog_name="agglo")
