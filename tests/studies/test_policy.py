"""The policy study: planted dynamics, what is not identified, options, the page."""

import json
import re
import warnings

import numpy as np
import pyarrow as pa
import pytest

import agglo as ag
from agglo.core.errors import OptionError, RunError
from agglo.simulate import simulate_corridors
from agglo.studies.contract import Origin, ProjectFacts
from agglo.studies.policy import STUDY
from agglo.studies.policy.demo import demo
from agglo.studies.policy.options import PolicyOptions
from tests.studies.harness import (
    language_faults,
    report_again,
    run_study,
    unrendered,
)

QUICK = {
    "band_draws": 99,
    "placebo_draws": 39,
    "other_placebo_draws": 19,
    "group_draws": 19,
    "moran_draws": 19,
    "imputation_draws": 19,
    "sweep_km": (150.0, 300.0),
}
WORLD = {"covariates": ("x",), "exposure_ring_km": (100.0, 250.0)}
# not a seed that the study was developed with
UNSEEN = 51_207
GENERATED = ProjectFacts(title="Test", generated=True)


def findings_of(outputs):
    return {f["id"]: f for f in outputs["report"].documents["findings"]}


def rows_of(outputs, stage, name, **where):
    rows = outputs[stage].tables[name].to_pylist()
    return [r for r in rows if all(r[k] == v for k, v in where.items())]


@pytest.fixture(scope="module")
def made():
    return simulate_corridors(seed=UNSEEN, tables=True)


@pytest.fixture(scope="module")
def done(made):
    options = PolicyOptions(**QUICK, **WORLD)
    outputs, _ = run_study(STUDY, made.tables(), options=options, project=GENERATED)
    return outputs


def test_every_finding_is_there_for_both_outcomes(done):
    found = findings_of(done)
    assert list(found) == [
        f"F{n}.{o}" for o in ("ln_rzi", "ln_rdi") for n in range(1, 11)
    ]
    for one in found.values():
        json.dumps(one, allow_nan=True)
        assert one["question"]
        assert one["answer"]


def test_outcomes_are_those_of_the_generator(made, done):
    rows = done["prepare"].tables["outcomes"]
    y = made.panel["specialisation"].to_numpy()
    np.testing.assert_allclose(
        rows["ln_rzi"].to_numpy(), np.log(3.2) + 0.06 * y, atol=1e-10
    )


def test_planted_dip_recovery_and_neighbours_are_recovered(done):
    found = findings_of(done)
    own = found["F4.ln_rzi"]["truth"]
    assert own["0-2"]["planted"] == pytest.approx(0.06 * -0.95 / 3)
    assert (
        found["F4.ln_rzi"]["estimate"]["0-2"] < 0 < found["F4.ln_rzi"]["estimate"]["3+"]
    )
    inside = [
        span["inside_interval"]
        for fid in ("F4.ln_rzi", "F5.ln_rzi", "F4.ln_rdi", "F5.ln_rdi")
        for span in found[fid]["truth"].values()
    ]
    # eight intervals of 95 % on one unseen world
    assert sum(inside) >= 6
    assert found["F5.ln_rzi"]["estimate"]["0-3"] > 0.015
    assert found["F5.ln_rdi"]["estimate"]["4+"] > 0.015


def test_realised_effects_are_compared_with_those_planted_by_ring(done):
    truth = findings_of(done)["F3.ln_rdi"]["truth"]
    assert set(truth) == {
        "treated",
        "untreated",
        "0-100 km",
        "100-250 km",
        "250-400 km",
        ">400 km",
    }
    value = findings_of(done)["F3.ln_rdi"]["estimate"]["treated"]
    assert value == pytest.approx(truth["treated"]["planted"], abs=0.006)


def test_tables_are_results_of_the_library(made, done):
    rows = rows_of(done, "effects", "impacts", outcome="ln_rzi", variable="treatment")
    table = done["prepare"].tables["outcomes"]
    fit = ag.fit_spatial_did(
        table,
        outcome="ln_rzi",
        covariates=["x"],
        start=made.starts,
        weights=made.weights,
        durbin_weights=made.exposure,
    )
    got = [r["value"] for r in rows]
    np.testing.assert_allclose(got, fit.impacts.value[0], rtol=1e-8)


