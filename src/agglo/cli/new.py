"""The verb ``agglo new``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agglo.cli.common import DryRunOption, JsonOption, emit, say

if TYPE_CHECKING:
    from agglo.core.typing import Lang


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
    """Make a project folder with an agglo.toml.

    Parameters
    ----------
    name
        Folder to make.
    title
        Title for reports.
    language
        Language of reports.
    seed
        Seed of every random draw.
    dry_run
        Write nothing.
    json
        Print JSON.
    """
    from agglo.core.options import check_choice
    from agglo.runs.project import Project, new_project_text

    given = check_choice("language", language, ("en", "zh"))
    chosen: Lang = "zh" if given == "zh" else "en"
    if dry_run:
        text = new_project_text(name, title=title, language=chosen, seed=seed)
    else:
        text = Project.create(name, title=title, language=chosen, seed=seed).text
    if json:
        emit({"folder": str(name), "agglo.toml": text, "written": not dry_run})
    elif dry_run:
        say(text)
    else:
        say(f"Made {name}/agglo.toml. Next: agglo import SOURCE FILES…, agglo run.")
