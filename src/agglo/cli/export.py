"""The verb ``agglo export``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from agglo.cli.common import (
    DryRunOption,
    JsonOption,
    emit,
    progress_on_stderr,
    project_folder,
    say,
)
from agglo.core.errors import OptionError

_MB = 1_000_000
_SHOWN = 5


def export(
    project: Annotated[
        Path | None,
        typer.Argument(help="Project folder; otherwise the closest one upward."),
    ] = None,
    *,
    html: Annotated[
        Path | None, typer.Option("--html", help="One file that opens from disk.")
    ] = None,
    site: Annotated[
        Path | None, typer.Option("--site", help="A folder for any web host.")
    ] = None,
    mode: Annotated[
        str, typer.Option("--mode", help="public; private for generated data only.")
    ] = "public",
    region: Annotated[
        list[str] | None, typer.Option("--region", help="Keep this region; repeat.")
    ] = None,
    years: Annotated[
        list[str] | None,
        typer.Option("--years", help="Keep this year or span (2015-2020); repeat."),
    ] = None,
    lang: Annotated[str, typer.Option("--lang", help="en or zh, at first.")] = "en",
    force: Annotated[
        bool, typer.Option("--force", help="Write it above 50 MB too.")
    ] = False,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Write the observatory without a server.

    `--html FILE` writes one file with both languages, released data, certificate and
    manifest: it opens from disk and asks no network. `--site DIR` writes a folder for any
    web host. Numbers pass the gate of the public mode.

    Parameters
    ----------
    project
        Project folder.
    html
        File to write.
    site
        Folder to write.
    mode
        ``public`` or ``private``.
    region
        Regions to keep.
    years
        Years to keep in tables over time.
    lang
        Language at first.
    force
        Write it above 50 MB too.
    dry_run
        Write nothing.
    json
        Print JSON.
    """
    from agglo.observatory.export import export_html, export_site

    if html is None and site is None:
        msg = "Say what to write: --html FILE, --site DIR, or both."
        raise OptionError(msg)
    if mode not in ("public", "private") or lang not in ("en", "zh"):
        msg = "--mode is public or private; --lang is en or zh."
        raise OptionError(msg)
    folder = project_folder(project)
    if dry_run:
        targets = [str(path) for path in (html, site) if path is not None]
        if json:
            emit({"files": [*targets], "mode": mode, "written": False})
        else:
            say("\n".join(f"would write {target} ({mode})" for target in targets))
        return
    with progress_on_stderr() as progress:
        done = [
            write(
                folder,
                path,
                mode="private" if mode == "private" else "public",
                regions=region or (),
                years=years or (),
                lang=lang,
                force=force,
                progress=progress,
            )
            for path, write in ((html, export_html), (site, export_site))
            if path is not None
        ]
    if json:
        emit([entry.to_dict() for entry in done])
        return
    for entry in done:
        say(f"{entry.path}: {entry.bytes / _MB:.2f} MB, release {entry.release}.")
        for name, size in list(entry.parts.items())[:_SHOWN]:
            say(f"  {name}: {size / _MB:.2f} MB before packing")
        if entry.warning:
            typer.echo(f"note: {entry.warning}", err=True)