def test_warning_of_staggered_starts_and_checklist_are_on_the_page(done):
    page = done["report"].files["report.html"].decode()
    for words in ("Goodman-Bacon", "Referee checklist", "Moran", "REST"):
        assert words in page
    assert "Generated data" in page
    assert done["effects"].documents["effect_notes"]["forbidden_share"] > 0
    items = {r["item"] for r in rows_of(done, "dynamics", "referee_checklist")}
    assert {"leads", "placebo", "weights", "specifications"} <= items


def test_same_seed_same_bytes(made):
    options = PolicyOptions(**{**QUICK, "outcomes": ("ln_rdi",)}, **WORLD)
    first, _ = run_study(STUDY, made.tables(), options=options, until="dynamics")
    again, _ = run_study(STUDY, made.tables(), options=options, until="dynamics")
    for name, table in first["dynamics"].tables.items():
        # NaN (the base's effect before the start) equals NaN in text
        assert str(table.to_pylist()) == str(again["dynamics"].tables[name].to_pylist())


def test_few_treated_regions_leave_timing_and_reach_unanswered(made):
    few = made.treatments.filter(
        pa.array(
            [p == "Generated corridor 1" for p in made.treatments["policy"].to_pylist()]
        )
    )
    options = PolicyOptions(**{**QUICK, "outcomes": ("ln_rzi",)}, **WORLD)
    outputs, _ = run_study(
        STUDY, {**made.tables(), "treatments": few}, options=options, project=GENERATED
    )
    found = findings_of(outputs)
    for fid in ("F4", "F5", "F6", "F7"):
        one = found[f"{fid}.ln_rzi"]
        assert "Not identified" in one["answer"]
        assert one["estimate"] is None
    assert found["F1.ln_rzi"]["estimate"] is not None
    assert "Few treated regions" in outputs["report"].files["report.html"].decode()


def test_undocumented_starts_are_said_beside_every_number(made):
    status = ["sourced"] * 10 + ["unverified"] * 12
    treatments = made.treatments.append_column("status", pa.array(status))
    options = PolicyOptions(**{**QUICK, "outcomes": ("ln_rdi",)}, **WORLD)
    with unrendered():
        outputs, _ = run_study(
            STUDY,
            {**made.tables(), "treatments": treatments},
            options=options,
            project=ProjectFacts(title="Test", origins=(Origin(title="A list"),)),
        )
    for one in findings_of(outputs).values():
        if "Spatial Durbin" in one["answer"]:
            assert "unverified 12" in one["answer"]


def test_plain_columns_of_the_panel_can_be_outcomes(made):
    tables = {
        k: v for k, v in made.tables().items() if k not in ("activity", "industries")
    }
    options = PolicyOptions(**{**QUICK, "outcomes": ("specialisation",)}, **WORLD)
    outputs, _ = run_study(STUDY, tables, options=options, project=GENERATED)
    truth = findings_of(outputs)["F4.specialisation"]["truth"]
    assert truth["0-2"]["planted"] == pytest.approx(-0.95 / 3)


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"outcomes": ()}, "outcomes"),
        ({"outcomes": ("ln_ksi", "ln_rdi")}, "one outcome"),
        ({"weights": "near"}, "weights"),
        ({"exposure_ring_km": (100.0,)}, "exposure_ring_km"),
        ({"sweep_km": (300.0, 100.0)}, "sweep_km"),
        ({"corrections": ("a,b",)}, "corrections"),
        ({"band_draws": 3}, "band_draws"),
        ({"window_low": -1}, "window_low"),
        ({"level": 1.0}, "level"),
        ({"blank_cells": "guess"}, "blank_cells"),
    ],
)
def test_bad_options_are_refused(options, word):
    with pytest.raises(OptionError, match=word):
        PolicyOptions(**options)


