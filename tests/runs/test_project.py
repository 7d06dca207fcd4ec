"""Project folders: agglo.toml, finding it, adding to it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agglo.core.errors import OptionError, RunError
from agglo.runs import Project, add_import, find_project
from agglo.runs.project_file import ImportEntry, parse_project_file
from agglo.runs.toml_lines import key_lines, line_of
from agglo.runs.toml_text import import_entry_text, toml_value
from agglo.runs.variables import expand_environment

HEAD = '[project]\nname = "p"\n'


def problems_of(text):
    with pytest.raises(RunError) as caught:
        parse_project_file(text)
    return caught.value.problems


def test_every_problem_comes_at_once_with_its_line():
    text = """\
[project]
name = "-us"
sed = 3
seed = -1
[[import]]
id = "a"
soruce = "cbp"
files = []
[[import]]
id = "A"
source = "cbp"
files = ["a"]
[studi.concentration]
x = 1
"""
    found = {(p.code, p.where, p.fix) for p in problems_of(text)}
    assert ("unknown_key", "agglo.toml, line 3", "Did you mean 'seed'?") in found
    assert ("unknown_key", "agglo.toml, line 7", "Did you mean 'source'?") in found
    assert ("unknown_key", "agglo.toml, line 13", "Did you mean 'study'?") in found
    assert ("missing_key", "agglo.toml, line 5", "add source = …") in found
    codes = [p.code for p in problems_of(text)]
    assert codes.count("invalid_value") == 3
    assert codes.count("duplicate_id") == 1


@pytest.mark.parametrize(
    ("text", "code", "where"),
    [
        ("[project]\nname = us\n", "invalid_toml", "agglo.toml, line 2, column 8"),
        ("", "missing_key", "agglo.toml"),
        ('[project]\nname = "p"\nseed = "7"\n', "invalid_value", "agglo.toml, line 3"),
        (HEAD + 'language = "de"\n', "invalid_value", "agglo.toml, line 3"),
        (HEAD + "seed = true\n", "invalid_value", "agglo.toml, line 3"),
        (HEAD + 'import = "x"\n', "unknown_key", "agglo.toml, line 3"),
    ],
)
def test_one_problem(text, code, where):
    assert [(p.code, p.where) for p in problems_of(text)] == [(code, where)]


def test_a_reserved_id_is_refused():
    text = HEAD + '[[import]]\nid = "check"\nsource = "a"\nfiles = ["a"]\n'
    assert [p.code for p in problems_of(text)] == ["reserved_id"]


def test_lines_are_found_in_nested_tables():
    text = '[a.b]\nx = 1\n[[c]]\n[[c]]\n[c.d]\n"quoted key" = 2 # no\n'
    lines = key_lines(text)
    assert lines["a", "b", "x"] == 2
    assert lines["c", 1] == 4
    assert lines["c", 1, "d", "quoted key"] == 6
    assert line_of(lines, ("c", 1, "d", "none")) == 5
    assert line_of(lines, ("z",)) == 0


def test_create_and_open(tmp_path):
    made = Project.create(tmp_path / "us", title='A "title"\n', language="zh", seed=3)
    opened = Project.open(tmp_path / "us" / "agglo.toml")
    assert opened == made
    assert opened.title == 'A "title"\n'
    assert (opened.file.project.language, opened.file.project.seed) == ("zh", 3)
    with pytest.raises(RunError, match="exists already"):
        Project.create(tmp_path / "us")


def test_a_bad_name_writes_nothing(tmp_path):
    with pytest.raises(RunError):
        Project.create(tmp_path / "a b?")
    assert not (tmp_path / "a b?").exists()


def test_open_says_what_is_wrong_with_the_file(tmp_path):
    with pytest.raises(RunError, match="agglo new"):
        Project.open(tmp_path)
    (tmp_path / "agglo.toml").write_bytes('[project]\nname = "é"'.encode("latin-1"))
    with pytest.raises(RunError, match="UTF-8"):
        Project.open(tmp_path)
    (tmp_path / "agglo.toml").write_bytes(b"\xef\xbb\xbf" + HEAD.encode())
    assert Project.open(tmp_path).name == "p"


def test_a_project_is_found_upward_then_in_the_only_child(tmp_path):
    with pytest.raises(RunError, match="agglo new"):
        find_project(tmp_path)
    one = Project.create(tmp_path / "one").root
    (one / "data" / "deep").mkdir(parents=True)
    assert find_project(one / "data" / "deep") == one
    assert find_project(tmp_path) == one
    Project.create(tmp_path / "two")
    with pytest.raises(RunError, match="one, two"):
        find_project(tmp_path)
    assert find_project(one) == one


def test_a_near_miss_of_the_file_name_is_pointed_out(tmp_path):
    (tmp_path / "aglo.toml").write_text(HEAD)
    with pytest.raises(RunError, match=r"Should aglo\.toml be named agglo\.toml"):
        find_project(tmp_path)


def test_paths_and_variables_resolve(tmp_path, monkeypatch):
    text = HEAD + '[paths]\nshared = "${PLACE_OF_DATA:-../shared}"\n'
    (tmp_path / "agglo.toml").write_text(text)
    monkeypatch.delenv("PLACE_OF_DATA", raising=False)
    project = Project.open(tmp_path)
    shared = tmp_path.parent.resolve() / "shared"
    assert project.resolve("{shared}/a.csv") == shared / "a.csv"
    assert project.resolve("data/a.csv") == tmp_path.resolve() / "data" / "a.csv"
    monkeypatch.setenv("PLACE_OF_DATA", str(tmp_path / "elsewhere"))
    assert project.resolve("{shared}/a") == tmp_path / "elsewhere" / "a"
    assert project.shorten(tmp_path / "elsewhere" / "b.csv") == "elsewhere/b.csv"
    monkeypatch.setenv("PLACE_OF_DATA", "/data")
    assert project.paths["shared"] == "/data"
    assert project.shorten(project.resolve("{shared}/b.csv")) == "{shared}/b.csv"
    with pytest.raises(RunError) as caught:
        project.resolve("{shred}/a", where="here")
    (problem,) = caught.value.problems
    assert (problem.code, problem.where) == ("unknown_path_name", "here")
    assert problem.fix == "Did you mean 'shared'?"


def test_an_empty_variable_takes_the_default():
    assert expand_environment("${A:-x}", where="", environment={"A": ""})[0] == "x"
    assert expand_environment("${A:-}", where="", environment={})[0] == ""
    text, problems = expand_environment("${A}", where="w", environment={})
    assert (text, problems[0].code) == ("${A}", "unset_variable")


values = st.recursive(
    st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.floats(allow_nan=False)
    | st.text(st.characters(blacklist_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(min_size=1, max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.text(min_size=1, max_size=6), values, max_size=4))
def test_what_is_written_reads_back(options):
    text = HEAD + import_entry_text("i", "s", ["a", "b\\c\n"], options)
    entry = parse_project_file(text).imports[0]
    assert entry.options == options
    assert entry.files == ["a", "b\\c\n"]


def test_none_has_no_toml_form():
    with pytest.raises(OptionError):
        toml_value(None)


def test_adding_an_import_keeps_the_text_of_the_user(tmp_path):
    text = '# mine\n[project]\nname="p"   # odd layout\n\n[study.x]\n a = 1'
    (tmp_path / "agglo.toml").write_text(text)
    project = Project.open(tmp_path)
    entry = ImportEntry(id="a", source="s", files=["f"], options={"n": 1})
    wider = project.with_import(entry)
    assert wider.text.startswith(text + "\n")
    assert wider.imports[-1] == entry
    assert (tmp_path / "agglo.toml").read_text() == text
    wider.save()
    assert Project.open(tmp_path).imports == (entry,)
    with pytest.raises(RunError):
        wider.with_import(entry)


def test_imports_written_as_an_array_cannot_be_appended_to(tmp_path):
    text = 'import = [{id = "a", source = "s", files = ["f"]}]\n' + HEAD
    (tmp_path / "agglo.toml").write_text(text)
    project = Project.open(tmp_path)
    with pytest.raises(RunError):
        project.with_import(ImportEntry(id="b", source="s", files=["f"]))


def test_add_import_reads_then_writes(make_project, registry, published, monkeypatch):
    project = make_project()
    monkeypatch.chdir(project.root / "data")
    rows = "region,industry,period,employment\n07,x,2021,1\n"
    (project.root / "data" / "more.csv").write_text(rows)
    dry = add_import(
        project.root, "small", ["more.csv"], registry=registry, dry_run=True
    )
    assert (dry.id, dict(dry.tables), dry.written) == ("small", {"activity": 1}, False)
    assert Project.open(project.root) == project
    assert published(project.root) == {}
    added = add_import(project.root, "small", ["more.csv"], registry=registry)
    assert added.written
    (_, entry) = Project.open(project.root).imports
    assert (entry.id, entry.files) == ("small", ["data/more.csv"])
    assert "tables/activity/small.parquet" in published(project.root)
    third = add_import(project.root, "small", ["more.csv"], registry=registry)
    assert third.id == "small_2"


@pytest.mark.parametrize(
    ("source", "file", "given_id", "match"),
    [
        ("smal", "jobs.csv", None, "no source"),
        ("small", "none.csv", None, "1 problem"),
        ("small", "bad.csv", None, "1 problem"),
        ("small", "jobs.csv", "jobs", "is taken"),
        ("small", "jobs.csv", "check", "is taken"),
    ],
)
def test_an_import_that_fails_changes_nothing(
    make_project, registry, published, monkeypatch, source, file, given_id, match
):
    project = make_project()
    (project.root / "data" / "bad.csv").write_text("region,period,employment\na,1,1\n")
    monkeypatch.chdir(project.root / "data")
    with pytest.raises(Exception, match=match) as caught:
        add_import(project.root, source, [file], id=given_id, registry=registry)
    assert caught.type.__module__ == "agglo.core.errors"
    assert Project.open(project.root) == project
    assert published(project.root) == {}


def test_two_imports_at_the_same_time_both_stay(make_project, registry, monkeypatch):
    """One is added between the other's first look at the file and its lock."""
    project = make_project()
    file = project.root / "data" / "jobs.csv"
    real = Project.open.__func__
    opened = []

    def racing(cls, path="."):
        found = real(cls, path)
        opened.append(path)
        if len(opened) == 1:
            rows = "region,industry,period,employment\n08,x,2021,1\n"
            (project.root / "data" / "b.csv").write_text(rows)
            other = project.root / "data" / "b.csv"
            add_import(project.root, "small", [other], id="b", registry=registry)
        return found

    monkeypatch.setattr(Project, "open", classmethod(racing))
    add_import(project.root, "small", [file], id="c", registry=registry)
    monkeypatch.undo()
    assert [e.id for e in Project.open(project.root).imports] == ["jobs", "b", "c"]
