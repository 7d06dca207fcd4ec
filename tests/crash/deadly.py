"""Die, as by kill -9, at the n-th write to the disk of this process."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

__all__ = ["arm", "trials", "writes"]

_calls = 0


def _deadly(real: Callable[..., object], last: int) -> Callable[..., object]:
    """Count a call; die before the last one is done."""

    def call(*arguments: object, **named: object) -> object:
        global _calls  # noqa: PLW0603
        _calls += 1
        if _calls == last:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*arguments, **named)

    return call


def arm(last: int) -> None:
    """Count every call that changes what is on the disk; die at the last, 0 for never."""
    for name in ("replace", "rename", "mkdir", "unlink", "rmdir"):
        setattr(Path, name, _deadly(getattr(Path, name), last))
    for name in ("link", "fsync", "ftruncate"):
        setattr(os, name, _deadly(getattr(os, name), last))
    shutil.rmtree = _deadly(shutil.rmtree, last)


def writes() -> int:
    """Give the number of writes so far."""
    return _calls


def trials(share: float, few: int) -> int:
    """Give how many times a test kills: few, or its share of ``AGGLO_KILLS``."""
    asked = int(os.environ.get("AGGLO_KILLS", "0"))
    return max(few, round(share * asked))
