"""The child process of long work: reads one order, does it, says how far it is.

``python -m agglo.observatory.work`` is started by `agglo.observatory.jobs` only.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Literal, cast

from agglo.core.errors import AggloError
from agglo.core.typing import Json, Lang

__all__ = ["main"]

_CODES = 20  # problems that are told


class _Told:
    """Progress of a run, one line of JSON per event."""

    def __init__(self, out: IO[str]) -> None:
        self._out = out

    def say(self, event: Mapping[str, Json]) -> None:
        self._out.write(json.dumps(event, ensure_ascii=True) + "\n")
        self._out.flush()

    def started(self, label: str) -> None:
        self.say({"stage": label})

    def advanced(self, done: int, total: int, label: str) -> None:
        self.say({"stage": label, "done": done, "total": total})

    def finished(self, label: str, seconds: float, *, kept: bool) -> None:
        self.say({"stage": label, "done": 1, "total": 1, "kept": kept, "took": seconds})

    def failed(self, label: str) -> None:
        self.say({"stage": label})


def main() -> int:
    """Do the order on standard input.

    Returns
    -------
    int
        0 when it was done, 1 when it was not; the reason is the last line of the output.
    """
    # what libraries print must not mix with what is told
    out = os.fdopen(os.dup(1), "w", encoding="ascii")
    os.dup2(2, 1)
    order = json.loads(sys.stdin.readline())
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    _bound(order.get("memory"), order.get("seconds"))
    told = _Told(out)
    work: Mapping[str, Callable[[Mapping[str, Json], _Told], Json]] = {
        "run": _run,
        "import": _import,
        "report": _report,
    }
    try:
        result = work[str(order["kind"])](order, told)
    except AggloError as error:
        told.say({"problem": _problem(error, str(order["project"]))})
        return 1
    except MemoryError:
        what = "The file needs more memory than an import may take."
        told.say(
            {"problem": {"code": "too_much_memory", "detail": what, "problems": []}}
        )
        return 1
    told.say({"result": result})
    return 0


def _leave_with_parent() -> None:
    """End with all workers when the server ends: its end of the pipe closes then."""
    # not through sys.stdin, whose lock would be held when this process ends by itself
    while os.read(0, 1024):
        pass
    if hasattr(os, "killpg") and os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


def _bound(memory: Json, seconds: Json) -> None:
    """Bound what this process may take, where the system can."""
    try:
        import resource
    except ImportError:
        return
    wanted = (
        (resource.RLIMIT_DATA, memory),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_CORE, 0),
    )
    for what, most in wanted:
        if isinstance(most, (int, float)):
            hard = resource.getrlimit(what)[1]
            top = int(most) if hard == resource.RLIM_INFINITY else min(int(most), hard)
            resource.setrlimit(what, (top, hard))


def _problem(error: AggloError, here: str) -> Json:
    """Say an error without a path of the machine."""
    problems = error.problems
    first = problems[0].code if problems else type(error).__name__
    return {
        "code": first,
        "detail": str(error).splitlines()[0].replace(here, "."),
        "problems": [
            {
                "code": p.code,
                "what": p.what.replace(here, "."),
                "where": p.where.replace(here, "."),
                "column": p.column,
                "rows": list[Json](p.rows[:_CODES]),
                "fix": p.fix,
            }
            for p in problems[:_CODES]
        ],
    }


def _run(order: Mapping[str, Json], told: _Told) -> Json:
    from agglo.observatory.release import build_release
    from agglo.runs import start

    study = order.get("study")
    done = start(
        str(order["project"]), None if study is None else str(study), progress=told
    )
    told.started("release")
    release = build_release(Path(str(order["project"])))
    return {
        "studies": [s.study for s in done.studies],
        "skipped": {s.study: list(s.missing) for s in done.skipped},
        "steps": len(done.steps),
        "kept": sum(s.status == "kept" for s in done.steps),
        "seconds": done.seconds,
        "release": release.id,
    }


def _import(order: Mapping[str, Json], told: _Told) -> Json:
    from agglo.runs import add_import

    options = order.get("options")
    name = order.get("id")
    added = add_import(
        str(order["project"]),
        str(order["source"]),
        [str(order["file"])],
        options=options if isinstance(options, dict) else {},
        id=None if name is None else str(name),
        progress=told,
    )
    return added.to_dict()


def _report(order: Mapping[str, Json], told: _Told) -> Json:
    from agglo.observatory.api.stock import Stock
    from agglo.observatory.brief import build_brief
    from agglo.observatory.brief_files import save_brief
    from agglo.observatory.release import open_release

    told.started("report")
    mode = cast("Literal['private', 'public']", order["mode"])
    stock = Stock(open_release(Path(str(order["project"])), mode=mode))
    chosen = order.get("chosen")
    brief = build_brief(
        stock,
        str(order["page"]),
        {k: str(v) for k, v in chosen.items()} if isinstance(chosen, dict) else {},
        lang=cast("Lang", order["lang"]),
    )
    target = Path(str(order["file"]))
    save_brief(brief, target)
    return {"release": stock.release.id, "bytes": target.stat().st_size}


if __name__ == "__main__":
    raise SystemExit(main())
