"""Long work of the owner's desk: one child process each, with caps; it can be watched and ended.

The server computes nothing itself. A child process reads one order, says on its output how
far it is, and ends; its memory and its time are bounded. What it writes becomes visible by
the renames of `agglo.runs` and of the release, so that ending it at any point tears nothing.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

from agglo.core.typing import Json
from agglo.observatory.api.problems import ApiError

__all__ = ["Job", "JobCaps", "JobKind", "Jobs"]

JobKind: TypeAlias = Literal["run", "import", "report"]
_Status: TypeAlias = Literal["working", "done", "failed", "cancelled"]

_ID_BYTES = 16
_KEPT = 50  # finished jobs that can still be asked for
_GRACE = 3.0  # seconds between asking a child to end and ending it


@dataclass(frozen=True, slots=True, kw_only=True)
class JobCaps:
    """What long work may cost.

    Parameters
    ----------
    at_once
        Jobs at the same time; only one of them may write to the project.
    seconds
        Kind to the time after which a job is ended.
    memory
        Kind to bytes of a child's data; kinds that are not named are not bounded.
    """

    at_once: int = 2
    seconds: Mapping[str, float] = field(
        default_factory=lambda: {"run": 21_600.0, "import": 600.0, "report": 300.0}
    )
    memory: Mapping[str, int] = field(default_factory=lambda: {"import": 4 << 30})


@dataclass(eq=False)
class Job:
    """One piece of long work.

    Parameters
    ----------
    id
        Opaque name.
    kind
        What it is.
    asked
        What was asked for, for the reader.
    """

    id: str
    kind: JobKind
    asked: Mapping[str, Json]
    status: _Status = "working"
    stage: str = ""
    done: int = 0
    total: int = 0
    result: Json = None
    problem: Json = None
    version: int = 0
    file: Path | None = None
    began: float = field(default_factory=time.time)
    ended: float | None = None
    _stage_began: float = field(default_factory=time.monotonic)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def to_dict(self) -> dict[str, Json]:
        """Give plain values: state, stage, how far, time left, result or problem."""
        now = time.time() if self.ended is None else self.ended
        return {
            "id": self.id,
            "kind": self.kind,
            "asked": dict(self.asked),
            "status": self.status,
            "stage": self.stage,
            "done": self.done,
            "total": self.total,
            "seconds": round(now - self.began, 1),
            "seconds_left": self._left(),
            "result": self.result,
            "problem": self.problem,
            "file": self.file is not None and self.status == "done",
        }

    def _left(self) -> Json:
        """Guess the time left in this stage from its pace; null when nothing is known."""
        if self.status != "working" or not 0 < self.done < self.total:
            return None
        spent = time.monotonic() - self._stage_began
        return round(spent * (self.total - self.done) / self.done, 1)

    def told(self, event: Mapping[str, Json]) -> None:
        """Take in one line of the child."""
        stage = str(event.get("stage", ""))
        if stage != self.stage:
            self.stage, self.done, self.total = stage, 0, 0
            self._stage_began = time.monotonic()
        done, total = event.get("done"), event.get("total")
        if isinstance(done, int) and isinstance(total, int):
            self.done, self.total = done, total
        self.version += 1

    def end(
        self, status: _Status, *, result: Json = None, problem: Json = None
    ) -> None:
        """Close the job; what was said first stays."""
        with self._lock:
            if self.status == "working":
                self.result, self.problem, self.ended = result, problem, time.time()
                self.status = status
                self.version += 1


class Jobs:
    """The long work of one start of the server.

    Parameters
    ----------
    project
        Project folder.
    caps
        What a job may cost.
    """

    def __init__(self, project: Path, caps: JobCaps) -> None:
        self.project = project
        self.caps = caps
        self._jobs: OrderedDict[str, Job] = OrderedDict()
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._lock = threading.Lock()

    def all(self) -> list[Job]:
        """Give the jobs of this start, the newest first."""
        with self._lock:
            return list(reversed(self._jobs.values()))

    def get(self, name: str) -> Job:
        """Give a job.

        Parameters
        ----------
        name
            Its id.

        Returns
        -------
        Job
            The job.

        Raises
        ------
        ApiError
            404 when there is none of that name.
        """
        with self._lock:
            job = self._jobs.get(name)
        if job is None:
            raise ApiError(
                404, "unknown_run", "There is no such run.", where="id",
                fix="see /api/v1/runs for the runs of this start",
            )  # fmt: skip
        return job

    def submit(
        self,
        kind: JobKind,
        order: Mapping[str, Json],
        *,
        asked: Mapping[str, Json],
        file: Path | None = None,
        after: Callable[[Job], None] = lambda _: None,
    ) -> Job:
        """Start a job.

        Parameters
        ----------
        kind
            What it is.
        order
            What the child is told.
        asked
            What the reader asked for; no path.
        file
            File that the job writes for the reader.
        after
            Called when it has ended, however it did.

        Returns
        -------
        Job
            At work.

        Raises
        ------
        ApiError
            429 when enough is going on.
        """
        job = Job(secrets.token_urlsafe(_ID_BYTES), kind, asked, file=file)
        with self._lock:
            self._check_room(kind)
            self._jobs[job.id] = job
            ended = [j.id for j in self._jobs.values() if j.status != "working"]
            for old in ended[: max(0, len(self._jobs) - _KEPT)]:
                del self._jobs[old]
            child = _child()
            self._children[job.id] = child
        told = {
            **order,
            "kind": kind,
            "project": str(self.project),
            "memory": self.caps.memory.get(kind),
            "seconds": self.caps.seconds[kind],
        }
        threading.Thread(
            target=self._watch, args=(job, child, told, after), daemon=True
        ).start()
        return job

    def _check_room(self, kind: JobKind) -> None:
        working = [j for j in self._jobs.values() if j.status == "working"]
        writes = kind != "report" and any(j.kind != "report" for j in working)
        if writes or len(working) >= self.caps.at_once:
            raise ApiError(
                429, "run_busy", "Another run is at work in this project.",
                where="runs", fix="wait until it has ended, or cancel it", retry=5,
            )  # fmt: skip

    def cancel(self, name: str) -> Job:
        """End a job; one that has ended already stays as it is.

        Parameters
        ----------
        name
            Its id.

        Returns
        -------
        Job
            The job.
        """
        job = self.get(name)
        job.end("cancelled")
        with self._lock:
            child = self._children.get(name)
        if child is not None:
            _end(child)
        return job

    def _watch(
        self,
        job: Job,
        child: subprocess.Popen[bytes],
        order: Mapping[str, Json],
        after: Callable[[Job], None],
    ) -> None:
        """Read what the child says until it has ended."""
        clock = threading.Timer(self.caps.seconds[job.kind], self._late, (job, child))
        clock.daemon = True
        clock.start()
        try:
            # a child that was cancelled before it heard its order has no ears
            with contextlib.suppress(OSError):
                if child.stdin is not None:
                    child.stdin.write(json.dumps(order).encode() + b"\n")
                    child.stdin.flush()
            for line in child.stdout or ():
                _hear(job, line)
            child.wait()
            job.end("failed", problem=_gone(job))
        finally:
            clock.cancel()
            with self._lock:
                self._children.pop(job.id, None)
            for pipe in (child.stdin, child.stdout):
                if pipe is not None:
                    with contextlib.suppress(OSError):
                        pipe.close()
            after(job)

    def _late(self, job: Job, child: subprocess.Popen[bytes]) -> None:
        limit = self.caps.seconds[job.kind]
        what = f"The work took longer than {limit:g} seconds and was ended."
        job.end(
            "failed", problem={"code": "run_timeout", "detail": what, "problems": []}
        )
        _end(child)


def _child() -> subprocess.Popen[bytes]:
    # a session of its own: its workers end with it, and Ctrl-C of the server is not its own
    return subprocess.Popen(
        [sys.executable, "-m", "agglo.observatory.work"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _hear(job: Job, line: bytes) -> None:
    try:
        said = json.loads(line)
    except ValueError:
        return
    if "result" in said:
        job.end("done", result=said["result"])
    elif "problem" in said:
        job.end("failed", problem=said["problem"])
    else:
        job.told(said)


def _gone(job: Job) -> Json:
    what = "The process ended without an answer"
    if job.kind == "import":
        what += "; the file may need more memory or time than an import may take"
    return {"code": "run_ended", "detail": f"{what}.", "problems": []}


def _end(child: subprocess.Popen[bytes]) -> None:
    """End a child with all its workers."""
    for sign in (signal.SIGTERM, getattr(signal, "SIGKILL", signal.SIGTERM)):
        with contextlib.suppress(OSError):
            if hasattr(os, "killpg"):
                os.killpg(child.pid, sign)
            else:
                child.send_signal(sign)
        try:
            child.wait(_GRACE)
        except subprocess.TimeoutExpired:
            continue
        break
    if hasattr(os, "killpg"):  # workers that outlive their parent
        with contextlib.suppress(OSError):
            os.killpg(child.pid, signal.SIGKILL)
