"""The world trade fixture, read once, and small matrices of the specification."""

from __future__ import annotations

import gzip
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import csv

from agglo.core.tables import RegionActivity, as_region_activity
from agglo.relatedness import Convention, Presence, presence

FOLDER = "world_trade_sitc4_1998_2000"
MANUAL = Convention(name="manual", presence="manual")

TOY = np.array([[1, 1, 1, 1], [0, 1, 0, 0], [0, 0, 1, 1], [0, 0, 0, 1]], float)
FIVE = np.array(
    [[12, 0, 5, 3], [7, 9, 0, 1], [0, 4, 8, 2], [20, 1, 1, 0], [3, 6, 2, 10]], float
)


@cache
def trade_table(data: Path) -> pa.Table:
    """Exports, one row per country and product."""
    path = data / FOLDER / "trade_1998_2000.csv.gz"
    options = csv.ConvertOptions(
        column_types={"country": pa.string(), "product": pa.string()}
    )
    with gzip.open(path) as stream:
        return csv.read_csv(stream, convert_options=options)


@cache
def trade(data: Path) -> RegionActivity:
    """226 countries and 785 products."""
    return as_region_activity(
        trade_table(data), region="country", activity="product", value="value"
    )


def given(matrix: np.ndarray) -> Presence:
    """A presence matrix as it stands."""
    n, p = matrix.shape
    table = RegionActivity.from_arrays(
        matrix,
        region=[f"C{k + 1}" for k in range(n)],
        activity=[f"P{k + 1}" for k in range(p)],
    )
    return presence(table, convention=MANUAL)
