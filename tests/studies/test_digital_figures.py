"""Maps and figures of the digital study."""

from __future__ import annotations

import json
from dataclasses import replace

import pyarrow as pa
import pytest

from agglo.core.errors import InvalidTableError
from agglo.sources import national_clusters, online_belts, read_boundaries
from agglo.studies import STUDIES
from agglo.studies.contract import ProjectFacts
from agglo.studies.digital import DigitalOptions
from tests.studies.harness import run_study

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


def page_of(tables, lang="en", options=QUICK):
    facts = ProjectFacts(title="Test", language=lang)
    done = run_study(STUDY, tables, options=options, project=facts)[0]
    return done["report"].files["report.html"].decode("utf-8"), done


@pytest.fixture(scope="module")
def bare(lists):
    return page_of(lists)


def test_without_boundaries_the_maps_say_so(bare):
    assert "Graticule without boundaries." in bare[0]
    assert "approval number" not in bare[0]


def test_boundaries_come_with_source_and_approval_number(lists, outlines):
    page, _ = page_of({**lists, "boundaries": outlines})
    credit = "Boundaries: Survey office; approval number GS(2020)0001"
    # in the caption of the map and on all three maps
    assert page.count(credit) >= 4
    assert "without boundaries" not in page
    left = replace(QUICK, boundaries=False)
    assert credit not in page_of({**lists, "boundaries": outlines}, options=left)[0]


def test_a_missing_approval_number_is_said(lists, outlines):
    at = outlines.column_names.index("approval_number")
    none = outlines.set_column(at, "approval_number", pa.array([""]))
    page, _ = page_of({**lists, "boundaries": none}, lang="zh")
    assert "边界：Survey office；未提供审图号" in page


def test_bad_boundaries_stop_the_study(lists, outlines):
    at = outlines.column_names.index("coordinates")
    for text in ("a b c", "500000 4000000 " * 4, "1 2 3 4"):
        bad = outlines.set_column(at, "coordinates", pa.array([text]))
        with pytest.raises(InvalidTableError, match="cannot be drawn"):
            page_of({**lists, "boundaries": bad})
