"""Every verb: what it prints, what it writes, how it ends."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import pytest

from agglo.cli.boundary import Boundary
from agglo.cli.common import say_notes
from agglo.cli.importing import read_options
from agglo.core.errors import AggloError, OptionError
from agglo.core.schema import SCHEMAS
from tests.runs.small import ROWS, tree, write_project


@pytest.fixture
def project(tmp_path):
    return write_project(tmp_path / "us").root


def test_from_nothing_to_verified_results(agglo, tmp_path):
    (tmp_path / "jobs.csv").write_text(ROWS)
    made = agglo("new", "us")
    assert (made.code, made.err) == (0, "")
    assert "agglo import" in made.out
    added = agglo("import", "small", "jobs.csv")
    assert added.code == 0
    assert added.out == "Imported 'small': 3 rows of activity.\n"
    ran = agglo("run")
    assert ran.code == 0
    assert "How many jobs has the largest region? 60" in ran.out
    assert "small: sums …" in ran.err
    assert agglo("verify").out == "7 artefacts and 1 input files verified.\n"
    assert agglo("verify", "--reproduce").out.endswith("reproduced byte for byte.\n")


def test_run_json_is_the_contract(agglo, project):
    said = agglo("run", "--json", "--study", "small")
    assert said.code == 0
    (study,) = said.json["studies"]
    assert study["study"] == "small"
    on_disk = json.loads((project / "results/small/findings.json").read_text())
    assert study["findings"] == on_disk
    assert all((project / a).is_file() for a in study["artefacts"])
    assert said.json["seconds"] > 0
    assert study["seconds"] >= 0


def test_standard_output_is_one_json_document(agglo, project):
    for words in (
        ["check"],
        ["run", "--dry-run"],
        ["run"],
        ["verify"],
        ["info"],
        ["schema"],
        ["new", "other"],
        ["import", "small", "us/data/jobs.csv", "--id", "b", "--dry-run"],
        ["demo", "--dry-run"],
    ):
        said = agglo(*words, "--json", *_where(words, project))
        assert said.code == 0, words
        assert said.json is not None


def _where(words, project):
    with_project = {"check", "run", "verify", "info", "import"}
    return ["--project", str(project)] if words[0] in with_project else []


def test_an_error_is_a_list_and_with_json_a_document(agglo, project):
    toml = project / "agglo.toml"
    toml.write_text(toml.read_text().replace("source", "soruce"))
    said = agglo("run")
    assert (said.code, said.out) == (7, "")
    assert "  1. [missing_key]" in said.err
    assert "Did you mean 'source'?" in said.err
    assert "Traceback" not in said.err
    said = agglo("run", "--json")
    assert said.code == 7
    assert said.json["error"] == "RunError"
    assert {p["code"] for p in said.json["problems"]} == {"missing_key", "unknown_key"}


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(
    ("words", "code", "hint"),
    [
        (["rnu"], 2, "Did you mean 'run'?"),
        (["run", "--jsn"], 2, "--json"),
        (["run", "--study", "smal"], 7, "Did you mean 'small'?"),
        (["import", "smal", "x.csv"], 7, "Did you mean 'small'?"),
        (["import", "small", "us/data/job.csv"], 7, "Did you mean 'jobs.csv'?"),
        (["import", "small", "us/data/jobs.csv", "-o", "table=activty"], 2, "activity"),
        (["import", "small", "us/data/jobs.csv", "-o", "table"], 2, "KEY=VALUE"),
        (["import", "small", "us/data/jobs.csv", "-o", "tabel=x"], 2, "'table'"),
        (
            ["import", "small", "us/data/jobs.csv", "--id", "a b"],
            7,
            "a name has letters",
        ),
        (["schema", "activty"], 2, "Did you mean 'activity'?"),
        (["schema", "--lang", "zn"], 2, "['en', 'zh']"),
        (["new", "x", "--language", "eng"], 2, "Did you mean 'en'?"),
        (["new", "us"], 7, "--project"),
        (["run", "--project", "nowhere"], 7, "agglo new"),
        (["verify"], 7, "agglo run"),
        (["demo", "--study", "smal"], 7, "Did you mean 'small'?"),
    ],
)
def test_typos_and_slips_get_a_hint(agglo, words, code, hint):
    said = agglo(*words)
    assert said.code == code
    assert hint in said.err
    assert "Traceback" not in said.err
    assert said.out == ""


def test_verify_fails_with_its_own_code(agglo, project):
    agglo("run")
    report = project / "results/small/report.html"
    report.write_bytes(report.read_bytes() + b" ")
    said = agglo("verify")
    assert said.code == 7
    assert "changed_artefact" in said.err
    said = agglo("verify", "--json")
    assert said.code == 7
    assert said.json["ok"] is False
    assert said.json["problems"][0]["where"] == "results/small/report.html"


def test_bad_data_end_with_code_3_and_every_problem(agglo, project):
    rows = "region,industry,period,employment\na,x,1,-1\na,x,1,2\n"
    (project / "data" / "jobs.csv").write_text(rows)
    said = agglo("check")
    assert said.code == 3
    assert "negative_value" in said.err
    assert "duplicate_key" in said.err
    assert tree(project) == {}


@pytest.mark.usefixtures("project")
def test_check_counts_rows_and_warnings(agglo):
    said = agglo("check")
    assert said.out.splitlines()[0].startswith("activity: 3 rows, ")
    assert said.out.endswith("No problems.\n")


@pytest.mark.usefixtures("project")
def test_a_dry_run_writes_nothing(agglo, tmp_path):
    before = sorted(p for p in tmp_path.rglob("*") if ".agglo" not in p.parts)
    assert "would run" in agglo("run", "--dry-run").out
    said = agglo("import", "small", "us/data/jobs.csv", "--dry-run")
    assert said.out.startswith("Would import 'small'")
    assert "[project]" in agglo("new", "other", "--dry-run").out
    assert "would write" in agglo("demo", "--dry-run").out
    after = sorted(p for p in tmp_path.rglob("*") if ".agglo" not in p.parts)
    assert after == before


@pytest.mark.usefixtures("project")
def test_info_tells_what_there_is(agglo, tmp_path):
    agglo("run")
    said = agglo("info")
    assert "activity: 3 rows" in said.out
    assert "needy lacks the tables links" in said.out
    assert "small: Small CSV files." in said.out
    facts = agglo("info", "--json").json
    assert facts["project"]["results"] == {"small": "4 artefacts"}
    (tmp_path / "us" / "agglo.toml").rename(tmp_path / "us" / "x")
    assert "No project here" in agglo("info").out


def test_schema_prints_the_dictionary(agglo):
    assert "`employment`" in agglo("schema", "activity").out
    assert "行业" in agglo("schema", "--lang", "zh").out
    tables = agglo("schema", "--json").json
    assert [t["table"] for t in tables] == list(SCHEMAS)


def test_version(agglo):
    said = agglo("--version")
    assert said.code == 0
    assert said.out.startswith("agglo ")


def test_no_words_show_the_help(agglo):
    said = agglo()
    assert "Commands:" in said.out + said.err


def test_an_unforeseen_error_is_logged_not_shown(agglo, project, monkeypatch):
    def broken(*_args, **_kwargs):
        msg = "odd"
        raise ZeroDivisionError(msg)

    monkeypatch.setattr("agglo.runs.launch.run_project", broken)
    said = agglo("run")
    assert said.code == 70
    assert "Traceback" not in said.err
    assert "ZeroDivisionError: odd" in said.err
    (log,) = (project / ".agglo").glob("error-*.log")
    assert str(log) in said.err
    assert "Traceback" in log.read_text()
    document = agglo("run", "--json", "--project", str(project)).json
    assert document["error"] == "ZeroDivisionError"
    assert Path(document["log"]).is_file()


def test_without_a_project_the_log_goes_to_the_temporary_folder(
    agglo, monkeypatch, tmp_path
):
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path / "t"))

    def broken(*_args, **_kwargs):
        raise ZeroDivisionError

    monkeypatch.setattr("agglo.core.schema.data_dictionary", broken)
    assert agglo("schema").code == 70
    assert len(list((tmp_path / "t").glob("error-*.log"))) == 1


@pytest.mark.usefixtures("project")
def test_ctrl_c_ends_with_130(agglo, monkeypatch):
    def interrupted(*_args, **_kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr("agglo.runs.launch.run_project", interrupted)
    said = agglo("run")
    assert said.code == 130
    assert "run again to continue" in said.err


@pytest.mark.usefixtures("project")
def test_a_read_only_folder_is_named(agglo, monkeypatch):
    real = os.open

    def refused(path, flags, *rest, **named):
        if ".agglo" in str(path):
            raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))
        return real(path, flags, *rest, **named)

    monkeypatch.setattr("agglo.store.locks.os.open", refused)
    said = agglo("run")
    assert said.code == 6
    assert "read_only" in said.err


def test_a_long_list_of_problems_is_cut(agglo, project):
    toml = project / "agglo.toml"
    keys = "".join(f"key{i} = 1\n" for i in range(30))
    toml.write_text(toml.read_text().replace("\n\n", "\n" + keys + "\n", 1))
    said = agglo("run")
    assert "… and 10 more" in said.err
    assert len(agglo("run", "--json").json["problems"]) == 30


def test_every_error_has_a_documented_exit_code():
    from agglo.cli.reference import EXIT_CODES

    kinds = [AggloError]
    while kinds:
        kind = kinds.pop()
        kinds += kind.__subclasses__()
        assert kind.exit_code in EXIT_CODES, kind


def test_demo_writes_and_runs_the_example(agglo, tmp_path):
    said = agglo("demo", "--path", "d")
    assert said.code == 0
    assert "are generated (seed 7)" in said.out
    assert "largest region? 120" in said.out
    document = agglo("demo", "--path", "d", "--study", "small", "--json").json
    assert document["generated"] is True
    assert {s["status"] for s in document["steps"]} == {"kept"}
    assert agglo("verify", "--project", str(tmp_path / "d")).code == 0
    assert agglo("demo", "--path", "e", "--study", "x").code == 7
    assert not (tmp_path / "e").exists()


@pytest.mark.usefixtures("project")
def test_options_of_a_source_reach_the_file(agglo, tmp_path):
    (tmp_path / "names.csv").write_text("region,name_en,region_version\n01,A,v\n")
    (tmp_path / "title.txt").write_text("Names of regions")
    words = ["-o", "table=regions", "-o", "unit=title.txt"]
    assert agglo("import", "small", "names.csv", *words).code == 0
    text = (tmp_path / "us" / "agglo.toml").read_text()
    assert '[import.options]\ntable = "regions"\nunit = "../title.txt"\n' in text
    report = (tmp_path / "us" / "tables" / "import-small.json").read_text()
    assert "Names of regions" in report
    (tmp_path / "title.txt").write_text("Other names")
    said = agglo("verify", "--json")
    codes = {p["code"] for p in said.json["problems"]}
    assert "changed_input" in codes


def test_dotted_options_become_maps():
    assert read_options(["a.b.c=1", "a.b.d=x=y", "e="]) == {
        "a": {"b": {"c": "1", "d": "x=y"}},
        "e": "",
    }
    for words in (["a=1", "a.b=2"], ["a.b=1", "a.b=2"], ["=1"]):
        with pytest.raises(OptionError):
            read_options(words)


def test_notes_go_to_standard_error_and_a_long_list_is_cut(capsys):
    say_notes(tuple(f"n{i}" for i in range(12)))
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines()[0] == "note: n0"
    assert "… and 2 more" in err


def test_an_interrupt_outside_a_verb_ends_with_130(capsys):
    with pytest.raises(SystemExit) as ended, Boundary(["--json"]):
        raise KeyboardInterrupt
    assert ended.value.code == 130
    out, err = capsys.readouterr()
    assert json.loads(out)["error"] == "Interrupted"
    assert "run again" in err


def test_without_any_writable_folder_the_traceback_is_shown(
    agglo, monkeypatch, tmp_path
):
    (tmp_path / "file").write_text("")
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path / "file" / "t"))

    def broken(*_args, **_kwargs):
        raise ZeroDivisionError

    monkeypatch.setattr("agglo.core.schema.data_dictionary", broken)
    said = agglo("schema")
    assert said.code == 70
    assert "Traceback" in said.err
