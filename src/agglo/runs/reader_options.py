"""The ``[import.options]`` of an import as the options of its reader."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from agglo.core.errors import OptionError, Problem, suggest

if TYPE_CHECKING:
    from agglo.sources import Reader
    from agglo.sources.registry import OptionValue

__all__ = ["option_problems", "parsed_options", "path_options"]


def path_options(reader: Reader, options: Mapping[str, object]) -> dict[str, str]:
    """Give the options that name further files.

    Parameters
    ----------
    reader
        The reader.
    options
        Options as written in ``agglo.toml``.

    Returns
    -------
    dict
        Option to file name.
    """
    names = {o.name for o in reader.options if o.type == "path"}
    return {k: v for k, v in options.items() if k in names and isinstance(v, str)}


def option_problems(
    reader: Reader, options: Mapping[str, object], place: Callable[[str], str]
) -> list[Problem]:
    """List what is wrong with the options of an import.

    Parameters
    ----------
    reader
        The reader.
    options
        Options as written in ``agglo.toml``.
    place
        Option name to where it is written.

    Returns
    -------
    list of Problem
        Codes ``unknown_option``, ``missing_option`` and ``invalid_option``.
    """
    known = {o.name: o for o in reader.options}
    problems: list[Problem] = []
    for name, value in options.items():
        if name not in known:
            what = f"the source '{reader.name}' has no option '{name}'"
            listed = ", ".join(known) or "it has none"
            fix = suggest(name, list(known)) or f"options: {listed}"
            code = "unknown_option"
        else:
            what, fix, code = _refusal(reader, name, value), "", "invalid_option"
        if what:
            problems.append(Problem(code=code, what=what, where=place(name), fix=fix))
    for name, option in known.items():
        if option.required and name not in options:
            what = f"the source '{reader.name}' needs the option '{name}'"
            fix = f"add it: {option.help}"
            code = "missing_option"
            problems.append(Problem(code=code, what=what, where=place(name), fix=fix))
    return problems


def _refusal(reader: Reader, name: str, value: object) -> str:
    try:
        reader.option(name).parse(_plain(name, value))
    except OptionError as error:
        return error.message
    return ""


def parsed_options(
    reader: Reader, options: Mapping[str, object], files: Mapping[str, Path]
) -> dict[str, OptionValue]:
    """Give the options in the types of the reader.

    Parameters
    ----------
    reader
        The reader.
    options
        Options without problems.
    files
        Option to resolved file, for the options that name one.

    Returns
    -------
    dict
        Option to value.

    Raises
    ------
    OptionError
        If there is a problem with one after all.
    """
    typed = {k: reader.option(k).parse(_plain(k, v)) for k, v in options.items()}
    return typed | {k: str(path) for k, path in files.items()}


def _plain(name: str, value: object) -> OptionValue:
    if isinstance(value, list):
        return [str(v) for v in value]
    if isinstance(value, dict):
        return {
            k: v if isinstance(v, (int, float)) else str(v) for k, v in value.items()
        }
    if isinstance(value, (str, int, float)):
        return value
    msg = f"{name}={value!r} cannot be an option: dates and times are written as text."
    raise OptionError(msg)
