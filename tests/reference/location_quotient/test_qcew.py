"""Official location quotients of the US Bureau of Labor Statistics.

Source: Quarterly Census of Employment and Wages, annual averages, private employment by state
and 3-digit industry. The agency compares with total covered employment of state and nation;
the nation is the sum of 50 states and the District of Columbia. Industries with a suppressed
state are left out: their national total is not in the file.

Tolerance 0.005 for the two published decimals, plus 1e-5: the employment in the file is rounded
to whole persons, the agency's quotients are made before rounding.
"""

from __future__ import annotations

import csv
import gzip
from collections import defaultdict

import numpy as np
import pyarrow as pa
import pytest

import agglo as ag

TOLERANCE = 0.005 + 1e-5


@pytest.fixture(scope="module", params=["2019", "2020"])
def published(request, shared_data):
    path = shared_data / "us_qcew_state" / f"qcew_state_private_{request.param}.csv.gz"
    with gzip.open(path, "rt", encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


@pytest.fixture(scope="module")
def states(published):
    """Total covered employment by state."""
    return {
        r["area_fips"]: float(r["annual_avg_emplvl"])
        for r in published
        if r["own_code"] == "0" and r["industry_code"] == "10"
    }


@pytest.fixture(scope="module")
def cells(published):
    """Private 3-digit cells of industries without a suppressed state."""
    found = [r for r in published if r["own_code"] == "5" and r["agglvl_code"] == "55"]
    hidden = {r["industry_code"] for r in found if r["disclosure_code"] == "N"}
    return [r for r in found if r["industry_code"] not in hidden]


@pytest.fixture(scope="module")
def quotients(cells, states):
    nation = defaultdict(float)
    for r in cells:
        nation[r["industry_code"]] += float(r["annual_avg_emplvl"])
    table = pa.table(
        {
            "state": [r["area_fips"] for r in cells],
            "naics": [r["industry_code"] for r in cells],
            "jobs": [float(r["annual_avg_emplvl"]) for r in cells],
        }
    )
    margins = ag.Margins(region=states, activity=nation, total=sum(states.values()))
    found = ag.location_quotient(
        table, region="state", activity="naics", value="jobs", margins=margins
    ).to_arrow()
    return {(r["region"], r["activity"]): r["value"] for r in found.to_pylist()}


def test_there_are_three_thousand_cells_in_51_states(cells, states):
    assert len(states) == 51
    assert len(cells) > 3000


def test_every_published_quotient_is_reproduced(cells, quotients):
    gaps = np.array(
        [
            quotients[r["area_fips"], r["industry_code"]]
            - float(r["lq_annual_avg_emplvl"])
            for r in cells
        ]
    )
    assert np.abs(gaps).max() <= TOLERANCE
    assert np.mean(np.abs(gaps) <= 0.005) > 0.999
    assert abs(gaps.mean()) < 2e-4  # rounding has no direction


def test_private_employment_as_base_would_not_fit(cells):
    """The witness is sharp: the other plausible base misses most cells."""
    table = pa.table(
        {
            "region": [r["area_fips"] for r in cells],
            "industry": [r["industry_code"] for r in cells],
            "employment": [float(r["annual_avg_emplvl"]) for r in cells],
        }
    )
    found = ag.location_quotient(table).to_arrow().to_pylist()
    own = {(r["region"], r["activity"]): r["value"] for r in found}
    gaps = [
        abs(own[r["area_fips"], r["industry_code"]] - float(r["lq_annual_avg_emplvl"]))
        for r in cells
    ]
    assert np.mean(np.array(gaps) <= 0.005) < 0.5
