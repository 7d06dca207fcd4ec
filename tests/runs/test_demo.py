"""The generated example: the same bytes for a seed, and no folder overwritten."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agglo.core.errors import RunError
from agglo.runs import Registry, start
from agglo.runs.demo import check_demo, make_demo
from agglo.studies.contract import Demo
from tests.runs.small import NEEDY, SMALL


def files(folder):
    return {
        p.relative_to(folder).as_posix(): p.read_bytes()
        for p in folder.rglob("*")
        if p.is_file() and ".agglo" not in p.parts
    }


def test_the_example_runs_and_says_that_it_is_generated(tmp_path, registry):
    project = make_demo(tmp_path / "d", registry=registry)
    assert project.file.project.generated
    run = start(project.root, registry=registry)
    assert run.generated
    assert run.studies[0].findings[0]["estimate"] == 120.0  # its option doubles
    assert run.verify(reproduce=True).ok
    assert set(check_demo(tmp_path / "e", registry=registry)) == {
        "agglo.toml",
        "data/jobs.csv",
    }


def test_the_same_seed_gives_the_same_bytes(tmp_path, registry):
    for name, seed in (("a", 7), ("b", 7), ("c", 8)):
        make_demo(tmp_path / name, registry=registry, seed=seed)
    assert files(tmp_path / "a") == files(tmp_path / "b") != files(tmp_path / "c")


def test_an_interrupted_example_is_completed(tmp_path, registry):
    whole = files(make_demo(tmp_path / "a", registry=registry).root)
    folder = tmp_path / "b"
    (folder / "data").mkdir(parents=True)
    (folder / "data" / ".jobs.csv.0a1b2c3d.partial").write_text("half")
    make_demo(folder, registry=registry)
    assert whole.items() <= files(folder).items()
    (folder / "data" / "jobs.csv").write_text("altered")
    make_demo(folder, registry=registry)
    assert (folder / "data" / "jobs.csv").read_bytes() == whole["data/jobs.csv"]


def test_other_folders_are_left_alone(tmp_path, registry):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    with pytest.raises(RunError, match=r"thesis\.txt"):
        make_demo(tmp_path / "mine", registry=registry)
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="is a file"):
        make_demo(tmp_path / "file", registry=registry)
    project = make_demo(tmp_path / "d", registry=registry)
    toml = project.root / "agglo.toml"
    toml.write_text(toml.read_text() + "# mine\n")
    with pytest.raises(RunError, match="has been edited"):
        make_demo(tmp_path / "d", registry=registry)


def other(demo: Demo) -> Registry:
    second = replace(NEEDY, demo=lambda _seed: demo)
    return Registry(studies={"small": SMALL, "needy": second}, readers={})


def test_studies_share_files_and_add_their_own(tmp_path):
    shared = SMALL.demo(7)
    entry = {"id": "links", "source": "small", "files": ["data/links.csv"]}
    more = replace(
        shared,
        files={**shared.files, "data/links.csv": b"a"},
        imports=(*shared.imports, entry),
        options={},
    )
    names = check_demo(tmp_path / "d", registry=other(more))
    assert names == ("data/jobs.csv", "data/links.csv", "agglo.toml")


def test_a_study_cannot_change_the_file_of_another(tmp_path):
    shared = SMALL.demo(7)
    changed = replace(shared, files={"data/jobs.csv": b"else"})
    with pytest.raises(RunError, match=r"another file 'data/jobs\.csv'"):
        make_demo(tmp_path / "d", registry=other(changed))
    assert not (tmp_path / "d").exists()


def test_without_an_example_nothing_is_written(tmp_path):
    none = Registry(studies={"needy": NEEDY}, readers={})
    with pytest.raises(RunError, match="No study"):
        make_demo(tmp_path / "d", registry=none)
    assert not (tmp_path / "d").exists()