@pytest.mark.parametrize(
    ("options", "error", "word"),
    [
        ({"policies": ("Generated corridor 9",)}, OptionError, "Generated corridor"),
        ({"corrections": ("X,S01,2006,1",)}, OptionError, "no cell"),
        (
            {"outcomes": ("ln_rzi", "income")},
            ag.core.errors.ColumnNotFoundError,
            "income",
        ),
    ],
)
def test_bad_inputs_say_what_is_there(made, options, error, word):
    with pytest.raises(error, match=word):
        run_study(
            STUDY,
            made.tables(),
            options=PolicyOptions(**{**QUICK, **options}),
            until="prepare",
        )


def test_a_project_without_treatments_says_so(made):
    tables = {k: v for k, v in made.tables().items() if k != "treatments"}
    with pytest.raises(RunError, match="treatments"):
        run_study(STUDY, tables, options=PolicyOptions(**QUICK), until="prepare")


def test_blank_cells_drop_their_region_or_count_as_zero(made):
    values = made.activity["employment"].to_pylist()
    values[0] = None
    place = made.activity.schema.get_field_index("employment")
    holed = made.activity.set_column(
        place, "employment", pa.array(values, pa.float64())
    )
    tables = {**made.tables(), "activity": holed}
    for rule, n in (("drop", 74), ("zero", 75)):
        outputs, _ = run_study(
            STUDY,
            tables,
            options=PolicyOptions(**QUICK, blank_cells=rule),
            until="prepare",
        )
        assert outputs["prepare"].documents["scope"]["regions"] == n
        assert outputs["prepare"].documents["scope"]["blank_cells"] == 1
    lost = rows_of(outputs, "prepare", "excluded")
    assert [r["region"] for r in lost] == ["REST"]


def test_a_correction_changes_the_cell_and_is_listed(made):
    line = "G001,S01,2006,123456"
    outputs, _ = run_study(
        STUDY,
        made.tables(),
        options=PolicyOptions(**QUICK, corrections=(line,)),
        until="prepare",
    )
    listed = outputs["prepare"].documents["scope"]["corrections"]
    assert listed[0].startswith("G001 S01 2006:")
    assert listed[0].endswith("→ 123456")


def test_demo_says_which_options_differ():
    made = demo(7)
    assert set(made.options) == {"covariates", "exposure_ring_km"}
    assert len(made.imports) == 6


def test_small_sectors_are_named_instead_of_warned(made):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        outputs, _ = run_study(
            STUDY, made.tables(), options=PolicyOptions(**QUICK), until="prepare"
        )
    assert isinstance(outputs["prepare"].documents["scope"]["remarks"], list)


def test_estimators_by_start_stand_beside_the_one_coefficient(done):
    rows = rows_of(done, "robust", "staggered", outcome="ln_rdi", group="treated")
    by_name = {r["estimator"]: r for r in rows}
    one = by_name["one coefficient"]
    told = rows_of(done, "effects", "realised", outcome="ln_rdi", group="treated")
    want = next(r["value"] for r in told if r["period"] == "all")
    assert one["value"] == pytest.approx(want)
    for name in ("by cohort and year (experimental)", "imputed (experimental)"):
        assert by_name[name]["se"] > 0
        # effects do not differ by start in this world
        assert by_name[name]["value"] == pytest.approx(one["value"], rel=0.25)
        assert name in findings_of(done)["F3.ln_rdi"]["answer"]
    page = done["report"].files["report.html"].decode()
    assert "Estimators by start" in page
    assert "no estimator that is runs" not in page
    checks = rows_of(done, "dynamics", "referee_checklist", outcome="ln_rdi")
    by_item = {r["item"]: r for r in checks}
    assert by_item["effects that differ by start"]["status"] == "ok"
    assert by_item["drift of the leads"]["status"] in ("ok", "doubt")


def test_matched_regions_and_earlier_bases(done):
    matched = rows_of(done, "robust", "matching", outcome="ln_rzi")
    assert {r["design"] for r in matched} == {
        "all regions",
        "matched regions only",
        "all regions, matched weights, no lag",
    }
    balance = rows_of(done, "robust", "balance", outcome="ln_rzi")
    assert {r["covariate"] for r in balance} == {"x", "ln_rzi"}
    early = rows_of(done, "robust", "anticipation", outcome="ln_rzi", effect="direct")
    assert {r["base"] for r in early} == {"-2", "-3"}
    # the dip is planted: it stays under another base
    assert all(r["upper"] < 0 for r in early if r["span"] == "0-2")


