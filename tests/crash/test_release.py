"""kill -9 while a project is released or exported, then the same again.

Each trial dies at another write to the disk, spread evenly over all there are.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

from agglo.core.errors import RunError, StoreError
from agglo.observatory.release import CURRENT, FOLDER, open_release
from agglo.observatory.release_check import check_releases, wrong_parts
from agglo.runs import verify
from tests.crash.deadly import trials
from tests.observatory.conftest import make_project
from tests.runs.small import tree

pytest.importorskip("highspy", reason="the extra disclosure is not installed")
pytestmark = [
    pytest.mark.crash,
    pytest.mark.skipif(os.name != "posix", reason="kill -9 is POSIX"),
]
LIMIT = 300


@pytest.fixture(scope="module")
def env(root):
    paths = os.pathsep.join([str(root), str(root / "src")])
    return os.environ | {"PYTHONPATH": paths}


def _run(env, what, project, target, last=0):
    return subprocess.run(
        [sys.executable, "-m", "tests.crash.run_observatory", what, str(project),
         str(target), str(last)],
        env=env,
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=not last,
    )  # fmt: skip


def _bytes(folder):
    return {
        p.relative_to(folder).as_posix(): p.read_bytes()
        for p in sorted(folder.rglob("*"))
        if p.is_file() and p.name != ".lock"
    }


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    """A project that has run and released nothing."""
    return make_project(tmp_path_factory.mktemp("bare") / "p")


@pytest.fixture(scope="module")
def clean(bare, env, tmp_path_factory):
    """Bytes of what nobody disturbed, and how many writes it took, by what was done."""
    folder = tmp_path_factory.mktemp("clean")
    project = folder / "p"
    shutil.copytree(bare, project)
    counts = {"release": int(_run(env, "release", project, folder).stdout)}
    found = {"release": _bytes(project / FOLDER)}
    for what in ("html", "site"):
        target = folder / what
        target.mkdir()
        counts[what] = int(_run(env, what, project, target).stdout)
        found[what] = _bytes(target)
    return project, found, counts


def _spread(part, n, writes):
    return 1 + part * (writes - 1) // max(n - 1, 1)


RELEASES = trials(0.3, 12)


@pytest.mark.parametrize("part", range(RELEASES))
def test_kill_a_release_then_release_again(env, bare, clean, tmp_path, part):
    _, found, counts = clean
    project = tmp_path / "p"
    shutil.copytree(bare, project)
    died = _run(
        env, "release", project, tmp_path, _spread(part, RELEASES, counts["release"])
    )
    assert died.returncode == -9, died.stderr
    for mode in CURRENT:
        try:
            release = open_release(project, mode=mode)
        except RunError:
            continue  # not yet released: nothing to read, nothing torn
        assert wrong_parts(release) == []
    # what stands is whole: folders without a name yet are no releases
    assert check_releases(project).problems == ()
    _run(env, "release", project, tmp_path)
    assert _bytes(project / FOLDER) == found["release"]
    assert tree(project) == tree(bare)
    assert verify(project).ok
    assert check_releases(project).problems == ()


EXPORTS = trials(0.1, 5)


@pytest.mark.parametrize("part", range(EXPORTS))
@pytest.mark.parametrize("what", ["html", "site"])
def test_kill_an_export_then_export_again(env, clean, tmp_path, what, part):
    project, found, counts = clean
    died = _run(env, what, project, tmp_path, _spread(part, EXPORTS, counts[what]))
    assert died.returncode == -9, died.stderr
    for name, data in _bytes(tmp_path).items():
        if not name.startswith(".") and "/." not in name:
            assert data == found[what][name]
    _run(env, what, project, tmp_path)
    assert _bytes(tmp_path) == found[what]


def test_a_damaged_pointer_is_no_release(clean, tmp_path):
    project = tmp_path / "p"
    shutil.copytree(clean[0], project)
    (project / FOLDER / CURRENT["private"]).write_text("nothing\n")
    with pytest.raises(StoreError):
        open_release(project)
