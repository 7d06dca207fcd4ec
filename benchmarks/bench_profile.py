"""Everything an areal profile needs, for a whole country, in one call each.

3,110 regions by 961 industries: quotients, Ellison-Glaeser from cell means, coagglomeration
of all pairs and variety, from the long table. The aim is 5 seconds and 2 GB in total.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from agglo.concentration import (
    coagglomeration,
    ellison_glaeser,
    location_quotient,
    variety,
)
from agglo.core.tables import as_region_activity

REGIONS, INDUSTRIES = 3110, 961


def _table() -> pa.Table:
    rng = np.random.default_rng(7)
    expected = np.outer(rng.lognormal(0, 1.3, REGIONS), rng.lognormal(0, 1, INDUSTRIES))
    plants = rng.poisson(0.05 * expected)
    plants[0] = np.maximum(plants[0], 1)
    plants[:, 0] = np.maximum(plants[:, 0], 1)
    m, i = np.nonzero(plants)
    number = plants[m, i].astype(float)
    regions = pa.array([f"{k:05d}" for k in range(REGIONS)])
    industries = pa.array([f"{k // 12:03d}{k % 12:03d}" for k in range(INDUSTRIES)])
    return pa.table(
        {
            "region": regions.take(pa.array(m)),
            "industry": industries.take(pa.array(i)),
            "employment": number * rng.integers(1, 60, m.size),
            "establishments": number,
        }
    )


def _profile(table: pa.Table) -> tuple[object, ...]:
    jobs = as_region_activity(table)
    plants = as_region_activity(table, value="establishments")
    return (
        location_quotient(jobs),
        ellison_glaeser(jobs, herfindahl="cell_means", establishments=plants),
        coagglomeration(jobs),
        variety(jobs, group=3),
    )


def test_whole_profile(versus):
    table = _table()
    found = versus(lambda: _profile(table), size=f"{REGIONS} x {INDUSTRIES}", rounds=3)
    assert found.seconds < 5
    assert found.memory.peak < 2048
