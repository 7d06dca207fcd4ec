"""The page ``docs/reference/cli.md``, written from the verbs themselves.

``python -m agglo.cli.reference > docs/reference/cli.md`` brings the page up to date; a test
compares the two.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator
from typing import get_args, get_type_hints

from typer.models import ArgumentInfo, OptionInfo

from agglo.cli.main import VERBS, help_text

__all__ = ["EXIT_CODES", "cli_reference"]

#: Exit code to meaning.
EXIT_CODES = {
    0: "All went well. Warnings do not change it.",
    1: "An error of agglo that no other code names.",
    2: "The command line or an option is not admissible.",
    3: "The data are not admissible: a file cannot be read, or a table breaks its schema.",
    4: "A number cannot be computed: not identified, or no convergence.",
    5: "An optional package is missing; the message says how to install it.",
    6: "The disk refuses: full, read-only, or another run works in the project.",
    7: "The project is not in order: `agglo.toml`, a study, or `agglo verify` failed.",
    70: "An error that agglo did not foresee; a log file is named.",
    130: "Ctrl-C. Earlier results are as they were.",
}

_INTRO = """\
# Command line

<!-- Written by `python -m agglo.cli.reference`; do not edit by hand. -->

Results go to standard output, progress and notes to standard error; with `--json` standard
output is one JSON document, also when the command fails. Nothing waits for a key.
A verb works in the project folder found from the working directory: the closest one upward
that holds an `agglo.toml`, or the only one among the child folders; `--project` names another.
"""


def cli_reference() -> str:
    """Write the reference page of the command line.

    Returns
    -------
    str
        Markdown: exit codes, then one section per verb.

    Examples
    --------
    >>> cli_reference().count("## agglo ")
    11
    """
    lines = [_INTRO, "## Exit codes", "", "| code | meaning |", "| --- | --- |"]
    lines += [f"| {code} | {text} |" for code, text in EXIT_CODES.items()]
    for name, verb in VERBS.items():
        lines += ["", *_section(name, verb)]
    return "\n".join(lines) + "\n"


def _section(name: str, verb: Callable[..., None]) -> Iterator[str]:
    rows = list(_rows(verb))
    words = [w for w, is_argument, _, _ in rows if is_argument]
    yield f"## agglo {name}"
    yield ""
    yield f"`{' '.join(['agglo', name, *words, '[OPTIONS]'])}`"
    yield ""
    yield help_text(verb)
    yield ""
    yield "| word | default | meaning |"
    yield "| --- | --- | --- |"
    for word, _, default, meaning in rows:
        yield f"| `{word}` | {default} | {meaning} |"


def _rows(verb: Callable[..., None]) -> Iterator[tuple[str, bool, str, str]]:
    """Give word, whether it is an argument, default and meaning of each parameter."""
    hints = get_type_hints(verb, include_extras=True)
    for name, parameter in inspect.signature(verb).parameters.items():
        kind, *extras = get_args(hints[name])
        about = next(e for e in extras if isinstance(e, (ArgumentInfo, OptionInfo)))
        default = parameter.default
        required = default is inspect.Parameter.empty
        meaning = " ".join((about.help or "").split())
        if isinstance(about, ArgumentInfo):
            many = "…" if "list" in str(kind) else ""
            word = name.upper() + many
            yield word if required else f"[{word}]", True, "", meaning
            continue
        # typer keeps the first spelling as the default of an annotated option
        spelled = [d for d in (about.default, *(about.param_decls or ())) if d]
        value = "" if kind is bool else f" {about.metavar or name.upper()}"
        shown = "" if required or default in (None, False, "") else f"`{default}`"
        yield ", ".join(map(str, spelled)) + value, False, shown, meaning


if __name__ == "__main__":
    sys.stdout.write(cli_reference())
