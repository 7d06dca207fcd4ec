"""The networks study on the generated economy, and on projects that lack something."""

import dataclasses
import json
import xml.etree.ElementTree as ET

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from agglo.core.errors import OptionError
from agglo.relatedness import presence, relatedness_density
from agglo.simulate import simulate_networks
from agglo.studies.contract import ProjectFacts, StageInputs
from agglo.studies.networks import STUDY, NetworksOptions
from tests.studies.harness import (
    KEYS,
    language_faults,
    report_again,
    run_study,
    unrendered,
)

LIGHT = NetworksOptions(
    label_draws=19,
    bootstrap_draws=19,
    core_draws=499,
    class_draws=99,
    dyad_draws=99,
    structure_draws=19,
    backtest_draws=19,
    stability_draws=2,
    em_starts=10,
    further_presets=(),
)
WHOLE = dataclasses.replace(LIGHT, further_presets=("atlas2026", "econgeo"))
PROJECT = ProjectFacts(title="Test", generated=True)


@pytest.fixture(scope="module")
def economy():
    return simulate_networks(seed=7)


@pytest.fixture(scope="module")
def done(economy):
    return run_study(STUDY, economy.tables(), options=WHOLE, project=PROJECT)[0]


def findings(done) -> dict[str, dict]:
    return {f["id"]: f for f in done["report"].documents["findings"]}


def test_there_are_eight_findings_with_their_keys(done):
    found = findings(done)
    assert list(found) == [f"F{k}" for k in range(1, 9)]
    for f in found.values():
        assert tuple(f)[:10] == KEYS
        assert f["answer"]
        assert f["reading"]
    assert json.loads(json.dumps(done["report"].documents["findings"])) is not None


def test_the_answers_are_the_planted_ones(done):
    found = findings(done)
    assert found["F1"]["truth"]["branch_as_planted"]
    assert found["F1"]["truth"]["copatent_as_planted"]
    assert found["F2"]["estimate"]["city"]["verdict"] == "single_core"
    assert found["F2"]["truth"]["as_planted"]
    assert found["F2"]["truth"]["districts_in_their_tier"] == 1.0
    assert found["F3"]["estimate"]["city"]["cores"] == ["C01", "C05"]
    assert found["F3"]["estimate"]["layers"] == "layers_differ"
    assert found["F4"]["estimate"]["verdict"] == "complementary"
    low, high = found["F4"]["interval"]
    assert 1.0 < low < found["F4"]["estimate"]["odds_ratio"] < high
    assert found["F5"]["truth"]["verdicts_as_planted"]
    assert found["F5"]["truth"]["advantage_as_planted"]
    assert found["F7"]["estimate"]["branch"]["elasticity"] == pytest.approx(
        -0.6, abs=0.03
    )
    # nothing is planted between the layers beyond place, size and what cities make
    assert 0.0 < found["F7"]["p"] <= 1.0
    terms = done["dyads"].tables["regression"]["term"].to_pylist()
    assert terms == ["intercept", "ln_branches", "alike", "ln_size", "ln_distance"]
    assert "size, " in found["F7"]["answer"] or "size held" in found["F7"]["answer"]


def test_the_portfolio_carries_its_back_test(done):
    found = findings(done)["F6"]
    low, high = found["interval"]
    # affinities to groups are planted, so relatedness must foresee entries
    assert 0.6 < low < found["estimate"]["auc_within_regions"] < high < 1.0
    assert found["null"]["auc_permuted_industries"] == pytest.approx(0.5, abs=0.05)
    assert found["estimate"]["precision_at_5"] > 2 * found["estimate"]["base_rate"]
    # branches are dated: those of 2010 and before test what partners have, out of time
    assert 0.0 < found["estimate"]["auc_external"] < 1.0
    assert 0.0 < found["estimate"]["p_together"] <= 1.0
    assert "Whole score" in found["answer"]
    tests = done["portfolio"].tables["backtest"].to_pylist()
    assert [t["score"] for t in tests] == [
        "density",
        "complexity",
        "external",
        "value_chain",
        "together",
        "offer",
        "ubiquity",
        "chosen",
    ]
    table = done["portfolio"].tables["portfolio"]
    assert set(table["quadrant"].to_pylist()) == {
        "high_road",
        "slow_road",
        "casino",
        "dead_end",
    }
    assert table["score"].null_count == 0
    external = table["external"].to_numpy()
    assert external.min() >= 0
    assert external.max() <= 1


