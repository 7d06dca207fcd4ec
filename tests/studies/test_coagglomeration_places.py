"""The study on real plants: licences, registers, zones; what it says and what it keeps."""

from __future__ import annotations

import shutil

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pytest

from agglo.cli import main
from agglo.studies.coagglomeration import STUDY, CoagglomerationOptions
from agglo.studies.contract import ProjectFacts
from tests.studies.harness import run_study

FEW = {
    "localization_draws": 99,
    "curve_draws": 39,
    "curve_pairs": 1,
    "transport_pairs": 0,
    "outlier_mad": 0.0,
}


def read(path, codes):
    return pa_csv.read_csv(
        path,
        convert_options=pa_csv.ConvertOptions(
            column_types=dict.fromkeys(codes, pa.string())
        ),
    )


def ran(tables, **options):
    made, _ = run_study(
        STUDY,
        tables,
        options=CoagglomerationOptions(**{**FEW, **options}),
        project=ProjectFacts(title="Test"),
    )
    found = {f["id"]: f for f in made["report"].documents["findings"]}
    return made, found


def test_vancouver_licences(shared_data):
    folder = shared_data / "vancouver_business_licences"
    t = read(folder / "vancouver_business_licences_2016.csv.gz", ["LicenceRSN"])
    plants = pa.table(
        {
            "establishment": t["LicenceRSN"],
            "industry": t["BusinessType"],
            "region": ["Vancouver"] * t.num_rows,
            "lon": t["Longitude"],
            "lat": t["Latitude"],
            "employment": t["NumberOfEmployees"],
        }
    )
    made, found = ran(
        {"establishments": plants}, min_n=100, bandwidth_km=0.3, max_km=5.0
    )
    scope = made["prepare"].documents["scope"]
    assert scope["rows"] == 6101
    lost = ("without_place", "without_industry_or_region", "in_small_industries")
    assert scope["plants"] == 6101 - sum(scope[k] for k in lost)
    assert scope["shared_places"] > 0.4
    cut = made["pairs"].documents["pair_notes"]["reductions"]
    assert any("share their place" in v["en"] for v in cut)
    assert any("位置相同" in v["zh"] for v in cut)
    assert found["F2"]["estimate"] > 0.3
    assert "Undetermined" in found["F4"]["answer"]
    rows = made["mechanism"].tables["linkages"].to_pylist()
    assert {"size_gap", "competition_mover"} <= {r["term"] for r in rows}


def test_mexican_plants_have_dates(shared_data):
    t = read(
        shared_data / "mexico_retc_plants" / "retc_establishments.csv.gz",
        ["scian6", "nra", "first_year", "last_year"],
    )
    plants = pa.table(
        {
            "establishment": t["nra"],
            "industry": t["scian6"],
            "region": t["state"],
            "lon": t["lon"],
            "lat": t["lat"],
            "opened": t["first_year"],
            "closed": t["last_year"],
        }
    )
    made, found = ran(
        {"establishments": plants},
        industry_digits=3,
        min_n=150,
        region_plants=500,
        entry_periods=(2013, 2014),
    )
    scope = made["prepare"].documents["scope"]
    assert all(len(k) == 3 for k in scope["small_industries"])
    assert made["pairs"].documents["pair_notes"]["measure"] == "entrants"
    industries = made["prepare"].tables["industries"].num_rows
    assert found["F3"]["estimate"]["pairs"] == industries * (industries - 1) // 2
    assert found["F1"]["estimate"] > 0.4


def test_polish_sections(shared_data):
    t = read(shared_data / "poland_lubelskie_firms" / "firms_lubelskie.csv.gz", [])
    some = np.arange(0, t.num_rows, 15)  # every 15th firm: minutes become seconds
    t = t.take(some)
    plants = pa.table(
        {
            "establishment": [f"f{i}" for i in some],
            "industry": t["sector"],
            "region": ["PL81"] * t.num_rows,
            "lon": t["lon"],
            "lat": t["lat"],
        }
    )
    made, found = ran({"establishments": plants}, min_n=30)
    # farms lie apart from offices: the first letter is the section
    rows = made["pairs"].tables["pairs"].to_pylist()
    effect = {(r["anchor"], r["mover"]): r["effect"] for r in rows}
    assert effect["G", "M"] > effect["A", "M"]
    assert found["F1"]["answer"]


def test_zones_of_strasbourg_give_their_places(shared_data):
    folder = shared_data / "strasbourg_sirene_iris"
    t = read(folder / "establishments.csv.gz", ["CODE_IRIS", "APET700", "TEFET"])
    zones = read(folder / "iris_centroids_l93.csv", ["CODE_IRIS"])
    t = t.take(np.arange(0, t.num_rows, 20))
    plants = pa.table(
        {
            "establishment": [f"e{i}" for i in range(t.num_rows)],
            "industry": t["APET700"],
            "region": t["CODE_IRIS"],
        }
    )
    seats = pa.table(
        {
            "region": zones["CODE_IRIS"],
            "x_km": zones["x_l93"].to_numpy() / 1e3,
            "y_km": zones["y_l93"].to_numpy() / 1e3,
        }
    )
    made, found = ran(
        {"establishments": plants, "regions": seats},
        industry_digits=2,
        min_n=60,
        bandwidth_km=1.0,
        max_km=15.0,
    )
    scope = made["prepare"].documents["scope"]
    known = set(zones["CODE_IRIS"].to_pylist())
    outside = sum(k not in known for k in t["CODE_IRIS"].to_pylist())
    assert scope["without_place"] == outside
    assert scope["places_of_regions"] == t.num_rows - outside
    assert scope["shared_places"] > 0.9
    assert found["F2"]["answer"]


ROWS = {
    "mexico": "establishments: 9,087 rows",
    "vancouver": "establishments: 6,101 rows",
    "poland": "establishments: 37,374 rows",
    "strasbourg": "establishments: 81,921 rows",
}


def said(capsys, *words):
    """Run a command in this process: exit code and standard output."""
    capsys.readouterr()
    with pytest.raises(SystemExit) as ended:
        main(words)
    return int(ended.value.code or 0), capsys.readouterr().out


@pytest.fixture
def example(root, shared_data, tmp_path, monkeypatch):
    """Copy a project of `examples` and show it where the files are."""

    def copied(name):
        monkeypatch.setenv("AGGLO_SHARED", str(shared_data.parent))
        shutil.copytree(root / "examples" / name, tmp_path / name)
        return tmp_path / name

    return copied


@pytest.mark.parametrize("name", ["poland", "strasbourg"])
def test_examples_read_the_files_as_they_are(name, example, capsys):
    code, out = said(capsys, "check", "--project", str(example(name)))
    assert code == 0
    assert ROWS[name] in out


@pytest.mark.slow
@pytest.mark.parametrize("name", ROWS)
def test_examples_run_whole(name, example, capsys):
    # minutes each: sites of tens of thousands of plants
    folder = example(name)
    code, _ = said(capsys, "run", "--project", str(folder))
    assert code == 0
    results = folder / "results" / "coagglomeration"
    assert "F2" in (results / "findings.json").read_text()
    assert (results / "report.html").stat().st_size > 10_000
