"""Maps and figures of the digital study."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import replace
from html import unescape

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from agglo.core.errors import InvalidTableError
from agglo.sources import national_clusters, online_belts, read_boundaries
from agglo.studies import STUDIES
from agglo.studies.contract import ProjectFacts
from agglo.studies.digital import DigitalOptions
from tests.studies.harness import report_again, run_study

STUDY = STUDIES["digital"]
QUICK = DigitalOptions(
    block_draws=99,
    null_draws=99,
    sensitivity_draws=19,
    ellipse_draws=99,
    overlap_draws=99,
    spatial_draws=99,
)
pytestmark = pytest.mark.filterwarnings("ignore:.*unverified")


@pytest.fixture(scope="module")
def lists():
    return {"designations": national_clusters().data, "belts": online_belts().data}


@pytest.fixture(scope="module")
def outlines(tmp_path_factory):
    ring = [[100.0, 25.0], [120.0, 25.0], [120.0, 40.0], [100.0, 40.0], [100.0, 25.0]]
    document = {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "id": "land",
                "properties": {},
                "geometry": {"type": "Polygon", "coordinates": [ring]},
            }
        ],
    }
    path = tmp_path_factory.mktemp("maps") / "land.geojson"
    path.write_text(json.dumps(document))
    return read_boundaries(
        path, source="Survey office", approval_number="GS(2020)0001"
    ).data


def page_of(output):
    return output.files["report.html"].decode("utf-8")


@pytest.fixture(scope="module")
def bare(lists):
    facts = ProjectFacts(title="Test")
    done = run_study(STUDY, lists, options=QUICK, project=facts)[0]
    return page_of(done["report"]), done


@pytest.fixture(scope="module")
def drawn_with(lists, bare):
    """Give the page with boundaries: no stage before the report knows of them."""

    def again(boundaries, lang="en", options=QUICK):
        tables = {**lists, "boundaries": boundaries}
        facts = ProjectFacts(title="Test", language=lang)
        return page_of(
            report_again(STUDY, tables, bare[1], options=options, project=facts)
        )

    return again


def test_boundaries_reach_the_report_alone():
    takes = [s.name for s in STUDY.stages if "boundaries" in (*s.tables, *s.optional)]
    assert takes == [STUDY.stages[-1].name] == ["report"]


def test_without_boundaries_the_maps_say_so(bare):
    assert "Graticule without boundaries." in bare[0]
    assert "approval number" not in bare[0]


def test_boundaries_come_with_source_and_approval_number(outlines, drawn_with):
    page = drawn_with(outlines)
    credit = "Boundaries: Survey office; approval number GS(2020)0001"
    # in the caption of the map and on all three maps
    assert page.count(credit) >= 4
    assert "without boundaries" not in page
    left = replace(QUICK, boundaries=False)
    assert credit not in drawn_with(outlines, options=left)


def test_a_missing_approval_number_is_said(outlines, drawn_with):
    at = outlines.column_names.index("approval_number")
    none = outlines.set_column(at, "approval_number", pa.array([""]))
    page = drawn_with(none, lang="zh")
    assert "边界：Survey office；未提供审图号" in page


def test_bad_boundaries_stop_the_study(outlines, drawn_with):
    at = outlines.column_names.index("coordinates")
    for text in ("a b c", "500000 4000000 " * 4, "1 2 3 4"):
        bad = outlines.set_column(at, "coordinates", pa.array([text]))
        with pytest.raises(InvalidTableError, match="bad_coordinates"):
            drawn_with(bad)


def test_every_figure_of_the_specification_is_a_file_with_its_data(bare):
    files = bare[1]["report"].files
    wanted = (
        "map", "density", "overlap", "kinds_programme", "kinds_industry", "cities", "bivariate",
        "sankey", "upset", "nulls", "ellipse_sequence", "cross_k", "rank_size",
    )  # fmt: skip
    about = bare[1]["report"].documents["provenance"]
    for name in wanted:
        assert f"figure_{name}.csv" in files
        svg = files[f"figure_{name}.svg"].decode()
        assert re.search(r"<svg [^>]*>\s*<title>[^<]+</title><desc>[^<]+</desc>", svg)
        stamp = json.loads(unescape(re.findall(r"<metadata>(.*?)</metadata>", svg)[0]))
        assert stamp["configuration_sha256"] == about["configuration_sha256"]
        assert stamp["seed"] == about["seed"]


def test_csv_files_are_described_as_the_w3c_has_it(bare):
    files = bare[1]["report"].files
    held = json.loads(files["csv-metadata.json"])
    urls = {t["url"] for t in held["tables"]}
    assert urls == {n for n in files if n.endswith(".csv")}
    assert held["agglo:provenance"]["software"].startswith("agglo ")


def test_the_sets_of_the_upset_chart_add_up(bare, lists):
    report = bare[1]["report"].files
    rows = csv.DictReader(report["figure_upset.csv"].decode("utf-8-sig").splitlines())
    counts = {r["combination"]: int(r["cities"]) for r in rows}
    cities = {
        p: set(
            lists["designations"]
            .filter(pc.equal(lists["designations"]["programme"], p))["city"]
            .to_pylist()
        )
        for p in ("MIIT", "NDRC", "MOST")
    }
    belts = set(lists["belts"]["city"].to_pylist())
    only = cities["NDRC"] - cities["MIIT"] - cities["MOST"] - belts
    assert counts["NDRC"] == len(only)
    assert sum(counts.values()) == len(belts.union(*cities.values()))


def test_the_bivariate_classes_hold_every_city_with_coordinates(bare):
    report = bare[1]["report"].files
    rows = csv.DictReader(
        report["figure_bivariate.csv"].decode("utf-8-sig").splitlines()
    )
    placed = [r for r in bare[1]["prepare"].tables["cities"].to_pylist() if r["lon"]]
    assert sum(int(r["cities"]) for r in rows) == len(placed)


def test_the_ellipse_sequence_follows_the_largest_programme_of_several_years(bare):
    report = bare[1]["report"].files
    text = report["figure_ellipse_sequence.csv"].decode("utf-8-sig")
    rows = list(csv.DictReader(text.splitlines()))
    assert [r["year"] for r in rows] == ["2021", "2022", "2024"]
    # 25 of 2021 and all 70 of MIIT: the values of the specification
    assert float(rows[0]["long_km"]) == pytest.approx(536.779, rel=1e-4)
    assert float(rows[-1]["long_km"]) == pytest.approx(640.232, rel=1e-4)
