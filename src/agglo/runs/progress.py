"""Say what a run is doing: a live bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, TextIO

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

__all__ = ["LineProgress", "Progress", "SilentProgress", "terminal_progress"]

_PAUSE_SECONDS = 5.0


class Progress(Protocol):
    """What a run tells."""

    def started(self, label: str) -> None:
        """Say that a step starts."""

    def advanced(self, done: int, total: int, label: str) -> None:
        """Say how far the step is."""

    def finished(self, label: str, seconds: float, *, kept: bool) -> None:
        """Say that a step is done, or was done already."""

    def failed(self, label: str) -> None:
        """Say that a step failed."""


class SilentProgress:
    """Progress for nobody."""

    def started(self, label: str) -> None:
        """Say nothing."""

    def advanced(self, done: int, total: int, label: str) -> None:
        """Say nothing."""

    def finished(self, label: str, seconds: float, *, kept: bool) -> None:
        """Say nothing."""

    def failed(self, label: str) -> None:
        """Say nothing."""


@dataclass
class LineProgress:
    """One plain line per event, at most one advance every few seconds.

    Parameters
    ----------
    stream
        Where the lines go.
    """

    stream: TextIO
    _last: float = field(default=0.0, repr=False)

    def _say(self, line: str) -> None:
        self.stream.write(line + "\n")
        self.stream.flush()

    def started(self, label: str) -> None:
        """Say that a step starts."""
        self._last = time.monotonic()
        self._say(f"{label} …")

    def advanced(self, done: int, total: int, label: str) -> None:
        """Say how far the step is, if the last line is some seconds old."""
        now = time.monotonic()
        if now - self._last >= _PAUSE_SECONDS:
            self._last = now
            self._say(f"  {label} {done}/{total}")

    def finished(self, label: str, seconds: float, *, kept: bool) -> None:
        """Say that a step is done, or was done already."""
        self._say(f"{label}: kept" if kept else f"{label}: done in {seconds:.1f} s")

    def failed(self, label: str) -> None:
        """Say that a step failed."""
        self._say(f"{label}: failed")


@dataclass
class BarProgress:
    """A live bar for the running step, a line for each finished one."""

    bars: RichProgress
    _task: TaskID | None = None

    def started(self, label: str) -> None:
        """Show a bar."""
        self._task = self.bars.add_task(label, total=None, detail="")

    def advanced(self, done: int, total: int, label: str) -> None:
        """Move the bar."""
        if self._task is not None:
            self.bars.update(self._task, completed=done, total=total, detail=label)

    def finished(self, label: str, seconds: float, *, kept: bool) -> None:
        """Turn the bar into a line."""
        self._drop()
        mark = "[dim]·[/]" if kept else "[green]✓[/]"
        took = "kept" if kept else f"{seconds:.1f} s"
        self.bars.console.print(
            f"{mark} {_plain(label)} [dim]{took}[/]", highlight=False
        )

    def failed(self, label: str) -> None:
        """Turn the bar into a line that says so."""
        self._drop()
        self.bars.console.print(f"[red]✗[/] {_plain(label)}", highlight=False)

    def _drop(self) -> None:
        if self._task is not None:
            self.bars.remove_task(self._task)
            self._task = None


def _plain(label: str) -> str:
    from rich.markup import escape

    return escape(label)


@contextmanager
def terminal_progress(stream: TextIO) -> Iterator[Progress]:
    """Give live bars when `stream` is a terminal, plain lines otherwise.

    Parameters
    ----------
    stream
        Usually standard error; results go to standard output.

    Yields
    ------
    Progress
        Never waits for a key.
    """
    if not stream.isatty():
        yield LineProgress(stream)
        return
    from rich.console import Console
    from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as RichProgress

    bars = RichProgress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        TextColumn("[dim]{task.fields[detail]}[/]"),
        TimeElapsedColumn(),
        console=Console(file=stream),
        transient=True,
    )
    with bars:
        yield BarProgress(bars)