def test_the_finding_says_which_parts_helped_out_of_time(done):
    found = findings(done)["F6"]
    parts = found["estimate"]["parts"]
    assert parts["density"]["verdict"] == "helps"
    assert parts["external"]["verdict"] == "hurts"
    # what hurts is not in the ranking, and both scores stand side by side
    assert found["estimate"]["ranked_by"] == ["density", "value_chain"]
    assert found["estimate"]["auc_chosen"] > found["estimate"]["auc_together"]
    assert "that made it worse: complexity, related at partners" in found["answer"]
    assert "伙伴互补" in found["answer_zh"]
    table = done["portfolio"].tables["portfolio"]
    assert not table["score"].equals(table["score_all"])
    # nothing of partners is planted here, and nothing is found
    assert found["truth"] == {"partners": "no", "partners_as_planted": True}
    rows = done["portfolio"].tables["backtest_parts"].to_pylist()
    assert [r["part"] for r in rows] == list(parts)
    assert rows[2]["shuffled"] == "partners"


def test_all_parts_may_rank_the_options(done):
    stage = next(s for s in STUDY.stages if s.name == "portfolio")
    out = stage.run(
        StageInputs(
            tables={},
            options=dataclasses.replace(LIGHT, score_parts="all"),
            results={(s, n): t for s in stage.after for n, t in done[s].tables.items()},
            documents={
                (s, n): d for s in stage.after for n, d in done[s].documents.items()
            },
            seed=7,
        )
    )
    table = out.tables["portfolio"]
    assert table["score"].equals(table["score_all"])
    notes = out.documents["portfolio_notes"]
    assert notes["score_of"] == ["density", "complexity", "external", "value_chain"]
    assert notes["kept"] == ["density", "value_chain"]


def test_groups_are_judged_by_co_location_and_trade(done):
    found = findings(done)["F8"]
    # industries of a planted group trade with each other, and locate alike
    assert found["estimate"]["correlation"] > 0.3
    assert found["p"] <= 0.05
    scores = found["estimate"]["scores"]
    assert scores["study"]["score"] > scores["study"]["random"] + 30
    assert found["estimate"]["agreement"]["study / own"]["adjusted_rand"] > 0.8
    table = done["linkage"].tables["validation"]
    assert set(table["matrix"].to_pylist()) == {"colocation", "trade", "both"}


def test_every_finding_is_said_in_both_languages(done):
    assert not language_faults(
        done["report"].documents["findings"],
        names=("Delgado、Porter 与 Stern", "Mantel-Haenszel"),
    )


def test_the_number_of_draws_is_printed(done):
    found = findings(done)
    assert "19 draws" in found["F1"]["reading"]
    assert "19 resamples" in found["F2"]["answer"]
    assert "499 draws" in found["F2"]["reading"]
    assert "99 permutations" in found["F4"]["reading"]


def test_sensitivity_covers_groups_counting_and_gaps(done):
    rows = done["sensitivity"].tables["sensitivity"].to_pylist()
    assert {r["finding"] for r in rows} == {"F1", "F2", "F3", "F4", "F5"}
    for scale in ("city", "district"):
        # F2 and F3 are asked again at both scales
        for choice in ("min_gap", "max_cores"):
            part = [r for r in rows if r["choice"] == f"{choice} ({scale})"]
            assert {r["finding"] for r in part} == {"F2", "F3"}
            assert len(part) == 4
        counted = [r for r in rows if r["choice"] == f"counting ({scale})"]
        assert {r["value"] for r in counted} == {"fractional", "newman"}
    assert len({r["value"] for r in rows if r["choice"].startswith("groups")}) == 4


