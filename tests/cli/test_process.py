"""The command as its own process: exit codes, streams, signals."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.runs.small import write_project

posix = pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
SECONDS = 120


@pytest.fixture
def env(root):
    """The environment in which a child finds agglo and the tests' modules."""
    paths = os.pathsep.join([str(root), str(root / "src")])
    return os.environ | {"PYTHONPATH": paths}


@pytest.fixture
def command(env, tmp_path):
    """Run `agglo` in a process of its own."""

    def run(*words: str, slow: bool = False) -> subprocess.CompletedProcess[str]:
        module = "tests.cli.slow_command" if slow else "agglo"
        return subprocess.run(
            [sys.executable, "-m", module, *words],
            env=env,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )

    return run


@contextmanager
def running(env, project) -> Iterator[subprocess.Popen[str]]:
    """Give a run that has reached the slow stage; it is killed at the end."""
    words = [sys.executable, "-m", "tests.cli.slow_command", "run", "--project"]
    with subprocess.Popen(
        [*words, str(project)],
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        seen = ""
        for line in process.stderr or ():
            seen += line
            if line == "started\n":
                break
        assert "started" in seen, seen
        try:
            yield process
        finally:
            process.kill()


def test_help_goes_to_standard_output(command):
    said = command("--help")
    assert (said.returncode, said.stderr) == (0, "")
    assert "Commands:" in said.stdout


def test_a_typo_ends_with_2(command):
    said = command("rnu")
    assert (said.returncode, said.stdout) == (2, "")
    assert "Did you mean 'run'?" in said.stderr


def test_without_a_project_the_way_on_is_named(command):
    said = command("check")
    assert said.returncode == 7
    assert "agglo new" in said.stderr


@pytest.mark.skipif(shutil.which("head") is None, reason="needs head")
def test_a_closed_pipe_is_silent(env, tmp_path):
    words = [sys.executable, "-m", "agglo", "schema"]
    with (
        subprocess.Popen(
            words, env=env, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as first,
        subprocess.Popen(
            ["head", "-n", "1"], stdin=first.stdout, stdout=subprocess.PIPE
        ) as second,
    ):
        first.stdout.close()
        out, _ = second.communicate(timeout=SECONDS)
        complaint = first.stderr.read()
    assert complaint == b""
    assert out.count(b"\n") == 1


@posix
def test_ctrl_c_while_a_stage_works(env, tmp_path):
    project = write_project(tmp_path / "p").root
    with running(env, project) as process:
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=SECONDS)
    assert process.returncode == 130
    assert out == ""
    assert "run again to continue" in err
    assert "Traceback" not in err
    assert not (project / "results").exists()
    assert not (project / "manifest.json").exists()
    assert not list((project / ".agglo" / "staging").glob("*"))


@posix
def test_two_runs_at_once(env, command, tmp_path):
    project = write_project(tmp_path / "p").root
    with running(env, project) as first:
        second = command("run", "--project", str(project), slow=True)
        assert second.returncode == 6
        assert f"in use by process {first.pid}" in second.stderr
        assert second.stdout == ""
