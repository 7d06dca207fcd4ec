"""kill -9 at any point, then resume: the same bytes as a run that nobody disturbed."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time

import pytest

from agglo.runs import start, verify
from tests.crash.deadly import trials
from tests.crash.slow_study import REGISTRY, change, make
from tests.runs.small import tree

pytestmark = [
    pytest.mark.crash,
    pytest.mark.skipif(os.name != "posix", reason="kill -9 is POSIX"),
]
# `AGGLO_KILLS=200 make crash` kills at least that often in all
POINTS = trials(0.2, 10)
WRITES_TRIED = trials(0.3, 24)
LIMIT = 120


@pytest.fixture(scope="module")
def env(root):
    paths = os.pathsep.join([str(root), str(root / "src")])
    return os.environ | {"PYTHONPATH": paths}


@pytest.fixture(scope="module")
def clean(tmp_path_factory, env):
    """Bytes of undisturbed runs, before and after the change; seconds; writes."""
    folder = tmp_path_factory.mktemp("clean") / "p"
    make(folder)
    begun = time.monotonic()
    _run(env, folder)
    seconds = time.monotonic() - begun
    first = tree(folder)
    change(folder)
    writes = int(_run(env, folder).stdout)
    second = tree(folder)
    assert len(first) == len(second) == 26
    assert first != second
    assert verify(folder, reproduce=True, registry=REGISTRY).ok
    return {"first": first, "second": second, "seconds": seconds, "writes": writes}


def _run(env, folder, *words):
    return subprocess.run(
        [sys.executable, "-m", "tests.crash.run_slow", str(folder), *words],
        env=env,
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=not words,
    )


@pytest.mark.parametrize("point", range(POINTS))
def test_kill_at_a_random_time_then_resume(env, clean, tmp_path, point):
    folder = tmp_path / "p"
    make(folder)
    share = (point + random.Random(point).random()) / POINTS  # noqa: S311
    with subprocess.Popen(
        [sys.executable, "-m", "tests.crash.run_slow", str(folder)],
        env=env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        time.sleep(share * clean["seconds"])
        process.kill()
    start(folder, registry=REGISTRY)
    assert tree(folder) == clean["first"]
    assert verify(folder, registry=REGISTRY).ok


@pytest.mark.parametrize("part", range(WRITES_TRIED))
def test_kill_at_a_write_to_the_disk_then_resume(env, clean, tmp_path, part):
    """Over earlier results, from the first write to the last one of the publishing."""
    folder = tmp_path / "p"
    make(folder)
    start(folder, registry=REGISTRY)
    assert tree(folder) == clean["first"]
    change(folder)
    # the last few writes are the runner's own: hashes, sweeping, the lock
    last = 1 + part * (clean["writes"] - 4) // (WRITES_TRIED - 1)
    died = _run(env, folder, str(last))
    assert died.returncode == -9, died.stderr
    halfway = tree(folder)
    mixed = {n for n, data in halfway.items() if data != clean["first"].get(n)}
    assert mixed <= set(clean["second"])
    assert all(halfway[n] == clean["second"][n] for n in mixed)
    start(folder, registry=REGISTRY)
    assert tree(folder) == clean["second"]
    assert verify(folder, registry=REGISTRY).ok
    assert not list(folder.rglob("*.partial"))


def test_a_killed_run_keeps_the_steps_it_has_done(env, clean, tmp_path):
    folder = tmp_path / "p"
    make(folder)
    with subprocess.Popen(
        [sys.executable, "-m", "tests.crash.run_slow", str(folder)],
        env=env,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        for line in process.stderr:
            if line.startswith("slow: stage_3"):
                break
        process.kill()
    assert tree(folder) == {}
    run = start(folder, registry=REGISTRY)
    found = {s.step: s.status for s in run.steps}
    assert found["study/slow/stage_2"] == "kept"
    assert found["study/slow/stage_4"] == "run"
    assert tree(folder) == clean["first"]
