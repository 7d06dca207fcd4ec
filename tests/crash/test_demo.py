"""kill -9 of the real demo at ten random times, then the same command again."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time

import pytest

from tests.runs.small import tree

pytestmark = pytest.mark.skipif(os.name != "posix", reason="kill -9 is POSIX")
POINTS = 10
# each costs a demo; a small project is killed at many more points in test_kill.py
OFTEN = (2, 5, 8)
LIMIT = 300


@pytest.fixture(scope="module")
def env(root):
    paths = os.pathsep.join([str(root), str(root / "src")])
    return os.environ | {"PYTHONPATH": paths}


def _agglo(env, *words):
    return subprocess.run(
        [sys.executable, "-m", "agglo", *words],
        env=env,
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )


@pytest.fixture(scope="module")
def clean(tmp_path_factory, env):
    """Bytes and seconds of a demo that nobody disturbed."""
    folder = tmp_path_factory.mktemp("clean") / "demo"
    _agglo(env, "--help")  # so that the caches of the interpreter are warm
    begun = time.monotonic()
    done = _agglo(env, "demo", "--path", str(folder))
    assert done.returncode == 0, done.stderr
    return tree(folder), time.monotonic() - begun


@pytest.mark.parametrize(
    "point",
    [
        pytest.param(k, marks=pytest.mark.crash if k in OFTEN else pytest.mark.slow)
        for k in range(POINTS)
    ],
)
def test_kill_the_demo_then_run_it_again(env, clean, tmp_path, point):
    expected, seconds = clean
    folder = tmp_path / "demo"
    share = (point + random.Random(point).random()) / POINTS  # noqa: S311
    with subprocess.Popen(
        [sys.executable, "-m", "agglo", "demo", "--path", str(folder)],
        env=env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        time.sleep(share * seconds)
        process.kill()
    again = _agglo(env, "demo", "--path", str(folder))
    assert again.returncode == 0, again.stderr
    assert tree(folder) == expected
    assert _agglo(env, "verify", "--project", str(folder)).returncode == 0
