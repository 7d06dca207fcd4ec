"""The verb ``agglo report``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from agglo.cli.common import (
    JsonOption,
    ProjectOption,
    emit,
    progress_on_stderr,
    project_folder,
    say,
)


def report(
    page: Annotated[
        str, typer.Argument(help="Page: region, industry, cluster, policy, …")
    ],
    choice: Annotated[
        str, typer.Argument(help="What to report on: a code of the page's selector.")
    ] = "",
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="File: .html, .pdf or .docx."),
    ] = None,
    lang: Annotated[
        Literal["en", "zh"], typer.Option("--lang", help="Language of the brief.")
    ] = "en",
    mode: Annotated[
        Literal["private", "public"],
        typer.Option("--mode", help="Private: nothing suppressed; public: protected."),
    ] = "private",
    project: ProjectOption = None,
    json: JsonOption = False,
) -> None:
    """Write a brief on a region, cluster or policy.

    Figures, tables and notes are those of the observatory's page.

    Parameters
    ----------
    page
        Page of the observatory.
    choice
        Code of a selector of the page; empty for the page as a whole.
    output
        File to write; ``<page>-<choice>.html`` in the project when absent.
    lang
        Language.
    mode
        What may be shown.
    project
        Project folder.
    json
        Print JSON.
    """
    from agglo.core.options import check_choice
    from agglo.observatory.api.stock import Stock
    from agglo.observatory.brief import build_brief, chosen_by
    from agglo.observatory.brief_files import save_brief
    from agglo.observatory.pages import PAGES
    from agglo.observatory.release import current_release

    check_choice("page", page, sorted(PAGES))
    folder = project_folder(project)
    with progress_on_stderr() as progress:
        stock = Stock(current_release(folder, mode=mode, progress=progress))
    chosen = chosen_by(stock, page, choice)
    name = f"{page}-{_file_name(choice)}.html" if choice else f"{page}.html"
    target = output or folder / "briefs" / name
    target.parent.mkdir(parents=True, exist_ok=True)
    save_brief(build_brief(stock, page, chosen, lang=lang), target)
    if json:
        emit({"file": str(target), "release": stock.release.id})
        return
    say(str(target))


def _file_name(choice: str) -> str:
    """Give a code as part of a file name: what a path or a shell reads is replaced."""
    return "".join(c if c.isalnum() or c in "-_." else "-" for c in choice).strip(".-")
