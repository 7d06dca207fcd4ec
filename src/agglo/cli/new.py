"""The verb ``agglo new``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from agglo.cli.common import DryRunOption, JsonOption, emit, say


def new(
    name: Annotated[
        Path, typer.Argument(help="Folder to make; its name is the project's.")
    ],
    title: Annotated[str, typer.Option("--title", help="Title for reports.")] = "",
    language: Annotated[
        str, typer.Option("--language", help="Language of reports: en or zh.")
    ] = "en",
    seed: Annotated[int, typer.Option("--seed", help="Seed of every random draw.")] = 7,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Make a project folder with a commented agglo.toml."""
    from agglo.core.options import check_choice
    from agglo.runs.project import Project, new_project_text

    lang = check_choice("language", language, ("en", "zh"))
    chosen = "zh" if lang == "zh" else "en"
    if dry_run:
        text = new_project_text(name, title=title, language=chosen, seed=seed)
        emit(
            {"folder": str(name), "agglo.toml": text, "written": False}
        ) if json else say(text)
        return
    project = Project.create(name, title=title, language=chosen, seed=seed)
    if json:
        emit({"folder": str(project.root), "agglo.toml": project.text, "written": True})
        return
    say(f"Made {name}/agglo.toml. Next: agglo import SOURCE FILES…, then agglo run.")
