"""The hashes of a release computed anew: what one changed byte does."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import pytest
from typer.testing import CliRunner

from agglo.cli.main import app
from agglo.observatory.ledger_entries import damaged_entries
from agglo.observatory.release import (
    CATALOGUE,
    CURRENT,
    FOLDER,
    build_release,
    open_release,
)
from agglo.observatory.release_check import check_releases, wrong_parts


def test_a_release_is_as_recorded(release):
    assert wrong_parts(release) == []


def test_a_changed_table_and_a_changed_catalogue_are_named(release, tmp_path):
    folder = tmp_path / release.id
    shutil.copytree(release.folder, folder)
    other = replace(release, folder=folder)
    names = sorted(n for n in release.tables if n.startswith("concentration."))
    first, last = (str(release.tables[n]["file"]) for n in (names[0], names[-1]))
    # one table in the place of another, and one that is no table any more
    shutil.copyfile(folder / last, folder / first)
    (folder / last).write_bytes(b"PAR1")
    assert wrong_parts(other) == [names[0], names[-1]]
    forged = replace(release, catalogue={**release.catalogue, "certificate": {}})
    assert wrong_parts(forged) == ["release.json"]


def test_the_page_can_ask_for_it(served):
    name = served.release.id
    answer = served.get(f"/manifests/{name}/check")
    files = len(list(served.release.folder.iterdir()))
    assert answer.json()["data"] == {"checked": files, "wrong": []}
    assert answer.headers["cache-control"] == "no-store"
    assert served.get("/manifests/other/check").status_code == 404


@pytest.fixture
def workspace(project, release, tmp_path):
    """A copy of the release alone, with its pointer."""
    root = tmp_path / FOLDER
    shutil.copytree(release.folder, root / release.id)
    shutil.copyfile(project / FOLDER / CURRENT["private"], root / CURRENT["private"])
    return tmp_path


def flip(path, position):
    data = bytearray(path.read_bytes())
    data[position] ^= 1
    path.write_bytes(data)
    return lambda: flip(path, position)


def test_one_flipped_byte_anywhere_in_a_release_is_named(workspace, release):
    """Also in bytes that no reader looks at: what is compared is bytes."""
    assert check_releases(workspace).problems == ()
    folder = workspace / FOLDER / release.id
    files = [*folder.iterdir(), workspace / FOLDER / CURRENT["private"]]
    assert check_releases(workspace).n_files == len(files)
    for path in files:
        where = path.relative_to(workspace).as_posix()
        size = path.stat().st_size
        spots = range(size) if size < 20 else (0, size // 3, size // 2, size - 1)
        for position in spots:
            back = flip(path, position)
            assert where in [p.where for p in check_releases(workspace).problems]
            back()
    assert check_releases(workspace).problems == ()


def test_any_flipped_byte_of_the_catalogue_is_named(workspace, release):
    path = workspace / FOLDER / release.id / CATALOGUE
    for position in range(0, path.stat().st_size, 1499):
        back = flip(path, position)
        assert f"{FOLDER}/{release.id}/{CATALOGUE}" in [
            p.where for p in check_releases(workspace).problems
        ]
        back()


@pytest.mark.parametrize(
    "key",
    [
        "tables",
        "files",
        "file",
        "id",
        "format",
        "digest",
        "mode",
        "project",
        "settings",
    ],
)
def test_a_catalogue_with_a_misspelt_key_is_named(workspace, release, key):
    """It cannot be read as before, which is no reason to stop with an error."""
    path = workspace / FOLDER / release.id / CATALOGUE
    text = path.read_bytes()
    position = text.index(f'"{key}":'.encode()) + 1
    back = flip(path, position)
    assert f"{FOLDER}/{release.id}/{CATALOGUE}" in [
        p.where for p in check_releases(workspace).problems
    ]
    back()


def test_a_file_too_many_or_too_few_is_named(workspace, release):
    folder = workspace / FOLDER / release.id
    (folder / "more.txt").write_text("x")
    gone = sorted(folder.glob("out_*"))[0]
    gone.unlink()
    wrong = [p.where.rsplit("/", 1)[1] for p in check_releases(workspace).problems]
    assert sorted(wrong) == sorted(["more.txt", gone.name])


def test_nothing_released_is_nothing_to_check(tmp_path):
    assert check_releases(tmp_path).problems == ()
    assert check_releases(tmp_path).n_files == 0


def test_a_pointer_to_a_release_of_another_mode_is_named(workspace):
    root = workspace / FOLDER
    shutil.copyfile(root / CURRENT["private"], root / CURRENT["public"])
    (found,) = check_releases(workspace).problems
    assert (found.code, found.where) == ("damaged_pointer", "release/current-public")


def test_a_release_of_another_version_is_no_damage(workspace, release):
    from agglo.observatory.release import id_of
    from agglo.store import write_json

    older = {**release.catalogue, "format": 1}
    older["id"] = id_of(older)
    write_json(workspace / FOLDER / older["id"] / CATALOGUE, older)
    assert check_releases(workspace).problems == ()


def test_the_command_names_the_file_and_the_next_build_mends_it(project, release):
    files = release.files
    name = next(f for f in files if f.startswith("out_concentration"))
    path = release.folder / name
    whole = path.read_bytes()
    run = CliRunner()
    words = ["verify", "--project", str(project)]
    n_files = check_releases(project).n_files
    assert n_files >= len(files) + 2
    assert f"{n_files} files of releases verified" in run.invoke(app, words).output
    flip(path, len(whole) // 2)
    try:
        told = run.invoke(app, [*words, "--json"])
        assert told.exit_code == 7
        (problem,) = json.loads(told.stdout)["problems"]
        assert problem["code"] == "damaged_release"
        assert problem["where"] == f"{FOLDER}/{release.id}/{name}"
        again = build_release(project)
        assert (again.id, path.read_bytes()) == (release.id, whole)
        assert open_release(project).id == release.id
    finally:
        path.write_bytes(whole)


def test_leavings_of_a_killed_builder_are_swept(project, release):
    left = project / FOLDER / ".0123"
    (left / "scratch").mkdir(parents=True)
    assert build_release(project).id == release.id
    assert not left.exists()


def test_a_ledger_that_was_changed_is_named(tmp_path):
    from tests.observatory.test_ledger import released, table

    released(tmp_path, "cells", table([("C", "x")]), "one")
    assert damaged_entries(tmp_path) == []
    for path in sorted(tmp_path.glob("*")):
        for position in (0, path.stat().st_size // 2, path.stat().st_size - 1):
            back = flip(path, position)
            assert path.name in damaged_entries(tmp_path)
            back()
