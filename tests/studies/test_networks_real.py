"""The networks study on real files: payments of Yiwu, regions of Great Britain, EU patents."""

import dataclasses
import importlib.util

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest

import agglo as ag
from agglo.core.checks import check_table
from agglo.sources import (
    read_bea_io,
    read_cbp,
    read_cluster_definitions,
    read_regions,
)
from agglo.studies.contract import StageInputs
from agglo.studies.networks import STUDY, NetworksOptions
from agglo.studies.networks.value_chain import industry_flows
from tests.studies.harness import run_study

LIGHT = NetworksOptions(
    label_draws=19,
    bootstrap_draws=99,
    core_draws=999,
    class_draws=19,
    dyad_draws=19,
    structure_draws=19,
    backtest_draws=39,
    stability_draws=0,
    em_starts=3,
    k_max=4,
    sensitivity=False,
)


def example(root, name):
    place = root / "examples" / name / "tables.py"
    spec = importlib.util.spec_from_file_location(f"{name}_tables", place)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def yiwu(shared_data, root):
    return example(root, "yiwu").tables(shared_data / "yiwu_production_network")


@pytest.fixture(scope="module")
def payments(yiwu):
    options = dataclasses.replace(LIGHT, branch_layer="supply", district_level="town")
    return run_study(STUDY, yiwu, options=options)[0]


def answers(done):
    return {f["id"]: f for f in done["report"].documents["findings"]}


def test_yiwu_tables_follow_the_schema_and_keep_every_payment(yiwu):
    for name, table in yiwu.items():
        report = check_table(table, name, references={"regions": yiwu["regions"]})
        assert not report.problems, name
    # both files hold 8,061 + 10,048 payments; every firm lies in one of the nine towns
    assert yiwu["link_events"].num_rows == 8_061 + 10_048
    firms = pc.sum(yiwu["activity"]["establishments"]).as_py()
    assert firms == pytest.approx(2_886 + 3_042, abs=10)


def test_the_city_is_the_single_core_of_the_towns(payments):
    found = answers(payments)["F2"]
    assert found["estimate"]["city"]["verdict"] == "single_core"
    assert found["estimate"]["city"]["cores"] == ["城区"]
    assert found["estimate"]["city"]["same_cores_in_resamples"] == 1.0
    assert found["p"] <= 0.05


def test_what_yiwu_lacks_is_said(payments):
    found = answers(payments)
    for name in ("F3", "F4", "F5"):
        assert found[name]["estimate"] == "not_computable"
    assert "supply links" in found["F1"]["answer"]
    lost = payments["integration"].documents["integration_notes"]["left_out"]["branch"]
    # payments of firms without an industry, and of industries nobody has in 2010
    assert 0 < lost < 600


def test_relatedness_foresaw_entries_in_yiwu_and_partners_did_not(payments):
    found = answers(payments)["F6"]
    assert found["interval"][0] > 0.5
    assert found["p"] <= 0.05
    # links of 2009 are dated: the part of partners is tested, and fails
    assert found["estimate"]["auc_external"] < 0.5
    assert found["estimate"]["auc_together"] < found["estimate"]["auc_within_regions"]
    # also among options alike in relatedness: real partners say no more than any others
    external = found["estimate"]["parts"]["external"]
    assert external["verdict"] == "hurts"
    assert external["beyond_p"] > 0.05
    assert "external" not in found["estimate"]["ranked_by"]


@pytest.fixture(scope="module")
def firms(shared_data, root):
    file = shared_data / "mexico_retc_plants" / "retc_establishments.csv.gz"
    return example(root, "mexico_firms").tables(file)


def test_states_of_mexico_tied_by_firms_have_no_core(firms):
    assert firms["regions"].num_rows == 32
    options = dataclasses.replace(
        LIGHT,
        joint_layer="shared_firm",
        activity_before="2010",
        min_industry_total=10,
    )
    done = run_study(STUDY, firms, options=options)[0]
    found = answers(done)
    third = found["F3"]
    assert third["estimate"]["city"]["verdict"] == "graded"
    assert third["p"] > 0.05
    assert "shared firms" in third["question"]
    assert "共有企业" in third["question_zh"]
    # plants of one firm lie nearer to each other than chance
    low, high = (found["F7"]["estimate"]["copatent"][k] for k in ("lower", "upper"))
    assert -1.0 < low < high < -0.2
    sixth = found["F6"]["estimate"]
    assert sixth["auc_within_regions"] > 0.55
    assert sixth["parts"]["external"]["beyond_p"] > 0.05
    for name in ("F2", "F4", "F5"):
        assert found[name]["estimate"] == "not_computable"


@pytest.fixture(scope="module")
def trade(shared_data):
    folder = shared_data / "us_bea_io"
    names = ("BEA_Detail_Use_SUT_2017_17sch", "BEA_Detail_Supply_2017_17sch")
    files = [folder / f"{n}.csv" for n in names]
    files += [folder / "NAICS_to_BEA_Crosswalk_2017.csv"]
    io, links = read_bea_io(files)
    return {"input_output": io.data, "concordances": links.data}