def test_tests_of_region_effects_and_effects_of_comparisons(done):
    tests = rows_of(done, "effects", "tests", outcome="ln_rzi")
    assert {"region means", "fixed = random", "no region variance"} <= {
        r["test"] for r in tests
    }
    behind = rows_of(done, "effects", "comparisons", outcome="ln_rzi")
    assert sum(r["weight"] for r in behind) == pytest.approx(1)
    assert all(np.isfinite(r["estimate"]) for r in behind)
    moran = rows_of(done, "effects", "moran", outcome="ln_rzi")
    assert {r["kind"] for r in moran} == {"outcome", "residual"}
    named = rows_of(done, "dynamics", "specification", outcome="ln_rzi")
    assert {"region effects only", "period effects only"} <= {
        r["specification"] for r in named
    }


def test_pages_in_chinese_hold_no_english_sentence(made, done):
    options = PolicyOptions(**QUICK, **WORLD)
    project = ProjectFacts(title="测试", generated=True, language="zh")
    again = report_again(STUDY, made.tables(), done, options=options, project=project)
    page = again.files["report.html"].decode()
    for words in ("走廊政策效应", "分年", "审稿清单", "安慰剂", "平行趋势"):
        assert words in page
    bare = re.sub(r"<(style|script|svg|table).*?</\1>", " ", page, flags=re.DOTALL)
    cells = re.findall(r"<t[dh][^>]*>([^<]*)</t[dh]>", page)
    texts = [*re.sub(r"<[^>]+>", "\n", bare).split("\n"), *cells]
    # names of corridors, files, options and authors stay; no three English words in a row
    english = re.compile(r"[a-z]{3,} [a-z]{2,} [a-z]{2,}")
    left = {t for t in texts if english.search(t) and "Generated" not in t}
    left = {t for t in left if "=" not in t}
    assert not left


def squares(made):
    """Square outlines around every region, touching where regions are near."""
    rows = []
    for name, (x, y) in made.positions.items():
        a, b, c, d = round(x), round(x) + 1, round(y), round(y) + 1
        rows.append(
            {
                "boundary": name,
                "polygon": "1",
                "ring": "1",
                "coordinates": f"{a} {c} {b} {c} {b} {d} {a} {d}",
            }
        )
    return pa.Table.from_pylist(rows)


def test_contiguity_is_offered_where_boundaries_are_given(made):
    options = PolicyOptions(
        **QUICK,
        **WORLD,
        weights="contiguity",
        outcomes=("ln_rdi",),
        other_outcomes=("ln_di",),
        also_without=(next(iter(made.starts)),),
        band_exposure="nearest",
    )
    tables = {**made.tables(), "boundaries": squares(made)}
    with unrendered():
        outputs, _ = run_study(STUDY, tables, options=options, project=GENERATED)
    kinds = {r["weights"] for r in rows_of(outputs, "dynamics", "weights_sensitivity")}
    assert any(k.startswith("contiguity") for k in kinds)
    names = {r["specification"] for r in rows_of(outputs, "dynamics", "specification")}
    assert {"without the listed regions", "outcome ln_di"} <= names
    assert rows_of(outputs, "distance", "bands", kind="coefficient")
    with pytest.raises((OptionError, RunError), match="boundaries"):
        run_study(STUDY, made.tables(), options=options, project=GENERATED)


def test_few_treated_regions_have_no_timing_in_the_robust_stage(made):
    policy = sorted(set(made.tables()["treatments"]["policy"].to_pylist()))[0]
    options = PolicyOptions(**QUICK, **WORLD, policies=(policy,), outcomes=("ln_rdi",))
    outputs, _ = run_study(
        STUDY, made.tables(), options=options, project=GENERATED, until="robust"
    )
    assert outputs["robust"].tables["anticipation"].num_rows == 0
    notes = outputs["robust"].documents["robust_notes"]
    assert "treated regions" in notes["ln_rdi"]["timing"]


def test_findings_are_said_in_both_languages(done):
    assert language_faults(done["report"].documents["findings"]) == []
