"""The networks study on tables that are odd, thin or wrong."""

import dataclasses

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from agglo.core.errors import InvalidTableError, OptionError
from agglo.simulate import simulate_networks
from agglo.studies.networks import STUDY, NetworksOptions, run_networks_study
from tests.studies.harness import KEYS, run_study

FEW = NetworksOptions(
    label_draws=19,
    bootstrap_draws=19,
    core_draws=99,
    class_draws=19,
    dyad_draws=19,
    structure_draws=19,
    backtest_draws=19,
    stability_draws=0,
    em_starts=2,
    k_max=8,
    sensitivity=False,
)


@pytest.fixture(scope="module")
def economy():
    return simulate_networks(n_branch=1500, n_patents=1200, seed=3)


def staged(economy, until, **changes):
    """Run the stages up to one: the page is drawn only where a test reads it."""
    tables = {k: v for k, v in economy.tables().items() if k != "truth"}
    tables.update(changes)
    return run_study(STUDY, tables, options=FEW, until=until)[0]


def answered(economy, **changes):
    done = staged(economy, None, **changes)
    return {f["id"]: f for f in done["report"].documents["findings"]}, done


def cities(done, layer="branch"):
    return done["hierarchy"].documents["hierarchy_notes"][layer]["city"]


def without(table, name, values):
    return table.filter(pc.invert(pc.is_in(table[name], pa.array(values))))


def test_regions_without_activity_and_industries_that_are_everywhere(economy):
    places = [f"C02D{i:02d}" for i in range(1, 8)]
    activity = without(economy.activity, "region", places)
    districts = sorted(set(activity["region"].to_pylist()))
    everywhere = pa.table(
        {
            "region": districts * 2,
            "industry": ["N99"] * (2 * len(districts)),
            "period": ["2010"] * len(districts) + ["2015"] * len(districts),
            "establishments": [50.0] * (2 * len(districts)),
            "region_version": [activity["region_version"][0].as_py()]
            * (2 * len(districts)),
            "industry_version": [activity["industry_version"][0].as_py()]
            * (2 * len(districts)),
        }
    )
    activity = pa.concat_tables([activity, everywhere.select(activity.column_names)])
    done = staged(economy, "portfolio", activity=activity)
    notes = done["integration"].documents["integration_notes"]
    # links of the districts without activity are counted, not guessed
    assert notes["left_out"]["branch"] > 0
    rows = done["integration"].tables["integration"].to_pylist()
    lost = [r for r in rows if r["region"] == "C02"]
    assert {r["verdict"] for r in lost} == {"insufficient"}
    assert done["portfolio"].documents["portfolio_notes"]["density"]["auc"] > 0.5
    options = done["portfolio"].tables["portfolio"]
    assert not set(places) & set(options["region"].to_pylist())


def test_a_network_in_two_parts(economy):
    events = economy.link_events.to_pylist()
    north = {f"C{i:02d}" for i in range(1, 7)}
    kept = [
        e
        for e in events
        if (e["origin"][:3] in north) == (e["destination"][:3] in north)
    ]
    table = pa.Table.from_pylist(kept, schema=economy.link_events.schema)
    done = staged(economy, "structure", link_events=table)
    assert done["structure"].documents["structure_notes"]["branch"]["components"] == 2
    assert cities(done)["verdict"] in (
        "single_core",
        "dual_core",
        "polycentric",
        "graded",
    )


def test_links_inside_places_only(economy):
    table = economy.link_events
    at = table.column_names.index("destination")
    loops = table.set_column(at, "destination", table["origin"])
    found, done = answered(economy, link_events=loops)
    assert found["F2"]["estimate"]["city"]["cores"] == []
    assert done["structure"].documents["structure_notes"]["branch"]["ties"] == 0
    notes = done["dyads"].documents["dyad_notes"]
    assert notes["gravity_branch"] == "no link between two places"


