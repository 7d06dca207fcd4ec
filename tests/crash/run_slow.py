"""Run the slow study; on request die, as by kill -9, at the n-th write to the disk.

``python -m tests.crash.run_slow PROJECT [N]``
"""

from __future__ import annotations

import sys

from agglo.runs import LineProgress, start
from tests.crash.deadly import arm, writes
from tests.crash.slow_study import REGISTRY


def main() -> None:
    """Run, and print how many writes there were."""
    arm(int(sys.argv[2]) if len(sys.argv) > 2 else 0)
    start(sys.argv[1], registry=REGISTRY, progress=LineProgress(sys.stderr))
    sys.stdout.write(f"{writes()}\n")


if __name__ == "__main__":
    main()
