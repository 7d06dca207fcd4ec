"""Verification: one flipped byte, a missing file, an extra file, another input."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest

from agglo.core.errors import RunError
from agglo.runs import Manifest, Project, check_project, start, verify
from agglo.studies.contract import StageOutput


@pytest.fixture
def done(make_project, registry):
    return start(make_project().root, registry=registry)


def codes(outcome):
    return [(p.code, p.where) for p in outcome.problems]


def test_a_fresh_run_verifies(done):
    outcome = done.verify()
    assert outcome.ok
    assert (outcome.n_artefacts, outcome.n_inputs) == (7, 1)
    assert outcome.summary() == "7 artefacts and 1 input files verified"
    outcome.raise_if_failed()


@pytest.mark.parametrize(
    "name",
    [
        "tables/activity/jobs.parquet",
        "tables/import-jobs.json",
        "tables/check.json",
        "results/small/sums.parquet",
        "results/small/findings.json",
        "results/small/report.html",
    ],
)
@pytest.mark.parametrize("position", [0, -1])
def test_one_flipped_byte_fails(done, name, position):
    path = done.folder / name
    data = bytearray(path.read_bytes())
    data[position] ^= 1
    path.write_bytes(data)
    outcome = done.verify()
    assert ("changed_artefact", name) in codes(outcome)
    with pytest.raises(RunError, match="not as its manifest says"):
        outcome.raise_if_failed()


def test_any_flipped_byte_of_the_manifest_fails(done):
    path = done.folder / "manifest.json"
    whole = path.read_bytes()
    for position in range(0, len(whole), 97):
        data = bytearray(whole)
        data[position] ^= 1
        path.write_bytes(data)
        assert codes(done.verify()) == [("damaged_manifest", "manifest.json")]


def test_a_flipped_byte_is_mended_by_the_next_run(done, published):
    before = published(done.folder)
    path = done.folder / "results/small/report.html"
    path.write_bytes(b"?" + path.read_bytes()[1:])
    done.resume()
    assert published(done.folder) == before
    assert done.verify().ok


def test_a_missing_file_fails_and_is_brought_back(done, published):
    before = published(done.folder)
    (done.folder / "results/small/sums.parquet").unlink()
    shutil.rmtree(done.folder / "tables" / "activity")
    assert codes(done.verify()) == [
        ("missing_artefact", "tables/activity/jobs.parquet"),
        ("missing_artefact", "results/small/sums.parquet"),
    ]
    done.resume()
    assert published(done.folder) == before


@pytest.mark.parametrize("name", ["results/small/x.csv", "tables/activity/x.parquet"])
def test_an_extra_file_fails(done, name):
    (done.folder / name).write_text("x")
    assert codes(done.verify()) == [("extra_file", name)]


def test_a_changed_or_missing_input_fails(done):
    path = done.folder / "data" / "jobs.csv"
    path.write_text(path.read_text() + " ")
    assert codes(done.verify()) == [("changed_input", "import/jobs, data/jobs.csv")]
    path.unlink()
    assert codes(done.verify()) == [("missing_input", "import/jobs, data/jobs.csv")]


def test_results_on_replaced_tables_are_stale(done, registry):
    path = done.folder / "data" / "jobs.csv"
    path.write_text(path.read_text().replace("60", "61"))
    check_project(done.folder, registry=registry)
    outcome = done.verify()
    assert {code for code, _ in codes(outcome)} == {"stale_step"}
    assert done.resume().verify().ok


def test_an_import_that_was_taken_out_is_named(done):
    toml = done.folder / "agglo.toml"
    toml.write_text(toml.read_text().replace('"jobs"', '"others"'))
    assert codes(done.verify()) == [("unknown_import", "import/jobs")]


def test_another_seed_or_version_is_a_note(done, monkeypatch):
    toml = done.folder / "agglo.toml"
    toml.write_text(toml.read_text().replace('"p"\n', '"p"\nseed = 8\n', 1))
    monkeypatch.setattr(
        "agglo.runs.verification.versions", lambda: {"numpy": "0.1", "python": "3"}
    )
    outcome = done.verify()
    assert outcome.ok
    assert "[project] seed was 7 in the run and is 8 now" in outcome.notes
    assert any("0.1 is installed" in n for n in outcome.notes)


def test_reproducing_gives_the_same_bytes(done, published):
    before = published(done.folder)
    outcome = done.verify(reproduce=True)
    assert outcome.ok
    assert outcome.reproduced == outcome.n_artefacts
    assert published(done.folder) == before


def test_a_result_that_depends_on_chance_is_not_reproduced(make_project, registry):
    made = []

    def moody(_inputs):
        made.append(1)
        page = b"%d" % len(made)
        return StageOutput(documents={"findings": []}, files={"report.html": page})

    study = registry.studies["small"]
    stages = (replace(study.stages[0], run=moody),)
    odd = replace(registry, studies={"small": replace(study, stages=stages)})
    run = start(make_project().root, registry=odd)
    assert run.verify().ok
    outcome = run.verify(reproduce=True)
    assert codes(outcome) == [("not_reproduced", "results/small/report.html")]


def test_before_any_run_there_is_nothing_to_verify(tmp_path):
    Project.create(tmp_path / "new")
    with pytest.raises(RunError, match="nothing was run"):
        verify(tmp_path / "new")


def test_the_manifest_names_no_time_machine_or_folder(done):
    text = (done.folder / "manifest.json").read_text()
    assert str(done.folder) not in text
    assert "seconds" not in text
    manifest = Manifest.load(done.folder)
    step = manifest.step("study/small/sums")
    assert step.parameters["seed"] == 7
    assert "numpy" in step.versions
    assert manifest.step("import/jobs").files[0].name == "data/jobs.csv"


def test_two_projects_give_the_same_bytes(make_project, registry, published):
    trees = []
    for name in ("one", "two"):
        project = make_project(name=name)
        toml = project.root / "agglo.toml"
        toml.write_text(toml.read_text().replace(f'"{name}"', '"same"', 1))
        start(project.root, registry=registry)
        trees.append(published(project.root))
    assert trees[0] == trees[1]
    assert len(trees[0]) == 8
