"""The ASEM example of COINr, step by step, against COINr's own numbers."""

from __future__ import annotations

import numpy as np
import pytest
from pyarrow import csv

from agglo.evaluation import (
    as_coin_tables,
    composite_index,
    denominate,
    impute,
    indicator_weights,
    screen_units,
    treat_outliers,
)

# spec/formation.md section 14; COINr prints seven significant digits
TOLERANCE = 1e-5
INDEX = {
    "CHE": 68.38372,
    "NLD": 64.81952,
    "DNK": 64.80408,
    "NOR": 64.46778,
    "BEL": 63.53952,
}
GERMANY = {
    "Physical": 52.36711,
    "ConEcFin": 18.76435,
    "Political": 94.78918,
    "Instit": 76.46212,
    "P2P": 29.36405,
    "Environ": 62.34952,
    "Social": 74.51411,
    "SusEcFin": 64.59679,
    "Conn": 54.34936,
    "Sust": 67.15347,
    "Index": 60.75142,
}
EFFECTIVE = {
    "LPI": 0.0125,
    "Goods": 0.02,
    "Embs": 1 / 30,
    "Poverty": 1 / 54,
    "Physical": 0.1,
}


@pytest.fixture(scope="module")
def coin(shared_data):
    folder = shared_data / "composite_asem"
    return as_coin_tables(
        csv.read_csv(folder / "ASEM_iData.csv"), csv.read_csv(folder / "ASEM_iMeta.csv")
    )


@pytest.fixture(scope="module")
def steps(coin):
    one = denominate(coin.indicators, coin.denominators, by=coin.denominator_of)
    two = impute(
        one.indicators, method="group_mean", group=coin.groups["EurAsia_group"]
    )
    three = screen_units(two.indicators, min_known=0.9)
    return one, two, three, treat_outliers(three.indicators)


@pytest.fixture(scope="module")
def scores(coin, steps):
    return composite_index(steps[-1].indicators, weights=coin.weights)


def test_shape(coin):
    assert coin.indicators.values.shape == (51, 49)
    assert len(coin.indicators.tree.nodes) == 49 + 8 + 2 + 1
    assert int(np.isnan(coin.indicators.values).sum()) == 63


def test_cells_imputed(steps):
    assert steps[1].changed == 65
    assert not np.isnan(steps[1].indicators.values).any()


def test_every_unit_stays(steps):
    assert steps[2].kept.all()


def test_points_treated(steps):
    status = steps[3].status
    assert np.count_nonzero(status == "high") == 34
    assert np.count_nonzero(status == "low") == 1
    assert steps[3].changed == 35
    assert not steps[3].provenance.warnings


@pytest.mark.parametrize("unit", INDEX)
def test_index(scores, unit):
    assert scores.score(unit) == pytest.approx(INDEX[unit], abs=TOLERANCE)


def test_order_of_the_first(scores):
    first = scores.unit[np.argsort(scores.rank, kind="stable")][:5]
    assert first.tolist() == list(INDEX)


@pytest.mark.parametrize("node", GERMANY)
def test_pillars_of_germany(scores, node):
    assert scores.score("DEU", node) == pytest.approx(GERMANY[node], abs=TOLERANCE)


def test_zscores(coin, steps):
    found = composite_index(
        steps[-1].indicators, normalisation="zscore", weights=coin.weights
    )
    assert found.score("CHE") == pytest.approx(0.651509, abs=TOLERANCE)
    assert found.score("DNK") == pytest.approx(0.508078, abs=TOLERANCE)


def test_effective_weights(coin):
    found = indicator_weights(coin.indicators, method=coin.weights)
    at = {n: i for i, n in enumerate(found.tree.nodes)}
    for node, share in EFFECTIVE.items():
        assert found.effective[at[node]] == pytest.approx(share, abs=1e-12)
    for level in (1, 2, 3, 4):
        assert found.effective[found.tree.level == level].sum() == pytest.approx(1)


def test_years_pooled(shared_data):
    folder = shared_data / "composite_asem"
    coin = as_coin_tables(
        csv.read_csv(folder / "ASEM_iData_p.csv"),
        csv.read_csv(folder / "ASEM_iMeta.csv"),
        use_time=True,
    )
    assert coin.indicators.values.shape == (255, 49)
    full = impute(coin.indicators, method="linear")
    seen = ~np.isnan(full.before)
    np.testing.assert_array_equal(full.indicators.values[seen], full.before[seen])
    found = composite_index(full.indicators, weights=coin.weights, min_known=0.5)
    for period in np.unique(found.period):
        own = found.rank[found.period == period]
        assert sorted(own.tolist()) == list(range(1, 52))
