"""The ``[study.NAME]`` tables of ``agglo.toml`` as the studies' options objects."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from typing import TYPE_CHECKING

from pydantic import TypeAdapter, ValidationError

from agglo.core.errors import OptionError, Problem, RunError, suggest

if TYPE_CHECKING:
    from agglo.runs.project import Project
    from agglo.studies.contract import Study

__all__ = ["read_study_options", "unknown_study"]


def read_study_options(
    project: Project, studies: Mapping[str, Study], chosen: str | None = None
) -> dict[str, object]:
    """Turn the study tables of ``agglo.toml`` into options objects.

    Parameters
    ----------
    project
        The project.
    studies
        Name to study.
    chosen
        The one study wanted; ``None`` for all.

    Returns
    -------
    dict
        Study name to frozen options; defaults where the file says nothing.

    Raises
    ------
    RunError
        With every unknown study, unknown option and inadmissible value.
    """
    problems = _unknown_studies(project, studies, chosen)
    options: dict[str, object] = {}
    for name in studies if chosen is None else [chosen]:
        if name not in studies:
            continue
        section = project.file.study.get(name, {})
        value, wrong = _options(project, studies[name], section)
        problems += wrong
        options[name] = value
    if problems:
        plural = "s" if len(problems) != 1 else ""
        msg = f"The studies have {len(problems)} problem{plural}."
        raise RunError(msg, problems)
    return options


def _unknown_studies(
    project: Project, studies: Mapping[str, Study], chosen: str | None
) -> list[Problem]:
    named = [(n, project.place("study", n)) for n in project.file.study]
    named += [(n, project.place("project", "studies")) for n in _listed(project)]
    named += [
        (n, f"import '{e.id}', studies")
        for e in project.imports
        for n in e.studies or ()
    ]
    if chosen is not None:
        named.append((chosen, "--study"))
    return [
        unknown_study(name, studies, where)
        for name, where in named
        if name not in studies
    ]


def unknown_study(name: str, studies: Mapping[str, Study], where: str) -> Problem:
    """Say that there is no such study, and which one may be meant.

    Parameters
    ----------
    name
        What was written.
    studies
        Name to study.
    where
        Where it was written.

    Returns
    -------
    Problem
        With code ``unknown_study``.
    """
    return Problem(
        code="unknown_study",
        what=f"there is no study '{name}'",
        where=where,
        fix=suggest(name, list(studies)) or f"studies: {', '.join(studies)}",
    )


def _listed(project: Project) -> list[str]:
    return project.file.project.studies or []


def _options(
    project: Project, study: Study, section: Mapping[str, object]
) -> tuple[object, list[Problem]]:
    known = [f.name for f in fields(study.options) if f.init]
    problems: list[Problem] = []
    for key in section:
        if key not in known:
            where = project.place("study", study.name, key)
            what = f"the study '{study.name}' has no option '{key}'"
            fix = suggest(key, known) or f"options: {', '.join(known)}"
            problems.append(
                Problem(code="unknown_option", what=what, where=where, fix=fix)
            )
    given = {k: v for k, v in section.items() if k in known}
    value: object = None
    try:
        # Through JSON, so that strict checking still lets an array be a tuple.
        text = json.dumps(given)
        value = TypeAdapter(study.options).validate_json(text, strict=True)
    except ValidationError as error:
        for one in error.errors(include_url=False):
            key = ".".join(str(p) for p in one["loc"])
            where = project.place("study", study.name, *one["loc"])
            cause = one.get("ctx", {}).get("error")
            said = str(cause) if isinstance(cause, OptionError) else one["msg"]
            what = f"{study.name}.{key}: {said}" if key else f"{study.name}: {said}"
            problems.append(Problem(code="invalid_option", what=what, where=where))
    except TypeError:
        where = project.place("study", study.name)
        what = f"study '{study.name}': dates and times are not options"
        problems.append(Problem(code="invalid_option", what=what, where=where))
    return value, problems
