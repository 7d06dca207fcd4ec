"""The verb ``agglo serve``."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agglo.cli.common import JsonOption, emit, progress_on_stderr, project_folder, say
from agglo.core.errors import OptionError, Problem, RunError

if TYPE_CHECKING:
    from agglo.observatory.api import Settings
    from agglo.observatory.release import Mode, Release

_PASSWORD = "AGGLO_PASSWORD"  # noqa: S105 - the name of a variable
_UNKNOWN, _REFUSED = 2, 3


def serve(
    project: Annotated[
        Path | None,
        typer.Argument(help="Project folder; otherwise the closest one upward."),
    ] = None,
    *,
    port: Annotated[int, typer.Option("--port", min=0, max=65535)] = 8321,
    mode: Annotated[
        str,
        typer.Option(
            "--mode",
            help="private (your desk), review (protected, reasons shown) or public.",
        ),
    ] = "private",
    get: Annotated[
        str,
        typer.Option("--get", help="Print the answer of a route; no port is opened."),
    ] = "",
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Open the browser.")
    ] = True,
    host: Annotated[str, typer.Option("--host", help="Address to listen on.")] = (
        "127.0.0.1"
    ),
    allow_network: Annotated[
        bool, typer.Option("--allow-network", help="Let others reach it.")
    ] = False,
    allow_host: Annotated[
        list[str] | None,
        typer.Option("--allow-host", help="A name it may be called by; repeat."),
    ] = None,
    without_tls: Annotated[
        bool,
        typer.Option("--without-tls", help="Accept plain HTTP, or a proxy encrypts."),
    ] = False,
    root: Annotated[
        str, typer.Option("--root", help="Path under which a proxy serves it.")
    ] = "",
    embed_host: Annotated[
        list[str] | None,
        typer.Option(
            "--embed-host", help="A site that may show views in a frame; repeat."
        ),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Open the observatory of a project.

    A release is built first when studies have run since the last one. The server listens
    on this machine only and asks for the token in the address that is printed; Ctrl-C
    ends it. `--get /region/R01.json` prints the answer of any route instead.

    On a network it needs `--allow-network`, `--allow-host`, `--without-tls` (or a proxy
    that encrypts) and, in private mode, a password in the variable AGGLO_PASSWORD.

    Parameters
    ----------
    project
        Project folder.
    port
        Port; 0 for any free one.
    mode
        ``private``, ``review`` or ``public``.
    get
        Route to print.
    browser
        Whether to open the browser.
    host
        Address to listen on.
    allow_network
        Let others reach it.
    allow_host
        Further names.
    without_tls
        Accept plain HTTP.
    root
        Path of a proxy.
    embed_host
        Sites that may show views in a frame.
    json
        Print address and release as JSON.
    """
    from agglo.observatory.api import LOOPBACK, Settings, check_binding, check_frames

    settings = Settings(
        mode=_mode(mode),
        host=host,
        port=port or _free_port(host),
        hosts=(*LOOPBACK, *(allow_host or ())),
        password=os.environ.get(_PASSWORD, "") if allow_network else "",
        root=root.rstrip("/"),
        frames=tuple(embed_host or ()),
    )
    check_frames(settings)
    check_binding(settings, allow_network=allow_network, without_tls=without_tls)
    folder = project_folder(project)
    release = _release(folder, settings.mode)
    if get:
        _print(folder, settings, get)
        return
    _listen(folder, settings, release, browser=browser, json=json)


def _mode(mode: str) -> Mode:
    if mode == "private":
        return "private"
    if mode == "review":
        return "review"
    if mode == "public":
        return "public"
    msg = f"--mode is private, review or public, not '{mode}'."
    raise OptionError(msg)


def _free_port(host: str) -> int:
    import socket

    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def _release(folder: Path, mode: Mode) -> Release:
    from agglo.observatory.release import current_release

    with progress_on_stderr() as progress:
        return current_release(folder, mode=mode, progress=progress)


def _print(folder: Path, settings: Settings, address: str) -> None:
    from agglo.observatory.api import create_app
    from agglo.observatory.api.local import ask
    from agglo.runs import Project

    app = create_app(Project.open(folder).workspace, settings)
    answer = ask(app, settings, address)
    sys.stdout.buffer.write(answer.body)
    # a file stays byte for byte what the server sends; JSON ends its line on a terminal
    if answer.media.startswith(("application/json", "application/problem")):
        sys.stdout.buffer.write(b"\n")
    sys.stdout.flush()
    if answer.status >= 400:
        raise typer.Exit(_UNKNOWN if answer.status == 404 else _REFUSED)


def _listen(
    folder: Path, settings: Settings, release: Release, *, browser: bool, json: bool
) -> None:
    from agglo.observatory.api.server import run_server
    from agglo.runs import Project

    private = settings.mode != "public" and not settings.password
    address = settings.address + (f"?token={settings.token}" if private else "")

    def ready() -> None:
        if json:
            emit({"address": address, "release": release.id, "mode": settings.mode})
        else:
            say(f"agglo observatory: {address}")
            say(f"release {release.id} ({settings.mode}); Ctrl-C ends it.")
        sys.stdout.flush()
        if browser:
            import webbrowser

            webbrowser.open(address)

    try:
        run_server(Project.open(folder).workspace, settings, ready)
    except OSError as error:
        msg = f"Port {settings.port} of {settings.host} cannot be opened."
        problem = Problem(
            code="port_busy",
            what=error.strerror or "the port is in use",
            where="--port",
            fix="--port 0 takes any free one",
        )
        raise RunError(msg, [problem]) from error
