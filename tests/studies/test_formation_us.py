"""Three real clusters: what a specialist would nod at."""

import numpy as np
import pytest

from agglo.sources import (
    read_bea_io,
    read_cbp,
    read_cluster_definitions,
    read_regions,
)
from agglo.studies.contract import ProjectFacts
from agglo.studies.formation import STUDY, FormationOptions
from tests.studies.harness import run_study

# cluster: least location quotient, least employment
EXPECTED = {
    "18039|Trailers, Motor Homes, and Appliances": (100, 30_000),  # Elkhart
    "13313|Textile Manufacturing": (100, 10_000),  # Dalton: carpets
    "18085|Medical Devices": (50, 4_000),  # Warsaw: orthopaedics
}


@pytest.fixture(scope="module")
def outputs(shared_data):
    tables = {
        "activity": read_cbp(
            shared_data / "us_cbp_county" / "cbp_county_naics6_2021.csv.gz",
            industry_version="naics6_2017",
        ).data,
        "definitions": read_cluster_definitions(
            shared_data / "us_naics2017_to_cluster" / "naics6_to_cluster.csv"
        ).data,
        "regions": read_regions(shared_data / "us_county_geo" / "us_counties.csv").data,
    }
    folder = shared_data / "us_bea_io"
    names = (
        "BEA_Detail_Use_SUT_2017_17sch",
        "BEA_Detail_Supply_2017_17sch",
        "NAICS_to_BEA_Crosswalk_2017",
    )
    for table in read_bea_io([folder / f"{n}.csv" for n in names]):
        tables[table.table] = table.data
    options = FormationOptions(
        clusters=tuple(EXPECTED), missing="zero", draws=199, rank_draws=99
    )
    project = ProjectFacts(title="Three clusters")
    return run_study(STUDY, tables, options=options, project=project)[0]


def values(outputs, indicator):
    rows = outputs["measures"].tables["indicators"].to_pylist()
    return {r["cluster"]: r["value"] for r in rows if r["indicator"] == indicator}


def test_specialisation_is_extreme(outputs):
    quotient, jobs = values(outputs, "quotient"), values(outputs, "employment")
    for cluster, (least, size) in EXPECTED.items():
        assert quotient[cluster] > least
        assert jobs[cluster] > size
    # half of the nation's trailers and motor homes come from one county
    assert values(outputs, "share")["18039|Trailers, Motor Homes, and Appliances"] > 0.4


def test_three_stars_each(outputs):
    rows = outputs["measures"].tables["stars"].to_pylist()
    stars = {r["cluster"]: r["stars"] for r in rows}
    assert {stars[c] for c in EXPECTED} == {3}


def test_employment_hangs_on_few_sub_industries(outputs):
    rows = outputs["layers"].tables["layer_line"].to_pylist()
    for cluster in EXPECTED:
        shares = sorted(
            (r["share"] for r in rows if r["cluster"] == cluster), reverse=True
        )
        assert sum(shares[:2]) > 0.8
        assert np.isclose(sum(shares), 1.0)


def test_connection_passes_and_the_rest_cannot_be_tested(outputs):
    rows = outputs["gate"].tables["gate"].to_pylist()
    assert {r["cluster"] for r in rows} == set(EXPECTED)
    for r in rows:
        assert r["connection"] == "pass"
        assert r["proximity"] == r["cooperation"] == "not_testable"
        assert r["verdict"] == "not_testable"
        assert "cooperation: no cooperation links" in r["missing"]
    assert outputs["gate"].documents["gate_notes"]["relatedness"] == "io"


def test_cards_say_all_this(outputs):
    files = outputs["report"].files
    cards = [v.decode() for k, v in files.items() if k.startswith("card_")]
    assert len(cards) == 3
    for page in cards:
        assert "★★★" in page
        assert "Key-industry dependence" in page
        assert "not testable" in page
    assert any("Elkhart" in page for page in cards)


def test_one_year_has_no_stage(outputs):
    assert "too few" in outputs["life"].documents["life_notes"]["not_assessed"]