def test_the_page_and_its_files(done):
    output = done["report"]
    page = output.files["report.html"].decode()
    assert "generated" in page.lower()
    assert page.count("<figure>") >= 14
    for name, data in output.files.items():
        if name.endswith((".graphml", ".gexf", ".svg")):
            ET.fromstring(data)  # noqa: S314  our own files
            assert b"configuration_sha256" in data, name
    described = json.loads(output.files["csv-metadata.json"])
    urls = {t["url"] for t in described["tables"]}
    assert urls == {n for n in output.files if n.endswith(".csv")}
    hashes = output.documents["provenance"]["files"]
    assert set(hashes) == set(output.files) - {"report.html"}


def test_graphs_hold_what_the_tables_hold(done):
    text = done["report"].files["cities_copatent.graphml"]
    root = ET.fromstring(text)  # noqa: S314  our own file
    space = "{http://graphml.graphdrawing.org/xmlns}"
    nodes = {n.get("id"): n for n in root.iter(f"{space}node")}
    assert sorted(nodes) == [f"C{i:02d}" for i in range(1, 14)]
    held = {d.get("key"): d.text for d in nodes["C05"].iter(f"{space}data")}
    assert held["pattern"] == "integrated"
    assert held["core"] == "True"
    assert root.find(f"{space}graph").get("edgedefault") == "undirected"


def test_the_same_seed_gives_the_same_bytes(economy, done):
    again = run_study(STUDY, economy.tables(), options=WHOLE, project=PROJECT)[0]
    assert again["report"].files == done["report"].files


def test_the_page_in_chinese(economy, done):
    project = dataclasses.replace(PROJECT, language="zh")
    said = report_again(STUDY, economy.tables(), done, options=WHOLE, project=project)
    assert "双核心" in findings({"report": said})["F3"]["answer_zh"]
    page = said.files["report.html"].decode()
    assert 'lang="zh-Hans"' in page
    assert "核心与层级" in page


QUICK = dataclasses.replace(LIGHT, sensitivity=False, stability_draws=0)


def small(economy, **changes):
    tables = {k: v for k, v in economy.tables().items() if k != "truth"}
    tables.update(changes)
    return {k: v for k, v in tables.items() if v is not None}


def answered(tables, options=QUICK):
    with unrendered():
        done, _ = run_study(STUDY, tables, options=options)
    return findings(done)


def test_without_patents_three_findings_are_not_computable(economy):
    found = answered(small(economy, patents=None, input_output=None))
    for name in ("F3", "F4", "F5"):
        assert found[name]["estimate"] == "not_computable"
        assert "patents" in found[name]["answer"]
        assert not language_faults([found[name]], names=("link_events", "agglo schema"))
    assert found["F8"]["estimate"] == "not_computable"
    assert "input_output or definitions" in found["F8"]["answer"]
    assert "auc_value_chain" not in found["F6"]["estimate"]
    assert found["F2"]["estimate"]["city"]["verdict"] == "single_core"
    assert list(found["F1"]["estimate"]) == ["branch"]
    # without joint patents there is still the fall of branches with distance
    assert list(found["F7"]["estimate"]) == ["branch"]


def test_without_activity_there_are_no_groups(economy):
    found = answered(small(economy, activity=None))
    for name in ("F1", "F6", "F8"):
        assert found[name]["estimate"] == "not_computable"
    assert found["F3"]["estimate"]["city"]["verdict"] == "dual_core"


def test_without_sizes_there_is_no_complementarity(economy):
    found = answered(small(economy, patents=economy.patents.drop_columns(["size"])))
    assert found["F4"]["estimate"] == "not_computable"
    assert "patents.size" in found["F4"]["answer"]
    assert found["F5"]["estimate"]["high"]["verdict"] == "above"


