"""The disk refuses: read-only, full, in the way, other file system; nothing is lost."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from agglo.core.errors import RunError, StoreError
from agglo.runs import add_import, start
from agglo.runs.hashes import FileHashes, hash_file
from agglo.runs.step_store import StepFolder, StepStore


def full(*_args, **_kwargs):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_leaves_everything_as_it_was(
    make_project, registry, published, monkeypatch
):
    project = make_project()
    start(project.root, registry=registry)
    before = published(project.root)
    file = project.root / "data" / "jobs.csv"
    file.write_text(file.read_text().replace("60", "61"))
    with monkeypatch.context() as patch:
        patch.setattr("agglo.store.files.os.fsync", full)
        with pytest.raises(StoreError) as caught:
            start(project.root, registry=registry)
    assert [p.code for p in caught.value.problems] == ["disk_full"]
    assert published(project.root) == before
    assert not list((project.private / "staging").glob("*"))
    run = start(project.root, registry=registry)
    assert run.studies[0].findings[0]["estimate"] == 61.0


@pytest.mark.parametrize("refused", range(1, 12))
def test_a_disk_that_fills_up_at_any_rename_can_be_continued(
    make_project, registry, published, monkeypatch, refused
):
    clean = make_project(name="clean")
    start(clean.root, registry=registry)
    project = make_project(name="full")
    toml = project.root / "agglo.toml"
    toml.write_text(toml.read_text().replace('"full"', '"clean"', 1))
    real, calls = Path.replace, []

    def sometimes(self, target):
        calls.append(target)
        if len(calls) == refused:
            full()
        return real(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", sometimes)
        try:
            start(project.root, registry=registry)
        except StoreError:
            assert len(calls) == refused
    start(project.root, registry=registry)
    assert published(project.root) == published(clean.root)
    assert start(project.root, registry=registry).verify().ok


def test_without_hard_links_results_are_copied(
    make_project, registry, published, monkeypatch
):
    linked = make_project(name="same")
    start(linked.root, registry=registry)
    expected = published(linked.root)
    linked.root.rename(linked.root.parent / "other")
    copied = make_project(name="same")
    monkeypatch.setattr("agglo.runs.publish.os.link", full)
    start(copied.root, registry=registry)
    assert published(copied.root) == expected


def test_a_folder_in_the_way_is_named(make_project, registry):
    project = make_project()
    (project.results / "small" / "report.html").mkdir(parents=True)
    with pytest.raises(StoreError, match=r"report\.html"):
        start(project.root, registry=registry)
    (project.results / "small" / "report.html").rmdir()
    assert start(project.root, registry=registry).verify().ok


def test_a_file_in_place_of_the_private_folder_is_named(make_project, registry):
    project = make_project()
    project.private.write_text("")
    with pytest.raises(StoreError):
        start(project.root, registry=registry)


def test_a_directory_as_input_is_named(make_project, registry):
    project = make_project()
    (project.root / "data" / "jobs.csv").unlink()
    (project.root / "data" / "jobs.csv").mkdir()
    with pytest.raises(RunError) as caught:
        start(project.root, registry=registry)
    assert [p.code for p in caught.value.problems] == ["is_directory"]


def test_a_full_disk_does_not_add_the_import(make_project, registry, monkeypatch):
    project = make_project()
    monkeypatch.setattr("agglo.store.files.os.fsync", full)
    file = project.root / "data" / "jobs.csv"
    with pytest.raises(StoreError):
        add_import(project.root, "small", [file], id="b", registry=registry)
    assert (project.root / "agglo.toml").read_text() == project.text


def test_a_damaged_record_or_output_is_done_again(make_project, registry):
    project = make_project()
    start(project.root, registry=registry)
    for record in sorted((project.private / "steps").rglob("step.json")):
        record.write_text("{")
    run = start(project.root, registry=registry)
    assert {s.status for s in run.steps} == {"run"}
    for output in sorted((project.private / "steps").rglob("*.parquet")):
        output.unlink()
    run = start(project.root, registry=registry)
    found = {s.step: s.status for s in run.steps}
    assert found["import/jobs"] == found["study/small/sums"] == "run"
    assert found["check"] == "kept"
    assert run.verify().ok


def test_steps_that_nothing_refers_to_are_swept(make_project, registry):
    project = make_project()
    start(project.root, registry=registry)
    toml = project.root / "agglo.toml"
    toml.write_text(toml.read_text() + "[study.small]\nfactor = 2\n")
    start(project.root, registry=registry)
    assert len(list((project.private / "steps").iterdir())) == 4


@pytest.mark.parametrize("name", ["../x", "/x", "a/../b", "", "a:b", "a\\b", "."])
def test_a_step_writes_plain_relative_names_only(tmp_path, name):
    with pytest.raises(RunError, match="plain relative path"):
        StepFolder(tmp_path).file(name, b"")


def test_a_step_writes_a_file_once(tmp_path):
    folder = StepFolder(tmp_path)
    folder.file("a", b"1")
    with pytest.raises(RunError, match="twice"):
        folder.document("a", 1)


def test_hashes_are_remembered_only_for_settled_files(tmp_path, monkeypatch):
    file, store = tmp_path / "a", tmp_path / "hashes.json"
    file.write_bytes(b"one")
    hashes = FileHashes(store)
    assert hashes.of(file) == hash_file(file)
    hashes.save()
    assert not store.exists()  # too fresh to be trusted
    old = file.stat().st_mtime_ns - 10**10
    os.utime(file, ns=(old, old))
    digest = hashes.of(file)
    hashes.save()
    monkeypatch.setattr("agglo.runs.hashes.hash_file", full)
    assert FileHashes(store).of(file) == digest
    file.write_bytes(b"other")
    with pytest.raises(OSError, match="space"):
        FileHashes(store).of(file)


def test_a_damaged_hash_file_counts_as_empty(tmp_path):
    (tmp_path / "h").write_text("[1")
    (tmp_path / "a").write_bytes(b"x")
    assert FileHashes(tmp_path / "h").of(tmp_path / "a") == hash_file(tmp_path / "a")


def test_a_step_store_finds_only_its_own_keys(tmp_path):
    store = StepStore(tmp_path, FileHashes())
    folder = store.open()
    folder.document("tables/a.json", 1)
    done = store.commit(folder, "check", "k" * 64, 0.5)
    assert store.find("check", "k" * 64) == done
    assert store.find("other", "k" * 64) is None
    assert store.find("check", "j" * 64) is None
