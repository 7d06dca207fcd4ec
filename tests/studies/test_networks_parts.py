"""Parts of the networks study: scores, back-test, files of graphs."""

import xml.etree.ElementTree as ET

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from agglo.core.errors import OptionError
from agglo.simulate import simulate_networks
from agglo.studies.contract import ProjectFacts, StageInputs
from agglo.studies.networks import presets as presets_module
from agglo.studies.networks.backtest import backtest, region_auc
from agglo.studies.networks.graph_files import Graph, to_gexf, to_graphml
from agglo.studies.networks.judging import beyond_density, kept_parts, part_gains
from agglo.studies.networks.options import NetworksOptions
from agglo.studies.networks.scores import (
    known_until,
    mean_place,
    option_scores,
    related_share,
)
from agglo.studies.networks.value_chain import ValueChain, industry_flows
from agglo.studies.networks.versions import links_in_one_version, one_version


@pytest.fixture(scope="module")
def economy():
    return simulate_networks(n_branch=4000, n_patents=1000, seed=7)


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


def test_gains_of_parts_by_hand():
    held = np.zeros((2, 4))
    later = np.array([[1.0, 0, 0, 0], [1.0, 0, 0, 0]])
    good = np.array([[4.0, 3, 2, 1]] * 2)
    bad = np.array([[1.0, 2, 3, 4]] * 2)
    values = {"density": good, "complexity": bad}
    gains = part_gains(
        values, ("density", "complexity"), held, later, draws=199, seed=1, level=0.95
    )
    # together every option has the same place: AUC 1/2; without complexity it is 1
    assert [g.gain for g in gains] == [0.5, -0.5]
    assert [g.verdict for g in gains] == ["helps", "hurts"]
    assert kept_parts(gains, ("density", "complexity")) == ("density",)
    np.testing.assert_allclose(mean_place(values, ("density", "complexity"), held), 0.5)
    # a part alone has nothing to be compared with
    assert (
        part_gains(values, ("density",), held, later, draws=19, seed=1, level=0.9) == []
    )


@pytest.mark.parametrize(
    ("partners", "effect", "least", "most"), [(0.5, 1.0, 4, 5), (0.0, 0.0, 0, 1)]
)
def test_planted_partners_are_found_beyond_relatedness(partners, effect, least, most):
    """Rates over 100 economies without any structure and more with stand in the docs."""
    told = 0
    for seed in range(40, 45):
        made = simulate_networks(
            n_branch=12_000,
            n_patents=1000,
            partners=partners,
            effect=effect,
            seed=seed,
        )
        waves = []
        for period in ("2010", "2015"):
            part = made.activity.filter(pc.equal(made.activity["period"], period))
            waves.append(
                part.rename_columns(
                    [
                        "amount" if n == "establishments" else n
                        for n in part.column_names
                    ]
                )
            )
        scores = option_scores(waves[0], known_until(made.link_events, "2010"))
        later = option_scores(waves[1], made.link_events.slice(0, 0)).held
        (found,) = beyond_density(
            scores.values,
            scores.weights,
            scores.links,
            np.nan_to_num(scores.held.values),
            np.nan_to_num(later.values),
            draws=39,
            seed=seed,
        )
        assert found.shuffled == "partners"
        # what partners have falls with what is related at home, by construction
        assert found.null < 0.5
        told += found.p <= 0.05
    assert least <= told <= most


def flows(**tables):
    return StageInputs(tables=tables, options=NetworksOptions())


def test_flows_of_a_coarser_table_are_shared_and_of_a_finer_one_added_up():
    io = pa.table(
        {
            "seller": ["A", "A", "B", "B"],
            "buyer": ["A", "B", "A", "B"],
            "period": ["2017"] * 4,
            "value": [1.0, 2.0, 4.0, -3.0],
            "io_version": ["t"] * 4,
        }
    )
    notes = {}
    links = pa.table(
        {
            "source": ["111", "112", "121", "211"],
            "target": ["A", "A", "B", "B"],
            "weight": [1.0, 1.0, 1.0, 1.0],
        }
    )
    # four industries of two codes: the row of a code is repeated
    found = industry_flows(
        flows(input_output=io, concordances=links), ["111", "112", "121", "211"], notes
    )
    assert found.codes == {"111": "A", "112": "A", "121": "B", "211": "B"}
    assert notes["io_negative"] == 1
    assert notes["io_covered"] == 4
    # one-digit industries: code B belongs half to 1 and half to 2, by what lies below
    found = industry_flows(
        flows(input_output=io, concordances=links), ["1", "2"], notes
    )
    assert found.codes == {"1": "A", "2": "B"}
    finer = pa.table(
        {
            "seller": ["A", "B", "C"],
            "buyer": ["C", "C", "A"],
            "period": ["2017"] * 3,
            "value": [1.0, 2.0, 4.0],
            "io_version": ["t"] * 3,
        }
    )
    links = pa.table(
        {
            "source": ["11", "12", "21"],
            "target": ["A", "B", "C"],
            "weight": [1.0, 1.0, 1.0],
        }
    )
    found = industry_flows(
        flows(input_output=finer, concordances=links), ["1", "2"], notes
    )
    assert found.codes is None
    assert found.table.to_pylist() == [
        {"seller": "1", "buyer": "2", "flow": 3.0},
        {"seller": "2", "buyer": "1", "flow": 4.0},
    ]


