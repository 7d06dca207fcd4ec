"""The release: whole, repeatable, current by one pointer."""

from __future__ import annotations

import json
import shutil

import pytest

from agglo.core.errors import OptionError, RunError, StoreError
from agglo.observatory.api.answers import find_view
from agglo.observatory.api.citations import bibtex, gbt7714
from agglo.observatory.api.declarations import sources_of
from agglo.observatory.api.listing import meta_json
from agglo.observatory.api.stock import Stock
from agglo.observatory.release import (
    CURRENT,
    build_release,
    current_release,
    is_current,
    open_release,
)
from agglo.runs import Project
from agglo.runs.progress import SilentProgress
from agglo.store import read_table


def test_a_release_holds_every_table_of_the_results(project, release):
    results = {p.stem for p in (project / "results/concentration").glob("*.parquet")}
    held = {n.removeprefix("concentration.") for n in release.tables}
    assert results - held == set()
    for name, entry in release.tables.items():
        table = release.table(name)
        assert table.num_rows == entry["rows"], name
        assert [c["name"] for c in entry["columns"]] == table.column_names


def test_the_same_results_give_the_same_release(project, release):
    again = build_release(project)
    assert again.id == release.id
    assert again.folder == release.folder


def test_the_numbers_are_those_of_the_study(project, release):
    there = read_table(project / "results/concentration/regions.parquet")
    assert release.table("concentration.regions").equals(there)


def test_the_pointer_names_the_current_release(project, release):
    pointer = project / "release" / CURRENT["private"]
    assert pointer.read_text("utf-8").strip() == release.id
    assert open_release(project).id == release.id


def test_private_and_public_have_pointers_of_their_own(project, public):
    assert open_release(project).catalogue["mode"] == "private"
    assert open_release(project, mode="public").id == public.release.id
    assert public.release.catalogue["mode"] == "public"


@pytest.mark.usefixtures("public")
def test_a_private_release_is_never_opened_as_public(project, release, tmp_path):
    shutil.copytree(project / "release", tmp_path / "release")
    (tmp_path / "release" / CURRENT["public"]).write_text(release.id)
    with pytest.raises(StoreError):
        open_release(tmp_path, mode="public")


def test_a_pointer_cannot_lead_out_of_the_folder(project, release, tmp_path):
    shutil.copytree(project / "release", tmp_path / "in" / "release")
    shutil.copytree(release.folder, tmp_path / release.id)
    pointer = tmp_path / "in" / "release" / CURRENT["private"]
    pointer.write_text(f"../../{release.id}")
    found = open_release(tmp_path / "in")
    assert found.folder.parent == tmp_path / "in" / "release"


def test_without_results_there_is_no_release(tmp_path):
    (tmp_path / "agglo.toml").write_text('[project]\nname = "x"\ntitle = "X"\n')
    with pytest.raises(RunError, match="agglo run"):
        build_release(tmp_path)
    with pytest.raises(RunError, match="agglo serve"):
        open_release(tmp_path)


def test_an_unknown_mode_is_refused(project):
    with pytest.raises(OptionError):
        build_release(project, mode="secret")


def test_a_failed_build_leaves_the_current_release(project, release, monkeypatch):
    def fail(*_args, **_more):
        raise StoreError("disk")

    before = sorted(p.name for p in (project / "release").iterdir())
    monkeypatch.setattr("agglo.observatory.release.write_table", fail)
    with pytest.raises(StoreError):
        build_release(project)
    assert sorted(p.name for p in (project / "release").iterdir()) == before
    assert open_release(project).id == release.id


def test_a_release_is_stale_when_the_run_is_newer(project, release):
    opened = Project.open(project)
    assert is_current(opened, release)
    release_of_another = type(release)(
        release.folder, {**release.catalogue, "manifest": "0" * 64}
    )
    assert not is_current(opened, release_of_another)


def test_a_damaged_catalogue_is_said(project, release, tmp_path):
    shutil.copytree(project / "release", tmp_path / "release")
    catalogue = tmp_path / "release" / release.id / "release.json"
    whole = json.loads(catalogue.read_text("utf-8"))
    catalogue.write_text(json.dumps({**whole, "tables": []}))
    with pytest.raises(StoreError, match="damaged"):
        _ = open_release(tmp_path).tables


def test_an_absent_table_is_said(release):
    with pytest.raises(StoreError, match=r"nothing\.here"):
        release.table("nothing.here")


def test_chinese_titles_are_shown_and_a_new_title_makes_a_new_release(
    project, release, tmp_path
):
    folder = tmp_path / "p"
    shutil.copytree(project, folder)
    assert is_current(Project.open(folder), release)
    toml = folder / "agglo.toml"
    text = toml.read_text("utf-8")
    text = text.replace('title = "Small', 'title_zh = "小型项目"\ntitle = "Small', 1)
    text = text.replace(
        'id = "activity"', 'id = "activity"\ntitle_zh = "编造"\nlicence_zh = "无需许可"'
    )
    toml.write_text(text, "utf-8")
    opened = Project.open(folder)
    assert not is_current(opened, release)
    stock = Stock(build_release(opened))
    assert meta_json(stock)["title"]["zh"] == "小型项目"
    assert meta_json(stock)["title"]["en"].startswith("Small")
    view = find_view(stock, "map.quotient")
    assert "小型项目" in gbt7714(stock, view)
    assert "Small" in bibtex(stock, view)
    told = {(s["title_zh"], s["licence_zh"]) for s in sources_of(stock, view)}
    assert ("编造", "无需许可") in told
    sources = stock.table("project.sources").to_pylist()
    # what is not told in Chinese is told as it is
    assert {s["title_zh"] for s in sources} == {"编造", "Made up"}


class _Heard(SilentProgress):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def started(self, label: str) -> None:
        self.lines.append(f"started {label}")

    def advanced(self, done: int, total: int, label: str) -> None:
        assert 0 <= done < total
        self.lines.append(label)

    def finished(self, label: str, seconds: float, *, kept: bool) -> None:
        assert seconds > 0
        assert not kept
        self.lines.append(f"finished {label}")


def test_a_release_says_what_it_audits(project, tmp_path):
    """Audits take minutes on large tables: nobody waits before a silent terminal."""
    shutil.copytree(project, tmp_path / "own")
    old = Project.open(tmp_path / "own").workspace / "release"
    shutil.rmtree(old, ignore_errors=True)
    heard = _Heard()
    current_release(tmp_path / "own", mode="public", progress=heard)
    assert heard.lines[0] == "started public release"
    assert heard.lines[-1] == "finished public release"
    assert any(line.startswith("audit of concentration") for line in heard.lines)
    again = _Heard()
    current_release(tmp_path / "own", mode="public", progress=again)
    assert again.lines == []
