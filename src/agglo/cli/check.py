"""The verb ``agglo check``."""

from __future__ import annotations

from agglo.cli.common import (
    JsonOption,
    ProjectOption,
    emit,
    progress_on_stderr,
    project_folder,
    say,
    say_notes,
)


def check(project: ProjectOption = None, json: JsonOption = False) -> None:
    """Check agglo.toml and every table.

    References between tables are checked too; warnings leave the exit code at 0.

    Parameters
    ----------
    project
        Project folder.
    json
        Print JSON.
    """
    from agglo.runs import Project, check_project
    from agglo.runs.outcome import status_dicts
    from agglo.store import read_json

    folder = project_folder(project)
    with progress_on_stderr() as progress:
        steps = check_project(folder, progress=progress)
    report = read_json(Project.open(folder).tables / "check.json")
    if json:
        emit({"ok": True, "tables": report, "steps": status_dicts(steps)})
        return
    say_notes(tuple(n for s in steps for n in s.notes))
    for table in report if isinstance(report, list) else []:
        if isinstance(table, dict):
            warnings = table["warnings"]
            n = len(warnings) if isinstance(warnings, list) else 0
            plural = "s" if n != 1 else ""
            say(f"{table['table']}: {table['rows']:,} rows, {n} warning{plural}")
    say("No problems.")
