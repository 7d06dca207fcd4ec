"""What ``agglo.toml`` may say, and every problem with it in one pass."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from pydantic_core import ErrorDetails

from agglo.core.errors import Problem, RunError, suggest
from agglo.core.typing import Json
from agglo.runs.toml_lines import Location, key_lines, line_of

__all__ = ["ImportEntry", "ProjectFile", "ProjectSection", "parse_project_file"]

FILE_NAME = "agglo.toml"
RESERVED_IDS = frozenset({"check"})

Name = Annotated[str, StringConstraints(pattern=r"^\w[\w.-]*$", max_length=100)]
Text = Annotated[str, StringConstraints(min_length=1)]
_NAME_RULE = "letters, digits, '_', '-' and '.', not starting with '-' or '.'"


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class ProjectSection(_Section):
    """The ``[project]`` table."""

    name: Name
    title: str = ""
    title_zh: str = ""
    language: Literal["en", "zh"] = "en"
    seed: int = Field(default=7, ge=0)
    generated: bool = False
    studies: list[str] | None = None


class ImportEntry(_Section):
    """One ``[[import]]`` entry: a reader, its files and its options."""

    id: Name
    source: Text
    files: list[Text] = Field(min_length=1)
    studies: list[Text] | None = None
    title_zh: str = ""
    licence_zh: str = ""
    options: dict[str, object] = Field(default_factory=dict)

    def serves(self, study: str) -> bool:
        """Say whether a study reads what this import gives."""
        return self.studies is None or study in self.studies


class ProjectFile(_Section):
    """The whole ``agglo.toml``."""

    project: ProjectSection
    paths: dict[str, str] = Field(default_factory=dict)
    imports: list[ImportEntry] = Field(default_factory=list, alias="import")
    study: dict[str, dict[str, object]] = Field(default_factory=dict)


_KEYS: dict[tuple[str, ...], Sequence[str]] = {
    (): ("project", "paths", "import", "study"),
    ("project",): tuple(ProjectSection.model_fields),
    ("import",): tuple(ImportEntry.model_fields),
}


def parse_project_file(text: str, *, where: str = FILE_NAME) -> ProjectFile:
    r"""Read and check the text of an ``agglo.toml``.

    Parameters
    ----------
    text
        TOML text.
    where
        Name of the file, for the problems.

    Returns
    -------
    ProjectFile
        The checked content; environment variables are still in place.

    Raises
    ------
    RunError
        With every problem, each with its line and a suggestion where a key is misspelt.

    Examples
    --------
    >>> parse_project_file('[project]\nname = "us"').project.seed
    7
    """
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        problem = _syntax_problem(str(error), where)
        msg = f"{where} is not valid TOML."
        raise RunError(msg, [problem]) from error
    lines = key_lines(text)
    problems: list[Problem] = []
    parsed: ProjectFile | None = None
    try:
        parsed = ProjectFile.model_validate(raw)
    except ValidationError as error:
        problems += [_problem(e, lines, where) for e in error.errors(include_url=False)]
    problems += _id_problems(raw, lines, where)
    if parsed is None or problems:
        count = f"{len(problems)} problem{'s' if len(problems) != 1 else ''}"
        msg = f"{where} has {count}."
        raise RunError(msg, problems)
    return parsed


def _syntax_problem(message: str, where: str) -> Problem:
    found = re.search(r"at line (\d+), column (\d+)", message)
    place = f"{where}, line {found[1]}, column {found[2]}" if found else where
    what = re.sub(r"\s*\(at [^)]*\)$", "", message)
    fix = "text values stand in double quotes; tables look like [project] or [[import]]"
    return Problem(code="invalid_toml", what=what, where=place, fix=fix)


def _place(location: Location, lines: dict[Location, int], where: str) -> str:
    line = line_of(lines, location)
    return f"{where}, line {line}" if line else where


def _dotted(location: Location) -> str:
    out = ""
    for part in location:
        if isinstance(part, int):
            out += f"[{part + 1}]"
        else:
            out += f".{part}" if out else part
    return out


def _problem(error: ErrorDetails, lines: dict[Location, int], where: str) -> Problem:
    location: Location = tuple(error["loc"])
    place, name = _place(location, lines, where), _dotted(location)
    kind = error["type"]
    if kind == "extra_forbidden":
        table = tuple(p for p in location[:-1] if isinstance(p, str))
        known = _KEYS.get(table, ())
        fix = (
            suggest(str(location[-1]), list(known)) or f"known keys: {', '.join(known)}"
        )
        return Problem(
            code="unknown_key", what=f"unknown key {name}", where=place, fix=fix
        )
    if kind == "missing":
        what = f"{name} is missing"
        return Problem(
            code="missing_key", what=what, where=place, fix=f"add {location[-1]} = …"
        )
    fix = f"a name has {_NAME_RULE}" if kind == "string_pattern_mismatch" else ""
    what = f"{name}: {error['msg'][:1].lower()}{error['msg'][1:]}"
    if isinstance(error["input"], (str, int, float, bool)):
        what += f", not {error['input']!r}"
    return Problem(code="invalid_value", what=what, where=place, fix=fix)


def _id_problems(
    raw: dict[str, Json], lines: dict[Location, int], where: str
) -> list[Problem]:
    """Find ids that repeat; needed even when other keys are wrong."""
    entries = raw.get("import")
    if not isinstance(entries, list):
        return []
    ids = [e.get("id") if isinstance(e, dict) else None for e in entries]
    seen: set[str] = set()
    problems: list[Problem] = []
    for n, i in enumerate(ids):
        if not isinstance(i, str):
            continue
        place = _place(("import", n, "id"), lines, where)
        # Case-insensitive file systems would let 'A' and 'a' overwrite each other.
        if i.casefold() in RESERVED_IDS:
            what, fix = f"import id '{i}' is reserved", "rename it"
            problems.append(
                Problem(code="reserved_id", what=what, where=place, fix=fix)
            )
        if i.casefold() in seen:
            what = f"import id '{i}' is taken by an earlier import"
            fix = "give each [[import]] its own id"
            problems.append(
                Problem(code="duplicate_id", what=what, where=place, fix=fix)
            )
        seen.add(i.casefold())
    return problems
