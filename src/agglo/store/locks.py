"""One run at a time in a project folder."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import socket
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from agglo.core.errors import Problem, StoreError
from agglo.core.options import check_number
from agglo.store import _locking
from agglo.store._problems import write_error

__all__ = ["locked"]

LOCK_FILE = ".lock"
_PAUSE = 0.05


@contextlib.contextmanager
def locked(folder: str | os.PathLike[str], *, wait: float = 0.0) -> Iterator[Path]:
    """Keep other processes from working in a folder at the same time.

    Parameters
    ----------
    folder
        The folder; made when absent. Its file ``.lock`` names the holder.
    wait
        Seconds to wait for the other process before giving up.

    Yields
    ------
    pathlib.Path
        The lock file, which stays after the block, empty.

    Raises
    ------
    StoreError
        ``locked``, naming process, machine, start and command of the holder; or
        ``read_only`` and the like when the lock file cannot be made.

    Notes
    -----
    The lock belongs to the open file: the system drops it when the process ends, killed or
    not, so that there is no stale lock to remove by hand. It is advisory, and as good as
    the file system: some network drives do not pass locks on to other machines.

    Examples
    --------
    >>> import tempfile
    >>> with locked(tempfile.mkdtemp()) as file:
    ...     file.name
    '.lock'
    """
    check_number("wait", wait, minimum=0.0)
    path = Path(folder) / LOCK_FILE
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | _CLOEXEC, 0o666)
    except OSError as error:
        raise write_error(path, error) from error
    try:
        _take(descriptor, path, wait)
        _sign(descriptor, path)
        try:
            yield path
        finally:
            os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


_CLOEXEC: int = getattr(os, "O_CLOEXEC", 0)


def _take(descriptor: int, path: Path, wait: float) -> None:
    end = time.monotonic() + wait
    while not _locking.lock(descriptor):
        if time.monotonic() >= end:
            holder = _holder(path)
            problem = Problem(
                code="locked",
                what=f"in use by {holder}",
                where=str(path.parent),
                fix="wait until it has finished, or end it",
            )
            msg = f"{path.parent} is in use by {holder}."
            raise StoreError(msg, [problem])
        time.sleep(_PAUSE)


def _sign(descriptor: int, path: Path) -> None:
    card = {
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "since": datetime.now(tz=UTC).isoformat(timespec="seconds"),
        "command": shlex.join(sys.argv),
    }
    try:
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps(card).encode(), 0)
    except OSError as error:
        raise write_error(path, error) from error


def _holder(path: Path) -> str:
    try:
        card = json.loads(path.read_text(encoding="utf-8"))
        who = f"process {card['pid']} on {card['host']}"
        if card["pid"] == os.getpid() and card["host"] == socket.gethostname():
            who = f"this process ({card['pid']}) already"
        return f"{who} since {card['since']} (`{card['command']}`)"
    except (OSError, ValueError, KeyError, TypeError):
        # it has taken the lock and not signed yet
        return "another process"
