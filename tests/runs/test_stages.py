"""What a stage sees, may write and may warn of."""

from __future__ import annotations

import warnings
from dataclasses import replace

import pyarrow as pa
import pytest

from agglo.core.errors import DataWarning, RunError
from agglo.runs import start
from agglo.studies.contract import StageOutput


def with_first_stage(registry, run, **changes):
    study = registry.studies["small"]
    first = replace(study.stages[0], run=run, **changes)
    stages = (first, study.stages[1])
    return replace(registry, studies={"small": replace(study, stages=stages)})


def test_a_stage_sees_the_tables_it_names_and_no_others(make_project, registry):
    extra = '[[import]]\nid = "r"\nsource = "small"\nfiles = ["data/r.csv"]\n'
    project = make_project(extra=extra + '[import.options]\ntable = "regions"\n')
    rows = "region,name_en,region_version\n01,One,v1\n02,Two,v1\n"
    (project.root / "data" / "r.csv").write_text(rows)
    seen = []

    def look(inputs):
        seen.append((inputs.has("activity"), inputs.has("regions"), inputs.has("x")))
        seen.append([o.title for o in inputs.project.origins])
        return registry.studies["small"].stages[0].run(inputs)

    start(project.root, registry=with_first_stage(registry, look))
    assert seen == [(True, False, False), ["small", "small"]]
    with_regions = with_first_stage(registry, look, optional=("regions",))
    start(project.root, registry=with_regions)
    assert seen[2] == (True, True, False)


@pytest.mark.parametrize(
    ("ask", "match"),
    [
        (lambda i: i.table("activty"), "Did you mean 'activity'"),
        (lambda i: i.result("sums", "none"), "no result for stage 'sums'"),
        (lambda i: i.document("sums", "none"), "no document for stage 'sums'"),
    ],
)
def test_asking_for_what_is_not_there_is_explained(make_project, registry, ask, match):
    broken = with_first_stage(registry, ask)
    with pytest.raises(RunError, match=match):
        start(make_project().root, registry=broken)


def test_parts_of_a_table_are_joined_by_column_name(make_project, registry):
    extra = '[[import]]\nid = "more"\nsource = "small"\nfiles = ["data/b.csv"]\n'
    project = make_project(extra=extra)
    rows = "employment,establishments,region,industry,period\n5,2,09,x,2021\n"
    (project.root / "data" / "b.csv").write_text(rows)
    seen = []

    def look(inputs):
        seen.append(inputs.table("activity"))
        return registry.studies["small"].stages[0].run(inputs)

    start(project.root, registry=with_first_stage(registry, look))
    (table,) = seen
    assert table["employment"].to_pylist() == [10.0, 30.0, 60.0, 5.0]
    assert table["establishments"].to_pylist() == [None, None, None, 2]


def test_warnings_of_agglo_are_notes_others_pass_on(make_project, registry):
    def warn(inputs):
        warnings.warn("half of it is missing", DataWarning, stacklevel=1)
        warnings.warn("old", DeprecationWarning, stacklevel=1)
        return registry.studies["small"].stages[0].run(inputs)

    project = make_project()
    sick = with_first_stage(registry, warn)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        run = start(project.root, registry=sick)
    assert run.notes == ("half of it is missing",)
    assert [w.category for w in caught] == [DeprecationWarning]
    assert run.resume().notes == run.notes  # kept with the step


def test_two_stages_cannot_write_the_same_file(make_project, registry, published):
    def clash(inputs):
        output = registry.studies["small"].stages[0].run(inputs)
        return replace(output, files={"report.html": b""})

    project = make_project()
    with pytest.raises(RunError, match=r"both write results/small/report\.html"):
        start(project.root, registry=with_first_stage(registry, clash))
    assert published(project.root) == {}


def test_a_stage_cannot_write_outside_its_folder(make_project, registry):
    def escape(_inputs):
        return StageOutput(tables={"../../x": pa.table({"a": [1]})})

    project = make_project()
    with pytest.raises(RunError, match="plain relative path"):
        start(project.root, registry=with_first_stage(registry, escape))


def test_a_listed_study_must_find_its_tables(make_project, registry):
    project = make_project()
    toml = project.root / "agglo.toml"
    listed = toml.read_text().replace('"p"\n', '"p"\nstudies = ["needy"]\n', 1)
    toml.write_text(listed)
    with pytest.raises(RunError, match="tables are missing"):
        start(project.root, registry=registry)
    toml.write_text(listed.replace("needy", "small"))
    run = start(project.root, registry=registry)
    assert run.skipped == ()
    toml.write_text(listed.replace("needy", "smal"))
    with pytest.raises(RunError) as caught:
        start(project.root, registry=registry)
    assert caught.value.problems[0].fix == "Did you mean 'small'?"


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ("tabel = 1", "unknown_option"),
        ('table = "activty"', "invalid_option"),
        ("table = 2021-01-01", "invalid_option"),
        ('unit = "none.txt"', "missing_file"),
    ],
)
def test_options_of_a_reader_are_checked_before_anything_is_read(
    make_project, registry, options, code
):
    project = make_project(extra=f"[import.options]\n{options}\n")
    with pytest.raises(RunError) as caught:
        start(project.root, registry=registry)
    (problem,) = caught.value.problems
    assert problem.code == code
    assert problem.where.startswith("agglo.toml, line ")


def test_a_required_option_is_asked_for(make_project, registry):
    reader = registry.readers["small"]
    options = (replace(reader.options[0], required=True), *reader.options[1:])
    strict = replace(reader, options=options)
    with pytest.raises(RunError) as caught:
        start(
            make_project().root, registry=replace(registry, readers={"small": strict})
        )
    assert [p.code for p in caught.value.problems] == ["missing_option"]


def test_dates_are_no_study_options(make_project, registry):
    project = make_project(extra="[study.small]\nfactor = 2021-01-01\n")
    with pytest.raises(RunError, match="dates and times"):
        start(project.root, registry=registry)


def test_a_file_that_changes_while_it_is_read_is_refused(make_project, registry):
    project = make_project()
    file = project.root / "data" / "jobs.csv"
    reader = registry.readers["small"]

    def slow(paths, **options):
        found = reader.function(paths, **options)
        file.write_text(file.read_text() + "08,x,2021,1\n")
        return found

    moving = replace(registry, readers={"small": replace(reader, function=slow)})
    with pytest.raises(RunError, match="changed while it was read"):
        start(project.root, registry=moving)
