"""One process at a time; no stale locks."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from agglo.core.errors import OptionError, StoreError
from agglo.store import locked

_HOLD = (
    "import sys, time\n"
    "from agglo.store import locked\n"
    "with locked(sys.argv[1]):\n"
    "    print('held', flush=True)\n"
    "    time.sleep(float(sys.argv[2]))\n"
)


def holder(folder, seconds):
    return subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(folder), str(seconds)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )


def test_message_names_the_other_process_and_a_kill_frees_the_lock(tmp_path):
    with holder(tmp_path, 60) as process:
        assert process.stdout.readline() == "held\n"
        with pytest.raises(StoreError) as caught, locked(tmp_path):
            pass
        assert f"process {process.pid} on " in str(caught.value)
        assert caught.value.problems[0].code == "locked"
        process.send_signal(signal.SIGKILL)
        process.wait()
    with locked(tmp_path, wait=10) as file:
        assert str(os.getpid()) in file.read_text()


def test_waiting_gets_the_lock(tmp_path):
    with holder(tmp_path, 0.2) as process:
        assert process.stdout.readline() == "held\n"
        with locked(tmp_path, wait=30):
            pass


def test_same_process_is_named_as_such(tmp_path):
    with (
        locked(tmp_path),
        pytest.raises(StoreError, match=r"this process \(\d+\) already"),
        locked(tmp_path),
    ):
        pass


def test_freed_after_an_error_and_empty(tmp_path):
    with pytest.raises(KeyboardInterrupt), locked(tmp_path):
        raise KeyboardInterrupt
    with locked(tmp_path / "made" / "here"):
        pass
    with locked(tmp_path) as file:
        pass
    assert file.read_text() == ""


def test_garbage_in_the_file_does_no_harm(tmp_path):
    (tmp_path / ".lock").write_text("not json")
    with locked(tmp_path):
        pass


def test_no_time_is_lost_without_waiting(tmp_path):
    with locked(tmp_path):
        start = time.monotonic()
        with pytest.raises(StoreError), locked(tmp_path):
            pass
        assert time.monotonic() - start < 5


@pytest.mark.parametrize("wait", [-1, "soon"])
def test_bad_wait(tmp_path, wait):
    with pytest.raises(OptionError), locked(tmp_path, wait=wait):
        pass


def test_file_in_the_way(tmp_path):
    (tmp_path / "f").touch()
    with pytest.raises(StoreError) as caught, locked(tmp_path / "f"):
        pass
    assert caught.value.problems[0].code == "file_in_the_way"