def test_without_branches_the_innovation_layer_is_alone(economy):
    found = answered(small(economy, link_events=None))
    assert found["F2"]["estimate"] == "not_computable"
    assert "establishments" in found["F2"]["answer"]
    assert "layers" not in found["F3"]["estimate"]


def test_without_an_earlier_period_the_portfolio_is_not_tested(economy):
    now = economy.activity.filter(pc.equal(economy.activity["period"], "2015"))
    found = answered(small(economy, activity=now))
    assert found["F6"]["estimate"] == "not_tested"


def test_links_without_an_early_date_leave_partners_untested(economy):
    late = economy.link_events
    at = late.column_names.index("period")
    late = late.set_column(at, "period", pa.array(["2015"] * late.num_rows))
    found = answered(small(economy, link_events=late))["F6"]
    assert "auc_external" not in found["estimate"]
    assert "links dated 2010 or before" in found["answer"]


def test_activity_alone_gives_groups_and_options(economy):
    done, _ = run_study(
        STUDY,
        small(economy, link_events=None, patents=None),
        options=QUICK,
    )
    found = findings(done)
    for name in ("F1", "F2", "F3", "F4", "F5", "F7"):
        assert found[name]["estimate"] == "not_computable", name
    assert 0.6 < found["F6"]["estimate"]["auc_within_regions"] < 1.0
    assert "auc_external" not in found["F6"]["estimate"]
    assert done["report"].files["report.html"]
    nothing = small(economy, link_events=None, patents=None, activity=None)
    with pytest.raises(OptionError, match="activity lies in a region"):
        run_study(STUDY, nothing, options=QUICK)


def test_structure_of_both_layers(done):
    tables = done["structure"].tables
    notes = done["structure"].documents["structure_notes"]
    for layer, core in (("branch", {"C01"}), ("copatent", {"C01", "C05"})):
        assert core <= set(notes[layer]["core"])
        assert notes[layer]["components"] == 1
        part = [r for r in tables["positions"].to_pylist() if r["layer"] == layer]
        assert sum(r["page_rank"] for r in part) == pytest.approx(1.0)
        curves = [r for r in tables["removal"].to_pylist() if r["layer"] == layer]
        left = [r for r in curves if r["scale"] == "city"]
        fine = [r for r in curves if r["scale"] == "district"]
        assert len(fine) == 95
        assert fine[3]["weight_left"] < fine[3]["at_random"]
        assert fine[1]["node"][:3] in core
        assert left[0]["weight_left"] == pytest.approx(1.0)
        # the cores hold more than cities at random
        assert left[1]["node"] in core
        assert left[1]["weight_left"] < left[1]["at_random"]
        assert left[-1]["weight_left"] == 0.0
    clusters = tables["cluster_nodes"].to_pylist()
    branch = [r for r in clusters if r["layer"] == "branch"]
    # every link is inside a cluster or counts at both of its ends
    total = sum(r["strength"] / 2 + r["inside"] for r in branch)
    assert total == pytest.approx(24_000)
    assert branch[0]["city"] == "C01"
    pairs = tables["entity_pairs"].to_pylist()
    assert [(r["kind_a"], r["kind_b"]) for r in pairs] == [("firm", "firm")]


def test_kinds_of_applicants_are_counted_once_per_patent(economy):
    rows = pa.table(
        {
            "patent": ["1", "1", "1", "2", "2", "2"],
            "applicant": ["a", "b", "b", "a", "c", "d"],
            "region": ["C01D01"] * 6,
            "entity_type": ["firm", "university", "university", "firm", "firm", None],
            "industry": ["N01"] * 6,
        }
    )
    done, _ = run_study(
        STUDY, small(economy, patents=rows), options=QUICK, until="structure"
    )
    found = {
        (r["kind_a"], r["kind_b"]): r["pairs"]
        for r in done["structure"].tables["entity_pairs"].to_pylist()
    }
    assert found == {
        ("firm", "firm"): 1,
        ("firm", "university"): 1,
        ("unknown", "firm"): 2,
    }


