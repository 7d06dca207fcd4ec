"""Small tables that the contract cases are tried on."""

from __future__ import annotations

import numpy as np

from agglo.core.weights import SpatialWeights

# four regions, three activities, one absent cell (zero)
ACTIVITY = {
    "region": ["a", "a", "a", "b", "b", "b", "c", "c", "d", "d", "d"],
    "industry": ["x", "y", "z", "x", "y", "z", "x", "z", "x", "y", "z"],
    "employment": [120.0, 30.0, 50.0, 20.0, 80.0, 60.0, 10.0, 90.0, 40.0, 25.0, 75.0],
    "establishments": [6.0, 3.0, 5.0, 2.0, 4.0, 6.0, 1.0, 9.0, 4.0, 5.0, 3.0],
    "payroll": [60.0, 10.0, 30.0, 12.0, 50.0, 20.0, 4.0, 45.0, 18.0, 9.0, 40.0],
}
# the same two years later
LATER = {
    **ACTIVITY,
    "employment": [130.0, 20.0, 55.0, 25.0, 90.0, 50.0, 12.0, 95.0, 30.0, 35.0, 80.0],
}
# the same with a confidential cell and its published bounds
HIDDEN = {
    **ACTIVITY,
    "employment": [None, *ACTIVITY["employment"][1:]],
    "employment_lower": [100.0, *[None] * 10],
    "employment_upper": [249.0, *[None] * 10],
    "flag": ["c", *[""] * 10],
}
# plants of three activities in four regions
PLANTS = {
    "region": ["a", "a", "a", "b", "b", "b", "c", "c", "c", "d", "d", "d"],
    "industry": ["x", "x", "y", "x", "y", "z", "y", "z", "z", "x", "y", "z"],
    "employment": [
        50.0,
        70.0,
        30.0,
        20.0,
        45.0,
        35.0,
        10.0,
        60.0,
        30.0,
        40.0,
        25.0,
        75.0,
    ],
}
CLUSTERS = {
    "industry": ["x", "y", "z"],
    "cluster": ["one", "one", "two"],
    "kind": ["traded", "traded", "local"],
    "weight": [1.0, 1.0, 1.0],
    "definition": ["test_1", "test_1", "test_1"],
}

# plants on a map, kilometres
POINTS = {
    "x_km": [0.0, 10.0, 4.0, 12.0, 7.0, 3.0, 9.0],
    "y_km": [0.0, 2.0, 6.0, 5.0, 1.0, 8.0, 4.0],
    "weight": [1.0, 2.0, 1.5, 1.0, 3.0, 2.0, 1.0],
}

TYPED = {**POINTS, "type": ["x", "x", "y", "y", "x", "y", "x"]}
# all sites where plants could be
SITES = {
    "x_km": [float(i % 5) * 3.0 for i in range(20)],
    "y_km": [float(i // 5) * 3.0 for i in range(20)],
}
# one number per region, regions in a ring
VALUES = {
    "region": ["a", "b", "c", "d", "e", "f"],
    "value": [3.0, 2.5, 1.0, 0.5, 0.8, 2.0],
    "other": [1.0, 2.0, 0.0, 0.3, 0.9, 1.5],
}
SIZES = {"value": [800.0, 410.0, 260.0, 190.0, 160.0, 120.0, 100.0, 90.0, 85.0, 70.0]}
RING = SpatialWeights.from_matrix(
    np.roll(np.eye(6), 1, axis=1) + np.roll(np.eye(6), -1, axis=1), VALUES["region"]
)
AREA = {"a": 100.0, "b": 200.0, "c": 50.0, "d": 80.0}
POPULATION = {"a": 1000.0, "b": 900.0, "c": 400.0, "d": 700.0}

# who has what: four regions that share activities one by one
HELD = {
    "region": list("aaabbbccd"),
    "industry": list("wxyxyzyzz"),
    "employment": [5.0, 4.0, 2.0, 4.0, 3.0, 2.0, 4.0, 4.0, 9.0],
}
INCOME = {"a": 40.0, "b": 30.0, "c": 20.0, "d": 10.0}

CELL = ("region", "activity", "value")
PLANT = ("region", "activity", "size")
