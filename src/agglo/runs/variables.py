"""Environment variables and path names inside ``agglo.toml``."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

from agglo.core.errors import Problem, suggest

__all__ = ["expand_environment", "fill_paths"]

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")
_NAME = re.compile(r"(?<!\$)\{([A-Za-z_][A-Za-z0-9_]*)\}")


def expand_environment(
    text: str, *, where: str, environment: Mapping[str, str] | None = None
) -> tuple[str, tuple[Problem, ...]]:
    """Replace ``${NAME}`` and ``${NAME:-default}`` by environment variables.

    An empty variable counts as unset, as in the shell's ``:-``.

    Parameters
    ----------
    text
        Text that may hold variables.
    where
        What the text is, for the problem.
    environment
        Variables; those of the process when ``None``.

    Returns
    -------
    tuple
        The text, and one problem per variable that is neither set nor has a default.

    Examples
    --------
    >>> expand_environment("${PLACE:-../shared}/a.csv", where="x", environment={})
    ('../shared/a.csv', ())
    >>> expand_environment("${PLACE}/a", where="x", environment={"PLACE": "here"})[0]
    'here/a'
    """
    known = os.environ if environment is None else environment
    problems: list[Problem] = []

    def value(match: re.Match[str]) -> str:
        name, default = match[1], match[2]
        found = known.get(name, "")
        if found:
            return found
        if default is None:
            problems.append(
                Problem(
                    code="unset_variable",
                    what=f"the environment variable {name} is not set and has no default",
                    where=where,
                    fix=f"set {name}, or write ${{{name}:-default}}",
                )
            )
            return match[0]
        return default

    return _VARIABLE.sub(value, text), tuple(problems)


def fill_paths(
    text: str, paths: Mapping[str, str], *, where: str
) -> tuple[str, tuple[Problem, ...]]:
    """Replace ``{name}`` by the entry of ``[paths]``.

    Parameters
    ----------
    text
        File name that may hold names in braces.
    paths
        Name to folder.
    where
        What the text is, for the problem.

    Returns
    -------
    tuple
        The text, and one problem per unknown name.

    Examples
    --------
    >>> fill_paths("{shared}/a.csv", {"shared": "../shared"}, where="x")[0]
    '../shared/a.csv'
    """
    problems: list[Problem] = []

    def value(match: re.Match[str]) -> str:
        name = match[1]
        if name in paths:
            return paths[name]
        hint = suggest(name, list(paths))
        problems.append(
            Problem(
                code="unknown_path_name",
                what=f"{{{name}}} is not an entry of [paths]",
                where=where,
                fix=hint or f'add {name} = "some/folder" under [paths]',
            )
        )
        return match[0]

    return _NAME.sub(value, text), tuple(problems)