def test_a_layer_of_another_name_may_stand_for_branches(economy):
    supply = economy.link_events
    at = supply.column_names.index("layer")
    supply = supply.set_column(at, "layer", pa.array(["supply"] * supply.num_rows))
    tables = small(economy, link_events=supply)
    found = answered(tables)
    assert found["F2"]["estimate"] == "not_computable"
    options = dataclasses.replace(QUICK, branch_layer="supply")
    named = answered(tables, options)
    assert named["F2"]["estimate"]["city"]["cores"] == ["C01"]
    assert "supply links" in named["F1"]["answer"]


def test_one_level_only_reports_one_scale(economy):
    flat = economy.regions.set_column(
        economy.regions.column_names.index("parent"),
        "parent",
        pa.nulls(economy.regions.num_rows, pa.string()),
    )
    found = answered(small(economy, regions=flat))
    assert "district" not in found["F2"]["estimate"]
    # the districts are what is compared now: no single one stands apart
    assert found["F2"]["estimate"]["city"]["cores"] != ["C01"]


def test_without_positions_there_is_no_gravity(economy):
    found = answered(
        small(economy, regions=economy.regions.drop_columns(["lon", "lat"]))
    )
    assert list(found["F7"]["estimate"]) == ["branches_on_copatents"]
    assert found["F7"]["interval"] is None
    assert "distance not known" in found["F7"]["answer"]


def test_groups_from_definitions(economy):
    rows = sorted(economy.groups.items())
    definitions = pa.table(
        {
            "definition": ["planted"] * len(rows),
            "industry": [i for i, _ in rows],
            "cluster": [g for _, g in rows],
        }
    )
    options = dataclasses.replace(QUICK, groups="definitions")
    found = answered(small(economy, definitions=definitions), options)
    assert found["F1"]["estimate"]["branch"] == {
        "integrated": ["C05"],
        "bounded": ["C09"],
    }
    # the study's groups are those given; trade is compared with them all the same
    assert "adjusted_rand" in str(found["F8"]["estimate"]["agreement"])
    one = definitions.set_column(2, "cluster", pa.array(["all"] * len(rows)))
    found = answered(small(economy, definitions=one), options)
    assert found["F1"]["estimate"] == "not_computable"
    assert "one group" in found["F1"]["answer"]


def test_branches_from_a_register_of_establishments(economy):
    events = economy.link_events.slice(0, 6000).to_pylist()
    rows = []
    for e in events:
        for end, seat in (("origin", True), ("destination", False)):
            rows.append(
                {
                    "establishment": f"{e['event']}-{end}",
                    "firm": e["event"],
                    "region": e[end],
                    "industry": e[f"{end}_industry"],
                    "size": e[f"{end}_size"],
                    "is_hq": seat,
                }
            )
    register = pa.Table.from_pylist(rows)
    with unrendered():
        done, _ = run_study(
            STUDY,
            small(economy, link_events=None, establishments=register),
            options=QUICK,
        )
    assert findings(done)["F2"]["estimate"]["city"]["cores"] == ["C01"]
    # firms are in two cities at most: the seat with 5, the branch with 2
    offices = done["structure"].tables["interlocking"].to_pylist()
    best = max(offices, key=lambda r: r["connectivity"])
    assert best["region"] == "C01"
    assert best["share"] == 1.0
    shared = done["structure"].tables["shared_firms"].to_pylist()
    assert len(shared) == 78
    assert "interlocked by the offices" in done["report"].files["report.html"].decode()


