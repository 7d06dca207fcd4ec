"""Each benchmark stands beside a naive twin; the ratio and the peak memory are recorded.

::

    def test_location_quotient(versus, table):
        found = versus(lambda: ag.location_quotient(table), twin=lambda: naive(table),
                       size="3110 x 961")
        assert found.ratio > 2
        np.testing.assert_allclose(found.result.values, found.twin_result)
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pytest

from benchmarks.peak import Peak, peak_of

_LINES: list[str] = []


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Seconds are medians over the rounds; memory is of one call in its own process."""

    seconds: float
    twin_seconds: float | None
    memory: Peak
    twin_memory: Peak | None
    result: object
    twin_result: object

    @property
    def ratio(self) -> float:
        """How many times quicker than the twin."""
        if self.twin_seconds is None:
            return float("nan")
        return self.twin_seconds / self.seconds


@pytest.fixture
def versus(benchmark, request) -> Callable[..., Comparison]:
    """Compare a call with its naive twin: `versus(call, twin=..., size="3110 x 961")`."""

    def compare(
        call: Callable[[], object],
        *,
        size: str,
        twin: Callable[[], object] | None = None,
        rounds: int = 5,
        twin_rounds: int = 3,
    ) -> Comparison:
        result = benchmark.pedantic(call, rounds=rounds, warmup_rounds=1)
        twin_result, twin_seconds = None, None
        if twin is not None:
            twin_result, twin_seconds = _timed(twin, twin_rounds)
        found = Comparison(
            seconds=benchmark.stats.stats.median,
            twin_seconds=twin_seconds,
            memory=peak_of(call),
            twin_memory=None if twin is None else peak_of(twin),
            result=result,
            twin_result=twin_result,
        )
        benchmark.extra_info.update(_record(found, size))
        _LINES.append(_line(request.node.name, size, found))
        return found

    return compare


def fitted_exponent(sizes: Sequence[float], seconds: Sequence[float]) -> float:
    """Slope of log seconds on log size: 1 is linear, 2 quadratic."""
    return float(np.polyfit(np.log(sizes), np.log(seconds), 1)[0])


def _timed(call: Callable[[], object], rounds: int) -> tuple[object, float]:
    taken = []
    result: object = None
    for _ in range(rounds):
        start = time.perf_counter()
        result = call()
        taken.append(time.perf_counter() - start)
    return result, statistics.median(taken)


def _record(found: Comparison, size: str) -> dict[str, object]:
    record: dict[str, object] = {
        "size": size,
        "added_mb": found.memory.added,
        "peak_mb": found.memory.peak,
    }
    if found.twin_memory is not None:
        record |= {
            "twin_seconds": found.twin_seconds,
            "twin_added_mb": found.twin_memory.added,
            "ratio": found.ratio,
        }
    return record


def _line(name: str, size: str, found: Comparison) -> str:
    parts = [f"{name} [{size}]: {found.seconds:.4g} s, {found.memory.added:.0f} MB"]
    if found.twin_memory is not None:
        parts.append(
            f"twin {found.twin_seconds:.4g} s, {found.twin_memory.added:.0f} MB"
            f"; {found.ratio:.1f} x the twin's speed"
        )
    return "; ".join(parts)


def pytest_terminal_summary(terminalreporter) -> None:
    """Print the comparisons, one a line."""
    if _LINES:
        terminalreporter.section("beside the naive twin")
        for line in _LINES:
            terminalreporter.write_line(line)
