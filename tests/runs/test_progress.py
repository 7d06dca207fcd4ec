"""Progress: plain lines without a terminal, bars on one, never a question."""

from __future__ import annotations

import io

import pytest

from agglo.runs.progress import LineProgress, SilentProgress, terminal_progress


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def tell(progress):
    progress.started("a [step]")
    progress.advanced(1, 4, "part")
    progress.advanced(2, 4, "part")
    progress.finished("a [step]", 1.25, kept=False)
    progress.finished("b", 0.0, kept=True)
    progress.started("c")
    progress.failed("c")


def test_lines(monkeypatch):
    now = iter([0.0, 1.0, 9.0, 9.0])
    monkeypatch.setattr("agglo.runs.progress.time.monotonic", lambda: next(now))
    stream = io.StringIO()
    tell(LineProgress(stream))
    assert stream.getvalue().splitlines() == [
        "a [step] …",
        "  part 2/4",
        "a [step]: done in 1.2 s",
        "b: kept",
        "c …",
        "c: failed",
    ]


def test_silence():
    tell(SilentProgress())


@pytest.mark.parametrize("stream", [io.StringIO(), Terminal()])
def test_the_stream_decides(stream):
    with terminal_progress(stream) as progress:
        assert isinstance(progress, LineProgress) is not stream.isatty()
        tell(progress)
    said = stream.getvalue()
    assert "a [step]" in said
    assert "kept" in said
    assert said.count("c") >= 1


def test_a_bar_that_was_never_started_can_end():
    stream = Terminal()
    with terminal_progress(stream) as progress:
        progress.advanced(1, 2, "x")
        progress.finished("x", 0.1, kept=True)
    assert "x" in stream.getvalue()
