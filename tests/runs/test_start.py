"""Runs: what is done, what is kept, what is published."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from agglo.core.errors import InvalidTableError, RunError, SourceError, StoreError
from agglo.runs import Project, Registry, check_project, start
from agglo.store import locked


def statuses(run):
    return {s.step: s.status for s in run.steps}


def test_a_run_writes_findings_tables_and_report(make_project, registry):
    project = make_project()
    run = start(project.root, registry=registry)
    assert [f["estimate"] for f in run.studies[0].findings] == [60.0]
    assert run.artefacts == (
        "results/small/draw.json",
        "results/small/findings.json",
        "results/small/report.html",
        "results/small/sums.parquet",
    )
    on_disk = json.loads((project.results / "small" / "findings.json").read_text())
    assert on_disk == [dict(f) for f in run.studies[0].findings]
    assert set(on_disk[0]) == {
        "id",
        "question",
        "answer",
        "estimate",
        "interval",
        "null",
        "p",
        "reading",
        "evidence",
        "truth",
    }
    assert run.studies[0].table("sums")["jobs"].to_pylist() == [40.0, 60.0]
    assert "small" in (project.results / "small" / "report.html").read_text()


def test_a_study_without_its_tables_is_skipped_and_named(make_project, registry):
    run = start(make_project().root, registry=registry)
    assert [(s.study, s.missing) for s in run.skipped] == [("needy", ("links",))]
    with pytest.raises(RunError, match="tables are missing") as caught:
        start(run.folder, "needy", registry=registry)
    assert [p.code for p in caught.value.problems] == ["missing_table"]


def test_nothing_is_done_twice(make_project, registry, published):
    project = make_project()
    first = start(project.root, registry=registry)
    before = published(project.root)
    again = first.resume()
    assert set(statuses(first).values()) == {"run"}
    assert set(statuses(again).values()) == {"kept"}
    assert published(project.root) == before
    assert again.studies[0].findings == first.studies[0].findings


@pytest.mark.parametrize(
    ("extra", "rerun"),
    [
        ("[study.small]\nfactor = 2\n", {"study/small/sums", "study/small/report"}),
        ("# a comment\n", set()),
    ],
)
def test_only_what_changed_is_done(make_project, registry, extra, rerun):
    project = make_project()
    start(project.root, registry=registry)
    toml = project.root / "agglo.toml"
    toml.write_text(toml.read_text() + extra)
    found = statuses(start(project.root, registry=registry))
    assert {s for s, status in found.items() if status == "run"} == rerun


def test_a_changed_input_reruns_what_rests_on_it(make_project, registry):
    project = make_project()
    start(project.root, registry=registry)
    file = project.root / "data" / "jobs.csv"
    file.write_text(file.read_text().replace("60", "61"))
    run = start(project.root, registry=registry)
    assert set(statuses(run).values()) == {"run"}
    assert run.studies[0].findings[0]["estimate"] == 61.0


def test_another_reader_that_gives_the_same_table_leaves_the_study_alone(
    make_project, registry
):
    project = make_project()
    start(project.root, registry=registry)
    reader = registry.readers["small"]

    def rewritten(paths, **options):
        return reader.function(paths, **options)

    other = replace(reader, function=rewritten)
    newer = replace(registry, readers={"small": other})
    found = statuses(start(project.root, registry=newer))
    assert found["import/jobs"] == "run"
    assert found["study/small/sums"] == "kept"


def test_a_new_seed_reaches_the_draw(make_project, registry):
    project = make_project()
    first = start(project.root, registry=registry)
    toml = project.root / "agglo.toml"
    toml.write_text(toml.read_text().replace('"p"\n', '"p"\nseed = 8\n', 1))
    second = start(project.root, registry=registry)
    answers = [r.studies[0].findings[0]["answer"] for r in (first, second)]
    assert answers[0] != answers[1]


def test_changed_code_reruns_the_stage(make_project, registry, tmp_path):
    module = tmp_path / "stages.py"
    body = "from agglo.studies.contract import StageOutput\n\n\ndef run(inputs):\n"
    body += "    return StageOutput(documents={'findings': []}, "
    body += "files={'report.html': b'%s'})\n"

    def with_code(text: str) -> Registry:
        module.write_text(body % text)
        space: dict[str, object] = {"__name__": "stages"}
        exec(compile(module.read_text(), str(module), "exec"), space)  # noqa: S102
        study = registry.studies["small"]
        stage = replace(study.stages[0], run=space["run"])
        return replace(registry, studies={"small": replace(study, stages=(stage,))})

    project = make_project()
    start(project.root, registry=with_code("one"))
    kept = start(project.root, registry=with_code("one"))
    assert statuses(kept)["study/small/sums"] == "kept"
    changed = start(project.root, registry=with_code("two"))
    assert statuses(changed)["study/small/sums"] == "run"
    assert (project.results / "small" / "report.html").read_bytes() == b"two"


def test_a_dry_run_says_what_would_be_done_and_writes_nothing(
    make_project, registry, published
):
    project = make_project()
    plan = start(project.root, registry=registry, dry_run=True)
    assert statuses(plan) == {
        "import/jobs": "run",
        "check": "waits",
        "study/small/sums": "waits",
        "study/small/report": "waits",
    }
    assert published(project.root) == {}
    start(project.root, registry=registry)
    plan = start(project.root, registry=registry, dry_run=True)
    assert set(statuses(plan).values()) == {"kept"}


def test_a_failing_stage_leaves_earlier_results_alone(
    make_project, registry, published
):
    project = make_project()
    start(project.root, registry=registry)
    before = published(project.root)

    def broken(_inputs):
        msg = "no such luck"
        raise RunError(msg)

    study = registry.studies["small"]
    stages = (study.stages[0], replace(study.stages[1], run=broken))
    sick = replace(registry, studies={"small": replace(study, stages=stages)})
    file = project.root / "data" / "jobs.csv"
    file.write_text(file.read_text().replace("60", "61"))
    with pytest.raises(RunError, match="no such luck") as caught:
        start(project.root, registry=sick)
    assert caught.value.__notes__ == ["step: study/small/report"]
    assert published(project.root) == before
    assert not list((project.private / "staging").glob("*"))
    # the steps that were done are kept for the next run
    found = statuses(start(project.root, registry=registry))
    assert found["import/jobs"] == "kept"
    assert found["study/small/report"] == "run"


@pytest.mark.parametrize(
    ("rows", "error", "codes"),
    [
        ("", SourceError, []),
        ("region,industry,period,employment\n", InvalidTableError, ["empty_table"]),
        (
            "region,industry,period,employment\na,x,1,-1\na,x,1,2\n",
            InvalidTableError,
            ["negative_value", "duplicate_key"],
        ),
        ("region,industry,employment\na,x,1\n", InvalidTableError, ["missing_column"]),
    ],
)
def test_bad_tables_are_refused_with_every_problem(
    make_project, registry, published, rows, error, codes
):
    project = make_project(rows)
    with pytest.raises(error) as caught:
        start(project.root, registry=registry)
    assert [p.code for p in caught.value.problems] == codes
    assert published(project.root) == {}


def test_unknown_codes_are_found_across_tables(make_project, registry):
    extra = '[[import]]\nid = "names"\nsource = "small"\nfiles = ["data/r.csv"]\n'
    project = make_project(extra=extra + '[import.options]\ntable = "regions"\n')
    rows = "region,name_en,region_version\n01,One,v1\n"
    (project.root / "data" / "r.csv").write_text(rows)
    with pytest.raises(InvalidTableError) as caught:
        check_project(project.root, registry=registry)
    assert [p.code for p in caught.value.problems] == ["unknown_code"]


def test_all_problems_of_the_imports_come_at_once(make_project, registry):
    extra = '[[import]]\nid = "a"\nsource = "smal"\nfiles = ["x.csv"]\n'
    extra += '[[import]]\nid = "b"\nsource = "small"\n'
    extra += 'files = ["data/job.csv", "{nowhere}/x", "${NOT_SET_HERE}/y"]\n'
    project = make_project(extra=extra)
    with pytest.raises(RunError) as caught:
        start(project.root, registry=registry)
    problems = caught.value.problems
    assert [p.code for p in problems] == [
        "unknown_source",
        "missing_file",
        "unknown_path_name",
        "unset_variable",
    ]
    assert problems[0].fix == "Did you mean 'small'?"
    assert problems[1].fix == "Did you mean 'jobs.csv'?"
    assert problems[0].where == "agglo.toml, line 10"


def test_all_problems_of_the_options_come_at_once(make_project, registry):
    extra = '[study.small]\nfactr = 2\nwords = "a"\n[study.smal]\nx = 1\n'
    project = make_project(extra=extra)
    with pytest.raises(RunError) as caught:
        start(project.root, registry=registry)
    found = {(p.code, p.fix) for p in caught.value.problems}
    assert ("unknown_study", "Did you mean 'small'?") in found
    assert ("unknown_option", "Did you mean 'factor'?") in found
    assert any(p.code == "invalid_option" for p in caught.value.problems)


def test_an_option_out_of_range_is_named(make_project, registry):
    project = make_project(extra="[study.small]\nfactor = -1\n")
    with pytest.raises(RunError, match="factor must be positive"):
        start(project.root, registry=registry)


def test_an_array_fills_a_tuple(make_project, registry):
    project = make_project(extra='[study.small]\nwords = ["a", "b"]\n')
    assert start(project.root, registry=registry).studies[0].study == "small"


def test_a_second_run_waits_for_nobody(make_project, registry):
    project = make_project()
    with locked(project.private), pytest.raises(StoreError) as caught:
        start(project.root, registry=registry)
    assert [p.code for p in caught.value.problems] == ["locked"]


def test_a_project_without_imports_says_what_to_do(tmp_path, registry):
    project = Project.create(tmp_path / "new")
    with pytest.raises(RunError, match="agglo import"):
        start(project.root, registry=registry)


def test_the_last_stage_is_held_to_the_contract(make_project, registry):
    study = registry.studies["small"]
    short = replace(
        registry, studies={"small": replace(study, stages=study.stages[:1])}
    )
    with pytest.raises(RunError) as caught:
        start(make_project().root, registry=short)
    assert [p.code for p in caught.value.problems] == ["no_findings", "no_report"]


def test_results_of_a_removed_import_go(make_project, registry):
    extra = '[[import]]\nid = "more"\nsource = "small"\nfiles = ["data/b.csv"]\n'
    project = make_project(extra=extra)
    rows = "region,industry,period,employment\n05,x,2021,1\n"
    (project.root / "data" / "b.csv").write_text(rows)
    run = start(project.root, registry=registry)
    assert run.studies[0].table("sums").num_rows == 3
    toml = project.root / "agglo.toml"
    toml.write_text(toml.read_text().replace(extra, ""))
    start(project.root, registry=registry)
    names = sorted(p.name for p in (project.tables / "activity").iterdir())
    assert names == ["jobs.parquet"]
    assert not (project.tables / "import-more.json").exists()


def test_one_study_leaves_the_others_where_they_are(make_project, registry):
    project = make_project()
    other = replace(registry.studies["small"], name="other")
    both = replace(
        registry, studies={"small": registry.studies["small"], "other": other}
    )
    start(project.root, registry=both)
    run = start(project.root, "other", registry=both)
    assert [s.study for s in run.studies] == ["other"]
    assert (project.results / "small" / "report.html").is_file()
    assert run.verify().ok


def test_the_report_of_a_run_is_plain_json(make_project, registry):
    run = start(make_project().root, registry=registry)
    raw = json.loads(json.dumps(run.to_dict()))
    assert list(raw)[:4] == ["project", "generated", "folder", "seconds"]
    assert list(raw)[4:] == ["studies", "skipped", "steps"]
    assert raw["studies"][0]["artefacts"] == list(run.artefacts)
    assert raw["studies"][0]["seconds"] >= 0
    assert "Small study" in run.summary()
    assert "skipped needy" in run.summary()


def test_lost_decimal_points_are_warned_of_across_imports(make_project, registry):
    extra = ""
    for year in range(2018, 2023):
        extra += f'[[import]]\nid = "y{year}"\nsource = "small"\n'
        extra += f'files = ["data/{year}.csv"]\n'
    project = make_project(extra=extra)
    head = "region,industry,period,employment\n"
    (project.root / "data" / "jobs.csv").write_text(head + "09,x,2017,11.2\n")
    for year in range(2018, 2023):
        size = "1121.0" if year == 2020 else "11.3"
        rows = f"01,x,{year},{size}\n02,x,{year},5.11\n03,x,{year},6.22\n"
        (project.root / "data" / f"{year}.csv").write_text(head + rows)
    steps = check_project(project.root, registry=registry)
    (note,) = [n for s in steps for n in s.notes if "lost_decimal" in n]
    assert "table activity" in note
    report = json.loads((project.tables / "check.json").read_text())
    assert [w["code"] for w in report[0]["warnings"]] == ["lost_decimal"]


def test_an_import_for_another_study_is_not_read(make_project, registry):
    project = make_project()
    other = project.root / "data" / "other.csv"
    other.write_text("region,industry,period,employment\n99,x,2021,5000\n")
    entry = '\n[[import]]\nid = "other"\nsource = "small"\nfiles = ["data/other.csv"]\n'
    toml = project.root / "agglo.toml"
    toml.write_text(project.text + entry + 'studies = ["needy"]\n')
    alone = start(project.root, registry=registry)
    assert alone.studies[0].findings[0]["estimate"] == 60.0
    toml.write_text(project.text + entry + 'studies = ["small", "needy"]\n')
    both = start(project.root, registry=registry)
    assert both.studies[0].findings[0]["estimate"] == 5000.0
    toml.write_text(project.text + entry + 'studies = ["smal"]\n')
    with pytest.raises(RunError, match="small") as caught:
        start(project.root, registry=registry)
    assert [p.code for p in caught.value.problems] == ["unknown_study"]


def test_tables_of_other_studies_are_no_reference(make_project, registry):
    project = make_project()
    names = project.root / "data" / "names.csv"
    names.write_text("region\n77\n")
    entry = '\n[[import]]\nid = "names"\nsource = "small"\nfiles = ["data/names.csv"]\n'
    toml = project.root / "agglo.toml"
    options = '[import.options]\ntable = "regions"\n'
    toml.write_text(project.text + entry + options)
    with pytest.raises(InvalidTableError, match="unknown_code"):
        start(project.root, registry=registry)
    marked = entry + 'studies = ["needy"]\n' + options
    toml.write_text(
        project.text.replace("files =", 'studies = ["small"]\nfiles =') + marked
    )
    assert start(project.root, registry=registry).studies[0].findings


def test_alternatives_decide_only_what_runs_unasked(make_project, registry):
    picky = replace(registry.studies["small"], alternatives=(("links",), ("patents",)))
    chosen = Registry(
        studies={**registry.studies, "small": picky},
        readers=registry.readers,
    )
    project = make_project()
    with pytest.raises(RunError, match="tables are missing"):
        start(project.root, registry=chosen)
    assert start(project.root, "small", registry=chosen).studies[0].findings
