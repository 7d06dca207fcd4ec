"""The networks study on the generated economy, and on projects that lack something."""

import dataclasses
import json
import xml.etree.ElementTree as ET

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from agglo.core.errors import OptionError
from agglo.simulate import simulate_networks
from agglo.studies.contract import ProjectFacts
from agglo.studies.networks import STUDY, NetworksOptions
from agglo.studies.networks.backtest import backtest, region_auc
from agglo.studies.networks.graph_files import Graph, to_gexf, to_graphml
from agglo.studies.networks.scores import known_until, option_scores, related_share
from tests.studies.harness import run_study

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
)
PROJECT = ProjectFacts(title="Test", generated=True)
KEYS = {
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


@pytest.fixture(scope="module")
def economy():
    return simulate_networks(seed=7)


@pytest.fixture(scope="module")
def done(economy):
    return run_study(STUDY, economy.tables(), options=LIGHT, project=PROJECT)[0]


def findings(done) -> dict[str, dict]:
    return {f["id"]: f for f in done["report"].documents["findings"]}


def test_there_are_seven_findings_with_their_keys(done):
    found = findings(done)
    assert list(found) == ["F1", "F2", "F3", "F4", "F5", "F6", "F7"]
    for f in found.values():
        assert set(f) == KEYS
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
        "together",
        "ubiquity",
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


def test_the_number_of_draws_is_printed(done):
    found = findings(done)
    assert "19 draws" in found["F1"]["reading"]
    assert "19 resamples" in found["F2"]["answer"]
    assert "499 draws" in found["F2"]["reading"]
    assert "99 permutations" in found["F4"]["reading"]


def test_sensitivity_covers_groups_counting_and_gaps(done):
    rows = done["sensitivity"].tables["sensitivity"].to_pylist()
    assert {r["finding"] for r in rows} == {"F1", "F2", "F3", "F4", "F5"}
    assert {r["value"] for r in rows if r["choice"] == "counting"} == {
        "fractional",
        "newman",
    }
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
    again = run_study(STUDY, economy.tables(), options=LIGHT, project=PROJECT)[0]
    assert again["report"].files == done["report"].files


def test_the_page_in_chinese(economy):
    project = dataclasses.replace(PROJECT, language="zh")
    quick = dataclasses.replace(LIGHT, sensitivity=False, stability_draws=0)
    done, _ = run_study(STUDY, economy.tables(), options=quick, project=project)
    assert "双核心" in findings(done)["F3"]["answer"]
    page = done["report"].files["report.html"].decode()
    assert 'lang="zh-Hans"' in page
    assert "核心与层级" in page


QUICK = dataclasses.replace(LIGHT, sensitivity=False, stability_draws=0)


def small(economy, **changes):
    tables = {k: v for k, v in economy.tables().items() if k != "truth"}
    tables.update(changes)
    return {k: v for k, v in tables.items() if v is not None}


def answered(tables, options=QUICK):
    done, _ = run_study(STUDY, tables, options=options)
    return findings(done)


def test_without_patents_three_findings_are_not_computable(economy):
    found = answered(small(economy, patents=None))
    for name in ("F3", "F4", "F5"):
        assert found[name]["estimate"] == "not_computable"
        assert "patents" in found[name]["answer"]
    assert found["F2"]["estimate"]["city"]["verdict"] == "single_core"
    assert list(found["F1"]["estimate"]) == ["branch"]
    # without joint patents there is still the fall of branches with distance
    assert list(found["F7"]["estimate"]) == ["branch"]


def test_without_activity_there_are_no_groups(economy):
    found = answered(small(economy, activity=None))
    assert found["F1"]["estimate"] == "not_computable"
    assert found["F6"]["estimate"] == "not_computable"
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
        left = [r for r in tables["removal"].to_pylist() if r["layer"] == layer]
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
    done, _ = run_study(STUDY, tables, options=options)
    named = findings(done)
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


# parts


def test_auc_within_regions_by_hand():
    score = np.array([[3.0, 2.0, 1.0, 9.0], [1.0, 1.0, 1.0, 1.0], [1.0, 2.0, 3.0, 4.0]])
    options = np.array([[1, 1, 1, 0], [1, 1, 1, 1], [1, 1, 1, 1]], dtype=bool)
    entries = np.array([[1, 0, 0, 1], [1, 0, 0, 1], [0, 0, 0, 0]], dtype=bool)
    # first region: the entry is first of three; second: all tied; third: no entry
    np.testing.assert_allclose(
        region_auc(score, options, entries), [1.0, 0.5, np.nan], equal_nan=True
    )


def test_scores_are_products_with_the_proximity(economy):
    now = economy.activity.filter(pc.equal(economy.activity["period"], "2015"))
    table = now.rename_columns(
        ["amount" if n == "establishments" else n for n in now.column_names]
    )
    made = option_scores(table, economy.link_events)
    # the permuted null multiplies these bases: they must give the library's own measures
    for name in ("density", "external"):
        again = related_share(made.bases[name], made.proximity)
        np.testing.assert_allclose(again, made.values[name], atol=1e-12)
    assert made.has_partners.all()
    alone = option_scores(table, economy.link_events.slice(0, 0))
    assert not alone.has_partners.any()
    assert alone.values["external"].max() == 0.0


def test_links_are_known_by_the_end_of_their_period():
    table = pa.table({"period": ["2009", "2008-2010", "2010-2012", "2011", ""]})
    kept = known_until(table, "2010")["period"].to_pylist()
    assert kept == ["2009", "2008-2010"]


def waves(seed, pull):
    """Make two periods in which regions take up what is related at their partners."""
    rng = np.random.default_rng(seed)
    n, m = 60, 30
    block = np.arange(m) // 6
    taste = rng.random((n, 5)) < 0.4
    taste[np.arange(n), np.arange(n) % 5] = True
    held = taste[:, block] & (rng.random((n, m)) < 0.8)
    held[np.arange(n), 6 * (np.arange(n) % 5)] = True
    links = rng.random((n, n)) < 0.05
    links = np.triu(links, 1) | np.triu(links, 1).T
    share = links / np.maximum(links.sum(axis=1, keepdims=True), 1)
    near = np.array([[a == b for b in block] for a in block]) * 1.0
    abroad = (share @ held) @ near / 6
    chance = np.clip(0.05 + pull * abroad, 0, 0.9)
    later = held | (rng.random((n, m)) < chance)
    tables = [
        pa.table(
            {
                "region": [f"R{r:02d}" for r in r_],
                "industry": [f"I{i:02d}" for i in i_],
                "amount": np.ones(r_.size),
            }
        )
        for r_, i_ in (np.nonzero(held), np.nonzero(later))
    ]
    a, b = np.nonzero(np.triu(links, 1))
    ties = pa.table(
        {
            "layer": ["branch"] * a.size,
            "origin": [f"R{r:02d}" for r in a],
            "destination": [f"R{r:02d}" for r in b],
            "weight": np.ones(a.size),
        }
    )
    return tables[0], held * 1.0, later * 1.0, ties


@pytest.mark.parametrize(("pull", "found"), [(0.6, True), (0.0, False)])
def test_partners_matter_where_they_were_planted(pull, found):
    aucs, ps = [], []
    for seed in range(6):
        then, held, later, ties = waves(seed, pull)
        made = option_scores(then, ties)
        assert made.values["external"].shape == held.shape
        tests = backtest(
            {"external": made.values["external"]},
            held,
            later,
            made.proximity,
            bases={"external": made.bases["external"]},
            top=(5,),
            draws=39,
            seed=seed,
            level=0.95,
        )
        aucs.append(tests[0].auc)
        ps.append(tests[0].p)
    if found:
        assert np.mean(aucs) > 0.58
        assert np.mean(np.array(ps) <= 0.05) >= 0.8
    else:
        assert np.mean(aucs) == pytest.approx(0.5, abs=0.03)
        assert np.mean(np.array(ps) <= 0.05) <= 0.34


def test_average_precision_by_hand():
    held = np.array([[0.0, 0.0, 0.0, 1.0]])
    later = np.array([[1.0, 0.0, 1.0, 1.0]])
    (found,) = backtest(
        {"any": np.array([[3.0, 2.0, 1.0, 9.0]])},
        held,
        later,
        np.zeros((4, 4)),
        bases={},
        top=(2,),
        draws=19,
        seed=1,
        level=0.95,
    )
    # entries stand first and third of three: (1/1 + 2/3) / 2
    assert found.average_precision == pytest.approx(5 / 6)
    assert found.precision[2] == pytest.approx(0.5)
    assert np.isnan(found.p)


def test_the_back_test_finds_nothing_in_random_entries():
    aucs, above = [], 0
    for seed in range(16):
        rng = np.random.default_rng(seed)
        held = (rng.random((60, 40)) < 0.4) * 1.0
        later = np.maximum(held, (rng.random((60, 40)) < 0.15) * 1.0)
        phi = rng.random((40, 40))
        phi = (phi + phi.T) / 2
        np.fill_diagonal(phi, 0.0)
        score = {"density": held @ phi / phi.sum(axis=0)}
        (found,) = backtest(
            score,
            held,
            later,
            phi,
            bases={"density": held},
            top=(5,),
            draws=19,
            seed=seed,
            level=0.95,
        )
        aucs.append(found.auc)
        above += found.p <= 0.05
    # one mean has a standard deviation of .025
    assert np.mean(aucs) == pytest.approx(0.5, abs=4 * 0.025 / np.sqrt(16))
    assert above <= 4


def test_graph_files_keep_names_and_weights():
    graph = Graph(
        name="g",
        directed=True,
        nodes={"a": {"name": "A & B", "size": 2.0}, "b": {"name": "C", "size": 1.0}},
        edges=[("a", "b", 0.25)],
    )
    for data in (to_graphml(graph), to_gexf(graph)):
        text = data.decode()
        assert "A &amp; B" in text
        assert "0.25" in text
        ET.fromstring(data)  # noqa: S314  our own text
