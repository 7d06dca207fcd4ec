"""Small tables that several tests of the areal measures use."""

from __future__ import annotations

import pyarrow as pa

from agglo.core.tables import Margins

# rows areas, columns industries
FIVE = (
    (100, 0, 0, 0, 0),
    (0, 15, 5, 70, 10),
    (0, 20, 10, 20, 50),
    (0, 25, 30, 5, 40),
    (0, 40, 55, 5, 0),
)
FIVE_REGIONS = (
    (12, 0, 5, 3),
    (7, 9, 0, 1),
    (0, 4, 8, 2),
    (20, 1, 1, 0),
    (3, 6, 2, 10),
)


def long(matrix, name: str = "employment") -> pa.Table:
    """One row per cell that is not zero; regions r1, r2, ..., industries i1, i2, ..."""
    return pa.Table.from_pylist(
        [
            {"region": f"r{m}", "industry": f"i{k}", name: v}
            for m, row in enumerate(matrix, 1)
            for k, v in enumerate(row, 1)
            if v != 0
        ]
    )


def hidden() -> pa.Table:
    """Three regions by three industries: one cell confidential, one missing."""
    return pa.table(
        {
            "region": list("aaabbbccc"),
            "industry": list("xyzxyzxyz"),
            "employment": [10.0, 20.0, 30.0, None, 5.0, 15.0, 40.0, None, 20.0],
            "flag": ["", "", "", "c", "", "", "", "m", ""],
        }
    )


# the truth behind `hidden`: b-x is 25, c-y is 35
HIDDEN_TRUTH = ((10.0, 20.0, 30.0), (25.0, 5.0, 15.0), (40.0, 35.0, 20.0))
HIDDEN_MARGINS = Margins(
    region={"a": 60.0, "b": 45.0, "c": 95.0},
    activity={"x": 75.0, "y": 60.0, "z": 65.0},
    total=200.0,
)
