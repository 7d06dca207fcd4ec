"""One small valid call for every public measure of industry groups and product spaces."""

from __future__ import annotations

from collections.abc import Mapping

from agglo.core.errors import AggloError
from tests.contracts.case import Case, Wrong

_GRID = [(r, i) for r in "abcdef" for i in "uvwxyz"]
# six regions, six industries in two groups of three
COUNTS = {
    "region": [r for r, _ in _GRID],
    "industry": [i for _, i in _GRID],
    "employment": [
        float(
            (60 if (r in "abc") == (i in "uvw") else 6)
            + 7 * (("abcdef".index(r) * 5 + "uvwxyz".index(i) * 3) % 6)
        )
        for r, i in _GRID
    ],
}
_CELL = ("region", "activity", "value")

RELATEDNESS: Mapping[str, Case] = {
    "relatedness.em_clusters": Case(
        data=(COUNTS,),
        options={
            "method": "multinomial",
            "k": 2,
            "n_init": 4,
            "n_boot": 4,
            "seed": 1,
            "n_jobs": 1,
        },
        columns=_CELL,
        wrong={
            "method": Wrong(value="kmeans"),
            "items": Wrong(value="industry"),
            "direction": Wrong(value="outward"),
            "covariance": Wrong(value="VVV"),
            "regularisation": Wrong(value=-1.0),
            "k": Wrong(value=0),
            "k_range": Wrong(value=(5, 2)),
            "select": Wrong(value="aic"),
            "n_init": Wrong(value=0),
            "n_boot": Wrong(value=-1),
            "tol": Wrong(value=-1.0),
            "max_iter": Wrong(value=0),
            "seed": Wrong(value=-1),
            "n_jobs": Wrong(value=0),
            "proximity": Wrong(value="near", error=AggloError),
        },
        free={
            "item": "a column that other methods read",
            "features": "columns that other methods read",
            "origin": "a column that other methods read",
            "destination": "a column that other methods read",
            "weight": "a column that may be absent",
            "x": "a column that other methods read",
            "y": "a column that other methods read",
            "directed": "yes or no",
        },
    ),
}
