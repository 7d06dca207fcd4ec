"""The verb ``agglo info``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agglo.cli.common import JsonOption, ProjectOption, emit, project_folder, say

if TYPE_CHECKING:
    from agglo.core.typing import Json


def info(project: ProjectOption = None, json: JsonOption = False) -> None:
    """Show what is in the project and in agglo.

    Parameters
    ----------
    project
        Project folder.
    json
        Print JSON.
    """
    from agglo.core.errors import RunError
    from agglo.runs.describe import describe_library, describe_project

    facts: dict[str, Json] = describe_library()
    try:
        folder = project_folder(project)
    except RunError:
        facts["project"] = None
    else:
        facts["project"] = describe_project(folder)
    if json:
        emit(facts)
        return
    say("\n".join(_lines(facts)))


def _lines(facts: dict[str, Json]) -> list[str]:
    lines = [f"agglo {facts['version']}"]
    for key in ("sources", "studies"):
        found = facts[key]
        if isinstance(found, dict):
            lines.append(f"{key}:")
            lines += [f"  {name}: {text}" for name, text in found.items()]
    project = facts["project"]
    if not isinstance(project, dict):
        return [*lines, "No project here; make one with `agglo new NAME`."]
    lines.append(f"project {project['name']} in {project['folder']}")
    for key in ("imports", "tables", "results"):
        found = project[key]
        if isinstance(found, dict) and found:
            lines.append(f"  {key}:")
            lines += [f"    {name}: {text}" for name, text in found.items()]
    missing = project["missing"]
    if isinstance(missing, dict):
        lines += [f"  {n} lacks the tables {_joined(t)}" for n, t in missing.items()]
    return lines


def _joined(names: Json) -> str:
    return ", ".join(str(n) for n in names) if isinstance(names, list) else str(names)
