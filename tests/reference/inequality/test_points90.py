"""Krugman index of a point pattern in 16 cells: value of the specification.

`tests/data/points90`: 90 plants of three types in a square of 100, cut into 25 × 25 cells. The
value was made by independent code with all employment as reference; eight digits are printed.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pytest

import agglo as ag

POINTS = Path(__file__).parents[2] / "data" / "points90" / "points90.csv"
KRUGMAN_A = 0.77520987


@pytest.fixture(scope="module")
def cells() -> pa.Table:
    raw = pacsv.read_csv(POINTS)
    cell = 4 * (raw["x"].to_numpy() // 25) + raw["y"].to_numpy() // 25
    plants = pa.table(
        {
            "region": [f"{int(c):02d}" for c in cell],
            "industry": raw["type"],
            "employment": raw["weight"],
        }
    )
    sums = plants.group_by(["region", "industry"]).aggregate([("employment", "sum")])
    return sums.rename_columns(["region", "industry", "employment"])


def test_krugman_of_type_a(cells):
    found = ag.krugman(cells, by="activity")
    at = found.label.tolist().index("A")
    assert found.values[at] == pytest.approx(KRUGMAN_A, abs=5e-9)


def test_hoover_is_half_and_quotients_say_the_same(cells):
    hoover = ag.hoover(cells, by="activity")
    at = hoover.label.tolist().index("A")
    assert hoover.values[at] == pytest.approx(KRUGMAN_A / 2, abs=5e-9)
    table = ag.as_region_activity(cells)
    x = table.row_total / table.total
    quotients = ag.location_quotient(table).values[:, at]
    assert np.abs(quotients - 1) @ x == pytest.approx(KRUGMAN_A, abs=5e-9)