@pytest.mark.parametrize("weight", [-1.0, 0.0, float("nan"), float("inf")])
def test_weights_that_are_no_weights(economy, weight):
    table = economy.link_events
    values = np.array(table["weight"].to_numpy())
    values[3] = weight
    at = table.column_names.index("weight")
    wrong = table.set_column(at, "weight", pa.array(values))
    with pytest.raises(InvalidTableError, match="not_positive"):
        run_study(
            STUDY,
            {**economy.tables(), "link_events": wrong},
            options=FEW,
            until="prepare",
        )


def test_patents_of_one_applicant_tie_nothing(economy):
    alone = economy.patents.filter(pc.equal(economy.patents["position"], 1.0))
    found, _ = answered(economy, patents=alone)
    for name in ("F3", "F4", "F5"):
        assert found[name]["estimate"] == "not_computable", name
        assert "two" in found[name]["answer"]
    assert "verdict" in found["F2"]["estimate"]["city"]


def test_a_patent_of_five_hundred(economy):
    place = economy.patents["region"][0].as_py()
    other = economy.patents["region"][5].as_py()
    n = 500
    crowd = pa.table(
        {
            "patent": ["PX"] * n,
            "applicant": [f"X{i}" for i in range(n)],
            "position": np.arange(1.0, n + 1),
            "period": ["2012"] * n,
            "class": ["high"] * n,
            "region": [place, other] * (n // 2),
            "industry": ["N01"] * n,
            "size": ["large"] * n,
            "entity_type": ["firm"] * n,
        }
    )
    patents = pa.concat_tables([economy.patents, crowd])
    tables = {**economy.tables(), "patents": patents}
    with pytest.raises(InvalidTableError, match="too_many_applicants"):
        run_study(STUDY, tables, options=FEW, until="prepare")
    options = dataclasses.replace(FEW, counting="fractional")
    done, _ = run_study(STUDY, tables, options=options, until="prepare")
    counts = done["prepare"].documents["coverage"]["copatent_counts"]
    # fractional weights sum to the patents of two or more: the crowd is one of them
    assert counts["weight"] == pytest.approx(counts["two_or_more"])


def test_fewer_industries_than_groups_tried(economy):
    few = economy.activity.filter(
        pc.is_in(
            economy.activity["industry"], pa.array([f"N{i:02d}" for i in range(1, 6)])
        )
    )
    done = staged(economy, "groups", activity=few)
    selection = done["groups"].tables["group_selection"]
    assert max(selection["k"].to_pylist()) < 5


def test_industries_that_locate_alike_are_no_singular_surprise(economy):
    rows = economy.activity.to_pylist()
    copies = [{**r, "industry": r["industry"] + "b"} for r in rows]
    twice = pa.Table.from_pylist(rows + copies, schema=economy.activity.schema)
    done = staged(economy, "groups", activity=twice)
    table = done["groups"].tables["industry_groups"].to_pylist()
    of = {r["industry"]: r["group"] for r in table}
    same = [of[i] == of[i + "b"] for i in of if not i.endswith("b")]
    assert np.mean(same) == 1.0


def test_fewer_than_four_cities(economy):
    def inside(code):
        return code[:3] in ("C01", "C02", "C03")

    regions = economy.regions.filter(
        pa.array([c == "J" or inside(c) for c in economy.regions["region"].to_pylist()])
    )
    done = staged(economy, "hierarchy", regions=regions)
    assert cities(done)["verdict"] == "undefined"
    rows = done["integration"].tables["integration"].to_pylist()
    assert {r["verdict"] for r in rows} <= {"insufficient"}


def test_names_of_groups_and_order_of_rows_change_no_answer(economy):
    rng = np.random.default_rng(5)
    mixed = {
        name: table.take(pa.array(rng.permutation(table.num_rows)))
        for name, table in economy.tables().items()
        if name != "truth"
    }
    documents = [
        {
            stage: done[stage].documents
            for stage in ("integration", "hierarchy", "complement", "crossing")
        }
        for done in (staged(economy, "crossing"), staged(economy, "crossing", **mixed))
    ]
    assert repr(documents[0]) == repr(documents[1])


def test_the_problems_of_all_tables_come_at_once(economy):
    activity = economy.activity
    at = activity.column_names.index("establishments")
    values = np.array(activity["establishments"].to_numpy())
    values[0] = -5.0
    tables = {
        **economy.tables(),
        "activity": activity.set_column(at, "establishments", pa.array(values)),
        "patents": pa.concat_tables([economy.patents, economy.patents.slice(0, 1)]),
    }
    with pytest.raises(InvalidTableError) as caught:
        run_networks_study(tables, FEW)
    assert {p.code for p in caught.value.problems} >= {
        "negative_value",
        "duplicate_key",
    }
    with pytest.raises(OptionError, match="Did you mean 'patents'"):
        run_networks_study({"regions": economy.regions, "patent": activity}, FEW)
    with pytest.raises(OptionError, match="needs 'regions'"):
        run_networks_study({"activity": activity}, FEW)


def test_the_study_on_tables_in_memory_is_that_of_the_stages(economy):
    tables = {
        "regions": economy.regions,
        "link_events": economy.link_events,
    }
    found = run_networks_study(tables, FEW, title="Test")
    done, _ = run_study(STUDY, tables, options=FEW)
    same = [f.to_dict() for f in found.findings.values()]
    there = done["report"].documents["findings"]
    assert same == [{k: f[k] for k in KEYS} for f in there]
    chinese = run_networks_study(tables, FEW, title="Test", language="zh")
    assert chinese.findings["F2"].answer == there[1]["answer_zh"]
    assert chinese.findings["F2"].estimate == there[1]["estimate"]
    assert found.files["report.html"] == done["report"].files["report.html"]
    assert found.tables["hierarchy"].num_rows == 13 + 95
    assert found.summary().splitlines()[1].startswith("F2: ")


def test_small_regions_and_industries_are_left_out_and_counted(economy):
    tables = {k: v for k, v in economy.tables().items() if k != "truth"}
    options = dataclasses.replace(FEW, min_industry_total=120.0, min_diversity=4)
    done, _ = run_study(STUDY, tables, options=options, until="portfolio")
    now = economy.activity.filter(pc.equal(economy.activity["period"], "2015"))
    total = now.group_by("industry").aggregate([("establishments", "sum")])
    least = dict(
        zip(
            total["industry"].to_pylist(),
            total["establishments_sum"].to_pylist(),
            strict=True,
        )
    )
    gone = {i for i, n in least.items() if n < 120.0}
    notes = done["portfolio"].documents["portfolio_notes"]["trimmed"]
    assert notes["industries"] >= len(gone)
    assert 0 < notes["kept_share"] <= 1
    kept = set(done["portfolio"].tables["portfolio"]["industry"].to_pylist())
    assert not kept & gone


def test_other_weights_of_branches_are_tried(economy):
    rng = np.random.default_rng(1)
    rows = []
    for e in economy.link_events.to_pylist():
        for end, seat in (("origin", True), ("destination", False)):
            rows.append(
                {
                    "establishment": f"{e['event']}-{end}",
                    "firm": e["event"],
                    "region": e[end],
                    "industry": e[f"{end}_industry"],
                    "is_hq": seat,
                    "employment": float(rng.integers(1, 100)),
                }
            )
    tables = {
        "regions": economy.regions,
        "establishments": pa.Table.from_pylist(rows),
    }
    options = dataclasses.replace(FEW, sensitivity=True)
    done, _ = run_study(STUDY, tables, options=options, until="sensitivity")
    found = done["sensitivity"].tables["sensitivity"].to_pylist()
    weights = [
        (r["choice"], r["value"])
        for r in found
        if r["choice"].startswith("branch_weight")
    ]
    assert weights == [
        ("branch_weight (city)", "employment"),
        ("branch_weight (district)", "employment"),
    ]


def test_activity_in_another_classification_is_counted_not_mixed(economy):
    other = economy.activity.slice(0, 40)
    at = other.column_names.index("industry_version")
    other = other.set_column(at, "industry_version", pa.array(["other"] * 40))
    activity = pa.concat_tables([economy.activity, other])
    done = staged(economy, "prepare", activity=activity)
    notes = done["prepare"].documents["coverage"]
    assert notes["rows_of_other_versions"] == 40
    assert notes["industry_version"] == "generated_network_industry_1"
