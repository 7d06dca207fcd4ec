"""Peak memory of one call, measured in a process of its own.

The call and its inputs arrive pickled on standard input. Numbers are bytes: `held` before the
call (interpreter, packages, inputs) and the highest resident set `peak` while it runs.
"""

from __future__ import annotations

import gc
import json
import resource
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cloudpickle

ROOT = Path(__file__).resolve().parents[1]
_STATUS = Path("/proc/self/status")
_RESET = Path("/proc/self/clear_refs")


@dataclass(frozen=True, slots=True, kw_only=True)
class Peak:
    """Memory before and during a call, in megabytes (10**6 bytes)."""

    held: float
    peak: float

    @property
    def added(self) -> float:
        """What the call needed on top of its inputs."""
        return max(self.peak - self.held, 0.0)


def peak_of(call: Callable[[], object]) -> Peak:
    """Run `call` once in a new interpreter and give its memory."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.peak"],
        input=cloudpickle.dumps(call),
        capture_output=True,
        cwd=ROOT,
        check=True,
    )
    numbers = json.loads(done.stdout.splitlines()[-1])
    return Peak(held=numbers["held"] / 1e6, peak=numbers["peak"] / 1e6)


def _resident(field: str) -> int:
    for line in _STATUS.read_text(encoding="ascii").splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) * 1024
    msg = f"no {field} in {_STATUS}"
    raise LookupError(msg)


def _measure(call: Callable[[], object]) -> dict[str, int]:
    gc.collect()
    if not _STATUS.exists():  # no /proc: the high-water mark includes the loading
        unit = 1 if sys.platform == "darwin" else 1024
        held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
        call()
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
        return {"held": held, "peak": peak}
    _RESET.write_text("5", encoding="ascii")  # forget the mark left by the loading
    held = _resident("VmRSS")
    call()
    return {"held": held, "peak": max(_resident("VmHWM"), held)}


if __name__ == "__main__":
    print(json.dumps(_measure(cloudpickle.loads(sys.stdin.buffer.read()))))
