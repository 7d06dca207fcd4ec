"""A generated country: planted concentration and planted clusters are found again."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from agglo.concentration import ellison_glaeser
from agglo.relatedness import cluster_strength, strong_clusters
from agglo.simulate import Country, simulate_country

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def country() -> Country:
    return simulate_country(n_regions=300, n_industries=200, n_plants=200_000, seed=3)


def test_planted_gamma_is_recovered(country: Country) -> None:
    got = ellison_glaeser(country.establishments)
    planted = country.planted("gamma_realised")
    truth = np.array([planted.get(str(a), np.nan) for a in got.activity])
    known = np.isfinite(truth) & np.isfinite(got.gamma)
    assert known.sum() > 100
    error = got.gamma[known] - truth[known]
    se = error.std(ddof=1) / np.sqrt(known.sum())
    assert abs(error.mean()) < 3 * se
    assert np.corrcoef(got.gamma[known], truth[known])[0, 1] > 0.95


def test_every_planted_cluster_is_strong(country: Country) -> None:
    cells = country.establishments.group_by(["region", "industry"]).aggregate(
        [("employment", "sum"), ("establishment", "count")]
    )
    cells = cells.rename_columns(["region", "industry", "employment", "establishments"])
    planted = {tuple(k.split("|")) for k in country.planted("strong_cluster")}
    found = cluster_strength(cells, country.definitions, scheme="eco_stars")
    listed = strong_clusters(found)
    named = set(zip(listed.region.tolist(), listed.cluster.tolist(), strict=True))
    assert planted <= named
    # the stars are scarce: a region and cluster at random is strong in 2 of 100 cases
    assert len(named) / found.strong.size < 0.03
    assert isinstance(listed.to_frame("pyarrow"), pa.Table)