def test_the_flows_of_the_united_states_in_codes_of_the_study(trade):
    inputs = StageInputs(tables=trade, options=LIGHT)
    codes = sorted(
        {c for c in trade["concordances"]["source"].to_pylist() if len(c) == 6}
    )
    notes = {}
    # 961 six-digit industries and more in about 400 rows: every row is shared
    fine = industry_flows(inputs, codes, notes)
    # private households buy nothing for production
    assert set(codes) - set(fine.codes) == {"814110"}
    assert notes["io_version"] == "bea_detail_2017_industry"
    # four digits are fewer than the rows: they are added up, and nothing is lost
    wide = industry_flows(inputs, sorted({c[:4] for c in codes}), notes)
    assert wide.codes is None
    known = set(trade["concordances"]["target"].to_pylist())
    table = trade["input_output"]
    kept = table.filter(
        pc.and_(
            pc.greater(table["value"], 0),
            pc.and_(
                pc.is_in(table["seller"], pa.array(sorted(known))),
                pc.is_in(table["buyer"], pa.array(sorted(known))),
            ),
        )
    )
    assert pc.sum(wide.table["flow"]).as_py() == pytest.approx(
        pc.sum(kept["value"]).as_py(), rel=1e-9
    )


@pytest.mark.slow
@pytest.mark.parametrize("digits", [4, 6])
def test_value_chains_and_definitions_of_the_united_states(shared_data, trade, digits):
    folder = shared_data / "us_cbp_county"
    years = (2018, 2021) if digits == 4 else (2021,)
    files = [folder / f"cbp_county_naics{digits}_{y}.csv.gz" for y in years]
    definitions = read_cluster_definitions(
        shared_data / "us_naics2017_to_cluster" / "naics6_to_cluster.csv"
    )
    tables = {
        **trade,
        "regions": read_regions(shared_data / "us_county_geo" / "us_counties.csv").data,
        "activity": read_cbp(files, industry_version=f"naics{digits}_2017").data,
        "definitions": definitions.data,
    }
    options = dataclasses.replace(
        LIGHT,
        definition_kind="traded",
        groups="definitions" if digits == 6 else "em",
        k_min=10,
        k_max=10,
        em_starts=1,
        label_random=10,
        backtest_draws=19,
    )
    notes = run_study(STUDY, tables, options=options, until="portfolio")[0]
    linked = notes["linkage"].documents["linkage_notes"]
    likeness = linked["likeness"]
    # co-location and trade go together, weakly
    assert 0.05 < likeness["correlation"] < 0.3
    assert likeness["p"] <= 0.05
    if digits == 6:
        official = linked["overall"]["us_benchmark_2016"]
        assert (official["clusters"], official["industries"]) == (51, 660)
        assert official["score"] > 70
        assert official["random"] < 40
        agree = linked["agreement"]["us_benchmark_2016 / own"]
        assert agree["adjusted_rand"] > 0.05
        return
    tested = notes["portfolio"].documents["portfolio_notes"]
    assert tested["value_chain"]["lower"] > 0.5
    # suppliers and customers foresee something, relatedness much more
    assert tested["kept"] == ["density"]
    assert tested["chosen"]["auc"] == tested["density"]["auc"] > 0.8


@pytest.fixture(scope="module")
def britain(shared_data):
    file = shared_data / "uk_bres_itl2_sic5" / "bres_itl2_sic5_2015_2021.parquet"
    table = pq.read_table(file)
    table = table.filter(pc.is_in(table["DATE"], pa.array([2016, 2019])))
    names = sorted(set(table["GEOGRAPHY_CODE"].to_pylist()))
    activity = pa.table(
        {
            "region": table["GEOGRAPHY_CODE"].cast(pa.string()),
            "industry": table["INDUSTRY_CODE"].cast(pa.string()),
            "period": table["DATE"].cast(pa.int64()).cast(pa.string()),
            "employment": table["COUNT"].cast(pa.float64()),
        }
    )
    regions = pa.table({"region": names, "level": ["itl2"] * len(names)})
    options = dataclasses.replace(
        LIGHT, activity_value="employment", backtest_draws=19, k_max=3, em_starts=1
    )
    tables = {"regions": regions, "activity": activity}
    return run_study(STUDY, tables, options=options, until="portfolio")[0]


def test_relatedness_foresaw_entries_in_british_regions(britain):
    notes = britain["portfolio"].documents["portfolio_notes"]
    assert notes["density"]["n_regions"] >= 38
    assert notes["density"]["lower"] > 0.6
    assert notes["density"]["null"] == pytest.approx(0.5, abs=0.02)
    assert notes["density"]["precision"]["5"] > 2 * notes["density"]["base"]
    assert "external" not in notes
    assert notes["external_missing"] == "links dated 2016 or before"


def test_ranks_of_european_invention(shared_data):
    file = shared_data / "eu_epo_patents_nuts" / "epo_patents_nuts_2008_2012.csv.gz"
    kinds = pacsv.ConvertOptions(column_types={"time": pa.string()})
    table = pacsv.read_csv(file, convert_options=kinds)
    keep = pc.and_(pc.equal(table["unit"], "NR"), pc.starts_with(table["time"], "2010"))
    table = table.filter(keep)
    count = dict(
        zip(table["geo"].to_pylist(), table["values"].to_pylist(), strict=True)
    )
    fine = {g: v for g, v in count.items() if len(g) == 5 and v is not None and v >= 0}
    assert len(fine) > 1000
    parts = pa.table({"region": list(fine), "parent": [g[:2] for g in fine]})
    nested = ag.theil_nested(fine, parts)
    assert nested.total == pytest.approx(nested.between + nested.within)
    # invention is unequal inside countries more than between them
    assert nested.within > nested.between > 0
    found = ag.strength_distribution(fine, top=100)
    assert 0.5 < found.value("rank_size") < 3
    cores = ag.core_count(fine, inference=ag.MonteCarlo(n=999, seed=1))
    # no region stands apart: Europe's invention is graded
    assert cores.verdict == "graded"
    assert np.isfinite(cores.p_lognormal)