def test_a_table_of_other_industries_is_no_value_chain():
    io = pa.table({"seller": ["A"], "buyer": ["B"], "value": [1.0]})
    notes = {}
    assert industry_flows(flows(input_output=io), ["11", "12"], notes) is None
    assert "concordances" in notes["io_missing"]
    assert industry_flows(flows(), ["11"], notes) is None
    assert notes["io_missing"] == "input_output"
    assert (
        industry_flows(flows(input_output=io.drop_columns(["value"])), ["A"], notes)
        is None
    )
    chain = ValueChain(industry=("a", "b"), link=np.array([[0.0, 0.5], [0.5, 0.0]]))
    np.testing.assert_array_equal(
        chain.among(np.array(["b", "c", "a"])),
        [[0.0, 0.0, 0.5], [0.0, 0.0, 0.0], [0.5, 0.0, 0.0]],
    )


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


def test_networkx_reads_the_graph_files(tmp_path):
    nx = pytest.importorskip("networkx")
    graph = Graph(
        name="g",
        directed=True,
        nodes={"a": {"name": "甲", "size": 2.0}, "b": {"name": "C", "size": 1.0}},
        edges=[("a", "b", 0.25)],
    )
    (tmp_path / "g.graphml").write_bytes(to_graphml(graph, description="d"))
    (tmp_path / "g.gexf").write_bytes(to_gexf(graph, description="d"))
    for read in (
        nx.read_graphml(tmp_path / "g.graphml"),
        nx.read_gexf(tmp_path / "g.gexf"),
    ):
        assert read.is_directed()
        assert set(read) == {"a", "b"}
        assert read.nodes["a"]["name"] == "甲"
        assert float(read.nodes["a"]["size"]) == 2.0
        assert float(read.edges["a", "b"]["weight"]) == 0.25


def versions(links=None):
    table = pa.table(
        {
            "region": ["r", "r", "s", "r"],
            "industry": ["a", "b", "a", "x"],
            "period": ["2020", "2020", "2020", "2015"],
            "establishments": [3.0, 1.0, 2.0, 8.0],
            "industry_version": ["new"] * 3 + ["old"],
        }
    )
    tables = {} if links is None else {"concordances": links}
    notes = {}
    found = one_version(flows(**tables), table, "establishments", None, notes)
    return found.sort_by("period").to_pylist(), notes


def test_other_versions_are_converted_or_counted():
    rows, notes = versions()
    assert len(rows) == 3
    assert notes["versions_left_out"] == {"old": {"rows": 1, "why": "no concordance"}}
    links = pa.table(
        {
            "source": ["x", "x"],
            "target": ["a", "b"],
            "weight": [0.25, 0.75],
            "source_version": ["old"] * 2,
            "target_version": ["new"] * 2,
        }
    )
    rows, notes = versions(links)
    # eight plants of 2015 are a quarter of the one and three quarters of the other
    assert [(r["industry"], r["establishments"]) for r in rows[:2]] == [
        ("a", 2.0),
        ("b", 6.0),
    ]
    assert notes["versions_left_out"] == {}
    assert notes["versions_converted"]["old"] == {
        "rows": 1,
        "mapped_share": 1.0,
        "unmapped_codes": 0,
    }
    with pytest.raises(OptionError, match="industry_version='2017'"):
        one_version(
            flows(),
            pa.table({"industry_version": ["new"]}),
            "establishments",
            "2017",
            {},
        )


def test_links_of_another_version_take_the_code_of_most():
    links = pa.table(
        {
            "source": ["x", "x"],
            "target": ["a", "b"],
            "weight": [0.25, 0.75],
            "source_version": ["old"] * 2,
            "target_version": ["new"] * 2,
        }
    )
    events = pa.table(
        {
            "origin_industry": ["x", "a", "q"],
            "destination_industry": ["a", "unknown", "x"],
        }
    )
    notes = {"industry_version": "new"}
    found = links_in_one_version(flows(concordances=links), events, {"a", "b"}, notes)
    assert found["origin_industry"].to_pylist() == ["b", "a", "q"]
    assert found["destination_industry"].to_pylist() == ["a", "unknown", "b"]
    assert notes["ends_of_links_converted"] == 2


def test_too_many_options_keep_the_best_of_every_region(monkeypatch):
    rows = pa.table(
        {
            "preset": ["a"] * 5 + ["b"] * 5,
            "region": ["x", "x", "x", "y", "y"] * 2,
            "industry": [str(k) for k in range(10)],
        }
    )
    assert presets_module._bounded(rows, 2) == (rows, None)
    monkeypatch.setattr(presets_module, "_MOST_ROWS", 1)
    monkeypatch.setattr(presets_module, "_MOST_OPTIONS", 2)
    kept, most = presets_module._bounded(rows, 2)
    assert most == 2
    assert kept["industry"].to_pylist() == ["0", "1", "3", "4", "5", "6", "8", "9"]


@pytest.mark.parametrize(("regions", "industries"), [(3, 6), (6, 3)])
def test_few_regions_have_a_space_and_few_industries_nothing(regions, industries):
    rng = np.random.default_rng(1)
    pairs = [(f"R{r}", f"I{i}") for r in range(regions) for i in range(industries)]
    now = pa.table(
        {
            "region": [r for r, _ in pairs],
            "industry": [i for _, i in pairs],
            "amount": rng.uniform(1.0, 9.0, len(pairs)),
        }
    )
    results = {
        ("prepare", "activity_now"): now,
        ("prepare", "activity_before"): now.slice(0, 0),
    }
    made = presets_module.presets(
        StageInputs(
            tables={}, options=NetworksOptions(), results=results, documents={}, seed=1,
            project=ProjectFacts(title="Test"),
        )
    ).tables  # fmt: skip
    assert (
        made["options_by_preset"].num_rows == made["backtest_by_preset"].num_rows == 0
    )
    assert (made["links_by_preset"].num_rows > 0) == (industries > 3)
    assert made["presets"].num_rows == (3 if industries > 3 else 0)
