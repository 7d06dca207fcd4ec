"""Run the slow study; on request die, as by kill -9, at the n-th write to the disk.

``python -m tests.crash.run_slow PROJECT [N]``
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from agglo.runs import LineProgress, start
from tests.crash.slow_study import REGISTRY

calls = 0


def deadly(real: Callable[..., object], last: int) -> Callable[..., object]:
    """Count a call; die before the last one is done."""

    def call(*arguments: object, **named: object) -> object:
        global calls  # noqa: PLW0603
        calls += 1
        if calls == last:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*arguments, **named)

    return call


def main() -> None:
    """Run, and print how many writes there were."""
    last = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    for name in ("replace", "rename", "mkdir", "unlink", "rmdir"):
        setattr(Path, name, deadly(getattr(Path, name), last))
    for name in ("link", "fsync", "ftruncate"):
        setattr(os, name, deadly(getattr(os, name), last))
    shutil.rmtree = deadly(shutil.rmtree, last)
    start(sys.argv[1], registry=REGISTRY, progress=LineProgress(sys.stderr))
    sys.stdout.write(f"{calls}\n")


if __name__ == "__main__":
    main()
