"""Listen: uvicorn on one socket, without a log of addresses."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from agglo.core.errors import AggloError, MissingExtraError
from agglo.observatory.api.problems import ApiError
from agglo.observatory.api.settings import Settings

if TYPE_CHECKING:
    from agglo.observatory.api.shelf import Shelf

__all__ = ["run_server"]


def run_server(project: Path, settings: Settings, ready: Callable[[], None]) -> None:
    """Serve until Ctrl-C.

    Parameters
    ----------
    project
        Project folder with a release.
    settings
        Mode, address, limits.
    ready
        Called when the port is open.

    Raises
    ------
    MissingExtraError
        If the extra ``web`` is not installed.
    OSError
        If the port cannot be opened.
    """
    try:
        import uvicorn
    except ModuleNotFoundError as error:
        raise MissingExtraError("uvicorn", "web", "The observatory") from error
    from agglo.observatory.api.application import build

    app, _, shelf = build(project, settings)
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with closing(socket.socket(family, socket.SOCK_STREAM)) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((settings.host, settings.port))
        listener.listen(128)
        # addresses hold the token once, and codes of regions always: they are not logged
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=False,
            lifespan="off",
            timeout_graceful_shutdown=3,
        )
        # Ctrl-C is how a server ends, not an interruption
        with suppress(KeyboardInterrupt):
            ready()
            with _warmed(shelf):
                uvicorn.Server(config).run(sockets=[listener])


@contextmanager
def _warmed(shelf: Shelf) -> Iterator[None]:
    """Read beside the first requests what they would wait for.

    The thread is ended before the process: one that is inside of compiled code when the
    interpreter goes away takes the process down with it.
    """
    ended = threading.Event()

    def warm() -> None:
        with suppress(ApiError, AggloError):  # said to the first reader
            shelf.warm(ended.is_set)

    thread = threading.Thread(target=warm, name="warm")
    try:
        thread.start()
        yield
    finally:
        ended.set()
        if thread.ident is not None:
            thread.join()
