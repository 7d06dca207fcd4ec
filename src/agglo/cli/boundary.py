"""Where every error of a command ends: a readable list, an exit code, no traceback."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import tempfile
import traceback
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Literal

from agglo.core.errors import AggloError, RunError

if TYPE_CHECKING:
    from agglo.core.typing import Json

__all__ = ["INTERRUPTED", "UNEXPECTED", "Boundary"]

UNEXPECTED = 70
INTERRUPTED = 130
_SHOWN = 20


class Boundary:
    """Turn whatever a command raises into a message and an exit code.

    Parameters
    ----------
    words
        Words of the command line; with ``--json`` the error goes to standard output too.
    """

    def __init__(self, words: Sequence[str]) -> None:
        self.words = tuple(words)
        self.json = "--json" in words

    def __enter__(self) -> Boundary:
        """Begin."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> Literal[False]:
        """End the process when an error came through."""
        if error is None:
            return False
        if isinstance(error, SystemExit):
            if error.code == INTERRUPTED:  # typer has caught Ctrl-C already
                self._interrupted()
            return False
        raise SystemExit(self._code(error)) from None

    def _code(self, error: BaseException) -> int:
        if isinstance(error, AggloError):
            self._complain(error)
            return error.exit_code
        if isinstance(error, KeyboardInterrupt):
            _say(
                "Interrupted. Earlier results are as they were; run again to continue."
            )
            self._emit(
                {"error": "Interrupted", "message": "interrupted", "problems": []}
            )
            return INTERRUPTED
        self._unexpected(error)
        return UNEXPECTED

    def _interrupted(self) -> None:
        text = "Interrupted. Earlier results are as they were; run again to continue."
        _say(text)
        self._emit({"error": "Interrupted", "message": text, "problems": []})

    def _complain(self, error: AggloError) -> None:
        lines = [f"Error: {error.message}"]
        shown = error.problems[:_SHOWN]
        lines += [f"  {n}. {problem}" for n, problem in enumerate(shown, 1)]
        if len(error.problems) > _SHOWN:
            more = len(error.problems) - _SHOWN
            lines.append(f"  … and {more} more; --json lists them all")
        lines += [f"  ({note})" for note in getattr(error, "__notes__", ())]
        _say("\n".join(lines))
        self._emit(_plain(error))

    def _unexpected(self, error: BaseException) -> None:
        text = "".join(traceback.format_exception(error))
        log = write_log(self.words, text)
        name = f"{type(error).__name__}: {error}".splitlines()[0]
        kept = f"What happened is written in {log}." if log else text
        _say(f"Unexpected error: {name}\n{kept}\nPlease report it with that file.")
        document: dict[str, Json] = {
            "error": type(error).__name__,
            "message": str(error),
        }
        self._emit(document | {"problems": [], "log": str(log) if log else None})

    def _emit(self, document: dict[str, Json]) -> None:
        if self.json:
            text = json.dumps(document, indent=2, default=str)
            with contextlib.suppress(BrokenPipeError):
                sys.stdout.write(text + "\n")


def _plain(error: AggloError) -> dict[str, Json]:
    problems: list[Json] = [
        {
            "code": p.code,
            "what": p.what,
            "where": p.where,
            "rows": list(p.rows),
            "n_rows": p.n_rows,
            "column": p.column,
            "fix": p.fix,
        }
        for p in error.problems
    ]
    return {
        "error": type(error).__name__,
        "message": error.message,
        "problems": problems,
    }


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")


def write_log(words: Sequence[str], text: str) -> Path | None:
    """Keep the traceback of an unforeseen error.

    Parameters
    ----------
    words
        Words of the command line.
    text
        The traceback.

    Returns
    -------
    pathlib.Path or None
        The log file in the project's ``.agglo``, or in the temporary folder when there
        is no project; ``None`` when neither can be written.
    """
    now = datetime.now(tz=UTC)
    name = f"error-{now:%Y%m%dT%H%M%S}-{os.getpid()}.log"
    content = f"agglo {' '.join(words)}\n{now.isoformat()}\n\n{text}"
    for folder in (_project_folder(words), Path(tempfile.gettempdir())):
        if folder is None:
            continue
        try:
            folder.mkdir(exist_ok=True)
            (folder / name).write_text(content, encoding="utf-8")
        except OSError:
            continue
        return folder / name
    return None


def _project_folder(words: Sequence[str]) -> Path | None:
    from agglo.runs.project import find_project

    try:
        if "--project" in words[:-1]:
            root = Path(words[words.index("--project") + 1])
            return root / ".agglo" if root.is_dir() else None
        return find_project() / ".agglo"
    except (RunError, OSError):
        return None