def test_links_that_leave_the_regions_are_counted(economy):
    away = economy.link_events.slice(0, 5).to_pylist()
    for row in away:
        row["destination"] = "J"
    events = pa.concat_tables(
        [
            economy.link_events,
            pa.Table.from_pylist(away, schema=economy.link_events.schema),
        ]
    )
    done, _ = run_study(
        STUDY, small(economy, link_events=events), options=QUICK, until="prepare"
    )
    assert done["prepare"].documents["coverage"]["left_out"] == {"branch": 5}


def test_wrong_levels_and_periods_are_refused(economy):
    for options, word in (
        (
            dataclasses.replace(QUICK, district_level="distrct"),
            "Did you mean 'district'",
        ),
        (dataclasses.replace(QUICK, city_level="country"), "city_level='country'"),
        (dataclasses.replace(QUICK, activity_period="1999"), "activity_period='1999'"),
        (dataclasses.replace(QUICK, activity_before="2015"), "activity_before='2015'"),
    ):
        with pytest.raises(OptionError, match=word):
            run_study(STUDY, small(economy), options=options, until="prepare")


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("groups", "kmeans"),
        ("counting", "half"),
        ("alpha", 0.0),
        ("k_min", 0),
        ("label_draws", 3),
        ("large", ()),
        ("horizon_top", ()),
    ],
)
def test_wrong_options_are_refused(option, value):
    with pytest.raises(OptionError, match=option):
        NetworksOptions(**{option: value})


def only(table, column, value):
    return table.filter(pc.equal(table[column], value))


def test_presets_say_what_their_conventions_give(done):
    """Every convention by the library's own functions; the first as the portfolio has it."""
    shares = ties_of_periods = 0
    made = {n: t for o in done.values() for n, t in o.tables.items()}
    now = made["activity_now"]
    names = made["presets"]["preset"].to_pylist()
    assert names == ["atlas", "atlas2026", "econgeo"]
    for name in names:
        rows = only(made["options_by_preset"], "preset", name)
        held = presence(now, value="amount", convention=name)
        near = relatedness_density(held, convention=name)
        at = {str(r): k for k, r in enumerate(near.region)}
        of = {str(i): k for k, i in enumerate(near.activity)}
        r = [at[x] for x in rows["region"].to_pylist()]
        i = [of[x] for x in rows["industry"].to_pylist()]
        np.testing.assert_allclose(
            rows["density"].to_numpy(), near.values[r, i] / near.scale, atol=1e-12
        )
        # what a region lacks is the same by every rule of presence with threshold 1
        assert rows.num_rows == made["portfolio"].num_rows
        shares += int(only(made["links_by_preset"], "preset", name).num_rows > 0)
    assert shares == len(names)
    first = only(made["options_by_preset"], "preset", "atlas")
    for column in ("region", "industry", "density", "complexity", "score", "quadrant"):
        assert first[column].to_pylist() == made["portfolio"][column].to_pylist()
    tests = made["backtest"].to_pylist()
    mine = only(made["backtest_by_preset"], "preset", "atlas").to_pylist()
    auc = {t["score"]: t["auc"] for t in tests}
    assert {t["score"]: t["auc"] for t in mine} == {
        k: auc[k] for k in ("density", "complexity", "chosen")
    }
    assert made["entries_by_preset"].num_rows == 3 * made["entries"].num_rows
    # ties of all periods add up to the ties, where none is cut
    for layer, scale in (("branch", "city"), ("copatent", "city")):
        ties, yearly = (
            only(only(made[n], "layer", layer), "scale", scale)
            for n in ("ties", "ties_by_period")
        )
        total = yearly.group_by(["origin", "destination"]).aggregate(
            [("weight", "sum")]
        )
        said = {
            (r["origin"], r["destination"]): r["weight_sum"] for r in total.to_pylist()
        }
        assert said == {
            (r["origin"], r["destination"]): r["weight"] for r in ties.to_pylist()
        }
        parts = yearly.group_by("period").aggregate([("share", "sum")])
        np.testing.assert_allclose(parts["share_sum"].to_numpy(), 1.0)
        ties_of_periods += yearly.num_rows
    assert ties_of_periods > 100
